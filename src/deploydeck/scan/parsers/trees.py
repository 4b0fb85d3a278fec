"""Syntax trees of the languages that regular expressions would have to guess at, by tree-sitter. Grammars load on first use."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from time import monotonic
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Broken

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_GRAMMARS: dict[str, tuple[str, str]] = {
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "go": ("tree_sitter_go", "language"),
    "java": ("tree_sitter_java", "language"),
    "kotlin": ("tree_sitter_kotlin", "language"),
    "scala": ("tree_sitter_scala", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "elixir": ("tree_sitter_elixir", "language"),
}
_QUICK, _CHUNK, _SECONDS = 8_000, 512, 3.0
"""Bytes that no grammar takes long for, bytes handed over at a time, and the longest that reading one file may take."""
MOST_NODES = 400_000
"""A file with more is generated, or made to exhaust us: what was seen until then counts."""


@cache
def _parser(grammar: str) -> Parser:
    import tree_sitter

    module, function = _GRAMMARS[grammar]
    return tree_sitter.Parser(tree_sitter.Language(getattr(import_module(module), function)()))


def root(grammar: str, data: bytes) -> Node:
    """The root of the syntax tree. Broken source still gives a tree; its broken parts are nodes of type ERROR.

    Raises Broken for source whose reading would take minutes: grammars with a scanner of their own can be made to.
    """
    parser = _parser(grammar)
    if len(data) <= _QUICK:
        return parser.parse(data).root_node
    end = monotonic() + _SECONDS

    def part(offset: int, _: object) -> bytes:
        return data[offset : offset + _CHUNK]

    try:
        return parser.parse(part, progress_callback=lambda *_: monotonic() > end).root_node
    except ValueError:
        parser.reset()
        raise Broken("reading it takes too long") from None


def descend(node: Node, types: frozenset[str] | None = None) -> Iterator[Node]:
    """The named nodes below `node`, outermost first in the order of the source; only those of `types` when given."""
    cursor = node.walk()
    seen = 0
    while True:
        current = cursor.node
        if current is not None and current.is_named and (types is None or current.type in types):
            yield current
        seen += 1
        if seen > MOST_NODES:
            return
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while True:
            if not cursor.goto_parent():
                return
            if cursor.goto_next_sibling():
                break


def text(node: Node | None) -> str:
    """The source of a node; "" for None."""
    return node.text.decode("utf-8", "replace") if node is not None and node.text is not None else ""


def line(node: Node) -> int:
    """The line a node starts on, from 1."""
    return node.start_point[0] + 1
