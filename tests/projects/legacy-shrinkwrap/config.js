var env = process.env;

module.exports = {
  port: env.PORT || 9080,
  db: {
    server: env.MSSQL_HOST || 'localhost',
    user: env.MSSQL_USER || 'sa',
    password: env.MSSQL_PASSWORD,
    database: env.MSSQL_DATABASE || 'parking'
  },
  memcached: env.MEMCACHED_SERVERS || '127.0.0.1:11211'
};
