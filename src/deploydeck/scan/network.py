"""Where the program listens and which path tells that it is well."""

from __future__ import annotations

import re

from deploydeck.domain import Alternative, Evidence, Fact, Severity, StartCommand
from deploydeck.scan.commands import parse_command
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Technology
from deploydeck.scan.rules.names import HEALTH_PATHS
from deploydeck.scan.state import Scan, evidence

SERVER_OBJECTS = frozenset({"app", "server", "application", "fastify", "api"})
"""Names an application object usually has, in any language."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_PARAMETER = re.compile(r"[<>{}:*]")
_HEALTH_END = re.compile(r"/(?:healthz?|health-?check|livez|readyz|liveness|readiness|ping)$", re.IGNORECASE)
_NEXT_ROUTE = re.compile(r"^(?:src/)?(?:app((?:/[A-Za-z0-9_()-]+)+)/route|pages(/api(?:/[a-z0-9_-]+)+))\.(?:ts|js|mjs|tsx|jsx)$")


def port(
    scan: Scan, technology: Technology | None, start: Fact[StartCommand] | None, scope: str, configured: Fact[int] | None = None
) -> Fact[int] | None:
    """Source, then configuration, Procfile and scripts, Dockerfile and compose, the framework's default; disagreement is a
    conflict."""
    found: list[tuple[int, float, Evidence, str]] = []
    start_files = {place.file for place in start.evidence} if start else set()
    listening = [fact for fact in scan.facts.of("listen", scope=scope) if fact.name]

    def started(fact: Found) -> bool:
        return fact.file in start_files or _named_by(start, fact.file)

    if any(started(fact) for fact in listening):  # what other files do when run by themselves does not matter then
        listening = [fact for fact in listening if started(fact)]
    for fact in listening:
        found.append((int(fact.name), 0.9, fact.evidence("port"), "the source listens there"))
    if configured is not None and configured.evidence:
        found += [(configured.value, configured.confidence, place, configured.reason) for place in configured.evidence[:1]]
    for fact in scan.facts.of("platform-port"):
        if fact.name.isdigit():
            found.append((int(fact.name[:6]), 0.85, fact.evidence("port"), f"{fact.file} says so"))
    for process in scan.facts.of("process", "web"):
        if (command := parse_command(process.value)) and command.port:
            found.append((command.port, 0.9, process.evidence("port"), "the Procfile says so"))
    for script in scan.facts.of("script", "start", scope):
        if (command := parse_command(script.value)) and command.port:
            found.append((command.port, 0.85, script.evidence("port"), "the start script says so"))
    for fact in scan.facts.of("expose"):
        found.append((int(fact.name), 0.8, fact.evidence("port"), f"{fact.value} says so"))
    found = [item for item in found if 0 < item[0] < 65536]
    default = technology.port if technology else None
    fact_: Fact[int] | None = None
    if found:
        value, confidence, _, reason = found[0]
        same = tuple(dict.fromkeys(place for number, _, place, _ in found if number == value))
        others: dict[int, list[Evidence]] = {}
        for number, _, place, _ in found:
            if number != value:
                others.setdefault(number, []).append(place)
        if others:
            clash = "; ".join(f"{places[0].where} says {number}" for number, places in others.items())
            scan.finding(
                "port-conflict",
                Severity.WARNING,
                f"{same[0].where} says port {value}, but {clash}.",
                "Make them agree, or set [app] port in deploydeck.toml.",
                [same[0], *(places[0] for places in others.values())],
            )
            confidence = 0.6
        alternatives: tuple[Alternative[int], ...] = tuple(
            Alternative(value=number, evidence=tuple(places)) for number, places in others.items()
        )
        fact_ = Fact(value=value, confidence=confidence, evidence=same, alternatives=alternatives, reason=reason)
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
    for fact in scan.facts.of("platform-health"):
        return Fact(value=fact.name, confidence=0.95, evidence=evidence([fact], "health"), reason=f"{fact.file} names it")
    best = next((by_path[path] for path in HEALTH_PATHS if path in by_path), None)
    best = best or min(
        (fact for path, fact in by_path.items() if _HEALTH_END.search(path)),
        key=lambda fact: (len(fact.name), fact.name),
        default=None,
    )  # below a prefix: /api/v1/health
    if best:
        return Fact(
            value=best.name, confidence=0.95, evidence=evidence([best], "health"), reason="a route of this name is in the source"
        )
    if technology and technology.health:
        return Fact(value=technology.health, confidence=0.85, evidence=(), reason=f"{technology.name} serves it by itself")
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


def _routes(scan: Scan, technology: Technology | None, scope: str) -> list[Found]:
    """Routes whose full path is certain: on the application itself, or on a router when nothing in the project adds a prefix."""
    if technology and technology.id == "nextjs":
        return _next_routes(scan)
    found = [fact for fact in scan.facts.of("route", scope=scope) if not _PARAMETER.search(fact.name)]
    if technology and technology.id == "django":
        conf = {fact.value.replace(".", "/") + ".py" for fact in scan.facts.of("setting", "ROOT_URLCONF")}
        return [
            fact
            for fact in found
            if "nested" in fact.tags or ("urlpatterns" in fact.tags and any(f"/{fact.file}".endswith(f"/{path}") for path in conf))
        ]
    found = [fact for fact in found if "urlpatterns" not in fact.tags]
    prefixed = bool(scan.facts.of("prefixed", scope=scope))
    objects = SERVER_OBJECTS | {fact.value for fact in scan.facts.of("app", scope=scope)}
    return [fact for fact in found if fact.value in objects or not prefixed]


def _next_routes(scan: Scan) -> list[Found]:
    found = []
    for path in scan.tree.entries:
        if match := _NEXT_ROUTE.match(path):
            found.append(Found("route", re.sub(r"/\([^/]*\)", "", match[1] or match[2]), "next", path, 0, "", "node"))
        elif re.fullmatch(r"(?:src/)?(?:app/page|pages/index)\.(?:tsx|jsx|js|ts|mdx)", path):
            found.append(Found("route", "/", "next", path, 0, "", "node"))
    return found
