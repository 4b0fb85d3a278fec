"""Checkers answer side by side, late ones are waited for, and nobody is asked twice about the same content."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from deploydeck.domain import CheckFinding, CheckState, CheckVerdict, GeneratedFile
from deploydeck.generate.checkers import Checker, Scope, single
from deploydeck.generate.checkers.tools import run_tool, unavailable, verdict
from deploydeck.generate.checking import MAX_KEPT, Checking, VerdictCache

FILES = (GeneratedFile(path="a.txt", content="a\n"), GeneratedFile(path="b.txt", content="b\n"))
BAD = CheckFinding(line=1, rule="bad", message="It is bad.", blocking=True)


class Slow:
    """A checker that counts what it was asked and can be held back."""

    def __init__(self, identity: str = "1", *, absent: bool = False) -> None:
        self.asked: list[str] = []
        self.identity = identity
        self.absent = absent

    def check(self, content: str) -> CheckVerdict:
        self.asked.append(content)
        if self.absent:
            return unavailable("slow", "It is not here.")
        return verdict("slow", [BAD] if content.startswith("b") else [])

    @property
    def row(self) -> Checker:
        return single("slow", lambda path, _: path.endswith(".txt"), self.check, identity=lambda: self.identity)


def states(files: tuple[GeneratedFile, ...]) -> list[CheckState]:
    return [one.state for file in files for one in file.verdicts]


def test_a_program_is_waited_for_and_then_has_answered() -> None:
    slow = Slow()
    quick = single("quick", lambda path, _: path == "a.txt", lambda _: verdict("quick", []))
    checking = Checking(checkers=(quick, slow.row))
    first = checking.started(FILES, Scope())
    assert states(first) == [CheckState.PASSED, CheckState.WAITING, CheckState.WAITING]
    assert [file.waiting for file in first] == [True, True] and slow.asked == []
    *_, last = checking.answers(first, Scope())
    assert states(last) == [CheckState.PASSED, CheckState.PASSED, CheckState.FINDINGS]
    assert [file.blocked for file in last] == [False, True]


def test_nobody_is_asked_twice_about_the_same_content(tmp_path: Path) -> None:
    slow = Slow()
    Checking(VerdictCache(tmp_path), (slow.row,)).complete(FILES, Scope())
    assert sorted(slow.asked) == ["a\n", "b\n"]
    again = Checking(VerdictCache(tmp_path), (slow.row,))
    assert states(again.started(FILES, Scope())) == [CheckState.PASSED, CheckState.FINDINGS]
    changed = (FILES[0], FILES[1].model_copy(update={"content": "c\n"}))
    again.complete(changed, Scope())
    assert sorted(slow.asked) == ["a\n", "b\n", "c\n"]
    slow.identity = "2"
    again.complete(FILES, Scope())
    assert len(slow.asked) == 5, "another version is asked again"


def test_what_is_absent_says_so_at_once_and_is_never_kept(tmp_path: Path) -> None:
    slow = Slow("", absent=True)
    checking = Checking(VerdictCache(tmp_path), (slow.row,))
    assert states(checking.started(FILES, Scope())) == [CheckState.UNAVAILABLE] * 2
    slow.identity, slow.absent = "1", False
    assert states(checking.complete(FILES, Scope())) == [CheckState.PASSED, CheckState.FINDINGS]


def test_a_broken_or_unwritable_cache_only_costs_time(tmp_path: Path) -> None:
    slow = Slow()
    Checking(VerdictCache(tmp_path), (slow.row,)).complete(FILES, Scope())
    for path in tmp_path.iterdir():
        path.write_bytes(b"{half")
    assert states(Checking(VerdictCache(tmp_path), (slow.row,)).complete(FILES, Scope())) == [
        CheckState.PASSED,
        CheckState.FINDINGS,
    ]
    (tmp_path / "file").write_text("in the way")
    assert states(Checking(VerdictCache(tmp_path / "file"), (slow.row,)).complete(FILES, Scope()))[0] is CheckState.PASSED


def test_the_cache_stays_small(tmp_path: Path) -> None:
    for number in range(MAX_KEPT + 30):
        (tmp_path / f"{number}.json").write_text("{}")
    VerdictCache(tmp_path).put("new", {})
    assert len(list(tmp_path.iterdir())) == MAX_KEPT


def test_files_that_belong_together_are_checked_together() -> None:
    seen: list[set[str]] = []

    def check(files: Mapping[str, str]) -> Mapping[str, CheckVerdict]:
        seen.append(set(files))
        return {path: verdict("set", []) for path in files}

    row = Checker("set", lambda paths, _: (paths,), check, identity=lambda: "1")
    Checking(checkers=(row,)).complete(FILES, Scope())
    assert seen == [{"a.txt", "b.txt"}]


def test_checkers_run_side_by_side() -> None:
    meeting = threading.Barrier(2, timeout=30)

    def check(_: str) -> CheckVerdict:
        meeting.wait()  # only gets through when both are here
        return verdict("pair", [])

    row = single("pair", lambda *_: True, check, identity=lambda: "1")
    assert states(Checking(checkers=(row,)).complete(FILES, Scope())) == [CheckState.PASSED] * 2


def test_of_peoples_own_file_a_finding_is_advice() -> None:
    own = FILES[1].model_copy(update={"own": True})
    (checked,) = Checking(checkers=(Slow().row,)).complete((own,), Scope())
    assert checked.verdicts[0].findings and not checked.blocked


def test_a_program_sees_only_the_files_it_is_given(tmp_path: Path) -> None:
    ran = run_tool(["sh", "-c", "ls -A; cat sub/x; echo $HOME; pwd"], files={"sub/x": "content\n"}, environment={"Y": "1"})
    listed, content, home, here = ran.out.decode().split("\n")[:4]
    assert (ran.code, listed, content) == (0, "sub", "content")
    assert home == here and not Path(here).exists()


def test_a_program_that_hangs_or_is_missing_is_a_reason() -> None:
    assert "did not answer within" in run_tool(["sleep", "30"], timeout_s=0.2).problem
    assert "could not be started" in run_tool(["/nonexistent/checker"]).problem
