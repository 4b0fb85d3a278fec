"""Memory: the database, shaped after the nouns, and the log files beside it.

Names load on first use: who only writes logs (`deploydeck.store.logs`) must not pay for the database library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deploydeck.store.database import Database
    from deploydeck.store.deployments import UNFINISHED, Deployments
    from deploydeck.store.locks import Lease, Locks
    from deploydeck.store.logs import LogReader, LogStore, LogWriter
    from deploydeck.store.projects import Project, Projects, User, local_account
    from deploydeck.store.store import Store
    from deploydeck.store.writings import UndoEntry, Writings, Written

__all__ = [
    "UNFINISHED",
    "Database",
    "Deployments",
    "Lease",
    "Locks",
    "LogReader",
    "LogStore",
    "LogWriter",
    "Project",
    "Projects",
    "Store",
    "UndoEntry",
    "User",
    "Writings",
    "Written",
    "local_account",
]

_HOME = {
    "UNFINISHED": "deployments",
    "Database": "database",
    "Deployments": "deployments",
    "Lease": "locks",
    "Locks": "locks",
    "LogReader": "logs",
    "LogStore": "logs",
    "LogWriter": "logs",
    "Project": "projects",
    "Projects": "projects",
    "Store": "store",
    "UndoEntry": "writings",
    "User": "projects",
    "Writings": "writings",
    "Written": "writings",
    "local_account": "projects",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
