# ruff: noqa: E501 - a pattern reads better unbroken
"""Where Go source listens: net/http, the frameworks' own calls, and addresses handed to a function of the project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers import trees
from deploydeck.scan.parsers.go_tree import GoFile
from deploydeck.scan.parsers.listening import HOLE, SIDE, UNKNOWN, Value, address, listening

if TYPE_CHECKING:
    from tree_sitter import Node

_SERVE: dict[str, int] = {
    "http.ListenAndServe": 0, "http.ListenAndServeTLS": 0, "fasthttp.ListenAndServe": 0, "fasthttp.ListenAndServeTLS": 0,
    "graceful.ListenAndServe": 0, "endless.ListenAndServe": 0, "gracehttp.ListenAndServe": 0, "manners.ListenAndServe": 0,
    "iris.Addr": 0, "net.Listen": 1, "tls.Listen": 1, "reuseport.Listen": 1,
}  # fmt: skip
"""Calls that listen, and which argument is the address."""
_METHODS = frozenset({
    "Run", "RunTLS", "Start", "StartTLS", "StartAutoTLS", "Listen", "ListenTLS", "ListenAndServe", "ListenAndServeTLS", "Serve", "RunServer",
    "StartServer", "RunOnAddr", "StartH2CServer", "RunHTTP", "StartHTTP", "ListenAndServeWithSignal", "runServer", "startServer", "serve", "Bind",
})  # fmt: skip
_SERVERS = frozenset({"http.Server", "fasthttp.Server", "rest.RestConf", "http.Config"})
_WITHOUT: dict[str, tuple[str, str]] = {"gin-gonic/gin": ("Run", "8080"), "go-martini/martini": ("Run", "3000")}
"""Calls without an address: what listens on PORT, else on this port."""
_BARE = re.compile(r"(?i)serv|app|api|http|router|web|engine|start|^r\.|^e\.")
_CONSTANT = re.compile(r"(?i)(?:port|addr|address|listen)$")
_OPTIONS = frozenset({"http.Address", "server.WithHostPorts", "khttp.Address", "web.WithAddress", "fuego.WithAddr", "grpc.Address"})
_FUNCTIONS = frozenset({"func_literal", "function_declaration", "method_declaration"})


def listens(source: GoFile) -> Iterator[Found]:
    found: list[Found] = []
    for literal in source.composites:
        kind = trees.text(literal.child_by_field_name("type"))
        if kind in _SERVERS and (item := source.fields(literal).get("Addr")):
            found += _at(source, literal, item, source.value(item), side=_is_side(source, literal, item))
    for call in source.calls:
        callee, arguments = source.callee(call), source.arguments(call)
        last = callee.rpartition(".")[2]
        if callee in _SERVE or callee in _OPTIONS:
            at = _SERVE.get(callee, 0)
            if len(arguments) > at and (
                at == 0 or source.string(arguments[0]).startswith("tcp") or not source.string(arguments[0])
            ):
                item = arguments[at]
                if source.string(item).endswith(":0") or (callee in {"net.Listen", "tls.Listen"} and not _serves(source)):
                    continue
                grpc = callee.startswith("grpc") or (callee == "net.Listen" and _serves_grpc(source))
                found += _at(
                    source,
                    call,
                    item,
                    source.value(item),
                    side=_is_side(source, call, item),
                    kind="listen-grpc" if grpc else "listen",
                )
        elif last in _METHODS:
            found += _method(source, call, callee, last, arguments)
    yield from dict.fromkeys(found)
    yield from _settings(source)


def _serves(source: GoFile) -> bool:
    return any(
        source.callee(call).rpartition(".")[2] in {"Serve", "ServeTLS", "Listener", "Accept", "ServeListener"}
        for call in source.calls
    )


def _serves_grpc(source: GoFile) -> bool:
    return "google.golang.org/grpc" in source.imports or any(source.callee(call) == "grpc.NewServer" for call in source.calls)


def _is_side(source: GoFile, node: Node, item: Node) -> bool:
    """Whether this listens for something beside the program: metrics, profiling, administration."""
    if (
        source.string(item).endswith(":6060")
        or SIDE.search(trees.text(item)[:200])
        or SIDE.search(source.text.line(trees.line(node)))
    ):
        return True
    statement = node.parent
    while statement is not None and statement.type not in {
        "short_var_declaration",
        "assignment_statement",
        "expression_statement",
        "go_statement",
        *_FUNCTIONS,
    }:
        statement = statement.parent
    named = statement if statement is not None and statement.type == "short_var_declaration" else None
    if named is not None and SIDE.search(trees.text(named.child_by_field_name("left"))[:100]):
        return True
    function = source.function_of(node)
    while function is not None:
        name = function.child_by_field_name("name")
        if name is not None:
            return SIDE.search(trees.text(name)) is not None
        body = trees.text(function)[:1500]
        if SIDE.search(body) and len(body) < 800 and function.parent is not None and not body.count("HandleFunc"):
            return True
        function = source.function_of(function)
    return False


def _at(
    source: GoFile, node: Node, item: Node, value: Value, *, bare: bool = False, side: bool = False, kind: str = "listen"
) -> list[Found]:
    if _is_parameter(source, item) and not value.known:
        value = Value(value.text, value.env, trees.text(item))
    fact = listening(value, source.found("listen", "", node), bare=bare, side=side, kind=kind)
    return [fact] if fact else []


def _is_parameter(source: GoFile, item: Node) -> bool:
    function = source.function_of(item)
    parameters = function.child_by_field_name("parameters") if function is not None else None
    return item.type == "identifier" and re.search(rf"\b{re.escape(trees.text(item))}\b", trees.text(parameters)[:500]) is not None


def _method(source: GoFile, call: Node, callee: str, last: str, arguments: list[Node]) -> list[Found]:
    if not arguments:
        for word, (name, port) in _WITHOUT.items():
            if last == name and any(word in path for path in source.imports) and _is_engine(source, callee):
                return _at(source, call, call, Value(port, frozenset({"PORT"})), bare=True)
        return []
    first = arguments[1] if len(arguments) > 1 and trees.text(arguments[0]) in {"ctx", "context.Background()"} else arguments[0]
    if last == "Listen" and source.string(first) in {"tcp", "unix", "udp", "tcp4", "tcp6"}:
        return []
    value = source.value(first)
    if address(value) is None and not (address(value, bare=True) and _BARE.search(callee)):
        return []
    if value.text == HOLE and not _server_object(source, callee):
        return []
    if value == UNKNOWN or (
        not value.known and re.search(r"(?i)ctx|context|handler|listener|args|opts|lis$", trees.text(first)[:60])
    ):
        return []
    return _at(source, call, first, value, bare=True, side=_is_side(source, call, first))


def _is_engine(source: GoFile, callee: str) -> bool:
    holder = callee.rpartition(".")[0]
    return holder.rpartition(".")[2].lower() in {
        "r",
        "router",
        "engine",
        "app",
        "server",
        "g",
        "e",
        "m",
        "api",
        "s",
        "gin",
        "route",
        "routes",
    }


def _server_object(source: GoFile, callee: str) -> bool:
    """Whether something like `router.Run(x)` is a web server: a framework is imported and the object has a usual name."""
    web = re.search(
        r"gin-gonic/gin|labstack/echo|gofiber/fiber|kataras/iris|beego|negroni|martini|hertz|fasthttp|atreugo",
        " ".join(source.imports),
    )
    return bool(web) and (
        _is_engine(source, callee) or bool(re.search(r"(?i)router|engine|echo|fiber|gin|app|server", callee.rpartition(".")[0]))
    )


def _settings(source: GoFile) -> Iterator[Found]:
    """Constants, variables, fields and flags named like a port, for files that listen on them by name."""
    for literal in source.composites:
        for name, item in source.fields(literal).items():
            if _CONSTANT.search(name) and (value := source.value(item)).known and address(value, bare=True):
                yield source.found("option", f"field:{name}", item, value.text)
    for node in trees.descend(source.root, frozenset({"const_spec", "var_spec"})):
        name = trees.text(node.child_by_field_name("name"))
        if _CONSTANT.search(name) and source.function_of(node) is None:
            values = node.child_by_field_name("value")
            constant = values.named_children[0] if values is not None and values.named_children else None
            if (value := source.value(constant)).known and address(value, bare=True):
                yield source.found("option", f"field:{name}", node, value.text, frozenset(f"variable:{one}" for one in value.env))
    for call in source.calls:
        callee, arguments = source.callee(call), source.arguments(call)
        if len(arguments) >= 3 and re.search(r"(?:flag|Flags\(\)|fs|flags)\.(?:String|Int|Uint)(?:Var)?P?$", callee):
            texts = [source.string(item) for item in arguments]
            name = next((text for text in texts if text), "")
            value = next((one for item in arguments[1:] if (one := source.value(item)).known and address(one, bare=True)), UNKNOWN)
            if value.known and re.search(r"(?i)(?:^|[-_.])(?:http-?)?(?:port|addr|address|listen|bind)$", name):
                yield source.found("option", f"flag:{name}", call, value.text)
