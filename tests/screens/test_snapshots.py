"""How each screen looks, at 80x24 and at 120x40; one in the terminal's own colours and one without any."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from deploydeck.app import DeployDeckApp
from deploydeck.deck import Deck
from deploydeck.domain import CheckFinding, CheckState, CheckVerdict, DeploymentState, GeneratedFile, TextEdit
from deploydeck.screens import scan_rows
from deploydeck.settings import Settings, UiSettings
from tests.app.doubles import DOCKERFILE, NOW, FakeDeck, FrozenClock, deployment, line, release, steps
from tests.app.driving import Driver

SIZES = ((80, 24), (120, 40))
Act = Callable[[Driver], Awaitable[None]]


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch, deck: FakeDeck) -> None:
    """Nothing on a snapshot may depend on this machine or this moment."""
    import deploydeck.screens.deploy
    import deploydeck.screens.history
    import deploydeck.screens.log_sources
    import deploydeck.screens.projects

    for module in (
        deploydeck.screens.deploy,
        deploydeck.screens.history,
        deploydeck.screens.log_sources,
        deploydeck.screens.projects,
    ):
        monkeypatch.setattr(module, "datetime", FrozenClock)
    root = "/home/ada/shop"
    deck.profile = deck.profile.model_copy(update={"root": root})
    deck.project = deck.project.model_copy(update={"root": root})
    deck.projects = [deck.project]
    deck.history()
    monkeypatch.setattr(scan_rows, "BAR", "▇")


def app_of(deck: FakeDeck) -> DeployDeckApp:
    async def open_deck() -> Deck:
        return deck.as_deck()

    return DeployDeckApp(deck.root, deck.paths, open_deck=open_deck)


def before(deck: FakeDeck, app: DeployDeckApp, act: Act) -> Callable[[Pilot[Any]], Awaitable[None]]:
    async def run(pilot: Pilot[Any]) -> None:
        driver = Driver(app, pilot, deck)
        await driver.until(lambda: app.session.deck is not None)
        await driver.settled()
        await act(driver)
        await driver.settled()

    return run


async def scan(driver: Driver) -> None:
    await driver.press("down", "down", "down", "down", "down")


async def projects(driver: Driver) -> None:
    await driver.go("1")
    await driver.sees("healthy")


async def review(driver: Driver) -> None:
    await driver.go("3")
    await driver.sees("2 to decide")
    await driver.press("a", "w")


async def plan(driver: Driver) -> None:
    await driver.go("4")
    await driver.sees("What happens")


async def deploy(driver: Driver) -> None:
    deck = driver.deck
    deck.releases["rel-4"] = release(4)
    deck.deployments["dep-4"] = deployment(4, DeploymentState.RUNNING, created_at=NOW, started_at=NOW - timedelta(seconds=30))
    deck.steps["dep-4"] = steps("dep-4")
    deck.logs.content["dep-4"] = {"build": [line(i, f"#{i} RUN pip install step {i}", source="build") for i in range(1, 5)]}
    await driver.go("4")
    await driver.sees("step 4")
    driver.app.refresh_worker()
    await driver.sees("worker ● 1 running")


async def logs(driver: Driver) -> None:
    driver.deck.app_lines = [line(i, f"{'ERROR' if i % 10 == 0 else 'INFO'} GET /cart {i}") for i in range(1, 61)]
    await driver.go("5")
    await driver.sees("GET /cart 60")
    await driver.press("slash", *"cart 5", "enter")
    await driver.sees("11 of 60 lines")


async def history(driver: Driver) -> None:
    await driver.go("7")
    await driver.sees("never became healthy")


async def help_(driver: Driver) -> None:
    await review(driver)
    await driver.press("question_mark")


async def confirm(driver: Driver) -> None:
    await driver.go("7")
    await driver.sees("v1")
    await driver.press("G", "R")
    await driver.sees("Cancel")


ACTS: dict[str, Act] = {
    "projects": projects,
    "scan": scan,
    "review": review,
    "plan": plan,
    "deploy": deploy,
    "logs": logs,
    "history": history,
    "help": help_,
    "confirm": confirm,
}


@pytest.mark.parametrize("size", SIZES, ids=[f"{width}x{height}" for width, height in SIZES])
@pytest.mark.parametrize("name", ACTS)
def test_screen(snap_compare: Any, deck: FakeDeck, name: str, size: tuple[int, int]) -> None:
    app = app_of(deck)
    assert snap_compare(app, terminal_size=size, run_before=before(deck, app, ACTS[name]))


def test_ansi_colours(snap_compare: Any, deck: FakeDeck) -> None:
    deck.user_settings = Settings(ui=UiSettings.model_validate({"theme": "ansi-light"}))
    app = app_of(deck)
    assert snap_compare(app, terminal_size=(80, 24), run_before=before(deck, app, review))


def test_no_color(snap_compare: Any, deck: FakeDeck, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = app_of(deck)
    assert snap_compare(app, terminal_size=(80, 24), run_before=before(deck, app, review))


def merging(deck: FakeDeck) -> None:
    """A Dockerfile that we wrote and a person changed: a conflict, a hunk, a change of theirs that stays; one more waits."""
    mark = "# Generated by DeployDeck from what it found in this project.\n"
    old = mark + DOCKERFILE.replace("3.13", "3.12")
    (deck.root / "Dockerfile").write_text(old.replace("3.12-slim", "3.12-alpine").replace("COPY . .\n", "COPY . .\nENV MINE=1\n"))
    fix = (TextEdit(line=6, count=1, lines=("RUN pip install --no-cache-dir -r requirements.txt",)),)
    advice = CheckFinding(
        line=6, rule="DL3042", message="Avoid the cache.", blocking=False, reason="It only makes it big.", fix=fix
    )
    hadolint = CheckVerdict(checker="hadolint", state=CheckState.FINDINGS, findings=(advice,))
    deck.bases = {"Dockerfile": old}
    deck.generator.check = lambda path, _content: (hadolint,) if path == "Dockerfile" else ()
    waiting = (CheckVerdict(checker="schema", state=CheckState.WAITING),)
    deck.files = [
        GeneratedFile(path="Dockerfile", content=mark + DOCKERFILE, verdicts=(hadolint,)),
        GeneratedFile(
            path="compose.yaml", content="services:\n  web:\n    build: .  # here\n    ports: [8000]\n", verdicts=waiting
        ),
    ]


async def merged(driver: Driver) -> None:
    await driver.go("3")
    await driver.sees("1 conflict")
    await driver.press("f", "w")
    await driver.sees("It only makes it big.")


async def waits(driver: Driver) -> None:
    driver.deck.checkers.clear()
    await driver.press("3")
    await driver.until(lambda: driver.app.session.offer is not None)
    await driver.press("j")
    driver.screen._spinner.stop()  # type: ignore[attr-defined]  # it turns with the clock
    driver.screen._turn = 0  # type: ignore[attr-defined]
    driver.screen._show_files()  # type: ignore[attr-defined]
    driver.app.session.activities.clear()
    driver.app.session.publish("activity")


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
@pytest.mark.parametrize("act", [merged, waits], ids=["merged", "waits"])
def test_review_of_three_versions(snap_compare: Any, deck: FakeDeck, act: Act, size: tuple[int, int]) -> None:
    merging(deck)
    app = app_of(deck)
    assert snap_compare(app, terminal_size=size, run_before=before(deck, app, act))


def test_review_without_any_colour(snap_compare: Any, deck: FakeDeck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    merging(deck)
    app = app_of(deck)
    assert snap_compare(app, terminal_size=(80, 24), run_before=before(deck, app, merged))
