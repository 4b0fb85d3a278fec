"""What a security policy is, and the reading that several of them share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from deploydeck.domain import TextEdit
from deploydeck.redaction import Redactor

MAX_NODES = 50_000
MAX_DEPTH = 60
_SECRET_NAME = re.compile(
    r"(?:^|[_.-])(?:SECRET(?:_?KEY(?:_?BASE)?)?|PASS(?:WORD|WD|PHRASE)|TOKEN|API_?KEY|PRIVATE_?KEY|(?:SECRET_?)?ACCESS_?KEY|CREDENTIALS?)"
    r"(?:$|[_.-])|(?:^|[_.-])(?:PASS|PWD)$",
    re.IGNORECASE,
)
_FOR_BROWSERS = re.compile(r"(?:NEXT_PUBLIC|NUXT_PUBLIC|VITE|PUBLIC|REACT_APP|EXPO_PUBLIC|GATSBY)_")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_REFERENCE = re.compile(r"\$[({A-Za-z_]|\{\{|^!|^<.*>$|^arn:|^\[.*\]$|^@")
_NO_SECRET = frozenset({"managedidentity"})
"""Words that take the place of a secret: Azure's setting AzureWebJobsStorage__credential says with it that there is none."""
_EMPTY = frozenset("changeme change-me example none null true false yes no on off 0 1 write read ~".split()) | {""}
_shapes = Redactor()


@dataclass(frozen=True)
class Hit:
    """One place that breaks a policy. `fix` is empty only where no edit is sure to be right; then `message` says what to do."""

    line: int
    message: str
    fix: tuple[TextEdit, ...] = ()


@dataclass(frozen=True)
class Policy:
    """A rule over one format: why it exists, and where a text breaks it. `blocking` keeps a generated file from being offered."""

    rule: str
    reason: str
    hits: Callable[[str], Iterable[Hit]]
    blocking: bool = False


def names_secret(name: str) -> bool:
    """Whether a name says that the value is a secret (`API_KEY`, `db.password`, `clientSecret`), not where one is kept."""
    plain = _CAMEL.sub("_", name)
    if _FOR_BROWSERS.match(name):  # made to be sent to every visitor
        return False
    if re.search(r"(?:_|-)(?:ARN|NAME|ID|REF|PATH|FILE|URI|URL|LENGTH|VERSION)S?$", plain, re.IGNORECASE):
        return False
    return _SECRET_NAME.search(plain) is not None


def is_literal(value: str) -> bool:
    """Whether a value stands for itself: neither empty nor a reference to something kept elsewhere."""
    text = value.strip().strip("'\"")
    return text.lower() not in _EMPTY | _NO_SECRET and _REFERENCE.search(text) is None


def unversioned(image: str) -> bool:
    """Whether an image is named without a version: no tag, or `latest`. A digest or a variable settles it elsewhere."""
    if not image or "$" in image or "@" in image:
        return False
    _, colon, tag = image.rsplit("/", 1)[-1].partition(":")
    return not colon or tag in ("", "latest")


def credential_lines(content: str) -> Iterator[int]:
    """Lines that hold what looks like a live credential wherever it stands (facts of `redaction`), counted from 1."""
    for number, line in enumerate(content.split("\n"), 1):
        if _shapes(line) != line and is_literal(line.rpartition("://")[2] or line):
            yield number


@dataclass(frozen=True)
class Entry:
    """A scalar in a YAML or JSON document: the keys that lead to it (list places as numbers), its text and line."""

    path: tuple[str, ...]
    value: str
    line: int

    @property
    def key(self) -> str:
        """The last key that is not a place in a list."""
        return next((part for part in reversed(self.path) if not part.isdigit()), "")


