"""Pauses, lost leases, left workers and damaged engines: a deployment waits where it must and never claims too much."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from filelock import FileLock
from sqlalchemy import update

import deploydeck.deploy.runner as runner
import deploydeck.deploy.stepping as stepping
from deploydeck.domain import DeployDeckError, Deployment, DeploymentState, EventKind, utc_now
from deploydeck.store.tables import locks
from deploydeck.targets import Endpoint, Role, StepContext, fake
from tests.clock import PATIENCE_S
from tests.deploy.bench import HEALTH, Bench


async def states(bench: Bench, deployment_id: str) -> list[str]:
    return [event.data["state"] for event in await bench.events(deployment_id) if event.kind is EventKind.STATE]


async def begun(bench: Bench, deployment: Deployment, step: str) -> None:
    """Until the world's fault of a step was used up: the step runs."""
    async with asyncio.timeout(PATIENCE_S):
        while bench.world.read()["faults"].get(step):
            await asyncio.sleep(0.02)


def fog(bench: Bench, role: str, times: int) -> None:
    """The platform cannot be asked about a copy, this often."""
    target: Any = bench.deck.target("fake")
    plain_endpoint, plain_liveness = target.endpoint, target.liveness
    left = times

    async def endpoint(asked: Role, context: StepContext) -> Endpoint | None:
        nonlocal left
        if asked == role and left > 0:
            left -= 1
            raise DeployDeckError("fog", "Nothing can be seen.")
        found: Endpoint | None = await plain_endpoint(asked, context)
        return found

    async def liveness(asked: Role, context: StepContext) -> Any:
        if asked == role and left > 0:
            raise DeployDeckError("fog", "Nothing can be seen.")
        return await plain_liveness(asked, context)

    target.endpoint, target.liveness = endpoint, liveness


async def test_fog_after_the_switch_pauses_and_goes_on(bench: Bench) -> None:
    fog(bench, "live", 25)
    result = await bench.deploy()
    assert result.status is DeploymentState.SUCCEEDED, result.cause
    assert await states(bench, result.deployment_id) == [
        "queued", "acquiring_lock", "running", "paused", "running", "succeeded",
    ]  # fmt: skip


async def test_fog_for_good_is_never_rolled_back_on_a_guess(bench: Bench) -> None:
    await bench.deploy()
    fog(bench, "live", 10_000)
    result = await bench.deploy()
    assert (result.status, result.exit_code) == (DeploymentState.PARTIALLY_APPLIED, 4)
    assert result.cause is not None and result.cause.code == "health-inconclusive"
    assert any("not known" in line for line in result.cause.evidence)
    assert bench.world.count(result.deployment_id, "switch", "undo") == 0


async def test_unknown_outcome_of_the_switch_is_recovered_not_repeated(bench: Bench) -> None:
    await bench.deploy()
    bench.world.fault("switch", *["unknown"] * 12)
    result = await bench.deploy(health=HEALTH.model_copy(update={"deadline_s": PATIENCE_S}))  # the copy is well, the machine busy
    assert result.status is DeploymentState.SUCCEEDED
    assert "recovering" in await states(bench, result.deployment_id)
    assert bench.world.count(result.deployment_id, "switch") == 1


async def test_step_that_exceeds_its_deadline_is_stopped_and_fails(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    short = tuple(step.model_copy(update={"deadline_s": 0.3}) if step.name == "build" else step for step in fake.STEPS)
    monkeypatch.setattr(fake, "STEPS", short)
    bench.world.fault("build", "hang")
    result = await bench.deploy()
    assert result.status is DeploymentState.FAILED_UNCHANGED
    assert result.cause is not None and result.cause.code == "step-deadline"
    assert "0.3 s" in result.cause.what


async def test_step_that_kills_its_workers_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "MAX_ATTEMPTS", 2)
    bench.world.fault("build", *["transient"] * 5)
    result = await bench.deploy()
    assert result.status is DeploymentState.FAILED_UNCHANGED
    assert result.cause is not None and result.cause.code == "step-interrupted"


async def steal(bench: Bench, by: Deployment) -> None:
    """Another process takes the lock over, as it may after a lease ran out."""
    async with bench.deck.store.database.write() as connection:
        await connection.execute(
            update(locks).values(deployment_id=by.id, fence=locks.c.fence + 1, lease_until=utc_now() + timedelta(hours=1))
        )


async def give_back(bench: Bench) -> None:
    async with bench.deck.store.database.write() as connection:
        await connection.execute(update(locks).values(deployment_id=None, lease_until=utc_now()))


async def short_lease(bench: Bench) -> None:
    settings = bench.deck.user_settings
    changed = settings.model_copy(update={"worker": settings.worker.model_copy(update={"lock_ttl_s": 0.3})})
    bench.deck.__dict__["user_settings"] = changed


async def test_lost_lease_stops_before_the_next_change_and_waits(bench: Bench) -> None:
    await short_lease(bench)
    bench.world.fault("start-trial", "slow")
    other = await bench.queue(environment="elsewhere")
    await bench.deck.store.deployments.transition(other.id, DeploymentState.PLANNED)  # no worker's business
    deployment = await bench.queue()
    fake.SLOW_S, before = 1.0, fake.SLOW_S
    try:
        running = asyncio.create_task(bench.service().run())
        await begun(bench, deployment, "start-trial")
        await steal(bench, other)
        async with asyncio.timeout(PATIENCE_S):
            while (await bench.deck.store.deployments.get(deployment.id)).state is not DeploymentState.PAUSED:
                await asyncio.sleep(0.02)
        assert bench.world.count(deployment.id, "switch") == 0
        await give_back(bench)
        await asyncio.wait_for(running, PATIENCE_S)
    finally:
        fake.SLOW_S = before
    result = await bench.deck.engine.result(deployment.id)
    assert result.status is DeploymentState.SUCCEEDED, result.cause
    assert "paused" in await states(bench, deployment.id)


