"""C# source by its syntax tree: where it listens, its routes, variables, settings and services. Nothing is ever executed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers import dotnet_routes, trees
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.dotnet_settings import ANYWHERE, address
from deploydeck.scan.parsers.dotnet_tables import APPLICATIONS, CONSTRUCTED, DATASOURCE_CALLS, SET_BY_HOST
from deploydeck.scan.parsers.dotnet_text import fsharp, razor, single_file, visual_basic
from deploydeck.scan.parsers.dotnet_tree import STRINGS, arguments, brief, initial, method, receiver, string

if TYPE_CHECKING:
    from tree_sitter import Node

_STRONG = (
    b"GetEnvironmentVariable", b"onfig[", b"onfiguration[", b"onfig?[", b"onfiguration?[", b"GetConnectionString", b"GetSection",
    b"GetRequiredSection", b"GetValue<", b"CreateBuilder", b"CreateSlimBuilder", b"CreateDefaultBuilder", b"CreateEmptyBuilder",
    b"ConfigureWebHost", b"UseUrls", b".Urls.", b"ListenAnyIP", b"ListenLocalhost", b"UseKestrel", b"ConfigureKestrel", b".Run(",
    b".RunAsync(", b"MapGet", b"MapMethods", b"MapGroup", b"MapHealthChecks", b"MapFallback", b"MapRazorPages", b"MapController",
    b"MapDefaultController", b"MapRazorComponents", b"MapBlazorHub", b"MapReverseProxy", b"UseHealthChecks", b"[Route", b"[HttpGet",
    b"UsingRabbitMq", b"UsingKafka", b"ConnectionMultiplexer", b"HttpListener", b"TcpListener", b"Env.Get", b"NancyModule",
    b"EndpointWithoutRequest", b"Endpoint<",
)  # fmt: skip
_WEAK: tuple[tuple[bytes, re.Pattern[bytes]], ...] = (
    (b".Use", re.compile(rb"\.Use(?:Npgsql|SqlServer|My[Ss][Qq][Ll]|Sqlite|MongoDB|Oracle|Cosmos)")),
    (
        b".Add",
        re.compile(
            rb"\.Add(?:Npg|Sql|My|Mongo|Redis|Rabbit|Kafka|Elastic|StackExchange|Nats|Postgres|Enyim|Minio|Azure|Keyed|ServerSideBlazor"
            rb"|Interactive|Grpc)"
        ),
    ),
    (
        b"new ",
        re.compile(
            rb"new (?:Mongo|Npgsql|Sql|MySql|Sqlite|Amazon|Rabbit|Connection|Minio|Elastic|Nats|Http|Tcp|WebSocket)[A-Za-z]{0,30}\("
        ),
    ),
)
"""A file without any of these holds none of our facts. Words one after the other are faster than one pattern of them all."""
_TYPES = frozenset({
    "variable_declarator", "invocation_expression", "element_access_expression", "object_creation_expression", "class_declaration",
    "assignment_expression", "if_statement",
})  # fmt: skip
_LONGEST_LINE = 20_000
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")
_CONFIGURATION = re.compile(r"(?:^|[._])config(?:uration)?(?:root)?!?$", re.IGNORECASE)
_KEY = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,150}$")
_THROUGH = frozenset({"parenthesized_expression", "cast_expression", "postfix_unary_expression", "argument", "await_expression"})
_ABSENT = re.compile(
    r"IsNullOr(?:Empty|WhiteSpace)\(\s{0,4}(\w{1,80})\s{0,4}\)|\b(\w{1,80})\s{1,4}(?:is\s{1,4}null|==\s{0,4}null)\b"
)
_GUARDS = frozenset({"ThrowIfNull", "ThrowIfNullOrEmpty", "ThrowIfNullOrWhiteSpace"})
_CONVERSIONS = frozenset({"int.Parse", "Int32.Parse", "Convert.ToInt32", "ushort.Parse", "uint.Parse", "short.Parse"})


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression comes to, as far as it can be read: its text, and the variable of the environment that decides."""

    text: str = ""
    env: str = ""
    known: bool = False


