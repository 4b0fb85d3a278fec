# ruff: noqa: E501 - a pattern reads better unbroken
"""Rust source by its syntax tree: entries, imports, variables, where it listens, and routes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers import trees
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.listening import SIDE, Value, address, listening
from deploydeck.scan.parsers.rust_routes import routes
from deploydeck.scan.parsers.rust_tree import NAME, SCOPE, RustFile, plain

if TYPE_CHECKING:
    from tree_sitter import Node

_STRONG = (
    b"env::var", b"env!(", b"dotenv", b'var("', b"env =", b"env=", b"(env", b"clap(", b".bind", b"TcpListener", b"SocketAddr", b".listen(", b".run(",
    b".launch(", b".route(", b".nest(", b"[get(", b"[route(", b".at(", b"::path(", b"path!(", b"::start(", b"0.0.0.0", b"127.0.0.1", b"localhost",
    b"PORT", b"addr", b"Addr", b"ADDR", b"envy::", b"Env::", b"Environment::", b".configure(",
)  # fmt: skip
"""A file without any of these, or a port, holds none of our facts. Words one after the other are faster than one pattern."""
_PORT = re.compile(rb"port\b|Port\b")
_USE = re.compile(r"^[ \t]{0,20}(?:pub )?use[ \t]{1,4}(?:::)?([a-z_][a-z0-9_]{1,60})(?:::([^;\n]{0,120}))?", re.MULTILINE)
_MAIN = re.compile(r"^[ \t]{0,8}(?:pub )?(?:async )?fn main\(", re.MULTILINE)
_LOCAL = frozenset({"crate", "self", "super", "std", "core", "alloc"})
_LAUNCH = re.compile(r"^[ \t]{0,8}#\[(?:rocket::)?launch\]", re.MULTILINE)
_LONGEST_LINE = 20_000
_ENVY = re.compile(
    r"(?:let \w{1,40}\s{0,4}:\s{0,4}(\w{1,60})\s{0,4}=\s{0,9})?envy::(?:prefixed\(\"(\w{1,60})\"\)\s{0,40}\.)?from_env(?:::<(\w{1,60})>)?\("
)
_STRUCT_FIELD = re.compile(
    r"(#\[serde\([^\]\n]{0,200}\)\]\s{0,40})?(?:pub(?:\(crate\))? )?(\w{1,60})\s{0,4}:\s{0,4}([\w:<>]{1,80})\s{0,4}(?:,|$)"
)
_BINDS = frozenset({
    "bind", "bind_rustls", "bind_openssl", "bind_auto_h2c", "bind_uds", "bind_rustls_021", "bind_rustls_0_22", "bind_rustls_0_23", "listen", "run", "try_bind",
    "bind_with_graceful_shutdown", "serve", "serve_with_shutdown", "bind_ephemeral", "start",
})  # fmt: skip
_PATH_BINDS = re.compile(
    r"(?:^|::)(?:TcpListener|Server|AddrIncoming|Listener)::(?:<\w{1,30}>::)?(?:bind|try_bind|http|bind_addr)$|(?:^|::)TcpListener::new$|gotham::start$|axum_server::bind(?:_rustls|_openssl)?$"
)
_FAIL = frozenset({"expect", "unwrap"})
_KEEPS = frozenset(
    {
        "map_err",
        "context",
        "with_context",
        "ok_or",
        "ok_or_else",
        "parse",
        "map",
        "as_str",
        "to_string",
        "and_then",
        "into",
        "trim",
        "ok",
        "as_deref",
    }
)
_CONSTANT = re.compile(r"(?i)(?:port|addr|address|bind|listen)$")


def rust_source(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    if (b"fn main(" in data or b"launch]" in data) and ((match := _MAIN.search(text.text)) or (match := _LAUNCH.search(text.text))):
        number = text.line_at(match.start())
        yield Found("entry", "main", file, file, number, text.line(number), SCOPE)
    for match in _USE.finditer(text.text) if b"use " in data or b"use\t" in data else ():
        if match[1] not in _LOCAL:
            number = text.line_at(match.start(1))
            yield Found(
                "import", match[1], f"{match[1]}::{match[2]}" if match[2] else match[1], file, number, text.line(number), SCOPE
            )
    if not (any(word in data for word in _STRONG) or _PORT.search(data)) or max(map(len, text.lines)) > _LONGEST_LINE:
        return
    source = RustFile(file, text, trees.root("rust", data))
    yield from _environment(source)
    yield from _listens(source)
    yield from routes(source)


def _environment(source: RustFile) -> Iterator[Found]:
    in_match = {child.id: one for one in source.matches if (child := one.child_by_field_name("value")) is not None}
    for call in source.calls:
        name = source.variable(call)
        if name:
            if _inside_helper(source, call):
                continue
            tags, value = _otherwise(source, call, in_match)
            yield source.found("env", name, call, value, frozenset(tags))
            continue
        callee, holder = source.callee(call)
        arguments = source.arguments(call)
        if holder is None and callee in source.env_helpers and arguments and NAME.match(key := source.value(arguments[0]).text):
            default = source.value(arguments[1]) if len(arguments) > 1 else None
            tags = {"defaulted"} if default else {"required"} if source.env_helpers[callee] else set[str]()
            if default and not default.known:
                tags.add("computed")
            yield source.found("env", key, call, default.text if default and default.known else "", frozenset(tags))
        elif holder is None and arguments and arguments[0].type == "string_literal":
            key = plain(arguments[0])
            if re.fullmatch(r"[A-Z][A-Z0-9_]{2,80}", key) and re.fullmatch(r"(?:\w{1,40}::){0,4}\w{1,60}", callee):
                default = source.value(arguments[1]) if len(arguments) > 1 else None
                known = default is not None and default.known
                tags = {"defaulted"} if known else {"defaulted", "computed"} if default is not None else set[str]()
                yield source.found(
                    "env-call",
                    f"{callee.rpartition('::')[2]}:{key}",
                    call,
                    default.text if default and known else "",
                    frozenset(tags),
                )
    for name, kind in source.env_helpers.items():
        yield source.found("env-helper", name, source.functions[name], kind)
    for macro in source.macros:
        kind = trees.text(macro.child_by_field_name("macro")).rpartition("::")[2]
        found = (
            re.match(r"\(\s{0,20}\"([A-Za-z_][A-Za-z0-9_]{0,99})\"", trees.text(macro.named_children[-1]))
            if macro.named_children
            else None
        )
        if kind in {"env", "option_env", "dotenv"} and found and not found[1].startswith(("CARGO_", "OUT_DIR", "TARGET")):
            yield source.found("env", found[1], macro, tags=frozenset({"build", "required"} if kind == "env" else {"build"}))
    for attribute in source.attributes:
        yield from _argument(source, attribute)
    yield from _envy(source)


def _envy(source: RustFile) -> Iterator[Found]:
    """`envy::prefixed("APP_").from_env::<Config>()`: each field of the struct is a variable."""
    text = source.text.text
    for match in _ENVY.finditer(text):
        owner = match[3] or match[1]
        struct = re.search(rf"\bstruct {re.escape(owner)}\s{{0,9}}\{{([^{{}}]{{0,4000}})\}}", text) if owner else None
        if struct is None:
            continue
        for field in _STRUCT_FIELD.finditer(struct[1]):
            number = source.text.line_at(struct.start(1) + field.start(2))
            serde = field[1] or ""
            tags = (
                {"defaulted", "computed"} if "default" in serde else set[str]() if field[3].startswith("Option") else {"required"}
            )
            renamed = re.search(r"rename\s{0,4}=\s{0,4}\"(\w{1,80})\"", serde)
            name = (match[2] or "") + (renamed[1] if renamed else field[2]).upper()
            yield Found("env", name, "", source.file, number, source.text.line(number), SCOPE, frozenset(tags))


def _inside_helper(source: RustFile, call: Node) -> bool:
    arguments = source.arguments(call)
    return bool(arguments) and arguments[0].type in {"identifier", "reference_expression"} and source.value(arguments[0]).ref != ""


def _otherwise(source: RustFile, call: Node, matches: dict[int, Node]) -> tuple[set[str], str]:
    """What follows the call: a default, a failure (required), or nothing of these."""
    node = call
    for _ in range(12):
        if node.id in matches:
            return _arms(source, matches[node.id])
        parent = node.parent
        if parent is None:
            break
        if parent.type == "try_expression":
            return {"required"}, ""
        if parent.type == "field_expression" and parent.parent is not None:
            outer = parent.parent
            if outer.type == "generic_function" and outer.parent is not None:
                outer = outer.parent
            method = trees.text(parent.child_by_field_name("field"))
            arguments = source.arguments(outer) if outer.type == "call_expression" else []
            if method in _FAIL:
                return {"required"}, ""
            if method == "unwrap_or_default":
                return {"defaulted", "computed"}, ""
            if method in {"unwrap_or", "unwrap_or_else", "map_or", "map_or_else", "or_else"} and arguments:
                if re.search(r"panic!|exit\(", trees.text(arguments[0])[:300]):
                    return {"required"}, ""
                known = source.value(arguments[0])
                return ({"defaulted"}, known.text) if known.known else ({"defaulted", "computed"}, "")
            if method in {"is_ok", "is_err", "is_some", "is_none"}:
                return set(), ""
            if method in _KEEPS or method == "await":
                node = outer
                continue
            return set(), ""
        if parent.type in {"await_expression", "parenthesized_expression", "reference_expression"}:
            node = parent
            continue
        break
    return set(), ""


def _arms(source: RustFile, match: Node) -> tuple[set[str], str]:
    body = match.child_by_field_name("body")
    for arm in body.named_children[:8] if body is not None else ():
        if re.match(r"Err|None|_", trees.text(arm.child_by_field_name("pattern"))):
            value = arm.child_by_field_name("value")
            if re.search(r"panic!|exit\(|return Err|bail!", trees.text(value)[:400]):
                return {"required"}, ""
            known = source.value(value)
            return ({"defaulted"}, known.text) if known.known else ({"defaulted", "computed"}, "")
    return set(), ""


def _argument(source: RustFile, attribute: Node) -> Iterator[Found]:
    """`#[arg(long, env = "PORT", default_value = "8080")]` of clap on a struct's field."""
    text = trees.text(attribute)[:600]
    if not re.match(r"#\[(?:arg|clap|structopt)\(", text) or not re.search(r"\benv\b", text):
        return
    field = attribute.next_named_sibling
    while field is not None and field.type in {"attribute_item", "line_comment", "block_comment"}:
        field = field.next_named_sibling
    own = trees.text(field.child_by_field_name("name")) if field is not None and field.type == "field_declaration" else ""
    named = re.search(r"\benv\s{0,4}=\s{0,4}\"([A-Za-z_][A-Za-z0-9_]{0,99})\"", text)
    name = named[1] if named else own.upper()
    if not NAME.match(name):
        return
    default = re.search(r"default_value(?:_t)?\s{0,4}=\s{0,4}(?:\"([^\"]{0,200})\"|([\w.:]{1,80}))", text)
    optional = field is not None and trees.text(field.child_by_field_name("type")).startswith(("Option<", "bool", "Vec<"))
    value = ""
    tags: set[str] = set()
    if default:
        value = default[1] if default[1] is not None else default[2]
        tags = (
            {"defaulted"}
            if default[1] is not None or re.fullmatch(r"[\d._]{1,20}|true|false", value)
            else {"defaulted", "computed"}
        )
        value = value if "computed" not in tags else ""
    elif not optional and own:
        tags = {"required"}
    yield source.found("env", name, attribute, value, frozenset(tags))
    if value and _CONSTANT.search(own):
        yield source.found("option", f"field:{own}", attribute, value, frozenset({f"variable:{name}"}))


