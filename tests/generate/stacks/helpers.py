"""A tree on disk or a sample, scanned and generated, for the tests of single stacks."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from deploydeck.domain import CheckState, DeployDeckError, DeploymentConfig, GeneratedFile, ProjectProfile
from deploydeck.generate import ConfigurationGenerator
from deploydeck.generate.dockerfile_syntax import instructions
from deploydeck.scan import ProjectAnalyzer
from deploydeck.settings import Settings
from tests.generate.samples import write

PROJECTS = Path(__file__).parents[2] / "projects"


def sample(name: str, into: Path) -> ProjectProfile:
    """The profile of a copy of a sample."""
    shutil.copytree(PROJECTS / name, into / name)
    return ProjectAnalyzer().profile(into / name)


def tree(files: Mapping[str, str], into: Path) -> ProjectProfile:
    """The profile of a small tree."""
    write(into / "shop", files)
    return ProjectAnalyzer().profile(into / "shop")


def configured(made: ProjectProfile, settings: Settings | None = None) -> DeploymentConfig:
    return ConfigurationGenerator().deployment_config(
        made, settings or Settings(), project_id="prj-1", environment="production", target="docker"
    )


def generated(made: ProjectProfile, settings: Settings | None = None) -> dict[str, GeneratedFile]:
    """The files by path. Nothing that a real checker says may block, and nothing may be left unsaid about a Dockerfile."""
    chosen = settings or Settings()
    files = ConfigurationGenerator().generate(made, configured(made, chosen), chosen, replace=True)
    found = {file.path: file for file in files}
    dockerfile = found["Dockerfile"]
    for verdict in dockerfile.verdicts:
        assert verdict.state in (CheckState.PASSED, CheckState.UNAVAILABLE), (verdict.checker, verdict.findings)
    told = {reason.line for reason in dockerfile.reasons}
    for number, line in enumerate(dockerfile.content.split("\n"), 1):
        assert not line or line.startswith("#") or number in told, (number, line)
    return found


def dockerfile_of(made: ProjectProfile, settings: Settings | None = None) -> str:
    return generated(made, settings)["Dockerfile"].content


def arguments(dockerfile: str, name: str) -> list[str]:
    """What stands behind every instruction of that name, continued lines joined and spaces evened."""
    return [" ".join(one.arguments.split()) for one in instructions(dockerfile) if one.name == name]


def refused(made: ProjectProfile, settings: Settings | None = None) -> DeployDeckError:
    try:
        generated(made, settings)
    except DeployDeckError as error:
        return error
    raise AssertionError("it was not refused")
