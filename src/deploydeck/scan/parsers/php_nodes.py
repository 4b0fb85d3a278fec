"""Reading PHP's syntax nodes: literals, arguments, and the ways to read a variable of the environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.parsers.reads import Read
from deploydeck.scan.parsers.trees import descend, text

if TYPE_CHECKING:
    from tree_sitter import Node

_PLAIN = frozenset({"integer", "float", "boolean"})
_FUNCTIONS = frozenset({"env", "getenv", "getenv_docker", "apache_getenv"})
_METHODS = frozenset({
    "Env::get", "Env::getOrFail", "App::env", "Env::getString", "Environment::get", "Env::getRequired", "Environment::getEnv",
})  # fmt: skip
_GLOBALS = frozenset({"$_ENV", "$_SERVER"})
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")
_PLAUSIBLE = re.compile(r"^[A-Z][A-Z0-9_]{2,99}$")
_CGI = re.compile(
    r"^(?:HTTP_\w+|HTTPS|REQUEST_\w+|SERVER_\w+|REMOTE_\w+|SCRIPT_\w+|PATH_(?:INFO|TRANSLATED)|QUERY_STRING|DOCUMENT_(?:ROOT|URI)|PHP_(?:SELF|AUTH_\w+)"
    r"|GATEWAY_INTERFACE|ORIG_\w+|REDIRECT_\w+|CONTENT_(?:TYPE|LENGTH)|AUTH_TYPE|CONTEXT_\w+|UNIQUE_ID|FCGI_ROLE|SSL_\w+|UNENCODED_URL|X_\w+|CGI_MODE)$"
)


def literal(node: Node | None) -> str | None:
    """The value of a string, number or boolean; None when it is computed."""
    if node is None:
        return None
    if node.type in {"string", "encapsed_string"}:
        if any(child.type not in {"string_content", "escape_sequence"} for child in node.named_children):
            return None
        return "".join(text(child) for child in node.named_children)
    return text(node) if node.type in _PLAIN else None


def arguments(node: Node) -> list[Node]:
    """The values of a call's positional arguments."""
    found = node.child_by_field_name("arguments")
    if found is None:
        found = next((child for child in node.named_children if child.type == "arguments"), None)
    values = []
    for child in found.named_children if found is not None else ():
        if child.type == "argument" and len(child.named_children) == 1:
            values.append(child.named_children[0])
    return values


def named_argument(node: Node, name: str) -> Node | None:
    """The value of an argument given by its name (`path: "/x"`)."""
    found = node.child_by_field_name("arguments") or node.child_by_field_name("parameters")
    for child in found.named_children if found is not None else ():
        if child.type == "argument" and len(child.named_children) == 2 and text(child.named_children[0]) == name:
            return child.named_children[1]
    return None


def called(node: Node) -> str:
    """What is called: `env`, `Route::get`, `->get`; without a leading backslash and namespaces."""
    if node.type == "function_call_expression":
        return text(node.child_by_field_name("function")).rpartition("\\")[2]
    name = text(node.child_by_field_name("name"))
    if node.type == "scoped_call_expression":
        return text(node.child_by_field_name("scope")).rpartition("\\")[2] + "::" + name
    return "->" + name


def environment(root: Node) -> Iterator[Read]:
    """Every read of the environment, with `??`, `?:`, a conditional or an argument as its default."""
    types = frozenset({
        "binary_expression", "conditional_expression", "function_call_expression", "scoped_call_expression", "subscript_expression",
        "member_call_expression", "assignment_expression",
    })  # fmt: skip
    done: set[int] = set()
    for node in descend(root, types):
        if node.id in done:
            continue
        match node.type:
            case "binary_expression" if text(node.child_by_field_name("operator")) in {"??", "||", "or"}:
                yield from _either(node, node.child_by_field_name("left"), node.child_by_field_name("right"), done)
            case "conditional_expression":
                condition, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
                if body is None:
                    yield from _either(node, condition, node.child_by_field_name("alternative"), done)
                else:
                    yield from _conditional(condition, body, node.child_by_field_name("alternative"), done)
            case "assignment_expression":
                left = node.child_by_field_name("left")
                if left is not None and left.type == "subscript_expression":
                    done.add(left.id)  # written, not read
            case "member_call_expression":
                yield from _required(node)
            case "function_call_expression" | "scoped_call_expression" | "subscript_expression":
                if read := _read(node):
                    yield read


def _either(node: Node, left: Node | None, right: Node | None, done: set[int]) -> Iterator[Read]:
    read = _read(left)
    if read is None or left is None:
        return
    done.add(left.id)
    if right is not None and right.type == "throw_expression":
        yield Read(read.name, read.node, required=True)
        return
    other = _read(right)
    if other is not None and other.name == read.name and right is not None:  # $_ENV["X"] ?? getenv("X")
        done.add(right.id)
        yield other if other.default is not None else read
        return
    if read.default is not None or (right is not None and text(right).lower() in {"null", "false", "''", '""'}):
        yield read
        return
    value = literal(right)
    yield Read(read.name, read.node, value or "", value is None)


def _conditional(condition: Node | None, body: Node, alternative: Node | None, done: set[int]) -> Iterator[Read]:
    """`isset($_ENV["X"]) ? $_ENV["X"] : "d"` and `getenv("X") ? getenv("X") : "d"`."""
    read, value = _read(body), literal(alternative)
    if read is None or value is None or condition is None:
        return
    same = [one for one in (condition, *descend(condition)) if (again := _read(one)) and again.name == read.name]
    if same:
        done.update(one.id for one in same)
        done.add(body.id)
        yield Read(read.name, read.node, value)


def _read(node: Node | None) -> Read | None:
    for _ in range(3):  # parentheses, casts
        if node is None or node.type not in {"parenthesized_expression", "cast_expression"}:
            break
        node = node.named_children[-1] if node.named_children else None
    if node is None:
        return None
    if node.type == "subscript_expression":
        parts = node.named_children
        on = text(parts[0]) if parts else ""
        name = literal(parts[1]) if len(parts) == 2 and on in _GLOBALS else None
        plausible = bool(name and (_PLAUSIBLE if on == "$_SERVER" else _NAME).match(name) and not _CGI.match(name))
        if on == "$_SERVER" and name in {"argv", "argc", "PATH", "USER", "HOME", "TERM"}:
            return None
        return Read(name, node) if name and plausible else None
    if node.type not in {"function_call_expression", "scoped_call_expression"}:
        return None
    what = called(node)
    if what not in _FUNCTIONS and what not in _METHODS:
        return None
    given = arguments(node)
    name = literal(given[0]) if given else None
    if not name or not _NAME.match(name) or _CGI.match(name):
        return None
    if what.endswith(("OrFail", "Required")):
        return Read(name, node, required=True)
    if len(given) < 2 or what == "getenv" or text(given[1]).lower() == "null":
        return Read(name, node)
    value = literal(given[1])
    return Read(name, node, value or "", value is None)


def _required(node: Node) -> Iterator[Read]:
    """`$dotenv->required(["A", "B"])` of phpdotenv."""
    if text(node.child_by_field_name("name")) != "required" or "env" not in text(node.child_by_field_name("object"))[:60].lower():
        return
    for one in arguments(node):
        for inner in (one, *descend(one, frozenset({"string", "encapsed_string"}))):
            if (name := literal(inner)) and _NAME.match(name):
                yield Read(name, node, required=True)
