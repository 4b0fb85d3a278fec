"""What two releases are compared by."""

from __future__ import annotations

from pathlib import Path

from deploydeck.comparison import UNLISTED, Comparison, compare_releases
from deploydeck.domain import OTHER_FILES, Release
from tests.app.doubles import config, release


def made(number: int, files: dict[str, str], source: str) -> Release:
    return release(number).model_copy(update={"files": tuple(files.items()), "source_hash": source})


def compare(older: Release, newer: Release, root: Path) -> Comparison:
    return compare_releases(older, newer, config(root), config(root))


def changes(comparison: Comparison) -> list[tuple[str, str]]:
    return [(entry.change, entry.name) for entry in comparison.files]


def test_files_are_added_removed_and_changed_by_path(tmp_path: Path) -> None:
    older = made(1, {"a.py": "1" * 64, "b.py": "2" * 64, "same.py": "3" * 64}, "one")
    newer = made(2, {"a.py": "4" * 64, "c.py": "5" * 64, "same.py": "3" * 64}, "two")
    found = compare(older, newer, tmp_path)
    assert changes(found) == [("changed", "a.py"), ("removed", "b.py"), ("added", "c.py")]
    assert (found.files[0].before, found.files[0].after) == ("1" * 12, "4" * 12)
    assert found.source


def test_too_many_files_are_compared_as_one_thing(tmp_path: Path) -> None:
    older = made(1, {"package.json": "1" * 64, OTHER_FILES: "2" * 64}, "one")
    newer = made(2, {"package.json": "1" * 64, OTHER_FILES: "3" * 64}, "two")
    assert changes(compare(older, newer, tmp_path)) == [("changed", UNLISTED)]
    assert changes(compare(older, older, tmp_path)) == []


def test_a_release_with_all_files_against_one_with_too_many(tmp_path: Path) -> None:
    whole = made(1, {"package.json": "1" * 64, "a.js": "2" * 64, "b.js": "3" * 64}, "one")
    capped = made(2, {"package.json": "4" * 64, "yarn.lock": "5" * 64, OTHER_FILES: "6" * 64}, "two")
    assert changes(compare(whole, capped, tmp_path)) == [("changed", UNLISTED), ("changed", "package.json"), ("added", "yarn.lock")]
    assert changes(compare(capped, whole, tmp_path)) == [
        ("changed", UNLISTED),
        ("changed", "package.json"),
        ("removed", "yarn.lock"),
    ]
