"""Ruby source by its syntax tree: variables, where servers listen, routes, application classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers import ruby_routes
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.php_source import env_processors
from deploydeck.scan.parsers.ruby_nodes import Read, arguments, environment, literal, method, options, receiver
from deploydeck.scan.parsers.trees import descend, line, root, text

if TYPE_CHECKING:
    from tree_sitter import Node

_WORTH = re.compile(
    rb"\bENV\b|Figaro|Dotenv|Sinatra|sinatra|Roda|Cuba|Grape::API|Hanami|Padrino|Rails::Application|routes\.draw|WEBrick|TCPServer"
    rb"|Handler::|Rackup|Rack::Server|api_only|run!|\bmap\b"
)
_SERVERS = re.compile(r"(?:^|/)(?:puma|unicorn|falcon|thin|iodine)(?:/[\w.-]{1,60})?\.rb$")
_REQUIRE = re.compile(r"^[ \t]{0,80}require[ \t(]{1,4}['\"]([A-Za-z0-9_./-]{1,100})['\"]", re.MULTILINE)
_ERB = re.compile(
    r"\bENV(?:\[\s{0,4}['\"](\w{1,100})['\"]\s{0,4}\]|\.fetch\(\s{0,4}['\"](\w{1,100})['\"]\s{0,4}(,|\)\s{0,4}\{)?\s{0,4}(?:['\"]([^'\"\n]{0,200})['\"]|(\d{1,20}))?)(?:\s{0,4}\|\|\s{0,4}(?:['\"]([^'\"\n]{0,200})['\"]|(\d{1,20})))?"
)
_LONGEST_LINE = 20_000
_BASES = {
    "Sinatra::Base": "sinatra", "Sinatra::Application": "sinatra", "Roda": "roda", "Cuba": "cuba", "Grape::API": "grape",
    "Rails::Application": "rails", "Hanami::App": "hanami", "Hanami::Application": "hanami", "Padrino::Application": "padrino",
}  # fmt: skip
_OWN = frozenset({"BUNDLE_GEMFILE", "RUBYOPT", "RUBYLIB", "GEM_HOME"})
_ADDRESS = re.compile(r"(?:^|//|@)(\[[0-9a-fA-F:]+\]|[\w.-]{0,100}):(\d{2,5})(?!\d)")
_RUNNERS = {"run!": "", "run": "", "start": "", "new": ""}


def ruby_source(file: str, data: bytes) -> Iterator[Found]:
    lines = Text(data)
    at = number = 0
    for match in _REQUIRE.finditer(lines.text):
        number += lines.text.count("\n", at, match.start())
        at = match.start()
        yield Found("import", match[1].partition("/")[0], match[1], file, number + 1, lines.line(number + 1), "ruby")
    server = bool(_SERVERS.search(file))
    if not (server or _WORTH.search(data)) or max(map(len, lines.lines)) > _LONGEST_LINE:
        return
    tree = root("ruby", data)

    def found(kind: str, name: str, node: Node, value: str = "", tags: frozenset[str] = frozenset()) -> Found:
        return Found(kind, name[:200], value[:200], file, line(node), lines.line(line(node)), "ruby", tags)

    if b"ENV" in data:
        for read in environment(tree):
            if read.name not in _OWN:
                yield found("env", read.name, read.node, read.default or "", read.tags)
    if b"Figaro" in data or b"Dotenv" in data:
        yield from (found("env", read.name, read.node, "", read.tags) for read in _wrapped(tree))
    for node, framework, name in _classes(tree):
        yield found("app", framework, node, name)
    if b"api_only" in data:
        for node in descend(tree, frozenset({"assignment"})):
            if text(node).replace(" ", "").endswith("config.api_only=true"):
                yield found("setting", "api_only", node, "True")
    yield from (found("listen", port, node, host, tags) for port, node, host, tags in _listening(tree, server))
    yield from (found("route", path, node, value) for path, node, value in _routes(file, data, tree))
    if file.endswith(".ru"):
        for node in descend(tree, frozenset({"call"})):
            given = arguments(node)
            if method(node) == "map" and given and (literal(given[0]) or "/") != "/":
                yield found("prefixed", "map", node)
            elif method(node) == "run" and given:
                yield found("entry", "rack", node, text(given[0])[:100])


def _wrapped(tree: Node) -> Iterator[Read]:
    """Variables behind Figaro and Dotenv."""
    for node in descend(tree, frozenset({"call"})):
        on, called = receiver(node), method(node)
        if on == "Figaro.env" and re.fullmatch(r"[a-zA-Z_]\w{0,99}[!?]?", called):
            yield Read(called.rstrip("!?").upper(), node, required=called.endswith("!"))
        elif called in {"require_keys"} and on in {"Figaro", "Dotenv"}:
            yield from (Read(name, node, required=True) for one in arguments(node) if (name := literal(one)))


def _classes(tree: Node) -> Iterator[tuple[Node, str, str]]:
    for node in descend(tree, frozenset({"class"})):
        above = node.child_by_field_name("superclass")
        base = text(above).lstrip("< ").strip() if above is not None else ""
        if framework := _BASES.get(base.removeprefix("::"), ""):
            yield node, framework, text(node.child_by_field_name("name"))


def _routes(file: str, data: bytes, tree: Node) -> Iterator[ruby_routes.Route]:
    if file == "config/routes.rb" or b"routes.draw" in data or b"Hanami::Routes" in data:
        yield from ruby_routes.rails(tree)
    elif b"Grape::API" in data:
        yield from ruby_routes.grape(tree)
    elif b"Roda" in data:
        yield from ruby_routes.roda(tree)
    elif re.search(rb"[Ss]inatra|Padrino|Hanami|Cuba", data):
        yield from ruby_routes.sinatra(tree)


def _listening(tree: Node, server: bool) -> Iterator[tuple[str, Node, str, frozenset[str]]]:
    """Where a server's configuration or the program itself listens: port ("" unknown), node, host, tags."""
    assigned: dict[str, Node] = {}
    for node in descend(tree, frozenset({"assignment", "call"})):
        if node.type == "assignment":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is not None and right is not None and left.type == "identifier":
                assigned.setdefault(text(left), right)
            continue
        called, given, on = method(node), arguments(node), receiver(node)
        if server and not on and called in {"port", "bind", "listen"} and given:
            yield from _address(node, given, assigned)
        elif called == "set" and given and literal(given[0]) in {"port", "bind"} and len(given) > 1:
            yield from _setting(node, literal(given[0]) or "", given[1], assigned)
        elif called == "set" and not given:
            named = options(node)
            for key in ("port", "bind"):
                if key in named:
                    yield from _setting(node, key, named[key], assigned)
        elif on == "TCPServer" and given:
            host = literal(given[0]) or "" if len(given) > 1 else ""
            port, tags = _number(given[-1], assigned)
            yield port, node, host, tags
        elif called in _RUNNERS and (on == "WEBrick::HTTPServer" or called == "run!" or "Handler" in on or "Rack" in on):
            named = {key.lower(): value for key, value in options(node).items()}
            if "port" in named:
                port, tags = _number(named["port"], assigned)
                host = literal(named.get("host") or named.get("bindaddress") or named.get("bind")) or ""
                yield port, node, host, tags | {"runner"}


