"""Where JavaScript programs listen: `.listen(…)`, `serve(…)`, server options, and constants that other files may mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers import trees
from deploydeck.scan.parsers.node_program import Program
from deploydeck.scan.parsers.node_tree import FUNCTIONS, arguments, called, inner, pairs, string
from deploydeck.scan.parsers.node_tree import field as value_of

if TYPE_CHECKING:
    from tree_sitter import Node

_NUMBER = re.compile(r"[1-9]\d{0,4}")
_PORT_KEYS = ("port", "PORT")
_HOST_KEYS = ("host", "hostname", "address", "HOST")
_LISTENERS = frozenset({"app", "server", "fastify", "http", "https", "httpServer", "api", "application", "service", "koa"})
_PORT_WORD = re.compile(r"port", re.IGNORECASE)
_PORT_NAME = re.compile(r"^(?:[a-zA-Z]{0,20}_?)?(?:port|PORT|Port)$")
_NOT_OURS = re.compile(
    r"db|database|redis|mongo|mysql|postgres|pg|smtp|mail|amqp|rabbit|kafka|elastic|cache|proxy|debug|metrics|prometheus|ftp|ssh|imap|ldap",
    re.IGNORECASE,
)
_BESIDE = re.compile(r"metrics?|prometheus|debug|inspect|admin_?port|health_?port|probe", re.IGNORECASE)
_PRODUCTION = re.compile(r"['\"]production['\"]")
_SERVERS = frozenset({"Bun.serve", "Deno.serve"})
_HAPI = frozenset({"hapi", "@hapi/hapi"})


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression for a port or host may be: its literal and its place, the variables that decide, names elsewhere."""

    text: str = ""
    place: Node | None = None
    variables: frozenset[str] = field(default_factory=frozenset)
    names: frozenset[str] = field(default_factory=frozenset)

    def otherwise(self, other: Value) -> Value:
        return Value(
            self.text or other.text,
            self.place if self.text else other.place,
            self.variables | other.variables,
            self.names | other.names,
        )


def evaluate(program: Program, node: Node | None, depth: int = 0) -> Value:
    """The possible value of an expression, through constants, conversions and defaults of the same file."""
    if node is None or depth > 10:
        return Value()
    node = inner(node)
    text = trees.text(node)
    if node.type == "number" or ((plain := string(node)) is not None and plain):
        return Value(text.replace("_", "") if node.type == "number" else string(node) or "", node)
    if node.type in {"binary_expression", "ternary_expression"}:
        return _choice(program, node, depth)
    if node.type == "unary_expression":
        return evaluate(program, node.child_by_field_name("argument"), depth + 1)
    if node.type == "template_string":
        holes = [child for child in node.named_children if child.type == "template_substitution"]
        if len(holes) == 1 and text.startswith("`${") and text.endswith("}`") and holes[0].named_children:
            return evaluate(program, holes[0].named_children[0], depth + 1)
        return Value()
    if node.type in {"identifier", "shorthand_property_identifier"}:
        return _name(program, text, depth)
    if node.type in {"member_expression", "subscript_expression"}:
        return _member(program, node, depth)
    if node.type == "call_expression":
        return _call(program, node, depth)
    return Value()


def _choice(program: Program, node: Node, depth: int) -> Value:
    if node.type == "binary_expression":
        if trees.text(node.child_by_field_name("operator")) not in {"||", "??"}:
            return Value()
        left = evaluate(program, node.child_by_field_name("left"), depth + 1)
        return left.otherwise(evaluate(program, node.child_by_field_name("right"), depth + 1))
    condition = node.child_by_field_name("condition")
    yes = evaluate(program, node.child_by_field_name("consequence"), depth + 1)
    no = evaluate(program, node.child_by_field_name("alternative"), depth + 1)
    production = _PRODUCTION.search(trees.text(condition)[:200]) and "!=" not in trees.text(condition)
    return yes.otherwise(no) if production or yes.variables else no.otherwise(yes)


