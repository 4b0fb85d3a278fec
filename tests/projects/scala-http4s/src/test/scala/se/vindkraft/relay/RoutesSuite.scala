package se.vindkraft.relay

class RoutesSuite extends munit.FunSuite:
  test("stations have names") {
    assertEquals(Station("bromma").name, "bromma")
  }
