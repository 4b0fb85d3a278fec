"""Gradle's data files: the version catalog, gradle.properties, the wrapper, gradle.lockfile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Found, Text, short
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import items, load_toml, table

_KEY = re.compile(r"^\s*(?:\"([^\"]{1,150})\"|'([^']{1,150})'|([\w.-]{1,150}))\s*=")
_LOCKED = re.compile(r"^([^:=\s]{1,200}):([^:=\s]{1,200}):([^:=\s]{1,100})=(.{0,2000})$")


def _version(value: Any, versions: dict[str, Any]) -> str:
    """The version of a catalog entry: text, a reference, or a rich version."""
    if isinstance(value, str):
        return value
    entry = table(value)
    if isinstance(entry.get("ref"), str):
        return _version(versions.get(entry["ref"]), {})
    for key in ("strictly", "require", "prefer"):
        if isinstance(entry.get(key), str):
            return str(entry[key])
    return ""


def _reference(entry: dict[str, Any]) -> Any:
    """`version.ref` may also be written as one quoted key by hand."""
    return entry.get("version", {"ref": entry["version.ref"]} if isinstance(entry.get("version.ref"), str) else "")


def accessor(alias: str) -> str:
    """How build scripts spell an alias: `spring-boot_web` is `spring.boot.web`."""
    return re.sub(r"[-_]", ".", alias)


def version_catalog(file: str, data: bytes) -> Iterator[Found]:
    """Every library, plugin and bundle of a catalog as what its accessor stands for: `libs.x.y` is `group:artifact:version`."""
    text = Text(data)
    catalog = load_toml(text)
    name = file.rpartition("/")[2].removesuffix(".versions.toml") or "libs"
    lines: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.lines, 1):
        if line.startswith("["):
            section = line.strip().strip("[]").partition(".")[0]
        elif match := _KEY.match(line):
            lines.setdefault((section, match[1] or match[2] or match[3]), number)
    versions = table(catalog.get("versions"))

    def found(section: str, alias: str, prefix: str, value: str) -> Found:
        line = lines.get((section, alias), 0)
        return Found("managed", short(f"{name}.{prefix}{accessor(alias)}"), value[:500], file, line, text.line(line), "catalog")

    for alias, entry in table(catalog.get("libraries")).items():
        if isinstance(entry, str):
            yield found("libraries", alias, "", entry)
            continue
        row = table(entry)
        module = row.get("module") if isinstance(row.get("module"), str) else f"{row.get('group', '')}:{row.get('name', '')}"
        yield found("libraries", alias, "", f"{module}:{_version(_reference(row), versions)}".rstrip(":"))
    for alias, entry in table(catalog.get("plugins")).items():
        if isinstance(entry, str):
            yield found("plugins", alias, "plugins.", entry)
            continue
        row = table(entry)
        yield found("plugins", alias, "plugins.", f"{row.get('id', '')}:{_version(_reference(row), versions)}".rstrip(":"))
    for alias, entry in table(catalog.get("bundles")).items():
        members = [accessor(one) for one in items(entry) if isinstance(one, str)]
        yield found("bundles", alias, "bundles.", ",".join(f"{name}.{one}" for one in members))
    for alias in versions:
        if value := _version(versions[alias], {}):
            yield found("versions", alias, "versions.", value)


def gradle_properties(file: str, data: bytes) -> Iterator[Found]:
    """Versions and names that build scripts read; `version` and `group` are the project's own."""
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        match = re.match(r"\s{0,20}([A-Za-z][\w.-]{0,80})\s{0,9}[=:]\s{0,9}([^\s]{1,100})\s*$", line)
        if not match or line.lstrip().startswith(("#", "!")):
            continue
        name, value = match[1], match[2]
        if name == "version":
            yield Found("package-field", "version", value, file, number, line.strip(), "jvm")
        if re.match(r"v?\d", value) or name.endswith(("PluginId", "GroupId", "ArtifactId")):
            yield Found("managed", name, value, file, number, line.strip(), "property")


def gradle_wrapper(file: str, data: bytes) -> Iterator[Found]:
    """The version of Gradle that the wrapper fetches."""
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        if match := re.search(r"distributionUrl\s{0,4}=.{0,300}gradle-(\d[\w.-]{0,30}?)-(?:bin|all|src)\.zip", line):
            yield Found("manager-version", "gradle", match[1], file, number, line.strip(), "wrapper")


def gradle_lockfile(file: str, data: bytes) -> Iterator[Found]:
    """`group:artifact:version=configurations` of a gradle.lockfile; what only tests resolve is for development."""
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        match = _LOCKED.match(line.strip())
        if not match:
            continue
        used = [one for one in match[4].split(",") if one]
        tags = (
            frozenset({"development"})
            if used and all("test" in one.lower() or one == "developmentOnly" for one in used)
            else frozenset()
        )
        yield Found("locked", f"{match[1]}:{match[2]}", match[3], file, number, line.strip(), "jvm", tags)


PARSERS: tuple[Parser, ...] = (
    Parser("gradle/*.versions.toml", version_catalog, config_kind="gradle"),
    Parser("gradle.properties", gradle_properties),
    Parser("gradle/wrapper/gradle-wrapper.properties", gradle_wrapper, config_kind="gradle"),
    Parser("gradle.lockfile", gradle_lockfile, "lock"),
)
