"""A walk over a syntax tree that carries what encloses each node: the groups of a Gemfile, the prefixes of routes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tree_sitter import Node

T = TypeVar("T")
_MOST = 200_000


def nested(root: Node, context: T, enter: Callable[[Node, T], T]) -> Iterator[tuple[Node, T]]:
    """The named nodes below `root` in the order of the source, each with its context; `enter` gives the context of its children.

    Without recursion, and never more than 200,000 nodes.
    """
    stack = [(root, context)]
    seen = 0
    while stack and seen < _MOST:
        node, known = stack.pop()
        seen += 1
        yield node, known
        inner = enter(node, known)
        stack.extend((child, inner) for child in reversed(node.named_children))


def join(prefix: str, path: str) -> str:
    """A route below a prefix, with one slash at its start and none at its end: ("/api", "health/") is /api/health."""
    inner = f"{prefix.strip('/')}/{path.strip('/')}".strip("/")
    return f"/{inner}"
