"""The source: one name for the content of all files a deployment would carry, and the hash of each of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from deploydeck.domain import OTHER_FILES, DeployDeckError
from deploydeck.scan.walk import Limits, Tree, read_regular, walk

WHOLE_BYTES = 16_000_000
ENDS_BYTES = 1_000_000
MOST_LISTED = 5_000


@dataclass(frozen=True, slots=True)
class Source:
    """What a project is made of: the hash of it all, and of each file path and SHA-256, by path. No local `.env` file is in it."""

    hash: str
    files: tuple[tuple[str, str], ...]

    def listed(self, important: Collection[str], most: int = MOST_LISTED) -> tuple[tuple[str, str], ...]:
        """The files to keep with a release: all, or of more than `most` the important ones and OTHER_FILES for the rest."""
        if len(self.files) <= most:
            return self.files
        rest = hashlib.sha256()
        kept: list[tuple[str, str]] = []
        for path, digest in self.files:
            if path in important and len(kept) < most:
                kept.append((path, digest))
            else:
                rest.update(path.encode() + b"\0" + bytes.fromhex(digest))
        return (*kept, (OTHER_FILES, rest.hexdigest()))


def source_hash(root: Path, cancelled: Callable[[], bool] = lambda: False) -> str:
    """SHA-256 (64 hex characters) over path, mode and content of the project's files, ignored ones left out.

    Does not depend on times, on git, or on local `.env` files. Of a file over 16 MB only size, start and end count.
    Raises DeployDeckError `project-…` when the directory cannot be read and `scan-cancelled`.
    """
    return read_source(root, cancelled).hash


def read_source(root: Path, cancelled: Callable[[], bool] = lambda: False) -> Source:
    """The source hash together with the files it was made from, in one walk. Blocking. Raises like `source_hash`."""
    return hash_tree(walk(root.resolve(), Limits(), cancelled), cancelled)


def hash_tree(tree: Tree, cancelled: Callable[[], bool] = lambda: False) -> Source:
    """The source of a tree already walked."""
    total = hashlib.sha256()
    files: list[tuple[str, str]] = []
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
        files.append((entry.path, content.hexdigest()))
    return Source(total.hexdigest(), tuple(files))


def is_local_settings(name: str) -> bool:
    """Whether the file holds this machine's values (`.env`, `.env.local`), not the project's sample of them."""
    return name.startswith(".env") and not name.endswith((".example", ".sample", ".template", ".dist"))
