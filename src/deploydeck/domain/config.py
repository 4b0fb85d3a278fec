"""What is to be deployed, where and how: the configuration a release is made from."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from deploydeck.domain.base import Utc, Value
from deploydeck.domain.health import HealthSpec
from deploydeck.domain.project import Kind


class Strategy(StrEnum):
    """How the old copy gives way to the new one (facts/deploying.md 5.4)."""

    RECREATE_WARM = "recreate-warm"


class Recipe(Value):
    """How to turn the source into something that runs, without saying where.

    Commands are argument vectors, never shell text. `start` may hold `{host}` and `{port}`. `install` and `build` run in the
    project copy. `manifests` are the files that decide `install` (the dependency layer). `environment` holds fixed,
    non-secret variables (NODE_ENV=production). `static_dir` is set for sites: the directory that is served.
    """

    kind: Kind
    language: str
    version: str
    manager: str
    framework: str = ""
    manifests: tuple[str, ...] = ()
    install: tuple[tuple[str, ...], ...] = ()
    build: tuple[tuple[str, ...], ...] = ()
    start: tuple[str, ...] = ()
    port_from_env: bool = False
    packages: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    static_dir: str = ""
    single_page: bool = False


class VariableSource(StrEnum):
    """Where a variable's value comes from when the deployment runs."""

    SETTINGS = "settings"
    ENV_FILE = "env_file"
    KEYRING = "keyring"
    ENVIRONMENT = "environment"


class VariableRef(Value):
    """A variable by name. The value of a secret is never here; `value` only holds plain settings."""

    name: str
    source: VariableSource
    secret: bool = False
    value: str | None = None


class ResourceLimits(Value):
    """Limits of one running copy. None: no limit."""

    memory_bytes: int | None = None
    cpus: float | None = None


class DeploymentConfig(Value):
    """Everything a target needs to know, and nothing it must look up elsewhere. Holds no secret value.

    `app` is the slug that names containers and labels ([a-z0-9-], at most 40). `port` is where the program listens inside its
    copy; `published_port` where people reach it on `bind_address`. `dockerfile` is relative to `root`.
    """

    schema_version: int = 1
    id: str
    project_id: str
    app: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")
    root: str
    environment: str
    target: str
    strategy: Strategy = Strategy.RECREATE_WARM
    recipe: Recipe
    dockerfile: str = "Dockerfile"
    port: int = Field(ge=1, le=65535)
    published_port: int = Field(ge=1, le=65535)
    bind_address: str = "127.0.0.1"
    health: HealthSpec = HealthSpec()
    variables: tuple[VariableRef, ...] = ()
    limits: ResourceLimits = ResourceLimits()
    keep_releases: int = Field(default=5, ge=1, le=100)
    profile_hash: str = ""
    created_at: Utc
