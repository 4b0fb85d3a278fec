"""Log files: one append-only file per deployment and source, redacted before a byte reaches it.

Nothing here loads the database: the process that keeps an application alive writes its log with this module alone.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from deploydeck.domain import DeployDeckError, LogRef
from deploydeck.domain.text import printable
from deploydeck.redaction import MASK, Redactor
from deploydeck.store.logformat import CHUNK_BYTES, HEADER_BYTES, STREAMS, Index, safe_name, stamp, valid_header
from deploydeck.store.logreader import LogReader

if TYPE_CHECKING:
    from deploydeck.settings import LogSettings

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no flock; there two writers of one source are not told apart
    fcntl = None  # type: ignore[assignment]

__all__ = ["LogReader", "LogStore", "LogWriter", "looks_like_error"]

MAX_FILE_BYTES = 256 << 20
MAX_LINE_BYTES = 65536
SHAPE_SLACK = 8192  # the longest shape that a redactor knows; a line cut shorter than that could leave half a secret
KEY_LINES = 200

_ERROR_HINTS = ("rror", "ERR", "xception", "atal", "ATAL", "anic", "ailed", "FAILED", "RITICAL", "ritical")
_ERROR = re.compile(
    r"(?:^|[\s\[({<\"'`:=|>*])"
    r"(?:[\w.]*(?:Error|Exception)|[Ee]rrors?|ERR(?:ORS?)?|[Ff]atal|FATAL|[Pp]anic|[Ff]ailed|FAILED|[Cc]ritical|CRITICAL)"
    r"(?![A-Za-z0-9]|[./_-]\w)"
)
_NO_ERROR = re.compile(r"\b(?:0|no|without) (?:errors?|failed)\b|\b(?:errors?|failed)[:=] ?0\b", re.IGNORECASE)
_KEY_BEGIN = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = re.compile(r"\s*(?:[A-Za-z0-9+/=]{0,100}|(?:Proc-Type|DEK-Info|Version|Comment|Hash): [\x20-\x7e]{0,100})\s*")


def looks_like_error(text: str) -> bool:
    """Whether a line reads like an error: the words programs use, minus "0 errors" and its like."""
    return _ERROR.search(text) is not None and _NO_ERROR.search(text) is None


class LogStore:
    """The log files under one directory (`Paths.logs`): `<root>/<deployment>/<source>.log` and `.idx`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def writer(self, deployment_id: str, source: str, redact: Redactor, limits: LogSettings | None = None) -> LogWriter:
        """Open a source for appending; it goes on where it ended. One writer a source. Raises DeployDeckError `log-unwritable`."""
        path = self.path(deployment_id, source)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            return LogWriter(
                path,
                LogRef(deployment_id=deployment_id, source=source, path=f"{self.root.name}/{path.parent.name}/{path.name}"),
                redact,
                max_file_bytes=limits.max_file_mb << 20 if limits else MAX_FILE_BYTES,
                max_line_bytes=limits.max_line_bytes if limits else MAX_LINE_BYTES,
            )
        except OSError as error:
            raise DeployDeckError(
                "log-unwritable", f"The log {path.name} cannot be written.", f"{path}: {error.strerror}", "Check owner and space."
            ) from error

    def reader(self, deployment_id: str, source: str) -> LogReader:
        """The lines of a source; a source that does not exist yet has none."""
        return LogReader(self.path(deployment_id, source), source)

    def sources(self, deployment_id: str) -> tuple[str, ...]:
        """The sources that have a file, by name."""
        return tuple(sorted(path.stem for path in (self.root / safe_name(deployment_id)).glob("*.log")))

    def path(self, deployment_id: str, source: str) -> Path:
        """Where the lines of a source stand; no name leads out of the directory."""
        return self.root / safe_name(deployment_id) / f"{safe_name(source)}.log"


class _Pending:
    """The unfinished line of one stream."""

    def __init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.text = ""
        self.cut_bytes = 0
        self.carriage = False


