"""A real terminal: tmux, driven by keys and read by its screen."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.clock import PATIENCE_S


class Tmux:
    """One program in a tmux window of its own server. Use as a context manager."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        environ: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.socket = f"deploydeck-{uuid.uuid4().hex[:8]}"
        settings = [f"{name}={value}" for name, value in (environ or {}).items()]
        self._tmux(
            *("-f", "/dev/null", "new-session", "-d", "-s", "main", "-x", str(columns), "-y", str(rows)),
            *(("-c", str(cwd)) if cwd else ()),
            *("env", *settings, *argv),
        )
        self._tmux("set-option", "-g", "remain-on-exit", "on")

    def __enter__(self) -> Tmux:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tmux(self, *arguments: str, check: bool = True) -> str:
        # os.environ and nothing else: readline puts COLUMNS and LINES of its own into the environment of the process itself
        done = subprocess.run(
            ["tmux", "-L", self.socket, *arguments], env=dict(os.environ), capture_output=True, text=True, check=False, timeout=20
        )
        if check and done.returncode:
            raise AssertionError(f"tmux {arguments}: {done.stderr}")
        return done.stdout

    def screen(self) -> str:
        """The text on the screen now."""
        return self._tmux("capture-pane", "-p", "-t", "main")

    def keys(self, *keys: str) -> None:
        """Press keys by their tmux names (`Enter`, `Escape`, `C-c`, `a`)."""
        for key in keys:
            self._tmux("send-keys", "-t", "main", key)
            time.sleep(0.05)

    def text(self, text: str) -> None:
        """Type text as it stands."""
        self._tmux("send-keys", "-t", "main", "-l", text)

    def resize(self, columns: int, rows: int) -> None:
        self._tmux("resize-window", "-t", "main", "-x", str(columns), "-y", str(rows))

    def look_after_children(self) -> None:
        """Let another program end there: tmux 3.3a can miss the end of its first one, which then stays a zombie until it looks."""
        self._tmux("run-shell", "true")

    def wait_for(self, *texts: str, timeout_s: float = PATIENCE_S) -> str:
        """The screen once every text is on it. Fails with the screen as it is."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            screen = self.screen()
            if all(text in screen for text in texts):
                return screen
            time.sleep(0.1)
        raise AssertionError(f"{texts} did not appear within {timeout_s} s; the screen is\n{self.screen()}")

    def close(self) -> None:
        self._tmux("kill-server", check=False)
