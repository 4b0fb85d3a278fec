"""What a checker is: which files it looks at, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deploydeck.domain import CheckVerdict


@dataclass(frozen=True)
class Scope:
    """What a checker may need to know besides the files. `dockerfile` is where the settings put it."""

    dockerfile: str = "Dockerfile"


def _always() -> str:
    return "built in"


@dataclass(frozen=True)
class Checker:
    """One row of the table of checkers.

    `groups` gets the paths of all files and says which it checks, in groups that must be looked at together (mostly of one).
    `check` answers for each path of a group. `identity` tells one version of the checker from another and is empty when the
    checker is absent (then it is asked all the same, for its reason). `quick` ones answer at once, inside the process.
    """

    name: str
    groups: Callable[[tuple[str, ...], Scope], tuple[tuple[str, ...], ...]]
    check: Callable[[Mapping[str, str]], Mapping[str, CheckVerdict]]
    identity: Callable[[], str] = _always
    quick: bool = False


def single(
    name: str,
    applies: Callable[[str, Scope], bool],
    check: Callable[[str], CheckVerdict],
    *,
    identity: Callable[[], str] | None = None,
) -> Checker:
    """A checker that looks at one file at a time. Without `identity` it is built in and quick."""

    def groups(paths: tuple[str, ...], scope: Scope) -> tuple[tuple[str, ...], ...]:
        return tuple((path,) for path in paths if applies(path, scope))

    def each(files: Mapping[str, str]) -> Mapping[str, CheckVerdict]:
        return {path: check(content) for path, content in files.items()}

    return Checker(name, groups, each, identity or _always, quick=identity is None)
