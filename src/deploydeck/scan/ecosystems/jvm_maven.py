"""Maven and Ant: which archive the build makes, and how it is started."""

from __future__ import annotations

from deploydeck.scan.ecosystems.jvm_project import (
    Built,
    build_root,
    dependency,
    field,
    inside,
    main_class,
    option,
    places,
    tool,
    value,
    wrapper,
)
from deploydeck.scan.facts import Found
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan

_PLUGINS = "org.apache.maven.plugins:"
_BOOT = ("org.springframework.boot:spring-boot-maven-plugin",)
_QUARKUS = ("io.quarkus.platform:quarkus-maven-plugin", "io.quarkus:quarkus-maven-plugin")
_CONFIGS = ("config.yml", "config.yaml", "configuration.yml", "config/config.yml", "*-config.yml", "*.yml")


def maven(scan: Scan, technology: Technology | None) -> Built:
    """What `mvn package` makes here."""
    packaging = field(scan, "packaging")
    root = build_root_of(scan)
    prefix = inside(scan, root)
    base = f"{prefix}/" if prefix else ""
    build = (wrapper(scan, "mvnw", "mvn"), "-B", *(("-pl", prefix, "-am") if prefix else ()), "package", "-DskipTests")
    if scan.facts.own("package-field", "packaging") and packaging and packaging.value == "pom":
        return Built(build=build, evidence=places(packaging, rule="build"))
    name, sure, named = _final_name(scan)
    plugin = tool(scan, *_BOOT)
    if plugin is not None and plugin.file.startswith("/") and not scan.facts.own("entry", "main", "jvm"):
        plugin = None  # the parent applies it to every module, and this one has nothing to start
    target = f"{base}target/"
    if packaging is not None and packaging.value == "war":
        if plugin is not None and technology is not None and technology.start == "spring-boot":
            return _jar(scan, build, f"{target}{name}.war", sure, plugin, named)
        return Built(build=build, evidence=places(packaging, named), war=True, reason="a servlet container runs the archive")
    quarkus = tool(scan, *_QUARKUS)
    if technology is not None and technology.id == "quarkus":
        kind = option(scan, "quarkus.package.jar.type") or option(scan, "quarkus.package.type")
        if kind is not None and kind.value in {"uber-jar", "legacy-jar"}:
            return _jar(scan, build, f"{target}{name}-runner.jar", sure, kind, quarkus)
        if quarkus is not None or scan.facts.own("entry", "main", "jvm") or scan.facts.own("route", scope="jvm"):
            return _jar(scan, build, f"{target}quarkus-app/quarkus-run.jar", True, quarkus, dependency(scan, "io.quarkus:"))
        return Built(build=build, evidence=places(quarkus, named, rule="build"))
    if plugin is not None:
        classifier = value(scan, "spring-boot-maven-plugin.classifier")
        jar = f"{target}{name}{f'-{classifier}' if classifier else ''}.jar"
        return _jar(scan, build, jar, sure, plugin, named)
    if technology is not None and technology.id == "helidon":
        artifact = field(scan, "artifactId")
        if artifact:
            return _jar(
                scan,
                build,
                f"{target}{artifact.value if not scan.facts.own('package-field', 'finalName') else name}.jar",
                True,
                artifact,
            )
    if found := _packaged(scan, name, sure, named, target, build, technology):
        return found
    return _plain(scan, build, target, name, sure, named, technology)


def build_root_of(scan: Scan) -> str | None:
    """A module belongs to the build above it when its parent is there, or when that one lists modules."""
    if any("path" in fact.tags for fact in scan.facts.own("uses-project", scope="jvm")) and "pom.xml" in scan.above:
        return build_root(scan, "mvnw") if "mvnw" in scan.above and "mvnw" not in scan.tree.entries else _top(scan)
    return None


def _top(scan: Scan) -> str | None:
    return scan.above["pom.xml"].strip("/").rpartition("/")[0] if "mvnw" not in scan.tree.entries else None


def _final_name(scan: Scan) -> tuple[str, bool, Found | None]:
    """The archive's name without its ending, whether it is certain, and where it stands; `*` for what is not known."""
    final = next(iter(scan.facts.own("package-field", "finalName", "jvm")), None)
    boot = next(iter(scan.facts.own("package-field", "spring-boot-maven-plugin.finalName", "jvm")), None)
    for one in (boot, final):
        if one is not None and "${" not in one.value:
            return one.value, True, one
    artifact, version = field(scan, "artifactId"), field(scan, "version")
    if artifact is None or final is not None or boot is not None:
        return "*", False, artifact
    if version is None:
        return f"{artifact.value}-*", False, artifact
    return f"{artifact.value}-{version.value}", True, artifact


def _jar(scan: Scan, build: tuple[str, ...], jar: str, sure: bool, *facts: Found | None, arguments: tuple[str, ...] = ()) -> Built:
    _, main = main_class(scan)
    return Built(
        start=("java", "-jar", jar, *arguments),
        build=build,
        evidence=places(*facts, main),
        confidence=0.9 if sure else 0.7,
        reason="the archive that the build makes" + ("" if sure else "; its version is not written plainly"),
    )


