"""Node.js: installed by the lock of its manager, built, pruned, and run by node itself."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from deploydeck.domain import DeploymentConfig, Kind
from deploydeck.generate.clues import NOTHING, Clue, next_standalone, npmrc_secret
from deploydeck.generate.request import Argv, Draft, Request
from deploydeck.generate.stacks.base import Stack
from deploydeck.generate.stacks.node_files import (
    browsers,
    needs_development,
    needs_package_programs,
    plain,
    runtime_files,
)
from deploydeck.generate.stacks.node_managers import MANAGERS, TOOL_ENVIRONMENT, install
from deploydeck.generate.stacks.node_workspaces import builds, member

NEXT_IDS = frozenset({"next", "nextjs"})
_QUIET: dict[str, tuple[str, str]] = {
    **dict.fromkeys(NEXT_IDS, ("NEXT_TELEMETRY_DISABLED", "1")),
    "nuxt": ("NUXT_TELEMETRY_DISABLED", "1"),
    "astro": ("ASTRO_TELEMETRY_DISABLED", "1"),
    "gatsby": ("GATSBY_TELEMETRY_DISABLED", "1"),
    "angular": ("NG_CLI_ANALYTICS", "false"),
    "turbo": ("TURBO_TELEMETRY_DISABLED", "1"),
}
"""How each framework or build tool is told not to send reports from builds."""
_CACHES = {**dict.fromkeys(NEXT_IDS, "/app/.next/cache"), "angular": "/app/.angular/cache"}
"""What a build may keep for the next one."""
_SCHEMAS = ("prisma/schema.prisma", "schema.prisma", "prisma/schema")
_GENERATES = re.compile(r"\bprisma\s+generate\b")

# Address and Host header come as arguments: nothing of the project becomes part of the program.
_PROBE = (
    "const [url, host] = process.argv.slice(1); "
    "require('http').get(url, {headers: host ? {host} : {}, timeout: 4000}, r => process.exit(r.statusCode < 400 ? 0 : 1))"
    ".on('error', () => process.exit(1))"
)


def _decide(draft: Draft) -> Draft:
    """Corrects the start of Next.js, adds build steps that packages need, and keeps what the start command runs."""
    clues = dict(draft.clues)
    build, start = draft.build, draft.start
    home = member(draft.profile, draft.files)
    clues["member"] = home
    if home:
        build = build if draft.settings.app.build else builds(draft.profile, home.value, build)
        if start[:2] == ("node", ".next/standalone/server.js"):
            start = ("next", "start", "-H", "{host}", "-p", "{port}")  # its own server stands elsewhere in a workspace
        if not draft.image and start and not draft.settings.app.start:
            start = ("env", f"--chdir={home.value}", *start)
    elif draft.framework in NEXT_IDS:
        clues["standalone"] = next_standalone(draft.files) if draft.image else NOTHING
        if draft.kind is Kind.SERVER:
            start = _next_start(start, standalone=bool(clues["standalone"]))
    row = MANAGERS.get(draft.manager.name if draft.manager else "npm", MANAGERS["npm"])
    if (build or draft.kind is Kind.SERVER) and (clue := _prisma(draft)):
        clues["prisma"] = clue
        build = ((*row.execute, "prisma", "generate"), *build)
    if draft.image and draft.kind is Kind.SERVER and any(name.startswith("PLAYWRIGHT") for name, _ in browsers(draft.profile)):
        build = (*build, (*row.execute, "playwright", "install", "chromium"))
    manifest = f"{home.value}/package.json" if home else "package.json"
    development = needs_development(start, draft.files, manifest) if draft.kind is Kind.SERVER else NOTHING
    clues["development"] = development
    return replace(draft, build=build, start=start, clues=clues, development=bool(development))


def _prisma(draft: Draft) -> Clue:
    """The Prisma schema whose client nothing else generates: no script of the project that runs in the build does it."""
    if not any(one.name == "prisma" for one in draft.profile.dependencies):
        return NOTHING
    manifest = draft.files.json("package.json")
    scripts = manifest.get("scripts")
    texts = [str(text) for text in scripts.values()] if isinstance(scripts, dict) else []
    if any(_GENERATES.search(text) for text in texts):
        return NOTHING
    schema = next((path for path in _SCHEMAS if draft.files.is_file(path) or draft.files.is_dir(path)), "")
    return draft.files.line(schema, "generator ", schema, "prisma-schema") if schema else NOTHING


def _next_start(start: tuple[str, ...], *, standalone: bool) -> tuple[str, ...]:
    """`next start` without a package manager or a shell in between, so that the server gets the signals itself."""
    if standalone:
        return ("node", "server.js")
    words = list(start)
    while words and words[0] in ("npx", "pnpm", "yarn", "exec", "run", "npm"):
        words.pop(0)
    if words and words[0].rsplit("/", 1)[-1] == "next":
        words.pop(0)
    if words[:1] != ["start"]:
        if start and words == list(start):
            return start  # a server of their own (node server.js)
        words = ["start"]
    if "{port}" not in words:
        words += ["--hostname", "{host}", "--port", "{port}"]
    return ("node", "node_modules/next/dist/bin/next", *words)


def tags(request: Request) -> frozenset[str]:
    """Framework and build tools by id."""
    return frozenset({request.choices.framework, *(tool.value.id for tool in request.profile.build_tools)})


def build_environment(request: Request) -> list[tuple[str, str]]:
    """Plain variables of the build stage: nobody is there to answer, nothing is reported home."""
    known = tags(request)
    # With CI set, Create React App takes every warning of the linter for an error.
    found = [("CI", "false" if "create-react-app" in known else "true")]
    manager = request.choices.install.manager if request.choices.install else "npm"
    found += TOOL_ENVIRONMENT.get(manager, ())
    found += [value for name, value in _QUIET.items() if name in known]
    return list(dict.fromkeys((*found, *browsers(request.profile))))


def build_context(request: Request) -> dict[str, Any]:
    """What the shared part `_node_build.j2` needs."""
    choices = request.choices
    login = npmrc_secret(request.files)
    cache = choices.install.cache if choices.install else "/root/.npm"
    mounts = f"--mount=type=cache,target={cache} "
    if login:
        mounts += "--mount=type=secret,id=npmrc,target=/root/.npmrc "
    generated = {(*row.execute, "prisma", "generate") for row in MANAGERS.values()} if choices.clue("prisma") else set[Argv]()
    return {
        "build_environment": build_environment(request),
        "mounts": mounts,
        "login": login,
        "prisma": choices.clue("prisma").evidence,
        "prisma_commands": generated,
        "framework_cache": next((path for name, path in _CACHES.items() if name == choices.framework), ""),
    }


def _context(request: Request) -> dict[str, Any]:
    choices, files = request.choices, request.files
    kept, home = runtime_files(choices, files), choices.clue("member").value
    manager = choices.install.manager if choices.install else "npm"
    through = plain(choices.start)[:1] in (("pnpm",), ("yarn",), ("npm",))
    development = choices.clue("development")
    standalone = choices.clue("standalone")
    prune = choices.install.prune if choices.install and kept.packages and not development and not standalone else ()
    return {
        **build_context(request),
        "prune": prune,
        "development": development,
        "standalone": bool(standalone),
        "standalone_evidence": standalone.evidence,
        "public": files.is_dir("public"),
        "kept": kept,
        "through": manager if through else "",
        "run_environment": (*(TOOL_ENVIRONMENT.get(manager, ()) if through else ()), *browsers(request.profile)),
        "package_programs": needs_package_programs(choices.start),
        "member": choices.clue("member"),
        "home": f"/app/{home}" if home else "/app",
    }


def _probe(config: DeploymentConfig) -> list[str]:
    host = config.health.host_header
    url = f"http://127.0.0.1:{config.port}{config.health.path}"
    return ["node", "-e", _PROBE, url, *([host] if host else [])]


NODE = Stack(
    id="node",
    name="Node.js",
    languages=("javascript", "typescript"),
    managers=dict.fromkeys(("npm", "pnpm", "yarn", "yarn-berry", "bun"), install),
    template="docker/node.Dockerfile.j2",
    context=_context,
    image="node:{series}-slim",
    series=("18", "20", "22", "24", "26"),
    default_series="22",
    series_aliases={"hydrogen": "18", "iron": "20", "jod": "22", "krypton": "24"},
    site_template="docker/_node_build.j2",
    environment=(("NODE_ENV", "production"),),
    user="1000:1000",
    probe=_probe,
    decide=_decide,
    leftovers=tuple(
        (pattern, "node-leftovers", "Made by Node.js on this machine, for its system; the image makes its own")
        for pattern in (
            "**/node_modules",
            "**/npm-debug.log*",
            "**/yarn-error.log",
            "**/.pnpm-store",
            "**/*.tsbuildinfo",
            ".next",
            ".nuxt",
            ".output",
            ".svelte-kit",
            ".astro",
            ".angular",
            ".turbo",
            "coverage",
        )
    ),
    foreign=("**/node_modules",),
)
