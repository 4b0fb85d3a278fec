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
from deploydeck.generate.infrastructure.config import STATIC_SITE
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
_SCRIPTS = {
    "": "ci/deploy.sh.j2",
    "fargate": "ci/deploy-fargate.sh.j2",
    "lambda": "ci/deploy-lambda.sh.j2",
    "app-service": "ci/deploy-app-service.sh.j2",
    "s3": "ci/deploy-s3.sh.j2",
    "storage-account": "ci/deploy-storage-account.sh.j2",
}
_STORAGE = {CloudProvider.AWS: "s3", CloudProvider.AZURE: "storage-account"}
"""What a static site lies in, by provider."""
KEPT_DAYS = 90
"""How long a pipeline keeps the files of a site that waits for a person to deploy it."""
_STARTS_AGAIN_S = 2


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
    """What the environments are in a cloud: `s3` and `storage-account` hold a site, anything else runs an image.

    Empty: Docker hosts over SSH.
    """
    infrastructure = request.config.infrastructure
    if infrastructure is None:
        return ""
    return _STORAGE[infrastructure.provider] if infrastructure.compute == STATIC_SITE else infrastructure.compute


def script_template(request: Request) -> str:
    """The template of the script that deploys; empty where pipelines deploy nothing."""
    if request.config.target not in DOCKERFILE_TARGETS or not places(request):
        return ""
    return _SCRIPTS.get(cloud(request), "")


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
        "aws": runs_on in ("fargate", "lambda", "s3"),
        "azure": runs_on in ("app-service", "storage-account"),
        "site": runs_on in _STORAGE.values(),
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
        "tries": max(1, math.ceil(config.health.deadline_s / _STARTS_AGAIN_S)),
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
