"""Kept answers: they come back, they age, they are bounded, and a broken file stands in nobody's way."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from pathlib import Path

import pytest

import deploydeck.scan.vulnerabilities.cache as module
from deploydeck.scan.vulnerabilities.cache import Cache
from deploydeck.scan.vulnerabilities.records import Advisory, Package, read_advisory
from tests.doubles.osv import entry

FLASK = Package("PyPI", "flask", "1.0")
DJANGO = Package("PyPI", "django", "1.0")


def one(name: str = "GHSA-1", modified: str = "2026-05-01T00:00:00Z") -> Advisory:
    return read_advisory(entry(name, "PyPI", "flask", ["1.0"], modified=modified))


def age(path: Path, seconds: float) -> None:
    with sqlite3.connect(path) as database:
        database.execute("UPDATE answers SET asked_at = asked_at - ?", (seconds,))
    database.close()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "deep" / "cache.sqlite", "http://one")


def test_what_is_kept_comes_back(cache: Cache, tmp_path: Path) -> None:
    assert cache.answers([FLASK]) == {}
    assert not (tmp_path / "deep").exists(), "reading makes nothing"
    cache.keep({FLASK: {"GHSA-1": "2026-05-01T00:00:00Z"}, DJANGO: {}}, {"GHSA-1": one()})
    answers = cache.answers([FLASK, DJANGO, Package("PyPI", "flask", "2.0")])
    assert {package: answer.ids for package, answer in answers.items()} == {FLASK: {"GHSA-1": "2026-05-01T00:00:00Z"}, DJANGO: {}}
    assert cache.entries(answers[FLASK].ids) == {"GHSA-1": one()}
    assert cache.entries({"GHSA-1": "2026-06-01T00:00:00Z"}) == {}, "it has changed since"
    assert Cache(tmp_path / "deep" / "cache.sqlite", "http://other").answers([FLASK]) == {}, "of another server"
    assert cache.size()[0] == 2
    mode = os.stat(tmp_path / "deep" / "cache.sqlite").st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["cache.sqlite"]


def test_answers_age(cache: Cache, tmp_path: Path) -> None:
    cache.keep({FLASK: {}}, {})
    age(tmp_path / "deep" / "cache.sqlite", 3 * 86400)
    assert cache.answers([FLASK])[FLASK].asked_at < time.time() - module.VALID_S
    age(tmp_path / "deep" / "cache.sqlite", 40 * 86400)
    assert cache.answers([FLASK]) == {}
    cache.keep({DJANGO: {}}, {})
    assert cache.size()[0] == 1, "what is too old goes"


def test_a_clock_that_ran_ahead(cache: Cache, tmp_path: Path) -> None:
    cache.keep({FLASK: {}}, {})
    age(tmp_path / "deep" / "cache.sqlite", -86400)
    assert cache.answers([FLASK]) == {}, "nobody asks tomorrow"


def test_it_is_bounded(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ANSWERS", 10)
    for number in range(30):
        cache.keep({Package("npm", f"p{number}", "1"): {}}, {})
    assert cache.size()[0] == 10
    assert cache.answers([Package("npm", "p29", "1")])
    assert not cache.answers([Package("npm", "p0", "1")])


@pytest.mark.parametrize("content", [b"no database " * 500, b"SQLite format 3\x00" + b"\x01" * 5000, b""])
def test_a_broken_file_is_made_anew(cache: Cache, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "deep" / "cache.sqlite"
    path.parent.mkdir()
    path.write_bytes(content)
    assert cache.answers([FLASK]) == {}
    cache.keep({FLASK: {}}, {})
    assert FLASK in cache.answers([FLASK])


def test_pages_broken_in_the_middle(cache: Cache, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "cache.sqlite"
    cache.keep({Package("npm", f"p{n}", "1"): {"GHSA-1": "x"} for n in range(2000)}, {"GHSA-1": one()})
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    cache.answers([FLASK])
    cache.keep({FLASK: {}}, {})
    cache.keep({FLASK: {}}, {})
    assert FLASK in cache.answers([FLASK])


@pytest.mark.parametrize("ids", ["", "7", "[]", '{"../x": "y"}', '{"GHSA-1": 7}', "[" * 5000])
def test_rows_that_are_none_of_ours(cache: Cache, tmp_path: Path, ids: str) -> None:
    cache.keep({FLASK: {}, DJANGO: {}}, {"GHSA-1": one()})
    with sqlite3.connect(tmp_path / "deep" / "cache.sqlite") as database:
        database.execute("UPDATE answers SET ids = ? WHERE name = 'flask'", (ids,))
        database.execute("UPDATE entries SET body = ?", (ids,))
    database.close()
    assert list(cache.answers([FLASK, DJANGO])) == [DJANGO]
    assert cache.entries({"GHSA-1": ""}) == {}


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = Cache(tmp_path / "file" / "cache.sqlite", "x")
    cache.keep({FLASK: {}}, {})
    assert cache.answers([FLASK]) == {}
    assert cache.size() == (0, None)


def test_one_that_is_locked_stays(cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "cache.sqlite"
    cache.keep({FLASK: {}}, {})
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **{**k, "timeout": 0.05}))
    other = connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    cache.keep({DJANGO: {}}, {})
    assert cache.answers([FLASK]) == {}
    other.execute("COMMIT")
    other.close()
    assert list(cache.answers([FLASK, DJANGO])) == [FLASK]
