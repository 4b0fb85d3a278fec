"""What the tests of compiled stacks ask: what is generated for a tree on disk, and what every Dockerfile of theirs must show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from deploydeck.domain import CheckState, DeployDeckError, GeneratedFile, ProjectProfile
from deploydeck.generate.checkers.hadolint import check_with_hadolint
from deploydeck.generate.dockerfile_syntax import Instruction, instructions
from deploydeck.scan import ProjectAnalyzer
from deploydeck.settings import Settings
from tests.generate.golden import PROJECTS, QUICK
from tests.generate.samples import write


def scanned(root: Path, files: Mapping[str, str] | None = None) -> ProjectProfile:
    write(root, files or {})
    return ProjectAnalyzer().profile(root)


def sample(name: str) -> ProjectProfile:
    return ProjectAnalyzer().profile(PROJECTS / name)


def made(profile: ProjectProfile, **sections: Any) -> dict[str, GeneratedFile]:
    """The files for the target docker, by path, in place of the project's own."""
    settings = Settings.model_validate(sections)
    config = QUICK.deployment_config(profile, settings, project_id="prj-1", environment="production", target="docker")
    return {file.path: file for file in QUICK.generate(profile, config, settings, replace=True)}


def dockerfile(profile: ProjectProfile, **sections: Any) -> str:
    return made(profile, **sections)["Dockerfile"].content


def refused(profile: ProjectProfile, **sections: Any) -> DeployDeckError:
    with pytest.raises(DeployDeckError) as caught:
        made(profile, **sections)
    return caught.value


def runs(text: str) -> list[str]:
    """The commands of RUN, without their mounts."""
    found = []
    for one in instructions(text):
        if one.name == "RUN":
            words = one.arguments.split(" ")
            while words[0].startswith("--"):
                words.pop(0)
            found.append(" ".join(" ".join(words).split()))
    return found


def stages(text: str) -> list[list[Instruction]]:
    found: list[list[Instruction]] = []
    for one in instructions(text):
        if one.name == "FROM":
            found.append([])
        found[-1].append(one)
    return found


def last(text: str, name: str) -> str:
    return [one.arguments for one in stages(text)[-1] if one.name == name][-1]


def started(text: str) -> list[str]:
    words: list[str] = json.loads(last(text, "CMD"))
    return words


def environment(text: str) -> dict[str, str]:
    """What ENV of the final stage sets."""
    pairs = [word for one in stages(text)[-1] if one.name == "ENV" for word in one.arguments.split() if word != "\\"]
    return dict(pair.split("=", 1) for pair in pairs)


def sound(file: GeneratedFile) -> None:
    """Of two stages, without root, with a health check, each line with its reason, and without a word of hadolint."""
    text = file.content
    assert [one.name for one in instructions(text)].count("FROM") == 2
    build, run = stages(text)
    assert build[0].arguments.endswith(" AS build")
    user = last(text, "USER").split(":")
    assert all(part.isdigit() and int(part) > 0 for part in user)
    json.loads(last(text, "HEALTHCHECK").split(" CMD ", 1)[1])
    assert started(text)
    assert not {"COPY ."} & {f"COPY {one.arguments}" for one in run if one.name == "COPY"}
    assert not file.blocked, file.verdicts
    told = {reason.line for reason in file.reasons}
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            assert number in told, f"{number} {line}"
    answer = check_with_hadolint(text)
    if answer.state is CheckState.UNAVAILABLE:
        pytest.skip(answer.reason)
    assert answer.findings == ()
