"""Routes of Go servers: net/http patterns and the methods of the usual routers, with the prefixes of groups in the same file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers import trees
from deploydeck.scan.parsers.go_tree import GoFile

if TYPE_CHECKING:
    from tree_sitter import Node

_GET = frozenset(
    {
        "GET",
        "Get",
        "Any",
        "All",
        "HEAD",
        "Head",
        "HandleFunc",
        "Handle",
        "Handler",
        "HandlerFunc",
        "StaticFile",
        "Method",
        "MethodFunc",
        "Add",
        "Match",
        "Path",
    }
)
_WITH_METHOD = frozenset({"Handle", "Handler", "HandlerFunc", "Method", "MethodFunc", "Add", "Match"})
_GROUP = frozenset({"Group", "Party", "PathPrefix", "NewGroup", "Namespace"})
_PATTERN = re.compile(r"^(?:(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT) +)?(/[^\s]{0,150})$")
_PREFIXED_TYPE = re.compile(r"RouterGroup|\*echo\.Group|fiber\.Router|chi\.Router|gin\.IRouter|gin\.IRoutes|iris\.Party|\*Group")
_DEEPEST = 12


def routes(source: GoFile) -> Iterator[Found]:
    groups = _groups(source)
    for call in source.calls:
        function = call.child_by_field_name("function")
        if function is None or function.type != "selector_expression":
            continue
        method = trees.text(function.child_by_field_name("field"))
        arguments = source.arguments(call)
        if method in {"Mount", "Group", "PathPrefix", "StripPrefix"} and arguments and source.string(arguments[0]).strip("/"):
            yield source.found("prefixed", method, call)
        if method not in _GET or not arguments:
            continue
        first = source.string(arguments[0])
        if method in _WITH_METHOD and len(arguments) > 1 and not first.startswith("/") and not _PATTERN.match(first):
            if first not in {"GET", "HEAD"} and not trees.text(arguments[0]).endswith("MethodGet"):
                continue
            first = source.string(arguments[1])
        match = _PATTERN.match(first) if first else None
        prefix, certain = _prefix(source, call, function.child_by_field_name("operand"), groups)
        if match is None and not (first == "" and prefix and arguments[0].type == "interpreted_string_literal"):
            continue
        if (match and match[1] not in {None, "GET", "HEAD"}) or _other_methods(call):
            continue
        path = (prefix.rstrip("/") + (match[2] if match else "")).replace("//", "/") or "/"
        path = path.removesuffix("{$}") or "/"
        yield source.found("route", path, call, "app" if certain else "router")


def _other_methods(call: Node) -> bool:
    """gorilla: `.HandleFunc("/x", h).Methods("POST")`."""
    parent = call.parent
    outer = parent.parent if parent is not None else None
    if parent is None or parent.type != "selector_expression" or outer is None or outer.type != "call_expression":
        return False
    named = trees.text(parent.child_by_field_name("field")) == "Methods"
    return named and "GET" not in trees.text(outer.child_by_field_name("arguments")).upper()


def _groups(source: GoFile) -> dict[tuple[int, str], tuple[str, str]]:
    """`api := r.Group("/api")`: (function, variable) to (the object it is a group of, prefix)."""
    found: dict[tuple[int, str], tuple[str, str]] = {}
    for call in source.calls:
        target, node = call, call
        function = call.child_by_field_name("function")
        if function is None or function.type != "selector_expression":
            continue
        method = trees.text(function.child_by_field_name("field"))
        if method == "Subrouter":
            inner = function.child_by_field_name("operand")
            if inner is None or inner.type != "call_expression":
                continue
            target = inner
            function = target.child_by_field_name("function")
            if function is None or function.type != "selector_expression":
                continue
            method = trees.text(function.child_by_field_name("field"))
        if method not in _GROUP:
            continue
        arguments = source.arguments(target)
        prefix = source.string(arguments[0]) if arguments else ""
        holder = node.parent.parent if node.parent is not None else None
        if holder is not None and holder.type in {"short_var_declaration", "assignment_statement"}:
            name = trees.text(holder.child_by_field_name("left"))
            found[_function(source, call), name] = (trees.text(function.child_by_field_name("operand"))[:100], prefix)
    return found


def _function(source: GoFile, node: Node) -> int:
    function = source.function_of(node)
    return function.id if function is not None else 0


def _prefix(source: GoFile, call: Node, operand: Node | None, groups: dict[tuple[int, str], tuple[str, str]]) -> tuple[str, bool]:
    """The prefix of the object a route is defined on, and whether that is all of it."""
    name, prefix, certain = trees.text(operand)[:200], "", True
    scope = source.function_of(call)
    for _ in range(_DEEPEST):
        if match := re.match(r"^(\w{1,60})\.(?:Group|Party|PathPrefix)\(\"([^\"]{0,100})\"[^)]{0,60}\)", name):
            name, prefix = match[1], match[2] + prefix
        key = (scope.id if scope is not None else 0, name)
        if key in groups and groups[key][0] != name:
            name, prefix = groups[key][0], groups[key][1] + prefix
            continue
        if scope is None:
            break
        parameters = trees.text(scope.child_by_field_name("parameters"))[:600]
        if (match := re.search(rf"\b{re.escape(name)}\b[\w\s,]{{0,60}}?\s(\*?[\w.]{{1,60}})", parameters)) is None:
            scope = source.function_of(scope)
            continue
        if scope.type != "func_literal":
            certain = _PREFIXED_TYPE.search(match[1]) is None
            break
        outer = scope.parent.parent if scope.parent is not None else None  # r.Route("/x", func(r chi.Router) {…})
        if outer is None or outer.type != "call_expression":
            break
        callee, arguments = source.callee(outer), source.arguments(outer)
        given = source.string(arguments[0]) if arguments else ""
        if callee.endswith((".Route", ".Group", ".Party", ".PartyFunc")):
            prefix = given + prefix
            name = callee.rpartition(".")[0]
        scope = source.function_of(scope)
    return prefix, certain
