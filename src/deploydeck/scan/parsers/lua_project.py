"""Lua: rockspecs and their lock, configuration of OpenResty, and source line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser

_LONGEST_LINE = 20_000
_SECTION = re.compile(r"^\s{0,40}(dependencies|build_dependencies|test_dependencies)\s{0,20}=\s{0,20}\{")
_ROCK = re.compile(r"['\"]([A-Za-z][\w./-]{0,80})(?:\s{1,8}([^'\"\n]{1,60}))?['\"]")
_LOCKED = re.compile(
    r"(?:\[\s{0,4}['\"]([\w.-]{1,80})['\"]\s{0,4}\]|\b([A-Za-z][\w-]{0,80}))\s{0,8}=\s{0,8}['\"](\d[\w.]{0,40}(?:-\d{1,4})?)['\"]"
)
_PACKAGE = re.compile(r"^\s{0,20}package\s{0,20}=\s{0,20}['\"]([\w.-]{1,100})['\"]")
_REQUIRE = re.compile(r"\brequire\s{0,4}\(?\s{0,4}['\"]([\w-]{1,60})((?:[./][\w-]{1,60}){0,8})['\"]")
_ENV = re.compile(
    r"\bos\.getenv\s{0,4}\(?\s{0,4}['\"](\w{1,100})['\"]\s{0,4}\)?(?:\s{0,8}(or)\s{0,8}(?:(error|assert)\b|['\"]([^'\"\n]{0,200})['\"]|(\d{1,20})|(\S))?)?"
)
_ROUTE = re.compile(
    r"\b(\w{1,40})\s{0,4}:\s{0,4}(get|match|all|respond_to)\s{0,4}\(\s{0,8}(?:['\"][\w.-]{1,60}['\"]\s{0,4},\s{0,8})?['\"](/[\w./-]{0,100})['\"]"
)
_PORT = re.compile(
    r"\bport\s{0,8}=\s{0,8}([^\n]{1,120})|:listen\s{0,4}\(\s{0,4}([^\n]{1,100})|\bsocket\.bind\s{0,4}\([^,\n]{1,60},\s{0,4}([^\n]{1,60})"
)
_NUMBER = re.compile(r"(?<![\w.])(\d{2,5})(?![\w.])")
_SERVER = re.compile(rb"pegasus|turbo|xavante|lor\b|socket\.bind|http\.server|createServer|lapis\.config|milua|luv")
_DATABASES = {
    "resty.redis": "redis", "resty.mysql": "mysql", "resty.memcached": "memcached", "pgmoon": "postgresql",
    "resty.postgres": "postgresql",
    "luasql.postgres": "postgresql", "luasql.mysql": "mysql", "redis": "redis", "resty.kafka.producer": "kafka", "mongo": "mongodb",
    "resty.mongol": "mongodb", "resty.rediscluster": "redis",
}  # fmt: skip
_LISTEN = re.compile(r"^\s{0,40}listen\s{1,8}(?:([\w.*-]{1,60}|\[[\da-fA-F:]{1,40}\]):)?(\d{2,5}|\$\{\{PORT\}\})[^\n;]{0,60};")
_NGINX_ENV = re.compile(r"^\s{0,40}env\s{1,8}(\w{1,100})\s{0,4}(?:=[^;\n]{0,200})?;")


def rockspec(file: str, data: bytes) -> Iterator[Found]:
    """The rock, its Lua, and the rocks it needs."""
    source = Text(data)
    yield Found("manifest", "rockspec", "", file, 0, "", "lua")
    section = ""
    for number, row in enumerate(source.lines, 1):
        plain = row.partition("--")[0][:5000]
        if match := _PACKAGE.match(plain):
            yield Found("project-name", match[1], "", file, number, row, "lua")
        if match := _SECTION.match(plain):
            section, plain = match[1], plain[match.end() :]
        if not section:
            continue
        for match in _ROCK.finditer(plain):
            requirement = (match[2] or "").strip()
            if match[1] == "lua":
                if requirement:
                    yield Found("pin", "lua", requirement, file, number, row, "rockspec")
            else:
                tags = frozenset(() if section == "dependencies" else {"development"})
                yield Found("dependency", match[1].rpartition("/")[2], requirement, file, number, row, "lua", tags)
        if "}" in plain:
            section = ""


def lock(file: str, data: bytes) -> Iterator[Found]:
    """The resolved rocks, without the revision of their rockspec."""
    source = Text(data)
    for number, row in enumerate(source.lines, 1):
        for match in _LOCKED.finditer(row[:5000]):
            name = match[1] or match[2]
            if name != "lua":
                yield Found("locked", name, match[3].partition("-")[0], file, number, row, "lua")


def lua_source(file: str, data: bytes) -> Iterator[Found]:
    """Variables, modules, routes and ports."""
    source = Text(data)
    name = file.rpartition("/")[2]
    serves = bool(_SERVER.search(data))
    routes = b"lapis" in data or b"turbo" in data or b"lor" in data or b"app:" in data
    for number, row in enumerate(source.lines, 1):
        if len(row) > _LONGEST_LINE or row.lstrip().startswith("--"):
            continue
        for match in _REQUIRE.finditer(row):
            whole = match[1] + match[2].replace("/", ".")
            yield Found("import", match[1], whole, file, number, row, "lua")
            if service := _DATABASES.get(whole, ""):
                yield Found("datasource", service, f"requires {whole}", file, number, row, "lua", frozenset({"weak"}))
        for match in _ENV.finditer(row) if "getenv" in row else ():
            default = match[4] if match[4] is not None else match[5]
            required = bool(match[3]) or bool(re.search(r"\bassert\s{0,4}\(\s{0,4}os\.getenv", row))
            computed = bool(match[2]) and default is None and not required and match[6] != "n"
            tags = (
                {"required"}
                if required
                else {"defaulted"}
                if default is not None
                else {"defaulted", "computed"}
                if computed
                else set()
            )
            yield Found("env", match[1], default or "", file, number, row, "lua", frozenset(tags))
        if routes and (routed := _ROUTE.search(row)):
            yield Found("route", routed[3], routed[1] if routed[1] != "self" else "app", file, number, row, "lua")
        if serves and (served := _PORT.search(row)):
            text = served[1] or served[2] or served[3] or ""
            port = _NUMBER.search(text)
            env = bool(re.search(r"getenv\W{1,6}PORT\b", text))
            before = "\n".join(source.lines[max(0, number - 12) : number])
            database = (
                name == "config.lua" and re.search(r"\b(?:postgres|mysql|redis)\s{0,8}=?\s{0,4}\{?[^}]{0,400}$", before) is not None
            )
            if (port or env) and not database:
                tags_ = frozenset({"env"} if env else ())
                yield Found("listen", port[1] if port else "", "", file, number, row, "lua", tags_)
        if name == "config.lua" and (chosen := re.match(r"^\s{0,40}(postgres|mysql|redis)\s{0,8}(?:=\s{0,8})?\{", row)):
            service = {"postgres": "postgresql"}.get(chosen[1], chosen[1])
            yield Found("datasource", service, "configured", file, number, row, "lua")
        if re.match(r"^\s{0,20}function love\.(?:load|draw|update)\b", row):
            yield Found("app", "love", "", file, number, row, "lua")


def nginx(file: str, data: bytes) -> Iterator[Found]:
    """A configuration of nginx that runs Lua: OpenResty."""
    if b"_by_lua" not in data and b"lua_package_path" not in data:
        return
    source = Text(data)
    at = source.find("_by_lua") or source.find("lua_package_path")
    yield Found("app", "openresty", file, file, at, source.line(at), "lua")
    for number, row in enumerate(source.lines, 1):
        if len(row) > _LONGEST_LINE:
            continue
        if match := _LISTEN.match(row):
            env = match[2].startswith("$")
            host = match[1] or ""
            yield Found(
                "listen",
                "" if env else match[2],
                "" if host == "*" else host,
                file,
                number,
                row,
                "lua",
                frozenset({"env"} if env else ()),
            )
        elif match := _NGINX_ENV.match(row):
            yield Found("env", match[1], "", file, number, row, "lua")
        elif match := re.match(r"^\s{0,40}location\s{1,8}(?:=\s{1,8})?(/[\w./-]{0,100})\s{0,8}\{", row):
            yield Found("route", match[1], "app", file, number, row, "lua")


PARSERS: tuple[Parser, ...] = (
    Parser("*.rockspec", rockspec, config_kind="luarocks"),
    Parser("luarocks.lock", lock, "lock", config_kind="luarocks"),
    Parser("*.lua", lua_source, "source", anywhere=True),
    *(Parser(name, nginx) for name in ("nginx.conf", "conf/nginx.conf", "nginx/nginx.conf", "nginx/default.conf", "default.conf")),
    Parser("*.conf", nginx),
    Parser("conf/*.conf", nginx),
    Parser("nginx/*.conf", nginx),
)
