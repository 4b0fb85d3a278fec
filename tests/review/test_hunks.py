"""Hunks: exact both ways, for any text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploydeck.domain import Decision, Hunk
from deploydeck.review.hunks import MAX_COMPARED, hunks, merged, split
from tests.clock import quick

LINES = st.lists(st.sampled_from(["a", "b", "c", "", "\r", "x\x0cy", "\u2028", "é", " ", "-", "+", "d\x00"]), max_size=40)
TEXT = st.builds(lambda lines, end: "\n".join(lines) + end, LINES, st.sampled_from(["", "\n"]))


def decided(found: tuple[Hunk, ...], picks: list[bool]) -> tuple[Hunk, ...]:
    return tuple(
        hunk.model_copy(update={"decision": Decision.ACCEPTED if picks[i % len(picks)] else Decision.REJECTED})
        for i, hunk in enumerate(found)
    )


@settings(max_examples=300, deadline=None)
@given(TEXT, TEXT)
def test_all_accepted_is_new_and_all_rejected_is_old(old: str, new: str) -> None:
    found = hunks("f", old, new)
    assert merged(old, new, decided(found, [True])) == new
    assert merged(old, new, decided(found, [False])) == old
    assert merged(old, new, found) == old
    assert bool(found) == (old != new)


@settings(max_examples=300, deadline=None)
@given(TEXT, TEXT, st.lists(st.booleans(), min_size=1, max_size=8))
def test_any_subset_applies_and_the_rest_can_follow(old: str, new: str, picks: list[bool]) -> None:
    found = hunks("f", old, new)
    chosen = decided(found, picks)
    half = merged(old, new, chosen)
    # region by region: what was accepted is the new side, what was not is the old side
    position, before, after, expected = 0, split(old), split(new), ""
    for hunk in chosen:
        old_start = hunk.old_start - 1 if hunk.old_count else position + _gap(before, after, hunk, position)
        expected += "".join(before[position:old_start])
        new_start = hunk.new_start - 1
        if hunk.decision is Decision.ACCEPTED:
            expected += "".join(after[new_start : new_start + hunk.new_count]) if hunk.new_count else ""
        else:
            expected += "".join(before[old_start : old_start + hunk.old_count])
        position = old_start + hunk.old_count
    expected += "".join(before[position:])
    assert half == expected


def _gap(before: list[str], after: list[str], hunk: Hunk, position: int) -> int:
    assert not before  # an empty old side means an empty old text: anything else has context
    return 0


@settings(max_examples=200, deadline=None)
@given(TEXT, TEXT)
def test_hunks_describe_themselves_truly(old: str, new: str) -> None:
    found = hunks("f", old, new)
    before, after = split(old), split(new)
    assert len({hunk.key for hunk in found}) == len(found)
    for hunk in found:
        old_side = [line[1:] for line in hunk.lines if line[0] in " -"]
        new_side = [line[1:] for line in hunk.lines if line[0] in " +"]
        assert (len(old_side), len(new_side)) == (hunk.old_count, hunk.new_count)
        start = hunk.old_start - 1 if hunk.old_count else 0
        assert old_side == [line.removesuffix("\n") for line in before[start : start + hunk.old_count]]
        start = hunk.new_start - 1 if hunk.new_count else 0
        assert new_side == [line.removesuffix("\n") for line in after[start : start + hunk.new_count]]


def test_three_lines_of_context_and_separate_hunks() -> None:
    old = "".join(f"{n}\n" for n in range(1, 31))
    new = old.replace("5\n", "five\n", 1).replace("25\n", "twenty-five\n")
    first, second = hunks("f", old, new)
    assert first.lines == (" 2", " 3", " 4", "-5", "+five", " 6", " 7", " 8")
    assert (first.old_start, first.old_count, first.new_start, first.new_count) == (2, 7, 2, 7)
    assert second.old_start == 22


def test_changes_six_lines_apart_share_a_hunk_and_seven_do_not() -> None:
    def pair(gap: int) -> int:
        middle = "".join(f"m{n}\n" for n in range(gap))
        return len(hunks("f", f"a\n{middle}b\n", f"A\n{middle}B\n"))

    assert (pair(6), pair(7)) == (1, 2)


def test_a_key_names_content_not_position() -> None:
    old = "".join(f"{n}\n" for n in range(30))
    key = hunks("f", old, old.replace("25\n", "x\n"))[0].key
    moved = hunks("f", "top\n" + old, "top\n" + old.replace("25\n", "x\n"))[0].key
    other_file = hunks("g", old, old.replace("25\n", "x\n"))[0].key
    other_change = hunks("f", old, old.replace("25\n", "y\n"))[0].key
    assert key == moved
    assert len({key, other_file, other_change}) == 3


def test_a_missing_last_newline_is_a_change_of_its_own() -> None:
    found = hunks("f", "a\nb", "a\nb\n")
    assert len(found) == 1
    assert merged("a\nb", "a\nb\n", decided(found, [True])) == "a\nb\n"


def test_an_edited_hunk_stands_for_its_whole_new_side() -> None:
    old = "".join(f"{n}\n" for n in range(20))
    new = old.replace("10\n", "ten\n")
    (hunk,) = hunks("f", old, new)
    edited = hunk.model_copy(update={"decision": Decision.EDITED, "replacement": ("only", "this")})
    assert merged(old, new, [edited]) == "".join(f"{n}\n" for n in range(7)) + "only\nthis\n" + "".join(
        f"{n}\n" for n in range(14, 20)
    )


def test_hunks_of_another_comparison_are_refused() -> None:
    with pytest.raises(ValueError, match="another comparison"):
        merged("a\n", "b\n", ())


def test_a_hostile_pair_takes_no_time() -> None:
    lines = MAX_COMPARED * 20
    old = "".join(f"{n % 7}\n" for n in range(lines))
    new = "".join(f"{n % 5}\n" for n in range(lines))
    found = quick(lambda: hunks("f", old, new), 5)
    assert merged(old, new, decided(found, [True])) == new
