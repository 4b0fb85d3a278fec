"""What a deployment says while it runs: log lines to files, and few enough events to follow.

Targets speak through `emit` and `progress`, from any thread and never blocking; a pump writes at its own pace. Log lines are not
events: an event only says that a source grew, so that a face knows to read on.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from deploydeck.deploy.tools import Tools
from deploydeck.domain import DeployDeckError, EventKind, Level, LogRef, Value, utc_now
from deploydeck.domain.text import printable
from deploydeck.redaction import Redactor
from deploydeck.store.logs import LogWriter

MAX_WAITING = 100_000
LAST_LINE_CHARS = 300
_STREAMS = frozenset({"out", "err", "note"})

V = TypeVar("V", bound=Value)

_log = logging.getLogger(__name__)


@dataclass
class _News:
    """What has to be told about a source: events are rarer than lines."""

    lines: int = 0
    last: str = ""
    told_lines: int = 0
    told_at: float = 0.0


class Output:
    """The voice of one deployment. `start` before, `close` after; everything in between is redacted on its way."""

    def __init__(self, tools: Tools, deployment_id: str, redact: Redactor) -> None:
        self._tools = tools
        self._id = deployment_id
        self._redact = redact
        self._lines: deque[tuple[str, str, str, datetime]] = deque()
        self._dropped = 0
        self._guard = threading.Lock()
        self._writers: dict[str, LogWriter] = {}
        self._news: dict[str, _News] = {}
        self._progress: tuple[str, float, float, str] | None = None
        self._told_progress: tuple[str, float, float, str] | None = None
        self._pump: asyncio.Task[None] | None = None
        self._draining = asyncio.Lock()
        self.step = ""

    def start(self) -> None:
        self._pump = asyncio.create_task(self._run())

    def emit(self, text: str, stream: str = "out", source: str = "deploy") -> None:
        """One line of output; thread-safe, never blocks. A source that outruns the disk loses lines, which is said in its log."""
        with self._guard:
            if len(self._lines) >= MAX_WAITING:
                self._dropped += 1
                return
            self._lines.append((text, stream if stream in _STREAMS else "out", source, utc_now()))

    def progress(self, done: float, total: float, unit: str) -> None:
        """How far the running step is; only the latest is kept."""
        self._progress = (self.step, float(done), float(total), unit)

    def clean(self, content: Any) -> Any:
        """Any JSON without secrets and control characters."""
        if isinstance(content, str):
            return self._redact("\n".join(printable(line, tab="\t") for line in content.split("\n")))
        if isinstance(content, dict):
            return {self.clean(key): self.clean(value) for key, value in content.items()}
        if isinstance(content, (list, tuple)):
            return [self.clean(value) for value in content]
        return content

    def clean_value(self, value: V) -> V:
        """A domain value without secrets and control characters."""
        return type(value).model_validate(self.clean(value.model_dump(mode="json")))

    async def event(
        self, kind: EventKind, text: str, *, level: Level = Level.INFO, step: str = "", data: dict[str, Any] | None = None
    ) -> None:
        """Append an event, after the lines that came before it."""
        await self.flush()
        await self._append(kind, text, level, step, data or {})

    async def flush(self) -> None:
        """Everything said so far is in the log files, and followers know of it."""
        await self._drain(all_news=True)

    async def close(self) -> None:
        """Write what was said, close the files and record where they stand: also those of a worker that was killed."""
        await self._stop_pump()
        for source in await asyncio.to_thread(self._tools.logs.sources, self._id):
            await asyncio.to_thread(self._reopen, source)
        await self._record(await asyncio.to_thread(self._close_files))

    async def stop(self) -> None:
        """Write what was said and close the files; the deployment goes on elsewhere."""
        await self._stop_pump()
        await asyncio.to_thread(self._close_files)

    async def _stop_pump(self) -> None:
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
            self._pump = None
        await self._drain(all_news=True)

    def _close_files(self) -> list[LogRef]:
        writers = list(self._writers.values())
        self._writers.clear()
        return [writer.close() for writer in writers]

    def _reopen(self, source: str) -> None:
        if source not in self._writers:
            self._writers[source] = self._tools.logs.writer(self._id, source, self._redact, self._tools.settings.logs)

    async def _record(self, refs: list[LogRef]) -> None:
        store = self._tools.store.deployments
        for ref in refs:
            await self._tools.keep(partial(store.record_log, ref))

    # --- the pump -------------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._tools.timing.pump_s)
            try:
                await self._drain()
            except Exception:  # noqa: BLE001 - the voice must not fall silent for the rest of a deployment
                _log.exception("writing the output of %s", self._id)

    async def _drain(self, all_news: bool = False) -> None:
        async with self._draining:
            with self._guard:
                lines, self._lines = self._lines, deque()
                dropped, self._dropped = self._dropped, 0
            if dropped:
                lines.append((f"[{dropped} lines came faster than they could be written]", "note", "deploy", utc_now()))
            if lines:
                await asyncio.to_thread(self._write, lines)
            await self._tell(all_news)

    def _write(self, lines: deque[tuple[str, str, str, datetime]]) -> None:
        for text, stream, source, at in lines:
            try:
                writer = self._writers.get(source)
                if writer is None:
                    writer = self._tools.logs.writer(self._id, source, self._redact, self._tools.settings.logs)
                    self._writers[source] = writer
                    self._news[source] = _News(told_lines=writer.ref.lines)
                writer.append(text, stream, at)
            except DeployDeckError as error:  # a log that cannot be written must not stop a deployment
                self._news.setdefault(source, _News()).last = str(error)
                _log.error("log %s of %s: %s", source, self._id, error)
                continue
            news = self._news[source]
            news.lines = writer.ref.lines
            news.last = text

    async def _tell(self, all_news: bool) -> None:
        now = time.monotonic()
        for source, news in list(self._news.items()):
            due = all_news or now - news.told_at >= self._tools.timing.log_news_s
            if news.lines > news.told_lines and due:
                data = {"source": source, "lines": news.lines, "new": news.lines - news.told_lines}
                news.told_lines, news.told_at = news.lines, now
                last = news.last.rstrip("\n").rpartition("\n")[2]
                await self._append(EventKind.LOG, last[:LAST_LINE_CHARS], Level.DEBUG, self.step, data)
        progress = self._progress
        if progress is not None and progress != self._told_progress:
            self._told_progress = progress
            step, done, total, unit = progress
            await self._append(
                EventKind.PROGRESS, f"{done:g} of {total:g} {unit}", Level.DEBUG, step, {"done": done, "total": total, "unit": unit}
            )

    async def _append(self, kind: EventKind, text: str, level: Level, step: str, data: dict[str, Any]) -> None:
        text, data = self.clean(text), self.clean(data)
        store = self._tools.store.deployments
        await self._tools.keep(lambda: store.append(self._id, kind, text, level=level, step=step, data=data))
