"""The BEAM: what the project files of Mix, Rebar3 and Gleam say. The sources are in `beam_source`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found, Text, short
from deploydeck.scan.parsers import beam_source
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.elixir_nodes import literal, pairs, symbol, target
from deploydeck.scan.parsers.formats import items, load_toml, table
from deploydeck.scan.parsers.keys import TOML_KEY, Keys
from deploydeck.scan.parsers.nested import nested
from deploydeck.scan.parsers.trees import line, manifest_root, text

if TYPE_CHECKING:
    from tree_sitter import Node

_LOCKED = re.compile(r'^\s{0,8}"(\w{1,100})":\s{0,4}\{:(hex|git),\s{0,4}(?::(\w{1,100})|"[^"\n]{1,300}"),\s{0,4}"([^"\n]{1,100})"')
_REBAR_LOCKED = re.compile(
    r'\{<<"([^"\n]{1,100})">>,\s{0,40}\{(?:pkg,\s{0,40}<<"[^"\n]{1,100}">>,\s{0,40}<<"([^"\n]{1,100})">>|git,[^{}]{0,400}\{(?:ref|tag),\s{0,8}"([^"\n]{1,100})")'
)
_ALIAS = re.compile(r'"(assets\.(?:deploy|build)|ecto\.setup|setup|build)":')
_GLEAM_NAME = re.compile(r"\bname\s{0,8}=\s{0,8}[\"']([^\"'\n]{1,200})[\"']")
_TERM = re.compile(r'"(?:[^"\\]|\\.){0,2000}"|\'[^\'\n]{0,200}\'|%[^\n]*|[\[\]{}]|[a-z]\w{0,100}|,')


def mix(file: str, data: bytes) -> Iterator[Found]:
    """The application, its Elixir, its dependencies with their environments, umbrella and releases."""
    source = Text(data)
    yield Found("manifest", "mix.exs", "", file, 0, "", "beam")

    def found(kind: str, name: str, node: Node, value: str = "", scope: str = "beam", tags: frozenset[str] = frozenset()) -> Found:
        return Found(kind, name[:200], value[:200], file, line(node), source.line(line(node)), scope, tags)

    seen: set[str] = set()
    for node, function in nested(manifest_root("elixir", data), "", _function):
        if node.type == "tuple" and "dep" in function:
            yield from _dependency(node, found)
        if node.type != "pair" or function not in {"project", "application", "releases"}:
            continue
        key, value = symbol(node.child_by_field_name("key")), node.child_by_field_name("value")
        if value is None or (key in seen and key != "mod"):
            continue
        plain = literal(value)
        if key == "app" and value.type == "atom":
            seen.add(key)
            yield found("project-name", text(value).lstrip(":"), node)
        elif key == "elixir" and plain:
            seen.add(key)
            yield found("pin", "elixir", node, plain, "mix.exs")
        elif key == "apps_path" and plain and not plain.startswith(("/", "..")):
            seen.add(key)
            yield found("workspace", f"{plain.rstrip('/')}/*", node, "", "mix")
        elif key == "mod" and value.type == "tuple":
            yield found("entry", "mod", node, text(value)[:100])
        elif key == "escript":
            seen.add(key)
            yield found("package-field", "escript", node)
        elif key == "releases" and value.type == "list":
            seen.add(key)
            for release in pairs(value):
                yield found("option", "release", node, symbol(release.child_by_field_name("key")))
    for match in islice(_ALIAS.finditer(source.text), 20):
        number = source.line_at(match.start())
        yield Found("script", match[1], "", file, number, source.line(number), "beam")


def _function(node: Node, known: str) -> str:
    """The function a node is in: `def project do`, `defp deps do`; in a project, the list `deps: [...]` is one too."""
    if node.type == "pair" and known == "project" and symbol(node.child_by_field_name("key")) == "deps":
        return "deps"
    if node.type != "call" or target(node) not in {"def", "defp"}:
        return known
    given = next((child for child in node.named_children if child.type == "arguments"), None)
    first = given.named_children[0] if given is not None and given.named_children else None
    return (text(first).partition("(")[0].strip()[:60] or known) if first is not None else known


def _dependency(node: Node, found: Callable[..., Found]) -> Iterator[Found]:
    """`{:phoenix, "~> 1.7"}`, `{:credo, "~> 1.7", only: [:dev, :test]}`, `{:shop, in_umbrella: true}`."""
    parts = node.named_children
    if len(parts) < 2 or parts[0].type != "atom" or parts[1].type not in {"string", "keywords", "list"}:
        return
    name = text(parts[0]).lstrip(":").strip('"')
    requirement = literal(parts[1]) or ""
    options = {
        symbol(pair.child_by_field_name("key")): pair.child_by_field_name("value") for part in parts[1:] for pair in pairs(part)
    }
    if parts[1].type != "string" and not options:
        return
    only = options.get("only")
    environments = re.findall(r":(\w{1,40})", text(only)[:500]) if only is not None else []
    tags = set()
    if environments and "prod" not in environments:
        tags.add("development")
    if "optional" in options and text(options["optional"]) == "true":
        tags.add("optional")
    sibling = "in_umbrella" in options
    path = f"../{name}" if sibling else literal(options.get("path"))
    if path and not path.startswith("/"):
        yield found("uses-project", path, node, tags=frozenset({"path"}))
    if not sibling:
        yield found("dependency", name, node, requirement, tags=frozenset(tags))


def mix_lock(file: str, data: bytes) -> Iterator[Found]:
    """The resolved packages; of a git dependency the commit."""
    source = Text(data)
    for number, row in enumerate(source.lines, 1):
        if match := _LOCKED.match(row[:1000]):
            yield Found("locked", match[3] or match[1], match[4], file, number, row[:200], "beam")


def rebar(file: str, data: bytes) -> Iterator[Found]:
    """Dependencies of Erlang terms, those of profiles other than prod for development; releases; the oldest OTP."""
    source = Text(data)
    yield Found("manifest", "rebar.config", "", file, 0, "", "beam")
    stack: list[str] = []  # the first atom of each open tuple, "[" for a list
    waiting = False
    at, number = 0, 1
    for match in _TERM.finditer(source.text):
        term = match[0]
        number += source.text.count("\n", at, match.start())
        at = match.start()
        if term.startswith("%"):
            continue
        if term in "[{":
            if len(stack) > 60:
                return
            stack.append("[" if term == "[" else "")
            waiting = term == "{"
            continue
        if term in "]}":
            if stack:
                stack.pop()
            waiting = False
            continue
        if term == ",":
            continue
        name, text_ = term.strip("'"), term.startswith('"')
        if waiting:
            waiting = False
            stack[-1] = name.strip('"')
            if stack[-2:-1] == ["release"] and not text_:
                yield Found("option", "release", name, file, number, source.line(number), "beam")
                stack[-2] = "released"
            if len(stack) > 2 and stack[-2] == "[" and stack[-3] == "deps":
                yield _rebar_dependency(file, source, match.end(), number, stack, name)
        elif stack[-1:] == ["["] and stack[-2:-1] == ["deps"] and not text_:
            yield _rebar_dependency(file, source, match.end(), number, stack, name)
        elif stack[-1:] == ["minimum_otp_vsn"] and text_:
            version = re.sub(r"[^\d.].*", "", term.strip('"'))
            if version:
                yield Found("pin", "erlang", f">={version}", file, number, source.line(number), "rebar.config")
        elif stack[-1:] == ["release"] and not text_:
            yield Found("option", "release", name, file, number, source.line(number), "beam")
            stack[-1] = "released"
    if re.search(r"\{profiles[^%]{0,2000}\{\s{0,20}prod\b", source.text):
        yield Found("option", "profile", "prod", file, 0, "", "beam")


def _rebar_dependency(file: str, source: Text, end: int, number: int, stack: list[str], name: str) -> Found:
    version = re.match(r'\s{0,40},\s{0,40}"([^"\n]{1,100})"', source.text[end : end + 200])
    tag = re.match(r'[^{}]{0,40}\{git[^{}]{0,300}\{(?:tag|ref|branch),\s{0,8}"([^"\n]{1,100})"', source.text[end : end + 500])
    profiles = "profiles" in stack and "prod" not in stack
    value = version[1] if version else tag[1] if tag else ""
    tags = frozenset({"development"} if profiles else ())
    return Found("dependency", name, value, file, number, source.line(number), "beam", tags)


def rebar_lock(file: str, data: bytes) -> Iterator[Found]:
    """The resolved packages of Rebar3."""
    source = Text(data)
    at, number = 0, 1
    for match in _REBAR_LOCKED.finditer(source.text):
        number += source.text.count("\n", at, match.start())
        at = match.start()
        yield Found("locked", match[1], match[2] or match[3] or "", file, number, source.line(number), "beam")


def app_src(file: str, data: bytes) -> Iterator[Found]:
    """The name of an Erlang application."""
    source = Text(data)
    if match := re.search(r"\{\s{0,20}application\s{0,20},\s{0,20}'?(\w{1,100})", source.text[:20_000]):
        number = source.line_at(match.start())
        yield Found("project-name", match[1], "", file, number, source.line(number), "beam")
        if re.search(r"\{\s{0,20}mod\s{0,20},", source.text[:50_000]):
            yield Found("entry", "mod", match[1], file, number, source.line(number), "beam")


def gleam(file: str, data: bytes) -> Iterator[Found]:
    """The package, its Gleam, its target and its dependencies."""
    source = Text(data)
    content = load_toml(source)
    keys = Keys(source, TOML_KEY)

    def found(kind: str, name: str, value: str, number: int, scope: str = "beam", tags: frozenset[str] = frozenset()) -> Found:
        return Found(kind, name[:200], value[:200], file, number, source.line(number), scope, tags)

    yield found("manifest", "gleam.toml", "", 0)
    if isinstance(name := content.get("name"), str) and name:
        yield found("project-name", name, "", source.find("name"))
    if isinstance(version := content.get("gleam"), str):
        yield found("pin", "gleam", version, source.find("gleam ") or source.find("gleam="), "gleam.toml")
    if isinstance(kind := content.get("target"), str):
        yield found("option", "target", kind, source.find("target"))
    for section, development in (("dependencies", False), ("dev-dependencies", True), ("dev_dependencies", True)):
        start = source.find(f"[{section}]")
        for package, requirement in table(content.get(section)).items():
            number = keys.line(str(package), start)
            tags = frozenset({"development"} if development else ())
            inner = table(requirement)
            path = inner.get("path")
            if isinstance(path, str) and not path.startswith("/"):
                yield found("uses-project", path, "", number, tags=frozenset({"path"}))
            value = requirement if isinstance(requirement, str) else short(inner.get("version", inner.get("ref", "")))
            yield found("dependency", str(package), value, number, tags=tags)


def gleam_manifest(file: str, data: bytes) -> Iterator[Found]:
    """The resolved packages of Gleam. Julia's Manifest.toml is another file: names differ by case."""
    source = Text(data)
    keys = Keys(source, _GLEAM_NAME)
    for package in items(load_toml(source).get("packages")):
        name, version = table(package).get("name"), table(package).get("version")
        if isinstance(name, str) and isinstance(version, str) and name:
            number = keys.line(name)
            yield Found("locked", name[:200], version[:100], file, number, source.line(number), "beam")


def buildpack(file: str, data: bytes) -> Iterator[Found]:
    """The versions that the Elixir buildpack's configuration pins."""
    source = Text(data)
    for number, row in enumerate(source.lines, 1):
        if match := re.match(r"^\s{0,20}(elixir|erlang)_version\s{0,8}=\s{0,8}['\"\(]{0,3}v?([\d.]{1,30})", row):
            yield Found("pin", match[1], match[2], file, number, row, "elixir_buildpack.config")


PARSERS: tuple[Parser, ...] = (
    Parser("mix.exs", mix, config_kind="mix"),
    Parser("mix.lock", mix_lock, "lock", config_kind="mix"),
    Parser("rebar.config", rebar, config_kind="rebar3"),
    Parser("rebar.lock", rebar_lock, "lock", config_kind="rebar3"),
    Parser("src/*.app.src", app_src),
    Parser("gleam.toml", gleam, config_kind="gleam"),
    Parser("manifest.toml", gleam_manifest, "lock", config_kind="gleam"),
    Parser("elixir_buildpack.config", buildpack, config_kind="version"),
    *beam_source.PARSERS,
)
