"""Questions on the terminal. They are written to standard error: standard output belongs to the answer."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from deploydeck.domain.text import printable


def can_ask() -> bool:
    """Whether a person sits there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> str:
    """The typed line without blanks around it; empty at the end of input."""
    print(printable(question), end=" ", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def confirm(question: str) -> bool:
    """Yes or no; anything but y or yes means no."""
    return ask(f"{question} [y/N]").lower() in ("y", "yes")


def confirm_name(question: str, name: str) -> bool:
    """Whether the very name was typed."""
    return ask(f"{question} Type {name} to go on:") == name


def choose(question: str, choices: Mapping[str, str], default: str) -> str:
    """One of the keys of `choices` (key to meaning). Anything not understood means `default`."""
    print(printable(question), file=sys.stderr)
    for key, meaning in choices.items():
        print(printable(f"  {key}  {meaning}{' (default)' if key == default else ''}"), file=sys.stderr)
    answer = ask(">").lower()[:1]
    return answer if answer in choices else default
