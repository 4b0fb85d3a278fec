"""Version ranges of both ecosystems in one small reader: PEP 440 clauses, Poetry carets, npm comparators."""

from __future__ import annotations

import re
from collections.abc import Sequence

Version = tuple[int, ...]

_CLAUSE = re.compile(r"(===|==|~=|!=|>=|<=|\^|~>|~|>|<|=)?\s{0,20}v?(\d{1,9}(?:\.(?:\d{1,9}|[*xX])){0,5}|[*xX])[^\s,|]{0,64}")
_VERSION = re.compile(r"v?(\d{1,9}(?:\.\d{1,9}){0,3})")
_HYPHEN = re.compile(r"^\s*v?(\d[\d.]{0,30})\s+-\s+v?(\d[\d.]{0,30})\s*$")
_MAX_LENGTH = 300


def parse_version(text: str) -> Version | None:
    """The leading release numbers of a version, or None: "v20.11.1" is (20, 11, 1)."""
    match = _VERSION.match(text.strip())
    return tuple(int(part) for part in match[1].split(".")) if match else None


def is_exact(text: str) -> bool:
    """Whether the text names one version line ("3.12", "20.11.1"), not a range."""
    return bool(_VERSION.fullmatch(text.strip()))


def satisfies(version: Version, expression: str) -> bool:
    """Whether some release of the line `version` lies in the range. `(3, 12)` satisfies ">=3.12.4": a later 3.12 does."""
    if len(expression) > _MAX_LENGTH:
        return False
    return any(_satisfies_all(version, part) for part in expression.split("||"))


def newest(candidates: Sequence[str], expression: str) -> str | None:
    """The first candidate (given newest first) that satisfies the range."""
    return next((text for text in candidates if (version := parse_version(text)) and satisfies(version, expression)), None)


def _satisfies_all(version: Version, text: str) -> bool:
    hyphen = _HYPHEN.match(text)
    if hyphen:
        text = f">={hyphen[1]} <={hyphen[2]}"
    clauses = list(_CLAUSE.finditer(text))
    if not clauses:
        return text.strip() in {"", "*", "x", "latest"}
    return all(_clause(version, match[1] or "", match[2]) for match in clauses)


def _clause(version: Version, operator: str, text: str) -> bool:
    parts = text.split(".")
    numbers = tuple(int(part) for part in parts[: next((i for i, part in enumerate(parts) if not part.isdigit()), len(parts))])
    if not numbers:
        return True
    width = min(len(version), len(numbers))
    short = version[:width]
    wanted = numbers[:width]
    match operator:
        case ">=":
            return short >= wanted
        case ">":
            # ">3.11" leaves out the line 3.11 itself only when the version is no more precise than that
            return short > wanted or (short == wanted and len(version) < len(numbers))
        case "<=":
            return short <= wanted
        case "<":
            return short < wanted or (short == wanted and len(numbers) > len(version) and any(numbers[width:]))
        case "!=":
            return short != wanted or len(version) < len(numbers)
        case "^":
            lead = next((index for index, number in enumerate(numbers) if number), len(numbers) - 1)
            return version[: lead + 1] == numbers[: min(lead + 1, len(version))] and short >= wanted
        case "~=" | "~>":  # all but the last number stand: "~> 3.3" of Ruby and Elixir allows 3.4
            return short[: max(len(numbers) - 1, 1)] == wanted[: max(len(numbers) - 1, 1)] and short >= wanted
        case "~":
            fixed = min(2, len(numbers))
            return short[:fixed] == wanted[:fixed] and short >= wanted
        case _:
            return short == wanted
