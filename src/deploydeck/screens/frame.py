"""The frame of a screen: its lines, the state it shows, work that never freezes it, and what went wrong."""

from __future__ import annotations

import asyncio
import logging
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.geometry import Size
from textual.screen import Screen

from deploydeck.actions import of_scope
from deploydeck.screens.background import Job, start
from deploydeck.widgets.chrome import KeyLine, TabLine, TopLine
from deploydeck.widgets.line_view import LineView
from deploydeck.widgets.problem import Problem, ProblemPanel

if TYPE_CHECKING:
    from deploydeck.deck import Deck
    from deploydeck.screens.host import Host
    from deploydeck.screens.session import Session, Topic
    from deploydeck.widgets.search import SearchLine

log = logging.getLogger("deploydeck.screens")

WIDE = ((100, "-side"), (120, "-wide"), (140, "-two"))
"""Columns from which a screen carries a class. They add up, unlike Textual's own breakpoints."""
NARROW, SHORT = 60, 16


def screen_bindings(scope: str) -> list[BindingType]:
    """The bindings of a screen: its own actions before the shared ones, so that a specialised key wins."""
    return [
        Binding(action.key, f"act('{action.id}')", action.title, show=False, id=action.id, priority=action.id in _PRIORITY)
        for action in (*of_scope(scope), *of_scope("app"))
        if action.key
    ]


_PRIORITY = frozenset({"app.quit", "app.palette"})


class Frame(Screen[None]):
    """Base of the six screens. Subclasses set SCOPE and yield their panes from `panes`."""

    SCOPE: ClassVar[str] = ""
    HELP_TEXT: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = []
    TOPICS: ClassVar[frozenset[str]] = frozenset()
    """Topics that make this screen draw itself again."""

    search: SearchLine | None = None

    def __init__(self) -> None:
        super().__init__()
        self.problems = ProblemPanel(id="problem")

    def compose(self) -> ComposeResult:
        yield TopLine()
        yield TabLine(self.SCOPE)
        with Container(id="body"):
            yield from self.panes()
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
        self.call_after_refresh(self._mount_late)
        self.ready()
        self.draw()
        self._frame()

    async def _mount_late(self) -> None:
        """What is hidden at first need not delay the first frame."""
        from deploydeck.widgets.search import SearchLine

        self.search = SearchLine()
        await self.mount(self.problems, before="#body")
        await self.mount(self.search, after="#body")

    def on_resize(self, event: events.Resize) -> None:
        self._fit(event.size)

    def _fit(self, size: Size) -> None:
        """Set the classes of the terminal's size; also on return, since a screen in the background hears of no resize."""
        for columns, name in WIDE:
            self.set_class(size.width >= columns, name)
        self.set_class(size.width < NARROW, "-narrow")
        self.set_class(size.height < SHORT, "-short")

    def on_screen_resume(self, _event: events.ScreenResume) -> None:
        self._fit(self.app.size)
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
        if self.problems.can_retry:
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
            wait = f" · {session.awaiting} to agree to" if session.awaiting else ""
            top.worker = (f"worker ● {session.unfinished} running" if session.unfinished else "worker ○ idle") + wait
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
        panel = self.problems
        try:
            with self.session.activity(what) if not quiet else nullcontext():
                await self._unlocking(job)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - every failure must end in a panel, not in a dead screen
            panel.show_problem(Problem.of(error, what, retry))
            self._frame()
        else:
            if panel.problem is not None and panel.problem.what_was_done == what:
                panel.clear()
                self._frame()

    async def _unlocking(self, job: Job) -> None:
        """Await a job; when it needs the passphrase of the encrypted file, ask for that and do it again."""
        try:
            await job()
        except Exception as error:
            if getattr(error, "code", "") != "vault-locked":  # by its code: the first frame loads none of our nouns
                raise
            from deploydeck.screens.unlocking import unlock

            await unlock(self)
        else:
            return
        await job()  # left unsaid, it fails once more, and the screen that was drawn anew meanwhile shows that

    def say(self, text: str, *, warning: bool = False, timeout_s: float = 6.0) -> None:
        """A short message; never markup."""
        from deploydeck.widgets.text import visible

        lines = "\n".join(visible(line, 400) for line in text.splitlines())
        self.notify(lines, severity="warning" if warning else "information", timeout=timeout_s, markup=False)

    def focused_pane(self) -> LineView | None:
        """The pane the keys go to."""
        if isinstance(self.focused, LineView):
            return self.focused
        return next((pane for pane in self.query(LineView) if pane.display and pane.id != "problem"), None)
