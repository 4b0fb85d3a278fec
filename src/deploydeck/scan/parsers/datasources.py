"""Files that say which database or service a project talks to. Only the kind of the service leaves a parser, never an address."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.names import not_the_program
from deploydeck.scan.parsers.base import Parse, Parser
from deploydeck.scan.parsers.formats import items, load_json, table
from deploydeck.scan.parsers.places import line_of

NAMES = {
    "postgresql": "postgresql", "postgres": "postgresql", "pg": "postgresql", "pgsql": "postgresql", "postgis": "postgresql",
    "cockroachdb": "postgresql",
    "cockroach": "postgresql", "pdo_pgsql": "postgresql", "mysql": "mysql", "mysql2": "mysql", "mariadb": "mysql",
    "trilogy": "mysql", "pdo_mysql": "mysql",
    "singlestore": "mysql", "sqlserver": "mssql", "mssql": "mssql", "mongodb": "mongodb", "mongo": "mongodb", "redis": "redis",
    "redis_cable": "redis",
    "sqlite": "sqlite", "sqlite3": "sqlite", "better-sqlite3": "sqlite", "libsql": "sqlite", "turso": "sqlite",
    "pdo_sqlite": "sqlite", "oracle": "oracle",
    "clickhouse": "clickhouse", "h2": "",
}  # fmt: skip
"""What drivers and adapters call a service."""
_ERB = re.compile(r"<%.{0,400}?%>")
_TEST_SECTION = re.compile(r"^(?:test|testing|ci)\b", re.IGNORECASE)
_JDBC = re.compile(r"\bjdbc:(?:tc:|aws-wrapper:|otel:|p6spy:)?([a-z0-9]{2,20}):", re.IGNORECASE)


def _fact(name: str, how: str, file: str, number: int, text: str) -> Iterator[Found]:
    service = NAMES.get(name.lower().strip(), "")
    if service:
        yield Found(
            "datasource",
            service,
            how,
            file,
            number,
            _hidden(text),
            tags=frozenset({"sqlite"}) if service == "sqlite" else frozenset(),
        )


def _hidden(text: str) -> str:
    """The line without who logs in."""
    return re.sub(r"://[^/\s'\"]{1,200}@", "://…@", text.strip())


def by_pattern(pattern: str, how: str, flags: int = 0) -> Parse:
    """A parser that takes the first group of a pattern in each line as the name of a driver."""
    compiled = re.compile(pattern, flags)

    def parse(file: str, data: bytes) -> Iterator[Found]:
        if not_the_program(file):
            return
        text = Text(data[:400_000])
        seen: set[str] = set()
        for number, line in enumerate(text.lines, 1):
            if line.lstrip().startswith(("//", "#", ";")) or len(line) > 2000:
                continue
            for match in compiled.finditer(line):
                if match[1] not in seen:
                    seen.add(match[1])
                    yield from _fact(match[1], how, file, number, line)

    return parse


def prisma(file: str, data: bytes) -> Iterator[Found]:
    """schema.prisma: the provider of its datasource, and the variable its address comes from."""
    text = Text(data)
    inside = False
    for number, line in enumerate(text.lines, 1):
        if re.match(r"^\s{0,20}datasource\s", line):
            inside = True
        elif inside and line.strip().startswith("}"):
            inside = False
        elif inside and (match := re.match(r'^\s{0,20}provider\s{0,20}=\s{0,20}\[?"([a-z]{2,20})"', line)):
            yield from _fact(match[1], "prisma provider", file, number, line)
        elif inside and (match := re.search(r'=\s{0,20}env\("([A-Za-z_][A-Za-z0-9_]{0,99})"\)', line)):
            yield Found("env", match[1], "", file, number, line, "prisma", frozenset({"required"}))


def database_yml(file: str, data: bytes) -> Iterator[Found]:
    """config/database.yml of Rails, with ERB in it: the adapters of all sections but the test's."""
    text = Text(data[:200_000])
    yield from _sections(file, text, re.compile(r"^\s{0,20}adapter:\s{0,20}[\"']?([a-z0-9_-]{2,30})"), "adapter")
    yield from _erb_environment(file, text)


def cable_yml(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data[:200_000])
    yield from _sections(file, text, re.compile(r"^\s{0,20}adapter:\s{0,20}[\"']?(redis|postgresql)"), "cable adapter")
    yield from _erb_environment(file, text)


def mongoid_yml(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data[:200_000])
    number = line_of(text, "clients") or line_of(text, "sessions") or 1
    yield from _fact("mongodb", "mongoid", file, number, text.line(number))
    yield from _erb_environment(file, text)


def storage_yml(file: str, data: bytes) -> Iterator[Found]:
    """config/storage.yml of Rails: S3 counts; the samples that Rails writes are comments."""
    text = Text(data[:200_000])
    for number, line in enumerate(text.lines, 1):
        if re.match(r"^\s{1,10}service:\s{0,10}[\"']?S3\b", line):
            yield Found("datasource", "s3", "storage service", file, number, line, tags=frozenset({"weak"}))
    yield from _erb_environment(file, text)


def _sections(file: str, text: Text, pattern: re.Pattern[str], how: str) -> Iterator[Found]:
    section = ""
    seen: set[str] = set()
    for number, line in enumerate(text.lines, 1):
        if top := re.match(r"^([A-Za-z_]{1,40}):", line):
            section = top[1]
        match = pattern.match(line)
        adapter = match[1] if match else ""
        if not match and "adapter:" in line and "<%" in line:  # adapter: <%= ENV.fetch("DB_ADAPTER", "postgresql") %>
            default = re.search(r"[\"'](postgresql|mysql2|sqlite3|trilogy|redis)[\"']", line)
            adapter = default[1] if default else ""
        if adapter and not _TEST_SECTION.match(section) and adapter not in seen:
            seen.add(adapter)
            yield from _fact(adapter, how, file, number, line)


