"""The client against a server on the loopback: batches, pages, refusals, waits, and answers that are none."""

from __future__ import annotations

import json
import socket
import time
from datetime import timedelta
from email.utils import format_datetime

import pytest

from deploydeck.domain import DeployDeckError, utc_now
from deploydeck.scan.vulnerabilities.client import Manners, OsvClient
from deploydeck.scan.vulnerabilities.records import Package
from tests.doubles.osv import OsvServer, Trouble, entry
from tests.scan.vulnerabilities.conftest import IMPATIENT

FLASK = Package("PyPI", "flask", "1.0")


def client(osv: OsvServer, manners: Manners = IMPATIENT, timeout_s: float = 5.0) -> OsvClient:
    return OsvClient(osv.url, timeout_s=timeout_s, manners=manners)


async def failure(osv: OsvServer | str, manners: Manners = IMPATIENT, timeout_s: float = 5.0) -> DeployDeckError:
    """The error of asking for FLASK."""
    with pytest.raises(DeployDeckError) as caught:
        async with OsvClient(osv if isinstance(osv, str) else osv.url, timeout_s=timeout_s, manners=manners) as one:
            await one.query([FLASK])
    return caught.value


async def test_names_and_versions_leave_and_nothing_else(osv: OsvServer) -> None:
    osv.add(entry("GHSA-1", "PyPI", "flask", ["1.0"]))
    async with client(osv) as one:
        answers = await one.query([FLASK, Package("npm", "@a/b", "2.0.0"), FLASK])
        entries = await one.entries(answers.ids[FLASK])
    assert answers.ids == {FLASK: {"GHSA-1": "2026-05-01T00:00:00Z"}, Package("npm", "@a/b", "2.0.0"): {}}
    assert entries["GHSA-1"].summary == "GHSA-1 in flask"
    (asked, fetched) = osv.asked
    assert asked.body == {
        "queries": [
            {"package": {"ecosystem": "PyPI", "name": "flask"}, "version": "1.0"},
            {"package": {"ecosystem": "npm", "name": "@a/b"}, "version": "2.0.0"},
        ]
    }
    assert fetched.path == "/v1/vulns/GHSA-1"
    assert set(asked.headers) <= {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length", "content-type"}
    assert asked.headers["user-agent"].startswith("deploydeck/")


async def test_more_than_a_thousand_packages_in_batches(osv: OsvServer) -> None:
    osv.add(entry("GHSA-1", "npm", "p2499", ["1.0.0"]), entry("GHSA-2", "npm", "p0", ["1.0.0"]))
    packages = [Package("npm", f"p{number}", "1.0.0") for number in range(2500)]
    async with client(osv) as one:
        answers = await one.query(packages)
    assert [len(asked.body["queries"]) for asked in osv.asked] == [1000, 1000, 500]
    assert list(answers.ids) == packages
    assert {package.name for package, ids in answers.ids.items() if ids} == {"p0", "p2499"}


async def test_pages_are_followed_for_those_who_have_more(osv: OsvServer) -> None:
    osv.page_size = 2
    osv.add(*(entry(f"GHSA-{number}", "PyPI", "flask", ["1.0"]) for number in range(5)))
    osv.add(entry("GHSA-x", "PyPI", "django", ["1.0"]))
    async with client(osv) as one:
        answers = await one.query([Package("PyPI", "django", "1.0"), FLASK])
    assert len(answers.ids[FLASK]) == 5
    assert len(answers.ids[Package("PyPI", "django", "1.0")]) == 1
    assert [len(asked.body["queries"]) for asked in osv.asked] == [2, 1, 1]
    assert all(query["package"]["name"] == "flask" for query in osv.queries()[2:])


async def test_pages_without_end(osv: OsvServer) -> None:
    forever = json.dumps({"results": [{"vulns": [], "next_page_token": "again"}]}).encode()
    osv.troubles.append(Trouble(times=1000, body=forever))
    error = await failure(osv, Manners(pages=5))
    assert error.code == "osv-answer-odd"
    assert len(osv.asked) == 5


async def test_an_unknown_ecosystem_does_not_spoil_the_batch(osv: OsvServer) -> None:
    osv.add(entry("GHSA-1", "PyPI", "flask", ["1.0"]))
    async with client(osv) as one:
        answers = await one.query([FLASK, Package("Nimble", "jester", "1.0")])
    assert answers.ids == {FLASK: {"GHSA-1": "2026-05-01T00:00:00Z"}}
    assert list(answers.refused) == ["Nimble"]
    assert "Invalid ecosystem" in answers.refused["Nimble"]


async def test_entries_are_fetched_some_at_a_time_and_missing_ones_left_out(osv: OsvServer) -> None:
    osv.add(*(entry(f"GHSA-{number}", "PyPI", "flask", ["1.0"]) for number in range(30)))
    osv.troubles.append(Trouble(times=30, wait_s=0.01))
    async with client(osv, Manners(parallel=3)) as one:
        found = await one.entries([*(f"GHSA-{number}" for number in range(30)), "GHSA-gone"])
    assert len(found) == 30
    assert 1 < osv.most_at_once <= 3


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_what_may_pass_is_tried_again(osv: OsvServer, status: int) -> None:
    osv.troubles.append(Trouble(times=2, status=status, headers={"Retry-After": "0"}))
    async with client(osv) as one:
        assert (await one.query([FLASK])).ids == {FLASK: {}}
    assert len(osv.asked) == 3


@pytest.mark.parametrize("status", [429, 503])
async def test_patience_ends(osv: OsvServer, status: int) -> None:
    osv.troubles.append(Trouble(times=99, status=status))
    error = await failure(osv)
    assert (error.code, error.transient) == ("osv-busy", True)
    assert str(status) in error.why
    assert len(osv.asked) == IMPATIENT.attempts


async def test_the_wait_the_server_asks_for(osv: OsvServer) -> None:
    osv.troubles.append(Trouble(status=429, headers={"Retry-After": "1"}))
    start = time.monotonic()
    async with client(osv, Manners(first_wait_s=0.001, longest_wait_s=5)) as one:
        await one.query([FLASK])
    assert time.monotonic() - start >= 1.0


@pytest.mark.parametrize("after", ["3600", format_datetime(utc_now() + timedelta(hours=1), usegmt=True)], ids=["seconds", "date"])
async def test_a_wait_that_is_too_long_is_not_waited_for(osv: OsvServer, after: str) -> None:
    osv.troubles.append(Trouble(times=99, status=503, headers={"Retry-After": after}))
    assert (await failure(osv)).code == "osv-busy"
    assert len(osv.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 400, 401, 403, 404, 418])
