"""How the package managers of Node.js install: by their lock, with or without development packages, and what each prunes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploydeck.generate.clues import (
    NOTHING,
    ProjectFiles,
    install_scripts,
    node_needs_source,
    npmrc_secret,
    pnpm_lock_version,
    yarn_berry,
)
from deploydeck.generate.request import Argv
from deploydeck.generate.stacks.base import Installation, InstallQuestion
from deploydeck.generate.stacks.shared import exact_version, extras


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
    execute: Argv
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
        execute=("npm", "exec", "--"),
        cache="/root/.npm",
    ),
    "pnpm": NodeManager(
        locks=("pnpm-lock.yaml",),
        locked=("pnpm", "install", "--frozen-lockfile"),
        unlocked=("pnpm", "install", "--no-frozen-lockfile"),
        every=("--prod=false",),
        production=("--prod",),
        prune=(("pnpm", "prune", "--prod", "--ignore-scripts"),),  # else it runs `prepare`, whose packages it has just dropped
        add=("pnpm", "add"),
        execute=("pnpm", "exec"),
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
        execute=("yarn", "run"),
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
        execute=("yarn", "run"),
        cache="/root/.yarn/berry/cache",
        manifests=(".yarnrc.yml",),
    ),
    "bun": NodeManager(
        locks=("bun.lock", "bun.lockb"),
        locked=("bun", "install", "--frozen-lockfile"),
        unlocked=("bun", "install"),
        every=(),
        production=("--production",),
        prune=(("rm", "-rf", "node_modules"), ("bun", "install", "--frozen-lockfile", "--production")),
        add=("bun", "add"),
        execute=("bun", "x"),
        cache="/root/.bun/install/cache",
        manifests=("bunfig.toml",),
    ),
}

# Versions of managers put into images when the project pins none; checked against the registry on 2026-11-24.
_PNPM_BY_LOCK = {"5": "7.33.7", "6": "8.15.9", "9": "10.34.9"}
_TOOLS = {"pnpm": "10.34.9", "yarn": "1.22.22", "yarn-berry": "4.18.1", "bun": "1.4.5"}
_NPM_PACKAGE = {"pnpm": "pnpm", "yarn": "yarn", "yarn-berry": "@yarnpkg/cli-dist", "bun": "bun"}
_FOR_PEOPLE = re.compile(r"\b(?:husky|lefthook|simple-git-hooks|git-hooks|pre-commit|only-allow|npm-force-resolutions)\b")
TOOL_ENVIRONMENT: dict[str, tuple[tuple[str, str], ...]] = {
    "npm": (("NPM_CONFIG_FUND", "false"), ("NPM_CONFIG_AUDIT", "false"), ("NPM_CONFIG_UPDATE_NOTIFIER", "false")),
    "yarn-berry": (("YARN_NODE_LINKER", "node-modules"), ("YARN_IGNORE_PATH", "1"), ("YARN_ENABLE_TELEMETRY", "0")),
}


def install(question: InstallQuestion) -> Installation:
    """The installation by the project's manager; `tool` brings the manager itself, which a Node.js image need not have.

    Install scripts of the project itself (`postinstall`, `prepare`) need its source. They are taken out of the manifest that is
    copied first and run later, so that packages stay in a layer of their own.
    """
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
    command = (*base, *(row.every if builds else row.production))
    extra = ((*row.add, *packages),) if packages else ()
    needs_source = node_needs_source(files)
    commands = (command, *extra)
    early, late = ((), commands) if needs_source else (commands, ())
    scripts_off: Argv = ()
    if needs_source.value == "install-script":
        scripts = install_scripts(files)
        scripts_off = ("npm", "pkg", "delete", *(f"scripts.{script}" for script in scripts))
        early, late = (
            (scripts_off, *commands),
            tuple((manager.name, "run", script) for script in scripts if _worth(files, script, builds)),
        )
    settings_file = ".npmrc" if files.is_file(".npmrc") and not npmrc_secret(files) else ""  # with a login in it, it is mounted
    optional = tuple(path for path in (*row.manifests, settings_file) if path and files.is_file(path))
    version = exact_version(manager.version)
    if name == "pnpm" and not version:
        clue = pnpm_lock_version(files)
        version = _PNPM_BY_LOCK.get(clue.value.split(".")[0], "")
    tool = f"{_NPM_PACKAGE[name]}@{version or _TOOLS[name]}" if name in _NPM_PACKAGE else ""
    return Installation(
        name,
        ("package.json", *lock, *optional),
        early,
        late,
        commands,
        row.cache,
        prune=_prune(row, name, version, bool(lock), needs_source.value) if builds or name == "yarn-berry" else (),
        tool=tool,
        tool_clue=clue,
        source_clue=needs_source,
        locked=bool(lock),
        scripts_off=scripts_off,
    )


def _worth(files: ProjectFiles, script: str, builds: bool) -> bool:
    """Whether an install script does something in an image: hooks of git do not, nor does `prepare` where nothing is built."""
    scripts = files.json("package.json").get("scripts")
    text = str(scripts.get(script, "")) if isinstance(scripts, dict) else ""
    return not _FOR_PEOPLE.search(text) and (builds or not script.endswith("prepare"))


def _prune(row: NodeManager, name: str, version: str, locked: bool, source: str) -> tuple[Argv, ...]:
    """What drops development packages, where the manager can do it without resolving anew."""
    if name in ("yarn", "bun") and not locked:
        return ()  # it would take other versions than were built with
    if name == "pnpm" and source == "workspaces":
        return ((*row.locked, *row.production, "--ignore-scripts"),) if locked else ()  # `pnpm prune` sees the root only
    if name == "pnpm" and version.startswith(("5.", "6.", "7.")):
        return (("pnpm", "prune", "--prod", "--config.ignore-scripts=true"),)  # these do not know the flag
    if name == "yarn-berry" and version.startswith(("2.", "3.")):
        return ()  # needs a plugin there
    if name in ("bun", "yarn-berry") and source == "install-script":
        return ()  # these prune by installing again, and the project's own install script may need what was dropped
    return row.prune
