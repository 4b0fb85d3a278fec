"""How projects of Dart and Flutter are built and started: a program compiled from bin/, a web build, or an app for devices."""

from __future__ import annotations

from deploydeck.domain import Evidence, Fact, Kind, PackageManager, StartCommand
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan, evidence

_FILE_ORDER = ("server", "main", "app")


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    way = technology.start if technology is not None else "exe"
    if way == "flutter":
        return _flutter(scan)
    if way == "dart-frog":
        return _made_by("dart_frog", ("dart_frog", "build"), ("dart", "build/bin/server.dart"), scan)
    if way == "jaspr":
        return _jaspr(scan)
    program = _program(scan, sure=technology is not None)
    if not program:
        return Resolved()
    built = program.removesuffix(".dart")
    places = (Evidence(file=program, rule="start"), *evidence(scan.facts.own("manifest", "pubspec.yaml", "dart")[:1], "start"))
    start = StartCommand(argv=(f"./{built}",), port_from_env=_reads_port(scan))
    return Resolved(
        start=Fact(value=start, confidence=0.9, evidence=places, reason=f"what compiling {program} gives"),
        build=Fact(value=("dart", "compile", "exe", program, "-o", built), confidence=0.9, evidence=places[:1]),
    )


def _reads_port(scan: Scan) -> bool:
    return any("env" in fact.tags for fact in scan.facts.own("listen", scope="dart"))


def _program(scan: Scan, *, sure: bool) -> str:
    """The program in bin/: the one that listens, then by its usual name.

    Without a server framework only one that listens or stands alone.
    """
    files = scan.files("bin/*.dart")
    named = scan.facts.first("project-name", scope="dart") or scan.facts.first("manifest", scope="dart")
    own = named.name if named else ""
    listening = {fact.file for fact in scan.facts.own("listen", scope="dart")}

    def rank(path: str) -> tuple[bool, int, str]:
        stem = path.removeprefix("bin/").removesuffix(".dart")
        order = _FILE_ORDER.index(stem) if stem in _FILE_ORDER else len(_FILE_ORDER) - (stem == own)
        return path not in listening, order, path

    published = scan.facts.own("entry", "executable", "dart")  # a program for developers' machines
    if not files or (not sure and not listening and (len(files) > 1 or published)):
        return ""
    return min(files, key=rank)


def _made_by(package: str, build: tuple[str, ...], start: tuple[str, ...], scan: Scan) -> Resolved:
    places = evidence(scan.facts.of("dependency", package, "dart")[:1], "start")
    return Resolved(
        start=Fact(
            value=StartCommand(argv=start, port_from_env=True), confidence=0.85, evidence=places, reason="what its build writes"
        ),
        build=Fact(value=build, confidence=0.9, evidence=places),
    )


def _jaspr(scan: Scan) -> Resolved:
    """Jaspr builds a site, or a server with its files beside it, as `jaspr.mode` says."""
    mode = scan.facts.first("option", "jaspr.mode", "dart")
    places = evidence([*([mode] if mode else []), *scan.facts.of("dependency", "jaspr", "dart")[:1]], "output")
    build: Fact[tuple[str, ...]] = Fact(value=("jaspr", "build"), confidence=0.85, evidence=places)
    if mode is not None and mode.value in {"static", "client"}:
        output: Fact[str] = Fact(value="build/jaspr", confidence=0.9, evidence=places, reason=f"jaspr builds in mode {mode.value}")
        return Resolved(build=build, output=output, kind=Kind.STATIC, single_page=mode.value == "client")
    start = StartCommand(argv=("./build/jaspr/app",), port_from_env=True)
    return Resolved(start=Fact(value=start, confidence=0.8, evidence=places, reason="what its build writes"), build=build)


def _flutter(scan: Scan) -> Resolved:
    """A web build where the project has the files for it; otherwise only an application for devices."""
    page = scan.files("web/index.html")
    if not page or scan.facts.own("package-field", "plugin", "dart"):
        return Resolved()
    places = (Evidence(file=page[0], rule="output"), *evidence(scan.facts.of("dependency", "flutter", "dart")[:1], "output"))
    return Resolved(
        build=Fact(value=("flutter", "build", "web", "--release"), confidence=0.85, evidence=places),
        output=Fact(value="build/web", confidence=0.9, evidence=places, reason="where Flutter puts its web build"),
        kind=Kind.STATIC,
        single_page=True,
    )
