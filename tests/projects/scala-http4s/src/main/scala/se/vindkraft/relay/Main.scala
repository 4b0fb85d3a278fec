package se.vindkraft.relay

import cats.effect.{ExitCode, IO, IOApp}
import com.comcast.ip4s.{Port, host, port}
import org.http4s.ember.server.EmberServerBuilder

object Main extends IOApp:
  def run(args: List[String]): IO[ExitCode] =
    val listen = sys.env.get("PORT").flatMap(Port.fromString).getOrElse(port"8090")
    val stations = sys.env.getOrElse("STATIONS", "arlanda,bromma").split(",").toList
    EmberServerBuilder
      .default[IO]
      .withHost(host"0.0.0.0")
      .withPort(listen)
      .withHttpApp(Routes(stations).app.orNotFound)
      .build
      .useForever
      .as(ExitCode.Success)
