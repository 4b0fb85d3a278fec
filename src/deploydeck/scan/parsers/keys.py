"""Where the keys of a JSON or TOML text stand; their readers give values without lines."""

from __future__ import annotations

import re
from bisect import bisect_left

from deploydeck.scan.facts import Text


class Keys:
    """The lines of what a pattern's first group matches, found once and in linear time: a lock file is large."""

    def __init__(self, text: Text, pattern: re.Pattern[str]) -> None:
        self._lines: dict[str, list[int]] = {}
        at, number = 0, 1
        for match in pattern.finditer(text.text):
            number += text.text.count("\n", at, match.start())
            at = match.start()
            self._lines.setdefault(match[1].replace("\\/", "/"), []).append(number)

    def line(self, key: str, after: int = 0) -> int:
        """The first line of a key at or after a line, else its first line; 0 when it is nowhere."""
        found = self._lines.get(key, [])
        place = bisect_left(found, after)
        return found[place] if place < len(found) else found[0] if found else 0


TOML_KEY = re.compile(r"^[ \t]{0,40}[\"']?([\w@/.-]{1,200})[\"']?[ \t]{0,40}=", re.MULTILINE)
