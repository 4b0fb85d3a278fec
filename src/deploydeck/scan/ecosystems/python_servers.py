"""The production servers of Python: which one a project declares, and how each is told what to serve and where."""

from __future__ import annotations

from deploydeck.domain import Severity
from deploydeck.scan.ecosystems.python_targets import Target
from deploydeck.scan.state import Scan

GUNICORN = "gunicorn==23.0.0"
UVICORN = "uvicorn==0.35.0"
"""Added when the project declares no server; both still install on Python 3.9, the oldest line we take."""

_PINNED = {"gunicorn": GUNICORN, "uvicorn": UVICORN, "hypercorn": "hypercorn==0.17.3"}
_BRINGS_UVICORN = {
    "fastapi": frozenset({"extra:standard", "extra:all", "extra:standard-no-fastapi-cloud-cli"}),
    "litestar": frozenset({"extra:standard", "extra:full"}),
    "starlite": frozenset({"extra:standard"}), "connexion": frozenset({"extra:uvicorn"}),
    "fastapi-cli": frozenset({"extra:standard"}),
    "fastapi-slim": frozenset({"extra:standard"}),
}  # fmt: skip
_ALWAYS = {"uvicorn": ("python-fasthtml", "chainlit", "gradio"), "hypercorn": ("quart",)}
"""Servers that a framework itself depends on."""
_WSGI = ("gunicorn", "waitress", "uwsgi", "pyuwsgi", "granian", "hypercorn")
_ASGI = ("uvicorn", "hypercorn", "granian", "daphne")
_WORKER = {"uvicorn-worker": "uvicorn_worker.UvicornWorker", "uvicorn": "uvicorn.workers.UvicornWorker"}


def declared(scan: Scan, name: str) -> bool:
    """Whether the project installs a distribution in production: declared, or only locked."""
    facts = scan.facts.of("dependency", name, "python")
    if facts:
        return any(not {"development", "optional"} & fact.tags for fact in facts)
    return any("development" not in fact.tags for fact in scan.facts.of("locked", name, "python"))


def _wanted(scan: Scan, name: str) -> bool:
    """Whether the project itself asks for a server; a locked one may come with a tool."""
    return any(not {"development", "optional"} & fact.tags for fact in scan.facts.of("dependency", name, "python"))


def wsgi_server(scan: Scan, default: str = "gunicorn") -> str:
    found = next((name for name in _WSGI if _wanted(scan, name)), default)
    return "uwsgi" if found == "pyuwsgi" else found


def asgi_server(scan: Scan, framework: str, default: str = "uvicorn") -> str:
    """`gunicorn/WORKER` when the project declares gunicorn beside uvicorn."""
    if _wanted(scan, "gunicorn"):
        for name, worker in _WORKER.items():
            if _wanted(scan, name):
                return f"gunicorn/{worker}"
    if default and framework == "quart":
        default = "hypercorn"
    if framework == "django" and _wanted(scan, "daphne") and not _wanted(scan, "uvicorn"):
        return "daphne"
    return next((name for name in _ASGI if _wanted(scan, name)), default)


def asgi_argv(server: str, target: Target) -> tuple[str, ...]:
    where = f"{target.module}:{target.name}"
    name, _, worker = server.partition("/")
    if name == "gunicorn":
        call = "()" if target.factory else ""
        inside = ("--chdir", target.base) if target.base else ()
        return ("gunicorn", "--bind", "{host}:{port}", "--worker-class", worker, "--access-logfile", "-", *inside, where + call)
    if name == "hypercorn":
        prefix = f"{target.base}/" if target.base else ""
        return ("hypercorn", "--bind", "{host}:{port}", prefix + where + ("()" if target.factory else ""))
    if name == "granian":
        inside = ("--working-dir", target.base) if target.base else ()
        factory = ("--factory",) if target.factory else ()
        return ("granian", "--interface", "asgi", "--host", "{host}", "--port", "{port}", *factory, *inside, where)
    if name == "daphne":
        return ("daphne", "-b", "{host}", "-p", "{port}", where)
    factory = ("--factory",) if target.factory else ()
    inside = ("--app-dir", target.base) if target.base else ()
    return ("uvicorn", where, "--host", "{host}", "--port", "{port}", *factory, *inside)


def wsgi_argv(server: str, target: Target) -> tuple[str, ...]:
    call = "()" if target.factory else ""
    where = f"{target.module}:{target.name}{call}"
    if server == "waitress":
        return (
            "waitress-serve",
            "--listen={host}:{port}",
            *(("--call",) if target.factory else ()),
            f"{target.module}:{target.name}",
        )
    if server == "uwsgi":
        inside = ("--chdir", target.base) if target.base else ()
        return ("uwsgi", "--http", "{host}:{port}", "--master", "--threads", "4", *inside, "--module", where)
    if server == "granian":
        factory = ("--factory",) if target.factory else ()
        inside = ("--working-dir", target.base) if target.base else ()
        return (
            "granian",
            "--interface",
            "wsgi",
            "--host",
            "{host}",
            "--port",
            "{port}",
            *factory,
            *inside,
            f"{target.module}:{target.name}",
        )
    if server == "hypercorn":
        return ("hypercorn", "--bind", "{host}:{port}", where)
    inside = ("--chdir", target.base) if target.base else ()
    bare = target.module if target.name == "application" and target.found.kind in {"setting", "django-entry"} else where
    # Threads, not workers: what a program keeps in memory stays in one process, as it was while developing.
    return ("gunicorn", "--bind", "{host}:{port}", "--threads", "4", "--access-logfile", "-", *inside, bare)


def live_worker(scan: Scan) -> str:
    """The gunicorn worker that Flask-SocketIO needs with the event loop that the project declares; "" when threads do."""
    if not _wanted(scan, "flask-socketio"):
        return ""
    if _wanted(scan, "eventlet"):
        return "eventlet"
    return "geventwebsocket.gunicorn.workers.GeventWebSocketWorker" if _wanted(scan, "gevent-websocket") else ""


def packages(scan: Scan, server: str) -> tuple[str, ...]:
    """The distribution to install beside the project's own for its server; () when the project has it."""
    name = server.partition("/")[0]
    pinned = _PINNED.get(name)
    if pinned is None or declared(scan, name) or any(declared(scan, one) for one in _ALWAYS.get(name, ())):
        return ()
    if name == "uvicorn":
        for framework, extras in _BRINGS_UVICORN.items():
            if any(extras & fact.tags for fact in scan.facts.of("dependency", framework, "python")):
                return ()
    scan.finding(
        "server-added",
        Severity.INFO,
        f"{name} is not among the dependencies; {pinned} is installed beside them.",
        f"Add {name} to the project's dependencies to choose its version yourself.",
    )
    return (pinned,)
