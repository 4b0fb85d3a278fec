require_relative "boot"
require "rails/all"

Bundler.require(*Rails.groups)

module Vereinsheim
  class Application < Rails::Application
    config.load_defaults 8.0
    config.time_zone = "Berlin"
    config.active_job.queue_adapter = :sidekiq
  end
end
