"""The front door of review: generated files against the disk, decided hunk by hunk, written atomically, undone exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from deploydeck.domain import (
    GENERATED_MARK,
    Change,
    ChangeState,
    CheckVerdict,
    Decision,
    DeployDeckError,
    GeneratedFile,
    Hunk,
    LineReason,
    TextEdit,
    utc_now,
)
from deploydeck.review import disk, keeping, putting
from deploydeck.review.apply import AppliedFile, AppliedSet, Intent, remove_directories, write_set
from deploydeck.review.hunks import hunks_of, merged
from deploydeck.review.merge import merge
from deploydeck.review.names import HIDDEN, hidden_hunk, holds_values, names_only, values_beyond
from deploydeck.review.putting import all_crlf, comparable, hidden

__all__ = ["HIDDEN", "Review"]


class Review:
    """Compare, decide, write, undo. Holds no state: every answer is a new value. Blocking: call it in a thread."""

    def compare(self, root: Path, files: Sequence[GeneratedFile], bases: Mapping[str, str] | None = None) -> tuple[Change, ...]:
        """One change a file, in order. Raises DeployDeckError `review-…` for a path or a file that cannot be compared safely.

        `bases` holds by path what was generated and accepted last: there the new version is merged with what people changed since.
        An existing file with CRLF line ends keeps them. Of an existing file for variables (.env.example) no value is taken in.
        """
        base = _root(root)
        paths = [str(PurePosixPath(file.path)) for file in files]
        if len(set(paths)) != len(paths):
            raise DeployDeckError("review-twice", "The same file was generated twice.", hint="This is a defect: report it.")
        return tuple(_change(base, file, (bases or {}).get(path)) for path, file in zip(paths, files, strict=True))

    # --- deciding -------------------------------------------------------------------------------------------------------------

    def decide(self, change: Change, hunk_key: str, decision: Decision, replacement: Sequence[str] | None = None) -> Change:
        """The change with one hunk decided. EDITED needs `replacement`: the lines of the whole new side, without newlines.

        An edited file has to be checked again. Raises DeployDeckError `review-blocked` and `review-unchecked` for an acceptance
        while a checker refuses the file or has not answered.
        """
        if hunk_key not in {hunk.key for hunk in change.hunks}:
            raise DeployDeckError("review-no-hunk", f"{change.file.path!r} has no hunk {hunk_key!r}.", hint="Compare again.")
        if (decision is Decision.EDITED) != (replacement is not None):
            raise DeployDeckError("review-replacement", "An edited hunk needs its lines, any other has none.")
        if replacement is not None and any("\n" in line or "\0" in line for line in replacement):
            raise DeployDeckError("review-replacement", "A line of an edited hunk holds a line break or a NUL.")
        if decision is Decision.ACCEPTED:
            _refuse(change)
        before = putting.offered(change)
        new = tuple(putting.decided(hunk, decision, replacement) if hunk.key == hunk_key else hunk for hunk in change.hunks)
        decided = change.model_copy(update={"hunks": new})
        return decided if putting.offered(decided) == before else putting.unchecked(decided)

    def accept_file(self, change: Change, *, conflicts: bool = True) -> Change:
        """Every hunk accepted; without `conflicts` those stay as they are, and so does what was edited.

        Raises DeployDeckError `review-blocked` when a checker refuses the file, `review-unchecked` when one has still to answer.
        """
        _refuse(change)
        new = tuple(
            hunk if hunk.decision is Decision.EDITED or (hunk.conflict and not conflicts) else _accepted(hunk)
            for hunk in change.hunks
        )
        return change.model_copy(update={"hunks": new})

    def reject_file(self, change: Change) -> Change:
        """Every hunk rejected: the disk stays as it is."""
        new = tuple(putting.decided(hunk, Decision.REJECTED, None) for hunk in change.hunks)
        return change.model_copy(update={"hunks": new})

    def only_rejected(self, change: Change) -> Change:
        """Every other hunk pending again: what is left of the decisions once the accepted ones were written."""
        new = tuple(
            hunk if hunk.decision is Decision.REJECTED else putting.decided(hunk, Decision.PENDING, None) for hunk in change.hunks
        )
        return change.model_copy(update={"hunks": new})

    def fix(self, change: Change, edits: Sequence[TextEdit]) -> Change:
        """A finding's fix as an edit by the person; it has to be checked again. Raises DeployDeckError `review-fix-apart`."""
        return putting.fixed(change, edits)

    def rewrite(self, change: Change, text: str) -> Change:
        """The whole file as the person edited it; it has to be checked again. Raises DeployDeckError `review-replacement`."""
        if "\0" in text:
            raise DeployDeckError("review-replacement", "The edited file holds a NUL.")
        return putting.rewritten(change, text)

    # --- checking -------------------------------------------------------------------------------------------------------------

    def offered(self, change: Change) -> str:
        """The file with every hunk accepted and the edited ones as edited: what checkers look at, and what findings count in."""
        return putting.offered(change)

    def as_offered(self, change: Change) -> GeneratedFile:
        """The file with that content, for checkers."""
        content = self.offered(change)
        return change.file if content == change.file.content else change.file.model_copy(update={"content": content})

    def checked(self, change: Change, verdicts: Sequence[CheckVerdict]) -> Change:
        """The change with what checkers said of the offered file. A refusal takes acceptances back; edits stay, to be mended."""
        file = change.file.model_copy(update={"verdicts": tuple(verdicts)})
        otherwise = ChangeState.NEW if change.old_sha256 is None else ChangeState.CHANGED
        state = _state(file, otherwise) if change.hunks else ChangeState.SAME
        found = change.hunks
        if state is ChangeState.BLOCKED:
            found = tuple(
                putting.decided(hunk, Decision.PENDING, None) if hunk.decision is Decision.ACCEPTED else hunk for hunk in found
            )
        return change.model_copy(update={"file": file, "state": state, "hunks": found})

    # --- what it comes to -----------------------------------------------------------------------------------------------------

    def result(self, change: Change) -> str:
        """The content with only accepted and edited hunks in it; pending ones count as not accepted.

        Raises DeployDeckError `review-hidden` for a rejected file whose present content is never taken in.
        """
        content = _merged(change)
        if content is None:
            raise DeployDeckError("review-hidden", f"The content of {change.file.path!r} on the disk is not shown.")
        return content

    def writes(self, change: Change) -> bool:
        """Whether applying this change would touch the disk."""
        if not any(hunk.decision in (Decision.ACCEPTED, Decision.EDITED) for hunk in change.hunks):
            return False
        return _merged(change) != change.old_content

    def remembered(self, change: Change) -> str | None:
        """What to merge the next generated version with, once this change is written; None when the file is a person's own.

        It is the base (else the disk) brought up to what was accepted. A file is ours when we made it, when it was ours before, or
        when it says so itself; what is only completed or replaced in part stays the person's.
        """
        ours = change.generated if change.generated is not None else change.file.content
        if not (marked(ours) or change.old_sha256 is None or change.base is not None):
            return None
        if hidden(change):
            return ours
        old = comparable(change.old_content)
        return merge(change.base if change.base is not None else old, old, ours).accepted(change.hunks)

    def why(self, change: Change, hunk: Hunk) -> tuple[LineReason, ...]:
        """The reasons of the lines this hunk adds, in order; each reason once, with the first line it holds for."""
        added: set[int] = set()
        number = hunk.new_start
        for line in hunk.lines:
            if line.startswith("+"):
                added.add(number)
            if line[:1] in (" ", "+"):
                number += 1
        found: dict[tuple[str, str], LineReason] = {}
        for reason in change.file.reasons:
            if reason.line in added:
                found.setdefault((reason.rule, reason.why), reason)
        return tuple(found.values())

    # --- the disk -------------------------------------------------------------------------------------------------------------

    def apply(self, root: Path, changes: Sequence[Change]) -> AppliedSet:
        """Write what was accepted: all of it, or nothing. Returns the undo record.

        Raises DeployDeckError: `review-blocked`, `review-unchecked`, `review-disk-moved-on`, or what the disk said. Then nothing
        has changed.
        """
        base = _root(root)
        return write_set(base, self._intents(base, changes))

    def ahead(self, root: Path, changes: Sequence[Change]) -> AppliedSet:
        """The undo record that `apply` would return, before anything is written; without the directories it would make."""
        base = _root(root)
        files = []
        for intent in self._intents(base, changes):
            before = disk.read(base, intent.path)
            assert intent.content is not None
            old = (before.content, before.mode) if before else (None, 0)
            files.append(AppliedFile(path=intent.path, old_content=old[0], old_mode=old[1], new_sha256=disk.digest(intent.content)))
        return AppliedSet(files=tuple(files), applied_at=utc_now())

    def undo(self, root: Path, applied: AppliedSet) -> AppliedSet:
        """Put back what `apply` replaced, all or nothing; refused when a file changed since. Returns a record that redoes it."""
        base = _root(root)
        moved = [path for path, digest in self.digests(root, [file.path for file in applied.files]).items()
                 if digest != next(file.new_sha256 or None for file in applied.files if file.path == path)]  # fmt: skip
        if moved:
            raise DeployDeckError(
                "review-disk-moved-on",
                f"Changed since it was written: {', '.join(repr(path) for path in moved)}.",
                "Putting the old content back would lose that. Nothing was changed.",
                "Keep what is there, or undo the later changes by hand first.",
            )
        intents = [Intent(file.path, file.old_content, file.old_mode, True, file.new_sha256 or None) for file in applied.files]
        undone = write_set(base, intents)
        remove_directories(base, applied.directories)
        return undone

    def digests(self, root: Path, paths: Sequence[str]) -> dict[str, str | None]:
        """SHA-256 of files as they are now; None for one that is not there, empty for one that is no file any more."""
        base = _root(root)
        found: dict[str, str | None] = {}
        for path in paths:
            try:
                now = disk.read(base, path)
            except DeployDeckError:
                found[path] = ""
            else:
                found[path] = now.sha256 if now else None
        return found

    def _intents(self, base: Path, changes: Sequence[Change]) -> list[Intent]:
        intents = []
        for change in changes:
            if not self.writes(change):
                continue
            _refuse(change)  # an edited hunk may mend what a checker refused; whoever edits has it checked again
            existing = disk.read(base, change.file.path) if change.old_sha256 is not None else None
            mode = existing.mode if existing else change.file.mode
            content = self.result(change).encode("utf-8", "surrogatepass")
            intents.append(Intent(change.file.path, content, mode, existing is not None, change.old_sha256))
        return intents

    # --- keeping --------------------------------------------------------------------------------------------------------------

    def decisions(self, changes: Sequence[Change]) -> dict[str, Any]:
        """Every decision that was made, as JSON, by path and hunk key; files without any are left out."""
        found = {change.file.path: keeping.kept(change) for change in changes}
        return {path: decided for path, decided in found.items() if decided}

    def restore(self, changes: Sequence[Change], decisions: Mapping[str, Any]) -> tuple[Change, ...]:
        """The changes with earlier decisions on hunks that are still the same; anything else stays pending."""
        return tuple(keeping.restored(change, decisions.get(change.file.path)) for change in changes)


