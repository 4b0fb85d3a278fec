"""pom.xml, Maven's wrapper, Ant's build.xml and Heroku's system.properties."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from deploydeck.scan.facts import Found, Text, short
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import Element, load_xml
from deploydeck.scan.parsers.jvm_versions import java_version, pinned_group

_PROPERTY = re.compile(r"\$\{([^${}]{1,120})\}")
_JAVA_PROPERTIES = (
    "maven.compiler.release", "java.version", "maven.compiler.target", "maven.compiler.source", "javaVersion", "java-version",
    "jdk.version", "project.java.version", "target.jdk", "release.version", "maven.compiler.testRelease",
)  # fmt: skip
_SCOPES = {"test": ("development",), "provided": ("provided",), "system": ("provided",), "import": ()}


class Pom:
    """One pom.xml with its properties put in where this file knows them."""

    def __init__(self, file: str, data: bytes) -> None:
        self.file = file
        self.text = Text(data)
        self.project = load_xml(data)
        self.properties: dict[str, Element] = {}
        for block in (*self.project.all("properties"), *self.project.all("profiles", "profile", "properties")):
            for one in block.children:
                self.properties.setdefault(one.tag, one)
        self.modules = any(one.all("modules", "module") for one in (self.project, *self.project.all("profiles", "profile")))
        parent = self.project.all("parent")
        self.parent = parent[0] if parent else Element("parent", 0)

    def value(self, text: str) -> str:
        """The text with this file's own properties, at most five deep; what another file says stays `${name}`."""
        for _ in range(5):
            if "${" not in text or len(text) > 500:
                break
            text = _PROPERTY.sub(lambda match: self._property(match[1], match[0]), text)
        return text.strip()[:500]

    def _property(self, name: str, written: str) -> str:
        if name in self.properties:
            return self.properties[name].text.strip()
        if name in {"project.build.directory", "project.basedir", "basedir"}:
            return "target" if name.endswith("directory") else "."
        part = name.removeprefix("project.").removeprefix("pom.")
        if part in {"version", "groupId", "artifactId", "packaging"} and part != name:
            return self.project.get(part) or (self.parent.get(part) if part != "artifactId" else "") or written
        if part.startswith("parent.") and part != name:
            return self.parent.get(part.removeprefix("parent.")) or written
        return written

    def get(self, element: Element, *path: str) -> str:
        return self.value(element.get(*path))

    def name(self, element: Element, group: str = "") -> str:
        """`group:artifact` of a dependency, a plugin or a parent."""
        return f"{self.get(element, 'groupId') or group}:{self.get(element, 'artifactId')}"

    def found(self, kind: str, name: str, value: str = "", line: int = 0, scope: str = "jvm", tags: Iterable[str] = ()) -> Found:
        return Found(kind, short(name), value, self.file, line, self.text.line(line), scope, frozenset(tags))


def _line(element: Element, *path: str) -> int:
    """The line of the first element at a path, of the element itself when there is none."""
    found = element.all(*path)
    return found[0].line if found else element.line


def pom_xml(file: str, data: bytes) -> Iterator[Found]:
    """Coordinates, parent, dependencies, plugins, modules and the Java version of a pom.xml."""
    pom = Pom(file, data)
    project = pom.project
    yield pom.found("manifest", "pom.xml", pom.get(project, "packaging") or "jar", project.line)
    yield from _coordinates(pom)
    yield from _modules(pom)
    profiles = project.all("profiles", "profile")
    groups = dict(_platforms(pom, [project, *profiles]))
    for name, (version, line) in groups.items():
        yield pom.found("managed", name, version, line)
    for holder in (project, *profiles):
        tags = ("optional",) if holder is not project else ()
        for one in holder.all("dependencies", "dependency"):
            yield from (_handed_down(pom, fact) for fact in _dependency(pom, one, groups, tags))
        for one in holder.all("dependencyManagement", "dependencies", "dependency"):
            version = pom.get(one, "version")
            if version and pom.get(one, "scope") != "import":
                yield pom.found("managed", pom.name(one), version, _line(one, "version"))
        for build in holder.all("build"):
            for plugin in build.all("plugins", "plugin"):
                yield from (_handed_down(pom, fact) for fact in _plugin(pom, plugin, "tool"))
            for plugin in build.all("pluginManagement", "plugins", "plugin"):
                yield from _plugin(pom, plugin, "managed")
    for name, one in pom.properties.items():
        if (value := pom.value(one.text)) and "${" not in value and len(value) <= 60:
            yield pom.found("managed", name, value, one.line, "property")
    yield from _java(pom)


