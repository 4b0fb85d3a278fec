"""Gradle's build and settings scripts, Groovy and Kotlin alike: plugins, dependencies, toolchain, application, projects.

A script is a program; what is read here are its plain statements. What needs another file (`libs.…` accessors, `$version` of
gradle.properties, plugin versions of the root) is left as written and joined by `ecosystems/jvm_link.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from deploydeck.scan.facts import Found, short
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.jvm_tokens import Argument, Tokens
from deploydeck.scan.parsers.jvm_versions import java_version, pinned_group

_CONFIGURATION = re.compile(
    r"^(?:[a-z][A-Za-z0-9]{0,40})?(?:[iI]mplementation|[aA]pi|[cC]ompileOnly|[rR]untimeOnly|[cC]ompileOnlyApi|[dD]evelopmentOnly|[aA]nnotationProcessor)$"
    r"|^(?:compile|runtime|providedCompile|providedRuntime|testCompile|testRuntime|kapt|kaptTest|ksp|coreLibraryDesugaring|classpath|"
    r"modImplementation|minecraft|shadow|bootArchives|testAndDevelopmentOnly|constraints|console|profile|assets)$"
)
_DEVELOPMENT = re.compile(
    r"^(?:test|androidTest|integrationTest|functionalTest|jmh|kaptTest|debug|.{0,40}Test(?:Impl|Compile|Runtime|Api))"
)
_BUILD = re.compile(r"nnotationProcessor$|^kapt|^ksp|^classpath$|^coreLibraryDesugaring$")
_PROVIDED = frozenset({"compileOnly", "providedCompile", "providedRuntime", "compileOnlyApi"})
_COORDINATES = re.compile(r"^([\w.$\{\}-]{1,150}):([\w.$\{\}+-]{1,150})(?::([^:@\s]{1,200}))?(?:[:@].{0,60})?$")
_TEMPLATE = re.compile(r"\$\{?([A-Za-z_][\w.]{0,80})\}?")
_SHARED = frozenset({"subprojects", "allprojects"})
_PLAIN_PLUGINS = frozenset({"java", "application", "war", "java-library", "groovy", "scala", "ear", "antlr", "base", "jacoco"})


class Script:
    """The tokens of a script with the variables it sets itself (`ext`, `def`, `val`) and whose place facts get."""

    def __init__(self, file: str, data: bytes) -> None:
        self.file = file
        self.tokens = Tokens(data)
        self.variables: dict[str, str] = {}
        self._assignments()

    def found(self, kind: str, name: str, value: str, index: int, scope: str = "jvm", tags: Iterable[str] = ()) -> Found:
        tokens = self.tokens
        return Found(
            kind, short(name), short(value), self.file, tokens.line(index), tokens.line_text(index), scope, frozenset(tags)
        )

    def _assignments(self) -> None:
        """`x = "1"`, `val x = "1"`, `ext.x = '1'`, `extra["x"] = "1"`, `set("x", "1")`; of a map `[a: '1']` the entries."""
        tokens = self.tokens
        for index in range(len(tokens)):
            if tokens.kind[index] == "s":
                value = tokens.text[index]
                if tokens.is_(index - 1, "=") and tokens.word(index - 2):
                    self.variables.setdefault(tokens.word(index - 2), value)
                elif tokens.is_(index - 1, "=") and tokens.is_(index - 2, "]") and tokens.string(index - 3) is not None:
                    self.variables.setdefault(tokens.text[index - 3], value)
                elif tokens.is_(index - 1, ",") and tokens.word(index - 4) == "set" and tokens.string(index - 2) is not None:
                    self.variables.setdefault(tokens.text[index - 2], value)
                elif tokens.is_(index - 1, ":") and tokens.kind[index - 2 : index - 1] and tokens.kind[index - 2] in "ws":  # noqa: SIM102
                    if tokens.is_(index - 3, "[", ","):
                        self.variables.setdefault(tokens.text[index - 2], value)

    def resolved(self, text: str) -> str:
        """The text with the script's own variables in place of `$name`; others stay."""

        def put(match: re.Match[str]) -> str:
            name = match[1]
            return self.variables.get(name, self.variables.get(name.rpartition(".")[2], match[0]))

        for _ in range(3):
            if "$" not in text or len(text) > 500:
                break
            text = _TEMPLATE.sub(put, text)
        return text

    def value(self, index: int) -> str:
        """The text of a string, a number or a variable at a place; a variable of another file is `$name`."""
        tokens = self.tokens
        if (text := tokens.string(index)) is not None:
            return self.resolved(text)
        if index < len(tokens) and tokens.kind[index] == "n":
            return tokens.text[index]
        path = tokens.path(index)
        if not path:
            return ""
        last = path.rpartition(".")[2]
        return self.resolved(self.variables[last]) if last in self.variables else f"${path}"

    def argument(self, index: int) -> int:
        """Where the value of a statement is: after `word`, `word =`, `word(`, `word.set(`, `word "…"`."""
        tokens = self.tokens
        index += 1
        if tokens.is_(index, ".") and tokens.word(index + 1) in {"set", "value", "convention"}:
            index += 2
        while tokens.is_(index, "(", "=", ":="):
            index += 1
        return index


