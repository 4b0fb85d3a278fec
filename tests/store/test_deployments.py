"""History: states only move forward, numbers are dense, what ended stays as it ended."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from deploydeck.domain import (
    Cause,
    DeployDeckError,
    DeploymentState,
    EventKind,
    LogRef,
    Resource,
    StepState,
    new_id,
    utc_now,
)
from deploydeck.settings import Paths
from deploydeck.store import Store
from tests.store import values

TERMINAL = [state for state in DeploymentState if state.terminal]


@pytest.mark.parametrize("end", TERMINAL)
async def test_a_terminal_state_is_never_left(store: Store, end: DeploymentState) -> None:
    made = await values.queued(store)
    assert await store.deployments.transition(made.id, end)
    ended = await store.deployments.get(made.id)
    for other in DeploymentState:
        assert not await store.deployments.transition(made.id, other)
        assert not await store.deployments.transition(made.id, other, allowed=list(DeploymentState))
    assert not await store.deployments.set(made.id, warnings=["late"])
    assert not await store.deployments.request_cancel(made.id, "cancel")
    assert await store.deployments.get(made.id) == ended
    assert ended.completed_at is not None
    assert [event.kind for event in await store.deployments.events(made.id)] == [EventKind.STATE, EventKind.STATE]


async def test_a_transition_happens_only_from_an_allowed_state(store: Store) -> None:
    made = await values.queued(store)
    running = DeploymentState.RUNNING
    assert not await store.deployments.transition(made.id, DeploymentState.PAUSED, allowed=[running])
    assert await store.deployments.transition(made.id, running, allowed=[DeploymentState.QUEUED])
    assert not await store.deployments.transition(made.id, running, allowed=[DeploymentState.QUEUED])
    assert (await store.deployments.get(made.id)).state is running


async def test_of_many_competing_transitions_one_wins(store: Store) -> None:
    made = await values.queued(store)
    ends = [store.deployments.transition(made.id, end, allowed=[DeploymentState.QUEUED]) for end in TERMINAL]
    assert sorted(await asyncio.gather(*ends)) == [False] * (len(TERMINAL) - 1) + [True]


async def test_a_failed_transition_leaves_no_event(store: Store) -> None:
    made = await values.queued(store)
    with pytest.raises(ValueError, match="not columns"):
        await store.deployments.transition(made.id, DeploymentState.RUNNING, release_id="other")
    with pytest.raises(ValueError, match="not columns"):
        await store.deployments.set(made.id, state="succeeded")
    assert (await store.deployments.get(made.id)).state is DeploymentState.QUEUED
    assert len(await store.deployments.events(made.id)) == 1


async def test_the_cause_is_stored_and_told(store: Store) -> None:
    made = await values.queued(store)
    cause = Cause(code="health-timeout", what="No answer.", evidence=("connection refused",))
    await store.deployments.transition(made.id, DeploymentState.FAILED_UNCHANGED, cause=cause)
    assert (await store.deployments.get(made.id)).cause == cause
    last = (await store.deployments.events(made.id))[-1]
    assert last.data == {"state": "failed_unchanged", "cause": cause.model_dump(mode="json")}


_CHILD = """
import asyncio, sys
from pathlib import Path
from deploydeck.domain import EventKind
from deploydeck.settings import Paths
from deploydeck.store import Store
sys.path.insert(0, sys.argv[4])
from tests.store import values

async def main():
    store = await Store.open(Paths(Path(sys.argv[1]), Path(sys.argv[1])))
    project = await store.projects.open("/srv/shared", "shared")
    for turn in range(25):
        await store.deployments.append(sys.argv[2], EventKind.NOTE, f"{sys.argv[3]} {turn}")
        if turn % 5 == 0:
            await values.queued(store, project.id)
    await store.close()

