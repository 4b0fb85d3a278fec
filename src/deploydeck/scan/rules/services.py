# ruff: noqa: E501 - tables read better unbroken
"""Services by the image a compose file runs and by the scheme of an address; by dependency in `data/`. sqlite is no service."""

from __future__ import annotations

IMAGES: dict[str, str] = {
    "postgres": "postgresql", "postgresql": "postgresql", "postgis": "postgresql", "pgvector": "postgresql",
    "timescaledb": "postgresql", "timescaledb-ha": "postgresql", "mysql": "mysql", "mysql-server": "mysql", "mariadb": "mysql", "percona": "mysql",
    "mongo": "mongodb", "mongodb": "mongodb", "mongodb-community-server": "mongodb", "redis": "redis", "redis-stack": "redis",
    "redis-stack-server": "redis", "valkey": "redis", "keydb": "redis", "dragonfly": "redis", "rabbitmq": "rabbitmq", "kafka": "kafka",
    "cp-kafka": "kafka", "redpanda": "kafka", "elasticsearch": "elasticsearch", "opensearch": "opensearch", "memcached": "memcached",
    "mssql": "mssql", "server": "", "azure-sql-edge": "mssql", "minio": "s3", "localstack": "s3", "nats": "nats", "clickhouse-server": "clickhouse",
    "cassandra": "cassandra", "neo4j": "neo4j", "couchdb": "couchdb", "meilisearch": "meilisearch", "typesense": "typesense",
    "influxdb": "influxdb", "qdrant": "qdrant", "etcd": "etcd", "zookeeper": "zookeeper", "cp-zookeeper": "zookeeper",
}  # fmt: skip
"""The last part of an image's name without its tag."""

SCHEMES: dict[str, str] = {
    "postgres": "postgresql", "postgresql": "postgresql", "pgsql": "postgresql", "psql": "postgresql", "postgis": "postgresql",
    "mysql": "mysql", "mysql2": "mysql", "mariadb": "mysql", "mongodb": "mongodb", "redis": "redis", "rediss": "redis", "amqp": "rabbitmq",
    "amqps": "rabbitmq", "kafka": "kafka", "mssql": "mssql", "sqlserver": "mssql", "nats": "nats", "memcached": "memcached",
}  # fmt: skip

DEPENDENCY_WEIGHT = 0.7
DATASOURCE_WEIGHT = 0.9
IMAGE_WEIGHT = 0.95