_MOST_MEMBERS = 2000
_PIN_RANK = ("languageVersion", "jvmToolchain", "release", "targetCompatibility", "sourceCompatibility", "jvmTarget")
_CONVENTION = re.compile(
    r"(?:^|/)(?:buildSrc|build-logic|build-conventions|buildLogic|gradle/plugins|gradle/build-logic)/(.{0,300}/)?([\w.-]{1,120})\.gradle(?:\.kts)?$"
)


def gradle_build(file: str, data: bytes) -> Iterator[Found]:
    """What build.gradle, build.gradle.kts, the scripts they apply and convention plugins say."""
    script = Script(file, data)
    name = file.rpartition("/")[2]
    own = file == name and name in {"build.gradle", "build.gradle.kts"}
    convention = _CONVENTION.search(file)
    if own:
        yield script.found("manifest", name, "", 0)
    facts = list(_statements(script, own))
    groups: dict[str, Found] = {}
    for fact in facts:
        if fact.kind in {"tool", "managed", "dependency"} and fact.value and "$" not in fact.value:
            for group in pinned_group(fact.name):
                groups.setdefault(group, fact)
    for group, fact in groups.items():
        yield replace(fact, kind="managed", name=group, scope="jvm", tags=frozenset())
    for variable, value in script.variables.items():
        if re.fullmatch(r"\d[\w.+-]{0,40}", value):
            yield Found("managed", variable[:100], value, file, 0, "", "property")
    pins = sorted((fact for fact in facts if fact.kind == "pin"), key=lambda fact: _PIN_RANK.index(next(iter(fact.tags))))
    if pins:
        best = pins[0]
        yield replace(best, kind="managed", scope="pin", tags=frozenset()) if "$" in best.value else best
    facts = [fact for fact in facts if fact.kind != "pin"]
    if convention and name not in {"build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"}:
        for fact in facts:
            if fact.scope in {"jvm", "accessor"} and fact.kind in {"dependency", "tool", "managed"}:
                kind = fact.kind if fact.scope == "jvm" else "accessor"
                yield replace(fact, kind="managed", scope=f"convention:{convention[2]}", tags=fact.tags | {f"kind:{kind}"})
        return
    if convention:
        return
    yield from facts
    for fact in facts:
        if fact.kind == "dependency" and not fact.value and "platform" not in fact.tags:  # noqa: SIM102
            if pinned := groups.get(f"{fact.name.partition(':')[0]}:*"):
                yield replace(pinned, kind="locked", name=fact.name, scope="jvm", tags=fact.tags & {"development"})


