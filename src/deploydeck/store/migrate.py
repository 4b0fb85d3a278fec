"""Brings the schema up to date before the store opens: once, whole or not at all, and with a copy of what was there.

When nothing is to do this costs one query; Alembic is loaded only for a migration.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploydeck.domain import DeployDeckError
from deploydeck.settings import Paths
from deploydeck.store.database import BUSY_TIMEOUT_MS, plain_errors

HEAD = "0003"
"""The newest revision in `migrations/versions` (a test keeps the two together)."""

BACKUPS_KEPT = 5
LOCK_WAIT_S = 120.0


async def migrate(paths: Paths) -> None:
    """Create the database, or bring it to HEAD; a copy of an existing one goes to `<data>/backups` first.

    Any number of processes may call this at once. Raises DeployDeckError: `store-newer` (written by a later version),
    `store-foreign` (not ours), `store-corrupt`, `store-unwritable`, `store-disk-full`, `store-locked`.
    """
    await asyncio.to_thread(migrate_now, paths)


def migrate_now(paths: Paths) -> None:
    """The same, blocking."""
    _make_private(paths)
    with plain_errors(paths.database):
        if current_revision(paths.database) == HEAD:
            return
        from filelock import FileLock, Timeout

        try:
            with FileLock(paths.data / "migrate.lock", timeout=LOCK_WAIT_S, mode=0o600):
                _upgrade(paths)
        except Timeout as error:
            raise DeployDeckError(
                "store-locked", "Another process has been changing the schema for too long.", hint="See `deploydeck doctor`."
            ) from error


def current_revision(database: Path) -> str | None:
    """The revision a database file stands at; None for a missing or empty one, "" for tables that no migration made."""
    if not database.exists() or database.stat().st_size == 0:
        return None
    with contextlib.closing(_connect(database)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "alembic_version" not in tables:
            return "" if tables else None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None


def quick_check(database: Path) -> None:
    """Let SQLite look for damage; takes time in proportion to the file. Raises DeployDeckError `store-corrupt`."""
    with plain_errors(database), contextlib.closing(_connect(database)) as connection:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(f"malformed: {verdict}")


def _make_private(paths: Paths) -> None:
    """The directory is made for its owner only; the database file is never open to others."""
    try:
        paths.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(paths.database, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        if paths.database.stat().st_mode & 0o077:
            paths.database.chmod(0o600)
    except OSError as error:
        raise DeployDeckError(
            "store-disk-full" if error.errno == errno.ENOSPC else "store-unwritable",
            f"The data directory {paths.data} cannot be used.",
            error.strerror or str(error),
            "Make it yours and writable, or set DEPLOYDECK_HOME to another directory.",
        ) from error


def _connect(database: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(database, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    return connection


def _upgrade(paths: Paths) -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    revision = current_revision(paths.database)  # another process may have been here while we waited
    if revision == HEAD:
        return
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    if revision == "":
        raise DeployDeckError(
            "store-foreign", f"{paths.database} was not made by DeployDeck.", hint="Move it away; a new one is made."
        )
    if revision is not None:
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if revision not in known:
            raise DeployDeckError(
                "store-newer",
                "The database was written by a newer version of DeployDeck.",
                f"{paths.database} is at revision {revision}; this version knows up to {HEAD}.",
                "Update DeployDeck, or put a backup from the `backups` directory in its place.",
            )
        quick_check(paths.database)
        _back_up(paths, revision)
    run_alembic(config, paths.database, HEAD)


def run_alembic(config: Any, database: Path, revision: str) -> None:
    """Apply the scripts up to a revision in one transaction; foreign keys hold at its end or nothing changed."""
    from alembic import command
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    engine = create_engine(f"sqlite:///{database}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA foreign_keys=OFF")  # a table is changed by copying it; checked below instead

    @event.listens_for(engine, "begin")
    def begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise sqlite3.DatabaseError(f"malformed: references without a target in {sorted({row[0] for row in broken})}")
    engine.dispose()


def _back_up(paths: Paths, revision: str) -> None:
    directory = paths.data / "backups"
    directory.mkdir(mode=0o700, exist_ok=True)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{revision}.sqlite"
    unfinished = directory / f".{name}"
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with contextlib.closing(_connect(paths.database)) as source, contextlib.closing(sqlite3.connect(unfinished)) as copy:
            source.backup(copy)
        unfinished.rename(directory / name)
    finally:
        unfinished.unlink(missing_ok=True)
    for old in sorted(directory.glob("*.sqlite"))[:-BACKUPS_KEPT]:
        old.unlink(missing_ok=True)
