import Config

config :meadow, ecto_repos: [Meadow.Repo]

config :meadow, MeadowWeb.Endpoint,
  url: [host: "localhost"],
  adapter: Bandit.PhoenixAdapter,
  pubsub_server: Meadow.PubSub

config :phoenix, :json_library, Jason

import_config "#{config_env()}.exs"
