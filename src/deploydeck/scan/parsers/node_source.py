"""JavaScript and TypeScript source by patterns: imports, listening, routes, variables, and what build configs say.

There is no JavaScript parser here, so every pattern is bounded and anchored on a word: linear time on any input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser

_LONGEST_LINE = 20_000
_NAME = r"([@A-Za-z][@A-Za-z0-9._/-]{0,100})"
_IMPORT = re.compile(rf"(?:\brequire\(\s{{0,8}}|\bfrom\s{{1,8}}|\bimport\s{{1,8}}|\bimport\(\s{{0,8}})['\"](?:node:)?{_NAME}['\"]")
_LISTEN = re.compile(r"\.listen\(([^\n]{0,160})")
_PORT_NAME = re.compile(r"\b(?:port|PORT)\b\s{0,8}[:=]\s{0,8}([^\n;]{0,120})")
_NUMBER = re.compile(r"(?<![\w.])(\d{2,5})(?![\w.])")
_HOST = re.compile(r"['\"](127\.0\.0\.1|localhost|0\.0\.0\.0|::1?)['\"]|host(?:name)?\s{0,4}:\s{0,4}['\"]([^'\"]{1,60})['\"]")
_ROUTE = re.compile(r"\b(\w{1,40})\.(?:get|all|use)\(\s{0,8}['\"`](/[A-Za-z0-9_./-]{0,80})['\"`]")
_PREFIX = re.compile(r"\b(?:app|server)\.use\(\s{0,8}['\"`]/[A-Za-z0-9_]")
_ENV = re.compile(
    r"\bprocess\.env(?:\.([A-Za-z_][A-Za-z0-9_]{0,99})|\[\s{0,4}['\"]([A-Za-z_][A-Za-z0-9_]{0,99})['\"]\s{0,4}\])"
    r"(?:\s{0,4}(\|\||\?\?)\s{0,4}(?:['\"`]([^'\"`\n]{0,200})['\"`]|(\d{1,20})|(\S)))?"
)
_ENV_TAKEN = re.compile(r"\{([^{}\n]{1,300})\}\s{0,4}=\s{0,4}process\.env\b")
_BUILD_ENV = re.compile(r"\bimport\.meta\.env\.([A-Za-z_][A-Za-z0-9_]{0,99})")
_FIELD = re.compile(r"\b(outDir|distDir|output|appType)\s{0,8}:\s{0,8}['\"]([^'\"\n]{1,120})['\"]")
_COMMENT = re.compile(r"^\s{0,200}(?://|\*|/\*)")
VITE_OWN = frozenset({"MODE", "DEV", "PROD", "SSR", "BASE_URL"})


def node_source(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    ports: list[tuple[int, str, str]] = []  # line number, what the port is set to, the line
    if b"import.meta.env" not in data and not any(
        word in data for word in (b"require(", b"import", b"process.env", b".listen(", b"from")
    ):
        return
    for number, line in enumerate(text.lines, 1):
        if len(line) > _LONGEST_LINE or _COMMENT.match(line):
            continue
        for match in _IMPORT.finditer(line):
            parts = match[1].split("/")
            name = "/".join(parts[:2]) if match[1].startswith("@") else parts[0]
            yield Found("import", name, match[1], file, number, line, "node")
        yield from _environment(file, number, line)
        for match in _ROUTE.finditer(line):
            yield Found("route", match[2], match[1], file, number, line, "node")
        if _PREFIX.search(line):
            yield Found("prefixed", "use", "", file, number, line, "node")
        if (named := _PORT_NAME.search(line)) and ("const" in line or "let" in line or "var" in line):
            ports.append((number, named[1], line))
        for match in _LISTEN.finditer(line):
            yield _listening(file, number, line, match[1], ports)


def _listening(file: str, number: int, line: str, arguments: str, ports: list[tuple[int, str, str]]) -> Found:
    tags: set[str] = set()
    host = _HOST.search(arguments)
    text = arguments.partition("=>")[0].partition("function")[0]
    first = text.partition(",")[0]
    at = number
    literal = _NUMBER.search(text)
    if "process.env" in text:
        tags.add("env")
    elif not literal and ports and re.search(r"port", first, re.IGNORECASE):
        at, text, line = ports[-1]  # `const port = process.env.PORT || 3000` above
        literal = _NUMBER.search(text)
        if "process.env" in text:
            tags.add("env")
    elif not literal and "port" in first.lower():
        tags.add("unknown")
    return Found(
        "listen",
        literal[1] if literal else "",
        (host[1] or host[2]) if host else "",
        file,
        at,
        line,
        "node",
        frozenset(tags),
    )


def _environment(file: str, number: int, line: str) -> Iterator[Found]:
    for match in _ENV.finditer(line):
        name = match[1] or match[2]
        default = match[4] if match[4] is not None else match[5]
        tags = frozenset({"defaulted"} if match[3] and default is not None else {"defaulted", "computed"} if match[3] else ())
        yield Found("env", name, default or "", file, number, line, "node", tags)
    for match in _ENV_TAKEN.finditer(line):
        for part in match[1].split(","):
            name = re.split(r"[:=\s]", part.strip(), maxsplit=1)[0]
            if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", name):
                yield Found(
                    "env", name, "", file, number, line, "node", frozenset({"defaulted", "computed"} if "=" in part else ())
                )
    for match in _BUILD_ENV.finditer(line):
        if match[1] not in VITE_OWN:
            yield Found("env", match[1], "", file, number, line, "node", frozenset({"build"}))


def build_config(file: str, data: bytes) -> Iterator[Found]:
    """next.config.* and vite.config.*: the plain string options that change what is served."""
    yield from node_source(file, data)
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        if len(line) <= _LONGEST_LINE and not _COMMENT.match(line):
            for match in _FIELD.finditer(line):
                yield Found("build-option", match[1], match[2], file, number, line, "node")


PARSERS: tuple[Parser, ...] = (
    Parser("next.config.*", build_config, config_kind="next"),
    Parser("vite.config.*", build_config, config_kind="vite"),
    *(
        Parser(f"*.{extension}", node_source, "source", anywhere=True)
        for extension in ("js", "mjs", "cjs", "ts", "mts", "cts", "jsx", "tsx", "vue", "svelte")
    ),
)
