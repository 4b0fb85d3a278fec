"""Package managers as a table: how each one installs by its lock, what its cache is, and how the tool itself gets into an image."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploydeck.domain import DeployDeckError, PackageManager, ProjectProfile
from deploydeck.generate.clues import (
    NOTHING,
    Clue,
    ProjectFiles,
    node_needs_source,
    pnpm_lock_version,
    poetry_installs_root,
    poetry_version,
    python_needs_source,
    requirements,
    yarn_berry,
)
from deploydeck.generate.names import inside_path, package_spec

Argv = tuple[str, ...]


@dataclass(frozen=True)
class Installation:
    """How dependencies get in. `early` runs with only `manifests` there (the cached layer), `late` with the whole source.

    `full` is the same as one list, for places without layers. `prune` drops what only the build needed. `tool` is a package that
    brings the manager itself (`pnpm@10.34.9`), `cache` its cache directory for root. `locked` says that a lock decides versions.
    """

    manager: str
    manifests: tuple[str, ...]
    early: tuple[Argv, ...]
    late: tuple[Argv, ...]
    full: tuple[Argv, ...]
    cache: str
    prune: tuple[Argv, ...] = ()
    tool: str = ""
    tool_clue: Clue = NOTHING
    source_clue: Clue = NOTHING
    locked: bool = True
    hashed: bool = False


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


NODE: dict[str, NodeManager] = {
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
_TOOLS = {"pnpm": "10.34.9", "yarn": "1.22.22", "yarn-berry": "4.18.1", "uv": "0.13.9", "poetry": "2.5.1", "poetry-1": "1.8.5"}
_NPM_PACKAGE = {"pnpm": "pnpm", "yarn": "yarn", "yarn-berry": "@yarnpkg/cli-dist"}
_EXACT = re.compile(r"v?(\d{1,4}\.\d{1,4}\.\d{1,4})(?:\+.{1,200})?")

PYTHON_MANAGERS = frozenset({"pip", "uv", "poetry"})
NODE_MANAGERS = frozenset({"npm", "pnpm", "yarn"})


def installation(
    profile: ProjectProfile, manager: PackageManager, files: ProjectFiles, packages: tuple[str, ...], builds: bool
) -> Installation:
    """The installation for a project. Raises DeployDeckError `generate-manager` for a manager that is not in the tables."""
    extra = tuple(package_spec(package) for package in packages)
    if manager.name in PYTHON_MANAGERS:
        return _PYTHON[manager.name](manager, files, extra)
    if manager.name in ("npm", "pnpm", "yarn", "yarn-berry"):
        return _node(manager, files, extra, builds)
    raise DeployDeckError(
        "generate-manager",
        f"Projects managed with {manager.name} cannot be deployed yet.",
        f"DeployDeck installs with {', '.join(sorted(PYTHON_MANAGERS | NODE_MANAGERS))}.",
        "Set app.package_manager in deploydeck.toml when the project can also be installed with one of these.",
    )


def _pip(manager: PackageManager, files: ProjectFiles, packages: tuple[str, ...]) -> Installation:
    base: Argv = ("pip", "install")
    extra = ((*base, *packages),) if packages else ()
    manifest = inside_path(manager.manifest or manager.lock_file or "requirements.txt", "manifest")
    if manifest.endswith((".toml", "setup.py", "setup.cfg")):  # the project itself names its dependencies
        late = ((*base, "."), *extra)
        source = Clue("project", ())
        return Installation("pip", (), (), late, late, "/root/.cache/pip", locked=False, source_clue=source)
    found = requirements(files, manifest)
    paths = tuple(inside_path(path, "requirements file") for path in found.files) or (manifest,)
    checked: Argv = ("--require-hashes",) if found.hashed else ()
    if found.hashed:  # in this mode pip refuses anything without a hash
        install: tuple[Argv, ...] = ((*base, *checked, "--requirement", manifest), *extra)
    else:  # in one run, so that one resolution fits all
        install = ((*base, "--requirement", manifest, *packages),)
    early, late = ((), install) if found.local else (install, ())
    return Installation(
        "pip",
        paths,
        early,
        late,
        install,
        "/root/.cache/pip",
        source_clue=found.local,
        hashed=bool(found.hashed),
        tool_clue=found.hashed,
    )


def _uv(manager: PackageManager, files: ProjectFiles, packages: tuple[str, ...]) -> Installation:
    locked = bool(manager.lock_file) or files.is_file("uv.lock")
    sync: Argv = ("uv", "sync", "--frozen", "--no-dev") if locked else ("uv", "sync", "--no-dev")
    extra = (("uv", "pip", "install", *packages),) if packages else ()
    needs_source = python_needs_source(files)
    early = () if needs_source or not locked else ((*sync, "--no-install-project"),)
    manifests = ("pyproject.toml", "uv.lock") if locked else ("pyproject.toml",)
    return Installation(
        "uv",
        manifests,
        early,
        (sync, *extra),
        (sync, *extra),
        "/root/.cache/uv",
        tool=f"uv=={_exact(manager.version) or _TOOLS['uv']}",
        source_clue=needs_source,
        locked=locked,
    )


def _poetry(manager: PackageManager, files: ProjectFiles, packages: tuple[str, ...]) -> Installation:
    locked = bool(manager.lock_file) or files.is_file("poetry.lock")
    written = poetry_version(files)
    version = _exact(manager.version) or written.value or _TOOLS["poetry"]
    if version.startswith("1.") and not version.startswith("1.8."):
        version = _TOOLS["poetry-1"]  # reads every 1.x lock and runs on today's Python
    elif version.startswith("0."):
        version = _TOOLS["poetry-1"]
    dependencies: Argv = ("poetry", "install", "--only", "main", "--no-root")
    project: tuple[Argv, ...] = (("poetry", "install", "--only", "main"),) if poetry_installs_root(files) else ()
    extra = (("pip", "install", *packages),) if packages else ()
    needs_source = python_needs_source(files)
    early = () if needs_source else (dependencies, *extra)
    late = (*(project or (dependencies,)), *extra) if needs_source else project
    return Installation(
        "poetry",
        ("pyproject.toml", "poetry.lock") if locked else ("pyproject.toml",),
        early,
        late,
        (*(project or (dependencies,)), *extra),
        "/root/.cache/pypoetry",
        tool=f"poetry=={version}",
        tool_clue=written,
        source_clue=needs_source,
        locked=locked,
    )


_PYTHON = {"pip": _pip, "uv": _uv, "poetry": _poetry}


def _node(manager: PackageManager, files: ProjectFiles, packages: tuple[str, ...], builds: bool) -> Installation:
    name, clue = manager.name, NOTHING
    if name == "yarn":
        clue = yarn_berry(files)
        modern = _exact(manager.version) and not manager.version.removeprefix("v").startswith("1.")
        name = "yarn-berry" if clue or modern else "yarn"
    row = NODE[name]
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
    version = _exact(manager.version)
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


def _exact(version: str) -> str:
    match = _EXACT.fullmatch(version.strip())
    return match[1] if match else ""
