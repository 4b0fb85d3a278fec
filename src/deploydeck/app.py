"""The Textual application: wiring only. What a person can do stands in `actions`, how it looks in `screens` and `widgets`.

Nothing here imports a service, an SDK or even our own nouns before the first frame is on the screen: the Deck is imported in a
thread and opened after it.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from deploydeck.actions import ACTIONS, SCREENS, SHARED_SCOPES, Action, shown_key
from deploydeck.screens import factory
from deploydeck.screens.background import start
from deploydeck.screens.host import Host
from deploydeck.screens.preferences import early_preferences

if TYPE_CHECKING:
    from deploydeck.deck import Deck
    from deploydeck.settings import Paths

OpenDeck = Callable[[], Awaitable["Deck"]]

WARM = ("scan", "generate", "review", "deploy", "targets", "observe")
"""Packages imported in a thread once the store is open, so that the first key press does not wait for them."""


class DeployDeckApp(Host):
    """DeployDeck in the terminal.

    `root` is the project to open, None for the list of projects; `paths` say where data and settings live; `open_deck` replaces
    opening the real Deck (tests).
    """

    TITLE = "DeployDeck"
    CSS_PATH = "screens/base.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "nothing", show=False)]
    DEFAULT_MODE = "scan"  # no empty default screen before the first one
    MODES = {name: factory(name) for name in SCREENS}

    def __init__(self, root: Path | None = None, paths: Paths | None = None, *, open_deck: OpenDeck | None = None) -> None:
        super().__init__(root)
        self._paths = paths
        self._open = open_deck or self._open_real_deck
        self.animation_level = "none"
        preferences = early_preferences(paths.user_file if paths else None)
        self.mouse = preferences.mouse
        if preferences.theme in self.available_themes:
            self.theme = preferences.theme

    # --- start and end --------------------------------------------------------------------------------------------------------

    async def on_mount(self) -> None:
        if self.session.root is None:
            await self.switch_mode("projects")
        self.call_after_refresh(self.open)

    def open(self) -> None:
        """Open the store; the first frame is on the screen by now."""
        gc.enable()
        screen = self.deck_screen()
        if screen is not None:
            screen.work("Opening the store…", self._opened, group="open")

    async def _opened(self) -> None:
        deck = await self._open()
        self.session.deck = deck
        settings = await asyncio.to_thread(lambda: deck.user_settings)
        if settings.ui.theme in self.available_themes:
            self.theme = settings.ui.theme
        self.use_keys(settings.keys)
        self.changed.publish("deck")
        if self.session.root is not None:
            self.set_demo(self.session.root)
        self.refresh_worker()
        start(self, self._warm, "warm")

    async def _open_real_deck(self) -> Deck:
        for module in ("deploydeck.deck", "deploydeck.store", "deploydeck.store.migrate"):
            loaded = await asyncio.to_thread(import_module, module)
            if module == "deploydeck.deck":
                deck_class: type[Deck] = loaded.Deck
        return await deck_class.open(self._paths)

    async def _warm(self) -> None:
        for name in WARM:
            await asyncio.to_thread(import_module, f"deploydeck.{name}")

    async def on_unmount(self) -> None:
        if self.session.deck is not None:
            await self.session.deck.close()

    def _fatal_error(self) -> None:
        """Textual would draw a traceback with local values, secrets among them; `run` hands the error to whoever started us."""
        self._close_messages_no_wait()

    # --- palette and help -----------------------------------------------------------------------------------------------------

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action of the table with its key; those of other screens go there first."""
        here = self.deck_screen()
        for action in ACTIONS:
            if action.scope == "pane" or (action.needs == ("demo",) and not self.is_demo) or action.id == "app.palette":
                continue
            key = shown_key(action, self.session.keymap)
            place = "" if action.scope in SHARED_SCOPES else f"{SCREENS[action.scope][1]}: "
            title = f"{place}{action.title}" + (f"  ({key})" if key else "")
            yield SystemCommand(title, action.help, partial(self._run_action_of, action, here))
        yield SystemCommand("Theme for now", "Try another theme; Settings keeps one.", self.action_change_theme)

    async def _run_action_of(self, action: Action, here: Any) -> None:
        if action.scope not in SHARED_SCOPES and (here is None or action.scope != here.SCOPE):
            await self.go(action.scope)
            here = self.deck_screen()
        if here is not None:
            await here.action_act(action.id)

    def action_nothing(self) -> None:
        """ctrl+c has its own meaning on the screens and none in dialogs."""


def run(root: Path | None = None, paths: Paths | None = None) -> int:
    """Open the screens and return the exit code. An error nobody expected is raised once the terminal is restored."""
    app = DeployDeckApp(root, paths)
    mouse = app.mouse and not (os.environ.get("SSH_CONNECTION") and os.environ.get("TMUX"))
    app.run(mouse=mouse)
    if app._exception is not None:
        raise app._exception
    return app.return_code or 0