def _packaged(
    scan: Scan, name: str, sure: bool, named: Found | None, target: str, build: tuple[str, ...], technology: Technology | None
) -> Built | None:
    """An archive with everything in it: by shade, assembly or the manifest of the jar plugin."""
    arguments = _arguments(scan, technology)
    shade = tool(scan, f"{_PLUGINS}maven-shade-plugin")
    if shade is not None:
        output = value(scan, "maven-shade-plugin.outputFile")
        final = value(scan, "maven-shade-plugin.finalName")
        classifier = value(scan, "maven-shade-plugin.shadedClassifierName")
        if output:
            jar = output.removeprefix("./")
            jar = jar if jar.startswith(target) else f"{target.removesuffix('target/')}{jar}"
        else:
            jar = f"{target}{final or name}{f'-{classifier}' if classifier else ''}.jar"
        if main_class(scan)[1] is not None or technology is not None:
            return _jar(scan, build, jar, sure or bool(final), shade, named, arguments=arguments)
    vertx = tool(scan, "io.reactiverse:vertx-maven-plugin")
    if vertx is not None:
        return _jar(scan, build, f"{target}{name}.jar", sure, vertx, named)
    assembly = tool(scan, f"{_PLUGINS}maven-assembly-plugin")
    if assembly is not None and (main_class(scan)[1] is not None):
        final = value(scan, "maven-assembly-plugin.finalName")
        descriptor = next((tag[11:] for tag in assembly.tags if tag.startswith("descriptor:")), "")
        if descriptor and descriptor != "jar-with-dependencies":
            return None
        return _jar(
            scan,
            build,
            f"{target}{final or name}-jar-with-dependencies.jar",
            sure or bool(final),
            assembly,
            named,
            arguments=arguments,
        )
    appassembler = tool(scan, "org.codehaus.mojo:appassembler-maven-plugin")
    if appassembler is not None and (program := value(scan, "appassembler-maven-plugin.programName")):
        return Built((f"{target}appassembler/bin/{program}",), build, places(appassembler), 0.75, "the script that the build makes")
    main = next(
        (fact for fact in scan.facts.own("package-field", "mainClass", "jvm") if f"{_PLUGINS}maven-jar-plugin" in fact.tags), None
    )
    parent = tool(scan, "io.micronaut.platform:micronaut-parent", "io.micronaut:micronaut-parent")
    if main is not None or parent is not None:
        return _jar(scan, build, f"{target}{name}.jar", sure, main or parent, named, arguments=arguments)
    return None


def _arguments(scan: Scan, technology: Technology | None) -> tuple[str, ...]:
    """Dropwizard is told what to do and its configuration."""
    if technology is None or technology.id != "dropwizard":
        return ()
    config = next(
        (path for glob in _CONFIGS for path in scan.files(glob) if not path.startswith((".", "docker-compose", "compose"))), ""
    )
    return ("server", config) if config else ("server",)


def _plain(
    scan: Scan, build: tuple[str, ...], target: str, name: str, sure: bool, named: Found | None, technology: Technology | None
) -> Built:
    """No executable archive: the class path of the build's output with the one main class, where there is one."""
    main, place = main_class(scan)
    nothing = Built(build=build, evidence=places(named, rule="build"))
    if not main or place is None or (place.kind == "entry" and technology is not None and technology.start == "war"):
        return nothing
    needed = [fact for fact in scan.facts.own("dependency", scope="jvm") if not {"development", "provided"} & fact.tags]
    if not needed:
        argv, reason = ("java", "-cp", f"{target}{name}.jar", main), "the only main class, and nothing else it needs"
        return Built(argv, build, places(place, named), 0.7 if sure else 0.6, reason)
    argv = ("java", "-cp", f"{target}classes:{target}dependency/*", main)
    whole = (*build, "dependency:copy-dependencies")
    return Built(argv, whole, places(place, named), 0.55, "the main class; the build makes no executable archive")


def ant(scan: Scan, technology: Technology | None) -> Built:
    """The default target of a build.xml, and the jar it makes when that has a main class."""
    default = field(scan, "ant.default")
    names = {fact.name for fact in scan.facts.own("script", scope="jvm")}
    goal = (
        default.value
        if default
        else next((one for one in ("jar", "war", "dist", "package", "build", "compile") if one in names), "")
    )
    if "jar" in names and goal in {"run", "compile", "test", "main", "help", "all"}:
        goal = "jar"
    build = ("ant", goal) if goal else ("ant",)
    war, jar = field(scan, "ant.war"), field(scan, "ant.jar")
    main = next((fact for fact in scan.facts.own("package-field", "mainClass", "jvm") if "jar" in fact.tags), None)
    if war is not None:
        return Built(build=build, evidence=places(war, default), war=True)
    if jar is not None and main is not None:
        return Built(("java", "-jar", jar.value), build, places(jar, main), 0.75, "the archive that the build makes")
    return Built(build=build, evidence=places(default, rule="build"), build_confidence=0.7)
