"""Taking an application down: everything goes, the history stays, and whatever goes wrong a second time finishes it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from deploydeck.domain import (
    DeployDeckError,
    Deployment,
    DeploymentKind,
    DeploymentResult,
    DeploymentState,
    EventKind,
    PlanAction,
    StepState,
)
from deploydeck.vault import ResolvedVariables
from tests.clock import PATIENCE_S
from tests.deploy.bench import FAST, Bench
from tests.deploy.test_cancel import states
from tests.deploy.test_waiting import answer_again, waits

NOTHING = ResolvedVariables({}, (), frozenset())


async def queue_removal(bench: Bench, environment: str = "development") -> Deployment:
    engine = bench.deck.engine
    plan, release = await engine.plan_removal(bench.project_id, environment, "fake")
    config = await bench.deck.store.projects.config(release.config_id)
    return await engine.queue(
        config, plan, NOTHING, source_hash=release.source_hash, kind=DeploymentKind.REMOVE, rollback_to=release
    )


async def take_down(bench: Bench, environment: str = "development") -> DeploymentResult:
    return await bench.run(await queue_removal(bench, environment))


async def live(bench: Bench, environment: str = "development") -> object:
    return await bench.deck.store.deployments.live(bench.project_id, environment, "fake")


async def test_everything_of_the_environment_goes_and_nothing_else(bench: Bench) -> None:
    await bench.deploy()
    await bench.deploy()
    other = await bench.deploy(environment="staging")
    plan, release = await bench.deck.engine.plan_removal(bench.project_id, "development", "fake")
    assert release.number == 2, "recorded with what is live"
    assert {item.action for item in plan.items} == {PlanAction.REMOVE}
    assert sorted((item.kind, item.detail) for item in plan.items) == [
        ("copy", "v1"), ("copy", "v2"), ("image", "v1"), ("image", "v2"),
    ]  # fmt: skip
    assert [step.name for step in plan.steps] == ["remove-v2", "remove-v1"], "the live one first"
    result = await take_down(bench)
    assert (result.status, result.exit_code, result.application_url) == (DeploymentState.SUCCEEDED, 0, None)
    assert {resource.name for resource in result.infrastructure_details} == {item.name for item in plan.items}
    assert {resource.state for resource in result.infrastructure_details} == {"removed"}
    world = bench.world.read()
    assert {copy["release"] for copy in world["copies"].values()} == {world["images"][0]}
    assert len(world["images"]) == 1, "the other environment keeps what it has"
    assert await live(bench) is None
    assert await live(bench, "staging") is not None
    assert [entry.deployment.id for entry in await bench.deck.live_releases()] == [other.deployment_id]
    assert await states(bench, await bench.deck.store.deployments.get(result.deployment_id)) == [
        "queued", "acquiring_lock", "running", "succeeded",
    ]  # fmt: skip


async def test_afterwards_nothing_can_come_back_but_the_next_deployment_works(bench: Bench) -> None:
    await bench.deploy()
    await take_down(bench)
    with pytest.raises(DeployDeckError) as nothing:
        await bench.deck.engine.plan_removal(bench.project_id, "development", "fake")
    assert nothing.value.code == "nothing-to-remove"
    with pytest.raises(DeployDeckError) as back:
        await bench.deck.engine.rollback_candidate(bench.project_id, "development", "fake")
    assert back.value.code == "rollback-nothing"
    assert "Nothing is live" in back.value.what
    again = await bench.deploy()
    assert (again.status, again.release) == (DeploymentState.SUCCEEDED, "v2")
    assert bench.release_live() is not None


async def test_what_was_removed_meanwhile_is_no_failure(bench: Bench) -> None:
    await bench.deploy()
    first, second = await queue_removal(bench), await queue_removal(bench)
    assert (await bench.run(first)).status is DeploymentState.SUCCEEDED
    assert (await bench.run(second)).status is DeploymentState.SUCCEEDED
    assert await live(bench) is None


async def test_a_failure_at_the_live_copy_is_told_and_a_second_removal_finishes(bench: Bench) -> None:
    await bench.deploy()
    bench.world.fault("remove", "before")
    result = await take_down(bench)
    assert (result.status, result.exit_code) == (DeploymentState.PARTIALLY_APPLIED, 4)
    assert result.cause is not None
    assert result.cause.code == "fake-before"
    assert "deploydeck down" in result.cause.hint
    assert any("running" in line for line in result.cause.evidence)
    assert await live(bench) is not None, "it was not seen to be gone"
    assert (await take_down(bench)).status is DeploymentState.SUCCEEDED
    assert bench.world.read()["copies"] == {}


async def test_a_failure_at_what_was_kept_is_a_warning_and_a_second_removal_finishes(bench: Bench) -> None:
    await bench.deploy()
    await bench.deploy()
    deployment = await queue_removal(bench)
    target = bench.deck.target("fake")
    plain, calls = target.remove, []

    async def remove(release: object, config: object) -> tuple[str, ...]:
        calls.append(release)
        if len(calls) == 2:
            raise DeployDeckError("fake-before", "The pretend world refused.")
        return await plain(release, config)  # type: ignore[arg-type]

    target.remove = remove  # type: ignore[method-assign]
    result = await bench.run(deployment)
    assert (result.status, result.exit_code) == (DeploymentState.SUCCEEDED_WITH_WARNINGS, 0)
    assert await live(bench) is None
    assert bench.release_live() is None
    assert (await take_down(bench)).status is DeploymentState.SUCCEEDED
    assert bench.world.read()["copies"] == {}


async def test_a_target_that_does_not_answer_is_waited_for(bench: Bench) -> None:
    await bench.deploy()
    deployment = await queue_removal(bench)
    service = asyncio.create_task(bench.run(deployment, replace(FAST, pause_s=600.0)))
    # it answers while the plan is made again under the lock, then it is away
    async with asyncio.timeout(PATIENCE_S):
        while not await bench.deck.store.deployments.steps(deployment.id):
            await asyncio.sleep(0)
    bench.world.fault("holdings", "away-for-good")
    row = await waits(bench, deployment)
    assert row.pause is not None
    assert row.pause.code == "network-down"
    answer_again(bench)
    result = await asyncio.wait_for(service, PATIENCE_S)
    assert result.status is DeploymentState.SUCCEEDED, result.cause


async def test_canceled_in_time_changes_nothing(bench: Bench) -> None:
    await bench.deploy()
    before = bench.world.read()["copies"]
    deployment = await queue_removal(bench)
    await bench.deck.store.deployments.request_cancel(deployment.id, "cancel")
    result = await bench.run(deployment)
    assert result.status is DeploymentState.CANCELED
    assert bench.world.read()["copies"] == before
    assert await live(bench) is not None


@pytest.mark.parametrize("choice", ["cancel", "rollback"])
async def test_canceled_too_late_it_finishes_and_says_so(bench: Bench, choice: str) -> None:
    await bench.deploy()
    deployment = await queue_removal(bench)
    target = bench.deck.target("fake")
    plain = target.remove

    async def remove(release: object, config: object) -> tuple[str, ...]:
        await bench.deck.engine.cancel(deployment.id, choice)
        await asyncio.sleep(0.2)
        return await plain(release, config)  # type: ignore[arg-type]

    target.remove = remove  # type: ignore[method-assign]
    result = await bench.run(deployment)
    assert result.status is DeploymentState.SUCCEEDED_WITH_WARNINGS
    assert any("too late" in warning for warning in result.warnings)
    assert bench.world.read()["copies"] == {}


async def test_a_lost_answer_is_looked_after_before_anything_is_removed_again(bench: Bench) -> None:
    await bench.deploy()
    deployment = await queue_removal(bench)
    target = bench.deck.target("fake")
    plain = target.remove

    async def remove(release: object, config: object) -> tuple[str, ...]:
        await plain(release, config)  # type: ignore[arg-type]
        raise DeployDeckError("fake-away", "The answer was lost.", transient=True)

    target.remove = remove  # type: ignore[method-assign]
    result = await bench.run(deployment)
    assert result.status is DeploymentState.SUCCEEDED, result.cause
    assert sum(effect[1] == "remove" for effect in bench.world.read()["effects"]) == 1
    assert [event.kind for event in await bench.events(deployment.id)].count(EventKind.RESULT) == 1
    assert [step.state for step in await bench.deck.store.deployments.steps(deployment.id)] == [StepState.SUCCEEDED]
