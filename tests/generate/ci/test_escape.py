"""Whatever a value holds, the language it lands in reads it back as the same value."""

from __future__ import annotations

import re
import shlex

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import CheckState
from deploydeck.generate.checkers import jenkins
from deploydeck.generate.ci import escape

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
NASTY = st.one_of(
    TEXT,
    st.sampled_from(
        ["${{ secrets.KEY }}", "' + x + '", "\\u000a", "$(id)", "`id`", "a: b", "- a", "# no", "yes", "3.10", "null", "~"]
    ),
    st.lists(st.sampled_from(list("'\"\\${}[]#:&*!|>%@`,?- \n\t\r\u2028\x85\ufeff")), max_size=20).map("".join),
)


def read_expressions(text: str) -> str:
    """What GitHub makes of the one expression we write."""
    return text.replace("${{ '${{' }}", "${{")


@given(NASTY)
def test_a_scalar_is_read_back(text: str) -> None:
    written = escape.scalar(text)
    assert "\n" not in written
    assert yaml.safe_load(f"a: {written}\nb: [{written}, x]\nc:\n  - {written}\n") == {"a": text, "b": [text, "x"], "c": [text]}


@given(NASTY)
def test_github_finds_no_expression_of_the_project(text: str) -> None:
    found = yaml.safe_load(f"a: {escape.github_text(text)}\n")["a"]
    assert set(re.findall(r"\$\{\{(.*?)\}\}", found)) <= {" '${{' "}
    assert read_expressions(found) == text


@given(st.lists(NASTY, min_size=1, max_size=4))
def test_a_command_is_split_into_the_same_words(argv: list[str]) -> None:
    assert shlex.split(escape.shell(argv)) == argv


@given(st.lists(st.lists(NASTY, min_size=1, max_size=3), min_size=1, max_size=3))
def test_a_block_of_commands_is_read_back(commands: list[list[str]]) -> None:
    lines = [escape.shell(argv) for argv in commands]
    content = yaml.safe_load(f"steps:\n  - run: {escape.block(lines, 6)}\n    id: x\n")
    assert content["steps"][0]["id"] == "x"
    assert content["steps"][0]["run"].rstrip("\n") == "\n".join(lines).rstrip("\n")


def read_groovy(written: str) -> str:
    assert written[0] == written[-1] == "'"
    named = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "\\": "\\", "'": "'"}
    units = re.sub(r"\\(u([0-9a-f]{4})|.)", lambda m: chr(int(m[2], 16)) if m[2] else named[m[1]], written[1:-1])
    return units.encode("utf-16", "surrogatepass").decode("utf-16")


@given(NASTY)
def test_a_groovy_string_is_read_back_and_interpolates_nothing(text: str) -> None:
    written = escape.groovy(text)
    assert re.fullmatch(r"[\x20-\x7e]*", written)
    assert not re.search(r"(?<!\\)(?:\\\\)*\\u00(?:0a|0d|27|5c)", written)
    assert read_groovy(written) == text


@pytest.mark.tools
def test_groovy_itself_reads_such_strings() -> None:
    nasty = ["", "'", "''", "\\", "\\'", "\\u0027", "\n", "${x}", "\u2028", "\U0001f600", "\x01", "'''", "$", "\\\\u000a"]
    written = "".join(f"sh {escape.groovy(text)}\n" for text in nasty)
    block = "\n".join(escape.groovy(text)[1:-1] for text in nasty)
    assert jenkins.check(f"{written}sh '''\n{block}\n'''\n").state is CheckState.PASSED


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("main", "main"),
        ("3.13", "'3.13'"),
        ("true", "'true'"),
        ("on", "'on'"),
        ("it's", "'it''s'"),
        ("npm ci --include=dev", "npm ci --include=dev"),
        ("a\nb", '"a\\nb"'),
        (True, "true"),
        (30, "30"),
    ],
)
def test_plain_things_are_written_as_people_write_them(value: str | int, written: str) -> None:
    assert escape.scalar(value) == written


@pytest.mark.parametrize(
    ("branch", "pattern"), [("main", "main"), ("release+1", r"release\+1"), ("!x", r"\!x"), ("a/b", "a/b"), ("${{x}}", "$*{{x}}")]
)
def test_a_branch_is_no_pattern(branch: str, pattern: str) -> None:
    assert escape.branch_pattern(branch) == pattern
