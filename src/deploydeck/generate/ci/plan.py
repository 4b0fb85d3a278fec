"""What every pipeline is made from, whichever platform runs it: the tests, the image, the environments in order."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import partial
from typing import Any

from deploydeck.domain import CloudProvider, Evidence
from deploydeck.generate.ci import escape
from deploydeck.generate.ci.actions import actions
from deploydeck.generate.ci.tests import test_plan
from deploydeck.generate.docker import base_image
from deploydeck.generate.infrastructure.azure import API_VERSIONS
from deploydeck.generate.infrastructure.config import STATIC_SITE
from deploydeck.generate.infrastructure.files import MACHINE_START_S
from deploydeck.generate.names import shown, variable_name
from deploydeck.generate.request import DOCKERFILE_TARGETS, Request
from deploydeck.generate.stacks.site import SITE_DIRECTORY, served

DEPLOY_SCRIPT = "ci/deploy.sh"
PRODUCTION = "production"

# The last release before those that were tampered with in March 2026 (GHSA-69fq-xp46-6x23). Eight stored public files name this
# digest of its index; looked up on 2026-11-24.
SCANNER = "aquasec/trivy:0.69.3@sha256:bcc376de8d77cfe086a917230e818dc9f8528e3c852f7b1aff648949b6258d1c"
DOCKER_CLI = "docker:28"
AZURE_CLI = "mcr.microsoft.com/azure-cli:2.67.0"
RUNNER = "ubuntu-24.04"


@dataclass(frozen=True)
class Script:
    """How one kind of place is deployed to: the template of the script, whose cloud it is, what the pipeline's identity may do.

    `programs`: what the script calls besides the cloud's own program. `start_s`: seconds that a machine takes before the program's
    own deadline begins; the script waits for machines itself. `command` and `service`: what the Azure CLI and people call an app.
    """

    template: str
    provider: CloudProvider | None = None
    rights: str = ""
    programs: tuple[str, ...] = ()
    site: bool = False
    start_s: int = 0
    command: str = ""
    service: str = ""


_WEB_RIGHTS = "It needs the roles Website Contributor for the resource group and Contributor for its registry."
_SCRIPTS = {
    "": Script("ci/deploy.sh.j2"),
    "fargate": Script(
        "ci/deploy-fargate.sh.j2",
        CloudProvider.AWS,
        "It may push to the registry of the environment, read and update its ECS service, read and register task definitions, and "
        "hand their roles on (iam:PassRole).",
        ("jq",),
    ),
    "ec2": Script(
        "ci/deploy-ec2.sh.j2",
        CloudProvider.AWS,
        "It may push to the registry of the environment, read launch templates, groups and their activities, make and delete "
        "versions of its launch template, start and roll back instance refreshes of its group, and start machines with their role "
        "(ec2:RunInstances, iam:PassRole), for AWS asks whether it may.",
        ("jq",),
        start_s=MACHINE_START_S,
    ),
    "lambda": Script(
        "ci/deploy-lambda.sh.j2",
        CloudProvider.AWS,
        "It may push to the registry of the environment, read, update, publish and invoke its function and move its alias, list "
        "functions, APIs and secrets, and read the secrets of the environment.",
        ("curl", "jq"),
    ),
    "app-service": Script(
        "ci/deploy-app-service.sh.j2",
        CloudProvider.AZURE,
        _WEB_RIGHTS,
        ("curl",),
        command="webapp",
        service="App Service",
    ),
    "functions": Script(
        "ci/deploy-app-service.sh.j2",
        CloudProvider.AZURE,
        _WEB_RIGHTS,
        ("curl",),
        command="functionapp",
        service="Functions",
    ),
    "container-instances": Script(
        "ci/deploy-container-instances.sh.j2",
        CloudProvider.AZURE,
        "It needs the role Contributor for the resource group: with it Azure takes the secrets from the vault for a deployment.",
        ("curl", "jq"),
    ),
    "s3": Script(
        "ci/deploy-s3.sh.j2",
        CloudProvider.AWS,
        "It may list, read, write and delete the files of the environment's bucket, list distributions, and make and read "
        "invalidations.",
        ("curl",),
        site=True,
    ),
    "storage-account": Script(
        "ci/deploy-storage-account.sh.j2",
        CloudProvider.AZURE,
        "It needs the roles Reader for the resource group and Storage Blob Data Contributor for its storage account.",
        ("curl",),
        site=True,
    ),
}
"""By what the environments are in a cloud; "" for Docker hosts over SSH."""
_STORAGE = {CloudProvider.AWS: "s3", CloudProvider.AZURE: "storage-account"}
"""What a static site lies in, by provider."""
KEPT_DAYS = 90
"""How long a pipeline keeps the files of a site that waits for a person to deploy it."""
_STARTS_AGAIN_S = 2
_MINUTES = 20
"""How long a job that deploys may take; machines take longer."""
_PROBES_S = 45
"""How long a container must run without a failed check where it cannot be asked from outside: three of the platform's checks."""


@dataclass(frozen=True)
class Place:
    """One environment a pipeline deploys to. `protected`: only by a release tag or by hand, and only when a person agrees.

    `job` is its name where only letters, digits and dashes may stand; `after` the job of the environment that comes first. `plain`
    holds its plain variables as lines NAME=value; `unwritten` are those whose value has line breaks, which such lines cannot hold.
    `resources` begins the names of its resources in the cloud ("" without one).
    """

    name: str
    job: str
    protected: bool
    after: str
    publish: str
    container: str
    plain: str
    unwritten: tuple[str, ...]
    resources: str = ""