def _name(program: Program, name: str, depth: int) -> Value:
    if name in program.taken:
        variable, default = program.taken[name]
        value = evaluate(program, default, depth + 1)
        return replace(value, variables=value.variables | {variable})
    if name in program.constants:
        value = evaluate(program, program.constants[name], depth + 1)
        return value if value.text or value.variables else replace(value, names=value.names | {name})
    return Value(names=frozenset({name}))


def _member(program: Program, node: Node, depth: int) -> Value:
    thing = node.child_by_field_name("object")
    part = node.child_by_field_name("property") if node.type == "member_expression" else node.child_by_field_name("index")
    name = (string(part) or trees.text(part)) if part is not None else ""
    if program.environment(thing):
        return Value(variables=frozenset({name})) if re.fullmatch(r"\w{1,100}", name) else Value()
    path = trees.text(node)
    if path in program.constants:  # this.port
        return evaluate(program, program.constants[path], depth + 1)
    target = _object_of(program, thing, depth + 1)
    if target is not None:
        for key, value in pairs(target):
            if key == name:
                return evaluate(program, value, depth + 1)
    return Value(names=frozenset({path.replace("?.", ".")[:100]})) if len(path) < 100 else Value()


def _object_of(program: Program, node: Node | None, depth: int) -> Node | None:
    """The object literal behind `config` or `config.server`."""
    if node is None or depth > 10:
        return None
    node = inner(node)
    if node.type == "object":
        return node
    if node.type == "identifier" and (value := program.constants.get(trees.text(node))) is not None:
        return _object_of(program, value, depth + 1)
    if node.type == "call_expression" and called(node)[1] in {"freeze", "seal", "defineConfig", "Object"} and arguments(node):
        return _object_of(program, arguments(node)[0], depth + 1)
    if node.type == "member_expression":
        outer = _object_of(program, node.child_by_field_name("object"), depth + 1)
        inside = value_of(outer, trees.text(node.child_by_field_name("property"))) if outer is not None else None
        return _object_of(program, inside, depth + 1)
    return None


def _call(program: Program, node: Node, depth: int) -> Value:
    thing, name = called(node)
    given = arguments(node)
    key = string(given[0]) if given else None
    owner = trees.text(thing) if thing is not None else ""
    if name in {"get", "getOrThrow"} and thing is not None and key:
        if owner == "Deno.env":
            return Value(variables=frozenset({key}))
        default = evaluate(program, given[1], depth + 1) if len(given) > 1 else Value()
        if re.fullmatch(r"[A-Z][A-Z0-9_]*", key):
            return replace(default, variables=default.variables | {key})
        if (written := _settings(program).get(key)) is not None:
            return evaluate(program, written, depth + 1)
        return replace(default, names=default.names | {key})
    if key and re.fullmatch(r"[A-Z][A-Z0-9_]*", key) and re.search(r"env|ENV|Env|get|int|num", name):
        default = evaluate(program, given[1], depth + 1) if len(given) > 1 else Value()
        return replace(default, variables=default.variables | {key})
    if given and (thing is None or owner in {"Number", "parseInt", "Math"} or _PORT_WORD.search(name)):
        return evaluate(program, given[0], depth + 1)
    if not given and thing is not None and name in {"toString", "trim", "asPortNumber", "asInt", "valueOf"}:
        return evaluate(program, thing, depth + 1)
    return Value()


def _settings(program: Program) -> dict[str, Node]:
    """What `app.set("port", …)` set."""
    found: dict[str, Node] = {}
    for node in program.nodes["call_expression"]:
        if called(node)[1] == "set" and len(given := arguments(node)) == 2 and (key := string(given[0])):
            found.setdefault(key, given[1])
    return found


