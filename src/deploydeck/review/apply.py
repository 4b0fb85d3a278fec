"""Writing a set of files: each whole or not at all, and the set back as it was when one of them fails."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploydeck.domain import DeployDeckError, Utc, Value, utc_now
from deploydeck.review.disk import OnDisk, digest, directory, failure, parts_of, read_at, remove_quietly, write_temporary


class AppliedFile(Value):
    """One written file and what it replaced. `old_content` is None when there was none; `removed` when undo deleted it."""

    path: str
    old_content: bytes | None
    old_mode: int
    new_sha256: str


class AppliedSet(Value):
    """The undo record of one `apply`. `directories` were made for it, outermost first. Round-trips through JSON."""

    files: tuple[AppliedFile, ...] = ()
    directories: tuple[str, ...] = ()
    applied_at: Utc


@dataclass(frozen=True)
class Intent:
    """What one file is to become: `content` None deletes it. `expected` is its SHA-256 now (None: it must not exist).

    `mode` is kept exactly when `exact`, else narrowed by the umask as for any new file.
    """

    path: str
    content: bytes | None
    mode: int
    exact: bool
    expected: str | None


@dataclass
class _Staged:
    """A file made ready: its directory held open, new content and old content as temporary files beside it."""

    intent: Intent
    place: int
    name: str
    before: OnDisk | None
    fresh: str | None = None
    backup: str | None = None


@dataclass
class _Work:
    root: Path
    stack: contextlib.ExitStack
    staged: list[_Staged] = field(default_factory=list)
    created: list[str] = field(default_factory=list)


def write_set(root: Path, intents: Sequence[Intent]) -> AppliedSet:
    """Carry out all intents or none. Raises DeployDeckError; then every file is as it was before.

    First everything that can run out of space or permission is done beside the files; what is left are renames.
    """
    with contextlib.ExitStack() as stack:
        work = _Work(root, stack)
        path = ""
        done: list[_Staged] = []
        try:
            for intent in intents:
                path = intent.path
                _stage(work, intent)
            for staged in work.staged:
                path = staged.intent.path
                _commit(staged, done)
            for staged in done:
                path = staged.intent.path
                os.fsync(staged.place)
        except OSError as error:
            _restore(work, done)
            raise failure(path, error) from error
        except BaseException:
            _restore(work, done)
            raise
        for staged in work.staged:
            if staged.backup is not None:
                remove_quietly(staged.place, staged.backup)
        files = tuple(
            AppliedFile(
                path=staged.intent.path,
                old_content=staged.before.content if staged.before else None,
                old_mode=staged.before.mode if staged.before else 0,
                new_sha256=digest(staged.intent.content) if staged.intent.content is not None else "",
            )
            for staged in work.staged
        )
        return AppliedSet(files=files, directories=tuple(work.created), applied_at=utc_now())


def _stage(work: _Work, intent: Intent) -> None:
    *above, name = parts_of(intent.path)
    creates = work.created if intent.content is not None else None
    place = work.stack.enter_context(directory(work.root, tuple(above), creates))
    if place is None:
        raise _moved_on(intent)
    before = read_at(place, name, intent.path)
    if (before.sha256 if before else None) != intent.expected:
        raise _moved_on(intent)
    staged = _Staged(intent, place, name, before)
    work.staged.append(staged)
    if before is not None:
        staged.backup = write_temporary(place, before.content, before.mode, exact=True)
    if intent.content is not None:
        staged.fresh = write_temporary(place, intent.content, intent.mode, exact=intent.exact)


def _commit(staged: _Staged, done: list[_Staged]) -> None:
    now = read_at(staged.place, staged.name, staged.intent.path)  # the last look before the rename
    if (now.sha256 if now else None) != staged.intent.expected:
        raise _moved_on(staged.intent)
    if staged.fresh is None:
        os.unlink(staged.name, dir_fd=staged.place)
    else:
        os.replace(staged.fresh, staged.name, src_dir_fd=staged.place, dst_dir_fd=staged.place)
        staged.fresh = None
    done.append(staged)


def _restore(work: _Work, done: list[_Staged]) -> None:
    """Put everything back. Only renames and removals: they need no space. A failure here is the one thing we must shout about."""
    lost: list[str] = []
    for staged in reversed(done):
        try:
            if staged.backup is not None:
                os.replace(staged.backup, staged.name, src_dir_fd=staged.place, dst_dir_fd=staged.place)
                staged.backup = None
            else:
                os.unlink(staged.name, dir_fd=staged.place)
        except OSError:
            lost.append(staged.intent.path)
    for staged in work.staged:
        for name in (staged.fresh, staged.backup):
            if name is not None and staged.intent.path not in lost:
                remove_quietly(staged.place, name)
    remove_directories(work.root, work.created)
    if lost:
        raise DeployDeckError(
            "review-not-restored",
            f"Writing failed, and {', '.join(lost)} could not be put back.",
            "The old content is kept beside it in a file whose name begins with .deploydeck-.",
            "Rename that file back by hand.",
        )


def remove_directories(root: Path, created: Sequence[str]) -> None:
    """Remove directories that were made for this set, innermost first. One that holds something else by now stays."""
    for path in reversed(created):
        *above, name = parts_of(path)
        with contextlib.suppress(OSError), directory(root, tuple(above)) as place:
            if place is not None:
                os.rmdir(name, dir_fd=place)


def _moved_on(intent: Intent) -> DeployDeckError:
    gone = "was expected to be there" if intent.expected else "was not there before"
    return DeployDeckError(
        "review-disk-moved-on",
        f"{intent.path!r} changed on the disk since it was compared.",
        f"It {gone}; somebody else may be working on it. Nothing was written.",
        "Compare again and review what is new.",
    )
