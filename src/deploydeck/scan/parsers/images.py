"""Container images of languages: which runtime, in which version, an image's name and tag mean."""

from __future__ import annotations

import re

_NUMBERS = r"(\d{1,4}(?:\.\d{1,4}){0,2})"
_FIRST = re.compile(rf"^v?{_NUMBERS}")
_JDK = re.compile(
    rf"(?:jdk|jre|java|temurin|openjdk|corretto|zulu|liberica|semeru|sapmachine|openj9|graalvm)-?(?:community-|open-|focal-|alpine-)?{_NUMBERS}"
)
_FIRST_OF = {
    "python": "python", "node": "node", "golang": "go", "rust": "rust", "ruby": "ruby", "php": "php", "elixir": "elixir",
    "erlang": "erlang", "bun": "bun", "deno": "deno", "dart": "dart", "swift": "swift", "crystal": "crystal", "julia": "julia",
    "perl": "perl", "r-base": "r", "r-ver": "r", "shiny": "r", "shiny-verse": "r", "tidyverse": "r", "nim": "nim", "zig": "zig",
    "sdk": "dotnet", "aspnet": "dotnet", "runtime": "dotnet", "runtime-deps": "dotnet", "openjdk": "java",
    "eclipse-temurin": "java",
    "amazoncorretto": "java", "sapmachine": "java", "zulu-openjdk": "java", "zulu-openjdk-alpine": "java",
    "zulu-openjdk-debian": "java",
    "liberica-openjdk-alpine": "java", "liberica-openjdk-debian": "java", "liberica-openjre-alpine": "java", "gleam": "gleam",
    "liberica-openjre-debian": "java", "liberica-runtime-container": "java", "adoptopenjdk": "java", "dragonwell": "java",
    "frankenphp": "", "pypy": "", "cargo-chef": "",
}  # fmt: skip
"""The last part of an image's name whose tag begins with the version of the runtime."""
_NAMED = (
    (re.compile(r"^nodejs-?(\d{1,2})(?:-|$)"), "node"),  # distroless/nodejs20-debian12, ubi9/nodejs-20
    (re.compile(r"^python-?(\d)(\d{1,2})(?:-|$)"), "python"),  # ubi9/python-311
    (re.compile(r"^java-?(\d{1,2})(?:-|$)"), "java"),
    (re.compile(r"^openjdk-?(\d{1,2})(?:-|$)"), "java"),
    (re.compile(r"^php-?(\d)(\d)(?:-|$)"), "php"),
    (re.compile(r"^ruby-?(\d)(\d)(?:-|$)"), "ruby"),
    (re.compile(r"^dotnet-?(\d)(\d)(?:-|$)"), "dotnet"),
)
_INSIDE_TAG = (
    (re.compile(rf"(?:^|-)python{_NUMBERS}"), "python"),  # ghcr.io/astral-sh/uv:python3.12-bookworm
    (re.compile(rf"(?:^|-)py{_NUMBERS}"), "python"),
    (re.compile(rf"(?:^|-)node-?{_NUMBERS}"), "node"),
    (re.compile(rf"(?:^|-)php{_NUMBERS}"), "php"),
    (re.compile(rf"(?:^|-)rust-{_NUMBERS}"), "rust"),  # lukemathwalker/cargo-chef:latest-rust-1.80
    (re.compile(rf"(?:^|-)ruby-?{_NUMBERS}"), "ruby"),
)
_JVM_TOOLS = frozenset(
    {"maven", "gradle", "tomcat", "jetty", "clojure", "scala-sbt", "groovy", "mandrel", "leiningen", "payara", "wildfly"}
)


def runtimes_of(image: str) -> list[tuple[str, str]]:
    """(runtime, version) for what an image of a language says, e.g. `python:3.12-slim` is python 3.12; [] for any other."""
    name, _, tag = _split(image)
    last = name.rpartition("/")[2].lower()
    tag = tag.lower()
    runtime = _FIRST_OF.get(last, "")
    found: list[tuple[str, str]] = []
    if runtime == "dotnet" and "dotnet" not in name and not name.startswith("mcr."):
        runtime = ""
    if runtime and (match := _FIRST.match(tag) or (runtime == "java" and _JDK.search(tag))):
        version = match[1]
        found.append((runtime, version.removeprefix("1.") if runtime == "java" else version))
        if runtime == "elixir" and (otp := re.search(rf"(?:otp|erlang)-{_NUMBERS}", tag)):
            found.append(("erlang", otp[1]))
        return found
    for pattern, other in _NAMED:
        if match := pattern.match(last):
            return [(other, ".".join(match.groups()))]
    if (last in _JVM_TOOLS or runtime == "java") and (match := _JDK.search(tag)):
        return [("java", match[1])]
    if last in {"jdk-community", "native-image-community", "jdk", "graalvm-community"} and (match := _FIRST.match(tag)):
        return [("java", match[1])]
    return [(other, match[1]) for pattern, other in _INSIDE_TAG if (match := pattern.search(tag)) and not runtime][:1]


_PORTS = (
    (re.compile(r"(?:^|/)php:\S{0,60}apache|(?:^|/)(?:nginx|httpd|caddy|wordpress|drupal|joomla|matomo|nextcloud)(?:[:@]|$)"), 80),
    (re.compile(r"(?:^|/)(?:nginx-unprivileged|tomcat|jetty|wildfly|payara)\b"), 8080),
    (re.compile(r"(?:^|/)tiangolo/|webdevops/php-(?:nginx|apache)|richarvey/nginx-php-fpm"), 80),
    (re.compile(r"trafex/php-nginx|serversideup/php:\S{0,60}nginx"), 8080),
    (re.compile(r"rocker/shiny"), 3838),
    (re.compile(r"dotnet/aspnet:[67]\b"), 80),
    (re.compile(r"dotnet/aspnet:(?:[89]|\d\d)\b"), 8080),
    (re.compile(r"(?:^|/)frankenphp\b"), 80),
)
"""Images that bring a server of their own, and where it listens."""


def port_of(image: str) -> int:
    """The port that the server of a base image listens on; 0 when it brings none."""
    return next((port for pattern, port in _PORTS if pattern.search(image.lower())), 0)


def base_name(image: str) -> str:
    """The last part of an image's name, without registry, tag and digest."""
    return _split(image)[0].rpartition("/")[2].lower()


def _split(image: str) -> tuple[str, str, str]:
    plain = image.partition("@")[0]
    head, slash, last = plain.rpartition("/")
    name, _, tag = last.partition(":")
    return head + slash + name, ":", tag
