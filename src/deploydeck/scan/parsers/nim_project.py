"""Nim: *.nimble, nimble.lock and source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import load_json, strings, table
from deploydeck.scan.parsers.source_patterns import Patterns, reader

SCOPE = "nim"
_REQUIREMENT = re.compile(r"\"([^\"\n]{1,200})\"")
_FIELD = re.compile(
    r"^\s{0,8}(version|srcDir|binDir|bin|namedBin|packageName)\s{0,9}(?:\[[^\]\n]{0,80}\])?\s{0,9}[=:]\s{0,9}(.{0,300})$"
)


def nimble(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    name = file.rpartition("/")[2].removesuffix(".nimble")
    yield Found("manifest", "nimble", "", file, 0, "", SCOPE)
    if name:
        yield Found("project-name", name, "", file, 0, "", SCOPE)
    requires = False
    tag: frozenset[str] = frozenset()
    for number, raw in enumerate(text.lines, 1):
        line = raw.partition("#")[0] if not re.search(r"\"[^\"]{0,200}#", raw) else raw
        if match := _FIELD.match(line):
            if match[1] in {"bin", "namedBin"}:
                for one in re.findall(r"\"([\w./-]{1,100})\"", match[2])[:20]:
                    yield Found("entry", "bin", one, file, number, raw, SCOPE)
            else:
                yield Found("package-field", match[1], match[2].strip().strip('"'), file, number, raw, SCOPE)
        stripped = line.strip()
        if re.match(r"(?:task)?[rR]equires\b", stripped):
            requires = True
            tag = frozenset({"development"} if stripped.startswith("taskRequires") else ())
        elif requires and not stripped.startswith('"'):
            requires = False
        if requires:
            for match in _REQUIREMENT.finditer(stripped):
                for one in match[1].split(","):
                    yield from _dependency(file, number, raw, one.strip(), tag)


def _dependency(file: str, number: int, line: str, text: str, tag: frozenset[str]) -> Iterator[Found]:
    parts = re.match(r"^([^\s<>=~^#@]{1,200})\s{0,9}[#@]?(.{0,80})$", text)
    if parts is None:
        return
    name, wanted = parts[1].rstrip("/").rpartition("/")[2].removesuffix(".git").lower(), parts[2].strip()
    if name == "nim":
        yield Found("pin", "nim", wanted, file, number, line, "nimble")
    else:
        yield Found("dependency", name, wanted, file, number, line, SCOPE, tag)


def nimble_lock(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    for name, one in table(table(load_json(text)).get("packages")).items():
        version = strings(one).get("version", "")
        if version:
            number = text.find(f'"{version}"', text.find(f'"{name}"') or 1)
            yield Found("locked", str(name).lower(), version, file, number, text.line(number), SCOPE)


nim_source = reader(
    Patterns(
        scope=SCOPE,
        worth=re.compile(rb"getEnv|[pP]ort|import|get\s"),
        comment="#",
        env=(
            (
                re.compile(
                    r"\bgetEnv\(\s{0,4}\"(?P<name>\w{1,100})\"(?:\s{0,4},\s{0,4}\"(?P<default>[^\"\n]{0,200})\"|\s{0,4},\s{0,4}(?P<computed>[$\w]))?"
                ),
                "",
            ),
        ),
        listen=(
            re.compile(r"\bport\s{0,4}=\s{0,4}Port\s{0,2}\(?\s{0,4}(?P<port>\d{2,5}|\w{1,40})"),
            re.compile(
                r"\bserve\([^\n]{0,40}?Port\s{0,2}\(?\s{0,4}(?P<port>\d{2,5}|[a-z]\w{0,40})(?:[^\n]{0,40}\"(?P<host>[\d.]{7,15}|localhost)\")?"
            ),
            re.compile(r"\b(?:listen|bindAddr)\([^\n]{0,40}?Port\s{0,2}\(?\s{0,4}(?P<port>\d{2,5}|\w{1,40})"),
            re.compile(r"^\s{0,9}port\s{1,4}=?\s{0,2}Port\((?P<port>\d{2,5})\)"),
        ),
        routes=(
            re.compile(r"^\s{0,40}get\s{1,4}\"(?P<path>/[^\"\n]{0,100})\"\s{0,4}:"),
            re.compile(r"\b(?:app|router|server)\.(?:get|addRoute)\(\s{0,4}\"(?P<path>/[^\"\n]{0,100})\""),
        ),
        imports=(re.compile(r"^\s{0,4}import\s{1,4}((?:pkg/)?[a-z]\w{0,60}(?:\s{0,2},\s{0,2}[a-z]\w{0,60}){0,9})"),),
        main=re.compile(r"^\s{0,4}when isMainModule"),
    )
)

PARSERS: tuple[Parser, ...] = (
    Parser("*.nimble", nimble, config_kind="manifest"),
    Parser("nimble.lock", nimble_lock, "lock", config_kind="lock"),
    Parser("*.nim", nim_source, "source", anywhere=True),
)
