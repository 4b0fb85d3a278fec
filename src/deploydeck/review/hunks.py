"""Differences between two texts as hunks, and back: any subset of accepted hunks gives a whole, valid text.

Lines are split at "\\n" only and keep it, so that nothing (a form feed, a lone CR, a missing last newline) is lost on the way.
"""

from __future__ import annotations

import difflib
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deploydeck.domain import Decision, Hunk

CONTEXT = 3
MAX_COMPARED = 3_000
"""Changed regions longer than this many lines are shown as one replacement: difflib is quadratic in the worst case."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of the old text that become lines of the new one. A conflict also knows what the last generated version had there."""

    old: Range
    new: Range
    conflict: bool = False
    base: tuple[str, ...] = ()


def split(text: str) -> list[str]:
    """Lines with their newline; the last may lack it."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def pieces(before: Sequence[str], after: Sequence[str]) -> list[Piece]:
    """What differs between two lists of lines, in order. Equal ends are cut off first, so that the costly part is small."""
    head, tail = alike(before, after)
    old_middle, new_middle = before[head : len(before) - tail], after[head : len(after) - tail]
    if not old_middle and not new_middle:
        return []
    if len(old_middle) > MAX_COMPARED or len(new_middle) > MAX_COMPARED:
        return [Piece((head, head + len(old_middle)), (head, head + len(new_middle)))]
    opcodes = difflib.SequenceMatcher(None, old_middle, new_middle, autojunk=False).get_opcodes()
    return [Piece((head + i1, head + i2), (head + j1, head + j2)) for tag, i1, i2, j1, j2 in opcodes if tag != "equal"]


def alike(one: Sequence[str], other: Sequence[str]) -> tuple[int, int]:
    """How many lines two lists begin with alike, and how many of the rest they end with alike."""
    limit = min(len(one), len(other))
    head = 0
    while head < limit and one[head] == other[head]:
        head += 1
    tail = 0
    while tail < limit - head and one[len(one) - 1 - tail] == other[len(other) - 1 - tail]:
        tail += 1
    return head, tail


def hunks(path: str, old: str, new: str) -> tuple[Hunk, ...]:
    """The hunks that turn `old` into `new`, with three lines of context, never overlapping."""
    before, after = split(old), split(new)
    return hunks_of(path, before, after, pieces(before, after))


def hunks_of(path: str, before: Sequence[str], after: Sequence[str], changed: Sequence[Piece]) -> tuple[Hunk, ...]:
    """The same for pieces that are known. A conflict is a hunk of its own."""
    seen: Counter[str] = Counter()
    found: list[Hunk] = []
    for group, above, below in _grouped(changed, len(before)):
        old = (group[0].old[0] - above, group[-1].old[1] + below)
        new = (group[0].new[0] - above, group[-1].new[1] + below)
        lines: list[str] = []
        position = old[0]
        for piece in group:
            lines += _tagged(" ", before[position : piece.old[0]])
            lines += _changed(before[slice(*piece.old)], after[slice(*piece.new)])
            position = piece.old[1]
        lines += _tagged(" ", before[position : old[1]])
        conflict = any(piece.conflict for piece in group)
        base = tuple(line.removesuffix("\n") for piece in group for line in piece.base)
        name = hunk_key(path, lines, base if conflict else None)
        seen[name] += 1
        found.append(
            Hunk(
                key=name if seen[name] == 1 else f"{name}-{seen[name]}",
                old_start=_start(old),
                old_count=old[1] - old[0],
                new_start=_start(new),
                new_count=new[1] - new[0],
                lines=tuple(lines),
                conflict=conflict,
                base=base,
            )
        )
    return tuple(found)


def hunk_key(path: str, lines: Sequence[str], base: Sequence[str] | None = None) -> str:
    """The name of a hunk: what it changes, not where. Lines with another base (a conflict) are another hunk."""
    changed = [line for line in lines if not line.startswith(" ")]
    if base is not None:
        changed += ["\0conflict", *base]
    text = "\n".join(changed)
    return hashlib.sha256(f"{path}\0{text}".encode("utf-8", "surrogateescape")).hexdigest()[:12]


def old_range(hunk: Hunk) -> Range:
    """Where a hunk lies in the old text, from 0, the end not included."""
    start = hunk.old_start - 1 if hunk.old_count else hunk.old_start
    return start, start + hunk.old_count


def new_range(hunk: Hunk) -> Range:
    """Where a hunk lies in the new text, from 0, the end not included."""
    start = hunk.new_start - 1 if hunk.new_count else hunk.new_start
    return start, start + hunk.new_count


def merged(old: str, new: str, decided: Sequence[Hunk]) -> str:
    """`old` with the accepted and edited hunks in it. Raises ValueError when the hunks are not those of these two texts, in order.

    An edited hunk's replacement stands for its whole new side, context included; it ends with a newline when the new side does.
    """
    before, after = split(old), split(new)
    result: list[str] = []
    old_at = new_at = 0
    for hunk in decided:
        old_start, old_end = old_range(hunk)
        new_start, new_end = new_range(hunk)
        _same(before[old_at:old_start], after[new_at:new_start])
        result += before[old_at:old_start]
        if hunk.decision is Decision.ACCEPTED:
            result += after[new_start:new_end]
        elif hunk.decision is Decision.EDITED and hunk.replacement is not None:
            result += _ended([line + "\n" for line in hunk.replacement], after[new_start:new_end], old_end == len(before))
        else:
            result += before[old_start:old_end]
        old_at, new_at = old_end, new_end
    _same(before[old_at:], after[new_at:])
    return "".join(result + before[old_at:])


def _same(one: list[str], other: list[str]) -> None:
    if one != other:
        raise ValueError("these hunks belong to another comparison")


def _ended(lines: list[str], new_side: list[str], last: bool) -> list[str]:
    """Only the end of a file may lack its newline, and only when the new text lacks it."""
    if last and lines and new_side and not new_side[-1].endswith("\n"):
        lines[-1] = lines[-1].removesuffix("\n")
    return lines


def _start(lines: Range) -> int:
    return lines[0] + 1 if lines[1] > lines[0] else lines[0]


def _tagged(tag: str, lines: Sequence[str]) -> list[str]:
    return [tag + line.removesuffix("\n") for line in lines]


def _changed(gone: Sequence[str], come: Sequence[str]) -> list[str]:
    """Both sides of a piece; what they begin and end with alike is no difference (in a conflict it can be)."""
    head, tail = alike(gone, come)
    return [
        *_tagged(" ", gone[:head]),
        *_tagged("-", gone[head : len(gone) - tail]),
        *_tagged("+", come[head : len(come) - tail]),
        *_tagged(" ", gone[len(gone) - tail :]),
    ]


def _grouped(changed: Sequence[Piece], lines: int) -> Iterator[tuple[list[Piece], int, int]]:
    """Pieces that are shown together, with the lines of context above and below; neighbours share what lies between them."""
    groups: list[list[Piece]] = []
    for piece in changed:
        last = groups[-1][-1] if groups else None
        near = last is not None and piece.old[0] - last.old[1] <= 2 * CONTEXT
        if last is not None and near and not piece.conflict and not last.conflict:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    taken = 0  # lines of the old text that belong to hunks so far
    for index, group in enumerate(groups):
        above = min(CONTEXT, group[0].old[0] - taken)
        end = group[-1].old[1]
        room = (groups[index + 1][0].old[0] if index + 1 < len(groups) else lines) - end
        below = min(CONTEXT, room if index + 1 == len(groups) else (room + 1) // 2)
        taken = end + below
        yield group, above, below
