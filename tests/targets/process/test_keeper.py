"""The keeper and its programs: crashes, restarts, kills, and what is said of them."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from deploydeck.domain import Kind, Recipe
from deploydeck.store.logs import LogStore
from deploydeck.targets import Seen, StepFailed
from deploydeck.targets.process import proc, running
from deploydeck.targets.process.layout import Layout, read_json, write_json
from tests.clock import PATIENCE_S
from tests.targets.harness import SECRET, ProcessLab, get


async def until(condition: Any, patience_s: float = PATIENCE_S) -> None:
    async with asyncio.timeout(patience_s):
        while not condition():
            await asyncio.sleep(0.05)


class Kept:
    """A release directory with a program of our own in it, and its keeper."""

    def __init__(self, base: Path, code: str) -> None:
        self.place = Layout(base / "slot" / "v1-x")
        self.logs = base / "logs"
        self.place.source.mkdir(parents=True)
        (self.place.source / "program.py").write_text(code)
        running.write_launch(
            self.place,
            {
                "argv": [sys.executable, "-u", "program.py", "{port}"], "static": None, "host": "127.0.0.1", "port_from_env": True,
                "env": {"PATH": os.environ["PATH"], "TOKEN": SECRET}, "secret_names": ["TOKEN"],
            },
        )  # fmt: skip

    async def start(self, deployment: str = "dep-1") -> dict[str, Any]:
        return await running.start(self.place, running.Order(deployment, "rel-1", "live", 1234, str(self.logs)))

    @property
    def state(self) -> dict[str, Any]:
        return running.state_of(self.place, "live")

    def said(self, deployment: str = "dep-1") -> list[str]:
        return [line.text for line in LogStore(self.logs).reader(deployment, "app").lines()]


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Any]:
    made: list[Kept] = []

    def make(code: str) -> Kept:
        made.append(Kept(tmp_path, code))
        return made[-1]

    yield make
    for item in made:
        await running.stop(item.place, "live")


FOREVER = "import os, time\nprint('up', os.environ['PORT'], flush=True)\nwhile True: time.sleep(1)\n"


async def test_a_program_is_kept_by_a_process_of_its_own(kept: Any) -> None:
    item = kept(FOREVER)
    state = await item.start()
    await until(lambda: "up 1234" in item.said())
    program, keeper = psutil.Process(state["program"]["pid"]), psutil.Process(state["keeper"]["pid"])
    assert keeper.ppid() != os.getpid()  # it survives whoever started it
    assert os.getsid(keeper.pid) == keeper.pid != os.getsid(0)
    assert os.getpgid(program.pid) == program.pid
    assert keeper.memory_info().rss < 60 * 1024 * 1024
    assert running.liveness(item.place, "live").running
    assert await item.start() == state  # nothing twice
    await running.stop(item.place, "live")
    assert not proc.alive(state["program"])
    assert not proc.alive(state["keeper"])
    ended = running.liveness(item.place, "live")
    assert (ended.running, ended.exit_code) == (False, 143)
    await running.stop(item.place, "live")


async def test_no_secret_is_on_a_command_line_or_in_a_readable_file(kept: Any, tmp_path: Path) -> None:
    item = kept("import os, time\nprint('token', os.environ['TOKEN'], flush=True)\nwhile True: time.sleep(1)\n")
    state = await item.start()
    await until(lambda: any("token" in line for line in item.said()))
    for process in (state["keeper"]["pid"], state["program"]["pid"]):
        assert SECRET.splitlines()[0] not in " ".join(psutil.Process(process).cmdline())
    assert SECRET.splitlines()[0] not in "\n".join(item.said())
    assert SECRET.splitlines()[0] not in repr(state)
    for path in tmp_path.rglob("*"):
        if path.is_file() and SECRET.splitlines()[0].encode() in path.read_bytes():
            assert path == item.place.launch
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_program_that_cannot_be_started_says_why(kept: Any) -> None:
    item = kept(FOREVER)
    launch = read_json(item.place.launch)
    write_json(item.place.launch, launch | {"argv": ["no-such-program"]})
    with pytest.raises(StepFailed) as failed:
        await item.start()
    assert failed.value.cause.code == "start-failed"
    assert "no-such-program" in failed.value.cause.why
    write_json(item.place.launch, launch | {"env": {"A": "null\0byte"}})
    with pytest.raises(StepFailed) as failed:
        await item.start()
    assert "null byte" in failed.value.cause.why
    assert not running.running(item.place, "live")


async def test_before_it_is_settled_a_crash_is_the_end(kept: Any) -> None:
    item = kept("import sys\nprint('no luck', flush=True)\nsys.exit(3)\n")
    await item.start()
    await until(lambda: not running.running(item.place, "live"))
    alive = running.liveness(item.place, "live")
    assert (alive.running, alive.exit_code, alive.restarts) == (False, 3, 0)
    assert "no luck" in item.said()
    assert "ended with exit code 3" in item.said()


async def test_once_settled_a_crash_is_followed_by_a_new_start(kept: Any) -> None:
    item = kept(FOREVER)
    state = await item.start()
    running.settle(item.place, "live", on=True)
    os.kill(state["program"]["pid"], signal.SIGKILL)
    await until(lambda: item.state["restarts"] == 1 and running.liveness(item.place, "live").running)
    assert item.state["program"]["pid"] != state["program"]["pid"]
    assert item.state["keeper"] == state["keeper"]
    assert any("exit code 137; starting again" in line for line in item.said())
    await running.stop(item.place, "live")
    assert not running.running(item.place, "live")


async def test_a_stop_during_the_pause_before_a_new_start_is_heard(kept: Any) -> None:
    item = kept("import sys\nsys.exit(1)\n")
    await item.start()
    running.settle(item.place, "live", on=True)
    await until(lambda: "starting again" in str(item.state.get("detail")) or not running.running(item.place, "live"))
    await running.stop(item.place, "live")
    assert not running.running(item.place, "live")


async def test_a_deaf_program_and_its_children_end_too(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    item = kept(
        "import signal, subprocess, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal,time; signal.signal(15, 1); time.sleep(999)'])\n"
        "print('child', child.pid, flush=True)\nwhile True: time.sleep(1)\n"
    )
    state = await item.start()
    await until(lambda: any(line.startswith("child") for line in item.said()))
    child = psutil.Process(int(next(line for line in item.said() if line.startswith("child")).split()[1]))
    await running.stop(item.place, "live")
    await until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert not proc.alive(state["program"])


async def test_a_killed_keeper_is_seen_and_its_program_can_still_be_stopped(kept: Any) -> None:
    item = kept(FOREVER)
    state = await item.start()
    os.kill(state["keeper"]["pid"], signal.SIGKILL)
    await until(lambda: not proc.alive(state["keeper"]))
    alive = running.liveness(item.place, "live")
    assert alive.running
    assert "without its keeper" in alive.detail
    again = await item.start()  # a new start first ends what has no keeper
    assert not proc.alive(state["program"])
    assert proc.alive(again["program"])


def test_a_used_up_process_number_is_not_taken_for_the_program(tmp_path: Path) -> None:
    mine = proc.mark(os.getpid())
    assert proc.alive(mine)
    assert not proc.alive(mine | {"born": "another-boot:1"})
    assert not proc.alive({"pid": None})
    assert not proc.alive({})
    place = Layout(tmp_path / "slot" / "v1-x")
    write_json(place.run("live") / "state.json", {"keeper": mine | {"born": "x"}, "program": mine | {"born": "x"}, "restarts": 0})
    alive = running.liveness(place, "live")  # as after a reboot
    assert not alive.running
    assert "reboot" in alive.detail


async def test_binary_and_endless_output_is_stored_without_harm(kept: Any) -> None:
    item = kept("import os\nos.write(1, b'\\xff\\x1b[31mred\\x00' + b'x' * 200000 + b'\\nlast')\n")
    await item.start()
    await until(lambda: not running.running(item.place, "live"))
    said = item.said()
    assert any("last" in line for line in said)
    assert not any("\x1b" in line for line in said)


async def test_two_starts_at_once_leave_one_program(kept: Any) -> None:
    item = kept(FOREVER)
    done = await asyncio.gather(item.start(), item.start(), return_exceptions=True)
    assert any(isinstance(one, dict) and one.get("program") for one in done)
    await until(lambda: running.running(item.place, "live"))
    mine = [found for found in psutil.process_iter() if _works_in(found, item.place.source)]
    assert len(mine) == 1


def _works_in(process: psutil.Process, place: Path) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(place)
    except psutil.Error:
        return False


# --- as a target --------------------------------------------------------------------------------------------------------------


async def test_a_fixed_port_means_no_trial_and_says_so(process_lab: ProcessLab) -> None:
    recipe = Recipe(kind=Kind.SERVER, language="", version="", manager="", start=(sys.executable, "server.py"))
    config = process_lab.config(recipe=recipe)
    run = await process_lab.run(config=config, variables={"PORT": str(process_lab.port)})
    assert not run.has("trial")
    assert not run.has("verify")
    plan = await process_lab.target.plan(config, run.context.release, None, False)
    assert any("no trial copy" in warning for warning in plan.warnings)
    assert any("previews" in warning for warning in plan.warnings)
    await run.go()
    assert await get(f"http://127.0.0.1:{process_lab.port}") == "one"
    moved = process_lab.config(recipe=recipe, port=process_lab.port - 1)
    assert "port-fixed" in [item.code for item in await process_lab.target.preflight(moved, None)]


async def test_a_crash_at_start_is_seen_in_the_trial_and_the_old_copy_never_notices(process_lab: ProcessLab) -> None:
    first = await process_lab.run()
    await first.go()
    one = await first.finish()
    config = process_lab.config(arguments=("--crash",))
    second = await process_lab.run("two", config=config, previous=one, previous_config=first.context.config)
    await second.go(until="trial")
    await until(lambda: not running.running(Layout.of(process_lab.paths.releases, config, second.context.release), "trial"))
    alive = await second.target.liveness("trial", second.context)
    assert alive.exit_code == 3
    assert "cannot open config" in await second.target.tail("trial", second.context, 10)
    await second.unwind()
    assert await get(f"http://127.0.0.1:{process_lab.port}") == "one"


async def test_the_program_inherits_only_what_it_may(process_lab: ProcessLab, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    monkeypatch.setenv("DEPLOYDECK_WORKER_ONLY", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-yours")
    run = await process_lab.run()
    await run.go()
    seen = json.loads(await get(f"http://127.0.0.1:{process_lab.port}", "/env"))
    assert "AWS_SECRET_ACCESS_KEY" not in seen
    assert "DEPLOYDECK_WORKER_ONLY" not in seen
    assert seen["PLAIN"] == "plain"
    assert seen["PORT"] == str(process_lab.port)


async def test_a_cancelled_build_ends_its_commands(process_lab: ProcessLab) -> None:
    sleeper = (sys.executable, "-c", "import subprocess; print('at it', flush=True); subprocess.run(['sleep', '86399'])")
    config = process_lab.config(
        recipe=Recipe(kind=Kind.SERVER, language="", version="", manager="", start=("x",), port_from_env=True, install=(sleeper,))
    )
    run = await process_lab.run(config=config)
    task = asyncio.create_task(run.act("build"))
    await until(lambda: "at it" in run.said.text)
    assert any("86399" in line for line in process_lab.running())
    run.context.cancelled.set()
    from deploydeck.targets import StepCanceled

    with pytest.raises(StepCanceled):
        await task
    assert process_lab.running() == []
    assert (await run.seen("build")).seen is Seen.PARTIAL
    await run.unwind()
    assert process_lab.leftovers() == []


async def test_a_failing_command_is_shown_with_its_last_lines(process_lab: ProcessLab) -> None:
    failing = (sys.executable, "-c", f"import sys; print('step one'); sys.exit({SECRET.splitlines()[0]!r})")
    recipe = Recipe(kind=Kind.SERVER, language="", version="", manager="", start=("x",), port_from_env=True, build=(failing,))
    run = await process_lab.run(config=process_lab.config(recipe=recipe))
    with pytest.raises(StepFailed) as failed:
        await run.act("build")
    assert failed.value.cause.code == "build-failed"
    assert "step one" in failed.value.cause.evidence
    assert SECRET.splitlines()[0] not in repr(failed.value.cause.evidence)
    missing = Recipe(
        kind=Kind.SERVER, language="", version="", manager="", start=("x",), port_from_env=True, build=(("no-such-tool",),)
    )
    run = await process_lab.run(config=process_lab.config(recipe=missing))
    with pytest.raises(StepFailed) as failed:
        await run.act("build")
    assert failed.value.cause.code == "tool-missing"


async def test_a_taken_port_names_its_holder(process_lab: ProcessLab) -> None:
    import socket

    process_lab.project()
    config = process_lab.config()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", process_lab.port))
        holder.listen()
        found = await process_lab.target.preflight(config, None)
        assert [item.code for item in found if item.severity == "error"] == ["port-taken"]
        assert f"process {os.getpid()}" in found[0].message
        run = await process_lab.run(config=config)
        with pytest.raises(StepFailed) as failed:
            await run.act("switch")
        assert failed.value.cause.code == "port-taken"
    assert not [item for item in await process_lab.target.preflight(config, None) if item.severity == "error"]


async def test_only_the_newest_releases_are_kept(process_lab: ProcessLab) -> None:
    config = process_lab.config(keep_releases=2)
    previous = None
    for text in ("one", "two", "three", "four"):
        run = await process_lab.run(text, config=config, previous=previous)
        await run.go()
        previous = await run.finish()
    left = [name for name in process_lab.leftovers() if name.startswith("v")]
    assert [name[:2] for name in left] == ["v3", "v4"]


async def test_without_a_trace_of_the_worker_everything_goes_on(process_lab: ProcessLab) -> None:
    """A worker killed with -9 during a build leaves no command behind: the guard ends it."""
    import subprocess

    code = (
        "import asyncio, sys\nfrom deploydeck.targets import commands\n"
        "argv = [sys.executable, '-c', 'import time; print(1, flush=True); time.sleep(86398)']\n"
        "asyncio.run(commands.run(argv, cwd='/', env={'PATH': '/usr/bin'},"
        " on_line=lambda text, stream: print(text, flush=True)))\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert worker.stdout is not None
    await asyncio.to_thread(worker.stdout.readline)
    worker.kill()
    worker.wait()
    worker.stdout.close()

    def left() -> list[str]:
        lines = [_line(found) for found in psutil.process_iter()]
        return [line for line in lines if "time.sleep(86398)" in line and "asyncio" not in line]

    await until(lambda: not left())


def _line(process: psutil.Process) -> str:
    try:
        return "" if process.status() == psutil.STATUS_ZOMBIE else " ".join(process.cmdline())
    except psutil.Error:
        return ""


async def test_a_copy_whose_directory_was_removed_is_stopped(kept: Any) -> None:
    item = kept(FOREVER)
    state = await item.start()
    await until(lambda: "up 1234" in item.said())
    shutil.rmtree(item.place.source.parent)
    await until(lambda: not proc.alive(state["program"]) and not proc.alive(state["keeper"]), 30)
