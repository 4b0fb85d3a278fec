# ruff: noqa: E501 - tables read better unbroken
"""Parsers: pure functions from a file's name and bytes to facts. Each module lists the files it reads in its own PARSERS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from deploydeck.scan.kept import kept
from deploydeck.scan.parsers.base import Parse, Parser, Size

if TYPE_CHECKING:
    from deploydeck.scan.facts import Found

MODULES = (
    "python_manifests", "python_source", "node_manifests", "node_source", "jvm_manifests", "jvm_source", "go_project", "rust_project",
    "compiled_projects", "ruby_project", "php_project", "beam_project", "script_projects", "dotnet_project", "dart_project", "sites",
    "pins", "containers", "platforms", "pipelines", "infrastructure", "environments", "credentials", "datasources",
)  # fmt: skip
"""Several may name the same file: each reads it. Of patterns that fit a file the first wins, and a name or path beats them."""


class _Later:
    """A parse function whose module is imported when the first file needs it: a small project needs few of them."""

    __slots__ = ("_module", "_number", "_parse")

    def __init__(self, module: str, number: int) -> None:
        self._module, self._number = module, number
        self._parse: Parse | None = None

    def __call__(self, file: str, data: bytes) -> Iterator[Found]:
        if self._parse is None:
            self._parse = import_module(f"{__name__}.{self._module}").PARSERS[self._number].parse
        return self._parse(file, data)


_Row = tuple[str, int, str, Size, bool, str, bool]


def _rows() -> tuple[_Row, ...]:
    """Every parser of every module: which module and number its function has first, and its other fields."""
    first: dict[Parse, tuple[str, int]] = {}
    rows: list[_Row] = []
    for name in MODULES:
        for number, one in enumerate(import_module(f"{__name__}.{name}").PARSERS):
            module, at = first.setdefault(one.parse, (name, number))
            rows.append((module, at, one.pattern, one.size, one.anywhere, one.config_kind, one.bare))
    return tuple(rows)


@lru_cache(maxsize=1)
def parsers() -> tuple[Parser, ...]:
    """Every parser of every module, without importing the modules. Parsers of the same function have the same `parse`."""
    here = Path(__file__).parent
    rows: tuple[_Row, ...] = kept("parsers", here, here.glob("*.py"), _rows)
    functions: dict[tuple[str, int], _Later] = {}
    return tuple(
        Parser(pattern, functions.setdefault((module, at), _Later(module, at)), size, anywhere, kind, bare)
        for module, at, pattern, size, anywhere, kind, bare in rows
    )


@dataclass(frozen=True, slots=True)
class _Index:
    """The parsers by what names them, so that a file meets only patterns that could fit it: there are tens of thousands of files."""

    own: dict[str, list[Parser]]
    anywhere: dict[str, list[Parser]]
    extensions: dict[str, Parser]
    patterns: tuple[tuple[re.Pattern[str], int, Parser, str, str], ...]
    """Each with its depth (-1: of the name alone), and the extension and first character that a name must have ("": any)."""
    candidates: dict[tuple[str, str], tuple[tuple[re.Pattern[str], int, Parser], ...]]
    """Of the patterns those for an extension and a first character, filled as they are asked for."""


@lru_cache(maxsize=1)
def _index() -> _Index:
    own: dict[str, list[Parser]] = {}
    anywhere: dict[str, list[Parser]] = {}
    extensions: dict[str, Parser] = {}
    patterns: list[tuple[re.Pattern[str], int, Parser, str, str]] = []
    for parser in parsers():
        if "*" not in parser.pattern:
            (anywhere if parser.anywhere else own).setdefault(parser.pattern, []).append(parser)
        elif parser.anywhere and re.fullmatch(r"\*\.[a-z0-9]+", parser.pattern):
            extensions.setdefault(parser.pattern[2:], parser)
        else:
            depth = -1 if parser.anywhere else parser.pattern.count("/")
            name = parser.pattern.rpartition("/")[2]
            ending, first = _ENDING.search(name), name[:1] if name[:1] not in _WILD else ""
            patterns.append((re.compile(translate(parser.pattern)), depth, parser, ending[1] if ending else "", first))
    return _Index(own, anywhere, extensions, tuple(patterns), {})


_ENDING = re.compile(r"\.([A-Za-z0-9_]+)$")
_WILD = ("*", "?", "[")


def parsers_for(path: str) -> tuple[Parser, ...]:
    """The parsers of a file by its path relative to its component's directory: all that name it, else the first that fits."""
    index = _index()
    name = path.rpartition("/")[2]
    if path in index.own or name in index.anywhere:
        named = [*index.own.get(path, ()), *index.anywhere.get(name, ())]
        return tuple({parser.parse: parser for parser in named}.values())
    extension = name.rpartition(".")[2] if "." in name else ""
    known = index.candidates.get((extension, name[:1]))
    if known is None:
        known = tuple(
            (pattern, depth, parser)
            for pattern, depth, parser, ending, first in index.patterns
            if ending in {"", extension} and first in {"", name[:1]}
        )
        if len(index.candidates) < _MOST_CANDIDATES:
            index.candidates[extension, name[:1]] = known
    for pattern, wanted, parser in known:
        if (wanted == -1 and pattern.match(name)) or (wanted >= 0 and wanted == path.count("/") and pattern.match(path)):
            return (parser,)
    found = index.extensions.get(extension.lower()) if extension else None
    return (found,) if found else ()


_MOST_CANDIDATES = 10_000


__all__ = ["Parse", "Parser", "Size", "parsers", "parsers_for"]
