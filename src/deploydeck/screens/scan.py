"""2 Scan: what the project is, how sure that is, and the lines that say so."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal

from deploydeck.screens.background import start
from deploydeck.screens.base import DeckScreen, screen_bindings
from deploydeck.widgets.note import Note
from deploydeck.widgets.row_list import Column, RowList
from deploydeck.widgets.text import Line, hints, visible
from deploydeck.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from deploydeck.domain import ProjectProfile

LEAST_PAUSE_S = 2.0
"""Between two looks that nobody asked for: a program that writes all the time must not keep the scanner busy."""


class ScanScreen(DeckScreen):
    SCOPE = "scan"
    CSS_PATH = "scan.tcss"
    HELP_TEXT = "What DeployDeck found out about the project, with the file and line each fact comes from. Nothing of it was run."
    BINDINGS = screen_bindings("scan")
    TOPICS: ClassVar[frozenset[str]] = frozenset({"deck", "project", "scan"})

    def panes(self) -> ComposeResult:
        yield Note(id="note")
        with Horizontal(classes="split"):
            yield from self._split()

    def _split(self) -> ComposeResult:
        yield RowList(
            Column(width=12), Column(flex=1), Column(width=7),
            id="facts", classes="pane", pane_title="Facts",
            pane_help="One row a fact. The bars say how sure it is; ⚠ means that two places disagree. e overrides a value.",
        )  # fmt: skip
        yield TextPane(
            id="evidence",
            classes="pane",
            pane_title="Evidence",
            pane_help="Where the focused fact comes from: file:line and the line.",
        )

    def ready(self) -> None:
        self._changed: tuple[str, ...] = ()
        self._first: ProjectProfile | None = None
        self._first_of: Path | None = None
        self._looked_at, self._pause_s = 0.0, LEAST_PAUSE_S
        self._stop = asyncio.Event()
        self.query_one("#facts", RowList).focus()

    def on_unmount(self) -> None:
        self._stop.set()

    def conditions(self) -> set[str]:
        held = super().conditions()
        if self.session.scanned is None:
            return held
        from deploydeck.screens.scan_rows import field_of

        known = field_of(self.query_one("#facts", RowList).key)
        if known is not None and known.setting:
            held.add("fact")
        return held

    def draw(self) -> None:
        session = self.session
        facts = self.query_one("#facts", RowList)
        if session.root is None:
            facts.show((), empty=hints("No project is open.", "", "1 then o opens a directory."))
        elif session.scanned is None:
            waiting = "Opening the store, then scanning" if session.deck is None else "Scanning"
            facts.show((), empty=hints("Reading your projects…", f"{waiting} {visible(str(session.root))}"))
            if session.deck is not None and not self.works_on("scan"):
                self.do_rescan()
        if session.scanned is not None or session.root != self._first_of:
            self._first = None
        if (profile := self._profile) is not None:
            from deploydeck.screens.scan_rows import rows

            facts.show(rows(profile, session.vulnerabilities))
        self._evidence()
        self._note()

    @property
    def _profile(self) -> ProjectProfile | None:
        """What is known: the whole profile, or while that takes its time what the files at the root say."""
        return self.session.scanned.profile if self.session.scanned else self._first

    def _note(self) -> None:
        note = self.query_one("#note", Note)
        scanned = self.session.scanned
        if scanned is None:
            note.show((("The files at the top say this; reading the rest…", "dim"),) if self._first else ())
        elif self._changed:
            note.show((("files changed", "warn"), (f": {visible(', '.join(self._changed[:3]))}", ""), (" · looked again", "dim")))
        elif scanned.profile.support != "supported":
            note.show((("This cannot be deployed: ", "warn"), (visible(scanned.profile.support_reason), "")))
        else:
            note.show((("3", "accent"), (" shows the files a deployment needs", "dim")))

    def _evidence(self) -> None:
        pane = self.query_one("#evidence", TextPane)
        pane.empty = hints("Evidence appears here: the file and line behind each fact.")
        if self._profile is None:
            pane.show(())
            return
        from deploydeck.screens.scan_rows import evidence

        pane.show(evidence(self._profile, self.query_one("#facts", RowList).key, self.session.vulnerabilities))

    def on_row_list_focused(self, _event: RowList.Focused) -> None:
        self._evidence()
        self.offer_keys()

    # --- actions --------------------------------------------------------------------------------------------------------------

    def do_rescan(self) -> None:
        self.work("Scanning the project…", self._scan, group="scan", retry="scan.rescan")

    async def _scan(self) -> None:
        root = self.session.root
        assert root is not None
        started = time.monotonic()
        facts = self.query_one("#facts", RowList)
        try:
            if self.session.scanned is None:
                self._first, self._first_of = await self.deck.first_facts(root), root
                self.draw()
            scanned = await self.deck.scan(root)
        except Exception:
            self._first = None
            facts.show(
                (), empty=hints("The scan did not finish; the reason stands above.", "", "r tries again, 1 opens another project.")
            )
            raise
        if self.session.root != root:
            return
        self._pause_s = max(LEAST_PAUSE_S, 5 * (time.monotonic() - started))
        self.session.set_scanned(scanned)
        self._watch(root)

    def do_vulnerabilities(self) -> None:
        self.work("Asking for known vulnerabilities…", self._ask_vulnerabilities, group="vulnerabilities")

    async def _ask_vulnerabilities(self) -> None:
        scanned = self.session.scanned
        assert scanned is not None
        report = await self.deck.vulnerabilities(scanned.profile)
        if self.session.scanned is scanned:
            self.session.set_vulnerabilities(report)

    def do_details(self) -> None:
        self.add_class("-reading")
        self.focus_pane(self.query_one("#evidence", TextPane))

    def leave(self) -> None:
        self.remove_class("-reading")
        self.query_one("#facts", RowList).focus()

    def do_override(self) -> None:
        from deploydeck.screens.modals.ask import AskModal
        from deploydeck.screens.offers import override_problem, present_override
        from deploydeck.screens.scan_rows import field_of

        scanned = self.session.scanned
        known = field_of(self.query_one("#facts", RowList).key)
        assert scanned is not None and known is not None
        lines: list[Line] = [
            ((f"{known.label} ", "strong"), (f"(app.{known.setting})", "dim")),
            ((f"For example: {known.example}", ""),),
            (("The value becomes a change to deploydeck.toml that you review before it is written.", "dim"),),
        ]
        fact = getattr(scanned.profile, known.field)
        value = present_override(scanned.settings, known.setting) or (known.shown(fact.value) if fact else "")

        def chosen(text: str | None) -> None:
            if text is not None:
                self.work("Preparing the override…", partial(self._override, known.setting, text), group="override")

        self.app.push_screen(
            AskModal("Override", lines, value=value, check=lambda text: override_problem(known.setting, text)), chosen
        )

    async def _override(self, setting: str, text: str) -> None:
        from deploydeck.screens.offers import override_offer

        scanned = self.session.scanned
        assert scanned is not None
        self.session.set_offer(await asyncio.to_thread(override_offer, self.deck, scanned, setting, text))
        await self.deck_app.go("review")

    # --- files that change meanwhile ------------------------------------------------------------------------------------------

    def _watch(self, root: Path) -> None:
        self._stop.set()
        self._stop = asyncio.Event()
        start(self, partial(self._watching, root, self._stop), "watch")

    async def _watching(self, root: Path, stop: asyncio.Event) -> None:
        """Look again when a file changes; only what changed is read. Not recursive: node_modules costs more than it tells."""
        watchfiles = await asyncio.to_thread(__import__, "watchfiles")
        places = await asyncio.to_thread(self.deck.watched, root)
        try:
            async for changes in watchfiles.awatch(*places, recursive=False, stop_event=stop, debounce=400, step=200):
                scanned = self.session.scanned
                seen_at = scanned.profile.analyzed_at.timestamp() if scanned else 0.0
                names = await asyncio.to_thread(changed_since, [Path(path) for _, path in changes], seen_at)
                if names and not stop.is_set():
                    self._changed = tuple(sorted(names))
                    await asyncio.sleep(max(0.0, self._looked_at + self._pause_s - time.monotonic()))
                    self._looked_at = time.monotonic()
                    self.do_rescan()
        except OSError as error:  # no inotify watch left, or the directory went away
            self.query_one("#note", Note).show(
                (("Changes of files are not noticed here", "warn"), (f": {error.strerror or error}. r rescans.", ""))
            )


def changed_since(paths: list[Path], seen_at: float) -> set[str]:
    """Names of files that changed after the scan looked (epoch seconds), or are gone; not our own temporary files."""
    names = set()
    for path in paths:
        if path.name.startswith(".deploydeck-"):
            continue
        try:
            if path.lstat().st_mtime <= seen_at:
                continue  # the scan has seen this already: a change of our own, reported late
        except OSError:
            pass  # gone or unreadable: that is a change
        names.add(path.name)
    return names
