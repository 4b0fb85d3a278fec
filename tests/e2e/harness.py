"""Drives the installed program as a person would: by its commands, in a data directory of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.clock import PATIENCE_S

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
            "DEPLOYDECK_HEALTH__STABLE_S": "1",
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

    def wait_for_worker_to_leave(self, timeout_s: float = PATIENCE_S) -> None:
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


def clean(program: Program) -> None:
    """Take everything away that was deployed from this home: containers, images, programs, the worker."""
    names = resources(program, "container")
    for name in docker("ps", "--all", "--format", "{{.Names}}").splitlines():
        if name in names:
            docker("rm", "--force", name)
    for image in resources(program, "image"):
        docker("rmi", "--force", image)
    for _ in range(3):  # a keeper may start its program again while both are being ended
        ours = [process for process in psutil.process_iter() if _belongs(process, program.home)]
        for process in ours:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        for process in psutil.wait_procs(ours, timeout=15)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def resources(program: Program, kind: str) -> set[str]:
    """Names and external ids of what all deployments of this home made, as the database has them."""
    database = program.home / "data" / "deploydeck.sqlite"
    if not database.exists():
        return set()
    with contextlib.closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT external_id, name FROM resources WHERE kind = ?", (kind,)).fetchall()
    return {value for row in rows for value in row}


def docker(*arguments: str) -> str:
    """What a docker command prints; nothing where there is no docker."""
    if shutil.which("docker") is None:
        return ""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=120).stdout


def _belongs(process: psutil.Process, home: Path) -> bool:
    """Whether it was started from this home: its environment, its command line or (a keeper) its directory says so."""
    try:
        told = process.environ().get("DEPLOYDECK_HOME") == str(home / "data")
        named = str(home) in " ".join(process.cmdline()) or process.cwd().startswith(str(home))
        return process.pid != os.getpid() and (told or named)
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False
