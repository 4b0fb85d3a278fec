"""Our own rules for Dockerfiles: the ones a deployment stands or falls with, checked without any tool installed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from deploydeck.domain import CheckFinding, CheckState, CheckVerdict
from deploydeck.generate.names import secret_looking

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
_HEREDOC = re.compile(r"<<-?[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?")
_NAMES = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")


@dataclass(frozen=True)
class Instruction:
    """One instruction with its continuation lines joined. `line` is where it begins."""

    line: int
    name: str
    arguments: str


def instructions(content: str) -> tuple[Instruction, ...]:
    """The instructions of a Dockerfile in order. Bodies of here-documents belong to their instruction."""
    found: list[Instruction] = []
    lines = content.replace("\r\n", "\n").split("\n")
    index = 0
    while index < len(lines):
        start, text = index, ""
        while index < len(lines):
            line = lines[index]
            index += 1
            if line.lstrip().startswith("#") or (text and not line.strip()):
                if text:
                    continue
                break
            continued = line.rstrip().endswith("\\")
            text += line.rstrip().removesuffix("\\") + (" " if continued else "")
            if not continued:
                break
        name, _, arguments = text.strip().partition(" ")
        if not name:
            continue
        if name.upper() in ("RUN", "COPY", "ADD") and not arguments.lstrip().startswith("["):
            for word in _HEREDOC.findall(arguments):
                while index < len(lines) and lines[index].strip() != word:
                    index += 1
                index += 1
        found.append(Instruction(start + 1, name.upper(), arguments.strip()))
    return tuple(found)


def check_dockerfile(content: str) -> CheckVerdict:
    """Errors of form and of safety; those that would make an unsafe or broken image are blocking."""
    parsed = instructions(content)
    findings = [*_form(parsed), *_secrets(parsed), *_final_stage(parsed)]
    state = CheckState.FINDINGS if findings else CheckState.PASSED
    return CheckVerdict(checker="deploydeck", state=state, findings=tuple(sorted(findings, key=lambda f: (f.line, f.rule))))


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
        words = [word for word in i.arguments.split() if not word.startswith("--")]
        image = words[0] if words else ""
        stages = {p.arguments.split()[-1].lower() for p in parsed if p.name == "FROM" and " as " in p.arguments.lower()}
        if i.name == "FROM" and not image:
            found.append(CheckFinding(line=i.line, rule="no-base-image", message="FROM names no image.", blocking=True))
        elif i.name == "FROM" and image != "scratch" and image.lower() not in stages and not _pinned(image):
            message = f"{image[:80]} has no tag: every build may get another image."
            found.append(CheckFinding(line=i.line, rule="unpinned-base", message=message, blocking=False))
        if i.name == "RUN" and any(pattern.search(i.arguments) for pattern in _UNLOCKED):
            message = "There is no lock file: versions are chosen anew at every build. Make one and commit it."
            found.append(CheckFinding(line=i.line, rule="unlocked-install", message=message, blocking=False))
    return found


def _pinned(image: str) -> bool:
    return ":" in image.rsplit("/", 1)[-1] or "@" in image or "$" in image


def _secrets(parsed: tuple[Instruction, ...]) -> list[CheckFinding]:
    found = []
    for i in parsed:
        if i.name not in ("ENV", "ARG"):
            continue
        names = _NAMES.findall(i.arguments) or i.arguments.split()[:1]
        for name in names:
            if secret_looking(name):
                message = f"{name} in {i.name} would stay readable in the image; give it when the container starts."
                found.append(CheckFinding(line=i.line, rule="secret-in-image", message=message, blocking=True))
    return found


def _final_stage(parsed: tuple[Instruction, ...]) -> list[CheckFinding]:
    starts = [index for index, i in enumerate(parsed) if i.name == "FROM"]
    if not starts:
        return []
    stage = parsed[starts[-1] :]
    line = stage[0].line
    found = []
    users = [i for i in stage if i.name == "USER"]
    user = users[-1].arguments.split(":")[0].strip() if users else ""
    if user in ("", "0", "root"):
        at = users[-1].line if users else line
        found.append(CheckFinding(line=at, rule="runs-as-root", message="The program runs as root; set USER.", blocking=False))
    elif not user.isdigit():
        message = f"USER {user[:40]} is a name: a platform cannot check that it is not root."
        found.append(CheckFinding(line=users[-1].line, rule="user-by-name", message=message, blocking=False))
    commands = [i for i in stage if i.name in ("CMD", "ENTRYPOINT")]
    if not commands:
        message = "There is no CMD: what runs is left to the base image."
        found.append(CheckFinding(line=line, rule="no-command", message=message, blocking=False))
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
