"""A change as rows of a diff, unified or side by side. Pure: no Textual."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deploydeck.domain import Change, Decision, Hunk
from deploydeck.widgets.states import LOOKS
from deploydeck.widgets.text import Line, Span, fit, visible


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One row. `hunk` is the index of its hunk (-1: none). `new_line` is the line in the new file, 0 for none."""

    hunk: int
    tag: str  # "@" header, " " context, "-" removed, "+" added, "~" both sides, "!" finding
    left: str = ""
    right: str = ""
    old_line: int = 0
    new_line: int = 0


def diff_rows(change: Change, *, side_by_side: bool) -> list[DiffRow]:
    """All rows of a change: findings of checkers first, then hunk after hunk."""
    rows = [
        DiffRow(
            -1, "!", f"{verdict.checker} line {finding.line}: {finding.rule} {finding.message}", "bad" if finding.blocking else ""
        )
        for verdict in change.file.verdicts
        for finding in verdict.findings
    ]
    rows += [
        DiffRow(-1, "!", f"{verdict.checker} could not check it: {verdict.reason}")
        for verdict in change.file.verdicts
        if verdict.state == "unavailable"
    ]
    for index, hunk in enumerate(change.hunks):
        glyph, word, _ = LOOKS[hunk.decision]
        where = f"@@ -{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count} @@"
        rows.append(DiffRow(index, "@", f"{where}  hunk {index + 1}/{len(change.hunks)}  {glyph} {word}", hunk.decision))
        tagged = list(_numbered(hunk, index))
        rows += list(_paired(tagged)) if side_by_side else tagged
    return rows


def shown_lines(hunk: Hunk) -> Sequence[str]:
    """The tagged lines of a hunk as it would be written: an edited one against its replacement."""
    if hunk.decision is not Decision.EDITED or hunk.replacement is None:
        return hunk.lines
    old = [line[1:] for line in hunk.lines if line[:1] in (" ", "-")]
    new = list(hunk.replacement)
    lines: list[str] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += [f" {line}" for line in old[i1:i2]]
        else:
            lines += [f"-{line}" for line in old[i1:i2]] + [f"+{line}" for line in new[j1:j2]]
    return lines


def _numbered(hunk: Hunk, index: int) -> Iterator[DiffRow]:
    old, new = max(hunk.old_start, 1), max(hunk.new_start, 1)
    for line in shown_lines(hunk):
        tag, text = line[:1], line[1:]
        if tag == "-":
            yield DiffRow(index, "-", text, "", old, 0)
            old += 1
        elif tag == "+":
            yield DiffRow(index, "+", "", text, 0, new)
            new += 1
        else:
            yield DiffRow(index, " ", text, text, old, new)
            old, new = old + 1, new + 1


def _paired(rows: Sequence[DiffRow]) -> Iterator[DiffRow]:
    removed: list[DiffRow] = []
    added: list[DiffRow] = []

    def flush() -> Iterator[DiffRow]:
        for position in range(max(len(removed), len(added))):
            left = removed[position] if position < len(removed) else None
            right = added[position] if position < len(added) else None
            some = left or right
            assert some is not None
            yield DiffRow(
                some.hunk,
                "~",
                left.left if left else "",
                right.right if right else "",
                left.old_line if left else 0,
                right.new_line if right else 0,
            )
        removed.clear()
        added.clear()

    for row in rows:
        if row.tag == "-":
            removed.append(row)
        elif row.tag == "+":
            added.append(row)
        else:
            yield from flush()
            yield row
    yield from flush()


def unified_line(row: DiffRow) -> Line:
    """A row of the unified view: old and new line number, the tag, the text."""
    special = _special(row)
    if special is not None:
        return special
    style = {"-": "removed", "+": "added"}.get(row.tag, "")
    text = row.left if row.tag == "-" else row.right
    return ((f"{_number(row.old_line)} {_number(row.new_line)} ", "dim"), (f"{row.tag}{visible(text)}", style))


def split_line(row: DiffRow, width: int) -> Line:
    """A row of the side-by-side view in `width` cells."""
    special = _special(row)
    if special is not None:
        return special
    half = max((width - 1) // 2, 12)
    left_style = "removed" if row.tag == "~" and row.old_line else ""
    right_style = "added" if row.tag == "~" and row.new_line else ""
    left_mark = "-" if left_style else " "
    right_mark = "+" if right_style else " "
    left = fit(f"{left_mark}{visible(row.left)}" if row.old_line else "", half - 5)
    right = fit(f"{right_mark}{visible(row.right)}" if row.new_line else "", half - 5)
    spans: list[Span] = [(f"{_number(row.old_line)} ", "dim"), (left, left_style), ("│", "dim")]
    return (*spans, (f"{_number(row.new_line)} ", "dim"), (right, right_style))


def _special(row: DiffRow) -> Line | None:
    if row.tag == "@":
        return ((visible(row.left), LOOKS[row.right][2] if row.right != "pending" else "title"),)
    if row.tag == "!":
        return (("✗ " if row.right else "! ", "bad" if row.right else "warn"), (visible(row.left), ""))
    return None


def _number(line: int) -> str:
    return f"{line:>4}" if line else "    "
