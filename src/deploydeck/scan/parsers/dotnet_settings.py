""".NET settings: appsettings*.json, launchSettings.json and web.config. Values of secrets and connection strings are not kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Found, Text, short
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import load_json, load_xml, strings, table
from deploydeck.scan.rules.names import is_secret
from deploydeck.scan.rules.services import SCHEMES

ANYWHERE = "0.0.0.0"  # noqa: S104 - read in source, never bound
_MOST_KEYS = 2_000
_DEEPEST = 12
_PLACEHOLDER = re.compile(
    r"^(?:<.{0,80}>|\[.{0,80}\]|\{.{0,80}\}|#\{.{0,80}\}#?|\$\(?\{?.{0,80}|(?:your|change|replace|enter|insert|todo|xxx|placeholder|secret)\b.{0,80}"
    r"|your[-_ ].{0,80}|x{3,80}|\*{3,80}|\.{3})$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"^(https?|wss?)://(\[[0-9a-fA-F:]{2,40}\]|[A-Za-z0-9.*+_-]{0,100})(?::(\d{1,5}))?(?:[/?#].{0,200})?$", re.IGNORECASE
)
_CREDENTIALS = re.compile(
    r"(?i)\b(?:password|pwd|user ?id|uid|username|accountkey|sharedaccesskey)\s{0,4}=|://[^/@\s]{1,200}:[^/@\s]{1,200}@"
)
_SQLITE = re.compile(r"\.(?:db3?|sqlite3?|sdb)$|^:memory:$|^file:", re.IGNORECASE)
_SERVER_ONLY = frozenset({
    "initial catalog", "trusted_connection", "trustservercertificate", "trust server certificate",
    "integrated security", "attachdbfilename",
    "multipleactiveresultsets", "multiple active result sets",
})  # fmt: skip
_MYSQL_ONLY = frozenset(
    {
        "allowuservariables",
        "allow user variables",
        "convert zero datetime",
        "treattinyasboolean",
        "allowpublickeyretrieval",
        "charset",
    }
)
_BY_PORT = {"5432": "postgresql", "3306": "mysql", "1433": "mssql"}
_HOST_PORT = re.compile(r"^[A-Za-z0-9_.-]{1,100}:(6379|5672|27017|9092|9200|11211|4222)\b")
_BY_ADDRESS = {
    "6379": "redis", "5672": "rabbitmq", "27017": "mongodb", "9092": "kafka",
    "9200": "elasticsearch", "11211": "memcached", "4222": "nats",
}  # fmt: skip


def address(written: str) -> tuple[str, str, str] | None:
    """Scheme, host and port of an address to listen on ("http://*:5000"); the port is "" when it is the scheme's own."""
    match = _ADDRESS.match(written.strip()[:400])
    if not match:
        return None
    host = match[2].strip("[]")
    return match[1].lower(), ANYWHERE if host in {"*", "+", "::"} else host, match[3] or ""


def service_of(value: str) -> str:
    """The service a connection string is for, by its scheme or keywords; "" when it does not say, "sqlite" for a file."""
    scheme = value.partition("://")[0].partition("+")[0].lower() if "://" in value[:40] else ""
    if scheme:
        return SCHEMES.get(scheme, "")
    if match := _HOST_PORT.match(value):
        return _BY_ADDRESS[match[1]]
    keys = {
        key.strip().lower(): given.strip() for part in value[:1000].split(";") if "=" in part for key, given in [part.split("=", 1)]
    }
    source = next((keys[key] for key in ("data source", "datasource", "filename", "server") if key in keys), "")
    if _SQLITE.search(source) and "server" not in keys:
        return "sqlite"
    if keys.keys() & _SERVER_ONLY or "(localdb)" in source.lower() or source.endswith(",1433") or "sqlexpress" in source.lower():
        return "mssql"
    if service := _BY_PORT.get(keys.get("port", ""), ""):
        return service
    if "host" in keys and ("database" in keys or "username" in keys):
        return "postgresql"
    if keys.keys() & _MYSQL_ONLY or ("server" in keys and keys.keys() & {"uid", "user"}):
        return "mysql"
    return "mssql" if "server" in keys and "database" in keys and "user id" in keys else ""


def datasource(name: str, how: str, file: str, line: int, text: str) -> Found:
    tags = frozenset({"sqlite"} if name == "sqlite" else {"weak"})
    return Found("datasource", name, how, file, line, text, "dotnet", tags)


def is_placeholder(value: str) -> bool:
    """Whether a value only holds the place of one."""
    return not value.strip() or bool(_PLACEHOLDER.match(value.strip()[:200]))


