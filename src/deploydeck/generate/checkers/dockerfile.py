"""The form of a Dockerfile, checked without any tool installed. Its safety is the business of the policies."""

from __future__ import annotations

import json
import re

from deploydeck.domain import CheckFinding, CheckVerdict
from deploydeck.generate.checkers.tools import verdict
from deploydeck.generate.dockerfile_syntax import Instruction, instructions, stages

_INSTRUCTIONS = frozenset(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD "
    "RUN SHELL STOPSIGNAL USER VOLUME WORKDIR".split()
)
_UNLOCKED = (
    re.compile(r"\bnpm install(?! --global)\b(?!.*--no-save)"),
    re.compile(r"\bpnpm install\b.*--no-frozen-lockfile"),
    re.compile(r"\byarn install\b(?!.*--(?:frozen-lockfile|immutable))"),
    re.compile(r"\buv sync\b(?!.*--(?:frozen|locked))"),
)


def check_dockerfile(content: str) -> CheckVerdict:
    """Errors of form; those that would make a broken image are blocking."""
    parsed = instructions(content)
    findings = sorted((*_form(parsed), *_commands(parsed)), key=lambda f: (f.line, f.rule))
    return verdict("dockerfile", findings)


def _form(parsed: tuple[Instruction, ...]) -> list[CheckFinding]:
    found = [
        CheckFinding(line=i.line, rule="unknown-instruction", message=f"{i.name[:40]!r} is no instruction.", blocking=True)
        for i in parsed
        if i.name not in _INSTRUCTIONS
    ]
    first = next((i for i in parsed if i.name != "ARG"), None)
    if first is None or first.name != "FROM":
        line = first.line if first else 1
        found.append(CheckFinding(line=line, rule="no-base-image", message="The first instruction must be FROM.", blocking=True))
    for i in parsed:
        if i.name == "FROM" and not [word for word in i.arguments.split() if not word.startswith("--")]:
            found.append(CheckFinding(line=i.line, rule="no-base-image", message="FROM names no image.", blocking=True))
        if i.name == "RUN" and any(pattern.search(i.arguments) for pattern in _UNLOCKED):
            message = "There is no lock file: versions are chosen anew at every build. Make one and commit it."
            found.append(CheckFinding(line=i.line, rule="unlocked-install", message=message, blocking=False))
    return found


def _commands(parsed: tuple[Instruction, ...]) -> list[CheckFinding]:
    found: list[CheckFinding] = []
    stage = stages(parsed)[-1] if stages(parsed) else ()
    if not stage:
        return found
    commands = [i for i in stage if i.name in ("CMD", "ENTRYPOINT")]
    if not commands:
        message = "There is no CMD: what runs is left to the base image."
        found.append(CheckFinding(line=stage[0].line, rule="no-command", message=message, blocking=False))
    for i in commands:
        try:
            words = json.loads(i.arguments)
            exec_form = isinstance(words, list) and all(isinstance(word, str) for word in words)
        except ValueError:
            exec_form = False
        if not exec_form:
            message = f"{i.name} starts a shell, which does not pass on the signal to stop; write it as a JSON array."
            found.append(CheckFinding(line=i.line, rule="shell-form", message=message, blocking=False))
    return found
