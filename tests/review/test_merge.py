"""Three-way merging: nobody's change is lost, and nothing is settled that two sides disagree on."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import Decision, Hunk
from deploydeck.review.hunks import hunks_of, merged, split
from deploydeck.review.merge import Kind, Merge, merge

LINE = st.sampled_from(["a", "b", "c", "d", "e", "", " ", "# x", "\r", "é", "-", "+"])
LINES = st.lists(LINE, max_size=25)
TEXT = st.builds(lambda lines, end: "\n".join(lines) + end, LINES, st.sampled_from(["\n", "\n", "\n", ""]))


@st.composite
def edited(draw: st.DrawFn, text: str) -> str:
    """The text with some of its lines replaced, removed or joined by others."""
    lines = split(text)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(lines)))
        end = min(at + draw(st.integers(0, 3)), len(lines))
        lines[at:end] = [f"{line}\n" for line in draw(st.lists(LINE | st.sampled_from(["new 1", "new 2"]), max_size=3))]
    return "".join(line if line.endswith("\n") or index == len(lines) - 1 else f"{line}\n" for index, line in enumerate(lines))


@st.composite
def versions(draw: st.DrawFn) -> tuple[str, str, str]:
    """A base, what people made of it, and what is generated now; sometimes three texts that know nothing of each other."""
    base = draw(TEXT)
    if draw(st.booleans()):
        return base, draw(edited(base)), draw(edited(base))
    return base, draw(TEXT), draw(TEXT)


def hunks_in(found: Merge) -> tuple[Hunk, ...]:
    return hunks_of("f", found.theirs, found.lines, found.pieces())


def decided(hunks: tuple[Hunk, ...], *decisions: Decision) -> tuple[Hunk, ...]:
    return tuple(hunk.model_copy(update={"decision": decisions[i % len(decisions)]}) for i, hunk in enumerate(hunks))


def lines_of(base: str, theirs: str) -> Counter[str]:
    """What people put in: the lines that are more often in their version than in the base."""
    return Counter(split(theirs)) - Counter(split(base))


@given(TEXT, TEXT)
def test_what_only_people_changed_stays(base: str, theirs: str) -> None:
    found = merge(base, theirs, base)
    assert found.text == theirs
    assert hunks_in(found) == ()


@given(TEXT, TEXT)
def test_what_only_we_changed_is_the_new_version(base: str, ours: str) -> None:
    found = merge(base, base, ours)
    assert found.text == ours
    assert not found.conflicts


@given(TEXT, TEXT)
def test_the_same_change_on_both_sides_is_no_conflict(base: str, both: str) -> None:
    found = merge(base, both, both)
    assert found.text == both
    assert not found.conflicts and hunks_in(found) == ()


@given(versions())
def test_regions_are_the_whole_of_every_version(texts: tuple[str, str, str]) -> None:
    found = merge(*texts)
    for name, text in zip(("base", "theirs", "ours"), texts, strict=True):
        ranges = [getattr(region, name) for region in found.regions]
        assert [start for start, _ in ranges] == [0, *(end for _, end in ranges)][: len(ranges)]
        assert "".join(line for start, end in ranges for line in split(text)[start:end]) == text
    assert [region.merged[0] for region in found.regions] == [0, *(r.merged[1] for r in found.regions)][: len(found.regions)]
    for region in found.regions:
        if region.kind is Kind.SAME:
            assert found.base[slice(*region.base)] == found.theirs[slice(*region.theirs)] == found.ours[slice(*region.ours)]


@given(versions())
def test_all_accepted_is_the_merged_text_and_all_rejected_the_disk(texts: tuple[str, str, str]) -> None:
    found = merge(*texts)
    hunks = hunks_in(found)
    assert merged(texts[1], found.text, decided(hunks, Decision.ACCEPTED)) == found.text
    assert merged(texts[1], found.text, decided(hunks, Decision.REJECTED)) == texts[1]
    assert merged(texts[1], found.text, hunks) == texts[1]
    assert any(hunk.conflict for hunk in hunks) is found.conflicts


@given(versions())
def test_all_accepted_holds_what_both_sides_put_in(texts: tuple[str, str, str]) -> None:
    """Without conflicts nothing that either side added is missing: what is only theirs is kept, what is only ours is proposed."""
    base, theirs, ours = texts
    found = merge(base, theirs, ours)
    for region in found.regions:
        have = Counter(found.lines[slice(*region.merged)])
        if region.kind in (Kind.THEIRS, Kind.BOTH):
            assert have == Counter(found.theirs[slice(*region.theirs)])
        if region.kind in (Kind.OURS, Kind.CONFLICT):
            assert have == Counter(found.ours[slice(*region.ours)])
    if theirs == base:
        assert found.text == ours


@given(versions(), st.lists(st.sampled_from([Decision.ACCEPTED, Decision.REJECTED, Decision.PENDING]), min_size=1, max_size=4))
def test_no_line_of_a_person_is_lost_without_an_accepted_hunk_that_shows_it(
    texts: tuple[str, str, str], decisions: list[Decision]
) -> None:
    base, theirs, ours = texts
    found = merge(base, theirs, ours)
    hunks = decided(hunks_in(found), *decisions)
    result = Counter(split(merged(theirs, found.text, hunks)))
    shown = Counter(line[1:] for hunk in hunks if hunk.decision is Decision.ACCEPTED for line in hunk.lines if line.startswith("-"))
    for line, count in lines_of(base, theirs).items():
        assert result[line] >= count - shown[line.removesuffix("\n")]


@given(versions())
def test_a_line_of_a_person_is_only_ever_removed_in_a_conflict(texts: tuple[str, str, str]) -> None:
    base, theirs, ours = texts
    found = merge(base, theirs, ours)
    plain = tuple(
        hunk.model_copy(update={"decision": Decision.PENDING if hunk.conflict else Decision.ACCEPTED}) for hunk in hunks_in(found)
    )
    result = Counter(split(merged(theirs, found.text, plain)))
    assert not (lines_of(base, theirs) - result)


@given(versions(), st.lists(st.sampled_from([Decision.ACCEPTED, Decision.REJECTED]), min_size=1, max_size=4))
def test_after_writing_the_next_proposal_is_what_was_not_accepted(texts: tuple[str, str, str], decisions: list[Decision]) -> None:
    """The remembered version makes the same proposal again for what was rejected, and none for what was accepted."""
    base, theirs, ours = texts
    found = merge(base, theirs, ours)
    hunks = decided(hunks_in(found), *decisions)
    written = merged(theirs, found.text, hunks)
    again = merge(found.accepted(hunks), written, ours)
    if all(hunk.decision is Decision.ACCEPTED for hunk in hunks):
        assert again.text == written == found.text
    if all(hunk.decision is Decision.REJECTED for hunk in hunks):
        assert written == theirs
        assert again.text == found.text and again.conflicts is found.conflicts


def test_changes_in_different_places_are_both_there() -> None:
    base = "FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install .\nCMD run\n"
    theirs = base.replace("COPY . .\n", "COPY . .\nENV TZ=UTC\n")
    ours = base.replace("3.12", "3.13")
    found = merge(base, theirs, ours)
    assert found.text == theirs.replace("3.12", "3.13")
    assert not found.conflicts
    assert [line for hunk in hunks_in(found) for line in hunk.lines if line[0] != " "] == ["-FROM python:3.12", "+FROM python:3.13"]


def test_neighbours_are_no_conflict() -> None:
    found = merge("a\nb\nc\n", "A\nb\nc\n", "a\nB\nc\n")
    assert (found.text, found.conflicts) == ("A\nB\nc\n", False)
    found = merge("a\nb\n", "a\nmine\nb\n", "a\nB\n")
    assert (found.text, found.conflicts) == ("a\nmine\nB\n", False)


def test_a_conflict_is_a_hunk_of_its_own_with_its_base() -> None:
    base = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"
    theirs = base.replace("two", "deux").replace("four", "quatre")
    ours = base.replace("two", "zwei").replace("five", "fünf")
    hunks = hunks_in(merge(base, theirs, ours))
    assert [hunk.conflict for hunk in hunks] == [True, False]
    assert hunks[0].base == ("two",)
    assert [line for line in hunks[0].lines if line[0] != " "] == ["-deux", "+zwei"]
    assert [line for line in hunks[1].lines if line[0] != " "] == ["-five", "+fünf"]
    kept = merged(theirs, merge(base, theirs, ours).text, decided(hunks, Decision.REJECTED, Decision.ACCEPTED))
    assert kept == theirs.replace("five", "fünf")


def test_a_proposal_made_from_the_disk_does_not_conflict_with_it() -> None:
    """The .dockerignore of a project is only ever completed: what people added since is in the proposal already."""
    base = ".git\n.env\n"
    theirs = base + "mine\n"
    found = merge(base, theirs, theirs + "**/node_modules\n")
    assert not found.conflicts
    assert [line for hunk in hunks_in(found) for line in hunk.lines if line[0] == "+"] == ["+**/node_modules"]
    back = merge("a\ngone\n", "a\n", "a\ngone\nnew\n")
    assert [hunk.lines for hunk in hunks_in(back)] == [(" a", "+new")], "a line that people removed does not come back"


def test_nothing_is_put_behind_half_a_line() -> None:
    found = merge("a\nb\n", "a\nz", "a\nb\nc\n")
    assert found.conflicts
    assert "zc" not in found.text


def test_lines_of_the_generated_text_are_found_in_the_merged_one() -> None:
    found = merge("a\nb\nc\n", "x\na\nb\nC\n", "a\nb2\nc\n")
    assert found.text == "x\na\nb2\nC\n"
    assert [found.line_of(number) for number in (1, 2, 3, 4)] == [2, 3, 0, 0]
