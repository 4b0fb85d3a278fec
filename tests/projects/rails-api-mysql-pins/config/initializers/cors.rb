Rails.application.config.middleware.insert_before 0, Rack::Cors do
  allow do
    origins(*ENV.fetch("CORS_ORIGINS", "").split(","))
    resource "/v1/*", headers: :any, methods: %i[get post]
  end
end
