"""Clojure source: variables, ports, routes and namespaces with a -main."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser

_INTERESTING = re.compile(rb"getenv|\(env |environ|-main|:port|GET |\[\"/|run-jetty|run-server")
_DEFAULT = r"(?:\s{1,20}(?:\"([^\"\n]{0,200})\"|(\d{1,10})|(nil\b)|([^\s)]))?)?"
_GETENV = re.compile(
    r"(\(or\s{1,20})?(?:\((?:parse-long|Integer/parseInt|Integer\.|Long/parseLong)\s{1,9})?\(System/getenv\s{1,20}\"([A-Za-z_]\w{0,99})\"\s{0,9}\)\)?"
    + _DEFAULT
)
_ENVIRON = re.compile(
    r"(\(or\s{1,20})?(?:\((?:parse-long|Integer/parseInt|Integer\.|Long/parseLong)\s{1,9})?(?:\(env\s{1,20}:|\(:)([a-z][a-z0-9-]{0,99})(\s{1,20}env)?(?:\s{1,20}(?:\"([^\"\n]{0,200})\"|(\d{1,10})))?\s{0,9}\)\)?"
    + _DEFAULT
)
_AERO = re.compile(r"#env\s{1,9}\"?([A-Z][A-Z0-9_]{1,99})\"?")
_AERO_OR = re.compile(r"#or\s{0,9}\[\s{0,9}#env\s{1,9}\"?([A-Z][A-Z0-9_]{1,99})\"?\s{1,9}(?:\"([^\"\n]{0,200})\"|([\w.:-]{1,60}))")
_PORT = re.compile(r":port\s{1,20}(\d{2,5})\b")
_SERVER = re.compile(
    r"run-jetty|run-server|http-kit|immutant|aleph|start-server|jetty-adapter|::?http/port|io\.pedestal\.http|ring\.adapter"
)
_PEDESTAL = re.compile(r"::?(?:http|bootstrap|server)/(port|host)\s{1,20}(\d{2,5}|\"[^\"\n]{1,60}\")")
_ROUTE = re.compile(r"\(GET\s{1,20}\"(/[\w./-]{0,100})\"|\[\"(/[\w./-]{0,100})\"\s{1,20}(?:\{?:get|\{:name|:get)")
_NAMESPACE = re.compile(r"\(ns\s{1,20}(?:\^\S{1,40}\s{1,9}){0,3}([\w.*+!?<>=-]{1,150})")


def clojure_source(file: str, data: bytes) -> Iterator[Found]:
    if not _INTERESTING.search(data):
        return
    text = Text(data)

    def found(kind: str, name: str, value: str, start: int, tags: frozenset[str] = frozenset()) -> Found:
        number = text.line_at(start)
        return Found(kind, name, value, file, number, text.line(number), "jvm", tags)

    whole = text.text
    for match in _GETENV.finditer(whole):
        yield found("env", match[2], *_default(match, 3, match.start(2)))
    if "environ" in whole or "env]" in whole or "config.core" in whole or "cprop" in whole:
        for match in _ENVIRON.finditer(whole):
            name = match[2].replace("-", "_").upper()
            if (match[0].lstrip("(").startswith(("or", "env", "parse", "Int", "Long")) and "env" in match[0]) or match[3]:
                if match[4] is not None or match[5] is not None:
                    yield found("env", name, match[4] or match[5] or "", match.start(2), frozenset({"defaulted"}))
                else:
                    yield found("env", name, *_default(match, 6, match.start(2)))
    if _SERVER.search(whole):
        env = bool(re.search(r"\"PORT\"|\(env :port|\(:port env", whole))
        ports = [*_PORT.finditer(whole)]
        for match in ports[:1]:
            yield found("listen", match[1], "", match.start(1), frozenset({"env"}) if env else frozenset())
        for match in _PEDESTAL.finditer(whole):
            if match[1] == "port" and not ports:
                yield found("listen", match[2], "", match.start(2), frozenset({"env"}) if env else frozenset())
                break
        if (
            not ports
            and env
            and (
                later := re.search(
                    r"(?:\(System/getenv \"PORT\"\)|\(env :port\))\)?\s{1,20}\"?(\d{2,5})|\(env :port \"?(\d{2,5})", whole
                )
            )
        ):
            yield found("listen", later[1] or later[2], "", later.start(), frozenset({"env"}))
    for count, match in enumerate(_ROUTE.finditer(whole)):
        if count < 300:
            yield found("route", match[1] or match[2], "app" if match[1] else "router", match.start())
    namespace = _NAMESPACE.search(whole)
    main = re.search(r"\(defn\s{1,20}(?:\^\S{1,40}\s{1,9})?-main\b", whole)
    if namespace and main:
        yield found("entry", "main", namespace[1], main.start())


def _default(match: re.Match[str], group: int, start: int) -> tuple[str, int, frozenset[str]]:
    """Value, place and tags of a read: what stands behind it in an `or` is its default."""
    if not match[1]:
        return "", start, frozenset()
    if match[group] is not None or match[group + 1] is not None:
        return match[group] if match[group] is not None else match[group + 1], start, frozenset({"defaulted"})
    if match[group + 2] or not match[group + 3]:
        return "", start, frozenset()
    return "", start, frozenset({"defaulted", "computed"})


def edn_config(file: str, data: bytes) -> Iterator[Found]:
    """Aero's `#env NAME` and the port in a configuration in EDN."""
    if b"#env" not in data and b":port" not in data:
        return
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        defaulted = {match[1] for match in _AERO_OR.finditer(line)}
        for match in _AERO_OR.finditer(line):
            yield Found("env", match[1], match[2] or match[3] or "", file, number, line.strip(), "jvm", frozenset({"defaulted"}))
        for match in _AERO.finditer(line):
            if match[1] not in defaulted:
                yield Found("env", match[1], "", file, number, line.strip(), "jvm")


PARSERS: tuple[Parser, ...] = (
    Parser("*.clj", clojure_source, "source", anywhere=True),
    Parser("*.cljc", clojure_source, "source", anywhere=True),
    Parser("config.edn", edn_config, "source", anywhere=True),
    Parser("system.edn", edn_config, "source", anywhere=True),
)
