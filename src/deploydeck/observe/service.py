"""The front door: health of what runs, and its logs merged by time."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

from deploydeck.domain import Health, HealthSpec, HealthStatus, Level, LogLine
from deploydeck.observe.matching import LineFilter
from deploydeck.store.logreader import LogReader, first_of, watch
from deploydeck.store.logs import LogStore

BATCH = 2000
REORDER_S = 0.3
"""How long a followed line waits for earlier lines of other sources."""
POLL_S = 0.5

_Key = tuple[datetime, str, int]


class MonitoringService:
    """Watches deployments from what they wrote and how they answer. Holds nothing open between calls."""

    def __init__(self, logs: LogStore) -> None:
        self._logs = logs

    async def check_health(self, url: str, spec: HealthSpec | None = None) -> HealthStatus:
        """Ask an application's health path once. Unknown when the question itself could not be asked; never raises."""
        from deploydeck.targets import Endpoint, probe

        spec = spec or HealthSpec()
        answer = await probe(Endpoint(url), spec)
        if answer.ok:
            health, reason = Health.HEALTHY, f"status {answer.status} in {answer.elapsed_s:.2f} s"
        elif answer.status is None and "probe itself" in answer.error:
            health, reason = Health.UNKNOWN, answer.error
        else:
            health, reason = Health.UNHEALTHY, answer.error
        return HealthStatus(health=health, reason=reason, probes=(answer,), checked_at=answer.at)

    async def aggregate_logs(
        self,
        deployment_id: str,
        sources: Sequence[str] | None = None,
        *,
        since: datetime | None = None,
        grep: str | None = None,
        level: Level | None = None,
        tail: int | None = None,
        invert: bool = False,
        ignore_case: bool = False,
    ) -> AsyncIterator[LogLine]:
        """Stored lines of several sources (default: all), merged by time; each source keeps its own order.

        `since` leaves out what was written before, `grep`, `level`, `invert` and `ignore_case` are those of LineFilter, `tail`
        gives only the last lines that pass. Reads and matches in a thread. Raises DeployDeckError `grep-invalid`, `grep-costly`.
        """
        wanted = LineFilter(grep, level=level, invert=invert, ignore_case=ignore_case)
        names = await asyncio.to_thread(self._logs.sources, deployment_id) if sources is None else tuple(dict.fromkeys(sources))
        readers = [self._logs.reader(deployment_id, name) for name in names]
        if tail is not None:
            ends = [await asyncio.to_thread(_last, reader, wanted, since, max(0, tail)) for reader in readers]
            merged = list(heapq.merge(*map(_keyed, ends)))
            for _, line in merged[len(merged) - min(len(merged), max(0, tail)) :]:
                yield line
            return
        cursors = [_Cursor(reader, wanted, since) for reader in readers]
        waiting: list[tuple[_Key, int]] = []
        for place, cursor in enumerate(cursors):
            if await cursor.fill():
                heapq.heappush(waiting, (cursor.key, place))
        while waiting:
            _, place = heapq.heappop(waiting)
            yield cursors[place].take()
            if await cursors[place].fill():
                heapq.heappush(waiting, (cursors[place].key, place))

    async def follow_logs(
        self,
        deployment_id: str,
        sources: Sequence[str] | None = None,
        *,
        after: Mapping[str, int] | None = None,
        stop: asyncio.Event | None = None,
        grep: str | None = None,
        level: Level | None = None,
        invert: bool = False,
        ignore_case: bool = False,
        poll_s: float = POLL_S,
    ) -> AsyncIterator[LogLine]:
        """Lines as they come, from all sources (also those that appear later) or the named ones, merged by time.

        `after` holds the last number already seen by source. A line waits up to 0.3 s for earlier ones of other sources. Ends
        when `stop` is set and everything written until then was given. Raises like `aggregate_logs`.
        """
        wanted = LineFilter(grep, level=level, invert=invert, ignore_case=ignore_case)
        ended = stop or asyncio.Event()
        tails: dict[str, _Tail] = {}
        seen = dict(after or {})
        held: list[tuple[_Key, float, LogLine]] = []
        changed = asyncio.Event()
        watcher = asyncio.create_task(watch(self._logs.path(deployment_id, "any"), changed))
        try:
            while True:
                last, started = ended.is_set(), time.monotonic()
                changed.clear()
                names = await asyncio.to_thread(self._logs.sources, deployment_id) if sources is None else sources
                for name in names:
                    if name not in tails:
                        tails[name] = _Tail(self._logs.reader(deployment_id, name), seen.get(name, 0))
                more = False
                for tailing in tails.values():
                    lines, full = await asyncio.to_thread(tailing.read, wanted)
                    more = more or full
                    arrived = time.monotonic()
                    for key, line in lines:
                        heapq.heappush(held, (key, arrived, line))
                alone = len(tails) == 1 or (last and not more)
                # Others have been read since a line arrived, so nothing earlier is still on its way.
                for line in _due(held, time.monotonic() if alone else min(started, time.monotonic() - REORDER_S)):
                    yield line
                if last and not more and not held:
                    return
                if not more:
                    await first_of(changed, *(() if last else (ended,)), timeout_s=min(poll_s, REORDER_S / 3) if held else poll_s)
        finally:
            watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watcher


