"""Node.js manifests and lock files: package.json, package-lock.json, pnpm-lock.yaml, yarn.lock (both generations)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Broken, Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import load_json

_SECTIONS = (
    ("dependencies", frozenset[str]()),
    ("optionalDependencies", frozenset({"optional"})),
    ("devDependencies", frozenset({"development"})),
)
_MANAGER = re.compile(r"^(npm|pnpm|yarn|bun)@([0-9][0-9A-Za-z.-]{0,40})")
_YARN_ENTRY = re.compile(r'^"?((?:@[^@/"\s]{1,100}/)?[^@"\s,]{1,100})@')
_YARN_VERSION = re.compile(r'^ {2}"?version"?:?\s+"?([0-9][^"\s]{0,60})"?')
_PNPM_KEY = re.compile(r"^( *)(?:'([^']{1,200})'|\"([^\"]{1,200})\"|([^\s:'\"#][^:]{0,200})):\s*(.{0,300})$")


def package_json(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = load_json(text)
    if not isinstance(content, dict):
        raise Broken("a package.json holds one object", 1)

    def at(key: str, section: str = "") -> tuple[int, str]:
        line = text.find(f'"{key}"', text.find(f'"{section}"') if section else 0)
        return line, text.line(line)

    yield Found("manifest", "package.json", file, file, 1, text.line(1), "node")
    if isinstance(name := content.get("name"), str):
        yield Found("project-name", name, "", file, *at("name"), "node")
    for section, tags in _SECTIONS:
        for name, wanted in _strings(content.get(section)):
            yield Found("dependency", name, wanted, file, *at(name, section), "node", tags)
    for name, command in _strings(content.get("scripts")):
        yield Found("script", name, command, file, *at(name, "scripts"), "node")
    for runtime, wanted in _strings(content.get("engines")):
        kind = "pin" if runtime == "node" else "manager-version"
        yield Found(kind, runtime, wanted, file, *at(runtime, "engines"), "engines")
    for runtime, version in _strings(content.get("volta")):
        kind = "pin" if runtime == "node" else "manager-version"
        yield Found(kind, runtime, version, file, *at(runtime, "volta"), "volta")
    if isinstance(main := content.get("main"), str):
        yield Found("package-field", "main", main, file, *at("main"), "node")
    if isinstance(manager := content.get("packageManager"), str) and (match := _MANAGER.match(manager)):
        yield Found("package-manager", match[1], match[2], file, *at("packageManager"), "node")
    runtime_wish = content.get("devEngines")
    if isinstance(runtime_wish, dict) and isinstance(runtime_wish.get("runtime"), dict):
        wish = runtime_wish["runtime"]
        if wish.get("name") == "node" and isinstance(wish.get("version"), str):
            yield Found("pin", "node", wish["version"], file, *at("version", "devEngines"), "devEngines")


def _strings(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield from ((key, item) for key, item in value.items() if isinstance(item, str))


def package_lock(file: str, data: bytes) -> Iterator[Found]:
    """Versions of the packages at the top of node_modules (lock versions 1, 2 and 3)."""
    text = Text(data)
    content = load_json(text)
    if not isinstance(content, dict):
        raise Broken("a lock file holds one object", 1)
    packages = content.get("packages")
    entries = packages if isinstance(packages, dict) else content.get("dependencies")
    prefix = "node_modules/" if isinstance(packages, dict) else ""
    offset = line = 0
    for key, value in (entries if isinstance(entries, dict) else {}).items():
        name = key.removeprefix(prefix)
        if not key.startswith(prefix) or "node_modules/" in name or not isinstance(value, dict):
            continue
        if isinstance(version := value.get("version"), str):
            found = text.text.find(f'"{key}"', offset)  # in order, so one pass over the text gives every line
            if found >= 0:
                line += text.text.count("\n", offset, found)
                offset = found
            yield Found("locked", name, version, file, line + 1 if found >= 0 else 0, f'"{key}": {{ "version": "{version}"', "node")


def pnpm_lock(file: str, data: bytes) -> Iterator[Found]:
    """Direct dependencies of the root importer with the version they resolved to."""
    text = Text(data)
    if not any(line.startswith("lockfileVersion") for line in text.lines):
        raise Broken("no lockfileVersion", 1)
    path: list[str] = []
    for number, line in enumerate(text.lines, 1):
        match = _PNPM_KEY.match(line)
        if not match:
            continue
        depth, key, value = len(match[1]) // 2, match[2] or match[3] or match[4], match[5].strip().strip("'\"")
        path[depth:] = [key]
        sections = {"dependencies", "devDependencies", "optionalDependencies"}
        if depth == 4 and path[:2] == ["importers", "."] and path[2] in sections and key == "version":
            yield Found("locked", path[3], value.partition("(")[0], file, number - 1, f"{path[3]}: {value}", "node")
        elif depth == 2 and path[0] in sections and key == "version":
            yield Found("locked", path[1], value.partition("(")[0], file, number - 1, f"{path[1]}: {value}", "node")
        if path[0] == "packages":
            return


def yarn_lock(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    berry = any(line.startswith("__metadata:") for line in text.lines[:30])
    yield Found("manager-version", "yarn", "berry" if berry else "1", file, 1, text.line(1), "lock")
    name, at, header = "", 0, ""
    for number, line in enumerate(text.lines, 1):
        if line[:1] not in {"", " ", "#"}:
            match = _YARN_ENTRY.match(line)
            name, at, header = (match[1], number, line) if match else ("", 0, "")
        elif name and (version := _YARN_VERSION.match(line)):
            # several entries may hold one name at several versions; the header says for which range each is
            ranges = frozenset(re.findall(r"@(?:npm:)?([^\s@,\":]{1,100})", header[:2000]))
            yield Found("locked", name, version[1], file, at, f"{header.strip()} version {version[1]}", "node", ranges)
            name = ""


PARSERS: tuple[Parser, ...] = (
    Parser("package.json", package_json, config_kind="package.json"),
    Parser("package-lock.json", package_lock, "lock", config_kind="lock"),
    Parser("npm-shrinkwrap.json", package_lock, "lock", config_kind="lock"),
    Parser("pnpm-lock.yaml", pnpm_lock, "lock", config_kind="lock"),
    Parser("yarn.lock", yarn_lock, "lock", config_kind="lock"),
)
