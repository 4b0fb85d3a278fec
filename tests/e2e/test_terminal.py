"""The whole path in a real 80x24 terminal by keys alone: scan, review, deploy, logs, a better and a broken version, rollback."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Program, clean, copy_project, fetch, free_port
from tests.e2e.tmux import Tmux

pytestmark = [pytest.mark.terminal, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def program(tmp_path: Path, port: int) -> Iterator[Program]:
    settings = {
        "DEPLOYDECK_ENVIRONMENTS__DEVELOPMENT__PUBLISHED_PORT": str(port),
        "DEPLOYDECK_HEALTH__DEADLINE_S": "12",
        "TERM": "screen",
    }
    made = Program(tmp_path / "home", tmp_path, settings)
    yield made
    clean(made)


@pytest.fixture
def terminal(program: Program, tmp_path: Path) -> Iterator[Tmux]:
    environ = {name: value for name, value in program.environment().items() if name in ("PATH", "HOME") or name in program.environ}
    environ |= {name: value for name, value in program.environment().items() if name.startswith("DEPLOYDECK_")}
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    with Tmux([sys.executable, "-m", "deploydeck", "demo"], environ=environ, cwd=tmp_path) as made:
        yield made


def accept_everything(terminal: Tmux, files: int) -> None:
    """In Review: accept file after file once they are checked, then write."""
    deadline = time.monotonic() + 60
    while "checking" in terminal.screen() and time.monotonic() < deadline:
        time.sleep(0.1)
    for left in range(files, 0, -1):
        terminal.wait_for(f"{left} to decide")
        terminal.keys("A")
    terminal.wait_for("0 to decide")
    terminal.keys("Enter")
    terminal.wait_for("Wrote")


def demo_change(terminal: Tmux, what: str) -> None:
    """Ask the palette for one of the demo's prepared changes and accept it."""
    terminal.keys("C-p")
    time.sleep(0.5)
    terminal.text(what)
    terminal.wait_for("Demo: propose")
    time.sleep(0.5)
    terminal.keys("Enter")
    terminal.wait_for("3 Review]")
    accept_everything(terminal, 1)


def deploy(terminal: Tmux, release: str, ending: str) -> str:
    """On the Deploy screen: wait for the plan, start it, wait for its end."""
    terminal.keys("4")
    terminal.wait_for("4 Deploy]", "What happens", timeout_s=60)
    terminal.keys("Enter")
    return terminal.wait_for(ending, f"{release} development", timeout_s=180)


@pytest.mark.registry
def test_the_whole_path_by_keys_alone(terminal: Tmux, program: Program, port: int) -> None:
    url = f"http://127.0.0.1:{port}"
    terminal.wait_for("Flask", "can be deployed", timeout_s=60)
    terminal.keys("4")
    terminal.wait_for("4 Deploy]")
    terminal.keys("t")
    screen = terminal.wait_for("process")
    if "docker" in screen:
        terminal.keys("Down")
    terminal.keys("Enter")
    terminal.wait_for("shop · development · process", timeout_s=60)

    terminal.keys("3")
    screen = terminal.wait_for("to decide", "deploydeck.toml", timeout_s=60)
    accept_everything(terminal, int(screen.split(" to decide")[0].rsplit(" ", 1)[-1]))
    deploy(terminal, "v1", "✓ succeeded  v1")
    assert "Spring edition" in fetch(url)[1]

    fetch(f"{url}/?from=the-test")
    terminal.keys("5")
    terminal.wait_for("from=the-test", timeout_s=30)

    demo_change(terminal, "new version")
    deploy(terminal, "v2", "✓ succeeded  v2")
    assert "Summer edition" in fetch(url)[1]

    demo_change(terminal, "breaking")
    screen = deploy(terminal, "v3", "✗ failed, unchanged  v3")
    assert "status 500" in screen, "the reason is on the screen"
    assert "Summer edition" in fetch(url)[1], "what was live is live"

    terminal.keys("7")
    terminal.wait_for("v1", "v2", "v3")
    terminal.keys("G", "R")
    terminal.wait_for("Cancel", "Roll back to v1", timeout_s=30)
    terminal.keys("Tab", "Enter")
    terminal.wait_for("4 Deploy]", "✓ succeeded  v1 development on process", timeout_s=120)
    assert "Spring edition" in fetch(url)[1]

    terminal.keys("C-q")
    history = program("history", "--json", str(program.home / "data" / "demo" / "shop")).json()["deployments"]
    assert [entry["state"] for entry in history] == ["succeeded", "failed_unchanged", "succeeded", "succeeded"]


def test_a_closed_terminal_touches_no_deployment(program: Program, port: int, tmp_path: Path) -> None:
    root = copy_project("static-site", tmp_path)
    program.project = root
    environ = {name: value for name, value in program.environment().items() if name.startswith("DEPLOYDECK_")}
    environ |= {"TERM": "screen", "DEPLOYDECK_ENVIRONMENTS__DEVELOPMENT__TARGET": "process"}
    with Tmux([sys.executable, "-m", "deploydeck", "."], environ=environ, cwd=root) as terminal:
        terminal.wait_for("can be deployed", timeout_s=60)
        terminal.keys("4")
        terminal.wait_for("What happens", timeout_s=60)
        terminal.keys("Enter")
        terminal.wait_for("● running", "healthy", timeout_s=60)
        # leaving the block kills the terminal with everything in it, as a lost link does
    (unfinished,) = program("status", "--json").json()["unfinished"]
    followed = program("attach", unfinished["id"], "--json").lines()
    assert followed[-1]["status"] == "succeeded", followed[-1]
    assert [event["seq"] for event in followed[:-1]] == list(range(1, len(followed))), "nothing is missing"
    assert fetch(f"http://127.0.0.1:{port}")[0] == 200
