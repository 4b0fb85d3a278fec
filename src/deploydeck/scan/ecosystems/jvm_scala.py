"""sbt and Mill: staged scripts and assembled archives."""

from __future__ import annotations

import re

from deploydeck.scan.ecosystems.jvm_project import Built, field, main_class, places, tool, value
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan

_STAGING = ("sbt:PlayScala", "sbt:PlayJava", "sbt:PlayService", "sbt:PlayMinimalJava", "sbt:LagomScala", "sbt:LagomJava", "sbt:JavaServerAppPackaging",  # noqa: E501
            "sbt:JavaAppPackaging")  # fmt: skip
_PACKAGING = ("sbt:sbt-native-packager", "sbt:sbt-plugin")


def sbt(scan: Scan, technology: Technology | None) -> Built:
    """`sbt stage` where the native packager or Play is enabled, `sbt assembly` where that plugin is there."""
    manifest = next(iter(scan.facts.own("manifest", "build.sbt")), None)
    enabled = tool(scan, *_STAGING)
    if enabled is not None:
        project = next((tag[8:] for tag in enabled.tags if tag.startswith("project:")), "")
        directory = next((tag[10:] for tag in enabled.tags if tag.startswith("directory:")), "")
        own = directory not in {"", "."}
        named = next(
            (fact for fact in scan.facts.own("package-field", "name", "jvm") if not own or f"project:{project}" in fact.tags), None
        )
        name = value(scan, "executableScriptName") or _normal(named.value if named else project)
        base = f"{directory}/" if own else ""
        script = f"{base}target/universal/stage/bin/{name}" if name else f"{base}target/universal/stage/bin/*"
        build = ("sbt", f"{project}/stage" if own else "stage")
        return Built(
            (script,), build, places(enabled, named, main_class(scan)[1]), 0.9 if name else 0.6, "the script that staging makes"
        )
    assembly = tool(scan, "sbt:sbt-assembly")
    if assembly is not None:
        jar = value(scan, "assemblyJarName")
        scala = tool(scan, "scala")
        line = _binary(scala.value) if scala else "*"
        titled, version = field(scan, "name"), value(scan, "version") or "0.1.0-SNAPSHOT"
        file = jar or (f"{_normal(titled.value)}-assembly-{version}.jar" if titled else "*-assembly-*.jar")
        start = ("java", "-jar", f"target/scala-{line}/{file}")
        sure = bool(jar or titled) and "*" not in line
        return Built(
            start,
            ("sbt", "assembly"),
            places(assembly, titled, main_class(scan)[1]),
            0.85 if sure else 0.65,
            "the archive that assembly makes",
        )
    if tool(scan, *_PACKAGING) is not None and technology is not None:
        titled = field(scan, "name")
        packager = tool(scan, *_PACKAGING)
        script = value(scan, "executableScriptName") or (_normal(titled.value) if titled else "*")
        return Built(
            (f"target/universal/stage/bin/{script}",),
            ("sbt", "stage"),
            places(packager, titled),
            0.7,
            "the script that staging makes",
        )
    main, place = main_class(scan)
    if main and technology is not None:
        return Built(
            ("sbt", "run"),
            ("sbt", "compile"),
            places(manifest, place),
            0.5,
            "no plugin packages it: sbt runs the main class",
        )
    return Built(build=("sbt", "package"), evidence=places(manifest, rule="build"), build_confidence=0.7)


def _normal(name: str) -> str:
    """sbt's normalised name: lower case, what is no letter or digit becomes a hyphen."""
    return re.sub(r"\W+", "-", name.lower()).strip("-") if name else ""


def _binary(version: str) -> str:
    """The directory of a Scala version: 2.13 for 2.13.12, the whole of a 3."""
    parts = version.split(".")
    if not version or not version[0].isdigit():
        return "*"
    return version if parts[0] == "3" else ".".join(parts[:2])


def mill(scan: Scan, technology: Technology | None) -> Built:
    """`mill MODULE.assembly` of the module that is no test."""
    modules = [
        fact
        for fact in scan.facts.own("package-field", "mill.module", "jvm")
        if not re.search(r"[tT]est", fact.value + " ".join(fact.tags))
    ]
    modules = [fact for fact in modules if any(tag.endswith("Module") for tag in fact.tags)]
    command = "./mill" if "mill" in scan.tree.entries else "mill"
    main, place = main_class(scan)
    manifest = next(iter(scan.facts.own("manifest", scope="jvm")), None)
    if len(modules) == 1 and modules[0].value not in {"package", "build"}:
        module = modules[0]
        start = ("java", "-jar", f"out/{module.value}/assembly.dest/out.jar") if main or technology else ()
        return Built(start, (command, f"{module.value}.assembly"), places(module, place), 0.75, "the archive that assembly makes")
    if modules and modules[0].value in {"package", "build"}:
        return Built(
            ("java", "-jar", "out/assembly.dest/out.jar") if main or technology else (),
            (command, "assembly"),
            places(modules[0], place),
            0.7,
        )
    return Built(build=(command, "__.assembly"), evidence=places(manifest, rule="build"), build_confidence=0.6)
