"""Advisories on this machine: imported OSV exports in one SQLite file of the data directory, looked up by ecosystem and package.

An import makes a new file beside the old one and takes its place at the end: a reader sees the one or the other.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from deploydeck.domain import DeployDeckError, utc_now
from deploydeck.domain.text import printable
from deploydeck.scan.vulnerabilities.reading import Limits, entries, is_zip
from deploydeck.scan.vulnerabilities.records import Advisory, Odd, Package, read_advisory
from deploydeck.scan.vulnerabilities.versions import SCHEMES

_TABLES = """
CREATE TABLE advisories (
    ecosystem TEXT, name TEXT, id TEXT, body TEXT NOT NULL, PRIMARY KEY (ecosystem, name, id)
) WITHOUT ROWID;
CREATE TABLE coverage (
    ecosystem TEXT PRIMARY KEY, source TEXT NOT NULL, imported_at TEXT NOT NULL, data_until TEXT NOT NULL, entries INTEGER NOT NULL
) WITHOUT ROWID;
"""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|\+00:00)")
_EVERY = 500
Progress = Callable[[int], None]


class Coverage(NamedTuple):
    """An ecosystem whose export was imported whole: from which file, when, and the newest change it holds."""

    ecosystem: str
    source: str
    imported_at: datetime
    data_until: datetime
    entries: int


@dataclass(frozen=True)
class Imported:
    """What an import did. `skipped` entries were unusable or about ecosystems that no project here depends on."""

    entries: int
    skipped: int
    packages: int
    covered: tuple[Coverage, ...]


class Index:
    """The imported advisories. Reading raises DeployDeckError `osv-index-broken`; a file that is not there holds nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def coverage(self) -> dict[str, Coverage]:
        """The ecosystems that an import covers, by name."""
        with self._reading() as database:
            rows = database.execute("SELECT * FROM coverage ORDER BY ecosystem").fetchall() if database else []
            try:
                return {row[0]: _coverage(row) for row in rows}
            except (ValueError, TypeError) as error:
                raise self._broken(error) from error

    def size(self) -> int:
        """How many advisories there are, counted once for each package."""
        with self._reading() as database:
            return int(database.execute("SELECT count(*) FROM advisories").fetchone()[0]) if database else 0

    def about(self, packages: Sequence[Package]) -> dict[Package, list[Advisory]]:
        """The advisories in force that affect each of these versions, and an empty list where there is none."""
        found: dict[Package, list[Advisory]] = {}
        with self._reading() as database:
            if not database:
                return found
            for package in packages:
                rows = database.execute(
                    "SELECT body FROM advisories WHERE ecosystem = ? AND name = ? ORDER BY id", package[:2]
                ).fetchall()
                try:
                    held = [Advisory.from_json(body) for (body,) in rows]
                except Odd as error:
                    raise self._broken(error) from error
                found[package] = [
                    one for one in held if not one.withdrawn and any(part.covers(package.version) for part in one.about(package))
                ]
        return found

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        if not self._path.is_file():
            yield None
            return
        try:
            database = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)
        except sqlite3.Error as error:
            raise self._broken(error) from error
        try:
            yield database
        except sqlite3.Error as error:
            raise self._broken(error) from error
        finally:
            database.close()

    def _broken(self, error: Exception) -> DeployDeckError:
        return DeployDeckError(
            "osv-index-broken",
            "The imported advisories cannot be read.",
            str(error)[:200],
            f"Remove {self._path} and import the archives again.",
        )

    # --- importing ------------------------------------------------------------------------------------------------------------

    def take(
        self, file: Path, ecosystems: Sequence[str] = (), *, limits: Limits | None = None, progress: Progress | None = None
    ) -> Imported:
        """Import a file; it covers `ecosystems`, by default what every entry of a zip archive has in common.

        What it covers is replaced whole; a single document or JSON lines are added to what is there and cover nothing by
        themselves. Blocking. Raises DeployDeckError `osv-archive-missing`, `osv-archive-broken`, `osv-archive-limits`,
        `osv-archive-empty`, `osv-ecosystem-unknown`, `osv-import-running`, `osv-index-not-written`.
        """
        from filelock import FileLock, Timeout

        _known(ecosystems)
        _readable(file)
        made = self._path.with_name(f"{self._path.name}.new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self._path.with_name(f"{self._path.name}.lock"), timeout=0):
                try:
                    imported = self._make(made, file, ecosystems, limits or Limits(), progress)
                    made.replace(self._path)
                finally:
                    made.unlink(missing_ok=True)
        except Timeout:
            raise DeployDeckError("osv-import-running", "Another import is running.", hint="Wait for it.", transient=True) from None
        except (OSError, sqlite3.Error) as error:
            raise DeployDeckError(
                "osv-index-not-written",
                "The advisories could not be stored; nothing was changed.",
                str(error)[:200],
                "Is there space?",
            ) from error
        return imported

    def _make(self, made: Path, file: Path, ecosystems: Sequence[str], limits: Limits, progress: Progress | None) -> Imported:
        made.unlink(missing_ok=True)
        os.close(os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with contextlib.closing(sqlite3.connect(made)) as database:
            database.executescript(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES
            )  # it is nothing until it is whole
            filling = _Filling(database)
            for number, entry in enumerate(entries(file, limits)):
                filling.add(entry)
                if progress and number % _EVERY == 0:
                    progress(number)
            if not filling.usable:
                raise DeployDeckError(
                    "osv-archive-empty",
                    "The file holds no advisory that could be used; nothing was changed.",
                    f"{filling.skipped} entries were read.",
                    f"Ecosystems that can be used: {', '.join(SCHEMES)}.",
                )
            covered = tuple(dict.fromkeys(ecosystems)) or (filling.common() if is_zip(file) else ())
            filling.finish(covered, printable(file.name)[:200])
            self._carry_over(database, covered)
            database.commit()
            packages = database.execute("SELECT count(DISTINCT ecosystem || ' ' || name) FROM advisories").fetchone()[0]
        descriptor = os.open(made, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        told = Index(made).coverage()
        return Imported(filling.usable, filling.skipped, int(packages), tuple(told[name] for name in covered))

    def _carry_over(self, database: sqlite3.Connection, covered: Sequence[str]) -> None:
        """Put what earlier imports brought beside it, but for what is replaced. What cannot be read is left behind."""
        if not self._path.is_file():
            return
        try:
            self.coverage()
        except DeployDeckError:
            return
        database.commit()
        database.execute("ATTACH DATABASE ? AS old", (f"{self._path.absolute()}",))
        kept = f"ecosystem NOT IN ({', '.join('?' * len(covered))})"
        for table in ("advisories", "coverage"):
            database.execute(f"INSERT OR IGNORE INTO {table} SELECT * FROM old.{table} WHERE {kept}", tuple(covered))  # noqa: S608
        database.commit()
        database.execute("DETACH DATABASE old")


def _coverage(row: tuple[str, str, str, str, int]) -> Coverage:
    name, source, imported_at, data_until, entries_there = row
    return Coverage(name, source, datetime.fromisoformat(imported_at), datetime.fromisoformat(data_until), entries_there)


class _Filling:
    """Takes entries in and counts what they are about."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._entries: Counter[str] = Counter()
        self._newest: dict[str, str] = {}
        self._now = utc_now().isoformat()
        self.usable = self.skipped = 0

    def add(self, entry: object) -> None:
        try:
            advisory = read_advisory(entry)
        except Odd:
            advisory = None
        if advisory is None or not advisory.affected:
            self.skipped += 1
            return
        self.usable += 1
        for ecosystem in {part.ecosystem for part in advisory.affected}:
            self._entries[ecosystem] += 1
            if _TIME.fullmatch(advisory.modified) and advisory.modified < self._now:
                self._newest[ecosystem] = max(self._newest.get(ecosystem, ""), advisory.modified)
        places = dict.fromkeys((part.ecosystem, part.name) for part in advisory.affected)
        self._database.executemany(
            "INSERT OR REPLACE INTO advisories VALUES (?, ?, ?, ?)",
            [
                (ecosystem, name, advisory.id, replace(advisory, affected=advisory.about(Package(ecosystem, name, ""))).to_json())
                for ecosystem, name in places
            ],
        )

    def common(self) -> tuple[str, ...]:
        """The ecosystems that every usable entry is about: an export of one holds what is shared with others too."""
        return tuple(name for name, count in self._entries.items() if count == self.usable)

    def finish(self, covered: Sequence[str], source: str) -> None:
        """Drop what the file holds only in part, and write down what it covers."""
        for name in covered:
            if not self._entries[name]:
                raise DeployDeckError(
                    "osv-archive-empty",
                    f"The file holds no advisory about {name}; nothing was changed.",
                    hint="Is it the right file?",
                )
        if covered:
            marks = ", ".join("?" * len(covered))
            self._database.execute(f"DELETE FROM advisories WHERE ecosystem NOT IN ({marks})", tuple(covered))  # noqa: S608
        now = utc_now()
        rows = [(name, source, now.isoformat(), self._newest.get(name) or now.isoformat(), self._entries[name]) for name in covered]
        self._database.executemany("INSERT OR REPLACE INTO coverage VALUES (?, ?, ?, ?, ?)", rows)


def _known(ecosystems: Sequence[str]) -> None:
    for name in ecosystems:
        if name not in SCHEMES:
            near = difflib.get_close_matches(name.lower(), {one.lower(): one for one in SCHEMES}, n=1)
            meant = next((one for one in SCHEMES if near and one.lower() == near[0]), "")
            hint = f"Did you mean {meant}?" if meant else f"Known are {', '.join(SCHEMES)}."
            raise DeployDeckError("osv-ecosystem-unknown", f"{printable(name)!r} is no ecosystem that can be used.", hint=hint)


def _readable(file: Path) -> None:
    try:
        if not file.is_file():
            raise DeployDeckError("osv-archive-missing", f"{printable(str(file))} is no file.", hint="Name an OSV export.")
        with file.open("rb"):
            pass
    except OSError as error:
        raise DeployDeckError(
            "osv-archive-missing", f"{printable(str(file))} cannot be read.", error.strerror or "", "Name an OSV export."
        ) from error
