"""Which log lines are wanted: by pattern, by level, by time."""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from deploydeck.domain import DeployDeckError, Level, LogLine, utc_now
from deploydeck.store.logs import looks_like_error

SEARCHED_CHARACTERS = 4096
"""How much of a line a pattern sees: bounds what a pattern of polynomial cost can take."""
SLOWEST_LINE_S = 1.0

_ORDER = {level: place for place, level in enumerate(Level)}
_WARNING = re.compile(r"(?<![A-Za-z0-9/_.-])(?:[Ww]arn(?:ing)?|WARN(?:ING)?|[Dd]eprecat(?:ed|ion))(?![A-Za-z0-9]|[./_-]\w)")
_DEBUG = re.compile(r"(?<![A-Za-z0-9/_.-])(?:[Dd]ebug|DEBUG|[Tt]race|TRACE|[Vv]erbose|VERBOSE)(?![A-Za-z0-9]|[./_-]\w)")
_SPECIAL = frozenset(r"\.^$*+?{}[]|()")
_PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(s|m|h|d|w)")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def parse_since(text: str, *, now: datetime | None = None) -> datetime:
    """A moment from `90s`, `10m`, `1h30m`, `2d`, `1w` (ago) or ISO 8601; without a zone it is local time.

    Raises DeployDeckError `since-invalid`.
    """
    now = now or utc_now()
    compact = text.strip().lower()
    parts = _PART.findall(compact)
    try:
        if parts and "".join(f"{number}{unit}" for number, unit in parts) == compact:
            return now - timedelta(seconds=sum(float(number) * _UNIT_S[unit] for number, unit in parts))
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise DeployDeckError(
            "since-invalid",
            f"{text!r} is neither a duration nor a time.",
            hint="Write 30s, 10m, 2h, 1d or a time such as 2026-03-01T12:00.",
        ) from None


def level_of(line: LogLine) -> Level:
    """The level a line claims by the words that programs use; information when it says nothing."""
    text = line.text[:SEARCHED_CHARACTERS]
    if looks_like_error(text):
        return Level.ERROR
    if _WARNING.search(text):
        return Level.WARNING
    return Level.DEBUG if _DEBUG.search(text) else Level.INFO


class LineFilter:
    """Whether a line is wanted. Build once, ask for many lines, off the event loop.

    `grep` is a regular expression (searched anywhere in the first 4096 characters; a plain text is searched as such), `level` the
    lowest level wanted, `invert` turns the pattern around. Raises DeployDeckError `grep-invalid` for what is no pattern and
    `grep-costly` for one that could run for ever on some line.
    """

    def __init__(
        self, grep: str | None = None, *, level: Level | None = None, invert: bool = False, ignore_case: bool = False
    ) -> None:
        self._found = _searcher(grep, ignore_case) if grep else None
        self._lowest = _ORDER[level] if level else 0
        self._invert = invert
        self._grep = grep or ""

    @property
    def passes_all(self) -> bool:
        return self._found is None and self._lowest == 0

    def __call__(self, line: LogLine) -> bool:
        if self._lowest and _ORDER[level_of(line)] < self._lowest:
            return False
        return self._found is None or self._found(line.text[:SEARCHED_CHARACTERS]) is not self._invert

    def keep(self, lines: Iterable[LogLine]) -> list[LogLine]:
        """The wanted lines. Raises DeployDeckError `grep-costly` as soon as one line takes longer than a second."""
        if self.passes_all:
            return list(lines)
        kept = []
        for line in lines:
            started = time.monotonic()
            if self(line):
                kept.append(line)
            if time.monotonic() - started > SLOWEST_LINE_S:
                raise _costly(self._grep, "One line took longer than a second.")
        return kept


def _searcher(pattern: str, ignore_case: bool) -> Callable[[str], bool]:
    if not _SPECIAL.intersection(pattern):
        if not ignore_case:
            return lambda text: pattern in text
        folded = pattern.lower()
        return lambda text: folded in text.lower()
    try:
        expression = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
        why = _danger(importlib.import_module("re._parser").parse(pattern))
    except (re.error, OverflowError, RecursionError) as error:
        raise DeployDeckError(
            "grep-invalid",
            f"{pattern!r} is not a valid pattern.",
            str(error),
            "To find these characters as such, put \\ before them.",
        ) from None
    if why:
        raise _costly(pattern, why)
    return lambda text: expression.search(text) is not None


def _costly(pattern: str, why: str) -> DeployDeckError:
    return DeployDeckError(
        "grep-costly", f"The pattern {pattern!r} could run for ever.", why, "Write it without a repeat inside a repeat."
    )


# A matcher that backtracks cannot be interrupted (it holds the interpreter), so what could explode is refused before it runs:
# a repeat of something that can itself match the same text in several ways.

_MANY = 10


def _danger(parsed: Any, repeated: bool = False) -> str:
    """Why a parsed pattern may take exponential time, or nothing."""
    for operation, argument in parsed:
        name = str(operation)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            low, high, body = argument
            if repeated and low != high:
                return "It repeats something that is itself a repeat."
            if found := _danger(body, repeated or int(high) > _MANY):
                return found
        elif name == "BRANCH":
            if repeated and not _distinct(argument[1]):
                return "It repeats alternatives that can begin alike."
            for branch in argument[1]:
                if found := _danger(branch, repeated):
                    return found
        elif name == "SUBPATTERN":
            if found := _danger(argument[-1], repeated):
                return found
        elif name in ("ASSERT", "ASSERT_NOT"):
            if found := _danger(argument[1], repeated):
                return found
        elif name == "POSSESSIVE_REPEAT":
            if found := _danger(argument[2], False):
                return found
        elif name == "ATOMIC_GROUP":
            if found := _danger(argument, False):
                return found
        elif name == "GROUPREF_EXISTS":
            for branch in argument[1:]:
                if branch is not None and (found := _danger(branch, repeated)):
                    return found
    return ""


def _distinct(branches: Iterable[Any]) -> bool:
    """Whether alternatives begin with different literal characters."""
    firsts = []
    for branch in branches:
        items = list(branch)
        if not items or str(items[0][0]) != "LITERAL":
            return False
        firsts.append(chr(items[0][1]).lower())
    return len(set(firsts)) == len(firsts)
