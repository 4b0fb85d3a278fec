"""The engine: from the command to the first step with no worker running, and our own bookkeeping per step.

Goals (issue 2): cold worker to first step under 2 s; under 60 ms a step. Baselines of the same run: starting Python, and one SQLite
commit that reaches the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from bench.processes import free_port, stop_all
from deploydeck.deck import Deck
from deploydeck.domain import DeploymentConfig, HealthSpec, Kind, Probe, Recipe, new_id, utc_now
from deploydeck.settings import Paths
from deploydeck.targets import Endpoint
from deploydeck.targets.fake import FakeTarget
from deploydeck.vault import ResolvedVariables
from deploydeck.worker import run_foreground

ROUNDS = 5
COLD_GOAL_S = 2.0
STEP_GOAL_MS = 60.0


def run() -> bool:
    python_s = statistics.median(_timed([sys.executable, "-c", "pass"]) for _ in range(ROUNDS))
    cold_s = statistics.median(_cold_start_s() for _ in range(ROUNDS))
    with tempfile.TemporaryDirectory() as home:
        commit_ms = _commit_ms(Path(home))
        step_ms = statistics.median(asyncio.run(_bookkeeping_ms(Path(home, str(number)))) for number in range(ROUNDS))
    print(f"engine, median of {ROUNDS}")
    print(f"  starting Python              {python_s * 1000:6.0f} ms  x 1.0")
    print(f"  cold worker to first step    {cold_s * 1000:6.0f} ms  x {cold_s / python_s:.1f}  goal < {COLD_GOAL_S:.0f} s")
    print(f"  one commit that reaches disk {commit_ms:6.1f} ms  x 1.0")
    print(f"  our bookkeeping per step     {step_ms:6.1f} ms  x {step_ms / commit_ms:.1f}  goal < {STEP_GOAL_MS:.0f} ms")
    return cold_s < COLD_GOAL_S and step_ms < STEP_GOAL_MS


def _timed(argv: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(argv, check=True)
    return time.perf_counter() - started


def _cold_start_s() -> float:
    """Queue a deployment of a static site while no worker runs; seconds from queued to the beginning of its first step."""
    with tempfile.TemporaryDirectory() as home:
        site = Path(home, "site")
        site.mkdir()
        (site / "index.html").write_text("<h1>bench</h1>\n")
        environ = {
            **os.environ,
            "DEPLOYDECK_HOME": f"{home}/data",
            "DEPLOYDECK_CONFIG": f"{home}/config",
            "DEPLOYDECK_HEALTH__STABLE_S": "0",
            "DEPLOYDECK_ENVIRONMENTS__DEVELOPMENT__PUBLISHED_PORT": str(free_port()),
        }
        command = [sys.executable, "-m", "deploydeck", "deploy", "--yes", "--target", "process"]
        done = subprocess.run(command, cwd=site, env=environ, capture_output=True, text=True)
        try:
            if done.returncode:
                raise SystemExit(f"the deployment ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
            with contextlib.closing(sqlite3.connect(f"{home}/data/deploydeck.sqlite")) as connection:
                ((queued, began),) = connection.execute(
                    "SELECT d.created_at, min(s.started_at) FROM deployments d JOIN steps s ON s.deployment_id = d.id"
                )
        finally:
            stop_all(home)
    return (datetime.fromisoformat(began) - datetime.fromisoformat(queued)).total_seconds()


def _commit_ms(home: Path) -> float:
    with contextlib.closing(sqlite3.connect(home / "baseline.sqlite")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE t (v)")
        started = time.perf_counter()
        for number in range(100):
            connection.execute("INSERT INTO t VALUES (?)", (number,))
            connection.commit()
        return (time.perf_counter() - started) * 10


async def _bookkeeping_ms(home: Path) -> float:
    """A deployment to the pretend target, whose steps take no time of their own: what is left is ours, divided by the steps."""
    deck = await Deck.open(Paths(home / "data", home / "config"))
    try:
        deck._targets["fake"] = FakeTarget(deck.user_settings, deck.paths)
        project = await deck.store.projects.open(str(home), "bench")
        config = DeploymentConfig(
            id=new_id("cfg"),
            project_id=project.id,
            app="bench",
            root=str(home),
            environment="development",
            target="fake",
            recipe=Recipe(kind=Kind.SERVER, language="python", version="3.13", manager="pip", start=("run",)),
            port=8000,
            published_port=8000,
            health=HealthSpec(stable_s=0),
            created_at=utc_now(),
        )
        plan = await deck.engine.plan(config, source_hash="0", resolved=ResolvedVariables())
        deployment = await deck.engine.queue(config, plan, ResolvedVariables(), source_hash="0")
        await run_foreground(deployment.id, deck, prober=_healthy)
        ended = await deck.store.deployments.get(deployment.id)
        if not ended.state.succeeded or ended.completed_at is None:
            raise SystemExit(f"the pretend deployment ended as {ended.state}: {ended.cause}")
        steps = await deck.store.deployments.steps(deployment.id)
        began = min(step.started_at for step in steps if step.started_at)
        return (ended.completed_at - began).total_seconds() * 1000 / len(steps)
    finally:
        await deck.close()


async def _healthy(endpoint: Endpoint, spec: HealthSpec) -> Probe:
    return Probe(at=utc_now(), url=endpoint.url + spec.path, status=200, elapsed_s=0.0, ok=True)


if __name__ == "__main__":
    raise SystemExit(0 if run() else 1)