@dataclass(slots=True)
class _Source:
    file: str
    text: Text
    values: dict[str, Value] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    listens: list[Found] = field(default_factory=list)

    def found(self, kind: str, name: str, node: Node, value: str = "", *tags: str) -> Found:
        number = trees.line(node)
        return Found(kind, name[:200], value[:200], self.file, number, self.text.line(number), "dotnet", frozenset(tags))


def _worth(data: bytes) -> bool:
    if any(word in data for word in _STRONG):
        return True
    return any(word in data and pattern.search(data) is not None for word, pattern in _WEAK)


def csharp(file: str, data: bytes) -> Iterator[Found]:
    if file.count("/") == 0 and b"#:" in data[:4000]:
        yield from single_file(file, data)
    if not _worth(data):
        return
    text = Text(data)
    if max(map(len, text.lines)) > _LONGEST_LINE:
        return  # generated, or made to exhaust the parser
    source = _Source(file, text)
    routes = dotnet_routes.Routes(file, text)
    for node in trees.descend(trees.root("csharp", data), _TYPES):
        match node.type:
            case "variable_declarator":
                _remember(source, node.child_by_field_name("name"), initial(node))
                routes.remember(node.child_by_field_name("name"), initial(node))
            case "assignment_expression":
                _remember(source, node.child_by_field_name("left"), node.child_by_field_name("right"))
            case "if_statement":
                yield from _guard(source, node)
            case "class_declaration":
                yield from routes.controller(node)
            case "object_creation_expression":
                yield from _created(source, node)
            case "element_access_expression":
                yield from _subscript(source, node)
            case "invocation_expression":
                yield from _call(source, node)
                yield from routes.call(node)
    plain = [fact for fact in source.listens if "tls" not in fact.tags]
    yield from plain or source.listens


def _remember(source: _Source, name: Node | None, value: Node | None) -> None:
    if name is None or value is None or name.type != "identifier":
        return
    read = evaluate(source, value)
    known = trees.text(name)
    if read.known or read.env:
        source.values.setdefault(known, read)
    if value.type == "element_access_expression" and (key := _subscript_key(source, value)):
        source.settings.setdefault(known, key)
    elif value.type == "invocation_expression" and method(value) == "GetConnectionString" and (given := arguments(value)):
        source.settings.setdefault(known, f"ConnectionStrings:{string(given[0])}")
        source.values.setdefault(known, Value(env=f"ConnectionStrings__{string(given[0])}"))
    if value.type == "invocation_expression" and (prefix := _section(source, value)):
        source.sections[known] = prefix


def evaluate(source: _Source, node: Node | None, depth: int = 0) -> Value:
    """What an expression comes to. Where two sides are possible the variable is of one and the text of the other."""
    if node is None or depth > 10:
        return Value()
    kind = node.type
    if kind in STRINGS:
        return Value(string(node), known=True)
    if kind == "integer_literal":
        return Value(trees.text(node).replace("_", "")[:20], known=True)
    if kind == "identifier":
        return source.values.get(trees.text(node), Value())
    if kind == "interpolated_string_expression":
        return _interpolated(source, node, depth)
    if kind == "binary_expression":
        left = evaluate(source, node.child_by_field_name("left"), depth + 1)
        right = evaluate(source, node.child_by_field_name("right"), depth + 1)
        operator = trees.text(node.child_by_field_name("operator"))
        if operator == "+":
            return Value(left.text + right.text, left.env or right.env, left.known and right.known)
        if operator == "??":
            return Value(right.text, left.env or right.env, right.known)
        return Value("", left.env or right.env)
    if kind == "conditional_expression":
        sides = [evaluate(source, child, depth + 1) for child in node.named_children[:3]]
        chosen = next((one for one in sides[1:] if one.known and not one.env), Value())
        return Value(chosen.text, next((one.env for one in sides if one.env), ""), chosen.known)
    if kind == "invocation_expression":
        return _evaluated_call(source, node, depth)
    if kind == "element_access_expression" and (key := _subscript_key(source, node)):
        return Value(env=key.replace(":", "__"))
    if kind in _THROUGH and node.named_child_count:
        return evaluate(source, node.named_child(node.named_child_count - 1 if kind == "cast_expression" else 0), depth + 1)
    return Value()