asyncio.run(main())
"""


async def test_two_processes_number_events_and_releases_without_gaps(store: Store, paths: Paths) -> None:
    project = await store.projects.open("/srv/shared", "shared")
    made = await values.queued(store, project.id)
    root = str(Path(__file__).parent.parent.parent)
    children = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", _CHILD, str(paths.data), made.id, name, root)
        for name in ("left", "right")
    ]
    assert [await child.wait() for child in children] == [0, 0]
    events = await store.deployments.events(made.id)
    assert [event.seq for event in events] == list(range(1, 52))
    for name in ("left", "right"):
        mine = [event.text for event in events if event.text.startswith(name)]
        assert mine == [f"{name} {turn}" for turn in range(25)]
    numbers = [one.number for one in await store.deployments.releases(project.id)]
    assert numbers == list(range(11, 0, -1))


async def test_events_are_read_in_pages(store: Store) -> None:
    made = await values.queued(store)
    for turn in range(10):
        await store.deployments.append(made.id, EventKind.NOTE, str(turn))
    first = await store.deployments.events(made.id, after=1, limit=4)
    assert [event.text for event in first] == ["0", "1", "2", "3"]
    rest = await store.deployments.events(made.id, after=first[-1].seq)
    assert [event.text for event in rest] == ["4", "5", "6", "7", "8", "9"]


async def test_live_is_what_ended_last_even_if_the_clock_went_back(store: Store) -> None:
    project = await store.projects.open("/srv/clock", "clock")
    assert await store.deployments.live(project.id, "development", "docker") is None
    first = await values.queued(store, project.id)
    await store.deployments.transition(first.id, DeploymentState.SUCCEEDED, completed_at=utc_now())
    second = await values.queued(store, project.id)
    await store.deployments.transition(
        second.id, DeploymentState.SUCCEEDED_WITH_WARNINGS, completed_at=utc_now() - timedelta(days=400)
    )
    failed = await values.queued(store, project.id)
    await store.deployments.transition(failed.id, DeploymentState.ROLLED_BACK)
    elsewhere = await values.queued(store, project.id, environment="production")
    await store.deployments.transition(elsewhere.id, DeploymentState.SUCCEEDED)
    live = await store.deployments.live(project.id, "development", "docker")
    assert live is not None
    assert (live[0].id, live[1].id) == (second.id, second.release_id)


async def test_expected_time_of_a_step_is_the_median_of_its_successes(store: Store) -> None:
    project = await store.projects.open("/srv/median", "median")
    for seconds, state in ((1, "succeeded"), (9, "succeeded"), (2, "succeeded"), (500, "failed"), (-50, "succeeded")):
        made = await values.queued(store, project.id)
        await store.deployments.plan_steps([values.step(made.id)])
        start = utc_now()
        done = values.step(made.id, state=StepState(state), started_at=start, ended_at=start + timedelta(seconds=seconds))
        await store.deployments.set_step(done, text="done")
    assert await store.deployments.expected_s(project.id, "docker") == {"build": 2.0}
    assert await store.deployments.expected_s(project.id, "process") == {}


async def test_steps_are_planned_once_and_written_with_their_event(store: Store) -> None:
    made = await values.queued(store)
    await store.deployments.plan_steps([values.step(made.id), values.step(made.id, 2, "switch")])
    await store.deployments.plan_steps([values.step(made.id, 1, "other")])
    assert [step.name for step in await store.deployments.steps(made.id)] == ["build", "switch"]
    switch = values.step(made.id, 2, "switch", state=StepState.RUNNING, intent={"to": "new"}, attempt=1)
    await store.deployments.set_step(switch, text="switching", deployment={"passed_no_return": True})
    assert (await store.deployments.get(made.id)).passed_no_return
    assert (await store.deployments.steps(made.id))[1] == switch
    assert (await store.deployments.events(made.id))[-1].data == {"step": "switch", "state": "running", "attempt": 1}
    await store.deployments.beat(made.id, "switch")
    assert (await store.deployments.steps(made.id))[1].heartbeat_at is not None


async def test_a_step_that_was_never_planned_leaves_nothing(store: Store) -> None:
    made = await values.queued(store)
    with pytest.raises(ValueError, match="never planned"):
        await store.deployments.set_step(values.step(made.id), text="x", deployment={"passed_no_return": True})
    assert not (await store.deployments.get(made.id)).passed_no_return
    assert len(await store.deployments.events(made.id)) == 1


async def test_what_a_release_left_is_written_once(store: Store) -> None:
    made = await values.queued(store)
    await store.deployments.set_artifact(made.release_id, {"image": "sha256:one"})
    await store.deployments.set_artifact(made.release_id, {"image": "sha256:two", "tag": "v1"})
    stored = await store.deployments.release(made.release_id)
    assert stored.artifact == {"image": "sha256:one", "tag": "v1"}


async def test_releases_are_found_by_label_and_id(store: Store) -> None:
    made = await values.queued(store)
    for label in ("v1", "1", made.release_id):
        assert (await store.deployments.release_by_label(made.project_id, label)).id == made.release_id
    for label in ("v2", "latest", "", "9" * 30):
        with pytest.raises(DeployDeckError) as caught:
            await store.deployments.release_by_label(made.project_id, label)
        assert caught.value.code == "release-unknown"


async def test_a_deployment_is_found_by_an_unambiguous_beginning(store: Store) -> None:
    made = await values.queued(store)
    await values.queued(store, made.project_id)
    assert (await store.deployments.get(made.id)) == made
    for start in ("dep-", "", "%", "nothing"):
        with pytest.raises(DeployDeckError) as caught:
            await store.deployments.get(start)
        assert caught.value.code == "deployment-unknown"


async def test_a_configuration_never_changes_under_its_id(store: Store) -> None:
    project = await store.projects.open("/srv/config", "config")
    one = values.config(project.id)
    await store.projects.save_config(one)
    await store.projects.save_config(one)
    with pytest.raises(DeployDeckError) as caught:
        await store.projects.save_config(one.model_copy(update={"port": 9000}))
    assert caught.value.code == "config-changed"
    assert await store.projects.config(one.id) == one


async def test_a_failed_enqueue_takes_no_number(store: Store) -> None:
    made = await values.queued(store)
    settings = values.config(made.project_id)
    fresh = values.release(settings)
    with pytest.raises(IntegrityError):
        await store.deployments.enqueue(values.deployment(fresh, id=made.id), settings, fresh)
    again = await values.queued(store, made.project_id)
    assert (await store.deployments.release(again.release_id)).number == 2


async def test_what_is_referred_to_cannot_be_deleted(store: Store) -> None:
    made = await values.queued(store)
    await store.deployments.plan_steps([values.step(made.id)])
    await store.deployments.record_resource(Resource(deployment_id=made.id, kind="container", external_id="c1", name="shop"))
    await store.deployments.record_log(LogRef(deployment_id=made.id, source="build", path="logs/x"))
    for table in ("users", "projects", "configs", "releases", "deployments"):
        with pytest.raises(IntegrityError):
            async with store.database.write() as connection:
                await connection.execute(text(f"DELETE FROM {table}"))
    with pytest.raises(IntegrityError):
        await store.deployments.append("dep-nobody", EventKind.NOTE, "x")


async def test_unfinished_deployments_come_oldest_first(store: Store) -> None:
    project = await store.projects.open("/srv/order", "order")
    made = [await values.queued(store, project.id) for _ in range(3)]
    await store.deployments.transition(made[1].id, DeploymentState.CANCELED)
    assert [one.id for one in await store.deployments.unfinished()] == [made[0].id, made[2].id]
    assert [one.id for one in await store.deployments.list(project_id=project.id, limit=2)] == [made[2].id, made[1].id]
    assert await store.deployments.list(environment="production") == ()


async def test_resources_and_logs_keep_their_last_word(store: Store) -> None:
    made = await values.queued(store)
    intended = Resource(deployment_id=made.id, kind="container", external_id="c1", name="shop")
    await store.deployments.record_resource(intended)
    present = intended.model_copy(update={"state": "present"})
    await store.deployments.record_resource(present)
    assert await store.deployments.resources(made.id) == (present,)
    log = LogRef(deployment_id=made.id, source="build", path="logs/x", lines=3, size_bytes=5_000_000_000, closed=True)
    await store.deployments.record_log(log.model_copy(update={"lines": 1}))
    await store.deployments.record_log(log)
    assert await store.deployments.logs(made.id) == (log,)


async def test_a_profile_is_kept_only_when_it_says_something_new(store: Store) -> None:
    project = await store.projects.open("/srv/profile", "profile")
    first = await store.projects.save_profile(project.id, values.profile())
    later = values.profile(analyzed_at=utc_now())
    assert await store.projects.save_profile(project.id, later) == first
    changed = values.profile(name="other", id=new_id("prf"))
    assert await store.projects.save_profile(project.id, changed) != first
    assert await store.projects.latest_profile(project.id) == changed
    assert (await store.projects.get(project.id)).analysis_status == "done"


async def test_a_project_is_one_however_often_it_is_opened(store: Store) -> None:
    opened = await asyncio.gather(*(store.projects.open("/srv/same", f"name {turn}") for turn in range(5)))
    assert len({project.id for project in opened}) == 1
    assert len(await store.projects.all()) == 1
    with pytest.raises(DeployDeckError) as caught:
        await store.projects.get("prj-nobody")
    assert caught.value.code == "project-unknown"


async def test_review_decisions_survive(store: Store, paths: Paths) -> None:
    project = await store.projects.open("/srv/review", "review")
    await store.projects.save_decisions(project.id, {"Dockerfile": {"h1": "accepted"}})
    await store.projects.save_decisions(project.id, {"Dockerfile": {"h1": "rejected"}})
    await store.close()
    again = await Store.open(paths)
    assert await again.projects.decisions(project.id) == {"Dockerfile": {"h1": "rejected"}}
    await again.close()
