"""Who is taken up and who waits: limits of worker and target hold, nobody waits without a reason, places do not block others."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.deploy.admission import PER_PLACE, Limits, admit
from deploydeck.domain import DeployDeckError, Deployment, DeploymentState, EventKind, utc_now
from tests.clock import PATIENCE_S
from tests.deploy.bench import Bench
from tests.deploy.test_cancel import reached


def waiting(number: int, target: str = "fake", environment: str = "development", project: str = "prj-1") -> Deployment:
    return Deployment(
        id=f"dep-{number}", project_id=project, release_id=f"rel-{number}", config_id="cfg-1", environment=environment,
        target=target, state=DeploymentState.QUEUED, requested_by="ann", created_at=utc_now() + timedelta(seconds=number),
    )  # fmt: skip


DEPLOYMENTS = st.lists(
    st.tuples(st.sampled_from(["fake", "docker"]), st.sampled_from(["development", "staging"]), st.sampled_from(["a", "b", "c"])),
    max_size=20,
).map(lambda drawn: [waiting(number, *one) for number, one in enumerate(drawn)])


@given(DEPLOYMENTS, st.integers(1, 5), st.integers(1, 5), st.data())
def test_limits_hold_and_every_wait_has_its_reason(found: list[Deployment], worker: int, target: int, data: st.DataObject) -> None:
    active: set[str] = set()
    for _ in range(40):
        admitted = admit(found, active, Limits(worker, target))
        assert {one.id for one in admitted.now}.isdisjoint(active)
        active |= {one.id for one in admitted.now}
        running = [one for one in found if one.id in active]
        assert len(running) <= worker
        assert all(count <= target for count in Counter(one.target for one in running).values())
        places = Counter((one.project_id, one.environment, one.target) for one in running)
        assert all(count <= PER_PLACE for count in places.values())
        left = [one for one in found if one.id not in active]
        assert [one for one, _ in admitted.waiting] == left, "in the order of the queue"
        assert all(reason for _, reason in admitted.waiting)
        if not running:
            assert not left, "something is always taken up while anything waits"
            return
        gone = data.draw(st.sampled_from(running))
        found = [one for one in found if one.id != gone.id]
        active.discard(gone.id)


def test_many_for_one_place_leave_room_for_others() -> None:
    found = [*(waiting(number) for number in range(6)), waiting(9, environment="staging")]
    admitted = admit(found, set(), Limits(4, 4))
    assert [one.id for one in admitted.now] == ["dep-0", "dep-1", "dep-9"]
    assert admitted.waiting[0][1] == "waiting, 1 in the queue: 2 others go to development on fake before it"


# --- with a worker ------------------------------------------------------------------------------------------------------------


def limited(bench: Bench, **changes: int) -> None:
    settings = bench.deck.user_settings
    worker = settings.worker.model_copy(update=changes)
    bench.deck.__dict__["user_settings"] = settings.model_copy(update={"worker": worker})


async def test_the_limit_of_a_target_is_kept_and_said(bench: Bench) -> None:
    limited(bench, max_per_target=1)
    bench.world.fault("build", "hang")
    first = await bench.queue(environment="staging")
    second = await bench.queue(environment="production")
    running = asyncio.create_task(bench.service().run())
    await reached(bench, first, "build")
    async with asyncio.timeout(PATIENCE_S):
        while not any("max_per_target" in event.text for event in await bench.deck.store.deployments.events(second.id)):
            await asyncio.sleep(0.02)
    assert (await bench.deck.store.deployments.get(second.id)).state is DeploymentState.QUEUED
    await bench.deck.engine.cancel(first.id)
    await asyncio.wait_for(running, PATIENCE_S)
    assert (await bench.deck.engine.result(second.id)).status is DeploymentState.SUCCEEDED
    said = [event for event in await bench.events(second.id) if "max_per_target" in event.text]
    assert len(said) == 1 and said[0].kind is EventKind.NOTE, "once, not at every look"


async def test_only_the_latest_of_those_that_wait_is_carried_out(bench: Bench) -> None:
    limited(bench, max_parallel=1)
    bench.world.fault("build", "hang")
    begun = await bench.queue()
    elsewhere = await bench.queue(environment="staging")
    running = asyncio.create_task(bench.service().run())
    await reached(bench, begun, "build")
    older = await bench.queue(environment="production")
    kept = await bench.queue(environment="production", latest=True)
    result = await bench.deck.engine.result(older.id)
    assert (result.status, result.exit_code) == (DeploymentState.SUPERSEDED, 1)
    assert result.cause is not None and kept.id in result.cause.what
    assert bench.deck.secrets.take(older.id) is None
    again = await bench.queue(latest=True)
    assert (await bench.deck.store.deployments.get(begun.id)).state is DeploymentState.RUNNING, "what has begun goes on"
    await bench.deck.engine.cancel(begun.id)
    await asyncio.wait_for(running, PATIENCE_S)
    for one in (elsewhere, kept, again):
        assert (await bench.deck.engine.result(one.id)).status is DeploymentState.SUCCEEDED
    assert bench.world.count(older.id, "build") == 0


# --- approval -----------------------------------------------------------------------------------------------------------------


async def test_nothing_happens_before_somebody_agrees(bench: Bench) -> None:
    deployment = await bench.queue(needs_approval=True)
    assert deployment.state is DeploymentState.AWAITING_APPROVAL
    await bench.service().run()
    assert bench.world.read()["effects"] == []
    assert (await bench.deck.store.deployments.get(deployment.id)).state is DeploymentState.AWAITING_APPROVAL
    assert await bench.deck.engine.approve(deployment.id)
    assert not await bench.deck.engine.approve(deployment.id), "once"
    await bench.service().run()
    assert (await bench.deck.engine.result(deployment.id)).status is DeploymentState.SUCCEEDED
    texts = [event.text for event in await bench.events(deployment.id) if event.kind is EventKind.STATE]
    assert texts[0] == f"waiting for somebody to agree: deploydeck approve {deployment.id}"
    assert texts[1].startswith("approved by ")


async def test_refused_it_ends_unchanged_with_the_reason(bench: Bench) -> None:
    deployment = await bench.queue(needs_approval=True)
    ended = await bench.deck.reject(deployment.id, "not before the holiday")
    assert ended.state is DeploymentState.CANCELED
    result = await bench.deck.engine.result(deployment.id)
    assert result.exit_code == 130 and result.cause is not None and result.cause.why == "not before the holiday"
    assert bench.deck.secrets.take(deployment.id) is None
    with pytest.raises(DeployDeckError) as refused:
        await bench.deck.approve(deployment.id)
    assert refused.value.code == "approval-not-awaited"


async def test_what_waits_for_approval_can_be_canceled_and_superseded(bench: Bench) -> None:
    first = await bench.queue(needs_approval=True)
    assert await bench.deck.engine.cancel(first.id)
    assert (await bench.deck.engine.result(first.id)).status is DeploymentState.CANCELED
    second = await bench.queue(needs_approval=True)
    await bench.queue(needs_approval=True, latest=True)
    assert (await bench.deck.engine.result(second.id)).status is DeploymentState.SUPERSEDED
