"""A fake Deck on a small project."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.doubles import FakeDeck


@pytest.fixture
def deck(tmp_path: Path) -> FakeDeck:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "requirements.txt").write_text("Flask==3.1.0\n")
    return FakeDeck(root, tmp_path / "home")
