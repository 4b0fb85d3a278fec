"""Tables that are kept beside the modules they were made from, and what of a large tree is read."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import pytest

from deploydeck.scan.facts import Broken
from deploydeck.scan.kept import kept
from deploydeck.scan.parsers import MODULES, parsers
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.reading import most_telling
from deploydeck.scan.walk import Entry, Limits


def _never() -> object:
    raise AssertionError("made again")


def test_what_was_made_is_kept_until_a_source_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    source = tmp_path / "rules.toml"
    source.write_text("a = 1\n")
    assert kept("rules", tmp_path, [source], lambda: {"a": 1}) == {"a": 1}
    assert kept("rules", tmp_path, [source], _never) == {"a": 1}
    os.utime(source, ns=(1, 1))
    assert kept("rules", tmp_path, [source], lambda: {"a": 2}) == {"a": 2}
    assert kept("rules", tmp_path, [source], _never) == {"a": 2}


@pytest.mark.parametrize("content", [b"", b"garbage", b"(\x02\x00\x00\x00", b"\xe3" * 50, b"N"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    kept("rules", tmp_path, [], lambda: 1)
    (place,) = (tmp_path / "__pycache__").iterdir()
    place.write_bytes(content)
    assert kept("rules", tmp_path, [], lambda: 2) == 2
    assert kept("rules", tmp_path, [], _never) == 2


def test_nothing_is_written_where_python_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert kept("rules", tmp_path, [], lambda: 1) == 1
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "elsewhere"))
    assert kept("rules", tmp_path, [], lambda: 1) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_cannot_be_kept_is_made_every_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert kept("rules", tmp_path, [], lambda: tmp_path) == tmp_path
    assert kept("rules", tmp_path, [], lambda: 3) == 3


def test_the_table_of_parsers_is_that_of_their_modules() -> None:
    from importlib import import_module

    own = [one for name in MODULES for one in import_module(f"deploydeck.scan.parsers.{name}").PARSERS]
    listed = parsers()
    assert [(one.pattern, one.size, one.anywhere, one.config_kind, one.bare) for one in listed] == [
        (one.pattern, one.size, one.anywhere, one.config_kind, one.bare) for one in own
    ]
    for first, second in zip(listed, own, strict=True):  # the same function stays the same function, and is that one
        with contextlib.suppress(Broken):
            list(first.parse("x", b""))
        assert first.parse._parse is second.parse  # type: ignore[attr-defined]
    assert len({one.parse for one in listed}) == len({one.parse for one in own})


def _work(*paths: str, size: int = 100) -> list[tuple[Parser, Entry]]:
    parser = Parser("*.py", lambda file, data: iter(()), "source", anywhere=True)
    return [(parser, Entry(path, path, size)) for path in paths]


def test_all_sources_are_read_where_they_fit() -> None:
    work = {"": _work("a/b/c.py", "z.py"), "api": _work("main.py")}
    assert most_telling(work, Limits()) is work


def test_of_too_many_sources_those_at_the_top_and_by_hand_are_read() -> None:
    work = {"": _work("generated/x.py", "a/b/c/d.py", "src/app.py"), "api": _work("gen/client.py", "main.py", "models_pb2.py")}
    kept_work = most_telling(work, Limits(source_files=3))
    assert {home: [entry.path for _, entry in items] for home, items in kept_work.items()} == {
        "": ["a/b/c/d.py", "src/app.py"],
        "api": ["main.py"],
    }


def test_a_file_too_large_to_be_read_costs_the_others_nothing() -> None:
    work = {"": [*_work("bundle.py", size=900), *_work("src/a.py", "src/b.py")]}
    kept_work = most_telling(work, Limits(source_bytes=500, total_source_bytes=250))
    assert [entry.path for _, entry in kept_work[""]] == ["src/a.py", "src/b.py"]
