require "json"
require "socket"

PLACE = ENV.fetch("SENSOR_PLACE", "cellar")
server = TCPServer.new("0.0.0.0", Integer(ENV.fetch("PORT", "8070")))
$stdout.sync = true

stop = proc { exit }
trap("TERM", &stop)
trap("INT", &stop)

loop do
  client = server.accept
  request = client.gets
  nil until client.gets.to_s.strip.empty?
  body = JSON.generate(place: PLACE, degrees: 11.5)
  status = request.to_s.start_with?("GET / ") ? "200 OK" : "404 Not Found"
  client.write "HTTP/1.1 #{status}\r\nContent-Type: application/json\r\nContent-Length: #{body.bytesize}\r\nConnection: close\r\n\r\n#{body}"
  client.close
end
