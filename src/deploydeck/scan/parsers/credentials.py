"""Values that look like live credentials, in any text file."""

from __future__ import annotations

from collections.abc import Iterator

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers.base import Parser


def private_key(file: str, data: bytes) -> Iterator[Found]:
    if b"PRIVATE KEY-----" in data[:4096]:
        yield Found("private-key", file, "", file, 1, "-----BEGIN … PRIVATE KEY-----")


def credentials(file: str, data: bytes) -> Iterator[Found]:
    """Facts `secret` for values that look like live credentials. Called for every file that is read."""
    yield from ()


PARSERS: tuple[Parser, ...] = (
    Parser("*.pem", private_key, anywhere=True),
    Parser("*.key", private_key, anywhere=True),
    Parser("id_rsa", private_key, anywhere=True),
)
