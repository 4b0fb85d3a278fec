"""How projects of Rust are built and started: the binary that serves, built in release mode."""

from __future__ import annotations

import re

from deploydeck.domain import Evidence, Fact, Kind, PackageManager, Severity, StartCommand
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.ecosystems.written_ports import reads_port, written_port
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Role, Technology
from deploydeck.scan.state import MAX_EVIDENCE, Scan

SCOPE = "rust"
_SERVER_NAMES = ("server", "api", "web", "app", "http", "service", "main", "backend", "site", "gateway", "rest")
_COMMAND_LINE = (
    "clap",
    "structopt",
    "argh",
    "pico-args",
    "lexopt",
    "ratatui",
    "tui",
    "crossterm",
    "dialoguer",
    "bpaf",
    "gumdrop",
    "docopt",
    "inquire",
)
_SERVED_LEPTOS = ("leptos_axum", "leptos_actix")
_TRUNK = ("Trunk.toml", "index.html")


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    _join_helpers(scan)
    _join_managed(scan)
    if site := _site(scan, technology):
        return site
    bins = _binaries(scan)
    if not bins:
        return Resolved(kind=Kind.NONE)
    name, place, main = _chosen(scan, bins)
    others = {file for other, _, file in bins if other != name and file}
    listening = [fact for fact in scan.facts.own("listen", scope=SCOPE) if fact.file not in others]
    listening.sort(key=lambda fact: (not fact.name, fact.file != main))
    served = bool(listening) or (technology is not None and technology.role in {Role.SERVER, Role.PART})
    build = _build(scan, technology, name, place, several=len(bins) > 1)
    tool = technology is None and any(scan.facts.own("dependency", one, SCOPE) for one in _COMMAND_LINE)
    if not served and (tool or (technology is not None and technology.role is Role.APP)):
        return Resolved(build=build, kind=Kind.NONE)
    argv = (f"./target/release/{name}", *(("start",) if technology is not None and technology.start == "loco" else ()))
    places = [place.evidence("start"), *(fact.evidence("start") for fact in listening)]
    start: Fact[StartCommand] = Fact(
        value=StartCommand(argv=argv, port_from_env=reads_port(scan, listening)),
        confidence=(0.92 if served else 0.7)
        - (0.1 if len(bins) > 1 and not scan.facts.own("package-field", "default-run", SCOPE) else 0),
        evidence=tuple(dict.fromkeys(places))[:MAX_EVIDENCE],
        reason=f"cargo builds the binary {name}",
    )
    port = None
    if served and not any(fact.name for fact in listening):
        port = _rocket_port(scan) if technology is not None and technology.id == "rocket" else written_port(scan, SCOPE, listening)
        port = port or (_leptos_port(scan) if technology is not None and technology.id == "leptos" else None)
    if technology is not None and technology.id == "rocket":
        _report_address(scan)
    return Resolved(start=start, build=build, kind=Kind.SERVER if served else Kind.NONE, port=port)


def _binaries(scan: Scan) -> list[tuple[str, Found, str]]:
    """(name, the fact that says so, its file) of every binary: [[bin]] tables, src/main.rs, src/bin."""
    package = scan.facts.own("package-field", "name", SCOPE)
    found: list[tuple[str, Found, str]] = []
    taken: set[str] = set()
    for fact in scan.facts.own("entry", "bin", SCOPE):
        path = next((tag[5:] for tag in fact.tags if tag.startswith("path:")), "")
        if not path:
            path = next(
                (
                    one
                    for one in (f"src/bin/{fact.value}.rs", f"src/bin/{fact.value}/main.rs", "src/main.rs")
                    if one in scan.tree.entries
                ),
                "",
            )
        taken.add(path)
        found.append((fact.value, fact, path))
    for fact in scan.facts.own("entry", "main", SCOPE):
        match = re.fullmatch(r"src/bin/([\w-]+)(?:/main)?\.rs", fact.file)
        if fact.file in taken:
            continue
        if fact.file == "src/main.rs" and package:
            found.append((package[0].value, fact, fact.file))
        elif match:
            found.append((match[1], fact, fact.file))
    names: dict[str, tuple[str, Found, str]] = {}
    for one in found:
        names.setdefault(one[0], one)
    return list(names.values())


def _chosen(scan: Scan, bins: list[tuple[str, Found, str]]) -> tuple[str, Found, str]:
    wanted = scan.facts.own("package-field", "default-run", SCOPE)
    package = scan.facts.own("package-field", "name", SCOPE)
    files = {fact.file for fact in scan.facts.own("listen", scope=SCOPE)}

    def rank(one: tuple[str, Found, str]) -> tuple[bool, bool, bool, int]:
        words = re.split(r"[-_]", one[0])
        return (
            not (wanted and wanted[0].value == one[0]),
            bool(files) and one[2] not in files and any(other[2] in files for other in bins),
            not (package and package[0].value == one[0]),
            next((number for number, known in enumerate(_SERVER_NAMES) if known in words), 99),
        )

    name, place, file = min(bins, key=rank)
    main = next((fact for fact in scan.facts.own("entry", "main", SCOPE) if fact.file == file), None)
    return name, (main if main is not None and place.name != "bin" else place), file


