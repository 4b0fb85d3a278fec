"""Node.js: installed by the lock of npm, pnpm or yarn, built, pruned, and run by node itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from deploydeck.domain import DeploymentConfig, Kind
from deploydeck.generate.clues import NOTHING, next_standalone, node_needs_source, pnpm_lock_version, yarn_berry
from deploydeck.generate.request import Argv, Draft, Request
from deploydeck.generate.stacks.base import Installation, InstallQuestion, Stack
from deploydeck.generate.stacks.shared import exact_version, extras

NEXT_IDS = frozenset({"next", "nextjs"})


@dataclass(frozen=True)
class NodeManager:
    """One row for Node.js. `every` adds development packages (a build needs them), `production` leaves them out."""

    locks: tuple[str, ...]
    locked: Argv
    unlocked: Argv
    every: Argv
    production: Argv
    prune: tuple[Argv, ...]
    add: Argv
    cache: str
    manifests: tuple[str, ...] = ()


MANAGERS: dict[str, NodeManager] = {
    "npm": NodeManager(
        locks=("package-lock.json", "npm-shrinkwrap.json"),
        locked=("npm", "ci"),
        unlocked=("npm", "install"),
        every=("--include=dev",),
        production=("--omit=dev",),
        prune=(("npm", "prune", "--omit=dev"),),
        add=("npm", "install", "--no-save"),
        cache="/root/.npm",
    ),
    "pnpm": NodeManager(
        locks=("pnpm-lock.yaml",),
        locked=("pnpm", "install", "--frozen-lockfile"),
        unlocked=("pnpm", "install", "--no-frozen-lockfile"),
        every=("--prod=false",),
        production=("--prod",),
        prune=(("pnpm", "prune", "--prod"),),
        add=("pnpm", "add"),
        cache="/root/.local/share/pnpm/store",
        manifests=("pnpm-workspace.yaml", ".pnpmfile.cjs"),
    ),
    "yarn": NodeManager(
        locks=("yarn.lock",),
        locked=("yarn", "install", "--frozen-lockfile"),
        unlocked=("yarn", "install"),
        every=("--production=false",),
        production=("--production=true",),
        prune=(("yarn", "install", "--frozen-lockfile", "--production=true", "--ignore-scripts"),),
        add=("yarn", "add"),
        cache="/usr/local/share/.cache/yarn",
        manifests=(".yarnrc",),
    ),
    "yarn-berry": NodeManager(
        locks=("yarn.lock",),
        locked=("yarn", "install", "--immutable"),
        unlocked=("yarn", "install", "--no-immutable"),
        every=(),
        production=(),
        prune=(("yarn", "workspaces", "focus", "--all", "--production"),),
        add=("yarn", "add"),
        cache="/root/.yarn/berry/cache",
        manifests=(".yarnrc.yml",),
    ),
}

# Versions of managers put into images when the project pins none; checked against the registry on 2026-11-23.
_PNPM_BY_LOCK = {"5": "7.33.7", "6": "8.15.9", "9": "10.34.9"}
_TOOLS = {"pnpm": "10.34.9", "yarn": "1.22.22", "yarn-berry": "4.18.1"}
_NPM_PACKAGE = {"pnpm": "pnpm", "yarn": "yarn", "yarn-berry": "@yarnpkg/cli-dist"}
_TOOL_ENVIRONMENT: dict[str, tuple[tuple[str, str], ...]] = {
    "npm": (("NPM_CONFIG_FUND", "false"), ("NPM_CONFIG_AUDIT", "false"), ("NPM_CONFIG_UPDATE_NOTIFIER", "false")),
    "yarn-berry": (("YARN_NODE_LINKER", "node-modules"), ("YARN_IGNORE_PATH", "1"), ("YARN_ENABLE_TELEMETRY", "0")),
}

# Address and Host header come as arguments: nothing of the project becomes part of the program.
_PROBE = (
    "const [url, host] = process.argv.slice(1); "
    "require('http').get(url, {headers: host ? {host} : {}, timeout: 4000}, r => process.exit(r.statusCode < 400 ? 0 : 1))"
    ".on('error', () => process.exit(1))"
)


def _install(question: InstallQuestion) -> Installation:
    manager, files, packages, builds = question.manager, question.files, extras(question), question.builds
    name, clue = manager.name, NOTHING
    if name == "yarn":
        clue = yarn_berry(files)
        modern = exact_version(manager.version) and not manager.version.removeprefix("v").startswith("1.")
        name = "yarn-berry" if clue or modern else "yarn"
    row = MANAGERS[name]
    present = tuple(lock for lock in row.locks if files.is_file(lock)) or tuple(
        lock for lock in row.locks if lock == manager.lock_file
    )
    lock = present[:1]
    base = row.locked if lock else row.unlocked
    install = (*base, *(row.every if builds else row.production))
    extra = ((*row.add, *packages),) if packages else ()
    needs_source = node_needs_source(files)
    commands = (install, *extra)
    early, late = ((), commands) if needs_source else (commands, ())
    optional = tuple(path for path in (*row.manifests, ".npmrc") if files.is_file(path))
    version = exact_version(manager.version)
    if name == "pnpm" and not version:
        clue = pnpm_lock_version(files)
        version = _PNPM_BY_LOCK.get(clue.value.split(".")[0], "")
    tool = f"{_NPM_PACKAGE[name]}@{version or _TOOLS[name]}" if name in _NPM_PACKAGE else ""
    prune = row.prune if builds or name == "yarn-berry" else ()
    if (name == "yarn" and not lock) or (name == "yarn-berry" and version.startswith(("2.", "3."))):
        prune = ()  # yarn 1 would resolve anew, other versions than were built with; yarn 2 and 3 need a plugin for it
    return Installation(
        name,
        ("package.json", *lock, *optional),
        early,
        late,
        commands,
        row.cache,
        prune=prune,
        tool=tool,
        tool_clue=clue,
        source_clue=needs_source,
        locked=bool(lock),
    )


def _decide(draft: Draft) -> Draft:
    """Next.js is started by node itself, from the server it wrote where there is one."""
    if draft.framework not in NEXT_IDS:
        return draft
    standalone = next_standalone(draft.files) if draft.image else NOTHING
    start = _next_start(draft.start, standalone=bool(standalone)) if draft.kind is Kind.SERVER else draft.start
    return replace(draft, start=start, clues={**draft.clues, "standalone": standalone})


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


def _context(request: Request) -> dict[str, Any]:
    profile, choices, files = request.profile, request.choices, request.files
    manager = choices.install.manager if choices.install else "npm"
    tool = list(_TOOL_ENVIRONMENT.get(manager, ()))
    if choices.framework in NEXT_IDS:
        tool.append(("NEXT_TELEMETRY_DISABLED", "1"))
    return {
        "tool_environment": tool,
        "framework_cache": "/app/.next/cache" if choices.framework in NEXT_IDS else "",
        "prune": choices.install.prune if choices.install else (),
        "standalone": bool(choices.clue("standalone")),
        "standalone_evidence": choices.clue("standalone").evidence,
        "public": files.is_dir("public"),
        "source": f"/app/{choices.static_dir}" if choices.static_dir not in ("", ".") else "/app",
        "output_evidence": profile.output_dir.evidence if profile.output_dir else (),
    }


def _probe(config: DeploymentConfig) -> list[str]:
    host = config.health.host_header
    url = f"http://127.0.0.1:{config.port}{config.health.path}"
    return ["node", "-e", _PROBE, url, *([host] if host else [])]


NODE = Stack(
    id="node",
    name="Node.js",
    languages=("javascript", "typescript"),
    managers=dict.fromkeys(("npm", "pnpm", "yarn", "yarn-berry"), _install),
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
            ".next",
            ".turbo",
            "coverage",
        )
    ),
    foreign=("**/node_modules",),
)
