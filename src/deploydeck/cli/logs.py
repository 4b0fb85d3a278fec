"""Reads the logs of a live program, or of a deployment."""

from __future__ import annotations

import argparse
import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from pathlib import Path

from deploydeck.cli.errors import EXIT_INTERRUPTED, UsageError
from deploydeck.cli.output import Output, Styled
from deploydeck.cli.session import open_deck
from deploydeck.deck import Deck
from deploydeck.domain import DeployDeckError, Deployment, LogLine, Release
from deploydeck.observe import LineFilter, parse_since
from deploydeck.settings import load_settings
from deploydeck.store import Project

END_POLL_S = 0.3
_STREAM_STYLES = {"err": "warn", "note": "dim"}


async def run(args: argparse.Namespace, out: Output) -> int:
    if args.tail is not None and args.tail < 0:
        raise UsageError("--tail needs a number of lines.")
    since = parse_since(args.since) if args.since else None
    wanted = LineFilter(args.grep)
    async with open_deck() as deck:
        found = await _subject(deck, args)
        if isinstance(found, Release):
            if args.source:
                raise UsageError("--source is for the logs of a deployment.", "`deploydeck logs DEPLOYMENT --source build`")
            lines = _program_lines(deck, found, args, since, wanted)
        else:
            lines = _deployment_lines(deck, found, args, since)
        several = isinstance(found, Deployment) and not args.source
        try:
            async with aclosing(lines):
                async for line in lines:
                    _show(line, out, several)
        except asyncio.CancelledError:
            if args.follow:  # Ctrl-C is how one stops following
                return EXIT_INTERRUPTED
            raise
    return 0


def _show(line: LogLine, out: Output, several: bool) -> None:
    out.record(line)
    source = f"{line.source:<7} " if several else ""
    style = _STREAM_STYLES.get(line.stream, "")
    out.line(Styled(f"{line.at.astimezone():%m-%d %H:%M:%S} {source}", "dim"), Styled(line.text, style))


async def _program_lines(
    deck: Deck, release: Release, args: argparse.Namespace, since: datetime | None, wanted: LineFilter
) -> AsyncGenerator[LogLine]:
    """What the live program wrote; with --tail the last lines that pass, then, with --follow, those to come."""
    if wanted.passes_all:  # then the target knows best how to find the last lines
        async for line in deck.application_logs(release, since=since, follow=args.follow, tail=args.tail):
            yield line
        return
    after = since
    if args.tail is not None:
        last: deque[LogLine] = deque(maxlen=args.tail)
        async for line in deck.application_logs(release, since=since):
            last.extend(wanted.keep((line,)))  # keep, unlike a call, stops at a line that takes too long
            after = line.at
        for line in last:
            yield line
        if not args.follow:
            return
    async for line in deck.application_logs(release, since=after, follow=args.follow):
        if args.tail is None or after is None or line.at > after:
            for passed in wanted.keep((line,)):
                yield passed


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
) -> AsyncGenerator[LogLine]:
    """The stored lines of a deployment's sources, merged by time; with --follow also those to come, until it has ended."""
    names = await asyncio.to_thread(deck.logs.sources, deployment.id)
    if args.source and args.source not in names and deployment.state.terminal:
        raise DeployDeckError(
            "log-unknown", f"{deployment.id} has no source {args.source!r}.", f"There are: {', '.join(names) or 'none'}."
        )
    wanted = (args.source,) if args.source else None
    # where to go on is fixed before reading, so that following repeats nothing and skips nothing
    ends = {name: await asyncio.to_thread(deck.logs.reader(deployment.id, name).count) for name in wanted or names}
    async for line in deck.monitoring.aggregate_logs(deployment.id, wanted, since=since, grep=args.grep, tail=args.tail):
        if not args.follow or line.seq <= ends.get(line.source, 0):
            yield line
    if not args.follow:
        return
    stop = asyncio.Event()
    watching = asyncio.create_task(_stop_at_the_end(deck, deployment.id, stop))
    try:
        async for line in deck.monitoring.follow_logs(deployment.id, wanted, after=ends, stop=stop, grep=args.grep):
            yield line
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _stop_at_the_end(deck: Deck, deployment_id: str, stop: asyncio.Event) -> None:
    while not (await deck.store.deployments.get(deployment_id)).state.terminal:  # noqa: ASYNC110 - another process ends it
        await asyncio.sleep(END_POLL_S)
    stop.set()
