"""How a Python web project is started: the application object, found in its syntax trees, behind a production server."""

from __future__ import annotations

from dataclasses import dataclass

from deploydeck.domain import Alternative, Evidence, Fact, PackageManager, Severity, StartCommand
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan, evidence

GUNICORN = "gunicorn==23.0.0"
UVICORN = "uvicorn==0.35.0"
"""Added when the project declares no server; both still install on Python 3.9, the oldest line we take."""

_FILE_ORDER = ("wsgi", "asgi", "app", "main", "application", "server", "run", "api", "index", "__init__")
_NAME_ORDER = ("app", "application", "api", "server")
_BRINGS_UVICORN = frozenset({"extra:standard", "extra:all"})


@dataclass(frozen=True, slots=True)
class Target:
    """An importable application object: `base` is the directory to start in ("" the root)."""

    module: str
    name: str
    base: str
    factory: bool
    found: Found


def python_start(scan: Scan, technology: Technology) -> Fact[StartCommand] | None:
    """The production start command of a Flask, FastAPI or Django project, or None with a finding that says what is missing."""
    return _django(scan) if technology.start == "django" else _application(scan, technology)


def _application(scan: Scan, technology: Technology) -> Fact[StartCommand] | None:
    targets = _targets(scan, technology.id)
    if not targets:
        return None
    best = targets[0]
    if best.factory and "arguments" in best.found.tags:
        scan.finding(
            "factory-needs-arguments",
            Severity.WARNING,
            f"{best.name} in {best.found.file} needs arguments that a server does not pass.",
            f"Give them defaults, or make the application in a module: app = {best.name}(…).",
            [best.found.evidence("start")],
        )
    server = "uvicorn" if technology.start == "asgi" else "gunicorn"
    argv = _server_argv(scan, server, best)
    others: tuple[Alternative[StartCommand], ...] = tuple(
        Alternative(value=StartCommand(argv=_server_argv(scan, server, other)), evidence=(other.found.evidence("start"),))
        for other in targets[1:4]
        if _rank(other)[0] == _rank(best)[0]  # a test's or tool's own object is no rival of app.py
    )
    if others:
        scan.finding(
            "several-applications",
            Severity.INFO,
            f"{len(others) + 1} modules make a {technology.name} application; {best.found.file} was taken.",
            "Set [app] start in deploydeck.toml if another one is meant.",
            evidence([target.found for target in targets[:4]], "start"),
        )
    value = StartCommand(argv=argv, packages=_packages(scan, server))
    made = f"{best.name}() makes the application" if best.factory else f"{best.name} is the application"
    return Fact(
        value=value,
        confidence=0.75 if "arguments" in best.found.tags else 0.9 if best.factory else 0.95,
        evidence=(best.found.evidence("start"),),
        alternatives=others,
        reason=f"{made}; {server} serves it in production",
    )


def _server_argv(scan: Scan, server: str, target: Target) -> tuple[str, ...]:
    if server == "uvicorn":
        factory = ("--factory",) if target.factory else ()
        where = ("--app-dir", target.base) if target.base else ()
        return ("uvicorn", f"{target.module}:{target.name}", "--host", "{host}", "--port", "{port}", *factory, *where)
    call = "()" if target.factory else ""
    where = ("--chdir", target.base) if target.base else ()
    # Threads, not workers: what a program keeps in memory stays in one process, as it was while developing.
    return (
        "gunicorn",
        "--bind",
        "{host}:{port}",
        "--threads",
        "4",
        "--access-logfile",
        "-",
        *where,
        f"{target.module}:{target.name}{call}",
    )


def _packages(scan: Scan, server: str) -> tuple[str, ...]:
    declared = scan.facts.of("dependency", server, "python")
    if any("development" not in fact.tags for fact in declared) or (not declared and scan.facts.of("locked", server, "python")):
        return ()
    if server == "uvicorn" and any(_BRINGS_UVICORN & fact.tags for fact in scan.facts.of("dependency", "fastapi", "python")):
        return ()
    pinned = GUNICORN if server == "gunicorn" else UVICORN
    scan.finding(
        "server-added",
        Severity.INFO,
        f"{server} is not among the dependencies; {pinned} is installed beside them.",
        f"Add {server} to the project's dependencies to choose its version yourself.",
    )
    return (pinned,)


