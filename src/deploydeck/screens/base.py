"""What all screens share: the frame, running work without freezing, saying what went wrong, and the shared actions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget

from deploydeck.actions import BY_ID, NEEDS, SCREENS, of_scope
from deploydeck.screens.background import Job, start
from deploydeck.widgets import clipboard
from deploydeck.widgets.chrome import KeyLine, TabLine, TopLine
from deploydeck.widgets.line_view import LineView
from deploydeck.widgets.problem import Problem, ProblemPanel
from deploydeck.widgets.search import SearchLine

if TYPE_CHECKING:
    from deploydeck.deck import Deck
    from deploydeck.screens.host import Host
    from deploydeck.screens.session import Session, Topic

log = logging.getLogger("deploydeck.screens")

BREAKPOINTS = [(0, "-narrow"), (60, "-normal"), (100, "-side"), (120, "-wide"), (140, "-two")]


def screen_bindings(scope: str) -> list[BindingType]:
    """The bindings of a screen: its own actions before the shared ones, so that a specialised key wins."""
    return [
        Binding(action.key, f"act('{action.id}')", action.title, show=False, id=action.id, priority=action.id in _PRIORITY)
        for action in (*of_scope(scope), *of_scope("app"))
        if action.key
    ]


_PRIORITY = frozenset({"app.quit", "app.palette"})


class DeckScreen(Screen[None]):
    """Base of the six screens. Subclasses set SCOPE and yield their panes from `panes`."""

    SCOPE: ClassVar[str] = ""
    HELP_TEXT: ClassVar[str] = ""
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    VERTICAL_BREAKPOINTS = [(0, "-short"), (16, "-tall")]
    BINDINGS: ClassVar[list[BindingType]] = []
    TOPICS: ClassVar[frozenset[str]] = frozenset()
    """Topics that make this screen draw itself again."""

    def compose(self) -> ComposeResult:
        yield TopLine()
        yield TabLine(self.SCOPE)
        yield ProblemPanel(id="problem")
        with Container(id="body"):
            yield from self.panes()
        yield SearchLine()
        yield KeyLine(self.SCOPE)

    def panes(self) -> ComposeResult:
        """The widgets of the screen."""
        raise NotImplementedError

    # --- wiring ---------------------------------------------------------------------------------------------------------------

    @property
    def deck_app(self) -> Host:
        from deploydeck.screens.host import Host

        assert isinstance(self.app, Host)
        return self.app

    @property
    def session(self) -> Session:
        return self.deck_app.session

    @property
    def deck(self) -> Deck:
        """The open Deck; only for code that runs after it was opened."""
        deck = self.session.deck
        assert deck is not None
        return deck

    def on_mount(self) -> None:
        self.deck_app.changed.subscribe(self, self._topic)
        self.ready()
        self.draw()
        self._frame()

    def on_screen_resume(self, _event: events.ScreenResume) -> None:
        self._frame()
        self.entered()

    def ready(self) -> None:
        """Called once, when the panes exist."""

    def entered(self) -> None:
        """Called whenever the screen comes to the front."""

    def draw(self) -> None:
        """Show the state of the session."""

    def conditions(self) -> set[str]:
        """Which of NEEDS hold now; subclasses add their own."""
        session = self.session
        held = {"deck"} if session.deck is not None else set()
        if session.root is not None:
            held.add("project")
        if session.scanned is not None:
            held.add("scan")
        if self.query_one("#problem", ProblemPanel).can_retry:
            held.add("problem")
        if self.deck_app.is_demo:
            held.add("demo")
        return held

    def _topic(self, topic: Topic) -> None:
        if topic in self.TOPICS:
            self.draw()
        self._frame()

    def _frame(self) -> None:
        """Bring top, tabs and bottom up to date."""
        if not self.is_mounted:
            return
        session = self.session
        parts = []
        if session.root is not None:
            parts.append(session.scanned.project.name if session.scanned else session.root.name or str(session.root))
            parts += [part for part in (session.environment_name, session.target_name) if part]
        from deploydeck.widgets.text import visible

        top = self.query_one(TopLine)
        top.where = visible(" · ".join(parts)) if parts else "DeployDeck"
        if session.unfinished is None:
            top.worker = ""
        else:
            top.worker = f"worker ● {session.unfinished} running" if session.unfinished else "worker ○ idle"
        self.query_one(TabLine).activity = session.doing
        self.offer_keys()

    def offer_keys(self) -> None:
        """Show in the bottom line what can be done now."""
        self.query_one(KeyLine).offer(self.conditions(), self.session.keymap)

    # --- work and problems ----------------------------------------------------------------------------------------------------

    def work(self, what: str, job: Job, *, group: str = "work", retry: str = "", quiet: bool = False) -> None:
        """Run a job beside the screen; say `what` while it takes long, and show a panel when it fails.

        A second job in the same group cancels the first. `retry` is the action that repeats it. `quiet` work shows no spinner: it
        goes on for as long as the screen.
        """
        run = partial(self.guarded, what, job, retry, quiet=quiet)
        start(self, run, group)

    def works_on(self, group: str) -> bool:
        """Whether a job of that group runs on this screen."""
        return any(worker.group == group and worker.node is self and not worker.is_finished for worker in self.workers)

    async def guarded(self, what: str, job: Job, retry: str = "", *, quiet: bool = False) -> None:
        """Await a job; a failure becomes a panel."""
        panel = self.query_one("#problem", ProblemPanel)
        try:
            with self.session.activity(what) if not quiet else nullcontext():
                await job()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - every failure must end in a panel, not in a dead screen
            panel.show_problem(Problem.of(error, what, retry))
            self._frame()
        else:
            if panel.problem is not None and panel.problem.what_was_done == what:
                panel.clear()
                self._frame()

    def say(self, text: str, *, warning: bool = False, timeout_s: float = 6.0) -> None:
        """A short message; never markup."""
        from deploydeck.widgets.text import visible

        lines = "\n".join(visible(line, 400) for line in text.splitlines())
        self.notify(lines, severity="warning" if warning else "information", timeout=timeout_s, markup=False)

    # --- actions --------------------------------------------------------------------------------------------------------------

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
        search = self.query_one(SearchLine)
        panel = self.query_one("#problem", ProblemPanel)
        if search.is_open:
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
        panel = self.query_one("#problem", ProblemPanel)
        retry = panel.problem.retry if panel.problem else ""
        if retry:
            panel.clear()
            return self.action_act(retry)
        return None

    def do_search(self) -> None:
        self._search_pane = self.focused_pane()
        self.query_one(SearchLine).open()

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
        self.query_one(SearchLine).close()
        pane = self._search_pane or self.focused_pane()
        if pane is not None:
            pane.focus()

    def focused_pane(self) -> LineView | None:
        """The pane the keys go to."""
        if isinstance(self.focused, LineView):
            return self.focused
        return next((pane for pane in self.query(LineView) if pane.display and pane.id != "problem"), None)

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

    @staticmethod
    def need_held(needs: Collection[str], held: Collection[str]) -> bool:
        return all(need in held for need in needs)


def save_text(text: str, session: Session, stem: str) -> str:
    """Save a text beside the data of this person; the sentence says where. Blocks; raises OSError."""
    assert session.deck is not None
    return clipboard.save(text, session.deck.paths.data / "saved", stem, datetime.now(UTC))
