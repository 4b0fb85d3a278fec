"""Decisions as JSON, so that a dropped link loses nothing, and back onto a proposal that may have become another meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from deploydeck.domain import Change, ChangeState, Decision, DeployDeckError, Hunk
from deploydeck.review.hunks import old_range
from deploydeck.review.names import holds_credential
from deploydeck.review.putting import comparable, decided, hidden, old_side, put_in, unchecked

WHOLE = "*"
"""Among the hunk keys of a file: says that the person edited the file as a whole, and which disk it was."""


def kept(change: Change) -> dict[str, Any]:
    """Every decision that was made on a file, by hunk key. An edited hunk names the old lines it was edited from."""
    found: dict[str, Any] = {}
    for hunk in change.hunks:
        if hunk.decision is Decision.PENDING:
            continue
        stored = (*(hunk.replacement or ()), *(hunk.lines if hunk.added else ()))
        if holds_credential("\n".join(stored)):
            continue  # such an edit is not stored: after a dropped link it has to be made again
        entry: dict[str, Any] = {"decision": str(hunk.decision), "replacement": _listed(hunk.replacement)}
        if hunk.decision is Decision.EDITED:
            entry["old"] = _digest(hunk)
        if hunk.added:
            entry["added"] = {"start": old_range(hunk)[0], "lines": list(hunk.lines)}
        found[hunk.key] = entry
    if found and change.hunks and all(hunk.added for hunk in change.hunks):
        found[WHOLE] = {"disk": change.old_sha256}
    return found


def restored(change: Change, entries: object) -> Change:
    """The change with earlier decisions on hunks that are still the same; anything else stays pending.

    What was put in comes back where the disk has not changed. An acceptance stays while checkers are still to answer (writing waits
    for them), and goes where one refuses the file.
    """
    if not isinstance(entries, Mapping):
        return change
    whole = entries.get(WHOLE)
    put = [(key, entry) for key, entry in entries.items() if isinstance(entry, Mapping) and isinstance(entry.get("added"), Mapping)]
    for hunk in change.hunks:
        entry = entries.get(hunk.key)
        if isinstance(entry, Mapping) and "added" not in entry:
            change = _decided(change, hunk, entry)
    if put and not hidden(change):
        start = _as_on_disk(change) if isinstance(whole, Mapping) and whole.get("disk") == change.old_sha256 else change
        change = _put_back(start, put) or change
    return unchecked(change) if any(hunk.decision is Decision.EDITED for hunk in change.hunks) else change


def _put_back(change: Change, put: Sequence[tuple[str, Mapping[str, Any]]]) -> Change | None:
    """The change with all that was put in; None when a piece no longer fits, for the disk is another by now."""
    for _, entry in put:
        added, replacement = entry["added"], entry.get("replacement")
        lines = [str(line) for line in added.get("lines", ()) if str(line)[:1] in (" ", "-", "+")]
        new = [str(line) for line in replacement] if isinstance(replacement, Sequence) else [x[1:] for x in lines if x[0] != "-"]
        start = added.get("start")
        if not isinstance(start, int) or start < 0 or entry.get("decision") not in list(Decision):
            return None
        try:
            change = put_in(change, start, [line[1:] for line in lines if line[0] != "+"], new, Decision(entry["decision"]))
        except DeployDeckError:
            return None
    return change


def _as_on_disk(change: Change) -> Change:
    """The change without any hunk: the content is what the disk has."""
    generated = change.generated if change.generated is not None else change.file.content
    file = change.file.model_copy(update={"content": comparable(change.old_content), "reasons": ()})
    return change.model_copy(update={"file": file, "hunks": (), "generated": generated})


def _decided(change: Change, hunk: Hunk, entry: Mapping[str, Any]) -> Change:
    if entry.get("decision") not in list(Decision):
        return change
    decision = Decision(entry["decision"])
    if change.state is ChangeState.BLOCKED and decision is Decision.ACCEPTED:
        return change  # it was accepted before a checker refused it
    lines = entry.get("replacement")
    edited = [str(line) for line in lines] if decision is Decision.EDITED and isinstance(lines, Sequence) else None
    if (decision is Decision.EDITED) != (edited is not None):
        return change
    if decision is Decision.EDITED and entry.get("old", _digest(hunk)) != _digest(hunk):
        return change  # the context is another by now: the edited lines would undo what people did there
    new = tuple(decided(one, decision, edited) if one.key == hunk.key else one for one in change.hunks)
    return change.model_copy(update={"hunks": new})


def _digest(hunk: Hunk) -> str:
    return hashlib.sha256("\n".join(old_side(hunk)).encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _listed(lines: tuple[str, ...] | None) -> list[str] | None:
    return list(lines) if lines is not None else None