def _handed_down(pom: Pom, fact: Found) -> Found:
    """What a parent of modules declares is for the modules: it builds nothing itself."""
    if fact.kind not in {"dependency", "tool", "locked"} or pom.get(pom.project, "packaging") != "pom" or not pom.modules:
        return fact
    return Found("managed", fact.name, fact.value, fact.file, fact.line, fact.text, "applied", fact.tags | {f"kind:{fact.kind}"})


def _coordinates(pom: Pom) -> Iterator[Found]:
    project = pom.project
    if artifact := pom.get(project, "artifactId"):
        yield pom.found("project-name", artifact, "", _line(project, "artifactId"))
        group = pom.get(project, "groupId") or pom.get(pom.parent, "groupId")
        # a sibling names it by its coordinates: the dependency `group:artifact` relates the two
        yield pom.found("project-name", f"{group}:{artifact}", "", _line(project, "artifactId"))
        yield pom.found("package-field", "artifactId", artifact, _line(project, "artifactId"))
    version = pom.get(project, "version") or pom.get(pom.parent, "version")
    if version:
        place = project if project.all("version") else pom.parent
        yield pom.found("package-field", "version", version, _line(place, "version"))
    if packaging := pom.get(project, "packaging"):
        yield pom.found("package-field", "packaging", packaging, _line(project, "packaging"))
    if final := pom.get(project, "build", "finalName"):
        yield pom.found("package-field", "finalName", final, _line(project, "build", "finalName"))
    if pom.parent.line:
        name, version = pom.name(pom.parent), pom.get(pom.parent, "version")
        yield pom.found("tool", name, version, pom.parent.line, tags=("parent",))
        relative = pom.parent.all("relativePath")
        path = relative[0].text.strip() if relative else "../pom.xml"
        if path:
            path = path.removesuffix("pom.xml").rstrip("/") or "."
            yield pom.found("uses-project", path, "", pom.parent.line, tags=("path",))


def _modules(pom: Pom) -> Iterator[Found]:
    for holder in (pom.project, *pom.project.all("profiles", "profile")):
        for one in (*holder.all("modules", "module"), *holder.all("subprojects", "subproject")):
            if path := one.text.strip():
                yield pom.found("workspace", path.removesuffix("/pom.xml"), "", one.line, "maven")


def _platforms(pom: Pom, holders: list[Element]) -> Iterator[tuple[str, tuple[str, int]]]:
    """Groups whose version one parent, imported BOM or build plugin of this file decides: `group:*`, version, line."""
    places = [pom.parent] if pom.parent.line else []
    for holder in holders:
        places += [
            one
            for one in holder.all("dependencyManagement", "dependencies", "dependency")
            if pom.get(one, "scope") == "import" or pom.get(one, "type") == "pom"
        ]
        places += [*holder.all("build", "plugins", "plugin"), *holder.all("build", "pluginManagement", "plugins", "plugin")]
    for one in places:
        version = pom.get(one, "version")
        if version and "${" not in version:
            for group in pinned_group(pom.name(one, "org.apache.maven.plugins")):
                yield group, (version, _line(one, "version"))


def _dependency(pom: Pom, one: Element, groups: dict[str, tuple[str, int]], more: tuple[str, ...]) -> Iterator[Found]:
    name, version, scope = pom.name(one), pom.get(one, "version"), pom.get(one, "scope")
    if name.startswith(":") or name.endswith(":"):
        return
    tags = {*more, *_SCOPES.get(scope, ())}
    if pom.get(one, "optional") == "true":
        tags.add("optional")
    line = _line(one, "artifactId")
    yield pom.found("dependency", name, version, line, tags=tags)
    pinned = groups.get(f"{name.partition(':')[0]}:*")
    if not version and pinned:
        yield Found(
            "locked", name, pinned[0], pom.file, pinned[1], pom.text.line(pinned[1]), "jvm", frozenset({"development"} & tags)
        )


def _plugin(pom: Pom, plugin: Element, kind: str) -> Iterator[Found]:
    name = pom.name(plugin, "org.apache.maven.plugins")
    line = _line(plugin, "artifactId")
    goals = {goal.text.strip() for goal in plugin.all("executions", "execution", "goals", "goal")}
    tags = {f"goal:{goal}" for goal in goals if goal}
    configurations = [*plugin.all("configuration"), *plugin.all("executions", "execution", "configuration")]
    for one in configurations:
        for tag in ("finalName", "classifier", "outputFile", "layout", "programName"):
            if value := pom.get(one, tag):
                yield pom.found("package-field", f"{plugin.get('artifactId')}.{tag}", value, _line(one, tag))
        if pom.get(one, "skip") == "true":
            tags.add("skip")
        refs = [*one.all("descriptorRefs", "descriptorRef")]
        tags |= {f"descriptor:{ref.text.strip()}" for ref in refs}
        main = next((item for item in (*one.every("mainClass"), *one.every("Main-Class")) if item.text.strip()), None)
        if main is not None:
            yield pom.found("package-field", "mainClass", pom.value(main.text), main.line, tags=(name,))
    yield pom.found(kind, name, pom.get(plugin, "version"), line, tags=tags)


