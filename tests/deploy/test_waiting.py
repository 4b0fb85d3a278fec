"""What a deployment says while it waits, and that it waits for the target before it calls anything gone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from deploydeck.domain import DeployDeckError, Deployment, DeploymentState, EventKind, StepState
from tests.clock import PATIENCE_S
from tests.deploy.bench import FAST, HEALTH, Bench
from tests.deploy.test_cancel import LONG, reached, states

PATIENT = replace(FAST, pause_s=600.0)


async def paused_events(bench: Bench, deployment_id: str) -> list[dict[str, Any]]:
    events = await bench.events(deployment_id)
    return [event.data for event in events if event.kind is EventKind.STATE and event.data["state"] == "paused"]


async def waits(bench: Bench, deployment: Deployment) -> Deployment:
    """The row, once it says what it waits for."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            row = await bench.deck.store.deployments.get(deployment.id)
            if row.pause is not None:
                return row
            await asyncio.sleep(0.02)


def answer_again(bench: Bench) -> None:
    with bench.world.change() as world:
        world["faults"] = {}


def make_unhealthy(bench: Bench, deployment: Deployment) -> None:
    with bench.world.change() as world:
        world["unhealthy"].append(deployment.release_id)


async def test_a_pause_carries_its_cause_until_it_goes_on(bench: Bench) -> None:
    bench.world.fault("build", "unknown-for-good")
    deployment = await bench.queue()
    running = asyncio.create_task(bench.run(deployment, PATIENT))
    row = await waits(bench, deployment)
    assert row.state is DeploymentState.PAUSED
    assert row.pause is not None
    assert row.pause.code == "outcome-unknown"
    assert row.pause.why == "the pretend world is in fog"
    assert f"deploydeck cancel {deployment.id}" in row.pause.hint
    assert row.cause is None, "a pause is not an end"
    answer_again(bench)
    result = await asyncio.wait_for(running, PATIENCE_S)
    assert result.status is DeploymentState.SUCCEEDED
    assert (await bench.deck.store.deployments.get(deployment.id)).pause is None
    (told,) = await paused_events(bench, deployment.id)
    assert told["cause"] == row.pause.model_dump(mode="json")


async def test_a_paused_deployment_that_is_canceled_does_not_wait_any_more(bench: Bench) -> None:
    bench.world.fault("build", "unknown-for-good")
    deployment = await bench.queue()
    running = asyncio.create_task(bench.run(deployment, PATIENT))
    await waits(bench, deployment)
    await bench.deck.engine.cancel(deployment.id)
    result = await asyncio.wait_for(running, PATIENCE_S)
    assert result.status is DeploymentState.CANCELED
    assert (await bench.deck.store.deployments.get(deployment.id)).pause is None


async def test_a_worker_that_dies_in_a_pause_leaves_one_that_can_go_on(bench: Bench) -> None:
    bench.world.fault("build", "unknown-for-good")
    deployment = await bench.queue()
    running = asyncio.create_task(bench.run(deployment, PATIENT))
    await waits(bench, deployment)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    answer_again(bench)
    result = await bench.run(deployment)
    assert result.status is DeploymentState.SUCCEEDED, result.cause


async def test_canceled_only_after_the_leftovers_were_seen_to_be_gone(bench: Bench) -> None:
    bench.world.fault("start-trial", "hang", "away-for-good")
    deployment = await bench.queue()
    running = asyncio.create_task(bench.run(deployment, PATIENT))
    await reached(bench, deployment, "start-trial")
    await bench.deck.engine.cancel(deployment.id)
    row = await waits(bench, deployment)
    await asyncio.sleep(0.3)
    assert not running.done()
    assert row.state is DeploymentState.CANCELING
    assert row.pause is not None
    assert (row.pause.code, row.pause.what) == ("network-down", "The pretend world does not answer.")
    assert row.cause is not None
    assert row.cause.code == "canceled"
    answer_again(bench)
    result = await asyncio.wait_for(running, PATIENCE_S)
    assert (result.status, result.exit_code, result.warnings) == (DeploymentState.CANCELED, 130, ())
    assert await states(bench, deployment) == ["queued", "acquiring_lock", "running", "canceling", "canceled"]
    notes = [event for event in await bench.events(deployment.id) if event.data.get("cause", {}).get("code") == "network-down"]
    assert len(notes) == 1, "said once, not at every attempt"
    assert bench.world.read()["copies"] == {}


