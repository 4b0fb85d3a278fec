"""Python source by its syntax tree: application objects, ports, routes, variables, settings. Nothing is ever executed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.python_apps import applications, classes, listens
from deploydeck.scan.parsers.python_django import datasources, settings
from deploydeck.scan.parsers.python_env import variables
from deploydeck.scan.parsers.python_routes import routes
from deploydeck.scan.parsers.python_settings import settings_classes
from deploydeck.scan.parsers.python_tree import Module, assigned, dotted, flat, keyword, last, module_of, number, string

# Building a syntax tree costs about 0.7 s a megabyte: only files that can hold one of our facts get one. Searching for plain
# words one after the other is several times faster than one pattern with all of them.
_WORDS = tuple(
    word.replace("_SPACE_", " ").encode()
    for word in (
        "Flask FastAPI Settings Starlette Quart Sanic Litestar Router Blueprint environ getenv decouple env( env. "
        "sgi_application _app( .run( .serve( "
        "_APPLICATION ROOT_URLCONF urlpatterns INSTALLED_APPS envvar dj_database_url ALLOWED_HOSTS SECRET_KEY STATIC_ROOT "
        "DATABASES "
        "uvicorn waitress run_app streamlit gradio nicegui chainlit mesop reflex fasthtml bentoml taipy robyn bottle cherrypy "
        "Dash( falcon pyramid "
        "from_SPACE_aiohttp tornado panel_SPACE_as import_SPACE_panel from_SPACE_ray_SPACE_ Celery( Huey( dramatiq "
        "WorkerSettings Spider FastMCP socketio FastStream "
        "discord telegram aiogram telebot slack_bolt pyrogram telethon HTTPServer TCPServer WSGIServer drivername create_engine "
        "postgres mysql "
        "redis:// rediss:// mongodb amqp sqlite mssql kafka:// nats:// memcached:// Dsn connexion AsyncApp websockets "
        ".servable( make_server "
        "run_simple grpc app_SPACE_=_SPACE_ application_SPACE_=_SPACE_ starlette.config .route( .get('/ .get(\"/ PORT_SPACE_= "
        "PORT= web.application MotorClient MongoClient emmett smerald blacksheep responder"
    ).split()
)
_IMPORT_LINE = re.compile(r"^[ \t]{0,80}(?:from|import)[ \t]{1,20}([A-Za-z_]\w{0,100})((?:\.\w{1,100}){0,20})", re.MULTILINE)
_GUARD = re.compile(r"^if[ \t]{1,9}\(?__name__[ \t]{0,9}==[ \t]{0,9}['\"]__main__['\"]", re.MULTILINE)
_PORT_NAME = re.compile(r"(?:[A-Z_]{0,40}_)?PORT", re.IGNORECASE)
_PREFIX = re.compile(r"/[A-Za-z0-9_./-]{0,60}")
_PREFIX_NAME = re.compile(r"prefix|path|root|base|api|_str$|version|url", re.IGNORECASE)
_LONGEST_LINE = 20_000


def python_source(file: str, data: bytes) -> Iterator[Found]:
    """Everything a Python file says. Raises Broken when it holds something of interest and is not Python."""
    text = Text(data)
    if guard := _GUARD.search(text.text):
        line = text.line_at(guard.start())
        yield Found("entry", "main", file, file, line, text.line(line), "python")
    if not _worth_parsing(file, data):
        line = at = 0
        for match in _IMPORT_LINE.finditer(text.text):
            line += text.text.count("\n", at, match.start())
            at = match.start()
            yield Found("import", match[1], match[1] + match[2], file, line + 1, text.line(line + 1), "python")
        return
    if max(map(len, text.lines)) > _LONGEST_LINE:
        return  # generated, or made to exhaust the parser
    module = module_of(file, text)
    yield from _imports(module)
    yield from applications(module)
    yield from classes(module)
    for call in module.calls:
        yield from listens(module, call)
    yield from routes(module)
    yield from variables(module)
    yield from settings_classes(module)
    yield from settings(module)
    yield from datasources(module)
    yield from _constants(module)
    yield from _class_constants(module)
    yield from _config_constants(module)


def _worth_parsing(file: str, data: bytes) -> bool:
    return any(word in data for word in _WORDS) or "gunicorn" in file or file.endswith(("wsgi.py", "asgi.py"))


def _imports(module: Module) -> Iterator[Found]:
    relative = False
    for node in module.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield module.found("import", alias.name.partition(".")[0], node, alias.name)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield module.found("import", node.module.partition(".")[0], node, node.module)
        elif isinstance(node, ast.ImportFrom) and node.level and not relative:
            relative = True
            yield module.found("relative-import", module.file, node)


def _constants(module: Module) -> Iterator[Found]:
    """Ports in module constants, which other files use; the address in a configuration of gunicorn."""
    gunicorn = module.file.rpartition("/")[2].startswith("gunicorn")
    for statement in flat(module.tree.body):
        names, value = assigned(statement)
        for name in names:
            if gunicorn and name == "bind":
                text = string(value) or _joined(module, value)
                host, _, port = text.rpartition(":")
                tags = {"gunicorn"} | ({"env"} if any(string(one) == "PORT" for one in ast.walk(value or statement)) else set())
                yield module.found("listen", number(port), statement, host.strip("[]"), frozenset(tags))
            elif _PREFIX_NAME.search(name) and _PREFIX.fullmatch(string(value)):
                yield module.found("prefix", name, statement, string(value))
            elif _PORT_NAME.fullmatch(name) and isinstance(value, ast.Constant) and (port := number(value.value)):
                yield module.found("constant", name.upper(), statement, port)


def _config_constants(module: Module) -> Iterator[Found]:
    """Ports that are put into the configuration of an application: `app.config["PORT"] = 5001`."""
    for node in module.nodes:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and (port := number(node.value.value)):
            for one in node.targets:
                if (
                    isinstance(one, ast.Subscript)
                    and _PORT_NAME.fullmatch(string(one.slice))
                    and last(dotted(one.value)) == "config"
                ):
                    yield module.found("constant", string(one.slice).upper(), node, port)


def _class_constants(module: Module) -> Iterator[Found]:
    """Ports that are defaults of a class of settings, whatever kind of class it is."""
    for node in module.classes.values():
        for statement in node.body:
            names, value = assigned(statement)
            for name in names:
                default = (
                    keyword(value, "default") or (value.args[0] if value.args else None) if isinstance(value, ast.Call) else value
                )
                if _PORT_NAME.fullmatch(name) and isinstance(default, ast.Constant) and (port := number(default.value)):
                    yield module.found("constant", name.upper(), statement, port, frozenset({f"class:{node.name}"}))
                elif _PREFIX.fullmatch(string(default)) and _PREFIX_NAME.search(name):
                    yield module.found("prefix", name, statement, string(default))


def _joined(module: Module, value: ast.expr | None) -> str:
    """The literal parts of an f-string or a sum, with the last port number in it at the end."""
    parts = [string(one) for one in ast.walk(value) if isinstance(one, ast.Constant)] if value is not None else []
    ports = [number(one.value) for one in ast.walk(value) if isinstance(one, ast.Constant)] if value is not None else []
    for one in ast.walk(value) if value is not None else ():
        if isinstance(one, ast.Name) and one.id in module.bound:
            ports += [number(inner.value) for inner in ast.walk(module.bound[one.id]) if isinstance(inner, ast.Constant)]
    written = next((one for one in parts if re.search(r":\d{1,5}$", one)), "")
    found = [one for one in ports if one]
    host = next((one.rstrip(":") for one in parts if re.fullmatch(r"[0-9.]{7,15}:?", one)), "")
    return written or (f"{host}:{found[-1]}" if found else "")


PARSERS: tuple[Parser, ...] = (Parser("*.py", python_source, "source", anywhere=True),)
