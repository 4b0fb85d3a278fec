"""Expressions of ARM templates, such as "[concat(parameters('name'), '-x')]", into a tree, and names into comparable parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<word>[A-Za-z_]\w*)|(?P<sign>[()\[\],.?]))")
MAX_DEPTH = 64

FUNCTIONS = frozenset(
    word.lower()
    for word in (
        "add and array base64 base64ToJson base64ToString bool coalesce concat contains copyIndex createArray "
        "createObject dataUri dataUriToString dateTimeAdd dateTimeFromEpoch dateTimeToEpoch deployment div empty "
        "endsWith environment equals extensionResourceId false filter first flatten float format greater "
        "greaterOrEquals groupBy guid if indexOf indexFromEnd int intersection items json join lambda "
        "lambdaVariables last lastIndexOf length less lessOrEquals list listAccountSas listKeys listSecrets "
        "managementGroup map mapValues max min mod mul newGuid not null objectKeys or padLeft parameters pickZones "
        "providers range reduce reference references replace resourceGroup resourceId shallowMerge skip sort split "
        "startsWith string sub subscription subscriptionResourceId substring take tenant tenantResourceId toLower "
        "toObject toUpper trim tryGet tryIndexFromEnd true union uniqueString uri uriComponent "
        "uriComponentToString utcNow variables "
    ).split()
)
"""Functions of the template language, November 2026. Any list… operation of a resource provider exists besides."""


class BadExpression(ValueError):
    """What is wrong with an expression, as a sentence."""


@dataclass(frozen=True)
class Node:
    """A part of an expression: `kind` is text, number, call or access; `value` the text, the digits or the name."""

    kind: str
    value: str
    children: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This part and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def __str__(self) -> str:
        if self.kind != "call" and not self.children:
            return repr(self.value) if self.kind == "text" else self.value
        inner = ", ".join(str(child) for child in self.children)
        return f"{self.value.lower()}({inner})" if self.kind == "call" else f"{self.value}<{inner}>"


def parse(expression: str) -> Node:
    """The tree of an expression without its outer brackets. Raises BadExpression."""
    tokens: list[tuple[str, str]] = []
    at = 0
    text = expression.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadExpression(f"it cannot be read from {text[at : at + 20]!r} on.")
        tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
        at = match.end()
    node, rest = _value(tokens, 0, 0)
    if rest != len(tokens):
        raise BadExpression(f"{tokens[rest][1]!r} stands where it should end.")
    return node


def _value(tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[Node, int]:
    if depth > MAX_DEPTH:
        raise BadExpression("it is nested too deeply.")
    if at >= len(tokens):
        raise BadExpression("it ends too early.")
    kind, value = tokens[at]
    at += 1
    if kind == "text":
        node = Node("text", value[1:-1].replace("''", "'"))
    elif kind == "number":
        node = Node("number", value)
    elif kind == "word":
        if at >= len(tokens) or tokens[at][1] != "(":
            raise BadExpression(f"{value!r} is neither text nor a call.")
        children, at = _arguments(tokens, at + 1, depth)
        node = Node("call", value, children)
    else:
        raise BadExpression(f"{value!r} stands where a value should.")
    return _accesses(tokens, at, depth, node)


def _arguments(tokens: list[tuple[str, str]], at: int, depth: int) -> tuple[tuple[Node, ...], int]:
    children: list[Node] = []
    if at < len(tokens) and tokens[at][1] == ")":
        return (), at + 1
    while True:
        child, at = _value(tokens, at, depth + 1)
        children.append(child)
        if at >= len(tokens):
            raise BadExpression("a bracket is not closed.")
        if tokens[at][1] == ")":
            return tuple(children), at + 1
        if tokens[at][1] != ",":
            raise BadExpression(f"{tokens[at][1]!r} stands where a comma should.")
        at += 1


def _accesses(tokens: list[tuple[str, str]], at: int, depth: int, node: Node) -> tuple[Node, int]:
    while at < len(tokens) and tokens[at][1] in (".", "[", "?"):
        if tokens[at][1] == "?":
            at += 1
            continue
        if tokens[at][1] == ".":
            if at + 1 >= len(tokens) or tokens[at + 1][0] != "word":
                raise BadExpression("a dot without the name of a property.")
            node, at = Node("access", tokens[at + 1][1], (node,)), at + 2
        else:
            index, at = _value(tokens, at + 1, depth + 1)
            if at >= len(tokens) or tokens[at][1] != "]":
                raise BadExpression("a bracket is not closed.")
            node, at = Node("access", "[]", (node, index)), at + 1
    return node, at


def name_parts(node: Node) -> tuple[str, ...]:
    """The segments of a resource's name, however it is put together: literals as they are, the rest by its text."""
    return tuple("".join(segment) for segment in _segments(node))


def _segments(node: Node) -> list[list[str]]:
    if node.kind == "text":
        return [[part] for part in node.value.split("/")]
    if node.kind == "call" and node.value.lower() == "concat":
        joined: list[list[str]] = [[]]
        for child in node.children:
            first, *rest = _segments(child)
            joined[-1] = [*joined[-1], *first]
            joined.extend(rest)
        return joined
    return [[f"<{node}>"]]
