"""What Maven and Gradle projects say about how they want to be built: wrappers, their versions, and what a build script reads."""

from __future__ import annotations

import re

from deploydeck.domain import Evidence
from deploydeck.generate.clues import NOTHING, Clue, ProjectFiles, search

_MAVEN_WRAPPER = ".mvn/wrapper/maven-wrapper.properties"
_GRADLE_WRAPPER = "gradle/wrapper/gradle-wrapper.properties"
_POMS = ("pom.xml",)
_BUILDS = ("build.gradle.kts", "build.gradle")
_SETTINGS = ("settings.gradle.kts", "settings.gradle")
_ONLY_SCRIPT = re.compile(r"^\s{0,8}distributionType\s{0,4}=\s{0,4}(only-script)\b")
_GRADLE_URL = re.compile(r"^\s{0,8}distributionUrl\s{0,4}=.{0,300}gradle-(\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)-(?:bin|all)\.zip")
_FETCHES = re.compile(r"<(?:dependency|parent)>")
_MODULE = re.compile(r"<(module)>")
_OTHER_PARENT = re.compile(r"<(relativePath)>\s{0,8}[^<\s]")
_INCLUDE = re.compile(r"^\s{0,40}(include(?:Build)?)\b[\s(]")
_READS = re.compile(
    r"""\b(buildSrc|apply\s{0,4}\(?\s{0,4}from|rootProject\.file|project\.file|file\(|files\(|exec\s{0,4}[({]|grgit|git\b)"""
)
_NO_LAYERS = re.compile(
    r"<layers>\s{0,200}<enabled>\s{0,20}(false)|layered\s{0,20}\{\s{0,200}enabled(?:\.set\(|\s{0,4}=\s{0,4}|\s)(false)"
)


def maven_wrapper(files: ProjectFiles) -> Clue:
    """A Maven wrapper that works by itself: its script, and either its jar or the kind that needs none."""
    if not files.is_file("mvnw"):
        return NOTHING
    if files.is_file(".mvn/wrapper/maven-wrapper.jar"):
        return Clue("mvnw", (Evidence(file="mvnw", rule="maven-wrapper"),))
    return search(files, _MAVEN_WRAPPER, _ONLY_SCRIPT, "#", "maven-wrapper")


def gradle_wrapper(files: ProjectFiles) -> Clue:
    """A Gradle wrapper that works: script, properties and jar."""
    needed = ("gradlew", _GRADLE_WRAPPER, "gradle/wrapper/gradle-wrapper.jar")
    if not all(files.is_file(path) for path in needed):
        return NOTHING
    return Clue("gradlew", (Evidence(file="gradlew", rule="gradle-wrapper"),))


def gradle_version(files: ProjectFiles) -> Clue:
    """The Gradle that the wrapper names, with or without its jar."""
    return search(files, _GRADLE_WRAPPER, _GRADLE_URL, "#", "gradle-version")


def maven_needs_source(files: ProjectFiles) -> Clue:
    """Why the pom.xml alone cannot be resolved: it has modules, or its parent lies in another directory of the project."""
    for pattern, rule in ((_MODULE, "maven-modules"), (_OTHER_PARENT, "maven-parent")):
        clue = search(files, "pom.xml", pattern, "<!--", rule)
        if clue:
            return clue
    return NOTHING


def maven_fetches(files: ProjectFiles) -> bool:
    """Whether the pom.xml asks for anything beyond the plugins of every build."""
    return bool(_FETCHES.search(files.text("pom.xml")))


def gradle_needs_source(files: ProjectFiles) -> Clue:
    """Why the build script cannot be evaluated alone: subprojects, code of its own, or files that it reads."""
    if files.is_dir("buildSrc"):
        return Clue("buildSrc", (Evidence(file="buildSrc", rule="gradle-build-code"),))
    for path in _SETTINGS:
        clue = search(files, path, _INCLUDE, "//", "gradle-subprojects")
        if clue:
            return clue
    for path in (*_BUILDS, *_SETTINGS):
        clue = search(files, path, _READS, "//", "gradle-reads-files")
        if clue:
            return clue
    return NOTHING


def layers_off(files: ProjectFiles) -> bool:
    """Whether the project tells Spring Boot to write no layers into the archive."""
    return any(_NO_LAYERS.search(files.text(path)) for path in (*_POMS, *_BUILDS))
