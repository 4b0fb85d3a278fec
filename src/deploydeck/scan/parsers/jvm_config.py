# ruff: noqa: E501 - a table of patterns reads better unbroken
"""Configuration of JVM frameworks: application.properties, application.yml, HOCON, Dropwizard's config, Play's routes.

All become keys with dots, values and lines; one table then says what a key means. YAML is read line by line, because what counts
is the line of a key and because resource filtering (`@version@`) makes files that no YAML reader accepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.rules.names import is_secret

_PLACEHOLDER = re.compile(r"\$\{([A-Z][A-Z0-9_]{0,99})(?:(:)([^{}$]{0,200})(\$?))?(?=\}|\$)")
_KTOR = re.compile(r"\$(\??)([A-Z][A-Z0-9_]{0,99})(?::(.{0,200}))?")
_HOCON_PLACEHOLDER = re.compile(r"\$\{(\??)([A-Z][A-Z0-9_]{0,99})\}")
_JDBC = re.compile(r"\b(?:jdbc|r2dbc|vertx-reactive):(?:pool:|p6spy:|tc:|log4jdbc:|aws-wrapper:)?([a-z0-9]{2,20})\b")
_SCHEME = re.compile(r"\b(mongodb(?:\+srv)?|rediss?|amqps?|postgres(?:ql)?|mysql|bolt|neo4j)://")
_YAML_KEY = re.compile(
    r"^( {0,80})(?:- )?(?:\"([^\"]{1,120})\"|'([^']{1,120})'|([A-Za-z_%\[][^\s:#'\"{}]{0,120}))\s{0,9}:(?:\s+(.*))?$"
)
_PROPERTY = re.compile(r"^\s{0,40}((?:\\.|[^\s=:#!\\]){1,200})\s{0,20}(?:[=:]\s{0,20}|\s)(.*)$")

DATABASES = {
    "postgresql": "postgresql", "postgres": "postgresql", "pgsql": "postgresql", "mysql": "mysql", "mariadb": "mysql", "sqlserver": "mssql", "mssql": "mssql",
    "jtds": "mssql", "oracle": "oracle", "clickhouse": "clickhouse", "ch": "clickhouse", "cassandra": "cassandra", "neo4j": "neo4j", "bolt": "neo4j",
    "mongodb": "mongodb", "redis": "redis", "rediss": "redis", "amqp": "rabbitmq", "amqps": "rabbitmq", "db2": "db2", "cockroachdb": "postgresql",
    "pg": "postgresql", "microsoft": "mssql", "otelpostgresql": "postgresql",
}  # fmt: skip
_FILES = frozenset({"h2", "hsqldb", "sqlite", "derby"})
_ENDS = (
    r"(?:host|hosts|hostname|url|uri|uris|port|addresses|username|nodes|contact-points|bootstrap-servers|cluster-nodes|endpoints)$"
)
_KEYS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), service)
    for pattern, service in (
        (
            rf"^spring\.(?:data\.)?redis\.(?:.{{0,40}}\.)?{_ENDS}|^quarkus\.redis\.(?:.{{0,40}}\.)?hosts$|^redis\.(?:servers\..{{0,40}}\.)?(?:uri|host|url)$",
            "redis",
        ),
        (
            rf"^spring\.data\.mongodb\.(?:.{{0,40}}\.)?{_ENDS}|^quarkus\.mongodb\.(?:connection-string|hosts)|^mongodb\.(?:servers\..{{0,40}}\.)?(?:uri|host)$",
            "mongodb",
        ),
        (
            rf"^spring\.rabbitmq\.(?:.{{0,40}}\.)?{_ENDS}|^rabbitmq\.(?:servers\..{{0,40}}\.)?(?:uri|host|addresses|hostname)$|^rabbitmq-host$",
            "rabbitmq",
        ),
        (
            rf"^spring\.kafka\.(?:.{{0,40}}\.)?{_ENDS}|^kafka\.bootstrap[.-]servers$|^spring\.cloud\.stream\.kafka\.binder\.brokers$",
            "kafka",
        ),
        (
            rf"^spring\.(?:data\.)?elasticsearch\.(?:.{{0,40}}\.)?{_ENDS}|^quarkus\.elasticsearch\.hosts$|^elasticsearch\.(?:http-hosts|httphosts|host|url|uri)$",
            "elasticsearch",
        ),
        (rf"^spring\.(?:data\.)?neo4j\.(?:.{{0,40}}\.)?{_ENDS}|^quarkus\.neo4j\.uri$|^neo4j\.uri$", "neo4j"),
        (rf"^spring\.(?:data\.)?cassandra\.(?:.{{0,40}}\.)?{_ENDS}|^quarkus\.cassandra\.contact-points$", "cassandra"),
        (r"^spring\.(?:data\.)?couchbase\.connection-string$", "couchbase"),
        (r"^spring\.(?:data\.)?ldap\.urls$", "ldap"),
    )
)
_OPTIONS = frozenset({
    "server.port", "server.address", "spring.grpc.server.port", "grpc.server.port", "server.servlet.context-path", "server.servlet.contextpath", "server.context-path", "server.contextpath",
    "spring.webflux.base-path", "spring.mvc.servlet.path", "spring.main.web-application-type", "spring.application.name",
    "management.server.port", "management.port", "management.endpoints.web.base-path", "management.context-path",
    "management.endpoints.web.path-mapping.health", "spring.data.rest.base-path",
    "quarkus.http.port", "quarkus.http.host", "quarkus.http.root-path", "quarkus.http.non-application-root-path", "quarkus.smallrye-health.root-path",
    "quarkus.package.type", "quarkus.package.jar.type", "quarkus.application.name", "quarkus.management.enabled", "quarkus.package.output-name",
    "micronaut.server.port", "micronaut.server.host", "micronaut.server.context-path", "micronaut.application.name", "endpoints.all.path",
    "endpoints.health.enabled", "ktor.deployment.port", "ktor.deployment.host", "ktor.deployment.rootpath", "ktor.application.modules",
    "play.server.http.port", "http.port", "play.http.context", "play.http.router", "server.host", "akka.http.server.port", "mp.openapi.servers",
    "server.applicationconnectors.port", "server.connector.port", "server.adminconnectors.port", "server.applicationcontextpath", "server.rootpath",
    "grails.server.port.http", "server.contextPath", "helidon.server.port", "jooby.server.port",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One key with its value as written."""

    key: str
    value: str
    line: int
    profile: str = ""


