"""Swift: Package.swift, Package.resolved and source of servers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import items, load_json, strings, table
from deploydeck.scan.parsers.source_patterns import Patterns, reader

SCOPE = "swift"
_TOOLS = re.compile(r"^//\s{0,4}swift-tools-version:?\s{0,4}(\d{1,3}(?:\.\d{1,3}){0,2})")
_URL = re.compile(r"\.package\([^\n)]{0,120}?url:\s{0,4}\"([^\"\n]{1,300})\"([^\n]{0,200})")
_PATH = re.compile(r"\.package\([^\n)]{0,120}?path:\s{0,4}\"([^\"\n]{1,300})\"")
_VERSION = re.compile(
    r"(from:|exact:|upToNextM\w{3,4}\(from:|\.exact\(|branch:|\.branch\(|revision:|\"\s{0,3}\.\.[.<])\s{0,4}\"([^\"\n]{1,80})\""
)
_RANGE = re.compile(r"\"(\d[^\"\n]{0,40})\"\s{0,4}(\.\.[.<])\s{0,4}\"([^\"\n]{1,40})\"")
_TARGET = re.compile(r"\.(executableTarget|executable)\(\s{0,80}(?:\n\s{0,80})?name:\s{0,4}\"([^\"\n]{1,100})\"")
_NAME = re.compile(r"Package\(\s{0,80}name:\s{0,4}\"([^\"\n]{1,100})\"")


def package_swift(file: str, data: bytes) -> Iterator[Found]:
    """The tools version, dependencies by identity, and executables."""
    text = Text(data)
    yield Found("manifest", "Package.swift", "", file, 0, "", SCOPE)
    for number, line in enumerate(text.lines, 1):
        if match := _TOOLS.match(line.strip()):
            yield Found("pin", "swift", match[1], file, number, line, "swift-tools-version")
        if line.lstrip().startswith("//"):
            continue
        if match := _URL.search(line):
            rest = match[2] if _VERSION.search(match[2]) or _RANGE.search(match[2]) else " ".join(text.lines[number : number + 2])
            yield Found("dependency", identity(match[1]), _requirement(rest), file, number, line, SCOPE)
        elif match := _PATH.search(line):
            yield Found("uses-project", match[1], "", file, number, line, SCOPE, frozenset({"path"}))
    if match := _NAME.search(text.text):
        number = text.line_at(match.start(1))
        yield Found("project-name", match[1], "", file, number, text.line(number), SCOPE)
    for match in _TARGET.finditer(text.text):
        number = text.line_at(match.start(2))
        yield Found("entry", "bin", match[2], file, number, text.line(number), SCOPE, frozenset({match[1]}))


def _requirement(text: str) -> str:
    if match := _RANGE.search(text):
        return f">={match[1]}, <{'=' if match[2] == '...' else ''}{match[3]}"
    match = _VERSION.search(text)
    if match is None:
        return ""
    return (
        match[2] if "branch" in match[1] or "revision" in match[1] else f"=={match[2]}" if "exact" in match[1] else f"^{match[2]}"
    )


def identity(url: str) -> str:
    """A package's identity: the last part of its address in lower case."""
    return url.rstrip("/").rpartition("/")[2].removesuffix(".git").lower()[:100]


