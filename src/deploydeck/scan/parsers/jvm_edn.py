"""Clojure's data notation in a small reader of our own, and what project.clj and deps.edn say in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from deploydeck.scan.facts import Found, Text, short
from deploydeck.scan.parsers.base import Parser

_TOKEN = re.compile(
    r"(?P<skip>[\s,]++|;[^\n]*+|\^)|(?P<open>#?[(\[{]|#\?@?\()|(?P<close>[)\]}])|(?P<string>#?\"(?:[^\"\\]|\\.)*+\"?)"
    r"|(?P<discard>#_)|(?P<mark>[`'~@]|#'|#=)|(?P<atom>[^\s,;()\[\]{}\"]++)",
    re.DOTALL,
)
_DEEPEST = 200
_MOST = 200_000
_DEVELOPMENT = re.compile(r"dev|test|repl|build|lint|format|fmt|kondo|outdated|bench|nrepl|cider|user|provided|debug|watch")


@dataclass(slots=True)
class Node:
    """A value: `kind` is (, [, {, string or atom; `text` of the last two, `items` of the others."""

    kind: str
    line: int
    text: str = ""
    items: list[Node] = field(default_factory=list)

    def get(self, key: str) -> Node | None:
        """The value after a key, in a map or in a list of keys and values."""
        for index, one in enumerate(self.items[:-1]):
            if one.kind == "atom" and one.text == key:
                return self.items[index + 1]
        return None

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        yield from zip(self.items[::2], self.items[1::2], strict=False)


def read_edn(text: Text) -> list[Node]:
    """The values of a text; what does not close ends with the text."""
    top = Node("(", 1)
    stack = [top]
    line, last, discarded = 1, 0, 0
    for count, match in enumerate(_TOKEN.finditer(text.text)):
        if count > _MOST:
            break
        line += text.text.count("\n", last, match.start())
        last = match.start()
        group, value = match.lastgroup, match[0]
        if group == "open" and len(stack) < _DEEPEST:
            node = Node("{" if value.endswith("{") else value[-1], line)
            if discarded:
                discarded -= 1
            else:
                stack[-1].items.append(node)
            stack.append(node)
        elif group == "close" and len(stack) > 1:
            stack.pop()
        elif group == "discard":
            discarded += 1
        elif group in {"string", "atom"}:
            node = Node(group, line, value.removeprefix("#").strip('"') if group == "string" else value)
            if discarded:
                discarded -= 1
            else:
                stack[-1].items.append(node)
    return top.items


def coordinates(name: str) -> str:
    """`group:artifact` of a Clojure name: `ring/ring-core`, or `compojure` for `compojure/compojure`."""
    group, slash, artifact = name.partition("/")
    artifact = artifact.partition("$")[0]
    return f"{group}:{artifact}" if slash else f"{group}:{group}"


class _File:
    def __init__(self, file: str, data: bytes) -> None:
        self.file, self.text = file, Text(data)

    def found(self, kind: str, name: str, value: str, node: Node, scope: str = "jvm", tags: tuple[str, ...] = ()) -> Found:
        return Found(kind, short(name), short(value), self.file, node.line, self.text.line(node.line), scope, frozenset(tags))


def project_clj(file: str, data: bytes) -> Iterator[Found]:
    """Leiningen's defproject."""
    source = _File(file, data)
    project = next(
        (one for one in read_edn(source.text) if one.kind == "(" and one.items and one.items[0].text == "defproject"), None
    )
    if project is None:
        return
    yield source.found("manifest", "project.clj", "", project)
    items = project.items
    if len(items) > 1 and items[1].kind == "atom":
        yield source.found("project-name", items[1].text.rpartition("/")[2], "", items[1])
        if len(items) > 2 and items[2].kind == "string":
            yield source.found("package-field", "version", items[2].text, items[2])
    body = Node("{", project.line, "", items[3:] if len(items) > 2 and items[2].kind == "string" else items[2:])
    yield from _lein(source, body, ())
    profiles = body.get(":profiles")
    for name, profile in profiles.pairs() if profiles else ():
        tags = ("development",) if _DEVELOPMENT.search(name.text) else ("optional",) if name.text != ":uberjar" else ()
        if profile.kind == "{":
            yield from _lein(source, profile, tags)
    if minimum := body.get(":min-lein-version"):
        yield source.found("manager-version", "leiningen", minimum.text, minimum, "minimum")


def _lein(source: _File, body: Node, tags: tuple[str, ...]) -> Iterator[Found]:
    for key, kind in ((":dependencies", "dependency"), (":managed-dependencies", "managed"), (":plugins", "tool")):
        listed = body.get(key)
        for one in listed.items if listed else ():
            if one.kind in "[(" and one.items and one.items[0].kind == "atom":
                version = one.items[1].text if len(one.items) > 1 and one.items[1].kind == "string" else ""
                scope = one.get(":scope")
                more = {"test": ("development",), "provided": ("provided",)}.get(scope.text if scope else "", ())
                name = one.items[0].text.rpartition("/")[2] if kind == "tool" else coordinates(one.items[0].text)
                yield source.found(kind, f"lein:{name}" if kind == "tool" else name, version, one, tags=(*tags, *more))
    if "development" in tags:
        return
    main = body.get(":main")
    if main and main.kind == "atom":
        yield source.found("package-field", "mainClass", main.text.removeprefix("^:skip-aot"), main, tags=("lein",))
    target = body.get(":target-path")
    if target and target.kind == "string":
        yield source.found("package-field", "lein.target", target.text.replace("%s", "uberjar").rstrip("/") + "/", target)
    if uberjar := body.get(":uberjar-name"):
        yield source.found("package-field", "uberjar-name", uberjar.text, uberjar)
    if ring := body.get(":ring"):
        if handler := ring.get(":handler"):
            yield source.found("app", "ring", handler.text, handler)
        if port := ring.get(":port"):
            yield source.found("option", "ring.port", port.text, port)


def deps_edn(file: str, data: bytes) -> Iterator[Found]:
    """Dependencies and aliases of a deps.edn."""
    source = _File(file, data)
    top = next((one for one in read_edn(source.text) if one.kind == "{"), None)
    if top is None:
        return
    yield source.found("manifest", "deps.edn", "", top)
    yield from _deps(source, top.get(":deps"), ())
    aliases = top.get(":aliases")
    for name, alias in aliases.pairs() if aliases else ():
        if alias.kind != "{":
            continue
        yield source.found(
            "script",
            name.text.lstrip(":"),
            " ".join(one.text for one in (alias.get(":main-opts") or Node("[", 0)).items),
            name,
            "deps.edn",
        )
        tags = ("development",) if _DEVELOPMENT.search(name.text) else ("optional",)
        for key in (":extra-deps", ":deps", ":replace-deps", ":override-deps"):
            yield from _deps(source, alias.get(key), tags)
        if builder := alias.get(":ns-default"):
            yield source.found("tool", "tools.build" if "build" in builder.text else "clojure-tool", builder.text, builder)
        options = alias.get(":main-opts")
        words = [one.text for one in options.items] if options else []
        if options and "-m" in words[:-1] and not _DEVELOPMENT.search(name.text):
            yield source.found(
                "package-field", "mainClass", words[words.index("-m") + 1], options, tags=("deps", f"alias:{name.text.lstrip(':')}")
            )
        function = alias.get(":exec-fn")
        if function and not _DEVELOPMENT.search(name.text):
            yield source.found("package-field", "execFn", function.text, function, tags=(f"alias:{name.text.lstrip(':')}",))


def _deps(source: _File, deps: Node | None, tags: tuple[str, ...]) -> Iterator[Found]:
    for name, where in deps.pairs() if deps and deps.kind == "{" else ():
        if name.kind != "atom" or where.kind != "{":
            continue
        local = where.get(":local/root")
        if local:
            yield source.found("uses-project", local.text, "", name, tags=("path",))
            continue
        version = (
            where.get(":mvn/version") or where.get(":git/tag") or where.get(":tag") or where.get(":git/sha") or where.get(":sha")
        )
        yield source.found("dependency", coordinates(name.text), version.text if version else "", name, tags=tags)


def build_clj(file: str, data: bytes) -> Iterator[Found]:
    """The name of the jar that a tools.build script makes, where it is plainly written."""
    source = _File(file, data)
    for number, line in enumerate(source.text.lines, 1):
        if match := re.search(r"\(def\s{1,9}(?:uber-file|jar-file|uberjar-file)\s{1,9}\"([^\"\n]{1,120})\"", line):
            yield Found("package-field", "uber-file", match[1], file, number, line.strip(), "jvm")
        elif match := re.search(
            r"\(def\s{1,9}(lib|version|uber-file|uberjar)\s{1,9}(?:'|\"|\(format\s{1,9}\")([^\"\s()]{1,120})", line
        ):
            yield Found("package-field", f"build.{match[1]}", match[2], file, number, line.strip(), "jvm")
        elif match := re.search(r":uber-file\s{1,9}\"([^\"\n]{1,120})\"", line):
            yield Found("package-field", "uber-file", match[1], file, number, line.strip(), "jvm")
        if match := re.search(r"\(defn\s{1,9}(uber|uberjar|ci|all|build)\b", line):
            yield Found("package-field", "build.goal", match[1], file, number, line.strip(), "jvm")
        if "b/uber" in line or "build/uber" in line:
            yield Found("tool", "tools.build", "", file, number, line.strip(), "jvm")


PARSERS: tuple[Parser, ...] = (
    Parser("project.clj", project_clj, config_kind="leiningen"),
    Parser("deps.edn", deps_edn, config_kind="clojure"),
    Parser("build.clj", build_clj),
)
