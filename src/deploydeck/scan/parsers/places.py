"""Where a value of a structured file stands: the line of a key below other keys, for formats whose reader keeps no lines."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from deploydeck.scan.facts import Broken, Found, Text
from deploydeck.scan.parsers.formats import load_yaml

_MOST_DOCUMENTS = 60
_MARKER = re.compile(r"^---(?:\s|$)", re.MULTILINE)
NO_TAGS: frozenset[str] = frozenset()


@lru_cache(maxsize=512)
def _key(name: str) -> re.Pattern[str]:
    escaped = re.escape(name)
    return re.compile(
        rf"^\s{{0,200}}(?:-\s{{1,10}})?(?:\[{{0,2}}[A-Za-z0-9_.\"-]{{0,100}}\.)?[\"']?{escaped}[\"']?(?:\s{{0,20}}[:=]|\]|\s|$)"
    )


def line_of(text: Text, *keys: str, start: int = 1) -> int:
    """The line of the last key that is found, each looked for below the one before it; 0 when the first is nowhere."""
    found = 0
    for name in keys:
        pattern = _key(name)
        begin = max(found, start) - 1 if found else max(start - 1, 0)
        line = next((number for number in range(begin, len(text.lines)) if pattern.match(text.lines[number])), -1)
        if line < 0:
            line = next((number for number in range(begin, len(text.lines)) if name in text.lines[number]), -1)
        if line >= 0:
            found = line + 1
    return found


def directed(kind: str, tags: frozenset[str]) -> str:
    """The kind of a fact; of one that speaks of another directory (tag `at:DIR`) `at:KIND`, see scan/deliver.py."""
    return f"at:{kind}" if any(tag.startswith("at:") for tag in tags) else kind


class Placed:
    """Makes facts of one file with the line of the keys they come from."""

    def __init__(self, file: str, text: Text, scope: str = "") -> None:
        self.file = file
        self.text = text
        self.scope = scope

    def found(self, kind: str, name: str, value: str = "", keys: tuple[str, ...] = (), tags: frozenset[str] = NO_TAGS) -> Found:
        line = line_of(self.text, *keys) if keys else 0
        return Found(directed(kind, tags), name[:300], value[:2000], self.file, line, self.text.line(line), self.scope, tags)

    def variable(self, name: str, value: str, keys: tuple[str, ...], tags: frozenset[str]) -> Found:
        """A variable; the text shows the name only, because the value beside it may be secret."""
        line = line_of(self.text, *keys, name)
        return Found(
            directed("env", tags), name[:100], value[:300], self.file, line, f"{name} = …" if value else name, self.scope, tags
        )


def documents(text: Text) -> list[tuple[int, Any]]:
    """Every document of a YAML text with the number of lines before it; those that are broken are left out."""
    found: list[tuple[int, Any]] = []
    starts = [0, *(match.start() for match in _MARKER.finditer(text.text))][: _MOST_DOCUMENTS + 1]
    for begin, end in zip(starts, [*starts[1:], len(text.text)], strict=True):
        part = text.text[begin:end]
        if not part.strip("- \n\t\r"):
            continue
        try:
            found.append((text.text.count("\n", 0, begin), load_yaml(Text(part.encode()))))
        except Broken:
            continue
    return found


def merged(value: Any) -> dict[str, Any]:
    """A mapping with what its merge keys (`<<: *anchor`) bring, its own entries first; {} when it is none."""
    if not isinstance(value, dict):
        return {}
    own = {str(key): item for key, item in value.items() if key != "<<"}
    waiting, seen = [value.get("<<")], 0
    while waiting and seen < 20:
        seen += 1
        one = waiting.pop(0)
        if isinstance(one, list):
            waiting += one[:10]
        elif isinstance(one, dict):
            for key, item in one.items():
                if key == "<<":
                    waiting.append(item)
                else:
                    own.setdefault(str(key), item)
    return own
