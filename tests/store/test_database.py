"""What the database does when it is locked, full, damaged, read-only or interrupted."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from deploydeck.domain import DeployDeckError, DeploymentState, EventKind
from deploydeck.settings import Paths
from deploydeck.store import Database, Deployments, Store
from deploydeck.store.database import translate
from tests.clock import PATIENCE_S
from tests.store import values


async def test_a_lock_of_another_process_is_waited_for_and_then_named(store: Store) -> None:
    made = await values.queued(store)
    impatient = Database(store.database.path, busy_timeout_ms=300)
    history = Deployments(impatient)
    with closing(sqlite3.connect(store.database.path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        started = time.monotonic()
        with pytest.raises(DeployDeckError) as caught:
            await history.append(made.id, EventKind.NOTE, "x")
        assert caught.value.code == "store-locked"
        assert 0.25 < time.monotonic() - started < 10
        assert (await history.get(made.id)).id == made.id, "readers are not in the way of a writer"

        waiting = asyncio.create_task(store.deployments.append(made.id, EventKind.NOTE, "patient"))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        holder.execute("ROLLBACK")
        await waiting
    assert [event.text for event in await history.events(made.id)] == ["queued", "patient"]
    await impatient.close()


async def test_a_full_disk_leaves_nothing_half_written(store: Store) -> None:
    made = await values.queued(store)
    async with store.database.read() as connection:
        pages = await connection.scalar(text("PRAGMA page_count"))
    cramped = Database(store.database.path)
    async with cramped.read() as connection:
        await connection.execute(text(f"PRAGMA max_page_count={pages + 2}"))
    history = Deployments(cramped)
    with pytest.raises(DeployDeckError) as caught:
        await history.transition(made.id, DeploymentState.RUNNING, text="x" * 100_000)
    assert caught.value.code == "store-disk-full"
    assert (await history.get(made.id)).state is DeploymentState.QUEUED
    assert len(await history.events(made.id)) == 1
    await cramped.close()
    assert await store.deployments.transition(made.id, DeploymentState.RUNNING), "works again once there is room"


async def test_damage_while_running_is_named(paths: Paths, store: Store) -> None:
    made = await values.queued(store)
    await store.close()
    size = paths.database.stat().st_size
    with paths.database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\x5a" * (size - 4096))
    damaged = Database(paths.database)
    with pytest.raises(DeployDeckError) as caught:
        await Deployments(damaged).get(made.id)
    assert caught.value.code == "store-corrupt"
    assert "backup" in caught.value.hint
    await damaged.close()


async def test_a_database_that_may_not_be_written_is_named(store: Store) -> None:
    made = await values.queued(store)
    frozen = Database(store.database.path)
    async with frozen.read() as connection:
        await connection.execute(text("PRAGMA query_only=ON"))
    with pytest.raises(DeployDeckError) as caught:
        await Deployments(frozen).append(made.id, EventKind.NOTE, "x")
    assert caught.value.code == "store-readonly"
    await frozen.close()


async def test_a_database_that_is_not_there_is_named(paths: Paths) -> None:
    lost = Database(paths.data / "nowhere" / "db.sqlite")
    with pytest.raises(DeployDeckError) as caught:
        await Deployments(lost).unfinished()
    assert caught.value.code == "store-unopenable"
    await lost.close()


async def test_reading_leaves_no_transaction_open(store: Store) -> None:
    made = await values.queued(store)
    for _ in range(3):
        await store.deployments.get(made.id)
        await store.deployments.events(made.id)
    with pytest.raises(RuntimeError, match="stop"):
        async with store.database.read() as connection:
            await connection.execute(text("SELECT * FROM deployments"))
            raise RuntimeError("stop")
    await store.deployments.append(made.id, EventKind.NOTE, "x")
    with closing(sqlite3.connect(store.database.path)) as other:  # truncating the WAL needs that nobody reads an old state
        busy, log, moved = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert (busy, log, moved) == (0, 0, 0)


async def test_a_reader_sees_one_state(store: Store) -> None:
    made = await values.queued(store)
    async with store.database.read() as connection:
        count = text("SELECT count(*) FROM events")
        before = await connection.scalar(count)
        await store.deployments.append(made.id, EventKind.NOTE, "meanwhile")
        assert await connection.scalar(count) == before


async def test_a_cancelled_write_leaves_nothing_and_blocks_nobody(store: Store) -> None:
    made = await values.queued(store)

    async def slow() -> None:
        async with store.database.write() as connection:
            await connection.execute(text("UPDATE deployments SET requested_by = 'nobody'"))
            await asyncio.sleep(60)

    task = asyncio.create_task(slow())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await store.deployments.get(made.id)).requested_by == "tester"
    await asyncio.wait_for(store.deployments.append(made.id, EventKind.NOTE, "next"), PATIENCE_S)


async def test_a_killed_writer_leaves_nothing(store: Store, paths: Paths) -> None:
    made = await values.queued(store)
    program = (
        "import sqlite3, sys, time\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\nc.execute('BEGIN IMMEDIATE')\n"
        "c.execute(\"UPDATE deployments SET state = 'succeeded'\")\nprint('in', flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(paths.database)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.kill()
    assert (await store.deployments.get(made.id)).state is DeploymentState.QUEUED
    await asyncio.wait_for(store.deployments.append(made.id, EventKind.NOTE, "next"), PATIENCE_S)


async def test_a_write_is_cheap(store: Store) -> None:
    """60 ms a step is what the engine's bookkeeping may cost; one write is a small part of it."""
    made = await values.queued(store)
    times, bare = [], []
    with closing(sqlite3.connect(store.database.path.with_name("bare.db"), isolation_level=None)) as other:
        other.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (x)")
        for turn in range(40):
            started = time.perf_counter()
            other.execute("INSERT INTO t VALUES (?)", (str(turn),))
            bare.append(time.perf_counter() - started)
            started = time.perf_counter()
            await store.deployments.append(made.id, EventKind.NOTE, str(turn))
            times.append(time.perf_counter() - started)
    middle = len(times) // 2
    slow_disk_s = 10 * sorted(bare)[middle]  # a write of SQLite alone, on this disk and beside whatever else runs now
    assert sorted(times)[middle] < max(0.05, slow_disk_s)


def test_a_log_writer_loads_no_database() -> None:
    program = (
        "import sys\nimport deploydeck.store.logs\nfrom deploydeck.store import LogStore\n"
        "heavy = {'sqlalchemy', 'aiosqlite', 'alembic', 'textual', 'dbos', 'docker', 'watchfiles', 'httpx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from deploydeck.store import Store\nassert 'sqlalchemy' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_the_package_offers_what_it_names() -> None:
    import deploydeck.store as package

    for name in package.__all__:
        assert getattr(getattr(package, name), "__name__", "UNFINISHED") == name
    with pytest.raises(AttributeError):
        package.nothing_of_the_kind  # noqa: B018


@pytest.mark.parametrize(("free", "code"), [(0, "store-disk-full"), (1 << 30, "store-io")])
def test_an_io_error_on_a_full_disk_is_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, code: str) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))
    told = translate(sqlite3.OperationalError("disk I/O error"), tmp_path / "deploydeck.sqlite")
    assert told is not None
    assert told.code == code
