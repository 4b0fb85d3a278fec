"""Reading Elixir's syntax nodes: literals, keywords, calls, and the ways to read a variable of the environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.parsers.reads import Read
from deploydeck.scan.parsers.trees import descend, text

if TYPE_CHECKING:
    from tree_sitter import Node

_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")
_READS = frozenset({"System.get_env", "System.fetch_env!", "System.fetch_env", "env!", "Dotenvy.env!"})


def literal(node: Node | None) -> str | None:
    """The value of a string, number, boolean or charlist; None when it is computed."""
    if node is None:
        return None
    if node.type in {"string", "charlist"}:
        if any(child.type not in {"quoted_content", "escape_sequence"} for child in node.named_children):
            return None
        return "".join(text(child) for child in node.named_children)
    return text(node).replace("_", "") if node.type in {"integer", "float", "boolean"} else None


def symbol(node: Node | None) -> str:
    """The name of a keyword's key (`port:`, `"assets.deploy":`) or of an atom."""
    return text(node).strip().strip(":").strip('"')[:100]


def pairs(node: Node | None) -> list[Node]:
    """The pairs of a keyword list, with or without brackets."""
    if node is None:
        return []
    found = [node] if node.type == "keywords" else [child for child in node.named_children if child.type == "keywords"]
    return [pair for keywords in found for pair in keywords.named_children if pair.type == "pair"]


def target(node: Node) -> str:
    """What a call calls: `config`, `System.get_env`."""
    found = node.child_by_field_name("target")
    return text(found)[:100] if found is not None and found.end_byte - found.start_byte <= 100 else ""


def arguments(node: Node) -> list[Node]:
    """The arguments of a call; keywords stay one node."""
    found = next((child for child in node.named_children if child.type == "arguments"), None)
    return list(found.named_children) if found is not None else []


def environment(root: Node) -> Iterator[Read]:
    """Every read of the environment, with `||` behind it, a second argument, or a raise."""
    done: set[int] = set()
    for node in descend(root, frozenset({"binary_operator", "call", "tuple"})):
        if node.id in done:
            continue
        if node.type == "binary_operator":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if text(node.child_by_field_name("operator")) not in {"||", "or"} or left is None or right is None:
                continue
            read = _read(left)
            if read is None:
                continue
            done.add(read.node.id)
            if right.type == "call" and target(right) in {"raise", "throw", "exit"}:
                yield Read(read.name, read.node, required=True)
            elif text(right) == "nil":
                yield read
            else:
                value = literal(right)
                yield Read(read.name, read.node, value or "", value is None)
        elif node.type == "call":
            if read := _read(node):
                done.add(read.node.id)
                yield read
        elif read := _system_tuple(node):
            yield read


def _read(node: Node) -> Read | None:
    if node.type != "call" or target(node) not in _READS:
        return None
    what, given = target(node), arguments(node)
    name = literal(given[0]) if given else None
    if not name or not _NAME.match(name):
        return None
    if what.endswith("env!"):
        default = given[2] if what != "System.fetch_env!" and len(given) > 2 else None
        value = literal(default)
        return Read(name, node, required=True) if default is None else Read(name, node, value or "", value is None)
    if len(given) < 2 or what == "System.fetch_env" or text(given[1]) == "nil":
        return Read(name, node)
    value = literal(given[1])
    return Read(name, node, value or "", value is None)


def _system_tuple(node: Node) -> Read | None:
    """`{:system, "X"}` and `{:system, :integer, "X", 4000}`, which libraries resolve at start."""
    parts = node.named_children
    if len(parts) < 2 or parts[0].type != "atom" or text(parts[0]) != ":system":
        return None
    rest = [part for part in parts[1:] if part.type != "atom"]
    name = literal(rest[0]) if rest else None
    if not name or not _NAME.match(name):
        return None
    value = literal(rest[1]) if len(rest) > 1 else None
    return Read(name, node, value)
