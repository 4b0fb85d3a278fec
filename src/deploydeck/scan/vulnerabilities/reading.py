"""The entries of an OSV export: the all.zip of an ecosystem, one JSON document, or JSON lines; every kind with limits."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from deploydeck.domain import DeployDeckError


@dataclass(frozen=True)
class Limits:
    """What an import may cost. A member that grows more than `ratio` times counts as a bomb once it is larger than a megabyte."""

    file_bytes: int = 4_000_000_000
    directory_bytes: int = 250_000_000
    members: int = 1_000_000
    member_bytes: int = 32_000_000
    total_bytes: int = 16_000_000_000
    ratio: int = 200
    document_bytes: int = 128_000_000


_SMALL = 1_000_000
_TAIL = 66_000


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip archive does."""
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def entries(path: Path, limits: Limits) -> Iterator[object]:
    """Every JSON value of the file that should be an OSV entry; None for one that is not JSON.

    Raises DeployDeckError `osv-archive-limits`, `osv-archive-broken`; OSError when it cannot be read.
    """
    if path.stat().st_size > limits.file_bytes:
        raise _too_much(f"The file is larger than {limits.file_bytes} bytes.")
    with path.open("rb") as file:
        yield from _zipped(file, limits) if is_zip(path) else _plain(file, limits)


def _zipped(file: BinaryIO, limits: Limits) -> Iterator[object]:
    if _directory_bytes(file) > limits.directory_bytes:
        raise _too_much("Its table of contents is too large.")
    total = 0
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > limits.members:
                raise _too_much(f"It has more than {limits.members} members.")
            for member in members:
                if member.is_dir() or not member.filename.endswith(".json"):
                    continue  # names say nothing else here: nothing is ever written under one
                if member.flag_bits & 1:
                    raise _broken("A member is encrypted.")
                if member.file_size > max(_SMALL, limits.ratio * member.compress_size):
                    raise _too_much(f"A member grows to more than {limits.ratio} times its size.")
                with archive.open(member) as content:
                    data = content.read(limits.member_bytes + 1)
                total += len(data)
                if len(data) > limits.member_bytes:
                    raise _too_much(f"A member is larger than {limits.member_bytes} bytes.")
                if total > limits.total_bytes:
                    raise _too_much(f"It unpacks to more than {limits.total_bytes} bytes.")
                yield _json(data)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error, UnicodeDecodeError) as error:
        raise _broken(str(error) or type(error).__name__) from error


def _directory_bytes(file: BinaryIO) -> int:
    """The size of the table of contents as the end of the archive tells it, before anything is made of it."""
    size = file.seek(0, 2)
    file.seek(max(size - _TAIL, 0))
    tail = file.read(_TAIL)
    file.seek(0)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        raise _broken("Its end is missing.")
    told = int(struct.unpack_from("<L", tail, end + 12)[0])
    large = tail.rfind(b"PK\x06\x06")
    if told == 0xFFFFFFFF and 0 <= large <= len(tail) - 56:
        told = int(struct.unpack_from("<Q", tail, large + 40)[0])
    return told


def _plain(file: BinaryIO, limits: Limits) -> Iterator[object]:
    first = file.readline(limits.member_bytes + 1)
    if isinstance(held := _json(first), dict):
        yield from _several(held)
        while line := file.readline(limits.member_bytes + 1):
            if len(line) > limits.member_bytes:
                raise _too_much(f"A line is larger than {limits.member_bytes} bytes.")
            if line.strip():
                yield _json(line)
        return
    file.seek(0)
    data = file.read(limits.document_bytes + 1)
    if len(data) > limits.document_bytes:
        raise _too_much(f"A single document may have {limits.document_bytes} bytes.")
    held = _json(data)
    if held is None:
        raise _broken("It is neither a zip archive nor JSON nor JSON lines.")
    yield from _several(held)


def _several(held: Any) -> Iterator[object]:
    """One entry, a list of them, or what the API answers (`vulns`)."""
    if isinstance(held, dict) and "id" not in held and isinstance(held.get("vulns"), list):
        held = held["vulns"]
    yield from held if isinstance(held, list) else [held]


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _too_much(why: str) -> DeployDeckError:
    hint = "Import the export of one ecosystem at a time; if it is one, please report this."
    return DeployDeckError("osv-archive-limits", "The archive is beyond the limits of an import; nothing was changed.", why, hint)


def _broken(why: str) -> DeployDeckError:
    hint = "Download it again. Expected is an OSV export: all.zip of an ecosystem, a JSON entry, or JSON lines."
    return DeployDeckError("osv-archive-broken", "The file is no OSV archive; nothing was changed.", why[:300], hint)
