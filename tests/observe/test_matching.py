"""Patterns, levels and times."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import DeployDeckError, Level, LogLine
from deploydeck.observe import LineFilter, level_of, parse_since
from tests.clock import quick

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def _line(text: str) -> LogLine:
    return LogLine(seq=1, at=NOW, stream="out", text=text)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("30s", timedelta(seconds=30)),
        ("10m", timedelta(minutes=10)),
        ("2h", timedelta(hours=2)),
        ("1h30m", timedelta(minutes=90)),
        ("1.5d", timedelta(hours=36)),
        (" 1W ", timedelta(weeks=1)),
        ("0s", timedelta()),
    ],
)
def test_durations(text: str, ago: timedelta) -> None:
    assert parse_since(text, now=NOW) == NOW - ago


def test_times() -> None:
    assert parse_since("2026-02-28T10:00:00+02:00") == datetime(2026, 2, 28, 8, 0, tzinfo=UTC)
    assert parse_since("2026-02-28T10:00:00Z") == datetime(2026, 2, 28, 10, 0, tzinfo=UTC)
    local = parse_since("2026-02-28 10:00")
    assert local.utcoffset() == timedelta()
    assert local.astimezone().replace(tzinfo=None) == datetime(2026, 2, 28, 10, 0)  # noqa: DTZ001


@pytest.mark.parametrize("text", ["", "soon", "10", "m", "5 m", "-5m", "999999999w", "2026-13-01", "10m5", "\u0661m"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(DeployDeckError) as caught:
        parse_since(text)
    assert caught.value.code == "since-invalid"
    assert caught.value.hint


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_a_clear_error(text: str) -> None:
    try:
        assert parse_since(text).utcoffset() == timedelta()
    except DeployDeckError as error:
        assert error.code == "since-invalid"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("ERROR no route", Level.ERROR),
        ("[warn] low memory", Level.WARNING),
        ("npm WARN deprecated x", Level.WARNING),
        ("DEBUG: entering", Level.DEBUG),
        ("listening on 8000", Level.INFO),
        ("GET /debug/warnings.js 200", Level.INFO),
    ],
)
def test_levels(text: str, level: Level) -> None:
    assert level_of(_line(text)) is level


def test_a_filter_combines_what_it_is_told() -> None:
    lines = [_line(text) for text in ("error: Disk", "error: net", "disk ok", "warning: DISK hot")]
    assert LineFilter().keep(lines) == lines
    assert LineFilter("disk").keep(lines) == [lines[2]]
    assert LineFilter("disk", ignore_case=True).keep(lines) == [lines[0], lines[2], lines[3]]
    assert LineFilter("disk", ignore_case=True, invert=True).keep(lines) == [lines[1]]
    assert LineFilter(level=Level.WARNING).keep(lines) == [lines[0], lines[1], lines[3]]
    assert LineFilter("^error: .", level=Level.ERROR).keep(lines) == lines[:2]
    assert LineFilter("D[I]SK", ignore_case=True, level=Level.ERROR).keep(lines) == lines[:1]


@given(st.text(max_size=8), st.text(max_size=40))
def test_a_literal_is_found_like_an_escaped_pattern(needle: str, text: str) -> None:
    wanted = LineFilter(re.escape(needle)).keep([_line(text)])
    assert bool(wanted) is (needle in text or not needle)


@pytest.mark.parametrize("pattern", ["(", "[a", "*", "a{2", "(?P<x", "\\"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    if pattern == "a{2":  # valid: a literal brace
        LineFilter(pattern)
        return
    with pytest.raises(DeployDeckError) as caught:
        LineFilter(pattern)
    assert caught.value.code == "grep-invalid"


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a*)*b", "(a|a)*$", "(a|ab)*c", "(.*)*x", "([a-z]+)*!", "(?:a?){40}a{40}", "((a+)b?)+$", "(?=(a+)+$)x", "(x+x+)+y"],
)
def test_patterns_that_could_explode_are_refused_before_they_run(pattern: str) -> None:
    with pytest.raises(DeployDeckError) as caught:
        LineFilter(pattern)
    assert caught.value.code == "grep-costly"


@pytest.mark.parametrize(
    "pattern",
    [r"\d+\.\d+", r"(error|warning): .*timeout", r"^\S+ \S+ 5\d\d", r"(\d{1,3}\.){3}\d+", r"(foo|bar)+x", r"(?>a+)+b", r"(a++)*b"],
)
def test_ordinary_patterns_are_allowed_and_quick(pattern: str) -> None:
    wanted = LineFilter(pattern)
    lines = [_line(text) for text in ("a" * 100_000, "foobar" * 20_000, "1." * 50_000, "error: " * 10_000)]
    quick(lambda: wanted.keep(lines), 5)


def test_a_pattern_that_turns_out_slow_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploydeck.observe.matching.SLOWEST_LINE_S", 0.0)
    with pytest.raises(DeployDeckError) as caught:
        LineFilter("a.*b").keep([_line("a" * 4000)] * 3)
    assert caught.value.code == "grep-costly"
