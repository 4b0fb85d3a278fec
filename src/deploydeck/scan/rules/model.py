"""What a rule says: the shapes of the tables in `data/`. Widening the scanner means adding rows there, not code."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal, get_args

from deploydeck.domain import Kind

What = Literal[
    "dependency", "locked", "import", "app", "file", "setting", "listen", "option", "manifest", "script", "tool", "route"
]
WHATS = frozenset(get_args(What))


class Role(StrEnum):
    """What a technology is in a project; it decides whether it may name the framework and how the project is deployed."""

    SERVER = "server"
    STATIC = "static"
    APP = "app"
    WORKER = "worker"
    PART = "part"
    UI = "ui"
    BUNDLER = "bundler"
    TOOL = "tool"


ROLE_HELP = {
    Role.SERVER: "a server framework: it decides how the project is started",
    Role.STATIC: "builds a site that a static server serves",
    Role.APP: "a desktop or mobile framework: nothing to put on a server",
    Role.WORKER: "a background worker: the framework only where nothing else is",
    Role.PART: "often only a part of something else: any server or static framework beside it wins",
    Role.UI: "a user interface library: the framework of what a bundler builds, otherwise only listed",
    Role.BUNDLER: "a build tool that alone makes a static site; names the framework only where no UI library does",
    Role.TOOL: "a build tool: listed, never the framework",
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A fact to look for, written `what:scope/name=weight`; a weight is the chance that it alone means the technology.

    `name` is exact, empty (any), or ends in `*` (a prefix); for files a glob on the path. `production` (written `dependency!`)
    leaves out development dependencies.
    """

    what: What
    name: str
    weight: float
    scope: str = ""
    production: bool = False


@dataclass(frozen=True, slots=True)
class Technology:
    """What a technology looks like and implies.

    `all_of` must each match, one of `any_of` if there are any, none of `none_of`; `hints` only add weight. It hides the rows it
    `supersedes`. `start` names a way to start in the ecosystem's resolver; `packages` are distributions whose version is the
    technology's, first that resolved. `health` is a path it serves by itself.
    """

    id: str
    name: str
    language: str
    ecosystem: str
    role: Role = Role.SERVER
    supported: bool = False
    all_of: tuple[Pattern, ...] = ()
    any_of: tuple[Pattern, ...] = ()
    none_of: tuple[Pattern, ...] = ()
    hints: tuple[Pattern, ...] = ()
    supersedes: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    start: str = ""
    port: int | None = None
    output: str = ""
    single_page: bool = False
    health: str = ""

    @property
    def kind(self) -> Kind:
        """What runs in the end when only the technology decides."""
        if self.role in {Role.STATIC, Role.BUNDLER, Role.UI}:
            return Kind.STATIC
        return Kind.SERVER if self.role in {Role.SERVER, Role.PART} else Kind.NONE


@dataclass(frozen=True, slots=True)
class Manager:
    """A package manager: `locks` decide, then `tool` (its section in a manifest), then `manifests` in order.

    `files` are other files that mean it (`pnpm-workspace.yaml`). `supported`: a deployment can install with it.
    """

    id: str
    name: str
    ecosystem: str
    manifests: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    tool: str = ""
    supported: bool = False
    lock_wanted: bool = False


@dataclass(frozen=True, slots=True)
class Runtime:
    """What programs of an ecosystem run on. `sources` in order of trust.

    `lines` are the version lines to take for a range, best first.
    `minimums` are sources that only say from which version on (go.mod): a higher pin agrees with them.
    `end_of_life` maps a line to the day its support ended or will end, as known on `checked`.
    """

    id: str
    name: str
    sources: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    end_of_life: tuple[tuple[str, date], ...] = ()
    checked: date | None = None
    minimums: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SystemNeed:
    """Debian packages that a dependency needs to be built and to run."""

    dependency: str
    build: tuple[str, ...] = ()
    run: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Language:
    """A language: its canonical `id`, name, file extensions and whole file names. `markup`: never the language of a program."""

    id: str
    name: str
    ecosystem: str = ""
    extensions: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    markup: bool = False


@dataclass(frozen=True, slots=True)
class Ecosystem:
    """The rules of one ecosystem: one file in `data/`.

    `registry` is its name in OSV ("" when it has none), `purl` in package URLs; `manifests` are globs that make a directory a
    project of it, in order of trust, each with the language it means when the sources do not decide.
    """

    id: str
    registry: str = ""
    purl: str = ""
    languages: tuple[str, ...] = ()
    manifests: tuple[tuple[str, str], ...] = ()
    rank: int = 50
    deployable: bool = False
    technologies: tuple[Technology, ...] = ()
    managers: tuple[Manager, ...] = ()
    runtimes: tuple[Runtime, ...] = ()
    services: dict[str, str] = field(default_factory=dict)
    system: tuple[SystemNeed, ...] = ()
