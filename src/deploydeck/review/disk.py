"""Reading and writing files inside one directory without ever following a link out of it.

Each step down is an `open` relative to the directory above with O_NOFOLLOW: what was checked is what is used.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from deploydeck.domain import DeployDeckError

MAX_BYTES = 1_000_000
TEMP_PREFIX = ".deploydeck-"

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_REASONS: dict[int, tuple[str, str, str]] = {
    errno.ENOSPC: ("review-disk-full", "The disk is full.", "Free some space and try again."),
    errno.EDQUOT: ("review-disk-full", "The disk quota is used up.", "Free some space and try again."),
    errno.EACCES: ("review-no-permission", "Permission was denied.", "Give yourself write access and try again."),
    errno.EPERM: ("review-no-permission", "The system does not permit it.", "Give yourself write access and try again."),
    errno.EROFS: ("review-read-only", "The file system is read-only.", "Work in a directory that can be written."),
    errno.ELOOP: ("review-symlink", "A symbolic link is in the way.", "Replace the link by a real file or directory."),
    errno.ENOTDIR: ("review-not-a-directory", "Something on the way is not a real directory.", "Rename what is in the way."),
    errno.EISDIR: ("review-not-a-file", "A directory is in the way.", "Rename what is in the way."),
    errno.ENAMETOOLONG: ("review-bad-path", "The name is too long.", "Choose a shorter path."),
}


def failure(path: str, error: OSError, doing: str = "written") -> DeployDeckError:
    """The error of the system as one a person can act on."""
    code, why, hint = _REASONS.get(error.errno or 0, ("review-io", error.strerror or str(error), "Nothing was changed; try again."))
    return DeployDeckError(code, f"{path!r} could not be {doing}.", why, hint)


def parts_of(path: str) -> tuple[str, ...]:
    """The parts of a relative POSIX path. Raises DeployDeckError `review-bad-path` for one that leaves the project."""
    pure = PurePosixPath(path)
    if not path or pure.is_absolute() or ".." in pure.parts or not pure.parts or not path.isprintable() or "\\" in path:
        raise DeployDeckError("review-bad-path", f"{path!r} is not a path inside the project.", hint="Nothing was read or written.")
    return pure.parts


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class OnDisk:
    """A file as it is: its bytes and permission bits."""

    content: bytes
    mode: int

    @property
    def sha256(self) -> str:
        return digest(self.content)


@contextlib.contextmanager
def directory(root: Path, parts: tuple[str, ...], created: list[str] | None = None) -> Iterator[int | None]:
    """A descriptor of a directory below root; None when it is not there. With `created`, missing ones are made and listed."""
    current = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for depth, part in enumerate(parts):
            if created is not None:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o777, dir_fd=current)  # narrowed by the umask, as the person wants it
                    created.append("/".join(parts[: depth + 1]))
            try:
                below = os.open(part, _DIRECTORY, dir_fd=current)
            except FileNotFoundError:
                if created is not None:
                    raise
                yield None
                return
            above, current = current, below
            os.close(above)
        yield current
    finally:
        os.close(current)


def read(root: Path, path: str) -> OnDisk | None:
    """A regular file below root, or None when there is none. Raises DeployDeckError for links, special and oversized files."""
    *above, name = parts_of(path)
    try:
        with directory(root, tuple(above)) as place:
            return None if place is None else read_at(place, name, path)
    except OSError as error:
        raise failure(path, error, "read") from error


def read_at(place: int, name: str, path: str) -> OnDisk | None:
    """The same for a name in an open directory."""
    try:
        # O_NONBLOCK: opening a named pipe must not wait for somebody to write into it
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as stream:
        about = os.fstat(stream.fileno())
        if stat.S_ISDIR(about.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(about.st_mode):
            raise DeployDeckError("review-not-a-file", f"{path!r} is not a regular file.", hint="Rename what is in the way.")
        content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise DeployDeckError(
                "review-too-large", f"{path!r} is larger than {MAX_BYTES} bytes.", "A generated file never is.", "Rename it."
            )
        return OnDisk(content, stat.S_IMODE(about.st_mode))


def write_temporary(place: int, content: bytes, mode: int, *, exact: bool) -> str:
    """A new file beside the others with this content, safely on the disk; returns its name. On failure nothing stays behind."""
    name = f"{TEMP_PREFIX}{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o600 if exact else mode, dir_fd=place)
    try:
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            if exact:
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        remove_quietly(place, name)
        raise
    return name


def remove_quietly(place: int, name: str) -> None:
    """Remove a temporary file. A failure is not reported: it only leaves a file that no build takes in (.dockerignore)."""
    with contextlib.suppress(OSError):
        os.unlink(name, dir_fd=place)
