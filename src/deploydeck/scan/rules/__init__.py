"""Rules: tables in `data/`, one file an ecosystem, that say what a technology looks like and what follows from it."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from deploydeck.scan.rules.load import BadRule, ecosystems, languages
from deploydeck.scan.rules.model import Ecosystem, Language, Manager, Pattern, Role, Runtime, SystemNeed, Technology


def technologies() -> Iterator[Technology]:
    """Every technology, those of the first ecosystems first."""
    for one in ecosystems().values():
        yield from one.technologies


@lru_cache(maxsize=1)
def managers() -> Mapping[str, Manager]:
    """Every package manager by its id."""
    return {row.id: row for one in ecosystems().values() for row in one.managers}


@lru_cache(maxsize=1)
def runtimes() -> Mapping[str, Runtime]:
    """Every runtime by its id."""
    return {row.id: row for one in ecosystems().values() for row in one.runtimes}


__all__ = [
    "BadRule",
    "Ecosystem",
    "Language",
    "Manager",
    "Pattern",
    "Role",
    "Runtime",
    "SystemNeed",
    "Technology",
    "ecosystems",
    "languages",
    "managers",
    "runtimes",
    "technologies",
]
