""".NET packages beside the project files: NuGet locks and old lists, Paket, local tools, the SDK that global.json pins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from deploydeck.scan.facts import Broken, Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import Element, load_json, load_xml, strings, table

_PAKET = re.compile(r"^\s{0,8}nuget\s+([A-Za-z0-9_][\w.-]{0,120})\s*([^\n]{0,200})$")
_PAKET_LOCKED = re.compile(r"^ {4}([A-Za-z0-9_][\w.-]{0,120}) \(([0-9][\w.+-]{0,60})\)")
_PAKET_OPTION = re.compile(r"\s*(?:\b[a-z_]{3,30}\s*:|//|#).*$")
_MOST_MISSED = 50
_REFERENCE = re.compile(r"^\s{0,8}([A-Za-z_][\w.-]{0,120})(?:\s|$)")


@lru_cache(maxsize=1)
def _spellings() -> tuple[dict[str, str], tuple[str, ...]]:
    from deploydeck.scan.rules import ecosystems

    rules = ecosystems()["dotnet"]
    names = [*rules.services, *(need.dependency for need in rules.system)]
    for row in rules.technologies:
        names += row.packages
        names += [one.name for one in (*row.all_of, *row.any_of, *row.none_of, *row.hints) if one.what in {"dependency", "locked"}]
    prefixes = tuple(name[:-1] for name in names if name.endswith("*"))
    return {name.lower(): name for name in names if not name.endswith("*")}, prefixes


def usual(name: str) -> str:
    """A package's name as our rules spell it: NuGet compares without case, so the one place that cares is here."""
    known, prefixes = _spellings()
    name = name.strip()[:200]
    if exact := known.get(name.lower()):
        return exact
    prefix = next((one for one in prefixes if name.lower().startswith(one.lower())), "")
    return prefix + name[len(prefix) :]


def names_of(one: Element) -> list[str]:
    """The packages an item includes (an `Update` changes what is included elsewhere, in central files it declares)."""
    written = one.attributes.get("Include", "") or (one.attributes.get("Update", "") if one.tag == "PackageVersion" else "")
    return [name for part in written.split(";")[:50] if (name := part.strip()) and not name.startswith("@(")]


def packages_config(file: str, data: bytes) -> Iterator[Found]:
    """packages.config of old projects: every package with its version."""
    text = Text(data)
    for one in load_xml(data).every("package"):
        name, version = one.attributes.get("id", ""), one.attributes.get("version", "")
        if name:
            private = one.attributes.get("developmentDependency", "").lower() == "true"
            tags = frozenset({"development"} if private else ())
            yield Found("dependency", usual(name), version[:100], file, one.line, text.line(one.line), "dotnet", tags)


def packages_lock(file: str, data: bytes) -> Iterator[Found]:
    """packages.lock.json: resolved versions for each target framework, the first framework's counting."""
    text = Text(data)
    content = load_json(text)
    if not isinstance(content, dict):
        raise Broken("a lock file holds one object", 1)
    seen: set[tuple[str, str]] = set()
    at, line, missed = 0, 1, 0
    for packages in table(content.get("dependencies")).values():
        for name, entry in table(packages).items():
            version = strings(entry).get("resolved", "")
            # In the order of the file, so one pass gives every line; names that never show up must not cost a pass each.
            offset = text.text.find(f'"{name}"', at) if missed < _MOST_MISSED else -1
            missed += offset < 0
            if offset >= 0:
                line += text.text.count("\n", at, offset)
                at = offset
            if version and (name, version) not in seen:
                seen.add((name, version))
                where = line if offset >= 0 else 0
                yield Found("locked", usual(name), version[:100], file, where, f'"{name}": "{version}"', "dotnet")


def tools_json(file: str, data: bytes) -> Iterator[Found]:
    """dotnet-tools.json: programs for people who develop."""
    text = Text(data)
    for name, entry in list(table(table(load_json(text)).get("tools")).items())[:200]:
        line = text.find(f'"{name}"')
        version = strings(entry).get("version", "")
        yield Found(
            "dependency", usual(str(name)), version[:100], file, line, text.line(line), "dotnet", frozenset({"development"})
        )


def global_json(file: str, data: bytes) -> Iterator[Found]:
    """global.json: the SDK that builds. It also builds for older frameworks, so it is no pin of what the program runs on."""
    text = Text(data)
    content = table(load_json(text))
    sdk = strings(content.get("sdk"))
    if version := sdk.get("version"):
        line = text.find('"version"', text.find('"sdk"'))
        tags = frozenset({sdk["rollForward"]} if sdk.get("rollForward") else ())
        yield Found("pin", "dotnet-sdk", version[:100], file, line, text.line(line), "global.json", tags)
    for name, version in list(strings(content.get("msbuild-sdks")).items())[:50]:
        line = text.find(f'"{name}"')
        yield Found("managed", usual(name), version[:100], file, line, text.line(line), "dotnet")


def paket_dependencies(file: str, data: bytes) -> Iterator[Found]:
    """paket.dependencies: what the whole tree may use; each project's paket.references says what it does use."""
    text = Text(data)
    yield Found("manifest", "paket.dependencies", "", file, 1, text.line(1), "dotnet")
    for number, line in enumerate(text.lines, 1):
        if match := _PAKET.match(line[:400].rstrip()):
            wanted = _PAKET_OPTION.sub("", match[2]).strip()
            yield Found("managed", usual(match[1]), wanted, file, number, line, "dotnet")


def paket_references(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        match = _REFERENCE.match(line[:400])
        if match and match[1].lower() != "group" and not match[1].startswith(("File:", "file")):
            yield Found("dependency", usual(match[1]), "", file, number, line, "dotnet")


def paket_lock(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        if match := _PAKET_LOCKED.match(line[:400]):
            yield Found("locked", usual(match[1]), match[2], file, number, line, "dotnet")


PARSERS: tuple[Parser, ...] = (
    Parser("packages.config", packages_config, config_kind="packages"),
    Parser("packages.lock.json", packages_lock, "lock", config_kind="lock"),
    Parser("dotnet-tools.json", tools_json, config_kind="tools"),
    Parser(".config/dotnet-tools.json", tools_json, config_kind="tools"),
    Parser("global.json", global_json, config_kind="version"),
    Parser("paket.dependencies", paket_dependencies, config_kind="packages"),
    Parser("paket.references", paket_references, config_kind="packages"),
    Parser("paket.lock", paket_lock, "lock", config_kind="lock"),
)
