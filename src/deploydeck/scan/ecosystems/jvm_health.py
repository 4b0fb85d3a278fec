"""Health paths that a JVM framework serves by itself, and what a context path does to those in the source."""

from __future__ import annotations

from collections.abc import Iterator

from deploydeck.scan.ecosystems.jvm_project import dependency, option
from deploydeck.scan.facts import Found
from deploydeck.scan.rules.names import HEALTH_PATHS
from deploydeck.scan.state import Scan

_CONTEXT = (
    "server.servlet.context-path", "server.context-path", "spring.webflux.base-path", "micronaut.server.context-path", "quarkus.http.root-path",  # noqa: E501
    "play.http.context", "ktor.deployment.rootpath",
)  # fmt: skip


def health(scan: Scan) -> Iterator[Found]:
    """The path as a `platform-health` fact at the dependency or the route that it follows from; nothing when it is on another port."""  # noqa: E501
    context = next((found.value for key in _CONTEXT if (found := option(scan, key))), "").strip("/")
    if actuator := dependency(
        scan, "org.springframework.boot:spring-boot-starter-actuator", "org.springframework.boot:spring-boot-actuator"
    ):
        if _port(scan, "management.server.port", "management.port") in {"", _port(scan, "server.port") or "8080"}:
            yield _fact(actuator, context, _value(scan, "management.endpoints.web.base-path", "management.context-path") or "/actuator",  # noqa: E501
                        _value(scan, "management.endpoints.web.path-mapping.health") or "health")  # fmt: skip
    elif quarkus := dependency(scan, "io.quarkus:quarkus-smallrye-health"):
        if _value(scan, "quarkus.management.enabled").lower() != "true":
            base = _value(scan, "quarkus.http.non-application-root-path") or "q"
            own = _value(scan, "quarkus.smallrye-health.root-path") or "health"
            yield _fact(quarkus, "" if base.startswith("/") else context, base if not own.startswith("/") else "", own)
    elif micronaut := dependency(scan, "io.micronaut:micronaut-management"):
        if _value(scan, "endpoints.health.enabled").lower() != "false":
            yield _fact(micronaut, context, _value(scan, "endpoints.all.path"), "health")
    elif helidon := dependency(
        scan, "io.helidon.webserver.observe:helidon-webserver-observe-health", "io.helidon.health:helidon-health-checks"
    ):
        mp = dependency(scan, "io.helidon.microprofile")
        yield _fact(helidon, "", "" if mp else "observe", "health")
    if context:
        routes = {fact.name.rstrip("/"): fact for fact in reversed(scan.facts.own("route", scope="jvm"))}
        if best := next((routes[path] for path in HEALTH_PATHS if path in routes), None):
            yield _fact(best, context, best.name)


def _value(scan: Scan, *names: str) -> str:
    return next((found.value for name in names if (found := option(scan, name))), "")


def _port(scan: Scan, *names: str) -> str:
    return _value(scan, *names)


def _fact(place: Found, *parts: str) -> Found:
    path = "/" + "/".join(piece for part in parts for piece in part.split("/") if piece)
    return Found("platform-health", path[:200], "", place.file, place.line, place.text, "jvm")
