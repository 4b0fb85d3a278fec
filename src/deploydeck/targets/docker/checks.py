"""Preflight of the docker target: everything that would stop a deployment, found before the first change."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deploydeck.domain import Cause, DeploymentConfig, Finding, Release, Severity
from deploydeck.targets import ports
from deploydeck.targets.base import StepFailed
from deploydeck.targets.docker import buildkit
from deploydeck.targets.docker.engine import Engine, EngineProblem
from deploydeck.targets.docker.host import is_local
from deploydeck.targets.docker.naming import label, labels_of, name_of

MIN_API = (1, 40)
MIN_FREE_BYTES = 512 * 1024 * 1024
USUAL_IMAGE_BYTES = 1024 * 1024 * 1024


def finding(severity: Severity, code: str, message: str, hint: str = "") -> Finding:
    return Finding(code=code, severity=severity, message=message, hint=hint)


async def preflight(engine: Engine, config: DeploymentConfig, previous: Release | None, built: bool) -> tuple[Finding, ...]:
    """Findings, worst first. An Engine that cannot be asked is the only finding about itself. What is built needs no Dockerfile."""
    found = [] if built else list(check_dockerfile(config))
    if not is_local(engine.host):
        found.append(
            finding(
                Severity.ERROR, "engine-remote", f"The Engine at {engine.host} is not on this machine.",
                "The docker target publishes on this machine; unset DOCKER_HOST or switch to the default context.",
            )
        )  # fmt: skip
        return tuple(found)
    try:
        version: dict[str, Any] = await engine.call(lambda client: client.version())
        info: dict[str, Any] = await engine.call(lambda client: client.info())
        found += check_version(version)
        found += await check_port(engine, config)
        found += await check_disk(engine, info, previous)
    except EngineProblem as problem:
        cause = problem.cause
        return (*found, finding(Severity.ERROR, cause.code, " ".join(filter(None, (cause.what, cause.why))), cause.hint))
    if not built and not await buildkit.available(engine.host):
        found.append(
            finding(
                Severity.INFO, "no-buildx", "There is no docker buildx 0.13 or newer: images are built by the classic builder.",
                "Install the Docker buildx plugin for faster builds.",
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda item: list(Severity).index(item.severity), reverse=True))


def dockerfile_of(config: DeploymentConfig) -> Path:
    """The Dockerfile, absolute and proven to be a file inside the project. Raises StepFailed `dockerfile-…`."""
    for item in check_dockerfile(config):
        raise StepFailed(Cause(code=item.code, what=item.message, hint=item.hint))
    return Path(config.root) / config.dockerfile


def check_dockerfile(config: DeploymentConfig) -> Iterable[Finding]:
    root = Path(config.root)
    path = root / config.dockerfile
    try:
        resolved = path.resolve(strict=True)
        inside = resolved.is_relative_to(root.resolve(strict=True)) and ".." not in Path(config.dockerfile).parts
        if not inside or Path(config.dockerfile).is_absolute():
            yield finding(
                Severity.ERROR, "dockerfile-outside", f"{config.dockerfile} leads out of the project.",
                "Put the Dockerfile inside the project, without links.",
            )  # fmt: skip
        elif not resolved.is_file():
            yield finding(Severity.ERROR, "dockerfile-not-a-file", f"{config.dockerfile} is not a regular file.")
    except FileNotFoundError:
        yield finding(
            Severity.ERROR, "dockerfile-missing", f"There is no {config.dockerfile} in the project.",
            "Generate and accept the files first.",
        )  # fmt: skip
    except (OSError, RuntimeError, ValueError) as error:
        yield finding(Severity.ERROR, "dockerfile-unreadable", f"{config.dockerfile} cannot be read: {error}.")


def check_version(version: dict[str, Any]) -> Iterable[Finding]:
    api = tuple(int(part) for part in str(version.get("ApiVersion", "0.0")).split(".") if part.isdigit())
    if api < MIN_API:
        yield finding(
            Severity.ERROR, "engine-too-old", f"Docker Engine {version.get('Version', '')} is too old.",
            "Update to Docker 19.03 or newer.",
        )  # fmt: skip
    if version.get("Os") not in (None, "linux"):
        yield finding(
            Severity.ERROR, "engine-not-linux", f"The Engine runs {version['Os']} containers.", "Switch Docker to Linux containers."
        )


async def check_port(engine: Engine, config: DeploymentConfig) -> list[Finding]:
    """The published port is free, or held by a copy of this very project and environment."""
    own = {label("project"): config.project_id, label("env"): config.environment}
    for item in await engine.containers({}, running_only=True):
        if any(entry.get("PublicPort") == config.published_port for entry in item.get("Ports") or ()):
            if own.items() <= labels_of(item).items():
                return []
            return [_taken(config, f"the container {name_of(item)}")]
    if ports.bind_error(config.bind_address, config.published_port):
        # the port may be one that only the Engine, as root, may bind; a listener is what decides
        if holder := ports.holder(config.published_port):
            return [_taken(config, holder)]
        if config.published_port >= 1024:
            return [_taken(config, "")]
    return []


def _taken(config: DeploymentConfig, by: str) -> Finding:
    return finding(
        Severity.ERROR, "port-taken", f"Port {config.published_port} is taken{f' by {by}' if by else ''}.",
        "Stop what holds it, or choose another published_port for this environment.",
    )  # fmt: skip


async def check_disk(engine: Engine, info: dict[str, Any], previous: Release | None) -> list[Finding]:
    """Free space of the Engine's disk against what the last image took; silent when it cannot be known from here."""
    root = str(info.get("DockerRootDir") or "")
    try:
        free = shutil.disk_usage(root).free if root else None
    except OSError:  # a virtual machine's disk (Docker Desktop)
        free = None
    if free is None:
        return [finding(Severity.INFO, "disk-unknown", "The free space of the Engine's disk cannot be seen from here.")]
    image = await engine.image(str(previous.artifact.get("image", ""))) if previous and previous.artifact.get("image") else None
    wanted = int(image.get("Size", 0)) if image else USUAL_IMAGE_BYTES
    if free < MIN_FREE_BYTES or free < wanted // 2:
        severity, code = Severity.ERROR, "disk-full"
    elif free < wanted + MIN_FREE_BYTES:
        severity, code = Severity.WARNING, "disk-low"
    else:
        return []
    return [
        finding(
            severity, code, f"{free // 1024**2} MiB are free on the Engine's disk; a build takes {wanted // 1024**2} MiB.",
            "Free space, for example with `docker image prune`.",
        )
    ]  # fmt: skip


async def refuse_higher_fence(engine: Engine, slot: dict[str, str], fence: int) -> None:
    """Raise StepFailed when something newer than this deployment has touched the slot."""
    for item in await engine.containers(slot):
        other = labels_of(item).get(label("fence"), "0")
        if other.isdigit() and int(other) > fence:
            raise StepFailed(
                Cause(
                    code="lock-lost",
                    what="A newer deployment works on this environment.",
                    why=f"{name_of(item)} carries lock number {other}; this deployment holds {fence}.",
                    hint="Look at the newer deployment; start this one again when it is finished.",
                )
            )
