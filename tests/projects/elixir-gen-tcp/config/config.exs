import Config

config :lantern, greeting: "The lantern is lit."
