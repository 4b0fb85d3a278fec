import Config

config :meadow, Meadow.Repo,
  username: "postgres",
  hostname: "localhost",
  database: "meadow_dev"

config :meadow, MeadowWeb.Endpoint,
  http: [ip: {127, 0, 0, 1}, port: 4000],
  debug_errors: true,
  check_origin: false
