"""Lock files of npm, pnpm, Yarn (both generations), Bun and Deno: every package with the version it resolved to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Broken, Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import items, load_json, strings, table

_NESTED = frozenset({"nested"})
_DEVELOPMENT = frozenset({"development"})
_YARN_ENTRY = re.compile(r'^"?((?:@[^@/"\s]{1,100}/)?[^@"\s,]{1,100})@')
_YARN_VERSION = re.compile(r'^ {2}"?version"?:?\s+"?([0-9][^"\s]{0,60})"?')
_YARN_RANGE = re.compile(r"@(?:npm:)?([^\s@,\":]{1,100})")
_PNPM_KEY = re.compile(r"^( *)(?:'([^']{1,300})'|\"([^\"]{1,300})\"|([^\s:'\"#][^:]{0,300})):\s*(.{0,300})$")
_PNPM_PACKAGE = re.compile(r"^/?((?:@[^/@]{1,120}/)?[^/@()]{1,120})[@/](\d[^()/_]{0,80})")
_PNPM_SECTIONS = frozenset({"dependencies", "devDependencies", "optionalDependencies"})
_SPECIFIER = re.compile(r"^((?:@[^@/\s]{1,100}/)?[^@/\s]{1,100})@([0-9][^\s_()]{0,80})")


class _Lines:
    """Finds the line of each key in the order of the file, in one pass over it."""

    def __init__(self, text: Text) -> None:
        self._text = text.text
        self._offset = self._line = 0

    def of(self, key: str) -> int:
        """The line of the next `"key"`; 0 when there is none behind the last one."""
        found = self._text.find(f'"{key}"', self._offset)
        if found < 0:
            return 0
        self._line += self._text.count("\n", self._offset, found)
        self._offset = found
        return self._line + 1


def _object(text: Text) -> dict[str, Any]:
    content = load_json(text)
    if not isinstance(content, dict):
        raise Broken("a lock file holds one object", 1)
    return content


def package_lock(file: str, data: bytes) -> Iterator[Found]:
    """Lock versions 1, 2 and 3. Packages below others' node_modules come last, so that the top ones win."""
    text = Text(data)
    content = _object(text)
    lines = _Lines(text)
    packages = content.get("packages")
    if not isinstance(packages, dict):
        yield from _old_lock(file, lines, content)
        return
    later: list[Found] = []
    for key, value in packages.items():
        path, marker, name = key.rpartition("node_modules/")
        version = table(value).get("version")
        if not marker or not isinstance(version, str) or table(value).get("link") is True:
            continue
        if isinstance(alias := table(value).get("name"), str):
            name = alias
        tags = _DEVELOPMENT if value.get("dev") is True else frozenset()
        line = lines.of(key)
        if path:
            later.append(Found("locked", name, version, file, line, _shown(key, version), "node", tags | _NESTED))
        else:
            yield Found("locked", name, version, file, line, _shown(key, version), "node", tags)
    yield from later


def _old_lock(file: str, lines: _Lines, content: dict[str, Any]) -> Iterator[Found]:
    later: list[Found] = []
    waiting = [(name, value, 0) for name, value in reversed(table(content.get("dependencies")).items())]
    while waiting:
        name, value, depth = waiting.pop()
        version = table(value).get("version")
        line = lines.of(name)
        if isinstance(version, str):
            tags = (_DEVELOPMENT if value.get("dev") is True else frozenset()) | (_NESTED if depth else frozenset())
            found = Found("locked", name, version, file, line, _shown(name, version), "node", tags)
            if depth:
                later.append(found)
            else:
                yield found
        if depth < 30:
            waiting += [(inner, entry, depth + 1) for inner, entry in reversed(table(table(value).get("dependencies")).items())]
    yield from later


def _shown(key: str, version: str) -> str:
    return f'"{key}": {{ "version": "{version}"'


