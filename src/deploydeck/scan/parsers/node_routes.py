# ruff: noqa: E501 - tables read better unbroken
"""GET routes of JavaScript servers: on an application for certain (route), on anything else with what mounts it (local-route, mount)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers import trees
from deploydeck.scan.parsers.node_program import Program
from deploydeck.scan.parsers.node_tree import arguments, called, field, inner, literal, pairs, string

if TYPE_CHECKING:
    from tree_sitter import Node

_APPLICATIONS = frozenset({"app", "server", "application", "fastify", "api", "httpServer", "expressApp"})
_ROUTERS = re.compile(r"(?:^|\.)(?:Router|KoaRouter|createRouter|FindMyWay|h3Router)$")
_MAKERS = re.compile(
    r"(?:^|\.)(?:express|fastify|Fastify|polka|restana|restify\.createServer|createServer|Koa|Elysia|Hono|OpenAPIHono|App|createApp|create|server|H3)$"
)
_COMPOSED = frozenset({"Hono", "OpenAPIHono", "Elysia", "H3", "HonoBase"})
_ROUTE = re.compile(r"/[A-Za-z0-9_./~-]{0,80}")
_ASKED = re.compile(
    r"(?:(?:\w{1,20}\.)?(?:url|reqUrl|requestUrl|parsedUrl|parsed|uri|u)\.pathname|(?:(?:ctx|context|c|event)\.)?(?:req|request)\.(?:url|path)|(?:ctx|context)\.(?:url|path)|new URL\([^()]{1,60}\)\.pathname|pathname)"
)
"""What a program compares with a path to answer a request by itself; a page looks at its own location instead."""
_GETS = frozenset({"get", "all", "head", "GET"})
_MOUNTS = frozenset({"use", "route", "register", "group", "mount"})


def routes(program: Program) -> Iterator[Found]:
    """Facts route, local-route, mount, global-prefix."""
    kinds = _objects(program)
    for node in program.nodes["call_expression"]:
        thing, name = called(node)
        given = arguments(node)
        if not given:
            continue
        if name in _GETS and thing is not None:
            yield from _route(program, node, thing, string(given[0]), kinds, len(given))
        if name == "route" and thing is not None:
            yield from _described(program, node, thing, given, kinds)
        if name in _MOUNTS and thing is not None:
            yield from _mount(program, node, thing, name, given)
        if name == "setGlobalPrefix":
            told = string(program.constants.get(trees.text(given[0]), given[0]))
            prefix = "?" if told is None else told  # only the running program knows it
            excluded = " ".join(literal(one) or "" for one in _list(field(given[1], "exclude") if len(given) > 1 else None))
            yield program.found("global-prefix", prefix, node, excluded)
        elif name == "enableVersioning":
            options = trees.text(given[0])
            uri = re.search(r"VersioningType\.URI|type\s{0,3}:\s{0,3}0\b", options) or "VersioningType" not in options
            yield program.found("versioned", string(field(given[0], "defaultVersion")) or "", node, "uri" if uri else "")
        elif name == "createTerminus" and len(given) > 1:
            for path, _ in pairs(field(given[1], "healthChecks")):
                yield program.found("route", path, node, "app")
        elif name == "createYoga" and (check := string(field(given[0], "healthCheckEndpoint"))):
            yield program.found("route", check, node, "app")
        elif name == "register" and len(given) > 1 and (asked := field(given[1], "exposeStatusRoute")) is not None:
            path = string(asked) or string(field(asked, "url")) or "/status"
            yield program.found("route", path, node, "app")
    for node in program.nodes["class_declaration"]:
        yield from _controller(program, node)
    yield from _compared(program)


def _compared(program: Program) -> Iterator[Found]:
    """Servers without a router: `if (url.pathname === "/health")`, `req.url == "/health"`, `case "/health":`."""
    for node in program.nodes["binary_expression"]:
        if trees.text(node.child_by_field_name("operator")) not in {"===", "=="}:
            continue
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        for path, asked in ((string(right), left), (string(left), right)):
            if path and asked is not None and _ROUTE.fullmatch(path) and _ASKED.fullmatch(trees.text(asked)):
                yield program.found("route", path, node, "server")
    for node in program.nodes["switch_case"]:
        path = string(node.child_by_field_name("value"))
        switch = node.parent.parent if node.parent is not None else None
        if path and switch is not None and _ROUTE.fullmatch(path):
            asked = switch.child_by_field_name("value")
            if asked is not None and _ASKED.fullmatch(trees.text(inner(asked))):
                yield program.found("route", path, node, "server")


def _objects(program: Program) -> dict[str, tuple[str, str]]:
    """The names that routes are defined on: their kind (app, router, either) and their own prefix."""
    found: dict[str, tuple[str, str]] = {}
    for name, value in program.constants.items():
        node = inner(value)
        prefix = ""
        for _ in range(30):  # down a chain of calls to what it begins with
            if node.type != "call_expression":
                break
            thing, method = called(node)
            if method in {"basePath", "prefix"} and (path := string(next(iter(arguments(node)), None))):
                prefix = path + prefix
            if thing is None or _maker(trees.text(node.child_by_field_name("function"))):
                break
            node = inner(thing)
        if node.type not in {"call_expression", "new_expression"}:
            continue
        made = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        text = trees.text(made)
        if len(text) > 60 or not (kind := _maker(text)):
            continue
        options = next(iter(arguments(node)), None)
        own = string(field(options, "prefix")) if options is not None else None
        found[name] = (kind, (own or "") + prefix)
    return found


def _maker(text: str) -> str:
    if _ROUTERS.search(text):
        return "router"
    if not _MAKERS.search(text):
        return ""
    return "either" if text.rpartition(".")[2] in _COMPOSED else "app"


def _base(program: Program, node: Node) -> str:
    """The name of the object a chain of calls begins with: `app`, or the variable that holds `new Elysia().get(…)`."""
    current = inner(node)
    for _ in range(60):
        if current.type == "call_expression":
            thing, _ = called(current)
            if thing is None:
                return program.declared_name(current)
            current = inner(thing)
        elif current.type == "new_expression":
            return program.declared_name(current) or trees.text(current.child_by_field_name("constructor"))
        else:
            return trees.text(current) if current.type in {"identifier", "member_expression", "this"} else ""
    return ""


def _route(
    program: Program, node: Node, thing: Node, path: str | None, kinds: dict[str, tuple[str, str]], count: int
) -> Iterator[Found]:
    if path is None or not _ROUTE.fullmatch(path) or (count < 2 and called(node)[1] != "get"):
        return
    base = _base(program, thing)
    if not base or len(base) > 60:
        return
    if count < 2 and base not in kinds:
        return  # a client: api.get("/users")
    yield _placed(program, node, path, base, kinds)


def _placed(program: Program, node: Node, path: str, base: str, kinds: dict[str, tuple[str, str]]) -> Found:
    kind, prefix = kinds.get(base, ("", ""))
    full = _join(prefix, path)
    composed = base in _COMPOSED
    if kind == "app" or (
        not kind and not composed and base.removeprefix("this.") in _APPLICATIONS and not _parameter(program, base)
    ):
        return program.found("route", full, node, base)
    return program.found("local-route", full, node, base, frozenset({f"kind:{kind or 'unknown'}"}))


def _parameter(program: Program, name: str) -> bool:
    """Whether a name is what a function of this file is given: then the file may be mounted below a prefix."""
    return (
        re.search(
            rf"(?:function\b[^(\n]{{0,60}}\(|\()\s{{0,5}}{re.escape(name)}\b\s{{0,3}}(?::[^,)\n]{{1,60}})?[,)]", program.text.text
        )
        is not None
    )


def _described(program: Program, node: Node, thing: Node, given: list[Node], kinds: dict[str, tuple[str, str]]) -> Iterator[Found]:
    """fastify.route({ method, url }), hapi server.route({ method, path }) or a list of them; express app.route("/x").get(…)."""
    base = _base(program, thing)
    if (path := string(given[0])) is not None and len(given) == 1:
        method = next(iter([around for around in (node.parent,) if around is not None]), None)
        if (
            (
                method is not None
                and method.type == "member_expression"
                and trees.text(method.child_by_field_name("property")) in _GETS
            )
            and _ROUTE.fullmatch(path)
            and base
        ):
            yield _placed(program, node, path, base, kinds)
        return
    for one in _list(given[0]) or [given[0]]:
        path = string(field(one, "url", "path"))
        method_text = trees.text(field(one, "method")).upper() if field(one, "method") is not None else "GET"
        if path is not None and _ROUTE.fullmatch(path) and re.search(r"GET|\*", method_text):
            yield _placed(program, one, path, base or "server", kinds)


def _list(node: Node | None) -> list[Node]:
    plain = inner(node) if node is not None else None
    return list(plain.named_children) if plain is not None and plain.type == "array" else []


def _mount(program: Program, node: Node, thing: Node, name: str, given: list[Node]) -> Iterator[Found]:
    owner = _base(program, thing)
    if not owner or len(owner) > 60:
        return
    first = string(given[0])
    prefix, targets = (first, given[1:]) if first is not None else ("", given)
    computed = first is None and given[0].type in {"template_string", "array", "identifier", "member_expression"} and len(given) > 1
    written = trees.text(given[0])
    if computed and name != "register" and written not in program.imports and written not in program.constants:
        prefix = "?"
    if name == "register":
        targets = given[:1]
        prefix = string(field(given[1], "prefix")) or "" if len(given) > 1 else ""
    for target in targets:
        if ((to := _target(program, target)) and _ROUTE.fullmatch(prefix or "/")) or (prefix == "?" and to):
            yield program.found("mount", prefix, node, owner, frozenset({f"to:{to}"}))


def _target(program: Program, node: Node) -> str:
    """What is mounted: a module by its specifier, or a name of this file (`#name`)."""
    node = inner(node)
    required = program.required(node)
    if required is not None:
        return required[0]
    if node.type == "call_expression":
        thing, name = called(node)
        if name == "routes" and thing is not None:  # koa: app.use(router.routes())
            return _target(program, thing)
        if name in {"default", "json", "urlencoded", "static"}:
            return ""
        required = program.required(thing) if thing is not None else None
        if required is not None:
            return required[0]
        node = inner(node.child_by_field_name("function") or node)
        if node.type == "call_expression" and (required := program.required(node)) is not None:
            return required[0]
    if node.type == "member_expression":
        thing = node.child_by_field_name("object")
        if thing is None:
            return ""
        node = inner(thing)
    if node.type != "identifier":
        return ""
    name = trees.text(node)
    if name in program.imports:
        module = program.imports[name][0]
        return module if module.startswith((".", "@/", "~", "#", "src/")) else ""
    return f"#{name}"


def _controller(program: Program, node: Node) -> Iterator[Found]:
    """A controller of NestJS: @Controller("x") and its @Get("y")."""
    decorators = [child for child in (node.parent or node).named_children if child.type == "decorator"]
    decorators += [child for child in node.named_children if child.type == "decorator"]
    prefix, versioned, is_controller, number = "", False, False, ""
    for decorator in decorators:
        call = next((child for child in decorator.named_children if child.type == "call_expression"), None)
        if call is None or called(call)[1] not in {"Controller", "JsonController", "RestController"}:
            continue
        is_controller = True
        given = arguments(call)
        if given:
            path = field(given[0], "path") if inner(given[0]).type == "object" else given[0]
            version = field(given[0], "version") if inner(given[0]).type == "object" else None
            versioned = version is not None
            number = "" if version is None else "neutral" if "VERSION_NEUTRAL" in trees.text(version) else string(version) or ""
            written = string(path) if path is not None else ""
            if written is None:
                return
            prefix = written
    body = node.child_by_field_name("body")
    if not is_controller or body is None:
        return
    for child in body.named_children:
        if child.type != "decorator":
            continue
        call = next((one for one in child.named_children if one.type == "call_expression"), None)
        if call is None or called(call)[1] not in {"Get", "All"}:
            continue
        given = arguments(call)
        path_text = string(given[0]) if given else ""
        if path_text is not None and _ROUTE.fullmatch(full := _join(f"/{prefix}", path_text)):
            tags = {"kind:nest", *({"versioned", f"version:{number}"} if versioned else ())}
            yield program.found("local-route", full, child, "controller", frozenset(tags))


def _join(prefix: str, path: str) -> str:
    joined = "/".join(part for part in (prefix.strip("/"), path.strip("/")) if part)
    return f"/{joined}"
