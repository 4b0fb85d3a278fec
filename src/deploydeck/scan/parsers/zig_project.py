"""Zig: build.zig, build.zig.zon and source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.source_patterns import Patterns, reader

SCOPE = "zig"
_EXECUTABLE = re.compile(r"addExecutable\(\s{0,80}\.\{[^}]{0,400}?\.name\s{0,4}=\s{0,4}\"([^\"\n]{1,100})\"")
_OLD_EXECUTABLE = re.compile(r"addExecutable\(\s{0,9}\"([^\"\n]{1,100})\"")
_USED = re.compile(r"\bdependency\(\s{0,4}\"([^\"\n]{1,100})\"")
_FIELD = re.compile(r"^\s{0,40}\.(?:@\")?([A-Za-z_][\w-]{0,80})\"?\s{0,8}=\s{0,8}(.{0,300})$")
_TAG = re.compile(r"(?:#|refs/tags/|archive/|/tag/|\?ref=)v?(\d{1,4}\.\d{1,4}(?:\.\d{1,4})?)")


def build_zig(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    yield Found("manifest", "build.zig", "", file, 0, "", SCOPE)
    for pattern in (_EXECUTABLE, _OLD_EXECUTABLE):
        for match in pattern.finditer(text.text):
            number = text.line_at(match.start(1))
            yield Found("entry", "bin", match[1], file, number, text.line(number), SCOPE)


def build_zon(file: str, data: bytes) -> Iterator[Found]:
    """Name, the oldest Zig that does, and dependencies with the version in their address."""
    text = Text(data)
    depth, inside, current = 0, 0, ""
    for number, raw in enumerate(text.lines, 1):
        line = raw.partition("//")[0] if "://" not in raw else raw
        match = _FIELD.match(line)
        if match:
            key, value = match[1], match[2]
            if depth == 1 and key == "name":
                yield Found("project-name", value.strip(' ,".'), "", file, number, raw, SCOPE)
            elif depth == 1 and key == "minimum_zig_version":
                yield Found("pin", "zig", value.strip(' ,"'), file, number, raw, "minimum_zig_version")
            elif key == "dependencies" and depth == 1:
                inside = 2
            elif inside and depth == inside:
                current = key
                version = _TAG.search(value)
                yield Found("dependency", key, version[1] if version else "", file, number, raw, SCOPE)
            elif inside and depth == inside + 1 and current and key == "url" and (version := _TAG.search(value)):
                yield Found("locked", current, version[1], file, number, raw, SCOPE)
            elif inside and depth == inside + 1 and current and key == "path":
                yield Found("uses-project", value.strip(' ,"'), current, file, number, raw, SCOPE, frozenset({"path"}))
        bare = re.sub(r"\"[^\"]{0,500}\"", "", line)
        depth += bare.count("{") - bare.count("}")
        if inside and depth < inside:
            inside = 0


zig_source = reader(
    Patterns(
        scope=SCOPE,
        worth=re.compile(rb"getenv|getEnv|EnvMap|port|parseIp|pub fn main|@import"),
        comment="//",
        env=(
            (re.compile(r"\bgetEnvVarOwned\(\s{0,4}[\w.]{1,40}\s{0,4},\s{0,4}\"(?P<name>\w{1,100})\"\s{0,4}\)"), ""),
            (
                re.compile(
                    r"\b(?:std\.)?(?:posix|os|process)\.(?:getenv|getEnv|hasEnvVarConstant)\(\s{0,4}\"(?P<name>\w{1,100})\"\s{0,4}\)"
                ),
                "",
            ),
            (re.compile(r"\benv(?:_map|Map|)\.get\(\s{0,4}\"(?P<name>[A-Z]\w{1,100})\"\s{0,4}\)"), ""),
        ),
        after=(
            (re.compile(r"\s{0,4}(?:orelse|catch)\s{0,4}\"(?P<default>[^\"\n]{0,200})\""), "defaulted"),
            (re.compile(r"\s{0,4}(?:orelse|catch)\s{0,4}(?:return|@panic|unreachable)"), "required"),
            (re.compile(r"\.\?"), "required"),
        ),
        listen=(
            re.compile(r"\bparseIp\w{0,4}\(\s{0,4}(?P<host>\"?[\w.:]{1,60}\"?)\s{0,4},\s{0,4}(?P<port>\d{2,5}|\w{1,40})"),
            re.compile(r"^\s{0,60}(?:\.\{\s{0,4})?\.port\s{0,4}=\s{0,4}(?P<port>\d{2,5}|\w{1,40})"),
            re.compile(r"[\{,]\s{0,4}\.port\s{0,4}=\s{0,4}(?P<port>\d{2,5}|\w{1,40})"),
            re.compile(r"\binitIp4\(\s{0,4}\.?[{.\[\]\w]{0,10}\s{0,4}[0-9, ]{0,20}\}?\s{0,4},\s{0,4}(?P<port>\d{2,5})"),
        ),
        routes=(re.compile(r"\b(?:router|routes|app|server|group)\.get\(\s{0,4}\"(?P<path>/[^\"\n]{0,100})\""),),
        imports=(re.compile(r"@import\(\"([A-Za-z][\w-]{0,60})\"\)"),),
        main=re.compile(r"^\s{0,4}pub fn main\("),
    )
)

PARSERS: tuple[Parser, ...] = (
    Parser("build.zig", build_zig, config_kind="manifest"),
    Parser("build.zig.zon", build_zon, config_kind="manifest"),
    Parser("*.zig", zig_source, "source", anywhere=True),
)
