"""Hooks: in their place among the steps, once, before anything serves or after everything is live."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from deploydeck.deploy.hooks import with_hooks
from deploydeck.domain import DeploymentKind, DeploymentState, EventKind, Hooks, StepState
from deploydeck.targets.fake import STEPS
from tests.clock import PATIENCE_S
from tests.deploy.bench import Bench, make_config
from tests.deploy.test_cancel import reached

HOOKS = Hooks(pre_deploy=(("check", "me"),), release=(("migrate",), ("seed", "it's")), post_deploy=(("warm",),))
ALL = ["hook-pre-1", "hook-release-1", "hook-release-2", "hook-post-1"]


def ran(bench: Bench, deployment_id: str) -> list[str]:
    effects: list[Any] = bench.world.read()["effects"]
    return [step for one, step, effect in effects if one == deployment_id and effect == "act"]


def test_they_stand_where_their_phase_is() -> None:
    names = [step.name for step in with_hooks(STEPS, make_config("prj-1", hooks=HOOKS), DeploymentKind.DEPLOY)]
    assert names.index("build") < names.index("hook-pre-1") < names.index("hook-release-1") < names.index("hook-release-2")
    assert names.index("hook-release-2") < names.index("start-trial") < names.index("switch")
    assert names.index("observe") < names.index("hook-post-1") < names.index("prune")
    assert [step.name for step in with_hooks(STEPS, make_config("prj-1", hooks=HOOKS), DeploymentKind.ROLLBACK)] == [
        step.name for step in STEPS
    ]
    titles = [step.title for step in with_hooks(STEPS, make_config("prj-1", hooks=HOOKS), DeploymentKind.DEPLOY)]
    assert "For the release: seed 'it'\"'\"'s'" in titles


async def test_each_runs_once_in_order(bench: Bench) -> None:
    deployment = await bench.queue(hooks=HOOKS)
    assert deployment.plan is not None and [one.name for one in deployment.plan.steps if one.name in ALL] == ALL
    assert (await bench.run(deployment)).status is DeploymentState.SUCCEEDED
    assert [step for step in ran(bench, deployment.id) if step in ALL] == ALL


async def test_a_migration_that_fails_changes_nothing_that_serves(bench: Bench) -> None:
    await bench.deploy()
    before = bench.release_live()
    bench.world.fault("hook-release-1", "before")
    deployment = await bench.queue(hooks=HOOKS)
    result = await bench.run(deployment)
    assert (result.status, result.exit_code) == (DeploymentState.FAILED_UNCHANGED, 1)
    assert bench.release_live() == before
    assert "hook-release-2" not in ran(bench, deployment.id)


async def test_what_fails_afterwards_is_a_warning(bench: Bench) -> None:
    bench.world.fault("hook-post-1", "before")
    result = await bench.deploy(hooks=HOOKS)
    assert result.status is DeploymentState.SUCCEEDED_WITH_WARNINGS
    assert any("warm" in warning for warning in result.warnings)


async def test_a_rollback_runs_none(bench: Bench) -> None:
    await bench.deploy(hooks=HOOKS)
    live = await bench.deck.store.deployments.live(bench.project_id, "development", "fake")
    assert live is not None
    await bench.deploy(hooks=HOOKS)
    back = await bench.queue(to=live[1])
    assert (await bench.run(back)).status is DeploymentState.SUCCEEDED
    assert not [step for step in ran(bench, back.id) if step in ALL]


async def test_its_answer_was_lost_and_it_is_not_run_again(bench: Bench) -> None:
    bench.world.fault("hook-release-1", "transient-after")
    deployment = await bench.queue(hooks=HOOKS)
    assert (await bench.run(deployment)).status is DeploymentState.SUCCEEDED
    assert ran(bench, deployment.id).count("hook-release-1") == 1
    assert any(event.kind is EventKind.NOTE and "Trying again" in event.text for event in await bench.events(deployment.id))


@pytest.mark.parametrize("step", ["hook-pre-1", "hook-release-2"])
async def test_it_can_be_canceled(bench: Bench, step: str) -> None:
    bench.world.fault(step, "hang")
    deployment = await bench.queue(hooks=HOOKS)
    running = asyncio.create_task(bench.service().run())
    await reached(bench, deployment, step)
    await bench.deck.engine.cancel(deployment.id)
    await asyncio.wait_for(running, PATIENCE_S)
    assert (await bench.deck.engine.result(deployment.id)).status is DeploymentState.CANCELED
    states = {one.name: one.state for one in await bench.deck.store.deployments.steps(deployment.id)}
    assert states["switch"] is StepState.PENDING
