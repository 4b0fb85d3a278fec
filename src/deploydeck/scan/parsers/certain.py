"""What every match of a pattern certainly contains: looking for a word first is many times faster than trying the pattern."""

from __future__ import annotations

import re
from functools import cache

_REPEATED = frozenset("?*+{")


@cache
def certain_text(pattern: re.Pattern[str]) -> str:
    """The longest text that stands in every match of a pattern; "" when there is none or it cannot be told easily.

    Groups, sets, classes and alternatives are passed over: what is found stands between them.
    """
    written = pattern.pattern
    if pattern.flags & (re.IGNORECASE | re.VERBOSE):
        return ""
    runs, at = [""], 0
    while at < len(written):
        character, start = written[at], at
        if character == "|":
            return ""  # an alternative to all of it
        literal = ""
        if character == "\\":
            at += 2
            literal = written[start + 1] if not written[start + 1].isalnum() else ""
        elif character in "([":
            at = _end(written, at)
        else:
            at += 1
            literal = character if character not in "^$." else ""
        repeated = written[at] if at < len(written) and written[at] in _REPEATED else ""
        if repeated == "{":
            least = written[at + 1 : written.index("}", at)].partition(",")[0]
            at = written.index("}", at) + 1
            literal = literal if least.isdigit() and int(least) else ""
        elif repeated:
            at += 1
            literal = literal if repeated == "+" else ""
        if repeated and at < len(written) and written[at] in "?+":
            at += 1  # lazy or possessive
        runs[-1] += literal
        if repeated or not literal:
            runs.append("")
    return max(runs, key=len)


def _end(written: str, at: int) -> int:
    """Where the group or set that begins at `at` has ended."""
    depth, inside = 0, False
    while at < len(written):
        character = written[at]
        if character == "\\":
            at += 1
        elif inside:
            inside = character != "]"
        elif character == "[":
            inside = True
            at += written[at + 1 : at + 2] == "^"
            at += written[at + 1 : at + 2] == "]"  # a bracket that stands first is meant
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        at += 1
        if depth == 0 and not inside:
            break
    return at