async def test_refusals_are_not_tried_again(osv: OsvServer, status: int) -> None:
    osv.troubles.append(Trouble(times=99, status=status, headers={"Location": "http://127.0.0.1:1/"}))
    async with client(osv) as one:
        answers = await one.query([FLASK])
    assert list(answers.refused) == ["PyPI"]
    assert len(osv.asked) == 1


async def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = await failure(f"http://127.0.0.1:{port}")
    assert (error.code, error.transient) == ("osv-unreachable", True)
    assert (await failure("http://no-such-host.invalid", Manners(attempts=1))).code == "osv-unreachable"


async def test_slow_answers(osv: OsvServer) -> None:
    osv.troubles.append(Trouble(times=2, wait_s=0.5))
    assert (await failure(osv, Manners(attempts=2, first_wait_s=0.001), timeout_s=0.1)).code == "osv-unreachable"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>sign in</html>",
        b"[" * 100_000,
        b"null",
        b"[]",
        b"{}",
        b'{"results": {}}',
        b'{"results": []}',
        b'{"results": [{}, {}]}',
        b'{"results": [7]}',
        b'{"results": [{"vulns": 7}]}',
        b'{"results": [{"vulns": [7]}]}',
        b'{"results": [{"vulns": [{"id": "../../x"}]}]}',
        b'{"results": [{"vulns": [{"id": "x?y=1"}]}]}',
        b'{"results": [{"next_page_token": 7}]}',
        b"\xff\xfe",
    ],
)
async def test_garbage(osv: OsvServer, body: bytes) -> None:
    osv.troubles.append(Trouble(body=body or b" "))
    error = await failure(osv)
    assert error.code == "osv-answer-odd"
    assert error.why
    assert len(osv.asked) == 1


async def test_endless_answers(osv: OsvServer) -> None:
    osv.troubles.append(Trouble(body=b" " * 2_000_000))
    assert (await failure(osv, Manners(answer_bytes=100_000))).code == "osv-answer-too-large"


async def test_an_odd_entry_and_too_many_ids(osv: OsvServer) -> None:
    osv.troubles.append(Trouble(body=b'{"no": "id"}', path="/v1/vulns/"))
    osv.add(*(entry(f"GHSA-{number}", "PyPI", "flask", ["1.0"]) for number in range(20)))
    with pytest.raises(DeployDeckError) as caught:
        async with client(osv) as one:
            await one.entries(["GHSA-1"])
    assert caught.value.code == "osv-answer-odd"
    assert (await failure(osv, Manners(ids=10))).code == "osv-answer-odd"