def properties(text: Text) -> Iterator[Entry]:
    """The entries of a .properties text: continued lines are joined, `#---` begins a section of another profile."""
    profile, number = "", 0
    lines = text.lines
    while number < len(lines):
        start, line = number + 1, lines[number].rstrip("\r")
        number += 1
        if line.strip() == "#---" or line.strip() == "!---":
            profile = ""
        if line.lstrip().startswith(("#", "!")):
            continue
        while line.endswith("\\") and not line.endswith("\\\\") and number < len(lines) and len(line) < 4000:
            line = line[:-1] + lines[number].strip()
            number += 1
        if match := _PROPERTY.match(line[:4000]):
            key = match[1].replace("\\", "")
            if key in {"spring.config.activate.on-profile", "spring.profiles"}:
                profile = match[2].strip()
            if key.startswith("%"):  # %prod.quarkus.http.port
                own, _, rest = key[1:].partition(".")
                yield Entry(rest, match[2].strip(), start, own.split(",")[0])
            else:
                yield Entry(key, match[2].strip(), start, profile)


def yaml_entries(text: Text) -> Iterator[Entry]:
    """The scalar entries of a YAML text in block style, with dotted keys; list items count as one level without a name."""
    stack: list[tuple[int, str]] = []
    section: list[Entry] = []
    profile, skip_deeper = "", -1
    for number, raw in enumerate(text.lines, 1):
        line = raw.rstrip().expandtabs(4)[:4000]
        if line.startswith("---"):
            yield from (Entry(one.key, one.value, one.line, profile) for one in section)
            stack, section, profile, skip_deeper = [], [], "", -1
            continue
        stripped = line.lstrip()
        indent = len(line) - len(stripped)
        if not stripped or stripped.startswith("#") or (skip_deeper >= 0 and indent > skip_deeper):
            continue
        skip_deeper = -1
        match = _YAML_KEY.match(line)
        if not match:
            if stripped.startswith("- ") and stack:
                section.append(Entry(".".join(key for _, key in stack), _scalar(stripped[2:]), number))
            continue
        if stripped.startswith("- "):
            indent = line.index(stripped[2:].lstrip(), indent + 1)
        while stack and stack[-1][0] >= indent:
            stack.pop()
        key = (match[2] or match[3] or match[4]).strip("[]")
        value = match[5] or ""
        if value.startswith(("|", ">")):
            skip_deeper = indent
        path = ".".join([*(name for _, name in stack), key])
        scalar = _scalar(value)
        if scalar.startswith("{") and scalar.endswith("}"):
            for part in scalar[1:-1].split(","):
                name, colon, inner = part.partition(":")
                if colon and name.strip() and not inner.lstrip().startswith("{"):
                    section.append(Entry(f"{path}.{_scalar(name)}", _scalar(inner), number))
        elif value and not value.startswith(("|", ">", "&")):
            section.append(Entry(path, scalar, number))
            if path in {"spring.config.activate.on-profile", "spring.profiles"}:
                profile = scalar
        if len(stack) < 40:
            stack.append((indent, key))
    for one in section:
        key, own = one.key, profile
        if key.startswith("%"):
            own, _, key = key[1:].partition(".")
        yield Entry(key, one.value, one.line, own)


