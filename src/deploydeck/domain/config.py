"""What is to be deployed, where and how: the configuration a release is made from."""

from __future__ import annotations

from datetime import UTC, datetime
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
    REFERENCE = "reference"


class VariableRef(Value):
    """A variable by name. The value of a secret is never here: `value` holds plain settings, or the text of a reference."""

    name: str
    source: VariableSource
    secret: bool = False
    value: str | None = None


class ResourceLimits(Value):
    """Limits of one running copy. None: no limit."""

    memory_bytes: int | None = None
    cpus: float | None = Field(default=None, allow_inf_nan=False)


class ServiceSpec(Value):
    """A service that runs beside the program (postgresql, redis, …).

    `image` is what it runs on, with its tag; `port` where it listens; `data` the directory that must outlive it ("" for none).
    `variables` are those by which the program finds it: name and value, where `{host}` and `{password}` stand for themselves.
    `password` is the name of the variable that holds its password ("" when it has none).
    """

    name: str
    image: str
    port: int = Field(ge=1, le=65535)
    data: str = ""
    password: str = ""
    variables: tuple[tuple[str, str], ...] = ()


class CiPlatform(StrEnum):
    """Who runs the pipeline."""

    GITHUB = "github"
    GITLAB = "gitlab"
    JENKINS = "jenkins"


class PipelineConfig(Value):
    """What the pipeline files are made from. `environments` in the order a change passes through them."""

    platforms: tuple[CiPlatform, ...] = ()
    default_branch: str = "main"
    environments: tuple[str, ...] = ()


class CloudProvider(StrEnum):
    AWS = "aws"
    AZURE = "azure"


class InfrastructureTool(StrEnum):
    """The language infrastructure is written in."""

    TERRAFORM = "terraform"
    CLOUDFORMATION = "cloudformation"
    ARM = "arm"


class EnvironmentSize(Value):
    """How large one environment is. `name` begins the name of all its resources. CPU in cores, memory and storage in bytes.

    Copies of 0 are for functions only: none is kept ready, and no bound is set but the account's own.
    """

    environment: str
    name: str = Field(pattern=r"^[a-z]([a-z0-9-]{0,26}[a-z0-9])?$")
    production: bool = False
    cpus: float = Field(ge=0.25, allow_inf_nan=False)
    memory_bytes: int = Field(ge=512 * 1024**2)
    min_copies: int = Field(default=1, ge=0)
    max_copies: int = Field(default=1, ge=0)
    private_network: bool = False
    multi_az: bool = False
    database_size: str = ""
    database_storage_bytes: int = 20 * 1024**3
    backup_days: int = Field(default=7, ge=1)
    log_days: int = Field(default=30, ge=1)


class InfrastructureConfig(Value):
    """What the infrastructure files are made from. `sizes` has one entry per environment.

    `compute` is what containers run on (`fargate`, `ec2`, `lambda`, `app-service`, `container-instances`, `functions`), or
    `static-site`.
    `database` is the engine that is provided (`postgresql`, `mysql`, `mssql`; "" for none), `storage` whether the program gets a
    place for objects.
    """

    provider: CloudProvider
    tools: tuple[InfrastructureTool, ...]
    region: str
    compute: str
    database: str = ""
    storage: bool = False
    sizes: tuple[EnvironmentSize, ...]

    def size(self, environment: str) -> EnvironmentSize:
        """The size of one environment. Raises KeyError for one that is not there."""
        for size in self.sizes:
            if size.environment == environment:
                return size
        raise KeyError(environment)


class Preference(Value):
    """A wish about the generated files and who has it: a settings key now, a model's proposal later through the same door.

    Pairs are written `NAME=value`. generate/preferences.py knows the names and what each may hold.
    """

    name: str
    value: str | int | float | bool | tuple[str, ...]
    source: str


class Hooks(Value):
    """Commands around a deployment, each run once in a copy of the new release of its own.

    `pre_deploy` and `release` before any copy serves (`release` is for migrations: never run again when it is not known how one
    ended), `post_deploy` once the new release is live. `timeout_s` bounds each.
    """

    pre_deploy: tuple[tuple[str, ...], ...] = ()
    release: tuple[tuple[str, ...], ...] = ()
    post_deploy: tuple[tuple[str, ...], ...] = ()
    timeout_s: float = Field(default=600.0, ge=0.1, allow_inf_nan=False)

    def command(self, step: str) -> tuple[str, ...] | None:
        """The command of a step, by the step's name; None when it is no hook."""
        return dict(self.named).get(step)

    @property
    def named(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Names of the steps with their commands, in order."""
        kinds = (("hook-pre", self.pre_deploy), ("hook-release", self.release), ("hook-post", self.post_deploy))
        return tuple((f"{kind}-{number}", argv) for kind, commands in kinds for number, argv in enumerate(commands, start=1))


_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


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
    hooks: Hooks = Hooks()
    keep_releases: int = Field(default=5, ge=1, le=100)
    services: tuple[ServiceSpec, ...] = ()
    pipeline: PipelineConfig | None = None
    infrastructure: InfrastructureConfig | None = None
    preferences: tuple[Preference, ...] = ()
    profile_hash: str = ""
    created_at: Utc

    @property
    def meaning_hash(self) -> str:
        """The hash of what it says, whoever made it and when: equal for two that were made from the same things."""
        return self.model_copy(update={"id": "", "profile_hash": "", "created_at": _ANY_TIME}).content_hash
