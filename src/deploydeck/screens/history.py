"""7 History: what was deployed, how it went, what differs between two releases, and back to an earlier one."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult

from deploydeck.domain import DeployDeckError, Release
from deploydeck.screens.base import DeckScreen, screen_bindings
from deploydeck.screens.deploy_starts import confirm_and_start
from deploydeck.screens.history_rows import Past, comparison_lines, details, rows
from deploydeck.widgets.row_list import Column, RowList
from deploydeck.widgets.text import hints, visible
from deploydeck.widgets.text_pane import TextPane


class HistoryScreen(DeckScreen):
    SCOPE = "history"
    CSS_PATH = "history.tcss"
    HELP_TEXT = (
        "Every deployment of this project, never overwritten. d on one release and d on another shows what differs; R rolls back."
    )
    BINDINGS = screen_bindings("history")
    TOPICS: ClassVar[frozenset[str]] = frozenset({"deck", "project"})

    def panes(self) -> ComposeResult:
        yield RowList(
            Column(width=8), Column(width=20), Column(width=5, drop=1), Column(width=11), Column(width=6, drop=2),
            Column(width=11, drop=5), Column(width=8, drop=3), Column(flex=1, drop=4),
            id="past", classes="pane", pane_title="Releases",
            pane_help="One row a deployment: release, result, live, age, duration, health, target, who. ◆ is marked for comparing.",
        )  # fmt: skip
        yield TextPane(
            id="detail",
            classes="pane",
            pane_title="Details",
            pane_help="Everything recorded of the focused deployment, or what differs.",
        )

    def ready(self) -> None:
        self._past: tuple[Past, ...] | None = None
        self._root: Path | None = None
        self._marked = ""
        self._environment = ""
        self._known = True
        self.query_one("#past", RowList).focus()

    def entered(self) -> None:
        if self.session.deck is not None and self.session.root is not None and not self.works_on("history"):
            self.do_reload()

    def conditions(self) -> set[str]:
        held = super().conditions()
        if self._focused() is not None:
            held |= {"row", "release"}
        return held

    def draw(self) -> None:
        session = self.session
        past = self.query_one("#past", RowList)
        if self._root != session.root:
            self._past, self._root, self._marked, self._environment = None, session.root, "", ""
            if session.deck is not None and session.root is not None and not self.works_on("history"):
                self.do_reload()
        if session.root is None:
            past.show((), empty=hints("No project is open.", "1 then o opens a directory."))
        elif self._past is None:
            past.show((), empty=hints("Reading the history…"))
        else:
            shown = [one for one in self._past if self._environment in ("", one.deployment.environment)]
            nothing = (
                f"Nothing was deployed to {visible(self._environment)} yet."
                if self._environment
                else "Nothing was deployed here yet."
            )
            past.show(rows(shown, {self._marked}, datetime.now(UTC)), empty=hints(nothing, "4 deploys."))
        self._detail()

    def _focused(self) -> Past | None:
        key = self.query_one("#past", RowList).key
        return next((one for one in self._past or () if one.deployment.id == key), None)

    def _detail(self) -> None:
        one = self._focused()
        pane = self.query_one("#detail", TextPane)
        pane.empty = hints("Details of the focused deployment appear here.")
        pane.show(details(one) if one else ())

    def on_row_list_focused(self, _event: RowList.Focused) -> None:
        self._detail()
        self.offer_keys()

    def do_reload(self) -> None:
        self.work("Reading the history…", self._reload, group="history", retry="history.reload")

    async def _reload(self) -> None:
        root = self.session.root
        assert root is not None
        try:
            project = await self.deck.project_at(root)
        except DeployDeckError:
            self._past = ()
            self.draw()
            return
        live = {one.deployment.id for one in await self.deck.live_releases(project)}
        store = self.deck.store.deployments
        releases: dict[str, Release] = {release.id: release for release in await store.releases(project.id)}
        deployments = await store.list(project_id=project.id, limit=500)
        self._past = tuple(Past(one, releases[one.release_id], one.id in live) for one in deployments if one.release_id in releases)
        self.draw()
        self.offer_keys()

    # --- actions --------------------------------------------------------------------------------------------------------------

    def do_details(self) -> None:
        self.add_class("-reading")
        self.focus_pane(self.query_one("#detail", TextPane))

    def leave(self) -> None:
        self.remove_class("-reading")
        if self._marked:
            self._marked = ""
            self.draw()
        self.query_one("#past", RowList).focus()

    def do_mark(self) -> None:
        one = self._focused()
        assert one is not None
        if not self._marked or self._marked == one.release.id:
            self._marked = "" if self._marked else one.release.id
            self.draw()
            if self._marked:
                self.say(f"{one.release.label} is marked: d on another release shows what differs.")
            return
        self.work("Comparing…", partial(self._compare, self._marked, one.release.id), group="compare")

    async def _compare(self, marked: str, other: str) -> None:
        assert self.session.root is not None
        project = await self.deck.project_at(self.session.root)
        number = {one.release.id: one.release.number for one in self._past or ()}
        older, newer = sorted((marked, other), key=lambda release: number.get(release, 0))
        comparison = await self.deck.compare(project, older, newer)
        self._marked = ""
        self.draw()
        pane = self.query_one("#detail", TextPane)
        pane.show(comparison_lines(comparison))
        self.add_class("-reading")
        self.focus_pane(pane)

    def do_rollback(self) -> None:
        one = self._focused()
        assert one is not None
        if self.session.running:
            self.say("A deployment runs: 4 shows it.", warning=True)
            return
        self.work(f"Planning the rollback to {one.release.label}…", partial(self._rollback, one), group="rollback")

    async def _rollback(self, one: Past) -> None:
        assert self.session.root is not None
        release = one.release
        prepared = await self.deck.prepare_rollback(self.session.root, release.environment, release.target, to=release.label)
        confirm_and_start(self, prepared)

    def do_promote(self) -> None:
        one = self._focused()
        assert one is not None
        if self.session.running:
            self.say("A deployment runs: 4 shows it.", warning=True)
            return
        self.work("Planning the promotion…", partial(self._promote, one), group="rollback")

    async def _promote(self, one: Past) -> None:
        assert self.session.root is not None
        release = one.release
        prepared = await self.deck.prepare_promotion(self.session.root, release.environment, target=release.target)
        confirm_and_start(self, prepared)

    def do_down(self) -> None:
        one = self._focused()
        assert one is not None
        if self.session.running:
            self.say("A deployment runs: 4 shows it.", warning=True)
            return
        self.work("Looking at what would be removed…", partial(self._down, one), group="rollback")

    async def _down(self, one: Past) -> None:
        assert self.session.root is not None
        confirm_and_start(self, await self.deck.prepare_removal(self.session.root, one.release.environment, one.release.target))

    async def do_logs(self) -> None:
        one = self._focused()
        assert one is not None
        self.session.logs_of = one.deployment.id
        await self.deck_app.go("logs")

    def do_environment(self) -> None:
        from deploydeck.screens.modals.choose import Choice, ChooseModal

        names = dict.fromkeys(one.deployment.environment for one in self._past or ())
        choices = [Choice("*", "all environments"), *(Choice(name, name) for name in names)]

        def chosen(value: str | None) -> None:
            if value:
                self._environment = "" if value == "*" else value
                self.draw()

        self.app.push_screen(ChooseModal("Environment", choices, current=self._environment or "*"), chosen)
