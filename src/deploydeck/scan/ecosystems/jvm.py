"""How projects of Java, Kotlin, Scala, Groovy and Clojure are built and started: by their build tool, then by their framework."""

from __future__ import annotations

import re
from functools import partial

from deploydeck.domain import Fact, Kind, PackageManager, StartCommand
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.ecosystems.jvm_clojure import clojure_cli, leiningen
from deploydeck.scan.ecosystems.jvm_gradle import gradle
from deploydeck.scan.ecosystems.jvm_maven import ant, maven
from deploydeck.scan.ecosystems.jvm_project import Built, option
from deploydeck.scan.ecosystems.jvm_scala import mill, sbt
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Role, Technology
from deploydeck.scan.state import Scan

_BUILDERS = {
    "maven": maven, "gradle": gradle, "sbt": sbt, "mill": mill, "leiningen": leiningen, "clojure-cli": clojure_cli, "ant": ant,
}  # fmt: skip
_SPRING_WEB = re.compile(
    r"^org\.springframework\.boot:spring-boot-starter-(?:web|webmvc|webflux|websocket|data-rest|jersey|web-services|hateoas|graphql|undertow|jetty|"
    r"tomcat|reactor-netty|thymeleaf|freemarker|mustache|rsocket)$|^org\.springframework:spring-web|^org\.springframework\.cloud:spring-cloud-(?:starter-"
    r"(?:gateway|netflix-(?:eureka-server|zuul|hystrix-dashboard))|config-server|gateway|netflix-eureka-server)|^com\.vaadin:|springdoc|^org\.grails|^org\.apache\.grails"
    r"|^org\.zkoss|^org\.apache\.cxf:cxf-spring-boot|^com\.netflix\.graphql|^org\.springframework\.ai:spring-ai-starter-mcp-server-web|^de\.codecentric:spring-boot-admin"
    r"|^io\.grpc|grpc-(?:server-)?spring-boot-starter|spring-(?:boot-starter-grpc-server|grpc-(?:server-)?(?:web-)?spring-boot-starter)|^org\.flowable:flowable-spring-boot|^org\.camunda\.bpm\.springboot:camunda-bpm-spring-boot-starter-(?:web|rest)"
    r"|^jakarta\.servlet:|^javax\.servlet:|^org\.jobrunr|^com\.alibaba\.boot|^com\.jfinal|^org\.apache\.shiro:shiro-spring-boot-web"
)
_GRPC_SERVER = re.compile(
    r"grpc-(?:server-)?spring-boot-starter$|spring-boot-starter-grpc-server$"
    r"|^org\.springframework\.grpc:|^io\.grpc:"
)
_PORTS: dict[str, tuple[str, ...]] = {
    "spring-boot": ("server.port", "spring.grpc.server.port", "grpc.server.port"),
    "grails": ("server.port", "grails.server.port.http"),
    "vaadin": ("server.port",),
    "quarkus": ("quarkus.http.port",),
    "micronaut": ("micronaut.server.port",),
    "ktor": ("ktor.deployment.port",),
    "helidon": ("server.port", "helidon.server.port"),
    "dropwizard": ("server.applicationconnectors.port", "server.connector.port"),
    "play": ("play.server.http.port", "http.port"),
    "lagom": ("play.server.http.port", "http.port"),
    "jooby": ("server.port", "jooby.server.port"),
    "ring": ("ring.port",),
    "compojure": ("ring.port",),
    "akka-http": ("akka.http.server.port", "http.port", "server.port"),
    "pekko-http": ("http.port", "server.port"),
    "http4s": ("http.port", "server.port"),
    "zio-http": ("http.port", "server.port"),
    "struts": ("server.port",),
}
"""The keys of a framework's configuration that say its port, best first."""


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    name = manager.name if manager else ""
    if technology is not None and technology.role is Role.APP:
        return Resolved(build=_build(_BUILDERS[name](scan, technology)) if name in _BUILDERS else None)
    built = _BUILDERS[name](scan, technology) if name in _BUILDERS else Built()
    port, from_env = _port(scan, technology)
    start: Fact[StartCommand] | None = None
    if built.start:
        listens = any("env" in fact.tags for fact in scan.facts.of("listen", scope="jvm"))
        command = StartCommand(argv=built.start, port_from_env=from_env or listens)
        start = Fact(value=command, confidence=built.confidence, evidence=built.evidence, reason=built.reason)
    if technology is not None and technology.id == "spring-boot" and (only := _only_grpc(scan)):
        scan.facts.add([Found("listen", "", "", only.file, only.line, only.text, "jvm", frozenset({"grpc", "unknown"}))])
    return Resolved(start=start, build=_build(built), kind=_kind(scan, technology, built), port=port)


