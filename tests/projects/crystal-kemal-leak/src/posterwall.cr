require "kemal"
require "./posterwall/store"

store = Posterwall::Store.new(
  bucket: ENV.fetch("POSTER_BUCKET", "posters"),
  key: ENV["AWS_ACCESS_KEY_ID"],
  secret: ENV["AWS_SECRET_ACCESS_KEY"],
)

get "/" do |env|
  posters = store.names
  render "src/views/index.ecr"
end

get "/healthz" { "ok" }

post "/posters" do |env|
  file = env.params.files["poster"]
  store.put(file.filename.not_nil!, File.read(file.tempfile.path))
  env.redirect "/"
end

Kemal.run
