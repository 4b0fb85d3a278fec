"""Routes of Ruby frameworks, with the prefixes of the blocks around them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.parsers.nested import join, nested
from deploydeck.scan.parsers.ruby_nodes import arguments, literal, method, options, receiver
from deploydeck.scan.parsers.trees import text

if TYPE_CHECKING:
    from tree_sitter import Node

_UNKNOWN = "\0"
"""The prefix inside a block whose paths are not plain (a resource with its parameter, a concern)."""
_VERBS = frozenset({"get", "match", "head"})
_THROUGH = frozenset({
    "draw", "constraints", "authenticate", "authenticated", "unauthenticated", "defaults", "controller", "with_options",
    "devise_scope",
    "direct", "configure", "before", "slice", "routes", "new", "route", "class_eval", "hash_branch",
})  # fmt: skip
_GRAPE = frozenset({"namespace", "resource", "resources", "group", "segment"})

Route = tuple[str, "Node", str]


def rails(root: Node) -> Iterator[Route]:
    """Routes of `config/routes.rb`, of Rails and of Hanami."""
    for node, prefix in nested(root, "", _rails_block):
        if node.type != "call" or prefix == _UNKNOWN or node.child_by_field_name("receiver") is not None:
            continue
        called, named = method(node), options(node)
        if called == "root":
            yield join(prefix, ""), node, "app"
        elif called in _VERBS:
            for path in _paths(node, named):
                yield join(prefix, path.removesuffix("(.:format)")), node, "app"
        elif called == "mount":
            given = arguments(node)
            at = literal(named.get("at"))
            mounted = at if at is not None else next((key for key in named if key.startswith("/")), None)
            mounted = mounted if mounted is not None else next((key for key in _mounted(node) if key), None)
            if mounted is not None and (given or mounted):
                yield join(prefix, mounted), node, "app"


def _paths(node: Node, named: dict[str, Node]) -> list[str]:
    found = [value for one in arguments(node) if (value := literal(one))]
    return found or [key for key, value in named.items() if key not in {"to", "as", "via"} and literal(value) is not None][:1]


def _mounted(node: Node) -> Iterator[str]:
    """The path of `mount Engine => "/path"`."""
    given = node.child_by_field_name("arguments")
    for child in given.named_children if given is not None else ():
        if (
            child.type == "pair"
            and (key := child.child_by_field_name("key")) is not None
            and key.type in {"constant", "scope_resolution"}
        ):
            yield literal(child.child_by_field_name("value")) or ""


def _rails_block(node: Node, prefix: str) -> str:
    if prefix == _UNKNOWN or node.type != "call" or node.child_by_field_name("block") is None:
        return prefix
    called, given, named = method(node), arguments(node), options(node)
    if called in {"namespace", "scope", "slice"}:
        wanted = named.get("path") or named.get("at") or (given[0] if given and called != "slice" else None)
        if wanted is None:
            return prefix
        path = literal(wanted)
        return _UNKNOWN if path is None else join(prefix, path)
    return prefix if called in _THROUGH or called in {"lambda", "proc"} else _UNKNOWN


def sinatra(root: Node) -> Iterator[Route]:
    """`get "/path" do` of Sinatra and its kin; the third part is the class around it, "app" outside of any."""
    for node, around in nested(root, "app", _class_around):
        if node.type != "call" or node.child_by_field_name("receiver") is not None or node.child_by_field_name("block") is None:
            continue
        called, given = method(node), arguments(node)
        path = literal(given[0]) if given else None
        if called in {"get", "head"} and path is not None and path.startswith("/"):
            yield path, node, around


def _class_around(node: Node, around: str) -> str:
    return text(node.child_by_field_name("name"))[:60] if node.type == "class" else around


def roda(root: Node) -> Iterator[Route]:
    """`r.get "path"` inside the blocks of `r.on` of a Roda application."""
    for node, prefix in nested(root, "", _roda_block):
        if node.type != "call" or prefix == _UNKNOWN or receiver(node) != "r":
            continue
        called = method(node)
        path = _roda_path(node)
        if called == "root":
            yield join(prefix, ""), node, "app"
        elif called in {"get", "is"} and path is not None and (path or prefix):
            yield join(prefix, path), node, "app"


def _roda_path(node: Node) -> str | None:
    given = arguments(node)
    values = [literal(one) if one.type == "string" else None for one in given if one.type != "true"]
    return None if any(value is None for value in values) else "/".join(value or "" for value in values)


def _roda_block(node: Node, prefix: str) -> str:
    if prefix == _UNKNOWN or node.type != "call" or receiver(node) != "r" or method(node) not in {"on", "is", "get", "hash_branch"}:
        return prefix
    path = _roda_path(node)
    return _UNKNOWN if path is None else join(prefix, path)


def grape(root: Node) -> Iterator[Route]:
    """`get :path` inside the resources of a Grape API, below its `prefix` and its version in the path."""
    base = ""
    for node, prefix in nested(root, "", _grape_block):
        if node.type != "call" or node.child_by_field_name("receiver") is not None or prefix == _UNKNOWN:
            continue
        called, given, named = method(node), arguments(node), options(node)
        value = literal(given[0]) if given else None
        if called == "prefix" and value:
            base = join(value, base)
        elif called == "version" and value and (literal(named.get("using")) or "path") == "path":
            base = join(base, value)
        elif called == "get" and node.child_by_field_name("block") is not None and (value is not None or not given):
            yield join(join(base, prefix), value or ""), node, "app"


def _grape_block(node: Node, prefix: str) -> str:
    if prefix == _UNKNOWN or node.type != "call" or node.child_by_field_name("block") is None:
        return prefix
    if method(node) == "route_param":
        return _UNKNOWN
    if method(node) not in _GRAPE:
        return prefix
    given = arguments(node)
    path = literal(given[0]) if given else ""
    return _UNKNOWN if path is None else join(prefix, path)