def _java(pom: Pom) -> Iterator[Found]:
    """The Java version: what the compiler plugin is told, else the first of the usual properties."""
    for holder in (pom.project, *pom.project.all("profiles", "profile")):
        for plugins in (("build", "plugins", "plugin"), ("build", "pluginManagement", "plugins", "plugin")):
            for plugin in holder.all(*plugins):
                if plugin.get("artifactId") != "maven-compiler-plugin":
                    continue
                for tag in ("release", "target", "source"):
                    value = java_version(pom.get(plugin, "configuration", tag))
                    if value:
                        yield pom.found("pin", "java", value, _line(plugin, "configuration", tag), "pom.xml")
                        return
    for name in _JAVA_PROPERTIES:
        one = pom.properties.get(name)
        value = java_version(pom.value(one.text)) if one is not None else ""
        if one is not None and value:
            yield pom.found("pin", "java", value, one.line, "pom.xml")
            return
    for plugin in pom.project.all("build", "plugins", "plugin"):
        if plugin.get("artifactId") == "maven-enforcer-plugin":
            for rule in plugin.every("requireJavaVersion"):
                if value := java_version(pom.get(rule, "version").strip("[](),")):
                    yield pom.found("pin", "java", value, rule.line, "pom.xml", ("minimum",))
                    return


def maven_wrapper(file: str, data: bytes) -> Iterator[Found]:
    """The version of Maven that the wrapper fetches."""
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        if match := re.search(r"distributionUrl\s{0,4}=.{0,300}apache-maven-(\d[\w.-]{0,30}?)-bin", line):
            yield Found("manager-version", "maven", match[1], file, number, line.strip(), "wrapper")


def ant_build(file: str, data: bytes) -> Iterator[Found]:
    """Name, targets, jar and war files, and the Java version of a build.xml."""
    text, project = Text(data), load_xml(data)
    if project.tag != "project":
        return
    yield Found("manifest", "build.xml", "", file, project.line, text.line(project.line), "jvm")
    properties = {
        one.attributes.get("name", ""): one.attributes.get("value", one.attributes.get("location", ""))
        for one in project.all("property")
    }

    def value(written: str) -> str:
        for _ in range(4):
            written = _PROPERTY.sub(lambda match: properties.get(match[1], match[0]), written[:500])
        return written

    if name := value(project.attributes.get("name", "")):
        yield Found("project-name", name[:200], "", file, project.line, text.line(project.line), "jvm")
    if default := project.attributes.get("default", ""):
        yield Found("package-field", "ant.default", default[:100], file, project.line, text.line(project.line), "jvm")
    for target in project.all("target"):
        where = (file, target.line, text.line(target.line), "jvm")
        yield Found("script", target.attributes.get("name", "")[:100], "", *where)
    for kind, attribute in (("jar", "destfile"), ("jar", "jarfile"), ("war", "destfile"), ("war", "warfile")):
        for one in project.every(kind):
            if path := value(one.attributes.get(attribute, "")):
                yield Found("package-field", f"ant.{kind}", path[:200], file, one.line, text.line(one.line), "jvm")
    for one in project.every("attribute"):
        if one.attributes.get("name") == "Main-Class" and (main := value(one.attributes.get("value", ""))):
            yield Found("package-field", "mainClass", main[:200], file, one.line, text.line(one.line), "jvm", frozenset({"jar"}))
    for one in project.every("javac"):
        written = one.attributes.get("release") or one.attributes.get("target") or one.attributes.get("source") or ""
        if version := java_version(value(written)):
            yield Found("pin", "java", version, file, one.line, text.line(one.line), "build.xml")
            break


def system_properties(file: str, data: bytes) -> Iterator[Found]:
    """`java.runtime.version` and `maven.version` of a system.properties."""
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        if match := re.match(r"\s{0,20}(java\.runtime\.version|maven\.version)\s{0,9}[=:]\s{0,9}([\w.+-]{1,60})", line):
            if match[1] == "maven.version":
                yield Found("manager-version", "maven", match[2], file, number, line.strip(), "system.properties")
            else:
                value = java_version(match[2]) or match[2]
                yield Found("pin", "java", value, file, number, line.strip(), "system.properties")


PARSERS: tuple[Parser, ...] = (
    Parser("pom.xml", pom_xml, config_kind="maven"),
    Parser(".mvn/wrapper/maven-wrapper.properties", maven_wrapper, config_kind="maven"),
    Parser("build.xml", ant_build, config_kind="ant"),
    Parser("system.properties", system_properties, config_kind="version"),
)
