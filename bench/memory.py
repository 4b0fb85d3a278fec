"""Resident memory after a deployment: every screen visited, and the worker while it is still there.

Goals: screens under 130 MB, worker under 200 MB. The baseline of the same run is the hello-world Textual program.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from bench.processes import free_port, processes_of, stop_all
from bench.terminal import Terminal

SCREENS_GOAL_MB = 130
WORKER_GOAL_MB = 200


def run() -> bool:
    with tempfile.TemporaryDirectory() as home:
        environ = {
            "DEPLOYDECK_HOME": f"{home}/data",
            "DEPLOYDECK_CONFIG": f"{home}/config",
            "DEPLOYDECK_WORKER__IDLE_EXIT_S": "120",
            "DEPLOYDECK_HEALTH__STABLE_S": "0.5",
            "DEPLOYDECK_ENVIRONMENTS__DEVELOPMENT__PUBLISHED_PORT": str(free_port()),
        }
        project = Path(home, "site")
        project.mkdir()
        (project / "index.html").write_text("<h1>bench</h1>\n")
        _command(project, environ, "generate", "--write", "--yes", "--target", "process")
        _command(project, environ, "deploy", "--yes", "--target", "process")
        worker = _worker(home)
        worker_mb = _rss_mb(worker.pid)
        screens = Terminal([sys.executable, "-m", "deploydeck", str(project)], columns=120, rows=40, environ=environ)
        baseline = Terminal([sys.executable, str(Path(__file__).parent / "hello.py")], columns=120, rows=40)
        try:
            screens.wait_for("Projects")
            baseline.wait_for("hello")
            for key in "1234571":
                screens.type(key)
                screens.idle(2.0)
            screens_mb, baseline_mb = _rss_mb(screens.pid), _rss_mb(baseline.pid)
            idle_bytes = screens.idle(5.0)
        finally:
            screens.close()
            baseline.close()
            stop_all(home)
    print("resident memory after a deployment")
    print(f"  hello world (Textual)    {baseline_mb:6.0f} MB  x 1.00")
    print(f"  screens, all visited     {screens_mb:6.0f} MB  x {screens_mb / baseline_mb:.2f}  goal < {SCREENS_GOAL_MB} MB")
    print(f"  worker                   {worker_mb:6.0f} MB  x {worker_mb / baseline_mb:.2f}  goal < {WORKER_GOAL_MB} MB")
    print(f"  bytes an idle screen writes in 5 s: {idle_bytes}  goal 0")
    return screens_mb < SCREENS_GOAL_MB and worker_mb < WORKER_GOAL_MB and idle_bytes == 0


def _command(project: Path, environ: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploydeck", *arguments], cwd=project, env={**os.environ, **environ}, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{arguments} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")


def _worker(home: str) -> psutil.Process:
    for process in processes_of(home):
        if "worker" in process.cmdline():
            return process
    raise SystemExit("no worker runs")


def _rss_mb(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss) / 1_000_000


if __name__ == "__main__":
    raise SystemExit(0 if run() else 1)
