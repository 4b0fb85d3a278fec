"""`deploydeck vulns` and `deploydeck sbom`: what they print, write and end with."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploydeck.deck import Deck
from tests.cli.conftest import Program
from tests.cli.test_main import complete
from tests.doubles.osv import OsvServer, entry
from tests.scan.vulnerabilities.test_archive import zipped

CRITICAL = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]


@pytest.fixture
def osv(program: Program, monkeypatch: pytest.MonkeyPatch) -> Iterator[OsvServer]:
    """An OSV server that the program asks."""
    with OsvServer().running() as server:
        for name, value in {"OSV_URL": server.url, "OFFLINE": "false", "OSV_DEADLINE_S": "5"}.items():
            monkeypatch.setenv(f"DEPLOYDECK_SCAN__{name}", value)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield server


def vulnerable(severity: str = "LOW") -> dict[str, object]:
    return entry(
        "GHSA-1", "PyPI", "flask", ["3.1.3"], fixed="3.1.4", aliases=["CVE-2026-1"], database_specific={"severity": severity}
    )


def test_a_check(program: Program, osv: OsvServer) -> None:
    ran = program("vulns")
    assert "no known vulnerability" in ran.out
    assert "2 packages looked up" in ran.out
    osv.add(vulnerable())
    assert "no known vulnerability" in program("vulns").out, "kept for a day"
    ran = program("vulns", "--refresh")
    assert "1 known vulnerability in 1 package" in ran.out
    assert "GHSA-1 CVE-2026-1" in ran.out
    assert "3.1.4" in ran.out
    assert "requirements.txt:1" in ran.out
    report = program("vulns", ".", "--json").json()
    assert (report["checked"], report["packages_checked"], report["found"][0]["id"]) == (True, 2, "GHSA-1")
    assert not program.paths.database.exists(), "a check needs no database"


@pytest.mark.parametrize(("level", "code"), [("any", 1), ("low", 1), ("medium", 0), ("high", 0), ("critical", 0)])
def test_fail_on(program: Program, osv: OsvServer, level: str, code: int) -> None:
    osv.add(vulnerable("LOW"))
    program("vulns", "--fail-on", level, expect=code)
    program("vulns", "--fail-on", level, "--json", expect=code)


def test_what_nobody_rated_fails_any_level(program: Program, osv: OsvServer) -> None:
    osv.add(vulnerable(""))
    program("vulns", expect=0)
    program("vulns", "--fail-on", "critical", expect=1)


def test_not_checked_is_said_and_has_a_code_of_its_own(program: Program) -> None:
    ran = program("vulns", expect=0)
    assert ran.out.startswith("not checked: ")
    assert "no known vulnerability" not in ran.out
    assert program("vulns", "--json").json()["checked"] is False
    program("vulns", "--fail-on", "critical", expect=7)


def test_an_unreachable_server(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYDECK_SCAN__OFFLINE", "false")
    monkeypatch.setenv("DEPLOYDECK_SCAN__OSV_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("DEPLOYDECK_SCAN__OSV_DEADLINE_S", "1")
    assert program("vulns", expect=0).out.startswith("not checked: ")


def test_import_and_status(program: Program, tmp_path: Path) -> None:
    assert "advisories imported: 0" in program("vulns", "status").out
    archive = zipped(tmp_path / "all.zip", [entry("GHSA-1", "PyPI", "flask", [], fixed="9.0", severity=CRITICAL)])
    ran = program("vulns", "import", str(archive))
    assert "1 advisories imported" in ran.out
    assert "PyPI" in ran.out
    kept = program("vulns", "status", "--json").json()["kept"]
    assert (kept["advisories"], [one["ecosystem"] for one in kept["covered"]], kept["offline"]) == (1, ["PyPI"], True)
    assert "PyPI" in program("vulns", "status").out
    ran = program("vulns", "--offline", "--fail-on", "high", expect=1)
    assert "critical" in ran.out
    document = program("vulns", "import", str(archive), "--ecosystem", "PyPI", "--json").json()["imported"]
    assert (document["entries"], document["covered"][0]["source"]) == (1, "all.zip")
    assert not program.paths.database.exists()


def test_an_addition_says_that_it_covers_nothing(program: Program, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps(vulnerable()))
    assert "no ecosystem is covered" in program("vulns", "import", str(tmp_path / "one.json")).out
    assert "not everything was checked" in program("vulns", "--offline").out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["import"], 2, "needs a FILE"),
        (["import", "missing.zip"], 1, "is no file"),
        (["import", "app.py"], 1, "no OSV archive"),
        (["import", "app.py", "--ecosystem", "pypi"], 1, "PyPI"),
        (["import", "app.py", "--offline"], 2, "belongs to a check"),
        (["status", "--fail-on", "any"], 2, "belongs to a check"),
        ([".", "extra"], 2, "one argument too many"),
        ([".", "--ecosystem", "PyPI"], 2, "belongs to `vulns import`"),
        (["--offline", "--refresh"], 2, "exclude"),
        (["--fail-on", "dreadful"], 2, "--fail-on"),
        (["no-such-directory"], 2, "is not a directory"),
    ],
)
def test_mistakes(program: Program, arguments: list[str], code: int, says: str) -> None:
    ran = program("vulns", *arguments, expect=code)
    assert says in ran.err
    assert ran.out == ""


def test_a_bill_of_materials(program: Program, tmp_path: Path) -> None:
    document = program("sbom").json()
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert {one["purl"] for one in document["components"]} == {"pkg:pypi/flask@3.1.3", "pkg:pypi/gunicorn@23.0.0"}
    assert program("sbom", "--json").json()["serialNumber"] == document["serialNumber"]
    assert program("sbom", "--format", "xml").out.startswith("<?xml")
    for name, form in (("bom.json", "json"), ("bom.xml", "xml"), ("bom.txt", "json")):
        path = tmp_path / name
        path.write_text("old")
        told = program("sbom", "--output", str(path), "--json").json()
        assert told == {"path": str(path), "format": form, "components": 2}
        assert path.read_text().startswith("<?xml" if form == "xml" else "{")
        assert path.read_text().endswith("\n")
    assert "2 components" in program("sbom", "-o", str(tmp_path / "bom.json")).out
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert not program.paths.database.exists()


def test_bills_that_cannot_be_written(program: Program, tmp_path: Path) -> None:
    assert "cannot be written" in program("sbom", "-o", str(tmp_path), expect=1).err
    assert "cannot be written" in program("sbom", "-o", str(tmp_path / "no" / "bom.json"), expect=1).err
    assert "exclude" in program("sbom", "--json", "--format", "xml", expect=2).err


def test_completions_offer_words_and_directories(program: Program, tmp_path: Path) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(program("completions", "bash").out)
    (tmp_path / "some-project").mkdir()
    assert complete(script, "deploydeck", "vulns", "i") == {"import"}
    assert {"status", "some-project"} <= complete(script, "deploydeck", "vulns", "s")
    assert complete(script, "deploydeck", "vulns", "--fail-on", "c") == {"critical"}
    assert "import" in program("completions", "zsh").out
    assert "import" in program("completions", "fish").out


def test_nothing_heavy_before_it_is_needed() -> None:
    code = "import sys, deploydeck.cli.vulns, deploydeck.cli.sbom, deploydeck.deck, deploydeck.scan\n"
    code += "print([name for name in ('httpx', 'cyclonedx', 'packageurl', 'packaging', 'sqlite3') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


async def test_the_deck_checks_a_profile(program: Program, osv: OsvServer) -> None:
    osv.add(vulnerable())
    deck = await Deck.open(program.paths)
    try:
        profile = (await deck.scan(program.project)).profile
        report = await deck.vulnerabilities(profile)
        assert (report.checked, [one.id for one in report.found]) == (True, ["GHSA-1"])
        assert (await deck.vulnerabilities(profile, offline=True)).found == report.found
    finally:
        await deck.close()