def _statements(script: Script, own: bool) -> Iterator[Found]:
    tokens = script.tokens
    for index, around in tokens.blocks():
        inner = around[-1] if around else ""
        if tokens.kind[index] == "s" and inner == "dependencies":
            pass
        elif tokens.kind[index] != "w" or tokens.is_(index - 1, "."):
            continue
        word = tokens.text[index]
        shared = not _SHARED.isdisjoint(around)
        if inner == "plugins":
            yield from _plugin(script, index, word, "pluginManagement" in around)
        elif word == "apply" and "plugin" in (tokens.word(index + 1), tokens.word(index + 2)):
            at = index + (4 if tokens.is_(index + 1, "(") else 3)
            if name := tokens.string(at):
                yield _shared(script.found("tool", _plugin_id(name), "", index), shared)
        elif word == "apply" and tokens.is_(index + 1, "(") and tokens.is_(index + 2, "plugin"):
            continue
        elif inner == "dependencies":
            yield from (_shared(fact, shared) for fact in _dependency(script, index, word, around))
        elif inner in {"imports", "dependencyManagement"} and word == "mavenBom":
            yield from _bom(script, index)
        elif inner in {"dependencySet", "constraints", "repositories", "exclusions"}:
            continue
        else:
            yield from _setting(script, index, word, inner, around, own)


def _shared(fact: Found, shared: bool) -> Found:
    """What `subprojects { … }` and `allprojects { … }` say is said of the components below."""
    if not shared or fact.kind not in {"dependency", "tool"}:
        return fact if not shared or fact.scope != "accessor" else replace(fact, tags=fact.tags | {"shared"})
    return replace(fact, kind="managed", scope="applied", tags=fact.tags | {f"kind:{fact.kind}"})


def _plugin_id(name: str) -> str:
    return (
        f"org.jetbrains.kotlin.{name[7:]}"
        if name.startswith("kotlin-")
        else "org.jetbrains.kotlin.jvm"
        if name == "kotlin"
        else name
    )


def _plugin(script: Script, index: int, word: str, management: bool) -> Iterator[Found]:
    tokens = script.tokens
    at = index + (2 if tokens.is_(index + 1, "(") else 1)
    if word in {"id", "kotlin"} and tokens.string(at) is not None:
        name = tokens.text[at] if word == "id" else f"org.jetbrains.kotlin.{tokens.text[at]}"
    elif word == "alias" and tokens.word(at):
        name = tokens.path(at)
    elif tokens.line(index) != tokens.line(index - 1) or tokens.is_(index - 1, "{", ";"):
        if word in _PLAIN_PLUGINS or "-" in word or "." in word:
            name = word
        elif tokens.is_(index + 1, ".") and word != "libs":
            return
        else:
            return
        yield script.found("tool", name, "", index)
        return
    else:
        return
    version, applied = "", True
    end = tokens.end_of_line(index)
    if tokens.is_(end, "version", "apply", "."):  # Kotlin: the call goes on after a line break
        end = tokens.end_of_line(end)
    for place in range(at, end):
        if tokens.word(place) == "version":
            version = script.value(script.argument(place))
        if tokens.word(place) == "apply" and "false" in (tokens.word(place + 1), tokens.word(place + 2)):
            applied = False
    kind = "tool" if applied and not management else "managed"
    if word == "alias":
        yield script.found("managed", name, kind, index, "accessor", ("plugin",))
    else:
        yield script.found(kind, name, version, index, tags=("plugin",))


