"""Procfile and the files of hosting platforms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser

_PROCESS = re.compile(r"^([A-Za-z0-9_-]{1,40}):\s*(\S.{0,1000})$")


def procfile(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        if match := _PROCESS.match(line.strip()):
            yield Found("process", match[1], match[2].strip(), file, number, line)


PARSERS: tuple[Parser, ...] = (Parser("Procfile", procfile, config_kind="procfile"),)