def _setting(node: Node, key: str, value: Node, assigned: dict[str, Node]) -> Iterator[tuple[str, Node, str, frozenset[str]]]:
    if key == "port":
        port, tags = _number(value, assigned)
        yield port, node, "", tags
    elif host := literal(value):
        yield "", node, host, frozenset()


def _address(node: Node, given: list[Node], assigned: dict[str, Node]) -> Iterator[tuple[str, Node, str, frozenset[str]]]:
    """The `port`, `bind` and `listen` of a server's configuration."""
    if method(node) == "port" or given[0].type == "integer":
        port, tags = _number(given[0], assigned)
        host = literal(given[1]) if len(given) > 1 else ""
        yield port, node, host or "", tags
        return
    written = text(given[0]).strip("\"'")
    if written.startswith(("unix:", "ssl:", "/")):
        return
    match = _ADDRESS.search(written)
    if match and "#{" not in written:
        yield match[2], node, match[1].strip("[]"), frozenset()
        return
    port, tags = _number(given[0], assigned)
    if port or tags:
        host = written.partition("//")[2].partition(":")[0] if "//" in written else ""
        yield port, node, "" if "#" in host else host, tags


def _number(node: Node | None, assigned: dict[str, Node]) -> tuple[str, frozenset[str]]:
    """The port in an expression, through one variable, and whether PORT decides."""
    for _ in range(2):
        if node is None:
            break
        if node.type == "identifier":
            node = assigned.get(text(node))
            continue
        inner = [one for one in descend(node, frozenset({"identifier"})) if text(one) in assigned]
        wanted = {"integer", "string"}
        values = [value for one in (node, *descend(node)) if one.type in wanted and (value := literal(one) or "").isdigit()]
        numbers = [value for value in values if 1 < len(value) < 6]
        env = bool(re.search(r"ENV\W{1,8}(?:fetch\W{1,4})?['\"]PORT['\"]", text(node)[:2000]))
        if numbers or env or not inner:
            return (numbers[0] if numbers else ""), frozenset({"env"} if env else () if numbers else {"unknown"})
        node = assigned.get(text(inner[0]))
    return "", frozenset({"unknown"})


def erb(file: str, data: bytes) -> Iterator[Found]:
    """Variables in templates and ERB configuration, and those of Symfony's `%env(X)%`, which stands in the same files."""
    if b"ENV" not in data and b"%env(" not in data:
        return
    lines = Text(data)
    for number, row in enumerate(lines.lines, 1):
        if len(row) > _LONGEST_LINE or row.lstrip().startswith("#"):
            continue
        for match in _ERB.finditer(row) if "ENV" in row else ():
            default = next((one for one in (match[4], match[5], match[6], match[7]) if one is not None), None)
            required = bool(match[2]) and not match[3] and default is None
            tags = frozenset({"defaulted"} if default is not None else {"required"} if required else ())
            yield Found("env", match[1] or match[2], default or "", file, number, row, "ruby", tags)
        yield from env_processors(file, number, row)


PARSERS: tuple[Parser, ...] = (
    Parser("*.rb", ruby_source, "source", anywhere=True),
    Parser("*.ru", ruby_source, "source", anywhere=True),
    Parser("*.rake", ruby_source, "source", anywhere=True),
    Parser("config/*.yml", erb),
    *(Parser(f"*.{extension}", erb, "source", anywhere=True) for extension in ("erb", "haml", "slim")),
)
