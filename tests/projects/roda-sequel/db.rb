require "sequel"

DB = Sequel.connect(ENV.fetch("DATABASE_URL"), max_connections: Integer(ENV["DB_POOL"] || 5))
