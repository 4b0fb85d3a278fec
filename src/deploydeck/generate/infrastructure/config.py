"""From the profile and the settings to an InfrastructureConfig: which cloud, which services, and how large in each environment."""

from __future__ import annotations

import hashlib
import re

from deploydeck.domain import (
    CloudProvider,
    DeployDeckError,
    EnvironmentSize,
    InfrastructureConfig,
    InfrastructureTool,
    Kind,
    ProjectProfile,
)
from deploydeck.generate.environments import environment_names
from deploydeck.generate.infrastructure import sizes
from deploydeck.generate.names import slug
from deploydeck.settings import Settings

STATIC_SITE = "static-site"
NAME_LENGTH = 28  # with a suffix of three letters it fits the 32 of a load balancer

_ONLY: dict[InfrastructureTool, CloudProvider] = {
    InfrastructureTool.CLOUDFORMATION: CloudProvider.AWS,
    InfrastructureTool.ARM: CloudProvider.AZURE,
}
_REGION = {CloudProvider.AWS: "us-east-1", CloudProvider.AZURE: "eastus"}
_COMPUTE: dict[CloudProvider, tuple[str, ...]] = {
    CloudProvider.AWS: ("fargate", "ec2", "lambda"),
    CloudProvider.AZURE: ("app-service", "container-instances", "functions"),
}
"""What containers may run on; the first when nothing is said."""
DATABASES: dict[CloudProvider, tuple[str, ...]] = {
    CloudProvider.AWS: ("postgresql", "mysql"),
    CloudProvider.AZURE: ("postgresql", "mysql", "mssql"),
}
"""What the templates provide. Any other service is given by its address, as a variable or a secret."""
_DATABASE_SIZE: dict[tuple[CloudProvider, str, bool], str] = {
    (CloudProvider.AWS, "postgresql", False): "db.t4g.micro",
    (CloudProvider.AWS, "postgresql", True): "db.t4g.medium",
    (CloudProvider.AWS, "mysql", False): "db.t4g.micro",
    (CloudProvider.AWS, "mysql", True): "db.t4g.medium",
    (CloudProvider.AZURE, "postgresql", False): "Standard_B1ms",
    (CloudProvider.AZURE, "postgresql", True): "Standard_D2ds_v5",
    (CloudProvider.AZURE, "mysql", False): "Standard_B1ms",
    (CloudProvider.AZURE, "mysql", True): "Standard_D2ads_v5",
    (CloudProvider.AZURE, "mssql", False): "S0",
    (CloudProvider.AZURE, "mssql", True): "S2",
}
"""By provider, engine and whether it is production."""
_PRODUCTION = frozenset({"production", "prod", "prd"})


def infrastructure_config(profile: ProjectProfile, settings: Settings, environment: str) -> InfrastructureConfig | None:
    """What [generate] infrastructure asks for; None when it asks for nothing.

    Raises DeployDeckError `infrastructure-…` when a tool cannot describe that cloud, or a size does not exist there.
    """
    tools = tuple(dict.fromkeys(settings.generate.infrastructure))
    if not tools:
        return None
    provider = _provider(tools, settings)
    compute = _compute(profile, settings, provider)
    server = compute != STATIC_SITE
    needed = {need.name for need in profile.services} if server else set()
    database = next((engine for engine in DATABASES[provider] if engine in needed), "")
    app = slug(settings.app.name or profile.name)
    return InfrastructureConfig(
        provider=provider,
        tools=tools,
        region=settings.cloud.region or _REGION[provider],
        compute=compute,
        database=database,
        storage=provider is CloudProvider.AWS and "s3" in needed,  # Azure's storage does not speak the protocol of S3
        sizes=tuple(_size(settings, provider, compute, database, app, name) for name in environment_names(settings, environment)),
    )


def stack_name(app: str, environment: str) -> str:
    """What every resource's name begins with: 1 to 28 of [a-z0-9-], a letter first, another one for every environment."""
    plain = f"{app}-{slug(environment)}"
    plain = plain if plain[0].isalpha() else f"app-{plain}"
    if len(plain) <= NAME_LENGTH and slug(environment) == environment:
        return plain
    mark = hashlib.sha256(f"{app}/{environment}".encode()).hexdigest()[:6]
    return f"{plain[: NAME_LENGTH - 7].rstrip('-')}-{mark}"


