"""Application objects in Python source: where they are made, by whom, and what serves them when the file is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers.python_tree import (
    Function,
    Module,
    argument,
    assigned,
    dotted,
    elements,
    flat,
    keyword,
    last,
    number,
    string,
)

APPLICATIONS: dict[str, dict[str, str]] = {
    "Flask": {"": "flask"}, "APIFlask": {"": "flask"}, "FastAPI": {"": "fastapi"}, "FastAPIOffline": {"": "fastapi"},
    "Starlette": {"": "starlette"}, "Quart": {"": "quart"}, "QuartTrio": {"": "quart"}, "Sanic": {"": "sanic"},
    "Litestar": {"": "litestar"},
    "Starlite": {"": "litestar"}, "Bottle": {"": "bottle"}, "default_app": {"bottle": "bottle"}, "Dash": {"": "dash"},
    "DashProxy": {"": "dash"}, "Robyn": {"": "robyn"}, "FastHTML": {"": "fasthtml"}, "fast_app": {"": "fasthtml"},
    "FlaskApp": {"connexion": "connexion"}, "AsyncApp": {"connexion": "connexion"}, "FastMCP": {"": "fastmcp"},
    "Esmerald": {"": "esmerald"},
    "App": {"falcon": "falcon", "reflex": "reflex", "rx": "reflex", "connexion": "connexion", "fasthtml": "fasthtml",
            "slack_bolt": "slack-bolt"},
    "API": {"falcon": "falcon", "responder": "responder"}, "OpenAPI": {"flask_openapi3": "flask"},
    "Application": {"tornado": "tornado", "aiohttp": "aiohttp", "blacksheep": "blacksheep"}, "make_wsgi_app": {"": "pyramid"},
    "AsyncServer": {"socketio": "python-socketio"}, "application": {"web": "webpy"},
    "Celery": {"": "celery"}, "Huey": {"": "huey"}, "RedisHuey": {"": "huey"}, "SqliteHuey": {"": "huey"},
    "PriorityRedisHuey": {"": "huey"},
    "ProcrastinateApp": {"": "procrastinate"}, "RedisBroker": {"dramatiq": "dramatiq"}, "RabbitmqBroker": {"dramatiq": "dramatiq"},
    "FastStream": {"": "faststream"}, "Blocks": {"gradio": "gradio", "gr": "gradio"},
    "Interface": {"gradio": "gradio", "gr": "gradio"},
    "ChatInterface": {"gradio": "gradio", "gr": "gradio"}, "TabbedInterface": {"gradio": "gradio"}, "Gui": {"taipy": "taipy"},
    "Emmett": {"": "emmett"}, "NinjaAPI": {"": "django-ninja"},
}  # fmt: skip
"""Class or function that makes an application: by the top-level package it must come from ("": any), the framework."""

FACTORY_CALLS: dict[str, dict[str, str]] = {
    "run": {"nicegui.ui": "nicegui", "mesop": "mesop"}, "page": {"nicegui.ui": "nicegui", "mesop": "mesop"},
    "run_with": {"nicegui.ui": "nicegui"}, "quickstart": {"cherrypy": "cherrypy"}, "mount": {"cherrypy.tree": "cherrypy"},
    "on_message": {"chainlit": "chainlit"}, "on_chat_start": {"chainlit": "chainlit"}, "servable": {"": "panel"},
    "serve": {"panel": "panel", "ray": "ray-serve"}, "deployment": {"ray.serve": "ray-serve"}, "service": {"bentoml": "bentoml"},
}  # fmt: skip
"""Calls and decorators that show a framework without an object to import."""

_STREAMLIT = frozenset(
    {"title", "write", "set_page_config", "header", "sidebar", "markdown", "subheader", "button", "text_input", "columns"}
)
_WRAPPERS = frozenset({
    "ASGIApp", "SentryAsgiMiddleware", "ProxyHeadersMiddleware", "CORSMiddleware", "DispatcherMiddleware", "WsgiToAsgi",
    "ASGIMiddleware",
    "OpenTelemetryMiddleware", "SocketIOMiddleware", "WSGIApp", "WhiteNoise", "TrustedHostMiddleware", "SessionMiddleware",
    "asgi_app",
})  # fmt: skip
_MADE = ("create", "make", "build", "get", "init", "setup", "new")
_OBJECTS = frozenset(
    {"app", "application", "api", "server", "asgi", "wsgi", "asgi_app", "wsgi_app", "flask_app", "fastapi_app", "web_app"}
)
_DJANGO = {"get_wsgi_application": "wsgi", "get_asgi_application": "asgi", "ProtocolTypeRouter": "asgi"}
_BOTS = frozenset(
    {"discord", "telegram", "aiogram", "telebot", "pyrogram", "telethon", "disnake", "nextcord", "slack_bolt", "hikari"}
)
_LARGEST_FUNCTION = 2_000

_BOT_CLASSES = frozenset(
    "Client Bot AutoShardedBot ApplicationBuilder Dispatcher Updater TeleBot AsyncTeleBot builder TelegramClient App "
    "GatewayBot".split()
)

LOCAL = frozenset({"local"})


def framework_of(module: Module, node: ast.AST | None) -> str:
    """The framework whose application object this expression makes, or ""."""
    node = node.value if isinstance(node, ast.Await) else node
    if not isinstance(node, ast.Call):
        return ""
    name = module.full(node.func)
    made = last(name) or (node.func.attr if isinstance(node.func, ast.Attribute) else "")
    table = APPLICATIONS.get(made)
    if table:
        return table.get(name.lstrip(".").partition(".")[0]) or table.get("", "")
    own = module.classes.get(name)
    return _subclass(module, own) if own else ""


def _subclass(module: Module, node: ast.ClassDef) -> str:
    for base in node.bases:
        name = module.full(base)
        table = APPLICATIONS.get(last(name), {})
        framework = table.get(name.partition(".")[0]) or table.get("", "")
        if framework and last(name)[:1].isupper():
            return framework
    return ""


def _completed(module: Module) -> Iterator[Found]:
    """`from config import app` in a file that then adds routes to it: only who imports this file gets them."""
    imported = {
        alias.asname or alias.name: (alias.name, statement)
        for statement in flat(module.tree.body)
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
        if (alias.asname or alias.name) in _OBJECTS
    }
    if not imported or module.file.rpartition("/")[2] == "__init__.py":
        return
    for statement in flat(module.tree.body):
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Call) and last(dotted(call.func)) in _COMPLETES:
            owner = dotted(call.func).rpartition(".")[0]
            if owner in imported:
                yield module.found("app-import", imported[owner][0], imported[owner][1], owner, frozenset({"completes"}))
                return


def applications(module: Module) -> Iterator[Found]:
    """Facts `app`, `app-factory`, `app-from-factory`, `app-class`, `django-entry` and `main`."""
    if module.file.endswith(("wsgi.py", "asgi.py")):
        for statement in flat(module.tree.body):
            for alias in statement.names if isinstance(statement, ast.ImportFrom) else ():
                if (alias.asname or alias.name) in _OBJECTS:
                    yield module.found("app-import", alias.name, statement, alias.asname or alias.name)
    else:
        yield from _completed(module)
    top: set[int] = set()
    known: dict[str, str] = {}
    for statement in flat(module.tree.body):
        if isinstance(statement, ast.With):  # with gr.Blocks() as demo
            for item in statement.items:
                if framework := framework_of(module, item.context_expr):
                    top.add(id(item.context_expr))
                    name = item.optional_vars.id if isinstance(item.optional_vars, ast.Name) else ""
                    yield module.found("app", framework, statement, name)
        first = elements(statement.targets[0]) if isinstance(statement, ast.Assign) else []
        if first and isinstance(first[0], ast.Name) and isinstance(statement, ast.Assign):
            framework = framework_of(module, statement.value)  # app, rt = fast_app()
            if framework:
                top.add(id(statement.value))
                yield module.found("app", framework, statement, first[0].id)
        names, value = assigned(statement)
        for name in names:
            yield from _bound(module, statement, name, value, known)
            top.add(id(value))
        if isinstance(statement, ast.FunctionDef):
            yield from _factory(module, statement)
        elif isinstance(statement, ast.ClassDef) and (framework := _subclass(module, statement)):
            yield module.found("app-class", framework, statement, statement.name)
    for node in module.calls:
        if id(node) not in top and (framework := framework_of(module, node)):
            yield module.found("app", framework, node, "", LOCAL)
        else:
            yield from _shown(module, node)


def _bound(module: Module, statement: ast.stmt, name: str, value: ast.expr | None, known: dict[str, str]) -> Iterator[Found]:
    if framework := framework_of(module, value):
        known[name] = framework
        yield module.found("app", framework, statement, name)
        return
    if isinstance(value, ast.Attribute):
        owner = value.value.id if isinstance(value.value, ast.Name) else ""
        if value.attr == "server" and known.get(owner) == "dash":
            yield module.found("app-server", "dash", statement, name)
        elif value.attr in {"app", "asgi_app"} and name in _OBJECTS and owner in known:
            yield module.found("app", known[owner], statement, name)
    if not isinstance(value, ast.Call):
        return
    called = last(module.full(value.func)) or (value.func.attr if isinstance(value.func, ast.Attribute) else "")
    if called in _DJANGO:
        yield module.found("django-entry", _DJANGO[called], statement, name)
    elif called in _WRAPPERS:
        inner = [*value.args, *(one.value for one in value.keywords)]
        held = [known[one.id] for one in inner if isinstance(one, ast.Name) and one.id in known]
        wrapped = next((one for one in held if one != "python-socketio"), held[0] if held else "")
        wrapped = wrapped or next((made for one in inner if (made := framework_of(module, one))), "")
        if wrapped:
            known[name] = wrapped
            yield module.found("app", wrapped, statement, name, frozenset({"wraps"}))
    elif (called.startswith(_MADE) or name in _OBJECTS) and called:
        yield module.found("app-from-factory", called, statement, name)


def _factory(module: Module, function: ast.FunctionDef) -> Iterator[Found]:
    """A function that makes an application and returns it."""
    inside = list(ast.walk(function))
    if len(inside) > _LARGEST_FUNCTION * 10:
        return
    made: dict[str, str] = {}
    framework = ""
    for node in inside:
        if isinstance(node, ast.Assign | ast.AnnAssign) and (one := framework_of(module, node.value)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if (name := dotted(target)) or (isinstance(target, ast.Tuple) and target.elts and (name := dotted(target.elts[0]))):
                    made[name] = one
    for node in inside:
        if isinstance(node, ast.Return) and node.value is not None:
            framework = framework or made.get(dotted(node.value), "") or framework_of(module, node.value)
            if isinstance(node.value, ast.Call) and last(dotted(node.value.func)) in _WRAPPERS:
                framework = framework or next((made[dotted(one)] for one in node.value.args if dotted(one) in made), "")
            if isinstance(node.value, ast.Tuple) and node.value.elts:
                made.pop(dotted(node.value.elts[0]), None)  # a tuple is nothing a server can call
    if not framework and "app" in function.name and len(set(made.values())) == 1 and not _returns(function):
        return
    if framework:
        yield module.found("app-factory", framework, function, function.name, _needed(function))


def _returns(function: Function) -> bool:
    return any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(function))


def _needed(function: Function) -> frozenset[str]:
    arguments = function.args
    needed = len(arguments.args) + len(arguments.posonlyargs) - len(arguments.defaults)
    needed += sum(default is None for default in arguments.kw_defaults)
    return frozenset({"arguments"} if needed > 0 else ())


def _shown(module: Module, node: ast.Call) -> Iterator[Found]:
    """Frameworks that show by a call, not by an object of their own."""
    name = module.full(node.func)
    head, _, called = name.rpartition(".")
    if head == "streamlit" and called in _STREAMLIT:
        yield module.found("app", "streamlit", node, "", LOCAL)
    elif called in FACTORY_CALLS and (framework := FACTORY_CALLS[called].get(head)):
        yield module.found("app", framework, node, "", LOCAL)
    elif isinstance(node.func, ast.Attribute) and node.func.attr == "servable" and "panel" in module.aliases.values():
        yield module.found("app", "panel", node, "", LOCAL)
    elif last(name) in _BOT_CLASSES and name.partition(".")[0] in _BOTS:
        yield module.found("app", "bot", node, name.partition(".")[0], LOCAL)


def classes(module: Module) -> Iterator[Found]:
    """Spiders, worker settings and Django parts, by their base or name."""
    for node in module.classes.values():
        if node.name == "WorkerSettings":
            yield module.found("app", "arq", node, node.name)
        elif any(last(dotted(base)).endswith("Spider") for base in node.bases):
            named = next((string(value) for one in node.body for names, value in (assigned(one),) if "name" in names), "")
            yield module.found("spider", named, node, node.name)
        elif any(module.full(base) in {"reflex.State", "rx.State"} for base in node.bases):
            yield module.found("app", "reflex", node, "", LOCAL)


_SERVERS: dict[str, tuple[str, int | None, int | None]] = {
    "uvicorn.run": ("uvicorn", None, None), "waitress.serve": ("waitress", None, None),
    "aiohttp.web.run_app": ("aiohttp", None, None),
    "web.run_app": ("aiohttp", None, None), "hypercorn.run": ("hypercorn", None, None), "nicegui.ui.run": ("nicegui", None, None),
    "bottle.run": ("bottle", None, None), "uvicorn.Config": ("uvicorn", None, None),
    "wsgiref.simple_server.make_server": ("wsgiref", 0, 1),
    "cheroot.wsgi.Server": ("cheroot", None, None), "eventlet.listen": ("eventlet", None, None),
    "http.server.HTTPServer": ("http", None, None),
    "http.server.ThreadingHTTPServer": ("http", None, None), "socketserver.TCPServer": ("http", None, None),
    "gevent.pywsgi.WSGIServer": ("gevent", None, None),
    "socketserver.ThreadingTCPServer": ("http", None, None), "websockets.serve": ("websockets", 1, 2),
    "websockets.asyncio.server.serve": ("websockets", 1, 2),
    "asyncio.start_server": ("asyncio", 1, 2), "fasthtml.common.serve": ("fasthtml", None, None),
    "xmlrpc.server.SimpleXMLRPCServer": ("http", None, None),
    "aiohttp.web.TCPSite": ("aiohttp", 1, 2), "web.TCPSite": ("aiohttp", 1, 2), "werkzeug.serving.run_simple": ("werkzeug", 0, 1),
    "granian.Granian": ("granian", None, None), "panel.serve": ("panel", None, None), "wsgiref.make_server": ("wsgiref", 0, 1),
}  # fmt: skip
"""What starts a server: its name, and where host and port stand when they are positional."""
_RUN = frozenset(
    {
        "app",
        "application",
        "server",
        "api",
        "socketio",
        "sio",
        "mcp",
        "demo",
        "interface",
        "iface",
        "web_app",
        "flask_app",
        "dash_app",
    }
)
_PLAIN_SERVERS = frozenset({"http", "websockets", "asyncio"})
_ADDRESS_PAIR = frozenset({"http", "gevent", "eventlet"})
_PORTS = ("port", "server_port", "http_port")
_HOSTS = ("host", "server_name", "hostname", "address", "bind_host")
_COMPLETES = frozenset({"register_blueprint", "include_router", "add_url_rule", "mount", "add_namespace", "register_router"})
_OWN_PORT = {"fasthtml": "5001"}


def listens(module: Module, node: ast.Call) -> Iterator[Found]:
    """Where a program binds when it is run by itself: `name` the port (or ""), `value` the host."""
    name = module.full(node.func)
    if name == "serve" and module.aliases.get("*", "").startswith("fasthtml"):
        name = "fasthtml.common.serve"
    method = node.func.attr if isinstance(node.func, ast.Attribute) else last(name)
    runner, host, port = "", keyword(node, *_HOSTS), keyword(node, *_PORTS)
    table = _SERVERS.get(name) or _SERVERS.get(_submodule(name))
    if table:
        runner, at_host, at_port = table
        host = host or (argument(node, at_host) if at_host is not None else None)
        port = port or (argument(node, at_port) if at_port is not None else None)
        if (
            runner in _ADDRESS_PAIR
            and node.args
            and isinstance(pair := module.value(node.args[0]), ast.Tuple)
            and len(pair.elts) == 2
        ):
            host, port = pair.elts[0], pair.elts[1]
        elif runner == "http" and keyword(node, "server_address") is None and port is None:
            return  # a class named like a server, given something else
    elif method in {"run", "run_server", "start"} and (
        dotted(node.func).partition(".")[0] in _RUN or (port is not None and _own(module, node))
    ):
        runner = "app.run"
        host = host or (node.args[0] if node.args and isinstance(node.args[0], ast.Constant) else None)
        if dotted(node.func).startswith(("socketio.", "sio.")):
            host = keyword(node, *_HOSTS)
        elif port is None and len(node.args) > 1:
            port = node.args[1]
    elif method == "launch" and (port is not None or "gradio" in {one.partition(".")[0] for one in module.aliases.values()}):
        runner = "launch"
    elif (
        method in {"listen", "bind"}
        and any(one.partition(".")[0] == "tornado" for one in module.aliases.values())
        and (node.args or port)
    ):
        runner, port, host = (
            "tornado",
            port or node.args[0],
            host or keyword(node, "address") or (node.args[1] if len(node.args) > 1 else None),
        )
    elif method in {"run_webhook", "start_webhook"}:
        runner, host = "webhook", host or keyword(node, "listen")
    elif name in {"gevent.pywsgi.WSGIServer", "waitress.create_server"}:
        runner = last(name)
    elif method == "add_insecure_port" and node.args:
        yield from _address(module, node, node.args[0], "grpc")
        return
    else:
        return
    if dotted(node.func).startswith("mcp.") and port is None:
        if string(keyword(node, "transport")) not in {"sse", "http", "streamable-http"}:
            return  # speaks over its standard input and output
        port = ast.Constant(8000)
    tags = {runner}
    if runner in {"uvicorn", "hypercorn", "granian"} and (first := argument(node, 0, "app", "target")) is not None:
        if ":" in (target := module.string(first)):
            yield module.found("entry", "asgi", node, target)
        elif isinstance(first, ast.Name):
            tags.add(f"serves:{first.id}")
    if (bind := keyword(node, "listen", "bind")) is not None and runner == "waitress":
        yield from _address(module, node, bind, runner)
        return
    found, more = port_of(module, port)
    if port is None and runner in _OWN_PORT:
        found, more = _OWN_PORT[runner], {"env"}
    debug = keyword(node, "debug")
    if isinstance(debug, ast.Constant) and debug.value is True:
        more = more | {"debug"}
    # What is no server of a framework matters only where there is no framework: a metrics endpoint, a test double.
    kind = "own-listen" if runner in _PLAIN_SERVERS else "listen"
    yield module.found(kind, found, node, module.string(host), frozenset(tags | more))


def _submodule(name: str) -> str:
    """`fasthtml.common.serve` under a star import, `web.run_app` of `from aiohttp import web`."""
    return {"aiohttp.run_app": "aiohttp.web.run_app", "serve": "waitress.serve"}.get(name, name)


def _own(module: Module, node: ast.Call) -> bool:
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return bool(framework_of(module, module.value(owner) if isinstance(owner, ast.expr) else None))


def _address(module: Module, node: ast.AST, value: ast.expr, runner: str) -> Iterator[Found]:
    text = module.string(value)
    tags = {runner}
    if isinstance(value := module.value(value) or value, ast.JoinedStr):
        for one in value.values:
            if isinstance(one, ast.Constant):
                text += str(one.value)
            elif isinstance(one, ast.FormattedValue):
                found, more = port_of(module, one.value)
                text, tags = text + found, tags | more
    host, _, port = text.rpartition(":")
    kind = "own-listen" if runner == "grpc" else "listen"
    yield module.found(kind, number(port), node, host.strip("[]*"), frozenset(tags))


def port_of(module: Module, node: ast.expr | None, depth: int = 0) -> tuple[str, set[str]]:
    """The port an expression stands for ("" when unknown), with the tag `env` when PORT decides and `attr:X` for a setting X."""
    tags: set[str] = set()
    found = ""
    if node is None or depth > 4:
        return found, tags
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant):
            if inner.value == "PORT":
                tags.add("env")
            elif not isinstance(inner.value, bool):
                found = number(inner.value) or found
        elif isinstance(inner, ast.Name) and inner.id in module.bound and module.bound[inner.id] is not node:
            other, more = port_of(module, module.bound[inner.id], depth + 1)
            found, tags = found or other, tags | more
        elif isinstance(inner, ast.Attribute) and "port" in inner.attr.lower() and not found:
            tags.add("attr:" + ".".join((dotted(inner) or inner.attr).upper().split(".")[-2:]))
        elif (
            isinstance(inner, ast.Subscript)
            and (key := string(inner.slice))
            and "port" in key.lower()
            and last(dotted(inner.value)) == "config"
        ):
            tags.add(f"attr:CONFIG.{key.upper()}")
        elif isinstance(inner, ast.Name) and "port" in inner.id.lower() and inner.id in module.aliases:
            tags.add(f"attr:{inner.id.upper()}")
    named = isinstance(node, ast.Name) and "port" in node.id.lower() and node.id not in module.bound
    if not found and (named or any(one.startswith("attr:") for one in tags)):
        found = _argparse(module, node)
    return found, tags


def _argparse(module: Module, node: ast.expr) -> str:
    """The default of `add_argument("--port", default=...)` behind `args.port`, of tornado's `define("port", default=...)`."""
    names = {inner.attr.replace("_", "-") for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}
    names |= {inner.id.replace("_", "-") for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    for call in module.calls:
        added = last(dotted(call.func)) in {"add_argument", "define", "option"}
        if added and any(string(one).removeprefix("--").replace("_", "-") in names for one in call.args):
            default = keyword(call, "default")
            return port_of(module, default, 3)[0] if default is not None else ""
    return ""
