"""Jenkinsfiles: parsed by Groovy itself, and the structure of a declarative pipeline on top.

Jenkins runs Groovy 2.4, which Debian's `groovy` is too. What only Jenkins knows (the steps of its plugins and their arguments) is
not checked here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from deploydeck.domain import CheckFinding, CheckVerdict
from deploydeck.generate.checkers.tools import find_tool, run_tool, tool_identity, unavailable, verdict

NAME = "jenkins"
PROGRAM = "groovy"
ABSENT = "Groovy is not installed; on Debian and Ubuntu `apt install groovy default-jre-headless` brings it."

# The syntax of declarative pipelines, from the handbook of Jenkins ("Pipeline Syntax").
_PIPELINE = frozenset("agent environment libraries options parameters post stages tools triggers".split())
_STAGE = frozenset("agent environment failFast input matrix options parallel post stages steps tools when".split())
_BODY = ("steps", "stages", "parallel", "matrix")


def identity() -> str:
    """Which Groovy on which Java would parse; empty when either is missing."""
    groovy, java = tool_identity(PROGRAM), tool_identity("java")
    return f"{groovy} {java}" if groovy and java else ""


def check(content: str) -> CheckVerdict:
    """Errors of Groovy, and of a declarative pipeline where the file holds one. All of them are blocking."""
    groovy, java = find_tool(PROGRAM), find_tool("java")
    if groovy is None or java is None:
        return unavailable(NAME, ABSENT)
    script = resources.files("deploydeck.generate.checkers") / "jenkinsfile.groovy"
    home = os.environ.get("JAVA_HOME") or str(Path(java).resolve().parent.parent)
    ran = run_tool([groovy, str(script)], stdin=content.encode("utf-8", "replace"), environment={"JAVA_HOME": home})
    if ran.problem:
        return unavailable(NAME, ran.problem)
    try:
        answer = json.loads(ran.out)
        findings = [_error(one["line"], "groovy-syntax", one["message"]) for one in answer["errors"]]
        return verdict(NAME, findings or list(_structure(answer["statements"])))
    except (ValueError, KeyError, TypeError):
        return unavailable(NAME, f"groovy answered something else than JSON (exit {ran.code}): {ran.said}")


def _error(line: int, rule: str, message: str) -> CheckFinding:
    return CheckFinding(line=max(1, line), rule=rule, message=message, blocking=True)


def _structure(statements: Sequence[dict[str, Any]]) -> Iterator[CheckFinding]:
    for pipeline in statements:
        if pipeline["name"] != "pipeline" or pipeline["inside"] is None:
            continue
        present = {section["name"] for section in pipeline["inside"]}
        for section in pipeline["inside"]:
            if section["name"] not in _PIPELINE:
                yield _error(section["line"], "unknown-section", f"{section['name'] or 'This'} is no section of a pipeline.")
            elif section["name"] == "stages":
                yield from _stages(section)
        for missing in sorted({"agent", "stages"} - present):
            yield _error(pipeline["line"], "missing-section", f"A pipeline needs {missing}.")


def _stages(block: dict[str, Any]) -> Iterator[CheckFinding]:
    if not block["inside"]:
        yield _error(block["line"], "empty-stages", "There is no stage in here.")
    for stage in block["inside"] or ():
        if stage["name"] != "stage" or stage["inside"] is None:
            yield _error(stage["line"], "unknown-section", f"Only stages may stand here, not {stage['name'] or 'this'}.")
            continue
        for section in stage["inside"]:
            if section["name"] not in _STAGE:
                yield _error(section["line"], "unknown-section", f"{section['name'] or 'This'} is no section of a stage.")
            if section["name"] in ("stages", "parallel"):
                yield from _stages(section)
        bodies = sum(section["name"] in _BODY for section in stage["inside"])
        if bodies != 1:
            yield _error(stage["line"], "stage-body", f"A stage has exactly one of {', '.join(_BODY)}; this one has {bodies}.")
