"""Settings: each with its value, where the value comes from and what it means. Only the person's own file is changed here."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from deploydeck.screens.background import start
from deploydeck.widgets.problem import Problem
from deploydeck.widgets.row_list import Column, Row, RowList
from deploydeck.widgets.text import Line, visible
from deploydeck.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from deploydeck.screens.host import Host
    from deploydeck.screens.setting_rows import SettingRow


class SettingsScreen(ModalScreen[None]):
    CSS_PATH = "modals/modals.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,comma", "leave", show=False),
        Binding("enter,e", "edit", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, SettingRow] = {}

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Settings"
            dialog.border_subtitle = "enter changes yours · esc closes"
            yield RowList(
                Column(width=28), Column(flex=1), Column(width=16, drop=1),
                id="settings", pane_title="Settings", pane_help="Every setting, its value and where it comes from.",
            )  # fmt: skip
            meaning = TextPane(id="meaning")
            meaning.can_focus = False
            yield meaning

    def on_mount(self) -> None:
        rows = self.query_one("#settings", RowList)
        rows.show((), empty=((("  Reading the settings…", "dim"),),))
        rows.focus()
        self.reload()

    @property
    def _app(self) -> Host:
        from deploydeck.screens.host import Host

        assert isinstance(self.app, Host)
        return self.app

    def reload(self) -> None:
        start(self, self._load, "settings")

    async def _load(self) -> None:
        session = self._app.session
        rows = self.query_one("#settings", RowList)
        if session.deck is None:
            rows.show((), empty=((("  The store is still being opened: close this and try again.", "dim"),),))
            return
        try:
            from deploydeck.screens.setting_rows import read_rows

            found = await asyncio.to_thread(read_rows, session.deck.paths, session.root)
        except Exception as error:  # noqa: BLE001 - shown, not swallowed
            rows.show((), empty=tuple(Problem.of(error, "Reading the settings…").lines()))
            return
        self._rows = {row.name: row for row in found}
        rows.show(
            [
                Row(row.name, (row.name, visible(row.shown), (row.source, "accent" if row.source != "default" else "dim")))
                for row in found
            ]
        )
        self._meaning()

    def on_row_list_focused(self, _event: RowList.Focused) -> None:
        self._meaning()

    def _meaning(self) -> None:
        row = self._rows.get(self.query_one("#settings", RowList).key)
        pane = self.query_one("#meaning", TextPane)
        if row is None:
            pane.show(())
            return
        lines: list[Line] = [((row.name, "strong"), (f"  default {visible(row.default)}", "dim")), ((visible(row.meaning), ""),)]
        lines.append(((row.how, "dim"),))
        pane.show(lines)

    def action_edit(self) -> None:
        row = self._rows.get(self.query_one("#settings", RowList).key)
        if row is None:
            return
        if not row.editable:
            self.notify(row.how, severity="warning", markup=False)
            return
        from deploydeck.screens.modals.ask import AskModal
        from deploydeck.screens.modals.choose import Choice, ChooseModal
        from deploydeck.screens.setting_rows import value_problem

        def entered(text: str | None) -> None:
            if text is not None:
                start(self, partial(self._save, row, text), "settings")

        if row.name == "ui.theme":
            names = sorted(self.app.available_themes)
            self.app.push_screen(ChooseModal("Theme", [Choice(name, name) for name in names], current=row.value), entered)
            return
        lines: list[Line] = [((visible(row.meaning), ""),), (("An empty value goes back to the default.", "dim"),)]
        self.app.push_screen(AskModal(row.name, lines, value=row.value, check=lambda text: value_problem(row.name, text)), entered)

    async def _save(self, row: SettingRow, text: str) -> None:
        from deploydeck.screens.setting_rows import save

        deck = self._app.session.deck
        assert deck is not None
        try:
            await asyncio.to_thread(save, deck.paths, row.name, text)
        except Exception as error:  # noqa: BLE001 - shown, not swallowed
            problem = Problem.of(error, "Saving the setting…")
            self.notify(f"{problem.what} {problem.why} {problem.hint}", severity="error", markup=False)
            return
        self.notify(f"{row.name} saved to {deck.paths.user_file}", markup=False)
        await self._apply(row.name)
        await self._load()

    async def _apply(self, name: str) -> None:
        """What can take effect at once does."""
        from deploydeck.settings import load_settings

        app = self._app
        deck: Any = app.session.deck
        settings = await asyncio.to_thread(load_settings, deck.paths)
        deck.user_settings = settings
        if name == "ui.theme" and settings.ui.theme in app.available_themes:
            app.theme = settings.ui.theme
        if name.startswith("keys."):
            app.use_keys(settings.keys)

    def action_leave(self) -> None:
        self.dismiss(None)
