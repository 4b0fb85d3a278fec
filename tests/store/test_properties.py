"""Properties 10 and 12 of the original design, over the real database."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from deploydeck.domain import (
    Deployment,
    DeploymentConfig,
    DeploymentResult,
    DeploymentState,
    Event,
    EventKind,
    Plan,
    ProjectProfile,
    Release,
    StepState,
    new_id,
    utc_now,
)
from deploydeck.settings import Paths, Settings
from deploydeck.store import Store
from deploydeck.store.migrate import migrate_now
from deploydeck.targets import Target, open_target
from tests.domain.strategies import values as domain_values
from tests.store import values


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database to copy."""
    made = Paths(data=tmp_path_factory.mktemp("empty"), config=tmp_path_factory.mktemp("config"))
    migrate_now(made)
    return made.database


# --- Property 10 --------------------------------------------------------------------------------------------------------------


@dataclass
class Model:
    """What the history must say."""

    store: Store
    projects: list[str] = field(default_factory=list)
    deployments: list[str] = field(default_factory=list)
    states: dict[str, list[str]] = field(default_factory=dict)
    events: dict[str, list[str]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    ended: dict[str, Deployment] = field(default_factory=dict)
    releases: dict[str, Release] = field(default_factory=dict)
    succeeded: dict[str, str] = field(default_factory=dict)

    async def open(self, one: int, _two: int) -> None:
        project = await self.store.projects.open(f"/srv/{one % 3}", f"name {one}")
        if project.id not in self.projects:
            self.projects.append(project.id)
            self.numbers[project.id] = 0

    async def deploy(self, one: int, two: int) -> None:
        if not self.projects:
            return
        project = self.projects[one % len(self.projects)]
        made = await values.queued(self.store, project, port=1 + two)
        self.numbers[project] += 1
        self.deployments.append(made.id)
        self.states[made.id] = ["queued"]
        self.events[made.id] = ["queued"]
        self.releases[made.release_id] = await self.store.deployments.release(made.release_id)

    async def move(self, one: int, two: int) -> None:
        if not self.deployments:
            return
        made = self.deployments[one % len(self.deployments)]
        to = list(DeploymentState)[two % len(DeploymentState)]
        happened = await self.store.deployments.transition(made, to)
        assert happened is (made not in self.ended)
        if not happened:
            return
        self.states[made].append(to.value)
        self.events[made].append(to.value.replace("_", " "))
        if to.terminal:
            self.ended[made] = await self.store.deployments.get(made)
            if to.succeeded:
                self.succeeded[self.ended[made].project_id] = made

    async def note(self, one: int, two: int) -> None:
        if self.deployments:
            made = self.deployments[one % len(self.deployments)]
            await self.store.deployments.append(made, EventKind.NOTE, f"note {two}")
            self.events[made].append(f"note {two}")

    async def step(self, one: int, two: int) -> None:
        if not self.deployments:
            return
        made = self.deployments[one % len(self.deployments)]
        await self.store.deployments.plan_steps([values.step(made)])
        state = list(StepState)[two % len(StepState)]
        await self.store.deployments.set_step(values.step(made, state=state), text=f"step {state}")
        self.events[made].append(f"step {state}")

    async def delete(self, one: int, two: int) -> None:
        """Nothing that others refer to can be taken away, nor can anything refer to what is not there."""
        if not self.deployments:
            return
        made = await self.store.deployments.get(self.deployments[one % len(self.deployments)])
        table, name = (
            ("deployments", made.id),
            ("releases", made.release_id),
            ("configs", made.config_id),
            ("projects", made.project_id),
        )[two % 4]
        with pytest.raises(IntegrityError):
            async with self.store.database.write() as connection:
                await connection.execute(text(f"DELETE FROM {table} WHERE id = :id"), {"id": name})
        with pytest.raises(IntegrityError):
            await self.store.deployments.append(f"no-{one}", EventKind.NOTE, "x")


OPERATIONS: tuple[Callable[[Model, int, int], Awaitable[None]], ...] = (
    Model.open,
    Model.deploy,
    Model.move,
    Model.note,
    Model.step,
    Model.delete,
)


async def _check(model: Model, store: Store, started: float) -> None:
    async with store.database.read() as connection:
        assert (await connection.execute(text("PRAGMA foreign_key_check"))).all() == []
        assert (await connection.execute(text("PRAGMA integrity_check"))).scalar() == "ok"
    assert {project.id for project in await store.projects.all()} == set(model.projects)
    for project in model.projects:
        mine = await store.deployments.releases(project)
        assert [release.number for release in mine] == list(range(model.numbers[project], 0, -1))
        live = await store.deployments.live(project, "development", "docker")
        assert (live[0].id if live else None) == model.succeeded.get(project)
    for release_id, release in model.releases.items():
        assert await store.deployments.release(release_id) == release
        assert (await store.projects.config(release.config_id)).content_hash == release.config_hash
    listed = await store.deployments.list()
    assert [one.created_at for one in listed] == sorted((one.created_at for one in listed), reverse=True)
    assert {one.id for one in listed} == set(model.deployments)
    unfinished = {one.id for one in await store.deployments.unfinished()}
    assert unfinished == set(model.deployments) - set(model.ended)
    for made in model.deployments:
        events: tuple[Event, ...] = await store.deployments.events(made)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert [event.text for event in events] == model.events[made]
        states = [event.data["state"] for event in events if event.kind is EventKind.STATE]
        assert states == model.states[made]
        times = [event.at.timestamp() for event in events]
        assert times == sorted(times)
        assert started <= times[0]
        assert times[-1] <= utc_now().timestamp()
        now = await store.deployments.get(made)
        assert now.state.value == states[-1]
        if made in model.ended:
            assert now == model.ended[made], "what ended stays as it ended"
            assert now.completed_at is not None


# Feature: deployment-automation, Property 10: Data Persistence Integrity
# For any user, project, or deployment data, the System should store information securely, maintain referential integrity between
# related entities, record complete history with timestamps, and provide efficient access to historical data.
@given(st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 999), st.integers(0, 999)), max_size=25))
def test_any_history_is_whole_ordered_and_never_rewritten(
    empty: Path, history: list[tuple[Callable[[Model, int, int], Awaitable[None]], int, int]]
) -> None:
    async def run(paths: Paths) -> None:
        started = utc_now().timestamp()
        store = await Store.open(paths)
        model = Model(store)
        try:
            for operation, one, two in history:
                await operation(model, one, two)
            await _check(model, store, started)
        finally:
            await store.close()
        again = await Store.open(paths)
        try:
            await _check(model, again, started)
        finally:
            await again.close()
        assert paths.database.stat().st_mode & 0o077 == 0, "for its owner alone"

    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(empty, Path(directory) / empty.name)
        asyncio.run(run(Paths(data=Path(directory), config=Path(directory))))


