"""What DeployDeck wrote into projects: the last accepted version of each file, and the records that put back what was there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from deploydeck.domain import Utc, Value
from deploydeck.store.database import Database
from deploydeck.store.rows import from_row, to_row
from deploydeck.store.tables import undos, written

UNDOS_KEPT = 20
"""Records kept per project; the oldest go first."""

UNDO_BYTES_KEPT = 32_000_000
"""Size of all records kept per project, as JSON; the newest stays whatever its size."""


class Written(Value):
    """The version of a file that the next generated one is merged with. `sha256` names its UTF-8 bytes."""

    path: str
    content: str
    sha256: str
    mode: int
    written_at: Utc


class UndoEntry(Value):
    """A stored undo record. `state`: `writing` and `undoing` are set before the disk is touched, `done` afterwards."""

    id: str
    project_id: str
    state: str
    record: dict[str, Any]
    size_bytes: int
    created_at: Utc


class Writings:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def written(self, project_id: str) -> dict[str, Written]:
        """The remembered versions by path."""
        async with self._database.read() as connection:
            rows = (await connection.execute(select(written).where(written.c.project_id == project_id))).mappings()
            return {row["path"]: _version(row) for row in rows}

    async def undos(self, project_id: str) -> tuple[UndoEntry, ...]:
        """The undo records of a project, the newest first, also those that are being written."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(undos).where(undos.c.project_id == project_id).order_by(undos.c.id.desc()))
            return tuple(from_row(UndoEntry, row) for row in rows.mappings())

    async def begin(self, entry: UndoEntry) -> None:
        """Record what is about to be done to the disk, before it is."""
        async with self._database.write() as connection:
            await _put(connection, entry)

    async def finish(self, entry: UndoEntry, versions: Sequence[Written] = (), forgotten: Sequence[str] = ()) -> None:
        """Record what was done, with the versions that hold from now on. Says the same however often it is said."""
        async with self._database.write() as connection:
            await _put(connection, entry)
            await _remember(connection, entry.project_id, versions, forgotten)
            await _prune(connection, entry.project_id)

    async def drop(self, entry: UndoEntry, versions: Sequence[Written] = (), forgotten: Sequence[str] = ()) -> None:
        """Forget a record: what it describes did not happen, or was put back."""
        async with self._database.write() as connection:
            await connection.execute(delete(undos).where(undos.c.id == entry.id))
            await _remember(connection, entry.project_id, versions, forgotten)


def _version(row: RowMapping) -> Written:
    content = bytes(row["content"]).decode("utf-8", "surrogatepass")
    return Written.model_validate({name: row[name] for name in Written.model_fields} | {"content": content})


async def _put(connection: AsyncConnection, entry: UndoEntry) -> None:
    row = to_row(entry, undos)
    changed = await connection.execute(update(undos).where(undos.c.id == entry.id).values(row))
    if changed.rowcount == 0:
        await connection.execute(insert(undos).values(row))


async def _remember(connection: AsyncConnection, project_id: str, versions: Sequence[Written], forgotten: Sequence[str]) -> None:
    for path in (*forgotten, *(version.path for version in versions)):
        await connection.execute(delete(written).where(written.c.project_id == project_id, written.c.path == path))
    for version in versions:
        content = version.content.encode("utf-8", "surrogatepass")
        await connection.execute(insert(written).values(to_row(version, written, project_id=project_id, content=content)))


async def _prune(connection: AsyncConnection, project_id: str) -> None:
    mine = undos.c.project_id == project_id
    rows = (await connection.execute(select(undos.c.id, undos.c.size_bytes).where(mine).order_by(undos.c.id.desc()))).all()
    size = 0
    kept: list[str] = []
    for identifier, size_bytes in rows:
        size += size_bytes
        if kept and (len(kept) == UNDOS_KEPT or size > UNDO_BYTES_KEPT):
            break
        kept.append(identifier)
    await connection.execute(delete(undos).where(mine, undos.c.id.not_in(kept)))
