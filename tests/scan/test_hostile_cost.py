"""Files made to exhaust a reader cost little: what took minutes a megabyte once."""

from __future__ import annotations

import contextlib
import time

import pytest

from deploydeck.scan.facts import Broken
from deploydeck.scan.parsers import parsers_for

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
    begin = time.process_time()
    for parser in parsers_for(path):
        with contextlib.suppress(Broken):
            list(parser.parse(path, data))
    assert time.process_time() - begin < 1.5
