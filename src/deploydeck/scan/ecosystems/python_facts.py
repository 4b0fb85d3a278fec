"""Facts that only several files of a Python project together tell: inherited settings, ports held elsewhere, undeclared clients."""

from __future__ import annotations

from dataclasses import replace

from deploydeck.scan.ecosystems.python_routes import join_routes
from deploydeck.scan.facts import Found
from deploydeck.scan.state import Scan

_CLIENTS = {
    "psycopg2": "postgresql", "psycopg": "postgresql", "asyncpg": "postgresql", "MySQLdb": "mysql", "pymysql": "mysql",
    "aiomysql": "mysql",
    "mysql": "mysql", "pymongo": "mongodb", "motor": "mongodb", "mongoengine": "mongodb", "redis": "redis", "pika": "rabbitmq",
    "aio_pika": "rabbitmq",
    "confluent_kafka": "kafka", "aiokafka": "kafka", "elasticsearch": "elasticsearch", "opensearchpy": "opensearch",
    "pymemcache": "memcached",
    "pymssql": "mssql", "minio": "s3", "neo4j": "neo4j", "clickhouse_driver": "clickhouse", "qdrant_client": "qdrant",
    "cassandra": "cassandra",
}  # fmt: skip


def join(scan: Scan, *, plain: bool) -> None:
    """Add what follows from several files; once for a scan. `plain`: no framework decides what listens."""
    if scan.facts.own("python-joined"):
        return
    scan.facts.add([Found("python-joined", "", scope="python")])
    if plain:
        scan.facts.add([replace(fact, kind="listen") for fact in scan.facts.of("own-listen", scope="python")])
    _settings(scan)
    _ports(scan)
    _clients(scan)
    join_routes(scan)


def _settings(scan: Scan) -> None:
    """The fields of classes that inherit from a settings class of another file are variables too."""
    classes = scan.facts.of("settings-class", scope="python")
    certain = {fact.name for fact in classes if "certain" in fact.tags}
    before = 0
    while before < len(certain) and len(certain) < 500:
        before = len(certain)
        certain |= {fact.name for fact in classes if not certain.isdisjoint(fact.value.split(","))}
    for fact in scan.facts.of("settings-field", scope="python"):
        owner = next((tag[6:] for tag in fact.tags if tag.startswith("class:")), "")
        if owner in certain:
            tags = frozenset(tag for tag in fact.tags if not tag.startswith("class:"))
            scan.facts.add([replace(fact, kind="env", tags=tags)])


def _ports(scan: Scan) -> None:
    """The number behind `port=settings.port`: the default of the variable or the constant of that name."""
    for fact in list(scan.facts.of("listen", scope="python")):
        wanted = next((tag[5:] for tag in sorted(fact.tags) if tag.startswith("attr:")), "")
        if fact.name or not wanted:
            continue
        owner, _, name = wanted.rpartition(".")
        known = [one for one in scan.facts.of("constant", name, "python") if one.value]
        variables = [one for one in scan.facts.of("env") if one.value.isdigit() and one.scope in {"python", ""}]
        exact = [one for one in variables if one.name.upper() == name]
        near = [one for one in variables if one.name.upper().endswith(f"_{name}")]
        owned = [one for one in known if _of_class(one, owner)] or [
            one for one in variables if owner and one.name.upper().endswith((f"{owner}__{name}", f"{owner}_{name}"))
        ]
        plain = [one for one in known if not one.tags]
        for group in (owned, plain, exact, known, near):
            values = {one.value for one in group}
            if len(values) == 1 and 0 < int(next(iter(values))[:6]) < 65536:
                tags = {tag for tag in fact.tags if not tag.startswith("attr:")} | (
                    {"env"} if group and group[0].name == "PORT" else set()
                )
                scan.facts.add([replace(fact, name=values.pop(), tags=frozenset(tags))])
                break


def _of_class(fact: Found, owner: str) -> bool:
    """Whether a constant belongs to the class behind an attribute: `settings.run.port` to `RunConfig`."""
    name = next((tag[6:] for tag in fact.tags if tag.startswith("class:")), "").upper()
    return bool(owner) and name.startswith(owner.replace("_", ""))


def _clients(scan: Scan) -> None:
    """Where nothing is declared at all, the clients that are imported say which services are used."""
    if scan.facts.of("dependency", scope="python"):
        return
    for name, service in _CLIENTS.items():
        for fact in scan.facts.of("import", name, "python")[:2]:
            scan.facts.add([replace(fact, kind="datasource", name=service, value=name, tags=frozenset({"weak"}))])