def _targets(scan: Scan, framework: str) -> list[Target]:
    found: list[Target] = []
    factories = {fact.value for fact in scan.facts.of("app-factory", framework)}
    for fact in scan.facts.of("app", framework):
        found.append(_target(scan, fact, fact.value, factory=False))
    for fact in scan.facts.of("app-from-factory"):
        if fact.name in factories:
            found.append(_target(scan, fact, fact.value, factory=False))
    if not found:
        found = [_target(scan, fact, fact.value, factory=True) for fact in scan.facts.of("app-factory", framework)]
    return sorted(found, key=lambda target: (*_rank(target), target.found.file, target.found.line))


def _rank(target: Target) -> tuple[int, int, int]:
    stem = target.found.file.rpartition("/")[2].removesuffix(".py")
    return (
        _FILE_ORDER.index(stem) if stem in _FILE_ORDER else len(_FILE_ORDER),
        _NAME_ORDER.index(target.name) if target.name in _NAME_ORDER else len(_NAME_ORDER),
        target.found.file.count("/"),
    )


def _target(scan: Scan, fact: Found, name: str, factory: bool) -> Target:
    base = import_base(scan, fact.file)
    relative = fact.file.removeprefix(f"{base}/") if base else fact.file
    module = relative.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    return Target(module, name, base, factory, fact)


def import_base(scan: Scan, file: str) -> str:
    """The directory that must be on the import path for `file` to find its neighbours: where most of its imports resolve.

    The root on a tie, because a server started there finds packages and namespace packages alike.
    """
    parts = file.split("/")[:-1]
    bases = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
    relative = any(fact.file == file for fact in scan.facts.of("relative-import"))
    if relative:
        bases = bases[:-1] or bases
    bases = [base for base in bases if not base or f"{base}/__init__.py" not in scan.tree.entries] or [""]
    imported = {fact.name for fact in scan.facts.of("import", scope="python") if fact.file == file}

    def resolved(base: str) -> int:
        prefix = f"{base}/" if base else ""
        return sum(f"{prefix}{name}.py" in scan.tree.entries or f"{prefix}{name}" in scan.directories for name in imported)

    return max(bases, key=lambda base: (resolved(base), -len(base)))


def _django(scan: Scan) -> Fact[StartCommand] | None:
    wsgi, asgi = scan.facts.of("setting", "WSGI_APPLICATION"), scan.facts.of("setting", "ASGI_APPLICATION")
    channels = scan.facts.of("dependency", "channels", "python")
    chosen = (asgi if channels and asgi else wsgi or asgi)[:1]
    entries = scan.facts.of("django-entry", "wsgi") or scan.facts.of("django-entry", "asgi")
    manage = next((path for path in scan.tree.entries if path.rpartition("/")[2] == "manage.py"), "")
    base = manage.rpartition("/")[0]
    if chosen and chosen[0].value.count("."):
        dotted, place = chosen[0].value, chosen[0]
        module, _, name = dotted.rpartition(".")
        use_asgi = place.name == "ASGI_APPLICATION"
        reason = f"{place.name} in the settings names it"
    elif entries:
        place, name = entries[0], entries[0].value
        relative = place.file.removeprefix(f"{base}/") if base else place.file
        module, use_asgi = relative.removesuffix(".py").replace("/", "."), entries[0].name == "asgi"
        reason = f"{place.file} makes the application"
    else:
        return None
    if use_asgi:
        where = ("--app-dir", base) if base else ()
        argv: tuple[str, ...] = ("uvicorn", f"{module}:{name}", "--host", "{host}", "--port", "{port}", *where)
    else:
        where = ("--chdir", base) if base else ()
        target = module if name == "application" else f"{module}:{name}"
        argv = ("gunicorn", "--bind", "{host}:{port}", "--threads", "4", "--access-logfile", "-", *where, target)
    places: list[Evidence] = [place.evidence("start")]
    if manage:
        places.append(Evidence(file=manage, rule="start"))
    packages = _packages(scan, argv[0])
    return Fact(value=StartCommand(argv=argv, packages=packages), confidence=0.95, evidence=tuple(places), reason=reason)


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    if technology is None or technology.start not in {"wsgi", "asgi", "django"}:
        return Resolved()
    return Resolved(start=python_start(scan, technology))