@pytest.mark.parametrize("canceled", [True, False])
async def test_what_cannot_be_seen_to_be_gone_is_listed_in_the_end(bench: Bench, canceled: bool) -> None:
    await bench.deploy()
    live = bench.release_live()
    bench.world.fault("start-trial", "away-for-good")
    deployment = await bench.queue(health=LONG if canceled else HEALTH)
    if not canceled:
        make_unhealthy(bench, deployment)
    running = asyncio.create_task(bench.run(deployment))
    if canceled:
        await reached(bench, deployment, "verify")
        await bench.deck.engine.cancel(deployment.id)
    result = await asyncio.wait_for(running, PATIENCE_S)
    assert bench.release_live() == live
    assert (result.status, result.exit_code) == (DeploymentState.FAILED_UNCHANGED, 1), "not canceled: it was not seen to be gone"
    assert result.cause is not None
    assert result.cause.code == ("leftovers" if canceled else "unhealthy")
    name = f"{deployment.release_id}-trial"
    assert f"may remain: copy {name} ({name}), last seen as present" in result.cause.evidence
    assert result.cause.hint
    assert any("Could not take back" in warning for warning in result.warnings)


async def test_the_wait_of_all_steps_together_is_bounded(bench: Bench) -> None:
    for step in ("build", "start-trial"):
        bench.world.fault(step, "away-for-good")
    deployment = await bench.queue()
    make_unhealthy(bench, deployment)
    clock = asyncio.get_running_loop().time
    before = clock()
    pause_s = 4.0  # long beside what a busy machine takes for everything else
    result = await bench.run(deployment, replace(FAST, pause_s=pause_s))
    assert result.status is DeploymentState.FAILED_UNCHANGED
    assert len(result.warnings) == 2
    assert clock() - before < 2 * pause_s, "one wait for the target, not one for each step"


async def test_undone_steps_keep_their_own_duration_and_checks_are_not_undone(bench: Bench) -> None:
    bench.world.fault("start-trial", "before")
    bench.world.fault("build", *["away"] * 20)
    result = await bench.deploy(PATIENT)
    assert result.status is DeploymentState.FAILED_UNCHANGED
    steps = {step.name: step for step in await bench.deck.store.deployments.steps(result.deployment_id)}
    assert (steps["check"].state, steps["check"].undo) == (StepState.SUCCEEDED, None)
    built = steps["build"]
    assert built.state is StepState.UNDONE
    assert built.undo is not None
    assert built.undo["state"] == "done"
    assert built.started_at is not None
    assert built.ended_at is not None
    done = [
        event
        for event in await bench.events(result.deployment_id)
        if event.kind is EventKind.STEP and event.step == "build" and event.data["state"] == "succeeded"
    ]
    assert done[0].data["ended_at"] == built.ended_at.isoformat()
    assert built.undo["at"] > built.ended_at.isoformat()


async def test_a_copy_that_goes_is_quoted_once(bench: Bench) -> None:
    deployment = await bench.queue()
    make_unhealthy(bench, deployment)
    await bench.run(deployment)
    written = {log.source for log in await bench.deck.store.deployments.logs(deployment.id)} - {"build", "deploy"}
    texts = [line.text for source in written for line in bench.deck.logs.reader(deployment.id, source).lines()]
    assert texts == ["v1 starts"]


async def test_a_rollback_is_not_blocked_because_the_source_is_gone(bench: Bench) -> None:
    await bench.deploy()
    live = await bench.deck.store.deployments.live(bench.project_id, "development", "fake")
    assert live is not None
    await bench.deploy()
    bench.world.fault("check", "no-source-for-good")
    result = await bench.run(await bench.queue(to=live[1]))
    assert result.status is DeploymentState.SUCCEEDED, result.cause
    assert bench.release_live() == live[1].id
    with pytest.raises(DeployDeckError, match="pretend source is gone"):
        await bench.queue()
