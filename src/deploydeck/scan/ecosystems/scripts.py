"""How projects of Perl, Lua, R and Julia are started. Nothing of theirs is built, except the few generators of sites."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from deploydeck.domain import Evidence, Fact, Kind, PackageManager, StartCommand
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan, evidence

_PSGI = ("app.psgi", "bin/app.psgi", "script/app.psgi", "web.psgi")
_PSGI_SERVERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Starman", ("starman", "--listen", "{host}:{port}")),
    ("Starlet", ("plackup", "-E", "production", "-s", "Starlet", "--host", "{host}", "--port", "{port}")),
    ("Twiggy", ("twiggy", "--listen", "{host}:{port}")),
    ("Gazelle", ("plackup", "-E", "production", "-s", "Gazelle", "--host", "{host}", "--port", "{port}")),
)
_PLACKUP = ("plackup", "-E", "production", "--host", "{host}", "--port", "{port}")
_USUAL: dict[str, tuple[str, ...]] = {
    "perl": ("app.pl", "bin/app.pl", "server.pl", "main.pl", "myapp.pl"),
    "lua": ("main.lua", "app.lua", "server.lua", "init.lua"),
    "r": ("app.R", "run.R", "main.R", "server.R", "entrypoint.R", "start.R", "api.R", "run_api.R", "index.R"),
    "julia": (
        "server.jl",
        "app.jl",
        "main.jl",
        "src/server.jl",
        "src/app.jl",
        "src/main.jl",
        "bin/server.jl",
        "bootstrap.jl",
        "run.jl",
        "api.jl",
    ),
}
_PROGRAM: dict[str, tuple[str, ...]] = {"perl": ("perl",), "lua": ("lua",), "r": ("Rscript",), "julia": ("julia", "--project=.")}


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    way = technology.start if technology else ""
    _add_r_packages(scan)
    match way:
        case "mojolicious":
            return Resolved(start=_mojolicious(scan))
        case "psgi" if technology is not None:
            return _psgi(scan, technology)
        case "lapis" | "openresty" | "luvit":
            return Resolved(start=_lua(scan, way))
        case "shiny":
            return _shiny(scan)
        case "plumber":
            return _plumber(scan)
        case "bookdown" | "franklin":
            return _site(scan, way)
        case "genie":
            return Resolved(start=_genie(scan))
        case _:
            return _script(scan, technology)


def _add_r_packages(scan: Scan) -> None:
    """Where no DESCRIPTION lists the packages of R, those that the sources attach are the dependencies."""
    if scan.facts.of("dependency", scope="r"):
        return
    used = scan.facts.of("import", scope="r")
    scan.facts.add(replace(fact, kind="dependency", value="") for fact in used)


def _script(scan: Scan, technology: Technology | None) -> Resolved:
    """A program that listens by itself."""
    scope = technology.ecosystem if technology else next((one for one in _PROGRAM if scan.facts.of("listen", scope=one)), "")
    if not scope:
        return Resolved()
    found = _file(
        scan, scope, [*scan.facts.of("listen", scope=scope), *(scan.facts.of("app", technology.id) if technology else ())]
    )
    if found is None and technology is not None:
        found = _file(scan, scope, scan.facts.of("import", scope=scope), usual=True)
    if found is None:
        return Resolved(kind=Kind.NONE if technology is not None else None)
    return Resolved(start=_run(scan, (*_PROGRAM[scope], found.file), scope, found))


def _run(scan: Scan, argv: tuple[str, ...], scope: str, place: Found, reason: str = "") -> Fact[StartCommand]:
    own = [fact for fact in scan.facts.of("listen", scope=scope) if fact.file == place.file]
    reads = any("env" in fact.tags for fact in own or scan.facts.of("listen", scope=scope))
    return Fact(
        value=StartCommand(argv=argv, port_from_env=reads and not any("{port}" in word for word in argv)),
        confidence=0.8,
        evidence=(place.evidence("start"),),
        reason=reason or f"{place.file} is the program",
    )


def _file(scan: Scan, scope: str, facts: Iterable[Found], *, usual: bool = False) -> Found | None:
    """The best file among facts: a usual name, then the one nearest to the root; `usual` takes nothing else."""
    names = _USUAL[scope]
    ranked = sorted(
        facts, key=lambda fact: (names.index(fact.file) if fact.file in names else len(names), fact.file.count("/"), fact.file)
    )
    best = next(iter(ranked), None)
    return None if best is None or (usual and best.file not in names) else best


def _carton(scan: Scan) -> tuple[str, ...]:
    return ("carton", "exec") if "cpanfile.snapshot" in scan.tree.entries else ()


def _mojolicious(scan: Scan) -> Fact[StartCommand] | None:
    """The script of the application with the server of Mojolicious itself."""
    scripts = [path for path in scan.files("script/*") if not path.endswith((".sh", ".sql", ".t"))]
    lite = [fact for fact in scan.facts.of("import", "Mojolicious", "perl") if fact.value == "Mojolicious::Lite"]
    started = [fact for fact in scan.facts.of("import", "Mojolicious", "perl") if fact.value == "Mojolicious::Commands"]
    named = next((fact for fact in started if fact.file in scripts), None)
    if named is not None or (scripts and not lite):
        place = named.evidence("start") if named is not None else Evidence(file=scripts[0], rule="start")
    elif (found := _file(scan, "perl", (fact for fact in (*lite, *started) if not fact.file.endswith(".pm")))) is not None:
        place = found.evidence("start")
    else:
        return None
    argv = (*_carton(scan), "perl", place.file, "daemon", "-m", "production", "-l", "http://{host}:{port}")
    return Fact(value=StartCommand(argv=argv), confidence=0.85, evidence=(place,), reason="the server of Mojolicious")


def _psgi(scan: Scan, technology: Technology) -> Resolved:
    """A PSGI application behind the server among the modules, else plackup; a script of Dancer runs by itself."""
    path = next((path for path in _PSGI if path in scan.tree.entries), "")
    path = path or next(
        iter(sorted(scan.files("*.psgi")) or sorted(scan.files("bin/*.psgi")) or sorted(scan.files("script/*.psgi"))), ""
    )
    if path:
        argv: tuple[str, ...] = _PLACKUP
        reason = "plackup serves it"
        for module, command in _PSGI_SERVERS:
            if any("development" not in fact.tags for fact in scan.facts.of("dependency", module, "perl")):
                argv, reason = command, f"{module} is among the modules"
                break
        places = (Evidence(file=path, rule="start"),)
        value = StartCommand(argv=(*_carton(scan), *argv, path))
        return Resolved(start=Fact(value=value, confidence=0.9, evidence=places, reason=reason))
    programs = [fact for fact in scan.facts.of("app", technology.id) if fact.file.endswith(".pl")]
    found = _file(scan, "perl", programs)
    if found is None:
        return Resolved(kind=Kind.NONE if technology.id == "plack" else None)
    port: Fact[int] | None = (
        Fact(value=3000, confidence=0.7, reason="the default of Dancer when it serves by itself")
        if "dancer" in technology.id
        else None
    )
    return Resolved(start=_run(scan, (*_carton(scan), "perl", found.file), "perl", found), port=port)


def _lua(scan: Scan, way: str) -> Fact[StartCommand] | None:
    if way == "lapis":
        places = evidence([*scan.facts.of("dependency", "lapis", "lua")[:1], *scan.facts.of("import", "lapis", "lua")[:1]], "start")
        reads = any("env" in fact.tags for fact in scan.facts.of("listen", scope="lua"))
        value = StartCommand(argv=("lapis", "server", "production"), port_from_env=reads)
        return Fact(value=value, confidence=0.9, evidence=places, reason="the server of Lapis")
    if way == "openresty":
        config = next(iter(sorted(scan.facts.of("app", "openresty"), key=lambda fact: (fact.file.count("/"), fact.file))), None)
        if config is None:
            return None
        argv = ("openresty", "-p", ".", "-c", config.file, "-g", "daemon off;")
        return Fact(value=StartCommand(argv=argv), confidence=0.85, evidence=(config.evidence("start"),))
    found = _file(scan, "lua", scan.facts.of("import", scope="lua"), usual=True)
    return _run(scan, ("luvit", found.file), "lua", found) if found else None


def _shiny(scan: Scan) -> Resolved:
    """`runApp` of the directory that holds app.R, or server.R and ui.R; a script that runs the application by itself."""
    runs = [fact for fact in scan.facts.of("listen", scope="r") if fact.file not in {"app.R", "server.R", "global.R"}]
    directory = next(
        (
            path.rpartition("/")[0] or "."
            for name in ("app.R", "server.R")
            for path in (name, *scan.files(f"*/{name}"))
            if path in scan.tree.entries
        ),
        "",
    )
    if not directory:
        found = _file(scan, "r", runs or [fact for fact in scan.facts.of("app", "shiny") if not fact.file.startswith("R/")])
        return Resolved(start=_run(scan, ("Rscript", found.file), "r", found)) if found else Resolved(kind=Kind.NONE)
    file = next(
        path for name in ("app.R", "server.R") if (path := name if directory == "." else f"{directory}/{name}") in scan.tree.entries
    )
    argv = ("Rscript", "-e", f"shiny::runApp('{directory}', host='{{host}}', port={{port}})")
    start: Fact[StartCommand] = Fact(
        value=StartCommand(argv=argv),
        confidence=0.9,
        evidence=(Evidence(file=file, rule="start"),),
        reason=f"{file} is the application",
    )
    return Resolved(start=start if "'" not in directory and "\\" not in directory else None)


def _plumber(scan: Scan) -> Resolved:
    """The script that runs the API, else the annotated file itself."""
    runs = list(scan.facts.of("listen", scope="r"))
    runs += [fact for fact in scan.facts.of("app", "plumber") if "pr_run" in fact.text or "plumb(" in fact.text]
    if (found := _file(scan, "r", runs)) is not None:
        return Resolved(start=_run(scan, ("Rscript", found.file), "r", found))
    annotated = sorted(
        scan.facts.of("route", scope="r") or scan.facts.of("app", "plumber"), key=lambda fact: (fact.file.count("/"), fact.file)
    )
    chosen = next((fact for fact in annotated if fact.file == "plumber.R"), next(iter(annotated), None))
    if chosen is None or "'" in chosen.file or "\\" in chosen.file:
        return Resolved(kind=Kind.NONE)
    argv = ("Rscript", "-e", f"plumber::pr_run(plumber::pr('{chosen.file}'), host='{{host}}', port={{port}})")
    value = StartCommand(argv=argv)
    return Resolved(
        start=Fact(value=value, confidence=0.85, evidence=(chosen.evidence("start"),), reason=f"{chosen.file} holds the routes")
    )


def _site(scan: Scan, way: str) -> Resolved:
    argv: tuple[str, ...]
    if way == "bookdown":
        argv, output = ("Rscript", "-e", "bookdown::render_book()"), "_book"
        place = "_bookdown.yml" if "_bookdown.yml" in scan.tree.entries else "DESCRIPTION"
    else:
        argv, output = ("julia", "--project=.", "-e", "using Franklin; optimize()"), "__site"
        place = "config.md" if "config.md" in scan.tree.entries else "Project.toml"
    places = (Evidence(file=place, rule="build"),)
    return Resolved(
        build=Fact(value=argv, confidence=0.8, evidence=places), output=Fact(value=output, confidence=0.85, evidence=places)
    )


def _genie(scan: Scan) -> Fact[StartCommand] | None:
    if "bin/server" in scan.tree.entries:
        place = Evidence(file="bin/server", rule="start")
        return Fact(
            value=StartCommand(argv=("bin/server",), port_from_env=True),
            confidence=0.9,
            evidence=(place,),
            reason="Genie's own script",
        )
    facts = [*scan.facts.of("listen", scope="julia"), *scan.facts.of("entry", "main", "julia")]
    found = _file(scan, "julia", facts)
    if found is not None:
        return _run(scan, ("julia", "--project=.", found.file), "julia", found)
    if "routes.jl" in scan.tree.entries or "app.jl" in scan.tree.entries:
        file = "routes.jl" if "routes.jl" in scan.tree.entries else "app.jl"
        argv = ("julia", "--project=.", "-e", 'using Genie; Genie.loadapp(); up({port}, "{host}", async = false)')
        return Fact(
            value=StartCommand(argv=argv),
            confidence=0.75,
            evidence=(Evidence(file=file, rule="start"),),
            reason="an application of Genie",
        )
    return None
