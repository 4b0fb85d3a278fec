"""Running the programs that check files: found on PATH or beside the interpreter, in an empty home, with a deadline."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploydeck.domain import CheckFinding, CheckState, CheckVerdict

TIMEOUT_S = 60.0
MAX_FINDINGS = 200
MAX_SAID = 300


def find_tool(name: str) -> str | None:
    """The program on PATH, or beside the running interpreter (where packages put theirs)."""
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def tool_identity(name: str) -> str:
    """What tells one installation of a program from the next: its real path, size and time. Empty when it is not there."""
    found = find_tool(name)
    if found is None:
        return ""
    try:
        about = Path(found).resolve().stat()
    except OSError:
        return ""
    return f"{found}:{about.st_size}:{about.st_mtime_ns}"


@dataclass(frozen=True)
class Ran:
    """What a program said. `problem` says why there is no answer ("" when there is one)."""

    code: int
    out: bytes
    err: bytes
    problem: str = ""

    @property
    def said(self) -> str:
        """The beginning of what it wrote to its error stream, for a message."""
        return self.err.decode("utf-8", "replace").strip()[:MAX_SAID]


def run_tool(
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    files: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Ran:
    """Run a program in a new directory that holds only `files` (relative path to content) and is gone afterwards.

    Its home is that directory too: no configuration of this machine or of the project decides what it says.
    """
    name = Path(argv[0]).name
    with tempfile.TemporaryDirectory(prefix="deploydeck-check-") as place:
        for path, content in (files or {}).items():
            target = Path(place, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode("utf-8", "replace"))
        env = {"PATH": os.environ.get("PATH", ""), "HOME": place, "XDG_CONFIG_HOME": place, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        try:
            done = subprocess.run(
                argv,
                input=stdin,
                capture_output=True,
                timeout=timeout_s,
                cwd=place,
                env={**env, **(environment or {})},
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Ran(-1, b"", b"", f"{name} did not answer within {timeout_s:.0f} s.")
        except OSError as error:
            return Ran(-1, b"", b"", f"{name} could not be started: {error.strerror or error}.")
    return Ran(done.returncode, done.stdout, done.stderr)


def verdict(checker: str, findings: Sequence[CheckFinding]) -> CheckVerdict:
    """PASSED without findings, else FINDINGS; not more of them than anybody reads."""
    state = CheckState.FINDINGS if findings else CheckState.PASSED
    return CheckVerdict(checker=checker, state=state, findings=tuple(findings[:MAX_FINDINGS]))


def unavailable(checker: str, reason: str) -> CheckVerdict:
    """Nobody checked, and why; never a pass."""
    return CheckVerdict(checker=checker, state=CheckState.UNAVAILABLE, reason=reason)
