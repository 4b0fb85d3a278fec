"""What a stack is: one way to turn a project of some languages into an image, as a row that the rest of the generator reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploydeck.domain import DeploymentConfig, Evidence, GeneratedFile, PackageManager, ProjectProfile
from deploydeck.generate.clues import NOTHING, Clue, ProjectFiles
from deploydeck.generate.request import Argv, Draft, Request

Row = tuple[str, str, str]
"""Pattern, rule, why: a line of .dockerignore."""


@dataclass(frozen=True)
class Installation:
    """How dependencies get in. `early` runs with only `manifests` there (the cached layer), `late` with the whole source.

    `full` is the same as one list, for places without layers. `prune` drops what only the build needed. `tool` is a package that
    brings the manager itself (`pnpm@10.34.9`), `cache` its cache directory for root. `locked` says that a lock decides versions.
    `scripts_off` is the early command that takes install scripts out of the copied manifest; the late ones then run them.
    `leftovers` are what it leaves in the project on disk and must not be sent to the build.
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
    scripts_off: Argv = ()
    leftovers: tuple[Row, ...] = ()


@dataclass(frozen=True)
class InstallQuestion:
    """What an installer needs to know. `packages` are installed besides the declared ones; `builds`: development packages too."""

    profile: ProjectProfile
    manager: PackageManager
    files: ProjectFiles
    packages: tuple[str, ...]
    builds: bool


Installer = Callable[[InstallQuestion], Installation]
Probe = Callable[[DeploymentConfig], list[str]]
Requirement = Callable[[str, tuple[Evidence, ...]], str]


def nothing_else(_request: Request) -> tuple[GeneratedFile, ...]:
    """No file beside the Dockerfile."""
    return ()


def as_it_is(draft: Draft) -> Draft:
    """No correction."""
    return draft


def as_written(wanted: str, _evidence: tuple[Evidence, ...]) -> str:
    """The version as it was found."""
    return wanted


# The probes take address and Host header as arguments: nothing of the project becomes part of the program.
PROBE_BASH = (
    'exec 3<>/dev/tcp/127.0.0.1/$1 && printf \'GET %s HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n\' "$2" "$3" >&3 '
    '&& read -r _ status _ <&3 && [ "$status" -lt 400 ]'
)


def probe_with_bash(config: DeploymentConfig) -> list[str]:
    """Asks the health path with nothing but bash, which every Debian image has."""
    return ["bash", "-c", PROBE_BASH, "probe", str(config.port), config.health.path, config.health.host_header or "localhost"]


@dataclass(frozen=True)
class Stack:
    """One row. Adding a language to what can be deployed means adding one of these, its templates and its tests.

    `languages` are language ids of the scan, `managers` its package managers by name with how each installs. `image` is the base
    image of the final stage with `{series}` for the version; `series` lists those there are, oldest first, all pinned by minor;
    `series_aliases` says which one stands for another word or for a release between two of them.
    `template` makes the Dockerfile of a server; `site_template` is the part that builds a site for the static server ("": it
    builds none). `files` makes what a server's Dockerfile copies besides the project. `context` gives the templates what they need
    beyond the common values. `environment` holds fixed plain variables of the running program, `user` its numeric user and group,
    `probe` the health check that works in the final image. `decide` may correct build, start and packages before anything is
    rendered. `programs` are first words of start commands that only this stack can run, `frameworks` those it alone can build,
    whatever the language. `requirement` says what a version that was found asks for, by where it stands (go.mod names the oldest
    that will do). `exact`: every release has an image of its own, so an exact version is taken as it is. `leftovers` stay out of
    the build context; `foreign` are those of them that would break the image's own. `needs_manager`: without a manifest there is
    nothing to build an image from.
    """

    id: str
    name: str
    languages: tuple[str, ...]
    managers: Mapping[str, Installer]
    template: str
    context: Callable[[Request], dict[str, Any]]
    image: str = ""
    series: tuple[str, ...] = ()
    default_series: str = ""
    series_aliases: Mapping[str, str] = field(default_factory=dict)
    site_template: str = ""
    files: Callable[[Request], tuple[GeneratedFile, ...]] = nothing_else
    environment: tuple[tuple[str, str], ...] = ()
    user: str = "10001:10001"
    probe: Probe = probe_with_bash
    decide: Callable[[Draft], Draft] = as_it_is
    programs: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    exact: bool = False
    requirement: Requirement = as_written
    leftovers: tuple[Row, ...] = ()
    foreign: tuple[str, ...] = ()
    needs_manager: bool = True
