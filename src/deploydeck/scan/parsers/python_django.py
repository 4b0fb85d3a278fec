"""Settings that Django reads from a module, and the databases, caches and brokers that Python source names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, short
from deploydeck.scan.parsers.python_tree import Module, argument, assigned, dotted, elements, flat, keyword, last, pairs, string
from deploydeck.scan.rules.services import SCHEMES

_SETTINGS = frozenset({
    "WSGI_APPLICATION", "ASGI_APPLICATION", "ROOT_URLCONF", "DEBUG", "ALLOWED_HOSTS", "SECRET_KEY", "STATIC_ROOT", "STATIC_URL",
    "INSTALLED_APPS", "BOT_NAME", "SPIDER_MODULES", "FASTAPI_ENV", "SITENAME", "OUTPUT_PATH",
})  # fmt: skip
_ENGINES = {
    "postgresql": "postgresql", "postgresql_psycopg2": "postgresql", "postgis": "postgresql", "psqlextra": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql", "sqlite3": "sqlite", "spatialite": "sqlite", "sqlite": "sqlite", "oracle": "oracle", "mssql": "mssql",
    "djongo": "mongodb",
    "django_mongodb_backend": "mongodb", "django_cockroachdb": "cockroachdb", "asyncpg": "postgresql", "psycopg": "postgresql",
    "aiosqlite": "sqlite",
    "asyncmy": "mysql", "sql_server": "mssql", "pyodbc": "mssql", "clickhouse": "clickhouse", "clickhouse_backend": "clickhouse",
    "aiomysql": "mysql",
}  # fmt: skip
_BACKENDS = (
    ("redis", "redis"), ("memcached", "memcached"), ("pymemcache", "memcached"), ("pylibmc", "memcached"), ("rabbitmq", "rabbitmq"),
    ("elasticsearch", "elasticsearch"), ("opensearch", "opensearch"), ("s3boto3", "s3"), ("storages.backends.s3", "s3"),
    ("valkey", "redis"),
)  # fmt: skip
_BACKEND_KEYS = frozenset({"BACKEND", "ENGINE", "engine", "CACHE_TYPE", "backend"})
_PEEWEE = {
    "PostgresqlDatabase": "postgresql", "PooledPostgresqlDatabase": "postgresql", "PostgresqlExtDatabase": "postgresql",
    "MySQLDatabase": "mysql",
    "PooledMySQLDatabase": "mysql", "SqliteDatabase": "sqlite", "AsyncIOMotorClient": "mongodb", "MongoClient": "mongodb",
}  # fmt: skip
_URL = re.compile(r"(?:django_)?(?:gis\+)?(sqlite|[a-z][a-z0-9]{2,20})(?:\+[a-z0-9_]{1,20})?(?:\+srv)?://")
_TESTED = frozenset({"startswith", "replace", "removeprefix", "split", "partition", "match", "endswith", "sub"})
_QUOTED = frozenset({"sqlite", *SCHEMES})


def settings(module: Module) -> Iterator[Found]:
    """Facts `setting` for the names that decide how a Django project runs."""
    for statement in flat(module.tree.body):
        names, value = assigned(statement)
        for name in names:
            if name in _SETTINGS:
                yield from _setting(module, name, statement, value)
    for node in module.calls:
        if len(node.args) == 2 and string(node.args[0]) == "DJANGO_SETTINGS_MODULE" and last(dotted(node.func)) == "setdefault":
            yield module.found("setting", "DJANGO_SETTINGS_MODULE", node, string(node.args[1]))


def _setting(module: Module, name: str, node: ast.stmt, value: ast.expr | None) -> Iterator[Found]:
    if name == "SECRET_KEY":
        if string(value):
            fact = module.found("setting", name, node, "literal")
            yield Found(fact.kind, fact.name, fact.value, fact.file, fact.line, "SECRET_KEY = [redacted]", fact.scope)
    elif isinstance(value, ast.List | ast.Tuple):
        for one in value.elts if name == "INSTALLED_APPS" else ():
            if string(one):
                yield module.found("installed-app", string(one), one)
        if name != "INSTALLED_APPS":
            yield module.found("setting", name, node, ",".join(filter(None, map(string, value.elts))))
    elif name == "INSTALLED_APPS":
        return
    elif isinstance(value, ast.Constant):
        yield module.found("setting", name, node, short(value.value))
    elif name in {"STATIC_ROOT", "OUTPUT_PATH"} and (path := _path(value)):
        yield module.found("setting", name, node, path, frozenset({"computed"}))
    else:
        yield module.found("setting", name, node, "", frozenset({"computed"}))


def _path(value: ast.expr | None) -> str:
    """The closing literal of `BASE_DIR / "staticfiles"` or `os.path.join(BASE_DIR, "staticfiles")`."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div):
        return string(value.right)
    if isinstance(value, ast.Call) and last(dotted(value.func)) == "str" and value.args:
        return _path(value.args[0])
    if isinstance(value, ast.Call) and last(dotted(value.func)) in {"join", "joinpath", "path"} and value.args:
        return "/".join(filter(None, map(string, value.args)))
    return ""


