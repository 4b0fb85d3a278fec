"""Files made to exhaust a reader cost little: what took minutes a megabyte once."""

from __future__ import annotations

import contextlib

import pytest

from deploydeck.scan.facts import Broken
from deploydeck.scan.parsers import parsers_for, trees
from tests.clock import quick

SIZE = 300_000


@pytest.mark.parametrize(
    ("path", "piece"),
    [
        ("pyproject.toml", "a.b.c."),
        ("pyproject.toml", "1.2."),
        ("Pipfile", "a . b . "),
        ("gradle/x.versions.toml", '"a"."b".'),
        ("package.json5", "/* "),
        ("package.json", "/* "),
    ],
)
def test_repeated_pieces_are_read_in_linear_time(path: str, piece: str) -> None:
    data = (piece * (SIZE // len(piece))).encode()

    def read() -> None:
        for parser in parsers_for(path):
            with contextlib.suppress(Broken):
                list(parser.parse(path, data))

    quick(read, 1.5)


def test_a_grammar_is_stopped_and_reads_the_next_text_from_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "LONGEST_S", 0.2)

    def read() -> None:
        with pytest.raises(Broken, match="too long"):
            trees.root("ruby", b"%{" * 20_000)

    quick(read, 2)
    good = b"gem 'a'\n" * 1_000
    assert trees.root("ruby", good).named_child_count == 1_000
    assert trees.text(trees.root("ruby", good).named_children[999]) == "gem 'a'"
