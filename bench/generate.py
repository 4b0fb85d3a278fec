"""All files of a profile, rendered warm, with every built-in check: goal 300 ms, and a ratio to the start of a bare Python.

Every pipeline and every language of infrastructure is asked for, so that nobody's project needs more. Rendering happens in a
process that has made other files before (templates are compiled); programs that check are not waited for, as on the screen.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from deploydeck.generate import ConfigurationGenerator
from deploydeck.scan import ProjectAnalyzer
from deploydeck.settings import Settings

GOAL_S = 0.3
RUNS = 15
SAMPLES = Path(__file__).parent.parent / "examples" / "shop"
_EVERYTHING = {
    "generate": {"ci": ["github", "gitlab", "jenkins"], "compose": True, "infrastructure": ["terraform", "cloudformation"]}
}


def run() -> bool:
    profile, settings = ProjectAnalyzer().profile(SAMPLES), Settings.model_validate(_EVERYTHING)
    generator = ConfigurationGenerator()
    config = generator.deployment_config(profile, settings, project_id="prj-bench", environment="production", target="docker")
    made = generator.generate(profile, config, settings, wait=False)
    times = []
    for _ in range(RUNS):
        before = time.perf_counter()
        generator.generate(profile, config, settings, wait=False)
        times.append(time.perf_counter() - before)
    bare = []
    for _ in range(RUNS):
        before = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        bare.append(time.perf_counter() - before)
    took, start = statistics.median(times), statistics.median(bare)
    lines = sum(file.content.count("\n") for file in made)
    print(f"rendering every file of a profile, warm, median of {RUNS}")
    print(f"  bare python                   {start * 1e3:6.1f} ms  x 1.00")
    print(
        f"  {len(made):2} files, {lines:4} lines          {took * 1e3:6.1f} ms  x {took / start:.2f}  goal <= {GOAL_S * 1e3:.0f} ms"
    )
    return took <= GOAL_S
