"""Pipelines of CI systems: which files they are. What they run is no evidence of how the program is deployed."""

from __future__ import annotations

from collections.abc import Iterator

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers.base import Parser


def pipeline(file: str, data: bytes) -> Iterator[Found]:
    """Nothing: the file is listed."""
    yield from ()


_KINDS: dict[str, tuple[str, ...]] = {
    "github-actions": (".github/workflows/*.y*ml",),
    "gitea-actions": (".gitea/workflows/*.y*ml",),
    "forgejo-actions": (".forgejo/workflows/*.y*ml",),
    "gitlab-ci": (".gitlab-ci.yml", ".gitlab-ci.yaml"),
    "jenkins": ("Jenkinsfile", "jenkins/Jenkinsfile", "ci/Jenkinsfile", ".jenkins/Jenkinsfile", "Jenkinsfile.groovy"),
    "azure-pipelines": ("azure-pipelines.yml", "azure-pipelines.yaml", ".azure-pipelines.yml", ".azure/pipelines/azure-dev.yml",
    ".azdo/pipelines/azure-dev.yml",
                        ".pipelines/azure-pipelines.yml", ".azuredevops/azure-pipelines.yml"),
    "circleci": (".circleci/config.yml", ".circleci/config.yaml", "circle.yml"),
    "bitbucket-pipelines": ("bitbucket-pipelines.yml", "bitbucket-pipelines.yaml"),
    "travis": (".travis.yml", ".travis.yaml"),
    "drone": (".drone.yml", ".drone.yaml", ".drone.jsonnet", ".drone.star"),
    "buildkite": (".buildkite/pipeline.yml", ".buildkite/pipeline.yaml", "buildkite.yml"),
    "appveyor": ("appveyor.yml", ".appveyor.yml", "appveyor.yaml"),
    "teamcity": (".teamcity/settings.kts", ".teamcity/pom.xml"),
    "woodpecker": (".woodpecker.yml", ".woodpecker.yaml", ".woodpecker/*.y*ml"),
    "tekton": (".tekton/*.y*ml",),
    "semaphore": (".semaphore/semaphore.yml",),
    "codefresh": ("codefresh.yml", ".codefresh/codefresh.yml"),
    "cirrus": (".cirrus.yml", ".cirrus.star"),
    "concourse": ("concourse.yml", "ci/pipeline.yml"),
    "cloud-build": ("cloudbuild.yaml", "cloudbuild.yml", "cloudbuild.json"),
    "codebuild": ("buildspec.yml", "buildspec.yaml"),
    "codedeploy": ("appspec.yml", "appspec.yaml"),
    "wercker": ("wercker.yml",),
    "codemagic": ("codemagic.yaml",),
    "bitrise": ("bitrise.yml",),
    "dagger": ("dagger.json",),
    "earthly": ("Earthfile",),
}  # fmt: skip

PARSERS: tuple[Parser, ...] = tuple(Parser(name, pipeline, config_kind=kind) for kind, names in _KINDS.items() for name in names)
