"""Files that only this account may read: written whole or not at all, read within limits."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path


def write_private(path: Path, content: bytes, *, exclusive: bool = False) -> None:
    """Write a file of mode 0600, durable before it bears its name. Raises OSError; with `exclusive` FileExistsError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_suffix(f".{secrets.token_hex(4)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if exclusive:
            os.link(temporary, path)  # whole or not at all, and only one process wins
        else:
            temporary.replace(path)
        _sync_directory(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def read_regular(path: Path, most_bytes: int, *, follow: bool = True) -> tuple[bytes, os.stat_result]:
    """The content and status of a regular file of at most `most_bytes`; a pipe or device is never waited for. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW))
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "It is not a regular file.")
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(0, f"It is larger than {most_bytes} bytes.")
    return content, status


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
