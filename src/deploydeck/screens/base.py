"""The actions that every screen has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from textual import events
from textual.widget import Widget

from deploydeck.actions import BY_ID, NEEDS, SCREENS
from deploydeck.screens.frame import Frame, screen_bindings
from deploydeck.widgets import clipboard
from deploydeck.widgets.line_view import LineView

if TYPE_CHECKING:
    from deploydeck.screens.session import Session
    from deploydeck.widgets.search import SearchLine

__all__ = ["DeckScreen", "save_text", "screen_bindings"]


class DeckScreen(Frame):
    """Base of the six screens: every key runs an action of the table, `do_<name>`."""

    async def action_act(self, action_id: str) -> None:
        """Run an action of the table, or say why it cannot be done now."""
        action = BY_ID[action_id]
        missing = [need for need in action.needs if need not in self.conditions()]
        if missing:
            self.say(NEEDS[missing[0]], warning=True)
            return
        if action.scope == "app" and action.name in SCREENS:
            await self.deck_app.go(action.name)
            return
        result = getattr(self, f"do_{action.name}")()
        if result is not None:
            await result
        if self.is_mounted:
            self.offer_keys()

    def do_quit(self) -> None:
        self.app.exit()

    def do_palette(self) -> None:
        self.app.action_command_palette()

    def do_settings(self) -> None:
        from deploydeck.screens.settings import SettingsScreen

        self.app.push_screen(SettingsScreen())

    def do_help(self) -> None:
        from deploydeck.screens.modals.help import HelpModal

        pane = self.focused_pane()
        self.app.push_screen(HelpModal(self.SCOPE, self.HELP_TEXT, pane.pane_title if pane else "", pane.pane_help if pane else ""))

    def do_back(self) -> None:
        search = self.search
        panel = self.problems
        if search is not None and search.is_open:
            self._close_search()
        elif panel.problem is not None:
            panel.clear()
            self._frame()
        else:
            self.leave()

    def leave(self) -> None:
        """Esc with nothing open: back to the first pane."""
        panes = list(self.query(LineView))
        first = next((pane for pane in panes if pane.display and pane.parent is not None and pane.id != "problem"), None)
        if first is not None:
            first.focus()

    def do_retry(self) -> Any:
        panel = self.problems
        retry = panel.problem.retry if panel.problem else ""
        if retry:
            panel.clear()
            return self.action_act(retry)
        return None

    def do_search(self) -> None:
        self._search_pane = self.focused_pane()
        if self.search is not None:
            self.search.open()

    _search_pane: LineView | None = None

    def on_search_line_typed(self, event: SearchLine.Typed) -> None:
        event.stop()
        if event.text and self._search_pane is not None:
            pane = self._search_pane
            current = pane.focused_text() if pane.shows_cursor else ""
            if event.text.casefold() not in current.casefold() or not pane.shows_cursor:
                pane.find(event.text)

    def on_search_line_accepted(self, event: SearchLine.Accepted) -> None:
        event.stop()
        if event.text and self._search_pane is not None and not self._search_pane.find(event.text):
            self.say(f"Not found here: {event.text}", warning=True)

    def on_search_line_left(self, event: SearchLine.Left) -> None:
        event.stop()
        self._close_search()

    def _close_search(self) -> None:
        if self.search is not None:
            self.search.close()
        pane = self._search_pane or self.focused_pane()
        if pane is not None:
            pane.focus()

    async def do_copy(self) -> None:
        pane = self.focused_pane()
        await self.copy(pane.focused_text() if pane else "")

    async def copy(self, text: str) -> None:
        """Copy a text and say what really happened."""
        if not text:
            self.say("There is nothing to copy here.", warning=True)
            return
        self.say(await self.deck_app.copy_text(text))

    async def do_interrupt(self) -> None:
        selected = self.get_selected_text()
        if selected:
            await self.copy(selected)
            self.clear_selection()
        elif self.session.running:
            await self.deck_app.ask_interrupt()
        else:
            self.say("Nothing runs here. ctrl+q quits.")

    def do_demo_version(self) -> Any:
        return self.deck_app.propose_demo("next_version")

    def do_demo_break(self) -> Any:
        return self.deck_app.propose_demo("breaking_change")

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        self.offer_keys()

    def focus_pane(self, pane: Widget) -> None:
        """Focus a pane after the next layout: it may just have become visible."""
        self.call_after_refresh(pane.focus)


def save_text(text: str, session: Session, stem: str) -> str:
    """Save a text beside the data of this person; the sentence says where. Blocks; raises OSError."""
    assert session.deck is not None
    return clipboard.save(text, session.deck.paths.data / "saved", stem, datetime.now(UTC))