class _Cursor:
    """One source being read forward, in batches, already filtered."""

    def __init__(self, reader: LogReader, wanted: LineFilter, since: datetime | None) -> None:
        self._reader = reader
        self._wanted = wanted
        self._since = since
        self._after: int | None = None
        self._lines: list[LogLine] = []
        self._next = 0
        self._peak: datetime | None = None

    @property
    def key(self) -> _Key:
        """Where the next line belongs: never before one of its own source, whatever its clock says."""
        line = self._lines[self._next]
        self._peak = line.at if self._peak is None else max(self._peak, line.at)
        return self._peak, line.source, line.seq

    async def fill(self) -> bool:
        """Have a next line ready; False at the end."""
        if self._next < len(self._lines):
            return True
        return await asyncio.to_thread(self._read)

    def take(self) -> LogLine:
        self._next += 1
        return self._lines[self._next - 1]

    def _read(self) -> bool:
        if self._after is None:
            self._after = self._reader.first_since(self._since) - 1 if self._since else 0
        while batch := self._reader.lines(self._after, BATCH):
            self._after = batch[-1].seq
            self._lines, self._next = self._wanted.keep(batch), 0
            if self._lines:
                return True
        return False


class _Tail:
    """One source being followed."""

    def __init__(self, reader: LogReader, after: int) -> None:
        self._reader = reader
        self._after = after
        self._peak: datetime | None = None

    def read(self, wanted: LineFilter) -> tuple[list[tuple[_Key, LogLine]], bool]:
        """New lines that pass, with their place in the order, and whether more may be there at once."""
        batch = self._reader.lines(self._after, BATCH)
        if not batch:
            return [], False
        self._after = batch[-1].seq
        keyed = _keyed(wanted.keep(batch), self._peak)
        self._peak = keyed[-1][0][0] if keyed else self._peak
        return keyed, len(batch) == BATCH


def _keyed(lines: Sequence[LogLine], peak: datetime | None = None) -> list[tuple[_Key, LogLine]]:
    keyed = []
    for line in lines:
        peak = line.at if peak is None else max(peak, line.at)
        keyed.append(((peak, line.source, line.seq), line))
    return keyed


def _last(reader: LogReader, wanted: LineFilter, since: datetime | None, count: int) -> list[LogLine]:
    """The last `count` lines that pass, reading backwards from the end."""
    first = reader.first_since(since) if since else 1
    end = reader.count()
    parts: list[list[LogLine]] = []
    missing = count
    while missing > 0 and end >= first:
        start = max(first - 1, end - (missing if wanted.passes_all else BATCH))
        kept = wanted.keep(reader.lines(start, end - start))[-missing:]
        parts.append(kept)
        missing -= len(kept)
        end = start
    return [line for part in reversed(parts) for line in part]


def _due(held: list[tuple[_Key, float, LogLine]], before: float) -> list[LogLine]:
    """Take from the heap, in order, up to the last line that has waited long enough."""
    ready = max((key for key, arrived, _ in held if arrived <= before), default=None)
    lines = []
    while ready is not None and held and held[0][0] <= ready:
        lines.append(heapq.heappop(held)[2])
    return lines
