"""Where the program listens and which path tells that it is well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deploydeck.domain import Alternative, Evidence, Fact, Severity, StartCommand
from deploydeck.scan.commands import parse_command
from deploydeck.scan.deliver import said
from deploydeck.scan.facts import Found
from deploydeck.scan.parsers.images import port_of
from deploydeck.scan.rules import Technology
from deploydeck.scan.rules.names import HEALTH_PATHS
from deploydeck.scan.state import MAX_EVIDENCE, Scan, evidence
from deploydeck.scan.written import primary, unwrapped

SERVER_OBJECTS = frozenset({"app", "server", "application", "fastify", "api", "router", "e", "r", "mux", "engine"})
"""Names an application object usually has, in any language."""
_CLEAR_OBJECTS = frozenset({"app", "server", "application", "fastify"})
"""Those that are hardly ever a router, so that no prefix comes before their routes."""
_SERVERS_OF_PYTHON = frozenset(
    {"gunicorn", "uvicorn", "hypercorn", "daphne", "granian", "waitress-serve", "uwsgi", "flask", "fastapi"}
)
_SIDE_PORTS = frozenset({"443", "8443", "9229", "9090", "9464", "5005", "2019", "35729", "24678", "50051"})
"""Ports of TLS, debuggers and metrics: exposed beside the program's own."""
_COMMANDS = (
    ("process", 80, 0.9, "the Procfile says so"),
    ("platform-start", 79, 0.9, "the platform's start command says so"),
    ("image-command", 69, 0.85, ""),
    ("script-command", 55, 0.8, "the start script says so"),
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PARAMETER = re.compile(r"[<>{}:*]")
_NEXT_ROUTE = re.compile(r"^(?:src/)?(?:app((?:/[a-z0-9_-]+)+)/route|pages(/api(?:/[a-z0-9_-]+)+))\.(?:ts|js|mjs|tsx|jsx)$")


@dataclass(frozen=True, slots=True)
class _Hint:
    """A port that something says. Of several the highest `rank` decides; one that only `confirms` never contradicts."""

    number: int
    rank: int
    confidence: float
    place: Evidence
    reason: str
    confirms: bool = False


def port(
    scan: Scan, technology: Technology | None, start: Fact[StartCommand] | None, scope: str, configured: Fact[int] | None = None
) -> Fact[int] | None:
    """The port: what the start command says, source, configuration, platform files, compose and Dockerfile, the default.

    Disagreement is a conflict that keeps every side.
    """
    found = [hint for hint in _hints(scan, start, scope, configured) if 0 < hint.number < 65536]
    default = technology.port if technology else None
    fact_: Fact[int] | None = None
    if found:
        fact_ = _decided(scan, found)
    elif configured is not None:
        fact_ = configured
    elif default and technology and start:
        fact_ = Fact(
            value=default,
            confidence=0.7,
            evidence=start.evidence[:1],
            reason=f"the default of {technology.name}; nothing in the project says otherwise",
        )
    _loopback(scan, start, scope)
    wanted = scan.overrides.port
    return fact_ if wanted is None else scan.overridden("port", wanted, fact_)


def _hints(scan: Scan, start: Fact[StartCommand] | None, scope: str, configured: Fact[int] | None) -> Iterator[_Hint]:
    start_files = {place.file for place in start.evidence} if start else set()
    start_lines = {(place.file, place.line) for place in start.evidence} if start else set()
    listening = [fact for fact in scan.facts.of("listen", scope=scope) if fact.name.isdigit()]
    better = {tag for fact in listening for tag in fact.tags if tag.startswith("instead:")}
    listening = [fact for fact in listening if f"instead:{fact.file}:{fact.line}" not in better]

    def started(fact: Found) -> bool:
        return fact.file in start_files or _named_by(start, fact.file)

    if any(started(fact) for fact in listening):  # what other files do when run by themselves does not matter then
        listening = [fact for fact in listening if started(fact)]
    server = start.value.argv[0].rpartition("/")[2] if start else ""
    for fact in listening:
        by_itself = "app.run" in fact.tags and server in _SERVERS_OF_PYTHON  # only when the file is run, which the server does not
        yield _Hint(int(fact.name[:6]), 70 if by_itself else 90, 0.9, fact.evidence("port"), "the source listens there")
    if configured is not None and configured.evidence:
        for place in configured.evidence[:1]:
            yield _Hint(configured.value, 85, configured.confidence, place, configured.reason)
    for kind, rank, sure, reason in _COMMANDS:
        for fact in primary(said(scan, kind, "web" if kind == "process" else None)):
            text = unwrapped(scan, fact.value)[0] if fact.value else ""
            if (command := parse_command(text)) and command.port:
                own = (fact.file, fact.line) in start_lines
                why = reason if kind != "image-command" else f"the command of {fact.file} says so"
                yield _Hint(command.port, 100 if own else rank, sure, fact.evidence("port"), why)
    for name in ("start", "start:prod", "serve"):
        for fact in scan.facts.of("script", name, scope):
            if (
                (command := parse_command(fact.value))
                and command.port
                and (name == "start" or (fact.file, fact.line) in start_lines)
            ):
                yield _Hint(
                    command.port,
                    100 if (fact.file, fact.line) in start_lines else 72,
                    0.85,
                    fact.evidence("port"),
                    f"the {name} script says so",
                )
    platform = primary(said(scan, "platform-port"))
    sets_port = {fact.file for fact in platform if re.search(r"\bPORT\b", fact.text)}
    for fact in platform:
        if fact.name.isdigit():
            health = "health" in fact.tags
            given = any("env" in one.tags for one in listening) and fact.file in sets_port  # the program listens where it is told
            yield _Hint(
                int(fact.name[:6]),
                60 if health else 75,
                0.85,
                fact.evidence("port"),
                f"{fact.file} says so",
                confirms=health or given,
            )
    for fact in scan.facts.of("env", "PORT"):
        if {"defaulted", "sample"} & fact.tags and re.fullmatch(r"[0-9]{2,5}", fact.value):
            yield _Hint(int(fact.value), 58, 0.8, fact.evidence("port"), "the default of PORT", confirms=True)
    yield from _exposed(scan)
    for fact in primary(scan.facts.of("image-base"))[:1]:
        if number := port_of(fact.name):
            yield _Hint(number, 35, 0.7, fact.evidence("port"), f"the image {fact.name[:80]} listens there", confirms=True)


def _exposed(scan: Scan) -> Iterator[_Hint]:
    """EXPOSE, the ports of compose and of Kubernetes: the first of each file, and those that agree with something else."""
    facts = [fact for fact in said(scan, "expose") if fact.name.isdigit()]
    ranks = {"Dockerfile": 68, "compose": 66, "Kubernetes": 40}
    seen: set[str] = set()
    for fact in sorted(primary(facts), key=lambda fact: fact.name in _SIDE_PORTS):
        first = fact.file not in seen
        seen.add(fact.file)
        weak = fact.value == "Kubernetes" or not first
        rank = ranks.get(fact.value, 60) if first else 30
        yield _Hint(int(fact.name[:6]), rank, 0.8, fact.evidence("port"), f"{fact.value} says so", confirms=weak)


def _decided(scan: Scan, found: list[_Hint]) -> Fact[int]:
    best = max(found, key=lambda hint: hint.rank)
    agreeing = [hint for hint in found if hint.number == best.number]
    agreeing_files = {hint.place.file for hint in agreeing}
    others: dict[int, list[Evidence]] = {}
    for hint in found:
        if hint.number != best.number and not hint.confirms and hint.place.file not in agreeing_files:
            others.setdefault(hint.number, []).append(hint.place)
    same = tuple(dict.fromkeys(hint.place for hint in agreeing))[:MAX_EVIDENCE]
    confidence = best.confidence if len(agreeing) == 1 else round(min(0.97, best.confidence + 0.05), 3)
    if others:
        clash = "; ".join(f"{places[0].where} says {number}" for number, places in others.items())
        scan.finding(
            "port-conflict",
            Severity.WARNING,
            f"{same[0].where} says port {best.number}, but {clash}.",
            "Make them agree, or set [app] port in deploydeck.toml.",
            [same[0], *(places[0] for places in others.values())],
        )
        confidence = 0.6
    alternatives: tuple[Alternative[int], ...] = tuple(
        Alternative(value=number, evidence=tuple(places)[:MAX_EVIDENCE]) for number, places in others.items()
    )
    return Fact(value=best.number, confidence=confidence, evidence=same, alternatives=alternatives, reason=best.reason)


def _named_by(start: Fact[StartCommand] | None, file: str) -> bool:
    if start is None:
        return False
    module = file.removesuffix(".py").replace("/", ".")
    return any(word == file or word.partition(":")[0] == module for word in start.value.argv)


def _loopback(scan: Scan, start: Fact[StartCommand] | None, scope: str) -> None:
    """A program bound to 127.0.0.1 cannot be reached from outside its container; a server given `{host}` decides for itself."""
    replaced = start is not None and any("{host}" in word for word in start.value.argv)
    bound = [fact for fact in scan.facts.of("listen", scope=scope) if fact.value in _LOOPBACK]
    if bound:
        scan.finding(
            "loopback-bind",
            Severity.INFO if replaced else Severity.WARNING,
            f"The source listens on {bound[0].value} only"
            + ("; the start command binds elsewhere, so this matters only when the file is run by itself." if replaced else "."),
            ""
            if replaced
            else "Listen on 0.0.0.0, or leave the host out, so that the program can be reached from outside its container.",
            evidence(bound, "port"),
        )


def listens(scan: Scan, technology: Technology | None, scope: str) -> bool:
    """Whether a server of which no port is known listens all the same: bots and workers do not."""
    return bool(
        (technology is not None and technology.port)
        or scan.facts.own("listen", scope=scope)
        or _named_health(scan)
        or scan.overrides.health_path is not None
    )


def health_path(scan: Scan, technology: Technology | None, scope: str, *, static: bool = False) -> Fact[str]:
    """A health route in the source, else "/"; for FastAPI without a page at "/" the schema that it always serves."""
    fact = (
        Fact(value="/", confidence=0.9, reason="the first page of the site") if static else _health_route(scan, technology, scope)
    )
    wanted = scan.overrides.health_path
    return fact if wanted is None else scan.overridden("health_path", wanted, fact)


def _health_route(scan: Scan, technology: Technology | None, scope: str) -> Fact[str]:
    routes = _routes(scan, technology, scope)
    by_path = {fact.name.rstrip("/") or "/": fact for fact in reversed(routes)}
    named = _named_health(scan)
    if named is not None and named.name.rstrip("/"):
        return Fact(value=named.name, confidence=0.95, evidence=evidence([named], "health"), reason=f"{named.file} names it")
    best = next((by_path[path] for path in HEALTH_PATHS if path in by_path), None) or (
        _below_prefix(scan, by_path, scope) if scope == "node" else None
    )
    if best:
        return Fact(
            value=best.name, confidence=0.95, evidence=evidence([best], "health"), reason="a route of this name is in the source"
        )
    if technology and technology.health:
        return Fact(value=technology.health, confidence=0.85, evidence=(), reason=f"{technology.name} serves it by itself")
    if named is not None:
        return Fact(value="/", confidence=0.9, evidence=evidence([named], "health"), reason=f"{named.file} names it")
    if "/" in by_path:
        return Fact(
            value="/", confidence=0.8, evidence=evidence([by_path["/"]], "health"), reason="no health route; the page at / answers"
        )
    schema = scan.facts.first("openapi")
    if technology and technology.id == "fastapi" and (schema is None or schema.name.startswith("/")):
        place = evidence([schema] if schema else scan.facts.of("app", "fastapi")[:1], "health")
        return Fact(
            value=schema.name if schema else "/openapi.json",
            confidence=0.7,
            evidence=place,
            reason="no route at / or for health; FastAPI serves its schema",
        )
    if technology and technology.supported and technology.id in {"flask", "express", "django", "fastapi"}:
        scan.finding(
            "no-health-route",
            Severity.INFO,
            "No health route and no page at / was found in the source.",
            "Add a route like /healthz that answers 200, or set [app] health_path in deploydeck.toml.",
        )
    return Fact(value="/", confidence=0.5, reason="no health route was found; / is the usual page")


def _below_prefix(scan: Scan, by_path: dict[str, Found], scope: str) -> Found | None:
    """The health route below a prefix (`/api/v1/health`), the shortest one; only where it is certain that the program serves it."""
    certain = _CLEAR_OBJECTS | {fact.value for fact in scan.facts.of("app", scope=scope)}
    names = {path[1:]: rank for rank, path in enumerate(HEALTH_PATHS) if path.count("/") == 1}
    found = [
        path
        for path, fact in by_path.items()
        if path.rpartition("/")[2] in names and path.count("/") <= 4 and fact.value in certain
    ]
    found.sort(key=lambda path: (path.count("/"), names[path.rpartition("/")[2]], path))
    return by_path[found[0]] if found else None


def _named_health(scan: Scan) -> Found | None:
    """The path a file names as the check: platform files first, then containers, then Kubernetes where its manifests agree."""
    facts = primary(said(scan, "platform-health"))
    order = {"Dockerfile": 1, "compose": 2, "kubernetes": 3}
    facts.sort(key=lambda fact: (order.get(fact.scope, 0), not fact.name.rstrip("/")))
    if facts and facts[0].scope == "kubernetes" and len({fact.name for fact in facts}) > 1:
        ready = [fact for fact in facts if "ready" in fact.name or "health" in fact.name]
        return ready[0] if ready else None
    return facts[0] if facts else None


def _routes(scan: Scan, technology: Technology | None, scope: str) -> list[Found]:
    """Routes whose full path is certain: on the application itself, or on a router when nothing in the project adds a prefix."""
    if technology and technology.id == "nextjs":
        return _next_routes(scan)
    found = [fact for fact in scan.facts.of("route", scope=scope) if not _PARAMETER.search(fact.name)]
    if technology and technology.id == "django":
        conf = {fact.value.replace(".", "/") + ".py" for fact in scan.facts.of("setting", "ROOT_URLCONF")}
        return [fact for fact in found if "urlpatterns" in fact.tags and any(f"/{fact.file}".endswith(f"/{path}") for path in conf)]
    found = [fact for fact in found if "urlpatterns" not in fact.tags]
    prefixed = bool(scan.facts.of("prefixed", scope=scope))
    usual = _CLEAR_OBJECTS if prefixed and scope in {"python", "node"} else SERVER_OBJECTS
    objects = usual | {fact.value for fact in scan.facts.of("app", scope=scope)}
    return [fact for fact in found if fact.value in objects or not prefixed]


def _next_routes(scan: Scan) -> list[Found]:
    found = []
    for path in scan.tree.entries:
        if match := _NEXT_ROUTE.match(path):
            found.append(Found("route", match[1] or match[2], "next", path, 0, "", "node"))
        elif re.fullmatch(r"(?:src/)?(?:app/page|pages/index)\.(?:tsx|jsx|js|ts|mdx)", path):
            found.append(Found("route", "/", "next", path, 0, "", "node"))
    return found
