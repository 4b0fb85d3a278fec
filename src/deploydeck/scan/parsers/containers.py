"""Dockerfile, Containerfile and compose files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import load_yaml

_EXPOSE = re.compile(r"^\s{0,20}EXPOSE\s+([0-9]{1,5})(?:/tcp)?\b", re.IGNORECASE)
_OUR_MARK = "deploydeck"


def dockerfile(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    ours = any(_OUR_MARK in line.lower() for line in text.lines[:5])
    for number, line in enumerate(text.lines, 1):
        if (match := _EXPOSE.match(line)) and not ours:  # our own earlier output is no evidence
            yield Found("expose", match[1], "Dockerfile", file, number, line)


def compose(file: str, data: bytes) -> Iterator[Found]:
    """Images of services beside the application, and the container port of services that are built here."""
    text = Text(data)
    if any(_OUR_MARK in line.lower() for line in text.lines[:5]):
        return
    content = load_yaml(text)
    services = content.get("services") if isinstance(content, dict) else None
    for name, service in (services if isinstance(services, dict) else {}).items():
        if not isinstance(service, dict):
            continue
        image = service.get("image")
        if isinstance(image, str) and "build" not in service:
            line = text.find(image)
            yield Found("service-image", image[:200], str(name)[:100], file, line, text.line(line))
        ports = service.get("ports")
        for port in ports if isinstance(ports, list) and "build" in service else []:
            written = port.get("target") if isinstance(port, dict) else port
            target = written.partition("/")[0].rpartition(":")[2] if isinstance(written, str) else ""
            if re.fullmatch(r"[0-9]{1,5}", target):
                line = text.find(str(written), text.find("ports"))
                yield Found("expose", target, "compose", file, line, text.line(line))


PARSERS: tuple[Parser, ...] = (
    Parser("Dockerfile", dockerfile, config_kind="dockerfile"),
    Parser("Containerfile", dockerfile, config_kind="dockerfile"),
    Parser("compose.y*ml", compose, config_kind="compose"),
    Parser("docker-compose.y*ml", compose, config_kind="compose"),
)
