require "sinatra"
require "redis"

set :bind, "0.0.0.0"
set :port, ENV.fetch("PORT", 4567)

REDIS = Redis.new(url: ENV.fetch("REDIS_URL"))

get "/" do
  @votes = REDIS.hgetall("votes").transform_values(&:to_i)
  erb :index
end

post "/vote/:cake" do |cake|
  REDIS.hincrby("votes", cake, 1)
  redirect "/"
end

get "/healthcheck" do
  REDIS.ping.downcase
end
