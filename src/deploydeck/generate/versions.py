"""Which runtime image series fits what a project asks for (`>=3.11,<3.14`, `^22`, `20.x`, `lts/jod`, `v22.3.0`)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deploydeck.generate.stacks.base import Stack

_ANY = frozenset({"", "*", "x", "latest", "current", "stable", "lts", "lts/*", "default"})
_COMPARATOR = re.compile(
    r"(>=|<=|===|==|~=|!=|\^|~|>|<|=)?\s*v?(\d{1,4}(?:\.(?:\d{1,6}|[xX*])){0,3})(?:[-+a-z][0-9A-Za-z.+-]{0,40})?"
)
_SEPARATORS = re.compile(r"[\s,]+")


def choose_series(stack: Stack, requirement: str) -> str | None:
    """The image series for a requirement: the default when it fits, else the newest that does, else None."""
    wanted = requirement.strip().lower().removeprefix(f"{stack.id}-").strip()
    if wanted in _ANY or wanted == stack.id:
        return stack.default_series
    if wanted.startswith("lts/"):
        return stack.series_aliases.get(wanted.removeprefix("lts/"))
    fitting = [series for series in stack.series if _fits(wanted, series)]
    if stack.default_series in fitting:
        return stack.default_series
    return fitting[-1] if fitting else stack.series_aliases.get(wanted) or stack.series_aliases.get(re.split(r"\D", wanted)[0])


def _fits(requirement: str, series: str) -> bool:
    return any(_fits_all(part.strip(), tuple(int(n) for n in series.split("."))) for part in requirement.split("||"))


def _fits_all(requirement: str, series: tuple[int, ...]) -> bool:
    if " - " in requirement:
        low, _, high = requirement.partition(" - ")
        requirement = f">={low.strip()} <={high.strip()}"
    position, found = 0, False
    while position < len(requirement):
        gap = _SEPARATORS.match(requirement, position)
        if gap:
            position = gap.end()
            continue
        match = _COMPARATOR.match(requirement, position)
        if match is None:
            return False
        found = True
        if not _compare(match[1] or "=", _numbers(match[2]), series):
            return False
        position = match.end()
    return found


def _numbers(text: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in text.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


def _compare(operator: str, wanted: tuple[int, ...], series: Sequence[int]) -> bool:
    """Whether some patch release of the series satisfies one comparator."""
    size = min(len(wanted), len(series))
    head, ours = wanted[:size], tuple(series[:size])
    if operator in ("=", "==", "==="):
        return ours == head
    if operator == "!=":
        return ours != head or len(wanted) > len(series)
    if operator == ">=":
        return ours >= head
    if operator == ">":
        return ours > head or (ours == head and len(wanted) > len(series))
    if operator == "<=":
        return ours <= head
    if operator == "<":
        return ours < head
    if operator == "~=":  # the last number may grow (PEP 440): ~=3.11 means 3.x from 3.11, ~=3.11.2 means 3.11.x
        return ours >= head and ours[: len(wanted) - 1] == head[: len(wanted) - 1]
    if operator == "~":
        return ours == head
    return ours >= head and ours[0] == wanted[0]  # ^
