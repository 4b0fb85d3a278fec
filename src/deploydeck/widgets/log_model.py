"""The lines behind a log pane: append-only, addressed by a number that never changes, filtered without freezing anything.

No Textual here. Texts are made harmless when they are drawn, so that copying and saving keep what was written.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

CAPACITY = 1_000_000
TRIM = 10
"""When full, one part in this many of the oldest lines goes at once: moving memory for each line would cost too much."""

MATCHED_CHARACTERS = 4096
"""Only this much of a line is searched: a line of megabytes must not hold everything up."""

LEVELS = ("all", "info", "warning", "error")
_LEVEL = re.compile(
    r"\b(?:(?P<e>error|err|fatal|critical|crit|panic|exception|traceback|failed)|(?P<w>warn|warning)|(?P<i>info|notice)|(?P<d>debug|trace))\b",
    re.IGNORECASE,
)
_RANK = {"d": 0, "i": 1, "w": 2, "e": 3}


class Entry(NamedTuple):
    """A line. `number` counts from 0 and never changes; `at` is seconds since the epoch (0: unknown)."""

    number: int
    at: float
    stream: str
    source: str
    text: str

    @property
    def rank(self) -> int:
        """0 debug … 3 error; read from the text when it is asked for: most lines are never looked at."""
        return rank_of(self.text)


@dataclass(frozen=True, slots=True)
class Filter:
    """What is shown. `text` is plain unless it stands between slashes: `/regular expression/`. Times in epoch seconds."""

    text: str = ""
    invert: bool = False
    level: int = 0
    since: float = 0.0
    until: float = 0.0

    @property
    def empty(self) -> bool:
        return self == Filter()

    def pattern(self) -> re.Pattern[str] | None:
        """The compiled search, None when there is none. Raises re.error for a broken expression."""
        if not self.text:
            return None
        if len(self.text) > 1 and self.text.startswith("/"):
            body = self.text[1:].removesuffix("/")
            return re.compile(body, re.IGNORECASE) if body else None
        return re.compile(re.escape(self.text), re.IGNORECASE)

    def test(self) -> Callable[[Entry], bool]:
        """A function that says whether a line is shown. Raises re.error."""
        pattern, invert, level, since, until = self.pattern(), self.invert, self.level, self.since, self.until

        def shown(entry: Entry) -> bool:
            if (level and entry.rank < level) or (since and entry.at < since) or (until and entry.at > until):
                return False
            return pattern is None or (pattern.search(entry.text, 0, MATCHED_CHARACTERS) is not None) is not invert

        return shown


def rank_of(text: str) -> int:
    """How loud a line is, from the first level word near its start; without one it counts as info, also on standard error."""
    found = _LEVEL.search(text, 0, 200)
    if found is None or found.lastgroup is None:
        return 1
    return _RANK[found.lastgroup]


class LogModel:
    """Lines and which of them are shown. `version` grows with every change that needs drawing."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.entries: list[Entry] = []
        self.first = 0
        self.dropped = 0
        self.version = 0
        self.filter = Filter()
        self.shown: list[int] | None = None
        self._test: Callable[[Entry], bool] | None = None

    # --- content --------------------------------------------------------------------------------------------------------------

    def append(self, lines: Iterable[tuple[float, str, str, str]]) -> int:
        """Add (at, stream, source, text) lines; returns how many of them the filter shows."""
        number = self.first + len(self.entries)
        added = [Entry(number + i, at, stream, source, text) for i, (at, stream, source, text) in enumerate(lines)]
        self.entries += added
        count = len(added)
        if self.shown is not None and self._test is not None:
            test = self._test
            passing = [entry.number for entry in added if test(entry)]
            self.shown += passing
            count = len(passing)
        if len(self.entries) > self.capacity:
            self._trim(max(len(self.entries) - self.capacity, self.capacity // TRIM))
        if added:
            self.version += 1
        return count

    def _trim(self, count: int) -> None:
        del self.entries[:count]
        self.first += count
        self.dropped += count
        if self.shown is not None:
            del self.shown[: bisect_left(self.shown, self.first)]

    def clear(self) -> None:
        """Forget every line; the filter stays."""
        self.first += len(self.entries)
        self.entries.clear()
        self.dropped = 0
        if self.shown is not None:
            self.shown.clear()
        self.version += 1

    # --- what is shown --------------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        """How many lines are shown."""
        return len(self.entries) if self.shown is None else len(self.shown)

    def at(self, position: int) -> Entry:
        """The shown line at a position from the top."""
        return self.entries[position] if self.shown is None else self.entries[self.shown[position] - self.first]

    def position_of(self, number: int) -> int:
        """Where the line with that number is shown, or the next one that is."""
        if self.shown is None:
            return max(0, min(number - self.first, len(self.entries)))
        return bisect_left(self.shown, number)

    def refilter(self, wanted: Filter, slice_size: int = 20_000) -> Iterator[float]:
        """Apply a filter slice by slice; yields how far it is (0..1) after each. What is shown changes at the end.

        Raises re.error at once for a broken expression. Abandon the iterator to cancel. Lines that arrive meanwhile are taken in.
        """
        test = wanted.test()
        shown: list[int] = []
        number = self.first
        while not wanted.empty and number < self.first + len(self.entries):
            number = max(number, self.first)
            part = self.entries[number - self.first : number - self.first + slice_size]
            shown += [entry.number for entry in part if test(entry)]
            number += len(part)
            yield min((number - self.first) / max(len(self.entries), 1), 1.0)
        self.filter = wanted
        self._test = None if wanted.empty else test
        self.shown = None if wanted.empty else shown[bisect_left(shown, self.first) :]
        self.version += 1

    def set_filter(self, wanted: Filter) -> None:
        """Apply a filter at once. Raises re.error."""
        for _ in self.refilter(wanted):
            pass

    def with_filter(self, **changes: object) -> Filter:
        """The present filter with some fields changed."""
        return replace(self.filter, **changes)  # type: ignore[arg-type]

    def find(self, pattern: re.Pattern[str], start: int, *, backwards: bool = False, most: int = 200_000) -> int | None:
        """Position of the next shown line that matches, from `start` (excluded), round the end; at most `most` lines are read."""
        total = len(self)
        for distance in range(1, min(total, most) + 1):
            position = (start + (-distance if backwards else distance)) % total
            if pattern.search(self.at(position).text, 0, MATCHED_CHARACTERS):
                return position
        return None