def pnpm_lock(file: str, data: bytes) -> Iterator[Found]:
    """Versions 5, 6 and 9: what each importer resolved (tagged with what it asked for), then every package."""
    text = Text(data)
    if not any(line.startswith("lockfileVersion") for line in text.lines):
        raise Broken("no lockfileVersion", 1)
    path: list[str] = []
    asked = ""
    specifiers: dict[str, str] = {}
    packages: dict[tuple[str, str], tuple[int, bool]] = {}
    current: tuple[str, str] | None = None
    for number, line in enumerate(text.lines, 1):
        match = _PNPM_KEY.match(line)
        if not match:
            continue
        depth, key, value = len(match[1]) // 2, match[2] or match[3] or match[4], match[5].strip().strip("'\"")
        path[depth:] = [key]
        top = path[0]
        if top in {"packages", "snapshots"}:
            if depth == 1:
                current = None
                if package := _PNPM_PACKAGE.match(key):
                    current = (package[1], package[2])
                    packages.setdefault(current, (number, False))
            elif depth == 2 and current and key == "dev" and value == "true":
                packages[current] = (packages[current][0], True)
            continue
        if top == "specifiers" and depth == 1:
            specifiers[key] = value
        inner = path[2:] if top == "importers" else path
        if len(path) != depth + 1 or not inner or inner[0] not in _PNPM_SECTIONS:
            continue
        tags = _DEVELOPMENT if inner[0] == "devDependencies" else frozenset()
        if len(inner) == 3 and key == "specifier":
            asked = value
        elif len(inner) == 3 and key == "version" and value[:1].isdigit():
            wanted = asked or specifiers.get(inner[1], "")
            yield _pnpm(file, number - 1, inner[1], value, tags | ({wanted} if wanted else frozenset()))
            asked = ""
        elif len(inner) == 2 and value[:1].isdigit():  # version 5: `express: 4.18.2`
            wanted = specifiers.get(key, "")
            yield _pnpm(file, number, key, value, tags | ({wanted} if wanted else frozenset()))
    for (name, version), (number, development) in packages.items():
        tags = _NESTED | (_DEVELOPMENT if development else frozenset())
        yield Found("locked", name, version, file, number, text.line(number), "node", tags)


def _pnpm(file: str, line: int, name: str, value: str, tags: frozenset[str]) -> Found:
    version = value.partition("(")[0].partition("_")[0]
    return Found("locked", name, version, file, line, f"{name}: {value}", "node", tags)


def yarn_lock(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    berry = any(line.startswith("__metadata:") for line in text.lines[:30])
    yield Found("manager-version", "yarn", "berry" if berry else "1", file, 1, text.line(1), "lock")
    name, at, header = "", 0, ""
    for number, line in enumerate(text.lines, 1):
        if line[:1] not in {"", " ", "#"}:
            match = _YARN_ENTRY.match(line)
            name, at, header = (match[1], number, line) if match and "@workspace:" not in line else ("", 0, "")
        elif name and (version := _YARN_VERSION.match(line)):
            # several entries may hold one name at several versions; the header says for which range each is
            ranges = frozenset(_YARN_RANGE.findall(header[:2000]))
            yield Found("locked", name, version[1], file, at, f"{header.strip()[:160]} version {version[1]}", "node", ranges)
            name = ""


def bun_lock(file: str, data: bytes) -> Iterator[Found]:
    """bun.lock: JSON with closing commas; a package is a list that begins with `name@version`."""
    text = Text(data)
    content = _object(text)
    lines = _Lines(text)
    later: list[Found] = []
    development = {
        name for member in table(content.get("workspaces")).values() for name in strings(table(member).get("devDependencies"))
    }
    for key, value in table(content.get("packages")).items():
        first = next(iter(items(value)), None)
        match = _SPECIFIER.match(first) if isinstance(first, str) else None
        line = lines.of(key)
        if not match:
            continue
        nested = key != match[1]
        tags = _NESTED if nested else _DEVELOPMENT if key in development else frozenset[str]()
        found = Found("locked", match[1], match[2], file, line, text.line(line), "node", tags)
        if nested:
            later.append(found)
        else:
            yield found
    yield from later


def deno_lock(file: str, data: bytes) -> Iterator[Found]:
    """deno.lock versions 2 to 5: npm and JSR packages, and what was fetched by URL."""
    text = Text(data)
    content = _object(text)
    inner = table(content.get("packages")) or content
    npm = table(inner.get("npm"))
    for scope, section in (("deno", table(inner.get("jsr"))), ("node", table(npm.get("packages")) or npm)):
        lines = _Lines(text)
        for key in section:
            if match := _SPECIFIER.match(key):
                line = lines.of(key)
                yield Found("locked", match[1], match[2], file, line, text.line(line), scope)


PARSERS: tuple[Parser, ...] = (
    Parser("package-lock.json", package_lock, "lock", config_kind="lock"),
    Parser("npm-shrinkwrap.json", package_lock, "lock", config_kind="lock"),
    Parser("pnpm-lock.yaml", pnpm_lock, "lock", config_kind="lock"),
    Parser("yarn.lock", yarn_lock, "lock", config_kind="lock"),
    Parser("bun.lock", bun_lock, "lock", config_kind="lock"),
    Parser("deno.lock", deno_lock, "lock", config_kind="lock"),
)
