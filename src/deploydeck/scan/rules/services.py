"""Services a project wants beside it, by dependency and by the images its compose file already runs."""

from __future__ import annotations

DEPENDENCIES: dict[str, dict[str, str]] = {
    "python": {
        "psycopg": "postgres", "psycopg2": "postgres", "psycopg2-binary": "postgres", "psycopg-binary": "postgres",
        "asyncpg": "postgres",
        "pg8000": "postgres", "mysqlclient": "mysql", "pymysql": "mysql", "aiomysql": "mysql", "asyncmy": "mysql",
        "mysql-connector-python": "mysql", "pymongo": "mongodb", "motor": "mongodb", "beanie": "mongodb", "mongoengine": "mongodb",
        "redis": "redis", "aioredis": "redis", "django-redis": "redis", "rq": "redis", "arq": "redis", "pika": "rabbitmq",
        "aio-pika": "rabbitmq", "confluent-kafka": "kafka", "kafka-python": "kafka", "aiokafka": "kafka",
        "elasticsearch": "elasticsearch", "opensearch-py": "opensearch", "pymemcache": "memcached", "python-memcached": "memcached",
        "pyodbc": "mssql",
    },
    "node": {
        "pg": "postgres", "postgres": "postgres", "pg-promise": "postgres", "mysql": "mysql", "mysql2": "mysql",
        "mongoose": "mongodb",
        "mongodb": "mongodb", "redis": "redis", "ioredis": "redis", "bullmq": "redis", "bull": "redis", "amqplib": "rabbitmq",
        "kafkajs": "kafka", "@elastic/elasticsearch": "elasticsearch", "@opensearch-project/opensearch": "opensearch",
        "memjs": "memcached", "tedious": "mssql", "mssql": "mssql",
    },
}  # fmt: skip

IMAGES: dict[str, str] = {
    "postgres": "postgres", "postgis": "postgres", "pgvector": "postgres", "timescaledb": "postgres", "mysql": "mysql",
    "mariadb": "mysql",
    "mongo": "mongodb", "redis": "redis", "valkey": "redis", "rabbitmq": "rabbitmq", "kafka": "kafka", "redpanda": "kafka",
    "elasticsearch": "elasticsearch", "opensearch": "opensearch", "memcached": "memcached",
}  # fmt: skip

DEPENDENCY_WEIGHT = 0.7
IMAGE_WEIGHT = 0.95
