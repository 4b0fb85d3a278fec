"""What the stacks that compile a program share: what is built, where it ends up, what it reads and needs when it runs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from deploydeck.domain import DeployDeckError
from deploydeck.generate.clues import ProjectFiles
from deploydeck.generate.names import inside_path, shown
from deploydeck.generate.request import Argv, Request, placed
from deploydeck.generate.systems import Package

# What programs read from their working directory when they run, by the names that frameworks and their guides give it.
_RUNTIME_DIRECTORIES = (
    "static", "public", "assets", "templates", "views", "layouts", "partials", "web", "www", "dist", "ui", "html", "conf", "config",
    "configs", "migrations", "db/migrations", "locales", "locale", "i18n", "lang", "translations", "content", "resources",
)  # fmt: skip
_RUNTIME_FILES = (
    "Rocket.toml", "App.toml", "config.toml", "config.yaml", "config.yml", "config.json", "settings.toml", "settings.yaml",
    "log4rs.yaml", "log4rs.yml",
)  # fmt: skip
_PROGRAM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,80}")
_SHELL_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./@+-]{0,300}")
_COMMANDS = frozenset(
    "sh bash dash zsh env exec make just task mage air docker npm npx node python python3 go cargo dotnet mix iex elixir".split()
)


CERTIFICATES = Package("ca-certificates", "Whom the program trusts when it calls others over HTTPS")


def runtime_files(files: ProjectFiles, base: str, program: str) -> tuple[tuple[str, str], ...]:
    """What is there of the files that programs read when they run: where it stands, and where below /app it goes.

    `base` is the directory the program is started in, relative to the project; the project's own root fills what is missing there.
    """
    found: dict[str, str] = {}
    for place in dict.fromkeys((base, "")):
        for name in (*_RUNTIME_DIRECTORIES, *_RUNTIME_FILES):
            path = posixpath.join(place, name)
            there = files.is_dir(path) if name in _RUNTIME_DIRECTORIES else files.is_file(path)
            if there and name != program:
                found.setdefault(name, path)
    return tuple((path, name) for name, path in found.items())


def program_name(start: Argv, files: ProjectFiles, made: str) -> str:
    """The file name of the program that the start command runs. `made` says what makes it (`go build`).

    Raises DeployDeckError `generate-start-not-built` when it runs something else: a script, a task runner, a shell.
    """
    word = start[0] if start else ""
    name = posixpath.basename(word)
    script = not word.startswith("/") and files.is_file(word.removeprefix("./"))
    if name in _COMMANDS or script or _PROGRAM.fullmatch(name) is None:
        raise DeployDeckError(
            "generate-start-not-built",
            f"The start command runs {shown(word)}, which is not what {made} makes.",
            "The image holds the built program and nothing that could run a script.",
            'Set the program itself in deploydeck.toml, with its arguments: [app] start = ["./app", "serve"].',
        )
    return name


def built_path(word: str) -> str:
    """Where below the project a command of its own leaves the program that is started. Raises `generate-unsafe-path`."""
    return inside_path(word.removeprefix("./"), "program of the start command")


def shell_safe(path: str) -> bool:
    """Whether a path can stand in a shell command as it is."""
    return _SHELL_SAFE.fullmatch(path) is not None and ".." not in path.split("/")


def joined(directory: str, path: str) -> str | None:
    """A path written in a file of a directory, relative to the project; None when it leads out of it. Takes \\ for / too."""
    raw = path.replace("\\", "/")
    if raw.startswith("/") or re.match(r"[A-Za-z]:", raw):
        return None
    found = posixpath.normpath(posixpath.join(directory, raw))
    return None if found.startswith("..") else found


def outside(manifest: str, path: str) -> DeployDeckError:
    """The refusal for a project that is built from files beyond its directory."""
    return DeployDeckError(
        "generate-outside-project",
        f"{shown(manifest)} uses {shown(path)}, which lies outside of the project.",
        "An image is built from the project's directory alone: the build would fail there.",
        "Deploy from the directory that holds both.",
    )


def by_directory(paths: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Files grouped by directory, for one COPY each: (destination, files)."""
    groups: dict[str, list[str]] = {}
    for path in paths:
        directory = posixpath.dirname(path)
        groups.setdefault(f"{directory}/" if directory else "./", []).append(path)
    return tuple((directory, tuple(found)) for directory, found in groups.items())


def environment_lines(request: Request) -> str:
    """Names and values for one ENV of the final stage: all are ours. Empty when there are none."""
    address = (("HOST", "{host}"), ("PORT", "{port}")) if request.choices.port_from_env else ()
    port = request.config.port
    values = {name: placed(value, port) for name, value in (*request.config.recipe.environment, *address)}
    return " \\\n    ".join(f"{name}={value}" for name, value in values.items())