def _build(scan: Scan, technology: Technology | None, name: str, place: Found, *, several: bool) -> Fact[tuple[str, ...]]:
    argv: tuple[str, ...] = ("cargo", "build", "--release")
    if technology is not None and technology.id == "leptos":
        argv = ("cargo", "leptos", "build", "--release")
    else:
        package = scan.facts.own("package-field", "name", SCOPE)
        if scan.directory and "Cargo.toml" in scan.above and package:
            argv = (*argv, "-p", package[0].value)
        if several:
            argv = (*argv, "--bin", name)
    places = [place.evidence("build")]
    places += [fact.evidence("build") for fact in scan.facts.own("package-field", "name", SCOPE)[:1]]
    return Fact(value=argv, confidence=0.93, evidence=tuple(dict.fromkeys(places)))


def _site(scan: Scan, technology: Technology | None) -> Resolved | None:
    """A program for the browser: Trunk or dx builds it to files."""
    if technology is None or technology.id not in {"leptos", "yew", "dioxus", "sycamore", "seed", "perseus"}:
        return None
    if technology.id == "leptos" and any(scan.facts.own("dependency", one, SCOPE) for one in _SERVED_LEPTOS):
        return None
    dioxus = technology.id == "dioxus"
    extras = {tag for fact in scan.facts.own("dependency", "dioxus", SCOPE) for tag in fact.tags}
    if dioxus and {"extra:fullstack", "extra:server"} & extras:
        return None
    if dioxus and {"extra:desktop", "extra:mobile"} & extras and "extra:web" not in extras:
        return Resolved(kind=Kind.NONE)
    out = scan.facts.own("option", "outDir", SCOPE)
    files = [path for path in ("Dioxus.toml", *_TRUNK) if path in scan.tree.entries]
    evidence = tuple(Evidence(file=path, rule="build") for path in files[:2])
    evidence = evidence or tuple(fact.evidence("build") for fact in scan.facts.own("dependency", technology.packages[0], SCOPE)[:1])
    return Resolved(
        build=Fact(
            value=("dx", "build", "--release") if dioxus else ("trunk", "build", "--release"), confidence=0.85, evidence=evidence
        ),
        output=Fact(
            value=out[0].value if out else "dist", confidence=0.85, evidence=(out[0].evidence("output"),) if out else evidence
        ),
        kind=Kind.STATIC,
        single_page=True,
    )


def _rocket_port(scan: Scan) -> Fact[int] | None:
    for profile in ("release", "production", "default", "global"):
        for fact in scan.facts.own("option", "rocket.port", SCOPE):
            if profile in fact.tags or not fact.tags:
                return Fact(value=int(fact.value), confidence=0.9, evidence=(fact.evidence("port"),), reason=f"{fact.file} says so")
    return written_port(scan, SCOPE, [Found("listen", "", tags=frozenset({"variable:ROCKET_PORT"}))])


def _leptos_port(scan: Scan) -> Fact[int] | None:
    for fact in scan.facts.own("option", "leptos.site-addr", SCOPE):
        port = fact.value.rpartition(":")[2]
        if port.isdigit():
            return Fact(value=int(port), confidence=0.85, evidence=(fact.evidence("port"),), reason="site-addr says so")
    return None


def _report_address(scan: Scan) -> None:
    """Rocket listens on 127.0.0.1 unless its configuration says otherwise."""
    written = scan.facts.own("option", "rocket.address", SCOPE)
    if written and all(fact.value in {"127.0.0.1", "localhost"} for fact in written):
        scan.finding(
            "loopback-bind",
            Severity.WARNING,
            f"{written[0].file} binds Rocket to {written[0].value} only.",
            'Write address = "0.0.0.0" there, or set ROCKET_ADDRESS.',
            [written[0].evidence("port")],
        )


def _join_helpers(scan: Scan) -> None:
    """Calls of functions that another file shows to read the variable their argument names."""
    helpers = {fact.name: fact.value for fact in scan.facts.own("env-helper", scope=SCOPE)}
    for fact in scan.facts.own("env-call", scope=SCOPE):
        helper, _, name = fact.name.partition(":")
        if helper in helpers:
            tags = fact.tags or (frozenset({"required"}) if helpers[helper] else frozenset())
            scan.facts.add([Found("env", name, fact.value, fact.file, fact.line, fact.text, SCOPE, tags)])


def _join_managed(scan: Scan) -> None:
    """Features that the workspace gives a dependency (`sqlx = { workspace = true }`), as a further fact for the services."""
    managed = {fact.name: fact for fact in scan.facts.of("managed", scope=SCOPE)}
    more = []
    for fact in scan.facts.own("dependency", scope=SCOPE):
        one = managed.get(fact.name)
        if "managed" in fact.tags and one is not None and one.tags:
            more.append(Found("dependency", fact.name, one.value, fact.file, fact.line, fact.text, SCOPE, fact.tags | one.tags))
    scan.facts.add(more)
