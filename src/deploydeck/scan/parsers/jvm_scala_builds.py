"""sbt and Mill: build.sbt, project/*.sbt, project/*.scala, project/build.properties, build.mill, build.sc."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from deploydeck.scan.facts import Found, Text, short
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.jvm_tokens import Tokens
from deploydeck.scan.parsers.jvm_versions import java_version

_PERCENT = ("%", "%%", "%%%")
_SCOPES = {
    "test": "development",
    "it": "development",
    "integrationtest": "development",
    "provided": "provided",
    "optional": "optional",
}
_TEST_LIBRARY = re.compile(
    r"(?:scalatest|scalatestplus|specs2|munit|scalacheck|weaver|mockito|scalamock|junit|testcontainers|utest|discipline"
    r"|cats-effect-testing|zio-test)\b"
)
_COORDINATES = re.compile(r"^([\w.-]{1,150}):{1,3}([\w.-]{1,150}):{1,2}([\w.+$\{\}-]{1,100})(?:[;,].{0,100})?$")


class Build:
    """The tokens of a build definition with its `val x = "…"` and `def x = "…"`."""

    def __init__(self, file: str, data: bytes) -> None:
        self.file = file
        self.tokens = tokens = Tokens(data)
        self.values: dict[str, str] = {}
        for index in range(len(tokens)):
            if tokens.kind[index] == "s" and tokens.is_(index - 1, "=") and not tokens.is_(index + 1, "%", "%%", "%%%"):
                name = tokens.word(index - 2)
                if tokens.is_(index - 3, ":") and tokens.word(index - 4):  # val x: String = "…"
                    name = tokens.word(index - 4)
                if tokens.is_(index - 2, ")") or not name:
                    continue
                self.values.setdefault(name, tokens.text[index])

    def found(self, kind: str, name: str, value: str, index: int, scope: str = "jvm", tags: Iterable[str] = ()) -> Found:
        tokens = self.tokens
        return Found(
            kind, short(name), short(value), self.file, tokens.line(index), tokens.line_text(index), scope, frozenset(tags)
        )

    def value(self, index: int) -> str:
        """A string, or the string of the value that a dotted name ends in; `$name` when another file sets it."""
        text = self.tokens.string(index)
        if text is not None:
            return text
        path = self.tokens.path(index)
        return self.values.get(path.rpartition(".")[2], f"${path}" if path else "")


def build_sbt(file: str, data: bytes) -> Iterator[Found]:
    """build.sbt and what it is split into."""
    build = Build(file, data)
    tokens = build.tokens
    own = "/" not in file
    if file == "build.sbt":
        yield build.found("manifest", "build.sbt", "", 0)
    for name, value in build.values.items():
        if re.fullmatch(r"\d[\w.+-]{0,40}", value):
            yield Found("managed", name[:100], value, file, 0, "", "property")
    project, directory = "", ""
    named = False
    for index in range(len(tokens)):
        kind, text = tokens.kind[index], tokens.text[index]
        if kind == "s" and tokens.is_(index + 1, *_PERCENT) and not tokens.is_(index - 1, *_PERCENT):
            yield from _module(build, index)
        elif kind != "w":
            continue
        elif text == "val" and (tokens.is_(index + 2, "=") or (tokens.is_(index + 2, ":") and tokens.word(index + 3) == "Project")):
            if folder := _project_directory(tokens, index + (3 if tokens.is_(index + 2, "=") else 5), tokens.word(index + 1)):
                project, directory = tokens.word(index + 1), folder
                if folder != ".":
                    yield build.found("workspace", folder, "", index, "sbt")
        elif text == "enablePlugins" and tokens.is_(index + 1, "("):
            for one in tokens.arguments(index + 1):
                name = tokens.path(one.start).rpartition(".")[2]
                tags = {f"project:{project}", f"directory:{directory}"} if project else set()
                yield build.found("tool", f"sbt:{name}", "", one.start, tags=tags)
        elif text == "scalaVersion" and tokens.is_(index + 1, ":="):
            if (value := build.value(index + 2)) and "$" not in value:
                yield build.found("tool", "scala", value, index)
        elif text == "sbtVersion" and tokens.is_(index + 1, ":="):
            yield build.found("manager-version", "sbt", build.value(index + 2), index, "build.sbt")
        elif text == "name" and own and (tokens.is_(index + 1, ":=")) and (value := build.value(index + 2)) and "$" not in value:
            tags = {f"project:{project}", f"directory:{directory}"} if project else set()
            if not named or directory in {"", "."}:
                yield build.found("project-name", value, "", index)
                named = True
            yield build.found("package-field", "name", value, index, tags=tags)
        elif text == "version" and own and tokens.is_(index + 1, ":=") and (value := build.value(index + 2)) and "$" not in value:
            yield build.found("package-field", "version", value, index)
        elif text in {"mainClass", "assemblyJarName", "executableScriptName", "packageName"} and tokens.is_(index + 1, ":="):
            at = index + 4 if tokens.word(index + 2) in {"Some", "Option"} else index + 2
            if (value := build.value(at)) and "$" not in value:
                yield build.found("package-field", text, value, index, tags=("sbt",))
        elif text in {"PlayKeys", "playDefaultPort"} and (text == "playDefaultPort" and tokens.is_(index + 1, ":=")):
            if tokens.kind[index + 2 : index + 3] == ["n"]:
                yield build.found("option", "play.server.http.port", tokens.text[index + 2], index)
        elif text in {"javacOptions", "scalacOptions"}:
            yield from _release(build, index)


def _release(build: Build, index: int) -> Iterator[Found]:
    tokens = build.tokens
    for place in range(index + 1, min(index + 80, len(tokens))):
        if tokens.is_(place, "javacOptions", "scalacOptions", "libraryDependencies", "lazy"):
            return
        text = tokens.string(place)
        match = re.fullmatch(r"(?:-release|--release|-target|-java-output-version)(?::(?:jvm-)?(.{1,8}))?", text) if text else None
        if match and (value := java_version(match[1] or (tokens.string(place + 2) or ""))):
            yield build.found("pin", "java", value, place, "build.sbt")
            return


def _project_directory(tokens: Tokens, start: int, name: str) -> str:
    """The directory of `(project in file("x"))`, `project.in(file("x"))`, `project` and `crossProject(…)`; "" for another value."""
    index = start
    while tokens.is_(index, "("):
        index += 1
    if tokens.word(index) not in {"project", "Project", "playProject", "crossProject"}:
        return ""
    for place in range(index + 1, min(index + 30, len(tokens))):
        if tokens.is_(place, "val", "settings"):
            break
        if tokens.word(place) == "file" and tokens.is_(place + 1, "("):
            return (tokens.string(place + 2) or ".").removeprefix("./").rstrip("/") or "."
    return name


def _module(build: Build, index: int) -> Iterator[Found]:
    """`"group" %% "artifact" % version % scope`, also with `_` in a `Seq("a", "b").map(…)`."""
    tokens = build.tokens
    group, at = tokens.text[index], index + 2
    names = [tokens.text[at]] if tokens.string(at) is not None else []
    if tokens.word(at) and tokens.word(at) != "_":
        before, bound = tokens.word(at), index
        known = build.values.get(before)
        names = [known] if known else _mapped(tokens, bound)
    elif tokens.word(at) == "_":
        names = _mapped(tokens, index)
    if not names or not re.fullmatch(r"[\w.-]{1,150}", group):
        return
    version, tags = "", set()
    if tokens.is_(at + 1, "%"):
        version = build.value(at + 2)
        end = at + 3
        while tokens.is_(end, ".") and tokens.word(end + 1):
            end += 2
        if tokens.is_(end, "%"):
            scope = (tokens.string(end + 1) or tokens.word(end + 1)).lower()
            tags |= {_SCOPES[part] for part in re.split(r"[,;]|->", scope) if part in _SCOPES}
    # `(Seq("a" %% "b" % v) ++ …).map(_ % Test)` is left: a test library more does no harm
    if version.startswith("$VersionScheme"):
        return  # libraryDependencySchemes
    if tokens.is_(index - 1, "(") and tokens.word(index - 2) == "addSbtPlugin":
        for name in names:
            yield build.found("tool", f"sbt:{name}", version, index, tags=(f"group:{group}",))
        return
    if build.file.startswith("project/") and build.file.endswith(".sbt"):
        tags.add("build")
    if build.file.startswith("project/") and all(_TEST_LIBRARY.match(name) for name in names):
        tags.add("development")  # the scope stands where the value is used
    for name in names:
        yield build.found("dependency", f"{group}:{name}", version, index, tags=tags)


def _mapped(tokens: Tokens, index: int) -> list[str]:
    """The strings of the `Seq(…)` whose `.map(…)` holds this place."""
    place = next((at for at in range(index, max(index - 12, -1), -1) if tokens.word(at) == "map"), -1)
    closing = place - 2
    if place < 0 or not tokens.is_(closing, ")"):
        return []
    opening = next((at for at in range(closing, max(closing - 200, -1), -1) if tokens.close.get(at) == closing), closing)
    return [tokens.text[at] for at in range(opening, closing) if tokens.kind[at] == "s"]


def build_properties(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        if match := re.match(r"\s{0,9}sbt\.version\s{0,9}[=:]\s{0,9}([\w.-]{1,40})", line):
            yield Found("manager-version", "sbt", match[1], file, number, line.strip(), "build.properties")


def mill_build(file: str, data: bytes) -> Iterator[Found]:
    """build.mill and build.sc: modules, `ivy"…"` and `mvn"…"` dependencies, the Scala version, the main class."""
    build = Build(file, data)
    tokens = build.tokens
    yield build.found("manifest", file, "", 0)
    head = re.search(r"//\|\s{0,9}mill-version:\s{0,9}([\w.-]{1,40})", build.tokens.source.text[:4000])
    if head:
        yield build.found("manager-version", "mill", head[1], 0, file)
    for index, around in tokens.blocks():
        text = tokens.text[index]
        if tokens.kind[index] != "w":
            continue
        if text in {"ivy", "mvn"} and (written := tokens.string(index + 1)) is not None:
            written = re.sub(
                r"\$\{?([\w.]{1,80})\}?", lambda match: build.values.get(match[1].rpartition(".")[2], match[0]), written
            )
            if match := _COORDINATES.match(written):
                test = any(re.search(r"[tT]est", one) for one in around) or "est" in _enclosing_object(tokens, index)
                yield build.found("dependency", f"{match[1]}:{match[2]}", match[3], index, tags=("development",) if test else ())
        elif text == "scalaVersion" and tokens.is_(index + 1, "="):
            yield build.found("tool", "scala", build.value(index + 2), index)
        elif text == "mainClass" and "=" in tokens.text[index + 1 : index + 6]:
            value = next((tokens.text[at] for at in range(index + 1, min(index + 10, len(tokens))) if tokens.kind[at] == "s"), "")
            if value:
                yield build.found("package-field", "mainClass", value, index, tags=("mill",))
        elif text == "object" and tokens.word(index + 2) == "extends":
            yield build.found("package-field", "mill.module", tokens.word(index + 1), index, tags=(tokens.word(index + 3),))
            yield build.found("tool", f"mill:{tokens.word(index + 3)}", "", index)
        elif text == "publishVersion" and tokens.is_(index + 1, "="):
            yield build.found("package-field", "version", build.value(index + 2), index)


def _enclosing_object(tokens: Tokens, index: int) -> str:
    """The name of the object whose body holds this place."""
    best = ""
    for opening, closing in tokens.close.items():
        if opening < index < closing and tokens.text[opening] == "{":
            for place in range(opening - 1, max(opening - 30, -1), -1):
                if tokens.word(place) == "object":
                    best = tokens.word(place + 1)
                    break
                if tokens.is_(place, "}", "{", ")"):
                    break
    return best


PARSERS: tuple[Parser, ...] = (
    Parser("build.sbt", build_sbt, config_kind="sbt"),
    Parser("*.sbt", build_sbt),
    Parser("project/*.sbt", build_sbt),
    Parser("project/*.scala", build_sbt),
    Parser("project/build.properties", build_properties, config_kind="sbt"),
    Parser("build.mill", mill_build, config_kind="mill"),
    Parser("build.sc", mill_build, config_kind="mill"),
)