async def test_world_that_moved_on_meanwhile_is_left_alone(bench: Bench) -> None:
    """A worker was away for so long that another deployment went live: what the old one knew is not true any more."""
    bench.world.fault("start-trial", "slow")
    deployment = await bench.queue()
    tools = bench.tools()
    made = bench.service()
    made._tools = tools
    made._calls.tools = tools
    running = asyncio.create_task(made.run())
    await begun(bench, deployment, "start-trial")
    tools.stopping.set()
    await asyncio.wait_for(running, PATIENCE_S)
    assert not (await bench.deck.store.deployments.get(deployment.id)).state.terminal
    later = await bench.queue()
    await bench.deck.store.deployments.transition(later.id, DeploymentState.SUCCEEDED, completed_at=utc_now())
    result = await bench.run(deployment)
    assert result.status is DeploymentState.FAILED_UNCHANGED
    assert result.cause is not None and result.cause.code == "lease-lost"
    assert bench.world.count(deployment.id, "switch") == 0


async def test_worker_told_to_go_while_waiting_for_a_lock_leaves_the_wait(bench: Bench) -> None:
    bench.world.fault("build", "slow")
    deployment = await bench.queue()
    other = await bench.queue(environment="elsewhere")
    await bench.deck.store.deployments.transition(other.id, DeploymentState.PLANNED)
    target = bench.deck.target("fake")
    key = f"fake/{await target.identity()}/shop/development"
    await bench.deck.store.locks.acquire(key, "somebody@else:1", other.id, 600)
    tools = bench.tools()
    made = bench.service()
    made._tools = made._calls.tools = tools
    running = asyncio.create_task(made.run())
    async with asyncio.timeout(PATIENCE_S):
        while not any("waiting_for" in event.data for event in await bench.deck.store.deployments.events(deployment.id)):
            await asyncio.sleep(0.02)
    tools.stopping.set()
    await asyncio.wait_for(running, PATIENCE_S)
    assert (await bench.deck.store.deployments.get(deployment.id)).state is DeploymentState.ACQUIRING_LOCK
    # the other one ends meanwhile: its lock is nobody's, however long its lease
    await bench.deck.store.deployments.transition(other.id, DeploymentState.ABANDONED, completed_at=utc_now())
    result = await bench.run(deployment)
    assert result.status is DeploymentState.SUCCEEDED, result.cause


async def test_foreground_takes_over_from_a_worker_that_is_gone(bench: Bench) -> None:
    deployment = await bench.queue()
    lock = FileLock(bench.deck.paths.worker_lock)
    lock.acquire()
    running = asyncio.create_task(bench.run(deployment))
    await asyncio.sleep(0.5)
    assert (await bench.deck.store.deployments.get(deployment.id)).state is DeploymentState.QUEUED
    lock.release()
    assert (await asyncio.wait_for(running, PATIENCE_S)).status is DeploymentState.SUCCEEDED


async def test_foreground_that_is_stopped_leaves_a_deployment_that_goes_on(bench: Bench) -> None:
    bench.world.fault("start-trial", "slow")
    deployment = await bench.queue()
    running = asyncio.create_task(bench.run(deployment))
    await begun(bench, deployment, "start-trial")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    left = await bench.deck.store.deployments.get(deployment.id)
    assert not left.state.terminal
    result = await bench.run(deployment)
    assert result.status is DeploymentState.SUCCEEDED
    for step in ("build", "start-trial", "switch"):
        assert bench.world.count(deployment.id, step) == 1


async def test_deployment_of_another_script_version_goes_on_and_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.world.fault("start-trial", "slow")
    deployment = await bench.queue()
    monkeypatch.setattr(runner, "SCRIPT_VERSION", "0")
    running = asyncio.create_task(bench.run(deployment))
    await begun(bench, deployment, "start-trial")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    monkeypatch.setattr(runner, "SCRIPT_VERSION", "1")
    result = await bench.run(deployment)
    assert result.status is DeploymentState.SUCCEEDED
    assert any(event.data.get("stranded") for event in await bench.events(deployment.id))
    assert bench.world.count(deployment.id, "start-trial") == 1


async def test_damaged_engine_database_is_put_aside(bench: Bench) -> None:
    first = await bench.deploy()
    assert first.status is DeploymentState.SUCCEEDED
    bench.deck.paths.engine_database.write_bytes(b"this is not a database, however long one looks at it" * 100)
    second = await bench.deploy()
    assert second.status is DeploymentState.SUCCEEDED
    assert len(list(bench.deck.paths.data.glob("engine.broken-*"))) == 1


async def test_unreadable_hand_off_starts_nothing_without_its_variables(bench: Bench) -> None:
    deployment = await bench.queue()
    next((bench.deck.paths.data / "handoff").iterdir()).write_text("{")
    result = await bench.run(deployment)
    assert result.cause is not None and result.cause.code == "handoff-lost"
    assert bench.world.read()["effects"] == []
