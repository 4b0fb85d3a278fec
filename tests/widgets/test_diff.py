"""Diffs as rows and colours: pure functions that lose no character, in linear time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import Change, ChangeState, CheckFinding, CheckState, CheckVerdict, Decision, GeneratedFile, Hunk
from deploydeck.widgets.diff_rows import MAX_COMPARED, DiffRow, diff_rows, shown_lines, split_line, unified_line
from deploydeck.widgets.highlight import _KINDS, coloured, differing, kind_of, spans
from deploydeck.widgets.text import MAX_CELLS, STYLES

TEXT = st.text(st.sampled_from("abAB01 #\"'=:$${}[]./-\\\t<>,éRUN FROM"), max_size=60)


@given(TEXT, st.sampled_from([*_KINDS, ""]), TEXT)
def test_colours_and_marks_lose_nothing(text: str, kind: str, other: str) -> None:
    gone, come = differing(text, other)
    for marks in (gone, ()):
        drawn = spans(text, "added", kind, marks)
        assert "".join(piece for piece, _ in drawn) == text
        assert all(part in STYLES for _, style in drawn for part in style.split())
    assert all(0 <= start < end <= len(text) for start, end in gone)
    assert all(0 <= start < end <= len(other) for start, end in come)
    if text == other:
        assert gone == come == ()


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("Dockerfile", "FROM python:3.13 AS build", {"FROM": "keyword", "AS": "keyword"}),
        (
            "Dockerfile",
            "RUN --mount=type=cache echo $HOME # why",
            {"RUN": "keyword", "--mount": "key", "$HOME": "variable", "# why": "comment"},
        ),
        ("compose.yaml", '  image: "redis:8" # pinned', {"  image": "key", '"redis:8"': "string", "# pinned": "comment"}),
        (".github/workflows/ci.yml", "  if: ${{ always() }}", {"${{ always() }}": "variable"}),
        ("deploydeck.toml", "port = 8000", {"port": "key", "8000": "number"}),
        ("deploydeck.toml", "[app]", {"[app]": "keyword"}),
        ("template.json", '  "Type": "AWS::ECS", true', {'"Type"': "key", '"AWS::ECS"': "string", "true": "keyword"}),
        ("main.tf", 'resource "aws_ecs" "x" {', {"resource": "keyword", '"aws_ecs"': "string"}),
        ("Jenkinsfile", "pipeline { agent any } // run", {"pipeline": "keyword", "agent": "keyword", "// run": "comment"}),
        (".env.example", "DEBUG=0", {"DEBUG": "key"}),
        ("notes.txt", "FROM here = 1 # no", {}),
    ],
)
def test_what_is_coloured(path: str, text: str, found: dict[str, str]) -> None:
    have = {text[start:end]: style.removeprefix("code-") for start, end, style in coloured(text, kind_of(path))}
    assert found.items() <= have.items()
    assert bool(found) is bool(have)


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize(
    "text", ['"' * MAX_CELLS, "a" * MAX_CELLS, "${" * (MAX_CELLS // 2), "\\\"'" * 1300, " " * MAX_CELLS, "a.-" * 1300]
)
def test_a_hostile_line_takes_no_time(kind: str, text: str) -> None:
    began = time.perf_counter()
    list(coloured(text, kind))
    differing(text, text[::-1])
    assert time.perf_counter() - began < 1


def test_marks_are_what_differs() -> None:
    gone, come = differing("FROM python:3.12-slim", "FROM python:3.13-slim")
    assert [("FROM python:3.12-slim")[slice(*one)] for one in gone] == ["12"]
    assert [("FROM python:3.13-slim")[slice(*one)] for one in come] == ["13"]
    assert differing("completely other", "1234 = 5678") == ((), ()), "another line is not a changed one"


def hunk(*lines: str, **more: object) -> Hunk:
    old = sum(line[0] in " -" for line in lines)
    new = sum(line[0] in " +" for line in lines)
    values = {"key": "k", "old_start": 1, "old_count": old, "new_start": 1, "new_count": new, "lines": lines, **more}
    return Hunk.model_validate(values)


def change(*hunks: Hunk, verdicts: tuple[CheckVerdict, ...] = ()) -> Change:
    file = GeneratedFile(path="Dockerfile", content="x\n", verdicts=verdicts)
    return Change(file=file, state=ChangeState.CHANGED, old_content="", old_sha256="0", hunks=hunks)


def finding(line: int) -> CheckVerdict:
    return CheckVerdict(
        checker="c", state=CheckState.FINDINGS, findings=(CheckFinding(line=line, rule=f"r{line}", message="m", blocking=False),)
    )


@pytest.mark.parametrize("side_by_side", [True, False])
def test_a_finding_stands_below_its_line_or_above_all(side_by_side: bool) -> None:
    rows = diff_rows(change(hunk(" a", "-b", "+c", "+d", " e"), verdicts=(finding(3), finding(99))), side_by_side=side_by_side)
    assert rows[0].left.startswith("line 99: c r99") and rows[0].finding == 1
    at = next(place for place, row in enumerate(rows) if row.finding == 0)
    assert rows[at - 1].right == "d" and rows[at].hunk == 0


def test_numbers_follow_an_edited_hunk() -> None:
    first = hunk(" a", "+b", " c", decision=Decision.EDITED, replacement=("a", "x", "y", "z", "c"))
    second = hunk(" d", "+e", old_start=20, new_start=21)
    rows = diff_rows(change(first, second), side_by_side=False)
    e = next(row for row in rows if row.right == "e")
    assert (e.new_line, e.source_line) == (24, 22)


def test_a_large_edited_hunk_is_one_replacement() -> None:
    lines = [f"+{n}" for n in range(MAX_COMPARED + 5)]
    edited = hunk(*lines, decision=Decision.EDITED, replacement=tuple(str(n) for n in range(MAX_COMPARED + 4)))
    assert all(line[0] == "+" for line in shown_lines(edited))


@given(TEXT, TEXT, st.integers(40, 160))
def test_both_sides_fill_their_half_exactly(left: str, right: str, width: int) -> None:
    from rich.cells import cell_len

    line = split_line(DiffRow(0, "~", left, right, 1, 1), width, "docker")
    text = "".join(piece for piece, _ in line)
    half = max((width - 1) // 2, 12)
    assert cell_len(text) == 2 * half + 1
    assert text[:5] == "   1 "


def test_the_sign_says_it_without_any_colour() -> None:
    assert (
        "".join(text for text, _ in unified_line(DiffRow(0, "-", "FROM a", other="FROM b", old_line=1), "docker"))[10:] == "-FROM a"
    )
    drawn = unified_line(DiffRow(0, "+", right="FROM b", other="FROM a", new_line=1), "docker")
    assert ("b", "added mark") in drawn
