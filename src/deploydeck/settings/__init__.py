"""Settings: one typed schema for `config.toml` (the person's), `deploydeck.toml` (the project's) and DEPLOYDECK_* variables.

Order: defaults, then config.toml, then deploydeck.toml, then the environment. A project may only set project sections: its file
comes with the source and must not decide where this machine's engine or data are.
"""

from deploydeck.settings.cloud import CloudSettings, CloudSizes
from deploydeck.settings.loading import MAX_FILE_BYTES, Scope, json_schema, load_settings, read_toml, validate_content
from deploydeck.settings.paths import Paths, default_paths
from deploydeck.settings.schema import PRODUCTION, PROJECT_SECTIONS, USUAL_ENVIRONMENTS, EnvironmentName, Settings
from deploydeck.settings.section import Section
from deploydeck.settings.sections import (
    AppSettings,
    BuildSettings,
    DockerSettings,
    EnvironmentSettings,
    GenerateSettings,
    HealthSettings,
    LogSettings,
    ResourceSettings,
    ScanSettings,
    UiSettings,
    VaultSettings,
    WorkerSettings,
)
from deploydeck.settings.words import PROJECT_FILE, USER_FILE

__all__ = [
    "MAX_FILE_BYTES",
    "PRODUCTION",
    "PROJECT_FILE",
    "PROJECT_SECTIONS",
    "USER_FILE",
    "USUAL_ENVIRONMENTS",
    "AppSettings",
    "BuildSettings",
    "CloudSettings",
    "CloudSizes",
    "DockerSettings",
    "EnvironmentName",
    "EnvironmentSettings",
    "GenerateSettings",
    "HealthSettings",
    "LogSettings",
    "Paths",
    "ResourceSettings",
    "ScanSettings",
    "Scope",
    "Section",
    "Settings",
    "UiSettings",
    "VaultSettings",
    "WorkerSettings",
    "default_paths",
    "json_schema",
    "load_settings",
    "read_toml",
    "validate_content",
]
