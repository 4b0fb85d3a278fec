"""What every match of a pattern contains, of every pattern that a table of source patterns holds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers import cpp_project
from deploydeck.scan.parsers.certain import certain_text


@pytest.mark.parametrize(
    ("pattern", "certain"),
    [
        (r"\bhtons\(\s{0,4}x", "htons("),
        (r"colou?r", "colo"),
        (r"ab*c", "a"),
        (r"ab+c", "ab"),
        (r"abc{2,3}d", "abc"),
        (r"abc{0,3}d", "ab"),
        (r"abcd??e", "abc"),
        (r"one|two", ""),
        (r"(?:one|two)three", "three"),
        (r"[ab]]cd", "]cd"),
        (r"[]x]yz", "yz"),
        (r"[^]x]yz", "yz"),
        (r"([(]x)yz", "yz"),
        (r"(a(b)\)c)yz", "yz"),
        (r"^\s*$", ""),
        (r"\.a\{", ".a{"),
        (r"x\d\wabc", "abc"),
        ("(?i)abc", ""),
    ],
)
def test_examples(pattern: str, certain: str) -> None:
    assert certain_text(re.compile(pattern)) == certain


PATTERNS = [
    r"\.port\(\s{0,4}(?P<port>\d{2,5}|\w{1,40})\s{0,4}\)",
    r"\"https?://(?P<host>[\d.]{7,15}|localhost):(?P<port>\d{2,5})/?\"",
    r"\b(?:std::)?(?:secure_)?getenv\(\s{0,4}\"(?P<name>\w{1,100})\"\s{0,4}\)",
    r"[\{,]\s{0,4}\.port\s{0,4}=\s{0,4}(?P<port>\d{2,5}|\w{1,40})",
    r"a?b{1,2}c+d{0}ef*",
    r"[]a]b[^]c]de\(f\)",
]


@pytest.mark.parametrize("written", PATTERNS)
@settings(max_examples=100)
@given(data=st.data())
def test_it_stands_in_every_match(written: str, data: st.DataObject) -> None:
    pattern = re.compile(written)
    assert certain_text(pattern) in data.draw(st.from_regex(pattern))
    assert certain_text(pattern)


def test_only_the_lines_that_may_match_are_looked_at_and_numbered_rightly() -> None:
    program = (
        '#include "httplib.h"\n\n// getenv("NO")\nint x = 1;\nint main() {\n  auto a = std::getenv("A"); auto b = getenv("B");\n}\n'
    )
    facts = list(cpp_project.cpp_source("main.cpp", program.encode()))
    assert [(fact.kind, fact.name, fact.line) for fact in facts] == [
        ("import", "httplib.h", 1),
        ("entry", "main", 5),
        ("env", "A", 6),
        ("env", "B", 6),
    ]


def test_a_port_set_far_above_is_still_known() -> None:
    program = "int port = 8123;\n" + "int x;\n" * 50 + "addr.sin_port = htons(port);\n"
    found: list[Found] = [fact for fact in cpp_project.cpp_source("main.c", program.encode()) if fact.kind == "listen"]
    assert [(fact.line, fact.name) for fact in found] == [(52, "8123")]