def marked(content: str) -> bool:
    """Whether a file says in its first lines that it was generated."""
    return any(GENERATED_MARK in line for line in content.split("\n", 3)[:3])


def still_ours(base: str, on_disk: str) -> bool:
    """Whether a file that we wrote is still ours: who deletes the line that says so makes it their own.

    A format without comments has no such line; there it is ours as long as we remember it.
    """
    return marked(on_disk) or not marked(base)


def _change(root: Path, file: GeneratedFile, base: str | None) -> Change:
    if holds_values(file.path):
        raise DeployDeckError(
            "review-secret-file",
            f"{file.path!r} holds values of variables; it is never compared and never written.",
            hint="Names go to .env.example.",
        )
    existing = disk.read(root, file.path)
    if existing is None:
        return _compared(file, ChangeState.NEW, None, None, None)
    if names_only(file.path) and values_beyond(existing.content, (base or "", file.content)):
        # what cannot be shown cannot be merged either: where people changed it, that is a conflict over the whole file
        hunk = hidden_hunk(file, existing.content, conflict=base is not None)
        state = _state(file, ChangeState.CHANGED)
        return Change(file=file, state=state, old_content=None, old_sha256=existing.sha256, hunks=(hunk,), base=base)
    try:
        old = existing.content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DeployDeckError(
            "review-not-utf8",
            f"{file.path!r} on the disk is not UTF-8 text.",
            f"Byte {error.start} cannot be read as text.",
            "Convert it to UTF-8 or rename it.",
        ) from error
    if base is not None and not still_ours(base, old):
        base = None
    return _compared(file, ChangeState.CHANGED, old, existing.sha256, base)


