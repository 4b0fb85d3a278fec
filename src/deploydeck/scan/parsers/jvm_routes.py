"""Routes in JVM source whose whole path this file shows: annotated controllers, Ktor's nested blocks, `get("/x")` calls, http4s."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found

if TYPE_CHECKING:
    from deploydeck.scan.parsers.jvm_source import Source

_PREFIXES = frozenset({"RequestMapping", "Path", "Controller", "HttpExchange", "RestPath"})
_GETS = frozenset({"GetMapping", "GET", "Get", "GetExchange"})
_CALLERS = re.compile(
    rb"[jJ]avalin|\brouting\b|spark\.(?:Spark|\*|kotlin)|[vV]ertx|jooby|ratpack|helidon|io\.ktor|http4k|scalatra|pekko|akka|com\.twitter\.finatra|cask\."
    rb"|RouterFunction|web\.(?:reactive|servlet)\.function"
)
_FUNCTIONAL = re.compile(rb"RouterFunction|web\.(?:reactive|servlet)\.function")
_PATH = re.compile(r"/?[A-Za-z0-9_./-]{0,100}")
_CLASSES = frozenset({"class", "interface", "record", "object", "trait"})
_MOST = 300


def routes(source: Source) -> Iterator[Found]:
    """Routes of one file, at most three hundred."""
    yield from islice(chain(_annotated(source), _called(source), _http4s(source)), _MOST)


def _join(prefix: str, path: str) -> str:
    return "/" + "/".join(part for part in (*prefix.split("/"), *path.split("/")) if part)


def _argument(source: Source, opening: int) -> str | None:
    """The path in an annotation's arguments: "" when it names none, None when it is not a plain string."""
    tokens = source.tokens
    if not tokens.is_(opening, "("):
        return ""
    for one in tokens.arguments(opening):
        if one.name in {"", "value", "path", "uri"}:
            start = one.start
            while tokens.is_(start, "{", "["):
                start += 1
            if tokens.word(start) == "arrayOf":
                start += 2
            text = tokens.string(start)
            if text is None:
                return None
            text = re.sub(r"[({\[].*$", "{", text) if re.search(r"[{(\[]", text) else text
            return text if one.end <= start + 2 or tokens.is_(start + 1, "}", "]", ",", ")") else None
    return ""


def _annotated(source: Source) -> Iterator[Found]:
    """`@GetMapping` and its like under the class's `@RequestMapping`; `@Path` with `@GET`; Micronaut's `@Controller` and `@Get`."""
    tokens = source.tokens
    owners: list[tuple[int, str | None]] = []
    path: str | None = ""
    place, has_path, is_get, skip = 0, False, False, -1
    for index in range(len(tokens)):
        while owners and index > owners[-1][0]:
            owners.pop()
        if index <= skip:
            continue
        if tokens.is_(index, "@"):
            word, at = tokens.word(index + 1), index + 2
            if word == "get" and tokens.is_(at, ":"):  # a Kotlin use-site target
                word, at = tokens.word(at + 1), at + 2
            if tokens.is_(at, "("):
                skip = tokens.close.get(at, at)
            if word in _PREFIXES or word in _GETS:
                found = _argument(source, at)
                if found or not has_path:
                    path, place = found, index
                has_path = has_path or bool(found) or found is None
                is_get = is_get or word in _GETS
                if word == "RequestMapping":
                    inside = tokens.text[at : skip + 1] if tokens.is_(at, "(") else []
                    is_get = is_get or "GET" in inside or "method" not in inside
        elif tokens.kind[index] == "w" and tokens.text[index] in _CLASSES and tokens.word(index + 1):
            brace = next((at for at in range(index + 2, min(index + 150, len(tokens))) if tokens.is_(at, "{")), -1)
            if brace > 0:
                prefix = owners[-1][1] if owners else ""
                own = None if path is None or prefix is None else _join(prefix, path) if path else prefix
                owners.append((tokens.close.get(brace, len(tokens)), own))
                skip = brace
            path, has_path, is_get = "", False, False
        elif tokens.is_(index, "(", ";") and (has_path or is_get):
            prefix = owners[-1][1] if owners else ""
            if is_get and path is not None and prefix is not None:
                yield source.found("route", _join(prefix, path), "app", place)
            path, has_path, is_get = "", False, False


def _called(source: Source) -> Iterator[Found]:
    """`get("/x")` of Javalin, Spark, Vert.x, Jooby; Ktor's and Akka's blocks, whose prefixes nest."""
    if not _CALLERS.search(source.data):
        return
    tokens = source.tokens
    router = bool(_FUNCTIONAL.search(source.data)) and re.search(rb"\bnest\b", source.data) is None
    akka = b"akka" in source.data or b"pekko" in source.data
    stack: list[tuple[int, str]] = []
    for index in range(len(tokens) - 2):
        while stack and index > stack[-1][0]:
            stack.pop()
        word = tokens.word(index)
        if not word or not tokens.is_(index + 1, "("):
            continue
        text = tokens.string(index + 2)
        if text is None or not _PATH.fullmatch(text):
            continue
        closing = tokens.close.get(index + 1, index + 1)
        prefix = "/".join(part for _, part in stack)
        if word in {"route", "path", "pathPrefix"} and tokens.is_(closing + 1, "{") and not (akka and word == "path"):
            stack.append((tokens.close.get(closing + 1, closing), text))
        elif word == "path" and tokens.is_(index + 3, ",") and text.strip("/"):  # Javalin and Spark: path("/x", () -> { … })
            stack.append((closing, text))
        elif word == "get" and (text.startswith("/") or stack) and not tokens.is_(index - 2, "client", "request", "map"):
            receiver = tokens.word(index - 2) if tokens.is_(index - 1, ".") else ""
            if receiver not in {"mvc", "mockMvc", "client", "http", "httpClient", "webClient", "map", "config", "headers"}:
                yield source.found("route", _join(prefix, text), "app", index)
        elif (akka and word == "path" and text) or (
            router and word == "GET" and text.startswith("/") and not tokens.is_(index - 1, "@")
        ):
            yield source.found("route", _join(prefix, text), "app", index)
        elif word == "get" and not text and stack:
            yield source.found("route", _join(prefix, ""), "app", index)


def _http4s(source: Source) -> Iterator[Found]:
    """`case GET -> Root / "health"`, zio-http's `Method.GET / "health"` and http4k's `"/ping" bind GET`."""
    tokens = source.tokens
    for index in range(len(tokens) - 1):
        if tokens.word(index) != "GET":
            continue
        if tokens.word(index - 1) == "bind" and (text := tokens.string(index - 2)) is not None and _PATH.fullmatch(text):
            yield source.found("route", _join("", text), "app", index)
            continue
        start = index + 1
        if tokens.is_(start, "->") and tokens.word(start + 1) == "Root":
            start += 2
        elif not (tokens.is_(start, "/") and tokens.word(index - 2) == "Method"):
            continue
        parts: list[str] = []
        while tokens.is_(start, "/") and tokens.string(start + 1) is not None and len(parts) < 12:
            parts.append(tokens.text[start + 1])
            start += 2
        if not tokens.is_(start, "/") and all(_PATH.fullmatch(part) for part in parts):
            yield source.found("route", _join("", "/".join(parts)), "app", index)
