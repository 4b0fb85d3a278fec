"""Driving the app in tests: start it on a fake Deck, wait for what should come, read the screen as text."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from deploydeck.app import DeployDeckApp
from deploydeck.deck import Deck
from tests.app.doubles import FakeDeck

W = TypeVar("W", bound=Widget)
PATIENCE_S = 15.0


class Driver:
    """The running app, with the questions tests ask."""

    def __init__(self, app: DeployDeckApp, pilot: Pilot[int], deck: FakeDeck) -> None:
        self.app = app
        self.pilot = pilot
        self.deck = deck

    @property
    def screen(self) -> Screen[Any]:
        return self.app.screen

    def get(self, selector: str, kind: type[W]) -> W:
        return self.app.screen.query_one(selector, kind)

    def text(self) -> str:
        """The whole screen as text."""
        return "\n".join("".join(segment.text for segment in strip) for strip in self.app.screen._compositor.render_strips())

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], bool], what: str = "") -> None:
        """Wait for a condition; fail with the screen when it never comes."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while not condition():
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"never: {what or condition}\n{self.text()}")
            await self.pilot.pause(0.02)
        await self.pilot.pause()

    async def sees(self, text: str) -> None:
        """Wait until a text is on the screen."""
        await self.until(lambda: text in self.text(), f"{text!r} on the screen")

    async def go(self, key: str) -> None:
        """Press the number of a screen and let it settle."""
        await self.press(key)
        await self.settled()

    async def settled(self) -> None:
        """Wait until nothing is being done."""
        await self.pilot.pause(0.05)
        await self.until(lambda: not self.app.session.activities, "nothing is being done any more")
        await self.pilot.pause()


@asynccontextmanager
async def driving(
    deck: FakeDeck, *, size: tuple[int, int] = (80, 24), root: Path | None = None, start: bool = True
) -> AsyncIterator[Driver]:
    """The app on the fake Deck's project, scanned; with `start` False it is left right after its first frame."""

    async def open_deck() -> Deck:
        return deck.as_deck()

    app = DeployDeckApp(root or deck.root, deck.paths, open_deck=open_deck)
    async with app.run_test(size=size, notifications=True) as pilot:
        driver = Driver(app, pilot, deck)
        if start:
            await driver.until(lambda: app.session.deck is not None, "the deck is open")
            await driver.settled()
        yield driver
