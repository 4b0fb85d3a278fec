"""The shell: first frame, going places, help, palette, keys, problems, resizing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.widgets import Input

from deploydeck.actions import SCREENS
from deploydeck.app import DeployDeckApp
from deploydeck.deck import Deck
from deploydeck.domain import DeployDeckError
from deploydeck.screens.modals.help import HelpModal
from deploydeck.screens.preferences import early_preferences
from deploydeck.screens.settings import SettingsScreen
from deploydeck.settings import Settings
from deploydeck.widgets.chrome import TabLine
from deploydeck.widgets.problem import ProblemPanel
from deploydeck.widgets.row_list import RowList
from tests.app.doubles import FakeDeck, deployment
from tests.app.driving import driving
from tests.widgets.test_text import HOSTILE

HEAVY = (
    "pydantic",
    "sqlalchemy",
    "docker",
    "httpx",
    "dbos",
    "jinja2",
    "tomlkit",
    "watchfiles",
    "deploydeck.deck",
    "deploydeck.domain",
)

FIRST_FRAME = """
import asyncio, sys
from pathlib import Path
from deploydeck.app import DeployDeckApp
async def main(root):
    async def never():
        await asyncio.Event().wait()
    app = DeployDeckApp(root, open_deck=never)
    async with app.run_test(size=(80, 24)):
        text = "".join(s.text for strip in app.screen._compositor.render_strips() for s in strip)
        assert "Reading your projects" in text, text
for root in (None, Path(sys.argv[1])):
    asyncio.run(main(root))
