"""The format of a log file and its sparse index.

A record is one line of text: UTC time with microseconds (27 characters), TAB, stream letter, TAB, text. The index holds, for every
256th line, its number, its byte offset and the latest time of all lines before it. The index is a cache: what it says is checked
against the file, and whatever does not fit is rebuilt from it.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from bisect import bisect_left
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from deploydeck.domain import LogLine

EVERY = 256
CHUNK_BYTES = 1 << 20
STAMP_BYTES = 27
HEADER_BYTES = STAMP_BYTES + 3
STREAMS = {"out": b"o", "err": b"e", "note": b"n"}
_NAMES = {letter: name for name, letter in STREAMS.items()}
_ENTRY = struct.Struct(f"<QQ{STAMP_BYTES}s5x")
_HEADER = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\t[oen]\t")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(at: datetime) -> bytes:
    """The time as it stands in the file; sorts as bytes. Raises ValueError on a naive time."""
    if at.tzinfo is None:
        raise ValueError("naive datetime")
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:26].encode() + b"Z"


def safe_name(name: str) -> str:
    """A file name for a source or deployment: unchanged when harmless, else cleaned and told apart by a hash."""
    clean = _UNSAFE.sub("_", name)[:64].lstrip(".")
    if clean == name and name:
        return name
    return f"{clean[:48]}~{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


def valid_header(record: bytes) -> bool:
    return _HEADER.match(record) is not None


def parse(record: bytes, seq: int, source: str, previous: datetime | None) -> LogLine:
    """A record without its newline. A damaged one becomes a note that shows what is there."""
    if valid_header(record):
        try:
            at = datetime.fromisoformat(record[:STAMP_BYTES].decode())
            text = record[HEADER_BYTES:].decode("utf-8", "replace")
            return LogLine(seq=seq, at=at, stream=_NAMES[record[STAMP_BYTES + 1 : STAMP_BYTES + 2]], text=text, source=source)
        except ValueError:  # digits that are no date
            pass
    return LogLine(seq=seq, at=previous or _EPOCH, stream="note", text=record.decode("utf-8", "replace"), source=source)


class Index:
    """Where every 256th line of one file begins. Grows with the file; never holds the lines."""

    def __init__(self) -> None:
        self.offsets: list[int] = []
        self.peaks: list[bytes] = []  # latest time before that line: what a search by time may skip
        self.lines = 0
        self.end = 0
        self.peak = b""

    def extend(self, data: bytes) -> None:
        """Take note of bytes that stand at `end`; an unfinished last line is left for the next call."""
        records = data.split(b"\n")
        records.pop()
        at = 0
        while at < len(records):
            room = EVERY - self.lines % EVERY
            if room == EVERY:
                self.offsets.append(self.end)
                self.peaks.append(self.peak)
            group = records[at : at + room]
            self.peak = max([self.peak, *(record[:STAMP_BYTES] for record in group if record[26:28] == b"Z\t")])
            self.end += sum(map(len, group)) + len(group)
            self.lines += len(group)
            at += room

    def advance(self, fd: int) -> None:
        """Read on to the end of the file."""
        rest = b""
        while True:
            chunk = os.pread(fd, CHUNK_BYTES, self.end + len(rest))
            if not chunk:
                return
            data = rest + chunk
            before = self.end
            self.extend(data)
            rest = data[self.end - before :]

    def load(self, path: Path, fd: int) -> bool:
        """Start from an index file. False (and empty) unless it agrees with the log file behind `fd`."""
        try:
            content = path.read_bytes()
        except OSError:
            return False
        entries = list(_ENTRY.iter_unpack(content[: len(content) // _ENTRY.size * _ENTRY.size]))
        if not entries:
            return False
        regular = all(seq == 1 + EVERY * place for place, (seq, _, _) in enumerate(entries))
        offsets = [offset for _, offset, _ in entries]
        peaks = [peak.rstrip(b"\0") for _, _, peak in entries]
        size = os.fstat(fd).st_size
        ascending = offsets[0] == 0 and all(a < b for a, b in pairwise(offsets))
        if not regular or not ascending or offsets[-1] > size or peaks != sorted(peaks):
            return False
        # A line boundary at the first and at the last entry: an edit anywhere in the file moves the last one.
        if offsets[-1] and os.pread(fd, 1, offsets[-1] - 1) != b"\n":
            return False
        if offsets[-1] < size and not valid_header(os.pread(fd, HEADER_BYTES, offsets[-1])):
            return False
        self.offsets, self.peaks = offsets, peaks
        self.lines, self.end, self.peak = EVERY * (len(offsets) - 1), offsets[-1], peaks[-1]
        # The last entry is found again while reading on from there.
        self.offsets.pop()
        self.peaks.pop()
        return True

    def packed(self, first: int = 0) -> bytes:
        """The entries from number `first` on, as they stand in the index file."""
        return b"".join(
            _ENTRY.pack(1 + EVERY * place, self.offsets[place], self.peaks[place]) for place in range(first, len(self.offsets))
        )

    def block_of(self, moment: bytes) -> int:
        """The first block (of 256 lines) that may hold a line as late as `moment`."""
        return max(0, bisect_left(self.peaks, moment) - 1)