def _interpolated(source: _Source, node: Node, depth: int) -> Value:
    parts, env, known = [], "", True
    for child in node.named_children:
        if child.type == "string_content":
            parts.append(trees.text(child))
        elif child.type == "interpolation":
            inner = next((one for one in child.named_children if one.type not in {"interpolation_brace"}), None)
            value = evaluate(source, inner, depth + 1)
            parts.append(value.text)
            env, known = env or value.env, known and value.known
    return Value("".join(parts)[:400], env, known)


def _evaluated_call(source: _Source, node: Node, depth: int) -> Value:
    function = node.child_by_field_name("function")
    name = method(node)
    first = arguments(node)[:2]
    if name in {"GetEnvironmentVariable", "GetString", "GetInt"} and first and first[0].type in STRINGS:
        default = evaluate(source, first[1], depth + 1) if len(first) > 1 else Value()
        return Value(default.text, string(first[0]), default.known)
    if brief(function) in _CONVERSIONS and first:
        return evaluate(source, first[0], depth + 1)
    if name == "GetValue" and first and first[0].type in STRINGS:
        default = evaluate(source, first[1], depth + 1) if len(first) > 1 else Value()
        return Value(default.text, string(first[0]).replace(":", "__"), default.known)
    if name in {"ToString", "Trim"} and function is not None:
        return evaluate(source, function.child_by_field_name("expression"), depth + 1)
    return Value()


def _call(source: _Source, node: Node) -> Iterator[Found]:
    name, given = method(node), arguments(node)
    called = brief(node.child_by_field_name("function"))
    if name == "GetEnvironmentVariable" or (
        name in {"GetString", "GetInt", "GetBool"} and called.startswith(("Env.", "DotNetEnv.Env."))
    ):
        yield from _variable(source, node, given)
    elif name in {"GetConnectionString", "GetValue", "GetSection", "GetRequiredSection"}:
        yield from _configured(source, node, name, given)
    elif name in _GUARDS and given:
        yield from _must_be_there(source, node, trees.text(given[0])[:80])
    elif name in APPLICATIONS:
        app, wanted = APPLICATIONS[name]
        if not wanted or re.search(wanted, called):
            yield source.found("app", app, node)
    if name in DATASOURCE_CALLS and receiver(node) is not None:
        service = DATASOURCE_CALLS[name]
        yield source.found("datasource", service, node, name, *(("sqlite",) if service == "sqlite" else ()))
    elif called.startswith("ConnectionMultiplexer.Connect"):
        yield source.found("datasource", "redis", node, "ConnectionMultiplexer")
    _listen(source, node, name, called, given)


def _created(source: _Source, node: Node) -> Iterator[Found]:
    made = trees.text(node.child_by_field_name("type")).rpartition(".")[2]
    if service := CONSTRUCTED.get(made, ""):
        yield source.found("datasource", service, node, made, *(("sqlite",) if service == "sqlite" else ()))
    given = arguments(node)
    if made == "TcpListener" and len(given) == 2:
        _bind(source, node, given[1], brief(given[0]))
    elif made == "WebSocketServer" and given:
        _address(source, node, evaluate(source, given[0]))