print(" ".join(name for name in sys.argv[2:] if name in sys.modules))
"""


def test_first_frame_loads_no_service_and_says_what_it_waits_for(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_FRAME, str(tmp_path), *HEAVY], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


async def test_number_keys_go_to_every_screen(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        for name, (number, title) in SCREENS.items():
            await driver.go(number)
            await driver.sees(f"[{number} {title}]")
            assert type(driver.screen).__name__.lower().startswith(name)


async def test_top_line_names_project_environment_target_and_worker(deck: FakeDeck) -> None:
    deck.history()
    async with driving(deck) as driver:
        await driver.go("4")
        top = driver.text().splitlines()[0]
        assert "shop · development · docker" in top and "worker ○ idle" in top


async def test_help_explains_the_focused_pane_and_every_key(deck: FakeDeck) -> None:
    async with driving(deck, size=(100, 60)) as driver:
        await driver.go("3")
        await driver.press("question_mark")
        assert isinstance(driver.screen, HelpModal)
        text = driver.text()
        assert "Focused pane: Files" in text and "Accept hunk" in text and "review.accept" in text
        await driver.press("escape")
        assert not isinstance(driver.screen, HelpModal)


async def test_palette_lists_actions_with_keys_and_runs_them(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        commands = {command.title for command in driver.app.get_system_commands(driver.screen)}
        assert {"Scan: Rescan  (r)", "Review: Accept hunk  (a)", "Settings  (,)"} <= commands
        assert not any(title.startswith("Demo") for title in commands)
        await driver.press("ctrl+p")
        await driver.until(lambda: isinstance(driver.screen, CommandPalette))
        driver.screen.query_one(Input).value = "History: Reload"
        await driver.pilot.pause(0.5)
        await driver.press("enter")
        await driver.until(lambda: type(driver.screen).__name__ == "HistoryScreen")


async def test_a_key_that_cannot_work_says_why(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await driver.go("4")
        await driver.press("x")
        await driver.sees("No deployment runs here.")


async def test_a_clash_of_rebound_keys_is_said_at_start(deck: FakeDeck) -> None:
    deck.user_settings = Settings(keys={"review.accept": "r"})
    async with driving(deck) as driver:
        await driver.sees("share this key")
        assert driver.app.session.keymap == {}


async def test_rebound_keys_work_and_are_shown(deck: FakeDeck) -> None:
    deck.user_settings = Settings(keys={"scan.rescan": "z"})
    async with driving(deck) as driver:
        await driver.sees("z rescan")
        before = deck.calls.count("scan")
        await driver.press("z")
        await driver.until(lambda: deck.calls.count("scan") == before + 1)


async def test_store_that_cannot_be_opened_is_a_panel_and_can_be_tried_again(deck: FakeDeck) -> None:
    tries: list[int] = []

    async def open_deck() -> Deck:
        tries.append(1)
        if len(tries) == 1:
            raise DeployDeckError("store-damaged", "The store is damaged.", "malformed page", "Restore the backup.")
        return deck.as_deck()

    app = DeployDeckApp(deck.root, deck.paths, open_deck=open_deck)
    async with app.run_test() as pilot:
        while app.screen.query_one("#problem", ProblemPanel).problem is None:
            await pilot.pause(0.02)
        await pilot.pause()
        text = "\n".join("".join(s.text for s in strip) for strip in app.screen._compositor.render_strips())
        assert "The store is damaged." in text and "malformed page" in text and "Restore the backup." in text


async def test_unexpected_errors_become_panels(deck: FakeDeck) -> None:
    deck.fail["scan"] = RuntimeError("kaboom [red]x[/red]")
    async with driving(deck) as driver:
        await driver.sees("failed unexpectedly")
        await driver.sees("RuntimeError: kaboom [red]x[/red]")
        del deck.fail["scan"]
        await driver.press("f5")
        await driver.sees("can be deployed")
        assert driver.get("#problem", ProblemPanel).problem is None


async def test_a_defect_ends_the_program_without_a_traceback_on_the_terminal(deck: FakeDeck) -> None:
    password = "local-value-9f2c"

    async def opened() -> Deck:
        return deck.as_deck()

    app = DeployDeckApp(deck.root, deck.paths, open_deck=opened)

    def defect() -> None:
        raise ValueError(f"kaboom {len(password)}")

    with pytest.raises(ValueError, match="kaboom"):
        async with app.run_test() as pilot:
            app.call_later(defect)
            await pilot.pause(0.2)
    assert not app._exit_renderables, "nothing is left to be drawn over the terminal"


@pytest.mark.parametrize("number", [number for number, _ in SCREENS.values()])
async def test_resizing_down_to_40x10_and_back(deck: FakeDeck, number: str) -> None:
    deck.history()
    async with driving(deck, size=(140, 40)) as driver:
        await driver.go(number)
        for size in ((40, 10), (20, 5), (100, 30), (80, 24)):
            await driver.pilot.resize_terminal(*size)
            await driver.pilot.pause(0.1)
            await driver.press("j", "tab", "k")
        assert f"[{number} " in driver.text()


async def test_hostile_names_reach_no_terminal(deck: FakeDeck) -> None:
    from tests.app.doubles import profile

    name = " ".join(HOSTILE[:-1]).replace("\0", "\x01")
    deck.project = deck.project.model_copy(update={"name": name})
    deck.projects = [deck.project]
    deck.profile = profile(deck.root, name=name, support_reason=name)
    deck.deployments["dep-1"] = deployment(1, requested_by=name, environment="[b]x")
    async with driving(deck, size=(120, 40)) as driver:
        for number, _ in SCREENS.values():
            await driver.go(number)
            text = driver.text()
            assert all(character.isprintable() or character == "\n" for character in text), number


async def test_spinner_only_for_what_takes_long(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        tabs = driver.get("TabLine", TabLine)
        with driver.app.session.activity("Thinking hard…"):
            await driver.pilot.pause()
            assert "Thinking hard" not in driver.text()
            await driver.pilot.pause(0.4)
            assert "Thinking hard…" in driver.text()
        await driver.pilot.pause()
        assert "Thinking hard" not in driver.text()
        assert tabs._timer is None


async def test_an_idle_screen_has_no_running_timer(deck: FakeDeck) -> None:
    deck.history()
    async with driving(deck) as driver:
        for number, _ in SCREENS.values():
            await driver.go(number)
        drawn = []
        driver.app.console.file = None  # type: ignore[assignment]
        original = driver.app._display
        driver.app._display = lambda *args: (drawn.append(args), original(*args))[1]  # type: ignore[method-assign,func-returns-value]
        await asyncio.sleep(1.2)
        assert drawn == []


async def test_settings_show_sources_and_change_only_the_persons_file(deck: FakeDeck) -> None:
    deck.paths.config.mkdir(parents=True)
    deck.paths.user_file.write_text("# mine\n[ui]\nmouse = true # keep this\n")
    async with driving(deck, size=(100, 40)) as driver:
        await driver.press("comma")
        assert isinstance(driver.screen, SettingsScreen)
        await driver.sees("ui.theme")
        assert "ui.mouse                     true" in driver.text() and "config.toml" in driver.text()
        rows = driver.get("#settings", RowList)
        rows.move_to_key("app.port")
        await driver.press("enter")
        await driver.sees("A project setting")
        rows.move_to_key("ui.updates_per_second")
        await driver.press("enter")
        answer = driver.screen.query_one("#answer", Input)
        answer.value = "nonsense"
        await driver.press("enter")
        await driver.sees("not a number")
        answer.value = "5"
        await driver.press("enter")
        await driver.until(lambda: "updates_per_second = 5" in deck.paths.user_file.read_text())
        assert "# mine" in deck.paths.user_file.read_text() and "# keep this" in deck.paths.user_file.read_text()
        await driver.until(lambda: deck.user_settings.ui.updates_per_second == 5)


async def test_theme_is_chosen_and_kept(deck: FakeDeck) -> None:
    async with driving(deck, size=(100, 40)) as driver:
        await driver.press("comma")
        await driver.sees("ui.theme")
        driver.get("#settings", RowList).move_to_key("ui.theme")
        await driver.press("enter")
        driver.screen.query_one("#choices", RowList).move_to_key("ansi-light")
        await driver.press("enter")
        await driver.until(lambda: driver.app.theme == "ansi-light")
        assert early_preferences(deck.paths.user_file).theme == "ansi-light"


def test_early_preferences_survive_anything(tmp_path: Path) -> None:
    for content in (b"\xff\xfe", b"[ui", b"ui = 3", b"[ui]\ntheme = 7\n"):
        file = tmp_path / "config.toml"
        file.write_bytes(content)
        assert isinstance(early_preferences(file).theme, str)
    assert early_preferences(tmp_path).theme == "textual-dark"


async def test_ctrl_c_without_a_deployment_does_not_quit(deck: FakeDeck) -> None:
    async with driving(deck) as driver:
        await driver.press("ctrl+c")
        await driver.sees("ctrl+q quits")
