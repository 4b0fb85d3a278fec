"""Compose files: the services beside the program, and what they say about the program itself."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.names import not_the_program
from deploydeck.scan.parsers.dockerfile import is_ours, joined
from deploydeck.scan.parsers.formats import items, load_yaml, table
from deploydeck.scan.parsers.health import health_of
from deploydeck.scan.parsers.places import Placed, directed, merged
from deploydeck.scan.rules.names import is_secret

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_INTERPOLATED = re.compile(r"^\$\{([A-Za-z_][A-Za-z0-9_]{0,99})(?:(:?[-?+])([^{}]{0,300}))?\}$|^\$([A-Za-z_][A-Za-z0-9_]{0,99})$")
_FOR_OTHER_MACHINES = re.compile(r"(?:^|[./_-])(?:test|tests|ci|e2e)(?:[./_-]|$)")
_DEVELOPMENT = re.compile(r"(?:^|[./_-])(?:dev|develop|development|local|override|debug)(?:[./_-]|$)")
_WORKERS = re.compile(r"worker|celery|beat|cron|sched|queue|job|migrat|seed|init|test|sidekiq|lint|shell|backup", re.IGNORECASE)
_TOOLS = re.compile(
    r"flower|^docs?$|^docs?[-_]|[-_]docs?$|storybook|adminer|pgadmin|mailhog|mailpit|jupyter|grafana|prometheus", re.IGNORECASE
)
"""Services beside the program that listen themselves."""
_HOST_OF_URL = re.compile(r"^(\w[\w+.-]{0,30}://)[^/@\s]{0,300}@")


def compose(file: str, data: bytes) -> Iterator[Found]:
    """Facts of a compose file. What is said of a service built here carries `own`, or `at:DIR` for one below. Raises Broken."""
    text = Text(data)
    if is_ours(text) or _FOR_OTHER_MACHINES.search(file) or not_the_program(file):
        return
    services = table(table(load_yaml(text)).get("services"))
    tags = frozenset({"development"}) if _DEVELOPMENT.search(file) else frozenset()
    placed = Placed(file, text, "compose")
    for name, service in list(services.items())[:200]:
        service = merged(service)
        image, build = service.get("image"), service.get("build")
        if isinstance(image, str) and build is None:
            line = text.find(image)
            yield Found("service-image", _plain_image(image)[:200], str(name)[:100], file, line, text.line(line))
        if build is not None and (where := _directory(file, build)) is not None:
            yield from _own(placed, str(name), service, tags | where)


def _plain_image(image: str) -> str:
    return re.sub(r"\$\{[A-Za-z_]{1,60}:?-([^{}]{0,200})\}", r"\1", image)


def _directory(file: str, build: Any) -> frozenset[str] | None:
    """Which directory a service is built from, relative to the component; None when it lies outside of it."""
    context = build if isinstance(build, str) else table(build).get("context", ".")
    if not isinstance(context, str) or "://" in context or context.startswith(("git@", "/", "$")):
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(file), context))
    dockerfile = table(build).get("dockerfile", "")
    if path == "." and isinstance(dockerfile, str) and "/" in dockerfile:  # context: . with dockerfile: ./web/Dockerfile
        inner = posixpath.normpath(posixpath.dirname(dockerfile))
        if inner not in {
            ".",
            "docker",
            ".docker",
            "build",
            "deploy",
            "deployment",
            "deployments",
            "infra",
            "ops",
            "config",
            "compose",
        }:
            path = inner if not inner.startswith(("docker/", ".docker/", "compose/", "deploy/", "build/", "..")) else path
    if path.startswith(".."):
        return None
    return frozenset({"own"}) if path == "." else frozenset({f"at:{path}"})


def _own(placed: Placed, name: str, service: dict[str, Any], tags: frozenset[str]) -> Iterator[Found]:
    worker = bool(_TOOLS.search(name)) or (bool(_WORKERS.search(name)) and not service.get("ports"))
    for port in () if _TOOLS.search(name) else [*items(service.get("ports")), *items(service.get("expose"))]:
        target = _target(port)
        if target:
            written = str(port.get("target")) if isinstance(port, dict) else str(port)
            line = placed.text.find(written, placed.text.find(f"{name}:"))
            yield Found(directed("expose", tags), target, "compose", placed.file, line, placed.text.line(line), "compose", tags)
    command = _command(service.get("command"))
    entry = _command(service.get("entrypoint"))
    if (written := " ".join(part for part in (entry, command) if part)) and not worker:
        key = "command" if command else "entrypoint"
        yield placed.found(
            "image-command", "", written, (name, key), tags | {"compose"} | ({"ports"} if service.get("ports") else set())
        )
    for key, value in _environment(service.get("environment")):
        yield from _variable(placed, name, key, value, tags)
    for key, _ in _environment(table(service.get("build")).get("args")) if isinstance(service.get("build"), dict) else ():
        if _NAME.fullmatch(key) and key.startswith(("NEXT_PUBLIC_", "VITE_", "REACT_APP_", "PUBLIC_", "NUXT_PUBLIC_")):
            yield placed.variable(key, "", (name, "args"), tags | {"compose", "build"})
    check = table(service.get("healthcheck")).get("test")
    if (written := _command(check)) and not worker:
        line = placed.text.find("test:", placed.text.find(f"{name}:"))
        yield from health_of(written, placed.file, line, placed.text.line(line), "compose", tags=tags)


def _command(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("$$", "$").strip()
    words = [word.replace("$$", "$") for word in items(value) if isinstance(word, str)]
    if words[:1] and words[0] in {"CMD", "CMD-SHELL"}:
        words = words[1:]
    return joined(words) if len(words) != 1 else words[0]


def _target(port: Any) -> str:
    """The port inside the container of `"8080:80"`, `"127.0.0.1:${P:-80}:80/tcp"`, `80` or the long form; "" when it is none."""
    written = str(port.get("target", "")) if isinstance(port, dict) else port if isinstance(port, str) else ""
    if written.lower().endswith("/udp"):
        return ""
    plain = re.sub(r"\$\{[A-Za-z_][A-Za-z0-9_]{0,60}(?::?[-?]([^{}]{0,60}))?\}", lambda match: match[1] or "", written)
    target = plain.partition("/")[0].rpartition(":")[2].partition("-")[0]
    return target if re.fullmatch(r"[0-9]{1,5}", target) else ""


def _environment(value: Any) -> Iterator[tuple[str, str | None]]:
    if isinstance(value, dict):
        yield from ((str(key), item if isinstance(item, str) else None) for key, item in list(merged(value).items())[:300])
    for item in items(value)[:300]:
        if isinstance(item, str):
            key, equals, rest = item.partition("=")
            yield key.strip(), rest.strip().strip("'\"") if equals else None


def _variable(placed: Placed, service: str, name: str, value: str | None, where: frozenset[str]) -> Iterator[Found]:
    if not _NAME.fullmatch(name):
        return
    tags = {"compose"}
    plain = (value or "").strip()
    if name == "PORT" and re.fullmatch(r"[0-9]{1,5}", plain):
        yield placed.found("platform-port", plain, "", (service, "environment", name), where)
        return
    kept = ""
    if match := _INTERPOLATED.match(plain):
        how, text = match[2] or "", match[3] or ""
        if "?" in how:
            tags.add("required")
        elif "-" in how and text:
            tags.add("defaulted")
            kept = text
    elif plain and "$" not in plain:
        tags.add("valued")
        kept = plain
    kept = _HOST_OF_URL.sub(r"\1", kept)  # the scheme says which service it is; who logs in is nobody's business
    if is_secret(name):
        scheme = re.match(r"[a-z][a-z0-9+.:-]{1,30}://", kept)
        kept = scheme[0] if scheme else ""
    yield placed.variable(name, kept, (service, "environment"), where | tags)
