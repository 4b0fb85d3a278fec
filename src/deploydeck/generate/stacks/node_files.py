"""What the final stage of a Node.js image takes from the build, and what its programs need there."""

from __future__ import annotations

from dataclasses import dataclass

from deploydeck.domain import ProjectProfile
from deploydeck.generate.clues import NOTHING, Clue, ProjectFiles
from deploydeck.generate.names import inside_path
from deploydeck.generate.request import Argv, Choices

_WITH_PACKAGES = frozenset({"astro", "sveltekit", "react-router", "remix", "angular", "qwik-city"})
"""Frameworks whose build holds the whole program, but not the packages it loads."""
_BY_ITSELF = (".output/", "dist/analog/")
"""Where Nitro writes servers together with the packages they load (Nuxt, SolidStart, TanStack Start, Analog)."""
_LINKED = frozenset({"workspaces", "local-dependency"})
_OF_THE_IMAGE = frozenset({"node", "npm", "npx", "pnpm", "yarn", "bun", "bunx", "env", "sh", "bash"})
_BROWSERS = {
    "puppeteer": ("PUPPETEER_CACHE_DIR", "/app/.cache/puppeteer"),
    "playwright": ("PLAYWRIGHT_BROWSERS_PATH", "/app/.cache/ms-playwright"),
    "playwright-chromium": ("PLAYWRIGHT_BROWSERS_PATH", "/app/.cache/ms-playwright"),
}
"""Packages that bring browsers, and the variable that says where to put them: by default a home directory the final stage lacks."""


@dataclass(frozen=True)
class RuntimeFiles:
    """Paths below /app that the final stage takes. `packages`: among them are installed packages, so pruning pays."""

    paths: tuple[str, ...]
    rule: str
    why: str
    packages: bool


_ALL = RuntimeFiles((".",), "runtime-files", "The program and the packages it runs with", True)


def plain(start: Argv) -> Argv:
    """The start command without the variables that are set before it."""
    lead = next((index for index, word in enumerate(start) if word != "env" and "=" not in word), len(start))
    return start[lead:]


def runtime_files(choices: Choices, files: ProjectFiles) -> RuntimeFiles:
    """What is needed to run. All of /app unless the framework is known to write the whole program to one directory."""
    words = plain(choices.start)
    entry = next((word for word in words[1:] if word != "run" and not word.startswith("-")), "").removeprefix("./")
    place = choices.clue("member").value
    below = f"{place}/" if place else ""
    built = (
        bool(entry)
        and choices.build
        and not files.is_file(f"{below}{entry}")
        and ".." not in entry.split("/")
        and not entry.startswith("/")
    )
    if not built or choices.kind.value != "server":
        return _ALL
    if home := next((home for home in _BY_ITSELF if entry.startswith(home) and words[0] == "node"), ""):
        return RuntimeFiles(
            (below + home.rstrip("/"),), "runtime-output", "The build wrote a server with every package it loads", False
        )
    linked = choices.install is not None and choices.install.source_clue.value in _LINKED
    if choices.framework not in _WITH_PACKAGES or linked or place:
        return _ALL
    top = inside_path(entry, "start file").split("/")[0]
    declared = files.json("package.json").get("dependencies")
    packages = isinstance(declared, dict) and bool(declared)
    paths = [top, "package.json", *(["node_modules"] if packages else [])]
    if choices.framework == "remix" and entry == "build/index.js" and files.is_dir("public"):
        paths.append("public")  # the classic compiler writes what browsers load there
    return RuntimeFiles(
        tuple(paths), "runtime-output", "What the build wrote and the packages it loads; sources stay behind", packages
    )


def needs_package_programs(start: Argv) -> bool:
    """Whether the start command is a program of a package rather than of the image."""
    words = plain(start)
    return bool(words) and words[0] not in _OF_THE_IMAGE and "/" not in words[0]


def needs_development(start: Argv, files: ProjectFiles, path: str) -> Clue:
    """The development package that the start command runs, where there is one (`tsx`, `ts-node/register`)."""
    manifest = files.json(path)
    development, declared = manifest.get("devDependencies"), manifest.get("dependencies")
    if not isinstance(development, dict):
        return NOTHING
    known = declared if isinstance(declared, dict) else {}
    for word in plain(start):
        name = "/".join(word.split("/")[: 2 if word.startswith("@") else 1])
        if name in development and name not in known:
            return files.line(path, f'"{name}"', name, "start-needs-development")
    return NOTHING


def browsers(profile: ProjectProfile) -> tuple[tuple[str, str], ...]:
    """Variables that keep downloaded browsers beside the program."""
    names = {one.name for one in profile.dependencies if one.direct and not one.development}
    return tuple(dict.fromkeys(value for name, value in _BROWSERS.items() if name in names))
