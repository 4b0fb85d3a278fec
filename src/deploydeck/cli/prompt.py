"""Questions on the terminal. They are written to standard error: standard output belongs to the answer."""

from __future__ import annotations

import getpass
import os
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


def tell(text: str) -> None:
    """A line beside the questions."""
    print(printable(text), file=sys.stderr, flush=True)


def can_ask_secretly() -> bool:
    """Whether a person sits at the terminal, though standard input may be a pipe."""
    if not sys.stderr.isatty():
        return False
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def ask_secretly(question: str) -> str:
    """The typed line, without echo, from the terminal itself: standard input may bring a value. Empty at the end of input."""
    try:
        return getpass.getpass(f"{printable(question)} ")
    except EOFError:
        return ""
