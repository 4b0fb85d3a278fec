"""Hostile text is harmless, and lines break where they fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from deploydeck.widgets.text import MAX_CELLS, age, duration, fit, log_text, size, visible, wrap
from tests.clock import quick

HOSTILE = [
    "[red]x[/red]",
    "\x1b[31mred",
    "\x1b]52;c;aGk=\x07",
    "a\u202eb",
    "\x9b31m",
    "nul\0",
    "bell\a",
    "a\rb",
    "\u2066x\u2069",
    "\ud800",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_control_character_is_left(text: str) -> None:
    for shown in (visible(text), log_text(text)):
        assert all(character.isprintable() for character in shown), repr(shown)


def test_controls_can_be_seen_in_diffs() -> None:
    assert visible("a\x1b[31mb\u202ec") == "a␛[31mb‹U+202E›c"


def test_log_lines_lose_colours_and_keep_the_last_rewrite() -> None:
    assert log_text("\x1b[1;31mERROR\x1b[0m boom") == "ERROR boom"
    assert log_text("10%\r50%\r100%") == "100%"
    assert log_text("windows line\r") == "windows line"
    assert log_text("\x1b]0;title\x07text") == "text"


@given(st.text())
def test_visible_is_always_printable_and_bounded(text: str) -> None:
    shown = visible(text)
    assert "\x1b" not in shown and "\n" not in shown
    assert not any(0x80 <= ord(character) < 0xA0 or ord(character) < 0x20 for character in shown)


def test_megabytes_on_one_line_cost_nothing() -> None:
    assert len(quick(lambda: log_text("x" * 10_000_000), 1)) == MAX_CELLS + 1
    assert len(quick(lambda: log_text("\x1b[" * 5_000_000), 1)) < 5 * MAX_CELLS


@given(st.text(alphabet="ab cd漢字e", max_size=200), st.integers(4, 40))
def test_wrapping_loses_nothing_but_spaces_and_fits(text: str, width: int) -> None:
    lines = wrap(((text, ""),), width, indent=2)
    assert all(sum(cell_len(piece) for piece, _ in line) <= max(width, 4) + 1 for line in lines)
    assert "".join(piece for line in lines for piece, _ in line).replace(" ", "") == text.replace(" ", "")


def test_fit_counts_cells() -> None:
    assert cell_len(fit("漢字漢字", 5)) == 5
    assert fit("abc", 5) == "abc  "
    assert fit("abcdef", 4) == "abc…"


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, ""), (0.42, "0.4s"), (12, "12s"), (184, "3m04s"), (7500, "2h05m"), (-1, "0.0s")]
)
def test_durations(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_ages_and_sizes() -> None:
    assert [age(value) for value in (3, 300, 7200, 400_000)] == ["just now", "5 min ago", "2 h ago", "5 d ago"]
    assert [size(value) for value in (12, 3400, 12_000_000, 5_000_000_000)] == ["12 B", "3.4 kB", "12.0 MB", "5.0 GB"]
