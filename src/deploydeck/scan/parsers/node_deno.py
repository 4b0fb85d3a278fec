"""Deno's manifest and import map: tasks, imports from npm, JSR and by URL, members of a workspace."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Broken, Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import items, load_json, strings, table

_SPECIFIER = re.compile(r"^(npm|jsr):/?((?:@[^@/\s]{1,100}/)?[^@/\s]{1,100})(?:@([^/\s]{1,80}))?")
_URL = re.compile(r"^https?://[^/\s]{1,100}/(?:x/|npm/|gh/[^/\s]{1,60}/)?(@?[\w.-]{1,80})@v?([\w.-]{1,40})")


def deno_json(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = load_json(text)
    if not isinstance(content, dict):
        raise Broken("a deno.json holds one object", 1)
    yield Found("manifest", "deno.json", file, file, 1, text.line(1), "deno")
    if isinstance(name := content.get("name"), str):
        line = text.find('"name"')
        yield Found("project-name", name, "", file, line, text.line(line), "deno")
    for name, task in table(content.get("tasks")).items():
        command = task if isinstance(task, str) else table(task).get("command")
        if isinstance(command, str):
            line = text.find(f'"{name}"', text.find('"tasks"'))
            yield Found("script", str(name), command, file, line, text.line(line), "deno")
    yield from _imports(file, text, strings(content.get("imports")))
    members = content.get("workspace")
    for glob in items(table(members).get("members") if isinstance(members, dict) else members):
        if isinstance(glob, str):
            line = text.find(f'"{glob}"')
            yield Found("workspace", glob, "", file, line, text.line(line), "deno")
    if isinstance(path := content.get("exports"), str):
        line = text.find('"exports"')
        yield Found("package-field", "exports", path, file, line, text.line(line), "deno")
    entry = table(content.get("deploy")).get("entrypoint")
    if isinstance(entry, str):
        line = text.find('"entrypoint"')
        yield Found("entry", "deploy", entry, file, line, text.line(line), "deno")


def import_map(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    yield from _imports(file, text, strings(table(load_json(text)).get("imports")))


def _imports(file: str, text: Text, entries: dict[str, str]) -> Iterator[Found]:
    """npm packages are dependencies of the npm registry, whoever installs them; JSR and URLs are Deno's own."""
    for key, target in entries.items():
        line = text.find(f'"{key}"')
        if match := _SPECIFIER.match(target):
            scope = "node" if match[1] == "npm" else "deno"
            yield Found("dependency", match[2], match[3] or "", file, line, text.line(line), scope)
        elif match := _URL.match(target):
            yield Found("dependency", match[1], match[2], file, line, text.line(line), "deno", frozenset({"url"}))
        if key.startswith("$"):
            yield Found("import", key.rstrip("/"), target, file, line, text.line(line), "node")


PARSERS: tuple[Parser, ...] = (
    Parser("deno.json", deno_json, config_kind="deno"),
    Parser("deno.jsonc", deno_json, config_kind="deno"),
    Parser("import_map.json", import_map, config_kind="deno"),
)
