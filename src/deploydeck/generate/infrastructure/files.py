"""The producer: the files of each tool that [generate] infrastructure asks for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from deploydeck.domain import CloudProvider, GeneratedFile, InfrastructureConfig, InfrastructureTool
from deploydeck.generate.existing import own_file
from deploydeck.generate.infrastructure import arm_files, cloudformation, terraform
from deploydeck.generate.infrastructure.config import STATIC_SITE
from deploydeck.generate.infrastructure.plan import bucket_variables, database_of, evidence_of_variables
from deploydeck.generate.render import owned
from deploydeck.generate.request import Request

Maker = Callable[[Request, InfrastructureConfig, dict[str, Any]], tuple[GeneratedFile, ...]]

_MAKERS: dict[InfrastructureTool, Maker] = {
    InfrastructureTool.TERRAFORM: terraform.files,
    InfrastructureTool.CLOUDFORMATION: cloudformation.files,
    InfrastructureTool.ARM: arm_files.files,
}
ANSWER_S = 30
"""Seconds that API Gateway waits for an answer of a function, at most; a function that works longer works for nobody."""
_COMPUTE: dict[str, dict[str, Any]] = {
    "fargate": {"log_folder": "ecs", "target_type": "ip"},
    "ec2": {"log_folder": "ec2", "target_type": "instance"},
    "lambda": {"log_folder": "lambda", "answer_s": ANSWER_S},
    "app-service": {
        "service_delegation": "Microsoft.Web/serverFarms",
        "web_app": "azurerm_linux_web_app",
        "site_kind": "app,linux,container",
        "log_categories": ("AppServiceConsoleLogs", "AppServiceHTTPLogs"),
        "image_note": "",
    },
    "container-instances": {"service_delegation": "Microsoft.ContainerInstance/containerGroups", "image_note": ""},
    "functions": {
        "service_delegation": "Microsoft.Web/serverFarms",
        "web_app": "azurerm_linux_function_app",
        "site_kind": "functionapp,linux,container",
        "log_categories": ("FunctionAppLogs",),
        "image_note": " The image must hold the host of Azure Functions (mcr.microsoft.com/azure-functions) and a custom handler "
        "that starts the program on FUNCTIONS_CUSTOMHANDLER_PORT; an image without them does not run as a function.",
    },
}
"""What the shared templates call differently by what containers run on."""
VOLUME_GB = 20
"""Disk of a machine: its system, the image at hand and the one before."""
MACHINE_START_S = 180
"""Seconds that a machine gets to start, install Docker and fetch the image, before the program's own deadline begins."""
_MIN_PROBE_S, _MAX_PROBE_S = 2, 14
"""Seconds a load balancer may wait for an answer; it asks every 15."""


def infrastructure_files(request: Request) -> tuple[GeneratedFile, ...]:
    """The files of the configuration's tools; nothing when it has no infrastructure.

    A file that is the project's own comes back as it is, unless the request says to replace it.
    Raises DeployDeckError `infrastructure-…` for a value that a tool would act upon.
    """
    config = request.config.infrastructure
    if config is None:
        return ()
    context = _context(request, config)
    made = tuple(file for tool in config.tools for file in _MAKERS[tool](request, config, context))
    return tuple(_proposed(request, file) for file in made)


def _proposed(request: Request, file: GeneratedFile) -> GeneratedFile:
    """The file, or the one on disk when people wrote it. Parameter files have no place for a mark and are always proposed."""
    if request.replace or not _marked(file.content):
        return file
    existing = request.files.text(file.path)
    return own_file(file.path, existing) if existing and not _marked(existing) else file


def _marked(content: str) -> bool:
    """Whether a file says that it is ours: in its first line, or in the metadata of a template that knows no comments."""
    return owned(content) or '"generator": "DeployDeck"' in content[:400]


def _context(request: Request, config: InfrastructureConfig) -> dict[str, Any]:
    profile, deployment = request.profile, request.config
    health = deployment.health
    return {
        **_COMPUTE.get(config.compute, {}),
        "compute": config.compute,
        "machine_grace": math.ceil(health.deadline_s) + MACHINE_START_S,
        "volume_gb": VOLUME_GB,
        "site": config.compute == STATIC_SITE,
        "network": config.compute != "lambda" or bool(config.database),
        "load_balanced": config.provider is CloudProvider.AWS and config.compute not in ("lambda", STATIC_SITE),
        "single_page": deployment.recipe.single_page,
        "app": deployment.app,
        "port": deployment.port,
        "health_path": health.path,
        "health_matcher": f"{health.success_min}-{health.success_max}",
        "health_min": health.success_min,
        "health_max": health.success_max,
        "health_timeout": min(max(math.ceil(health.timeout_s), _MIN_PROBE_S), _MAX_PROBE_S),
        "health_grace": math.ceil(health.deadline_s),
        "keep_images": max(deployment.keep_releases * 2, 10),
        "port_from_env": deployment.recipe.port_from_env,
        "database": database_of(request, config),
        "storage": config.storage,
        "buckets": bucket_variables(request, config),
        "example": config.sizes[0].environment,
        "name_evidence": (),
        "port_evidence": profile.port.evidence if profile.port else (),
        "health_evidence": profile.health_path.evidence if profile.health_path else (),
        "variable_evidence": evidence_of_variables(profile),
        "storage_evidence": next((need.evidence for need in profile.services if need.name == "s3"), ()),
    }
