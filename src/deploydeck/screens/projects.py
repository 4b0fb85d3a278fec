"""1 Projects: what was opened lately, what its last deployment did, and what is live anywhere."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult

from deploydeck.screens.background import start
from deploydeck.screens.base import DeckScreen, screen_bindings
from deploydeck.widgets.row_list import Column, Row, RowList
from deploydeck.widgets.states import look
from deploydeck.widgets.text import Line, Span, age, hints, visible
from deploydeck.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from deploydeck.deck import Deck, LiveRelease
    from deploydeck.domain import Deployment, HealthStatus
    from deploydeck.store import Project

MOST_PROJECTS = 50


@dataclass(frozen=True)
class Live:
    """A release that should be live, and what was answered when it was asked; None before."""

    live: LiveRelease
    health: HealthStatus | None = None

    @property
    def look(self) -> Span:
        return look(self.health.health) if self.health else ("… asking", "dim")


@dataclass(frozen=True)
class Entry:
    """A project with its newest deployment and everything that should be live."""

    project: Project
    last: Deployment | None
    live: tuple[Live, ...]


class ProjectsScreen(DeckScreen):
    SCOPE = "projects"
    CSS_PATH = "projects.tcss"
    HELP_TEXT = "Projects you opened, newest first, and every deployment that should be live. Open one, or another directory."
    BINDINGS = screen_bindings("projects")
    TOPICS: ClassVar[frozenset[str]] = frozenset({"deck", "project", "deployment"})

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[Entry, ...] | None = None

    def panes(self) -> ComposeResult:
        yield RowList(
            Column(flex=3), Column(width=20), Column(width=12, drop=1), Column(width=11, drop=2),
            id="projects", classes="pane", pane_title="Projects",
            pane_help="One row a project: name, last deployment, where, when. Below: what should be live, asked of its target.",
        )  # fmt: skip
        yield TextPane(
            id="detail", classes="pane", pane_title="Details", pane_help="The focused project: path, addresses, releases."
        )

    def ready(self) -> None:
        self.query_one("#projects", RowList).focus()

    def entered(self) -> None:
        if self.session.deck is not None and not self.works_on("projects"):
            self.do_reload()

    def conditions(self) -> set[str]:
        held = super().conditions()
        if self.query_one("#projects", RowList).key:
            held.add("row")
        return held

    def draw(self) -> None:
        if self.session.deck is not None and self._entries is None and not self.works_on("projects"):
            self.do_reload()
        rows = self.query_one("#projects", RowList)
        if self._entries is None:
            rows.show((), empty=hints("Reading your projects…"))
        elif not self._entries:
            rows.show((), empty=hints("No project was opened yet.", "", "o opens a directory."))
        else:
            rows.show(self._rows(self._entries))
        self._detail()

    def on_row_list_focused(self, _event: RowList.Focused) -> None:
        self._detail()
        self.offer_keys()

    def do_reload(self) -> None:
        self.work("Reading your projects…", self._reload, group="projects", retry="projects.reload")

    async def _reload(self) -> None:
        entries = await read_entries(self.deck)
        self._entries = entries
        self.draw()
        self._entries = await with_health(self.deck, entries)
        self.draw()

    async def do_choose(self) -> None:
        entry = self._focused()
        if entry is not None:
            root = Path(entry.project.root)
            if not root.is_dir():
                self.say(f"{root} is not there any more. Its history is kept.", warning=True)
                return
            await self.deck_app.open_project(root)

    def do_open(self) -> None:
        from deploydeck.screens.modals.ask import AskModal

        def chosen(text: str | None) -> None:
            if text:
                start(self, partial(self.deck_app.open_project, Path(text).expanduser().absolute()), "open")

        beside = f"{(self.session.root or Path.cwd()).parent}/"
        lines: list[Line] = [(("The directory of a project of yours. Nothing in it is run or changed by looking.", ""),)]
        self.app.push_screen(AskModal("Open a directory", lines, value=beside, check=directory_problem, directories=True), chosen)

    def _focused(self) -> Entry | None:
        key = self.query_one("#projects", RowList).key.partition("/")[0]
        return next((entry for entry in self._entries or () if entry.project.id == key), None)

    def _rows(self, entries: tuple[Entry, ...]) -> list[Row]:
        now = datetime.now(UTC)
        rows = [Row("recent", ((" Recent projects", "title"),), heading=True)]
        for entry in entries:
            last = entry.last
            rows.append(
                Row(
                    entry.project.id,
                    (
                        visible(entry.project.name),
                        look(last.state) if last else ("○ never deployed", "dim"),
                        visible(f"{last.environment}") if last else "",
                        (age((now - (last.completed_at or last.created_at)).total_seconds()) if last else "", "dim"),
                    ),
                )
            )
        live = [(entry, one) for entry in entries for one in entry.live]
        if live:
            rows += [Row("gap", (("", ""),), heading=True), Row("live", ((" Live deployments", "title"),), heading=True)]
        for entry, one in live:
            release = one.live.release
            name = visible(f"{entry.project.name} {release.label}")
            rows.append(
                Row(f"{entry.project.id}/{release.id}", (name, one.look, visible(release.environment), visible(release.target)))
            )
        return rows

    def _detail(self) -> None:
        entry = self._focused()
        pane = self.query_one("#detail", TextPane)
        if entry is None:
            pane.empty = hints("Open a project to see what it is." if self._entries is not None else "")
            pane.show(())
            return
        lines: list[Line] = [((visible(entry.project.name), "title"),), ((visible(entry.project.root), "dim"),), ()]
        for one in entry.live:
            release = one.live.release
            lines += [
                ((f"{release.label} ", "strong"), (visible(f"{release.environment} on {release.target}"), "")),
                (("  ", ""), (visible(one.live.deployment.application_url or "no address"), "accent")),
                (("  ", ""), one.look, (visible(f"  {one.health.reason}") if one.health else "", "dim")),
            ]
        if not entry.live:
            lines.append((("Nothing of it is live.", "dim"),))
        if entry.last is not None and entry.last.cause is not None:
            cause = entry.last.cause
            lines += [
                (),
                (("Last deployment: ", "dim"), look(entry.last.state)),
                ((visible(cause.what), ""),),
                ((visible(cause.why), "dim"),),
            ]
        pane.show(lines, keep_place=True)


def directory_problem(text: str) -> str:
    """What is wrong with a typed directory; empty when nothing is."""
    try:
        path = Path(text).expanduser()
        if not text.strip():
            return "Type the path of a directory."
        if not path.exists():
            return "There is no such directory."
        if not path.is_dir():
            return "That is a file; a directory is needed."
    except (OSError, RuntimeError, ValueError) as error:
        return str(error)
    return ""


async def read_entries(deck: Deck) -> tuple[Entry, ...]:
    """Projects, newest first, with what should be live of each."""
    live = await deck.live_releases()
    entries = []
    for project in (await deck.store.projects.all())[:MOST_PROJECTS]:
        newest = await deck.store.deployments.list(project_id=project.id, limit=1)
        own = tuple(Live(one) for one in live if one.project.id == project.id)
        entries.append(Entry(project, newest[0] if newest else None, own))
    return tuple(entries)


async def with_health(deck: Deck, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The same with what each target and health path answers now; what cannot be asked is unknown, with the reason."""

    async def ask(one: Live) -> Live:
        return replace(one, health=await deck.health_now(one.live))

    answers = [await asyncio.gather(*(ask(one) for one in entry.live)) for entry in entries]
    return tuple(replace(entry, live=tuple(live)) for entry, live in zip(entries, answers, strict=True))
