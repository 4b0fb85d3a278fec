"""Ruby: what a Gemfile, its lock and a gemspec say. The sources are in `ruby_source`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers import ruby_source
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.nested import nested
from deploydeck.scan.parsers.ruby_nodes import arguments, literal, literals, method, options, receiver
from deploydeck.scan.parsers.trees import descend, line, manifest_root, text

if TYPE_CHECKING:
    from tree_sitter import Node

_SPEC = re.compile(r"^ {4}([A-Za-z0-9_.-]{1,100}) \(([0-9][^)\s]{0,80})\)\s*$")
_LOCKED_RUBY = re.compile(r"^\s{1,10}(ruby|jruby|truffleruby) (\d[\w.-]{0,40})")
_DEVELOPMENT = re.compile(
    r"^(?:.*dev(?:elopment)?.*|.*test.*|ci|.*lint.*|rubocop|style|docs?|documentation|.*debug.*|benchmarks?|tools?|local)$"
)
_SKIPPED_GEMS = frozenset({"bundler"})
_ADDS = {"add_dependency": False, "add_runtime_dependency": False, "add_development_dependency": True}

Groups = frozenset[str]


def gemfile(file: str, data: bytes) -> Iterator[Found]:
    """Gems with their requirements and groups, and the Ruby they ask for."""
    lines = Text(data)
    yield Found("manifest", "Gemfile", "", file, 0, "", "ruby")
    none: Groups = frozenset()
    for node, groups in nested(manifest_root("ruby", data), none, _groups):
        if node.type != "call" or node.child_by_field_name("receiver") is not None:
            continue
        match method(node):
            case "gem":
                yield from _gem(file, lines, node, groups)
            case "ruby":
                yield from _ruby(file, lines, node)


def _groups(node: Node, known: Groups) -> Groups:
    if node.type == "call" and node.child_by_field_name("block") is not None and method(node) == "group":
        return known | {name for argument in arguments(node) for name in literals(argument)}
    return known


def _gem(file: str, lines: Text, node: Node, groups: Groups) -> Iterator[Found]:
    given, named = arguments(node), options(node)
    name = literal(given[0]) if given else None
    if not name or name in _SKIPPED_GEMS:
        return
    for key in ("group", "groups"):
        if key in named:
            groups = groups | set(literals(named[key]))
    development = bool(groups) and all(_DEVELOPMENT.match(group) for group in groups)
    requirement = ", ".join(value for argument in given[1:] for value in literals(argument))
    number = line(node)
    tags = frozenset({"development"} if development else ())
    yield Found("dependency", name[:100], requirement[:200], file, number, lines.line(number), "ruby", tags)
    path = literal(named.get("path"))
    if path and not path.startswith("/"):
        yield Found("uses-project", path[:200], "", file, number, lines.line(number), "ruby", frozenset({"path"}))


def _ruby(file: str, lines: Text, node: Node) -> Iterator[Found]:
    given, named = arguments(node), options(node)
    if "file" in named:
        return  # the file says it itself
    wanted = [value for argument in given for value in literals(argument)]
    if given and not wanted and given[0].type == "binary":
        wanted = [literal(given[0].child_by_field_name("right")) or ""]  # ENV["RUBY_VERSION"] || "3.3"
    version = ", ".join(wanted)
    if any(character.isdigit() for character in version):
        yield Found("pin", "ruby", version[:100], file, line(node), lines.line(line(node)), "Gemfile")


def gemfile_lock(file: str, data: bytes) -> Iterator[Found]:
    """The resolved gems; a gem of the project itself (a PATH of ".") is none of its dependencies."""
    lines = Text(data)
    section, own = "", False
    seen: set[tuple[str, str]] = set()
    for number, row in enumerate(lines.lines, 1):
        row = row.rstrip("\r")
        if row and not row[0].isspace():
            section, own = row.strip(), False
        elif section == "PATH" and row.strip() == "remote: .":
            own = True
        elif section in {"GEM", "GIT", "PATH", "PLUGIN SOURCE"} and not own and (match := _SPEC.match(row)):
            version = match[2].partition("-")[0]
            if (match[1], version) not in seen:
                seen.add((match[1], version))
                yield Found("locked", match[1], version, file, number, row, "ruby")
        elif section == "RUBY VERSION" and (match := _LOCKED_RUBY.match(row)):
            version = re.split(r"p\d", match[2])[0]
            yield Found("pin", "ruby", version, file, number, row, "Gemfile.lock")
        elif section == "BUNDLED WITH" and re.fullmatch(r"\s{1,10}\d[\w.]{0,40}", row):
            yield Found("manager-version", "bundler", row.strip(), file, number, row, "ruby")


def gemspec(file: str, data: bytes) -> Iterator[Found]:
    """The name, the dependencies and the Ruby of a gem."""
    lines = Text(data)
    yield Found("manifest", "gemspec", "", file, 0, "", "ruby")
    for node in descend(manifest_root("ruby", data), frozenset({"call", "assignment"})):
        number = line(node)
        if node.type == "call":
            development = _ADDS.get(method(node))
            given = arguments(node)
            name = literal(given[0]) if given else None
            if development is None or not name or not receiver(node) or name in _SKIPPED_GEMS:
                continue
            requirement = ", ".join(value for argument in given[1:] for value in literals(argument))
            tags = frozenset({"development"} if development else ())
            yield Found("dependency", name[:100], requirement[:200], file, number, lines.line(number), "ruby", tags)
            continue
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        field = text(left).rpartition(".")[2] if left is not None and left.type == "call" else ""
        if right is None or not field:
            continue
        value = ", ".join(literals(right))
        if field == "name" and value:
            yield Found("project-name", value[:100], "", file, number, lines.line(number), "ruby")
        elif field == "required_ruby_version":
            if right.type == "call":  # Gem::Requirement.new(">= 3.1")
                value = ", ".join(one for argument in arguments(right) for one in literals(argument))
            if any(character.isdigit() for character in value):
                yield Found("pin", "ruby", value[:100], file, number, lines.line(number), "gemspec")


PARSERS: tuple[Parser, ...] = (
    Parser("Gemfile", gemfile, config_kind="bundler"),
    Parser("gems.rb", gemfile, config_kind="bundler"),
    Parser("Gemfile.lock", gemfile_lock, "lock", config_kind="bundler"),
    Parser("gems.locked", gemfile_lock, "lock", config_kind="bundler"),
    Parser("*.gemspec", gemspec, config_kind="bundler"),
    *ruby_source.PARSERS,
)