async def test_reading_history_uses_an_index(store: Store) -> None:
    queries = {
        "history of a project": "SELECT * FROM deployments WHERE project_id = 'p' ORDER BY created_at DESC LIMIT 50",
        "unfinished": "SELECT * FROM deployments WHERE state IN ('queued', 'running')",
        "events after": "SELECT * FROM events WHERE deployment_id = 'd' AND seq > 5 ORDER BY seq LIMIT 100",
        "last event": "SELECT max(seq) FROM events WHERE deployment_id = 'd'",
        "steps": "SELECT * FROM steps WHERE deployment_id = 'd' ORDER BY seq",
        "releases": "SELECT * FROM releases WHERE project_id = 'p' ORDER BY number DESC",
    }
    async with store.database.read() as connection:
        for name, query in queries.items():
            plan = " ".join(str(row[-1]) for row in await connection.execute(text(f"EXPLAIN QUERY PLAN {query}")))
            assert "USING" in plan, f"{name}: {plan}"
            assert "SCAN" not in plan, f"{name}: {plan}"


# --- Property 12 --------------------------------------------------------------------------------------------------------------


async def _planned(target: Target, config: DeploymentConfig, release: Release) -> Plan:
    """What deploying a configuration would do: everything a plan says, from the configuration alone."""
    planned = await target.plan(config, release, None, False)
    return Plan(
        config_hash=config.content_hash,
        source_hash=release.source_hash,
        target=config.target,
        target_identity="the same place",
        environment=config.environment,
        url=planned.url,
        items=planned.items,
        variables=(),
        steps=planned.steps,
    )


# Feature: deployment-automation, Property 12: Microservices Architecture Round-Trip
# For any deployment configuration, serializing the configuration to storage and then deserializing it should produce an equivalent
# configuration object that generates identical deployment results.
# What a deployment does follows from its plan: the real targets' own plans, made from both objects, must be equal.
@pytest.mark.parametrize("place", ["process", pytest.param("docker", marks=pytest.mark.engine)])
@given(config=domain_values(DeploymentConfig))
async def test_a_stored_configuration_is_the_same_and_plans_the_same(
    store: Store, paths: Paths, config: DeploymentConfig, place: str
) -> None:
    project = await store.projects.open("/srv/round-trip", "round trip")
    config = config.model_copy(update={"id": new_id("cfg"), "project_id": project.id, "target": place})
    await store.projects.save_config(config)
    back = await store.projects.config(config.id)
    assert back == config
    assert back.content_hash == config.content_hash
    assert back.model_dump_json() == config.model_dump_json()
    target = open_target(place, Settings.model_validate({}), paths)
    release = values.release(config)
    assert await _planned(target, back, release) == await _planned(target, config, release)
    await target.close()


# Feature: deployment-automation, Property 12: Microservices Architecture Round-Trip
@given(profile=domain_values(ProjectProfile))
async def test_a_stored_profile_is_the_same(store: Store, profile: ProjectProfile) -> None:
    project = await store.projects.open(f"/srv/{new_id('x')}", "profile")
    await store.projects.save_profile(project.id, profile)
    assert await store.projects.latest_profile(project.id) == profile


# Feature: deployment-automation, Property 12: Microservices Architecture Round-Trip
@given(plan=domain_values(Plan), result=domain_values(DeploymentResult))
async def test_a_stored_deployment_keeps_its_plan_and_its_result(store: Store, plan: Plan, result: DeploymentResult) -> None:
    made = await values.queued(store)
    await store.deployments.set(made.id, plan=plan)
    fields: dict[str, Any] = {"cause": result.cause, "health": result.health, "application_url": result.application_url}
    ended = DeploymentState.SUCCEEDED
    await store.deployments.transition(made.id, ended, closing=result, **fields)
    back = await store.deployments.get(made.id)
    assert (back.plan, back.cause, back.health, back.application_url) == (plan, *fields.values())
    last = (await store.deployments.events(made.id))[-1]
    assert DeploymentResult.model_validate(last.data) == result
