# ruff: noqa: E501 - tables read better unbroken
"""Parsers: pure functions from a file's name and bytes to facts. Each module lists the files it reads in its own PARSERS."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache
from importlib import import_module

from deploydeck.scan.parsers.base import Parse, Parser, Size

MODULES = (
    "python_manifests", "python_source", "node_manifests", "node_source", "jvm_manifests", "jvm_source", "go_project", "rust_project",
    "compiled_projects", "ruby_project", "php_project", "beam_project", "script_projects", "dotnet_project", "dart_project", "sites",
    "pins", "containers", "platforms", "pipelines", "infrastructure", "environments", "credentials", "datasources",
)  # fmt: skip
"""Several may name the same file: each reads it. Of patterns that fit a file the first wins, and a name or path beats them."""


@lru_cache(maxsize=1)
def parsers() -> tuple[Parser, ...]:
    """Every parser of every module."""
    return tuple(parser for name in MODULES for parser in import_module(f"{__name__}.{name}").PARSERS)


@lru_cache(maxsize=1)
def _index() -> tuple[
    dict[str, list[Parser]], dict[str, list[Parser]], dict[str, Parser], tuple[tuple[re.Pattern[str], int, Parser], ...]
]:
    own: dict[str, list[Parser]] = {}
    anywhere: dict[str, list[Parser]] = {}
    extensions: dict[str, Parser] = {}
    patterns: list[tuple[re.Pattern[str], int, Parser]] = []
    for parser in parsers():
        if "*" not in parser.pattern:
            (anywhere if parser.anywhere else own).setdefault(parser.pattern, []).append(parser)
        elif parser.anywhere and re.fullmatch(r"\*\.[a-z0-9]+", parser.pattern):
            extensions.setdefault(parser.pattern[2:], parser)
        else:
            depth = -1 if parser.anywhere else parser.pattern.count("/")
            patterns.append((re.compile(translate(parser.pattern)), depth, parser))
    return own, anywhere, extensions, tuple(patterns)


def parsers_for(path: str) -> tuple[Parser, ...]:
    """The parsers of a file by its path relative to its component's directory: all that name it, else the first that fits."""
    own, anywhere, extensions, patterns = _index()
    name = path.rpartition("/")[2]
    if named := [*own.get(path, ()), *anywhere.get(name, ())]:
        return tuple({parser.parse: parser for parser in named}.values())
    depth = path.count("/")
    for pattern, wanted, parser in patterns:
        if (wanted == depth and pattern.match(path)) or (wanted == -1 and pattern.match(name)):
            return (parser,)
    found = extensions.get(name.rpartition(".")[2].lower()) if "." in name else None
    return (found,) if found else ()


__all__ = ["Parse", "Parser", "Size", "parsers", "parsers_for"]
