"""Imports: what they take, what they refuse, what they cover, and that nothing is half done."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from deploydeck.domain import DeployDeckError
from deploydeck.scan.vulnerabilities.archive import Index
from deploydeck.scan.vulnerabilities.reading import Limits
from deploydeck.scan.vulnerabilities.records import Package
from tests.doubles.osv import entry

FLASK = Package("PyPI", "flask", "1.0")
EXPRESS = Package("npm", "express", "4.0.0")
PYPI = [
    entry("GHSA-1", "PyPI", "Flask", [], fixed="1.1", modified="2026-03-01T10:00:00.123456789Z"),
    entry("PYSEC-2", "PyPI", "django", ["1.0"], modified="2026-04-01T00:00:00Z"),
    entry("PYSEC-3", "PyPI", "flask", [], fixed="9", modified="2099-01-01T00:00:00Z", withdrawn="2026-01-01T00:00:00Z"),
]
NPM = [entry("GHSA-9", "npm", "express", [], fixed="4.1.0", kind="SEMVER")]


def zipped(path: Path, entries: Iterable[Any], prefix: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, one in enumerate(entries):
            archive.writestr(f"{prefix}{number}.json", one if isinstance(one, (str, bytes)) else json.dumps(one))
    return path


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path / "data" / "osv.sqlite")


def ids(index: Index, package: Package) -> list[str]:
    return [one.id for one in index.about([package])[package]]


def refused(index: Index, path: Path, ecosystems: tuple[str, ...] = (), limits: Limits | None = None) -> str:
    """The code of the refusal; what was there stays, and nothing is left behind."""
    folder = index._path.parent
    before = index._path.read_bytes() if index._path.exists() else b""
    with pytest.raises(DeployDeckError) as caught:
        index.take(path, ecosystems, limits=limits)
    assert (index._path.read_bytes() if index._path.exists() else b"") == before
    assert not [one for one in folder.glob("*") if one.name.endswith((".new", "-journal"))]
    return caught.value.code


def test_an_export_of_an_ecosystem(index: Index, tmp_path: Path) -> None:
    assert index.coverage() == {}
    assert index.about([FLASK]) == {}
    imported = index.take(zipped(tmp_path / "all.zip", PYPI))
    assert (imported.entries, imported.skipped, imported.packages) == (3, 0, 2)
    (covered,) = imported.covered
    assert (covered.ecosystem, covered.source, covered.entries) == ("PyPI", "all.zip", 3)
    assert covered.data_until == datetime(2026, 4, 1, tzinfo=UTC), "not what claims to be of the future"
    assert index.coverage() == {"PyPI": covered}
    assert ids(index, FLASK) == ["GHSA-1"]
    assert ids(index, Package("PyPI", "flask", "1.1")) == []
    assert ids(index, Package("PyPI", "unheard-of", "1")) == []
    assert stat.S_IMODE(os.stat(tmp_path / "data" / "osv.sqlite").st_mode) == 0o600


def test_an_import_replaces_its_ecosystem_and_no_other(index: Index, tmp_path: Path) -> None:
    index.take(zipped(tmp_path / "pypi.zip", PYPI))
    index.take(zipped(tmp_path / "npm.zip", NPM))
    assert sorted(index.coverage()) == ["PyPI", "npm"]
    index.take(zipped(tmp_path / "pypi2.zip", PYPI[1:]))
    assert ids(index, FLASK) == [], "gone from the export, gone here"
    assert ids(index, EXPRESS) == ["GHSA-9"]
    assert index.coverage()["PyPI"].source == "pypi2.zip"


def test_what_is_shared_with_others_covers_only_the_common_one(index: Index, tmp_path: Path) -> None:
    shared = entry("GHSA-5", "PyPI", "protobuf", ["1.0"])
    shared["affected"] += entry("x", "npm", "protobufjs", ["1.0.0"])["affected"]
    imported = index.take(zipped(tmp_path / "all.zip", [*PYPI, shared]))
    assert [one.ecosystem for one in imported.covered] == ["PyPI"]
    assert index.about([Package("npm", "protobufjs", "1.0.0")]) == {Package("npm", "protobufjs", "1.0.0"): []}


def test_a_mixed_archive_covers_what_is_named(index: Index, tmp_path: Path) -> None:
    mixed = zipped(tmp_path / "all.zip", [*PYPI, *NPM])
    assert index.take(mixed).covered == ()
    assert ids(index, FLASK) == ["GHSA-1"], "added all the same"
    assert index.coverage() == {}
    assert [one.ecosystem for one in index.take(mixed, ["npm", "PyPI"]).covered] == ["npm", "PyPI"]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(NPM[0]),
        json.dumps(NPM[0], indent=2),
        json.dumps(NPM),
        json.dumps({"vulns": NPM}, indent=1),
        "\n".join([json.dumps(NPM[0]), "", json.dumps(PYPI[0]), "broken {", ""]),
    ],
)
def test_documents_and_lines_are_added_and_cover_nothing(index: Index, tmp_path: Path, text: str) -> None:
    index.take(zipped(tmp_path / "pypi.zip", PYPI))
    (tmp_path / "one.json").write_text(text)
    assert index.take(tmp_path / "one.json").covered == ()
    assert ids(index, EXPRESS) == ["GHSA-9"]
    assert ids(index, FLASK) == ["GHSA-1"]
    assert list(index.coverage()) == ["PyPI"]


def test_a_later_entry_may_withdraw_one(index: Index, tmp_path: Path) -> None:
    index.take(zipped(tmp_path / "pypi.zip", PYPI))
    (tmp_path / "one.json").write_text(json.dumps({**PYPI[0], "withdrawn": "2026-05-05T00:00:00Z"}))
    index.take(tmp_path / "one.json")
    assert ids(index, FLASK) == []


def test_odd_members_are_skipped(index: Index, tmp_path: Path) -> None:
    odd: list[Any] = ["not json", "[" * 50_000, "7", {"id": "../x"}, entry("DSA-1", "Debian:12", "bash", ["1"]), b"\xff\xfe"]
    imported = index.take(zipped(tmp_path / "all.zip", [*odd, *PYPI], prefix="../../etc/"))
    assert (imported.entries, imported.skipped) == (3, 6)
    assert [one.ecosystem for one in imported.covered] == ["PyPI"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.zip", "data"], "names are not followed"


def bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", b"[" + b" " * 30_000_000 + b"]")
    return path


def lying(path: Path) -> Path:
    """A member that grows to 5 MB and says that it has ten bytes."""
    zipped(path, [b" " * 5_000_000])
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        data[data.find(mark) + offset : data.find(mark) + offset + 4] = struct.pack("<L", 10)
    path.write_bytes(data)
    return path


def crowded(path: Path) -> Path:
    """An end that tells of a table of contents of gigabytes."""
    zipped(path, PYPI)
    data = bytearray(path.read_bytes())
    end = data.rfind(b"PK\x05\x06")
    data[end + 12 : end + 16] = struct.pack("<L", 4_000_000_000)
    path.write_bytes(data)
    return path


def test_bombs(index: Index, tmp_path: Path) -> None:
    index.take(zipped(tmp_path / "pypi.zip", PYPI))
    assert refused(index, bomb(tmp_path / "bomb.zip")) == "osv-archive-limits"
    assert refused(index, crowded(tmp_path / "crowded.zip")) == "osv-archive-limits"
    assert refused(index, lying(tmp_path / "lying.zip")) in ("osv-archive-broken", "osv-archive-empty")
    good = zipped(tmp_path / "good.zip", PYPI)
    assert refused(index, good, limits=Limits(members=2)) == "osv-archive-limits"
    assert refused(index, good, limits=Limits(member_bytes=100)) == "osv-archive-limits"
    assert refused(index, good, limits=Limits(total_bytes=500)) == "osv-archive-limits"
    assert refused(index, good, limits=Limits(file_bytes=10)) == "osv-archive-limits"
    lines = tmp_path / "lines.json"
    lines.write_text(json.dumps(NPM[0]) + "\n" + "x" * 2000)
    assert refused(index, lines, limits=Limits(member_bytes=1000)) == "osv-archive-limits"
    document = tmp_path / "document.json"
    document.write_text(json.dumps(NPM, indent=1))
    assert refused(index, document, limits=Limits(document_bytes=100)) == "osv-archive-limits"
    assert ids(index, FLASK) == ["GHSA-1"]


def truncated(path: Path) -> Path:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("a.json", json.dumps(PYPI[0]))
    path.write_bytes(whole.getvalue()[:-30])
    return path


def encrypted(path: Path) -> Path:
    zipped(path, PYPI)
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    return path


def damaged(path: Path) -> Path:
    zipped(path, PYPI)
    data = bytearray(path.read_bytes())
    data[60:70] = b"\xff" * 10
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("make", [truncated, encrypted, damaged])
def test_broken_archives(index: Index, tmp_path: Path, make: Any) -> None:
    assert refused(index, make(tmp_path / "x.zip")) == "osv-archive-broken"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "broken"), (b"hello", "broken"), (b"{", "broken"), (b"{}", "empty"), (b"[]", "empty"), (b"PK\x03\x04", "broken")],
)
def test_files_that_are_no_archive(index: Index, tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "x").write_bytes(content)
    assert refused(index, tmp_path / "x") == f"osv-archive-{code}"


def test_what_cannot_be_imported(index: Index, tmp_path: Path) -> None:
    good = zipped(tmp_path / "good.zip", PYPI)
    assert refused(index, tmp_path / "missing.zip") == "osv-archive-missing"
    assert refused(index, tmp_path) == "osv-archive-missing"
    assert refused(index, good, ("npm",)) == "osv-archive-empty"
    with pytest.raises(DeployDeckError) as caught:
        index.take(good, ["pypi"])
    assert caught.value.code == "osv-ecosystem-unknown"
    assert "PyPI" in caught.value.hint
    index.take(good)
    with FileLock(tmp_path / "data" / "osv.sqlite.lock"):
        assert refused(index, good) == "osv-import-running"


def test_a_broken_index_says_so_and_is_replaced_by_an_import(index: Index, tmp_path: Path) -> None:
    index.take(zipped(tmp_path / "pypi.zip", PYPI))
    (tmp_path / "data" / "osv.sqlite").write_bytes(b"rubbish" * 1000)
    for ask in (index.coverage, index.size, lambda: index.about([FLASK])):
        with pytest.raises(DeployDeckError) as caught:
            ask()
        assert caught.value.code == "osv-index-broken"
    index.take(zipped(tmp_path / "npm.zip", NPM))
    assert list(index.coverage()) == ["npm"]


def test_progress_is_told(index: Index, tmp_path: Path) -> None:
    told: list[int] = []
    index.take(zipped(tmp_path / "all.zip", PYPI * 400), progress=told.append)
    assert told == [0, 500, 1000]
