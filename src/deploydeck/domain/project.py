"""What a project is: the profile that a scan produces."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from deploydeck.domain.base import Utc, Value
from deploydeck.domain.evidence import Evidence, Fact


class Support(StrEnum):
    """Whether DeployDeck can deploy what it recognised."""

    SUPPORTED = "supported"
    NOT_YET = "not_yet"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """What runs in the end: a server process, or files behind a static server."""

    SERVER = "server"
    STATIC = "static"
    NONE = "none"


class Language(Value):
    """A programming language. `version` is what the project pins, as written there; `share` its part of the source bytes (0..1)."""

    name: str
    version: str = ""
    share: float = 0.0


class Framework(Value):
    """A framework. `id` is the rule's id (`flask`), `name` what people call it (`Flask`)."""

    id: str
    name: str
    version: str = ""


class PackageManager(Value):
    """A package manager, its lock file if there is one, and its own pinned version (`packageManager`, `required-version`)."""

    name: str
    version: str = ""
    manifest: str = ""
    lock_file: str = ""


class Dependency(Value):
    """A declared dependency. `version` is the resolved one when a lock says so, else empty; `requirement` as written."""

    name: str
    requirement: str = ""
    version: str = ""
    direct: bool = True
    development: bool = False
    evidence: Evidence | None = None


class EnvVariable(Value):
    """An environment variable the project reads or declares. A secret's default is never kept."""

    name: str
    required: bool = False
    default: str | None = None
    secret: bool = False
    build_time: bool = False
    used: tuple[Evidence, ...] = ()


class ServiceNeed(Value):
    """A service the project wants beside it (postgres, redis, ...)."""

    name: str
    confidence: float = Field(ge=0.0, le=1.0)
    evidence: tuple[Evidence, ...] = ()


class ConfigFile(Value):
    """A file that configures building, running or deploying the project. `sha256` is of its bytes."""

    path: str
    kind: str
    sha256: str


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Finding(Value):
    """Something a person should know about the project, with the way out. `code` is stable (kebab-case)."""

    code: str
    severity: Severity
    message: str
    hint: str = ""
    evidence: tuple[Evidence, ...] = ()


class StartCommand(Value):
    """How the project is started in production.

    `argv` may hold the placeholders `{host}` and `{port}`. `port_from_env` says that the program listens where the PORT
    variable tells it. `packages` are distributions the command needs that the project does not declare (`gunicorn==…`).
    """

    argv: tuple[str, ...]
    port_from_env: bool = False
    packages: tuple[str, ...] = ()


class ProjectProfile(Value):
    """Everything a scan learned. Optional facts are None when nothing supports them: never a guess.

    `root` is absolute. `build` and `install` are not here: they follow from manager and framework (generate).
    `scanned_bytes` and `scanned_files` describe the walk; `truncated` says that a limit stopped it (then a finding says which).
    """

    schema_version: int = 1
    id: str
    name: str
    root: str
    kind: Kind
    support: Support
    support_reason: str
    language: Fact[Language] | None = None
    languages: tuple[Fact[Language], ...] = ()
    framework: Fact[Framework] | None = None
    frameworks: tuple[Fact[Framework], ...] = ()
    package_manager: Fact[PackageManager] | None = None
    runtime_version: Fact[str] | None = None
    start: Fact[StartCommand] | None = None
    build_command: Fact[tuple[str, ...]] | None = None
    port: Fact[int] | None = None
    health_path: Fact[str] | None = None
    output_dir: Fact[str] | None = None
    single_page: bool = False
    dependencies: tuple[Dependency, ...] = ()
    variables: tuple[EnvVariable, ...] = ()
    services: tuple[ServiceNeed, ...] = ()
    config_files: tuple[ConfigFile, ...] = ()
    findings: tuple[Finding, ...] = ()
    confidence: float = Field(default=0.0, ge=0.0, le=1.0)
    scanned_files: int = 0
    scanned_bytes: int = 0
    truncated: bool = False
    source_hash: str = ""
    analyzed_at: Utc
