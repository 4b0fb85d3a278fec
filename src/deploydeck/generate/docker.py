"""The files of a container image: the Dockerfile of the project's stack and, for sites, the configuration of the server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Any

from deploydeck.domain import DeployDeckError, EnvVariable, Evidence, GeneratedFile, Kind, VariableSource
from deploydeck.generate.clues import NOTHING
from deploydeck.generate.names import mirror, shown, variable_name
from deploydeck.generate.policies.model import names_secret
from deploydeck.generate.preferences import Preferences
from deploydeck.generate.render import render
from deploydeck.generate.request import Request, placed
from deploydeck.generate.stacks.site import SITE, server_configuration
from deploydeck.generate.systems import needed
from deploydeck.settings import Settings

_CACHE_MOUNT = re.compile(r"--mount=type=cache,\S+ ")
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._/-]*(?::[0-9]{1,5}/[a-z0-9._/-]+)?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


LAMBDA_ADAPTER = "public.ecr.aws/awsguru/aws-lambda-adapter:1.0.0"
"""The Lambda Web Adapter of AWS (Apache-2.0): a static program for images of any system. Its guide, November 2026."""
_NO_VERSION = "No version is pinned: the current stable series"


@dataclass(frozen=True)
class BuildArgument:
    """A variable of the build that is no secret. `value` None: only declared, for `--build-arg`."""

    name: str
    value: str | None
    why: str
    evidence: tuple[Evidence, ...] = ()


def base_image(settings: Settings, name: str) -> str:
    """An image as the settings want it: from the mirror, and exactly the one of the digest, where there is one."""
    digest = settings.build.digests.get(name, "")
    return f"{mirror(settings.build.registry_mirror)}{name}{'@' if digest else ''}{digest}"


def check_images(settings: Settings) -> None:
    """Raises DeployDeckError `generate-image-name` or `generate-registry-mirror` for settings no image name can be made of."""
    mirror(settings.build.registry_mirror)
    for name in settings.build.digests:
        if _IMAGE.fullmatch(name) is None:
            raise DeployDeckError(
                "generate-image-name",
                f"{shown(name)} in build.digests is not an image with its tag.",
                hint='Write it as it stands in FROM, without the mirror: "python:3.13-slim" = "sha256:…".',
            )


def docker_files(request: Request) -> tuple[GeneratedFile, ...]:
    """Dockerfile first, then what it copies. Raises DeployDeckError `generate-static-build` for sites that no stack can build."""
    choices, path = request.choices, request.config.dockerfile
    stack, cache = choices.stack, Preferences(request.config.preferences).cache
    context = {**_common(request), **stack.context(request)}
    if choices.kind is not Kind.STATIC:
        return (_cached(render(stack.template, path, context), cache), *stack.files(request))
    built = bool(choices.install or choices.build)
    if built and not stack.site_template:
        raise DeployDeckError(
            "generate-static-build",
            f"Sites built with {stack.name} cannot be deployed yet.",
            "No stack builds them.",
            "Build the site beforehand and set app.output_dir to the directory it wrote.",
        )
    conf = server_configuration(request)
    site = "." if choices.static_dir == "." else f"{choices.static_dir}/"
    context |= {"conf": conf.path, "site_source": site, "site_template": stack.site_template, "built": built}
    return (_cached(render(SITE.template, path, context), cache), conf)


def _cached(file: GeneratedFile, wanted: bool) -> GeneratedFile:
    """Without cache mounts when nobody wants them: taken out here, so that no template has to remember it."""
    return file if wanted else file.model_copy(update={"content": _CACHE_MOUNT.sub("", file.content)})


def arguments(request: Request) -> tuple[BuildArgument, ...]:
    """What the settings give to every step of the build."""
    wished = Preferences(request.config.preferences).arguments
    return tuple(BuildArgument(one.name, one.value, f"Only the build sees it; asked for by {one.source}") for one in wished)


def build_arguments(request: Request) -> tuple[BuildArgument, ...]:
    """Variables that the project reads while it is built and that are no secrets, with the values of this environment."""
    given = {v.name: v.value for v in request.config.variables if v.source is VariableSource.SETTINGS}
    already = {one.name for one in arguments(request)}
    found = []
    for variable in request.profile.variables:
        name = variable.name
        if not variable.build_time or _hidden(variable) or not variable_name(name) or name in already:
            continue
        value = given.get(name)
        plain = value is not None and value.isprintable()
        why = f"Becomes part of what is built; its value is that of {request.config.environment} in the settings"
        if not plain:
            why = f"Becomes part of what is built: give it with --build-arg {name}=…"
        found.append(BuildArgument(name, value if plain else None, why, variable.used))
    return tuple(found)


def build_secrets(request: Request) -> tuple[str, ...]:
    """Names of secrets that the project reads while it is built: mounted for those steps, never ARG or ENV."""
    return tuple(v.name for v in request.profile.variables if v.build_time and _hidden(v) and variable_name(v.name))


def _hidden(variable: EnvVariable) -> bool:
    return variable.secret or names_secret(variable.name)


def _common(request: Request) -> dict[str, Any]:
    profile, config, choices, settings = request.profile, request.config, request.choices, request.settings
    stack, install = choices.stack, choices.install
    last = SITE if choices.kind is Kind.STATIC else stack
    start = [placed(word, config.port) for word in choices.start]
    image = stack.image.format(series=choices.series)
    why = f"{stack.name} {choices.series} is what the project asks for" if choices.series_evidence else _NO_VERSION
    if image in settings.build.digests:
        why += "; exactly this image, by its digest in [build.digests]"
    return {
        "base": base_image(settings, image),
        "base_why": why,
        "base_evidence": choices.series_evidence,
        "image": partial(base_image, settings),
        "site_image": base_image(settings, SITE.image),
        "install": install,
        "manager": _manager_evidence(request),
        "tool": install.tool if install else "",
        "tool_clue": install.tool_clue if install else NOTHING,
        "lambda_adapter": base_image(settings, LAMBDA_ADAPTER) if _for_lambda(request) else "",
        "needs_source": install.source_clue if install else NOTHING,
        "builds": choices.build,
        "build_evidence": choices.build_evidence,
        "source": f"/app/{choices.static_dir}" if choices.static_dir not in ("", ".") else "/app",
        "output_evidence": profile.output_dir.evidence if profile.output_dir else (),
        "system": needed(profile, Preferences(config.preferences)),
        "arguments": arguments(request),
        "build_arguments": build_arguments(request),
        "build_secrets": build_secrets(request),
        "environment": config.recipe.environment,
        "port": config.port,
        "port_from_env": choices.port_from_env,
        "port_evidence": profile.port.evidence if profile.port else (),
        "start": start,
        "start_evidence": choices.start_evidence,
        "user": last.user,
        "health": last.probe(config),
        "health_evidence": profile.health_path.evidence if profile.health_path else (),
        "health_path": config.health.path,
    }


def _for_lambda(request: Request) -> bool:
    infrastructure = request.config.infrastructure
    return infrastructure is not None and infrastructure.compute == "lambda"


def _manager_evidence(request: Request) -> tuple[Evidence, ...]:
    return request.profile.package_manager.evidence if request.profile.package_manager else ()
