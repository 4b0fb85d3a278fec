"""Writing into a project and putting back, with a memory that survives a crash at any point.

Before the disk is touched the store knows what is about to happen; afterwards it knows that it did. What a killed process left
half done is settled from the disk the next time somebody looks. In doubt the newer version counts as remembered: then what differs
from it on the disk is taken for a person's, and no proposal removes it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError

from deploydeck.domain import Change, DeployDeckError, Utc, Value, new_id, utc_now
from deploydeck.review import AppliedSet, Review, holds_back
from deploydeck.store import Store, UndoEntry, Written

IN_PROGRESS = timedelta(seconds=60)
"""A record of a write that has not begun on the disk may be another process's for so long."""


class UndoRecord(Value):
    """One thing that can be undone. `left_out` are files whose old content holds values of variables and was not stored."""

    id: str
    applied: AppliedSet
    left_out: tuple[str, ...] = ()
    before: tuple[Written, ...] = ()
    after: tuple[Written, ...] = ()
    created_at: Utc

    @property
    def paths(self) -> tuple[str, ...]:
        """The files it puts back."""
        return tuple(file.path for file in self.applied.files)


class Ledger:
    """Applies and undoes reviewed changes of one project after the other."""

    def __init__(self, store: Store, review: Review) -> None:
        self._writings = store.writings
        self._review = review

    async def bases(self, project_id: str, root: Path) -> dict[str, str]:
        """What was generated and accepted last, by path: what to merge new versions with. Settles what a crash left first."""
        await self.settle(project_id, root)
        return {path: version.content for path, version in (await self._writings.written(project_id)).items()}

    async def apply(self, project_id: str, root: Path, changes: Sequence[Change], *, generated: bool) -> AppliedSet:
        """Write what was accepted, all of it or nothing, and remember how to undo it; what was `generated`, as the next base too.

        Raises DeployDeckError as `Review.apply` does; then nothing has changed.
        """
        await self.settle(project_id, root)
        ahead = await asyncio.to_thread(self._review.ahead, root, changes)
        if not ahead.files:
            return ahead
        now = utc_now()
        known = await self._writings.written(project_id)
        writing = {file.path for file in ahead.files}
        after = []
        for change in changes:
            content = self._review.remembered(change) if generated and change.file.path in writing else None
            if content is not None:
                digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
                after.append(Written(path=change.file.path, content=content, sha256=digest, mode=change.file.mode, written_at=now))
        before = tuple(known[version.path] for version in after if version.path in known)
        left_out = tuple(file.path for file in ahead.files if holds_back(file, _content(known.get(file.path))))
        record = UndoRecord(
            id=new_id("und"),
            applied=_without(ahead, left_out),
            left_out=left_out,
            before=before,
            after=tuple(after),
            created_at=now,
        )
        await self._writings.begin(_entry(project_id, record, "writing"))
        try:
            applied = await asyncio.to_thread(self._review.apply, root, changes)
        except DeployDeckError:
            await self._writings.drop(_entry(project_id, record, "writing"))
            raise
        done = record.model_copy(update={"applied": _without(applied, left_out)})
        await self._writings.finish(_entry(project_id, done, "done"), after)
        return applied

    async def undoable(self, project_id: str, root: Path) -> tuple[UndoRecord, ...]:
        """What can be undone, the newest first; only the first can be undone now."""
        await self.settle(project_id, root)
        return tuple(record for state, record in await self._records(project_id) if state == "done" and record.paths)

    async def undo(self, project_id: str, root: Path) -> UndoRecord:
        """Put the newest written set back, all of it or nothing; returns what was put back.

        Raises DeployDeckError `undo-nothing`, or `review-disk-moved-on` naming the files that changed since.
        """
        records = await self.undoable(project_id, root)
        if not records:
            raise DeployDeckError("undo-nothing", "There is nothing to undo here.", "DeployDeck wrote no file into this project.")
        record = records[0]
        await self._writings.begin(_entry(project_id, record, "undoing"))
        try:
            await asyncio.to_thread(self._review.undo, root, record.applied)
        except DeployDeckError:
            await self._writings.finish(_entry(project_id, record, "done"))
            raise
        await self._forget(project_id, record, set(record.paths))
        return record

    async def settle(self, project_id: str, root: Path) -> None:
        """Bring records that a killed process left behind in line with the disk."""
        for state, record in await self._records(project_id):
            if state == "done":
                continue
            now = await asyncio.to_thread(self._review.digests, root, record.paths)
            old = {file.path for file in record.applied.files if now[file.path] == _old_digest(file.old_content)}
            new = {file.path for file in record.applied.files if now[file.path] == (file.new_sha256 or None)}
            if state == "undoing":
                await self._forget(project_id, record, old - new)
            elif old - new != set(record.paths):
                kept = record.model_copy(update={"applied": _without(record.applied, tuple(old - new))})
                versions = [version for version in record.after if version.path not in old - new]
                await self._writings.finish(_entry(project_id, kept, "done"), versions)
            elif utc_now() - record.created_at > IN_PROGRESS:
                await self._writings.drop(_entry(project_id, record, state))

    async def _forget(self, project_id: str, record: UndoRecord, back: set[str]) -> None:
        """Files were put back: what was remembered before holds again; the rest of the record stays."""
        versions = [version for version in record.before if version.path in back]
        gone = [version.path for version in record.after if version.path in back]
        rest = _without(record.applied, tuple(back))
        if rest.files:
            await self._writings.finish(
                _entry(project_id, record.model_copy(update={"applied": rest}), "done"), versions, gone
            )  # fmt: skip
        else:
            await self._writings.drop(_entry(project_id, record, "undoing"), versions, gone)

    async def _records(self, project_id: str) -> list[tuple[str, UndoRecord]]:
        found = []
        for entry in await self._writings.undos(project_id):
            try:
                found.append((entry.state, UndoRecord.model_validate(entry.record)))
            except ValidationError:
                await self._writings.drop(entry)  # of a version that wrote it differently: nothing can be undone with it
        return found


def _entry(project_id: str, record: UndoRecord, state: str) -> UndoEntry:
    content = record.model_dump(mode="json")
    size = len(record.model_dump_json())
    return UndoEntry(
        id=record.id, project_id=project_id, state=state, record=content, size_bytes=size, created_at=record.created_at
    )  # fmt: skip


def _without(applied: AppliedSet, paths: tuple[str, ...]) -> AppliedSet:
    return applied.model_copy(update={"files": tuple(file for file in applied.files if file.path not in paths)})


def _old_digest(content: bytes | None) -> str | None:
    return hashlib.sha256(content).hexdigest() if content is not None else None


def _content(version: Written | None) -> str:
    return version.content if version else ""
