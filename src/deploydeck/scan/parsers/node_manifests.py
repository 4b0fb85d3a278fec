"""Manifests of JavaScript projects: package.json and its other spellings, and what declares the members of a workspace."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Broken, Found, Text
from deploydeck.scan.parsers import node_config, node_deno, node_locks
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import items, load_json, load_yaml, strings, table

SECTIONS: tuple[tuple[str, frozenset[str]], ...] = (
    ("dependencies", frozenset()),
    ("optionalDependencies", frozenset({"optional"})),
    ("peerDependencies", frozenset({"peer"})),
    ("devDependencies", frozenset({"development"})),
)
_MANAGERS = "npm|pnpm|yarn|bun"
_RUNTIMES = frozenset({"node", "bun", "deno"})
_MANAGER = re.compile(rf"^({_MANAGERS})@\^?v?([0-9][0-9A-Za-z.-]{{0,40}})")
_FIELDS = ("main", "module", "type", "version")
_DELEGATES = re.compile(
    r"\b(?:turbo|nx|lerna|rush|moon|wsrun|ultra|preconstruct)\b|\bpnpm\b.{0,40}\s(?:-r|--recursive|--filter|-F)\b|\byarn\s+workspaces?\b"
    r"|\s(?:--workspaces?|-w|-ws)\b|\bbun\b.{0,20}\s--filter\b"
)
_KEY5 = re.compile(r"([{,]\s{0,200})([A-Za-z_$][\w$]{0,100})(\s{0,20}):")
_STRING5 = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'((?:[^'\\\n]|\\.)*)'|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)


class _Manifest:
    """A parsed manifest with the lines of its keys."""

    def __init__(self, file: str, text: Text) -> None:
        self.file = file
        self.text = text
        self._sections: dict[str, int] = {}

    def at(self, key: str, section: str = "") -> tuple[int, str]:
        """The line that holds a key, after its section's when one is given, and its text."""
        start = 0
        if section:
            if section not in self._sections:
                self._sections[section] = self._line(section, 0)
            start = self._sections[section]
        line = self._line(key, start)
        return line, self.text.line(line)

    def _line(self, key: str, start: int) -> int:
        for quoted in (f'"{key}"', f"'{key}'", f"{key}:", key):
            if line := self.text.find(quoted, start):
                return line
        return 0

    def found(
        self, kind: str, name: str, value: str, key: str, section: str, scope: str, tags: frozenset[str] = frozenset()
    ) -> Found:
        return Found(kind, name, value, self.file, *self.at(key, section), scope, tags)