def _listen(source: _Source, node: Node, name: str, called: str, given: list[Node]) -> None:
    if not given:
        return
    if (
        name == "UseUrls"
        or called.endswith((".Urls.Add", ".Prefixes.Add"))
        or (name in {"Run", "RunAsync"} and given[0].type in STRINGS | {"interpolated_string_expression", "identifier"})
    ):
        for one in given:
            _address(source, node, evaluate(source, one))
    elif name == "UseSetting" and len(given) == 2 and evaluate(source, given[0]).text.lower() == "urls":
        _address(source, node, evaluate(source, given[1]))
    elif name in {"ListenAnyIP", "ListenLocalhost"}:
        _bind(source, node, given[0], "Any" if name == "ListenAnyIP" else "Loopback")
    elif name == "Listen" and len(given) > 1 and "IPAddress." in brief(given[0]):
        _bind(source, node, given[1], brief(given[0]))


def _bind(source: _Source, node: Node, port: Node, host: str) -> None:
    value = evaluate(source, port)
    tags = [*(("env",) if value.env == "PORT" else ()), *(("tls",) if "UseHttps" in brief(node, 5000) else ())]
    if re.fullmatch(r"[1-9]\d{0,4}", value.text) or value.env:
        where = "127.0.0.1" if "Loopback" in host else ANYWHERE
        source.listens.append(source.found("listen", value.text if value.text.isdigit() else "", node, where, *tags))


def _address(source: _Source, node: Node, value: Value) -> None:
    tags = ("env",) if value.env == "PORT" else ()
    for part in value.text.split(";")[:10]:
        found = address(part) or (address(part.rstrip(":/")) if value.env else None)
        if found and (found[2] or value.env):
            more = (*tags, "tls") if found[0] == "https" else tags
            source.listens.append(source.found("listen", found[2], node, found[1], *more))


def _fallback(source: _Source, node: Node) -> tuple[str, tuple[str, ...]]:
    """The default behind a read (`?? "x"`) and the tags of it: `??` with a throw, or `!`, means that it must be there."""
    above, below = node.parent, node
    for _ in range(4):
        if above is None or above.type not in _THROUGH | {"invocation_expression", "argument_list"}:
            break
        if above.type == "postfix_unary_expression" and above.child_count == 2 and trees.text(above.child(1)) == "!":
            return "", ("required",)
        below, above = above, above.parent
    if (
        above is not None
        and above.type == "binary_expression"
        and trees.text(above.child_by_field_name("operator")) in {"==", "!="}
    ):
        above = above.parent
    if above is not None and above.type == "conditional_expression":
        sides = above.named_children[1:3]
        if any(side.type == "throw_expression" for side in sides):
            return "", ("required",)
        values = [evaluate(source, side) for side in sides]
        literal = next((one for one in values if one.known and not one.env), None)
        if literal is not None and any(one.env for one in values):
            return literal.text, ("defaulted",)
        return "", ("defaulted", "computed")
    if above is None or above.type != "binary_expression" or trees.text(above.child_by_field_name("operator")) != "??":
        return "", ()
    left, right = above.child_by_field_name("left"), above.child_by_field_name("right")
    if left is None or right is None or left.start_byte != below.start_byte:
        return "", ()
    if right.type == "throw_expression":
        return "", ("required",)
    value = evaluate(source, right)
    if value.known:
        return value.text, ("defaulted",)
    if "throw " in brief(right, 2000):
        return "", ()  # one of several names must be there
    return "", ("defaulted", "computed")


def _variable(source: _Source, node: Node, given: list[Node]) -> Iterator[Found]:
    name = evaluate(source, given[0]).text if given else ""
    if not _NAME.match(name) or name in SET_BY_HOST:
        return
    default, tags = _fallback(source, node)
    if len(given) > 1 and (second := evaluate(source, given[1])).known:
        default, tags = second.text, ("defaulted",)
    yield source.found("env", name, node, default, *tags)


