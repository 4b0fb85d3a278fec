"""All settings as one typed schema."""

from __future__ import annotations

import difflib
import re
from typing import Annotated

from pydantic import Field, StringConstraints

from deploydeck.domain import DeployDeckError
from deploydeck.settings.cloud import CloudSettings
from deploydeck.settings.section import Section
from deploydeck.settings.sections import (
    AppSettings,
    BuildSettings,
    DockerSettings,
    EnvironmentSettings,
    GenerateSettings,
    HealthSettings,
    HookSettings,
    LogSettings,
    ResourceSettings,
    ScanSettings,
    UiSettings,
    VaultSettings,
    WorkerSettings,
)
from deploydeck.settings.words import PROJECT_FILE, shown

_ENVIRONMENT_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
EnvironmentName = Annotated[str, StringConstraints(pattern=_ENVIRONMENT_PATTERN)]
PRODUCTION = "production"
USUAL_ENVIRONMENTS = ("development", "staging", PRODUCTION)
_SHORT_FOR_PRODUCTION = frozenset({"prod", "prd"})
_CLOSE = 0.75
"""How alike two names are (0..1) when one is taken for a misspelling of the other."""


class Settings(Section):
    """Every setting. The sections in PROJECT_SECTIONS may stand in deploydeck.toml, all in config.toml."""

    app: AppSettings = Field(default_factory=lambda: AppSettings.model_validate({}))
    scan: ScanSettings = Field(default_factory=lambda: ScanSettings.model_validate({}))
    health: HealthSettings = Field(default_factory=lambda: HealthSettings.model_validate({}))
    resources: ResourceSettings = Field(default_factory=lambda: ResourceSettings.model_validate({}))
    build: BuildSettings = Field(default_factory=lambda: BuildSettings.model_validate({}))
    generate: GenerateSettings = Field(default_factory=lambda: GenerateSettings.model_validate({}))
    cloud: CloudSettings = Field(default_factory=lambda: CloudSettings.model_validate({}))
    environments: dict[EnvironmentName, EnvironmentSettings] = Field(default_factory=dict)
    hooks: HookSettings = Field(default_factory=lambda: HookSettings.model_validate({}))
    default_environment: str = Field("development", description="Environment used when none is named.")
    ui: UiSettings = Field(default_factory=lambda: UiSettings.model_validate({}))
    worker: WorkerSettings = Field(default_factory=lambda: WorkerSettings.model_validate({}))
    logs: LogSettings = Field(default_factory=lambda: LogSettings.model_validate({}))
    docker: DockerSettings = Field(default_factory=lambda: DockerSettings.model_validate({}))
    vault: VaultSettings = Field(default_factory=lambda: VaultSettings.model_validate({}))
    keys: dict[str, str] = Field(default_factory=dict, description="Action id to key.")

    def environment(self, name: str) -> EnvironmentSettings:
        """The settings of an environment; the defaults when it is not mentioned."""
        return self.environments.get(name) or EnvironmentSettings.model_validate({})

    def named_environment(self, name: str | None) -> str:
        """The environment meant: `name`, else the default one. Raises DeployDeckError `environment-invalid`."""
        name = name or self.default_environment
        if not re.fullmatch(_ENVIRONMENT_PATTERN.strip("^$"), name):
            raise DeployDeckError(
                "environment-invalid",
                f"{shown(name)!r} cannot be the name of an environment.",
                "It begins with a letter or digit and has at most 63 letters, digits, dots, dashes and underscores.",
                "Name one such as development, staging or production.",
            )
        return name

    def environment_warning(self, name: str) -> str:
        """What to say about an environment that nothing mentions, so that a misspelt name is noticed; else nothing."""
        mentioned = dict.fromkeys((*self.environments, self.default_environment))
        if name in mentioned or (not self.environments and name in USUAL_ENVIRONMENTS):
            return ""
        near = difflib.get_close_matches(name.lower(), dict.fromkeys((*mentioned, *USUAL_ENVIRONMENTS)), n=1, cutoff=_CLOSE)
        advice = f"did you mean {near[0]!r}?" if near and near[0] != name else "it gets the default settings."
        return f"Environment {name!r} is not in {PROJECT_FILE}; {advice}"

    def asks_for_name(self, name: str) -> bool:
        """Whether a deployment there wants the typed name: as set, else for production and what looks like a misspelling of it."""
        if name in self.environments:
            asked = self.environments[name].confirm_name
            return name.lower() == PRODUCTION if asked is None else asked
        low = name.lower()
        return low in _SHORT_FOR_PRODUCTION or bool(difflib.get_close_matches(low, (PRODUCTION,), n=1, cutoff=_CLOSE))


PROJECT_SECTIONS = frozenset(
    {"app", "health", "resources", "build", "generate", "cloud", "hooks", "environments", "default_environment"}
)
