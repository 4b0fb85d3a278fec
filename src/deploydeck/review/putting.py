"""What a review puts into a file beyond accepting and rejecting: a finding's fix, the whole file as a person edited it.

Pure functions from a change to a change. What was generated is kept beside the new content, so that the next merge takes what was
put in for the person's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deploydeck.domain import (
    Change,
    ChangeState,
    CheckState,
    CheckVerdict,
    Decision,
    DeployDeckError,
    Hunk,
    LineReason,
    TextEdit,
)
from deploydeck.review.hunks import CONTEXT, Range, alike, hunk_key, hunks, merged, new_range, old_range, pieces, split


def comparable(old: str | None) -> str:
    """The text on the disk as it is compared: with line feeds alone where every line ends in CRLF."""
    text = old or ""
    return text.replace("\r\n", "\n") if all_crlf(text) else text


def all_crlf(text: str) -> bool:
    return "\r\n" in text and text.count("\n") == text.count("\r\n")


def hidden(change: Change) -> bool:
    """Whether the content on the disk is never taken in: then there is one hunk, all or nothing."""
    return change.old_sha256 is not None and change.old_content is None


def offered(change: Change) -> str:
    """The file as it is offered: every hunk accepted, the edited ones as edited. What checkers look at, and findings count in."""
    if not any(hunk.decision is Decision.EDITED for hunk in change.hunks):
        return change.file.content
    if hidden(change):
        return "".join(f"{line}\n" for line in change.hunks[0].replacement or ())
    taken = [
        hunk if hunk.decision is Decision.EDITED else hunk.model_copy(update={"decision": Decision.ACCEPTED})
        for hunk in change.hunks
    ]
    return merged(comparable(change.old_content), change.file.content, taken)


def shown_start(change: Change, index: int) -> int:
    """The line (from 1) of the offered file at which the new side of a hunk begins: edited ones before it may have grown."""
    grown = sum(
        len(hunk.replacement) - hunk.new_count
        for hunk in change.hunks[:index]
        if hunk.decision is Decision.EDITED and hunk.replacement is not None
    )
    return new_range(change.hunks[index])[0] + 1 + grown


def unchecked(change: Change) -> Change:
    """The change after its content became another: every checker has to look again."""
    again = tuple(CheckVerdict(checker=verdict.checker, state=CheckState.WAITING) for verdict in change.file.verdicts)
    state = change.state
    if state is ChangeState.BLOCKED or (state is ChangeState.SAME and change.hunks):
        state = ChangeState.NEW if change.old_sha256 is None else ChangeState.CHANGED
    return change.model_copy(update={"file": change.file.model_copy(update={"verdicts": again}), "state": state})


def fixed(change: Change, edits: Sequence[TextEdit]) -> Change:
    """A finding's fix as decided by the person: inside a hunk it edits that hunk, elsewhere it becomes a hunk of its own.

    Lines count in the offered file. Raises DeployDeckError `review-fix-apart` for a fix that reaches beyond one hunk, or that was
    made for another content.
    """
    for edit in sorted(edits, key=lambda one: one.line, reverse=True):
        change = _fixed(change, edit)
    return unchecked(change)


def _fixed(change: Change, edit: TextEdit) -> Change:
    start, end = edit.line - 1, edit.line - 1 + edit.count
    total = len(split(offered(change)))
    if end > total or start > total or any("\n" in line or "\0" in line for line in edit.lines):
        raise _apart(change, edit)
    grown = 0
    for index, hunk in enumerate(change.hunks):
        new = list(hunk.replacement) if hunk.replacement is not None else new_side(hunk)
        first = shown_start(change, index) - 1
        last = first + len(new)
        if first <= start and end <= last and (new or not edit.count):
            new[start - first : end - first] = edit.lines
            return _with(change, index, decided(hunk, Decision.EDITED, new))
        if start < last and first < end:
            raise _apart(change, edit)
        if last <= start:
            grown += len(new) - hunk.old_count
    if hidden(change):
        raise _apart(change, edit)
    place = (start - grown, end - grown)
    old = [line.removesuffix("\n") for line in split(comparable(change.old_content))[slice(*place)]]
    return put_in(change, place[0], old, list(edit.lines), Decision.EDITED)


def _apart(change: Change, edit: TextEdit) -> DeployDeckError:
    return DeployDeckError(
        "review-fix-apart",
        f"The fix for line {edit.line} of {change.file.path!r} cannot be applied here.",
        "It reaches beyond one hunk, or was made for another content.",
        "Edit the hunk or the file by hand.",
    )


def put_in(change: Change, start: int, old: Sequence[str], new: Sequence[str], decision: Decision) -> Change:
    """The change with one more hunk, where so far nothing differs: lines of the disk from `start` (from 0) become others."""
    before = split(comparable(change.old_content))
    if [line.removesuffix("\n") for line in before[start : start + len(old)]] != list(old) or start > len(before):
        raise DeployDeckError("review-no-hunk", f"{change.file.path!r} is no longer what it was.", hint="Compare again.")
    same, same_end = alike(old, new)
    start, old, new = start + same, old[same : len(old) - same_end], new[same : len(new) - same_end]
    place = (start, start + len(old))
    if start == len(before) and before and not before[-1].endswith("\n"):
        raise DeployDeckError("review-no-hunk", f"{change.file.path!r} ends in the middle of a line.", hint="Edit it by hand.")
    index = sum(old_range(hunk)[1] <= start for hunk in change.hunks)
    above, below = change.hunks[:index], change.hunks[index:]
    room = old_range(above[-1])[1] if above else 0, old_range(below[0])[0] if below else len(before)
    if place[1] > room[1]:
        raise DeployDeckError("review-no-hunk", f"{change.file.path!r} differs there already.", hint="Compare again.")
    wide = (max(place[0] - CONTEXT, room[0]), min(place[1] + CONTEXT, room[1]))
    shift = new_range(above[-1])[1] - old_range(above[-1])[1] if above else 0
    head = [line.removesuffix("\n") for line in before[wide[0] : place[0]]]
    foot = [line.removesuffix("\n") for line in before[place[1] : wide[1]]]
    lines = (*(f" {x}" for x in head), *(f"-{x}" for x in old), *(f"+{x}" for x in new), *(f" {x}" for x in foot))
    side = [*head, *new, *foot]
    taken = {hunk.key for hunk in change.hunks}
    key = f"{hunk_key(change.file.path, lines)}-added"
    while key in taken:
        key += "+"
    at = wide[0] + shift
    hunk = Hunk(
        key=key,
        old_start=wide[0] + 1 if wide[1] > wide[0] else wide[0],
        old_count=wide[1] - wide[0],
        new_start=at + 1 if side else at,
        new_count=len(side),
        lines=lines,
        added=True,
    )
    content = split(change.file.content)
    put = [f"{line}\n" for line in new]
    if place[1] == len(before) and put and before and not before[-1].endswith("\n") and old:
        put[-1] = put[-1].removesuffix("\n")
    here = (place[0] + shift, place[1] + shift)
    content[slice(*here)] = put
    grown = len(new) - len(old)
    moved = tuple(one.model_copy(update={"new_start": one.new_start + grown}) for one in below)
    replacement = side if decision is Decision.EDITED else None
    reasons = _moved(change.file.reasons, here, grown)
    file = change.file.model_copy(update={"content": "".join(content), "reasons": reasons})
    return change.model_copy(
        update={
            "file": file,
            "hunks": (*above, decided(hunk, decision, replacement), *moved),
            "generated": change.generated if change.generated is not None else change.file.content,
        }
    )


def rewritten(change: Change, text: str) -> Change:
    """The whole file as a person edited it: every difference from the disk is a hunk the person decided."""
    if hidden(change):
        lines = text.removesuffix("\n").split("\n")
        return unchecked(_with(change, 0, decided(change.hunks[0], Decision.EDITED, lines)))
    found = hunks(change.file.path, comparable(change.old_content), text)
    mine = tuple(
        hunk.model_copy(update={"decision": Decision.EDITED, "replacement": tuple(new_side(hunk)), "added": True}) for hunk in found
    )
    generated = change.generated if change.generated is not None else change.file.content
    at = _line_map(change.file.content, text)
    file = change.file.model_copy(update={"content": text, "reasons": placed(change.file.reasons, at)})
    return unchecked(change.model_copy(update={"file": file, "hunks": mine, "generated": generated}))


def new_side(hunk: Hunk) -> list[str]:
    """The lines of a hunk as it was proposed, without newlines."""
    return [line[1:] for line in hunk.lines if line[:1] in (" ", "+")]


def old_side(hunk: Hunk) -> list[str]:
    """The lines of a hunk as they are on the disk, without newlines."""
    return [line[1:] for line in hunk.lines if line[:1] in (" ", "-")]


def decided(hunk: Hunk, decision: Decision, replacement: Sequence[str] | None) -> Hunk:
    lines = tuple(replacement) if replacement is not None else None
    return hunk.model_copy(update={"decision": decision, "replacement": lines})


def _with(change: Change, index: int, hunk: Hunk) -> Change:
    return change.model_copy(update={"hunks": (*change.hunks[:index], hunk, *change.hunks[index + 1 :])})


def _moved(reasons: Sequence[LineReason], gone: Range, grown: int) -> tuple[LineReason, ...]:
    """Reasons after lines were exchanged: those of the lines that went are dropped, those below move along."""

    def place(line: int) -> int:
        if line <= gone[0]:
            return line
        return line + grown if line > gone[1] else 0

    return placed(reasons, place)


def placed(reasons: Sequence[LineReason], place: Callable[[int], int]) -> tuple[LineReason, ...]:
    """The reasons at their new lines; those whose line is gone (0) are dropped."""
    found = ((reason, place(reason.line)) for reason in reasons)
    return tuple(reason.model_copy(update={"line": line}) for reason, line in found if line)


def _line_map(old: str, new: str) -> Callable[[int], int]:
    """Where a line of the old text stands in the new one, both from 1; 0 when it is gone."""
    changed = pieces(split(old), split(new))

    def place(line: int) -> int:
        grown = 0
        for piece in changed:
            if line <= piece.old[0]:
                break
            if line <= piece.old[1]:
                return 0
            grown += (piece.new[1] - piece.new[0]) - (piece.old[1] - piece.old[0])
        return line + grown

    return place