def _guard(source: _Source, node: Node) -> Iterator[Found]:
    """`if (string.IsNullOrEmpty(key)) throw …`: what was read into `key` must be there."""
    then = node.child_by_field_name("consequence")
    first = then.named_child(0) if then is not None and then.type == "block" and then.named_child_count else then
    if first is not None and (first.type == "throw_statement" or "Environment.Exit" in brief(first)):
        for match in _ABSENT.finditer(brief(node.child_by_field_name("condition"), 1000)):
            yield from _must_be_there(source, node, match[1] or match[2])


def _must_be_there(source: _Source, node: Node, variable: str) -> Iterator[Found]:
    value = source.values.get(variable, Value())
    if not value.env or value.known or value.env in SET_BY_HOST:
        return
    if variable in source.settings:
        yield source.found("configuration", source.settings[variable], node, "", "required")
    else:
        yield source.found("env", value.env, node, "", "required")


def _section(source: _Source, node: Node | None) -> str:
    """The prefix of a section ("Jwt:") that an expression stands for; "" when it is none."""
    if node is None:
        return ""
    if node.type == "identifier":
        return source.sections.get(trees.text(node), "")
    if node.type == "invocation_expression" and method(node) in {"GetSection", "GetRequiredSection"}:
        given = arguments(node)
        key = evaluate(source, given[0]).text if given else ""
        before = receiver(node)
        above = _section(source, before) if before is not None and before.type == "invocation_expression" else ""
        return f"{above}{key}:" if key and _KEY.match(key) else ""
    return ""


def _is_configuration(node: Node | None) -> bool:
    return node is not None and bool(_CONFIGURATION.search(brief(node)[-80:]))


def _subscript_key(source: _Source, node: Node) -> str:
    before = node.child_by_field_name("expression")
    prefix = _section(source, before)
    if not prefix and not _is_configuration(before):
        return ""
    listed = node.child_by_field_name("subscript")
    keys = [one.named_child(0) for one in listed.named_children] if listed is not None else []
    value = evaluate(source, keys[0]) if len(keys) == 1 else Value()
    return prefix + value.text if value.known and not value.env and _KEY.match(value.text) else ""


def _subscript(source: _Source, node: Node) -> Iterator[Found]:
    above = node.parent
    if above is not None and above.type == "assignment_expression" and above.child_by_field_name("left") == node:
        return
    if key := _subscript_key(source, node):
        default, tags = _fallback(source, node)
        yield source.found("configuration", key, node, default, *tags)


def _configured(source: _Source, node: Node, name: str, given: list[Node]) -> Iterator[Found]:
    before = receiver(node)
    key = evaluate(source, given[0]).text if given else ""
    if not _KEY.match(key):
        return
    if name == "GetConnectionString":
        default, tags = _fallback(source, node)
        yield source.found("configuration", f"ConnectionStrings:{key}", node, default, *tags)
    elif name == "GetValue" and ((prefix := _section(source, before)) or _is_configuration(before)):
        default, tags = _fallback(source, node)
        if len(given) > 1:
            value = evaluate(source, given[1])
            default, tags = value.text, ("defaulted",) if value.known else ("defaulted", "computed")
        yield source.found("configuration", prefix + key, node, default, *tags)
    elif name in {"GetSection", "GetRequiredSection"} and (_is_configuration(before) or _section(source, before)):
        above = node.parent
        if (
            above is not None
            and above.type == "member_access_expression"
            and trees.text(above.child_by_field_name("name")) == "Value"
        ):
            default, tags = _fallback(source, above)
            yield source.found("configuration", _section(source, node).rstrip(":"), node, default, *tags)
        else:
            yield source.found("configuration-section", _section(source, node).rstrip(":"), node)


PARSERS: tuple[Parser, ...] = (
    Parser("*.cs", csharp, "source", anywhere=True),
    Parser("*.fs", fsharp, "source", anywhere=True),
    Parser("*.fsx", fsharp, "source", anywhere=True),
    Parser("*.vb", visual_basic, "source", anywhere=True),
    Parser("*.razor", razor, "source", anywhere=True),
    Parser("*.cshtml", razor, "source", anywhere=True),
)
