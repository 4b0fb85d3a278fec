"""The database: one engine per process and event loop, readers beside one writer at a time.

SQLite by default: WAL, foreign keys on, 30 s busy timeout. Every write transaction starts with BEGIN IMMEDIATE, so that two
processes queue up instead of failing half way (a deferred transaction that turns into a writer cannot wait).
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from deploydeck.domain import DeployDeckError

BUSY_TIMEOUT_MS = 30_000
FULL_BYTES = 64 * 1024
_WRITE = "deploydeck_write"


class Database:
    """Connections to the store. Use `read()` and `write()`; a write commits at the end or leaves nothing."""

    def __init__(self, path: Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> None:
        self.path = path
        self.engine: AsyncEngine = create_async_engine(f"sqlite+aiosqlite:///{path}")
        self._writing = asyncio.Lock()
        _prepare_sqlite(self.engine, busy_timeout_ms)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for queries; sees one consistent state."""
        with plain_errors(self.path):
            async with self.engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A connection inside a write transaction. Raises DeployDeckError on a full disk, a locked or a broken database."""
        with plain_errors(self.path):
            async with self._writing, self.engine.connect() as connection:
                connection = await connection.execution_options(**{_WRITE: True})
                async with connection.begin():
                    yield connection

    async def close(self) -> None:
        await self.engine.dispose()


def _prepare_sqlite(engine: AsyncEngine, busy_timeout_ms: int) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={busy_timeout_ms}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Any) -> None:
        immediate = connection.get_execution_options().get(_WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


class plain_errors:
    """Turns driver errors into errors a person can act on."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, _trace: Any) -> None:
        if isinstance(error, (DatabaseError, sqlite3.DatabaseError)):
            translated = translate(error, self.path)
            if translated is not None:
                raise translated from error


_MEANINGS: tuple[tuple[str, str, str, str], ...] = (
    ("database or disk is full", "store-disk-full", "The disk is full.", "Free some space; nothing half-written remains."),
    ("disk i/o error", "store-io", "The disk reported an error.", "Check the disk, then start again."),
    (
        "database is locked",
        "store-locked",
        "Another process keeps the database locked.",
        "Wait for it, or see `deploydeck doctor`.",
    ),
    ("readonly database", "store-readonly", "The database may not be written.", "Check the owner and mode of the file."),
    (
        "unable to open database",
        "store-unopenable",
        "The database cannot be opened.",
        "Check that the directory exists and is yours.",
    ),
    (
        "file is not a database",
        "store-corrupt",
        "The database file is damaged.",
        "Put a backup from the `backups` directory in its place.",
    ),
    ("malformed", "store-corrupt", "The database file is damaged.", "Put a backup from the `backups` directory in its place."),
)


def _is_full(directory: Path) -> bool:
    try:
        return shutil.disk_usage(directory).free < FULL_BYTES
    except OSError:
        return False


def translate(error: BaseException, path: Path) -> DeployDeckError | None:
    """The error for a person, or None when the driver's message is not one of those known to be theirs to solve."""
    text = str(getattr(error, "orig", error)).lower()
    if "disk i/o error" in text and _is_full(path.parent):
        text = f"database or disk is full ({text})"  # so SQLite calls it when not even its shared memory file fits
    for needle, code, what, hint in _MEANINGS:
        if needle in text:
            return DeployDeckError(code, what, f"{path}: {text}", hint)
    if isinstance(error, OperationalError):
        return DeployDeckError(
            "store-failed", "The database did not answer as expected.", f"{path}: {text}", "See `deploydeck doctor`."
        )
    return None
