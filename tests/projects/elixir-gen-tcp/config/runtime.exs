import Config

config :lantern, port: String.to_integer(System.get_env("PORT", "4321"))
