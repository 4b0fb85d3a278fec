"""Starting, stopping and watching kept programs, by what their keeper wrote down."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploydeck.domain import Cause, Liveness
from deploydeck.targets.base import StepFailed
from deploydeck.targets.commands import signal_group
from deploydeck.targets.process import environment, proc
from deploydeck.targets.process.layout import Layout, read_json, write_json

STATE, RESTART, RUNS = "state.json", "restart", "runs.json"
STOP_GRACE_S = 10.0
START_TIMEOUT_S = 30.0
_KEEPER = str(Path(__file__).with_name("keeper.py"))
_SERVER = str(Path(__file__).with_name("static_server.py"))


@dataclass(frozen=True)
class Order:
    """One start: whose deployment it belongs to, which copy, where it listens."""

    deployment: str
    release: str
    role: str
    port: int
    logs: str


def write_launch(place: Layout, launch: Mapping[str, Any]) -> None:
    write_json(place.launch, dict(launch))


async def start(place: Layout, order: Order, host: str = "") -> dict[str, Any]:
    """Start the copy unless it runs, and return its state. `host` overrides where it binds. Raises StepFailed `start-failed`."""
    directory = place.run(order.role)
    if _keeper_alive(read_json(directory / STATE)):
        return read_json(directory / STATE)
    launch = read_json(place.launch) | ({"host": host} if host else {})
    if "env" not in launch:
        raise StepFailed(Cause(code="release-gone", what="The release directory is not whole any more.", hint="Deploy again."))
    await _end(read_json(directory / STATE))  # the program of a keeper that was killed
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for stale in (STATE, RESTART):
        (directory / stale).unlink(missing_ok=True)
    runs = read_json(directory / RUNS).get("runs", [])
    if order.deployment not in runs:
        write_json(directory / RUNS, {"runs": [*runs, order.deployment]})
    secrets = [value for name, value in launch["env"].items() if name in launch["secret_names"]]
    payload = {
        "directory": str(directory), "argv": arguments(launch, place, order.port), "cwd": str(place.source),
        "env": launch["env"] | ({"PORT": str(order.port)} if launch["port_from_env"] else {}),
        "secrets": secrets, "source": "trial" if order.role == "trial" else "app",
        "logs": order.logs, "deployment": order.deployment, "release": order.release, "port": order.port, "role": order.role,
    }  # fmt: skip
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "TMPDIR")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", _KEEPER, cwd=str(directory), env=environment.base(kept), start_new_session=True,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            _, said = await process.communicate(json.dumps(payload).encode())
    except TimeoutError:
        process.kill()
        await process.wait()
        said = b"it did not answer in time"
    if process.returncode != 0:
        why = said.decode("utf-8", "replace").strip().splitlines()
        raise StepFailed(Cause(code="start-failed", what="The program could not be started.", why=why[-1] if why else ""))
    return read_json(directory / STATE)


def arguments(launch: Mapping[str, Any], place: Layout, port: int) -> list[str]:
    """The command, with host and port put in; our own server for a site (named anew each time: we may have been updated)."""
    host = str(launch["host"])
    if launch.get("static") is not None:
        command = [sys.executable, "-I", "-S", _SERVER, "--directory", str(place.source / launch["static"]["directory"])]
        command += ["--host", host, "--port", str(port)]
        return command + (["--single-page"] if launch["static"]["single_page"] else [])
    return [word.replace("{host}", host).replace("{port}", str(port)) for word in launch["argv"]]


async def stop(place: Layout, role: str) -> None:
    """End the copy and observe that it ended; harmless when it does not run. Raises StepFailed `stop-failed`."""
    directory = place.run(role)
    (directory / RESTART).unlink(missing_ok=True)
    state = read_json(directory / STATE)
    keeper = (state.get("keeper") or {}).get("pid")
    if _keeper_alive(state) and keeper:
        os.kill(int(keeper), signal.SIGTERM)
        if not await _gone(lambda: _keeper_alive(state), STOP_GRACE_S + 5):
            os.kill(int(keeper), signal.SIGKILL)
    state = read_json(directory / STATE)
    if not await _end(state):
        raise StepFailed(Cause(code="stop-failed", what=f"The process {state['program']['pid']} does not end.", transient=True))


async def _end(state: Mapping[str, Any]) -> bool:
    """End a program that has no keeper any more."""
    program = state.get("program")
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not program or not proc.alive(program):
            return True
        signal_group(int(program["pid"]), number)
        if await _gone(lambda: proc.alive(program), STOP_GRACE_S):
            return True
    return False


async def _gone(alive: Any, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while await asyncio.to_thread(alive):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.03)
    return True


def forget(place: Layout, role: str) -> None:
    """Take away what is written of a copy that has ended; its log stays."""
    (place.run(role) / STATE).unlink(missing_ok=True)


def settle(place: Layout, role: str, on: bool) -> None:
    """Whether the keeper starts the program again when it crashes."""
    mark = place.run(role) / RESTART
    if on:
        mark.touch(mode=0o600)
    else:
        mark.unlink(missing_ok=True)


def settled(place: Layout, role: str) -> bool:
    return (place.run(role) / RESTART).exists()


def state_of(place: Layout, role: str) -> dict[str, Any]:
    return read_json(place.run(role) / STATE)


def runs_of(place: Layout, role: str) -> list[str]:
    """The deployments whose logs hold what this copy wrote, oldest first."""
    return [str(item) for item in read_json(place.run(role) / RUNS).get("runs", [])]


def running(place: Layout, role: str) -> bool:
    """Whether the copy has a keeper or a program that lives."""
    state = state_of(place, role)
    return _keeper_alive(state) or proc.alive(state.get("program"))


def liveness(place: Layout, role: str) -> Liveness:
    """What is known of a copy. After a reboot nothing runs, and that is what this says."""
    state = state_of(place, role)
    if not state:
        return Liveness(running=False, detail="It was never started here.")
    alive = proc.alive(state.get("program"))
    restarts = int(state.get("restarts") or 0)
    if alive:
        detail = "running" if _keeper_alive(state) else "running without its keeper: it is not started again after a crash"
        return Liveness(running=True, restarts=restarts, detail=detail)
    code = state.get("exit_code")
    detail = str(state.get("detail") or "")
    if state.get("program"):  # nobody was there to see it end
        code, detail = None, "It ended together with its keeper, for example at a reboot."
    return Liveness(running=False, exit_code=code, restarts=restarts, detail=detail)


def _keeper_alive(state: Mapping[str, Any]) -> bool:
    return proc.alive(state.get("keeper"))
