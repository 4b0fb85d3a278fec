"""The front door of review: generated files against the disk, decided hunk by hunk, written atomically, undone exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from deploydeck.domain import (
    Change,
    ChangeState,
    Decision,
    DeployDeckError,
    GeneratedFile,
    Hunk,
    LineReason,
)
from deploydeck.review import disk
from deploydeck.review.apply import AppliedSet, Intent, remove_directories, write_set
from deploydeck.review.hunks import hunks, merged

HIDDEN = "[hidden]"


class Review:
    """Compare, decide, write, undo. Holds no state: every answer is a new value. Blocking: call it in a thread."""

    def compare(self, root: Path, files: Sequence[GeneratedFile]) -> tuple[Change, ...]:
        """One change a file, in order. Raises DeployDeckError `review-…` for a path or a file that cannot be compared safely.

        An existing file with CRLF line ends keeps them. Of an existing file for variables (.env.example) no value is taken in.
        """
        base = _root(root)
        paths = [str(PurePosixPath(file.path)) for file in files]
        if len(set(paths)) != len(paths):
            raise DeployDeckError("review-twice", "The same file was generated twice.", hint="This is a defect: report it.")
        return tuple(self._change(base, file) for file in files)

    def decide(self, change: Change, hunk_key: str, decision: Decision, replacement: Sequence[str] | None = None) -> Change:
        """The change with one hunk decided. EDITED needs `replacement`: the lines of the whole new side, without newlines."""
        if hunk_key not in {hunk.key for hunk in change.hunks}:
            raise DeployDeckError("review-no-hunk", f"{change.file.path!r} has no hunk {hunk_key!r}.", hint="Compare again.")
        if (decision is Decision.EDITED) != (replacement is not None):
            raise DeployDeckError("review-replacement", "An edited hunk needs its lines, any other has none.")
        if replacement is not None and any("\n" in line or "\0" in line for line in replacement):
            raise DeployDeckError("review-replacement", "A line of an edited hunk holds a line break or a NUL.")
        if change.state is ChangeState.BLOCKED and decision is Decision.ACCEPTED:
            raise _blocked(change)
        new = tuple(_decided(hunk, decision, replacement) if hunk.key == hunk_key else hunk for hunk in change.hunks)
        return change.model_copy(update={"hunks": new})

    def accept_file(self, change: Change) -> Change:
        """Every hunk accepted. Raises DeployDeckError `review-blocked` when a checker refuses the file."""
        if change.state is ChangeState.BLOCKED:
            raise _blocked(change)
        return self._all(change, Decision.ACCEPTED)

    def reject_file(self, change: Change) -> Change:
        """Every hunk rejected: the disk stays as it is."""
        return self._all(change, Decision.REJECTED)

    def result(self, change: Change) -> str:
        """The content with only accepted and edited hunks in it; pending ones count as not accepted.

        Raises DeployDeckError `review-hidden` for a rejected file whose present content is never taken in.
        """
        content = self._merged(change)
        if content is None:
            raise DeployDeckError("review-hidden", f"The content of {change.file.path!r} on the disk is not shown.")
        return content

    def writes(self, change: Change) -> bool:
        """Whether applying this change would touch the disk."""
        if not any(hunk.decision in (Decision.ACCEPTED, Decision.EDITED) for hunk in change.hunks):
            return False
        return self._merged(change) != change.old_content

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

    def apply(self, root: Path, changes: Sequence[Change]) -> AppliedSet:
        """Write what was accepted: all of it, or nothing. Returns the undo record.

        Raises DeployDeckError: `review-blocked`, `review-disk-moved-on`, or what the disk said. Then nothing has changed.
        """
        base = _root(root)
        intents = []
        for change in changes:
            if not self.writes(change):
                continue
            # an edited hunk may mend what a checker refused; whoever edits has it checked again (ConfigurationGenerator.checked)
            if change.state is ChangeState.BLOCKED:
                raise _blocked(change)
            existing = disk.read(base, change.file.path) if change.old_sha256 is not None else None
            mode = existing.mode if existing else change.file.mode
            content = self.result(change).encode("utf-8", "surrogatepass")
            intents.append(Intent(change.file.path, content, mode, existing is not None, change.old_sha256))
        return write_set(base, intents)

    def undo(self, root: Path, applied: AppliedSet) -> AppliedSet:
        """Put back what `apply` replaced, all or nothing; refused when a file changed since. Returns a record that redoes it."""
        base = _root(root)
        intents = [Intent(file.path, file.old_content, file.old_mode, True, file.new_sha256 or None) for file in applied.files]
        undone = write_set(base, intents)
        remove_directories(base, applied.directories)
        return undone

    def decisions(self, changes: Sequence[Change]) -> dict[str, Any]:
        """Every decision that was made, as JSON, by path and hunk key."""
        kept: dict[str, Any] = {}
        for change in changes:
            decided = {
                hunk.key: {
                    "decision": str(hunk.decision),
                    "replacement": list(hunk.replacement) if hunk.replacement is not None else None,
                }
                for hunk in change.hunks
                if hunk.decision is not Decision.PENDING
            }
            if decided:
                kept[change.file.path] = decided
        return kept

    def restore(self, changes: Sequence[Change], decisions: Mapping[str, Any]) -> tuple[Change, ...]:
        """The changes with earlier decisions on hunks that are still the same; anything else stays pending."""
        return tuple(self._restored(change, decisions.get(change.file.path)) for change in changes)

    def _restored(self, change: Change, kept: object) -> Change:
        if not isinstance(kept, Mapping):
            return change
        for hunk in change.hunks:
            entry = kept.get(hunk.key)
            if not isinstance(entry, Mapping) or entry.get("decision") not in list(Decision):
                continue
            decision = Decision(entry["decision"])
            if change.state is ChangeState.BLOCKED and decision is Decision.ACCEPTED:
                continue  # it was accepted before a checker refused it
            lines = entry.get("replacement")
            edited = [str(line) for line in lines] if decision is Decision.EDITED and isinstance(lines, Sequence) else None
            if (decision is Decision.EDITED) == (edited is not None):
                change = self.decide(change, hunk.key, decision, edited)
        return change

    def _all(self, change: Change, decision: Decision) -> Change:
        return change.model_copy(update={"hunks": tuple(_decided(hunk, decision, None) for hunk in change.hunks)})

    def _merged(self, change: Change) -> str | None:
        if change.old_sha256 is not None and change.old_content is None:  # hidden: one hunk, all or nothing
            hunk = change.hunks[0]
            if hunk.decision is Decision.ACCEPTED:
                return change.file.content
            return "".join(f"{line}\n" for line in hunk.replacement or ()) if hunk.decision is Decision.EDITED else None
        old = change.old_content or ""
        crlf = _all_crlf(old)
        content = merged(old.replace("\r\n", "\n") if crlf else old, change.file.content, change.hunks)
        return content.replace("\n", "\r\n") if crlf else content

    def _change(self, root: Path, file: GeneratedFile) -> Change:
        if _holds_values(file.path):
            raise DeployDeckError(
                "review-secret-file",
                f"{file.path!r} holds values of variables; it is never compared and never written.",
                hint="Names go to .env.example.",
            )
        existing = disk.read(root, file.path)
        if existing is None:
            found = hunks(file.path, "", file.content)
            return Change(file=file, state=_state(file, ChangeState.NEW), old_content=None, old_sha256=None, hunks=found)
        new = file.content.encode("utf-8", "surrogatepass")
        if _names_only(file.path):
            same = existing.content == new
            found = () if same else (_hidden_hunk(file, existing.content),)
            state = ChangeState.SAME if same else _state(file, ChangeState.CHANGED)
            old_content = file.content if same else None
            return Change(file=file, state=state, old_content=old_content, old_sha256=existing.sha256, hunks=found)
        try:
            old = existing.content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DeployDeckError(
                "review-not-utf8",
                f"{file.path!r} on the disk is not UTF-8 text.",
                f"Byte {error.start} cannot be read as text.",
                "Convert it to UTF-8 or rename it.",
            ) from error
        found = hunks(file.path, old.replace("\r\n", "\n") if _all_crlf(old) else old, file.content)
        state = _state(file, ChangeState.CHANGED) if found else ChangeState.SAME
        return Change(file=file, state=state, old_content=old, old_sha256=existing.sha256, hunks=found)


def _root(root: Path) -> Path:
    try:
        return root.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise DeployDeckError("review-no-project", f"The directory {str(root)!r} cannot be opened.", str(error)) from error


def _state(file: GeneratedFile, otherwise: ChangeState) -> ChangeState:
    return ChangeState.BLOCKED if file.blocked else otherwise


def _decided(hunk: Hunk, decision: Decision, replacement: Sequence[str] | None) -> Hunk:
    lines = tuple(replacement) if replacement is not None else None
    return hunk.model_copy(update={"decision": decision, "replacement": lines})


def _blocked(change: Change) -> DeployDeckError:
    first = next((f for verdict in change.file.verdicts for f in verdict.findings if f.blocking), None)
    why = f"{first.rule}: {first.message}" if first else "A checker refuses it."
    return DeployDeckError(
        "review-blocked", f"{change.file.path!r} cannot be accepted.", why, "Correct the cause and generate again."
    )


def _all_crlf(text: str) -> bool:
    return "\r\n" in text and text.count("\n") == text.count("\r\n")


_NAMES_ONLY = (".example", ".sample", ".template", ".dist")


def _names_only(path: str) -> bool:
    name = PurePosixPath(path).name
    return name.startswith(".env") and name.endswith(_NAMES_ONLY)


def _holds_values(path: str) -> bool:
    name = PurePosixPath(path).name
    return (name == ".env" or name.startswith(".env.")) and not name.endswith(_NAMES_ONLY)


def _hidden_hunk(file: GeneratedFile, old: bytes) -> Hunk:
    """One hunk for the whole file: the old lines by name only, whatever somebody wrote behind the equals sign."""
    before = [_name_only(line) for line in old.decode("utf-8", "replace").split("\n")]
    if before and not before[-1]:
        before.pop()
    after = file.content.removesuffix("\n").split("\n")
    plain = hunks(file.path, "".join(f"{line}\n" for line in before), file.content)
    key = plain[0].key if plain else hunks(file.path, "", file.content)[0].key
    return Hunk(
        key=key,
        old_start=1 if before else 0,
        old_count=len(before),
        new_start=1,
        new_count=len(after),
        lines=(*(f"-{line}" for line in before), *(f"+{line}" for line in after)),
    )


def _name_only(line: str) -> str:
    text = line.rstrip("\r")
    if not text.strip() or (text.lstrip().startswith("#") and "=" not in text):
        return text
    name, equals, value = text.partition("=")
    if not equals:
        return HIDDEN  # a stray line may be half of a value
    return f"{name}={HIDDEN if value.strip() else ''}"
