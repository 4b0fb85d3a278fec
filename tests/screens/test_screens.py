"""What each screen does, on a fake Deck."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Button, Input

from deploydeck.deck import Scanned
from deploydeck.domain import (
    ChangeState,
    CheckFinding,
    CheckState,
    CheckVerdict,
    Component,
    Decision,
    DeployDeckError,
    DeploymentState,
    EventKind,
    Evidence,
    SecretFound,
    Support,
    SystemPackage,
    Vulnerability,
    VulnerabilityReport,
)
from deploydeck.screens.modals.choose import ChooseModal
from deploydeck.screens.modals.confirm import ConfirmModal
from deploydeck.screens.offers import override_problem
from deploydeck.screens.scan import changed_since
from deploydeck.widgets.diff_view import DiffView
from deploydeck.widgets.log_view import LogView
from deploydeck.widgets.row_list import RowList
from deploydeck.widgets.text_pane import TextPane
from tests.app.doubles import NOW, FakeDeck, deployment, files, line, plan, profile, release, steps
from tests.app.driving import Driver, driving

# --- projects -----------------------------------------------------------------------------------------------------------------


async def test_projects_show_the_last_deployment_and_what_is_live(deck: FakeDeck) -> None:
    deck.history()
    async with driving(deck) as driver:
        await driver.go("1")
        await driver.sees("failed, unchanged")
        await driver.sees("✓ healthy")
        await driver.sees("http://127.0.0.1:8000")


async def test_no_projects_says_what_to_press(deck: FakeDeck) -> None:
    deck.projects = []
    async with driving(deck) as driver:
        await driver.go("1")
        await driver.sees("No project was opened yet.")


async def test_opening_a_directory_completes_and_checks(deck: FakeDeck, tmp_path: Path) -> None:
    (tmp_path / "another").mkdir()
    async with driving(deck) as driver:
        await driver.go("1")
        await driver.press("o")
        answer = driver.screen.query_one("#answer", Input)
        answer.value = f"{tmp_path}/nowhere"
        await driver.press("enter")
        await driver.sees("There is no such directory.")
        answer.value = f"{tmp_path}/ano"
        await driver.press("tab")
        assert answer.value == f"{tmp_path}/another/"
        await driver.press("enter")
        await driver.until(lambda: driver.app.session.root == tmp_path / "another")
        await driver.sees("[2 Scan]")


# --- scan ---------------------------------------------------------------------------------------------------------------------


async def test_scan_shows_facts_with_evidence_and_conflicts(deck: FakeDeck) -> None:
    async with driving(deck, size=(100, 30)) as driver:
        await driver.sees("Flask 3.1.0")
        driver.get("#facts", RowList).move_to_key("port")
        await driver.sees("disagrees: 8080")
        assert "Dockerfile:14" in driver.text() and "EXPOSE 8080" in driver.text() and "⚠" in driver.text()


async def test_unsupported_projects_are_named_honestly(deck: FakeDeck) -> None:
    deck.profile = profile(deck.root, support=Support.NOT_YET, support_reason="Go project; deploying it is not supported yet")
    async with driving(deck) as driver:
        await driver.sees("This cannot be deployed: Go project; deploying it is not supported yet")


async def test_override_becomes_a_reviewed_change(deck: FakeDeck) -> None:
    (deck.root / "deploydeck.toml").write_text('# ours\n[app]\nname = "shop"\n')
    async with driving(deck) as driver:
        driver.get("#facts", RowList).move_to_key("port")
        await driver.press("e")
        answer = driver.screen.query_one("#answer", Input)
        answer.value = "99999"
        await driver.press("enter")
        await driver.sees("than or equal to 65535")
        answer.value = "9000"
        await driver.press("enter")
        await driver.sees("[3 Review]")
        await driver.sees("port = 9000")
        await driver.press("a", "enter")
        await driver.until(lambda: "port = 9000" in (deck.root / "deploydeck.toml").read_text())
        assert "# ours" in (deck.root / "deploydeck.toml").read_text()


@pytest.mark.parametrize(
    ("setting", "text", "fine"),
    [
        ("port", "8000", True),
        ("port", "no", False),
        ("port", "", True),
        ("start", "gunicorn -b {host}:{port} app:app", True),
        ("start", '["a", "b"]', True),
        ("start", 'broken "quote', False),
        ("health_path", "no-slash", False),
    ],
)
def test_overrides_are_checked_before_review(setting: str, text: str, fine: bool) -> None:
    assert (override_problem(setting, text) == "") is fine


async def test_a_changed_file_is_looked_at_again(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await driver.sees("can be deployed")
        await driver.pilot.pause(0.5)
        before = deck.calls.count("scan")
        for number in range(80):
            (deck.root / "requirements.txt").write_text(f"Flask==3.1.{number}\n")
            await driver.pilot.pause(0.1)
            if deck.calls.count("scan") > before:
                break
        assert deck.calls.count("scan") == before + 1
        await driver.sees("looked again")


async def test_first_facts_are_shown_while_the_rest_is_read(deck: FakeDeck) -> None:
    gate = asyncio.Event()
    whole = deck.scan

    async def slow(root: Path) -> Scanned:
        await gate.wait()
        return await whole(root)

    deck.scan = slow  # type: ignore[method-assign]
    async with driving(deck, start=False) as driver:
        await driver.pilot.press("2")
        await driver.sees("Flask 3.1.0")
        await driver.sees("reading the rest")
        gate.set()
        await driver.sees("3 shows the files")


async def test_the_other_side_of_a_conflict_is_a_row(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await driver.sees("8080")
        driver.get("#facts", RowList).move_to_key("port!0")
        await driver.press("e")
        assert driver.screen.query_one("#answer", Input).value == "8000"


async def test_components_secrets_and_system_packages_are_listed(deck: FakeDeck) -> None:
    place = Evidence(file="api/conf.py", line=3, text="KEY = …", rule="secret")
    part = profile(deck.root, name="api", components=())
    deck.profile = profile(
        deck.root,
        components=(Component(path="api", profile=part, depends_on=("libs/prices",)), Component(path="libs/prices", profile=part)),
        secrets=(SecretFound(kind="aws-access-key", masked="AKIA…7Q", tracked=True, confidence=0.95, evidence=place),),
        system_packages=(SystemPackage(name="libpq5", run=True, because="psycopg2", evidence=(place,)),),
    )
    async with driving(deck, size=(140, 40)) as driver:
        await driver.sees("✗ 1 found, 1 in git")
        await driver.sees("libpq5")
        driver.get("#facts", RowList).move_to_key("secrets")
        await driver.sees("AKIA…7Q  in git")
        driver.get("#facts", RowList).move_to_key("component:libs/prices")
        await driver.sees("used by: api")


async def test_vulnerabilities_are_asked_for_and_never_claimed_to_be_none(deck: FakeDeck) -> None:
    async with driving(deck, size=(120, 30)) as driver:
        await driver.sees("not checked · v checks")
        deck.report = VulnerabilityReport(checked=False, reason="not checked: no network")
        await driver.press("v")
        await driver.sees("not checked · v tries again")
        driver.get("#facts", RowList).move_to_key("vulnerabilities")
        await driver.sees("not checked: no network")
        found = Vulnerability(
            id="GHSA-x",
            aliases=("CVE-1",),
            package="flask",
            ecosystem="PyPI",
            version="3.1.0",
            severity="high",
            fixed_in=("3.1.1",),
        )
        deck.report = VulnerabilityReport(checked=True, source="OSV", packages_checked=4, found=(found,))
        await driver.press("v")
        await driver.sees("✗ 1 known in 4 packages")
        driver.get("#facts", RowList).move_to_key("vulnerabilities")
        await driver.sees("fixed in 3.1.1")


def test_own_writes_are_no_news(tmp_path: Path) -> None:
    old, new = tmp_path / "Dockerfile", tmp_path / "app.py"
    old.write_text("written before the scan")
    new.write_text("written after it")
    os.utime(old, (100, 100))
    os.utime(new, (300, 300))
    found = changed_since([old, new, tmp_path / "gone.txt", tmp_path / ".deploydeck-0123"], 200.0)
    assert found == {"app.py", "gone.txt"}


async def test_evidence_takes_the_whole_narrow_screen(deck: FakeDeck) -> None:
    async with driving(deck, size=(50, 20)) as driver:
        assert not driver.get("#evidence", TextPane).display
        await driver.press("enter")
        await driver.until(lambda: driver.get("#evidence", TextPane).display)
        await driver.press("escape")
        await driver.until(lambda: driver.get("#facts", RowList).display)


# --- review -------------------------------------------------------------------------------------------------------------------


async def reviewing(driver: Driver) -> None:
    await driver.go("3")
    await driver.until(lambda: driver.app.session.offer is not None)


async def test_accept_and_write(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await reviewing(driver)
        await driver.sees("2 to decide")
        await driver.press("a")
        await driver.until(lambda: driver.get("#files", RowList).key == ".dockerignore")
        await driver.press("r", "enter")
        await driver.until(lambda: (deck.root / "Dockerfile").exists())
        await driver.sees("Wrote Dockerfile")
        assert not (deck.root / ".dockerignore").exists()
        assert "remember" in deck.calls
        await driver.settled()
        await driver.press("u")
        await driver.until(lambda: not (deck.root / "Dockerfile").exists())


async def test_nothing_is_written_before_it_is_accepted(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await reviewing(driver)
        await driver.press("enter")
        await driver.sees("Nothing is accepted yet")
        assert not (deck.root / "Dockerfile").exists()


async def test_undo_takes_the_last_decision_back(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await reviewing(driver)
        await driver.press("a", "u")
        assert driver.app.session.offer is not None
        assert all(hunk.decision is Decision.PENDING for change in driver.app.session.offer.changes for hunk in change.hunks)


async def test_why_shows_rule_and_evidence(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await reviewing(driver)
        await driver.press("w")
        await driver.sees("requirements.txt is there")
        await driver.sees("requirements.txt:1")


async def test_blocked_files_cannot_be_accepted(deck: FakeDeck) -> None:
    finding = CheckFinding(line=1, rule="DL3006", message="Tag the version.", blocking=True)
    verdict = CheckVerdict(checker="hadolint", state=CheckState.FINDINGS, findings=(finding,))
    deck.files = [files()[0].model_copy(update={"verdicts": (verdict,)})]
    async with driving(deck) as driver:
        await reviewing(driver)
        await driver.sees("✗ blocked")
        await driver.sees("Tag the version.")
        await driver.press("A")
        await driver.sees("cannot be accepted")
        assert driver.app.session.offer is not None
        assert driver.app.session.offer.changes[0].state is ChangeState.BLOCKED


async def test_hunks_are_walked_through_every_file(deck: FakeDeck) -> None:
    old = "".join(f"line {i}\n" for i in range(60))
    (deck.root / "Dockerfile").write_text(old)
    deck.files = [
        files()[0].model_copy(
            update={"content": old.replace("line 3\n", "three\n").replace("line 50\n", "fifty\n"), "verdicts": ()}
        ),
        files()[1],
    ]
    async with driving(deck) as driver:
        await reviewing(driver)
        seen = []
        for _ in range(4):
            seen.append((driver.get("#files", RowList).key, driver.get("#diff", DiffView).hunk))
            await driver.press("n")
        assert seen == [("Dockerfile", 0), ("Dockerfile", 1), (".dockerignore", 0), ("Dockerfile", 0)]


async def test_edit_in_the_editor(deck: FakeDeck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "deploydeck.screens.review_decide.edit_text", lambda _app, text, _path, _editor: text.replace("3.13", "3.12")
    )
    async with driving(deck) as driver:
        await reviewing(driver)
        await driver.press("e")
        await driver.sees("✎ edited")
        await driver.settled()
        await driver.press("enter")
        await driver.until(lambda: (deck.root / "Dockerfile").exists())
        assert "python:3.12-slim" in (deck.root / "Dockerfile").read_text()


async def test_accept_all_asks_with_cancel_focused(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await reviewing(driver)
        await driver.press("asterisk")
        assert isinstance(driver.screen, ConfirmModal)
        assert isinstance(driver.screen.focused, Button) and driver.screen.focused.id == "cancel"
        await driver.press("enter")
        await driver.sees("2 to decide")
        await driver.press("asterisk", "y")
        await driver.sees("0 to decide, 2 accepted")


async def test_a_disk_that_moved_on_is_said_and_nothing_written(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await reviewing(driver)
        await driver.press("A")
        (deck.root / "Dockerfile").write_text("somebody was faster\n")
        await driver.press("enter")
        await driver.sees("✗")
        await driver.settled()
        assert (deck.root / "Dockerfile").read_text() == "somebody was faster\n"
        assert "review-" in driver.text()


async def test_what_cannot_be_generated_says_why(deck: FakeDeck) -> None:
    deck.fail["propose"] = DeployDeckError("unsupported", "Go projects cannot be deployed yet.", "", "Bring a Dockerfile.")
    async with driving(deck) as driver:
        await driver.go("3")
        await driver.sees("Go projects cannot be deployed yet.")
        await driver.sees("No files can be offered")


# --- deploy -------------------------------------------------------------------------------------------------------------------


async def deploying(driver: Driver) -> str:
    await driver.go("4")
    await driver.until(lambda: driver.app.session.prepared is not None)
    await driver.press("enter")
    await driver.until(lambda: driver.app.session.deployment is not None)
    deployment = driver.app.session.deployment
    assert deployment is not None
    return deployment.id


async def test_plan_then_steps_then_the_end(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await driver.go("4")
        await driver.sees("What happens")
        assert "deploydeck/shop:v3" in driver.text()
        deck.logs.content["dep-4"] = {"build": [line(1, "Step 1/5 : FROM python", source="build")]}
        identifier = await deploying(driver)
        await driver.sees("● running    Title of build")
        await driver.sees("Step 1/5")
        assert "$ docker build" in driver.text()
        assert "left" in driver.text() or "usually" in driver.text()
        deck.steps[identifier] = steps(identifier, running=len(deck.steps[identifier]) + 1)
        deck.finish(identifier)
        await driver.sees("✓ succeeded  v4 development on docker")
        await driver.sees("http://127.0.0.1:8000")


async def test_after_the_end_enter_plans_the_next_one_before_it_starts(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        identifier = await deploying(driver)
        deck.finish(identifier, DeploymentState.SUCCEEDED)
        await driver.sees("✓ succeeded")
        await driver.settled()
        queued = deck.calls.count("deploy")
        await driver.press("enter")
        await driver.sees("What happens")
        assert deck.calls.count("deploy") == queued, "shown first, not started"
        await driver.press("enter")
        await driver.until(lambda: deck.calls.count("deploy") == queued + 1)


async def test_a_plan_that_comes_late_does_not_hide_what_was_started(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await driver.go("4")
        await driver.sees("What happens")
        slow, prepare = asyncio.Event(), deck.prepare

        async def late(*arguments: Any, **options: Any) -> Any:
            await slow.wait()
            return await prepare(*arguments, **options)

        deck.prepare = late  # type: ignore[method-assign]
        await driver.press("r")
        await driver.press("enter")
        await driver.until(lambda: "deploy" in deck.calls)
        slow.set()
        await driver.sees("● running")
        await driver.pilot.pause(0.2)
        assert driver.app.session.running
        await driver.sees("● running")


async def test_written_files_make_the_next_plan_not_the_last_result_appear(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        identifier = await deploying(driver)
        deck.finish(identifier, DeploymentState.SUCCEEDED)
        await driver.sees("✓ succeeded")
        await driver.press("3")
        await driver.sees("to decide")
        await driver.press("A", "enter")
        await driver.sees("Wrote")
        await driver.press("4")
        await driver.sees("What happens")


async def test_failure_shows_cause_and_health_evidence(deck: FakeDeck) -> None:
    async with driving(deck, size=(120, 40)) as driver:
        identifier = await deploying(driver)
        deck.history()
        deck.steps[identifier] = steps(identifier, failed=1)
        deck.finish(identifier, DeploymentState.FAILED_UNCHANGED, health=deck.deployments["dep-3"].health)
        await driver.sees("failed, unchanged")
        await driver.sees("The build ended with exit code 1.")
        await driver.sees("→ Read the log.")
        await driver.sees("500 three times")
        await driver.sees("Traceback: boom")


async def test_production_wants_its_name(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await driver.go("4")
        await driver.press("e")
        assert isinstance(driver.screen, ChooseModal)
        driver.screen.query_one("#choices", RowList).move_to_key("production")
        await driver.press("enter")
        await driver.until(lambda: driver.app.session.prepared is not None)
        await driver.press("enter")
        assert isinstance(driver.screen, ConfirmModal)
        await driver.press(*"prod", "enter")
        assert "deploy" not in deck.calls
        await driver.press(*"uction", "enter")
        await driver.until(lambda: "deploy" in deck.calls)


@pytest.mark.parametrize(
    ("keys", "choice"), [(("enter",), None), (("j", "enter"), "cancel"), (("j", "j", "enter"), "rollback"), (("escape",), None)]
)
async def test_ctrl_c_asks_and_leaving_it_is_the_default(deck: FakeDeck, keys: tuple[str, ...], choice: str | None) -> None:
    async with driving(deck) as driver:
        identifier = await deploying(driver)
        await driver.sees("running    Title")
        await driver.press("ctrl+c")
        assert isinstance(driver.screen, ChooseModal)
        await driver.press(*keys)
        await driver.pilot.pause(0.1)
        assert deck.cancelled == ([(identifier, choice)] if choice else [])


async def test_an_unfinished_deployment_is_picked_up_again(deck: FakeDeck) -> None:
    deck.releases["rel-4"] = release(4)
    deck.deployments["dep-4"] = deployment(4, DeploymentState.RUNNING, created_at=NOW, started_at=NOW)
    deck.steps["dep-4"] = steps("dep-4")
    async with driving(deck) as driver:
        await driver.go("4")
        await driver.sees("● running  v4 development on docker")
        await driver.sees("worker ● 1 running")


async def test_a_deployment_that_waits_is_agreed_to(deck: FakeDeck) -> None:
    deck.releases["rel-4"] = release(4)
    deck.deployments["dep-4"] = deployment(4, DeploymentState.AWAITING_APPROVAL, created_at=NOW, plan=plan("development", "docker"))
    async with driving(deck) as driver:
        await driver.go("4")
        await driver.sees("waits for approval")
        await driver.sees("Somebody has to agree first.")
        await driver.sees("worker ○ idle · 1 to agree to")
        await driver.press("a")
        assert isinstance(driver.screen, ConfirmModal)
        await driver.press("escape")
        assert "approve" not in deck.calls
        await driver.press("a", "tab", "enter")
        await driver.until(lambda: "approve" in deck.calls)
        await driver.sees("queued")


async def test_bursts_of_events_are_drawn_a_few_times(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        identifier = await deploying(driver)
        await driver.sees("running    Title")
        drawn: list[int] = []
        original = deck.store.deployments.get

        async def counted(deployment_id: str) -> object:
            drawn.append(1)
            return await original(deployment_id)

        deck.store.deployments.get = counted
        for number in range(200):
            deck.tell(f"event {number}")
            await driver.pilot.pause(0.002)
        await driver.pilot.pause(0.2)
        assert 1 <= len(drawn) <= 30
        deck.finish(identifier)
        await driver.sees("✓ succeeded")


async def test_progress_of_known_size_is_a_bar(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await deploying(driver)
        await driver.sees("running    Title")
        deck.tell("copying", EventKind.PROGRESS, step="build", data={"done": 12, "total": 40, "unit": "files"})
        await driver.sees("12/40 files")


async def test_no_plan_says_why(deck: FakeDeck) -> None:
    deck.fail["prepare"] = DeployDeckError(
        "docker-down", "Docker does not answer.", "connection refused", "Start it, or choose process: t."
    )
    async with driving(deck) as driver:
        await driver.go("4")
        await driver.sees("Docker does not answer.")
        await driver.sees("There is no plan")
        await driver.press("enter")
        await driver.sees("there is no plan to start")


async def test_a_plan_that_needs_the_passphrase_asks_for_it_unseen(deck: FakeDeck) -> None:
    deck.fail["prepare"] = DeployDeckError("vault-locked", "The secrets are in an encrypted file.")
    deck.passphrase = "correct horse battery"
    async with driving(deck) as driver:
        await driver.press("4")
        await driver.sees("Passphrase")
        await driver.press(*"wrong", "enter")
        await driver.sees("This is not the passphrase")
        await driver.press(*(key if key != " " else "space" for key in "correct horse battery"))
        assert "correct" not in driver.text()
        await driver.press("enter")
        await driver.sees("Variables")
        await driver.settled()
        assert deck.calls.count("unlock") == 2
        assert deck.calls.count("prepare") == 2


async def test_leaving_the_passphrase_says_why_there_is_no_plan(deck: FakeDeck) -> None:
    deck.fail["prepare"] = DeployDeckError("vault-locked", "The secrets are in an encrypted file.")
    async with driving(deck) as driver:
        await driver.press("4")
        await driver.sees("Passphrase")
        await driver.press("escape")
        await driver.sees("The secrets are in an encrypted file.")
        await driver.sees("There is no plan")


async def test_address_without_a_display(deck: FakeDeck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    async with driving(deck) as driver:
        await deploying(driver)
        await driver.press("o")
        await driver.sees("no display here")


# --- logs ---------------------------------------------------------------------------------------------------------------------


async def logging(driver: Driver, count: int = 300) -> LogView:
    await driver.go("5")
    view = driver.get("#log", LogView)
    await driver.until(lambda: len(view.model) == count)
    return view


async def test_logs_of_the_live_program(deck: FakeDeck) -> None:
    deck.history()
    deck.app_lines = [line(i, f"{'ERROR' if i % 100 == 0 else 'INFO'} request {i}") for i in range(1, 301)]
    async with driving(deck) as driver:
        view = await logging(driver)
        await driver.sees("program v2 development")
        await driver.sees("request 300")
        await driver.press("slash", *"request 29")
        await driver.until(lambda: len(view.model) == 11)
        await driver.press("enter")
        await driver.sees("11 of 300 lines")
        await driver.press("escape")
        await driver.until(lambda: len(view.model) == 300)
        await driver.press("v", "v", "v")
        await driver.until(lambda: len(view.model) == 3)
        await driver.sees("error and above")


async def test_broken_expression_is_said(deck: FakeDeck) -> None:
    deck.history()
    deck.app_lines = [line(i, f"request {i}") for i in range(1, 11)]
    async with driving(deck) as driver:
        view = await logging(driver, 10)
        await driver.press("slash", *"/(")
        await driver.sees("Not a regular expression")
        assert len(view.model) == 10


async def test_filter_that_hides_all_says_so(deck: FakeDeck) -> None:
    deck.history()
    deck.app_lines = [line(i, f"request {i}") for i in range(1, 11)]
    async with driving(deck) as driver:
        await logging(driver, 10)
        await driver.press("slash", *"nothing", "enter")
        await driver.sees("The filter hides all 10 lines")


async def test_pausing_counts_what_is_new(deck: FakeDeck) -> None:
    deck.history()
    deck.app_lines = [line(i, f"request {i}") for i in range(1, 31)]
    async with driving(deck) as driver:
        view = await logging(driver, 30)
        await driver.press("space")
        view.append([(0.0, "out", "app", "another")])
        await driver.sees("paused +1 new")
        await driver.press("space")
        await driver.sees("following")


async def test_saving_says_where(deck: FakeDeck) -> None:
    deck.history()
    deck.app_lines = [line(i, f"request {i}") for i in range(1, 31)]
    async with driving(deck) as driver:
        await logging(driver, 30)
        await driver.press("S")
        await driver.until(lambda: (deck.paths.data / "saved").exists())
        saved = next((deck.paths.data / "saved").iterdir())
        assert saved.read_text().splitlines()[-1] == "request 30"


async def test_another_source_can_be_chosen(deck: FakeDeck) -> None:
    deck.history()
    deck.logs.content["dep-3"] = {"build": [line(1, "pip failed", source="build")]}
    async with driving(deck) as driver:
        await driver.go("5")
        await driver.press("s")
        await driver.until(lambda: isinstance(driver.screen, ChooseModal))
        driver.screen.query_one("#choices", RowList).move_to_key("build:dep-3")
        await driver.press("enter")
        await driver.sees("pip failed")


async def test_no_logs_says_why(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await driver.go("5")
        await driver.sees("Nothing was deployed here yet")


async def test_a_log_that_cannot_be_read_is_a_panel(deck: FakeDeck) -> None:
    deck.history()
    deck.fail["application_logs"] = DeployDeckError("container-gone", "The container is gone.", "", "Deploy again.")
    async with driving(deck) as driver:
        await driver.go("5")
        await driver.sees("The container is gone.")


# --- history ------------------------------------------------------------------------------------------------------------------


async def test_history_with_details(deck: FakeDeck) -> None:
    deck.history()
    async with driving(deck) as driver:
        await driver.go("7")
        await driver.sees("✗ failed, unchanged")
        assert "The new copy never became healthy." in driver.text()
        await driver.press("j")
        await driver.sees("live now")


async def test_two_releases_are_compared(deck: FakeDeck) -> None:
    deck.history()
    async with driving(deck, size=(120, 40)) as driver:
        await driver.go("7")
        await driver.press("j", "d")
        await driver.sees("◆")
        await driver.press("j", "d")
        await driver.sees("v1 → v2")
        assert "SECRET_KEY" in driver.text() and "compare rel-1 rel-2" in deck.calls


async def test_rollback_previews_and_asks(deck: FakeDeck) -> None:
    deck.history()
    async with driving(deck) as driver:
        await driver.go("7")
        await driver.press("G", "R")
        await driver.until(lambda: isinstance(driver.screen, ConfirmModal))
        assert "prepare_rollback v1" in deck.calls
        await driver.sees("Roll back to v1")
        await driver.press("enter")  # Cancel is focused
        assert "deploy" not in deck.calls
        await driver.press("R")
        await driver.until(lambda: isinstance(driver.screen, ConfirmModal))
        await driver.press("y")
        await driver.until(lambda: "deploy" in deck.calls)
        await driver.sees("[4 Deploy]")


async def test_promoting_previews_and_asks_with_cancel_focused(deck: FakeDeck) -> None:
    deck.history()
    async with driving(deck) as driver:
        await driver.go("7")
        await driver.press("P")
        await driver.until(lambda: isinstance(driver.screen, ConfirmModal))
        assert "prepare_promotion development" in deck.calls
        await driver.sees("Promote v3 from development: staging")
        await driver.press("enter")  # Cancel is focused
        assert "deploy" not in deck.calls
        await driver.press("P")
        await driver.until(lambda: isinstance(driver.screen, ConfirmModal))
        await driver.press("y")
        await driver.until(lambda: "deploy" in deck.calls)


async def test_taking_down_lists_what_goes_and_asks_with_cancel_focused(deck: FakeDeck) -> None:
    deck.history()
    async with driving(deck) as driver:
        await driver.go("7")
        await driver.press("X")
        await driver.until(lambda: isinstance(driver.screen, ConfirmModal))
        assert "prepare_removal development" in deck.calls
        await driver.sees("Take down")
        await driver.press("enter")  # Cancel is focused
        assert "deploy" not in deck.calls
        await driver.press("X")
        await driver.until(lambda: isinstance(driver.screen, ConfirmModal))
        await driver.press("y")
        await driver.until(lambda: "deploy" in deck.calls)


async def test_empty_history_says_what_to_press(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await driver.go("7")
        await driver.sees("Nothing was deployed here yet.")


# --- no project ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["2", "3", "4", "5", "7"])
async def test_without_a_project_every_screen_says_what_to_press(deck: FakeDeck, number: str) -> None:
    async with driving(deck) as driver:
        driver.app.session.root = None
        driver.app.session.scanned = None
        await driver.go(number)
        driver.app.changed.publish("project")
        await driver.sees("No project is open.")
