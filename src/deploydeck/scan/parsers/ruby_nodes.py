"""Reading Ruby's syntax nodes: literals, calls, and the ways to read a variable of the environment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploydeck.scan.parsers.trees import descend, text

if TYPE_CHECKING:
    from tree_sitter import Node

_QUOTED = frozenset({"string", "bare_string", "string_content", "heredoc_body"})
_SYMBOLS = frozenset({"simple_symbol", "hash_key_symbol", "bare_symbol"})
_PLAIN = frozenset({"integer", "float", "true", "false"})
_ASKS = frozenset({"key?", "has_key?", "include?", "member?", "values_at", "slice", "dig", "delete", "[]", "to_h"})
_FAILS = frozenset({"raise", "abort", "fail", "exit", "exit!"})
_UNWRAPPED = frozenset({"parenthesized_statements", "begin_block"})


def literal(node: Node | None) -> str | None:
    """The value of a string, symbol, number or boolean; None when it is computed."""
    if node is None:
        return None
    if node.type in _QUOTED:
        if any(child.type not in {"string_content", "escape_sequence", "heredoc_content"} for child in node.named_children):
            return None
        return "".join(text(child) for child in node.named_children)
    if node.type in _SYMBOLS:
        return text(node).strip(":")
    if node.type == "delimited_symbol":
        return "".join(text(child) for child in node.named_children)
    if node.type == "unary" and node.named_children and node.named_children[0].type == "integer":
        return text(node)
    return text(node).replace("_", "") if node.type in _PLAIN else None


def literals(node: Node) -> list[str]:
    """The literal itself, or those in an array."""
    if node.type in {"array", "string_array", "symbol_array"}:
        return [value for child in node.named_children if (value := literal(child)) is not None]
    value = literal(node)
    return [] if value is None else [value]


def method(node: Node) -> str:
    """The name of what a call calls."""
    return text(node.child_by_field_name("method"))


def receiver(node: Node) -> str:
    """The source of what a call is made on, cut to 60 characters; "" for none."""
    found = node.child_by_field_name("receiver")
    return text(found)[:60] if found is not None and found.end_byte - found.start_byte < 200 else "…" if found is not None else ""


def arguments(node: Node) -> list[Node]:
    """The positional arguments of a call."""
    found = node.child_by_field_name("arguments")
    return [child for child in found.named_children if child.type not in {"pair", "comment"}] if found is not None else []


def options(node: Node) -> dict[str, Node]:
    """The arguments `name: value`, `:name => value` and `"name" => value` of a call."""
    found = node.child_by_field_name("arguments")
    result: dict[str, Node] = {}
    for child in found.named_children if found is not None else ():
        if child.type == "pair":
            key, value = literal(child.child_by_field_name("key")), child.child_by_field_name("value")
            if key is not None and value is not None:
                result[key] = value
    return result


@dataclass(frozen=True, slots=True)
class Read:
    """A variable that source reads. `default` is None without one, "" with `computed` when it is not a literal."""

    name: str
    node: Node
    default: str | None = None
    computed: bool = False
    required: bool = False
    setdefault: bool = False

    @property
    def tags(self) -> frozenset[str]:
        named = {"required": self.required, "defaulted": self.default is not None, "computed": self.computed}
        named["setdefault"] = self.setdefault
        return frozenset(name for name, holds in named.items() if holds)


def environment(root: Node) -> Iterator[Read]:
    """Every read of ENV: `ENV["X"]`, `ENV.fetch`, with `||`, `||=`, a conditional or a block as its default."""
    types = frozenset({"binary", "conditional", "element_reference", "call", "operator_assignment", "assignment"})
    done: set[int] = set()
    for node in descend(root, types):
        if node.id in done:
            continue
        match node.type:
            case "binary" if text(node.child_by_field_name("operator")) in {"||", "or"}:
                yield from _either(node, done)
            case "conditional":
                yield from _conditional(node, done)
            case "operator_assignment" | "assignment":
                yield from _assignment(node, done)
            case "element_reference" | "call":
                yield from _plain(node, done)


def _either(node: Node, done: set[int]) -> Iterator[Read]:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    known = _lookup(left)
    if known is None:
        return
    name, place = known
    done.add(place.id)
    if right is not None and right.type in {"call", "identifier"} and (method(right) or text(right)) in _FAILS:
        yield Read(name, place, required=True)
        return
    if right is not None and right.type == "nil":
        yield Read(name, place)
        return
    value = literal(right)
    yield Read(name, place, value or "", value is None)


def _conditional(node: Node, done: set[int]) -> Iterator[Read]:
    known = _lookup(node.child_by_field_name("condition"))
    other = node.child_by_field_name("alternative")
    value = literal(other)
    if known is None or value is None:
        return
    name, place = known
    consequence = node.child_by_field_name("consequence")
    again = _lookup(consequence)
    if again is None and consequence is not None:  # Integer(ENV["X"])
        inner = (_lookup(one) for one in descend(consequence, frozenset({"element_reference"})))
        again = next((one for one in inner if one), None)
    if again is None or again[0] != name:
        return  # a switch, not a default
    done.update((place.id, again[1].id))
    yield Read(name, place, value)


def _assignment(node: Node, done: set[int]) -> Iterator[Read]:
    left = node.child_by_field_name("left")
    known = _lookup(left) if left is not None and left.type == "element_reference" else None
    if known is None:
        return
    done.add(known[1].id)
    if node.type == "operator_assignment":
        value = literal(node.child_by_field_name("right"))
        yield Read(known[0], known[1], value or "", value is None, setdefault=True)


def _plain(node: Node, done: set[int]) -> Iterator[Read]:
    if node.type == "element_reference":
        if known := _lookup(node):
            done.add(node.id)
            yield Read(known[0], node)
        return
    if receiver(node) not in {"ENV", "::ENV"}:
        return
    called, given = method(node), arguments(node)
    if called == "fetch" and given and (name := literal(given[0])):
        yield _fetched(node, name, given)
    elif called in _ASKS:
        for one in given:
            if one.type in _QUOTED and (name := literal(one)):
                yield Read(name, node)


def _fetched(node: Node, name: str, given: list[Node]) -> Read:
    block = node.child_by_field_name("block")
    if len(given) > 1:
        if given[1].type == "nil":
            return Read(name, node)
        value = literal(given[1])
        return Read(name, node, value or "", value is None)
    if block is None:
        return Read(name, node, required=True)
    body = block.child_by_field_name("body")
    last = body.named_children[-1] if body is not None and body.named_children else None
    if last is None or last.type == "nil":
        return Read(name, node)
    if last.type in {"call", "identifier"} and (method(last) or text(last)) in _FAILS:
        return Read(name, node, required=True)
    value = literal(last)
    return Read(name, node, value or "", value is None)


def _lookup(node: Node | None) -> tuple[str, Node] | None:
    """The variable behind `ENV["X"]` and calls on it (`.presence`, `&.to_i`, parentheses), with its own node."""
    for _ in range(5):
        if node is None:
            return None
        if node.type == "element_reference":
            if text(node.child_by_field_name("object")) not in {"ENV", "::ENV"}:
                return None
            name = literal(node.named_children[1]) if len(node.named_children) == 2 else None
            return (name, node) if name else None
        if node.type in _UNWRAPPED:
            node = node.named_children[0] if node.named_children else None
        else:
            node = node.child_by_field_name("receiver")
    return None
