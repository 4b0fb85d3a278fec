"""Small readers of C# syntax trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploydeck.scan.parsers import trees

if TYPE_CHECKING:
    from tree_sitter import Node

STRINGS = frozenset({"string_literal", "verbatim_string_literal", "raw_string_literal"})


def string(node: Node | None) -> str:
    """The content of a string literal of any kind; "" for anything else."""
    if node is None or node.type not in STRINGS:
        return ""
    return trees.text(node).lstrip("@").removesuffix("u8").strip('"').replace('\\"', '"')[:400]


def arguments(node: Node) -> list[Node]:
    """The expressions a call is given, without their names."""
    listed = node.child_by_field_name("arguments")
    if listed is None:
        return []
    return [one.named_child(one.named_child_count - 1) or one for one in listed.named_children if one.type == "argument"][:20]


def method(node: Node) -> str:
    """The last name of what a call calls, without type arguments."""
    function = node.child_by_field_name("function")
    if function is None:
        return ""
    named = function.child_by_field_name("name") if function.type == "member_access_expression" else function
    return trees.text(named).partition("<")[0][:100]


def brief(node: Node | None, most: int = 300) -> str:
    """The source of a node, "" when longer than `most` bytes: the text of every link of a long chain would cost its square."""
    return trees.text(node) if node is not None and node.end_byte - node.start_byte <= most else ""


def receiver(node: Node) -> Node | None:
    """What stands before the name that a call calls."""
    function = node.child_by_field_name("function")
    return function.child_by_field_name("expression") if function is not None else None


def initial(node: Node) -> Node | None:
    """The value a variable is declared with."""
    return node.named_child(node.named_child_count - 1) if node.named_child_count > 1 else None
