"""The course of whole deployments, in this process, on the pretend world."""

from __future__ import annotations

import asyncio

import pytest

from deploydeck.domain import Cause, DeployDeckError, DeploymentState, EventKind, Health, Level, Phase, StepState
from deploydeck.targets.fake import STEPS
from deploydeck.vault import ResolvedVariables
from tests.clock import PATIENCE_S
from tests.deploy.bench import SENTINEL, Bench

BEFORE_SWITCH = [step.name for step in STEPS if not step.gate and STEPS.index(step) < 4]
AFTER_OBSERVE = ["settle", "prune"]


async def test_first_deployment_goes_live(bench: Bench) -> None:
    result = await bench.deploy()
    assert result.cause is None
    assert result.status is DeploymentState.SUCCEEDED
    assert result.exit_code == 0
    assert result.release == "v1"
    assert result.application_url
    assert result.health is not None and result.health.health is Health.HEALTHY
    assert set(result.metrics.steps_s) == {step.name for step in STEPS}
    assert {log.source for log in result.logs} == {"build", "deploy"}
    assert all(log.closed and log.lines for log in result.logs)
    assert bench.release_live() is not None
    steps = await bench.deck.store.deployments.steps(result.deployment_id)
    assert [step.state for step in steps] == [StepState.SUCCEEDED] * len(steps)
    assert all(step.attempt == 1 for step in steps)
    release = (await bench.deck.store.deployments.releases(bench.project_id))[0]
    assert release.artifact == {"image": release.id, "copy": f"{release.id}-live"}
    assert bench.deck.secrets.take(result.deployment_id) is None


