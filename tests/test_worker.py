"""The worker as a process and as a loop: one to a store, leaves when idle, survives signals, trouble and races."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

import deploydeck.deploy.presence as presence
from deploydeck.deploy import clean_environment, ensure_worker, worker_status
from deploydeck.deploy.service import AlreadyRunning
from deploydeck.domain import DeployDeckError, DeploymentState, EventKind, StepState
from deploydeck.settings import Paths
from tests.clock import PATIENCE_S
from tests.deploy.bench import Bench, opened

ROOT = Path(__file__).parents[1]
SCRIPT = Path(__file__).parent / "deploy" / "fake_worker.py"


@pytest.fixture
async def bench(paths: Paths, tmp_path: Path) -> AsyncIterator[Bench]:
    async with opened(paths, tmp_path / "project") as made:
        yield made


@pytest.fixture
def spawning(monkeypatch: pytest.MonkeyPatch, paths: Paths) -> Iterator[None]:
    """`ensure_worker` starts the worker that knows the fake target; it is gone after the test."""
    monkeypatch.setattr(presence, "COMMAND", [sys.executable, str(SCRIPT)])
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'src'}{os.pathsep}{ROOT}")
    monkeypatch.setenv("DEPLOYDECK_WORKER__IDLE_EXIT_S", "0.5")
    before = len(presence._orphans)
    yield
    for process in presence._orphans[before:]:
        process.kill()
        process.wait()
    del presence._orphans[before:]


async def until(condition: object, seconds: float = PATIENCE_S) -> None:
    """Until `condition()` (sync or async) is true."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        value = condition()  # type: ignore[operator]
        if await value if asyncio.iscoroutine(value) else value:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen in time")


async def follow_to_end(bench: Bench, deployment_id: str, seconds: float = PATIENCE_S) -> DeploymentState:
    async with asyncio.timeout(seconds):
        async for _ in bench.deck.engine.follow(deployment_id):
            pass
    return (await bench.deck.store.deployments.get(deployment_id)).state


# --- the process --------------------------------------------------------------------------------------------------------------


async def test_started_on_demand_works_and_leaves(bench: Bench, spawning: None) -> None:
    deployment = await bench.queue()
    pid = ensure_worker(bench.deck.paths)
    assert pid is not None
    assert await follow_to_end(bench, deployment.id) is DeploymentState.SUCCEEDED
    await until(lambda: presence._orphans[-1].poll() is not None)
    assert presence._orphans[-1].returncode == 0
    assert not worker_status(bench.deck.paths).running


async def test_status_tells_of_a_running_worker_and_a_second_leaves_at_once(bench: Bench, spawning: None) -> None:
    bench.world.fault("build", "hang")
    deployment = await bench.queue()
    pid = ensure_worker(bench.deck.paths)
    await until(lambda: worker_status(bench.deck.paths).active == (deployment.id,))
    status = worker_status(bench.deck.paths)
    assert (status.running, status.pid, status.trouble) == (True, pid, "")
    assert ensure_worker(bench.deck.paths) is None
    started = time.monotonic()
    second = await asyncio.create_subprocess_exec(sys.executable, str(SCRIPT), stderr=subprocess.PIPE)
    _, said = await second.communicate()
    assert second.returncode == 0
    assert b"another worker runs" in said
    assert time.monotonic() - started < PATIENCE_S
    with pytest.raises(AlreadyRunning):
        await bench.service().run()
    assert worker_status(bench.deck.paths).pid == pid
    await bench.deck.engine.cancel(deployment.id)
    assert await follow_to_end(bench, deployment.id) is DeploymentState.CANCELED


async def test_killed_worker_is_noticed_and_its_work_goes_on(bench: Bench, spawning: None) -> None:
    bench.world.fault("build", "hang")
    deployment = await bench.queue()
    pid = ensure_worker(bench.deck.paths)
    assert pid is not None
    await until(lambda: not bench.world.read()["faults"].get("build"))
    os.kill(pid, signal.SIGKILL)
    presence._orphans[-1].wait()
    assert not worker_status(bench.deck.paths).running
    states = []
    async with asyncio.timeout(PATIENCE_S):
        async for event in bench.deck.engine.follow(deployment.id, supervise=True):
            if event.kind is EventKind.STATE:
                states.append(event.data["state"])
    assert states == ["queued", "acquiring_lock", "running", "recovering", "running", "succeeded"]
    step = next(step for step in await bench.deck.store.deployments.steps(deployment.id) if step.name == "build")
    assert step.attempt == 2


