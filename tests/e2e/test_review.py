"""Review in a real terminal: a conflict in an editor that takes the terminal, and undo after the program was left."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.harness import Program, copy_project
from tests.e2e.tmux import Tmux

pytestmark = [pytest.mark.terminal, pytest.mark.slow, pytest.mark.timeout(300)]

EDITOR = """#!/bin/sh
# An editor that needs the terminal: it shows what it got and waits for a key.
grep -e '<<<<<<<' -e '>>>>>>>' "$1"
echo EDITING
read answer
printf 'LABEL both=yes\\n' > "$1"
"""


def opened(program: Program, *, columns: int, rows: int) -> Tmux:
    kept = {name: value for name, value in program.environment().items() if name in ("PATH", "HOME") or name in program.environ}
    kept |= {name: value for name, value in program.environment().items() if name.startswith("DEPLOYDECK_")}
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    argv = [sys.executable, "-m", "deploydeck", str(program.project)]
    return Tmux(argv, environ=kept, cwd=program.project, columns=columns, rows=rows)


def reviewing(terminal: Tmux) -> str:
    """On Review, with every checker's answer."""
    terminal.wait_for("can be deployed", timeout_s=60)
    terminal.keys("3")
    screen = terminal.wait_for("3 Review]", "Dockerfile", timeout_s=60)
    deadline = time.monotonic() + 60
    while "checking" in screen and time.monotonic() < deadline:
        time.sleep(0.2)
        screen = terminal.screen()
    return screen


@pytest.mark.parametrize(
    ("columns", "rows", "colours"), [(80, 24, {"NO_COLOR": "1"}), (140, 40, {})], ids=["80x24 plain", "140x40"]
)
def test_a_conflict_in_a_real_editor_and_undo_after_leaving(
    tmp_path: Path, columns: int, rows: int, colours: dict[str, str]
) -> None:
    editor = tmp_path / "editor"
    editor.write_text(EDITOR)
    editor.chmod(0o755)
    root = copy_project("flask-pip", tmp_path)
    environ = {"TERM": "screen", "EDITOR": str(editor), "VISUAL": "", "DEPLOYDECK_DOCKER__HOST": "unix:///nonexistent", **colours}
    program = Program(tmp_path / "home", root, environ)
    program("generate", "--write", "--yes", "--target", "docker")
    dockerfile = root / "Dockerfile"
    mine = dockerfile.read_text().replace("EXPOSE 8000\n", "EXPOSE 9000\n")
    dockerfile.write_text(mine)
    program.environ["DEPLOYDECK_APP__PORT"] = "8100"
    with opened(program, columns=columns, rows=rows) as terminal:
        reviewing(terminal)
        terminal.wait_for("conflict", "yours", timeout_s=30)
        terminal.keys("e")
        terminal.wait_for("EDITING", "<<<<<<< yours", ">>>>>>> generated now")
        terminal.keys("x", "Enter")
        terminal.wait_for("edited", "LABEL both=yes", timeout_s=30)
        reviewing_ended = time.monotonic() + 60
        while "checking" in terminal.screen() and time.monotonic() < reviewing_ended:
            time.sleep(0.2)
        terminal.keys("Enter")
        terminal.wait_for("Wrote", timeout_s=30)
        assert "LABEL both=yes" in dockerfile.read_text()
        terminal.keys("C-q")
    with opened(program, columns=columns, rows=rows) as terminal:
        reviewing(terminal)
        terminal.keys("u")
        terminal.wait_for("Put back what was written", "Dockerfile", timeout_s=30)
        terminal.keys("y")
        terminal.wait_for("Put back Dockerfile", timeout_s=30)
        assert dockerfile.read_text() == mine
        terminal.keys("C-q")
