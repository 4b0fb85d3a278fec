"""How projects of Swift, Zig, C and C++, Haskell, Crystal, Nim and OCaml are built and started."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass

from deploydeck.domain import Evidence, Fact, Kind, PackageManager, StartCommand
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.ecosystems.written_ports import reads_port, written_port
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Role, Technology
from deploydeck.scan.state import MAX_EVIDENCE, Scan

_SERVER_NAMES = ("server", "api", "web", "app", "run", "http", "service", "main", "backend", "site")


@dataclass(frozen=True, slots=True)
class Plan:
    """The build and start command of a program (start empty: it has none), and the facts that say so."""

    build: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    places: tuple[Evidence, ...] = ()
    sure: float = 0.85


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    scope = technology.ecosystem if technology is not None else _scope(scan)
    planner = _PLANS.get(scope)
    if planner is None:
        return Resolved()
    plan = planner(scan, technology, manager)
    listening = sorted(scan.facts.own("listen", scope=scope), key=lambda fact: not fact.name)
    served = bool(listening) or (technology is not None and technology.role in {Role.SERVER, Role.PART})
    build: Fact[tuple[str, ...]] | None = (
        Fact(value=plan.build, confidence=plan.sure, evidence=plan.places[:MAX_EVIDENCE]) if plan.build and plan.places else None
    )
    if not served or (technology is not None and technology.role is Role.APP) or not plan.start:
        library = scope == "swift" and not listening and not scan.facts.own("entry", scope=scope)
        return Resolved(build=build, kind=None if served and technology is not None and not library else Kind.NONE)
    places = tuple(dict.fromkeys((*plan.places, *(fact.evidence("start") for fact in listening))))[:MAX_EVIDENCE]
    start: Fact[StartCommand] = Fact(
        value=StartCommand(argv=plan.start, port_from_env=reads_port(scan, listening)),
        confidence=plan.sure,
        evidence=places,
        reason=f"the build makes {plan.start[0]}" if plan.start[0].startswith(".") else "the build tool runs what it built",
    )
    port = None
    if not any(fact.name for fact in listening):
        port = written_port(scan, scope, listening)
    return Resolved(start=start, build=build, kind=Kind.SERVER, port=port)


def _scope(scan: Scan) -> str:
    """The ecosystem whose manifest or source is there, when no technology says."""
    for scope in _PLANS:
        if any(fact.scope == scope for fact in scan.facts.own("manifest")):
            return scope
    counts = {scope: len(scan.facts.own("entry", scope=scope)) + len(scan.facts.own("import", scope=scope)) for scope in _PLANS}
    best = max(counts, key=lambda scope: counts[scope])
    return best if counts[best] else "cpp"


def _chosen(scan: Scan, scope: str) -> Found | None:
    """The executable that is the program: named like a server or the project, else the first."""
    found = [fact for fact in scan.facts.own("entry", "bin", scope) if not _is_test(fact.value) and not _is_test(_directory(fact))]
    project = {fact.name.lower() for fact in scan.facts.own("project-name", scope=scope)}
    listens = {posixpath.dirname(fact.file) for fact in scan.facts.own("listen", scope=scope)}

    def rank(fact: Found) -> tuple[bool, bool, int]:
        name = fact.value.lower()
        words = name.replace("-", "_").split("_")
        place = next((number for number, known in enumerate(_SERVER_NAMES) if known in words), 50)
        return (_directory(fact) not in listens and "" not in listens if _directory(fact) else False, name not in project, place)

    return min(found, key=rank) if found else None


def _directory(fact: Found) -> str:
    return next((tag[4:] for tag in fact.tags if tag.startswith("dir:")), "")


def _is_test(name: str) -> bool:
    words = name.lower().replace("-", "_").replace("/", "_").split("_")
    return bool(
        {"test", "tests", "testing", "bench", "benchmark", "benchmarks", "example", "examples", "unittests", "spec"} & set(words)
    )


def _files(scan: Scan, *names: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(file=path, rule="build") for name in names for path in scan.files(name)[:1])


def _said(fact: Found | None, *files: Evidence) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys((*((fact.evidence("build"),) if fact else ()), *files)))


def _swift(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Plan:
    fact = _chosen(scan, "swift")
    files = _files(scan, "Package.swift")
    if fact is None:
        return (
            Plan(("swift", "build", "-c", "release"), (), files, 0.7)
            if files and scan.facts.own("entry", "main", "swift")
            else Plan()
        )
    serve = (
        ("serve", "--env", "production", "--hostname", "{host}", "--port", "{port}")
        if technology and technology.id == "vapor"
        else ()
    )
    return Plan(("swift", "build", "-c", "release"), (f".build/release/{fact.value}", *serve), _said(fact, *files), 0.9)


def _zig(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Plan:
    fact = _chosen(scan, "zig")
    files = _files(scan, "build.zig")
    if not files:
        return Plan()
    name = fact.value if fact else next((one.name for one in scan.facts.own("project-name", scope="zig")), "")
    return Plan(("zig", "build", "-Doptimize=ReleaseSafe"), (f"./zig-out/bin/{name}",) if name else (), _said(fact, *files))


def _cpp(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Plan:
    fact = _chosen(scan, "cpp")
    if "CMakeLists.txt" in scan.tree.entries:
        files = _files(scan, "CMakeLists.txt")
        configure = "cmake -S . -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build"
        if manager is not None and manager.name == "conan":
            configure = "conan install . --output-folder=build --build=missing && " + configure.replace(
                "-B build ", "-B build -DCMAKE_TOOLCHAIN_FILE=build/conan_toolchain.cmake "
            )
        name, directory = (fact.value, _directory(fact)) if fact else ("", "")
        if (
            fact is None
            and (of_project := scan.facts.own("entry", "bin-of-project", "cpp"))
            and (project := scan.facts.own("project-name", scope="cpp"))
        ):
            fact, name, directory = of_project[0], project[0].name, _directory(of_project[0])
        output = scan.facts.own("option", "cmake.output", "cpp")
        if output:
            last = output[0].value.replace("${CMAKE_BINARY_DIR}", "build").replace("${PROJECT_BINARY_DIR}", "build")
            last = (
                last.replace("${CMAKE_SOURCE_DIR}/", "")
                .replace("${PROJECT_SOURCE_DIR}/", "")
                .replace("${CMAKE_CURRENT_BINARY_DIR}", "build")
            )
            where = "build" if "$" in last else last
        else:
            where = posixpath.join("build", directory).rstrip("/")
        return Plan(("sh", "-c", configure), (f"./{where}/{name}",) if name else (), _said(fact, *files), 0.8)
    if "meson.build" in scan.tree.entries:
        where = posixpath.join("build", _directory(fact)).rstrip("/") if fact else ""
        files = _files(scan, "meson.build")
        return Plan(
            ("sh", "-c", "meson setup build && meson compile -C build"),
            (f"./{where}/{fact.value}",) if fact else (),
            _said(fact, *files),
            0.8,
        )
    made = next(iter(scan.facts.own("entry", "make", "cpp")), None)
    files = _files(scan, "Makefile", "makefile", "GNUmakefile")
    if "configure.ac" in scan.tree.entries and not files:
        files = _files(scan, "configure.ac")
        prepare = "./configure && make" if "configure" in scan.tree.entries else "autoreconf -i && ./configure && make"
        return Plan(
            ("sh", "-c", prepare), (f"./{posixpath.join(_directory(fact), fact.value)}",) if fact else (), _said(fact, *files), 0.75
        )
    if files and any(scan.facts.own("entry", "main", "cpp")):
        return Plan(("make",), (f"./{made.value.removeprefix('./')}",) if made else (), _said(made, *files), 0.8)
    return Plan()


def _haskell(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Plan:
    fact = _chosen(scan, "haskell")
    if "stack.yaml" in scan.tree.entries:
        files = _files(scan, "stack.yaml")
        return Plan(("stack", "build"), ("stack", "exec", fact.value) if fact else (), _said(fact, *files))
    files = _files(scan, "*.cabal", "cabal.project", "package.yaml")
    return Plan(("cabal", "build"), ("cabal", "run", fact.value) if fact else (), _said(fact, *files)) if files else Plan()


def _crystal(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Plan:
    fact = _chosen(scan, "crystal")
    files = _files(scan, "shard.yml")
    if fact is not None:
        return Plan(("shards", "build", "--production", "--release"), (f"./bin/{fact.value}",), _said(fact, *files), 0.9)
    name = next((one.name for one in scan.facts.own("project-name", scope="crystal")), "")
    main = next(
        (
            path
            for path in (f"src/{name}.cr", f"src/{name.replace('-', '_')}.cr", "src/main.cr", "src/app.cr", "src/server.cr")
            if path in scan.tree.entries
        ),
        "",
    )
    if main:
        out = f"bin/{name or 'app'}"
        return Plan(
            ("crystal", "build", "--release", main, "-o", out), (f"./{out}",), (Evidence(file=main, rule="build"), *files), 0.75
        )
    return Plan()


def _nim(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Plan:
    fact = _chosen(scan, "nim")
    files = _files(scan, "*.nimble")
    if not files:
        return Plan()
    directory = next((one.value for one in scan.facts.own("package-field", "binDir", "nim")), "")
    start = (f"./{posixpath.join(directory, fact.value)}",) if fact else ()
    return Plan(("nimble", "build", "-d:release"), start, _said(fact, *files))


def _ocaml(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Plan:
    fact = _chosen(scan, "ocaml")
    files = _files(scan, "dune-project", "*.opam")
    if not files:
        return Plan()
    path = posixpath.join("_build/default", _directory(fact), fact.value) if fact else ""
    return Plan(("dune", "build", "--profile", "release"), (f"./{path}.exe",) if path else (), _said(fact, *files))


_PLANS: dict[str, Callable[[Scan, Technology | None, PackageManager | None], Plan]] = {
    "swift": _swift,
    "zig": _zig,
    "haskell": _haskell,
    "crystal": _crystal,
    "nim": _nim,
    "ocaml": _ocaml,
    "cpp": _cpp,
}
