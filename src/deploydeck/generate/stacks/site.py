"""Plain files behind a static server; the last stage of every site, whatever built it."""

from __future__ import annotations

from typing import Any

from deploydeck.domain import GeneratedFile
from deploydeck.generate.render import owned, render
from deploydeck.generate.request import Request
from deploydeck.generate.stacks.base import Stack

NGINX_CONF = ("deploy/nginx.conf", "deploy/deploydeck-nginx.conf")
"""Where the server configuration goes: the second when the first is the project's own."""
SITE_PORT = 8080
"""Where nginx listens inside a container: above 1024, for it does not run as root."""


def _context(_request: Request) -> dict[str, Any]:
    return {}


SITE = Stack(
    id="static",
    name="static files",
    languages=("html",),
    managers={},
    template="docker/static.Dockerfile.j2",
    context=_context,
    image="nginx:stable",
    user="101:101",
    needs_manager=False,
)


def server_configuration(request: Request) -> GeneratedFile:
    """The configuration of the static server."""
    files = request.files
    path = next((path for path in NGINX_CONF if not files.is_file(path) or owned(files.head(path))), NGINX_CONF[-1])
    choices, profile = request.choices, request.profile
    context = {
        "port": request.config.port,
        "single_page": profile.single_page,
        "hashed_assets": any(tool.value.id == "vite" for tool in profile.build_tools) and choices.install is not None,
        "hidden": f"/{path}" if choices.static_dir == "." else "",
    }
    return render("docker/nginx.conf.j2", path, context)