async def test_sigterm_finishes_the_step_and_leaves_the_rest(bench: Bench, spawning: None) -> None:
    deployment = await bench.queue()
    for step in ("check", "build", "start-trial"):
        bench.world.fault(step, *["slow"] * 1)
    pid = ensure_worker(bench.deck.paths)
    assert pid is not None

    async def begun() -> bool:
        return any(step.state is StepState.SUCCEEDED for step in await bench.deck.store.deployments.steps(deployment.id))

    await until(begun)
    os.kill(pid, signal.SIGHUP)  # the terminal closes: nothing happens
    os.kill(pid, signal.SIGTERM)
    await until(lambda: presence._orphans[-1].poll() is not None)
    assert presence._orphans[-1].returncode == 0
    left = await bench.deck.store.deployments.get(deployment.id)
    if not left.state.terminal:
        states = [step.state for step in await bench.deck.store.deployments.steps(deployment.id)]
        assert StepState.RUNNING not in states
        ensure_worker(bench.deck.paths)
    assert await follow_to_end(bench, deployment.id) is DeploymentState.SUCCEEDED
    for step in ("build", "start-trial", "switch"):
        assert bench.world.count(deployment.id, step) == 1


async def test_worker_whose_home_is_removed_leaves(bench: Bench, spawning: None) -> None:
    bench.world.fault("build", "slow")
    await bench.queue()
    ensure_worker(bench.deck.paths)
    await until(lambda: worker_status(bench.deck.paths).running)
    bench.deck.paths.data.rename(bench.deck.paths.data.with_name("gone"))
    await until(lambda: presence._orphans[-1].poll() is not None)


def test_environment_of_the_worker_is_an_allow_list() -> None:
    environment = {
        "PATH": "/bin",
        "HOME": "/h",
        "LC_ALL": "C",
        "DEPLOYDECK_HOME": "/d",
        "DOCKER_HOST": "unix:///x",
        "https_proxy": "p",
        "AWS_SECRET_ACCESS_KEY": "no",
        "DATABASE_URL": "no",
        "GITHUB_TOKEN": "no",
    }
    assert set(clean_environment(environment)) == {"PATH", "HOME", "LC_ALL", "DEPLOYDECK_HOME", "DOCKER_HOST", "https_proxy"}


def test_status_file_of_a_dead_or_another_process_is_not_believed(paths: Paths) -> None:
    paths.data.mkdir(parents=True)
    assert not worker_status(paths).running
    presence.write_status(paths, presence.WorkerStatus(True, os.getpid(), 1.0, 2.0, ("dep-1",)))
    assert worker_status(paths).active == ("dep-1",)
    content = presence.status_file(paths).read_text()
    presence.status_file(paths).write_text(content.replace('"born": ', '"born": 1'))
    assert not worker_status(paths).running
    for broken in ("", "[]", "{}", '{"pid": "x"}'):
        presence.status_file(paths).write_text(broken)
        assert not worker_status(paths).running


def test_worker_that_cannot_start_says_so(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "COMMAND", ["/nowhere/python"])
    with pytest.raises(DeployDeckError) as raised:
        ensure_worker(paths)
    assert raised.value.code == "worker-start"


# --- the loop -----------------------------------------------------------------------------------------------------------------


async def test_two_deployments_to_one_place_wait_for_each_other(bench: Bench) -> None:
    bench.world.fault("build", *["slow"] * 2)
    first = await bench.queue()
    second = await bench.queue()
    await bench.service().run()
    one, two = [await bench.deck.engine.result(each.id) for each in (first, second)]
    assert (one.status, two.status) == (DeploymentState.SUCCEEDED, DeploymentState.SUCCEEDED)
    assert one.completed_at is not None and two.completed_at is not None
    events = await bench.events(second.id if two.completed_at > one.completed_at else first.id)
    waited = [event for event in events if "waiting_for" in event.data]
    assert waited
    assert waited[0].data["waiting_for"] in (first.id, second.id)
    assert "@" in waited[0].data["owner"]
    live = await bench.deck.store.deployments.live(bench.project_id, "development", "fake")
    assert live is not None and bench.release_live() == live[1].id
    later = await bench.deck.store.deployments.get(events[0].deployment_id)
    assert later.previous_release_id is not None  # planned again: the other one is what it would return to


async def test_different_environments_go_side_by_side(bench: Bench) -> None:
    bench.world.fault("build", *["hang"] * 2)
    deployments = [await bench.queue(environment=name) for name in ("staging", "production")]
    running = asyncio.create_task(bench.service().run())
    await until(lambda: not bench.world.read()["faults"]["build"])
    for deployment in deployments:
        assert (await bench.deck.store.deployments.get(deployment.id)).state is DeploymentState.RUNNING
        await bench.deck.engine.cancel(deployment.id)
    await asyncio.wait_for(running, PATIENCE_S)
    for deployment in deployments:
        assert (await bench.deck.engine.result(deployment.id)).exit_code == 130