def _dependency(script: Script, index: int, word: str, around: tuple[str, ...]) -> Iterator[Found]:
    tokens = script.tokens
    configuration = word
    if tokens.kind[index] == "s":  # "custom"("a:b:1") of the Kotlin DSL
        if not tokens.is_(index + 1, "("):
            return
    elif tokens.is_(index + 1, ".", ":", "->", "=") or word in {"if", "for", "project", "exclude", "platform", "def", "val"}:
        return
    if not _CONFIGURATION.match(configuration) and not tokens.is_(index + 1, "("):  # noqa: SIM102
        if tokens.string(index + 1) is None or ":" not in tokens.text[index + 1]:
            return
    tags: set[str] = set()
    if _DEVELOPMENT.match(configuration) or any("Test" in one or one.startswith("test") for one in around):
        tags.add("development")
    if configuration.startswith("developmentOnly"):
        tags.add("development")
    if _BUILD.search(configuration) or "buildscript" in around:
        tags.add("build")
    if configuration in _PROVIDED:
        tags.add("provided")
    if tokens.is_(index + 1, "("):
        arguments = tokens.arguments(index + 1)
    else:
        arguments = tokens.split(index + 1, _statement_end(tokens, index))
    yield from _coordinates(script, arguments, index, tags)


def _statement_end(tokens: Tokens, index: int) -> int:
    """Where a Groovy statement without brackets ends: at the line's end, unless its last token is a comma."""
    end = tokens.end_of_line(index)
    for _ in range(30):
        if not tokens.is_(end - 1, ","):
            break
        end = tokens.end_of_line(end)
    for place in range(index, end):
        if tokens.is_(place, "{", "}"):
            return place
    return end


def _coordinates(script: Script, arguments: list[Argument], index: int, tags: set[str]) -> Iterator[Found]:
    tokens = script.tokens
    named = {one.name: script.value(one.start) for one in arguments if one.name}
    kind, scope = "dependency", "jvm"
    if "name" in named and "path" not in named:
        if group := named.get("group", ""):
            yield script.found(kind, f"{group}:{named['name']}", named.get("version", ""), index, scope, tags)
        return
    for one in arguments:
        if one.name and one.name not in {"dependencyNotation"}:
            continue
        start = one.start
        further = set(tags)
        if tokens.word(start) in {"platform", "enforcedPlatform"} and tokens.is_(start + 1, "("):
            further.add("platform")
            start += 2
        text = tokens.string(start)
        if text is not None:
            match = _COORDINATES.match(script.resolved(text))
            if match:
                version = match[3] or ""
                if tokens.is_(start + 1, "+"):  # 'a:b:' + version
                    version = script.value(start + 2)
                yield script.found(kind, f"{match[1]}:{match[2]}", version, start, scope, further)
            elif text.endswith(":") and tokens.is_(start + 1, "+") and text.count(":") == 2:
                yield script.found(kind, text.rstrip(":"), script.value(start + 2), start, scope, further)
        elif tokens.word(start) == "kotlin" and tokens.is_(start + 1, "(") and (part := tokens.string(start + 2)):
            version = script.value(start + 4) if tokens.is_(start + 3, ",") else ""
            yield script.found(kind, f"org.jetbrains.kotlin:kotlin-{part}", version, start, scope, further)
        elif tokens.word(start) == "project":
            path = tokens.string(start + 2) or next(
                (script.value(a.start) for a in tokens.arguments(start + 1) if a.name == "path"), ""
            )
            if path.startswith(":"):
                yield script.found("uses-project", path.rpartition(":")[2], path, start, scope)
        elif tokens.word(start) == "projects" and tokens.is_(start + 1, "."):
            yield script.found("uses-project", _kebab(tokens.path(start).rpartition(".")[2]), tokens.path(start), start, scope)
        elif tokens.is_(start + 1, ".") and tokens.word(start) not in {"files", "fileTree", "rootProject", "gradleApi", "project"}:
            accessor = _accessor(tokens.path(start))
            if accessor:
                yield script.found("managed", accessor, "dependency", start, "accessor", further)


def _accessor(path: str) -> str:
    """A catalog accessor without what comes after it (`.get()`, `.asProvider()`)."""
    for end in (".get", ".asProvider", ".toString"):
        path = path.removesuffix(end)
    return path if path.count(".") >= 1 else ""


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"-\1", name).lower()


