"""4 Deploy: where to, what will happen, and then every step as it happens. The deployment itself runs in the worker."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.timer import Timer

from deploydeck.domain import Deployment, DeploymentState, EventKind, Step, StepState
from deploydeck.screens.base import DeckScreen, screen_bindings
from deploydeck.screens.deploy_rows import headline, plan_lines, progress, step_lines, step_rows
from deploydeck.screens.deploy_starts import confirm_and_start, confirm_approval, environment_choices, open_address, target_choices
from deploydeck.screens.tailing import Tail
from deploydeck.widgets.log_view import LogView
from deploydeck.widgets.note import Note
from deploydeck.widgets.row_list import Column, RowList
from deploydeck.widgets.text import hints, visible
from deploydeck.widgets.text_pane import TextPane

SSH_UPDATES_PER_S = 4.0


class DeployScreen(DeckScreen):
    SCOPE = "deploy"
    CSS_PATH = "deploy.tcss"
    HELP_TEXT = "Choose environment and target, read the plan, start it. Leaving this screen or the program stops nothing."
    BINDINGS = screen_bindings("deploy")
    TOPICS: ClassVar[frozenset[str]] = frozenset({"deck", "project", "choice", "deployment", "scan"})

    def panes(self) -> ComposeResult:
        yield Note(id="note")
        yield TextPane(
            id="plan",
            classes="pane",
            pane_title="Plan",
            pane_help="What would be created, replaced and stopped, and every step with its command.",
        )
        with Container(classes="split"):
            yield from self._split()

    def _split(self) -> ComposeResult:
        with Container(classes="left"):
            yield RowList(
                Column(width=12), Column(flex=1), Column(width=7), Column(width=13, drop=1),
                id="steps", classes="pane", pane_title="Steps",
                pane_help="One row a step: state, time so far, and what is left where earlier runs tell. Its log stands below.",
            )  # fmt: skip
            yield TextPane(
                id="step", pane_title="Step", pane_help="The exact command of the focused step, and why it failed if it did."
            )
        yield LogView(id="output", classes="pane")

    def ready(self) -> None:
        self._steps: tuple[Step, ...] = ()
        self._release = ""
        self._expected: dict[str, float] = {}
        self._working: dict[str, str] = {}
        self._following = ""
        self._tail: Tail | None = None
        self._ticker: Timer | None = None
        self._focus_by_hand = False
        self._placed = ""
        self.query_one("#plan", TextPane).focus()

    def entered(self) -> None:
        self.draw()

    def conditions(self) -> set[str]:
        held = super().conditions()
        session = self.session
        if session.running:
            held.add("running")
            if session.deployment is not None and session.deployment.state is DeploymentState.AWAITING_APPROVAL:
                held.add("awaiting")
        elif session.deployment is not None:
            held.add("startable")  # what has ended can be followed by the next plan
        elif session.prepared is not None:
            held |= {"plan", "startable"}
        if self._url():
            held.add("url")
        return held

    def _url(self) -> str:
        deployment, prepared = self.session.deployment, self.session.prepared
        if deployment is not None:
            return deployment.application_url or ""
        return prepared.plan.url if prepared is not None and prepared.plan.previous_release else ""

    # --- what is shown --------------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        session = self.session
        running = session.deployment is not None
        self.set_class(running, "-following")
        plan, note = self.query_one("#plan", TextPane), self.query_one("#note", Note)
        if session.root is None:
            plan.empty = hints("No project is open.", "1 then o opens a directory.")
            plan.show(())
            plan.changed()
            note.show(())
        elif session.deployment is not None:
            self._draw_steps(session.deployment)
            if self._following != session.deployment.id:
                self._follow(session.deployment)
        elif session.prepared is not None:
            plan.show(plan_lines(session.prepared, self._expected))
            typed = self.deck.name_to_type(session.prepared)
            gate = f" · {visible(typed)} asks for its name" if typed else ""
            note.show(
                (
                    ("enter", "accent"),
                    (" starts it · ", ""),
                    ("e", "accent"),
                    (" environment · ", ""),
                    ("t", "accent"),
                    (f" target{gate}", ""),
                )
            )
        else:
            plan.empty = hints("Planning the deployment…")
            plan.show(())
            plan.changed()
            note.show(())
            if session.deck is not None and self.is_current and not self.works_on("plan"):
                self.do_replan()

    def _draw_steps(self, deployment: Deployment) -> None:
        now = datetime.now(UTC)
        steps = self.query_one("#steps", RowList)
        self.query_one("#note", Note).show(headline(deployment, self._release, now))
        waits = deployment.state is DeploymentState.AWAITING_APPROVAL
        empty = (
            hints("Somebody has to agree first.", "a agrees, x takes it away.")
            if waits
            else hints("Waiting for the worker to begin…")
        )
        steps.show(step_rows(self._steps, now), empty=empty)
        current = self._current()
        if current is not None and not self._focus_by_hand:
            steps.move_to_key(current.name)
        if not self._focus_by_hand:
            self._placed = steps.key
        self._draw_step(deployment)

    def _current(self) -> Step | None:
        """The step to look at: the one that failed or runs."""
        return next((step for step in self._steps if step.state in (StepState.RUNNING, StepState.FAILED)), None)

    def _draw_step(self, deployment: Deployment) -> None:
        key = self.query_one("#steps", RowList).key
        step = next((one for one in self._steps if one.name == key), None)
        pane = self.query_one("#step", TextPane)
        lines = step_lines(step, deployment, self._working.get(key, ""))
        pane.show(lines, keep_place=True)
        if self._tail is not None:
            whole = deployment.state.succeeded and not self._focus_by_hand
            self._tail.window(None if whole else step)

    def on_row_list_focused(self, event: RowList.Focused) -> None:
        if self.session.deployment is not None:
            current = self._current()
            self._focus_by_hand = event.key not in (self._placed, current.name if current else "")
            self._draw_step(self.session.deployment)

    # --- planning -------------------------------------------------------------------------------------------------------------

    def do_replan(self) -> None:
        if self.session.running:
            self.say("A deployment runs here; x asks what to do with it.", warning=True)
            return
        self.work("Planning the deployment…", self._plan, group="plan", retry="deploy.replan")

    async def _plan(self) -> None:
        session = self.session
        root = session.root
        assert root is not None
        plan = self.query_one("#plan", TextPane)
        try:
            if self._following == "" and await self._reattach():
                return
            prepared = await self.deck.prepare(root, session.environment, session.target)
            self._expected = await self.deck.engine.expected_s(prepared.config)
        except Exception:
            plan.empty = hints("There is no plan; the reason stands above.", "", "r plans again, 2 shows the scan, 3 the files.")
            plan.changed()
            raise
        if session.root != root or session.running:  # another project, or the last plan was started meanwhile
            return
        session.scanned = prepared.scanned
        session.deployment = None
        self._following = ""
        session.set_prepared(prepared)

    async def _reattach(self) -> bool:
        """Follow a deployment of this project that has not ended."""
        scanned = self.session.scanned
        if scanned is None:
            assert self.session.root is not None
            scanned = await self.deck.scan(self.session.root)
            self.session.set_scanned(scanned)
        for deployment in reversed(await self.deck.store.deployments.unfinished()):
            if deployment.project_id == scanned.project.id:
                self.session.set_deployment(deployment)
                return True
        return False

    def do_environment(self) -> None:
        self._choose("Environment", environment_choices(self.session), self.session.environment_name, "environment")

    def do_target(self) -> None:
        self._choose("Target", target_choices(self.session), self.session.target_name, "target")

    def _choose(self, title: str, choices: list, current: str, field: str) -> None:  # type: ignore[type-arg]
        from deploydeck.screens.modals.choose import ChooseModal

        if self.session.running:
            self.say("A deployment runs here; x asks what to do with it.", warning=True)
            return

        def chosen(value: str | None) -> None:
            if value:
                self.session.deployment = None
                self._following = ""
                self.session.choose(**{field: value})

        self.app.push_screen(ChooseModal(title, choices, current=current), chosen)

    # --- running --------------------------------------------------------------------------------------------------------------

    def do_start(self) -> None:
        prepared = self.session.prepared
        if self.session.deployment is not None:
            self.do_replan()  # what has ended is on the screen: show what the next one would do first
        elif prepared is not None:
            confirm_and_start(self, prepared)

    def _follow(self, deployment: Deployment) -> None:
        self._following = deployment.id
        self._steps, self._working, self._focus_by_hand, self._release = (), {}, False, ""
        output = self.query_one("#output", LogView)
        output.clear()
        output.sources = True
        output.say_empty("Waiting for the first line of this step…")
        self._tail = Tail(output)
        self.query_one("#steps", RowList).focus()
        job = partial(self._events, deployment.id)
        self.work("Following the deployment…", job, group="follow", retry="deploy.replan", quiet=True)

    async def _events(self, deployment_id: str) -> None:
        """Every event wakes the drawing; the store says what is true. At most so many drawings a second."""
        deck, tail = self.deck, self._tail
        assert tail is not None
        wake = asyncio.Event()
        reader = asyncio.create_task(self._read_events(deployment_id, wake))
        logs = asyncio.create_task(tail.deployment(deck, deployment_id, reader))
        self._ticker = self.set_interval(1.0, self._tick)
        pause_s = 1 / self._updates_per_second()
        try:
            while True:
                ended = reader.done()
                wake.clear()  # before reading: what happens meanwhile must wake us again
                await self._refresh(deployment_id)
                if ended:
                    break
                with suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), 5)
                await asyncio.sleep(pause_s)
            await reader
            await logs
        finally:
            self._ticker.stop()
            for task in (reader, logs):
                task.cancel()
            self.deck_app.refresh_worker()

    async def _read_events(self, deployment_id: str, wake: asyncio.Event) -> None:
        try:
            async for event in self.deck.follow(deployment_id):
                if event.kind is EventKind.PROGRESS and event.step:
                    data = event.data
                    if isinstance(data.get("total"), (int, float)):
                        text = progress("", float(data.get("done", 0)), float(data["total"]), str(data.get("unit", "")))
                        self._working[event.step] = text
                wake.set()
        finally:
            wake.set()

    async def _refresh(self, deployment_id: str) -> None:
        store = self.deck.store.deployments
        deployment = await store.get(deployment_id)
        self._steps = await store.steps(deployment_id)
        if not self._release:
            self._release = (await store.release(deployment.release_id)).label
        if self._following == deployment_id:  # the next plan may already be on the screen
            self.session.set_deployment(deployment)

    def _tick(self) -> None:
        """The elapsed time of the running step: once a second, and only while this screen is in front."""
        deployment = self.session.deployment
        if deployment is not None and not deployment.state.terminal and self.is_current:
            self._draw_steps(deployment)

    def _updates_per_second(self) -> float:
        wanted = self.deck.user_settings.ui.updates_per_second
        return min(wanted, SSH_UPDATES_PER_S) if os.environ.get("SSH_CONNECTION") else wanted

    def do_approve(self) -> None:
        if self.session.deployment is not None:
            confirm_approval(self, self.session.deployment)

    async def do_stop(self) -> None:
        await self.deck_app.ask_interrupt()

    # --- the address ----------------------------------------------------------------------------------------------------------

    async def do_copy_url(self) -> None:
        await self.copy(self._url())

    async def do_open(self) -> None:
        self.say(open_address(self.app, self._url()))
