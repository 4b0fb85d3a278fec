"""Files that pin the version of a runtime or a tool."""

from __future__ import annotations

from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parse, Parser


def pin_file(runtime: str, source: str) -> Parse:
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


PARSERS: tuple[Parser, ...] = (
    Parser(".python-version", pin_file("python", ".python-version"), config_kind="version"),
    Parser("runtime.txt", pin_file("python", "runtime.txt"), config_kind="version"),
    Parser(".nvmrc", pin_file("node", ".nvmrc"), config_kind="version"),
    Parser(".node-version", pin_file("node", ".node-version"), config_kind="version"),
    Parser(".tool-versions", tool_versions, config_kind="version"),
)