def _bom(script: Script, index: int) -> Iterator[Found]:
    tokens = script.tokens
    place = script.argument(index)
    text = tokens.string(place)
    if text is None:
        if path := tokens.path(place):
            accessor = _accessor(path)
            if accessor and not path.startswith("SpringBootPlugin"):
                yield script.found("managed", accessor, "dependency", place, "accessor", ("platform",))
        return
    if match := _COORDINATES.match(script.resolved(text)):
        yield script.found("dependency", f"{match[1]}:{match[2]}", match[3] or "", place, tags=("platform",))


def _setting(script: Script, index: int, word: str, inner: str, around: tuple[str, ...], own: bool) -> Iterator[Found]:
    tokens = script.tokens
    if word in {"languageVersion", "jvmToolchain", "sourceCompatibility", "targetCompatibility", "jvmTarget", "release"}:
        if word == "release" and inner not in {"options", "withType", "JavaCompile", "compileJava", "named", "configureEach"}:
            return
        if word in {"languageVersion"} and inner not in {"toolchain", "jvmToolchain"}:
            return
        yield from _java(script, index, word)
    elif word == "kotlinOptions" and tokens.is_(index + 1, ".") and tokens.word(index + 2) == "jvmTarget":
        yield from _java(script, index + 2, "jvmTarget")
    elif word in {"java", "options"} and tokens.is_(index + 1, "."):
        path = tokens.path(index)
        last = index + 2 * path.count(".")
        if path in {"java.sourceCompatibility", "java.targetCompatibility", "options.release", "java.toolchain.languageVersion"}:
            yield from _java(script, last, tokens.word(last))
        elif path.endswith(".set") and path.removesuffix(".set") in {"java.toolchain.languageVersion", "options.release"}:
            yield from _java(script, last - 2, tokens.word(last - 2))
    elif word in {"mainClass", "mainClassName"}:
        value = script.value(script.argument(index))
        if value and "$" not in value:
            yield script.found("package-field", "mainClass", value, index, tags=(inner or word,))
    elif word == "attributes" or (tokens.kind[index] == "w" and word == "manifest"):
        for place in range(index, min(index + 24, len(tokens))):
            if tokens.string(place) == "Main-Class":
                value_at = next((at for at in range(place + 1, place + 5) if tokens.string(at) is not None), -1)
                if value_at > 0:
                    yield script.found("package-field", "mainClass", script.resolved(tokens.text[value_at]), place, tags=("jar",))
                return
    elif not own:
        return
    elif word == "version" and inner in _SHARED and len(around) == 1:
        value = script.value(script.argument(index))
        if value and "$" not in value:
            yield script.found("managed", "project.version", value, index, "property")
    elif word == "version" and not around and not tokens.is_(index - 1, ":"):
        value = script.value(script.argument(index))
        literal = tokens.string(script.argument(index)) is not None or "$" not in value
        if value and literal and "$" not in value:
            yield script.found("package-field", "version", value, index)
        elif tokens.is_(index + 1, "=", "(") or tokens.line(index + 1) == tokens.line(index):
            yield script.found("package-field", "version.computed", "", index)
    elif word in {"archiveBaseName", "baseName", "archivesBaseName", "archivesName", "archiveFileName", "archiveName", "archiveClassifier",  # noqa: E501
                  "classifier", "archiveVersion", "applicationName"}:  # fmt: skip
        value = script.value(script.argument(index))
        literal = tokens.string(script.argument(index)) is not None
        if (value or literal) and "$" not in value:
            yield script.found("package-field", f"{inner or 'project'}.{word}", value, index)