def _scalar(value: str) -> str:
    value = value.strip()
    if value[:1] in {'"', "'"}:
        end = value.find(value[0], 1)
        return value[1:end] if end > 0 else value[1:]
    return value.split(" #", 1)[0].strip()


_HOCON = re.compile(
    r"(?P<skip>[ \t\r]++|#[^\n]*+|//[^\n]*+)|(?P<string>\"\"\"(?:[^\"]|\"(?!\"\"))*+(?:\"\"\")?|\"(?:[^\"\\\n]|\\.)*+\"?)|(?P<reference>\$\{[^}\n]{0,200}\}?)"
    r"|(?P<mark>[{}\[\],\n]|\+?=|:)|(?P<word>[^\s{}\[\],=:\"#$+]++|.)"
)


def hocon(text: Text) -> Iterator[Entry]:
    """The entries of a HOCON text (application.conf) in order; a key may come again with what overrides it."""
    path: list[str] = []
    depths: list[int] = []
    key, value, in_value, start, line, lists = "", "", False, 1, 1, 0
    for match in _HOCON.finditer(text.text):
        group, piece = match.lastgroup, match[0]
        if group == "skip":
            continue
        if piece in {"\n", ",", "}"} and not lists:
            if in_value and key:
                yield Entry(".".join([*path, key]), value.strip(), start)
            key, value, in_value = "", "", False
            if piece == "}" and depths:
                del path[len(path) - depths.pop() :]
        elif piece == "{" and not lists:
            parts = [part for part in key.split(".") if part]
            if len(depths) < 100:
                path += parts
                depths.append(len(parts))
            key, value, in_value = "", "", False
        elif piece in {"=", ":", "+="} and not in_value and not lists:
            in_value, start = True, line
        elif piece == "[":
            lists += 1
        elif piece == "]":
            lists = max(0, lists - 1)
        elif piece != "\n":
            plain = piece.strip('"') if group == "string" else piece
            if in_value:
                value = f"{value}{plain}"[:2000]
            elif not lists:
                key = f"{key}{plain}"[:500]
        line += piece.count("\n")
    if in_value and key:
        yield Entry(".".join([*path, key]), value.strip(), start)