@dataclass(frozen=True)
class Document:
    """A YAML or JSON document flattened: scalars in order, and the line and keys of each mapping by path."""

    entries: tuple[Entry, ...] = ()
    mappings: tuple[tuple[tuple[str, ...], int, tuple[str, ...]], ...] = ()

    def keys(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """The keys of the mapping at a path; empty when there is none."""
        return next((keys for at, _, keys in self.mappings if at == path), ())

    def line(self, path: tuple[str, ...]) -> int:
        """Where the mapping at a path begins: the line of its own key."""
        return next((line for at, line, _ in self.mappings if at == path), 1)

    def value(self, *path: str) -> str:
        return next((entry.value for entry in self.entries if entry.path == path), "")

    def below(self, *path: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.path[: len(path)] == path]


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's, where it was built with it: ten times as fast


@lru_cache(maxsize=32)
def read_document(content: str) -> Document:
    """The document; an empty one for what is no YAML (its own checker says so). Aliases are followed once, tags are left alone."""
    try:
        root = yaml.compose(content.replace("\t", "  "), Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return Document()
    entries: list[Entry] = []
    mappings: list[tuple[tuple[str, ...], int, tuple[str, ...]]] = []
    seen: set[int] = set()

    def walk(node: Node, path: tuple[str, ...], line: int) -> None:
        if len(entries) + len(mappings) > MAX_NODES or len(path) > MAX_DEPTH:
            return
        if isinstance(node, ScalarNode):
            entries.append(Entry(path, str(node.value), node.start_mark.line + 1))
            return
        if id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, MappingNode):
            pairs = [(str(key.value), key, value) for key, value in node.value if isinstance(key, ScalarNode)]
            mappings.append((path, line, tuple(name for name, _, _ in pairs)))
            for name, key, value in pairs:
                walk(value, (*path, name), key.start_mark.line + 1)
        elif isinstance(node, SequenceNode):
            for number, item in enumerate(node.value):
                walk(item, (*path, str(number)), item.start_mark.line + 1)

    if root is not None:
        walk(root, (), 1)
    return Document(tuple(entries), tuple(mappings))


@dataclass(frozen=True)
class Attribute:
    """An assignment in an HCL text: the blocks around it (`resource aws_db_instance main`), its name, value text and line."""

    blocks: tuple[str, ...]
    name: str
    value: str
    line: int


_HCL_BLOCK = re.compile(r"^\s*([A-Za-z_][\w-]*)((?:\s+(?:\"[^\"\n]{0,200}\"|[A-Za-z_][\w-]*)){0,3})\s*\{\s*(?:#.*|//.*)?$")
_HCL_ATTRIBUTE = re.compile(r"^\s*\"?([A-Za-z_][\w.-]*)\"?\s*[=:]\s*(.*)$")
_HCL_HEREDOC = re.compile(r"<<-?\s*([A-Za-z_]\w*)\s*$")
_HCL_STRING = re.compile(r'"(?:[^"\\]|\\.){0,4000}"')


@lru_cache(maxsize=32)
def read_hcl(content: str) -> tuple[Attribute, ...]:
    """The assignments of an HCL text, by lines: enough for rules, not a parser (terraform's own is another checker)."""
    found_all: list[Attribute] = []
    blocks: list[str] = []
    heredoc = ""
    for number, line in enumerate(content.split("\n"), 1):
        if heredoc:
            heredoc = "" if line.strip() == heredoc else heredoc
            continue
        text = line.strip()
        if not text or text.startswith(("#", "//")):
            continue
        opened = _HCL_BLOCK.match(line)
        if opened:
            blocks.append(" ".join((opened[1], *opened[2].replace('"', "").split())))
            continue
        found = _HCL_ATTRIBUTE.match(line)
        if found:
            found_all.append(Attribute(tuple(blocks), found[1], found[2].strip(), number))
            started = _HCL_HEREDOC.search(line)
            heredoc = started[1] if started else ""
        plain = _HCL_STRING.sub('""', text)
        for _ in range(max(plain.count("{") - plain.count("}"), 0)):
            blocks.append(found[1] if found else "")
        for _ in range(min(max(plain.count("}") - plain.count("{"), 0), len(blocks))):
            blocks.pop()
    return tuple(found_all)
