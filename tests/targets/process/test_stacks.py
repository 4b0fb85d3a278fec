"""The preflight of the target process says it when it cannot build what a project is written in, and where it can be deployed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploydeck.domain import DeploymentConfig, Severity
from deploydeck.generate import ConfigurationGenerator
from deploydeck.scan import ProjectAnalyzer
from deploydeck.settings import Settings
from deploydeck.targets.process.checks import preflight

PROJECTS = Path(__file__).parents[2] / "projects"


def config_of(root: Path) -> DeploymentConfig:
    profile = ProjectAnalyzer().profile(root)
    return ConfigurationGenerator().deployment_config(
        profile, Settings(), project_id="prj-1", environment="development", target="process"
    )


@pytest.mark.parametrize(
    ("project", "language"),
    [
        ("go-chi-cmd-layout", "go"),
        ("rust-axum-postgres", "rust"),
        ("dotnet-minimal-api", "dotnet"),
        ("dotnet-blazor-wasm", "dotnet"),
        ("elixir-phoenix", "elixir"),
    ],
)
def test_what_it_cannot_build_is_said_before_anything_is_done(tmp_path: Path, project: str, language: str) -> None:
    shutil.copytree(PROJECTS / project, tmp_path / project)
    config = config_of(tmp_path / project)
    assert config.recipe.language == language
    finding = next(one for one in preflight(config, tmp_path, rollback=False) if one.code == "process-stack")
    assert finding.severity is Severity.ERROR
    assert language in finding.message
    assert "deploy to the target docker" in finding.hint


def test_a_rollback_starts_what_was_built_and_asks_nothing_of_the_stack(tmp_path: Path) -> None:
    config = config_of(PROJECTS / "go-chi-cmd-layout")
    assert "process-stack" not in {one.code for one in preflight(config, tmp_path, rollback=True)}


@pytest.mark.parametrize("project", ["flask-pip", "express-npm", "static-site", "vite-npm"])
def test_what_it_can_build_is_not_refused(tmp_path: Path, project: str) -> None:
    assert "process-stack" not in {one.code for one in preflight(config_of(PROJECTS / project), tmp_path, rollback=False)}
