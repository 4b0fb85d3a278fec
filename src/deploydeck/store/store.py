"""The store as one thing: repositories over one database."""

from __future__ import annotations

from deploydeck.settings import Paths
from deploydeck.store.database import Database
from deploydeck.store.deployments import Deployments
from deploydeck.store.locks import Locks
from deploydeck.store.projects import Projects
from deploydeck.store.writings import Writings


class Store:
    """Everything remembered. Belongs to one event loop; `open()` first, `close()` last."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.projects = Projects(database)
        self.deployments = Deployments(database)
        self.locks = Locks(database)
        self.writings = Writings(database)

    @classmethod
    async def open(cls, paths: Paths) -> Store:
        """Open the store, bringing the schema up to date first. Raises DeployDeckError `store-…`."""
        from deploydeck.store.migrate import migrate

        await migrate(paths)
        store = cls(Database(paths.database))
        await store.projects.local_user()
        return store

    async def close(self) -> None:
        await self.database.close()