async def test_events_tell_everything_once_and_end_with_the_result(bench: Bench) -> None:
    result = await bench.deploy()
    events = await bench.events(result.deployment_id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert events[-1].kind is EventKind.RESULT
    assert events[-1].data == result.model_dump(mode="json")
    states = [event.data["state"] for event in events if event.kind is EventKind.STATE]
    assert states == ["queued", "acquiring_lock", "running", "succeeded"]
    commands = {event.step: event.data["command"] for event in events if event.kind is EventKind.STEP}
    assert commands == {step.name: step.command for step in STEPS}
    told = next(event.data["steps"] for event in events if "steps" in event.data)
    assert [step["name"] for step in told] == [step.name for step in STEPS]
    assert {event.data["source"] for event in events if event.kind is EventKind.LOG} == {"build", "deploy"}
    assert any(event.kind is EventKind.PROBE and event.data["status"] == 200 for event in events)
    assert any(event.kind is EventKind.PROGRESS for event in events)
    half = len(events) // 2
    assert [event.seq async for event in bench.deck.engine.follow(result.deployment_id, half)] == list(
        range(half + 1, len(events) + 1)
    )


async def test_second_deployment_replaces_the_first_and_keeps_it(bench: Bench) -> None:
    first = await bench.deploy()
    second = await bench.deploy()
    assert (first.release, second.release) == ("v1", "v2")
    releases = await bench.deck.store.deployments.releases(bench.project_id)
    assert bench.release_live() == releases[0].id
    copies = bench.world.read()["copies"]
    assert {name: copy["running"] for name, copy in copies.items()} == {
        f"{releases[0].id}-live": True,
        f"{releases[1].id}-live": False,
    }
    expected = await bench.deck.engine.expected_s(await bench.deck.store.projects.config(releases[0].config_id))
    assert set(expected) == {step.name for step in STEPS}


@pytest.mark.parametrize("step", BEFORE_SWITCH)
@pytest.mark.parametrize("fault", ["before", "after", "partial", "crash"])
async def test_failure_before_the_switch_changes_nothing(bench: Bench, step: str, fault: str) -> None:
    await bench.deploy()
    live = bench.release_live()
    bench.world.fault(step, *([fault] * 5))
    result = await bench.deploy()
    assert result.status is DeploymentState.FAILED_UNCHANGED
    assert result.exit_code == 1
    assert result.cause is not None
    assert bench.release_live() == live
    assert [name for name in bench.world.read()["copies"] if name.endswith("-trial")] == []
    assert result.application_url
    steps = await bench.deck.store.deployments.steps(result.deployment_id)
    assert all(step.state in (StepState.UNDONE, StepState.PENDING) for step in steps if step.undoable and not step.gate)
    assert all(step.state is not StepState.UNDONE for step in steps if not step.undoable), "nothing was there to take back"


@pytest.mark.parametrize("fault", ["transient", "transient-after", "slow", "partial"])
async def test_what_passes_is_tried_again(bench: Bench, fault: str) -> None:
    for step in ("build", "start-trial", "switch", "settle"):
        bench.world.fault(step, fault)
    result = await bench.deploy()
    assert result.status is DeploymentState.SUCCEEDED, result.cause
    for step in ("build", "start-trial", "switch"):
        assert bench.world.count(result.deployment_id, step) == 1


async def test_transient_failures_are_spent_after_five(bench: Bench) -> None:
    bench.world.fault("build", *["transient"] * 9)
    result = await bench.deploy()
    assert result.status is DeploymentState.FAILED_UNCHANGED
    assert len(bench.world.read()["faults"]["build"]) == 4
    notes = [event for event in await bench.events(result.deployment_id) if "Trying again" in event.text]
    assert len(notes) == 4


async def test_failed_switch_returns_to_the_previous_release(bench: Bench) -> None:
    await bench.deploy()
    live = bench.release_live()
    bench.world.fault("switch", "after")
    result = await bench.deploy()
    assert result.status is DeploymentState.ROLLED_BACK
    assert result.exit_code == 3
    assert bench.release_live() == live
    deployment = await bench.deck.store.deployments.get(result.deployment_id)
    assert deployment.passed_no_return


async def _trap(bench: Bench, monkeypatch: pytest.MonkeyPatch, condition: str) -> None:
    """Whatever goes live next is unhealthy or dies."""
    from deploydeck.targets import fake

    plain = fake._change

    def change(world: dict[str, object], step: str, context: object, live: str, trial: str, half: bool) -> dict[str, object]:
        result = plain(world, step, context, live, trial, half)  # type: ignore[arg-type]
        if step == "switch":
            world[condition] = [context.release.id]  # type: ignore[attr-defined]
        return result

    monkeypatch.setattr(fake, "_change", change)


@pytest.mark.parametrize("condition", ["unhealthy", "dying"])
async def test_unhealthy_after_the_switch_rolls_back_with_evidence(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, condition: str
) -> None:
    await bench.deploy()
    live = bench.release_live()
    await _trap(bench, monkeypatch, condition)
    result = await bench.deploy()
    assert result.status is DeploymentState.ROLLED_BACK, result
    assert result.exit_code == 3
    assert bench.release_live() == live
    assert result.cause is not None and result.cause.code == "unhealthy"
    assert any("v2 starts" in line for line in result.cause.evidence)
    assert any(("status 500" if condition == "unhealthy" else "exit code 1") in line for line in result.cause.evidence)
    assert result.health is not None and result.health.health is Health.UNHEALTHY
    states = [event.data["state"] for event in await bench.events(result.deployment_id) if event.kind is EventKind.STATE]
    assert states == ["queued", "acquiring_lock", "running", "rolling_back", "rolled_back"]
    lines = bench.deck.logs.reader(result.deployment_id, "app").lines()
    assert any("v2 starts" in line.text for line in lines)


async def test_dead_process_is_not_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from deploydeck.domain import HealthSpec

    await _trap(bench, monkeypatch, "dying")
    started = asyncio.get_running_loop().time()
    result = await bench.deploy(health=HealthSpec(interval_s=0.02, timeout_s=1, deadline_s=600, stable_s=0.3))
    assert asyncio.get_running_loop().time() - started < PATIENCE_S
    assert result.status is DeploymentState.FAILED_UNCHANGED


async def test_first_deployment_has_nothing_to_return_to(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await _trap(bench, monkeypatch, "unhealthy")
    result = await bench.deploy()
    assert result.status is DeploymentState.FAILED_UNCHANGED
    assert result.exit_code == 1
    assert bench.world.read()["copies"] == {}
    assert result.application_url is None
    assert any(log.source == "app" and log.lines for log in result.logs)


@pytest.mark.parametrize("step", AFTER_OBSERVE)
async def test_cleanup_failure_leaves_a_good_deployment(bench: Bench, step: str) -> None:
    await bench.deploy()
    bench.world.fault(step, "before")
    result = await bench.deploy()
    assert result.status is DeploymentState.SUCCEEDED_WITH_WARNINGS
    assert result.exit_code == 0
    assert len(result.warnings) == 1
    assert bench.release_live() == (await bench.deck.store.deployments.releases(bench.project_id))[0].id


async def test_failed_rollback_is_loud_and_takes_nothing_more_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.deploy()
    await _trap(bench, monkeypatch, "unhealthy")
    bench.world.fault("switch", "undo")
    result = await bench.deploy()
    assert result.status is DeploymentState.ROLLBACK_FAILED
    assert result.exit_code == 4
    assert result.cause is not None
    assert any(line.startswith("new release: running") for line in result.cause.evidence)
    assert any(line.startswith("previous release: not running") for line in result.cause.evidence)
    releases = await bench.deck.store.deployments.releases(bench.project_id)
    assert f"{releases[0].id}-live" in bench.world.read()["copies"]
    terminal = [event for event in await bench.events(result.deployment_id) if event.kind is EventKind.STATE][-1]
    assert terminal.level is Level.ERROR


async def test_previous_release_that_is_not_healthy_is_a_failed_rollback(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.deploy()
    first = (await bench.deck.store.deployments.releases(bench.project_id))[0]
    bench.world.fault("switch", "after")
    with bench.world.change() as world:
        world["unhealthy"].append(first.id)
    result = await bench.deploy()
    assert result.status is DeploymentState.ROLLBACK_FAILED
    assert result.cause is not None and "not healthy" in result.cause.why


async def test_rollback_brings_the_old_release_back(bench: Bench) -> None:
    await bench.deploy()
    await bench.deploy()
    engine, store = bench.deck.engine, bench.deck.store
    candidate = await engine.rollback_candidate(bench.project_id, "development", "fake")
    assert candidate.label == "v1"
    result = await bench.deploy(to=candidate)
    assert result.status is DeploymentState.SUCCEEDED, result.cause
    assert result.release == "v1"
    assert bench.release_live() == candidate.id
    live = await store.deployments.live(bench.project_id, "development", "fake")
    assert live is not None and live[1].id == candidate.id
    with pytest.raises(DeployDeckError, match="no earlier release"):
        await engine.rollback_candidate(bench.project_id, "development", "fake")


async def test_rollback_whose_release_is_gone_is_refused(bench: Bench) -> None:
    await bench.deploy()
    await bench.deploy()
    candidate = await bench.deck.engine.rollback_candidate(bench.project_id, "development", "fake")
    await bench.deck.target("fake").remove(candidate, await bench.deck.store.projects.config(candidate.config_id))
    with pytest.raises(DeployDeckError) as raised:
        await bench.queue(to=candidate)
    assert raised.value.code == "rollback-not-restorable"


async def test_nothing_to_roll_back_to(bench: Bench) -> None:
    engine = bench.deck.engine
    with pytest.raises(DeployDeckError) as raised:
        await engine.rollback_candidate(bench.project_id, "development", "fake")
    assert raised.value.code == "rollback-nothing"
    await bench.deploy()
    live = (await bench.deck.store.deployments.releases(bench.project_id))[0]
    with pytest.raises(DeployDeckError) as raised:
        await engine.rollback_candidate(bench.project_id, "development", "fake", live)
    assert raised.value.code == "rollback-live"


async def test_missing_variables_and_stale_plans_are_refused(bench: Bench) -> None:
    with pytest.raises(DeployDeckError) as raised:
        await bench.queue(resolved=ResolvedVariables(missing=("DATABASE_URL",)))
    assert raised.value.code == "variables-missing"
    assert "DATABASE_URL" in str(raised.value)
    from tests.deploy.bench import VARIABLES, make_config

    config = make_config(bench.project_id)
    plan = await bench.deck.engine.plan(config, source_hash="one", resolved=VARIABLES)
    for changed, source in ((config, "two"), (config.model_copy(update={"port": 9000}), "one")):
        with pytest.raises(DeployDeckError) as raised:
            await bench.deck.engine.queue(changed, plan, VARIABLES, source_hash=source)
        assert raised.value.code == "plan-stale"
    assert await bench.deck.store.deployments.list() == ()
    assert list((bench.deck.paths.data / "handoff").glob("*")) == []


async def test_lost_hand_off_fails_with_its_cause(bench: Bench) -> None:
    deployment = await bench.queue()
    bench.deck.secrets.drop(deployment.id)
    result = await bench.run(deployment)
    assert result.status is DeploymentState.FAILED_UNCHANGED
    assert result.cause is not None and result.cause.code == "handoff-lost"


async def test_the_same_failing_source_is_warned_about(bench: Bench) -> None:
    from tests.deploy.bench import VARIABLES, make_config

    config = make_config(bench.project_id)
    engine = bench.deck.engine
    plan = await engine.plan(config, source_hash="same", resolved=VARIABLES)
    assert plan.warnings == ()
    assert [(change.name, change.change, change.secret) for change in plan.variables] == [
        ("API_KEY", "added", True),
        ("MODE", "added", False),
    ]
    bench.world.fault("build", "before")
    await bench.run(await engine.queue(config, plan, VARIABLES, source_hash="same"))
    again = await engine.plan(config, source_hash="same", resolved=VARIABLES)
    assert again.warnings == ("The same source failed last time as v1: The pretend world refused.",)


async def test_secret_is_nowhere_but_in_the_hand_off(bench: Bench) -> None:
    """facts/deploying.md 5.6.7: the sentinel is said by everything that can speak, and stored by nothing."""
    target = bench.deck.target("fake")
    plain = target.act

    async def talkative(step, context):  # type: ignore[no-untyped-def]
        context.emit(f"value={SENTINEL}", "out", "build")
        context.emit(f"{SENTINEL[:6]}\n", "err", "build")
        context.progress(1, 3, SENTINEL)
        await context.record("copy", f"id-{SENTINEL}", SENTINEL, True, "present")
        result = await plain(step, context)
        if step.phase is Phase.PRUNE:
            from deploydeck.targets import StepFailed

            raise StepFailed(Cause(code="said", what=f"it said {SENTINEL}", why=SENTINEL, evidence=(SENTINEL,)))
        return result | {"token": SENTINEL, SENTINEL: 1}

    target.act = talkative  # type: ignore[method-assign]
    result = await bench.deploy()
    assert result.status is DeploymentState.SUCCEEDED_WITH_WARNINGS
    assert SENTINEL not in result.model_dump_json()
    for event in await bench.events(result.deployment_id):
        assert SENTINEL not in event.model_dump_json()
    await bench.deck.store.close()
    files = [path for path in bench.deck.paths.data.rglob("*") if path.is_file() and path.name != "fake-world.json"]
    assert {"deploydeck.sqlite", "engine.sqlite", "build.log"} <= {path.name for path in files}
    for path in files:
        assert SENTINEL.encode() not in path.read_bytes(), path.name