def _java(script: Script, index: int, word: str) -> Iterator[Found]:
    tokens = script.tokens
    if not tokens.is_(index + 1, "(", "=", ".", ":=") and tokens.kind[index + 1 : index + 2] not in (["n"], ["s"]):  # noqa: SIM102
        if tokens.word(index + 1) not in {"JavaVersion", "JavaLanguageVersion"}:
            return
    for place in range(index + 1, min(index + 12, tokens.end_of_line(index))):
        text = tokens.text[place]
        value = ""
        if tokens.kind[place] in "ns":
            value = java_version(script.resolved(text))
        elif tokens.kind[place] == "w" and re.fullmatch(r"(?:VERSION|JVM)_\d[\d_]{0,4}", text):
            value = java_version(text.replace("JVM_", "VERSION_"))
        elif tokens.kind[place] == "w" and text in script.variables:
            value = java_version(script.resolved(script.variables[text]))
        elif tokens.kind[place] == "w" and ".versions." in (path := tokens.path(place)):
            value = f"${path.partition('.get')[0].partition('.asProvider')[0]}"
        elif tokens.kind[place] == "w" and text not in {
            "JavaVersion",
            "JavaLanguageVersion",
            "JvmTarget",
            "set",
            "of",
            "toVersion",
            "fromTarget",
        }:
            path = tokens.path(place)
            value = f"${path}" if "." not in path and re.search(r"[vV]ersion|[jJ]ava|[jJ]dk|[tT]arget", path) else ""
        if value:
            yield script.found("pin", "java", value, index, "gradle", (word,))
            return


def gradle_settings(file: str, data: bytes) -> Iterator[Found]:
    """settings.gradle(.kts): the name of the root project, its subprojects, and plugin versions."""
    script = Script(file, data)
    tokens = script.tokens
    yield script.found("manifest", file.rpartition("/")[2], "", 0)
    moved: dict[str, str] = {}
    for index in range(len(tokens)):  # project(":x").projectDir = file("apps/x")
        if tokens.word(index) == "projectDir" and tokens.is_(index - 1, ".") and tokens.is_(index - 2, ")"):
            name = tokens.string(index - 3)
            path = next((tokens.text[at] for at in range(index + 1, min(index + 10, len(tokens))) if tokens.kind[at] == "s"), "")
            if name and path:
                moved[name.lstrip(":")] = path.replace("$rootDir/", "").replace("${rootDir}/", "")
    members, read_to = 0, 0
    for index, around in tokens.blocks():
        word = tokens.word(index)
        inner = around[-1] if around else ""
        if index < read_to or members > _MOST_MEMBERS:
            continue
        if inner == "plugins":
            yield from (_plugin(script, index, tokens.text[index], True) if tokens.kind[index] == "w" else ())
        elif word == "name" and tokens.word(index - 2) == "rootProject" and tokens.is_(index + 1, "="):
            if name := tokens.string(index + 2):
                yield script.found("project-name", name, "", index)
                yield script.found("package-field", "rootProject.name", name, index)
        elif word == "includeBuild" and "pluginManagement" in around:
            continue  # plugins for the build, no part of the program
        elif word in {"include", "includeBuild", "includeFlat"} and not tokens.is_(index - 1, ".") and "repositories" not in around:
            end = tokens.close.get(index + 1, index) if tokens.is_(index + 1, "(") else _statement_end(tokens, index)
            read_to = min(end, len(tokens))
            for place in range(index + 1, read_to):
                if text := tokens.string(place):
                    members += 1
                    yield script.found("workspace", _project_path(text, moved, word), "", place, "gradle")


def _project_path(text: str, moved: dict[str, str], word: str) -> str:
    if word != "include":
        return text
    name = text.strip(":")
    return moved.get(name, moved.get(text, name.replace(":", "/")))


PARSERS: tuple[Parser, ...] = (
    Parser("build.gradle", gradle_build, config_kind="gradle"),
    Parser("build.gradle.kts", gradle_build, config_kind="gradle"),
    Parser("settings.gradle", gradle_settings, config_kind="gradle"),
    Parser("settings.gradle.kts", gradle_settings, config_kind="gradle"),
    Parser("*.gradle.kts", gradle_build, anywhere=True),
    Parser("*.gradle", gradle_build, anywhere=True),
)