def appsettings(file: str, data: bytes) -> Iterator[Found]:
    """Each setting by its path ("Section:Key"), where the program listens and which services its connection strings are for.

    Development settings do not count: a deployment does not use them.
    """
    if re.search(r"dev|local|test", file.rpartition("/")[2], re.IGNORECASE):
        return
    text = Text(data)
    for key, value, line in _leaves(text, load_json(text)):
        last = key.rpartition(":")[2]
        connection = key.lower().startswith("connectionstrings:")
        hidden = connection or is_secret(last) or is_secret(key.replace(":", "__")) or bool(_CREDENTIALS.search(value))
        written = f'"{last}": "…"' if hidden else text.line(line)
        empty = is_placeholder(value)
        tags = frozenset() if empty else frozenset({"valued"})
        yield Found("setting", key, "" if hidden else short(value), file, line, written, "dotnet", tags)
        if (connection or "connection" in last.lower() or "://" in value[:40]) and not empty and (service := service_of(value)):
            yield datasource(service, "connection string", file, line, written)
        elif connection and "redis" in last.lower() and not empty:
            yield datasource("redis", "connection string", file, line, written)
        yield from _listening(file, line, written, key.lower(), value)


def _leaves(text: Text, content: Any) -> Iterator[tuple[str, str, int]]:
    stack: list[tuple[str, Any, int]] = [("", content, 0)]
    at, line, given = 0, 1, 0
    while stack and given < _MOST_KEYS:
        key, value, depth = stack.pop()
        if key:
            offset = text.text.find(f'"{key.rpartition(":")[2]}"', at)  # in the order of the file
            if offset >= 0:
                line += text.text.count("\n", at, offset)
                at = offset + 1
        if isinstance(value, dict):
            if depth < _DEEPEST:
                stack += [(f"{key}:{name}" if key else str(name), one, depth + 1) for name, one in reversed(value.items())]
        elif not isinstance(value, list) and key:
            given += 1
            yield key[:200], "" if value is None else short(value), line


def _listening(file: str, line: int, text: str, key: str, value: str) -> Iterator[Found]:
    if key == "urls" or re.fullmatch(r"kestrel:endpoints:[^:]{1,80}:url", key):
        found = [one for part in value.split(";")[:10] if (one := address(part))]
        plain = [one for one in found if one[0] == "http"]
        for scheme, host, port in plain or found:
            tags = frozenset({"tls"} if scheme == "https" else ())
            if port:
                yield Found("listen", port, host, file, line, text, "dotnet", tags)
    elif key in {"http_ports", "http_port"} and (match := re.match(r"(\d{1,5})", value)):
        yield Found("listen", match[1], ANYWHERE, file, line, text, "dotnet")


def launch_settings(file: str, data: bytes) -> Iterator[Found]:
    """Properties/launchSettings.json: how a developer starts it. Only options: no deployment reads this file."""
    text = Text(data)
    for name, entry in list(table(table(load_json(text)).get("profiles")).items())[:50]:
        if url := strings(entry).get("applicationUrl"):
            line = text.find('"applicationUrl"', text.find(f'"{name}"'))
            yield Found("option", "launch.applicationUrl", url[:200], file, line, text.line(line), "dotnet")


def web_config(file: str, data: bytes) -> Iterator[Found]:
    """web.config: an ASP.NET application of the .NET Framework, or ASP.NET Core behind IIS."""
    text, root = Text(data), load_xml(data)
    for one in root.all("system.web")[:1]:
        yield Found("option", "web.config/system.web", "", file, one.line, text.line(one.line), "dotnet")
    for one in root.every("aspNetCore")[:1]:
        arguments = one.attributes.get("arguments", "")
        yield Found("option", "web.config/aspNetCore", arguments[:200], file, one.line, text.line(one.line), "dotnet")
    for one in root.all("connectionStrings", "add"):
        name, value = one.attributes.get("name", "")[:100], one.attributes.get("connectionString", "")
        if service := service_of(value):
            yield datasource(service, "connection string", file, one.line, f'<add name="{name}" connectionString="…" />')


PARSERS: tuple[Parser, ...] = (
    Parser("appsettings*.json", appsettings, config_kind="settings"),
    Parser("Properties/launchSettings.json", launch_settings, config_kind="settings"),
    Parser("web.config", web_config, config_kind="settings"),
    Parser("Web.config", web_config, config_kind="settings"),
    Parser("App.config", web_config, config_kind="settings"),
)
