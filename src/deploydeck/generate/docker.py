"""The files of a container image: the Dockerfile of the project's stack and, for sites, the configuration of the server."""

from __future__ import annotations

from typing import Any

from deploydeck.domain import DeployDeckError, Evidence, GeneratedFile, Kind
from deploydeck.generate.clues import NOTHING
from deploydeck.generate.names import mirror
from deploydeck.generate.render import render
from deploydeck.generate.request import Request
from deploydeck.generate.stacks.site import SITE, server_configuration
from deploydeck.generate.systems import system_packages
from deploydeck.settings import Settings


def base_image(settings: Settings, name: str) -> str:
    """A base image as the settings want it: from the mirror where there is one."""
    return f"{mirror(settings.build.registry_mirror)}{name}"


def docker_files(request: Request) -> tuple[GeneratedFile, ...]:
    """Dockerfile first, then what it copies. Raises DeployDeckError `generate-static-build` for sites that no stack can build."""
    choices, path = request.choices, request.config.dockerfile
    stack = choices.stack
    context = {**_common(request), **stack.context(request)}
    context |= {name: base_image(request.settings, image) for name, image in context.pop("images", {}).items()}
    if choices.kind is not Kind.STATIC:
        return (render(stack.template, path, context),)
    if choices.install and not stack.site_template:
        raise DeployDeckError(
            "generate-static-build",
            f"Sites built with {stack.name} cannot be deployed yet.",
            "No stack builds them.",
            "Build the site beforehand and set app.output_dir to the directory it wrote.",
        )
    conf = server_configuration(request)
    site = "." if choices.static_dir == "." else f"{choices.static_dir}/"
    context |= {"conf": conf.path, "site_source": site, "site_template": stack.site_template}
    return (render(SITE.template, path, context), conf)


def _common(request: Request) -> dict[str, Any]:
    profile, config, choices, settings = request.profile, request.config, request.choices, request.settings
    stack, install = choices.stack, choices.install
    last = SITE if choices.kind is Kind.STATIC else stack
    start = [word.replace("{host}", "0.0.0.0").replace("{port}", str(config.port)) for word in choices.start]  # noqa: S104
    pinned = f"{stack.id} {choices.series} is what the project asks for; the slim image has no compilers"
    return {
        "base": base_image(settings, stack.image.format(series=choices.series)),
        "base_why": pinned if choices.series_evidence else "No version is pinned: the current stable series",
        "base_evidence": choices.series_evidence,
        "site_image": base_image(settings, SITE.image),
        "install": install,
        "manager": _manager_evidence(request),
        "tool": install.tool if install else "",
        "tool_clue": install.tool_clue if install else NOTHING,
        "needs_source": install.source_clue if install else NOTHING,
        "builds": choices.build,
        "build_evidence": choices.build_evidence,
        "source": f"/app/{choices.static_dir}" if choices.static_dir not in ("", ".") else "/app",
        "output_evidence": profile.output_dir.evidence if profile.output_dir else (),
        "system": system_packages(stack.id, profile.dependencies),
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


def _manager_evidence(request: Request) -> tuple[Evidence, ...]:
    return request.profile.package_manager.evidence if request.profile.package_manager else ()
