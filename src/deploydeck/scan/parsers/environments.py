"""Environment files and our own settings file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser

_ENV_LINE = re.compile(r"^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]{0,99})\s*=(.*)$")


def env_file(file: str, data: bytes) -> Iterator[Found]:
    """Names of variables. The value of a sample file is kept as its default; of a local file only whether there is one."""
    sample = file.endswith((".example", ".sample", ".template", ".dist"))
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        if match := _ENV_LINE.match(line.strip()):
            value = match[2].strip().strip("'\"")
            tags = {"sample" if sample else "local"} | ({"valued"} if value else set())
            yield Found("env", match[1], value[:200] if sample else "", file, number, f"{match[1]}=", tags=frozenset(tags))


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


PARSERS: tuple[Parser, ...] = (
    Parser(".env*", env_file),
    Parser("deploydeck.toml", override_lines, config_kind="deploydeck"),
)