async def test_lock_that_is_held_too_long_is_exit_code_five(bench: Bench) -> None:
    settings = bench.deck.user_settings
    short = settings.model_copy(update={"worker": settings.worker.model_copy(update={"lock_wait_s": 0.2})})
    bench.deck.__dict__["user_settings"] = short
    bench.world.fault("build", "hang")
    first = await bench.queue()
    running = asyncio.create_task(bench.service().run())
    await until(lambda: not bench.world.read()["faults"]["build"])
    second = await bench.queue()
    await follow_to_end(bench, second.id)
    result = await bench.deck.engine.result(second.id)
    assert (result.status, result.exit_code) == (DeploymentState.FAILED_UNCHANGED, 5)
    assert result.cause is not None and result.cause.code == "lock-held"
    assert first.id in result.cause.why
    await bench.deck.engine.cancel(first.id)
    await asyncio.wait_for(running, PATIENCE_S)


async def test_work_queued_while_the_worker_leaves_is_not_lost(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row arrives after the last look of the loop and before the lock is free: no face starts a worker then."""
    import deploydeck.deploy.service as service

    plain = presence.clear_status
    late: list[str] = []

    def clear(paths: Paths) -> None:
        assert worker_status(paths).running  # a face that looks now starts nobody
        if not late:
            late.append("")
        plain(paths)

    monkeypatch.setattr(service, "clear_status", clear)
    first = await bench.queue()
    made = bench.service()
    plain_work = made._work

    async def work() -> None:
        await plain_work()
        if not late:
            late.append((await bench.queue()).id)

    monkeypatch.setattr(made, "_work", work)
    await made.run()
    assert (await bench.deck.engine.result(first.id)).exit_code == 0
    assert (await bench.deck.engine.result(late[0])).exit_code == 0


async def test_store_in_trouble_loses_nothing_and_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    store = bench.deck.store.deployments
    plain = store.set_step
    refusals = 0
    seen: list[str] = []

    async def full(*arguments: object, **options: object) -> None:
        nonlocal refusals
        if refusals < 12:
            refusals += 1
            seen.append(worker_status(bench.deck.paths).trouble)
            raise DeployDeckError("store-disk-full", "The disk is full.")
        await plain(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "set_step", full)
    deployment = await bench.queue()
    await bench.service().run()
    result = await bench.deck.engine.result(deployment.id)
    assert result.status is DeploymentState.SUCCEEDED
    assert refusals == 12
    assert "The disk is full." in seen
    for step in ("build", "start-trial", "switch"):
        assert bench.world.count(deployment.id, step) == 1


async def test_durable_engine_in_trouble_starts_again_from_our_records(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from deploydeck.deploy.calls import Calls

    plain = Calls.perform
    failures = 0

    async def torn(self: Calls, deployment_id: str, name: str, arguments: tuple[str, ...]) -> dict[str, object]:
        nonlocal failures
        answer = await plain(self, deployment_id, name, arguments)
        if arguments == ("start-trial",) and not failures:
            failures += 1
            raise OSError("the engine could not write its record")
        return answer

    monkeypatch.setattr(Calls, "perform", torn)
    deployment = await bench.queue()
    await bench.service().run()
    result = await bench.deck.engine.result(deployment.id)
    assert failures == 1
    assert result.status is DeploymentState.SUCCEEDED, result.cause
    assert bench.world.count(deployment.id, "start-trial") == 1


async def test_clock_jumps_change_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clock jumps a day ahead, and back, while a lock is held: nobody takes it over, no deadline passes."""
    from datetime import timedelta

    import deploydeck.store.locks as locks
    from deploydeck.domain import utc_now

    jump = timedelta()
    monkeypatch.setattr(locks, "utc_now", lambda: utc_now() + jump)
    bench.world.fault("build", "hang")
    first = await bench.queue()
    second = await bench.queue()
    running = asyncio.create_task(bench.service().run())
    await until(lambda: not bench.world.read()["faults"]["build"])
    for days in (1, -1):
        jump = timedelta(days=days)
        await asyncio.sleep(0.3)
        states = {(await bench.deck.store.deployments.get(each.id)).state for each in (first, second)}
        assert states == {DeploymentState.RUNNING, DeploymentState.ACQUIRING_LOCK}
    jump = timedelta()
    for each in (first, second):
        if (await bench.deck.store.deployments.get(each.id)).state is DeploymentState.RUNNING:
            await bench.deck.engine.cancel(each.id)
    await asyncio.wait_for(running, PATIENCE_S)
    assert sorted([(await bench.deck.engine.result(each.id)).exit_code for each in (first, second)]) == [0, 130]
