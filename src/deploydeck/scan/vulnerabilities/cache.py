"""What OSV answered, kept for a while in this person's cache directory: one SQLite file that may be deleted at any time.

It never stands in the way: a file that is broken is made anew, one that is locked or cannot be written is done without.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from deploydeck.scan.vulnerabilities.records import Advisory, Odd, Package, is_id

VALID_S = 24 * 3600.0
"""An answer is used without asking again for so long."""
KEPT_S = 30 * 24 * 3600.0
"""And shown with its age, when OSV cannot be asked, for so long."""
MOST_ANSWERS = 50_000
MOST_ENTRIES = 20_000
_MOST_BYTES = 256 * 1024 * 1024
_PAGE_BYTES = 4096
_VERSION = 1
_TABLES = f"""
PRAGMA user_version = {_VERSION};
CREATE TABLE IF NOT EXISTS answers (
    source TEXT, ecosystem TEXT, name TEXT, version TEXT, ids TEXT NOT NULL, asked_at REAL NOT NULL,
    PRIMARY KEY (source, ecosystem, name, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    source TEXT, id TEXT, modified TEXT NOT NULL, body TEXT NOT NULL, kept_at REAL NOT NULL, PRIMARY KEY (source, id)
) WITHOUT ROWID;
"""


class Answer(NamedTuple):
    """The ids OSV named for a package, each with the time of its last change, and when (Unix seconds) it was asked."""

    ids: dict[str, str]
    asked_at: float


class Cache:
    """The answers of one OSV server (`source`, its address). Every method does nothing when the file cannot be used."""

    def __init__(self, path: Path, source: str) -> None:
        self._path = path
        self._source = source

    def answers(self, packages: Iterable[Package]) -> dict[Package, Answer]:
        """The kept answers about packages, fresh or not."""
        found: dict[Package, Answer] = {}
        oldest, now = time.time() - KEPT_S, time.time() + 60
        with self._open() as database:
            if not database:
                return found
            for package in packages:
                row = database.execute(
                    "SELECT ids, asked_at FROM answers WHERE source = ? AND ecosystem = ? AND name = ? AND version = ?",
                    (self._source, *package),
                ).fetchone()
                if row is None or not isinstance(row[1], float) or not oldest <= row[1] <= now:
                    continue
                ids = _ids(row[0])
                if ids is not None:
                    found[package] = Answer(ids, row[1])
        return found

    def entries(self, ids: Mapping[str, str]) -> dict[str, Advisory]:
        """The kept entries of ids, where they have not been changed since (an empty time: whatever is kept)."""
        found: dict[str, Advisory] = {}
        with self._open() as database:
            if not database:
                return found
            for one, modified in ids.items():
                row = database.execute(
                    "SELECT modified, body FROM entries WHERE source = ? AND id = ?", (self._source, one)
                ).fetchone()
                if row is not None and (not modified or row[0] == modified):
                    with contextlib.suppress(Odd):
                        found[one] = Advisory.from_json(row[1])
        return found

    def keep(self, answers: Mapping[Package, Mapping[str, str]], entries: Mapping[str, Advisory]) -> None:
        """Keep what was answered now, all of it or nothing; the oldest goes when there is too much."""
        now = time.time()
        modified = {one: changed for ids in answers.values() for one, changed in ids.items()}
        with self._open(write=True) as database:
            if not database:
                return
            database.executemany(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
                [(self._source, *package, json.dumps(dict(ids)), now) for package, ids in answers.items()],
            )
            database.executemany(
                "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)",
                [(self._source, one, modified.get(one) or entry.modified, entry.to_json(), now) for one, entry in entries.items()],
            )
            for table, column, most in (("answers", "asked_at", MOST_ANSWERS), ("entries", "kept_at", MOST_ENTRIES)):
                database.execute(f"DELETE FROM {table} WHERE {column} < ?", (now - KEPT_S,))  # noqa: S608 - our own names
                extra = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] - most  # noqa: S608
                if extra > 0:
                    edge = f"SELECT {column} FROM {table} ORDER BY {column} LIMIT 1 OFFSET ?"  # noqa: S608
                    database.execute(f"DELETE FROM {table} WHERE {column} < ({edge})", (extra,))  # noqa: S608

    def size(self) -> tuple[int, float | None]:
        """How many answers are kept, and when the newest was asked."""
        with self._open() as database:
            if database:
                count, newest = database.execute(
                    "SELECT count(*), max(asked_at) FROM answers WHERE source = ?", (self._source,)
                ).fetchone()
                return int(count), newest
        return 0, None

    @contextlib.contextmanager
    def _open(self, *, write: bool = False) -> Iterator[sqlite3.Connection | None]:
        """A connection in a transaction, or None. Whatever SQLite says inside ends the block and nothing else."""
        database = self._connect(write)
        try:
            with contextlib.suppress(sqlite3.Error):
                try:
                    yield database
                    if database:
                        database.commit()
                except sqlite3.Error as error:
                    self._broken(error)
                    raise
        finally:
            if database:
                database.close()

    def _connect(self, write: bool) -> sqlite3.Connection | None:
        try:
            if not write and not self._path.is_file():
                return None
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._connected()
        except sqlite3.Error as error:
            self._broken(error)
        except OSError:
            return None
        with contextlib.suppress(sqlite3.Error, OSError):
            return self._connected()
        return None

    def _connected(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))  # what a person uses is nobody else's business
        database = sqlite3.connect(self._path, timeout=2.0)
        try:
            version = database.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise sqlite3.DatabaseError("of another release")
            database.executescript(_TABLES)
            database.execute(f"PRAGMA max_page_count = {_MOST_BYTES // _PAGE_BYTES}")
        except BaseException:
            database.close()
            raise
        return database

    def _broken(self, error: sqlite3.Error) -> None:
        """Remove a file that is no database any more; a busy or full one stays."""
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, (sqlite3.OperationalError, sqlite3.IntegrityError)):
            for path in (self._path, *(self._path.with_name(f"{self._path.name}{end}") for end in ("-journal", "-wal", "-shm"))):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)


def _ids(text: object) -> dict[str, str] | None:
    """The ids of a stored answer; None when it is not one."""
    try:
        held = json.loads(str(text))
    except (ValueError, RecursionError):
        return None
    if not isinstance(held, dict) or not all(is_id(one) and isinstance(changed, str) for one, changed in held.items()):
        return None
    return held
