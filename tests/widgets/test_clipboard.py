"""Copying says what really happened."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploydeck.widgets import clipboard

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


def copied(text: str, directory: Path, **environ: str) -> tuple[str, list[str]]:
    written: list[str] = []
    said = clipboard.copy(text, write=written.append, directory=directory, now=NOW, environ=environ)
    return said, written


def test_sent_to_the_terminal(tmp_path: Path) -> None:
    said, written = copied("hello", tmp_path, TERM="xterm-256color")
    assert said == "sent to terminal (OSC 52), 5 characters"
    assert written == [f"\x1b]52;c;{base64.b64encode(b'hello').decode()}\a"]


def test_too_long_goes_to_a_file(tmp_path: Path) -> None:
    said, written = copied("x" * 100_000, tmp_path, TERM="xterm")
    assert "saved to" in said and not written
    file = next(tmp_path.iterdir())
    assert file.read_text() == "x" * 100_000
    assert file.stat().st_mode & 0o777 == 0o600


def test_gnu_screen_gets_a_file(tmp_path: Path) -> None:
    said, written = copied("hello", tmp_path, TERM="screen")
    assert "saved to" in said and not written


def test_over_ssh_no_display_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clipboard, "_feed", lambda *_: pytest.fail("a native clipboard over SSH is the wrong machine's"))
    said, _ = copied("hello", tmp_path, TERM="xterm", DISPLAY=":10", SSH_CONNECTION="1 2 3 4")
    assert said.startswith("sent to terminal")


def test_native_clipboard_where_there_is_a_display(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(clipboard, "_feed", lambda argv, _text: argv[0] == "xsel")
    said, written = copied("a\nb", tmp_path, DISPLAY=":0", TERM="xterm")
    assert said == "copied with xsel (2 lines)" and not written


def test_files_never_overwrite(tmp_path: Path) -> None:
    first = clipboard.save("1", tmp_path, "log", NOW)
    second = clipboard.save("2", tmp_path, "log", NOW)
    assert first != second
    assert len(list(tmp_path.iterdir())) == 2
