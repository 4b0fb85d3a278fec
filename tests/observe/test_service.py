"""Health of what runs, and logs of several sources as one."""

from __future__ import annotations

import asyncio
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import DeployDeckError, Health, HealthSpec, Level, LogLine
from deploydeck.observe import MonitoringService
from deploydeck.redaction import Redactor
from deploydeck.store import LogStore
from tests.clock import PATIENCE_S

MOMENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def logs(tmp_path: Path) -> LogStore:
    return LogStore(tmp_path / "logs")


def _write(logs: LogStore, source: str, offsets: list[int], word: str = "line") -> None:
    writer = logs.writer("dep-1", source, Redactor())
    for place, offset in enumerate(offsets):
        writer.append(f"{word} {source} {place}", at=MOMENT + timedelta(seconds=offset))
    writer.close()


async def _all(logs: LogStore, **named: object) -> list[LogLine]:
    return [line async for line in MonitoringService(logs).aggregate_logs("dep-1", **named)]  # type: ignore[arg-type]


async def test_sources_are_merged_by_time(logs: LogStore) -> None:
    _write(logs, "build", [0, 10, 20])
    _write(logs, "app", [5, 10, 15, 30])
    found = await _all(logs)
    assert [(line.source, line.seq) for line in found] == [
        ("build", 1), ("app", 1), ("app", 2), ("build", 2), ("app", 3), ("build", 3), ("app", 4)
    ]  # fmt: skip
    assert [line.source for line in await _all(logs, sources=["build"])] == ["build"] * 3
    assert await _all(logs, sources=["nobody"]) == []
    assert [line async for line in MonitoringService(logs).aggregate_logs("dep-none")] == []


@given(st.lists(st.lists(st.integers(-50, 50), max_size=25), max_size=4), st.integers(0, 30), st.integers(-60, 60))
def test_nothing_is_lost_and_each_source_keeps_its_order(
    tmp_path_factory: pytest.TempPathFactory, offsets: list[list[int]], tail: int, since: int
) -> None:
    logs = LogStore(tmp_path_factory.mktemp("merge") / "logs")
    for place, one in enumerate(offsets):
        _write(logs, f"s{place}", one)

    async def check() -> None:
        found = await _all(logs)
        for place, one in enumerate(offsets):
            assert [line.seq for line in found if line.source == f"s{place}"] == list(range(1, len(one) + 1))
        if all(one == sorted(one) for one in offsets):
            assert [line.at for line in found] == sorted(line.at for line in found)
        even = [line for line in found if line.seq % 10 in (2, 4)]
        for pattern, everything in ((None, found), (r"[13]$", even)):
            last = await _all(logs, tail=tail, grep=pattern)
            assert len(last) == min(tail, len(everything))
            if all(one == sorted(one) for one in offsets):
                assert last == everything[len(everything) - len(last) :]
        moment = MOMENT + timedelta(seconds=since)
        late = await _all(logs, since=moment)
        for place, one in enumerate(offsets):
            first = next((at for at, offset in enumerate(one) if offset >= since), len(one))
            assert [line.seq for line in late if line.source == f"s{place}"] == list(range(first + 1, len(one) + 1))

    asyncio.run(check())


async def test_filters_apply_to_what_is_read(logs: LogStore) -> None:
    writer = logs.writer("dep-1", "app", Redactor())
    for place in range(5000):
        writer.append(f"request {place}" if place % 1000 else f"ERROR at {place}")
    writer.close()
    assert [line.text for line in await _all(logs, level=Level.ERROR)] == [f"ERROR at {place}" for place in range(0, 5000, 1000)]
    assert [line.text for line in await _all(logs, grep="ERROR", tail=2)] == ["ERROR at 3000", "ERROR at 4000"]
    assert [line.text for line in await _all(logs, grep="request 49..", tail=1)] == ["request 4999"]
    assert len(await _all(logs, grep="ERROR", invert=True)) == 4995
    assert await _all(logs, tail=0) == []
    with pytest.raises(DeployDeckError):
        await _all(logs, grep="(")


async def test_following_merges_sources_also_those_that_come_later(logs: LogStore) -> None:
    stop = asyncio.Event()
    found: list[LogLine] = []

    async def follow() -> None:
        async for line in MonitoringService(logs).follow_logs("dep-1", stop=stop, poll_s=0.1):
            found.append(line)

    task = asyncio.create_task(follow())
    await asyncio.sleep(0.1)
    build = logs.writer("dep-1", "build", Redactor())
    build.append("first")
    await asyncio.sleep(0.3)
    app = logs.writer("dep-1", "app", Redactor())
    for turn in range(200):
        (build, app)[turn % 2].append(f"turn {turn}")
    deadline = time.monotonic() + PATIENCE_S
    while len(found) < 201 and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    assert [line.text for line in found] == ["first", *(f"turn {turn}" for turn in range(200))]
    app.append("last")
    stop.set()
    await asyncio.wait_for(task, PATIENCE_S)
    assert found[-1].text == "last"
    assert len(found) == 202


async def test_following_goes_on_where_one_was_and_filters(logs: LogStore) -> None:
    _write(logs, "build", list(range(5000)))
    _write(logs, "app", list(range(100)))
    stop = asyncio.Event()
    stop.set()
    service = MonitoringService(logs)
    rest = [line async for line in service.follow_logs("dep-1", after={"build": 4990, "app": 100}, stop=stop)]
    assert [line.seq for line in rest] == list(range(4991, 5001))
    some = [line async for line in service.follow_logs("dep-1", ["build"], stop=stop, grep="999$")]
    assert [line.seq for line in some] == [1000, 2000, 3000, 4000, 5000]


async def test_a_follower_that_is_closed_leaves_no_task(logs: LogStore) -> None:
    _write(logs, "build", [0])
    lines = MonitoringService(logs).follow_logs("dep-1")
    assert (await anext(lines)).seq == 1
    await lines.aclose()  # type: ignore[attr-defined]
    await asyncio.sleep(0)
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


async def test_health_is_what_the_application_answers(server: str) -> None:
    service = MonitoringService(LogStore(Path("unused")))
    good = await service.check_health(server, HealthSpec(path="/health"))
    assert (good.health, good.probes[0].status, good.probes[0].url) == (Health.HEALTHY, 200, f"{server}/health")
    bad = await service.check_health(server, HealthSpec(path="/other"))
    assert bad.health is Health.UNHEALTHY
    assert "503" in bad.reason


async def test_no_answer_is_unhealthy_and_no_question_is_unknown() -> None:
    service = MonitoringService(LogStore(Path("unused")))
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        gone = await service.check_health(f"http://127.0.0.1:{nobody.getsockname()[1]}")
    assert gone.health is Health.UNHEALTHY
    assert gone.reason
    odd = await service.check_health("gopher://127.0.0.1", HealthSpec(timeout_s=1))
    assert odd.health is Health.UNKNOWN
