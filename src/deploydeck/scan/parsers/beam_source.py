"""Elixir, Erlang and Gleam source: variables, where servers listen, routes, adapters of databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.elixir_nodes import arguments, environment, literal, pairs, symbol, target
from deploydeck.scan.parsers.nested import join, nested
from deploydeck.scan.parsers.trees import descend, line, root, text

if TYPE_CHECKING:
    from tree_sitter import Node

_UNKNOWN = "\0"
_LONGEST_LINE = 20_000
_WORTH = re.compile(
    rb"System\.(?:get|fetch)_env|\benv!\(|:system\b|Phoenix\.(?:Router|Endpoint)|Plug\.|Bandit|[Cc]owboy|Ecto\.|:router\b"
    rb"|\bport:|\bconfig :"
)
_ADAPTERS = {
    "Ecto.Adapters.Postgres": "postgresql", "Ecto.Adapters.MyXQL": "mysql", "Ecto.Adapters.MySQL": "mysql",
    "Ecto.Adapters.Tds": "mssql",
    "Ecto.Adapters.SQLite3": "sqlite", "Mongo.Ecto": "mongodb", "Ecto.Adapters.ClickHouse": "clickhouse",
    "AshPostgres.DataLayer": "postgresql",
}  # fmt: skip
_SERVERS = (
    "Bandit",
    "Plug.Cowboy",
    "Plug.Adapters.Cowboy",
    "Plug.Adapters.Cowboy2",
    "Ace.HTTP.Service",
    ":cowboy",
    "ThousandIsland",
)
_HOSTS = {
    "{127,0,0,1}": "127.0.0.1",
    "{0,0,0,0}": "0.0.0.0",  # noqa: S104 - what the source says, not what we bind
    "{0,0,0,0,0,0,0,0}": "::",
    "{0,0,0,0,0,0,0,1}": "::1",
    ":loopback": "127.0.0.1",
}
_OWN = frozenset({"MIX_ENV", "RELEASE_NAME", "RELEASE_ROOT", "RELEASE_NODE"})
_DATABASE_PORTS = frozenset({"5432", "3306", "6379", "5672", "27017", "9092", "11211", "1433", "9200", "25", "587", "465", "443"})

Listen = tuple[str, "Node", str, frozenset[str]]


def elixir(file: str, data: bytes) -> Iterator[Found]:
    if not _WORTH.search(data):
        return
    source = Text(data)
    if max(map(len, source.lines)) > _LONGEST_LINE:
        return
    tree = root("elixir", data)

    def found(kind: str, name: str, node: Node, value: str = "", tags: frozenset[str] = frozenset()) -> Found:
        return Found(kind, name[:200], value[:200], file, line(node), source.line(line(node)), "beam", tags)

    if b"env" in data or b":system" in data:
        for read in environment(tree):
            if read.name not in _OWN:
                yield found("env", read.name, read.node, read.default or "", read.tags)
    name = file.rpartition("/")[2]
    for port, node, host, tags in _listening(tree, file.startswith("config/") or "/config/" in file):
        if name in {"dev.exs", "test.exs"} or name.startswith(("dev.", "test.")):
            if name == "dev.exs" and port:
                yield found("option", "dev.port", node, port)
        else:
            yield found("listen", port, node, host, tags)
    for node in descend(tree, frozenset({"call", "alias"})):
        if node.type == "alias":
            service = _ADAPTERS.get(text(node)[:60], "")
            if service:
                tags = frozenset({"sqlite"} if service == "sqlite" else ())
                yield found("datasource", service, node, text(node), tags)
        elif target(node) == "use":
            given = arguments(node)
            module = text(given[0])[:60] if given else ""
            if module == "Phoenix.Endpoint":
                yield found("app", "phoenix", node)
            elif module in {"Plug.Router", "Plug.Builder", "Plug.ErrorHandler"}:
                yield found("app", "plug", node)
    if re.search(rb"(?:Phoenix|Plug)\.Router|, :router\b|Plug\.Builder|Phoenix\.Endpoint", data):
        yield from (found("route", path, node, "app") for path, node in _routes(tree))


def _listening(tree: Node, config: bool) -> Iterator[Listen]:
    assigned: dict[str, Node] = {}
    for node in descend(tree, frozenset({"binary_operator", "call", "tuple"})):
        if node.type == "binary_operator":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if (
                left is not None
                and right is not None
                and left.type == "identifier"
                and text(node.child_by_field_name("operator")) == "="
            ):
                assigned.setdefault(text(left), right)
        elif node.type == "tuple":
            parts = node.named_children
            if len(parts) > 1 and parts[0].type == "alias" and text(parts[0]) in _SERVERS:
                yield from _ports_in(node, assigned)
        elif config and target(node) == "config":
            yield from _configured(node, assigned)
        elif target(node).rpartition(".")[0] in _SERVERS and target(node).rpartition(".")[2] in {
            "http", "child_spec", "start_link", "start_clear", "start_http", "run",
        }:  # fmt: skip
            yield from _ports_in(node, assigned)


def _configured(node: Node, assigned: dict[str, Node]) -> Iterator[Listen]:
    """`config :shop, ShopWeb.Endpoint, http: [port: 4000]`, `config :shop, port: 4000`, `config :shop, :port, 4000`."""
    given = arguments(node)
    module = next((text(one) for one in given[1:] if one.type == "alias"), "")
    if module.endswith("Endpoint"):
        for pair in (pair for one in given for pair in pairs(one)):
            if symbol(pair.child_by_field_name("key")) == "http":
                value = pair.child_by_field_name("value")
                if value is not None:
                    yield from _ports_in(value, assigned)
    elif not module and len(given) > 1:
        if given[1].type == "atom" and symbol(given[1]) in {"port", "http_port"} and len(given) > 2:
            yield from _port(node, given[2], assigned)
        for pair in pairs(given[1]) if given[1].type == "keywords" else ():
            if symbol(pair.child_by_field_name("key")) in {"port", "http_port"}:
                yield from _port(pair, pair.child_by_field_name("value"), assigned)


def _ports_in(node: Node, assigned: dict[str, Node]) -> Iterator[Listen]:
    """The first `port:` below a node, with the `ip:` beside it."""
    host = ""
    for pair in descend(node, frozenset({"pair"})):
        if symbol(pair.child_by_field_name("key")) == "ip":
            host = _HOSTS.get(re.sub(r"\s", "", text(pair.child_by_field_name("value"))[:60]), "")
    for pair in descend(node, frozenset({"pair"})):
        if symbol(pair.child_by_field_name("key")) == "port":
            for port, place, _, tags in _port(pair, pair.child_by_field_name("value"), assigned):
                yield port, place, host, tags
            return


def _port(place: Node, value: Node | None, assigned: dict[str, Node]) -> Iterator[Listen]:
    for _ in range(3):
        if value is None:
            return
        inner = [value, *descend(value, frozenset({"integer", "string", "identifier"}))]
        values = [literal(one) or "" for one in inner if one.type in {"integer", "string"}]
        numbers = [one for one in values if one.isdigit() and 1 < len(one) < 6]
        env = bool(
            re.search(r"env!?\W{1,4}[\"']PORT[\"']", text(value)[:500]) or re.search(r":system\b.{0,40}\"PORT\"", text(value)[:200])
        )
        if numbers or env:
            tags = frozenset({"env"} if env else ())
            yield (numbers[0] if numbers else ""), (value if value.start_point[0] > 0 else place), "", tags
            return
        value = next((assigned[text(one)] for one in inner if one.type == "identifier" and text(one) in assigned), None)


def _routes(tree: Node) -> Iterator[tuple[str, Node]]:
    for node, prefix in nested(tree, "", _scope):
        if node.type != "call" or prefix == _UNKNOWN:
            continue
        called = target(node)
        given = arguments(node)
        path = literal(given[0]) if given else None
        if called in {"get", "live", "match", "forward", "head"} and path is not None and (path.startswith("/") or prefix):
            yield join(prefix, path), node
        elif called == "plug":
            for pair in (pair for one in given for pair in pairs(one)):
                value = literal(pair.child_by_field_name("value"))
                if symbol(pair.child_by_field_name("key")) == "path" and value and value.startswith("/"):
                    yield value, node


def _scope(node: Node, prefix: str) -> str:
    if prefix == _UNKNOWN or node.type != "call" or not any(child.type == "do_block" for child in node.named_children):
        return prefix
    called, given = target(node), arguments(node)
    if called in {"resources", "resource"}:
        return _UNKNOWN
    if called != "scope":
        return prefix
    path = literal(given[0]) if given else None
    if path is None:
        for pair in (pair for one in given for pair in pairs(one)):
            if symbol(pair.child_by_field_name("key")) == "path":
                path = literal(pair.child_by_field_name("value")) or _UNKNOWN
    if path == _UNKNOWN or (path is None and given and given[0].type not in {"alias", "keywords"}):
        return _UNKNOWN
    return join(prefix, path or "")


_ERL_ENV = re.compile(r"\bos:(?:getenv|env)\(\s{0,8}\"(\w{1,100})\"\s{0,8}(?:,\s{0,8}(?:\"([^\"\n]{0,200})\"|([^)\n]{1,60})))?")
_ERL_PORT = re.compile(r"\{\s{0,8}(?:http_)?port\s{0,8},\s{0,8}(\d{2,5})\s{0,8}\}")
_ERL_ROUTE = re.compile(r"\{\s{0,8}\"(/[\w/.-]{0,100})\"\s{0,8},\s{0,8}'?[a-z]\w{0,60}")
_ERL_SERVER = re.compile(rb"cowboy|elli|mochiweb|yaws|inets|ranch|gen_tcp:listen")


def erlang(file: str, data: bytes) -> Iterator[Found]:
    serves = bool(_ERL_SERVER.search(data)) or file.endswith("sys.config")
    if not serves and b"os:" not in data:
        return
    source, routes = Text(data), b"cowboy_router" in data
    for number, row in enumerate(source.lines, 1):
        if len(row) > _LONGEST_LINE or row.lstrip().startswith("%"):
            continue
        for match in _ERL_ENV.finditer(row):
            tags = frozenset(
                {"defaulted"} if match[2] is not None else {"defaulted", "computed"} if match[3] and match[3] != "false" else ()
            )
            yield Found("env", match[1], match[2] or "", file, number, row, "beam", tags)
        if serves:
            for match in _ERL_PORT.finditer(row):
                if match[1] not in _DATABASE_PORTS:
                    yield Found("listen", match[1], "", file, number, row, "beam")
            if routes:
                for match in _ERL_ROUTE.finditer(row):
                    yield Found("route", match[1], "app", file, number, row, "beam")
    if b"cowboy:start" in data:
        number = source.find("cowboy:start")
        yield Found("app", "cowboy", "", file, number, source.line(number), "beam")


_GLEAM_IMPORT = re.compile(r"^import ([a-z][\w/]{0,100})")
_GLEAM_ENV = re.compile(
    r"\b(?:envoy|os|env|environment|dotenv|dot_env|glenv)\.(get|get_env|get_string|get_int|get_bool|get_string_or|get_int_or|get_or|string|int)\(\s{0,8}\"(\w{1,100})\"(?:\s{0,8},\s{0,8}(?:\"([^\"\n]{0,200})\"|(\d{1,10})))?"
)
_GLEAM_PORT = re.compile(r"\bmist\.port\(\s{0,8}(\d{2,5})\s{0,8}\)")
_GLEAM_BIND = re.compile(r"\bmist\.bind\(\s{0,8}\"([^\"\n]{1,60})\"")
_GLEAM_UNWRAP = re.compile(r"\bunwrap\(\s{0,8}\"?(\d{2,5})\"?\s{0,8}\)|Error\(\w{0,40}\)\s{0,8}->\s{0,8}\"?(\d{2,5})\"?")
_GLEAM_ROUTE = re.compile(
    r"^\s{1,40}(?:(?:http\.)?Get\s{0,8},\s{0,8})?\[((?:\s{0,4}\"[\w.-]{1,60}\"\s{0,4},?){0,6})\]\s{0,8}(?:,\s{0,8}(?:http\.)?Get\s{0,8})?->"
)


def gleam(file: str, data: bytes) -> Iterator[Found]:
    source = Text(data)
    reads_port, host, routed = 0, "", b"path_segments" in data
    for number, row in enumerate(source.lines, 1):
        if len(row) > _LONGEST_LINE or row.lstrip().startswith("//"):
            continue
        if match := _GLEAM_IMPORT.match(row):
            yield Found("import", match[1].partition("/")[0], match[1], file, number, row, "beam")
        for match in _GLEAM_ENV.finditer(row):
            default = match[3] if match[3] is not None else match[4]
            reads_port = number if match[2] == "PORT" else reads_port
            if default is None and (
                unwrapped := re.search(
                    r"\bunwrap\(\s{0,8}\"([^\"\n]{0,200})\"", "\n".join(source.lines[number - 1 : number + 2])[:1000]
                )
            ):
                default = unwrapped[1]
            tags = frozenset({"defaulted"} if default is not None else {"required"} if "let assert" in row else ())
            yield Found("env", match[2], default or "", file, number, row, "beam", tags)
        if match := _GLEAM_BIND.search(row):
            host = match[1]
        if match := _GLEAM_PORT.search(row):
            yield Found("listen", match[1], host, file, number, row, "beam")
        if routed and (match := _GLEAM_ROUTE.match(row)):
            segments = re.findall(r"\"([\w.-]{1,60})\"", match[1])
            yield Found("route", "/" + "/".join(segments), "app", file, number, row, "beam")
        if re.match(r"^pub fn main\(", row):
            yield Found("entry", "main", file, file, number, row, "beam")
    if reads_port and b"mist." in data:
        near = _GLEAM_UNWRAP.search("\n".join(source.lines[reads_port - 1 : reads_port + 8])[:2000])
        yield Found(
            "listen",
            (near[1] or near[2]) if near else "",
            host,
            file,
            reads_port,
            source.line(reads_port),
            "beam",
            frozenset({"env"}),
        )


PARSERS: tuple[Parser, ...] = (
    Parser("*.ex", elixir, "source", anywhere=True),
    Parser("*.exs", elixir, "source", anywhere=True),
    Parser("*.erl", erlang, "source", anywhere=True),
    Parser("config/sys.config", erlang),
    Parser("config/sys.config.src", erlang),
    Parser("*.gleam", gleam, "source", anywhere=True),
)
