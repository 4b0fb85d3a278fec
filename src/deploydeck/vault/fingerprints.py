"""Fingerprints: equal values of a variable can be told from different ones, and nothing else."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
from pathlib import Path

from deploydeck.vault.private import write_private


def fingerprint_key(data: Path) -> bytes:
    """A key of this installation, so that a fingerprint of a short value cannot be looked up in a table."""
    path = data / "fingerprint.key"
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    with contextlib.suppress(FileExistsError):  # another process was faster: use its key
        write_private(path, secrets.token_bytes(32), exclusive=True)
    return path.read_bytes()


def fingerprint(key: bytes, name: str, value: str) -> str:
    """12 hex characters. Made from the name too, so that it says nothing about two variables that have the same value."""
    return hmac.new(key, f"{name}\0{value}".encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:12]