def _canonical(key: str) -> str:
    """Relaxed binding: `serverPort`, `server.servlet.contextPath` and `SERVER_PORT` mean the kebab-case key."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"-\1", key).lower() if not key.isupper() else key.lower().replace("_", ".")


def meaning(file: str, text: Text, entries: Iterable[Entry], profile: str, *, conf: bool = False) -> Iterator[Found]:
    """The facts in entries: options, data sources, and the environment variables their values take."""
    earlier: dict[str, str] = {}
    for entry in entries:
        own = entry.profile or profile
        if own == "test" or not entry.value:
            continue
        line = text.line(entry.line)
        key = _canonical(entry.key)
        tags = {f"profile:{own}"} if own else set()
        variables = list(_hocon_variables(entry, earlier)) if conf else list(_variables(entry.value))
        for name, default, more in variables:
            shown = line.replace(default, "…") if default and is_secret(name) else line
            yield Found("env", name, default, file, entry.line, shown, "jvm", more)
        if key in _OPTIONS or entry.key in _OPTIONS:
            value = entry.value
            if variables:
                value = variables[0][1] or (earlier.get(key, "") if conf else "")
                if variables[0][0] in {"PORT", "HTTP_PORT", "SERVER_PORT"}:
                    tags.add(f"env:{variables[0][0]}")
            yield Found("option", key, value[:200], file, entry.line, line, "jvm", frozenset(tags))
        yield from _sources(file, key, entry, line, own)
        earlier[key] = entry.value


def _variables(value: str) -> Iterator[tuple[str, str, frozenset[str]]]:
    """`${NAME}` is required, `${NAME:default}` has a default, `${NAME:${…}}` one that something else computes.

    Ktor writes `$NAME:default`, and `$?NAME` for what may be missing.
    """
    if match := _KTOR.fullmatch(value[:300]):
        tags = {"defaulted"} if match[3] is not None else set() if match[1] else {"required"}
        yield match[2], match[3] or "", frozenset(tags)
        return
    for match in _PLACEHOLDER.finditer(value[:2000]):
        if not match[2]:
            yield match[1], "", frozenset({"required"})
        elif match[4]:
            yield match[1], "", frozenset({"defaulted", "computed"})
        else:
            yield match[1], _shell_default(match[3] or ""), frozenset({"defaulted"})


def _shell_default(text: str) -> str:
    """Dropwizard and others write `${NAME:-default}` as shells do; `-1` alone is a number. Micronaut quotes with backticks."""
    if len(text) > 1 and text[0] == text[-1] == "`":
        return text[1:-1]
    return text[1:] if text.startswith("-") and not re.fullmatch(r"-\d", text) else text


def _hocon_variables(entry: Entry, earlier: dict[str, str]) -> Iterator[tuple[str, str, frozenset[str]]]:
    """`${?NAME}` may be missing: what the same key said before is its default; `${NAME}` is required."""
    before = earlier.get(_canonical(entry.key), "")
    for match in _HOCON_PLACEHOLDER.finditer(entry.value[:2000]):
        if not match[1]:
            yield match[2], "", frozenset({"required"})
        elif before and "${" not in before and entry.value.strip() == match[0]:
            yield match[2], before, frozenset({"defaulted"})
        else:
            yield match[2], "", frozenset({"defaulted", "computed"}) if before else frozenset()
    for name, default, tags in _variables(entry.value) if ":" in entry.value and "${" in entry.value else ():
        if "defaulted" in tags and (default or "computed" in tags):
            yield name, default, tags


def _sources(file: str, key: str, entry: Entry, line: str, profile: str) -> Iterator[Found]:
    value = entry.value[:2000]
    weak = frozenset({"weak"}) if profile in {"dev", "development", "local"} else frozenset()
    match = _JDBC.search(value)
    if match:
        if match[1] in _FILES:
            yield Found("datasource", match[1], key, file, entry.line, line, "jvm", frozenset({"sqlite"}))
        elif match[1] in DATABASES:
            yield Found("datasource", DATABASES[match[1]], key, file, entry.line, line, "jvm", weak)
        return
    if re.search(r"(?:^|\.)db-kind$", key) and value in DATABASES:
        yield Found("datasource", DATABASES[value], key, file, entry.line, line, "jvm", weak)
    elif key in {"spring.cache.type", "spring.session.store-type"} and value in {"redis", "mongodb"}:
        yield Found("datasource", value, key, file, entry.line, line, "jvm", weak)
    elif re.search(r"^mp\.messaging\..{1,80}\.connector$", key) and (
        kind := {"smallrye-kafka": "kafka", "smallrye-rabbitmq": "rabbitmq"}.get(value)
    ):
        yield Found("datasource", kind, key, file, entry.line, line, "jvm", weak)
    elif scheme := _SCHEME.search(value):
        yield Found("datasource", DATABASES.get(scheme[1].partition("+")[0], scheme[1]), key, file, entry.line, line, "jvm", weak)
    else:
        service = next((name for pattern, name in _KEYS if pattern.search(key)), "")
        if service:
            yield Found("datasource", service, key, file, entry.line, line, "jvm", weak)


def _profile(file: str) -> str:
    match = re.search(r"(?:application|bootstrap)-([\w-]{1,60})\.\w{2,10}$", file)
    return match[1].lower() if match else ""


def application_properties(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    yield from meaning(file, text, properties(text), _profile(file))


def application_yaml(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    yield from meaning(file, text, yaml_entries(text), _profile(file))


def application_conf(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    yield from meaning(file, text, hocon(text), "", conf=True)


_DROPWIZARD = re.compile(rb"applicationConnectors|adminConnectors|^database:|driverClass|^server:", re.MULTILINE)


def dropwizard(file: str, data: bytes) -> Iterator[Found]:
    """A configuration in Dropwizard's shape; other YAML files of the same names say nothing here."""
    if not _DROPWIZARD.search(data):
        return
    text = Text(data)
    entries = [Entry(re.sub(r"\.connectors?\.", ".", one.key), one.value, one.line, one.profile) for one in yaml_entries(text)]
    yield from meaning(file, text, entries, "")
    for one in entries:
        key = one.key.lower()
        if key in {"server.applicationconnectors.port", "server.connector.port", "server.adminconnectors.port", "server.rootpath"}:
            found = next(iter(_variables(one.value)), None)
            value = found[1] if found else one.value
            tags = frozenset({f"env:{found[0]}"}) if found and found[0] == "PORT" else frozenset()
            yield Found("option", key, value[:60], file, one.line, text.line(one.line), "jvm", tags)