def _compared(file: GeneratedFile, state: ChangeState, old: str | None, sha256: str | None, base: str | None) -> Change:
    """The generated file against a text on the disk, merged three-way where there is a base."""
    before = comparable(old)
    found = merge(base if base is not None else before, before, file.content)
    text = found.text
    generated = None
    if text != file.content:
        # people's changes stand in it by now: checkers have to look at what would be written
        generated = file.content
        file = file.model_copy(update={"content": text, "reasons": putting.placed(file.reasons, found.line_of)})
    hunks = hunks_of(file.path, found.theirs, found.lines, found.pieces())
    state = ChangeState.SAME if not hunks and old is not None else _state(file, state)
    change = Change(
        file=file, state=state, old_content=old, old_sha256=sha256, hunks=hunks, base=base, generated=generated
    )  # fmt: skip
    return putting.unchecked(change) if generated is not None else change


def _merged(change: Change) -> str | None:
    if hidden(change):  # one hunk, all or nothing
        hunk = change.hunks[0]
        if hunk.decision is Decision.ACCEPTED:
            return change.file.content
        return "".join(f"{line}\n" for line in hunk.replacement or ()) if hunk.decision is Decision.EDITED else None
    old = change.old_content or ""
    content = merged(comparable(old), change.file.content, change.hunks)
    return content.replace("\n", "\r\n") if all_crlf(old) else content


def _accepted(hunk: Hunk) -> Hunk:
    return putting.decided(hunk, Decision.ACCEPTED, None)


def _refuse(change: Change) -> None:
    """Raise when the file must not be accepted."""
    if change.state is ChangeState.BLOCKED:
        raise _blocked(change)
    if change.file.waiting:
        raise DeployDeckError(
            "review-unchecked",
            f"{change.file.path!r} is still being checked.",
            "A file can be accepted when every checker has answered.",
            "Wait a moment, then try again.",
        )


def _root(root: Path) -> Path:
    try:
        return root.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise DeployDeckError("review-no-project", f"The directory {str(root)!r} cannot be opened.", str(error)) from error


def _state(file: GeneratedFile, otherwise: ChangeState) -> ChangeState:
    return ChangeState.BLOCKED if file.blocked else otherwise


def _blocked(change: Change) -> DeployDeckError:
    first = next((f for verdict in change.file.verdicts for f in verdict.findings if f.blocking), None)
    why = f"{first.rule}: {first.message}" if first else "A checker refuses it."
    return DeployDeckError(
        "review-blocked", f"{change.file.path!r} cannot be accepted.", why, "Correct the cause and generate again."
    )
