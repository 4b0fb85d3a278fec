"""Reads the logs of a live program, or of a deployment."""

from __future__ import annotations

import argparse
import asyncio
import heapq
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import datetime
from pathlib import Path

from deploydeck.cli.errors import UsageError
from deploydeck.cli.format import moment
from deploydeck.cli.output import Output, Styled
from deploydeck.cli.session import open_deck
from deploydeck.deck import Deck
from deploydeck.domain import DeployDeckError, Deployment, LogLine, Release
from deploydeck.settings import load_settings
from deploydeck.store import Project

BATCH = 2000
_STREAM_STYLES = {"err": "warn", "note": "dim"}

Keep = Callable[[LogLine], bool]


async def run(args: argparse.Namespace, out: Output) -> int:
    keep = _filter(args.grep)
    since = moment(args.since) if args.since else None
    if args.tail is not None and args.tail < 0:
        raise UsageError("--tail needs a number of lines.")
    async with open_deck() as deck:
        found = await _subject(deck, args)
        if isinstance(found, Deployment):
            lines = _deployment_lines(deck, found, args, since)
            several = not args.source
        else:
            if args.source:
                raise UsageError(
                    "--source is for the logs of a deployment.", "Name one: `deploydeck logs DEPLOYMENT --source build`."
                )
            # with --grep the last N matches are wanted, so the limit cannot be left to the target
            lines = deck.application_logs(found, since=since, follow=args.follow, tail=None if args.grep else args.tail)
            several = False
        try:
            await _show(lines, keep, args, out, several)
        except asyncio.CancelledError:
            if args.follow:  # Ctrl-C is how one stops following
                return 130
            raise
    return 0


def _filter(pattern: str | None) -> Keep:
    if pattern is None:
        return lambda _line: True
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"--grep is not a valid regular expression: {error}.") from None
    return lambda line: expression.search(line.text) is not None


async def _show(lines: AsyncIterator[LogLine], keep: Keep, args: argparse.Namespace, out: Output, several: bool) -> None:
    def show(line: LogLine) -> None:
        out.record(line)
        source = f"{line.source:<7} " if several else ""
        style = _STREAM_STYLES.get(line.stream)
        out.line(Styled(f"{line.at.astimezone():%m-%d %H:%M:%S} {source}", "dim"), Styled(line.text, style) if style else line.text)

    async with aclosing(lines) as stream:  # type: ignore[type-var]
        if args.tail is not None and not args.follow:
            last: deque[LogLine] = deque(maxlen=args.tail)
            async for line in stream:
                if keep(line):
                    last.append(line)
            for line in last:
                show(line)
            return
        async for line in stream:
            if keep(line):
                show(line)


async def _subject(deck: Deck, args: argparse.Namespace) -> Deployment | Release:
    """What is meant: a deployment by id, else the live release of a project by directory or name."""
    name = args.subject
    if name.startswith("dep-"):
        return await deck.store.deployments.get(name)
    project = await _project(deck, name)
    environment = args.env or (await asyncio.to_thread(load_settings, deck.paths, Path(project.root))).default_environment
    live = await deck.live(project, environment, args.target)
    if live is None:
        where = f"{environment} on {args.target}" if args.target else environment
        newest = await deck.store.deployments.list(project_id=project.id, environment=environment, limit=1)
        hint = f"The last deployment: `deploydeck logs {newest[0].id}`." if newest else "Deploy it first: `deploydeck deploy`."
        raise DeployDeckError("nothing-live", f"Nothing of {project.name} is live in {where}.", "", hint)
    return live[1]


async def _project(deck: Deck, name: str) -> Project:
    known = await deck.store.projects.all()
    path = Path(name).expanduser()
    if path.is_dir():
        root = path.absolute()
        found = [project for project in known if Path(project.root) in (root, root.resolve())]
    else:
        found = [project for project in known if project.name == name]
    if not found:
        names = ", ".join(sorted({project.name for project in known})) or "none yet"
        raise DeployDeckError(
            "project-unknown",
            f"{name!r} is no project that DeployDeck knows.",
            f"Known: {names}.",
            "Deploy it first: `deploydeck deploy`.",
        )
    if len(found) > 1:
        raise DeployDeckError(
            "project-ambiguous",
            f"{name!r} is the name of several projects.",
            "\n".join(project.root for project in found),
            "Name its directory instead.",
        )
    return found[0]


async def _deployment_lines(
    deck: Deck, deployment: Deployment, args: argparse.Namespace, since: datetime | None
) -> AsyncIterator[LogLine]:
    """The stored lines of a deployment's sources, merged by time; with --follow also those to come, until it has ended."""
    names = await asyncio.to_thread(deck.logs.sources, deployment.id)
    if args.source:
        if args.source not in names and deployment.state.terminal:
            raise DeployDeckError(
                "log-unknown", f"{deployment.id} has no source {args.source!r}.", f"There are: {', '.join(names) or 'none'}."
            )
        names = (args.source,)
    read: dict[str, int] = {}
    for line in await asyncio.to_thread(_stored, deck, deployment.id, names, read, since):
        yield line
    while args.follow:
        ended = (await deck.store.deployments.get(deployment.id)).state.terminal
        names = (args.source,) if args.source else await asyncio.to_thread(deck.logs.sources, deployment.id)
        found = await asyncio.to_thread(_stored, deck, deployment.id, names, read, since)
        for line in found:
            yield line
        if ended and not found:
            return
        if not found:
            await asyncio.sleep(0.3)


def _stored(deck: Deck, deployment_id: str, names: tuple[str, ...], read: dict[str, int], since: datetime | None) -> list[LogLine]:
    """Everything beyond what was read, in the order of time; `read` is brought up to date."""
    sources = []
    for name in names:
        reader = deck.logs.reader(deployment_id, name)
        if name not in read:
            read[name] = reader.first_since(since) - 1 if since else 0
        lines: list[LogLine] = []
        while batch := reader.lines(read[name], BATCH):
            lines += batch
            read[name] = batch[-1].seq
        sources.append(lines)
    return list(heapq.merge(*sources, key=lambda line: line.at))
