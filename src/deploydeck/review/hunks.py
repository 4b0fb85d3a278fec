"""Differences between two texts as hunks, and back: any subset of accepted hunks gives a whole, valid text.

Lines are split at "\\n" only and keep it, so that nothing (a form feed, a lone CR, a missing last newline) is lost on the way.
"""

from __future__ import annotations

import difflib
import hashlib
from collections import Counter
from collections.abc import Sequence

from deploydeck.domain import Decision, Hunk

CONTEXT = 3
MAX_COMPARED = 3_000
"""Changed regions longer than this many lines are shown as one replacement: difflib is quadratic in the worst case."""


def split(text: str) -> list[str]:
    """Lines with their newline; the last may lack it."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def hunks(path: str, old: str, new: str) -> tuple[Hunk, ...]:
    """The hunks that turn `old` into `new`, with three lines of context, never overlapping."""
    before, after = split(old), split(new)
    seen: Counter[str] = Counter()
    found: list[Hunk] = []
    for group in _groups(before, after):
        old_start, old_end, new_start, new_end = group[0][1], group[-1][2], group[0][3], group[-1][4]
        lines: list[str] = []
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                lines += [" " + line.removesuffix("\n") for line in before[i1:i2]]
            else:
                lines += ["-" + line.removesuffix("\n") for line in before[i1:i2]]
                lines += ["+" + line.removesuffix("\n") for line in after[j1:j2]]
        changed = "\n".join(line for line in lines if not line.startswith(" "))
        name = hashlib.sha256(f"{path}\0{changed}".encode("utf-8", "surrogateescape")).hexdigest()[:12]
        seen[name] += 1
        found.append(
            Hunk(
                key=name if seen[name] == 1 else f"{name}-{seen[name]}",
                old_start=old_start + 1 if old_end > old_start else 0,
                old_count=old_end - old_start,
                new_start=new_start + 1 if new_end > new_start else 0,
                new_count=new_end - new_start,
                lines=tuple(lines),
            )
        )
    return tuple(found)


def merged(old: str, new: str, decided: Sequence[Hunk]) -> str:
    """`old` with the accepted and edited hunks in it. The hunks must be those of these two texts, in order.

    An edited hunk's replacement stands for its whole new side, context included; it ends with a newline when the new side does.
    """
    before, after = split(old), split(new)
    groups = _groups(before, after)
    if len(groups) != len(decided):
        raise ValueError("these hunks belong to another comparison")
    result: list[str] = []
    position = 0
    for group, hunk in zip(groups, decided, strict=True):
        old_start, old_end, new_start, new_end = group[0][1], group[-1][2], group[0][3], group[-1][4]
        result += before[position:old_start]
        if hunk.decision is Decision.ACCEPTED:
            result += after[new_start:new_end]
        elif hunk.decision is Decision.EDITED and hunk.replacement is not None:
            result += _ended([line + "\n" for line in hunk.replacement], after[new_start:new_end], old_end == len(before))
        else:
            result += before[old_start:old_end]
        position = old_end
    result += before[position:]
    return "".join(result)


def _ended(lines: list[str], new_side: list[str], last: bool) -> list[str]:
    """Only the end of a file may lack its newline, and only when the new text lacks it."""
    if last and lines and new_side and not new_side[-1].endswith("\n"):
        lines[-1] = lines[-1].removesuffix("\n")
    return lines


Opcode = tuple[str, int, int, int, int]


def _groups(before: list[str], after: list[str]) -> list[list[Opcode]]:
    """Opcodes in groups with context; equal ends are cut off first, so that the costly part is small."""
    head = 0
    limit = min(len(before), len(after))
    while head < limit and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < limit - head and before[len(before) - 1 - tail] == after[len(after) - 1 - tail]:
        tail += 1
    old_middle, new_middle = before[head : len(before) - tail], after[head : len(after) - tail]
    if not old_middle and not new_middle:
        return []
    if len(old_middle) > MAX_COMPARED or len(new_middle) > MAX_COMPARED:
        inner: list[Opcode] = [("replace", 0, len(old_middle), 0, len(new_middle))]
    else:
        inner = list(difflib.SequenceMatcher(None, old_middle, new_middle, autojunk=False).get_opcodes())
    opcodes = [("equal", 0, head, 0, head)] if head else []
    opcodes += [(tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in inner]
    if tail:
        opcodes.append(("equal", len(before) - tail, len(before), len(after) - tail, len(after)))
    return _grouped(opcodes)


def _grouped(opcodes: list[Opcode]) -> list[list[Opcode]]:
    groups: list[list[Opcode]] = [[]]
    for index, (tag, i1, i2, j1, j2) in enumerate(opcodes):
        if tag != "equal":
            groups[-1].append((tag, i1, i2, j1, j2))
            continue
        first, last, size = index == 0, index == len(opcodes) - 1, i2 - i1
        if first or last:
            keep = min(CONTEXT, size)
            part: Opcode = ("equal", i2 - keep, i2, j2 - keep, j2) if first else ("equal", i1, i1 + keep, j1, j1 + keep)
            if keep:
                groups[-1].append(part)
        elif size > 2 * CONTEXT:
            groups[-1].append(("equal", i1, i1 + CONTEXT, j1, j1 + CONTEXT))
            groups.append([("equal", i2 - CONTEXT, i2, j2 - CONTEXT, j2)])
        else:
            groups[-1].append(("equal", i1, i2, j1, j2))
    return [group for group in groups if any(tag != "equal" for tag, *_ in group)]
