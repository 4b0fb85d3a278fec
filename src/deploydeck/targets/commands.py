"""Commands as child processes: argument lists, their own process group, output by line, and an end that is observed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploydeck.targets.base import StepCanceled

OnLine = Callable[[str, str], None]
"""on_line(text, stream): one line without its newline; stream is out or err."""

MAX_LINE_BYTES = 65_536
GRACE_S = 5.0
NOT_FOUND = 127
_GUARD = str(Path(__file__).with_name("guard.py"))


class LineSplitter:
    """Bytes in, lines out. A line longer than `limit` bytes is cut; a carriage return ends a line like a newline does."""

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self._rest = b""
        self._limit = limit

    def feed(self, chunk: bytes) -> list[str]:
        data = self._rest + chunk
        held = b"\r" if data.endswith(b"\r") else b""  # its newline may be in the next chunk
        *whole, self._rest = data.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        lines = [line[start : start + self._limit] for line in whole for start in range(0, len(line) or 1, self._limit)]
        while len(self._rest) > self._limit:
            lines.append(self._rest[: self._limit])
            self._rest = self._rest[self._limit :]
        self._rest += held
        return [line.decode("utf-8", "replace") for line in lines]

    def end(self) -> list[str]:
        rest, self._rest = self._rest.rstrip(b"\r"), b""
        return [rest.decode("utf-8", "replace")] if rest else []


async def run(
    argv: Sequence[str],
    *,
    cwd: str | Path,
    env: Mapping[str, str],
    on_line: OnLine,
    cancelled: asyncio.Event | None = None,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> int:
    """Run a command to its end and return its exit code (127: not found).

    The group ends when the command ends, when `cancelled` is set (then StepCanceled is raised, after the end was observed), when
    the calling task is cancelled, and when this process dies.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", _GUARD, *argv,
        cwd=cwd, env=dict(env), start_new_session=True,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    readers = [
        asyncio.create_task(_read(stream, name, on_line, max_line_bytes))
        for stream, name in ((process.stdout, "out"), (process.stderr, "err"))
        if stream is not None
    ]
    waiting = asyncio.create_task(_exited(process))
    stop = asyncio.create_task(cancelled.wait()) if cancelled is not None else None
    try:
        await asyncio.wait({waiting, stop} if stop else {waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            raise StepCanceled
        return waiting.result()
    finally:
        await asyncio.shield(_end(process.pid, waiting))
        await asyncio.wait(readers, timeout=2.0)  # a stray grandchild may hold the pipes open for ever
        for task in (*readers, waiting, *([stop] if stop else [])):
            task.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        if process.stdin is not None:
            process.stdin.close()


async def _exited(process: asyncio.subprocess.Process) -> int:
    """The exit code. `process.wait()` would also wait for the pipes, which a stray grandchild may hold open for ever."""
    while process.returncode is None:  # noqa: ASYNC110 - asyncio has no event for the end of the process alone
        await asyncio.sleep(0.03)
    return process.returncode


async def _read(stream: asyncio.StreamReader, name: str, on_line: OnLine, limit: int) -> None:
    splitter = LineSplitter(limit)
    while chunk := await stream.read(65_536):
        for line in splitter.feed(chunk):
            on_line(line, name)
    for line in splitter.end():
        on_line(line, name)


async def _end(group: int, waiting: asyncio.Task[int]) -> None:
    """End what is left of a process group: TERM, a grace, KILL; returns when nothing of it runs any more."""
    for number, patience_s in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, GRACE_S)):
        if not signal_group(group, number):
            break
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while await asyncio.to_thread(group_alive, group):  # noqa: ASYNC110 - a foreign group has no event to wait for
                    await asyncio.sleep(0.02)
                break
    if not waiting.done():
        await asyncio.wait({waiting}, timeout=GRACE_S)


def group_alive(group: int) -> bool:
    """Whether anything in a process group still runs; what has ended and waits for its parent does not."""
    if not signal_group(group, 0):
        return False
    import psutil

    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                return True
        except (psutil.Error, OSError):
            continue
    return False


def signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group; False when there is no such group."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        return False
    return True
