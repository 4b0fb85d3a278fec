"""Brings the schema up to date (placeholder until the Alembic migrations land in the next commit)."""

from __future__ import annotations

from deploydeck.settings import Paths
from deploydeck.store.database import Database
from deploydeck.store.tables import metadata


async def migrate(paths: Paths) -> None:
    """Create what is missing."""
    paths.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(paths.database)
    async with database.write() as connection:
        await connection.run_sync(metadata.create_all)
    await database.close()
