"""From starting the program to the first frame on a 120x40 terminal, against a hello-world Textual program of the same run.

Goal: a ratio of 1.5 or less (facts/performance.md).
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from bench.terminal import Terminal

ROUNDS = 9
GOAL = 1.5


def run() -> bool:
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as home:
        project = Path(home, "project")
        project.mkdir()
        (project / "index.html").write_text("<h1>bench</h1>\n")
        environ = {"DEPLOYDECK_HOME": f"{home}/data", "DEPLOYDECK_CONFIG": f"{home}/config"}
        subjects = {
            "hello world (Textual)": ([sys.executable, str(here / "hello.py")], "hello from the baseline"),
            "deploydeck": ([sys.executable, "-m", "deploydeck", str(project)], "Projects"),
        }
        times: dict[str, list[float]] = {label: [] for label in subjects}
        for round_number in range(ROUNDS + 1):
            for label, (argv, text) in subjects.items():
                terminal = Terminal(argv, columns=120, rows=40, environ=environ)
                try:
                    seconds = terminal.wait_for(text)
                finally:
                    terminal.close()
                if round_number:  # the first round only warms the caches
                    times[label].append(seconds)
    base = statistics.median(times["hello world (Textual)"])
    print(f"first frame, 120x40, median of {ROUNDS}")
    for label, taken in times.items():
        middle, least, most = (1000 * figure for figure in (statistics.median(taken), min(taken), max(taken)))
        print(f"  {label:24} {middle:6.0f} ms  (min {least:.0f}, max {most:.0f})  x {middle / base / 1000:.2f}")
    ratio = statistics.median(times["deploydeck"]) / base
    print(f"  goal: ratio <= {GOAL}; measured {ratio:.2f}")
    return ratio <= GOAL


if __name__ == "__main__":
    raise SystemExit(0 if run() else 1)
