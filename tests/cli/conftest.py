"""Fixtures of the command tests: a project, and ways to run the program on it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from deploydeck.cli import main
from deploydeck.deploy import worker_status
from deploydeck.settings import Paths
from deploydeck.targets.fake import WORLD_FILE, World
from tests.cli.program import install
from tests.clock import PATIENCE_S

TOP = Path(__file__).parent.parent.parent

SETTINGS = """\
default_environment = "development"
[app]
name = "shop"
health_path = "/healthz"
[health]
interval_s = 0.02
timeout_s = 1.0
deadline_s = 0.4
stable_s = 0.05
[environments.development]
target = "fake"
published_port = 18123
[environments.production]
target = "fake"
published_port = 18124
"""

PROGRAM = """\
from flask import Flask

app = Flask(__name__)


@app.get("/healthz")
def healthz():
    return "ok"
"""


@dataclass
class Ran:
    """A finished command."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Program:
    """Runs the command line in a subprocess, in a project, in a home of its own."""

    paths: Paths
    project: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def world(self) -> World:
        return World(self.paths.data / WORLD_FILE)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("DEPLOYDECK_", "LC_"))}
        own = {
            "DEPLOYDECK_HOME": str(self.paths.data),
            "DEPLOYDECK_CONFIG": str(self.paths.config),
            "DEPLOYDECK_WORKER__IDLE_EXIT_S": "30",
            "DEPLOYDECK_SCAN__OFFLINE": "true",
            "PYTHONPATH": str(TOP),
        }
        return {**plain, **own, **self.environ, **(more or {})}

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "tests.cli.program", *arguments]

    def __call__(self, *arguments: str, expect: int | None = 0) -> Ran:
        """Run a command in this process, without a terminal; fails with both streams when the exit code is not the expected one."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(arguments)
        return self._checked(Ran(code, out.getvalue(), err.getvalue()), arguments, expect)

    def apart(self, *arguments: str, expect: int | None = 0, environ: Mapping[str, str] | None = None) -> Ran:
        """The same in a process of its own."""
        done = subprocess.run(
            self.argv(*arguments),
            cwd=self.project,
            env=self.environment(environ),
            capture_output=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
        return self._checked(Ran(done.returncode, done.stdout, done.stderr), arguments, expect)

    @staticmethod
    def _checked(ran: Ran, arguments: tuple[str, ...], expect: int | None) -> Ran:
        assert expect is None or ran.code == expect, f"{arguments}: {ran.code}\n--- out\n{ran.out}\n--- err\n{ran.err}"
        return ran


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small Flask project that is deployed to the pretend target."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "app.py").write_text(PROGRAM)
    (root / "requirements.txt").write_text("flask==3.1.3\ngunicorn==23.0.0\n")
    (root / "deploydeck.toml").write_text(SETTINGS)
    return root


@pytest.fixture
def program(paths: Paths, project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """The program; its worker is gone before the test is over."""
    made = Program(paths, project)
    for name, value in made.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(project)
    install(monkeypatch.setattr)
    yield made
    status = worker_status(paths)
    if status.running:
        process = psutil.Process(status.pid)
        process.terminate()
        psutil.wait_procs([process], timeout=10)


def wait_until(true: Any, timeout_s: float = PATIENCE_S) -> None:
    """Until a condition holds; fails when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
