# ruff: noqa: E501 - tables read better unbroken
"""A JavaScript program in memory: its tree, its nodes by type, and what its constants are."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers import trees
from deploydeck.scan.parsers.node_tree import ancestors, called, inner, key_of, root_of, string

if TYPE_CHECKING:
    from tree_sitter import Node

TYPES = frozenset({
    "call_expression", "new_expression", "member_expression", "subscript_expression", "variable_declarator", "function_declaration",
    "class_declaration", "public_field_definition", "field_definition", "method_definition", "pair", "export_statement", "if_statement", "import_statement",
    "decorator", "binary_expression", "switch_case", "assignment_expression", "augmented_assignment_expression",
})  # fmt: skip
_ENVIRONMENTS = frozenset({
    "process.env", "Bun.env", "import.meta.env", "globalThis.process.env", "global.process.env", "process?.env", "window.process.env",
})  # fmt: skip
BUILD_ENVIRONMENT = "import.meta.env"


class Program:
    """One source file. `found` makes a fact that stands on the line of a node."""

    def __init__(self, file: str, data: bytes) -> None:
        self.file = file
        self.text = Text(data)
        self.nodes: dict[str, list[Node]] = defaultdict(list)
        for node in trees.descend(root_of(file, data), TYPES):
            self.nodes[node.type].append(node)

    def found(
        self, kind: str, name: str, node: Node, value: str = "", tags: frozenset[str] = frozenset(), scope: str = "node"
    ) -> Found:
        line = trees.line(node)
        return Found(kind, name[:200], value[:400], self.file, line, self.text.line(line), scope, tags)

    @cached_property
    def constants(self) -> dict[str, Node]:
        """What each plainly declared name is, the first declaration where there are several."""
        found: dict[str, Node] = {}
        for node in self.nodes["variable_declarator"]:
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name is not None and value is not None and name.type == "identifier":
                found.setdefault(trees.text(name), value)
        for node in self.nodes["assignment_expression"]:
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is None or right is None:
                continue
            if left.type == "identifier" or (left.type == "member_expression" and trees.text(left).startswith("this.")):
                found.setdefault(trees.text(left), right)
        for node in (*self.nodes["public_field_definition"], *self.nodes["field_definition"]):
            name, value = (
                node.child_by_field_name("name") or node.child_by_field_name("property"),
                node.child_by_field_name("value"),
            )
            if name is not None and value is not None:
                found.setdefault(f"this.{trees.text(name)}", value)
        return found

    @cached_property
    def taken(self) -> dict[str, tuple[str, Node | None]]:
        """Names taken out of the environment by a pattern: the variable and its default."""
        found: dict[str, tuple[str, Node | None]] = {}
        for node in self.nodes["variable_declarator"]:
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name is not None and value is not None and name.type == "object_pattern" and self.environment(value):
                for variable, local, default in pattern_parts(name):
                    found.setdefault(local, (variable, default))
        return found

    @cached_property
    def imports(self) -> dict[str, tuple[str, str]]:
        """Local names by where they come from: the module and the name there ("" the whole module, "default")."""
        found: dict[str, tuple[str, str]] = {}
        for node in self.nodes["import_statement"]:
            module = string(node.child_by_field_name("source"))
            if module is None:
                continue
            for clause in node.named_children:
                for part in clause.named_children if clause.type == "import_clause" else ():
                    if part.type == "identifier":
                        found[trees.text(part)] = (module, "default")
                    elif part.type == "namespace_import" and part.named_children:
                        found[trees.text(part.named_children[0])] = (module, "")
                    for one in part.named_children if part.type == "named_imports" else ():
                        name, alias = one.child_by_field_name("name"), one.child_by_field_name("alias")
                        if name is not None:
                            found[trees.text(alias if alias is not None else name)] = (module, trees.text(name))
        for node in self.nodes["variable_declarator"]:
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            required = self.required(value) if value is not None else None
            if required is None or name is None:
                continue
            if name.type == "identifier":
                found[trees.text(name)] = required
            elif name.type == "object_pattern":
                for key, local, _ in pattern_parts(name):
                    found[local] = (required[0], key)
        return found

    def required(self, node: Node) -> tuple[str, str] | None:
        """The module of `require("x")`, `require("x").y`, `await import("x")`."""
        node = inner(node)
        part = ""
        if node.type == "member_expression" and (thing := node.child_by_field_name("object")) is not None:
            part, node = trees.text(node.child_by_field_name("property")), inner(thing)
        if node.type == "call_expression" and called(node) in {(None, "require"), (None, "import")}:
            arguments = node.child_by_field_name("arguments")
            first = arguments.named_children[0] if arguments is not None and arguments.named_children else None
            module = string(first)
            return (module, part) if module is not None else None
        return None

    @cached_property
    def _aliases(self) -> dict[str, str]:
        found = {}
        for name, (module, part) in self.imports.items():
            if (module in {"process", "node:process"} and part == "env") or (module.startswith("$env/dynamic/") and part == "env"):
                found[name] = "process.env"
        for name, value in self.constants.items():
            if called(inner(value)) == (None, "loadEnv"):  # of Vite, in its configuration
                found[name] = "process.env"
            if (text := trees.text(inner(value))) in _ENVIRONMENTS:
                found[name] = text
        return found

    def environment(self, node: Node | None) -> str:
        """Which environment object a node is (`process.env`, `import.meta.env`), "" when none."""
        if node is None:
            return ""
        node = inner(node)
        if node.type == "identifier":
            return self._aliases.get(trees.text(node), "")
        if node.type == "member_expression" and (text := trees.text(node)) in _ENVIRONMENTS:
            return text
        if node.type == "call_expression" and called(node) == (None, "loadEnv"):
            return "process.env"
        if node.type == "binary_expression":  # (process.env || {})
            return self.environment(node.child_by_field_name("left"))
        return ""

    def declared_name(self, node: Node) -> str:
        """The name of the variable that a chain of calls ends up in; "" when none."""
        for around in ancestors(node):
            if around.type == "variable_declarator":
                name = around.child_by_field_name("name")
                return trees.text(name) if name is not None and name.type == "identifier" else ""
            if around.type not in {
                "member_expression",
                "call_expression",
                "await_expression",
                "parenthesized_expression",
                "as_expression",
            }:
                return ""
        return ""


def pattern_parts(pattern: Node) -> list[tuple[str, str, Node | None]]:
    """The parts of `{ a, b = 1, c: d = 2 }`: key, local name, default."""
    found: list[tuple[str, str, Node | None]] = []
    for part in pattern.named_children:
        if part.type == "shorthand_property_identifier_pattern":
            found.append((trees.text(part), trees.text(part), None))
        elif part.type == "object_assignment_pattern":
            left = part.child_by_field_name("left")
            found.append((trees.text(left), trees.text(left), part.child_by_field_name("right")))
        elif part.type == "pair_pattern":
            key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
            if key is None or value is None:
                continue
            default = value.child_by_field_name("right") if value.type == "assignment_pattern" else None
            local = value.child_by_field_name("left") if value.type == "assignment_pattern" else value
            found.append((key_of(key), trees.text(local), default))
    return found
