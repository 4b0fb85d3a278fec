"""Routes in Python source: on an application (`route`), on a router that something may mount (`router-route`), and the mounting.

Kinds beyond the glossary, read by `ecosystems/python_routes.py` only: `router` (name: variable, value: own prefix, tag `kind:X`),
`router-route` (name: path, value: variable), `mounts` (name: the router as imported, value: prefix, tags `on:X`, `unknown` when the
prefix is no literal), `django-include` (name: module, value: prefix).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers.python_apps import framework_of
from deploydeck.scan.parsers.python_tree import Function, Module, argument, assigned, dotted, elements, flat, keyword, last, string

_METHODS = frozenset({"get", "route", "api_route", "head", "websocket_route", "callback"}) - {"callback", "websocket_route"}
_ROUTERS = frozenset(
    {"APIRouter", "Blueprint", "APIBlueprint", "RouteTableDef", "Router", "SubRouter", "Namespace", "AuthRouter", "InferringRouter"}
)
_APPLICATION_NAMES = frozenset({"app", "application", "api", "server", "mcp", "flask_app", "fastapi_app", "web_app", "rt"})
_MOUNTS = frozenset({"include_router", "register_blueprint", "blueprint", "mount", "add_namespace", "add_subapp", "include_routes"})
_PLAIN = frozenset({"get", "route"})
_SIMPLE = re.compile(r"\^?/?[A-Za-z0-9_./-]{0,80}\$?")
_URL_CALLS = frozenset({"path", "re_path", "url"})


def routes(module: Module) -> Iterator[Found]:
    """Every fact about routes in the file."""
    routers: dict[str, str] = {}
    for statement in flat(module.tree.body):
        names, value = assigned(statement)
        for name in names:
            if isinstance(value, ast.Call) and (made := last(module.full(value.func))) in _ROUTERS:
                routers[name] = made
                prefix = _prefix(module, keyword(value, "prefix", "url_prefix", "path"))
                tags = {f"kind:{made}"} | ({"unknown"} if prefix is None else set())
                yield module.found("router", name, statement, prefix or "", frozenset(tags))
            if name == "urlpatterns":
                yield from _django(module, value)
            elif name in {"routes", "handlers", "ROUTES"}:
                yield from _listed(module, value, "app")
    for node in module.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
            yield from _decorated(module, node, routers)
    for call in module.calls:
        yield from _call(module, call, routers)


def _decorated(module: Module, function: Function, routers: dict[str, str]) -> Iterator[Found]:
    for decorator in function.decorator_list:
        if not isinstance(decorator, ast.Call):
            continue
        if isinstance(decorator.func, ast.Attribute):
            if decorator.func.attr not in _METHODS:
                continue
            owner = dotted(decorator.func.value)
        elif isinstance(decorator.func, ast.Name) and _bare(module, decorator.func.id):
            owner = "rt" if decorator.func.id == "rt" else "app"
            if _inside_class(module, function):
                continue
        else:
            continue
        methods = keyword(decorator, "methods")
        if isinstance(methods, ast.List | ast.Tuple | ast.Set) and "GET" not in {string(item).upper() for item in methods.elts}:
            continue
        path = module.string(argument(decorator, 0, "path", "rule", "uri"))
        if path.startswith("/") or (path == "" and owner in routers and decorator.args):
            yield from _on(module, decorator, owner, path, routers)


def _bare(module: Module, name: str) -> bool:
    """Whether a bare decorator is the route decorator of a framework (bottle, Litestar, FastHTML's `rt`)."""
    origin = module.aliases.get(name, "")
    return (name in _PLAIN and origin.partition(".")[0] in {"bottle", "litestar", "starlite", "blacksheep"}) or (
        name == "rt" and ("fasthtml" in origin or any(one.startswith("fasthtml") for one in module.aliases.values()))
    )


def _inside_class(module: Module, function: Function) -> bool:
    return any(function in one.body for one in module.classes.values())


def _on(module: Module, node: ast.AST, owner: str, path: str, routers: dict[str, str]) -> Iterator[Found]:
    application = bool(framework_of(module, module.bound.get(owner))) or owner.removeprefix("self.") in _APPLICATION_NAMES
    if owner in routers or not application:
        yield module.found("router-route", path or "/", node, owner, frozenset() if owner in routers else frozenset({"elsewhere"}))
    else:
        yield module.found("route", path, node, owner)


def _call(module: Module, node: ast.Call, routers: dict[str, str]) -> Iterator[Found]:
    if not isinstance(node.func, ast.Attribute):
        if last(module.full(node.func)) in {"FastAPI", "Starlette", "Litestar", "Application"}:
            yield from _listed(
                module, keyword(node, "routes", "route_handlers", "handlers") or (node.args[0] if node.args else None), "app"
            )
        if last(module.full(node.func)) == "FastAPI":
            yield from _schema(module, node)
        return
    method, owner = node.func.attr, dotted(node.func.value)
    if method in _MOUNTS and node.args:
        yield from _mount(module, node, method, owner)
    elif method in {"Application", "Starlette", "FastAPI"} and (node.args or node.keywords):
        yield from _listed(module, keyword(node, "routes", "handlers") or (node.args[0] if node.args else None), "app")
        if method == "FastAPI":
            yield from _schema(module, node)
    elif method in {"add_url_rule", "add_get", "add_route", "add_api_route"} and node.args:
        path = string(argument(node, 0, "rule", "path"))
        if method == "add_route" and not path.startswith("/") and len(node.args) > 1:
            path = string(node.args[1])  # pyramid: name, path; sanic: handler, path
        if path.startswith("/"):
            plain = owner.removesuffix(".router")
            yield from _on(module, node, plain if plain != "config" else "app", path, routers)
    elif method == "add_resource" and len(node.args) > 1:
        for one in node.args[1:3]:
            if string(one).startswith("/"):
                yield from _on(module, node, owner, string(one), routers)
    elif method in {"add_routes", "add_handlers"} and node.args:
        yield from _listed(module, node.args[-1], "app")
    elif method == "make_wsgi_app":
        return


def _schema(module: Module, node: ast.Call) -> Iterator[Found]:
    schema = keyword(node, "openapi_url")
    if schema is not None:
        text = _prefix(module, schema) or ""
        yield module.found("openapi-template" if "{" in text else "openapi", text, node)


def _listed(module: Module, node: ast.expr | None, owner: str) -> Iterator[Found]:
    """`[Route("/x", f)]`, `[web.get("/x", f)]`, `[(r"/x", Handler)]`."""
    node = module.value(node)
    for item in elements(node)[:500]:
        if isinstance(item, ast.Call):
            called = last(dotted(item.func))
            path = string(argument(item, 0, "path"))
            if called in {"Route", "get", "view", "URLSpec", "url"} and path.startswith("/"):
                yield module.found("route", path.rstrip("$"), item, owner)
            elif (called == "Mount" and path.startswith("/")) or (called == "Mount" and path == ""):
                for inner in elements(module.value(argument(item, 1, "routes")))[:200]:
                    if (
                        isinstance(inner, ast.Call)
                        and string(argument(inner, 0, "path")).startswith("/")
                        and last(dotted(inner.func)) == "Route"
                    ):
                        yield module.found("route", path.rstrip("/") + string(argument(inner, 0, "path")), inner, owner)
        elif isinstance(item, ast.Tuple) and item.elts and string(item.elts[0]).startswith("/"):
            path = string(item.elts[0]).rstrip("$").removesuffix("/?")
            if re.fullmatch(r"[A-Za-z0-9_./-]{1,100}", path):
                yield module.found("route", path, item, owner)


def _mount(module: Module, node: ast.Call, method: str, owner: str) -> Iterator[Found]:
    target, prefix = node.args[0], keyword(node, "prefix", "url_prefix", "path")
    if method in {"mount", "add_subapp"}:
        prefix = prefix or node.args[0]
        other = argument(node, 1, "app", "subapp")
        if other is None:
            return
        target = other
        html = keyword(other, "html") if isinstance(other, ast.Call) and last(dotted(other.func)) == "StaticFiles" else None
        if string(node.args[0]) == "/" and isinstance(html, ast.Constant) and html.value is True:
            yield module.found("route", "/", node, owner or "app")  # serves the index.html of a directory
    elif method == "add_namespace" and len(node.args) > 1:
        prefix = prefix or node.args[1]
    name = module.full(target)
    if not name and isinstance(target, ast.Call):
        name = module.full(target.func)  # include_router(make_router())
    tags = {f"on:{module.full(node.func.value) if isinstance(node.func, ast.Attribute) else owner}"}
    text = _prefix(module, prefix)
    if text is None:
        tags.add("unknown")
    if prefix is not None:
        tags.add("prefixed")
    if name:
        yield module.found("mounts", name, node, text or "", frozenset(tags))


def _prefix(module: Module, node: ast.expr | None, depth: int = 0) -> str | None:
    """A prefix as text, `{NAME}` standing for a setting that another file holds; None when it is computed."""
    node = module.value(node)
    if node is None:
        return ""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else "" if node.value is None else None
    if isinstance(node, ast.Attribute | ast.Name) and (name := dotted(node)):
        return "{" + last(name) + "}"
    parts: list[ast.expr] = []
    if isinstance(node, ast.JoinedStr):
        parts = [one.value if isinstance(one, ast.FormattedValue) else one for one in node.values]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [node.left, node.right]
    texts = [_prefix(module, one, depth + 1) for one in parts] if parts and depth < 3 else [None]
    return None if None in texts else "".join(one or "" for one in texts)


def _django(module: Module, value: ast.expr | None, prefix: str = "", depth: int = 0) -> Iterator[Found]:
    """The entries of `urlpatterns`: lists, sums of lists, and what `include` nests."""
    lists: list[ast.expr] = []
    waiting = [value] if value is not None else []
    while waiting and len(lists) < 20:
        one = waiting.pop()
        if isinstance(one, ast.BinOp):
            waiting += [one.right, one.left]
        elif isinstance(one, ast.List | ast.Tuple):
            lists.append(one)
    for item in [item for one in lists for item in elements(one)]:
        if not isinstance(item, ast.Call) or last(dotted(item.func)) not in _URL_CALLS or not item.args:
            continue
        pattern = string(item.args[0])
        if last(dotted(item.func)) != "path":
            if not _SIMPLE.fullmatch(pattern):
                continue
            pattern = pattern.removeprefix("^").removesuffix("$")
        if not isinstance(item.args[0], ast.Constant):
            continue
        view = item.args[1] if len(item.args) > 1 else keyword(item, "view")
        if isinstance(view, ast.Call) and last(dotted(view.func)) == "include":
            inner = view.args[0] if view.args else None
            if isinstance(inner, ast.Tuple) and inner.elts:
                inner = inner.elts[0]
            if (name := string(inner) or module.full(inner)) and not isinstance(module.value(inner), ast.List):
                yield module.found("django-include", name, item, prefix + pattern)
            elif depth < 3:
                yield from _django(module, module.value(inner), prefix + pattern, depth + 1)
        elif dotted(view).endswith(".urls"):
            yield module.found("django-include", module.full(view), item, prefix + pattern)
        else:
            yield module.found("route", "/" + (prefix + pattern).lstrip("/"), item, "django", frozenset({"urlpatterns"}))
