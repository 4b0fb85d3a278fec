import Config

config :lantern, greeting: "The lantern is lit."

if File.exists?("#{__DIR__}/#{config_env()}.exs"), do: import_config("#{config_env()}.exs")
