require_relative "app"

run Beekeeper.freeze.app
