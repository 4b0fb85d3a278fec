"""How projects of the BEAM are built and started: releases of Mix and Rebar3, shipments of Gleam."""

from __future__ import annotations

from deploydeck.domain import Evidence, Fact, Kind, PackageManager, StartCommand
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Role, Technology
from deploydeck.scan.state import Scan, evidence

_SERVER_SCRIPT = "rel/overlays/bin/server"


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    entries = scan.tree.entries
    way = technology.start if technology else ""
    if way == "lustre" or (way != "gleam" and "gleam.toml" in entries and "mix.exs" not in entries):
        return _gleam(scan, technology)
    if way == "gleam":
        return _gleam(scan, technology)
    if way == "tableau":
        places = evidence(scan.facts.of("dependency", "tableau", "beam")[:1], "build")
        return Resolved(
            build=Fact(value=("mix", "tableau.build"), confidence=0.8, evidence=places),
            output=Fact(value="_site", confidence=0.8, evidence=places),
        )
    if "mix.exs" in entries:
        return _mix(scan, technology)
    if "rebar.config" in entries:
        return _rebar(scan, technology)
    return Resolved()


def _name(scan: Scan) -> tuple[str, Found | None]:
    release = next(iter(scan.facts.own("option", "release", "beam")), None)
    if release is not None and release.value:
        return release.value, release
    named = next((fact for fact in scan.facts.own("project-name", scope="beam")), None)
    return (named.name, named) if named is not None else ("", None)


def _reads_port(scan: Scan) -> bool:
    listening = scan.facts.of("listen", scope="beam")
    return any("env" in fact.tags for fact in listening) or bool(scan.facts.of("env", "PORT"))


def _mix(scan: Scan, technology: Technology | None) -> Resolved:
    name, place = _name(scan)
    running = scan.facts.of("app", scope="beam") or scan.facts.of("listen", scope="beam") or scan.files("lib/*_web/endpoint.ex")
    started = scan.facts.of("entry", "mod", "beam") or running
    released = scan.facts.own("option", "release", "beam")
    umbrella = scan.facts.own("workspace", scope="mix")
    library = technology is not None and technology.id == "phoenix" and not running
    escript = scan.facts.first("package-field", "escript")
    if not name or not (released or (started and (technology is not None or running))) or library or (umbrella and not released):
        if escript is not None and name and technology is None:
            build: Fact[tuple[str, ...]] = Fact(
                value=("mix", "escript.build"), confidence=0.85, evidence=evidence([escript], "build")
            )
            return Resolved(
                build=build,
                start=Fact(value=StartCommand(argv=(f"./{name}",)), confidence=0.7, evidence=build.evidence),
                kind=Kind.NONE,
            )
        return Resolved(kind=Kind.NONE if library or not umbrella else None)
    places = evidence([place, *released[:1]] if place else released[:1], "start")
    directory = f"_build/prod/rel/{name}/bin"
    argv: tuple[str, ...] = (f"{directory}/{name}", "start")
    reason = "the release that mix release makes"
    switch = scan.facts.first("env", "PHX_SERVER")
    if _SERVER_SCRIPT in scan.tree.entries:
        argv, places = (f"{directory}/server",), (Evidence(file=_SERVER_SCRIPT, rule="start"), *places)
        reason = f"{_SERVER_SCRIPT} starts the release with its server"
    elif switch is not None:
        argv, places = ("env", "PHX_SERVER=true", *argv), (*places, switch.evidence("start"))
        reason = "the release serves only when PHX_SERVER is set"
    start: Fact[StartCommand] = Fact(
        value=StartCommand(argv=argv, port_from_env=_reads_port(scan)), confidence=0.9, evidence=places, reason=reason
    )
    assets = scan.facts.first("script", "assets.deploy", "beam")
    note = "after mix assets.deploy, which builds scripts and styles" if assets else "the production release"
    build = Fact(
        value=("mix", "release"), confidence=0.9, evidence=evidence([one for one in (place, assets) if one], "build"), reason=note
    )
    development = scan.facts.first("option", "dev.port", "beam")
    port: Fact[int] | None = None
    if (
        development is not None
        and 0 < int(development.value) < 65536
        and not any(one.name for one in scan.facts.of("listen", scope="beam"))
    ):
        reason = "the port in development; production reads it from PORT"
        port = Fact(value=int(development.value), confidence=0.7, evidence=evidence([development], "port"), reason=reason)
    return Resolved(
        start=start,
        build=build,
        port=port,
        kind=None if running or (technology is not None and technology.role is not Role.WORKER) else Kind.NONE,
    )


def _rebar(scan: Scan, technology: Technology | None) -> Resolved:
    release = scan.facts.first("option", "release", "beam")
    if release is None:
        return Resolved(
            runtime="erlang", kind=Kind.NONE if technology is None or not scan.facts.of("listen", scope="beam") else None
        )
    profile = scan.facts.first("option", "profile", "beam")
    name = release.value
    directory = "prod" if profile is not None else "default"
    build = ("rebar3", "as", "prod", "release") if profile is not None else ("rebar3", "release")
    places = evidence([release], "start")
    argv = (f"_build/{directory}/rel/{name}/bin/{name}", "foreground")
    start: Fact[StartCommand] = Fact(
        value=StartCommand(argv=argv, port_from_env=_reads_port(scan)), confidence=0.85, evidence=places
    )
    return Resolved(start=start, build=Fact(value=build, confidence=0.85, evidence=places), runtime="erlang")


def _gleam(scan: Scan, technology: Technology | None) -> Resolved:
    wanted = scan.facts.first("option", "target", "beam")
    way = technology.start if technology else ""
    named = next(iter(scan.facts.own("project-name", scope="beam")), None)
    main = next((fact for fact in scan.facts.of("entry", "main", "beam") if named and fact.file == f"src/{named.name}.gleam"), None)
    place = Evidence(file="gleam.toml", rule="build")
    if way == "lustre":
        build: Fact[tuple[str, ...]] = Fact(value=("gleam", "run", "-m", "lustre/dev", "build"), confidence=0.8, evidence=(place,))
        output: Fact[str] = Fact(value="priv/static", confidence=0.7, evidence=(place,))
        return Resolved(build=build, output=output, single_page=True, runtime="gleam")
    if main is None and way != "gleam":
        return Resolved(runtime="gleam", kind=Kind.NONE)
    if wanted is not None and wanted.value == "javascript":
        build = Fact(value=("gleam", "build"), confidence=0.85, evidence=evidence([wanted], "build"))
        start: Fact[StartCommand] = Fact(
            value=StartCommand(argv=("gleam", "run")), confidence=0.6, evidence=evidence([main or wanted], "start")
        )
        return Resolved(build=build, start=start if main else None, runtime="gleam", kind=None if way == "gleam" else Kind.NONE)
    build = Fact(value=("gleam", "export", "erlang-shipment"), confidence=0.9, evidence=(place,))
    value = StartCommand(argv=("./build/erlang-shipment/entrypoint.sh", "run"), port_from_env=_reads_port(scan))
    start = Fact(value=value, confidence=0.9, evidence=(main.evidence("start"),) if main else (place,))
    serves = way == "gleam" or bool(scan.facts.of("listen", scope="beam"))
    return Resolved(build=build, start=start, runtime="gleam", kind=None if serves else Kind.NONE)
