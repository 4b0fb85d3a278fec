"""A change as rows of a diff, unified or side by side. Pure: no Textual."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from deploydeck.domain import Change, CheckFinding, CheckState, Decision, Hunk
from deploydeck.widgets.highlight import differing, spans
from deploydeck.widgets.states import LOOKS
from deploydeck.widgets.text import Line, Span, fit, visible

MAX_COMPARED = 400
"""An edited hunk with more lines than this is shown as one replacement: this runs while the screen waits."""


class DiffRow(NamedTuple):
    """One row; a tuple, for there may be ten thousand. `hunk` is the index of its hunk (-1: none).

    `new_line` is the line in the file as it is offered, `source_line` in the generated one; 0 for none. `other` is the text on the
    other side of a changed line. `finding` is the index of a checker's finding in the file (-1: none).
    """

    hunk: int
    tag: str  # "@" header, " " context, "-" removed, "+" added, "~" both sides, "!" checker, "#" heading, "=" last generated
    left: str = ""
    right: str = ""
    old_line: int = 0
    new_line: int = 0
    source_line: int = 0
    other: str = ""
    finding: int = -1


def findings_of(change: Change) -> list[tuple[str, CheckFinding]]:
    """Every finding on a file with its checker, in the order that `DiffRow.finding` counts."""
    return [(verdict.checker, finding) for verdict in change.file.verdicts for finding in verdict.findings]


def diff_rows(change: Change, *, side_by_side: bool) -> list[DiffRow]:
    """All rows of a change: what checkers say of the whole file, then hunk after hunk with each finding below its line."""
    at_line: defaultdict[int, list[DiffRow]] = defaultdict(list)
    for index, (checker, finding) in enumerate(findings_of(change)):
        fix = "  x fixes it" if finding.fix else ""
        at_line[finding.line].append(
            DiffRow(
                -1, "!", f"{checker} {finding.rule}: {finding.message}{fix}", "bad" if finding.blocking else "warn",
                new_line=finding.line, finding=index,
            )
        )  # fmt: skip
    body: list[DiffRow] = []
    grown = 0
    for index, hunk in enumerate(change.hunks):
        body.append(_header(change, hunk, index))
        edited = hunk.decision is Decision.EDITED and hunk.replacement is not None
        rows = list(_numbered(hunk, index, grown, edited=edited))
        if hunk.conflict and not edited:
            body += _conflict(rows, hunk, side_by_side=side_by_side)
        else:
            body += _paired(rows) if side_by_side else _partnered(rows)
        if edited and hunk.replacement is not None:
            grown += len(hunk.replacement) - hunk.new_count
    placed: list[DiffRow] = []
    for row in body:
        placed.append(row)
        for note in at_line.pop(row.new_line, ()) if row.new_line else ():
            placed.append(note._replace(hunk=row.hunk))
    elsewhere = [
        note._replace(left=f"line {note.new_line}: {note.left}", new_line=0) for line in sorted(at_line) for note in at_line[line]
    ]
    return [*_verdicts(change), *elsewhere, *placed]


def _verdicts(change: Change) -> Iterator[DiffRow]:
    """What checkers say of the file as a whole: who could not look, who still does, and what a proof came to."""
    for verdict in change.file.verdicts:
        if verdict.state is CheckState.UNAVAILABLE:
            yield DiffRow(-1, "!", f"{verdict.checker} could not check it: {verdict.reason}", "warn")
        elif verdict.state is CheckState.WAITING:
            yield DiffRow(-1, "!", f"{verdict.checker} is checking it…", "waiting")
        elif verdict.state is CheckState.PASSED and verdict.reason:
            yield DiffRow(-1, "!", f"{verdict.checker}: {verdict.reason}", "good")
        elif verdict.reason:
            yield DiffRow(-1, "!", f"{verdict.checker}: {verdict.reason}", "warn")


def _header(change: Change, hunk: Hunk, index: int) -> DiffRow:
    glyph, word, _ = LOOKS[hunk.decision]
    where = f"@@ -{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count} @@"
    what = f"  {LOOKS['conflict'][0]} conflict" if hunk.conflict else "  put in here" if hunk.added else ""
    look = "conflict" if hunk.conflict and hunk.decision is Decision.PENDING else hunk.decision.value
    return DiffRow(index, "@", f"{where}  hunk {index + 1}/{len(change.hunks)}{what}  {glyph} {word}", look)


def shown_lines(hunk: Hunk) -> Sequence[str]:
    """The tagged lines of a hunk as it would be written: an edited one against its replacement."""
    if hunk.decision is not Decision.EDITED or hunk.replacement is None:
        return hunk.lines
    old = [line[1:] for line in hunk.lines if line[:1] in (" ", "-")]
    new = list(hunk.replacement)
    if len(old) > MAX_COMPARED or len(new) > MAX_COMPARED:
        return [f"-{line}" for line in old] + [f"+{line}" for line in new]
    lines: list[str] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += [f" {line}" for line in old[i1:i2]]
        else:
            lines += [f"-{line}" for line in old[i1:i2]] + [f"+{line}" for line in new[j1:j2]]
    return lines


def _numbered(hunk: Hunk, index: int, grown: int, *, edited: bool) -> Iterator[DiffRow]:
    old = hunk.old_start if hunk.old_count else hunk.old_start + 1
    new = hunk.new_start if hunk.new_count else hunk.new_start + 1
    for line in shown_lines(hunk):
        tag, text = line[:1], line[1:]
        source = 0 if edited else new
        if tag == "-":
            yield DiffRow(index, "-", text, "", old)
            old += 1
        elif tag == "+":
            yield DiffRow(index, "+", "", text, 0, new + grown, source)
            new += 1
        else:
            yield DiffRow(index, " ", text, text, old, new + grown, source)
            old, new = old + 1, new + 1


def _partnered(rows: Sequence[DiffRow]) -> Iterator[DiffRow]:
    """Unified rows; removed and added lines that follow each other know their opposite, the first the first and so on."""
    for removed, added, row in _blocks(rows):
        pairs = min(len(removed), len(added))
        for place, one in enumerate(removed):
            yield one._replace(other=added[place].right) if place < pairs else one
        for place, one in enumerate(added):
            yield one._replace(other=removed[place].left) if place < pairs else one
        if row is not None:
            yield row


def _paired(rows: Sequence[DiffRow]) -> Iterator[DiffRow]:
    for removed, added, row in _blocks(rows):
        for place in range(max(len(removed), len(added))):
            left = removed[place] if place < len(removed) else None
            right = added[place] if place < len(added) else None
            some = left or right
            assert some is not None
            yield DiffRow(
                some.hunk,
                "~",
                left.left if left else "",
                right.right if right else "",
                left.old_line if left else 0,
                right.new_line if right else 0,
                right.source_line if right else 0,
            )
        if row is not None:
            yield row


def _blocks(rows: Sequence[DiffRow]) -> Iterator[tuple[list[DiffRow], list[DiffRow], DiffRow | None]]:
    """Runs of removed and added lines, each with the line of context behind it."""
    removed: list[DiffRow] = []
    added: list[DiffRow] = []
    for row in rows:
        if row.tag == "-":
            removed.append(row)
        elif row.tag == "+":
            added.append(row)
        else:
            yield removed, added, row
            removed, added = [], []
    yield removed, added, None


def _conflict(rows: Sequence[DiffRow], hunk: Hunk, *, side_by_side: bool) -> Iterator[DiffRow]:
    """A conflict with both sides and what both began with."""
    index = rows[0].hunk if rows else 0
    changed = [place for place, row in enumerate(rows) if row.tag != " "]
    first, last = (changed[0], changed[-1] + 1) if changed else (0, 0)
    yield from rows[:first]
    if hunk.base:
        yield DiffRow(index, "#", "as it was generated last time")
        yield from (DiffRow(index, "=", line, line) for line in hunk.base)
    middle = rows[first:last]
    if side_by_side:
        yield DiffRow(index, "#", "yours at the left, r keeps it · generated at the right, a takes it")
        yield from _paired(middle)
    else:
        partnered = list(_partnered(middle))
        yield DiffRow(index, "#", "yours, on the disk · r keeps it")
        yield from (row for row in partnered if row.tag == "-")
        yield DiffRow(index, "#", "generated now · a takes it")
        yield from (row for row in partnered if row.tag == "+")
    yield from rows[last:]


def unified_line(row: DiffRow, kind: str = "") -> Line:
    """A row of the unified view: old and new line number, the tag, the text in the colours of its kind of file."""
    special = _special(row)
    if special is not None:
        return special
    numbers: Span = (f"{_number(row.old_line)} {_number(row.new_line)} ", "dim")
    if row.tag == "-":
        return (numbers, ("-", "removed"), *_side(row.left, row.other, kind, removed=True))
    if row.tag == "+":
        return (numbers, ("+", "added"), *_side(row.right, row.other, kind, removed=False))
    return (numbers, (" ", ""), *spans(visible(row.right), "", kind))


def split_line(row: DiffRow, width: int, kind: str = "") -> Line:
    """A row of the side-by-side view in `width` cells."""
    special = _special(row)
    if special is not None:
        return special
    half = max((width - 1) // 2, 12) - 5
    changed = row.tag == "~"
    left: list[Span] = [(" " * half, "")]
    right: list[Span] = [(" " * half, "")]
    if row.old_line:
        plain = _side(row.left, row.right, kind, removed=True) if changed else spans(visible(row.left), "", kind)
        left = _fitted([("-", "removed") if changed else (" ", ""), *plain], half)
    if row.new_line:
        plain = _side(row.right, row.left, kind, removed=False) if changed else spans(visible(row.right), "", kind)
        right = _fitted([("+", "added") if changed else (" ", ""), *plain], half)
    return ((f"{_number(row.old_line)} ", "dim"), *left, ("│", "dim"), (f"{_number(row.new_line)} ", "dim"), *right)


def row_text(row: DiffRow) -> str:
    """What a row says, without numbers and colours: for searching and copying."""
    return f"{row.left} {row.right}" if row.tag == "~" else row.right if row.tag == "+" else row.left


def _side(text: str, other: str, kind: str, *, removed: bool) -> list[Span]:
    """One side of a changed line: what goes stays in one colour, what comes is read in the colours of its kind."""
    here = visible(text)
    gone, come = differing(here, visible(other)) if removed else differing(visible(other), here)
    return spans(here, "removed", "", gone) if removed else spans(here, "added", kind, come)


def _fitted(line: Sequence[Span], width: int) -> list[Span]:
    """Spans in exactly `width` cells."""
    from rich.cells import cell_len

    result: list[Span] = []
    left = width
    for place, (text, style) in enumerate(line):
        size = cell_len(text)
        if size > left or (size == left and any(rest for rest, _ in line[place + 1 :])):
            result.append((fit(text + " ", left), style))
            return result
        result.append((text, style))
        left -= size
    result.append((" " * left, ""))
    return result


_NOTES = {"bad": "✗ ", "warn": "! ", "good": "✓ ", "waiting": "◌ "}


def _special(row: DiffRow) -> Line | None:
    if row.tag == "@":
        return ((visible(row.left), LOOKS[row.right][2] if row.right != "pending" else "title"),)
    if row.tag == "!":
        where = " " * 10 if row.new_line else ""
        style = "accent" if row.right == "waiting" else row.right
        return ((where, ""), (_NOTES[row.right], style), (visible(row.left), "" if row.right == "good" else style))
    if row.tag == "#":
        return ((" " * 10, ""), (f"── {row.left}", "title"))
    if row.tag == "=":
        return ((" " * 10, ""), (f"│{visible(row.left)}", "dim"))
    return None


def _number(line: int) -> str:
    return f"{line:>4}" if line else "    "