def package_resolved(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    top = table(load_json(text))
    pins = items(top.get("pins")) or items(table(top.get("object")).get("pins"))
    for pin in pins[:2000]:
        one = strings(pin)
        version = strings(table(pin).get("state")).get("version", "")
        address = one.get("location") or one.get("repositoryURL") or one.get("identity", "")
        if version and address:
            number = text.find(f'"{version}"', text.find(address) or 1)
            yield Found("locked", one.get("identity") or identity(address), version, file, number, text.line(number), SCOPE)


_STRING = r"\"(?P<default>[^\"\\\n]{0,200})\""
swift_source = reader(
    Patterns(
        scope=SCOPE,
        worth=re.compile(rb"import\s|@main|environment|Environment|[pP]ort|getenv"),
        comment="//",
        env=(
            (re.compile(r"processInfo\.environment\[\s{0,4}\"(?P<name>\w{1,100})\"\s{0,4}\]"), ""),
            (re.compile(r"\b(?:Environment|env(?:ironment)?)\.get\(\s{0,4}\"(?P<name>\w{1,100})\"[^)\n]{0,40}\)"), ""),
            (re.compile(r"\benvironment\[\s{0,4}\"(?P<name>[A-Z]\w{1,100})\"\s{0,4}\]"), ""),
            (re.compile(r"\bEnvironment\.process\.(?P<name>[A-Z][A-Z0-9_]{1,99})\b"), ""),
            (re.compile(r"\bgetenv\(\s{0,4}\"(?P<name>\w{1,100})\"\s{0,4}\)"), ""),
        ),
        after=(
            (
                re.compile(
                    r"\s{0,4}(?:\.flatMap\([^)\n]{0,60}\)|\.map\([^)\n]{0,60}\)|\)|\s){0,6}\s{0,4}\?\?\s{0,4}(?:\"(?P<default>[^\"\n]{0,200})\"|(?=\D))"
                ),
                "defaulted",
            ),
            (
                re.compile(
                    r"\s{0,4}(?:\.flatMap\([^)\n]{0,60}\)|\.map\([^)\n]{0,60}\)|\)){0,4}\s{0,4}\?\?\s{0,4}(?P<default>\d{1,20})"
                ),
                "defaulted",
            ),
            (re.compile(r"!"), "required"),
        ),
        listen=(
            re.compile(r"(?:configuration|server|config)\.(?:serverPort|port)\s{0,4}=\s{0,4}(?P<port>\d{2,5}|\w{1,40})"),
            re.compile(r"\.hostname\(\s{0,4}(?P<host>\"?[\w.]{1,60}\"?)\s{0,4},\s{0,4}port:\s{0,4}(?P<port>\d{2,5}|[\w.]{1,60})"),
            re.compile(r"addHTTPServer\(\s{0,4}onPort:\s{0,4}(?P<port>\d{2,5}|\w{1,40})"),
            re.compile(
                r"\.bind\(\s{0,4}host:\s{0,4}(?P<host>\"?[\w.]{1,60}\"?)\s{0,4},\s{0,4}port:\s{0,4}(?P<port>\d{2,5}|\w{1,40})"
            ),
            re.compile(r"HTTPServer[.\w]{0,30}\([^\n]{0,60}\bport:\s{0,4}(?P<port>\d{2,5})"),
        ),
        routes=(
            re.compile(
                r"\b(?:app|application|router|routes)\.get\(\s{0,4}(?P<path>\"[^\"\n]{0,80}\"(?:\s{0,2},\s{0,2}\"[^\"\n]{1,80}\"){0,6})"
            ),
            re.compile(r"\b(?:app|router)\.get(?P<path>)\s{0,2}\{"),
        ),
        imports=(re.compile(r"^\s{0,8}(?:@\w{1,20}\s)?import\s{1,4}(\w{1,60})\s*$"),),
        main=re.compile(r"^\s{0,4}@main\b"),
        demands=re.compile(
            r"^\s{0,40}(?:guard|let|var)\b[^\n{}]{0,300}(?:else\s{0,4}\{|\?\?)\s{0,60}(?:\w{1,40}\.\w{1,20}\([^\n]{0,200}\n\s{0,60}){0,2}"
            r"(?:throw\b|fatalError\(|preconditionFailure\(|exit\(|return\s\w{0,20}\.?fail)"
            r"|^\s{0,40}if\s(?:let|var)\b[^{}]{0,300}\{[^{}]{0,300}\}\s{0,9}else\s{0,9}\{\s{0,60}(?:throw\b|fatalError\(|preconditionFailure\()"
        ),
        prefixes=re.compile(r"\.(?:grouped|group)\(\s{0,4}\""),
    )
)

PARSERS: tuple[Parser, ...] = (
    Parser("Package.swift", package_swift, config_kind="manifest"),
    Parser("Package.resolved", package_resolved, "lock", config_kind="lock"),
    Parser("*.swift", swift_source, "source", anywhere=True),
)
