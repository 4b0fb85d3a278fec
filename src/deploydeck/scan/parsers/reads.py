"""A variable of the environment that source reads, before it becomes a fact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class Read:
    """A variable that source reads. `default` is None without one, "" with `computed` when it is not a literal."""

    name: str
    node: Node
    default: str | None = None
    computed: bool = False
    required: bool = False

    @property
    def tags(self) -> frozenset[str]:
        named = {"required": self.required, "defaulted": self.default is not None, "computed": self.computed}
        return frozenset(name for name, holds in named.items() if holds)
