"""Java, Kotlin, Scala and Groovy source: variables, ports, routes, main classes; Clojure in its own module.

One reader for the four languages: what is looked for are calls, annotations and blocks, which they write alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from deploydeck.scan.facts import Found, short
from deploydeck.scan.parsers import jvm_clojure
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.jvm_environment import environment
from deploydeck.scan.parsers.jvm_listen import listen
from deploydeck.scan.parsers.jvm_routes import routes
from deploydeck.scan.parsers.jvm_tokens import Tokens

_INTERESTING: tuple[bytes, ...] = (
    b"getenv", b"nv(", b"sys.env", b"System.env", b"otenv", b"envOr", b"${", b"etProperty(", b"Mapping", b"@Path", b"@Get",
    b"@Controller", b"void main", b"fun main", b"def main", b"@main", b"extends App", b"extends IOApp", b"extends ZIOApp",
    b"SpringApplication", b"SpringBootApplication", b"ServerSocket", b"HttpServer", b"routing", b"Routes", b'get("',
    b"Root /", b"embeddedServer", b"avalin", b"spark.", b"ertx", b"jetty", b"omcat", b"ServerFactory", b"rizzly", b"elidon",
    b"atpack", b"ooby", b"http4k", b"armeria", b"rpc", b"zio.http", b"server.port", b"addHttpListener", b"newServerAt",
    b"bindAndHandle", b"bindHttp", b"bindLocal", b"withPort", b"GET",
)  # fmt: skip
"""A file without any of these holds none of our facts: plain searches cost less than one pattern of them all."""
_APPS: tuple[tuple[str, re.Pattern[bytes]], ...] = tuple(
    (id, re.compile(pattern))
    for id, pattern in (
        ("spring-boot", rb"@SpringBootApplication\b|\bSpringApplication(?:Builder)?\b|\brunApplication<"),
        ("quarkus", rb"@QuarkusMain\b|\bQuarkus\.run\("),
        ("micronaut", rb"\bMicronaut\.(?:run|build)\("),
        ("ktor", rb"\bembeddedServer\(|\bio\.ktor\.server\.[a-z]{1,20}\.EngineMain\b|\bEngineMain\.main\("),
        ("javalin", rb"\bJavalin\.(?:create|start)\("),
        ("spark", rb"\bimport (?:static )?spark\.(?:Spark|Request|\*|kotlin)"),
        ("vertx", rb"\bVertx\.vertx\(|\bextends (?:AbstractVerticle|VerticleBase)\b|\bCoroutineVerticle\b"),
        ("dropwizard", rb"\bextends Application<|\bio\.dropwizard\.(?:core\.)?Application\b"),
        ("helidon", rb"\bio\.helidon\.(?:webserver|microprofile)\b"),
        ("armeria", rb"\bcom\.linecorp\.armeria\.server\b"),
        ("http4k", rb"\borg\.http4k\.server\b"),
        ("undertow", rb"\bUndertow\.builder\("),
        ("jetty", rb"\borg\.eclipse\.jetty\.server\.Server\b"),
        ("grpc-java", rb"\bio\.grpc\.(?:Server|netty\.[\w.]{0,40}Server)Builder\b|\bGrpcServer\b"),
        ("ratpack", rb"\bratpack\.(?:core\.)?server\.RatpackServer\b"),
        ("jooby", rb"\bio\.jooby\b"),
        ("http4s", rb"\b(?:Blaze|Ember)ServerBuilder\b"),
        ("akka-http", rb"\bnewServerAt\(|\bHttp\(\)\.bind"),
        ("zio-http", rb"\bzio\.http\b"),
        ("cask", rb"\bcask\.Main(?:Routes)?\b"),
    )
)
_SCALA_MAIN = frozenset({"App", "IOApp", "ZIOAppDefault", "ZIOApp", "TwitterServer", "HttpServer", "ResourceApp", "CommandIOApp"})


class Source:
    """One source file: its tokens, its constants (`PORT = 8080`), and facts with their lines."""

    def __init__(self, file: str, data: bytes) -> None:
        self.file, self.data = file, data
        self.tokens = Tokens(data)
        self._constants: dict[str, int] | None = None
        self.functions: dict[str, tuple[str, set[str], int]] = {}

    @property
    def constants(self) -> dict[str, int]:
        """Where the value of each name that is assigned once begins."""
        if self._constants is None:
            found: dict[str, int] = {}
            tokens = self.tokens
            for index in range(2, len(tokens)):
                if tokens.is_(index - 1, "="):
                    name = tokens.word(index - 2)
                    if tokens.is_(index - 3, ":") and tokens.word(index - 4):  # val port: Int = …
                        name = tokens.word(index - 4)
                    if name:
                        found.setdefault(name, index)
            self._constants = found
        return self._constants

    def found(self, kind: str, name: str, value: str, index: int, tags: Iterable[str] = ()) -> Found:
        tokens = self.tokens
        return Found(
            kind, short(name), short(value), self.file, tokens.line(index), tokens.line_text(index), "jvm", frozenset(tags)
        )


def jvm_source(file: str, data: bytes) -> Iterator[Found]:
    if not any(word in data for word in _INTERESTING):
        return
    source = Source(file, data)
    apps = []
    for id, pattern in _APPS:
        if match := pattern.search(data):
            line = data.count(b"\n", 0, match.start()) + 1
            apps.append(id)
            yield Found("app", id, "app", file, line, source.tokens.source.line(line), "jvm")
    yield from environment(source)
    yield from listen(source)
    yield from routes(source)
    yield from _mains(source, apps)


_KOTLIN_NEXT = frozenset("fun class object interface val var typealias data enum sealed private internal".split())
"""Words that begin the next declaration after a Kotlin class without a body."""


def _package(tokens: Tokens) -> str:
    for index in range(min(len(tokens), 400)):
        if tokens.word(index) == "package":
            return tokens.path(index + 1)
        if tokens.word(index) in {"import", "class", "object"}:
            break
    return ""


def _body(tokens: Tokens, start: int, kotlin: bool) -> int:
    """Where the body of a class begins, or what ends a class without one; -1 when neither is near."""
    index = start
    while index < min(start + 120, len(tokens)):
        if tokens.is_(index, "{", ";"):
            return index
        if kotlin and (tokens.word(index) in _KOTLIN_NEXT or tokens.is_(index, "@")):
            return -1
        index = tokens.close.get(index, index) + 1 if tokens.is_(index, "(") else index + 1
    return -1


def _mains(source: Source, apps: list[str]) -> Iterator[Found]:
    """Main classes by their full name: what `java -cp … NAME` takes."""
    tokens = source.tokens
    package = _package(tokens)
    stem = source.file.rpartition("/")[2].rpartition(".")[0]
    prefix = f"{package}." if package else ""
    kotlin = source.file.endswith(".kt")
    classes: list[tuple[int, str]] = []
    for index in range(len(tokens)):
        while classes and index > classes[-1][0]:
            classes.pop()
        word = tokens.word(index)
        if (
            word in {"class", "object", "interface", "record", "enum"}
            and tokens.word(index + 1)
            and not tokens.is_(index - 1, ".", "::")
        ):
            name = tokens.word(index + 1)
            brace = _body(tokens, index + 2, kotlin)
            if word == "object" and tokens.word(index + 2) == "extends" and not classes:  # noqa: SIM102
                if tokens.word(index + 3) in _SCALA_MAIN or (
                    tokens.word(index + 3) == "cask" and tokens.word(index + 5) in {"Main", "MainRoutes"}
                ):
                    yield source.found("entry", "main", prefix + name, index, apps)
            if brace > 0 and tokens.is_(brace, "{"):
                classes.append((tokens.close.get(brace, len(tokens)), "" if name == "companion" else name))
        elif word == "main" and tokens.is_(index + 1, "("):
            before = tokens.word(index - 1)
            if before == "void" and "static" in {tokens.word(index - 2), tokens.word(index - 3), tokens.word(index - 4)}:
                owner = classes[0][1] if classes else stem
                yield source.found("entry", "main", prefix + owner, index, apps)
            elif before == "fun" and kotlin:
                if not classes:
                    yield source.found("entry", "main", f"{prefix}{stem[:1].upper()}{stem[1:]}Kt", index, apps)
                elif "JvmStatic" in tokens.text[max(0, index - 6) : index]:
                    yield source.found("entry", "main", prefix + classes[0][1], index, apps)
            elif (before == "def" and classes and tokens.is_(index - 2, "{", "}", "override", ")", "final", ";")) or (
                before == "def" and classes and not kotlin
            ):
                yield source.found("entry", "main", prefix + classes[0][1], index, apps)
        elif word == "main" and tokens.is_(index - 1, "@") and tokens.word(index + 1) == "def":
            yield source.found("entry", "main", prefix + tokens.word(index + 2), index, apps)


PARSERS: tuple[Parser, ...] = (
    *(Parser(f"*.{extension}", jvm_source, "source", anywhere=True) for extension in ("java", "kt", "scala", "groovy")),
    *jvm_clojure.PARSERS,
)
