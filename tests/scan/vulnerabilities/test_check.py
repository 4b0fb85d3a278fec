"""The front door: what is asked, what is reported, and that what nobody looked at is never called fine."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from deploydeck.domain import VulnerabilityReport
from deploydeck.scan.vulnerabilities import Cache, Index, check
from deploydeck.scan.vulnerabilities.records import Package
from deploydeck.settings import Paths, ScanSettings
from tests.doubles.osv import OsvServer, Trouble, entry
from tests.scan.vulnerabilities.conftest import IMPATIENT, needs, project
from tests.scan.vulnerabilities.test_archive import NPM, PYPI, zipped
from tests.scan.vulnerabilities.test_cache import age

NOWHERE = "http://127.0.0.1:9"
CRITICAL = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
SHOP = project([needs("Flask", "1.0"), needs("requests", "2.0"), needs("loose"), needs("odd", "1.0", ecosystem="")])


def settings(url: str, **more: object) -> ScanSettings:
    return ScanSettings.model_validate({"osv_url": url, "osv_timeout_s": 2.0, "osv_deadline_s": 5.0, **more})


async def ask(osv: OsvServer | str, paths: Paths, profile: object = SHOP, **more: object) -> VulnerabilityReport:
    flags = {name: bool(more.pop(name, False)) for name in ("offline", "refresh")}
    url = osv if isinstance(osv, str) else osv.url
    return await check(profile, settings(url, **more), paths, manners=IMPATIENT, **flags)  # type: ignore[arg-type]


def flask_entries(osv: OsvServer) -> None:
    osv.add(
        entry("PYSEC-1", "PyPI", "flask", ["1.0"], fixed="1.1", aliases=["CVE-2026-1", "GHSA-1"]),
        entry("GHSA-1", "PyPI", "flask", ["1.0"], fixed="1.0.1", aliases=["CVE-2026-1"], severity=CRITICAL),
        entry("GHSA-2", "PyPI", "flask", ["1.0"], database_specific={"severity": "LOW"}),
        entry("GHSA-3", "PyPI", "flask", ["1.0"], withdrawn="2026-01-01T00:00:00Z"),
    )


async def test_what_is_reported(osv: OsvServer, paths: Paths) -> None:
    flask_entries(osv)
    report = await ask(osv, paths)
    assert (report.checked, report.packages_checked, report.packages_unknown) == (True, 2, 2)
    assert report.source == "127.0.0.1"
    assert report.reason == ""
    assert report.checked_at is not None
    first, second = report.found
    assert (first.id, first.aliases, first.severity) == ("GHSA-1", ("CVE-2026-1", "PYSEC-1"), "critical")
    assert (first.package, first.version, first.ecosystem) == ("Flask", "1.0", "PyPI")
    assert first.fixed_in == ("1.0.1", "1.1")
    assert first.evidence is not None
    assert first.evidence.where == "requirements.txt:1"
    assert (second.id, second.severity, second.fixed_in) == ("GHSA-2", "low", ())
    assert [query["package"]["name"] for query in osv.queries()] == ["flask", "requests"]
    assert VulnerabilityReport.model_validate_json(report.model_dump_json()) == report


async def test_components_are_covered_and_each_version_is_asked_once(osv: OsvServer, paths: Paths) -> None:
    inner = project(
        [needs("flask", "1.0", direct=False), needs("vite", "5.0.0", "npm")],
        {"apps/deep": project([needs("go.dev/x", "v1.2.3", "Go")])},
    )
    report = await ask(osv, paths, project([needs("flask", "1.0"), needs("flask", "2.0")], {"apps": inner}))
    assert report.packages_checked == 4
    assert [(query["package"]["name"], query["version"]) for query in osv.queries()] == [
        ("flask", "1.0"),
        ("flask", "2.0"),
        ("vite", "5.0.0"),
        ("go.dev/x", "1.2.3"),
    ]


async def test_a_direct_dependency_stands_for_the_others(osv: OsvServer, paths: Paths) -> None:
    flask_entries(osv)
    profile = project([needs("flask", "1.0", direct=False)], {"a": project([needs("flask", "1.0")])})
    assert (await ask(osv, paths, profile)).found[0].direct


async def test_private_packages_are_not_sent(osv: OsvServer, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOPRIVATE", "corp.example/*, git.example")
    hidden = [
        needs("@acme/ui", "1.0.0", "npm"),
        needs("com.acme.tools:core", "1.0", "Maven"),
        needs("corp.example/secret/lib", "v1.0.0", "Go"),
        needs("git.example/x", "v1.0.0", "Go"),
        needs("local", "1.0.0", "npm", requirement="file:../local"),
        needs("sibling", "1.0.0", "npm", requirement="workspace:^"),
        needs("repo", "1.0.0", "npm", requirement="git+ssh://git@git.example/repo"),
        needs("Acme_Core", "1.0"),
    ]
    private = ["@acme/*", "Maven:com.acme.*", "acme-*"]
    report = await ask(osv, paths, project([*hidden, needs("vue", "3.0.0", "npm")]), private_packages=private)
    assert [query["package"]["name"] for query in osv.queries()] == ["vue"]
    assert (report.checked, report.packages_checked, report.packages_unknown) == (True, 1, len(hidden))
    assert "8 private packages were not sent" in report.reason
    osv.asked.clear()
    report = await ask(osv, paths, project(hidden), private_packages=private)
    assert osv.asked == []
    assert not report.checked
    assert report.reason.startswith("not checked")


async def test_hostile_names_and_versions_are_not_sent(osv: OsvServer, paths: Paths) -> None:
    odd = [needs("a b", "1.0"), needs("x" * 300, "1.0"), needs("flask", "1.0 || 2.0"), needs("y", "1\n2"), needs("", "1")]
    report = await ask(osv, paths, project(odd))
    assert osv.asked == []
    assert (report.checked, report.packages_unknown) == (False, 5)


async def test_nothing_to_ask(paths: Paths) -> None:
    report = await ask(NOWHERE, paths, project([]))
    assert (report.checked, report.reason) == (True, "there are no dependencies")
    report = await ask(NOWHERE, paths, project([needs("loose")]))
    assert (report.checked, report.packages_unknown) == (False, 1)
    assert report.reason == "not checked: no dependency has a resolved version"


async def test_unreachable_is_not_checked(paths: Paths) -> None:
    report = await ask(NOWHERE, paths)
    assert (report.checked, report.packages_checked, report.packages_unknown, report.found) == (False, 0, 4, ())
    assert report.reason.startswith("not checked: http://127.0.0.1:9 cannot be reached")
    assert report.checked_at is None


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(times=99, status=503),
        Trouble(times=99, status=403),
        Trouble(times=99, body=b"<html>"),
        Trouble(times=99, body=b"{}", path="/v1/vulns/"),
        Trouble(times=99, wait_s=0.3),
    ],
)
async def test_every_failure_of_the_server_is_not_checked(osv: OsvServer, paths: Paths, trouble: Trouble) -> None:
    flask_entries(osv)
    osv.troubles.append(trouble)
    report = await ask(osv, paths, osv_timeout_s=0.1, osv_deadline_s=0.25)
    assert not report.checked
    assert report.found == ()
    assert report.reason.startswith("not checked: ")
    assert not Cache(paths.vulnerability_cache, osv.url).answers([Package("PyPI", "flask", "1.0")]), "nothing of it is kept"


async def test_answers_are_kept_for_a_day(osv: OsvServer, paths: Paths) -> None:
    flask_entries(osv)
    first = await ask(osv, paths)
    asked = len(osv.asked)
    again = await ask(osv, paths)
    assert len(osv.asked) == asked
    assert again.found == first.found
    assert again.checked
    assert again.checked_at == first.checked_at or abs((again.checked_at - first.checked_at).total_seconds()) < 2  # type: ignore[operator]
    age(paths.vulnerability_cache, 25 * 3600)
    assert (await ask(osv, paths)).checked
    assert osv.paths()[asked:] == ["/v1/querybatch"], "entries that have not changed are not fetched again"


async def test_refresh_asks_again_and_fetches_what_changed(osv: OsvServer, paths: Paths) -> None:
    flask_entries(osv)
    await ask(osv, paths)
    osv.add(entry("GHSA-2", "PyPI", "flask", ["1.0"], modified="2026-09-09T00:00:00Z", database_specific={"severity": "HIGH"}))
    osv.asked.clear()
    report = await ask(osv, paths, refresh=True)
    assert osv.paths() == ["/v1/querybatch", "/v1/vulns/GHSA-2"]
    assert [one.severity for one in report.found] == ["critical", "high"]


async def test_only_what_is_missing_is_asked(osv: OsvServer, paths: Paths) -> None:
    await ask(osv, paths)
    osv.asked.clear()
    assert (await ask(osv, paths, project([*SHOP.dependencies, needs("new", "1.0")]))).packages_checked == 3
    assert [query["package"]["name"] for query in osv.queries()] == ["new"]


async def test_offline_with_answers_of_today_and_of_last_week(osv: OsvServer, paths: Paths) -> None:
    flask_entries(osv)
    await ask(osv, paths)
    osv.troubles.append(Trouble(times=999, status=503))
    report = await ask(osv, paths, offline=True)
    assert (report.checked, len(report.found), report.reason) == (True, 2, "")
    age(paths.vulnerability_cache, 6 * 86400)
    for offline in (True, False):
        report = await ask(osv, paths, offline=offline)
        assert (report.checked, report.packages_checked, len(report.found)) == (False, 0, 2)
        assert report.reason.startswith("not checked: ")
        assert "known 6 days ago" in report.reason
        assert report.checked_at is not None
    age(paths.vulnerability_cache, 60 * 86400)
    assert (await ask(osv, paths, offline=True)).found == ()


async def test_offline_setting_and_flag_never_ask(osv: OsvServer, paths: Paths) -> None:
    assert not (await ask(osv, paths, offline=True)).checked
    report = await check(SHOP, ScanSettings.model_validate({"osv_url": osv.url, "offline": True}), paths, refresh=True)
    assert not report.checked
    assert report.reason == "not checked: OSV was not asked (offline)"
    assert osv.asked == []


async def test_imported_advisories_work_offline(paths: Paths, tmp_path: Path) -> None:
    Index(paths.vulnerability_index).take(zipped(tmp_path / "all.zip", PYPI))
    report = await ask(NOWHERE, paths)
    assert (report.checked, report.packages_checked) == (True, 2)
    assert [(one.id, one.fixed_in) for one in report.found] == [("GHSA-1", ("1.1",))]
    assert report.source == "all.zip (PyPI, 2026-04-01)"
    assert "days old" in report.reason
    assert "cannot be reached" in report.reason
    assert report.checked_at is not None
    assert report.checked_at.isoformat() == "2026-04-01T00:00:00+00:00"


async def test_imported_advisories_cover_only_their_ecosystem(paths: Paths, tmp_path: Path) -> None:
    Index(paths.vulnerability_index).take(zipped(tmp_path / "all.zip", PYPI))
    profile = project([*SHOP.dependencies, needs("express", "4.0.0", "npm")])
    report = await ask(NOWHERE, paths, profile, offline=True)
    assert (report.checked, report.packages_checked) == (False, 2)
    assert report.reason.startswith("not all checked, 1 of 3 packages are left: OSV was not asked (offline)")
    assert len(report.found) == 1
    (tmp_path / "one.json").write_text(json.dumps(NPM[0]))
    Index(paths.vulnerability_index).take(tmp_path / "one.json")
    report = await ask(NOWHERE, paths, profile, offline=True)
    assert (report.checked, report.packages_checked) == (False, 2)
    assert {one.id for one in report.found} == {"GHSA-1", "GHSA-9"}, "a single advisory is shown, though it covers nothing"


async def test_private_packages_are_looked_up_in_what_is_here(osv: OsvServer, paths: Paths, tmp_path: Path) -> None:
    Index(paths.vulnerability_index).take(zipped(tmp_path / "all.zip", PYPI))
    report = await ask(osv, paths, private_packages=["flask"])
    assert [query["package"]["name"] for query in osv.queries()] == ["requests"]
    assert (report.checked, report.packages_checked, [one.id for one in report.found]) == (True, 2, ["GHSA-1"])


@pytest.mark.parametrize(("ecosystem", "version"), [("PyPI", "latest"), ("npm", "next"), ("Packagist", "dev-main"), ("npm", "^1")])
async def test_what_is_no_version_is_unknown(osv: OsvServer, paths: Paths, ecosystem: str, version: str) -> None:
    report = await ask(osv, paths, project([needs("x", version, ecosystem), needs("flask", "1.0")]))
    assert [query["package"]["name"] for query in osv.queries()] == ["flask"]
    assert (report.checked, report.packages_checked, report.packages_unknown) == (True, 1, 1)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "carrier-pigeon://x"])
async def test_a_proxy_that_cannot_be_used(osv: OsvServer, paths: Paths, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("ALL_PROXY", proxy)
    report = await ask(osv, paths)
    assert report.reason.startswith("not checked: ")
    assert osv.asked == []


async def test_a_password_in_the_address_is_not_told(osv: OsvServer, paths: Paths) -> None:
    secret = osv.url.replace("://", "://me:hunter2-hunter2@")
    osv.troubles.append(Trouble(times=99, status=503))
    assert "hunter2" not in (await ask(secret, paths)).model_dump_json()
    osv.troubles.clear()
    assert (await ask(secret, paths)).checked
    assert "authorization" in osv.asked[-1].headers
    assert b"hunter2" not in paths.vulnerability_cache.read_bytes()


async def test_broken_files_are_no_reason_to_fail(osv: OsvServer, paths: Paths) -> None:
    for path in (paths.vulnerability_cache, paths.vulnerability_index):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"rubbish" * 2000)
    flask_entries(osv)
    assert (await ask(osv, paths)).checked
    report = await ask(NOWHERE, paths)
    assert not report.checked
    assert "cannot be read" in report.reason
    with sqlite3.connect(paths.vulnerability_cache) as database:
        assert database.execute("SELECT count(*) FROM answers").fetchone()[0] == 2
    database.close()


async def test_an_ecosystem_that_the_server_refuses(osv: OsvServer, paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.doubles.osv.ECOSYSTEMS", frozenset({"PyPI"}))
    flask_entries(osv)
    report = await ask(osv, paths, project([needs("flask", "1.0"), needs("lwt", "5.0", "opam")]))
    assert (report.checked, report.packages_checked, len(report.found)) == (False, 1, 2)
    assert "127.0.0.1 refused opam" in report.reason


async def test_an_entry_that_is_gone_when_it_is_fetched(osv: OsvServer, paths: Paths) -> None:
    flask_entries(osv)
    osv.troubles.append(Trouble(times=1, status=404, path="/v1/vulns/GHSA-2"))
    report = await ask(osv, paths)
    assert (report.checked, [one.id for one in report.found]) == (True, ["GHSA-1"])


async def test_every_package_of_a_large_project(osv: OsvServer, paths: Paths) -> None:
    osv.add(entry("GHSA-1", "npm", "p2100", ["1.0.0"], kind="SEMVER"))
    many = project([needs(f"p{number}", "1.0.0", "npm", direct=False) for number in range(2200)])
    report = await ask(osv, paths, many)
    assert (report.checked, report.packages_checked, len(report.found)) == (True, 2200, 1)
    assert report.found[0].direct is False
    assert (await ask(osv, paths, many)).packages_checked == 2200
    assert len([path for path in osv.paths() if path == "/v1/querybatch"]) == 3
