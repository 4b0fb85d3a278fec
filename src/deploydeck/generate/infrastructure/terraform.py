"""Terraform: one directory of .tf files for all environments, and the values of each beside it."""

from __future__ import annotations

from typing import Any

from deploydeck.domain import CloudProvider, EnvironmentSize, GeneratedFile, InfrastructureConfig
from deploydeck.generate.infrastructure import sizes
from deploydeck.generate.infrastructure.azure import API_VERSIONS, database_context
from deploydeck.generate.infrastructure.escape import aligned, hcl
from deploydeck.generate.infrastructure.plan import LAMBDA_SETS, check_names, environment_values, hcl_template
from deploydeck.generate.render import render
from deploydeck.generate.request import Request

FOLDER = "infra/terraform"

_TEMPLATES: dict[tuple[str, str], str] = {
    ("ec2", "service"): "service_ec2",
    ("lambda", "service"): "service_lambda",
    ("container-instances", "service"): "service_container_instances",
}
"""What a file is made from where containers run on something else than the usual."""
_PLACES: dict[CloudProvider, dict[str, str]] = {
    CloudProvider.AWS: {
        "host": "aws_db_instance.main.address",
        "password": "ephemeral.aws_secretsmanager_secret_version.database_password.secret_string",
    },
    CloudProvider.AZURE: {"host": "local.database_host", "password": "var.database_password"},
}


def files(request: Request, config: InfrastructureConfig, context: dict[str, Any]) -> tuple[GeneratedFile, ...]:
    """The .tf files in the order a reader wants them, then one .tfvars per environment."""
    places = _PLACES[config.provider]
    context = {
        **context,
        **database_context(context),
        "versions": API_VERSIONS,
        "hcl": hcl,
        "template": lambda value: hcl_template(value, places),
    }
    made = [
        render(
            f"terraform/{config.provider.value}/{_TEMPLATES.get((config.compute, name), name)}.tf.j2",
            f"{FOLDER}/{name}.tf",
            context,
        )
        for name in _names(config, context)
    ]
    made += [_environment(request, config, context, size) for size in config.sizes]
    return tuple(file.model_copy(update={"content": aligned(file.content)}) for file in made)


def _names(config: InfrastructureConfig, context: dict[str, Any]) -> tuple[str, ...]:
    if context["site"]:
        return ("versions", "variables", "site", "outputs")
    parts = (
        ("versions", True),
        ("variables", True),
        ("network", bool(context["database"]) or context["load_balanced"]),
        ("load_balancer", context["load_balanced"]),
        ("service", True),
        ("secrets", True),
        ("database", bool(context["database"])),
        ("storage", bool(context["storage"])),
        ("outputs", True),
    )
    return tuple(name for name, wanted in parts if wanted)


def provided(context: dict[str, Any]) -> frozenset[str]:
    """Names of the variables that the templates or the platform set themselves."""
    database = context["database"]
    ours = {one.name for one in (*database.plain, *database.secret)} if database else set()
    platform = LAMBDA_SETS if context["compute"] == "lambda" else frozenset()
    return frozenset({*ours, *context["buckets"], *(("PORT",) if context["port_from_env"] else ())}) | platform


def _environment(request: Request, config: InfrastructureConfig, context: dict[str, Any], size: EnvironmentSize) -> GeneratedFile:
    values: list[tuple[str, object]] = [
        ("environment", size.environment),
        ("name", size.name),
        ("region" if config.provider is CloudProvider.AWS else "location", config.region),
        ("protected", size.production),
    ]
    chosen = environment_values(request, size.environment, provided(context)) if not context["site"] else None
    if chosen is not None:
        check_names(config.compute, (chosen,))
        values += _AMOUNTS[config.provider](config.compute, size, bool(context["database"]))
    return render(
        "terraform/environment.tfvars.j2",
        f"{FOLDER}/environments/{size.environment}.tfvars",
        {
            **context,
            "environment": size.environment,
            "values": tuple((name, hcl(value)) for name, value in values),
            "variables": chosen.variables if chosen else (),
            "secrets": chosen.secrets if chosen else (),
        },
    )


def _aws(compute: str, size: EnvironmentSize, database: bool) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = [
        *sizes.aws_amounts(compute, size),
        ("min_copies", size.min_copies),
        ("max_copies", size.max_copies),
        *((("private_network", size.private_network), ("multi_az", size.multi_az)) if compute != "lambda" or database else ()),
        ("log_days", size.log_days),
    ]
    if database:
        found += [
            ("database_class", size.database_size),
            ("database_storage", size.database_storage_bytes // sizes.GIB),
            ("backup_days", size.backup_days),
        ]
    return found


def _azure(compute: str, size: EnvironmentSize, database: bool) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = [
        *sizes.azure_amounts(compute, size),
        ("log_days", min(max(size.log_days, sizes.AZURE_LOG_DAYS[0]), sizes.AZURE_LOG_DAYS[1])),
    ]
    if database:
        found += [
            ("database_sku", size.database_size),
            ("database_storage_gb", size.database_storage_bytes // sizes.GIB),
            ("multi_az", size.multi_az),
            ("backup_days", max(size.backup_days, 7)),
        ]
    return found


_AMOUNTS = {CloudProvider.AWS: _aws, CloudProvider.AZURE: _azure}
