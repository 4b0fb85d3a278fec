"""Everything the infrastructure templates need to know about the program, decided once for all tools."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from deploydeck.domain import CloudProvider, DeployDeckError, Evidence, InfrastructureConfig, ProjectProfile, ServiceSpec
from deploydeck.generate.infrastructure.escape import hcl
from deploydeck.generate.names import variable_name
from deploydeck.generate.request import Request

_ENGINES: dict[str, tuple[str, int, str, str]] = {
    "postgresql": ("postgres", 5432, "17", "postgresql://app:{password}@{host}:5432/app"),
    "mysql": ("mysql", 3306, "8.4", "mysql://app:{password}@{host}:3306/app"),
    "mssql": ("sqlserver", 1433, "12.0", "Server={host},1433;Database=app;User Id=app;Password={password};Encrypt=true"),
}
"""By the scan's name: what the cloud calls the engine, its port, its version, and how programs usually find it."""
_VERSIONS: dict[tuple[CloudProvider, str], tuple[str, ...]] = {
    (CloudProvider.AWS, "postgresql"): ("13", "14", "15", "16", "17"),
    (CloudProvider.AWS, "mysql"): ("8.0", "8.4"),
    (CloudProvider.AZURE, "postgresql"): ("13", "14", "15", "16", "17"),
    (CloudProvider.AZURE, "mysql"): ("8.0.21", "8.4"),
}
"""What the clouds run, November 2026. A service image of another version leaves the default."""
_PLACES = re.compile(r"\{(host|password)\}")
_NAMES = re.compile(r"(?:(?<=//)|(?<=User Id=)|(?<=Database=)|(?<=\}:1433/))(\w{1,60})(?=[:;?]|$)")
_CREDENTIALS = re.compile(r"//(\w{1,60}):\{password\}@\{host\}(?::\d+)?/(\w{1,60})")
_RESERVED = frozenset("admin administrator root guest public postgres sa azure_superuser rdsadmin user master mysql sys".split())
"""Names of users and databases that one of the clouds keeps for itself."""
USER = "app"
LAMBDA_SETS = frozenset(
    "AWS_ACCESS_KEY AWS_ACCESS_KEY_ID AWS_DEFAULT_REGION AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_MEMORY_SIZE "
    "AWS_LAMBDA_FUNCTION_NAME AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME "
    "AWS_LAMBDA_LOG_STREAM_NAME AWS_LAMBDA_RUNTIME_API AWS_REGION AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN LAMBDA_RUNTIME_DIR "
    "LAMBDA_TASK_ROOT".split()
)
"""What Lambda sets itself and lets nobody else set (its developer guide, "Reserved environment variables")."""
_LAMBDA_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")


@dataclass(frozen=True)
class Variable:
    """A variable by which the program finds a service. `value` may hold {host} and {password}."""

    name: str
    value: str


@dataclass(frozen=True)
class Database:
    """The database the program needs: `plain` variables hold no password, `secret` ones do."""

    kind: str
    engine: str
    version: str
    port: int
    name: str
    user: str
    plain: tuple[Variable, ...]
    secret: tuple[Variable, ...]
    evidence: tuple[Evidence, ...]

    @property
    def secret_names(self) -> tuple[str, ...]:
        return tuple(variable.name for variable in self.secret)


@dataclass(frozen=True)
class EnvironmentValues:
    """Variables of one environment: plain ones with their value (None when nobody said one), secret ones by name."""

    variables: tuple[tuple[str, str | None], ...]
    secrets: tuple[str, ...]


def database_of(request: Request, config: InfrastructureConfig) -> Database | None:
    """The database to provide, with the variables of the service that stands for it in compose.yaml; None without one."""
    if not config.database:
        return None
    engine, port, version, usual = _ENGINES[config.database]
    spec = _spec(request, config.database)
    found = [Variable(name, value) for name, value in spec.variables if variable_name(name)] if spec else []
    found = found or [Variable("DATABASE_URL", usual)]
    known = next((match for one in found if (match := _CREDENTIALS.search(one.value))), None)
    user, name = (known[1], known[2]) if known else (USER, USER)
    found = [Variable(one.name, _free(one.value)) for one in found]
    user, name = (USER if word.lower() in _RESERVED else word for word in (user, name))
    return Database(
        kind=config.database,
        engine=engine,
        version=_version(spec, config) or version,
        port=port,
        name=name,
        user=user,
        plain=tuple(one for one in found if "{password}" not in one.value),
        secret=tuple(one for one in found if "{password}" in one.value),
        evidence=_need(request.profile, config.database),
    )


