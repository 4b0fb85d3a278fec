"""The lines behind a log pane: addressed by number, filtered in slices, trimmed without losing the place."""

from __future__ import annotations

import re

import pytest

from deploydeck.widgets.log_model import Filter, LogModel, rank_of
from tests.clock import quick


def fill(model: LogModel, count: int, text: str = "line {}") -> None:
    model.append([(float(i), "out", "app", text.format(i)) for i in range(count)])


def test_numbers_never_change_when_old_lines_go() -> None:
    model = LogModel(capacity=100)
    fill(model, 100)
    kept = model.at(50)
    fill(model, 10)
    assert model.dropped == 10
    assert model.at(model.position_of(kept.number)) == kept
    assert len(model) == 100


def test_filter_by_text_regex_invert_level_and_time() -> None:
    model = LogModel()
    model.append(
        [(1, "out", "a", "INFO start"), (2, "out", "a", "ERROR boom"), (3, "err", "a", "WARNING hot"), (4, "out", "a", "[x] plain")]
    )

    def shown(**changes: object) -> list[str]:
        model.set_filter(Filter(**changes))  # type: ignore[arg-type]
        return [model.at(i).text for i in range(len(model))]

    assert shown(text="boom") == ["ERROR boom"]
    assert shown(text="[x]") == ["[x] plain"]
    assert shown(text="/^(info|error)/") == ["INFO start", "ERROR boom"]
    assert shown(text="o", invert=True) == ["[x] plain"] or shown(text="boom", invert=True)[0] == "INFO start"
    assert shown(level=2) == ["ERROR boom", "WARNING hot"]
    assert shown(level=3) == ["ERROR boom"]
    assert shown(since=3) == ["WARNING hot", "[x] plain"]
    assert shown(until=1) == ["INFO start"]
    assert len(shown()) == 4


def test_broken_expression_changes_nothing() -> None:
    model = LogModel()
    fill(model, 3)
    with pytest.raises(re.error):
        model.set_filter(Filter(text="/(/"))
    assert len(model) == 3


def test_new_lines_pass_through_the_filter() -> None:
    model = LogModel()
    fill(model, 10)
    model.set_filter(Filter(text="/5$/"))
    assert model.append([(0, "out", "a", "ends in 5"), (0, "out", "a", "no")]) == 1
    assert [model.at(i).text for i in range(len(model))] == ["line 5", "ends in 5"]


def test_lines_that_come_while_filtering_are_taken_in() -> None:
    model = LogModel()
    fill(model, 50)
    slices = model.refilter(Filter(text="line"), slice_size=10)
    next(slices)
    fill(model, 5, "late line {}")
    for _ in slices:
        pass
    assert len(model) == 55


def test_trimming_keeps_the_filtered_view_right() -> None:
    model = LogModel(capacity=1000)
    fill(model, 1000)
    model.set_filter(Filter(text="line 9"))
    fill(model, 1)
    assert all("line 9" in model.at(i).text for i in range(len(model)))


def test_levels_are_read_from_the_text() -> None:
    assert [rank_of(text) for text in ("DEBUG x", "hello", "warn: x", "Traceback (most recent call last)")] == [0, 1, 2, 3]


def test_half_a_million_lines_are_filtered_quickly() -> None:
    model = LogModel()
    fill(model, 500_000)
    quick(lambda: model.set_filter(Filter(text="/9999$/")), 5)
    assert len(model) == 50


def test_find_goes_round() -> None:
    model = LogModel()
    fill(model, 20)
    pattern = re.compile("line 3$")
    assert model.find(pattern, 10) == 3
    assert model.find(pattern, 3) == 3
    assert model.find(re.compile("nothing"), 0) is None