def _build(built: Built) -> Fact[tuple[str, ...]] | None:
    if not built.build:
        return None
    return Fact(value=built.build, confidence=built.build_confidence, evidence=built.evidence[-4:], reason=built.build_reason)


def _kind(scan: Scan, technology: Technology | None, built: Built) -> Kind | None:
    """None leaves it to the technology; a program without anything that listens, or a library, is no server."""
    if built.war:
        return Kind.SERVER
    listening = bool(scan.facts.own("listen", scope="jvm") or scan.facts.own("route", scope="jvm"))
    if technology is None:
        return None if listening and built.start else Kind.NONE
    if technology.role is Role.WORKER:
        return Kind.NONE
    if technology.id == "spring-boot":
        if (written := option(scan, "spring.main.web-application-type")) and written.value.lower() == "none":
            return Kind.NONE
        if not _serves(scan) and not listening and not option(scan, "server.port"):
            return Kind.NONE
    if not built.start and not listening and not scan.facts.own("entry", "main", "jvm"):
        return Kind.NONE  # a module that the application uses
    if technology.role is Role.PART and not listening and not built.start:
        return Kind.NONE
    return None


def _serves(scan: Scan) -> bool:
    """Whether a Spring Boot project has something that answers requests; when it names no starter at all, its own parent may have."""  # noqa: E501
    found = [fact.name for fact in scan.facts.of("dependency", scope="jvm") if "development" not in fact.tags]
    if any(_SPRING_WEB.search(name) for name in found):
        return True
    starters = any(name.startswith("org.springframework.boot:spring-boot-starter") for name in found)
    return not starters


def _only_grpc(scan: Scan) -> Found | None:
    """The dependency that serves gRPC where nothing else serves requests."""
    found = [fact for fact in scan.facts.of("dependency", scope="jvm") if "development" not in fact.tags]
    grpc = next((fact for fact in found if _GRPC_SERVER.search(fact.name)), None)
    others = [fact for fact in found if _SPRING_WEB.search(fact.name) and not _GRPC_SERVER.search(fact.name)]
    return grpc if not others else None


def _port(scan: Scan, technology: Technology | None) -> tuple[Fact[int] | None, bool]:
    """The configured port of the framework, and whether the PORT variable decides it."""
    if technology is None:
        return None, False
    if technology.id == "spring-boot" and (only := _only_grpc(scan)) and not any(map(partial(option, scan), _PORTS["spring-boot"])):
        return Fact(value=9090, confidence=0.7, evidence=(only.evidence("port"),), reason="the default of Spring gRPC"), False
    for key in _PORTS.get(technology.id, ()):
        found = option(scan, key)
        if found is None:
            continue
        from_env = any("env:PORT" in fact.tags for fact in scan.facts.own("option", key, "jvm"))
        if not re.fullmatch(r"\d{1,5}", found.value) or not 0 < int(found.value) < 65536:
            return None, from_env
        return Fact(value=int(found.value), confidence=0.9, evidence=(found.evidence("port"),), reason=f"{key} says so"), from_env
    if technology.start == "war" and technology.port:
        return Fact(value=technology.port, confidence=0.6, evidence=(), reason="the port of the usual servlet containers"), False
    return None, False
