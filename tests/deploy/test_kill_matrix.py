"""kill -9 at every boundary of a deployment: a real worker process dies, a fresh one goes on, the outcome is the same.

A boundary is anything that can be torn apart: before and after every effect on the world, before and after every commit.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploydeck.domain import DeploymentState, EventKind, StepState
from deploydeck.settings import Paths
from deploydeck.store import Store
from deploydeck.targets.fake import WORLD_FILE, World
from tests.deploy.bench import SENTINEL, opened
from tests.deploy.test_removing import queue_removal

ROOT = Path(__file__).parents[2]
WORKER = Path(__file__).with_name("fake_worker.py")
AT_ONCE = 3
OBSERVABLE = ("build", "start-trial", "switch", "settle")


@dataclass(frozen=True)
class Scenario:
    """How the second deployment goes, and how it must end."""

    ends: DeploymentState
    faults: tuple[tuple[str, str], ...] = ()
    cancel: str | None = None
    removes: bool = False


SCENARIOS = {
    "succeeds": Scenario(DeploymentState.SUCCEEDED),
    "fails before the switch": Scenario(DeploymentState.FAILED_UNCHANGED, (("start-trial", "partial-for-good"),)),
    "takes down": Scenario(DeploymentState.SUCCEEDED, removes=True),
    "rolls back": Scenario(DeploymentState.ROLLED_BACK, (("switch", "sick-for-good"),)),
}


def paths_in(directory: Path) -> Paths:
    return Paths(data=directory, config=directory / "config")


class Workers:
    """A process that has everything imported and forks workers: a hundred cold starts would take minutes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def started(cls, home: Path) -> Workers:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            "DEPLOYDECK_WORKER__IDLE_EXIT_S": "0",
        }
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable, str(WORKER), "serve", env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        )

    async def run(self, directory: Path, *arguments: str) -> int:
        """Run one worker on a data directory; its exit code, negative for a signal."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(directory), *arguments]).encode() + b"\n")
        await self._process.stdin.drain()
        return int(await asyncio.wait_for(self._process.stdout.readline(), 60))

    async def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await asyncio.wait_for(self._process.wait(), 60)


async def prepare(directory: Path, scenario: Scenario) -> str:
    """One release live, the next one queued."""
    paths = paths_in(directory)
    async with opened(paths, directory / "project") as bench:
        first = await bench.deploy()
        assert first.status is DeploymentState.SUCCEEDED
        second = await (queue_removal(bench) if scenario.removes else bench.queue())
        for step, fault in scenario.faults:
            bench.world.fault(step, fault)
    return second.id


async def check(directory: Path, deployment_id: str, scenario: Scenario) -> list[str]:
    """What is wrong now, in words; nothing when all is well."""
    wrong: list[str] = []
    store = await Store.open(paths_in(directory))
    try:
        deployment = await store.deployments.get(deployment_id)
        if deployment.state is not scenario.ends:
            wrong.append(f"ended as {deployment.state.value}: {deployment.cause}")
        events = await store.deployments.events(deployment_id, limit=5000)
        if [event.seq for event in events] != list(range(1, len(events) + 1)):
            wrong.append("events are not numbered one by one")
        results = [event for event in events if event.kind is EventKind.RESULT]
        if len(results) != 1 or events[-1] != results[0]:
            wrong.append(f"{len(results)} results, the last event is {events[-1].kind.value}")
        world = World(directory / WORLD_FILE).read()
        known = {
            resource.external_id
            for one in await store.deployments.list()
            for resource in await store.deployments.resources(one.id)
            if resource.state != "removed"
        }
        if orphans := set(world["copies"]) - known:
            wrong.append(f"orphans: {sorted(orphans)}")
        if leftovers := [name for name in world["copies"] if name.endswith("-trial")]:
            wrong.append(f"trial copies left: {leftovers}")
        live = await store.deployments.live(deployment.project_id, deployment.environment, deployment.target)
        running = sorted(name for name, copy in world["copies"].items() if copy["running"])
        if scenario.removes:
            if live is not None or world["copies"] or world["images"]:
                wrong.append(f"the history says {live}, the world holds {world['copies']} and {world['images']}")
        elif live is None or running != [f"{live[1].id}-live"] or world["live"] != running[0]:
            wrong.append(f"the history says {live}, the world runs {running}")
        if list((directory / "handoff").iterdir()):
            wrong.append("the hand-off file is still there")
        for log in await store.deployments.logs(deployment_id):
            if not log.closed:
                wrong.append(f"log {log.source} is not closed")
    finally:
        await store.close()
    for path in directory.rglob("*"):
        if path.is_file() and SENTINEL.encode() in path.read_bytes():
            wrong.append(f"the secret is in {path.name}")
    return wrong


@dataclass(frozen=True)
class AtKill:
    """What was recorded and what had happened when the worker died."""

    recorded: frozenset[str]
    effects: Counter[str]
    live: str
    passed_no_return: bool
    terminal: bool


async def at_kill(directory: Path, deployment_id: str) -> AtKill:
    store = await Store.open(paths_in(directory))
    try:
        deployment = await store.deployments.get(deployment_id)
        steps = await store.deployments.steps(deployment_id)
    finally:
        await store.close()
    world = World(directory / WORLD_FILE).read()
    return AtKill(
        frozenset(step.name for step in steps if step.state in (StepState.SUCCEEDED, StepState.UNDONE)),
        effects(directory, deployment_id),
        str(world["live"]),
        deployment.passed_no_return,
        deployment.state.terminal,
    )


def effects(directory: Path, deployment_id: str) -> Counter[str]:
    happened = World(directory / WORLD_FILE).read()["effects"]
    return Counter(step for deployment, step, effect in happened if deployment == deployment_id and effect == "act")


async def kill_at(
    workers: Workers, number: int, name: str, template: Path, directory: Path, deployment_id: str, scenario: Scenario
) -> list[str]:
    """Kill at one boundary, restart, and tell what is wrong."""
    await asyncio.to_thread(shutil.copytree, template, directory)
    first_live = World(directory / WORLD_FILE).read()["live"]
    try:
        code = await workers.run(directory, str(number))
        if code not in (-signal.SIGKILL, 0):
            return [f"boundary {number} ({name}): the worker ended with {code}"]
        before = await at_kill(directory, deployment_id)
        wrong: list[str] = []
        if not before.passed_no_return and before.live != first_live:
            wrong.append(f"{before.live} serves before the point of no return")
        code = await workers.run(directory)
        if code != 0:
            wrong.append(f"the second worker ended with {code}")
        after = effects(directory, deployment_id)
        wrong += [
            f"{step} ran again after its result was recorded" for step in before.recorded if after[step] > before.effects[step]
        ]
        wrong += [f"{step} had its effect {after[step]} times" for step in OBSERVABLE if after[step] > 1]
        wrong += await check(directory, deployment_id, scenario)
        return [f"boundary {number} ({name}): {text}" for text in wrong]
    except TimeoutError:
        return [f"boundary {number} ({name}): a worker did not end"]
    finally:
        await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", SCENARIOS)
async def test_killed_at_every_boundary_it_converges(name: str, tmp_path: Path) -> None:
    scenario = SCENARIOS[name]
    template = tmp_path / "template"
    deployment_id = await prepare(template, scenario)
    counting = tmp_path / "counting"
    shutil.copytree(template, counting)
    pool = [await Workers.started(tmp_path) for _ in range(AT_ONCE)]
    free: asyncio.Queue[Workers] = asyncio.Queue()
    for workers in pool:
        free.put_nowait(workers)
    try:
        assert await pool[0].run(counting, "count") == 0, (counting / "worker.log").read_text()
        assert await check(counting, deployment_id, scenario) == []
        boundaries = [line.split(" ", 1)[1] for line in (counting / "boundaries").read_text().splitlines()]
        assert len(boundaries) > (20 if scenario.removes else 40)

        async def one(number: int) -> list[str]:
            workers = await free.get()
            try:
                place = tmp_path / f"kill-{number}"
                return await kill_at(workers, number, boundaries[number - 1], template, place, deployment_id, scenario)
            finally:
                free.put_nowait(workers)

        wrong = await asyncio.gather(*(one(number) for number in range(1, len(boundaries) + 1)))
    finally:
        for workers in pool:
            await workers.stop()
    assert [text for texts in wrong for text in texts] == []
