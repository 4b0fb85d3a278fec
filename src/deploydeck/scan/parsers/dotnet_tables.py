"""What calls and types of .NET mean: applications, services, and variables that the host sets."""

from __future__ import annotations

APPLICATIONS: dict[str, tuple[str, str]] = {
    "CreateBuilder": ("aspnet", r"\bWebApplication\."),
    "CreateSlimBuilder": ("aspnet", r"\bWebApplication\."),
    "CreateEmptyBuilder": ("aspnet", r"\bWebApplication\."),
    "CreateDefaultBuilder": ("aspnet", r"\bWebHost\."),
    "ConfigureWebHostDefaults": ("aspnet", ""),
    "ConfigureWebHost": ("aspnet", ""),
    "AddServerSideBlazor": ("blazor", ""),
    "MapBlazorHub": ("blazor", ""),
    "AddInteractiveServerComponents": ("blazor", ""),
    "AddInteractiveWebAssemblyComponents": ("blazor", ""),
    "MapRazorComponents": ("blazor", ""),
    "MapGrpcService": ("grpc", ""),
    "UseFastEndpoints": ("fastendpoints", ""),
    "MapCarter": ("carter", ""),
    "MapReverseProxy": ("yarp", ""),
}
"""A method that makes or opens an application: the technology, and what must stand before it."""

_CALLS: dict[str, str] = {
    "postgresql": "UseNpgsql AddNpgsqlDataSource AddNpgsqlDbContext AddNpgsqlSlimDataSource AddNpgSql AddPostgres "
    "AddAzureNpgsqlDataSource "
    "UsePostgreSqlStorage UsePostgreSQLServer AddNpgsql UseNpgsqlDatabase PostgreSQLProvider",
    "mssql": "UseSqlServer AddSqlServerClient AddSqlServerDbContext AddSqlServer UseSqlServerStorage "
    "AddDistributedSqlServerCache UseAzureSql",
    "mysql": "UseMySql UseMySQL AddMySqlDataSource AddMySqlDbContext AddMySql AddMySqlDataSource UseMySqlStorage",
    "sqlite": "UseSqlite AddSqlite UseSQLiteStorage",
    "mongodb": "AddMongoDBClient AddMongoDb AddMongoDB UseMongoDB AddMongoDbStores UseMongoStorage",
    "redis": "AddStackExchangeRedisCache AddRedis AddRedisClient AddRedisDistributedCache AddRedisOutputCache "
    "AddStackExchangeRedis "
    "AddStackExchangeRedisOutputCache PersistKeysToStackExchangeRedis UseRedisStorage AddValkey",
    "rabbitmq": "UsingRabbitMq AddRabbitMQClient AddRabbitMQ AddRabbitMq UseRabbitMQ UseRabbitMq AddRabbitMqEventBus",
    "kafka": "UsingKafka AddKafka AddKafkaProducer AddKafkaConsumer UseKafka",
    "elasticsearch": "AddElasticsearch AddElasticsearchClient AddElasticClient",
    "memcached": "AddEnyimMemcached",
    "nats": "AddNatsClient AddNats",
    "cosmosdb": "UseCosmos",
    "oracle": "UseOracle",
    "s3": "AddMinio",
}
DATASOURCE_CALLS: dict[str, str] = {name: service for service, names in _CALLS.items() for name in names.split()}

CONSTRUCTED: dict[str, str] = {
    "NpgsqlConnection": "postgresql", "NpgsqlDataSourceBuilder": "postgresql", "SqlConnection": "mssql", "MySqlConnection": "mysql",
    "SqliteConnection": "sqlite", "SQLiteConnection": "sqlite", "MongoClient": "mongodb", "ElasticClient": "elasticsearch",
    "ElasticsearchClient": "elasticsearch", "AmazonS3Client": "s3", "MinioClient": "s3", "NatsConnection": "nats",
}  # fmt: skip
"""Types whose object talks to a service."""

SET_BY_HOST = frozenset({
    "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS", "ASPNETCORE_HTTPS_PORTS",
    "DOTNET_RUNNING_IN_CONTAINER", "DOTNET_RUNNING_IN_CONTAINERS", "WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID", "VSTEST_HOST_DEBUG",
})  # fmt: skip
"""Set by the image, the target or the host's own conventions, as NODE_ENV is elsewhere."""
