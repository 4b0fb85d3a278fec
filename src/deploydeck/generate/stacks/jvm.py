"""Java and Kotlin: packaged by the project's own Maven or Gradle on a JDK, run on a JRE."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from deploydeck.domain import DeployDeckError, Kind
from deploydeck.generate.names import shown
from deploydeck.generate.request import Argv, Draft, Request
from deploydeck.generate.stacks.base import Installation, InstallQuestion, Stack
from deploydeck.generate.stacks.jvm_archive import archive
from deploydeck.generate.stacks.jvm_clues import (
    gradle_needs_source,
    gradle_version,
    gradle_wrapper,
    layers_off,
    maven_fetches,
    maven_needs_source,
    maven_wrapper,
)
from deploydeck.generate.versions import choose_series

REPOSITORY = "/root/.m2/repository"
GRADLE_HOME = "/var/cache/gradle"
_CACHES = {"maven": REPOSITORY, "gradle": f"{GRADLE_HOME}/caches"}

SERIES = ("8", "11", "17", "21", "25")
_DEFAULT = "21"

# The first Gradle that runs on each Java, and the oldest Java that Gradle 9 runs on (Gradle's compatibility matrix).
_FIRST_GRADLE = {"8": (2, 0), "11": (5, 0), "17": (7, 3), "21": (8, 5), "25": (9, 1)}
_GRADLE_9_NEEDS = 17
_GRADLE = {"25": "9.2"}
_GRADLE_DEFAULT = "8.14"
_MAVEN = "3.9"

_LISTEN: dict[str, tuple[tuple[str, str], ...]] = {
    "spring-boot": (("SERVER_PORT", "{port}"),),
    "quarkus": (("QUARKUS_HTTP_HOST", "{host}"), ("QUARKUS_HTTP_PORT", "{port}")),
    "micronaut": (("MICRONAUT_SERVER_HOST", "{host}"), ("MICRONAUT_SERVER_PORT", "{port}")),
    "helidon": (("SERVER_HOST", "{host}"), ("SERVER_PORT", "{port}")),
}
"""The variables by which a framework is told where to listen, whatever its configuration says."""

_LEFTOVERS = (
    "target",
    "*/target",
    "**/.gradle",
    "**/build/classes",
    "**/build/install",
    "**/build/libs",
    "**/build/reports",
    "**/build/resources",
    "**/build/tmp",
    "**/*.class",
)


def _maven(question: InstallQuestion) -> Installation:
    """Plugins and dependencies of one module are fetched by its pom.xml alone; several modules need each other's sources."""
    files, needs_source = question.files, maven_needs_source(question.files)
    wrapper = maven_wrapper(files)
    command = ("sh", "mvnw") if wrapper else ("mvn",)
    early: tuple[Argv, ...] = ((*command, "-B", "dependency:go-offline"),)
    manifests: Argv = ("pom.xml",)
    if needs_source or not maven_fetches(files):
        early, manifests = (((*command, "--version"),) if wrapper else ()), ()
    return Installation(
        "maven",
        (*(("mvnw",) if wrapper else ()), *manifests),
        early,
        (),
        (),
        _CACHES["maven"],
        tool_clue=wrapper,
        source_clue=needs_source,
        locked=False,
    )


def _gradle(question: InstallQuestion) -> Installation:
    """Dependencies first where the build script reads nothing but itself; else only the Gradle that the wrapper names."""
    files, needs_source = question.files, gradle_needs_source(question.files)
    wrapper = gradle_wrapper(files)
    command = ("sh", "gradlew") if wrapper else ("gradle",)
    early: tuple[Argv, ...] = ((*command, "--no-daemon", "dependencies"),)
    known = ("build.gradle.kts", "build.gradle", "settings.gradle.kts", "settings.gradle", "gradle.properties", "gradle.lockfile")
    manifests = tuple(path for path in known if files.is_file(path))
    if needs_source:
        early, manifests = (((*command, "--version"),) if wrapper else ()), ()
    return Installation(
        "gradle",
        (*(("gradlew",) if wrapper else ()), *manifests),
        early,
        (),
        (),
        _CACHES["gradle"],
        tool_clue=wrapper,
        source_clue=needs_source,
        locked=files.is_file("gradle.lockfile"),
    )


def _decide(draft: Draft) -> Draft:
    """In an image the archive has one name and place, and the framework is told where to listen."""
    environment = _LISTEN.get(draft.framework, ())
    if not draft.image or draft.kind is not Kind.SERVER or not draft.start:
        return replace(draft, environment=environment)
    version = draft.profile.framework.value.version if draft.profile.framework else ""
    layered = draft.framework == "spring-boot" and not layers_off(draft.files)
    found = archive(draft.start, version if layered else "", draft.framework, draft.files)
    build = tuple(_command(draft, command) for command in draft.build)
    return replace(draft, start=found.start, build=build, environment=environment)


