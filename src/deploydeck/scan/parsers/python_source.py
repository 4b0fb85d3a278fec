"""Python source by its syntax tree: application objects, ports, routes, variables, settings. Nothing is ever executed."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from deploydeck.scan.facts import Broken, Found, Text, short
from deploydeck.scan.parsers.base import Parser

APPLICATIONS = {
    "Flask": "flask",
    "FastAPI": "fastapi",
    "Starlette": "starlette",
    "Quart": "quart",
    "Sanic": "sanic",
    "Litestar": "litestar",
}
_METHODS = frozenset({"get", "route", "api_route", "head"})
_ROUTERS = frozenset({"APIRouter", "Blueprint"})
_ENV_CALLS = frozenset({"os.environ.get", "environ.get", "os.getenv", "getenv", "os.environ.setdefault", "environ.setdefault"})
_ENV_MAPPINGS = frozenset({"os.environ", "environ"})
_SETTING_NAMES = frozenset({
    "WSGI_APPLICATION", "ASGI_APPLICATION", "ROOT_URLCONF", "DEBUG", "ALLOWED_HOSTS", "SECRET_KEY", "STATIC_ROOT",
})  # fmt: skip
_RUNNERS = {"uvicorn.run": "uvicorn", "waitress.serve": "waitress", "serve": "waitress", "web.run_app": "aiohttp"}
# Building a syntax tree costs about 0.7 s a megabyte: only files that can hold one of our facts get one.
_WORTH_PARSING = re.compile(
    rb"Flask|FastAPI|BaseSettings|Starlette|Quart|Sanic|Litestar|APIRouter|Blueprint|environ|getenv|decouple|\benv[.(]|_APPLICATION|ROOT_URLCONF|urlpatterns"
    rb"|ALLOWED_HOSTS|SECRET_KEY|STATIC_ROOT|get_[aw]sgi_application|ProtocolTypeRouter|_app\b|uvicorn|waitress|run_app"
    rb"|\b(?:app|application|server|api)\.run\(|@\w{1,40}\.(?:get|route|api_route|head)\("
)
_IMPORT_LINE = re.compile(r"^[ \t]{0,80}(?:from|import)[ \t]{1,20}([A-Za-z_]\w{0,100})((?:\.\w{1,100}){0,20})", re.MULTILINE)
_LONGEST_LINE = 20_000
_SOURCE_NAME = "deploydeck-scanned-source"

# A scanned file with "\d" in a plain string would make newer interpreters write a warning to the terminal.
warnings.filterwarnings("ignore", module=_SOURCE_NAME)


@dataclass(frozen=True, slots=True)
class _Source:
    file: str
    text: Text

    def found(self, kind: str, name: str, node: ast.AST, value: str = "", tags: frozenset[str] = frozenset()) -> Found:
        line = getattr(node, "lineno", 0)
        return Found(kind, name, value, self.file, line, self.text.line(line), "python", tags)


def python_source(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    if not _WORTH_PARSING.search(data):
        line = at = 0
        for match in _IMPORT_LINE.finditer(text.text):
            line += text.text.count("\n", at, match.start())
            at = match.start()
            yield Found("import", match[1], match[1] + match[2], file, line + 1, text.line(line + 1), "python")
        return
    if max(map(len, text.lines)) > _LONGEST_LINE:
        return  # generated, or made to exhaust the parser
    try:
        tree = ast.parse(text.text, filename=_SOURCE_NAME)
        nodes = list(ast.walk(tree))
    except SyntaxError as error:
        raise Broken(f"not valid Python: {error.msg}", error.lineno or 0) from None
    except (ValueError, RecursionError, MemoryError):
        raise Broken("not valid Python: cannot be parsed") from None
    source = _Source(file, text)
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imports(source, node)
        elif isinstance(node, ast.Call):
            yield from _call(source, node)
        elif isinstance(node, ast.Subscript) and _dotted(node.value) in _ENV_MAPPINGS and isinstance(node.ctx, ast.Load):
            if name := _string(node.slice):
                yield source.found("env", name, node, tags=frozenset({"required"}))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _routes(source, node)
        elif isinstance(node, ast.ClassDef) and any(_dotted(base).endswith("BaseSettings") for base in node.bases):
            yield from _settings_class(source, node)
    yield from _top_level(source, tree)


def _dotted(node: ast.AST) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute) and len(parts) < 6:
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _string(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _imports(source: _Source, node: ast.Import | ast.ImportFrom) -> Iterator[Found]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield source.found("import", alias.name.partition(".")[0], node, alias.name)
    elif node.level == 0 and node.module:
        yield source.found("import", node.module.partition(".")[0], node, node.module)
    elif node.level:
        yield source.found("relative-import", source.file, node)


def _constructed(node: ast.AST | None) -> str:
    """The framework whose application object this expression makes, or "". Sees through a wrapper call around it."""
    if isinstance(node, ast.Call):
        return APPLICATIONS.get(_dotted(node.func).rpartition(".")[2], "")
    return ""


def _top_level(source: _Source, tree: ast.Module) -> Iterator[Found]:
    for statement in _flat(tree.body):
        targets: list[ast.expr] = []
        value: ast.expr | None = None
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
            targets, value = [statement.target], statement.value
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        for name in names:
            if framework := _constructed(value):
                yield source.found("app", framework, statement, name)
            elif isinstance(value, ast.Call) and (called := _dotted(value.func).rpartition(".")[2]) in _ROUTERS:
                yield source.found("router", name, statement, called)
            elif isinstance(value, ast.Call) and called in {"get_wsgi_application", "get_asgi_application", "ProtocolTypeRouter"}:
                yield source.found("django-entry", "wsgi" if called == "get_wsgi_application" else "asgi", statement, name)
            elif isinstance(value, ast.Call) and called.startswith(("create_", "make_", "build_", "get_")) and "app" in called:
                yield source.found("app-from-factory", called, statement, name)
            if name in _SETTING_NAMES:
                yield from _setting(source, name, statement, value)
            if name == "urlpatterns":
                yield from _django_routes(source, value)
        if isinstance(statement, ast.FunctionDef) and "app" in statement.name:
            made = [_constructed(getattr(inner, "value", None)) for inner in ast.walk(statement)]
            if framework := next((name for name in made if name), ""):
                arguments = statement.args
                needed = len(arguments.args) + len(arguments.posonlyargs) - len(arguments.defaults)
                needed += sum(default is None for default in arguments.kw_defaults)
                yield source.found("app-factory", framework, statement, statement.name, frozenset({"arguments"} if needed else ()))


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of the module, including those one `if` or `try` down."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.Try | ast.If | ast.With):
            yield from statement.body
            yield from getattr(statement, "orelse", [])


def _setting(source: _Source, name: str, node: ast.AST, value: ast.expr | None) -> Iterator[Found]:
    if name == "SECRET_KEY":
        if _string(value):
            fact = source.found("setting", name, node, "literal")
            yield Found(fact.kind, fact.name, fact.value, fact.file, fact.line, "SECRET_KEY = [redacted]", fact.scope)
    elif isinstance(value, ast.List | ast.Tuple):
        yield source.found("setting", name, node, ",".join(filter(None, map(_string, value.elts))))
    elif isinstance(value, ast.Constant):
        yield source.found("setting", name, node, short(value.value))
    else:
        yield source.found("setting", name, node, "", frozenset({"computed"}))


def _django_routes(source: _Source, value: ast.expr | None) -> Iterator[Found]:
    lists = [value.left, value.right] if isinstance(value, ast.BinOp) else [value]
    for item in [item for one in lists if isinstance(one, ast.List | ast.Tuple) for item in one.elts]:
        if isinstance(item, ast.Call) and _dotted(item.func) == "path" and item.args and isinstance(item.args[0], ast.Constant):
            included = len(item.args) > 1 and isinstance(item.args[1], ast.Call) and _dotted(item.args[1].func) == "include"
            if not included:
                yield source.found("route", "/" + _string(item.args[0]).lstrip("/"), item, "django", frozenset({"urlpatterns"}))


def _routes(source: _Source, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Found]:
    for decorator in function.decorator_list:
        if not (isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute) and decorator.func.attr in _METHODS):
            continue
        methods = next((keyword.value for keyword in decorator.keywords if keyword.arg == "methods"), None)
        if isinstance(methods, ast.List | ast.Tuple) and "GET" not in {_string(item).upper() for item in methods.elts}:
            continue
        path = _string(decorator.args[0]) if decorator.args else ""
        if path.startswith("/"):
            yield source.found("route", path, decorator, _dotted(decorator.func.value))


def _call(source: _Source, node: ast.Call) -> Iterator[Found]:
    called = _dotted(node.func)
    last = called.rpartition(".")[2]
    if (
        called in _ENV_CALLS
        or (last in {"config", "env"} and called in {"config", "env", "env.str", "decouple.config"})
        or (called.startswith("env.") and last in {"str", "bool", "int", "list", "url", "db"})
    ):
        yield from _env_call(source, node, called)
    elif called in _RUNNERS or (last == "run" and called.partition(".")[0] in {"app", "application", "server", "api"}):
        yield from _listen(source, node, _RUNNERS.get(called, "app.run"))
    elif last in _ROUTERS | {"include_router", "register_blueprint", "mount"}:
        if any(keyword.arg in {"prefix", "url_prefix"} for keyword in node.keywords) or last == "mount":
            yield source.found("prefixed", last, node)
    elif last == "FastAPI" and (schema := [keyword.value for keyword in node.keywords if keyword.arg == "openapi_url"]):
        yield source.found("openapi", _string(schema[0]), node)


def _env_call(source: _Source, node: ast.Call, called: str) -> Iterator[Found]:
    name = _string(node.args[0]) if node.args else ""
    if not name or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", name):
        return
    default = node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords if k.arg == "default"), None)
    tags: set[str] = set()
    value = ""
    if isinstance(default, ast.Constant) and default.value is not None:
        value, tags = short(default.value), {"defaulted"}
    elif default is not None:
        tags = {"defaulted", "computed"}
    elif not called.endswith((".get", "getenv")):
        tags = {"required"}
    if called.endswith("setdefault"):
        tags.add("setdefault")
    yield source.found("env", name, node, value, frozenset(tags))


def _settings_class(source: _Source, node: ast.ClassDef) -> Iterator[Found]:
    """Fields of a pydantic settings class: each is a variable of its name in capitals, behind `env_prefix`."""
    prefix = ""
    for inner in ast.walk(node):
        if (isinstance(inner, ast.keyword) and inner.arg == "env_prefix") or (
            isinstance(inner, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == "env_prefix" for target in inner.targets)
        ):
            prefix = _string(inner.value)
    for field in node.body:
        if (
            not isinstance(field, ast.AnnAssign)
            or not isinstance(field.target, ast.Name)
            or field.target.id.startswith(("_", "model_config"))
        ):
            continue
        if "ClassVar" in ast.dump(field.annotation)[:200]:
            continue
        default, tags, value = field.value, {"required"}, ""
        if isinstance(default, ast.Constant):
            value, tags = short(default.value) if default.value is not None else "", {"defaulted"}
            tags |= {"computed"} if default.value is None else set()
        elif default is not None:
            tags = {"defaulted", "computed"}  # Field(…): what it says is for pydantic to know
        yield source.found("env", (prefix + field.target.id).upper(), field, value, frozenset(tags))


def _listen(source: _Source, node: ast.Call, runner: str) -> Iterator[Found]:
    """Where a program binds when it is run by itself: `name` the port (or ""), `value` the host."""
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    host = named.get("host") or next((argument for argument in node.args[:1] if runner == "app.run"), None)
    port, tags = named.get("port"), {runner}
    if port is None and runner == "app.run" and len(node.args) > 1:
        port = node.args[1]
    number = ""
    for inner in ast.walk(port) if port is not None else ():
        if isinstance(inner, ast.Constant) and re.fullmatch(r"[0-9]{1,5}", short(inner.value)):
            number = short(inner.value)
        if isinstance(inner, ast.Constant) and inner.value == "PORT":
            tags.add("env")
    debug = named.get("debug")
    if isinstance(debug, ast.Constant) and debug.value is True:
        tags.add("debug")
    yield source.found("listen", number, node, _string(host), frozenset(tags))


PARSERS: tuple[Parser, ...] = (Parser("*.py", python_source, "source", anywhere=True),)
