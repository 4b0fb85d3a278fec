"""The source hash: one name for the content of all files a deployment would carry."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from deploydeck.domain import DeployDeckError
from deploydeck.scan.walk import Limits, Tree, read_regular, walk

WHOLE_BYTES = 16_000_000
ENDS_BYTES = 1_000_000


def source_hash(root: Path, cancelled: Callable[[], bool] = lambda: False) -> str:
    """SHA-256 (64 hex characters) over path, mode and content of the project's files, ignored ones left out.

    Does not depend on times, on git, or on local `.env` files. Of a file over 16 MB only size, start and end count.
    Raises DeployDeckError `project-…` when the directory cannot be read and `scan-cancelled`.
    """
    return hash_tree(walk(root.resolve(), Limits(), cancelled), cancelled)


def hash_tree(tree: Tree, cancelled: Callable[[], bool] = lambda: False) -> str:
    """The source hash of a tree already walked."""
    total = hashlib.sha256()
    for number, entry in enumerate(tree.entries.values()):
        if number % 64 == 0 and cancelled():
            raise DeployDeckError("scan-cancelled", "The scan was cancelled.")
        if is_local_settings(entry.name):
            continue
        path = tree.root / (entry.target or entry.raw)
        content = hashlib.sha256()
        try:
            if entry.size <= WHOLE_BYTES:
                content.update(read_regular(path, WHOLE_BYTES))
            else:
                content.update(str(entry.size).encode())
                content.update(read_regular(path, ENDS_BYTES))
                content.update(read_regular(path, ENDS_BYTES, offset=-ENDS_BYTES))
        except OSError:
            content.update(b"unreadable")
        kind = b"l" if entry.target else b"x" if entry.executable else b"-"
        total.update(os.fsencode(entry.raw) + b"\0" + kind + content.digest())
    return total.hexdigest()


def is_local_settings(name: str) -> bool:
    """Whether the file holds this machine's values (`.env`, `.env.local`), not the project's sample of them."""
    return name.startswith(".env") and not name.endswith((".example", ".sample", ".template", ".dist"))
