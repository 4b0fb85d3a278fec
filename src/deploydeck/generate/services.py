"""The services beside a program: what each runs on, and by which variables the program finds it.

Names of variables are those that the scan saw the program read; where it saw none, those that its framework reads by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from deploydeck.domain import EnvVariable, ProjectProfile, ServiceSpec
from deploydeck.generate.docker import base_image
from deploydeck.generate.names import variable_name
from deploydeck.settings import Settings

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Service:
    """One row: a service that can be started beside a program.

    `values` are what a variable may hold, by its role (url, host, port, user, password, database, address, jdbc, ado); `{host}` and
    `{password}` stand for themselves. `schemes` are those of its addresses, `prefixes` how names of its variables begin, `usual`
    the variables of a program that names none. `environment`, `command` and `health` are its container's; `kept_in` is the
    variable its password is in ("" when it has none). `sealed`: its root directory can be read-only.
    """

    name: str
    title: str
    image: str
    port: int
    values: Mapping[str, str]
    prefixes: tuple[str, ...]
    usual: Pairs
    health: tuple[str, ...]
    schemes: tuple[str, ...] = ()
    data: str = ""
    kept_in: str = ""
    environment: Pairs = ()
    command: tuple[str, ...] = ()
    sealed: bool = False
    note: str = ""


_SQL_ROLES = {"host": "{host}", "user": "app", "password": "{password}", "database": "app"}

# Images as their publishers tag them on 2026-11-24: the newest major line with long support, never a moving `latest`.
SERVICES: dict[str, Service] = {row.name: row for row in (
    Service(
        "postgresql", "PostgreSQL", "postgres:17", 5432,
        values=_SQL_ROLES | {
            "url": "postgresql://app:{password}@{host}:5432/app", "jdbc": "jdbc:postgresql://{host}:5432/app", "port": "5432",
            "address": "{host}:5432", "ado": "Host={host};Port=5432;Database=app;Username=app;Password={password}",
        },
        schemes=("postgresql", "postgres", "pgsql", "ecto", "postgis"), prefixes=("PG", "POSTGRES", "POSTGRESQL", "PSQL"),
        usual=(("DATABASE_URL", "url"),), data="/var/lib/postgresql/data", kept_in="POSTGRES_PASSWORD",
        environment=(("POSTGRES_USER", "app"), ("POSTGRES_DB", "app"), ("POSTGRES_PASSWORD", "{password}")),
        # Over TCP: while it sets itself up it answers on its socket only, and is not ready yet.
        health=("CMD", "pg_isready", "--host=127.0.0.1", "--username=app", "--dbname=app"),
    ),
    Service(
        "mysql", "MySQL", "mysql:8.4", 3306,
        values=_SQL_ROLES | {
            "url": "mysql://app:{password}@{host}:3306/app", "jdbc": "jdbc:mysql://{host}:3306/app", "port": "3306",
            "address": "{host}:3306", "ado": "Server={host};Port=3306;Database=app;User=app;Password={password}",
        },
        schemes=("mysql", "mysql2", "mariadb", "ecto", "trilogy"), prefixes=("MYSQL", "MARIADB"), usual=(("DATABASE_URL", "url"),),
        data="/var/lib/mysql", kept_in="MYSQL_PASSWORD",
        environment=(("MYSQL_USER", "app"), ("MYSQL_DATABASE", "app"), ("MYSQL_PASSWORD", "{password}"),
                     ("MYSQL_RANDOM_ROOT_PASSWORD", "yes")),
        health=("CMD", "mysqladmin", "ping", "--host=127.0.0.1", "--silent"),
    ),
    Service(
        "mssql", "SQL Server", "mcr.microsoft.com/mssql/server:2022-latest", 1433,
        values={
            "url": "mssql://sa:{password}@{host}:1433/master",
            "jdbc": "jdbc:sqlserver://{host}:1433;encrypt=true;trustServerCertificate=true",
            "ado": "Server={host},1433;User Id=sa;Password={password};TrustServerCertificate=True",
            "host": "{host}", "port": "1433", "user": "sa", "password": "{password}", "database": "master",
            "address": "{host},1433",
        },
        schemes=("mssql", "sqlserver"), prefixes=("MSSQL", "SQLSERVER", "SQL_SERVER"), usual=(("DATABASE_URL", "url"),),
        data="/var/opt/mssql", kept_in="MSSQL_SA_PASSWORD",
        environment=(("ACCEPT_EULA", "Y"), ("MSSQL_SA_PASSWORD", "{password}")),
        health=("CMD-SHELL", '/opt/mssql-tools18/bin/sqlcmd -C -S 127.0.0.1 -U sa -P "$MSSQL_SA_PASSWORD" -Q "SELECT 1"'),
        note="at least 8 characters of three kinds",
    ),
    Service(
        "mongodb", "MongoDB", "mongo:8", 27017,
        values={
            "url": "mongodb://app:{password}@{host}:27017/app?authSource=admin", "host": "{host}", "port": "27017", "user": "app",
            "password": "{password}", "database": "app", "address": "{host}:27017",
            "ado": "mongodb://app:{password}@{host}:27017/app?authSource=admin",
        },
        schemes=("mongodb",), prefixes=("MONGO", "MONGODB"), usual=(("MONGODB_URI", "url"),), data="/data/db",
        kept_in="MONGO_PASSWORD",
        environment=(("MONGO_INITDB_ROOT_USERNAME", "app"), ("MONGO_INITDB_ROOT_PASSWORD", "{password}")),
        # By its name: while it sets itself up it answers on the loopback address only, and is not ready yet.
        health=("CMD", "mongosh", "--quiet", "--host", "mongodb", "--eval", "db.adminCommand('ping').ok"),
    ),
    Service(
        "redis", "Redis", "redis:8", 6379,
        values={"url": "redis://{host}:6379/0", "host": "{host}", "port": "6379", "address": "{host}:6379", "database": "0",
                "ado": "{host}:6379", "user": "", "password": ""},
        schemes=("redis", "valkey"), prefixes=("REDIS", "VALKEY"), usual=(("REDIS_URL", "url"),), data="/data",
        # Without a password and so without protected mode: no port is published, only the program's network reaches it.
        command=("redis-server", "--dir", "/data", "--appendonly", "yes", "--protected-mode", "no"),
        health=("CMD-SHELL", "redis-cli ping | grep -q PONG"), sealed=True,
    ),
    Service(
        "memcached", "Memcached", "memcached:1.6", 11211,
        values={"url": "{host}:11211", "host": "{host}", "port": "11211", "address": "{host}:11211", "ado": "{host}:11211"},
        schemes=("memcached", "memcache"), prefixes=("MEMCACHED", "MEMCACHE", "MEMCACHIER"),
        usual=(("MEMCACHED_SERVERS", "address"),), health=("CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/11211"), sealed=True,
    ),
    # Its address ends without a slash: some clients take an empty path for a virtual host without a name.
    Service(
        "rabbitmq", "RabbitMQ", "rabbitmq:4", 5672,
        values={"url": "amqp://app:{password}@{host}:5672", "host": "{host}", "port": "5672", "user": "app",
                "password": "{password}", "address": "{host}:5672", "ado": "amqp://app:{password}@{host}:5672"},
        schemes=("amqp", "pyamqp"), prefixes=("RABBITMQ", "RABBIT", "AMQP", "CLOUDAMQP"), usual=(("RABBITMQ_URL", "url"),),
        data="/var/lib/rabbitmq", kept_in="RABBITMQ_PASSWORD",
        environment=(("RABBITMQ_DEFAULT_USER", "app"), ("RABBITMQ_DEFAULT_PASS", "{password}")),
        health=("CMD", "rabbitmq-diagnostics", "--quiet", "check_port_connectivity"),
    ),
    Service(
        "kafka", "Kafka", "apache/kafka:4.1.0", 9092,
        values={"url": "{host}:9092", "host": "{host}", "port": "9092", "address": "{host}:9092", "ado": "{host}:9092"},
        prefixes=("KAFKA",), usual=(("KAFKA_BOOTSTRAP_SERVERS", "address"),), data="/var/lib/kafka/data",
        environment=(
            ("KAFKA_NODE_ID", "1"), ("KAFKA_PROCESS_ROLES", "broker,controller"),
            ("KAFKA_LISTENERS", "PLAINTEXT://:9092,CONTROLLER://:9093"), ("KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://{host}:9092"),
            ("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER"),
            ("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"),
            ("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@localhost:9093"), ("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1"),
            ("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1"), ("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1"),
            ("KAFKA_LOG_DIRS", "/var/lib/kafka/data"),
        ),
        health=("CMD", "/opt/kafka/bin/kafka-broker-api-versions.sh", "--bootstrap-server", "127.0.0.1:9092"),
    ),
    Service(
        "elasticsearch", "Elasticsearch", "elasticsearch:8.19.0", 9200,
        values={"url": "http://{host}:9200", "host": "{host}", "port": "9200", "address": "http://{host}:9200",
                "ado": "http://{host}:9200"},
        schemes=("http", "elasticsearch"), prefixes=("ELASTICSEARCH", "ELASTIC", "ES", "ELASTICSEARCH_NODE"),
        usual=(("ELASTICSEARCH_URL", "url"),), data="/usr/share/elasticsearch/data",
        environment=(("discovery.type", "single-node"), ("xpack.security.enabled", "false"),
                     ("ES_JAVA_OPTS", "-Xms512m -Xmx512m")),
        health=("CMD-SHELL", "curl --silent --fail 'http://127.0.0.1:9200/_cluster/health?wait_for_status=yellow&timeout=4s'"),
    ),
    Service(
        "opensearch", "OpenSearch", "opensearchproject/opensearch:2", 9200,
        values={"url": "http://{host}:9200", "host": "{host}", "port": "9200", "address": "http://{host}:9200",
                "ado": "http://{host}:9200"},
        schemes=("http", "opensearch"), prefixes=("OPENSEARCH", "ELASTICSEARCH"), usual=(("OPENSEARCH_URL", "url"),),
        data="/usr/share/opensearch/data",
        environment=(("discovery.type", "single-node"), ("DISABLE_SECURITY_PLUGIN", "true"),
                     ("DISABLE_INSTALL_DEMO_CONFIG", "true"), ("OPENSEARCH_JAVA_OPTS", "-Xms512m -Xmx512m")),
        health=("CMD-SHELL", "curl --silent --fail 'http://127.0.0.1:9200/_cluster/health?wait_for_status=yellow&timeout=4s'"),
    ),
    Service(
        "s3", "MinIO", "minio/minio:RELEASE.2025-04-22T22-12-26Z", 9000,
        values={"url": "http://{host}:9000", "host": "{host}", "port": "9000", "address": "{host}:9000", "user": "app",
                "password": "{password}", "ado": "http://{host}:9000"},
        prefixes=("MINIO", "S3", "AWS_S3", "AWS"), data="/data", kept_in="MINIO_PASSWORD",
        usual=(("AWS_ENDPOINT_URL_S3", "url"), ("AWS_ACCESS_KEY_ID", "user"), ("AWS_SECRET_ACCESS_KEY", "password")),
        environment=(("MINIO_ROOT_USER", "app"), ("MINIO_ROOT_PASSWORD", "{password}")), command=("server", "/data"),
        health=("CMD", "mc", "ready", "local"), note="at least 8 characters",
    ),
)}  # fmt: skip
"""Every service that can be started beside a program, by its name in the profile."""

# How the name of a variable ends, and what it then holds; the first that fits.
_ROLES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (role, re.compile(rf"_?(?:{words})", re.IGNORECASE))
    for role, words in (
        ("url", r"(?:DATABASE_)?(?:UR[LI]S?|DSN)|CONNECTION(?:_?STRING|_?UR[LI])?|CONN_?STR(?:ING)?|ENDPOINT_URL(?:_S3)?"),
        ("address", r"ADDR(?:ESSES)?|BROKERS?|SERVERS|NODES?|BOOTSTRAP(?:_?SERVERS?)?|ENDPOINT|HOSTS|BROKER_LIST"),
        ("host", r"(?:DB_?)?(?:HOST|HOSTNAME|SERVER|ADDRESS)"),
        ("port", r"(?:DB_?)?PORT"),
        ("user", r"(?:DB_?|ROOT_)?USER(?:_?NAME)?|(?:ROOT_)?ACCESS_?KEY(?:_?ID)?|LOGIN"),
        ("password", r"(?:DB_?|ROOT_)?(?:PASS(?:WORD|WD)?|PWD)|SECRET(?:_ACCESS)?_?KEY|SA_PASSWORD"),
        ("database", r"(?:DB|DATABASE)(?:_?NAME)?|NAME|DB_?NAME"),
    )
)
# Names that do not say which service they mean, and for which services they stand, the likeliest first.
_GENERAL: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("DB", "DATABASE", "SQL", "SQLALCHEMY_DATABASE", "DATASOURCE"), ("postgresql", "mysql", "mssql", "mongodb")),
    (("CELERY_BROKER", "BROKER", "QUEUE", "MESSENGER_TRANSPORT", "TASK_QUEUE"), ("rabbitmq", "redis")),
    (("CELERY_RESULT", "CACHE", "SESSION", "RATE_LIMIT"), ("redis", "memcached")),
    (("SEARCH",), ("elasticsearch", "opensearch")),
)
_PLACES = frozenset({"url", "address", "host", "port"})
"""Roles that a name like CACHE_URL or BROKER_HOST may have; its CACHE_NAME means something else."""
_ADO = re.compile(r"ConnectionStrings__\w{1,100}", re.IGNORECASE)
_DRIVER = re.compile(r"([a-z][a-z0-9]{0,30})(?:\+[a-z0-9_]{1,30})?")
_REDIS_NUMBER = re.compile(r"/(\d{1,3})$")

_JDBC: Pairs = (
    ("SPRING_DATASOURCE_URL", "jdbc"),
    ("SPRING_DATASOURCE_USERNAME", "user"),
    ("SPRING_DATASOURCE_PASSWORD", "password"),
)
_QUARKUS: Pairs = (("QUARKUS_DATASOURCE_JDBC_URL", "jdbc"), ("QUARKUS_DATASOURCE_USERNAME", "user"),
                   ("QUARKUS_DATASOURCE_PASSWORD", "password"))  # fmt: skip
_MICRONAUT: Pairs = (("DATASOURCES_DEFAULT_URL", "jdbc"), ("DATASOURCES_DEFAULT_USERNAME", "user"),
                     ("DATASOURCES_DEFAULT_PASSWORD", "password"))  # fmt: skip
_LARAVEL: Pairs = (("DB_HOST", "host"), ("DB_PORT", "port"), ("DB_DATABASE", "database"), ("DB_USERNAME", "user"),
                   ("DB_PASSWORD", "password"))  # fmt: skip
_ADO_USUAL: Pairs = (("ConnectionStrings__DefaultConnection", "ado"),)
_BY_FRAMEWORK: dict[str, dict[str, Pairs]] = {
    "spring-boot": {
        "postgresql": _JDBC, "mysql": _JDBC, "mssql": _JDBC, "mongodb": (("SPRING_DATA_MONGODB_URI", "url"),),
        "redis": (("SPRING_DATA_REDIS_HOST", "host"), ("SPRING_DATA_REDIS_PORT", "port")),
        "rabbitmq": (("SPRING_RABBITMQ_HOST", "host"), ("SPRING_RABBITMQ_PORT", "port"), ("SPRING_RABBITMQ_USERNAME", "user"),
                     ("SPRING_RABBITMQ_PASSWORD", "password")),
        "kafka": (("SPRING_KAFKA_BOOTSTRAP_SERVERS", "address"),), "elasticsearch": (("SPRING_ELASTICSEARCH_URIS", "url"),),
    },
    "quarkus": {
        "postgresql": _QUARKUS, "mysql": _QUARKUS, "mssql": _QUARKUS, "redis": (("QUARKUS_REDIS_HOSTS", "url"),),
        "mongodb": (("QUARKUS_MONGODB_CONNECTION_STRING", "url"),), "kafka": (("KAFKA_BOOTSTRAP_SERVERS", "address"),),
    },
    "micronaut": {"postgresql": _MICRONAUT, "mysql": _MICRONAUT, "mssql": _MICRONAUT, "redis": (("REDIS_URI", "url"),)},
    "laravel": {
        "postgresql": (("DB_CONNECTION", "=pgsql"), *_LARAVEL), "mysql": (("DB_CONNECTION", "=mysql"), *_LARAVEL),
        "mssql": (("DB_CONNECTION", "=sqlsrv"), *_LARAVEL), "redis": (("REDIS_HOST", "host"), ("REDIS_PORT", "port")),
        "memcached": (("MEMCACHED_HOST", "host"),),
    },
    "aspnet": dict.fromkeys(("postgresql", "mysql", "mssql"), _ADO_USUAL) | {"redis": (("ConnectionStrings__Redis", "ado"),)},
}  # fmt: skip
"""What a framework reads by itself, by its id. A role that begins with = is the value itself."""

# Python's SQLAlchemy wants the driver in the scheme; the first distribution that the project has decides.
_DRIVERS: dict[str, tuple[tuple[str, str], ...]] = {
    "postgresql": (("asyncpg", "postgresql+asyncpg"), ("psycopg", "postgresql+psycopg"), ("psycopg2", "postgresql"),
                   ("psycopg2-binary", "postgresql"), ("pg8000", "postgresql+pg8000")),
    "mysql": (("asyncmy", "mysql+asyncmy"), ("aiomysql", "mysql+aiomysql"), ("pymysql", "mysql+pymysql"), ("mysqlclient", "mysql"),
              ("mysql-connector-python", "mysql+mysqlconnector")),
}  # fmt: skip
# Gems of MySQL are named in the scheme; Rails before 7.1 knows no other.
_GEMS: tuple[tuple[str, str], ...] = (("trilogy", "trilogy"), ("mysql2", "mysql2"))
# What drivers of Go want in place of an address or at its end: lib/pq insists on TLS when nothing is said, which no container has.
_GO_DSN: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "postgresql": ((("github.com/lib/pq",), "postgresql://app:{password}@{host}:5432/app?sslmode=disable"),),
    "mysql": ((("github.com/go-sql-driver/mysql", "gorm.io/driver/mysql"), "app:{password}@tcp({host}:3306)/app?parseTime=true"),),
}
_JVM = frozenset({"java", "kotlin", "scala", "clojure"})
_DOTNET = frozenset({"csharp", "fsharp", "visual-basic"})
_UNNAMED = re.compile(r"\w{1,100}_(?:DB|DATABASE)", re.IGNORECASE)
"""A variable that may hold the whole address of the only database: ORDERS_DB."""
_SQLALCHEMY = frozenset({"sqlalchemy", "sqlmodel", "flask-sqlalchemy", "databases", "advanced-alchemy"})


def service_specs(profile: ProjectProfile, settings: Settings) -> tuple[ServiceSpec, ...]:
    """The services of the profile that can be started, in its order, with the variables by which the program finds them."""
    rows = [SERVICES[need.name] for need in profile.services if need.name in SERVICES]
    present = tuple(row.name for row in rows)
    taken: set[str] = set()
    found = []
    for row in rows:
        pairs = _variables(profile, row, present, taken)
        taken |= {name for name, _ in pairs}
        own = next((name for name, value in pairs if value == "{password}"), row.kept_in)
        found.append(
            ServiceSpec(
                name=row.name,
                image=base_image(settings, row.image),
                port=row.port,
                data=row.data,
                password=own if row.kept_in else "",
                variables=pairs,
            )
        )
    return tuple(found)


def missing_services(profile: ProjectProfile) -> tuple[str, ...]:
    """Services of the profile that no row can start."""
    return tuple(need.name for need in profile.services if need.name not in SERVICES)


def _variables(profile: ProjectProfile, row: Service, present: tuple[str, ...], taken: set[str]) -> Pairs:
    framework = profile.framework.value.id if profile.framework else ""
    usual = _BY_FRAMEWORK.get(framework, {}).get(row.name, row.usual)
    words = {name: role[1:] for name, role in usual if role.startswith("=")}
    found: dict[str, str] = {}
    roles: dict[str, str] = {}
    for variable in profile.variables:
        if variable.name in taken or not variable_name(variable.name):
            continue
        if variable.name in words:
            found[variable.name] = words[variable.name]
            continue
        role = _role(variable, row, present)
        if role in row.values and not (role == "url" and _names_a_driver(variable, framework)):
            roles[variable.name] = role
    reached = bool({"url", "host", "address", "jdbc", "ado"} & set(roles.values()))
    if not reached and row.name in _GENERAL[0][1] and not [one for one in present if one != row.name and one in _GENERAL[0][1]]:
        unset = (one.name for one in profile.variables if not one.default and one.name not in taken)
        whole = [name for name in unset if _UNNAMED.fullmatch(name)]
        if len(whole) == 1 and variable_name(whole[0]):
            roles[whole[0]] = "url"
            reached = True
    for variable in profile.variables:
        if variable.name in roles:
            found[variable.name] = _value(variable, row, roles[variable.name], profile, frozenset(roles.values()))
    if not reached:
        for name, role in usual:
            if name not in taken:
                plain = role.removeprefix("=") if role.startswith("=") else row.values.get(role, "")
                found.setdefault(name, _with_driver(plain, row, profile) if role == "url" else plain)
    return tuple(sorted(found.items()))


def _names_a_driver(variable: EnvVariable, framework: str) -> bool:
    """Whether its value is the name of a driver or a connection (DB_CONNECTION=mysql), no address."""
    default = variable.default or ""
    if not variable.name.upper().endswith("CONNECTION"):
        return False
    return framework == "laravel" or bool(default and "://" not in default and "=" not in default)


def _role(variable: EnvVariable, row: Service, present: tuple[str, ...]) -> str:
    """What the variable holds of this service; "" when it is none of its variables."""
    name = variable.name
    scheme = _DRIVER.match((variable.default or "").partition("://")[0]) if "://" in (variable.default or "") else None
    if _ADO.fullmatch(name):
        told = [one for one in present if any(word in name.upper() for word in SERVICES[one].prefixes)]
        return "ado" if row.name == (told or [one for one in _GENERAL[0][1] if one in present] or [""])[0] else ""
    prefixes: tuple[str, ...] = row.prefixes
    general: tuple[str, ...] = ()
    for words, services in _GENERAL:
        if next((one for one in services if one in present), "") == row.name:
            if "DB" in words:
                prefixes = (*prefixes, *words)
            else:
                general = (*general, *words)
    if "JDBC" in name.upper() and name.upper().endswith(("URL", "URI")):
        return "jdbc" if "DB" in prefixes else ""
    if scheme and scheme[1] in row.schemes and scheme[1] != "http" and name.upper().endswith(("URL", "URI", "DSN", "BACKEND")):
        return "url"
    for role, pattern in _ROLES:
        words = (*prefixes, *general) if role in _PLACES else prefixes
        if re.fullmatch(rf"(?:\w*_)?(?:{'|'.join(words)}){pattern.pattern}", name, re.IGNORECASE):
            return role
    return ""


def _value(variable: EnvVariable, row: Service, role: str, profile: ProjectProfile, roles: frozenset[str]) -> str:
    """What the variable holds in compose. `roles` are those that variables of the project have for this service."""
    plain = row.values[role]
    default = variable.default or ""
    if role == "address" and row.name == "rabbitmq" and "user" not in roles:
        return row.values["url"]  # nobody else tells the client whom to log in as
    if role == "database" and row.name == "redis":
        return default or plain
    endpoint = row.name == "s3" and not variable.name.upper().startswith("MINIO")
    if role in ("host", "address") and (default.startswith(("http://", "https://")) or endpoint):
        return row.values["url"]
    if role != "url":
        return plain
    scheme = default.partition("://")[0]
    if "://" in default and (known := _DRIVER.fullmatch(scheme)) and known[1] in row.schemes and known[1] != "http":
        number = _REDIS_NUMBER.search(default) if row.name == "redis" else None
        plain = f"{scheme}://{plain.partition('://')[2]}"
        return _REDIS_NUMBER.sub(number[0], plain) if number else plain
    language = profile.language.value.id if profile.language else ""
    if "jdbc" in row.values and (default.startswith("jdbc:") or (language in _JVM and "://" not in default)):
        return _jdbc(row, roles)
    if row.name in _GENERAL[0][1] and language in _DOTNET and not variable.name.upper().endswith(("URL", "URI")):
        return row.values["ado"]
    return _with_driver(plain, row, profile)


def _jdbc(row: Service, roles: frozenset[str]) -> str:
    """The address for JDBC; it holds user and password itself where no variable of the project does."""
    plain = row.values["jdbc"]
    if {"user", "password"} & roles:
        return plain
    if row.name == "mssql":
        return f"{plain};user={row.values['user']};password={{password}}"
    return f"{plain}?user={row.values['user']}&password={{password}}"


def _with_driver(url: str, row: Service, profile: ProjectProfile) -> str:
    language = profile.language.value.id if profile.language else ""
    used = {one.name for one in profile.dependencies if not one.development}
    if language == "go":
        return next((dsn for modules, dsn in _GO_DSN.get(row.name, ()) if used & set(modules)), url)
    if language == "ruby" and row.name == "mysql":
        scheme = next((scheme for gem, scheme in _GEMS if gem in used), "")
        return f"{scheme}://{url.partition('://')[2]}" if scheme else url
    names = {re.sub(r"[-_.]+", "-", one.name).lower() for one in profile.dependencies if not one.development}
    if not names & _SQLALCHEMY:
        return url
    scheme = next((scheme for package, scheme in _DRIVERS.get(row.name, ()) if package in names), "")
    return f"{scheme}://{url.partition('://')[2]}" if scheme else url
