"""Any fault in any step: the invariants of facts/deploying.md 5.6.1 hold whatever goes wrong, one fault or several."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploydeck.deploy.service import Service
from deploydeck.domain import EXIT_CODES, DeploymentState, EventKind, Phase, StepPlan
from deploydeck.settings import Paths
from deploydeck.targets import StepContext
from deploydeck.targets.fake import STEPS
from tests.clock import PATIENCE_S
from tests.deploy.bench import SENTINEL, Bench, opened

ACTED = tuple(step.name for step in STEPS if not step.gate)
FAULTS = (
    "before",
    "after",
    "transient",
    "transient-after",
    "slow",
    "unknown",
    "unknown-for-good",
    "partial",
    "partial-for-good",
    "expired",
    "crash",
    "undo",
    "sick",
    "transient-for-good",
)
_BEFORE_SWITCH = tuple(step.name for step in STEPS if tuple(Phase).index(step.phase) < tuple(Phase).index(Phase.SWITCH))


class Watched:
    """A bench whose worker stays, and which notices when the old release stops serving too early."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.serving: str | None = None
        self.violations: list[str] = []
        target = bench.deck.target("fake")
        plain = target.act

        async def act(step: StepPlan, context: StepContext) -> dict[str, Any]:
            result = await plain(step, context)
            if step.name in _BEFORE_SWITCH and self.bench.release_live() != self.serving:
                self.violations.append(f"after {step.name} {self.bench.release_live()} serves, not {self.serving}")
            return result

        target.act = act  # type: ignore[method-assign]

    async def deploy_with(self, faults: list[tuple[str, str]]) -> DeploymentState:
        """One deployment with these faults; every invariant is checked."""
        bench, store = self.bench, self.bench.deck.store.deployments
        with bench.world.change() as world:
            world["faults"], world["unhealthy"] = {}, []
        self.serving, self.violations = bench.release_live(), []
        before = set(bench.world.read()["copies"])
        for step, fault in faults:
            bench.world.fault(step, fault)
        deployment = await bench.queue()
        async with asyncio.timeout(PATIENCE_S):
            events = await bench.events(deployment.id)
        result = await bench.deck.engine.result(deployment.id)
        ended = await store.get(deployment.id)
        assert self.violations == []
        assert result.status.terminal
        assert result.exit_code == EXIT_CODES[result.status]
        assert events[-1].kind is EventKind.RESULT
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert all(SENTINEL not in event.model_dump_json() for event in events)
        live = bench.release_live()
        if result.status.succeeded:
            assert live == deployment.release_id
        elif result.status is DeploymentState.ROLLBACK_FAILED:
            assert ended.passed_no_return
            assert any(resource.name in text for resource in await store.resources(deployment.id) for text in ended.cause.evidence)  # type: ignore[union-attr]
        else:
            assert live == self.serving
            assert result.cause is not None
        if not ended.passed_no_return:
            assert live == self.serving
            assert result.status is DeploymentState.FAILED_UNCHANGED
        copies = bench.world.read()["copies"]
        known = {resource.external_id for resource in await store.resources(deployment.id)}
        assert set(copies) - before <= known, "a copy nobody wrote down"
        if not result.warnings and result.status is not DeploymentState.ROLLBACK_FAILED:
            assert [name for name in set(copies) - before if name.endswith("-trial")] == []
        for step in ("build", "start-trial", "switch", "settle"):
            assert bench.world.count(deployment.id, step) <= 1
        assert bench.deck.secrets.take(deployment.id) is None
        return result.status


@pytest.fixture
async def watched(paths: Paths, tmp_path: Path) -> AsyncIterator[Watched]:
    async with opened(paths, tmp_path / "project") as bench:
        made = Watched(bench)
        tools = bench.tools()
        running = asyncio.create_task(Service(tools, idle_exit_s=3600.0).run())
        assert (await made.deploy_with([])) is DeploymentState.SUCCEEDED
        yield made
        tools.stopping.set()
        await asyncio.wait_for(running, PATIENCE_S)


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_every_fault_in_every_step(watched: Watched) -> None:
    endings = {pair: await watched.deploy_with([pair]) for pair in itertools.product(ACTED, FAULTS)}
    assert set(endings.values()) == {
        DeploymentState.SUCCEEDED,
        DeploymentState.SUCCEEDED_WITH_WARNINGS,
        DeploymentState.FAILED_UNCHANGED,
        DeploymentState.ROLLED_BACK,
    }
    harmless = {fault for fault in FAULTS if all(endings[step, fault] is DeploymentState.SUCCEEDED for step in ACTED)}
    assert {"transient", "transient-after", "slow", "unknown", "undo"} <= harmless
    for step in _BEFORE_SWITCH:
        if step in ACTED:
            assert endings[step, "before"] is DeploymentState.FAILED_UNCHANGED
    assert endings["switch", "before"] is DeploymentState.ROLLED_BACK
    assert endings["settle", "before"] is DeploymentState.SUCCEEDED_WITH_WARNINGS


@pytest.mark.slow
@pytest.mark.timeout(400)
@settings(max_examples=40)
@given(faults=st.lists(st.tuples(st.sampled_from(ACTED), st.sampled_from(FAULTS)), min_size=2, max_size=5))
async def test_several_faults_at_once(watched: Watched, faults: list[tuple[str, str]]) -> None:
    await watched.deploy_with(faults)
    if watched.bench.release_live() is None or watched.bench.release_live() != watched.serving:
        await watched.deploy_with([])
