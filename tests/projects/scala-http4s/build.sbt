val Http4sVersion = "0.23.30"
val CirceVersion  = "0.14.10"

lazy val root = (project in file("."))
  .enablePlugins(JavaAppPackaging)
  .settings(
    name         := "weather-relay",
    organization := "se.vindkraft",
    version      := "0.2.0",
    scalaVersion := "3.3.4",
    libraryDependencies ++= Seq(
      "org.http4s"     %% "http4s-ember-server" % Http4sVersion,
      "org.http4s"     %% "http4s-dsl"          % Http4sVersion,
      "org.http4s"     %% "http4s-circe"        % Http4sVersion,
      "io.circe"       %% "circe-generic"       % CirceVersion,
      "ch.qos.logback"  % "logback-classic"     % "1.5.16" % Runtime,
      "org.scalameta"  %% "munit"               % "1.0.4"  % Test
    ),
    Compile / mainClass := Some("se.vindkraft.relay.Main")
  )
