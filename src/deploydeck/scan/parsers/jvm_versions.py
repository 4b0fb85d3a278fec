"""What versions look like on the JVM, and which platform decides the version of which group."""

from __future__ import annotations

import re

_JAVA = re.compile(r"(?:[A-Za-z][\w]{0,20}[-@_])?(?:VERSION_)?(1[._]\d{1,2}|\d{1,2}(?:\.\d{1,3}){0,3})(?:[._+-].{0,40})?")

PLATFORMS: dict[str, tuple[str, ...]] = {
    "org.springframework.boot:spring-boot-starter-parent": ("org.springframework.boot:*",),
    "org.springframework.boot:spring-boot-dependencies": ("org.springframework.boot:*",),
    "org.springframework.boot:spring-boot-maven-plugin": ("org.springframework.boot:*",),
    "org.springframework.boot:spring-boot-gradle-plugin": ("org.springframework.boot:*",),
    "org.springframework.boot": ("org.springframework.boot:*",),
    "org.springframework:spring-framework-bom": ("org.springframework:*",),
    "io.quarkus.platform:quarkus-bom": ("io.quarkus:*",),
    "io.quarkus:quarkus-bom": ("io.quarkus:*",),
    "io.quarkus:quarkus-universe-bom": ("io.quarkus:*",),
    "io.quarkus": ("io.quarkus:*",),
    "io.quarkus.platform:quarkus-maven-plugin": ("io.quarkus:*",),
    "io.quarkus:quarkus-maven-plugin": ("io.quarkus:*",),
    "io.micronaut.platform:micronaut-parent": ("io.micronaut:*",),
    "io.micronaut:micronaut-parent": ("io.micronaut:*",),
    "io.micronaut:micronaut-bom": ("io.micronaut:*",),
    "io.micronaut.platform:micronaut-platform": ("io.micronaut:*",),
    "io.ktor:ktor-bom": ("io.ktor:*",),
    "io.ktor.plugin": ("io.ktor:*",),
    "io.vertx:vertx-stack-depchain": ("io.vertx:*",),
    "io.vertx:vertx-dependencies": ("io.vertx:*",),
    "io.dropwizard:dropwizard-bom": ("io.dropwizard:*",),
    "io.dropwizard:dropwizard-dependencies": ("io.dropwizard:*",),
    "io.helidon.applications:helidon-se": ("io.helidon.webserver:*", "io.helidon:*"),
    "io.helidon.applications:helidon-mp": ("io.helidon.microprofile.bundles:*", "io.helidon:*"),
    "io.helidon:helidon-bom": ("io.helidon.webserver:*", "io.helidon:*", "io.helidon.microprofile.bundles:*"),
    "com.vaadin:vaadin-bom": ("com.vaadin:*",),
    "com.vaadin": ("com.vaadin:*",),
    "org.http4k:http4k-bom": ("org.http4k:*",),
    "com.linecorp.armeria:armeria-bom": ("com.linecorp.armeria:*",),
    "io.jooby:jooby-bom": ("io.jooby:*",),
    "org.grails.grails-web": ("org.grails:*",),
    "org.jetbrains.kotlin.jvm": ("org.jetbrains.kotlin:*",),
    "org.jetbrains.kotlin:kotlin-maven-plugin": ("org.jetbrains.kotlin:*",),
    "org.jetbrains.kotlin.multiplatform": ("org.jetbrains.kotlin:*",),
    "org.jetbrains.kotlin:kotlin-bom": ("org.jetbrains.kotlin:*",),
    "io.grpc:grpc-bom": ("io.grpc:*",),
    "com.fasterxml.jackson:jackson-bom": ("com.fasterxml.jackson.core:*", "com.fasterxml.jackson.module:*"),
    "org.junit:junit-bom": ("org.junit.jupiter:*",),
    "org.testcontainers:testcontainers-bom": ("org.testcontainers:*",),
    "software.amazon.awssdk:bom": ("software.amazon.awssdk:*",),
}
"""A parent, an imported bill of materials or a build plugin, and the groups all of whose artifacts have its version."""


def java_version(text: str) -> str:
    """A Java version as the rules read it: `VERSION_1_8` and `1.8` are "1.8", `temurin-21.0.2+13` is "21.0.2"; "" when it is none."""  # noqa: E501
    match = _JAVA.fullmatch(text.strip()[:80])
    return match[1].replace("_", ".") if match else ""


def pinned_group(name: str) -> tuple[str, ...]:
    """The groups (`group:*`) whose version a parent, a bill of materials or a plugin decides."""
    return PLATFORMS.get(name, ())
