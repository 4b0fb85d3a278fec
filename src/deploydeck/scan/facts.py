"""What parsers find: small facts with their place, and an index over them for rules and resolvers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from deploydeck.domain import Evidence
from deploydeck.redaction import Redactor

TEXT_LENGTH = 200
_shapes = Redactor()


@dataclass(frozen=True, slots=True)
class Found:
    """One fact. `kind` says what (dependency, locked, pin, app, route, …), `scope` the ecosystem (python, node), `tags` details.

    `file` is relative to the root (POSIX), `line` counts from 1 (0: the whole file), `text` is that line.
    """

    kind: str
    name: str
    value: str = ""
    file: str = ""
    line: int = 0
    text: str = ""
    scope: str = ""
    tags: frozenset[str] = frozenset()

    def evidence(self, rule: str) -> Evidence:
        """This fact as evidence; well-known secret shapes are masked and the text is cut to 200 characters."""
        return Evidence(file=self.file, line=self.line, text=_shapes(self.text.strip()[: TEXT_LENGTH * 4])[:TEXT_LENGTH], rule=rule)


class Broken(Exception):
    """A file that should be of a format and is not. `line` counts from 1, 0 when unknown."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


def clean(text: str) -> str:
    """The text without what no store takes: lone surrogates (a JSON escape can make them) and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def short(value: object) -> str:
    """A constant of a hostile file as text of at most 200 characters; numbers too long to print become ""."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return ""
    return value[:200] if isinstance(value, str) else str(value)[:200]


class Facts:
    """All facts of one scan, by kind and name, in the order they were found."""

    def __init__(self) -> None:
        self._by_kind: dict[str, list[Found]] = defaultdict(list)
        self._by_name: dict[tuple[str, str], list[Found]] = defaultdict(list)

    def add(self, found: Iterable[Found]) -> None:
        for fact in found:
            if not (fact.name + fact.value + fact.text).isascii() or "\0" in fact.name + fact.value + fact.text:
                fact = replace(fact, name=clean(fact.name), value=clean(fact.value), text=clean(fact.text))
            self._by_kind[fact.kind].append(fact)
            self._by_name[fact.kind, fact.name].append(fact)

    def of(self, kind: str, name: str | None = None, scope: str | None = None) -> list[Found]:
        """The facts of a kind, optionally with exactly this name and scope."""
        facts = self._by_kind.get(kind, []) if name is None else self._by_name.get((kind, name), [])
        return facts if scope is None else [fact for fact in facts if fact.scope == scope]

    def first(self, kind: str, name: str | None = None, scope: str | None = None) -> Found | None:
        found = self.of(kind, name, scope)
        return found[0] if found else None


class Text:
    """A decoded file with cheap line numbers. Bytes that are not UTF-8 are replaced, a byte order mark is dropped."""

    def __init__(self, data: bytes) -> None:
        self.text = data.decode("utf-8-sig", "replace")
        self.lines = self.text.split("\n")

    def line_at(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    def line(self, number: int) -> str:
        return self.lines[number - 1].strip() if 0 < number <= len(self.lines) else ""

    def find(self, needle: str, start: int = 0) -> int:
        """The line that holds `needle`, searching from line `start`; 0 when none does."""
        for index in range(max(start - 1, 0), len(self.lines)):
            if needle in self.lines[index]:
                return index + 1
        return 0
