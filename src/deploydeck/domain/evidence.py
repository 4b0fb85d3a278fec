"""Facts that say where they come from and how sure they are."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import Field

from deploydeck.domain.base import Value

T = TypeVar("T")


class Evidence(Value):
    """One place that supports a fact. `file` is relative to the project root (POSIX), `line` counts from 1 (0: the whole file)."""

    file: str
    line: int = 0
    text: str = ""
    rule: str = ""

    @property
    def where(self) -> str:
        """`file:line`, or only `file` when the whole file is meant."""
        return f"{self.file}:{self.line}" if self.line else self.file


class Alternative(Value, Generic[T]):
    """The other side of a conflict: what else was found, and where."""

    value: T
    evidence: tuple[Evidence, ...] = ()


class Fact(Value, Generic[T]):
    """A detected value. `confidence` is 0..1; `alternatives` holds every source that disagrees; `reason` says why this one won."""

    value: T
    confidence: float = Field(ge=0.0, le=1.0)
    evidence: tuple[Evidence, ...] = ()
    alternatives: tuple[Alternative[T], ...] = ()
    reason: str = ""

    @property
    def conflicted(self) -> bool:
        return bool(self.alternatives)
