"""Text from outside never reaches a terminal as a command."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain.text import printable, slug
from tests.clock import quick

_noise = (
    st.sampled_from(list("\x1b\x9b\x9c\x9d\x90\x07\\[]P^_;:?0123mHJK\t\n\r\x00\x7f\x85\u202e\u2066\u061c\u2028\ud800a"))
    | st.characters()
)
_ISOLATES = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(st.lists(_noise, max_size=60).map("".join))
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    shown = printable(text)
    for character in shown:
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(character) not in _ISOLATES
        assert character not in "\u200e\u200f\u061c"
    assert printable(shown) == shown


@given(st.text(st.characters(categories=["L", "N", "P", "S"], codec="utf-8")))
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]8;;http://evil.invalid\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;never ends", "]52;c;never ends"),
        ("\x1bP1$r0m\x1b\\x", "x"),
        ("\x1b\x1b[0m[31mx", "[31mx"),
        ("\x1bcreset \x1b(Bset", "reset set"),
        ("a\tb", "a    b"),
        ("one\r\ntwo\nthree", "one two three"),
        ("user\u202etxt.exe", "user\ufffdtxt.exe"),
        ("half \ud83d", "half \ufffd"),
        ("caf\u00e9 \u65e5\u672c \U0001f680", "caf\u00e9 \u65e5\u672c \U0001f680"),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize("piece", ["\x1b]", "\x1b[", "\x1bP", "\x9d", "\x1b[0;", "\x1b(", "\x1b]a"])
def test_cost_is_linear(piece: str) -> None:
    quick(lambda: printable(piece * 100_000), 5)


@given(st.text(max_size=120))
def test_a_slug_is_always_a_name(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", slug(text))


def test_slugs() -> None:
    assert slug("My Shop (v2)!") == "my-shop-v2"
    assert slug("../../etc") == "etc"
    assert slug("\u65e5\u672c") == "app"
    assert slug("a" * 39 + "-b") == "a" * 39
