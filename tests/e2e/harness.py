"""Drives the installed program as a person would: by its commands, in a data directory of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECTS = Path(__file__).parent.parent / "projects"
EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def fetch(url: str, *, timeout_s: float = 5.0) -> tuple[int, str]:
    """Status and text of one GET; an HTTP error is an answer too."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as response:
            return int(response.status), response.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")


@dataclass
class Ran:
    """A finished command."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]


@dataclass
class Program:
    """`deploydeck` in its own home, on one project."""

    home: Path
    project: Path
    environ: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DEPLOYDECK_HOME": str(self.home / "data"),
            "DEPLOYDECK_CONFIG": str(self.home / "config"),
            "DEPLOYDECK_WORKER__IDLE_EXIT_S": "3",
            **self.environ,
        }

    def __call__(self, *arguments: str, timeout_s: float = 600.0, expect: int | None = 0) -> Ran:
        """Run a command in the project directory; fails with both streams when the exit code is not the expected one."""
        done = subprocess.run(
            [sys.executable, "-m", "deploydeck", *arguments],
            cwd=self.project,
            env=self.environment(),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout_s,
        )
        if expect is not None and done.returncode != expect:
            streams = f"--- out\n{done.stdout[-6000:]}\n--- err\n{done.stderr[-6000:]}"
            raise AssertionError(f"{arguments} ended with {done.returncode}, not {expect}\n{streams}")
        return Ran(done.returncode, done.stdout, done.stderr)

    def wait_for_worker_to_leave(self, timeout_s: float = 30.0) -> None:
        """The worker goes by itself when idle; nothing of it may stay."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if not self.json_status()["worker"]["running"]:
                return
            time.sleep(0.3)
        raise AssertionError("the worker is still there")

    def json_status(self) -> Any:
        return self("status", "--json").json()


def copy_project(name: str, to: Path, *, root: Path = PROJECTS) -> Path:
    """A fresh copy of a sample project."""
    target = to / name
    shutil.copytree(root / name, target, ignore=shutil.ignore_patterns("node_modules", ".venv", "__pycache__", ".next", "dist"))
    return target


def set_port(project: Path, port: int, *, environment: str = "development", target: str) -> None:
    """Write the published port into deploydeck.toml, as a person would in their editor."""
    import tomlkit

    path = project / "deploydeck.toml"
    document = tomlkit.parse(path.read_text()) if path.exists() else tomlkit.document()
    environments = document.setdefault("environments", tomlkit.table(is_super_table=True))
    entry = environments.setdefault(environment, tomlkit.table())
    entry["published_port"] = port
    entry["target"] = target
    path.write_text(tomlkit.dumps(document))
