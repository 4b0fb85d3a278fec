"""The Docker Engine goes away in the middle of a deployment: the truth is told, nothing is done twice, nothing is left behind."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import Program, clean, fetch, free_port, set_port

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(400)]

ENGINE = "/var/run/docker.sock"


class Link:
    """A socket between us and the engine that can be cut: open connections die, new ones are refused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.restore()

    def restore(self) -> None:
        self.path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.path.unlink(missing_ok=True)
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(ENGINE)
            except OSError:
                near.close()
                continue
            self._open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                sink.sendall(chunk)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def link(tmp_path: Path) -> Iterator[Link]:
    if not Path(ENGINE).is_socket():
        pytest.skip(f"the engine does not listen on {ENGINE}")
    made = Link(tmp_path / "engine.sock")
    yield made
    made.cut()


@pytest.fixture
def site(tmp_path: Path, link: Link) -> Iterator[Program]:
    """A static site, generated and ready to deploy through the link."""
    root = tmp_path / "site"
    root.mkdir()
    (root / "index.html").write_text("<h1>release-one</h1>\n")
    program = Program(tmp_path / "home", root, {"DEPLOYDECK_DOCKER__HOST": f"unix://{link.path}"})
    program("generate", "--write", "--yes", "--target", "docker")
    set_port(root, free_port(), target="docker")
    yield program
    with contextlib.suppress(OSError):
        link.restore()
    clean(program)


def deploy_until(program: Program, step: str) -> subprocess.Popen[str]:
    """Start `deploy --json` and come back when the step has begun."""
    process = subprocess.Popen(
        [sys.executable, "-m", "deploydeck", "deploy", "--yes", "--json"],
        cwd=program.project,
        env=program.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event.get("kind") == "step" and event["step"] == step and event["data"]["state"] == "running":
            return process
    raise AssertionError(f"{step} never began: {process.communicate()}")


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=300)
    assert out.strip(), err
    result: dict[str, Any] = json.loads(out.splitlines()[-1])
    return result


@pytest.mark.parametrize("step", ["build", "verify", "watch"])
def test_a_short_loss_is_ridden_out(step: str, site: Program, link: Link) -> None:
    running = deploy_until(site, step)
    link.cut()
    time.sleep(3)
    link.restore()
    result = finish(running)
    assert result["status"] in ("succeeded", "succeeded_with_warnings"), result["cause"]
    assert "release-one" in fetch(result["application_url"])[1]
    names = [
        item["name"] for item in result["infrastructure_details"] if item["kind"] == "container" and item["state"] == "present"
    ]
    assert len(names) == 1


def test_an_engine_that_stays_away_pauses_the_deployment_until_it_is_back(site: Program, link: Link) -> None:
    first = finish(deploy_until(site, "preflight"))
    assert first["status"] == "succeeded", first["cause"]
    (site.project / "index.html").write_text("<h1>release-two</h1>\n")
    running = deploy_until(site, "build")
    link.cut()
    paused = event_with_state(running, "paused")
    assert paused["data"]["cause"]["code"] == "network-down"
    assert paused["data"]["cause"]["hint"], "says what to do"
    assert "release-one" in fetch(first["application_url"])[1], "what was live is live"
    link.restore()
    result = finish(running)
    assert result["status"] == "succeeded", result["cause"]
    assert "release-two" in fetch(result["application_url"])[1]


def test_canceling_while_the_engine_is_away_ends_when_it_was_seen_to_have_stopped(site: Program, link: Link) -> None:
    running = deploy_until(site, "verify")
    link.cut()
    time.sleep(1)
    site("cancel", "--detach", json.loads(site("status", "--json").out)["unfinished"][0]["id"])
    time.sleep(3)
    assert running.poll() is None, "not canceled before the copies were seen to be gone"
    link.restore()
    result = finish(running)
    assert (result["status"], result["exit_code"]) == ("canceled", 130)
    assert all(item["state"] == "removed" for item in result["infrastructure_details"] if item["kind"] == "container")


def event_with_state(process: subprocess.Popen[str], state: str) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        event: dict[str, Any] = json.loads(line)
        if event.get("kind") == "state" and event["data"]["state"] == state:
            return event
    raise AssertionError(f"never {state}")