def places(request: Request) -> tuple[Place, ...]:
    """The environments of the pipeline, in the order a change passes through them."""
    config, settings = request.config, request.settings
    pipeline = config.pipeline
    sizes = {size.environment: size.name for size in config.infrastructure.sizes} if config.infrastructure else {}
    made: list[Place] = []
    before = ""
    for name in pipeline.environments if pipeline else ():
        place = settings.environment(name)
        job = re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-").lower()
        while any(one.job == job for one in made):
            job += "-2"
        protected = name.lower() in (PRODUCTION, "prod", "live")
        plain = {key: value for key, value in sorted(place.variables.items()) if variable_name(key) and key not in place.secrets}
        written = {key: value for key, value in plain.items() if not re.search(r"[\r\n\0]", value)}
        made.append(
            Place(
                name=name,
                job=job,
                protected=protected,
                after="" if protected else before,
                publish=f"{place.bind_address}:{place.published_port or config.port}:{config.port}",
                container=f"{config.app}-{job}",
                plain="\n".join(f"{key}={value}" for key, value in written.items()),
                unwritten=tuple(sorted(set(plain) - set(written))),
                resources=sizes.get(name, ""),
            )
        )
        before = before if protected else job
    return tuple(made)


def cloud(request: Request) -> str:
    """What the environments are in a cloud, as the table of scripts has it. Empty: Docker hosts over SSH."""
    infrastructure = request.config.infrastructure
    if infrastructure is None:
        return ""
    return _STORAGE[infrastructure.provider] if infrastructure.compute == STATIC_SITE else infrastructure.compute


def script_template(request: Request) -> str:
    """The template of the script that deploys; empty where pipelines deploy nothing."""
    if request.config.target not in DOCKERFILE_TARGETS or not places(request):
        return ""
    return _SCRIPTS[cloud(request)].template


def gh(expression: str) -> str:
    """An expression of GitHub. Only ever given text of ours."""
    return "${{ " + expression + " }}"


def context(request: Request, why: str, evidence: tuple[Evidence, ...]) -> dict[str, Any]:
    """Everything the templates name. `why` and `evidence` say why this platform was chosen."""
    config, tests = request.config, test_plan(request)
    pipeline = config.pipeline
    assert pipeline is not None
    mirrored = partial(base_image, request.settings)
    secrets = tuple(variable.name for variable in config.variables if variable.secret)
    runs_on, site = cloud(request), served(request)
    script, deadline_s = _SCRIPTS[runs_on], config.health.deadline_s
    refresh_s = 2 * (math.ceil(deadline_s) + script.start_s) + 300 if script.start_s else 0
    return {
        "why": why,
        "evidence": evidence,
        "app": config.app,
        "branch": pipeline.default_branch,
        "tests": tests,
        "test_image": mirrored(tests.image) if tests.image else "",
        "install": [escape.shell(argv) for argv in tests.install],
        "run": [escape.shell(argv) for argv in tests.run],
        "system": escape.shell(("apt-get", "install", "--yes", "--no-install-recommends", *tests.system)) if tests.system else "",
        "services": [need.name for need in request.profile.services if need.name.isprintable() and need.name.isascii()][:10],
        "image": config.target in DOCKERFILE_TARGETS,
        "target": shown(config.target),
        "dockerfile": config.dockerfile,
        "places": places(request) if script_template(request) else (),
        "cloud": runs_on,
        "aws": script.provider is CloudProvider.AWS,
        "azure": script.provider is CloudProvider.AZURE,
        "site": script.site,
        "rights": script.rights,
        "programs": script.programs,
        "command": script.command,
        "service": script.service,
        "minutes": _MINUTES + 2 * math.ceil(refresh_s / 60),
        "refresh_s": refresh_s,
        "private": bool(config.infrastructure and config.infrastructure.database),
        "probes_s": _PROBES_S,
        "versions": API_VERSIONS,
        "site_directory": SITE_DIRECTORY,
        "kept_days": KEPT_DAYS,
        "lasting": site.extended,
        "lasting_evidence": site.evidence,
        "hidden": site.hidden,
        "region": config.infrastructure.region if config.infrastructure else "",
        "azure_cli": mirrored(AZURE_CLI),
        "scanner": mirrored(SCANNER),
        "docker_cli": mirrored(DOCKER_CLI),
        "dind": mirrored(f"{DOCKER_CLI}-dind"),
        "runner": RUNNER,
        "actions": actions(),
        "script": DEPLOY_SCRIPT,
        "secrets": secrets,
        "tries": max(1, math.ceil(deadline_s / _STARTS_AGAIN_S)),
        "pause": _STARTS_AGAIN_S,
        "memory": config.limits.memory_bytes,
        "cpus": config.limits.cpus,
        "health_path": config.health.path,
        "health_min": config.health.success_min,
        "health_max": config.health.success_max,
        "gh": gh,
        "gtext": escape.github_text,
        "text": escape.scalar,
        "groovy": escape.groovy,
        "sh": escape.shell,
        "block": escape.block,
        "free": escape.expression_free,
        "pattern": escape.branch_pattern,
    }
