"""What the deployment tests share: a deck over the fake target, a project, a prober that asks the pretend world."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploydeck.deck import Deck
from deploydeck.deploy.service import Service
from deploydeck.deploy.tools import Prober, Timing, Tools
from deploydeck.domain import (
    Deployment,
    DeploymentConfig,
    DeploymentKind,
    DeploymentResult,
    Event,
    HealthSpec,
    Kind,
    Probe,
    Recipe,
    Release,
    new_id,
    utc_now,
)
from deploydeck.settings import Paths, Settings
from deploydeck.targets import Endpoint
from deploydeck.targets.fake import WORLD_FILE, FakeTarget, World
from deploydeck.vault import ResolvedVariables
from deploydeck.worker import run_foreground

SENTINEL = "s3nt1nel-Zq8-value"
FAST = Timing(
    cancel_poll_s=0.02,
    retry_base_s=0.01,
    retry_cap_s=0.02,
    observe_again_s=0.02,
    unknown_s=0.1,
    pause_s=0.6,
    grace_s=2.0,
    beat_s=0.2,
    unreachable_s=0.2,
    lock_poll_s=0.03,
    pump_s=0.02,
    keep_cap_s=0.3,
)
HEALTH = HealthSpec(interval_s=0.02, timeout_s=1.0, deadline_s=0.3, stable_s=0.05)


def make_config(project_id: str, **changes: Any) -> DeploymentConfig:
    content: dict[str, Any] = {
        "id": new_id("cfg"),
        "project_id": project_id,
        "app": "shop",
        "root": "/srv/shop",
        "environment": "development",
        "target": "fake",
        "recipe": Recipe(kind=Kind.SERVER, language="python", version="3.13", manager="pip"),
        "port": 8000,
        "published_port": 18000,
        "health": HEALTH,
        "created_at": utc_now(),
    }
    return DeploymentConfig(**(content | changes))


VARIABLES = ResolvedVariables(
    {"API_KEY": SENTINEL, "MODE": "test"}, (("API_KEY", "aaaaaaaaaaaa"), ("MODE", "bbbbbbbbbbbb")), frozenset({"API_KEY"})
)


def asking(paths: Paths) -> Prober:
    """A prober that asks the pretend world itself instead of a socket."""

    async def probe(endpoint: Endpoint, spec: HealthSpec) -> Probe:
        status = World(paths.data / WORLD_FILE).answer(endpoint.url.rsplit("/", 1)[-1])
        ok = status is not None and spec.success_min <= status <= spec.success_max
        error = "" if status is not None else "nothing accepts connections there"
        return Probe(at=utc_now(), url=endpoint.url, status=status, elapsed_s=0.001, error=error, ok=ok)

    return probe


@dataclass
class Bench:
    """A deck whose only target is the fake one, with one project."""

    deck: Deck
    world: World
    project_id: str

    @property
    def probe(self) -> Prober:
        return asking(self.deck.paths)

    async def queue(
        self,
        *,
        resolved: ResolvedVariables = VARIABLES,
        to: Release | None = None,
        needs_approval: bool = False,
        latest: bool = False,
        **changes: Any,
    ) -> Deployment:
        """Plan and queue one deployment of the project, or a rollback to a release."""
        engine = self.deck.engine
        if to is not None:
            config = await self.deck.store.projects.config(to.config_id)
        else:
            config = make_config(self.project_id, **changes)
        source = to.source_hash if to else new_id("src")
        plan = await engine.plan(config, source_hash=source, resolved=resolved, rollback_to=to)
        kind = DeploymentKind.ROLLBACK if to else DeploymentKind.DEPLOY
        more: dict[str, Any] = {"needs_approval": needs_approval, "latest": latest}
        return await engine.queue(config, plan, resolved, source_hash=source, kind=kind, rollback_to=to, **more)

    async def run(self, deployment: Deployment, timing: Timing = FAST, prober: Prober | None = None) -> DeploymentResult:
        return await run_foreground(deployment.id, self.deck, prober=prober or self.probe, timing=timing)

    async def deploy(self, timing: Timing = FAST, **changes: Any) -> DeploymentResult:
        return await self.run(await self.queue(**changes), timing)

    async def events(self, deployment_id: str) -> list[Event]:
        return [event async for event in self.deck.engine.follow(deployment_id)]

    def tools(self, timing: Timing = FAST) -> Tools:
        deck = self.deck
        return Tools(
            store=deck.store,
            paths=deck.paths,
            settings=deck.user_settings,
            open_target=deck.target,
            secrets=deck.secrets,
            logs=deck.logs,
            prober=self.probe,
            timing=timing,
        )

    def service(self, timing: Timing = FAST, idle_exit_s: float = 0.0) -> Service:
        return Service(self.tools(timing), idle_exit_s=idle_exit_s)

    def release_live(self) -> str | None:
        """The id of the release that people reach in the world."""
        world = self.world.read()
        copy = world["copies"].get(world["live"])
        return str(copy["release"]) if copy and copy["running"] else None


@asynccontextmanager
async def opened(paths: Paths, root: Path) -> AsyncIterator[Bench]:
    """A bench on a fresh store below `paths`."""
    deck = await Deck.open(paths)
    target = FakeTarget(Settings.model_validate({}), paths)
    deck._targets["fake"] = target
    project = await deck.store.projects.open(str(root), "shop")
    try:
        yield Bench(deck, target.world, project.id)
    finally:
        await deck.close()
