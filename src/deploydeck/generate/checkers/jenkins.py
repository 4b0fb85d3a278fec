"""Jenkinsfiles: parsed with a real grammar of Groovy, and the structure of a declarative pipeline on top.

What Jenkins itself would say beyond that (steps of plugins, their arguments) only Jenkins knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.domain import CheckFinding, CheckVerdict
from deploydeck.generate.checkers.tools import unavailable, verdict

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

NAME = "jenkins"
ABSENT = "The grammar of Groovy is not installed; `pip install tree-sitter-groovy` brings it."
MAX_FINDINGS = 20

# The syntax of declarative pipelines, from the handbook of Jenkins ("Pipeline Syntax").
_PIPELINE = frozenset("agent environment libraries options parameters post stages tools triggers".split())
_STAGE = frozenset("agent environment failFast input matrix options parallel post stages steps tools when".split())
_BODY = ("steps", "stages", "parallel", "matrix")


def identity() -> str:
    """Which grammar parses; empty without one."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"tree-sitter-groovy {version('tree-sitter-groovy')}"
    except PackageNotFoundError:
        return ""


def check(content: str) -> CheckVerdict:
    """Errors of Groovy, and of a declarative pipeline where the file holds one. All of them are blocking."""
    tree = _parsed(content)
    if tree is None:
        return unavailable(NAME, ABSENT)
    findings = list(_syntax(tree.root_node)) or list(_structure(tree.root_node))
    return verdict(NAME, findings[:MAX_FINDINGS])


def _parsed(content: str) -> Tree | None:
    try:
        import tree_sitter_groovy
        from tree_sitter import Language, Parser
    except ImportError:
        return None
    return Parser(Language(tree_sitter_groovy.language())).parse(content.encode("utf-8", "replace"))


def _error(node: Node, rule: str, message: str) -> CheckFinding:
    return CheckFinding(line=node.start_point.row + 1, rule=rule, message=message, blocking=True)


def _syntax(node: Node) -> Iterator[CheckFinding]:
    waiting = [node]
    while waiting:
        at = waiting.pop()
        if at.is_missing:
            yield _error(at, "groovy-syntax", f"{at.type} is missing here.")
        elif at.is_error:
            text = (at.text or b"").decode("utf-8", "replace").split("\n", 1)[0][:60]
            yield _error(at, "groovy-syntax", f"Groovy cannot read this: {text}")
        elif at.has_error:
            waiting.extend(reversed(at.children))


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _calls(block: Node) -> Iterator[tuple[str, Node, Node | None]]:
    """Name, node and closure of every statement in a block. `agent none` looks like a declaration to the grammar."""
    for child in block.named_children:
        node = child.named_children[0] if child.type == "expression_statement" and child.named_children else child
        if node.type.endswith("comment"):
            continue
        name = next((one for one in node.children if one.type in ("identifier", "type_identifier")), None)
        closure = next((one for one in node.named_children if one.type == "closure"), None)
        if closure is None:  # `agent { … }` may hold its closure in an argument list
            arguments = next((one for one in node.named_children if one.type == "argument_list"), None)
            closure = next((one for one in arguments.named_children if one.type == "closure"), None) if arguments else None
        yield _text(name), node, closure


def _structure(root: Node) -> Iterator[CheckFinding]:
    for name, node, closure in _calls(root):
        if name != "pipeline" or closure is None:
            continue
        present = set()
        for section, inner, block in _calls(closure):
            present.add(section)
            if section not in _PIPELINE:
                yield _error(inner, "unknown-section", f"{section or 'This'} is no section of a pipeline.")
            elif section == "stages":
                yield from _stages(inner, block)
        for section in sorted({"agent", "stages"} - present):
            yield _error(node, "missing-section", f"A pipeline needs {section}.")


def _stages(node: Node, block: Node | None) -> Iterator[CheckFinding]:
    calls = list(_calls(block)) if block is not None else []
    if not calls:
        yield _error(node, "empty-stages", "There is no stage in here.")
    for name, inner, closure in calls:
        if name != "stage" or closure is None:
            yield _error(inner, "unknown-section", f"Only stages may stand here, not {name or 'this'}.")
            continue
        bodies = []
        for section, part, nested in _calls(closure):
            if section not in _STAGE:
                yield _error(part, "unknown-section", f"{section or 'This'} is no section of a stage.")
            if section in _BODY:
                bodies.append(section)
            if section in ("stages", "parallel"):
                yield from _stages(part, nested)
        if len(bodies) != 1:
            yield _error(inner, "stage-body", f"A stage has exactly one of {', '.join(_BODY)}; this one has {len(bodies)}.")
