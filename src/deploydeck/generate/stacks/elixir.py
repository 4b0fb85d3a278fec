"""Elixir: a release of Mix, which brings its own Erlang, run on the system that it was built on."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from deploydeck.domain import DeployDeckError, Kind
from deploydeck.generate.clues import Clue, ProjectFiles, search
from deploydeck.generate.names import shown
from deploydeck.generate.preferences import Preferences
from deploydeck.generate.request import Argv, Draft, Request
from deploydeck.generate.stacks.base import Installation, InstallQuestion, Stack
from deploydeck.generate.stacks.compiled import environment_lines, outside
from deploydeck.generate.systems import Package, needed

MANIFEST = "mix.exs"
_RELEASE = re.compile(r"(?:^|/)_build/prod/rel/([a-z][a-z0-9_]{0,80})/bin/([a-z][a-z0-9_]{0,80})$")
_READS = re.compile(r"(File\.read|Code\.require_file|Code\.eval_file|apps_path\s{0,4}:)")
_PATH = re.compile(r"""\bpath:\s{0,4}["']([^"']{1,300})["']""")
_RELEASES = re.compile(r"^[^#\n]{0,200}(\breleases:)")
_DEPENDENCY = re.compile(r"""^\s{0,40}(\{:[a-z]\w{0,80},\s)""")
_ASSETS = re.compile(r"""["']?(assets\.deploy)["']?\s{0,4}:""")
_ENVIRONMENT_FILE = re.compile(
    r"""^\s{0,8}import_config\s{1,4}["(]{1,2}(?!#\{(?:config_env\(\)|Mix\.env\(?\)?|Atom)[^}]{0,40}\}\.exs)"""
)
_PHOENIX = frozenset({"phoenix", "phoenix-liveview", "hologram", "ash"})
_IN_THE_IMAGE = frozenset({"libstdc++6", "libncurses6", "openssl", "locales"})
"""What the image of Elixir has because its own Erlang is linked to it, and locales, for LANG is C.UTF-8."""
_NODE = (
    Package("nodejs", "assets/package.json names packages for scripts and styles; stays in this stage"),
    Package("npm", "Installs them; stays in this stage"),
)
_GIT = Package("git", "mix.exs takes a dependency from a repository; stays in this stage")


def _install(question: InstallQuestion) -> Installation:
    files = question.files
    lock = ("mix.lock",) if files.is_file("mix.lock") else ()
    get: tuple[Argv, ...] = (("mix", "deps.get", "--only", "prod"),)
    compiles: tuple[Argv, ...] = (("mix", "deps.compile"),)
    if not _dependencies(files):
        get, compiles = (), ()
    whole = _needs_source(files)
    return Installation(
        "mix",
        (MANIFEST, *lock),
        () if whole else (*get, *compiles),
        (*get, *compiles) if whole else (),
        (*get, *compiles),
        "/root/.hex",
        source_clue=whole,
        locked=bool(lock),
    )


def _dependencies(files: ProjectFiles) -> bool:
    return files.is_file("mix.lock") or bool(search(files, MANIFEST, _DEPENDENCY, "#", "mix-dependency"))


def _needs_source(files: ProjectFiles) -> Clue:
    """Why the dependencies need more than mix.exs and its lock: it reads other files, or has neighbours of its own."""
    for path in _PATH.findall(files.text(MANIFEST)):
        if path.startswith(("/", "..")):
            raise outside(MANIFEST, path)
    return search(files, MANIFEST, _PATH, "#", "mix-path-dependency") or search(files, MANIFEST, _READS, "#", "mix-reads-files")


def _decide(draft: Draft) -> Draft:
    """A release, started as it is; the variable that lets Phoenix serve is set in the image."""
    if not draft.image or draft.kind is not Kind.SERVER:
        return draft
    start = draft.start
    while start and (start[0] == "env" or re.fullmatch(r"[A-Z][A-Z0-9_]{0,80}=[\w.:/-]{0,200}", start[0])):
        start = start[1:]
    if start[:2] in (("mix", "phx.server"), ("mix", "run")) or start[:1] == ("iex",):
        name = _named(draft.files)
        start = (f"_build/prod/rel/{name}/bin/{name}", "start")
    match = _RELEASE.search(start[0]) if start else None
    if not match:
        raise DeployDeckError(
            "generate-start-not-built",
            f"The start command runs {shown(start[0] if start else '')}, which is not a release of this project.",
            "The image holds the release that `mix release` makes and nothing else.",
            'Set it in deploydeck.toml: [app] start = ["_build/prod/rel/NAME/bin/NAME", "start"].',
        )
    release, program = match[1], match[2]
    command = ("mix", "release", release) if search(draft.files, MANIFEST, _RELEASES, "#", "mix-releases") else ("mix", "release")
    assets = search(draft.files, MANIFEST, _ASSETS, "#", "mix-assets")
    build: tuple[Argv, ...] = (("mix", "compile"), *((("mix", "assets.deploy"),) if assets else ()), command)
    if draft.settings.app.build:
        build = draft.build
    clues = {**draft.clues, "release": Clue(release), "assets": assets}
    return replace(draft, build=build, start=(f"/app/bin/{program}", *start[1:]), clues=clues, environment=_environment(draft))


def _environment(draft: Draft) -> tuple[tuple[str, str], ...]:
    """Temporary files where any user can write; no port for other nodes; and the switch that lets Phoenix serve."""
    values = (("HOME", "/tmp"), ("LANG", "C.UTF-8"), ("RELEASE_TMP", "/tmp"), ("RELEASE_DISTRIBUTION", "none"))  # noqa: S108
    return (*values, *((("PHX_SERVER", "true"),) if draft.framework in _PHOENIX else ()))


def _named(files: ProjectFiles) -> str:
    """The release that Mix makes without a configuration: it has the name of the application."""
    named = search(files, MANIFEST, re.compile(r"\bapp:\s{0,4}:([a-z][a-z0-9_]{0,80})\b"), "#", "mix-app")
    return named.value


def _configuration(files: ProjectFiles) -> tuple[str, ...]:
    """What the dependencies are compiled with: the configuration of the build, not that of the start where it can be told apart."""
    if not files.is_dir("config"):
        return ()
    others = search(files, "config/config.exs", _ENVIRONMENT_FILE, "#", "mix-config")
    parts = tuple(path for path in ("config/config.exs", "config/prod.exs") if files.is_file(path))
    return parts if len(parts) == 2 and not others else ("config",)


def _context(request: Request) -> dict[str, Any]:
    profile, choices, config, files = request.profile, request.choices, request.config, request.files
    scripts = files.is_file("assets/package.json")
    git = search(files, MANIFEST, re.compile(r"\b(?:git|github):\s"), "#", "mix-git")
    extra = (*(_NODE if scripts else ()), *((replace(_GIT, evidence=git.evidence),) if git else ()))
    phoenix = choices.framework in _PHOENIX
    pinned = f"Elixir {choices.series} is what the project asks for"
    return {
        "base_why": pinned if choices.series_evidence else "No version is pinned: a current Elixir",
        "system": needed(profile, Preferences(config.preferences), also_build=extra, gone=_IN_THE_IMAGE),
        "manifests": choices.install.manifests if choices.install else (),
        "configuration": _configuration(files),
        "hex": _dependencies(files),
        "scripts": scripts,
        "scripts_locked": files.is_file("assets/package-lock.json"),
        "assets": bool(choices.clue("assets")),
        "assets_evidence": choices.clue("assets").evidence,
        "release": f"/app/_build/prod/rel/{choices.clue('release').value}",
        "phoenix": phoenix,
        "settings": environment_lines(request),
    }


ELIXIR = Stack(
    id="elixir",
    name="Elixir",
    languages=("elixir",),
    managers={"mix": _install},
    template="docker/elixir.Dockerfile.j2",
    context=_context,
    image="elixir:{series}-slim",
    series=("1.13", "1.14", "1.15", "1.16", "1.17", "1.18", "1.19"),
    default_series="1.18",
    decide=_decide,
    leftovers=tuple(
        (pattern, "elixir-leftovers", "Made by Mix on this machine, for its system; the image makes its own")
        for pattern in (
            "**/_build",
            "**/deps",
            "**/.elixir_ls",
            "**/erl_crash.dump",
            "**/node_modules",
            "priv/static/assets",
            "cover",
        )
    ),
    foreign=("**/_build", "**/deps", "**/node_modules"),
)
