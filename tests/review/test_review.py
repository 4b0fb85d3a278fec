"""Review as a whole: what is compared, decided, written, undone; and what is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploydeck.domain import (
    Change,
    ChangeState,
    CheckFinding,
    CheckState,
    CheckVerdict,
    Decision,
    DeployDeckError,
    Evidence,
    GeneratedFile,
    LineReason,
)
from deploydeck.review import AppliedSet, Review

REVIEW = Review()
OLD = "".join(f"line {n}\n" for n in range(1, 41))
NEW = OLD.replace("line 5\n", "line five\n").replace("line 30\n", "line thirty\nand more\n")


def file(path: str = "Dockerfile", content: str = NEW, **more: object) -> GeneratedFile:
    return GeneratedFile.model_validate({"path": path, "content": content, **more})


def refused(path: str = "Dockerfile") -> GeneratedFile:
    finding = CheckFinding(line=1, rule="DL1000", message="unexpected token", blocking=True)
    return file(path, verdicts=(CheckVerdict(checker="hadolint", state=CheckState.FINDINGS, findings=(finding,)),))


def one(root: Path, generated: GeneratedFile) -> Change:
    return REVIEW.compare(root, [generated])[0]


def tree(root: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(root)): p.read_bytes() if p.is_file() else None for p in sorted(root.rglob("*"))}


def test_states(tmp_path: Path) -> None:
    (tmp_path / "changed").write_text(OLD)
    (tmp_path / "same").write_text(NEW)
    (tmp_path / "bad").write_text(OLD)
    changes = REVIEW.compare(tmp_path, [file("new"), file("changed"), file("same"), refused("bad")])
    assert [c.state for c in changes] == [ChangeState.NEW, ChangeState.CHANGED, ChangeState.SAME, ChangeState.BLOCKED]
    assert [len(c.hunks) for c in changes] == [1, 2, 0, 2]
    assert changes[0].old_content is None and changes[0].old_sha256 is None
    assert changes[1].old_content == OLD


def test_a_file_that_is_the_same_is_not_blocked(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(NEW)
    assert one(tmp_path, refused()).state is ChangeState.SAME


def test_accept_one_hunk_and_write_only_that(tmp_path: Path) -> None:
    target = tmp_path / "Dockerfile"
    target.write_text(OLD)
    target.chmod(0o640)
    change = one(tmp_path, file())
    change = REVIEW.decide(change, change.hunks[1].key, Decision.ACCEPTED)
    change = REVIEW.decide(change, change.hunks[0].key, Decision.REJECTED)
    applied = REVIEW.apply(tmp_path, [change])
    assert target.read_text() == OLD.replace("line 30\n", "line thirty\nand more\n")
    assert target.stat().st_mode & 0o777 == 0o640
    REVIEW.undo(tmp_path, applied)
    assert target.read_text() == OLD
    assert target.stat().st_mode & 0o777 == 0o640
    assert list(tree(tmp_path)) == ["Dockerfile"]


def test_nothing_accepted_touches_nothing(tmp_path: Path) -> None:
    change = one(tmp_path, file("deploy/nginx.conf"))
    assert not REVIEW.writes(change)
    applied = REVIEW.apply(tmp_path, [change, REVIEW.reject_file(change)])
    assert applied.files == ()
    assert tree(tmp_path) == {}


def test_a_new_file_makes_its_directories_and_undo_removes_them(tmp_path: Path) -> None:
    change = REVIEW.accept_file(one(tmp_path, file("a/b/c.conf", mode=0o755)))
    applied = REVIEW.apply(tmp_path, [change])
    assert (tmp_path / "a/b/c.conf").read_text() == NEW
    assert (tmp_path / "a/b/c.conf").stat().st_mode & 0o700 == 0o700
    assert applied.directories == ("a", "a/b")
    redo = REVIEW.undo(tmp_path, AppliedSet.model_validate_json(applied.model_dump_json()))
    assert tree(tmp_path) == {}
    REVIEW.undo(tmp_path, redo)
    assert (tmp_path / "a/b/c.conf").read_text() == NEW


def test_undo_leaves_a_directory_that_others_use_by_now(tmp_path: Path) -> None:
    applied = REVIEW.apply(tmp_path, [REVIEW.accept_file(one(tmp_path, file("deploy/x")))])
    (tmp_path / "deploy" / "mine").write_text("mine")
    REVIEW.undo(tmp_path, applied)
    assert tree(tmp_path) == {"deploy": None, "deploy/mine": b"mine"}


def test_undo_refuses_when_the_file_changed_since(tmp_path: Path) -> None:
    applied = REVIEW.apply(tmp_path, [REVIEW.accept_file(one(tmp_path, file()))])
    (tmp_path / "Dockerfile").write_text("edited by hand\n")
    with pytest.raises(DeployDeckError) as caught:
        REVIEW.undo(tmp_path, applied)
    assert caught.value.code == "review-disk-moved-on"
    assert (tmp_path / "Dockerfile").read_text() == "edited by hand\n"


@pytest.mark.parametrize("meanwhile", ["changed", "created", "deleted"])
def test_apply_refuses_when_the_disk_moved_on(tmp_path: Path, meanwhile: str) -> None:
    target = tmp_path / "Dockerfile"
    if meanwhile != "created":
        target.write_text(OLD)
    other = REVIEW.accept_file(one(tmp_path, file("other")))
    change = REVIEW.accept_file(one(tmp_path, file()))
    if meanwhile == "deleted":
        target.unlink()
    else:
        target.write_text("somebody else\n")
    before = tree(tmp_path)
    with pytest.raises(DeployDeckError) as caught:
        REVIEW.apply(tmp_path, [other, change])
    assert caught.value.code == "review-disk-moved-on"
    assert tree(tmp_path) == before


def test_blocked_files_are_not_accepted_and_not_written(tmp_path: Path) -> None:
    change = one(tmp_path, refused())
    with pytest.raises(DeployDeckError) as caught:
        REVIEW.accept_file(change)
    assert caught.value.code == "review-blocked"
    assert "DL1000" in caught.value.why
    with pytest.raises(DeployDeckError):
        REVIEW.decide(change, change.hunks[0].key, Decision.ACCEPTED)
    forced = change.model_copy(update={"hunks": tuple(h.model_copy(update={"decision": Decision.ACCEPTED}) for h in change.hunks)})
    with pytest.raises(DeployDeckError):
        REVIEW.apply(tmp_path, [forced])
    assert tree(tmp_path) == {}


def test_line_ends_of_the_file_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "Dockerfile"
    target.write_bytes(OLD.replace("\n", "\r\n").encode())
    change = one(tmp_path, file())
    assert len(change.hunks) == 2  # the line ends are no difference
    assert not any("\r" in line for hunk in change.hunks for line in hunk.lines)
    REVIEW.apply(tmp_path, [REVIEW.accept_file(change)])
    assert target.read_bytes() == NEW.replace("\n", "\r\n").encode()


def test_mixed_line_ends_and_a_missing_last_newline_survive_where_nothing_changes(tmp_path: Path) -> None:
    old = "one\r\ntwo\nthree\n" + "".join(f"{n}\n" for n in range(20)) + "last"
    new = "ONE\ntwo\nthree\n" + "".join(f"{n}\n" for n in range(20)) + "last\n"
    (tmp_path / "f").write_bytes(old.encode())
    change = one(tmp_path, file("f", new))
    first = REVIEW.decide(change, change.hunks[0].key, Decision.ACCEPTED)
    assert REVIEW.result(first) == old.replace("one\r\n", "ONE\n")
    assert REVIEW.result(REVIEW.accept_file(change)) == new


def test_an_edited_hunk(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a\nb\n")
    change = one(tmp_path, file("f", "a\nc\n"))
    change = REVIEW.decide(change, change.hunks[0].key, Decision.EDITED, ["a", "mine"])
    assert REVIEW.result(change) == "a\nmine\n"
    REVIEW.apply(tmp_path, [change])
    assert (tmp_path / "f").read_text() == "a\nmine\n"


def test_decide_checks_what_it_is_given(tmp_path: Path) -> None:
    change = one(tmp_path, file())
    key = change.hunks[0].key
    for arguments in (("nope", Decision.ACCEPTED, None), (key, Decision.EDITED, None), (key, Decision.ACCEPTED, ["x"]),
                      (key, Decision.EDITED, ["two\nlines"])):  # fmt: skip
        with pytest.raises(DeployDeckError):
            REVIEW.decide(change, *arguments)


@pytest.mark.parametrize(
    ("path", "code"),
    [("../out", "review-bad-path"), ("/etc/x", "review-bad-path"), ("a/../../b", "review-bad-path"), ("", "review-bad-path"),
     ("a\x1b[2J", "review-bad-path"), ("a\nb", "review-bad-path"), ("a\\b", "review-bad-path"), (".", "review-bad-path"),
     (".env", "review-secret-file"), ("api/.env.production", "review-secret-file")],
)  # fmt: skip
def test_paths_that_are_refused(tmp_path: Path, path: str, code: str) -> None:
    with pytest.raises(DeployDeckError) as caught:
        REVIEW.compare(tmp_path, [file(path)])
    assert caught.value.code == code
    assert "\x1b" not in str(caught.value)


def test_links_are_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("top secret")
    root = tmp_path / "project"
    root.mkdir()
    (root / "Dockerfile").symlink_to(outside / "secret")
    (root / "deploy").symlink_to(outside)
    for path in ("Dockerfile", "deploy/nginx.conf", "deploy/secret"):
        with pytest.raises(DeployDeckError) as caught:
            REVIEW.compare(root, [file(path)])
        assert caught.value.code in ("review-symlink", "review-not-a-directory")
        assert "top secret" not in str(caught.value)
    assert list(outside.iterdir()) == [outside / "secret"]


def test_a_link_put_there_after_compare_is_not_followed(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "project"
    outside.mkdir()
    root.mkdir()
    (outside / "Dockerfile").write_text(OLD)
    changes = [REVIEW.accept_file(c) for c in REVIEW.compare(root, [file("Dockerfile"), file("deploy/x")])]
    (root / "Dockerfile").symlink_to(outside / "Dockerfile")
    (root / "deploy").symlink_to(outside)
    for change in changes:
        with pytest.raises(DeployDeckError):
            REVIEW.apply(root, [change])
    assert tree(outside) == {"Dockerfile": OLD.encode()}


def test_things_that_are_no_text_file(tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "latin").write_bytes(b"caf\xe9\n")
    (tmp_path / "big").write_bytes(b"x" * 1_000_001)
    (tmp_path / "file").write_text("x")
    codes = {"dir": "review-not-a-file", "pipe": "review-not-a-file", "latin": "review-not-utf8", "big": "review-too-large",
             "file/below": "review-not-a-directory"}  # fmt: skip
    for path, code in codes.items():
        with pytest.raises(DeployDeckError) as caught:
            REVIEW.compare(tmp_path, [file(path)])
        assert (path, caught.value.code) == (path, code)
        assert caught.value.what


def test_a_missing_project_is_said(tmp_path: Path) -> None:
    with pytest.raises(DeployDeckError) as caught:
        REVIEW.compare(tmp_path / "gone", [file()])
    assert caught.value.code == "review-no-project"


def test_values_behind_names_are_never_taken_in(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("API_KEY=sk-real-value-1234567890\n# OLD=another-secret\nstray-secret\nPLAIN=\n")
    change = one(tmp_path, file(".env.example", "API_KEY=\nNEW=\n"))
    stored = change.model_dump_json() + json.dumps(REVIEW.decisions([change]))
    for value in ("sk-real-value", "another-secret", "stray-secret"):
        assert value not in stored
    assert "-API_KEY=[hidden]" in change.hunks[0].lines and "-PLAIN=" in change.hunks[0].lines
    assert not REVIEW.writes(change) and not REVIEW.writes(REVIEW.reject_file(change))
    with pytest.raises(DeployDeckError):
        REVIEW.result(REVIEW.reject_file(change))
    applied = REVIEW.apply(tmp_path, [REVIEW.accept_file(change)])
    assert (tmp_path / ".env.example").read_text() == "API_KEY=\nNEW=\n"
    REVIEW.undo(tmp_path, applied)
    assert "sk-real-value" in (tmp_path / ".env.example").read_text()


def test_a_hidden_file_that_is_the_same(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("A=\n")
    assert one(tmp_path, file(".env.example", "A=\n")).state is ChangeState.SAME


def test_why_names_the_reasons_of_added_lines_once(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a\nb\nc\n")
    where = Evidence(file="uv.lock", line=3)
    reasons = tuple(LineReason(line=n, rule=r, why=r) for n, r in ((1, "kept"), (2, "x"), (3, "x"), (4, "y")))
    reasons = (*reasons, LineReason(line=5, rule="kept-too", why=""), LineReason(line=4, rule="z", why="", evidence=(where,)))
    change = one(tmp_path, file("f", "a\nnew\nnewer\nb2\nc\n", reasons=reasons))
    assert [r.rule for r in REVIEW.why(change, change.hunks[0])] == ["x", "y", "z"]


def test_decisions_survive_and_follow_only_the_same_hunks(tmp_path: Path) -> None:
    (tmp_path / "f").write_text(OLD)
    change = one(tmp_path, file("f"))
    change = REVIEW.decide(change, change.hunks[0].key, Decision.ACCEPTED)
    change = REVIEW.decide(change, change.hunks[1].key, Decision.EDITED, ["x", "y"])
    kept = json.loads(json.dumps(REVIEW.decisions([change])))
    again = REVIEW.restore(REVIEW.compare(tmp_path, [file("f")]), kept)[0]
    assert again == change
    regenerated = file("f", NEW.replace("line five", "line 5 and a half"))
    other = REVIEW.restore(REVIEW.compare(tmp_path, [regenerated]), kept)[0]
    assert [h.decision for h in other.hunks] == [Decision.PENDING, Decision.EDITED]


@pytest.mark.parametrize("junk", [{}, {"f": None}, {"f": {"KEY": "x"}}, {"f": {"KEY": {"decision": "maybe"}}},
                                  {"f": {"KEY": {"decision": "edited", "replacement": None}}}])  # fmt: skip
def test_restoring_junk_decides_nothing(tmp_path: Path, junk: dict[str, object]) -> None:
    change = one(tmp_path, file("f"))
    kept = json.loads(json.dumps(junk).replace("KEY", change.hunks[0].key))
    assert REVIEW.restore([change], kept) == (change,)


def test_an_acceptance_is_not_restored_onto_a_blocked_file(tmp_path: Path) -> None:
    kept = REVIEW.decisions([REVIEW.accept_file(one(tmp_path, file()))])
    assert REVIEW.restore([one(tmp_path, refused())], kept)[0].hunks[0].decision is Decision.PENDING


TEXT = st.text(st.sampled_from("ab\n\r é\x0c"), max_size=60)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=st.none() | TEXT, new=TEXT.map(lambda text: text + "\n"), picks=st.lists(st.booleans(), min_size=1, max_size=5))
def test_apply_then_undo_is_a_round_trip(tmp_path: Path, old: str | None, new: str, picks: list[bool]) -> None:
    target = tmp_path / "f"
    target.unlink(missing_ok=True)
    if old is not None:
        target.write_bytes(old.encode())
    before = tree(tmp_path)
    change = one(tmp_path, file("f", new))
    for index, hunk in enumerate(change.hunks):
        change = REVIEW.decide(change, hunk.key, Decision.ACCEPTED if picks[index % len(picks)] else Decision.REJECTED)
    applied = REVIEW.apply(tmp_path, [change])
    if REVIEW.writes(change):
        assert target.read_bytes().decode() == REVIEW.result(change)
    else:
        assert tree(tmp_path) == before
    REVIEW.undo(tmp_path, applied)
    assert tree(tmp_path) == before