def _erb_environment(file: str, text: Text) -> Iterator[Found]:
    for number, line in enumerate(text.lines, 1):
        for erb in _ERB.finditer(line[:2000]):
            for match in re.finditer(
                r"ENV(?:\.fetch\(|\[)\s{0,5}[\"']([A-Za-z_][A-Za-z0-9_]{0,99})[\"']\s{0,5}([,)\]{]?)(\s{0,5}\)?\s{0,5}\{|)", erb[0]
            ):
                fetch = ".fetch" in match[0]
                has_default = match[2] == "," or match[3].strip().endswith("{") or "||" in erb[0]
                tags = {"defaulted", "computed"} if has_default else {"required"} if fetch else set()
                default = re.search(
                    rf"{match[1]}[\"']\s{{0,5}}(?:,\s{{0,5}}|\)\s{{0,5}}\{{\s{{0,5}})[\"']?([A-Za-z0-9_.:-]{{1,60}})[\"']?\s{{0,5}}[)}}]",
                    erb[0],
                )
                if has_default and default:
                    tags = {"defaulted"}
                yield Found(
                    "env", match[1], default[1] if default and has_default else "", file, number, line, "ruby", frozenset(tags)
                )


def ormconfig(file: str, data: bytes) -> Iterator[Found]:
    """ormconfig.json of TypeORM, mikro-orm, sequelize's config.json: `type`, `dialect`, `use_env_variable`. Raises Broken."""
    text = Text(data)
    content = load_json(text)
    for one in (
        items(content)
        if isinstance(content, list)
        else [table(content), *(table(value) for key, value in table(content).items() if key != "test")]
    ):
        for key in ("type", "dialect", "client"):
            if isinstance(name := table(one).get(key), str) and name.lower() in NAMES:
                number = line_of(text, key)
                yield from _fact(name, "orm configuration", file, number, text.line(number))
        variable = table(one).get("use_env_variable")
        if isinstance(variable, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", variable):
            number = text.find(variable)
            yield Found("env", variable, "", file, number, text.line(number), "node")


def always(service: str, how: str) -> Parse:
    """A parser for a file whose being there names the service."""

    def parse(file: str, data: bytes) -> Iterator[Found]:
        yield Found("datasource", service, how, file, 1, Text(data[:300]).line(1), tags=frozenset({"weak"}))

    return parse


_SCHEME = (
    r"(?:url|uri|URL|URI|dsn)[\"']?\s{0,20}[:=]\s{0,20}[\"']?(?:jdbc:)?"
    r"(postgres|postgresql|mysql|mariadb|sqlite|mssql|sqlserver|mongodb|cockroachdb|oracle)(?:\+[a-z0-9_]{1,20}|\+srv)?:"
)
_CLIENT = (
    r"(?:client|dialect|type|driver)[\"']?\s{0,10}[:=]\s{0,10}"
    r"[\"'](postgresql|postgres|pg|mysql|mysql2|mariadb|sqlite|sqlite3|better-sqlite3|mssql|mongodb|turso|cockroachdb|singlestore)[\"']"
)
_CODE = ("js", "ts", "cjs", "mjs")

PARSERS: tuple[Parser, ...] = (
    Parser("schema.prisma", prisma, anywhere=True, config_kind="prisma"),
    Parser("*.prisma", prisma, "source", anywhere=True, config_kind="prisma"),
    Parser("config/database.yml", database_yml, config_kind="rails"),
    Parser("config/database.yml.example", database_yml),
    Parser("config/database.yml.sample", database_yml),
    Parser("config/cable.yml", cable_yml),
    Parser("config/mongoid.yml", mongoid_yml),
    Parser("config/storage.yml", storage_yml),
    *(Parser(name, ormconfig) for name in ("ormconfig.json", "config/config.json", "server/config/config.json",
        "src/config/config.json")),
    *(Parser(f"{name}.{ending}", by_pattern(_CLIENT, f"{name} configuration"), anywhere=True, config_kind=name.partition(".")[0])
      for name in ("knexfile", "drizzle.config", "mikro-orm.config", "ormconfig") for ending in _CODE),
    Parser("alembic.ini", by_pattern(r"^sqlalchemy\.url\s{0,10}=\s{0,10}(postgresql|postgres|mysql|mariadb|sqlite|mssql|oracle)",
        "sqlalchemy.url"), anywhere=True, config_kind="alembic"),
    Parser("diesel.toml", by_pattern(r"(postgres|mysql|sqlite)", "diesel"), config_kind="diesel"),
    *(Parser(name, by_pattern(_JDBC.pattern, "jdbc address", re.IGNORECASE), config_kind=kind)
      for kind, names in {"liquibase": ("liquibase.properties", "src/main/resources/liquibase.properties"),
      "flyway": ("flyway.conf", "flyway.toml", "conf/flyway.conf")}.items()
      for name in names),
    Parser("supabase/config.toml", always("postgresql", "supabase"), config_kind="supabase"),
    *(Parser(name, by_pattern(_SCHEME, "address")) for name in ("dbconfig.yml", "database.json", "config/default.json",
        "dbmate.yml", "atlas.hcl", "sqlc.yaml", "sqlc.yml")),
    Parser("hasura/config.yaml", always("postgresql", "hasura"), config_kind="hasura"),
)  # fmt: skip