def datasources(module: Module) -> Iterator[Found]:
    """Facts `datasource` by the engine, the backend or the scheme of an address that the source names."""
    tested: set[int] = set()
    documents: set[int] = set()
    for node in module.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TESTED:
            tested.update(id(one) for one in node.args)
            tested.update(id(inner) for one in node.args for inner in elements(one))
        elif isinstance(node, ast.Compare):
            tested.update(id(one) for one in (node.left, *node.comparators))
        elif isinstance(node, ast.Expr):
            documents.add(id(node.value))
        elif isinstance(node, ast.keyword) and node.arg in {"help", "description", "title", "example", "examples"}:
            documents.update(id(inner) for inner in ast.walk(node.value))
    for node in module.nodes:
        if not isinstance(node, ast.Constant | ast.Dict | ast.Call) or id(node) in tested or id(node) in documents:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "://" in node.value[:40]:
            yield from _address(module, node, node.value)
        elif isinstance(node, ast.Dict):
            yield from _backends(module, node)
        elif isinstance(node, ast.Call):
            yield from _calls(module, node)


def _address(module: Module, node: ast.Constant, text: str) -> Iterator[Found]:
    match = _URL.match(text)
    if match and match[1] in _QUOTED:
        if match[1] == "sqlite":
            yield module.found("datasource", "sqlite", node, "address", frozenset({"sqlite"}))
        else:
            yield _masked(module.found("datasource", SCHEMES[match[1]], node, "address"))


def _masked(fact: Found) -> Found:
    """The fact with the password of an address on its line left out."""
    text = re.sub(r"://[^\s'\"@/]{0,100}:[^\s'\"@/]{1,200}@", "://***@", fact.text)
    return Found(fact.kind, fact.name, fact.value, fact.file, fact.line, text, fact.scope, fact.tags)


def _backends(module: Module, node: ast.Dict) -> Iterator[Found]:
    for key, value in pairs(node):
        text = module.string(value)
        if key in _BACKEND_KEYS and text:
            service = _ENGINES.get(last(text)) or _ENGINES.get(text.partition(".")[0]) or _ENGINES.get(text, "")
            service = service or next((name for part, name in _BACKENDS if part in text.lower()), "")
            if service:
                yield module.found("datasource", service, value, key, frozenset({"sqlite"} if service == "sqlite" else ()))


def _calls(module: Module, node: ast.Call) -> Iterator[Found]:
    called = last(dotted(node.func))
    driver = keyword(node, "drivername", "scheme")
    if driver is None and called == "create" and dotted(node.func).endswith("URL.create"):
        driver = argument(node, 0, "drivername")
    scheme = module.string(driver).partition("+")[0].lower()
    if driver is not None and scheme in SCHEMES:
        yield module.found("datasource", SCHEMES[scheme], node, "drivername")
    elif driver is not None and scheme == "sqlite":
        yield module.found("datasource", "sqlite", node, "drivername", frozenset({"sqlite"}))
    elif called in _PEEWEE:
        service = _PEEWEE[called]
        yield module.found("datasource", service, node, called, frozenset({"sqlite"} if service == "sqlite" else ()))
    elif called == "connect" and dotted(node.func) == "sqlite3.connect":
        yield module.found("datasource", "sqlite", node, "sqlite3", frozenset({"sqlite"}))
