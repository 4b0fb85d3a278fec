"""Leiningen and the Clojure command line: uberjars and main namespaces."""

from __future__ import annotations

from deploydeck.scan.ecosystems.jvm_project import Built, field, main_class, places, tool, value
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan


def leiningen(scan: Scan, technology: Technology | None) -> Built:
    """`lein uberjar`, or the ring plugin's where it makes the main class."""
    _, place = main_class(scan)
    handler = next(iter(scan.facts.own("app", "ring", "jvm")), None)
    ring = tool(scan, "lein:lein-ring") if not any(fact.kind == "package-field" for fact in (place,) if fact) else None
    build = ("lein", "ring", "uberjar") if ring is not None and handler is not None else ("lein", "uberjar")
    version, named = field(scan, "version"), next(iter(scan.facts.own("project-name", scope="jvm")), None)
    folder = value(scan, "lein.target") or "target/"
    jar = value(scan, "uberjar-name")
    if not jar and named is not None:
        jar = f"{named.name}-{version.value}-standalone.jar" if version else "*-standalone.jar"
    if not jar or (place is None and handler is None):
        return Built(build=build, evidence=places(named, rule="build"))
    argv = ("java", "-jar", f"{folder}{jar}")
    return Built(
        argv, build, places(place, handler, ring, named, version), 0.85 if version else 0.7, "the uberjar that the build makes"
    )


def clojure_cli(scan: Scan, technology: Technology | None) -> Built:
    """tools.build's uberjar, else the alias or namespace that runs."""
    main, place = main_class(scan)
    builder = tool(scan, "tools.build") or next(iter(scan.facts.of("dependency", "io.github.clojure:tools.build")), None)
    if builder is not None and "build.clj" in scan.tree.entries:
        jar = _uber(scan)
        goal = value(scan, "build.goal") or "uber"
        build = ("clojure", "-T:build", goal)
        start = ("java", "-jar", jar) if main or technology else ()
        return Built(start, build, places(builder, place), 0.8 if "*" not in jar else 0.65, "the uberjar that the build makes")
    alias = next((fact for fact in scan.facts.own("package-field", "mainClass", "jvm") if "deps" in fact.tags), None)
    if alias is not None:
        name = next((tag[6:] for tag in alias.tags if tag.startswith("alias:")), "")
        return Built(("clojure", f"-M:{name}"), (), places(alias), 0.75, "the alias that names a main namespace")
    function = field(scan, "execFn")
    if function is not None:
        name = next((tag[6:] for tag in function.tags if tag.startswith("alias:")), "")
        return Built(("clojure", f"-X:{name}"), (), places(function), 0.7, "the alias that names a function")
    if main and place is not None:
        return Built(("clojure", "-M", "-m", main), (), places(place), 0.7, "the namespace with -main")
    return Built()


def _uber(scan: Scan) -> str:
    """The path of the uberjar as build.clj writes it, with `*` where it computes."""
    written = value(scan, "uber-file", "build.uber-file", "build.uberjar")
    if not written:
        return "target/*.jar"
    lib, version = value(scan, "build.lib").rpartition("/")[2], value(scan, "build.version")
    parts = written.split("%s")
    if len(parts) == 3 and lib:
        return f"{parts[0]}{lib}{parts[1]}{version if version and '%' not in version else '*'}{parts[2]}"
    if len(parts) == 2:
        return f"{parts[0]}{version if version and '%' not in version else '*'}{parts[1]}"
    return written.replace("%s", "*").replace("%d", "*")
