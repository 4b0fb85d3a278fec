"""Dockerfile, Containerfile and compose files: which files are read as what."""

from __future__ import annotations

from collections.abc import Iterator

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.compose import compose
from deploydeck.scan.parsers.dockerfile import dockerfile


def nothing(file: str, data: bytes) -> Iterator[Found]:
    """A file whose name only looks like another's."""
    yield from ()


def runtime_only(file: str, data: bytes) -> Iterator[Found]:
    """`BackendDockerfile` at the root builds some directory below: which version it runs on holds here, its command does not."""
    yield from (fact for fact in dockerfile(file, data) if fact.kind == "pin")


_DIRECTORIES = ("docker", ".docker", "build", "build/package", "deploy", "deployment", "deployments", "docker/app", "docker/prod",
    "docker/production",
                "docker/web", "docker/api", "compose/production", "infra", "infra/docker", "ops", ".deploy")  # fmt: skip
_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml", "podman-compose.yml", "podman-compose.yaml")

PARSERS: tuple[Parser, ...] = (
    Parser("Dockerfile", dockerfile, config_kind="dockerfile"),
    Parser("Containerfile", dockerfile, config_kind="dockerfile"),
    *(Parser(f"{directory}/Dockerfile", dockerfile, config_kind="dockerfile") for directory in _DIRECTORIES),
    Parser("dockerfile", dockerfile, config_kind="dockerfile"),
    Parser("compose/*/*/Dockerfile", dockerfile, config_kind="dockerfile"),
    Parser("Dockerfile.dockerignore", nothing),
    Parser("Dockerfile.*", dockerfile, config_kind="dockerfile"),
    Parser("*.Dockerfile", dockerfile, config_kind="dockerfile"),
    Parser("*Dockerfile", runtime_only, config_kind="dockerfile"),
    Parser("*.dockerfile", dockerfile, config_kind="dockerfile"),
    *(Parser(name, compose, anywhere=True, config_kind="compose") for name in _COMPOSE),
    Parser("compose.*.y*ml", compose, config_kind="compose"),
    Parser("docker-compose*.y*ml", compose, config_kind="compose"),
)
