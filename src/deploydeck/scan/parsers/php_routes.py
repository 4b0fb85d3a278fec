"""Routes of PHP frameworks: facades and routers with the groups around them, and the attributes of Symfony."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.parsers.nested import join, nested
from deploydeck.scan.parsers.php_nodes import arguments, called, literal, named_argument
from deploydeck.scan.parsers.trees import descend, text

if TYPE_CHECKING:
    from tree_sitter import Node

_UNKNOWN = "\0"
_CALLS = frozenset({"function_call_expression", "scoped_call_expression", "member_call_expression"})
_FACADES = frozenset({"Route", "Router", "Flight", "SimpleRouter", "Leaf"})
_OBJECTS = re.compile(
    r"^(?:\$(?:app|router|routes?|group|r|api|builder|f3|collector|web|klein|this->router|scope)|app\(\)|\$this->app)$"
)
_VERBS = frozenset({"get", "any", "map", "route", "connect", "view", "match", "head", "add", "redirect"})
_GROUPS = frozenset({"group", "scope", "prefix", "plugin", "mount"})
_CLASS_ROUTE = re.compile(
    r"@Route\(\s{0,8}['\"]([^'\"\n]{0,100})['\"][^\n]{0,200}\n"
    r"(?:[ \t]*\*[^\n]{0,200}\n){0,20}?[ \t]*\*/\s{0,8}(?:final |abstract )?class "
)
_METHOD_ROUTE = re.compile(r"@Route\(\s{0,8}(?:path\s{0,4}=\s{0,4})?['\"]([^'\"\n]{1,100})['\"]")
_PATH_AND_VERB = re.compile(r"^(?:[A-Z|]{3,40}\s{1,4})?(?:@\w{1,40}:\s{0,4})?(/\S{0,100}|\*)?$")


def routes(file: str, data: bytes, tree: Node) -> Iterator[tuple[str, Node]]:
    """The routes whose whole path is known."""
    base = "/api" if file == "routes/api.php" else ""
    if file.startswith("routes/") and file not in {"routes/web.php", "routes/api.php"} and b"Route::" in data:
        return  # loaded below a prefix that stands elsewhere
    if b"Route(" in data:
        yield from _attributes(data, tree)
    for node, prefix in nested(tree, base, _group):
        if node.type not in _CALLS or prefix == _UNKNOWN:
            continue
        what = called(node)
        if what == "->withRouting" and (health := literal(named_argument(node, "health"))):
            yield join("", health), node
        given = arguments(node)
        name = what.rpartition(":")[2].removeprefix("->")
        if name not in _VERBS or not given or not _is_router(node, what):
            continue
        index = 1 if name in {"map", "match"} and literal(given[0]) is None and len(given) > 1 else 0
        path = literal(given[index])
        before = _chained_prefix(node)
        if path is None or before is None or not (path.startswith("/") or _is_route_file(file) or " /" in path):
            continue
        match = _PATH_AND_VERB.match(path)
        yield join(join(prefix, before), (match[1] or "") if match and " " in path else path), node


def _is_route_file(file: str) -> bool:
    return bool(re.search(r"(?:^|/)[Rr]outes?(?:/|\.php$)", file))


def _is_router(node: Node, what: str) -> bool:
    if node.type == "scoped_call_expression":
        return what.partition("::")[0] in _FACADES
    if node.type != "member_call_expression":
        return False
    on = node.child_by_field_name("object")
    for _ in range(8):  # Route::middleware(…)->prefix(…)->get(…)
        if on is None:
            return False
        if on.type == "scoped_call_expression":
            return called(on).partition("::")[0] in _FACADES
        if on.type != "member_call_expression":
            return bool(_OBJECTS.match(text(on)[:60]))
        on = on.child_by_field_name("object")
    return False


def _chained_prefix(node: Node) -> str | None:
    """The prefixes in the calls a route or group hangs on; None when one is computed."""
    found = ""
    on = node.child_by_field_name("object")
    for _ in range(8):
        if on is None or on.type not in {"member_call_expression", "scoped_call_expression"}:
            break
        if called(on).rpartition(":")[2].removeprefix("->") == "prefix":
            given = arguments(on)
            path = literal(given[0]) if given else None
            if path is None:
                return None
            found = join(path, found)
        on = on.child_by_field_name("object")
    return found


def _group(node: Node, prefix: str) -> str:
    if prefix == _UNKNOWN or node.type not in _CALLS:
        return prefix
    name = called(node).rpartition(":")[2].removeprefix("->")
    if name not in _GROUPS:
        return prefix
    given = arguments(node)
    if not any(one.type in {"anonymous_function", "arrow_function", "anonymous_function_creation_expression"} for one in given):
        return prefix
    before = _chained_prefix(node)
    if before is None:
        return _UNKNOWN
    first = given[0]
    path: str | None = ""
    if first.type == "array_creation_expression":  # ["prefix" => "api"]
        for element in first.named_children:
            pair = element.named_children
            if len(pair) == 2 and literal(pair[0]) == "prefix":
                path = literal(pair[1])
    elif first.type in {"string", "encapsed_string"}:
        path = literal(first)
    elif not first.type.endswith(("function", "expression")):
        path = None
    return _UNKNOWN if path is None else join(join(prefix, before), path)


def _attributes(data: bytes, tree: Node) -> Iterator[tuple[str, Node]]:
    """`#[Route("/health")]` and `@Route("/health")` of controllers, below that of their class."""
    source = data.decode("utf-8", "replace")
    annotated = _CLASS_ROUTE.search(source)
    prefix = annotated[1] if annotated else ""
    for node in descend(tree, frozenset({"class_declaration", "method_declaration", "comment"})):
        if node.type == "comment":
            written = text(node)
            if "@Route" in written and not (
                annotated
                and annotated[1] in written
                and node.next_named_sibling is not None
                and node.next_named_sibling.type == "class_declaration"
            ):
                for match in _METHOD_ROUTE.finditer(written):
                    yield join(prefix, match[1]), node
            continue
        attributes = node.child_by_field_name("attributes")
        found = (
            [path for one in descend(attributes, frozenset({"attribute"})) if (path := _path(one)) is not None]
            if attributes
            else []
        )
        if node.type == "class_declaration":
            invokable = any(
                text(one.child_by_field_name("name")) == "__invoke" for one in descend(node, frozenset({"method_declaration"}))
            )
            prefix = found[0] if found else prefix
            if found and invokable:
                yield join(found[0], ""), node
        else:
            yield from ((join(prefix, path), node) for path in found)


def _path(attribute: Node) -> str | None:
    name = next((text(child) for child in attribute.named_children if child.type in {"name", "qualified_name"}), "")
    if name.rpartition("\\")[2] not in {"Route", "Get"}:
        return None
    given = attribute.child_by_field_name("parameters")
    if given is None or not given.named_children:
        return None
    named = named_argument(attribute, "path")
    first = given.named_children[0]
    return literal(named) if named is not None else literal(first.named_children[0]) if len(first.named_children) == 1 else None