def _command(draft: Draft, command: Argv) -> Argv:
    """The build as the image runs it: a wrapper through sh, for git may have lost its mode; without its jar, the tool itself."""
    name = command[0].rsplit("/", 1)[-1] if command else ""
    if name in ("mvnw", "mvn"):
        return (*(("sh", "mvnw") if maven_wrapper(draft.files) else ("mvn",)), *command[1:])
    if name in ("gradlew", "gradle"):
        more = () if "--no-daemon" in command else ("--no-daemon",)
        return (*(("sh", "gradlew") if gradle_wrapper(draft.files) else ("gradle",)), *more, *command[1:])
    return command


def _context(request: Request) -> dict[str, Any]:
    profile, choices, files = request.profile, request.choices, request.files
    manager = choices.install.manager if choices.install else ""
    version = profile.framework.value.version if profile.framework else ""
    layered = choices.framework == "spring-boot" and not layers_off(files)
    app = request.settings.app
    given = tuple(app.start) if app.start else (profile.start.value.argv if profile.start else ())
    jdk, why, image = _builder(request, manager)
    return {
        "builder": image,
        "builder_why": why,
        "jdk": jdk,
        "directories": tuple(
            path for path in {"maven": (".mvn",), "gradle": ("gradle",)}.get(manager, ()) if choices.install and files.is_dir(path)
        ),
        "gradle_home": GRADLE_HOME if manager == "gradle" else "",
        "cache": _CACHES.get(manager, "/root/.cache"),
        "archive": archive(given, version if layered else "", choices.framework, files),
    }


def _builder(request: Request, manager: str) -> tuple[str, str, str]:
    """The JDK that builds, why, and the image it comes in. Raises DeployDeckError `generate-gradle-jdk` when the two do not fit."""
    choices, files = request.choices, request.files
    jdk, why = choices.series, f"A JDK to build with; Java {choices.series} as the program runs on"
    if manager == "gradle":
        jdk, why = _gradle_jdk(request, jdk, why)
        if choices.install and choices.install.tool_clue:
            return jdk, f"{why}; the project's wrapper brings Gradle", f"eclipse-temurin:{jdk}-jdk"
        wanted = gradle_version(files)
        gradle = ".".join(wanted.value.split(".")[:2]) if wanted else _GRADLE.get(jdk, _GRADLE_DEFAULT)
        return jdk, f"{why}; Gradle comes with the image, for there is no wrapper with its jar", f"gradle:{gradle}-jdk{jdk}"
    if manager == "maven":
        if choices.install and choices.install.tool_clue:
            return jdk, f"{why}; the project's wrapper brings Maven", f"eclipse-temurin:{jdk}-jdk"
        return jdk, f"{why}; Maven comes with the image, for there is no complete wrapper", f"maven:{_MAVEN}-eclipse-temurin-{jdk}"
    return jdk, why, f"eclipse-temurin:{jdk}-jdk"


def _gradle_jdk(request: Request, series: str, why: str) -> tuple[str, str]:
    wanted = gradle_version(request.files)
    numbers = tuple(int(number) for number in wanted.value.split(".")[:2]) if wanted else ()
    if not numbers:
        return series, why
    fits = [jdk for jdk, first in _FIRST_GRADLE.items() if numbers >= first and (numbers < (9, 0) or int(jdk) >= _GRADLE_9_NEEDS)]
    if series in fits or not fits:
        return series, why
    if int(series) < int(fits[0]):
        return fits[0], f"Gradle {wanted.value} needs Java {fits[0]}; the program itself runs on {series}"
    if not request.choices.series_evidence and not request.settings.app.runtime_version:
        return fits[-1], f"Gradle {wanted.value} does not run on a newer JDK than {fits[-1]}"
    where = f" ({wanted.evidence[0].where})" if wanted.evidence else ""
    raise DeployDeckError(
        "generate-gradle-jdk",
        f"Gradle {shown(wanted.value)}{where} does not run on Java {series}.",
        f"The project asks for Java {series}; this Gradle runs on Java {', '.join(fits)}.",
        "Update the wrapper (`gradle wrapper --gradle-version 8.14`), or set app.runtime_version in deploydeck.toml.",
    )


def java_series(version: str) -> str | None:
    """The image series for a version as people write it: `1.8`, `22` (the next with long-term support), `21.0.2-tem`."""
    return choose_series(JVM, version)


JVM = Stack(
    id="java",
    name="Java",
    languages=("java", "kotlin"),
    managers={"maven": _maven, "gradle": _gradle},
    template="docker/jvm.Dockerfile.j2",
    context=_context,
    image="eclipse-temurin:{series}-jre",
    series=SERIES,
    default_series=_DEFAULT,
    series_aliases={"1.8": "8", "9": "11", "10": "11"}
    | {str(number): "17" for number in range(12, 17)}
    | {str(number): "21" for number in range(18, 21)}
    | {str(number): "25" for number in range(22, 25)},
    environment=(("JAVA_TOOL_OPTIONS", "-XX:MaxRAMPercentage=75.0"),),
    decide=_decide,
    leftovers=(
        *((pattern, "java-leftovers", "Made by a build on this machine; the image builds it anew") for pattern in _LEFTOVERS),
        (".m2", "credentials", "Its settings may hold logins for a repository"),
    ),
)
