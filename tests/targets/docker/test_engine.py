"""The docker target against a real Engine, where things go wrong."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import subprocess
import time
from typing import Any

import pytest

from deploydeck.domain import ResourceLimits, new_id
from deploydeck.targets import Restorable, Seen, StepCanceled, StepFailed
from deploydeck.targets.docker import buildkit
from tests.clock import PATIENCE_S
from tests.targets.harness import DOCKERFILE, SECRET, DockerLab, get, make_release, start_run, write_project

pytestmark = pytest.mark.engine


def inspect(name: str) -> dict[str, Any]:
    done = subprocess.run(["docker", "inspect", name], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)[0]
    return found


@pytest.fixture(params=["buildkit", "classic"])
def builder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "classic":

        async def none(host: str) -> str:
            return ""

        monkeypatch.setattr(buildkit, "available", none)
    elif not asyncio.run(buildkit.available("unix:///var/run/docker.sock")):
        pytest.skip("there is no docker buildx 0.13 or newer")
    return str(request.param)


async def test_both_builders_make_an_image_that_runs(docker_lab: DockerLab, builder: str) -> None:
    dockerfile = DOCKERFILE.replace(
        "USER", "RUN --mount=type=cache,target=/tmp/cache mkdir -p /tmp/cache && echo building >/tmp/cache/x\nUSER"
    )
    run = await docker_lab.run()
    write_project(docker_lab.root / "project", "one", dockerfile=dockerfile)
    await run.go()
    endpoint = await run.target.endpoint("live", run.context)
    assert endpoint is not None
    assert await get(endpoint) == "one"
    assert run.said.progress
    assert any(source == "build" for _, _, source in run.said.lines)
    assert ("left out --mount" in run.said.text) is (builder == "classic")
    labels = inspect(run.context.facts["build"]["image"])["Config"]["Labels"]
    assert labels["deploydeck.release"] == run.context.release.id
    assert labels["deploydeck.deployment"] == run.context.deployment_id


async def test_a_broken_image_says_what_the_failing_step_said_last(docker_lab: DockerLab, builder: str) -> None:
    run = await docker_lab.run()
    write_project(
        docker_lab.root / "project",
        dockerfile=DOCKERFILE + f'RUN echo the reason is here {SECRET.splitlines()[0]} && echo "no such package" >&2 && exit 7\n',
    )
    with pytest.raises(StepFailed) as failed:
        await run.go()
    cause = failed.value.cause
    assert cause.code == "build-failed"
    assert "RUN echo the reason" in cause.what
    assert any("no such package" in line for line in cause.evidence)
    assert "7" in cause.why
    assert SECRET.splitlines()[0] not in repr(cause.evidence) + run.said.text
    await run.unwind()
    assert docker_lab.leftovers() == []


async def test_a_cancelled_build_has_stopped_when_it_says_so(docker_lab: DockerLab, builder: str) -> None:
    run = await docker_lab.run()
    write_project(docker_lab.root / "project", dockerfile=DOCKERFILE.replace("USER", "RUN sleep 97531\nUSER"))
    task = asyncio.create_task(run.act("build"))
    async with asyncio.timeout(PATIENCE_S):
        while "sleep 97531" not in run.said.text:
            await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    run.context.cancelled.set()
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(StepCanceled):
            await task
    async with asyncio.timeout(PATIENCE_S):
        while "sleep 97531" in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout:
            await asyncio.sleep(0.2)
    await run.unwind()
    assert docker_lab.leftovers() == []


async def test_a_secret_is_lent_to_the_step_that_mounts_it_and_is_in_no_layer(docker_lab: DockerLab) -> None:
    if not await buildkit.available("unix:///var/run/docker.sock"):
        pytest.skip("there is no docker buildx 0.13 or newer")
    own = new_id("run")  # another step each time: a secret is no part of what the builder knows a step by
    value = f"{new_id('value')}\n{new_id('second-line')}"  # of its own: the processes of other tests are looked at, too
    step = (
        "RUN --mount=type=secret,id=API_TOKEN --mount=type=secret,id=npmrc,target=/tmp/npmrc --mount=type=secret,id=NOT_GIVEN "
        "sha256sum /run/secrets/API_TOKEN | cut -c-64 >/lent && cat /tmp/npmrc >>/lent && test ! -e /run/secrets/NOT_GIVEN "
        f"&& cat /run/secrets/API_TOKEN && cat /lent && echo {own} && sleep 2\nUSER"
    )
    run = await docker_lab.run(variables={"API_TOKEN": value})
    write_project(docker_lab.root / "project", dockerfile=DOCKERFILE.replace("USER", step))
    (docker_lab.root / "project" / ".npmrc").write_text("registry=https://registry.invalid/\n")
    task = asyncio.create_task(run.act("build"))
    seen = ""
    while not task.done():
        seen += (await asyncio.to_thread(subprocess.run, ["ps", "axewww", "-o", "args"], capture_output=True, text=True)).stdout
        await asyncio.sleep(0.2)
    await task
    assert "--secret id=API_TOKEN,src=" in seen, "the build was seen"
    assert hashlib.sha256(value.encode()).hexdigest() in run.said.text, "the step had the very value"
    assert "registry=https" in run.said.text
    image = run.context.facts["build"]["image"]
    history = subprocess.run(["docker", "history", "--no-trunc", image], capture_output=True, text=True, check=True).stdout
    for line in value.splitlines():
        assert line not in seen, "in arguments or environment of a process"
        assert line not in history + json.dumps(inspect(image)) + run.said.text
    await run.unwind()


async def test_a_missing_base_image_is_named(docker_lab: DockerLab, builder: str) -> None:
    run = await docker_lab.run()
    write_project(docker_lab.root / "project", dockerfile="FROM deploydeck-no-such-image:1\nRUN true\n")
    with pytest.raises(StepFailed) as failed:
        await run.act("build")
    assert failed.value.cause.code in ("base-image-missing", "registry-unreachable", "build-failed")
    assert failed.value.cause.why


async def test_secrets_stand_in_the_environment_of_the_container_and_nowhere_else(docker_lab: DockerLab) -> None:
    run = await docker_lab.run()
    run.context.variables = {**run.context.variables, "ODD": "a=b\n\"c\" 'd' $e é"}
    await run.go(until="trial")
    for name in docker_lab.running():
        found = inspect(name)
        config = found.pop("Config")
        env = dict(item.split("=", 1) for item in config.pop("Env"))
        assert env["API_TOKEN"] == SECRET
        assert env["ODD"] == "a=b\n\"c\" 'd' $e é"
        assert SECRET.splitlines()[0] not in json.dumps([found, config])
    history = subprocess.run(
        ["docker", "history", "--no-trunc", run.context.facts["build"]["image"]], capture_output=True, text=True
    )
    assert SECRET.splitlines()[0] not in history.stdout


async def test_the_container_is_bounded_and_returns_only_when_settled(docker_lab: DockerLab) -> None:
    run = await docker_lab.run()
    await run.go(until="watch")
    name = run.context.facts["create"]["name"]
    host = inspect(name)["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == 256 * 1024 * 1024
    assert host["NanoCpus"] == 500_000_000
    assert host["Init"] is True
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert host["LogConfig"]["Config"]["max-size"]
    assert host["PortBindings"]["8000/tcp"] == [{"HostIp": "127.0.0.1", "HostPort": str(docker_lab.port)}]
    assert host["RestartPolicy"]["Name"] == "no"
    await run.go()
    assert inspect(name)["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    second = await docker_lab.run("two", config=run.context.config, previous=await run.finish())
    await second.go()
    assert inspect(name)["HostConfig"]["RestartPolicy"]["Name"] == "no"
    assert inspect(second.context.facts["create"]["name"])["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


async def test_a_trial_that_crashes_is_seen_with_its_exit_code_and_words(docker_lab: DockerLab) -> None:
    run = await docker_lab.run()
    write_project(docker_lab.root / "project", arguments=("--crash",))
    await run.go(until="trial")
    async with asyncio.timeout(PATIENCE_S):
        while (alive := await run.target.liveness("trial", run.context)).running:
            await asyncio.sleep(0.1)
    assert alive.exit_code == 3
    assert alive.oom_killed is False
    assert "cannot open config" in await run.target.tail("trial", run.context, 20)
    await run.unwind()
    assert "cannot open config" in run.said.text  # its words outlive it
    assert docker_lab.leftovers() == []


async def test_a_copy_killed_for_memory_says_so(docker_lab: DockerLab) -> None:
    config = docker_lab.config(limits=ResourceLimits(memory_bytes=16 * 1024 * 1024))
    run = await docker_lab.run(config=config)
    hungry = 'CMD ["python3", "-c", "x = [bytearray(1 << 20) for _ in range(500)]"]'
    write_project(docker_lab.root / "project", dockerfile=DOCKERFILE.replace('CMD ["python3", "server.py"]', hungry))
    await run.go(until="trial")
    async with asyncio.timeout(PATIENCE_S):
        while (alive := await run.target.liveness("trial", run.context)).running:
            await asyncio.sleep(0.1)
    assert alive.oom_killed is True
    assert alive.exit_code == 137


async def test_a_taken_port_is_found_before_anything_happens_and_its_holder_named(docker_lab: DockerLab) -> None:
    docker_lab.project()
    config = docker_lab.config()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", docker_lab.port))
        holder.listen()
        found = await docker_lab.target.preflight(config, None)
        assert [item.code for item in found if item.severity == "error"] == ["port-taken"]
        assert "process" in found[0].message
        run = await docker_lab.run(config=config)
        with pytest.raises(StepFailed) as failed:
            await run.act("preflight")
        assert failed.value.cause.code == "port-taken"
    run = await docker_lab.run(config=config)
    await run.go()
    other = docker_lab.config(project_id="prj-other")
    taken = [item for item in await docker_lab.target.preflight(other, None) if item.severity == "error"]
    assert run.context.facts["create"]["name"] in taken[0].message
    mine = await docker_lab.target.preflight(config, await run.finish())
    assert not [item for item in mine if item.severity == "error"]


async def test_a_port_taken_at_the_switch_brings_the_old_copy_back(docker_lab: DockerLab) -> None:
    first = await docker_lab.run()
    await first.go()
    one, config = await first.finish(), first.context.config
    second = await docker_lab.run("two", config=config, previous=one)
    await second.go(until="retire")
    await docker_lab.target.undo(second.step("switch"), second.context)  # harmless before it happened
    assert (await docker_lab.target.status(one, config)).running
    name = first.context.facts["create"]["name"]
    subprocess.run(["docker", "stop", "-t", "1", name], check=True, capture_output=True)
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", docker_lab.port))
        holder.listen()
        with pytest.raises(StepFailed) as failed:
            await second.act("switch")
        assert failed.value.cause.code == "port-taken"
    await second.unwind()
    await second.gate("previous")
    assert await get(f"http://127.0.0.1:{docker_lab.port}") == "one"


async def test_an_engine_that_goes_away_is_worth_another_try(docker_lab: DockerLab) -> None:
    run = await docker_lab.run()
    await run.go(until="build")
    engine = docker_lab.target._engine  # type: ignore[attr-defined]
    await engine.close()
    there, engine.host = engine.host, "unix:///nowhere/docker.sock"
    for call in (
        run.seen("create"),
        run.act("create"),
        run.target.liveness("live", run.context),
        run.target.tail("live", run.context, 5),
    ):
        with pytest.raises(StepFailed) as failed:
            await call
        assert failed.value.cause.code == "engine-unreachable"
        assert failed.value.cause.transient
    engine.host = there
    await run.go()
    assert (await run.target.liveness("live", run.context)).running


async def test_only_the_newest_releases_are_kept_and_the_words_of_the_others(docker_lab: DockerLab) -> None:
    config = docker_lab.config(keep_releases=2)
    previous, runs = None, []
    for text in ("one", "two", "three", "four"):
        run = await docker_lab.run(text, config=config, previous=previous)
        await run.go()
        previous = await run.finish()
        runs.append(run)
    names = [run.context.facts["create"]["name"] for run in runs]
    left = docker_lab.leftovers()
    assert not any(name in left for name in names[:2])
    assert names[2] in left
    assert names[3] in left
    assert len([name for name in left if ":" in name]) == 2  # the images too
    assert "listening as two" in runs[3].said.text
    assert "listening as one" in runs[2].said.text
    kept, _ = await docker_lab.target.restorable(runs[0].context.release, config)
    assert kept is Restorable.NO


async def test_a_release_comes_back_from_its_image_when_its_container_is_gone(docker_lab: DockerLab) -> None:
    first = await docker_lab.run()
    await first.go()
    one, config = await first.finish(), first.context.config
    second = await docker_lab.run("two", config=config, previous=one)
    await second.go()
    two = await second.finish()
    subprocess.run(["docker", "rm", first.context.facts["create"]["name"]], check=True, capture_output=True)
    how, _ = await docker_lab.target.restorable(one, config)
    assert how is Restorable.IMAGE
    (docker_lab.root / "project" / "Dockerfile").unlink()  # an old release does not need the source of today
    back = await docker_lab.back(one, two, config)
    await back.go()
    assert await get(f"http://127.0.0.1:{docker_lab.port}") == "one"
    subprocess.run(["docker", "rm", "-f", first.context.facts["create"]["name"]], check=True, capture_output=True)
    subprocess.run(["docker", "rmi", "-f", one.artifact["image"]], check=True, capture_output=True)
    again = await docker_lab.back(one, two, config)
    with pytest.raises(StepFailed) as failed:
        await again.act("build")
    assert failed.value.cause.code == "image-gone"


async def test_a_failed_rollback_does_not_lose_the_kept_container(docker_lab: DockerLab) -> None:
    first = await docker_lab.run()
    await first.go()
    one, config = await first.finish(), first.context.config
    second = await docker_lab.run("two", config=config, previous=one)
    await second.go()
    two = await second.finish()
    back = await docker_lab.back(one, two, config)
    await back.go(until="switch")
    await back.unwind()
    how, _ = await docker_lab.target.restorable(one, config)
    assert how is Restorable.KEPT
    await back.gate("previous")
    assert await get(f"http://127.0.0.1:{docker_lab.port}") == "two"


async def test_an_orphaned_trial_is_cleared_by_the_next_deployment(docker_lab: DockerLab) -> None:
    lost = await docker_lab.run()
    await lost.go(until="trial")
    trial = lost.context.facts["trial"]["name"]
    run = await docker_lab.run("two", config=lost.context.config)
    await run.go()
    assert trial not in docker_lab.leftovers()


async def test_a_project_in_an_odd_place_is_built(docker_lab: DockerLab) -> None:
    root = write_project(docker_lab.root / "-o x; $(touch y) 'é'\n", "odd")
    config = docker_lab.config(root=str(root))
    run = await start_run(docker_lab.target, config, make_release(config, 1), docker_lab.paths)
    await run.go(until="build")
    assert (await run.seen("build")).seen is Seen.DONE
    assert not list(docker_lab.root.glob("**/y"))


async def test_bookkeeping_around_a_deployment_is_quick(docker_lab: DockerLab) -> None:
    run = await docker_lab.run()
    started = time.monotonic()
    for step in run.steps:
        if not step.gate:
            await run.seen(step.name)
    assert time.monotonic() - started < 20  # half a second where nothing else runs
