"""zizmor: the security of GitHub workflows. Offline: it asks nobody about the actions."""

from __future__ import annotations

import json
from typing import Any

from deploydeck.domain import CheckFinding, CheckVerdict
from deploydeck.generate.checkers.tools import find_tool, run_tool, unavailable, verdict

NAME = "zizmor"
ABSENT = "zizmor is not installed; `pip install zizmor` brings it."
_ARGUMENTS = ("--offline", "--no-config", "--no-progress", "--format", "json-v1", "-")


def check(content: str) -> CheckVerdict:
    """What zizmor says of a workflow. Severity high is blocking."""
    program = find_tool(NAME)
    if program is None:
        return unavailable(NAME, ABSENT)
    ran = run_tool([program, *_ARGUMENTS], stdin=content.encode("utf-8", "replace"))
    if ran.problem:
        return unavailable(NAME, ran.problem)
    try:
        findings = [_finding(entry) for entry in json.loads(ran.out) if not entry["ignored"]]
    except (ValueError, KeyError, TypeError, IndexError):
        return unavailable(NAME, f"zizmor could not read the file (exit {ran.code}): {ran.said}")
    return verdict(NAME, sorted(findings, key=lambda finding: (finding.line, finding.rule)))


def _finding(entry: dict[str, Any]) -> CheckFinding:
    primary = [one for one in entry["locations"] if one["symbolic"]["kind"] == "Primary"] or entry["locations"]
    return CheckFinding(
        line=int(primary[0]["concrete"]["location"]["start_point"]["row"]) + 1,
        rule=str(entry["ident"]),
        message=f"{entry['desc']}: {primary[0]['symbolic']['annotation']}",
        blocking=entry["determinations"]["severity"] == "High",
        reason=str(entry["url"]),
    )
