"""The application as the screens know it: what they share, where they go, how they copy and count."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.signal import Signal

from deploydeck.actions import keymap_problems
from deploydeck.screens.background import start
from deploydeck.screens.session import Session, Topic
from deploydeck.widgets import clipboard

if TYPE_CHECKING:
    from deploydeck.deck import Deck


class Host(App[int]):
    """Holds the session of one run. `changed` is published with the topic whenever it changes."""

    def __init__(self, root: Path | None) -> None:
        super().__init__()
        self.changed: Signal[Topic] = Signal(self, "changed")
        self.session = Session(self.changed.publish, root=root.expanduser().absolute() if root else None)
        self.is_demo = False
        self.remote = bool(os.environ.get("SSH_CONNECTION"))

    def use_keys(self, keymap: dict[str, str]) -> None:
        """Apply rebound keys; say at once which of them clash or do not exist, and leave those out."""
        problems = keymap_problems(keymap)
        if problems:
            keymap = {}
            text = "\n".join((*problems, "The usual keys stay in force. Correct [keys] in your config.toml."))
            self.notify(text, title="Keys", severity="warning", timeout=20, markup=False)
        self.session.keymap = dict(keymap)
        self.set_keymap(keymap)
        self.changed.publish("keys")

    async def go(self, name: str) -> None:
        """Bring a screen to the front."""
        await self.switch_mode(name)
        self.refresh_worker()

    def deck_screen(self) -> Any:
        """The one of our six screens that is in front, even under a dialog."""
        from deploydeck.screens.base import DeckScreen

        return next((screen for screen in reversed(self.screen_stack) if isinstance(screen, DeckScreen)), None)

    async def open_project(self, root: Path) -> None:
        """Another project: show what it is."""
        self.session.open_project(root)
        self.set_demo(root)
        await self.go("scan")

    def set_demo(self, root: Path) -> None:
        """Whether this is the demo project, which the palette has two more commands for."""
        try:
            from deploydeck.demo import is_demo
        except ImportError:
            self.is_demo = False
        else:
            self.is_demo = is_demo(root)

    def refresh_worker(self) -> None:
        """Count the unfinished deployments again, for the top line."""
        if self.session.deck is not None:
            start(self, partial(self._count, self.session.deck), "worker-count")

    async def _count(self, deck: Deck) -> None:
        from deploydeck.domain import DeploymentState

        found = await deck.store.deployments.unfinished()
        awaiting = sum(one.state is DeploymentState.AWAITING_APPROVAL for one in found)
        if (len(found) - awaiting, awaiting) != (self.session.unfinished, self.session.awaiting):
            self.session.unfinished, self.session.awaiting = len(found) - awaiting, awaiting
            self.changed.publish("worker")

    async def ask_interrupt(self) -> None:
        """Ctrl-C while a deployment runs: leave it running, cancel it, or roll back."""
        from deploydeck.screens.interrupt import ask

        ask(self)

    async def propose_demo(self, kind: str) -> None:
        """Review the demo's next version, or its breaking change."""
        from deploydeck.screens.offers import demo_offer

        screen = self.deck_screen()
        if screen is not None:
            screen.work("Preparing the demo's change…", partial(demo_offer, self, kind), group="demo")

    async def copy_text(self, text: str) -> str:
        """Copy a text; the sentence says what really happened."""
        driver = self._driver
        if driver is None:
            return "There is no terminal to copy to."
        deck = self.session.deck
        directory = deck.paths.data / "saved" if deck else Path.home()
        copying = partial(clipboard.copy, text, write=driver.write, directory=directory, now=datetime.now(UTC))
        try:
            return await asyncio.to_thread(copying)
        except OSError as error:
            return f"Not copied: {error.strerror or error}"
