"""Cancellation in every phase: nothing is called canceled before it has stopped, and after the switch a person chooses."""

from __future__ import annotations

import asyncio

import pytest

from deploydeck.domain import DeployDeckError, Deployment, DeploymentState, EventKind, HealthSpec, Probe, StepState
from deploydeck.targets import Endpoint
from tests.clock import PATIENCE_S
from tests.deploy.bench import Bench

LONG = HealthSpec(interval_s=0.02, timeout_s=1.0, deadline_s=600.0, stable_s=600.0)
PATIENT = HealthSpec(interval_s=0.02, timeout_s=1.0, deadline_s=600.0, stable_s=0.05)


class Held:
    """A prober for which one release is not healthy once it is live, until it is let go."""

    def __init__(self, bench: Bench, release_id: str) -> None:
        self._plain = bench.probe
        self._name = f"{release_id}-live"
        self.free = False

    async def __call__(self, endpoint: Endpoint, spec: HealthSpec) -> Probe:
        answer = await self._plain(endpoint, spec)
        return answer if self.free or not endpoint.url.endswith(self._name) else answer.model_copy(update={"ok": False})


async def reached(bench: Bench, deployment: Deployment, step: str) -> None:
    """Until a step runs."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for one in await bench.deck.store.deployments.steps(deployment.id):
                if one.name == step and one.state is StepState.RUNNING:
                    return
            await asyncio.sleep(0.02)


async def states(bench: Bench, deployment: Deployment) -> list[str]:
    return [event.data["state"] for event in await bench.events(deployment.id) if event.kind is EventKind.STATE]


@pytest.mark.parametrize("choice", ["cancel", "rollback"])
async def test_queued_ends_without_a_worker(bench: Bench, choice: str) -> None:
    deployment = await bench.queue()
    assert await bench.deck.engine.cancel(deployment.id, choice)
    result = await bench.deck.engine.result(deployment.id)
    assert (result.status, result.exit_code) == (DeploymentState.CANCELED, 130)
    assert (await bench.events(deployment.id))[-1].kind is EventKind.RESULT
    assert bench.deck.secrets.take(deployment.id) is None
    assert not await bench.deck.engine.cancel(deployment.id, choice)
    await bench.service().run()
    assert bench.world.read()["effects"] == []


@pytest.mark.parametrize("choice", ["cancel", "rollback"])
@pytest.mark.parametrize("step", ["check", "build", "start-trial", "settle"])
async def test_running_step_is_stopped_and_undone(bench: Bench, step: str, choice: str) -> None:
    await bench.deploy()
    live = bench.release_live()
    bench.world.fault(step, "hang")
    deployment = await bench.queue()
    running = asyncio.create_task(bench.run(deployment))
    await reached(bench, deployment, step)
    assert await bench.deck.engine.cancel(deployment.id, choice)
    if step == "settle" and choice == "cancel":
        # after the switch "cancel" keeps the new release: the step that hangs is not a reason to stop it
        await asyncio.sleep(0.2)
        assert not running.done()
        assert await bench.deck.engine.cancel(deployment.id, "rollback")
    result = await asyncio.wait_for(running, PATIENCE_S)
    assert bench.release_live() == live
    assert [name for name in bench.world.read()["copies"] if name.endswith("-trial")] == []
    if step == "settle":
        assert (result.status, result.exit_code) == (DeploymentState.ROLLED_BACK, 3)
        return
    assert (result.status, result.exit_code) == (DeploymentState.CANCELED, 130)
    assert result.cause is not None and result.cause.code == "canceled"
    assert await states(bench, deployment) == ["queued", "acquiring_lock", "running", "canceling", "canceled"]


async def test_gate_before_the_switch_is_left_at_once(bench: Bench) -> None:
    deployment = await bench.queue(health=LONG)
    running = asyncio.create_task(bench.run(deployment))
    await reached(bench, deployment, "verify")
    await bench.deck.engine.cancel(deployment.id)
    result = await asyncio.wait_for(running, PATIENCE_S)
    assert result.exit_code == 130
    assert bench.world.read()["copies"] == {}


async def test_rollback_after_the_switch(bench: Bench) -> None:
    await bench.deploy()
    live = bench.release_live()
    deployment = await bench.queue(health=PATIENT)
    running = asyncio.create_task(bench.run(deployment, prober=Held(bench, deployment.release_id)))
    await reached(bench, deployment, "observe")
    assert await bench.deck.engine.cancel(deployment.id, "rollback")
    result = await asyncio.wait_for(running, PATIENCE_S)
    assert (result.status, result.exit_code) == (DeploymentState.ROLLED_BACK, 3)
    assert bench.release_live() == live
    assert "rolling_back" in await states(bench, deployment)


async def test_rollback_of_a_first_release_leaves_nothing(bench: Bench) -> None:
    deployment = await bench.queue(health=PATIENT)
    running = asyncio.create_task(bench.run(deployment, prober=Held(bench, deployment.release_id)))
    await reached(bench, deployment, "observe")
    assert await bench.deck.engine.cancel(deployment.id, "rollback")
    result = await asyncio.wait_for(running, PATIENCE_S)
    assert (result.status, result.exit_code) == (DeploymentState.CANCELED, 130)
    assert bench.world.read()["copies"] == {}


async def test_cancel_after_the_switch_keeps_the_new_release_and_says_so(bench: Bench) -> None:
    await bench.deploy()
    deployment = await bench.queue(health=PATIENT)
    held = Held(bench, deployment.release_id)
    running = asyncio.create_task(bench.run(deployment, prober=held))
    await reached(bench, deployment, "observe")
    assert await bench.deck.engine.cancel(deployment.id, "cancel")
    await asyncio.sleep(0.3)
    held.free = True
    result = await asyncio.wait_for(running, PATIENCE_S)
    assert (result.status, result.exit_code) == (DeploymentState.SUCCEEDED_WITH_WARNINGS, 0)
    assert any("the new release stays" in warning for warning in result.warnings)
    assert bench.release_live() == deployment.release_id


async def test_waiting_for_the_lock_is_canceled_at_once(bench: Bench) -> None:
    bench.world.fault("build", "hang")
    first, second = await bench.queue(), await bench.queue()
    running = asyncio.create_task(bench.service().run())
    async with asyncio.timeout(PATIENCE_S):
        while bench.world.read()["faults"]["build"]:
            await asyncio.sleep(0.02)
    store = bench.deck.store.deployments
    waiting = first if (await store.get(first.id)).state is DeploymentState.ACQUIRING_LOCK else second
    holding = second if waiting is first else first
    await bench.deck.engine.cancel(waiting.id)
    async with asyncio.timeout(PATIENCE_S):
        while not (await store.get(waiting.id)).state.terminal:
            await asyncio.sleep(0.02)
    assert not (await store.get(holding.id)).state.terminal
    assert (await bench.deck.engine.result(waiting.id)).exit_code == 130
    await bench.deck.engine.cancel(holding.id)
    await asyncio.wait_for(running, PATIENCE_S)


async def test_cancel_answers(bench: Bench) -> None:
    result = await bench.deploy()
    assert not await bench.deck.engine.cancel(result.deployment_id)
    with pytest.raises(DeployDeckError) as raised:
        await bench.deck.engine.cancel(result.deployment_id, "explode")
    assert raised.value.code == "cancel-choice"
    running = await bench.queue()
    with pytest.raises(DeployDeckError) as raised:
        await bench.deck.engine.result(running.id)
    assert raised.value.code == "deployment-running"
