"""What a JVM build makes and how it gets into the image: one archive, layers of it, or a directory with a start script."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from deploydeck.generate.clues import ProjectFiles
from deploydeck.generate.names import inside_path
from deploydeck.generate.request import Argv

JAR = "/opt/app.jar"
LAYERS = "/opt/layers"
_LAYER_NAMES = ("dependencies", "spring-boot-loader", "snapshot-dependencies", "application")
_QUARKUS_PARTS = ("lib", "app", "quarkus")
_NOT_OURS = ("*-plain.jar", "*-sources.jar", "*-javadoc.jar", "*-tests.jar", "original-*.jar")
_FIND = f"""cp "$(find "$1" -maxdepth 1 -name "$2" {" ".join(f"! -name '{name}'" for name in _NOT_OURS)})" {JAR}"""
_INSTALLED = re.compile(r"(?P<home>.+/(?:install|appassembler)(?:/[^/]+)?)/bin/(?P<script>[^/]+)")
_OPTIONS_OF_A_SHELL = re.compile(r"\$\{?(?:JAVA_OPTS|JAVA_TOOL_OPTIONS|JVM_OPTS)(?::-[^}]*)?\}?")
_TOOLS_SINCE, _LAYERTOOLS_SINCE, _LAUNCH_SINCE = (3, 3), (2, 4), (3, 2)


@dataclass(frozen=True)
class Archive:
    """How the result of the build is collected (`collect`, in the build stage), copied and started.

    `copies` are pairs of a path in the build stage and one below the final working directory, least changed first. `context` are
    files of the project that the command names. `tree`: nothing was recognised, so everything comes along.
    """

    start: Argv
    collect: tuple[Argv, ...] = ()
    copies: tuple[tuple[str, str], ...] = ()
    context: tuple[str, ...] = ()
    layered: bool = False
    tree: bool = False
    why: str = ""


def archive(start: Argv, boot: str, framework: str, files: ProjectFiles) -> Archive:
    """Read it from the start command. `boot` is the version of Spring Boot whose archive has layers, else empty.

    Raises DeployDeckError `generate-unsafe-path` for a path that leads out of the project.
    """
    words = tuple(word for word in start if _OPTIONS_OF_A_SHELL.fullmatch(word) is None)
    installed = _INSTALLED.fullmatch(words[0].removeprefix("./")) if words else None
    if installed:
        home = inside_path(installed["home"], "directory of the built program")
        rest = words[1:]
        script = f"bin/{installed['script']}"
        return Archive(
            (script, *rest),
            copies=((f"/app/{home}/", "./"),),
            context=_named(rest, files),
            why="What the build installed: its start script and its libraries",
        )
    place = next((i + 1 for i, word in enumerate(words[:-1]) if word == "-jar"), 0)
    if place:
        return _jar(words, place, boot, framework, files)
    place = next((i + 1 for i, word in enumerate(words[:-1]) if word in ("-cp", "-classpath", "--class-path")), 0)
    if place and words[place].endswith(".jar") and ":" not in words[place]:
        return _jar(words, place, "", framework, files)
    if place:
        return _class_path(words, place, files)
    return Archive(words, tree=True, why="The start command names no archive, so everything comes along")


def _jar(words: Argv, place: int, boot: str, framework: str, files: ProjectFiles) -> Archive:
    path = words[place].removeprefix("./")
    rest = words[place + 1 :]
    named = _named(rest, files)
    directory, _, name = path.rpartition("/")
    if name == "quarkus-run.jar":
        home = inside_path(directory, "directory of the built program")
        parts = tuple((f"/app/{home}/{part}/", f"{part}/") for part in _QUARKUS_PARTS)
        jar = (f"/app/{home}/{name}", "./")
        return Archive(
            (*words[:place], name, *rest),
            copies=(parts[0], jar, *parts[1:]),
            context=named,
            why="Quarkus wrote it in parts: libraries change least, so they are a layer of their own",
        )
    if not name.endswith((".jar", ".war")):
        return Archive(words, tree=True, why="The start command names no archive, so everything comes along")
    if "*" in name:
        directory = inside_path(directory or ".", "directory of the archive")
        collect: tuple[Argv, ...] = (("sh", "-c", _FIND, "collect", directory, name),)
    else:
        collect = (("cp", inside_path(path, "archive"), JAR),)
    launcher, extract = _layers(boot) if name.endswith(".jar") and words[place - 1] == "-jar" else ((), ())
    if extract:
        started = (*words[: place - 1], *launcher, *rest)
        copies = tuple((f"{LAYERS}/{layer}/", "./") for layer in _LAYER_NAMES)
        return Archive(
            started,
            (*collect, extract),
            copies,
            named,
            layered=True,
            why="Spring Boot's layers: dependencies change least, so they are a layer of their own",
        )
    copies = ((JAR, "./app.jar"),)
    if framework == "helidon":  # its archive refers to the libraries beside it
        copies = ((f"/app/{inside_path(directory or '.', 'directory of the archive')}/libs/", "libs/"), *copies)
    return Archive(
        (*words[:place], "app.jar", *rest), collect, copies, named, why="The archive that the build made, and nothing else"
    )


def _layers(version: str) -> tuple[Argv, Argv]:
    """The words that start the layers of this Spring Boot, and the command that writes them; both empty when it has none."""
    match = re.match(r"(\d{1,4})\.(\d{1,4})", version)
    numbers = (int(match[1]), int(match[2])) if match else (0, 0)
    if numbers >= _TOOLS_SINCE:
        command: Argv = ("java", "-Djarmode=tools", "-jar", JAR, "extract", "--layers", "--destination", LAYERS)
        return ("-jar", "app.jar"), command
    if numbers >= _LAYERTOOLS_SINCE:
        package = "loader.launch" if numbers >= _LAUNCH_SINCE else "loader"
        command = ("java", "-Djarmode=layertools", "-jar", JAR, "extract", "--destination", LAYERS)
        return (f"org.springframework.boot.{package}.JarLauncher",), command
    return (), ()


def _class_path(words: Argv, place: int, files: ProjectFiles) -> Archive:
    """A class path of several parts: each comes along under its own name."""
    copies, entries = [], []
    for part in words[place].split(":"):
        star = part.endswith("/*")
        path = inside_path(part.removesuffix("/*").removeprefix("./"), "part of the class path")
        name = PurePosixPath(path).name
        single = path.endswith(".jar")
        copies.append((f"/app/{path}" if single else f"/app/{path}/", "./" if single else f"{name}/"))
        entries.append(f"{name}/*" if star else name)
    start = (*words[:place], ":".join(entries), *words[place + 1 :])
    return Archive(
        start,
        copies=tuple(copies),
        context=_named(words[place + 2 :], files),
        why="The classes that the build made and the libraries they use",
    )


def _named(words: Argv, files: ProjectFiles) -> tuple[str, ...]:
    """Files of the project among the arguments, as a configuration that the program is given."""
    plain = (word for word in words if not word.startswith("-") and "{" not in word and files.is_file(word))
    return tuple(dict.fromkeys(inside_path(word, "file of the start command") for word in plain))
