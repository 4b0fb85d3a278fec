"""Requests for infrastructure: sample projects with services, settings and hostile names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploydeck.domain import Evidence, GeneratedFile, ProjectProfile, ServiceNeed
from deploydeck.generate import ConfigurationGenerator
from deploydeck.generate.clues import ProjectFiles
from deploydeck.generate.infrastructure import infrastructure_files
from deploydeck.generate.recipe import choose
from deploydeck.generate.request import Request
from deploydeck.settings import Settings
from tests.generate import samples

PROJECTS = {"server": samples.flask_pip, "node": samples.express_npm, "site": samples.static_site, "spa": samples.vite_npm}
CLOUDS: tuple[tuple[str, str], ...] = (("terraform", "aws"), ("cloudformation", "aws"), ("terraform", "azure"), ("arm", "azure"))
COMPUTES: tuple[tuple[str, str, str], ...] = (
    ("terraform", "aws", "ec2"),
    ("cloudformation", "aws", "ec2"),
    ("terraform", "aws", "lambda"),
    ("cloudformation", "aws", "lambda"),
    ("terraform", "azure", "container-instances"),
    ("arm", "azure", "container-instances"),
    ("terraform", "azure", "functions"),
    ("arm", "azure", "functions"),
)
"""Tool, cloud, and what containers run on when it is not the usual."""
SERVICES: tuple[tuple[str, ...], ...] = ((), ("postgresql", "s3"), ("mysql", "redis"), ("mssql",))


def profile_of(root: Path, kind: str, services: Sequence[str] = (), **over: Any) -> ProjectProfile:
    seen = Evidence(file="requirements.txt", line=1, text="flask", rule="test")
    needs = tuple(ServiceNeed(name=name, confidence=0.9, evidence=(seen,)) for name in services)
    return PROJECTS[kind](root, services=needs, **over)


def request_of(
    profile: ProjectProfile, tool: str, provider: str, environment: str = "development", settings: Mapping[str, Any] | None = None
) -> Request:
    given = dict(settings or {})
    cloud = {"provider": provider, **given.pop("cloud", {})}
    chosen = Settings.model_validate({"generate": {"infrastructure": [tool], "ci": []}, "cloud": cloud, **given})
    config = ConfigurationGenerator().deployment_config(
        profile, chosen, project_id="prj-1", environment=environment, target="docker"
    )
    return Request(profile, config, chosen, choose(profile, chosen, "docker"), ProjectFiles(profile.root))


def files_of(request: Request) -> dict[str, GeneratedFile]:
    return {file.path: file for file in infrastructure_files(request)}