def package_json(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = load_json(text)
    if not isinstance(content, dict):
        raise Broken("a package.json holds one object", 1)
    yield from _package(file, text, content)


def package_json5(file: str, data: bytes) -> Iterator[Found]:
    """JSON5 by bringing it back to JSON: quotes, bare keys, comments. Odder forms are Broken."""
    text = Text(data)
    plain = _STRING5.sub(_as_json, text.text)
    content = load_json(Text(_KEY5.sub(r'\1"\2"\3:', plain).encode()))
    if not isinstance(content, dict):
        raise Broken("a package.json5 holds one object", 1)
    yield from _package(file, text, content)


def package_yaml(file: str, data: bytes) -> Iterator[Found]:
    """package.yaml as pnpm takes it. Haskell's hpack has a file of that name too: its dependencies are a list, and no scripts."""
    text = Text(data)
    content = table(load_yaml(text))
    if isinstance(content.get("dependencies"), dict) or isinstance(content.get("scripts"), dict):
        yield from _package(file, text, content)


def _as_json(match: re.Match[str]) -> str:
    if match[1] is not None:
        return json.dumps(match[1].replace("\\'", "'"))
    return "" if match[0].startswith("/") else match[0]


def _package(file: str, text: Text, content: dict[str, Any]) -> Iterator[Found]:
    manifest = _Manifest(file, text)
    found = manifest.found
    yield Found("manifest", "package.json", file, file, 1, text.line(1), "node")
    if isinstance(name := content.get("name"), str):
        yield found("project-name", name, "", "name", "", "node")
    yield from _dependencies(manifest, content)
    scripts = strings(content.get("scripts"))
    for name, command in scripts.items():
        yield found("script", name, command, name, "scripts", "node")
    yield from _versions(manifest, content)
    for field in _FIELDS:
        if isinstance(value := content.get(field), str):
            yield found("package-field", field, value, field, "", "node")
    if content.get("private") is True:
        yield found("package-field", "private", "true", "private", "", "node")
    if "exports" in content:
        yield found("package-field", "exports", _first_path(content["exports"]), "exports", "", "node")
    programs = content.get("bin")
    for path in [programs] if isinstance(programs, str) else strings(programs).values():
        yield found("package-field", "bin", path, path, "bin", "node")
        yield found("entry", "bin", path, path, "bin", "node")
    if isinstance(directory := table(content.get("directories")).get("bin"), str):
        yield found("package-field", "bin", directory, "bin", "directories", "node")
    members = content.get("workspaces")
    for glob in items(table(members).get("packages") if isinstance(members, dict) else members):
        if isinstance(glob, str):
            tool = "bun" if "bun" in str(content.get("packageManager", "")) else "node"
            yield found("workspace", glob, "", glob, "workspaces", tool, frozenset({"exclude"} if glob.startswith("!") else ()))
    if (
        items(members)
        or table(members)
        or any(_DELEGATES.search(scripts.get(key, "")) for key in ("build", "dev", "start", "test"))
    ):
        yield found("manifest", "workspace-root", "", "workspaces" if members else "scripts", "", "node")
    for name, wanted in strings(table(members).get("catalog")).items():
        yield found("catalog", name, wanted, name, "catalog", "node")
    for section in (
        "eslintConfig",
        "browserslist",
        "prettier",
        "jest",
        "nx",
        "ember",
        "capacitor",
        "build",
        "meteor",
        "redwood",
        "pnpm",
    ):
        if table(content.get(section)):
            yield found("tool", section, "", section, "", "node")


def _dependencies(manifest: _Manifest, content: dict[str, Any]) -> Iterator[Found]:
    optional = {name for name, meta in table(content.get("peerDependenciesMeta")).items() if table(meta).get("optional") is True}
    listed = {name for key in ("dependencies", "optionalDependencies", "devDependencies") for name in table(content.get(key))}
    for section, tags in SECTIONS:
        for name, wanted in strings(content.get(section)).items():
            if "peer" in tags and (name in listed or name in optional):
                continue
            yield manifest.found("dependency", name, wanted, name, section, "node", tags)
            protocol, _, rest = wanted.partition(":")
            if protocol == "workspace":
                yield manifest.found("uses-project", name, wanted, name, section, "node")
            elif protocol in {"file", "link", "portal"}:
                yield manifest.found(
                    "uses-project", rest.removeprefix("./") or ".", wanted, name, section, "node", frozenset({"path"})
                )


def _versions(manifest: _Manifest, content: dict[str, Any]) -> Iterator[Found]:
    for section in ("engines", "volta"):
        for name, wanted in strings(content.get(section)).items():
            if name not in _RUNTIMES and not re.fullmatch(_MANAGERS, name):
                continue  # engines of editors, the path that Volta extends
            kind = "pin" if name in _RUNTIMES else "manager-version"
            yield manifest.found(kind, name, wanted, name, section, section)
            if name == "bun":
                yield manifest.found("manager-version", name, wanted, name, section, section)
    if isinstance(manager := content.get("packageManager"), str) and (match := _MANAGER.match(manager)):
        yield manifest.found("package-manager", match[1], match[2], "packageManager", "", "node")
        if match[1] == "bun":
            yield manifest.found("pin", "bun", match[2], "packageManager", "", "packageManager")
    wishes = table(content.get("devEngines"))
    for key, kind in (("runtime", "pin"), ("packageManager", "package-manager")):
        wish = wishes.get(key)
        for one in wish if isinstance(wish, list) else [wish]:
            wished: dict[str, Any] = table(one)
            known, version = wished.get("name"), wished.get("version", "")
            if not isinstance(known, str) or not isinstance(version, str):
                continue
            if kind == "pin" and known in _RUNTIMES and version:
                yield manifest.found(kind, known, version, "version", "devEngines", "devEngines")
            elif kind == "package-manager" and re.fullmatch(_MANAGERS, known):
                yield manifest.found(kind, known, version, "packageManager", "devEngines", "node")


def _first_path(exports: Any) -> str:
    """The path of the main export: conditions are tried in the order Node.js would."""
    for _ in range(6):
        if isinstance(exports, str):
            return exports
        options = table(exports)
        exports = next((options[key] for key in (".", "node", "import", "require", "default") if key in options), None)
    return ""


def pnpm_workspace(file: str, data: bytes) -> Iterator[Found]:
    """Members, and the catalogs that `catalog:` requirements stand for."""
    text = Text(data)
    content = table(load_yaml(text))
    for glob in items(content.get("packages")):
        if isinstance(glob, str):
            line = text.find(glob)
            yield Found(
                "workspace", glob, "", file, line, text.line(line), "pnpm", frozenset({"exclude"} if glob.startswith("!") else ())
            )
    if items(content.get("packages")):
        yield Found("manifest", "workspace-root", "", file, 1, text.line(1), "node")
    catalogs = {"": content.get("catalog"), **table(content.get("catalogs"))}
    for catalog, entries in catalogs.items():
        for name, wanted in strings(entries).items():
            line = text.find(name)
            yield Found("catalog", name, wanted, file, line, text.line(line), "node", frozenset({f"catalog:{catalog}"}))
    if isinstance(version := content.get("nodeVersion") or content.get("useNodeVersion"), str):
        line = text.find("odeVersion")
        yield Found("pin", "node", version, file, line, text.line(line), "pnpm-workspace.yaml")


def lerna(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = table(load_json(text))
    yield Found("tool", "lerna", "", file, 1, text.line(1), "node")
    for glob in items(content.get("packages")):
        if isinstance(glob, str):
            line = text.find(glob)
            yield Found("workspace", glob, "", file, line, text.line(line), "lerna")
    yield Found("manifest", "workspace-root", "", file, 1, text.line(1), "node")
    if isinstance(client := content.get("npmClient"), str):
        line = text.find("npmClient")
        yield Found("manager-version", client, "", file, line, text.line(line), "lerna")


def rush(file: str, data: bytes) -> Iterator[Found]:
    """rush.json names its members one by one, and the managers with their versions."""
    text = Text(data)
    content = table(load_json(text))
    yield Found("tool", "rush", str(content.get("rushVersion", "")), file, 1, text.line(1), "node")
    yield Found("manifest", "workspace-root", "", file, 1, text.line(1), "node")
    for project in items(content.get("projects")):
        if isinstance(path := table(project).get("projectFolder"), str):
            line = text.find(path)
            yield Found("workspace", path, "", file, line, text.line(line), "rush")
    for manager in _MANAGERS.split("|"):
        if isinstance(version := content.get(f"{manager}Version"), str):
            line = text.find(f"{manager}Version")
            yield Found("package-manager", manager, version, file, line, text.line(line), "node")
    if isinstance(version := content.get("nodeSupportedVersionRange"), str):
        line = text.find("nodeSupportedVersionRange")
        yield Found("pin", "node", version, file, line, text.line(line), "engines")


PARSERS: tuple[Parser, ...] = (
    Parser("package.json", package_json, config_kind="package.json"),
    Parser("package.json5", package_json5, config_kind="package.json"),
    Parser("package.yaml", package_yaml),
    Parser("pnpm-workspace.yaml", pnpm_workspace, config_kind="workspace"),
    Parser("lerna.json", lerna, config_kind="workspace"),
    Parser("rush.json", rush, config_kind="workspace"),
    *node_locks.PARSERS,
    *node_config.PARSERS,
    *node_deno.PARSERS,
)
