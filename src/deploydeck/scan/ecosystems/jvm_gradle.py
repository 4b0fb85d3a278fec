"""Gradle: which archive or script the build makes, and how it is started."""

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

_SHADOW = ("com.github.johnrengelman.shadow", "com.gradleup.shadow", "io.github.goooler.shadow")
_APPLICATION = (
    "application",
    "io.micronaut.application",
    "io.micronaut.minimal.application",
    "io.ratpack.ratpack-java",
    "io.ratpack.ratpack-groovy",
)
_SETTINGS = ("settings.gradle.kts", "settings.gradle")


def gradle(scan: Scan, technology: Technology | None) -> Built:
    """What the tasks of this project make, by the plugin that packages it."""
    root = build_root(scan, *_SETTINGS)
    prefix = inside(scan, root)
    base = f"{prefix}/" if prefix else ""
    path = f":{prefix.replace('/', ':')}:" if prefix else ""
    command = wrapper(scan, "gradlew", "gradle")

    def task(name: str, *more: str) -> tuple[str, ...]:
        return (command, f"{path}{name}", *more)

    name, named = _name(scan)
    version, known = _version(scan)
    libs = f"{base}build/libs/"
    boot = tool(scan, "org.springframework.boot") or next(
        (fact for fact in scan.facts.own("tool", scope="jvm") if fact.name.endswith("spring-boot")), None
    )
    war = tool(scan, "war")
    _, place = main_class(scan)
    if technology is not None and technology.start == "spring-boot" and boot is not None:
        job = "bootWar" if war is not None else "bootJar"
        jar, sure = _archive(scan, job, name, version, known, "", "war" if war is not None else "jar")
        return _started(task(job), ("java", "-jar", libs + jar), sure, boot, named, place)
    if technology is not None and technology.id == "quarkus":
        plugin = tool(scan, "io.quarkus")
        kind = option(scan, "quarkus.package.jar.type") or option(scan, "quarkus.package.type")
        build = task("build", "-x", "test")
        if kind is not None and kind.value == "uber-jar":
            jar, sure = _archive(scan, "jar", name, version, known, "runner", "jar")
            return _started(build, ("java", "-jar", f"{base}build/{jar}"), sure, kind, plugin)
        if plugin is not None:
            return _started(build, ("java", "-jar", f"{base}build/quarkus-app/quarkus-run.jar"), True, plugin, place)
        return Built(build=build, evidence=places(named, rule="build"))
    if tool(scan, "com.android.application"):
        return Built(build=task("assembleRelease"), evidence=places(tool(scan, "com.android.application"), rule="build"))
    if technology is not None and technology.id == "android":
        return Built(
            build=task("assembleRelease"), evidence=places(tool(scan, "com.android.*"), rule="build"), build_confidence=0.7
        )
    ktor = tool(scan, "io.ktor.plugin")
    if ktor is not None:
        jar = value(scan, "fatJar.archiveFileName") or f"{name}-all.jar"
        return _started(task("buildFatJar"), ("java", "-jar", libs + jar), True, ktor, named, place)
    shadow = tool(scan, *_SHADOW)
    application = tool(scan, *_APPLICATION)
    if shadow is not None and (place is not None or technology is not None or application is not None):
        jar, sure = _archive(scan, "shadowJar", name, version, known, "all", "jar")
        return _started(task("shadowJar"), ("java", "-jar", libs + jar, *_arguments(scan, technology)), sure, shadow, named, place)
    if war is not None:
        return Built(build=task("war"), evidence=places(war, named), war=True, reason="a servlet container runs the archive")
    if application is not None and name != "*":
        script = value(scan, "application.applicationName", "project.applicationName") or name
        argv = (f"{base}build/install/{script}/bin/{script}", *_arguments(scan, technology))
        return _started(task("installDist"), argv, True, application, place, named)
    jarred = next((fact for fact in scan.facts.own("package-field", "mainClass", "jvm") if "jar" in fact.tags), None)
    if jarred is not None:
        jar, sure = _archive(scan, "jar", name, version, known, "", "jar")
        return _started(task("build", "-x", "test"), ("java", "-jar", libs + jar), sure, jarred, named)
    manifest = next(iter(scan.facts.own("manifest", scope="jvm")), None)
    return Built(build=task("build", "-x", "test"), evidence=places(named or manifest, rule="build"))


def _started(build: tuple[str, ...], argv: tuple[str, ...], sure: bool, *facts: Found | None) -> Built:
    reason = "what the build makes" + ("" if sure else "; its name is not written plainly")
    return Built(argv, build, places(*facts), 0.9 if sure else 0.7, reason)


def _name(scan: Scan) -> tuple[str, Found | None]:
    """The project's name: as settings say for the root, the directory for a subproject; `*` when neither is known."""
    named = field(scan, "rootProject.name")
    if named is not None:
        return named.value, named
    manifest = next(iter(scan.facts.own("manifest", scope="jvm")), None)
    if scan.directory:
        return scan.directory.rpartition("/")[2], manifest
    return "*", manifest


def _version(scan: Scan) -> tuple[str, bool]:
    """The version, and whether it is known: none at all is certain too, one that a script computes is not."""
    own = field(scan, "version")
    if own is not None:
        return own.value, True
    given = next(
        (fact for fact in scan.facts.of("managed", "version", "property") if fact.file.endswith("gradle.properties")), None
    )
    given = given or next(iter(scan.facts.of("managed", "project.version", "property")), None)
    if given is not None:
        return given.value, True
    return "", not scan.facts.of("package-field", "version.computed", "jvm")


def _archive(scan: Scan, job: str, name: str, version: str, known: bool, classifier: str, ending: str) -> tuple[str, bool]:
    """The file that an archive task writes: BASE-VERSION-CLASSIFIER.ENDING, as far as it is known."""
    if whole := value(scan, f"{job}.archiveFileName", f"{job}.archiveName"):
        return whole, True
    base = (
        value(
            scan,
            f"{job}.archiveBaseName",
            f"{job}.baseName",
            "project.archivesBaseName",
            "base.archivesName",
            "project.archivesName",
            "base.archivesBaseName",
        )
        or name
    )
    own = next(iter(scan.facts.own("package-field", f"{job}.archiveVersion", "jvm")), None)
    version = own.value if own is not None else version
    marked = next(
        iter(
            (
                *scan.facts.own("package-field", f"{job}.archiveClassifier", "jvm"),
                *scan.facts.own("package-field", f"{job}.classifier", "jvm"),
            )
        ),
        None,
    )
    classifier = marked.value if marked is not None else classifier
    if base == "*":
        return f"*{f'-{classifier}' if classifier else ''}.{ending}", False
    parts = [base, version if known else "*", classifier]
    return "-".join(part for part in parts if part) + f".{ending}", known


def _arguments(scan: Scan, technology: Technology | None) -> tuple[str, ...]:
    from deploydeck.scan.ecosystems.jvm_maven import _arguments as arguments

    return arguments(scan, technology)


__all__ = ["dependency", "gradle"]