def _listens(source: RustFile) -> Iterator[Found]:
    seen: set[tuple[int, str]] = set()
    for call in source.calls:
        name, holder = source.callee(call)
        arguments = source.arguments(call)
        if not arguments:
            continue
        value: Value | None = None
        if holder is None and _PATH_BINDS.search(name) and "Udp" not in name and "Unix" not in name:
            value = source.value(arguments[0])
        elif holder is not None and name in _BINDS:
            value = source.value(arguments[0])
            where = value.known or value.env or re.search(r"(?i)port|addr|host|listen|bind|socket|url", value.ref)
            if not where or (
                name.startswith("bind") and not value.known and not re.search(r"(?i)server|listener", trees.text(holder)[:2000])
            ):
                value = None  # `query.bind(user_id)`, `server.serve(service)`
        if value is None or value.text.endswith(":0"):
            continue
        side = bool(SIDE.search(trees.text(arguments[0])[:120]) or SIDE.search(source.text.line(trees.line(call))))
        bare = name.endswith("start") or name in {"run"}
        fact = listening(value, source.found("listen", "", call), bare=bare, side=side)
        if fact and (fact.line, fact.name) not in seen:
            seen.add((fact.line, fact.name))
            yield fact
    for name, node, item in source.constants:
        if _CONSTANT.search(name) and (value := source.value(item)).known and address(value, bare=True):
            yield source.found("option", f"field:{name}", node, value.text)
    for name, item in source.initializers:
        if _CONSTANT.search(name) and (value := source.value(item)).known and address(value, bare=True):
            yield source.found("option", f"field:{name}", item, value.text, frozenset(f"variable:{one}" for one in value.env))
    for call in source.calls:
        name, holder = source.callee(call)
        arguments = source.arguments(call)
        if name == "set_default" and len(arguments) == 2 and re.search(r"(?i)port|addr", key := source.value(arguments[0]).text):
            if (value := source.value(arguments[1])).known:
                yield source.found("option", f"key:{key.lower()}", call, value.text)
        elif name == "merge" and arguments:
            found = re.match(r"\(\s{0,4}\"port\"\s{0,4},\s{0,4}(\d{2,5})", trees.text(arguments[0])[:100])
            if found:
                yield source.found("option", "rocket.port", call, found[1])


PARSERS: tuple[Parser, ...] = (Parser("*.rs", rust_source, "source", anywhere=True),)
