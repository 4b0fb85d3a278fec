"""Plain files behind a static server; the last stage of every site, whatever built it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from deploydeck.domain import Evidence, GeneratedFile, ProjectProfile
from deploydeck.generate.clues import ProjectFiles, search
from deploydeck.generate.render import owned, render
from deploydeck.generate.request import Request
from deploydeck.generate.stacks.base import Stack

NGINX_CONF = ("deploy/nginx.conf", "deploy/deploydeck-nginx.conf")
"""Where the server configuration goes: the second when the first is the project's own."""
SITE_PORT = 8080
"""Where nginx listens inside a container: above 1024, for it does not run as root."""

# Vite and its kin name files NAME-HASH.EXT or NAME.HASH.EXT. The look-ahead leaves plain words of a project's own files out.
_MIXED = r"^/assets/.*[.-](?=[\w-]*[A-Z0-9_])[\w-]{8,32}\.\w+$"
_HASHED: dict[str, str] = {
    "vite": _MIXED,
    "vitepress": _MIXED,
    "vuepress": _MIXED,
    "docusaurus": _MIXED,
    "react-router": _MIXED,
    "remix": _MIXED,
    "astro": r"^/_astro/",
    "next": r"^/_next/static/",
    "nextjs": r"^/_next/static/",
    "nuxt": r"^/_nuxt/",
    "sveltekit": r"^/_app/immutable/",
    "solid-start": r"^/_build/assets/",
    "create-react-app": r"^/static/.+\.[0-9a-f]{8,20}\.",
    "rsbuild": r"^/static/.+\.[0-9a-f]{8,20}\.",
    "vue-cli": r"^/(?:css|js|img|fonts)/.+\.[0-9a-f]{8}\.",
    "gatsby": r"^/static/|-[0-9a-f]{20}\.(?:js|css)$",
    "angular": r"(?:-[0-9A-Z]{8}|\.[0-9a-f]{16,20})\.(?:js|css)$",
    "parcel": r"\.[0-9a-f]{8}\.\w+$",
}
"""Framework or build tool to the paths whose names change with their content, as its production build writes them by default."""
_EXTENDED: dict[str, tuple[str, ...]] = {
    _MIXED: (
        r"^/assets/.*[.-][[:alnum:]_-]{8,32}\.[[:alnum:]_]+$",
        r"^/assets/.*[.-][[:alnum:]_-]*[A-Z0-9_][[:alnum:]_-]*\.[[:alnum:]_]+$",
    ),
}
"""What has no form in POSIX's extended expressions (a look-ahead), as several that must all match."""
SITE_DIRECTORY = "/srv/site"
"""Where the files of a site lie in its image."""
_FALLBACKS = {"nuxt": "/200.html"}
"""Which page draws unknown paths of a single page, where it is not index.html."""
_SVELTE_FALLBACK = re.compile(r"""\bfallback\s{0,4}:\s{0,4}['"]([\w.-]{1,60}\.html)['"]""")


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


@dataclass(frozen=True)
class Served:
    """How the files of a site are handed out, whatever hands them out.

    `hashed` is the expression (PCRE, on the path with its first slash) for names that change with their content, "" for none;
    `evidence` says what names them so. `hidden` is a path that lies among the files and is no part of the site, "" for none.
    `configuration` is the path of the static server's configuration.
    """

    configuration: str
    hashed: str
    evidence: tuple[Evidence, ...]
    hidden: str

    @property
    def extended(self) -> tuple[str, ...]:
        """`hashed` as POSIX extended expressions in the C locale, which must all match; nothing when there is none."""
        if not self.hashed:
            return ()
        plain = self.hashed.replace("(?:", "(").replace(r"\w", "[[:alnum:]_]")
        return _EXTENDED.get(self.hashed, (plain,))


def served(request: Request) -> Served:
    """How the site of this request is handed out."""
    files = request.files
    path = next((path for path in NGINX_CONF if not files.is_file(path) or owned(files.head(path))), NGINX_CONF[-1])
    made_by, evidence = _maker(request)
    return Served(path, _HASHED.get(made_by, ""), evidence, f"/{path}" if request.choices.static_dir == "." else "")


def server_configuration(request: Request) -> GeneratedFile:
    """The configuration of the static server."""
    one = served(request)
    context = {
        "port": request.config.port,
        "single_page": request.profile.single_page,
        "fallback": _fallback(request.files, request.choices.framework),
        "hashed": one.hashed,
        "hashed_evidence": one.evidence,
        "hidden": one.hidden,
    }
    return render("docker/nginx.conf.j2", one.configuration, context)


def _maker(request: Request) -> tuple[str, tuple[Evidence, ...]]:
    """What named the built files: the framework, else a build tool. Nothing for files that are served as they are."""
    profile: ProjectProfile = request.profile
    if not request.choices.build:
        return "", ()
    if request.choices.framework in _HASHED:
        return request.choices.framework, profile.framework.evidence if profile.framework else ()
    found = next((tool for tool in profile.build_tools if tool.value.id in _HASHED), None)
    return (found.value.id, found.evidence) if found else ("", ())


def _fallback(files: ProjectFiles, framework: str) -> str:
    if framework == "sveltekit":
        name = next(
            (clue for end in ("js", "ts") if (clue := search(files, f"svelte.config.{end}", _SVELTE_FALLBACK, "//", ""))), None
        )
        return f"/{name.value}" if name else "/index.html"
    return _FALLBACKS.get(framework, "/index.html")
