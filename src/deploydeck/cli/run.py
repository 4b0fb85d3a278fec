"""Runs a command of the live release: in a copy of its own (`run`), or in the one that serves (`exec`)."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from functools import partial

from deploydeck.cli.errors import UsageError
from deploydeck.cli.open import directory
from deploydeck.cli.output import Output
from deploydeck.cli.passphrase import unlocking
from deploydeck.cli.session import open_deck
from deploydeck.redaction import Redactor
from deploydeck.targets import Invocation
from deploydeck.targets.commands import LineSplitter


async def run(args: argparse.Namespace, out: Output) -> int:
    words = args.words[1:] if args.words[:1] == ["--"] else args.words
    if not words:
        raise UsageError("There is no command to run.", f"For example: deploydeck {args.command} -- ls -l")
    terminal = not out.json and sys.stdin.isatty() and sys.stdout.isatty()
    async with open_deck() as deck:
        project = await deck.project_at(directory(args.dir))
        inside = args.command == "exec"
        how = partial(deck.invocation, project, args.env, args.target, words, inside=inside, terminal=terminal)
        invocation, redact = await unlocking(deck, how)
    try:
        return await (_told(invocation, redact, out) if out.json else _joined(invocation))
    except FileNotFoundError:
        raise UsageError(f"{words[0]} is not there.", "Name a program that the release has.") from None


async def _joined(invocation: Invocation) -> int:
    """With our own streams: what it reads and writes passes nobody in between. An interrupt is for it alone."""
    sys.stdout.flush()
    with _left_alone():
        process = await asyncio.create_subprocess_exec(*invocation.argv, env=dict(invocation.env), cwd=invocation.cwd)
        return _exit_code(await process.wait())


async def _told(invocation: Invocation, redact: Redactor, out: Output) -> int:
    """As records, line by line, without the secrets it was given."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *invocation.argv, env=dict(invocation.env), cwd=invocation.cwd, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )

    async def pump(stream: asyncio.StreamReader | None, name: str) -> None:
        splitter = LineSplitter()
        while stream is not None and (chunk := await stream.read(65_536)):
            for line in splitter.feed(chunk):
                out.record({"stream": name, "text": redact(line)})
        for line in splitter.end():
            out.record({"stream": name, "text": redact(line)})

    await asyncio.gather(pump(process.stdout, "out"), pump(process.stderr, "err"))
    code = _exit_code(await process.wait())
    out.record({"exit_code": code})
    return code


def _exit_code(code: int) -> int:
    """As a shell says it: 128 and the signal for a program that a signal ended."""
    return code if code >= 0 else 128 - code


@contextlib.contextmanager
def _left_alone() -> Iterator[None]:
    """Ctrl-C reaches the command, which shares our terminal; this process only waits for it."""
    if os.name == "nt":
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
