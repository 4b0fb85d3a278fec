# ruff: noqa: E501 - tables read better unbroken
"""Reading JavaScript by its syntax tree: which grammar a file takes, literals, the parts of a call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.parsers import trees

if TYPE_CHECKING:
    from tree_sitter import Node

_GRAMMARS = {"ts": "typescript", "mts": "typescript", "cts": "typescript", "tsx": "tsx"}
_SCRIPT = re.compile(rb"<script\b([^>]{0,200})>(.*?)</script\s{0,5}>", re.DOTALL | re.IGNORECASE)
_FRONTMATTER = re.compile(rb"\A\s{0,20}---\r?\n(.*?)\n---", re.DOTALL)
_TRANSPARENT = frozenset({
    "parenthesized_expression", "non_null_expression", "as_expression", "satisfies_expression", "await_expression", "type_assertion",
})  # fmt: skip
FUNCTIONS = frozenset({"arrow_function", "function_expression", "function", "function_declaration", "generator_function"})
MOST_ANCESTORS = 60


def script_of(file: str, data: bytes) -> tuple[str, bytes]:
    """The grammar and the script of a file; of components the script blocks alone, the rest blanked so that lines stay."""
    extension = file.rpartition(".")[2].lower()
    if extension in {"vue", "svelte", "html"}:
        blocks = [(match.start(2), match.end(2)) for match in _SCRIPT.finditer(data)]
    elif extension == "astro":
        found = _FRONTMATTER.match(data)
        blocks = [(found.start(1), found.end(1))] if found else []
    else:
        return _GRAMMARS.get(extension, "tsx" if extension == "tsx" else "javascript"), data
    pieces: list[bytes] = []
    at = 0
    for start, end in blocks:
        pieces += [re.sub(rb"[^\n]", b" ", data[at:start]), data[start:end]]
        at = end
    return "typescript", b"".join(pieces)


def root_of(file: str, data: bytes) -> Node:
    """The tree of a file's script."""
    grammar, script = script_of(file, data)
    return trees.root(grammar, script)


def inner(node: Node) -> Node:
    """The expression without parentheses, casts, `await` and `!` around it."""
    for _ in range(MOST_ANCESTORS):
        if node.type not in _TRANSPARENT or not node.named_children:
            return node
        node = node.named_children[-1] if node.type == "type_assertion" else node.named_children[0]
    return node


def string(node: Node | None) -> str | None:
    """The value of a plain string or of a template without holes; None for anything else."""
    if node is None:
        return None
    if node.type == "string":
        text = trees.text(node)[1:-1]
        return re.sub(r"\\(.)", r"\1", text) if "\\" in text else text
    if node.type == "template_string" and not any(child.type == "template_substitution" for child in node.named_children):
        return trees.text(node)[1:-1]
    return None


def literal(node: Node | None) -> str | None:
    """The value of a string, number or boolean as text; None for anything computed."""
    if node is None:
        return None
    node = inner(node)
    if (text := string(node)) is not None:
        return text
    if node.type == "number":
        return trees.text(node).replace("_", "")
    if node.type in {"true", "false"}:
        return node.type
    if node.type == "unary_expression" and trees.text(node)[:1] == "-":
        return trees.text(node)
    return None


def arguments(call: Node) -> list[Node]:
    """The arguments of a call or of `new`."""
    found = call.child_by_field_name("arguments")
    return [child for child in found.named_children if child.type != "comment"] if found is not None else []


def called(call: Node) -> tuple[Node | None, str]:
    """The object and the name of a call: `a.b.get(…)` is (`a.b`, "get"), `serve(…)` is (None, "serve")."""
    function = call.child_by_field_name("function") or call.child_by_field_name("constructor")
    if function is None:
        return None, ""
    function = inner(function)
    if function.type == "member_expression":
        return function.child_by_field_name("object"), trees.text(function.child_by_field_name("property"))
    return (None, trees.text(function)) if function.type in {"identifier", "import"} else (None, "")


def pairs(node: Node | None) -> Iterator[tuple[str, Node]]:
    """Keys and values of an object literal; `{ port }` gives its identifier."""
    if node is None:
        return
    for child in inner(node).named_children if inner(node).type == "object" else ():
        if child.type == "pair":
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            if key is not None and value is not None:
                yield key_of(key), value
        elif child.type == "shorthand_property_identifier":
            yield trees.text(child), child


def key_of(key: Node) -> str:
    """The name of a property: `a`, `"a"` or `["a"]`."""
    if key.type == "computed_property_name" and key.named_children:
        key = key.named_children[0]
    value = string(key)
    return value if value is not None else trees.text(key)


def field(node: Node | None, *names: str) -> Node | None:
    """The value of the first of these keys in an object literal."""
    found = dict(pairs(node))
    return next((found[name] for name in names if name in found), None)


def ancestors(node: Node) -> Iterator[Node]:
    """The nodes around a node, innermost first, not endlessly."""
    current = node.parent
    for _ in range(MOST_ANCESTORS):
        if current is None:
            return
        yield current
        current = current.parent


def path_strings(node: Node) -> str | None:
    """A directory: a literal, or the literals of `path.join(__dirname, "a", "b")` joined."""
    value = literal(node)
    if value is not None:
        return value
    node = inner(node)
    if node.type == "call_expression" and called(node)[1] in {"resolve", "join", "fileURLToPath"}:
        parts = [text for one in arguments(node) if (text := path_strings(one)) is not None]
        return "/".join(part.strip("/") for part in parts) if parts else None
    if node.type == "new_expression" and called(node)[1] == "URL" and arguments(node):
        return string(arguments(node)[0])
    return None
