"""How changes read on the Review screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deploydeck.domain import Change, ChangeState, CheckFinding, CheckState, Decision, GeneratedFile, Hunk, LineReason
from deploydeck.widgets.row_list import Row
from deploydeck.widgets.states import look
from deploydeck.widgets.text import Line, Span, visible

if TYPE_CHECKING:
    from deploydeck.deck import Deck

_BUILT_IN = frozenset({"policies", "dockerfile", "dockerignore", "env", "settings", "nginx"})
_SHORT = {"proof": "proven", "check-jsonschema": "schema", "terraform-validate": "terraform", "terraform-fmt": "format"}
_DECIDED = (Decision.ACCEPTED, Decision.EDITED)


def file_rows(changes: Sequence[Change], spinner: str = "◌") -> list[Row]:
    """One row a file; `spinner` stands where a checker has still to answer."""
    return [Row(change.file.path, (_name(change), _state(change), _verdict(change.file, spinner))) for change in changes]


def _state(change: Change) -> Span:
    return look("conflict") if change.conflicts and change.state is ChangeState.CHANGED else look(change.state)


def _name(change: Change) -> Line:
    decided = [hunk.decision for hunk in change.hunks]
    if not decided:
        mark: Span = ("  ", "")
    elif all(decision in _DECIDED for decision in decided):
        mark = ("● ", "good")
    elif all(decision is Decision.REJECTED for decision in decided):
        mark = ("✗ ", "bad")
    elif any(decision is not Decision.PENDING for decision in decided):
        mark = ("◐ ", "accent")
    else:
        mark = ("○ ", "dim")
    return (mark, (visible(change.file.path), ""))


def _verdict(file: GeneratedFile, spinner: str) -> Span:
    verdicts = file.verdicts
    findings = sum(len(verdict.findings) for verdict in verdicts)
    if any(verdict.blocking for verdict in verdicts):
        return f"✗ {findings} finding{'s' * (findings != 1)}", "bad"
    if file.waiting:
        return f"{spinner} checking…", "accent"
    if findings:
        return f"! {findings} hint{'s' * (findings != 1)}", "warn"
    absent = [verdict.checker for verdict in verdicts if verdict.state is CheckState.UNAVAILABLE]
    if absent:  # never a pass, whatever the others say; the difference names who did not look
        return "? not checked", "warn"
    passed = [verdict.checker for verdict in verdicts if verdict.state is CheckState.PASSED]
    return (f"✓ {_told(passed)}", "good") if passed else ("", "")


def _told(passed: Sequence[str]) -> str:
    """Who is named in little room: the proof, else the real checker of the format, else the first that looked."""
    outside = [name for name in passed if name not in _BUILT_IN]
    chosen = "proof" if "proof" in passed else (outside or list(passed))[0]
    return _SHORT.get(chosen, chosen)


def summary(title: str, changes: Sequence[Change], written: str, *, undecided: bool = False, undoable: bool = False) -> Line:
    """The line above the files."""
    pending = sum(hunk.decision is Decision.PENDING for change in changes for hunk in change.hunks)
    accepted = sum(hunk.decision in _DECIDED for change in changes for hunk in change.hunks)
    conflicts = sum(len(change.conflicts) for change in changes)
    if written:
        return ((f"✓ {visible(written)}", "good"), (" · 4 deploys · u undoes", ""))
    if not pending and not accepted:
        spans: list[Span] = [
            (visible(title), "strong"),
            (": everything is as it should be on the disk · ", ""),
            ("4", "accent"),
            (" deploys", ""),
        ]
        return (*spans, (" · ", ""), ("u", "accent"), (" undoes the last write", "")) if undoable else tuple(spans)
    spans = [(visible(title), "strong"), (f": {pending} to decide, {accepted} accepted", "")]
    if conflicts:
        spans.append((f", {conflicts} conflict{'s' * (conflicts != 1)}", "warn"))
    if undecided:
        spans += [(" · only undecided, ", "accent"), ("o", "accent"), (" shows all", "")]
    if accepted:
        spans += [(" · ", ""), ("enter", "accent"), (" writes them", "")]
    return tuple(spans)


def finding_lines(checker: str, finding: CheckFinding, offered: Sequence[str]) -> list[Line]:
    """A finding with its reason and its fix as a diff; `offered` are the lines of the file it counts in."""
    lines: list[Line] = [
        ((f"{visible(checker)} {visible(finding.rule)}", "title"), (f"  line {finding.line}", "dim")),
        ((visible(finding.message), "bad" if finding.blocking else "warn"),),
    ]
    if finding.reason:
        lines.append(((visible(finding.reason), ""),))
    if finding.fix:
        lines.append((("x", "accent"), (" applies this fix:", "")))
    for edit in finding.fix:
        gone = offered[edit.line - 1 : edit.line - 1 + edit.count]
        lines += [((f"{edit.line + place:>5} ", "dim"), (f"-{visible(text)}", "removed")) for place, text in enumerate(gone)]
        lines += [(("      ", ""), (f"+{visible(text)}", "added")) for text in edit.lines]
    return lines


def reason_lines(deck: Deck, change: Change, hunk: Hunk | None, line: int) -> list[Line]:
    """Why the line under the cursor is there, else why the hunk is."""
    exact = [reason for reason in change.file.reasons if reason.line == line and line]
    reasons: Sequence[LineReason] = exact or (deck.review.why(change, hunk) if hunk else ())
    heading = f"Why line {line}" if exact else "Why these lines"
    if not reasons and hunk is not None and hunk.added:
        return [((heading, "title"),), (("You put it in, here in the review.", "dim"),)]
    if not reasons:
        return [((heading, "title"),), (("No rule is recorded: it is the form this kind of file always has.", "dim"),)]
    lines: list[Line] = [((heading, "title"),)]
    for reason in reasons:
        lines.append(((f"line {reason.line} ", "dim"), (visible(reason.why), ""), (f"  {visible(reason.rule)}", "dim")))
        for one in reason.evidence:
            lines.append(((f"  {visible(one.where)} ", "accent"), (visible(one.text.strip(), 200), "dim")))
    return lines
