"""How a Python project is built and started: its application behind a production server, its script, its worker, its site."""

from __future__ import annotations

from dataclasses import replace

from deploydeck.domain import Alternative, Evidence, Fact, Kind, PackageManager, Severity, StartCommand
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.ecosystems.python_facts import join
from deploydeck.scan.ecosystems.python_routes import file_of, modules
from deploydeck.scan.ecosystems.python_scripts import SCRIPTS, plain, script
from deploydeck.scan.ecosystems.python_servers import asgi_argv, asgi_server, live_worker, packages, wsgi_argv, wsgi_server
from deploydeck.scan.ecosystems.python_sites import SITES
from deploydeck.scan.ecosystems.python_targets import Target, import_base, rank, targets
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan, evidence

_SERVED = frozenset({"wsgi", "asgi", "sanic", "dash", "mesop"})
_EXPLICIT = ("platform-start", "platform-port", "expose")


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    join(scan, plain=technology is None or technology.kind is not Kind.SERVER)
    if technology is None:
        return _quiet(scan, plain(scan))
    if technology.ecosystem != "python":
        return Resolved()
    way = technology.start
    if way in SITES:
        return SITES[way](scan)
    if way == "django":
        return Resolved(start=_django(scan))
    if way in _SERVED:
        return Resolved(start=_application(scan, technology))
    if way in SCRIPTS:
        found = SCRIPTS[way](scan, technology)
        return found if technology.kind is Kind.SERVER else _quiet(scan, found)
    if way == "script":
        return Resolved(start=script(scan, technology.id))
    return Resolved()


def _quiet(scan: Scan, found: Resolved) -> Resolved:
    """What runs without listening is no server, unless a person says that it is started like one."""
    explicit = scan.overrides.start or scan.facts.of("process", "web") or any(scan.facts.of(kind) for kind in _EXPLICIT)
    if found.kind is not None or explicit or found.start is None:
        return found
    listening = {fact.file for fact in scan.facts.of("listen", scope="python")} & {place.file for place in found.start.evidence}
    return found if listening else replace(found, kind=Kind.NONE)


def _application(scan: Scan, technology: Technology) -> Fact[StartCommand] | None:
    found = targets(scan, technology.id)
    if not found:
        return _served_by_name(scan, technology) or _run_by_itself(scan, technology)
    best = found[0]
    if best.factory and "arguments" in best.found.tags:
        other = _run_by_itself(scan, technology)
        if other is not None:
            return other
        scan.finding(
            "factory-needs-arguments",
            Severity.WARNING,
            f"{best.name} in {best.found.file} needs arguments that a server does not pass.",
            f"Give them defaults, or make the application in a module: app = {best.name}(…).",
            [best.found.evidence("start")],
        )
    server, argv = _command(scan, technology, best)
    others: tuple[Alternative[StartCommand], ...] = tuple(
        Alternative(value=StartCommand(argv=_command(scan, technology, other)[1]), evidence=(other.found.evidence("start"),))
        for other in found[1:4]
        if rank(other)[:2] == rank(best)[:2] and not best.named  # a test's or tool's own object is no rival of app.py
    )
    if others:
        scan.finding(
            "several-applications",
            Severity.WARNING,
            f"{len(others) + 1} applications were found; {best.module}:{best.name} was taken.",
            "Set [app] start in deploydeck.toml if another one is meant.",
            evidence([target.found for target in found[:4]], "start"),
        )
    value = StartCommand(argv=argv, packages=packages(scan, server))
    made = f"{best.name}() makes the application" if best.factory else f"{best.name} is the application"
    return Fact(
        value=value,
        confidence=0.75 if others or "arguments" in best.found.tags else 0.9 if best.factory else 0.95,
        evidence=(best.found.evidence("start"),),
        alternatives=others,
        reason=f"{made}; {server} serves it in production",
    )


def _command(scan: Scan, technology: Technology, target: Target) -> tuple[str, tuple[str, ...]]:
    """The server that the project declares for this kind of application, else the usual one, and its command."""
    if technology.start == "sanic":
        where = f"{target.module}:{target.name}"
        return "sanic", ("sanic", where, "--host", "{host}", "--port", "{port}", *(("--factory",) if target.factory else ()))
    if technology.start == "asgi" or _is_asgi(scan, target):
        server = asgi_server(scan, technology.id)
        return server, asgi_argv(server, target)
    server = wsgi_server(scan)
    argv = wsgi_argv(server, target)
    if server == "gunicorn" and (worker := live_worker(scan)):
        argv = (*argv[:3], "--worker-class", worker, "--workers", "1", *argv[5:])
    return server, argv


