package se.vindkraft.relay

import cats.effect.IO
import io.circe.generic.auto.*
import org.http4s.HttpRoutes
import org.http4s.circe.CirceEntityCodec.*
import org.http4s.dsl.io.*

final case class Station(name: String)

final class Routes(stations: List[String]):
  val app: HttpRoutes[IO] = HttpRoutes.of[IO] {
    case GET -> Root / "health"            => Ok("ok")
    case GET -> Root / "stations"          => Ok(stations.map(Station(_)))
    case GET -> Root / "stations" / name   => if stations.contains(name) then Ok(Station(name)) else NotFound()
  }
