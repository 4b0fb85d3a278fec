"""Words, strings and brackets of Java, Kotlin, Scala and Groovy alike: one lexer for build scripts and for sources.

The build scripts are Groovy (no grammar at hand), Kotlin and Scala, and what we look for in sources are calls, annotations and
blocks, which the four share. Every pattern consumes what it looks at (possessive, or bounded), so the time is linear on any input.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from deploydeck.scan.facts import Text

_TOKEN = re.compile(
    r"(?P<skip>\s++|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?)"
    r'|(?P<long>"""(?:[^"]|"(?!""))*+(?:"""+)?|\'\'\'(?:[^\']|\'(?!\'\'))*+(?:\'\'\')?)'
    r'|(?P<string>"(?:[^"\\\n]|\\.)*+"?|\'(?:[^\'\\\n]|\\.){0,300}+\')'
    r"|(?P<word>[^\W\d][\w$]*+|`[^`\n]{1,200}`)"
    r"|(?P<number>\d[\w.]*+)"
    r"|(?P<mark>\?:|->|=>|::|%%%?|:=|\+\+=|\+=|==|!=|&&|\|\||\?\.|!!|\S)",
    re.DOTALL,
)
_OPEN = {"(": ")", "[": "]", "{": "}"}
_CLOSE = frozenset(_OPEN.values())
MOST_TOKENS = 300_000


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call: its `name` ("" when it is given by place) and the tokens from `start` to before `end`."""

    name: str
    start: int
    end: int


class Tokens:
    """The tokens of a text: `kind` w(ord), s(tring), n(umber) or m(ark), `text` (of strings the content), and their places."""

    def __init__(self, data: bytes) -> None:
        self.source = Text(data)
        self.kind: list[str] = []
        self.text: list[str] = []
        self.at: list[int] = []
        self.close: dict[int, int] = {}
        self._lines = [0]
        text = self.source.text
        self._lines += [match.end() for match in re.finditer("\n", text)]
        stack: list[int] = []
        for match in _TOKEN.finditer(text):
            group = match.lastgroup or "skip"
            if group == "skip":
                continue
            value, index = match[0], len(self.kind)
            if index >= MOST_TOKENS:
                break
            if group == "string":
                value = value[1:-1] if len(value) > 1 and value[-1] == value[0] else value[1:]
            elif group == "long":
                value = value.strip(value[0])
            elif group == "word":
                value = value.strip("`")
            self.kind.append("s" if group == "long" else group[0])
            self.text.append(value)
            self.at.append(match.start())
            if group == "mark":
                if value in _OPEN:
                    stack.append(index)
                elif value in _CLOSE and stack and _OPEN[self.text[stack[-1]]] == value:
                    self.close[stack.pop()] = index
        for index in stack:
            self.close[index] = len(self.kind)

    def __len__(self) -> int:
        return len(self.kind)

    def is_(self, index: int, *texts: str) -> bool:
        """Whether the token is one of these marks or words."""
        return 0 <= index < len(self.kind) and self.kind[index] in "mw" and self.text[index] in texts

    def word(self, index: int) -> str:
        """The word at a place, "" when there is something else."""
        return self.text[index] if 0 <= index < len(self.kind) and self.kind[index] == "w" else ""

    def string(self, index: int) -> str | None:
        """The content of the string at a place, None when there is something else."""
        return self.text[index] if 0 <= index < len(self.kind) and self.kind[index] == "s" else None

    def line(self, index: int) -> int:
        return bisect_right(self._lines, self.at[index]) if 0 <= index < len(self.at) else 0

    def line_text(self, index: int) -> str:
        return self.source.line(self.line(index))

    def end_of_line(self, index: int) -> int:
        """The first token of a later line, brackets that open on this one skipped."""
        line = self.line(index)
        while index < len(self.kind) and self.line(index) == line:
            index = self.close.get(index, index) + 1 if self.text[index] in "([" and self.kind[index] == "m" else index + 1
        return min(index, len(self.kind))

    def arguments(self, opening: int) -> list[Argument]:
        """The arguments between a bracket and its end, split at its own commas; at most fifty."""
        end = min(self.close.get(opening, len(self.kind)), len(self.kind))
        return self.split(opening + 1, end)

    def split(self, start: int, end: int) -> list[Argument]:
        """What stands between two places, split at commas outside of brackets; at most fifty."""
        found: list[Argument] = []
        index = first = start
        while index <= end and len(found) < 50:
            if index == end or self.is_(index, ","):
                if index > first:
                    named = self.kind[first] == "w" and self.is_(first + 1, "=", ":") and index > first + 2
                    found.append(Argument(self.text[first] if named else "", first + 2 if named else first, index))
                first = index + 1
                index += 1
            elif index in self.close:
                index = min(self.close[index] + 1, end)
            else:
                index += 1
        return found

    def path(self, index: int) -> str:
        """The dotted name that begins at a place: `libs.plugins.spring.boot`."""
        parts: list[str] = []
        while self.kind[index : index + 1] == ["w"] and len(parts) < 20:
            parts.append(self.text[index])
            if not self.is_(index + 1, "."):
                break
            index += 2
        return ".".join(parts)

    def blocks(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Every token outside of argument lists' inside, with the names of the blocks around it: `subprojects`, `dependencies`."""
        stack: list[tuple[int, str]] = []
        names: tuple[str, ...] = ()
        for index in range(len(self.kind)):
            while stack and index >= stack[-1][0]:
                stack.pop()
                names = tuple(name for _, name in stack)
            yield index, names
            if self.kind[index] == "m" and self.text[index] == "{" and len(stack) < 40:
                stack.append((self.close.get(index, len(self.kind)), self.block_name(index)))
                names = tuple(name for _, name in stack)

    def block_name(self, brace: int) -> str:
        """What a block belongs to: the word before its brace, or before the arguments before it (`named("x") {` gives `named`)."""
        index = brace - 1
        if self.is_(index, ")"):
            depth = 0
            for _ in range(400):
                depth += self.is_(index, ")") - self.is_(index, "(")
                index -= 1
                if depth == 0 or index < 0:
                    break
        return self.word(index)
