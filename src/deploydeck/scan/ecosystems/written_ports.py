"""Where a compiled program listens when its address stands in another file than the call: a constant, a flag, a default."""

from __future__ import annotations

import re
from collections.abc import Iterable

from deploydeck.domain import Fact
from deploydeck.scan.facts import Found
from deploydeck.scan.state import Scan

_PORT_VARIABLES = (
    "PORT", "SERVER_PORT", "HTTP_PORT", "APP_PORT", "API_PORT", "WEB_PORT", "SERVICE_PORT", "LISTEN_PORT", "BIND_PORT",
    "ROCKET_PORT", "LISTEN_ADDR", "LISTEN_ADDRESS", "LISTEN", "SERVER_ADDR", "SERVER_ADDRESS", "HTTP_ADDR", "HTTP_ADDRESS",
    "HTTP_SERVER_ADDRESS", "BIND_ADDR", "BIND_ADDRESS", "BIND", "ADDR", "ADDRESS", "APP_ADDR", "HTTP_LISTEN", "SERVER_BIND",
    "HTTP_SERVER_PORT",
)  # fmt: skip
_PORT_OPTIONS = (
    "server.port",
    "http.port",
    "app.port",
    "port",
    "http_port",
    "server_port",
    "server.addr",
    "http.addr",
    "addr",
    "listen",
    "address",
)
_NUMBER = re.compile(r"(?:^|:)(\d{2,5})$")


def number(text: str) -> int:
    """The port of `8080`, `:8080` or `host:8080`; 0 when there is none."""
    match = _NUMBER.search(text.strip().strip("\"'").rstrip("/"))
    port = int(match[1]) if match else 0
    return port if 0 < port < 65536 else 0


def written_port(scan: Scan, scope: str, listens: Iterable[Found], files: Iterable[str] | None = None) -> Fact[int] | None:
    """The port of calls that listen on a name: what that name, or the variable behind it, is set to elsewhere.

    `listens` are the calls of the program itself, `files` the sources that are part of it (None: all).
    """
    unknown = [fact for fact in listens if not fact.name]
    inside = None if files is None else set(files)
    options = [
        fact
        for fact in scan.facts.own("option", scope=scope)
        if inside is None or fact.file in inside or fact.name == "server.port"
    ]
    for fact in unknown:
        for tag in sorted(fact.tags):
            kind, _, name = tag.partition(":")
            if kind == "variable" and (found := _of_variable(scan, name)):
                return found
            if kind == "ref" and (found := _of_option(options, name, fact.file)):
                return found
    for name in _PORT_OPTIONS:
        for option in options:
            if option.name.rpartition(":")[2].lower() == name and (port := number(option.value)):
                return Fact(value=port, confidence=0.8, evidence=(option.evidence("port"),), reason="its settings say so")
    if unknown:
        for option in options:
            if option.name.startswith(("field:", "flag:", "key:")) and (port := number(option.value)) and _is_own(option.name):
                return Fact(
                    value=port,
                    confidence=0.7,
                    evidence=(option.evidence("port"),),
                    reason=f"{option.name.partition(':')[2]} is set to it",
                )
        for name in _PORT_VARIABLES:
            if found := _of_variable(scan, name):
                return found
    return None


def _is_own(name: str) -> bool:
    """Whether a setting's name is not the port of something the program connects to."""
    return not re.search(
        r"(?i)db|redis|mysql|postgres|pg|mongo|smtp|mail|kafka|metric|grpc|debug|pprof|remote|client|cache|amqp|rabbit|admin", name
    )


def _of_option(options: list[Found], name: str, file: str) -> Fact[int] | None:
    wanted = name.rpartition(".")[2].lower().replace("_", "").replace("-", "")
    if not re.search(r"port|addr|listen|bind|host|url", wanted) or not _is_own(wanted):
        return None
    near = sorted(options, key=lambda one: one.file.rpartition("/")[0] != file.rpartition("/")[0])
    for option in near:
        own = option.name.rpartition(":")[2].rpartition(".")[2].lower().replace("_", "").replace("-", "")
        if (own == wanted or own.endswith(wanted)) and _is_own(option.name) and (port := number(option.value)):
            return Fact(value=port, confidence=0.85, evidence=(option.evidence("port"),), reason=f"{name} is set to it")
    return None


def _of_variable(scan: Scan, name: str) -> Fact[int] | None:
    facts = scan.facts.of("env", name)
    ordered = sorted(facts, key=lambda one: "defaulted" not in one.tags)
    for fact in ordered:
        if port := number(fact.value):
            why = f"the default of {name}" if "defaulted" in fact.tags else f"{fact.file} sets {name}"
            return Fact(
                value=port, confidence=0.85 if "defaulted" in fact.tags else 0.75, evidence=(fact.evidence("port"),), reason=why
            )
    return None


def reads_port(scan: Scan, listens: Iterable[Found]) -> bool:
    """Whether PORT decides where the program listens."""
    found = list(listens)
    if any("env" in fact.tags for fact in found):
        return True
    read = any(not ({"sample", "local"} & fact.tags) for fact in scan.facts.own("env", "PORT"))
    return read and any(not fact.name for fact in found)