class LogWriter:
    """Appends lines of one source. Thread-safe; never raises for a full disk: it counts what it dropped and says so in the file."""

    def __init__(self, path: Path, ref: LogRef, redact: Redactor, *, max_file_bytes: int, max_line_bytes: int) -> None:
        self.path = path
        self.dropped = 0
        self._unsaid = 0
        self._ref = ref
        self._redact = redact
        self._max_file = max_file_bytes
        self._max_line = max_line_bytes
        self._slack = max(redact.longest, SHAPE_SLACK)
        self._busy = threading.Lock()
        self._pending: dict[str, _Pending] = {}
        self._key_left: dict[str, int] = {}
        self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            sole = _lock(self._fd)
            if sole:
                _repair(self._fd)
            self._index = Index()
            self._errors = 0
            trusted = self._index.load(self._index_path, self._fd)
            self._index.advance(self._fd)
            self._errors = _errors_before(self._fd, self._index.end)
            self._full = self._index.end >= max_file_bytes
            self._index_fd = self._open_index(trusted) if sole else None
        except BaseException:
            os.close(self._fd)
            raise

    @property
    def ref(self) -> LogRef:
        """Where the log stands now."""
        with self._busy:
            return self._ref.model_copy(
                update={"lines": self._index.lines, "size_bytes": self._index.end, "error_lines": self._errors}
            )

    def append(self, text: str, stream: str = "out", at: datetime | None = None) -> None:
        """Write complete text: one record a line; a final newline is optional. `at` is now unless given (aware)."""
        with self._busy:
            self._write(text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n"), stream, at)

    def feed(self, chunk: bytes, stream: str = "out") -> None:
        """Take bytes as a pipe gives them: unfinished lines wait for their end, so nothing can hide across a border."""
        with self._busy:
            pending = self._pending.setdefault(stream, _Pending())
            self._take(pending, pending.decoder.decode(chunk), stream)

    def flush(self) -> None:
        """Make everything written so far survive a power cut. Unfinished lines of `feed` stay unfinished."""
        with self._busy, contextlib.suppress(OSError):  # a disk that cannot sync shows up when writing
            os.fdatasync(self._fd) if hasattr(os, "fdatasync") else os.fsync(self._fd)

    def close(self) -> LogRef:
        """Write unfinished lines, say what was dropped, and close. Returns where the log stands; closing twice is harmless."""
        with self._busy:
            if self._fd < 0:
                return self._ref
            for stream, pending in self._pending.items():
                self._take(pending, pending.decoder.decode(b"", final=True), stream, final=True)
                if pending.text or pending.cut_bytes:
                    self._finish(pending, "", stream)
            self._say_dropped()
            self._ref = self._ref.model_copy(
                update={"lines": self._index.lines, "size_bytes": self._index.end, "error_lines": self._errors, "closed": True}
            )
            with contextlib.suppress(OSError):
                os.fsync(self._fd)
            os.close(self._fd)
            self._fd = -1
            if self._index_fd is not None:
                os.close(self._index_fd)
                self._index_fd = None
            return self._ref

    # --- from text to bytes ---------------------------------------------------------------------------------------------------

    def _take(self, pending: _Pending, text: str, stream: str, *, final: bool = False) -> None:
        if pending.carriage:
            text = "\r" + text
        pending.carriage = text.endswith("\r") and not final  # its newline may come with the next chunk
        if pending.carriage:
            text = text[:-1]
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        complete, newline, rest = text.rpartition("\n")
        if newline:
            first, more, others = complete.partition("\n")
            self._finish(pending, first, stream)
            if more:
                self._write(others, stream, None)
        self._collect(pending, rest)

    def _collect(self, pending: _Pending, text: str) -> None:
        """Add to an unfinished line, within bounds: a program that never ends its line must not fill the memory."""
        longest = self._max_line + 2 * self._slack  # masking may shorten the text by as much as the uncertain end is long
        text = pending.text + text
        pending.text = text[:longest]
        pending.cut_bytes += len(text[longest:].encode("utf-8", "replace"))

    def _finish(self, pending: _Pending, text: str, stream: str) -> None:
        """Write a line that was collected in pieces."""
        self._collect(pending, text)
        self._write(pending.text, stream, None, cut_bytes=pending.cut_bytes)
        pending.text, pending.cut_bytes = "", 0

    def _write(self, block: str, stream: str, at: datetime | None, cut_bytes: int = 0) -> None:
        """One or more lines. Controls go first: an escape sequence inside a secret must not hide it from the redactor."""
        if self._fd < 0:
            raise ValueError("the log is closed")
        if not block.replace("\n", "").replace("\t", "").isprintable():
            block = "\n".join(printable(line, tab="\t") for line in block.split("\n"))
        block = self._redacted(block, stream)
        if cut_bytes:
            kept = block[: max(0, len(block) - self._slack)]  # its last part may be the beginning of a secret
            cut_bytes += len(block[len(kept) :].encode())
            block = kept
        if cut_bytes or len(block) > self._max_line // 4:
            block = "\n".join(self._capped(line, cut_bytes) for line in block.split("\n"))
        prefix = stamp(at or datetime.now(UTC)) + b"\t" + STREAMS[stream] + b"\t"
        data = prefix + block.encode("utf-8", "replace").replace(b"\n", b"\n" + prefix) + b"\n"
        self._store(data, block.count("\n") + 1, _count_errors(block))

    def _redacted(self, block: str, stream: str) -> str:
        if self._key_left.get(stream):
            block = self._mask_key(block, stream)
        for begin in list(_KEY_BEGIN.finditer(block))[-1:]:
            if all(map(_KEY_BODY.fullmatch, block[begin.end() :].split("\n"))):
                self._key_left[stream] = KEY_LINES  # the rest of the key comes with the next calls
        return self._redact(block)

    def _mask_key(self, block: str, stream: str) -> str:
        lines = block.split("\n")
        for place, line in enumerate(lines):
            left = self._key_left[stream]
            end = line.find("-----END")
            if end < 0 and (left == 0 or not _KEY_BODY.fullmatch(line)):
                self._key_left[stream] = 0
                break
            lines[place] = MASK if line.strip() else line
            self._key_left[stream] = 0 if end >= 0 else left - 1
            if end >= 0:
                break
        return "\n".join(lines)

    def _capped(self, line: str, cut_bytes: int) -> str:
        encoded = line.encode("utf-8", "replace")
        if len(encoded) > self._max_line:
            kept = encoded[: self._max_line].decode("utf-8", "ignore")
            cut_bytes += len(encoded) - len(kept.encode())
            line = kept
        return f"{line} … [{cut_bytes} bytes cut]" if cut_bytes else line

    # --- from bytes to the file -----------------------------------------------------------------------------------------------

    def _store(self, data: bytes, lines: int, errors: int) -> None:
        if self._full:
            self._drop(lines)
            return
        self._say_dropped()
        room = self._max_file - self._index.end
        if len(data) > room:
            fitting = data[: data.rfind(b"\n", 0, max(0, room)) + 1]
            kept = fitting.count(b"\n")
            errors = _count_errors(fitting.decode()) if kept else 0
            self._full = True
            self._put(fitting, kept, errors)
            self._drop(lines - kept)
            self._note(f"[this log reached its limit of {self._max_file >> 20} MiB; what follows is dropped]")
            return
        self._put(data, lines, errors)

    def _put(self, data: bytes, lines: int, errors: int) -> bool:
        """Append whole records; False when not all of them fit on the disk."""
        size, written, whole = os.fstat(self._fd).st_size, 0, True
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:] if written else data)
        except OSError:  # a full disk must not stop a deployment; whole lines or nothing
            whole = False
            data = data[: data.rfind(b"\n", 0, written) + 1]
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, size + len(data))
            kept = data.count(b"\n")
            self._drop(lines - kept)
            errors = 0
        entries = len(self._index.offsets)
        if size == self._index.end:
            self._index.extend(data)
        else:  # another writer appended meanwhile
            self._index.advance(self._fd)
        self._errors += errors
        if self._index_fd is not None and len(self._index.offsets) > entries:
            with contextlib.suppress(OSError):  # only a cache
                os.write(self._index_fd, self._index.packed(entries))
        return whole

    def _drop(self, lines: int) -> None:
        self.dropped += lines
        self._unsaid += lines

    def _say_dropped(self) -> None:
        """Write how many lines are missing at this place, as soon as writing works again."""
        if self._unsaid and self._note(f"[{self._unsaid} lines dropped]"):
            self._unsaid = 0

    def _note(self, text: str) -> bool:
        return self._put(stamp(datetime.now(UTC)) + b"\tn\t" + text.encode() + b"\n", 0, 0)

    @property
    def _index_path(self) -> Path:
        return self.path.with_suffix(".idx")

    def _open_index(self, trusted: bool) -> int | None:
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
            fd = os.open(self._index_path, flags | os.O_APPEND, 0o600)
            content = self._index.packed()
            if not trusted or os.fstat(fd).st_size != len(content):
                os.ftruncate(fd, 0)
                os.write(fd, content)
        except OSError:
            return None
        return fd