def listening(program: Program) -> Iterator[Found]:
    """Facts listen, and constant for values a program in another file may listen on."""
    for node in program.nodes["call_expression"]:
        thing, name = called(node)
        given = arguments(node)
        owner = trees.text(thing)[:60] if thing is not None else ""
        if name == "listen" and thing is not None:
            yield from _listen(program, node, thing, given)
        elif name == "serve" and (f"{owner}.serve" in _SERVERS or (thing is None and _serves(program, name))):
            yield from _serve(program, node, given)
        elif name in {"server", "Server"} and (thing is not None and _from(program, owner, _HAPI)):
            yield from _options(program, node, given[:1], "3000" if False else "")
        elif name in {"startStandaloneServer", "run"} and name == "startStandaloneServer" and len(given) > 1:
            inside = value_of(given[1], "listen")
            yield from _options(program, node, [inside] if inside is not None else [], "")
        elif name == "start" and thing is None and given and value_of(given[0], "port") is not None and _from_any(program, name):
            yield from _options(program, node, given[:1], "")
    for node in program.nodes["new_expression"]:
        name = trees.text(node.child_by_field_name("constructor"))
        if (name.endswith("Server") and _from(program, name.partition(".")[0], _HAPI)) or name == "ApiGateway":
            yield from _options(program, node, arguments(node)[:1], "")
        elif program.imports.get(name.partition(".")[0], ("", ""))[0] in {"socket.io", "ws"} and name.endswith("Server"):
            yield from _sockets(program, node)
    for node in program.nodes["export_statement"]:
        value = node.child_by_field_name("value")
        if value is None:
            continue
        if value.type == "identifier":
            value = program.constants.get(trees.text(value), value)
        value = inner(value)
        if value.type == "object" and value_of(value, "fetch") is not None and (port := value_of(value, "port")) is not None:
            yield _fact(program, node, evaluate(program, port), Value(), {"bun"})
    yield from _constants(program)


def _sockets(program: Program, node: Node) -> Iterator[Found]:
    """`new Server(3000)`, `new WebSocketServer({ port: 8080 })`; beside a server of HTTP it is that which listens."""
    given = arguments(node)
    port = value_of(given[0], *_PORT_KEYS) if given and inner(given[0]).type == "object" else given[0] if given else None
    value = evaluate(program, port)
    if _NUMBER.fullmatch(value.text) or value.variables or any(_PORT_WORD.search(name) for name in value.names):
        yield _fact(program, node, value, Value())


def _serves(program: Program, name: str) -> bool:
    module, _ = program.imports.get(name, ("", ""))
    return module.startswith(
        ("@hono/node-server", "srvx", "bun", "std/http", "https://deno.land/std", "@std/http", "jsr:@std/http", "@hono/bun")
    )


def _from(program: Program, name: str, modules: frozenset[str]) -> bool:
    return program.imports.get(name, ("", ""))[0] in modules or name.lower() == "hapi"


def _from_any(program: Program, name: str) -> bool:
    return name in program.imports


def _listen(program: Program, node: Node, thing: Node, given: list[Node]) -> Iterator[Found]:
    if not given:
        root = trees.text(inner(thing))
        if re.fullmatch(r"\w{1,40}", root) and root in _LISTENERS:
            yield _fact(program, node, Value(names=frozenset({root})), Value(), {"unknown"})
        return
    first = inner(given[0])
    if first.type in FUNCTIONS or trees.text(first) in {"undefined"}:
        return
    if first.type == "object" or (first.type == "identifier" and _object_of(program, first, 0) is not None):
        options = _object_of(program, first, 0)
        written, address = value_of(options, *_PORT_KEYS), value_of(options, *_HOST_KEYS)
        if written is not None or address is not None:
            yield _fact(program, node, evaluate(program, written), evaluate(program, address))
        return
    second = given[1] if len(given) > 1 and inner(given[1]).type not in FUNCTIONS and inner(given[1]).type != "object" else None
    if _BESIDE.search(trees.text(first)[:80]):
        return  # another door of the program: metrics, an inspector
    port = evaluate(program, first)
    if second is not None and not port.text and first.type == "string":  # uWebSockets: listen(host, port)
        yield _fact(program, node, evaluate(program, second), port)
        return
    if port.text and not _NUMBER.fullmatch(port.text) and second is not None:
        other = evaluate(program, second)
        if _NUMBER.fullmatch(other.text):
            yield _fact(program, node, other, port)
            return
    if port.text and not _NUMBER.fullmatch(port.text):
        return  # a socket's path
    told = port.text or port.variables or any(_PORT_WORD.search(name) for name in port.names)
    server = trees.text(inner(thing)).rpartition(".")[2] in _LISTENERS and first.type in {"identifier", "member_expression"}
    if not told and not server:
        return
    yield _fact(program, node, port, evaluate(program, second))


