"""Files that say how a project is run: version pins, Procfile, Dockerfile, compose, environment files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from deploydeck.scan.facts import Broken, Found, Text

_PROCESS = re.compile(r"^([A-Za-z0-9_-]{1,40}):\s*(\S.{0,1000})$")
_EXPOSE = re.compile(r"^\s{0,20}EXPOSE\s+([0-9]{1,5})(?:/tcp)?\b", re.IGNORECASE)
_ENV_LINE = re.compile(r"^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]{0,99})\s*=(.*)$")
_OUR_MARK = "deploydeck"
_COMPOSE_BYTES = 300_000


def pin_file(runtime: str, source: str) -> Any:
    """A parser for a file whose first meaningful line is a version."""

    def parse(file: str, data: bytes) -> Iterator[Found]:
        text = Text(data)
        for number, line in enumerate(text.lines, 1):
            value = line.partition("#")[0].strip()
            if value:
                version = value.removeprefix("python-").removeprefix("cpython-").removeprefix("v") if runtime == "python" else value
                yield Found("pin", runtime, version[:100], file, number, line, source)
                return

    return parse


def tool_versions(file: str, data: bytes) -> Iterator[Found]:
    names = {"python": "python", "nodejs": "node", "node": "node"}
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        parts = line.partition("#")[0].split()
        if len(parts) >= 2 and parts[0] in names:
            yield Found("pin", names[parts[0]], parts[1][:100], file, number, line, ".tool-versions")


def procfile(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        if match := _PROCESS.match(line.strip()):
            yield Found("process", match[1], match[2].strip(), file, number, line)


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
    if len(data) > _COMPOSE_BYTES:
        raise Broken(f"larger than {_COMPOSE_BYTES} bytes")
    try:
        content = yaml.load(text.text, Loader=_Loader)  # noqa: S506 - builds strings, lists and mappings only
    except yaml.MarkedYAMLError as error:
        raise Broken(error.problem or "not valid YAML", error.problem_mark.line + 1 if error.problem_mark else 0) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Broken(str(error)[:200] or "nested too deeply") from None
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


class _Loader(yaml.BaseLoader):
    """Every scalar stays text, no tag means anything, and nesting ends at 60."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth = getattr(self, "depth", 0) + 1
        if self.depth > 60:
            raise yaml.YAMLError("nested too deeply")
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def env_file(file: str, data: bytes) -> Iterator[Found]:
    """Names of variables. The value of a sample file is kept as its default; of a local file only whether there is one."""
    sample = file.endswith((".example", ".sample", ".template", ".dist"))
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        if match := _ENV_LINE.match(line.strip()):
            value = match[2].strip().strip("'\"")
            tags = {"sample" if sample else "local"} | ({"valued"} if value else set())
            yield Found("env", match[1], value[:200] if sample else "", file, number, f"{match[1]}=", tags=frozenset(tags))


def private_key(file: str, data: bytes) -> Iterator[Found]:
    if b"PRIVATE KEY-----" in data[:4096]:
        yield Found("private-key", file, "", file, 1, "-----BEGIN … PRIVATE KEY-----")


def override_lines(file: str, data: bytes) -> Iterator[Found]:
    """deploydeck.toml, so that an override can name its line."""
    text = Text(data)
    section = ""
    for number, line in enumerate(text.lines, 1):
        stripped = line.strip()
        if stripped.startswith("["):
            section = stripped.strip("[] ")
        elif section == "app" and (match := re.match(r"([a-z_]{1,40})\s*=", stripped)):
            yield Found("override", match[1], "", file, number, stripped)