def _free(value: str) -> str:
    """The value as the cloud takes it: no reserved name, and encrypted where a container beside the program has no certificate."""
    value = value.replace("sslmode=disable", "sslmode=require")
    if value.lower() in _RESERVED:
        return USER
    return _NAMES.sub(lambda match: match[0].replace(match[1], USER) if match[1].lower() in _RESERVED else match[0], value)


def _spec(request: Request, database: str) -> ServiceSpec | None:
    return next((service for service in request.config.services if service.name == database), None)


def _version(spec: ServiceSpec | None, config: InfrastructureConfig) -> str:
    """The version of the service's image, where the cloud has it too."""
    tag = re.search(r":(\d+(?:\.\d+)*)", spec.image.rsplit("/", 1)[-1]) if spec else None
    known = _VERSIONS.get((config.provider, config.database), ())
    return tag[1] if tag and tag[1] in known else ""


def _need(profile: ProjectProfile, name: str) -> tuple[Evidence, ...]:
    return next((need.evidence for need in profile.services if need.name == name), ())


def bucket_variables(request: Request, config: InfrastructureConfig) -> tuple[str, ...]:
    """Names of the variables that get the name of the program's bucket."""
    if not config.storage:
        return ()
    known = (*(one.name for one in request.profile.variables), *(one.name for one in request.config.variables))
    found = tuple(dict.fromkeys(name for name in known if "BUCKET" in name.upper() and variable_name(name)))
    return found or ("S3_BUCKET",)


def environment_values(request: Request, environment: str, provided: frozenset[str]) -> EnvironmentValues:
    """The variables of any environment, as the configuration has them for its own. `provided` ones are set by the templates."""
    own = {variable.name: variable for variable in request.config.variables}
    if environment != request.config.environment:
        place = request.settings.environment(environment)
        here = request.settings.environment(request.config.environment)
        required = {variable.name for variable in request.profile.variables if variable.required}
        only_here = {*here.variables, *here.secrets} - required
        secrets = {name for name, one in own.items() if one.secret and name not in only_here} | set(place.secrets)
        plain: dict[str, str | None] = {
            name: None for name, one in own.items() if not one.secret and name not in only_here and name not in secrets
        }
        plain |= {name: value for name, value in place.variables.items() if name not in secrets}
    else:
        secrets = {name for name, one in own.items() if one.secret}
        plain = {name: one.value for name, one in own.items() if not one.secret}
    infrastructure = request.config.infrastructure
    for service in request.config.services:  # one that no template provides is reached by a value that people give
        if service.name == "s3" and infrastructure is not None and infrastructure.storage:
            continue  # a role gives access to the bucket; endpoint and keys are those of the stand-in in compose.yaml
        secrets |= {name for name, _ in service.variables if name not in plain}
    names = sorted(name for name in plain if name not in provided and variable_name(name))
    return EnvironmentValues(
        tuple((name, plain[name]) for name in names),
        tuple(sorted(name for name in secrets if name not in provided and variable_name(name))),
    )


def check_names(compute: str, values: Iterable[EnvironmentValues]) -> None:
    """Raises DeployDeckError `infrastructure-variable-name` for a variable that the platform takes under no name of that form."""
    if compute != "lambda":
        return
    for name in (name for one in values for name in (*(plain for plain, _ in one.variables), *one.secrets)):
        if _LAMBDA_NAME.fullmatch(name) is None:
            raise DeployDeckError(
                "infrastructure-variable-name",
                f"Lambda has no variable called {name}.",
                "Names there begin with a letter and have at least two.",
                'Rename it in the program, or set [cloud] compute = "fargate".',
            )


def evidence_of_variables(profile: ProjectProfile) -> tuple[Evidence, ...]:
    return tuple(variable.used[0] for variable in profile.variables if variable.required and variable.used)


def pieces(value: str) -> Iterator[tuple[str, str]]:
    """The parts of a value: ("text", …), ("host", "") and ("password", ""), in order."""
    at = 0
    for match in _PLACES.finditer(value):
        if match.start() > at:
            yield "text", value[at : match.start()]
        yield match[1], ""
        at = match.end()
    if at < len(value):
        yield "text", value[at:]


def hcl_template(value: str, places: Mapping[str, str]) -> str:
    """A quoted HCL template: the text escaped, {host} and {password} as expressions."""
    parts = (hcl(text)[1:-1] if kind == "text" else f"${{{places[kind]}}}" for kind, text in pieces(value))
    return f'"{"".join(parts)}"'