def _serve(program: Program, node: Node, given: list[Node]) -> Iterator[Found]:
    """Bun.serve(options), Deno.serve(options?, handler), serve(app or options, options?)."""
    options = next((found for one in given if (found := _object_of(program, one, 0)) is not None), None)
    default = (
        "8000" if trees.text(node).startswith("Deno") or program.imports.get("serve", ("", ""))[0].find("std") >= 0 else "3000"
    )
    port = value_of(options, *_PORT_KEYS)
    host = value_of(options, *_HOST_KEYS)
    runtime = "bun" if trees.text(node).startswith("Bun") else "deno" if default == "8000" else "node"
    if port is None:
        tags = {runtime, "env", "default"} if runtime == "bun" else {runtime, "default"}
        yield _fact(program, node, Value(default, node), evaluate(program, host), tags)
    else:
        yield _fact(program, node, evaluate(program, port), evaluate(program, host), {runtime})


def _options(program: Program, node: Node, given: list[Node], default: str) -> Iterator[Found]:
    options = _object_of(program, given[0], 0) if given else None
    port, host = value_of(options, *_PORT_KEYS), value_of(options, *_HOST_KEYS)
    if port is not None:
        yield _fact(program, node, evaluate(program, port), evaluate(program, host))


def _fact(program: Program, node: Node, port: Value, host: Value, tags: set[str] | None = None) -> Found:
    number = port.text if _NUMBER.fullmatch(port.text) and int(port.text) < 65536 else ""
    tags = set(tags or ())
    if "PORT" in port.variables:
        tags.add("env")
    tags |= {f"variable:{name}" for name in port.variables} | {f"name:{name}" for name in port.names}
    tags |= {f"from:{program.imports[root][0]}" for name in port.names if (root := name.partition(".")[0]) in program.imports}
    if not number and not port.variables:
        tags.add("unknown")
    if number and port.names and not port.variables:
        tags.add("fallback")  # for when the setting is absent, which another file may say
    place = port.place if number and port.place is not None else node
    return program.found("listen", number, place, host.text[:100], frozenset(tags))


def _constants(program: Program) -> Iterator[Found]:
    """Ports that stand in a constant or in a configuration object, by their path: `server.port`, `PORT`."""
    seen = 0
    for name, node in program.constants.items():
        if _PORT_NAME.match(name) and not _NOT_OURS.search(name):
            value = evaluate(program, node)
            if _NUMBER.fullmatch(value.text) or value.variables:
                yield _constant(program, name, node, value)
                seen += 1
    for node in program.nodes["pair"]:
        key, written = node.child_by_field_name("key"), node.child_by_field_name("value")
        if key is None or written is None or not _PORT_NAME.match(trees.text(key).strip("'\"")) or seen > 60:
            continue
        path = [trees.text(key).strip("'\"")]
        around = node.parent
        for _ in range(20):
            if around is None:
                break
            if around.type == "pair":
                path.append(trees.text(around.child_by_field_name("key")).strip("'\""))
            elif around.type == "variable_declarator":
                path.append(trees.text(around.child_by_field_name("name")))
            elif around.type == "call_expression" and called(around)[1] == "registerAs":  # a name space of Nest's configuration
                path.append(string(next(iter(arguments(around)), None)) or "")
            around = around.parent
        dotted = ".".join(reversed(path))
        if len(dotted) > 100 or _NOT_OURS.search(dotted):
            continue
        value = evaluate(program, written)
        if _NUMBER.fullmatch(value.text) or value.variables:
            yield _constant(program, dotted, node, value)
            seen += 1


def _constant(program: Program, name: str, node: Node, value: Value) -> Found:
    tags = {f"variable:{variable}" for variable in value.variables}
    place = value.place if value.place is not None and _NUMBER.fullmatch(value.text) else node
    return program.found("constant", name, place, value.text if _NUMBER.fullmatch(value.text) else "", frozenset(tags))