def _provider(tools: tuple[InfrastructureTool, ...], settings: Settings) -> CloudProvider:
    provider = settings.cloud.provider
    if provider is None:
        provider = CloudProvider.AZURE if set(tools) == {InfrastructureTool.ARM} else CloudProvider.AWS
    for tool in tools:
        only = _ONLY.get(tool, provider)
        if only is not provider:
            raise DeployDeckError(
                "infrastructure-provider",
                f"{tool.value} describes {only.value} only, and the provider is {provider.value}.",
                "One project has its infrastructure in one cloud.",
                f'Set [cloud] provider = "{only.value}", or take {tool.value} out of [generate] infrastructure.',
            )
    return provider


def _compute(profile: ProjectProfile, settings: Settings, provider: CloudProvider) -> str:
    if profile.kind is Kind.STATIC and not settings.app.start:
        return STATIC_SITE
    known = _COMPUTE[provider]
    wanted = settings.cloud.compute or known[0]
    if wanted not in known:
        raise DeployDeckError(
            "infrastructure-compute",
            f"{wanted} does not exist on {provider.value}.",
            hint=f"Set [cloud] compute to {' or '.join(known)}, or another provider.",
        )
    return wanted


def _size(settings: Settings, provider: CloudProvider, compute: str, database: str, app: str, environment: str) -> EnvironmentSize:
    cloud, own = settings.cloud, settings.environment(environment).cloud
    production = environment.lower() in _PRODUCTION
    resources = settings.resources

    def chosen(setting: str) -> int | float | bool | str | None:
        value: int | float | bool | str | None = getattr(own, setting)
        common: int | float | bool | str | None = getattr(cloud, setting)
        return common if value is None else value

    single, function = compute == "container-instances", compute == "lambda"
    cpus = chosen("cpus") or (resources.cpus if resources.cpus and resources.cpus >= 0.25 else 0.25 if function else 0.5)
    memory_mb = chosen("memory_mb") or (resources.memory_mb if resources.memory_mb and resources.memory_mb >= 512 else 1024)
    usual_least, usual_most = (0, 0) if function else (2, 6) if production and not single else (1, 1)
    least = chosen("min_copies") or usual_least
    most = chosen("max_copies") or (usual_most and max(int(least), usual_most))
    if single and int(most) > 1:
        raise DeployDeckError(
            "infrastructure-copies",
            f"In {environment} up to {most} copies are wanted, and a container group is one.",
            "Container Instances have nothing that spreads requests over several groups.",
            'Set [cloud] max_copies = 1, or compute = "app-service".',
        )
    if int(most) < int(least) and (most or not function):
        raise DeployDeckError(
            "infrastructure-copies",
            f"In {environment} at least {least} copies are wanted and at most {most}.",
            hint=f"Set [cloud] max_copies = {least}, or fewer min_copies.",
        )
    size = EnvironmentSize.model_validate(
        {
            "environment": environment,
            "name": stack_name(app, environment),
            "production": production,
            "cpus": cpus,
            "memory_bytes": int(memory_mb) * sizes.MIB,
            "min_copies": least,
            "max_copies": most,
            "private_network": _or(chosen("private_network"), production),
            "multi_az": _or(chosen("multi_az"), production),
            "database_size": (chosen("database_size") or _DATABASE_SIZE[provider, database, production]) if database else "",
            "database_storage_bytes": int(chosen("database_storage_gb") or 20) * sizes.GIB,
            "backup_days": chosen("backup_days") or (14 if production else 7),
            "log_days": chosen("log_days") or (90 if production else 30),
        }
    )
    _exists(size, provider, compute)
    return size


def _or(value: object, otherwise: bool) -> object:
    return otherwise if value is None else value


def _exists(size: EnvironmentSize, provider: CloudProvider, compute: str) -> None:
    """Raises DeployDeckError for a size that the platform would refuse after minutes."""
    if compute != STATIC_SITE:
        sizes.CHECKS[compute](size.cpus, size.memory_bytes, size.max_copies > size.min_copies)
    if provider is CloudProvider.AWS:
        sizes.log_days(size.log_days)
        if size.database_size and re.fullmatch(r"db\.[a-z0-9-]+\.[a-z0-9]+", size.database_size) is None:
            raise DeployDeckError(
                "infrastructure-database-size",
                f"{size.database_size} is no instance class of RDS.",
                hint='Set [cloud] database_size to one such as "db.t4g.micro".',
            )


__all__ = ["DATABASES", "NAME_LENGTH", "STATIC_SITE", "infrastructure_config", "stack_name"]