def _is_asgi(scan: Scan, target: Target) -> bool:
    return any(
        fact.file == target.found.file and fact.value.startswith("falcon.asgi")
        for fact in scan.facts.of("import", "falcon", "python")
    )


def _served_by_name(scan: Scan, technology: Technology) -> Fact[StartCommand] | None:
    """`uvicorn.run("shop.main:app")`: the project itself names the application."""
    if technology.start != "asgi":
        return None
    for fact in scan.facts.of("entry", "asgi", "python"):
        module, _, name = fact.value.partition(":")
        if name and (file := file_of(module, fact.file, modules(scan))):
            base = import_base(scan, file)
            target = Target(module, name, base, False, fact)
            server = asgi_server(scan, technology.id)
            value = StartCommand(argv=asgi_argv(server, target), packages=packages(scan, server))
            return Fact(value=value, confidence=0.85, evidence=(fact.evidence("start"),), reason=f"{fact.file} serves {fact.value}")
    return None


def _run_by_itself(scan: Scan, technology: Technology) -> Fact[StartCommand] | None:
    """A file that makes the application where no server can import it, and serves it with a production server itself."""
    own = {fact.file for fact in scan.facts.of("app", technology.id, "python")}
    servers = {"uvicorn", "waitress", "hypercorn", "granian", "gevent", "cheroot", "aiohttp", "eventlet", "bottle", "werkzeug"}
    files = {fact.file for fact in scan.facts.of("listen", scope="python") if fact.tags & servers}
    local = own & files
    if not local and files and not scan.facts.of("app-factory", technology.id):
        local = files if len(files) == 1 and own else set()
    return script(scan, technology.id, local) if local else None


def _django(scan: Scan) -> Fact[StartCommand] | None:
    wsgi = sorted(scan.facts.of("setting", "WSGI_APPLICATION"), key=_desk)
    asgi = sorted(scan.facts.of("setting", "ASGI_APPLICATION"), key=_desk)
    live = bool(asgi or scan.facts.of("django-entry", "asgi")) and any(
        scan.facts.of("dependency", one, "python") for one in ("channels", "daphne")
    )
    entries = scan.facts.of("django-entry", "wsgi")
    concurrent = scan.facts.of("django-entry", "asgi")
    if not live and (asgi or concurrent):
        live = asgi_only(scan)
    chosen = (asgi if live and asgi else [] if live else wsgi or asgi)[:1]
    chosen = [fact for fact in chosen if fact.value.count(".")]
    made = (concurrent or entries) if live else (entries or concurrent)
    manage = min(
        (path for path in scan.tree.entries if path.rpartition("/")[2] == "manage.py"),
        key=lambda path: (path.count("/"), path),
        default="",
    )
    base = manage.rpartition("/")[0]
    if chosen:
        place = chosen[0]
        module, _, name = place.value.rpartition(".")
        use_asgi = place.name == "ASGI_APPLICATION"
        reason = f"{place.name} in the settings names it"
        base = _base_of(scan, module, place, base)
    elif made:
        place, name = min(made, key=lambda fact: (fact.file.count("/"), fact.file)), ""
        name, use_asgi = place.value, place.name == "asgi"
        if base and not place.file.startswith(f"{base}/"):
            base = import_base(scan, place.file)
        relative = place.file.removeprefix(f"{base}/") if base else place.file
        module = relative.removesuffix(".py").replace("/", ".")
        reason = f"{place.file} makes the application"
    else:
        return None
    target = Target(module, name, base, False, place)
    if use_asgi:
        server = asgi_server(scan, "django")
        argv = asgi_argv(server, target)
    else:
        server = wsgi_server(scan)
        argv = wsgi_argv(server, target)
    places: list[Evidence] = [place.evidence("start")]
    if manage:
        places.append(Evidence(file=manage, rule="start"))
    value = StartCommand(argv=argv, packages=packages(scan, server))
    return Fact(value=value, confidence=0.95, evidence=tuple(places), reason=reason)


def asgi_only(scan: Scan) -> bool:
    """Whether the project declares servers for ASGI and none for WSGI."""
    return wsgi_server(scan, default="") == "" and asgi_server(scan, "django", default="") != ""


def _desk(fact: Found) -> tuple[bool, int]:
    return any(word in fact.file for word in ("test", "local", "dev")), fact.file.count("/")


def _base_of(scan: Scan, module: str, place: Found, base: str) -> str:
    """The directory from which a module of the settings can be imported: beside manage.py, unless the file is elsewhere."""
    path = module.replace(".", "/") + ".py"
    if (f"{base}/{path}" if base else path) in scan.tree.entries:
        return base
    file = file_of(module, place.file, modules(scan))
    return file.removesuffix(path).rstrip("/") if file.endswith(path) else base
