"""Names and labels: the same for the same release, whoever asks, so that what was made is found again after a crash."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from deploydeck.domain import DeploymentConfig, Release

PREFIX = "deploydeck"
LIVE, TRIAL, TASK = "live", "trial", "task"


def label(name: str) -> str:
    return f"{PREFIX}.{name}"


@dataclass(frozen=True)
class Names:
    """What a release is called on the Engine."""

    config: DeploymentConfig
    release: Release

    @property
    def container(self) -> str:
        """`deploydeck-<app>-<environment>-<v7>-<owner>`."""
        return f"{PREFIX}-{self.config.app}-{_slug(self.release.environment)}-{_slug(self.release.label)}-{self._owner}"

    @property
    def trial(self) -> str:
        return f"{self.container}-trial"

    def task(self, step: str) -> str:
        return f"{self.container}-{step}"

    @property
    def image(self) -> str:
        """`deploydeck/<app>:<v7>-<owner>`; a number is never given twice within a project."""
        return f"{PREFIX}/{self.config.app}:{_slug(self.release.label)}-{self._owner}"

    @property
    def _owner(self) -> str:
        """Keeps equal slugs of two projects apart."""
        return hashlib.sha256(f"{self.release.project_id}\0{self.release.environment}".encode()).hexdigest()[:8]

    @property
    def slot(self) -> dict[str, str]:
        """Labels shared by every copy of this project in this environment, whatever the app was called."""
        return {label("project"): self.release.project_id, label("env"): self.release.environment}

    def labels(self, deployment_id: str, fence: int, role: str = "") -> dict[str, str]:
        own = {
            label("app"): self.config.app,
            label("deployment"): deployment_id,
            label("release"): self.release.id,
            label("fence"): str(fence),
        }
        return {**self.slot, **own, **({label("role"): role} if role else {})}


def labels_of(thing: dict[str, Any] | None) -> dict[str, str]:
    """Labels of a container or image, from a list entry or an inspection."""
    if thing is None:
        return {}
    found = thing.get("Labels")
    if found is None:
        found = (thing.get("Config") or {}).get("Labels")
    return found or {}


def secrets_of(container: dict[str, Any]) -> list[str]:
    """Values that were given to an inspected container and must not be shown; nobody else remembers those of an old release."""
    wanted = set(labels_of(container).get(label("secrets"), "").split(","))
    given = (entry.partition("=") for entry in (container.get("Config") or {}).get("Env") or ())
    return [value for name, _, value in given if name in wanted]


def name_of(listed: dict[str, Any]) -> str:
    """The name in an entry of the container list, without its slash."""
    names = listed.get("Names") or [""]
    return str(names[0]).removeprefix("/")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "x"
