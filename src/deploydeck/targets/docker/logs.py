"""What a container wrote, from the Engine, with its own timestamps; also of stopped ones."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime
from typing import Any

from deploydeck.domain import LogLine, utc_now
from deploydeck.redaction import Redactor
from deploydeck.targets.commands import LineSplitter
from deploydeck.targets.docker.engine import Engine, EngineProblem, explain
from deploydeck.targets.docker.naming import secrets_of

HEADER_BYTES = 8
_STREAMS = {1: "out", 2: "err"}
_QUEUE_LINES = 10_000


async def read(
    engine: Engine, container: str, *, since: datetime | None, follow: bool, tail: int | None
) -> AsyncGenerator[LogLine, None]:
    """Lines, oldest first, without the secrets that this container was given; ends with it when following. Raises EngineProblem."""
    reader = _Reader(engine, container, since, follow, tail)
    worker = asyncio.create_task(asyncio.to_thread(reader.run))
    try:
        number = 0
        while (item := await reader.queue.get()) is not None:
            reader.taken()
            number += 1
            at, stream, text = item
            yield LogLine(seq=number, at=at, stream=stream, text=text, source="app")
        await worker
    finally:
        reader.close()
        with contextlib.suppress(Exception):
            await asyncio.shield(worker)


async def tail_lines(engine: Engine, container: str, lines: int) -> tuple[str, ...]:
    """The last lines of a container, without the secrets it was given."""
    return tuple([line.text async for line in read(engine, container, since=None, follow=False, tail=lines)])


class _Reader:
    """Reads one log stream in a thread. `queue` holds (time, stream, text) and a final None."""

    def __init__(self, engine: Engine, container: str, since: datetime | None, follow: bool, tail: int | None) -> None:
        self.queue: asyncio.Queue[tuple[datetime, str, str] | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._engine, self._container = engine, container
        self._since, self._follow, self._tail = since, follow, tail
        self._room = threading.Semaphore(_QUEUE_LINES)
        self._closed = threading.Event()
        self._response: Any = None
        self._redact = Redactor()

    def run(self) -> None:
        client = None
        try:
            client = self._engine.connect()
            inspected = client.inspect_container(self._container)
            self._redact = Redactor(secrets_of(inspected))
            parameters: dict[str, Any] = {
                "stdout": 1, "stderr": 1, "timestamps": 1, "follow": int(self._follow),
                "tail": "all" if self._tail is None else max(0, self._tail),
            }  # fmt: skip
            if self._since is not None:
                parameters["since"] = f"{self._since.timestamp():.9f}"
            # the SDK's own call drops which stream a line came from; the session underneath is public
            url = f"{client.base_url}/v{client.api_version}/containers/{inspected['Id']}/logs"
            self._response = client.get(url, params=parameters, stream=True, timeout=(60, None if self._follow else 60))
            self._response.raise_for_status()
            self._pump(self._response.raw)
        except Exception as error:
            if not self._closed.is_set():
                raise EngineProblem(explain(error, self._engine.host)) from error
        finally:
            if client is not None:
                with contextlib.suppress(Exception):
                    client.close()
            self._loop.call_soon_threadsafe(self.queue.put_nowait, None)

    def taken(self) -> None:
        """One line left the queue."""
        self._room.release()

    def close(self) -> None:
        from docker.types import CancellableStream

        self._closed.set()
        self._room.release()
        if self._response is not None:
            with contextlib.suppress(Exception):  # the other side may have closed first
                CancellableStream(iter(()), self._response).close()

    def _pump(self, raw: Any) -> None:
        splitters = {stream: LineSplitter() for stream in _STREAMS.values()}
        for stream, chunk in _frames(raw):
            for line in splitters[stream].feed(chunk):
                if not self._put(stream, line):
                    return
        for stream, splitter in splitters.items():
            for line in splitter.end():
                self._put(stream, line)

    def _put(self, stream: str, line: str) -> bool:
        self._room.acquire()  # a slow reader must not make us hold a whole log in memory
        if self._closed.is_set():
            return False
        stamp, _, text = line.partition(" ")
        at = _time(stamp)
        safe = self._redact(text if at else line)
        self._loop.call_soon_threadsafe(self.queue.put_nowait, (at or utc_now(), stream, safe))
        return True


def _frames(raw: Any) -> Iterator[tuple[str, bytes]]:
    """(stream, bytes) of the Engine's multiplexed format: a byte for the stream, three zeros, a big-endian length, the content."""
    while len(header := _exactly(raw, HEADER_BYTES)) == HEADER_BYTES:
        size = int.from_bytes(header[4:], "big")
        stream = _STREAMS.get(header[0], "out")
        while size > 0:
            chunk = raw.read(min(size, 65_536))
            if not chunk:
                return
            size -= len(chunk)
            yield stream, chunk


def _exactly(raw: Any, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = raw.read(size - len(data))
        if not chunk:
            break
        data += chunk
    return data


def _time(stamp: str) -> datetime | None:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", stamp):
        return None
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", stamp)).astimezone(UTC)
    except ValueError:
        return None
