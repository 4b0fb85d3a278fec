# ruff: noqa: E501 - one-line programs read better unbroken
"""The scanner on a large tree and on a small project: whole processes, warm file cache, best of several runs.

Goals (facts/performance.md): the walk at most 2.5 x `find`, the whole scan at most 0.25 x `@specfy/stack-analyser` (fetched by npm when
there is one), under 300 MB; on a small project 400 ms from command to JSON; first facts within 300 ms whatever the size.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.trees import large_tree

WALK_GOAL, PEER_GOAL, MEMORY_GOAL_MB, SMALL_GOAL_S, FIRST_GOAL_S = 2.5, 0.25, 300, 0.4, 0.3
RUNS = 5
PEER = "@specfy/stack-analyser"
_WALK = "import sys; from pathlib import Path; from deploydeck.scan.walk import Limits, walk; print(len(walk(Path(sys.argv[1]), Limits()).entries))"
_FIRST = (
    "import sys, time; from deploydeck.scan import ProjectAnalyzer; a = ProjectAnalyzer(); t = time.perf_counter(); "
    "a.first_facts(sys.argv[1]); print(time.perf_counter() - t)"
)
_SMALL = {
    "requirements.txt": "flask==3.1.3\ngunicorn==23.0.0\n",
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get('/healthz')\ndef health() -> str:\n    return 'ok'\n",
}


def run() -> bool:
    with tempfile.TemporaryDirectory(prefix="bench-scan-") as directory:
        home = Path(directory)
        environ = {**os.environ, "DEPLOYDECK_HOME": f"{home}/data", "DEPLOYDECK_CONFIG": f"{home}/config"}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its compiled modules
        tree = large_tree(home / "tree")
        small = home / "small"
        small.mkdir()
        for name, content in _SMALL.items():
            (small / name).write_text(content)
        python = sys.executable
        find = _best(["find", str(tree), "-name", ".git", "-prune", "-o", "-type", "f", "-print"], environ)
        walked = _best([python, "-c", _WALK, str(tree)], environ)
        scanned = _best([python, "-m", "deploydeck", "scan", str(tree), "--json", "--fresh"], environ, 3)
        cached = _best([python, "-m", "deploydeck", "scan", str(tree), "--json"], environ, 3)
        memory_mb = _memory_mb([python, "-m", "deploydeck", "scan", str(tree), "--json", "--fresh"], environ)
        bare = _best([python, "-c", "pass"], environ)
        little = _best([python, "-m", "deploydeck", "scan", str(small), "--json", "--fresh"], environ)
        first = min(float(_output([python, "-c", _FIRST, str(tree)], environ)) for _ in range(RUNS))
        peer = _peer(home, tree, environ)
        files = int(_output([python, "-c", _WALK, str(tree)], environ))
    print(f"scan of a tree of {files} files; whole processes, best of {RUNS}")
    print(f"  find                          {find:6.2f} s  x 1.00")
    print(f"  walk                          {walked:6.2f} s  x {walked / find:.2f}  goal <= {WALK_GOAL}")
    print(f"  scan, nothing cached          {scanned:6.2f} s  x {scanned / find:.2f}")
    print(f"  scan, nothing changed         {cached:6.2f} s  x {cached / find:.2f}")
    if peer:
        print(f"  {PEER}        {peer:6.2f} s; scan is x {scanned / peer:.2f} of it  goal <= {PEER_GOAL}")
    else:
        print(f"  {PEER}: not measured, npm could not bring it")
    print(f"  memory of the scan            {memory_mb:6.0f} MB  goal < {MEMORY_GOAL_MB}")
    print(f"  first facts                   {first * 1000:6.0f} ms  goal <= {FIRST_GOAL_S * 1000:.0f}")
    print(
        f"  small project, to JSON        {little * 1000:6.0f} ms  x {little / bare:.1f} bare Python  goal <= {SMALL_GOAL_S * 1000:.0f}"
    )
    met = walked / find <= WALK_GOAL and (not peer or scanned / peer <= PEER_GOAL) and memory_mb < MEMORY_GOAL_MB
    return met and little <= SMALL_GOAL_S and first <= FIRST_GOAL_S


def _best(command: Sequence[str], environ: dict[str, str], runs: int = RUNS) -> float:
    times = []
    for _ in range(runs + 1):  # the first fills the file cache
        started = time.perf_counter()
        subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return min(times[1:])


def _output(command: Sequence[str], environ: dict[str, str]) -> str:
    return subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout


def _memory_mb(command: Sequence[str], environ: dict[str, str]) -> float:
    """Largest resident size of the process itself, measured in a child so that other children do not count."""
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    return float(_output([sys.executable, "-c", code, *command], environ)) * resource.getpagesize() / 4096 / 1000


def _peer(home: Path, tree: Path, environ: dict[str, str]) -> float:
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        return 0.0
    place = home / "peer"
    place.mkdir()
    done = subprocess.run([npm, "install", "--no-audit", "--no-fund", "--prefix", str(place), PEER], capture_output=True)
    if done.returncode:
        return 0.0
    cli = place / "node_modules" / PEER / "dist" / "cli.js"
    output = os.path.relpath(place / "out.json")  # it puts what it is given behind the directory it is started in
    return _best([node, str(cli), str(tree), "-o", output], environ, 3)


if __name__ == "__main__":
    raise SystemExit(0 if run() else 1)
