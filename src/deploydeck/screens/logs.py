"""5 Logs: any source of the open project, followed, filtered and searched without ever waiting for it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.timer import Timer

from deploydeck.domain import LogLine
from deploydeck.screens.base import DeckScreen, save_text, screen_bindings
from deploydeck.screens.log_sources import LogSource, default_source, log_sources
from deploydeck.screens.tailing import Tail, tuples
from deploydeck.widgets.log_model import LEVELS, Filter
from deploydeck.widgets.log_view import LogView
from deploydeck.widgets.note import Note
from deploydeck.widgets.search import SearchLine
from deploydeck.widgets.text import Span, visible

WINDOWS: tuple[tuple[float, str], ...] = ((0, "all times"), (300, "last 5 min"), (3600, "last hour"), (86_400, "last 24 h"))
APP_TAIL = 10_000
FILTER_PAUSE_S = 0.15
FLUSH_S, FLUSH_SSH_S = 0.1, 0.25


class LogsScreen(DeckScreen):
    SCOPE = "logs"
    CSS_PATH = "logs.tcss"
    HELP_TEXT = "Logs as they were written, redacted. A filter is text, or /a regular expression/. Escape codes do nothing here."
    BINDINGS = screen_bindings("logs")
    TOPICS: ClassVar[frozenset[str]] = frozenset({"deck", "project"})

    def panes(self) -> ComposeResult:
        yield Note(id="note")
        yield LogView(id="log", classes="pane")

    def ready(self) -> None:
        self._source: LogSource | None = None
        self._window = 0
        self._wanted = Filter()
        self._later: Timer | None = None
        self._wrong = ""
        self._progress = ""
        self.view.focus()

    @property
    def view(self) -> LogView:
        return self.query_one("#log", LogView)

    def entered(self) -> None:
        wanted = self.session.logs_of
        if wanted is not None and self.session.deck is not None:
            self.session.logs_of = None
            self._source = None
        self.draw(wanted)

    def conditions(self) -> set[str]:
        held = super().conditions()
        if len(self.view.model):
            held.add("lines")
        return held

    def draw(self, wanted: str | None = None) -> None:
        session = self.session
        if session.root is None:
            self.view.say_empty("No project is open.", "1 then o opens a directory.")
        elif session.deck is None:
            self.view.say_empty("Opening the store…")
        elif (self._source is None or self._source.root != session.root) and not self.works_on("log-source"):
            self.view.clear()
            self.view.say_empty("Looking for logs…")
            self.work("Looking for logs…", partial(self._open_default, wanted), group="log-source", retry="logs.source")
        self._note()

    # --- sources --------------------------------------------------------------------------------------------------------------

    async def _open_default(self, wanted: str | None) -> None:
        assert self.session.root is not None
        sources = await log_sources(self.deck, self.session.root)
        source = default_source(sources, wanted)
        if source is None:
            self.view.say_empty("Nothing was deployed here yet: there are no logs.", "4 deploys.")
            return
        self._read(source)

    async def do_source(self) -> None:
        from deploydeck.screens.modals.choose import Choice, ChooseModal

        assert self.session.root is not None
        sources = {source.key: source for source in await log_sources(self.deck, self.session.root)}
        choices = [Choice(source.key, source.title, source.meaning) for source in sources.values()]

        def chosen(key: str | None) -> None:
            if key in sources:
                self._read(sources[key])

        self.app.push_screen(ChooseModal("Log source", choices, current=self._source.key if self._source else ""), chosen)

    def _read(self, source: LogSource) -> None:
        self._source = source
        self.view.clear()
        self.view.sources = source.only == "" and not source.live
        self.view.say_empty(f"Waiting for lines of {visible(source.title)}…")
        reading = partial(self._read_live if source.live else self._read_stored, source)
        self.work("Reading the log…", reading, group="log", retry="logs.source", quiet=True)
        self._note()

    async def _read_stored(self, source: LogSource) -> None:
        """What the store holds of a deployment, and what it still writes."""
        tail = Tail(self.view)
        pause_s = FLUSH_SSH_S
        while True:
            ended = (await self.deck.store.deployments.get(source.deployment.id)).state.terminal
            if await tail.read(self.deck, source.deployment.id, source.only):
                await asyncio.sleep(0)
                continue
            if ended:
                if not self.view.model.entries:
                    self.view.say_empty(
                        f"{visible(source.title)}: this deployment wrote nothing here.", "s chooses another source."
                    )
                return
            pause_s = min(pause_s * 1.3, 2.0)
            await asyncio.sleep(pause_s)

    async def _read_live(self, source: LogSource) -> None:
        """What the target holds of the live release, followed; handed over in batches."""
        lines: list[LogLine] = []
        arrived, ended = asyncio.Event(), asyncio.Event()

        async def collect(stream: AsyncIterator[LogLine]) -> None:
            try:
                async for line in stream:
                    lines.append(line)
                    arrived.set()
            finally:
                ended.set()
                arrived.set()

        assert source.release is not None
        stream = self.deck.application_logs(source.release, follow=True, tail=APP_TAIL)
        collector = asyncio.create_task(collect(stream))
        try:
            while not (ended.is_set() and not lines):
                await arrived.wait()
                arrived.clear()
                await asyncio.sleep(FLUSH_SSH_S if self.deck_app.remote else FLUSH_S)
                batch, lines[:] = tuples(lines), []
                if batch:
                    self.view.append(batch)
                if ended.is_set():
                    arrived.set()
            await collector
            self.view.append([(0.0, "note", "app", "The program's log has ended: it does not run any more.")])
        finally:
            collector.cancel()

    # --- what is shown --------------------------------------------------------------------------------------------------------

    def on_log_view_changed(self, _event: LogView.Changed) -> None:
        self._note()

    def _note(self) -> None:
        view, model = self.view, self.view.model
        if self._wrong:
            self.query_one("#note", Note).show((("✗ ", "bad"), (visible(self._wrong), "")))
            return
        if self._source is None:
            self.query_one("#note", Note).show(())
            return
        spans: list[Span] = [(visible(self._source.title), "strong")]
        spans.append(("  ▶ following", "good") if view.following else (f"  ⏸ paused +{view.new} new", "warn"))
        count = f"{len(model):,} of {len(model.entries):,} lines" if model.shown is not None else f"{len(model):,} lines"
        spans.append((f"  {count}", ""))
        if model.dropped:
            spans.append((f"  {model.dropped:,} older dropped", "warn"))
        chosen = model.filter
        if chosen.text:
            spans.append((f"  {'not ' if chosen.invert else ''}{visible(chosen.text, 60)}", "accent"))
        if chosen.level:
            spans.append((f"  {LEVELS[chosen.level]} and above", "accent"))
        if chosen.since:
            spans.append((f"  {WINDOWS[self._window][1]}", "accent"))
        if self._progress:
            spans.append((f"  filtering {self._progress}", "dim"))
        self.query_one("#note", Note).show(tuple(spans))

    # --- filter and search ----------------------------------------------------------------------------------------------------

    def do_filter(self) -> None:
        search = self.search
        if search is None:
            return
        search.placeholder = "filter: text or /regular expression/ · enter keeps it · esc clears it"
        search.value = self._wanted.text
        search.open()

    def on_search_line_typed(self, event: SearchLine.Typed) -> None:
        event.stop()
        if self._later is not None:
            self._later.stop()
        self._later = self.set_timer(FILTER_PAUSE_S, lambda: self._want(text=event.text))

    def on_search_line_accepted(self, event: SearchLine.Accepted) -> None:
        event.stop()
        self._want(text=event.text)
        self._close_search()

    def on_search_line_left(self, event: SearchLine.Left) -> None:
        event.stop()
        if self._later is not None:
            self._later.stop()
        self._want(text="")
        self._close_search()

    def _close_search(self) -> None:
        if self.search is not None:
            self.search.close()
        self.view.focus()

    def leave(self) -> None:
        if not self._wanted.empty:
            self._window = 0
            self._wanted = Filter()
            self._want()
        self.view.focus()

    def _want(self, **changes: object) -> None:
        """Bring another filter into force; a broken expression is said and changes nothing."""
        from dataclasses import replace

        wanted = replace(self._wanted, **changes)  # type: ignore[arg-type]
        try:
            pattern = wanted.pattern()
        except re.error as error:
            self._wrong = f"Not a regular expression: {error}"
            self._note()
            return
        self._wrong, self._wanted = "", wanted
        self.view.pattern = None if wanted.invert else pattern
        self.work("Filtering…", partial(self._refilter, wanted), group="filter", quiet=True)

    async def _refilter(self, wanted: Filter) -> None:
        for share in self.view.model.refilter(wanted):
            self._progress = f"{share:.0%}" if share < 1 else ""
            if share < 1:
                self._note()
            await asyncio.sleep(0)
        self._progress = ""
        total = len(self.view.model.entries)
        self.view.say_empty(f"The filter hides all {total:,} lines. esc clears it." if total else "No lines yet.")
        self.view.filtered()
        self._note()
        self.offer_keys()

    def do_invert(self) -> None:
        if not self._wanted.text:
            self.say("There is no filter to invert: / sets one.", warning=True)
            return
        self._want(invert=not self._wanted.invert)

    def do_level(self) -> None:
        self._want(level=(self._wanted.level + 1) % len(LEVELS))

    def do_since(self) -> None:
        self._window = (self._window + 1) % len(WINDOWS)
        seconds = WINDOWS[self._window][0]
        self._want(since=datetime.now(UTC).timestamp() - seconds if seconds else 0.0)

    def do_next(self) -> None:
        self._match(backwards=False)

    def do_previous(self) -> None:
        self._match(backwards=True)

    def _match(self, *, backwards: bool) -> None:
        pattern = self._wanted.pattern()
        if pattern is None:
            self.say("There is nothing to look for: / sets a filter.", warning=True)
        elif not self.view.find_match(pattern, backwards=backwards):
            self.say("No line matches.", warning=True)

    # --- looking and taking ---------------------------------------------------------------------------------------------------

    def do_follow(self) -> None:
        self.view.toggle_follow()

    def do_wrap(self) -> None:
        self.view.wraps = not self.view.wraps
        self.view.changed()

    def do_timestamps(self) -> None:
        self.view.times = not self.view.times
        self.view.changed()

    async def do_copy_visible(self) -> None:
        await self.copy(self.view.visible_text())

    async def do_save(self) -> None:
        text = self.view.all_text()
        self.say(await asyncio.to_thread(save_text, text, self.session, "log"), timeout_s=12)