def _lock(fd: int) -> bool:
    """Whether we are the only writer. A second one appends too, but leaves repair and index alone."""
    if fcntl is None:  # pragma: no cover
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _repair(fd: int) -> None:
    """Finish a last line that a killed writer left half written; what is no record at all goes."""
    size = os.fstat(fd).st_size
    if size == 0 or os.pread(fd, 1, size - 1) == b"\n":
        return
    start, tail = size, b""
    while start > 0 and b"\n" not in tail:
        step = min(CHUNK_BYTES, start)
        start -= step
        tail = os.pread(fd, step, start) + tail
    begin = start + tail.rfind(b"\n") + 1
    torn = tail[tail.rfind(b"\n") + 1 :]
    if valid_header(torn):
        os.write(fd, " … [cut short]\n".encode())
    else:
        os.ftruncate(fd, begin)


def _errors_before(fd: int, end: int) -> int:
    """How many lines up to `end` look like errors."""
    errors, at, rest = 0, 0, b""
    while at < end:
        chunk = os.pread(fd, min(CHUNK_BYTES, end - at), at)
        if not chunk:
            break
        at += len(chunk)
        complete, _, rest = (rest + chunk).rpartition(b"\n")
        errors += _count_errors("\n".join(record[HEADER_BYTES:].decode("utf-8", "replace") for record in complete.split(b"\n")))
    return errors


def _count_errors(block: str) -> int:
    if not any(hint in block for hint in _ERROR_HINTS):
        return 0
    return sum(map(looks_like_error, block.split("\n")))
