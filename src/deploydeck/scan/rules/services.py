"""Services by the image a compose file runs and by the scheme of an address; by dependency in `data/`. SQLite is none."""

from __future__ import annotations

IMAGES: dict[str, str] = {
    "postgres": "postgresql", "postgresql": "postgresql", "postgis": "postgresql", "pgvector": "postgresql",
    "timescaledb": "postgresql", "timescaledb-ha": "postgresql", "mysql": "mysql", "mysql-server": "mysql", "mariadb": "mysql",
    "percona": "mysql",
    "mongo": "mongodb", "mongodb": "mongodb", "mongodb-community-server": "mongodb", "redis": "redis", "redis-stack": "redis",
    "redis-stack-server": "redis", "valkey": "redis", "keydb": "redis", "dragonfly": "redis", "rabbitmq": "rabbitmq",
    "kafka": "kafka",
    "cp-kafka": "kafka", "redpanda": "kafka", "elasticsearch": "elasticsearch", "opensearch": "opensearch",
    "memcached": "memcached",
    "mssql": "mssql", "server": "", "azure-sql-edge": "mssql", "minio": "s3", "localstack": "s3", "nats": "nats",
    "clickhouse-server": "clickhouse",
    "cassandra": "cassandra", "neo4j": "neo4j", "couchdb": "couchdb", "meilisearch": "meilisearch", "typesense": "typesense",
    "scylla": "cassandra", "oracle-xe": "oracle", "oracle-free": "oracle", "dynamodb-local": "dynamodb", "mosquitto": "mqtt",
    "emqx": "mqtt", "solr": "solr",
    "cockroach": "cockroachdb", "arangodb": "arangodb", "surrealdb": "surrealdb", "milvus": "milvus", "weaviate": "weaviate",
    "chroma": "chroma",
    "pulsar": "pulsar", "valkey-bundle": "redis", "rabbitmq-management": "rabbitmq", "clickhouse": "clickhouse",
    "elasticsearch-oss": "elasticsearch",
    "pgvecto-rs": "postgresql", "postgresql-repmgr": "postgresql", "mongodb-atlas-local": "mongodb", "garnet": "redis",
    "seaweedfs": "s3",
    "influxdb": "influxdb", "qdrant": "qdrant", "etcd": "etcd", "zookeeper": "zookeeper", "cp-zookeeper": "zookeeper",
}  # fmt: skip
"""The last part of an image's name without its tag."""

SCHEMES: dict[str, str] = {
    "postgres": "postgresql", "postgresql": "postgresql", "pgsql": "postgresql", "psql": "postgresql", "postgis": "postgresql",
    "mysql": "mysql", "mysql2": "mysql", "mariadb": "mysql", "mongodb": "mongodb", "redis": "redis", "rediss": "redis",
    "amqp": "rabbitmq",
    "amqps": "rabbitmq", "elasticsearch": "elasticsearch", "clickhouse": "clickhouse", "neo4j": "neo4j", "bolt": "neo4j",
    "cockroachdb": "cockroachdb",
    "s3": "s3", "valkey": "redis", "valkeys": "redis", "memcache": "memcached", "cassandra": "cassandra", "kafka": "kafka",
    "mssql": "mssql", "sqlserver": "mssql", "nats": "nats", "memcached": "memcached",
}  # fmt: skip

_CHOSEN_BY: dict[str, frozenset[str]] = {
    "database": frozenset("DB_CONNECTION DB_DIALECT DB_ENGINE DB_TYPE DB_CLIENT DB_DRIVER DATABASE_TYPE "
                          "DATABASE_CLIENT DATABASE_DIALECT DATABASE_DRIVER DATABASE_ENGINE TYPEORM_CONNECTION".split()),
    "cache": frozenset("CACHE_STORE CACHE_DRIVER CACHE_BACKEND QUEUE_CONNECTION QUEUE_DRIVER SESSION_DRIVER".split()),
    "disk": frozenset({"FILESYSTEM_DISK", "FILESYSTEM_DRIVER", "STORAGE_DRIVER", "STORAGE_TYPE"}),
}  # fmt: skip
CHOSEN_BY: dict[str, str] = {name: what for what, names in _CHOSEN_BY.items() for name in names}
"""Variables whose value names a service, and what they choose."""

CHOICES: dict[str, dict[str, str]] = {
    "database": {"postgres": "postgresql", "postgresql": "postgresql", "pgsql": "postgresql", "pg": "postgresql",
    "mysql": "mysql", "mysql2": "mysql", "mariadb": "mysql",
                 "mongodb": "mongodb", "mongo": "mongodb", "mssql": "mssql", "sqlsrv": "mssql", "sqlserver": "mssql",
                 "django.db.backends.postgresql": "postgresql",
                 "django.db.backends.mysql": "mysql"},
    "cache": {"redis": "redis", "memcached": "memcached", "rabbitmq": "rabbitmq", "sqs": ""},
    "disk": {"s3": "s3", "minio": "s3"},
}  # fmt: skip
"""What those values mean."""

DEPENDENCY_WEIGHT = 0.7
DATASOURCE_WEIGHT = 0.9
IMAGE_WEIGHT = 0.95