def play_routes(file: str, data: bytes) -> Iterator[Found]:
    """Play's conf/routes: method, path, action; `->` takes in another file behind a prefix."""
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        if (match := re.match(r"\s{0,9}(GET|->)\s{1,40}(/[^\s]{0,200}|)\s{1,80}(\S{1,200})", line)) and match[1] == "GET":
            yield Found("route", match[2], "app", file, number, line.strip(), "jvm")


PARSERS: tuple[Parser, ...] = (
    *(
        Parser(f"{name}{suffix}.{extension}", parse, "source", anywhere=True, config_kind="application")
        for name in ("application", "bootstrap")
        for suffix in ("", "-*")
        for extension, parse in (("properties", application_properties), ("yml", application_yaml), ("yaml", application_yaml))
    ),
    Parser("microprofile-config.properties", application_properties, "source", anywhere=True, config_kind="application"),
    Parser("application.conf", application_conf, "source", anywhere=True, config_kind="application"),
    Parser("reference.conf", application_conf, "source", anywhere=True),
    Parser("conf/routes", play_routes, "source", config_kind="application"),
    *(
        Parser(name, dropwizard, "source")
        for name in ("config.yml", "config.yaml", "configuration.yml", "config/config.yml", "config/config.yaml", "conf/config.yml",
                     "src/main/resources/config.yml", "src/main/resources/config.yaml", "*-config.yml", "*-configuration.yml")
    ),
)  # fmt: skip
