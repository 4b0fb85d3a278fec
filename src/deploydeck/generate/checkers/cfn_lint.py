"""cfn-lint over CloudFormation templates, called as a process: it is slow to load and brings half a mathematics library along."""

from __future__ import annotations

import json

from deploydeck.domain import CheckFinding, CheckVerdict
from deploydeck.generate.checkers.base import Scope
from deploydeck.generate.checkers.tools import find_tool, run_tool, unavailable, verdict

NAME = "cfn-lint"
TIMEOUT_S = 120.0
_FILE = "template.yaml"


def is_cloudformation(path: str, _scope: Scope) -> bool:
    """Whether a file is a CloudFormation template, by where it stands."""
    folder, _, name = path.rpartition("/")
    return folder.rsplit("/", 1)[-1] == "cloudformation" and name.endswith((".yaml", ".yml"))


def check_with_cfn_lint(content: str) -> CheckVerdict:
    """What cfn-lint says of a template. Errors are blocking, warnings and advice are not."""
    program = find_tool(NAME)
    if program is None:
        return unavailable(NAME, "cfn-lint is not installed; `pip install cfn-lint` brings it.")
    ran = run_tool([program, "--format", "json", "--", _FILE], files={_FILE: content}, timeout_s=TIMEOUT_S)
    if ran.problem:
        return unavailable(NAME, ran.problem)
    try:
        entries = json.loads(ran.out)
        findings = [
            CheckFinding(
                line=int(entry["Location"]["Start"]["LineNumber"]),
                rule=str(entry["Rule"]["Id"]),
                message=str(entry["Message"])[:500],
                blocking=entry["Level"] == "Error",
                reason=str(entry["Rule"].get("Description", ""))[:500],
            )
            for entry in entries
        ]
    except (ValueError, KeyError, TypeError):
        return unavailable(NAME, f"cfn-lint answered something else than JSON (exit {ran.code}): {ran.said}")
    return verdict(NAME, findings)
