"""Reading one log file while it grows: by line number, from the end, by time, or following."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

from deploydeck.domain import LogLine
from deploydeck.store.logformat import EVERY, STAMP_BYTES, Index, parse, stamp

POLL_S = 0.5


class LogReader:
    """The lines of one source. Any number of readers beside one writer; a line that is half written is not there yet.

    Methods block on the disk for a moment: call them from a thread where that matters. A file that does not exist has no lines.
    """

    def __init__(self, path: Path, source: str) -> None:
        self.path = path
        self.source = source
        self._index = Index()
        self._inode: int | None = None
        self._busy = threading.Lock()

    def count(self) -> int:
        """How many lines there are now."""
        with self._busy, self._opened() as fd:
            return self._index.lines if fd is not None else 0

    def lines(self, after: int = 0, limit: int = 1000) -> list[LogLine]:
        """At most `limit` lines with a number above `after`, oldest first."""
        with self._busy, self._opened() as fd:
            return [] if fd is None else self._lines(fd, after, limit)

    def tail(self, n: int) -> list[LogLine]:
        """The last `n` lines, oldest first."""
        with self._busy, self._opened() as fd:
            return [] if fd is None else self._lines(fd, self._index.lines - n, n)

    def first_since(self, moment: datetime) -> int:
        """The number of the first line at or after `moment`; one past the last when there is none."""
        wanted = stamp(moment)
        with self._busy, self._opened() as fd:
            if fd is None:
                return 1
            block = self._index.block_of(wanted)
            while block * EVERY < self._index.lines:
                for place, record in enumerate(self._records(fd, block, block + 1)):
                    if record[STAMP_BYTES - 1 : STAMP_BYTES + 1] == b"Z\t" and record[:STAMP_BYTES] >= wanted:
                        return block * EVERY + place + 1
                block += 1
            return self._index.lines + 1

    def since(self, moment: datetime, limit: int = 1000) -> list[LogLine]:
        """At most `limit` lines, beginning with the first one at or after `moment`, in the order they were written.

        Later lines follow even if the clock was set back in between.
        """
        return self.lines(self.first_since(moment) - 1, limit)

    async def follow(
        self, after: int = 0, *, stop: asyncio.Event | None = None, poll_s: float = POLL_S, batch: int = 1000
    ) -> AsyncIterator[list[LogLine]]:
        """Lines after a number, in batches, as they come. Ends when `stop` is set and everything written so far was given.

        Wakes on changes of the directory and in any case every `poll_s` seconds.
        """
        changed = asyncio.Event()
        ended = stop or asyncio.Event()
        watcher = asyncio.create_task(watch(self.path, changed))
        try:
            while True:
                last = ended.is_set()  # before reading: what was written before the stop is still given
                changed.clear()
                found = await asyncio.to_thread(self.lines, after, batch)
                if found:
                    after = found[-1].seq
                    yield found
                elif last:
                    return
                else:
                    await first_of(changed, ended, timeout_s=poll_s)
        finally:
            watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watcher

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int | None]:
        """The open file with the index brought up to its end; None when there is no file."""
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:
            yield None
            return
        try:
            status = os.fstat(fd)
            if status.st_ino != self._inode or status.st_size < self._index.end:
                self._index, self._inode = Index(), status.st_ino
                self._index.load(self.path.with_suffix(".idx"), fd)
            self._index.advance(fd)
            yield fd
        finally:
            os.close(fd)

    def _lines(self, fd: int, after: int, limit: int) -> list[LogLine]:
        after = max(0, after)
        until = min(after + max(0, limit), self._index.lines)
        if until <= after:
            return []
        block = after // EVERY
        records = self._records(fd, block, (until - 1) // EVERY + 1)
        found: list[LogLine] = []
        previous: datetime | None = None
        for seq, record in enumerate(records[after - block * EVERY : until - block * EVERY], after + 1):
            line = parse(record, seq, self.source, previous)
            previous = line.at
            found.append(line)
        return found

    def _records(self, fd: int, first: int, beyond: int) -> list[bytes]:
        """The records of blocks `first` (included) to `beyond` (excluded)."""
        offsets = self._index.offsets
        start = offsets[first]
        end = offsets[beyond] if beyond < len(offsets) else self._index.end
        data = b""
        while len(data) < end - start:
            chunk = os.pread(fd, end - start - len(data), start + len(data))
            if not chunk:
                break
            data += chunk
        return data.split(b"\n")[:-1]


async def watch(path: Path, changed: asyncio.Event) -> None:
    """Set `changed` when something happens beside the file, until cancelled. Returns when there can be no watcher: then poll."""
    try:
        import watchfiles

        while not path.parent.is_dir():  # noqa: ASYNC110 - nothing signals that a directory was made
            await asyncio.sleep(POLL_S)
        async for _ in watchfiles.awatch(path.parent, recursive=False, debounce=50, step=25, rust_timeout=1000):
            changed.set()
    except (ImportError, OSError, RuntimeError):  # no inotify watches left, an exotic file system, a directory that vanished
        return


async def first_of(*events: asyncio.Event, timeout_s: float) -> None:
    """Wait until one of the events is set, at most `timeout_s` seconds."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
