"""Where a server of the JVM listens: the calls that say a port, each only in a file that shows its library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deploydeck.scan.facts import Found
from deploydeck.scan.parsers.jvm_tokens import Argument

if TYPE_CHECKING:
    from deploydeck.scan.parsers.jvm_source import Source

_ANY = rb""
LISTENERS: dict[str, bytes] = {
    "embeddedServer": _ANY,
    "start": rb"[jJ]avalin\b|zio\.http",
    "port": rb"spark\.(?:Spark|kotlin|\*)|helidon|ratpack|jooby|[jJ]avalin",
    "ipAddress": rb"spark\.Spark",
    "listen": rb"[vV]ertx",
    "setPort": rb"[vV]ertx|jetty|[tT]omcat|WebServerFactory|ServletContainer|jooby|grizzly",
    "InetSocketAddress": rb"Https?Server\b|ServerSocketChannel",
    "Server": rb"org\.eclipse\.jetty",
    "ServerSocket": _ANY,
    "addHttpListener": _ANY,
    "newServerAt": _ANY,
    "bindAndHandle": _ANY,
    "bindHttp": _ANY,
    "bindLocal": _ANY,
    "withPort": rb"[sS]erver",
    "defaultWithPort": _ANY,
    "asServer": rb"http4k",
    "http": rb"armeria",
    "forPort": rb"[gG]rpc",
    "bindNow": rb"NeverHere",
    "defaultProperties": _ANY,
    "setDefaultProperties": _ANY,
    "singletonMap": rb"server\.port",
    "connectorPort": _ANY,
}
"""A call that takes a port, and what must be in the file for it to be a server's."""
_HOST = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|localhost|::1?|0\.0\.0\.0")


def listen(source: Source) -> Iterator[Found]:
    """One fact for each call that says a port."""
    tokens = source.tokens
    wanted = {name for name, needs in LISTENERS.items() if not needs or re.search(needs, source.data)}
    for index in range(len(tokens)):
        word = tokens.text[index]
        if tokens.kind[index] != "w" or word not in wanted or not tokens.is_(index + 1, "("):
            if word == "defaultHttpPort" or (tokens.kind[index] == "s" and word == "server.port"):
                yield from _property(source, index)
            continue
        if tokens.word(index - 1) in {"fun", "def", "void", "class"}:
            continue
        if word == "start" and not tokens.is_(index - 1, "."):
            continue
        arguments = tokens.arguments(index + 1)
        yield from _from_arguments(source, index, word, arguments)


def _property(source: Source, index: int) -> Iterator[Found]:
    """`"server.port", "8083"` or `"server.port" to 8083` handed to the application by hand."""
    tokens = source.tokens
    place = index + 2
    if tokens.kind[index] == "s" and place < len(tokens) and tokens.text[place].isdigit() and 1 < len(tokens.text[place]) < 6:
        yield source.found("listen", tokens.text[place], "", index)


def _from_arguments(source: Source, index: int, word: str, arguments: list[Argument]) -> Iterator[Found]:
    tokens = source.tokens
    host, port, tags, at = "", "", set[str](), index
    for one in arguments:
        if one.name == "host":
            host = tokens.string(one.start) or ""
            continue
        if one.name and one.name not in {"port", "sslPort"}:
            continue
        if one.end - one.start > 60:
            continue
        text = tokens.string(one.start)
        if text is not None and one.end == one.start + 1 and _HOST.fullmatch(text):
            host = host or text
            continue
        if port or "env" in tags:
            continue
        found, more, where = evaluate(source, one.start, one.end)
        if found or "env" in more:
            port, tags, at = found, more, where
    if port or "env" in tags:
        for place in range(index, max(index - 60, -1), -1):  # .withHost(ipv4"0.0.0.0").withPort(port"8080")
            if word == "withPort" and tokens.word(place) == "withHost":
                host = host or (tokens.string(place + 3) or "")
                break
        yield source.found("listen", port, host, at if tokens.line(at) else index, tags)


def evaluate(source: Source, start: int, end: int, depth: int = 0) -> tuple[str, set[str], int]:
    """The port that an expression says, `env` when PORT decides, and the token to show."""
    tokens = source.tokens
    port, tags, at = "", set[str](), start
    for index in range(start, min(end, len(tokens), start + 60)):
        kind, text = tokens.kind[index], tokens.text[index]
        if tokens.is_(index, "{", "->", "=>") and index > start:
            break
        if kind == "n" and not port and (match := re.fullmatch(r"(\d{2,5})[lL]?", text.replace("_", ""))) and int(match[1]) < 65536:
            if not tokens.is_(index - 1, "*", "/"):
                port = match[1]
        elif kind == "s" and text.isdigit() and 2 <= len(text) <= 5 and not port:
            port = text
        elif kind == "s" and re.fullmatch(r"(?:[A-Z]{1,20}_)?PORT", text):
            tags.add("env" if text == "PORT" else f"env:{text}")
        elif kind == "w" and tokens.string(index + 1) is not None:
            continue  # an interpolator: port"8080"
        elif kind == "w" and depth < 2 and not tokens.is_(index + 1, "(", "::") and not port:
            place = source.constants.get(text, -1)
            if place >= 0 and not start <= place < end:
                stop = _expression_end(source, place)
                found, more, _ = evaluate(source, place, stop, depth + 1)
                if found or more:
                    port, at = port or found, place
                    tags |= more
        elif kind == "w" and depth < 2 and tokens.is_(index + 1, "(") and not port:
            found, more, where = _function(source, text)
            if found or more:
                port, at = found, where
                tags |= more
    return port, tags, at


def _expression_end(source: Source, start: int) -> int:
    """Where the value of a constant ends: at a semicolon, or where a line begins that does not go on."""
    tokens = source.tokens
    index = start
    for _ in range(60):
        if index >= len(tokens) or tokens.is_(index, ";", "}"):
            break
        if (
            index > start
            and tokens.line(index) != tokens.line(index - 1)
            and not tokens.is_(index, ".", "?.", "?:", "?", ":", "||")
        ) and not tokens.is_(index - 1, "=", "?:", "(", ",", "?", ":"):
            break
        index = tokens.close.get(index, index) + 1 if tokens.is_(index, "{") else index + 1
    return index


def _function(source: Source, name: str) -> tuple[str, set[str], int]:
    """What a function of this file returns, when its body is short: `static int getPort() { … return 4567; }`."""
    if not re.search(r"[pP]ort", name):
        return "", set(), 0
    if name not in source.functions:
        source.functions[name] = _returned(source, name)
    return source.functions[name]


def _returned(source: Source, name: str) -> tuple[str, set[str], int]:
    tokens = source.tokens
    for index in range(1, len(tokens) - 3):
        if tokens.text[index] == name and tokens.is_(index + 1, "(") and tokens.word(index - 1) in {"int", "fun", "def", "Integer"}:
            body = next((at for at in range(index + 2, min(index + 12, len(tokens))) if tokens.is_(at, "{", "=")), -1)
            if body > 0:
                end = tokens.close.get(body, _expression_end(source, body + 1))
                port, tags = "", set[str]()
                for at in range(body + 1, min(end, body + 80)):
                    text = tokens.text[at]
                    if tokens.kind[at] in "ns" and re.fullmatch(r"\d{2,5}", text):
                        port = port or text
                    elif tokens.kind[at] == "s" and text == "PORT":
                        tags.add("env")
                return port, tags, index
    return "", set(), 0
