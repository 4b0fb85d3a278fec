"""What a project is: the profile that a scan produces."""

from __future__ import annotations

from datetime import UTC, datetime
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
    """A programming language. `id` is canonical (`csharp`), `name` what people call it (`C#`).

    `version` is what the project pins, as written there; `share` its part of the source bytes (0..1).
    """

    id: str
    name: str
    version: str = ""
    share: float = 0.0


class Framework(Value):
    """A framework. `id` is the rule's id (`flask`), `name` what people call it (`Flask`)."""

    id: str
    name: str
    version: str = ""


class BuildTool(Value):
    """What turns sources into what runs (`vite`, `maven`, `webpack`): the rule's id, its name, and its version."""

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
    """A dependency. `version` is the resolved one when a lock or an exact pin says so, else empty; `requirement` as written.

    `ecosystem` is the one whose registry holds it, as OSV and package URLs name it (`PyPI`, `npm`, `Maven`, …). One that only a
    lock names is not `direct`.
    """

    name: str
    ecosystem: str = ""
    requirement: str = ""
    version: str = ""
    direct: bool = True
    development: bool = False
    confidence: float = Field(default=0.95, ge=0.0, le=1.0)
    evidence: Evidence | None = None


class EnvVariable(Value):
    """An environment variable the project reads or declares. A secret's default is never kept."""

    name: str
    required: bool = False
    default: str | None = None
    secret: bool = False
    build_time: bool = False
    confidence: float = Field(default=0.9, ge=0.0, le=1.0)
    used: tuple[Evidence, ...] = ()


class SecretFound(Value):
    """Something in the tree that looks like a live credential. `masked` shows its kind and ends, never enough to use it.

    `tracked`: git carries it; None when the project is in no checkout.
    """

    kind: str
    masked: str
    tracked: bool | None = None
    confidence: float = Field(ge=0.0, le=1.0)
    evidence: Evidence


class SystemPackage(Value):
    """A Debian package that a dependency needs: `build` to be compiled, `run` to work. `because` is the dependency."""

    name: str
    build: bool = False
    run: bool = False
    because: str = ""
    confidence: float = Field(default=0.8, ge=0.0, le=1.0)
    evidence: tuple[Evidence, ...] = ()


class Vulnerability(Value):
    """A known vulnerability of a resolved dependency. `fixed_in` are versions that no longer have it; `severity` as OSV says it."""

    id: str
    aliases: tuple[str, ...] = ()
    package: str
    ecosystem: str
    version: str
    severity: str = ""
    summary: str = ""
    fixed_in: tuple[str, ...] = ()
    direct: bool = True
    evidence: Evidence | None = None


class VulnerabilityReport(Value):
    """What the check for known vulnerabilities saw. `checked` False means that nobody looked, never that there is none."""

    checked: bool = False
    source: str = ""
    reason: str = "not checked"
    packages_checked: int = 0
    packages_unknown: int = 0
    checked_at: Utc | None = None
    found: tuple[Vulnerability, ...] = ()


class ServiceNeed(Value):
    """A service the project wants beside it (postgresql, redis, ...)."""

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

    `root` is absolute. `install` is not here: it follows from the manager (generate). `runtime` is the id of what the program runs
    on (`python`, `node`, `jvm`, `dotnet`, …). `components` are the projects inside this one; when this directory only holds them
    together, `primary` is the path of the one whose framework, start, port and so on stand here too.
    `scanned_bytes` and `scanned_files` describe the walk; `truncated` says that a limit stopped it (then a finding says which).
    """

    schema_version: int = Field(default=2, ge=2)
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
    build_tools: tuple[Fact[BuildTool], ...] = ()
    package_manager: Fact[PackageManager] | None = None
    package_managers: tuple[Fact[PackageManager], ...] = ()
    runtime: str = ""
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
    system_packages: tuple[SystemPackage, ...] = ()
    secrets: tuple[SecretFound, ...] = ()
    config_files: tuple[ConfigFile, ...] = ()
    components: tuple[Component, ...] = ()
    primary: str = ""
    findings: tuple[Finding, ...] = ()
    confidence: float = Field(default=0.0, ge=0.0, le=1.0)
    scanned_files: int = 0
    scanned_bytes: int = 0
    truncated: bool = False
    source_hash: str = ""
    analyzed_at: Utc


def timeless(profile: ProjectProfile) -> ProjectProfile:
    """The profile without the time it was made at, its components' too: equal for two scans that found the same."""
    never = datetime(2000, 1, 1, tzinfo=UTC)
    inner = tuple(one.model_copy(update={"profile": timeless(one.profile)}) for one in profile.components)
    return profile.model_copy(update={"analyzed_at": never, "components": inner})


class Component(Value):
    """A project inside the project. `path` is its directory, `depends_on` the paths of components it uses.

    `declared_by` is the workspace line that names it. `profile` is complete; its evidence is relative to the outer project's root.
    """

    path: str
    profile: ProjectProfile
    depends_on: tuple[str, ...] = ()
    declared_by: Evidence | None = None


ProjectProfile.model_rebuild()
