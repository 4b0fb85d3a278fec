"""Syntax trees of the languages that regular expressions would have to guess at, by tree-sitter. Grammars load on first use."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from importlib import import_module
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
_SURELY_QUICK = 4_000
_PIECE = 65_536
_PIECE_OF_TEXT = 128
"""Bytes handed over at a time: to the grammar, and later for the text of a node, which is rarely longer than one name or call."""
LONGEST_S = 2.0
LARGEST_MANIFEST_BYTES = 100_000
MOST_NODES = 400_000
"""A file with more is generated, or made to exhaust us: what was seen until then counts."""


_of_this_thread = threading.local()  # a parser is a state machine: two threads must not share one


def _parser(grammar: str) -> Parser:
    known: dict[str, Parser] = _of_this_thread.__dict__
    if grammar not in known:
        import tree_sitter

        module, function = _GRAMMARS[grammar]
        known[grammar] = tree_sitter.Parser(tree_sitter.Language(getattr(import_module(module), function)()))
    return known[grammar]


def root(grammar: str, data: bytes) -> Node:
    """The root of the syntax tree. Broken source still gives a tree; its broken parts are nodes of type ERROR.

    Raises Broken for a text that keeps the grammar busy for seconds: some take a time that grows with the square of the text.
    """
    parser = _parser(grammar)
    if len(data) <= _SURELY_QUICK:
        return parser.parse(data).root_node
    deadline = time.perf_counter() + LONGEST_S
    late = False
    piece = _PIECE

    def stop(_offset: int, _broken: bool) -> bool:
        nonlocal late
        late = time.perf_counter() > deadline
        return late

    try:
        tree = parser.parse(lambda offset, _point: data[offset : offset + piece], progress_callback=stop)
    except ValueError:
        if not late:
            raise
        tree = None
    if late or tree is None:
        parser.reset()  # else the next text would be taken for the rest of this one
        raise Broken("takes too long to understand")
    piece = _PIECE_OF_TEXT  # the tree asks for the text of its nodes in the same way, as if each were as long as a piece
    return tree.root_node


def manifest_root(grammar: str, data: bytes) -> Node:
    """The root of a manifest that is a program. Raises Broken for one larger than any that people write."""
    if len(data) > LARGEST_MANIFEST_BYTES:
        raise Broken(f"larger than {LARGEST_MANIFEST_BYTES} bytes")
    return root(grammar, data)


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
    written = node.text if node is not None else None  # once: each time it is copied
    return written.decode("utf-8", "replace") if written is not None else ""


def line(node: Node) -> int:
    """The line a node starts on, from 1."""
    return node.start_point[0] + 1
