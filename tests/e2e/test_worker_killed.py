"""kill -9 of the real worker in every step of a real Docker deployment: it ends well, once, with nothing left over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import Program, clean, docker, fetch, free_port, set_port

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(600)]

STEPS = ("preflight", "build", "create", "trial", "verify", "retire", "switch", "watch", "settle", "prune")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Program]:
    """A static site with one release live."""
    root = tmp_path / "site"
    root.mkdir()
    (root / "index.html").write_text("<h1>release-0</h1>\n")
    program = Program(tmp_path / "home", root, {"DEPLOYDECK_HEALTH__STABLE_S": "0.5"})
    program("generate", "--write", "--yes", "--target", "docker")
    set_port(root, free_port(), target="docker")
    program("deploy", "--yes")
    yield program
    clean(program)


def deploy_and_kill(program: Program, step: str) -> list[dict[str, Any]]:
    """All events and the result of a deployment whose worker is killed when the step has begun."""
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
    seen: list[dict[str, Any]] = []
    killed = False
    for line in process.stdout:
        seen.append(json.loads(line))
        begun = seen[-1].get("kind") == "step" and (seen[-1]["step"], seen[-1]["data"]["state"]) == (step, "running")
        if begun and not killed:
            os.kill(json.loads((program.home / "data" / "worker.json").read_text())["pid"], signal.SIGKILL)
            killed = True
    assert process.wait(timeout=300) == 0, process.stderr.read() if process.stderr else ""
    assert killed
    return seen


def test_killed_in_every_step_it_still_ends_well(site: Program) -> None:
    for number, step in enumerate(STEPS, start=1):
        text = f"release-{number}-killed-in-{step}"
        (site.project / "index.html").write_text(f"<h1>{text}</h1>\n")
        events = deploy_and_kill(site, step)
        result = events[-1]
        assert result["status"] == "succeeded", (step, result)
        assert text in fetch(result["application_url"])[1], step
        done = Counter(
            event["step"] for event in events if event.get("kind") == "step" and event["data"].get("state") == "succeeded"
        )
        assert set(done) == set(STEPS), step
        assert set(done.values()) == {1}, f"killed in {step}: {done}"
        sequence = [event["seq"] for event in events[:-1]]
        assert sequence == list(range(1, len(sequence) + 1)), "every event once, in order"
        project = json.loads(site("status", "--json").out)["live"][0]["project"]["id"]
        mine = ("--filter", f"label=deploydeck.project={project}", "--format", "{{.Names}}")
        assert len(docker("ps", *mine).split()) == 1, f"killed in {step}: one copy runs"
        everything = docker("ps", "--all", *mine).split()
        assert not [name for name in everything if name.endswith("-trial")], f"killed in {step}: {everything}"
        assert len(everything) <= 6, "no more than what is kept for rollback"
