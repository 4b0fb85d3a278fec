"""Maven, Gradle, sbt, Mill, Leiningen, deps.edn and Ant: every manifest of the JVM, gathered from their own modules."""

from __future__ import annotations

from deploydeck.scan.parsers import jvm_config, jvm_edn, jvm_gradle, jvm_gradle_files, jvm_maven, jvm_scala_builds
from deploydeck.scan.parsers.base import Parser

PARSERS: tuple[Parser, ...] = (
    *jvm_maven.PARSERS,
    *jvm_gradle.PARSERS,
    *jvm_gradle_files.PARSERS,
    *jvm_scala_builds.PARSERS,
    *jvm_edn.PARSERS,
    *jvm_config.PARSERS,
)
