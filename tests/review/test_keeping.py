"""Decisions, fixes and whole-file edits: kept as JSON, put back onto the same proposal, and never onto another one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import (
    Change,
    ChangeState,
    CheckFinding,
    CheckState,
    CheckVerdict,
    Decision,
    DeployDeckError,
    GeneratedFile,
    TextEdit,
)
from deploydeck.review import Review
from deploydeck.review.hunks import split
from deploydeck.review.names import holds_credential

REVIEW = Review()
OLD = "".join(f"line {n}\n" for n in range(1, 41))
NEW = OLD.replace("line 5\n", "line five\n").replace("line 30\n", "line thirty\nand more\n")
LINE = st.sampled_from(["a", "b", "c", "", "é", "-x", "+y", " z"])
TEXT = st.lists(LINE, max_size=25).map(lambda lines: "".join(f"{line}\n" for line in lines))
WAITING = (CheckVerdict(checker="c", state=CheckState.WAITING),)
PASSED = (CheckVerdict(checker="c", state=CheckState.PASSED),)


def compared(root: Path, old: str | None, new: str, base: str | None = None, **more: object) -> Change:
    target = root / "f"
    target.unlink(missing_ok=True)
    if old is not None:
        target.write_bytes(old.encode())
    file = GeneratedFile.model_validate({"path": "f", "content": new, **more})
    return REVIEW.compare(root, [file], {"f": base} if base is not None else None)[0]


def again(change: Change, fresh: Change) -> Change:
    """The fresh comparison with the decisions of the other one, by way of JSON."""
    return REVIEW.restore([fresh], json.loads(json.dumps(REVIEW.decisions([change]))))[0]


@st.composite
def reviews(draw: st.DrawFn) -> tuple[str | None, str, str | None, list[tuple[Decision, list[str]]]]:
    old, new = draw(st.none() | TEXT), draw(TEXT.filter(bool))
    base = draw(st.none() | TEXT) if old is not None else None
    choice = st.tuples(st.sampled_from(list(Decision)), st.lists(LINE, max_size=4))
    return old, new, base, draw(st.lists(choice, min_size=1, max_size=5))


# Feature: deployment-automation, Property 12: Microservices Architecture Round-Trip
# For any review, keeping its decisions and putting them back onto the same proposal gives the same decisions and writes the same.
@given(reviews(), st.booleans())
def test_decisions_come_back_as_they_were(
    tmp_path: Path, review: tuple[str | None, str, str | None, list[tuple[Decision, list[str]]]], whole: bool
) -> None:
    old, new, base, choices = review
    fresh = compared(tmp_path, old, new, base)
    change = fresh
    for index, hunk in enumerate(fresh.hunks):
        decision, lines = choices[index % len(choices)]
        change = REVIEW.decide(change, hunk.key, decision, lines if decision is Decision.EDITED else None)
    if whole:
        change = REVIEW.rewrite(change, REVIEW.offered(change) + "one more\n")
    back = again(change, fresh)
    assert [hunk.decision for hunk in back.hunks] == [hunk.decision for hunk in change.hunks]
    assert REVIEW.result(back) == REVIEW.result(change)
    assert REVIEW.offered(back) == REVIEW.offered(change)


@given(reviews(), st.integers(0, 30), st.integers(0, 3), st.lists(LINE, max_size=3))
def test_a_fix_changes_its_lines_and_nothing_else(
    tmp_path: Path,
    review: tuple[str | None, str, str | None, list[tuple[Decision, list[str]]]],
    at: int,
    count: int,
    lines: list[str],
) -> None:
    old, new, base, choices = review
    change = compared(tmp_path, old, new, base)
    for index, hunk in enumerate(change.hunks):
        decision, replacement = choices[index % len(choices)]
        change = REVIEW.decide(change, hunk.key, decision, replacement if decision is Decision.EDITED else None)
    before = split(REVIEW.offered(change))
    try:
        fixed = REVIEW.fix(change, [TextEdit(line=at + 1, count=count, lines=tuple(lines))])
    except DeployDeckError as error:
        assert error.code in ("review-fix-apart", "review-no-hunk")
        return
    expected = [*before[:at], *(f"{line}\n" for line in lines), *before[at + count :]]
    assert split(REVIEW.offered(fixed)) == expected
    everything = [hunk.model_copy(update={"decision": Decision.REJECTED, "replacement": None}) for hunk in fixed.hunks]
    rejected = fixed.model_copy(update={"hunks": tuple(everything)})
    assert REVIEW.result(rejected) == (old or ""), "what was put in can be taken out again"
    back = again(fixed, compared(tmp_path, old, new, base))
    assert REVIEW.result(back) == REVIEW.result(fixed)


def test_a_decision_taken_back_is_not_kept(tmp_path: Path) -> None:
    change = REVIEW.accept_file(compared(tmp_path, OLD, NEW))
    pending = REVIEW.decide(change, change.hunks[0].key, Decision.PENDING)
    assert set(REVIEW.decisions([pending])["f"]) == {change.hunks[1].key}


def test_an_edit_does_not_undo_what_people_did_around_it_since(tmp_path: Path) -> None:
    change = compared(tmp_path, OLD, NEW)
    side = [line[1:] for line in change.hunks[0].lines if line[0] in " +"]
    edited = REVIEW.decide(change, change.hunks[0].key, Decision.EDITED, [*side, "mine"])
    moved = OLD.replace("line 4\n", "line four, by hand\n")
    later = again(edited, compared(tmp_path, moved, NEW, OLD))
    assert later.hunks[0].decision is Decision.PENDING
    assert "line four, by hand" in REVIEW.result(REVIEW.accept_file(later))


def test_what_was_put_in_does_not_come_back_onto_another_disk(tmp_path: Path) -> None:
    change = REVIEW.fix(compared(tmp_path, OLD, NEW), [TextEdit(line=15, count=1, lines=("fixed",))])
    assert [hunk.added for hunk in change.hunks] == [False, True, False]
    assert "fixed\n" in REVIEW.result(change)
    assert again(change, compared(tmp_path, OLD, NEW)).hunks[1].added
    other = again(change, compared(tmp_path, OLD.replace("line 15\n", "another\n"), NEW))
    assert not any(hunk.added for hunk in other.hunks)


def test_an_acceptance_waits_with_its_file_for_the_checkers(tmp_path: Path) -> None:
    kept = REVIEW.decisions([REVIEW.accept_file(compared(tmp_path, OLD, NEW, verdicts=PASSED))])
    waiting = REVIEW.restore([compared(tmp_path, OLD, NEW, verdicts=WAITING)], kept)[0]
    assert {hunk.decision for hunk in waiting.hunks} == {Decision.ACCEPTED}
    for refused in (
        lambda: REVIEW.apply(tmp_path, [waiting]),
        lambda: REVIEW.accept_file(waiting),
        lambda: REVIEW.decide(waiting, waiting.hunks[0].key, Decision.ACCEPTED),
    ):
        with pytest.raises(DeployDeckError) as caught:
            refused()
        assert caught.value.code == "review-unchecked"
    assert REVIEW.reject_file(waiting).hunks[0].decision is Decision.REJECTED, "to reject needs no checker"
    REVIEW.apply(tmp_path, [REVIEW.checked(waiting, PASSED)])
    assert (tmp_path / "f").read_text() == NEW


def test_an_edit_makes_every_checker_look_again(tmp_path: Path) -> None:
    change = compared(tmp_path, OLD, NEW, verdicts=PASSED)
    edited = REVIEW.decide(change, change.hunks[0].key, Decision.EDITED, ["x"])
    assert edited.file.waiting
    bad = CheckVerdict(
        checker="c", state=CheckState.FINDINGS, findings=(CheckFinding(line=1, rule="r", message="m", blocking=True),)
    )
    blocked = REVIEW.checked(edited, [bad])
    assert blocked.state is ChangeState.BLOCKED and blocked.hunks[0].decision is Decision.EDITED
    mended = REVIEW.checked(REVIEW.decide(blocked, blocked.hunks[0].key, Decision.EDITED, ["y"]), PASSED)
    assert mended.state is ChangeState.CHANGED


def test_merged_files_are_checked_as_they_would_be_written(tmp_path: Path) -> None:
    change = compared(tmp_path, OLD + "mine\n", NEW, OLD, verdicts=PASSED)
    assert change.file.waiting and change.file.content == NEW + "mine\n" and change.generated == NEW


def test_a_fix_beyond_one_hunk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployDeckError) as caught:
        REVIEW.fix(compared(tmp_path, OLD, NEW), [TextEdit(line=7, count=5, lines=())])
    assert caught.value.code == "review-fix-apart"
    with pytest.raises(DeployDeckError):
        REVIEW.fix(compared(tmp_path, OLD, NEW), [TextEdit(line=400, count=1, lines=())])


def test_a_reference_is_no_credential() -> None:
    for text in ("postgresql://app:${POSTGRES_PASSWORD:?set it in .env}@db/app", "redis://:{password}@host", "amqp://a:<password>@host",
                 "!Sub postgresql://app:{{resolve:secretsmanager:${Password}:SecretString}}@${Address}:5432/app"):  # fmt: skip
        assert not holds_credential(text), text
    assert holds_credential("postgresql://app:s3cr3tvalue@db/app") and holds_credential("KEY=ghp_" + "a" * 36)
