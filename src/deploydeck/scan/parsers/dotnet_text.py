"""F#, Visual Basic, Razor pages and single-file C# programs, by bounded patterns: there is no syntax tree for them here."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.dotnet_packages import usual
from deploydeck.scan.parsers.dotnet_settings import ANYWHERE, address
from deploydeck.scan.parsers.dotnet_tables import CONSTRUCTED, DATASOURCE_CALLS, SET_BY_HOST

_LONGEST_LINE = 20_000
_ENV = re.compile(r"\bGetEnvironmentVariable\s{0,4}\(?\s{0,4}\"([A-Za-z_][A-Za-z0-9_]{0,99})\"")
_PIPED = re.compile(
    r"(?:Option|ValueOption)\.defaultValue\s{1,4}\"?([^\"\s)]{1,200})|defaultArg\s[^\n]{0,120}\"([^\"]{0,200})\"\s*$"
)
_IF = re.compile(
    r"\bIf\(\s{0,4}(?:System\.)?Environment\.GetEnvironmentVariable\([^)]{1,120}\)\s{0,4},\s{0,4}(?:\"([^\"]{0,200})\"|(Nothing))?"
)
_CONFIGURED = re.compile(
    r"\b[Cc]onfig(?:uration)?(?:\.Item)?[.]?(?:\[|\()\s{0,4}\"([A-Za-z0-9_:.-]{1,150})\"|GetConnectionString\s{0,2}\(?\s{0,4}\"([A-Za-z0-9_.-]{1,100})\""
)
_URL = re.compile(r"(?:\burl|UseUrls|\.Urls\.Add|\.Run|Prefixes\.Add)\s{0,4}\(?\s{0,4}\[?\|?\s{0,4}\$?\"(https?://[^\"]{3,200})\"")
_SUAVE = re.compile(r"createSimple\s{1,4}HTTPS?\s{1,4}\"([0-9.a-z]{1,60})\"\s{1,4}(?:(\d{2,5})|(\w{1,40}))")
_PORT = re.compile(r"ListenAnyIP\s{0,4}\(\s{0,4}(\d{2,5})")
_ROUTE = re.compile(
    r"(?:\b(?:route|routeCi|get|Get|path|MapGet|MapHealthChecks|UseHealthChecks|GET\s{0,4}>=>\s{0,4}path)\s{0,4}\(?|\bGET\s{0,4}\[?\s{0,4}route\s)\s{0,4}\"(/[^\"%\s]{0,100})\""
)
_APPS = (
    (re.compile(r"\bWebApplication\.Create|\bConfigureWebHost|\bWebHost\.CreateDefaultBuilder|\bWebHostBuilder\("), "aspnet"),
    (re.compile(r"\bstartWebServer(?:Async)?\b"), "suave"),
    (re.compile(r"\bUseGiraffe\b"), "giraffe"),
    (re.compile(r"\b(?:UseFalco|webHost \[)"), "falco"),
)
_CALL = re.compile(r"\.((?:Use|Add|Using)[A-Za-z]{3,40})\b|\bnew\s{1,4}([A-Z][A-Za-z]{4,40})\(|\b([A-Z][A-Za-z]{3,30}Connection)\(")
_WORTH = re.compile(
    rb"GetEnvironmentVariable|onfiguration|GetConnectionString|https?://|createSimple|ListenAnyIP|route|\bget|\bGET|path|WebApplication|WebHost|startWebServer"
    rb"|UseGiraffe|\.Use[A-Z]|\.Add[A-Z]|Connection\("
)
_DIRECTIVE = re.compile(r"^#:(package|sdk|property|project)\s{1,8}([^\s@=]{1,200})(?:[@=\s]\s{0,4}(\S{1,200}))?\s*$")
_PAGE = re.compile(r'^\s{0,20}@page(?:\s{1,8}"(/[^"{]{0,100})")?\s*$')


def fsharp(file: str, data: bytes) -> Iterator[Found]:
    yield from _lines(file, data, "//")


def visual_basic(file: str, data: bytes) -> Iterator[Found]:
    yield from _lines(file, data, "'")


def _lines(file: str, data: bytes, comment: str) -> Iterator[Found]:
    if not _WORTH.search(data):
        return
    text = Text(data)
    reads_port = b'"PORT"' in data
    for number, line in enumerate(text.lines, 1):
        if len(line) > _LONGEST_LINE or line.lstrip().startswith(comment):
            continue

        def found(kind: str, name: str, value: str = "", *tags: str, number: int = number, line: str = line) -> Found:
            return Found(kind, name, value, file, number, line, "dotnet", frozenset(tags))

        for match in _ENV.finditer(line):
            if match[1] not in SET_BY_HOST:
                value, tags = _default(line + (text.lines[number] if number < len(text.lines) else "")[:300])
                yield found("env", match[1], value, *tags)
        for match in _CONFIGURED.finditer(line):
            yield found("configuration", match[1] or f"ConnectionStrings:{match[2]}")
        for match in _URL.finditer(line):
            part = re.sub(r"\{[^}]{0,40}\}", "", match[1]).rstrip(":/")
            if (known := address(part)) and (known[2] or reads_port):
                yield found("listen", known[2], known[1], *(("env",) if reads_port and "{" in match[1] else ()))
        for match in _SUAVE.finditer(line):
            yield found("listen", match[2] or "", match[1], *(("env",) if reads_port and match[3] else ()))
        for match in _PORT.finditer(line):
            yield found("listen", match[1], ANYWHERE)
        for match in _ROUTE.finditer(line):
            yield found("route", match[1], "app", *(("health",) if "HealthChecks" in match[0] else ()))
        for pattern, app in _APPS:
            if pattern.search(line):
                yield found("app", app)
        for match in _CALL.finditer(line):
            service = DATASOURCE_CALLS.get(match[1] or "") or CONSTRUCTED.get(match[2] or match[3] or "", "")
            if service:
                yield found("datasource", service, match[1] or match[2] or match[3], *(("sqlite",) if service == "sqlite" else ()))


def _default(line: str) -> tuple[str, tuple[str, ...]]:
    if match := _PIPED.search(line):
        value = match[1] if match[1] is not None else match[2]
        return value, ("defaulted",)
    if match := _IF.search(line):
        return match[1] or "", ("defaulted",) if match[1] is not None else ("defaulted", "computed")
    if "failwith" in line or "Throw New" in line:
        return "", ("required",)
    return "", ()


def razor(file: str, data: bytes) -> Iterator[Found]:
    """The addresses of pages: Pages/Index.cshtml is at /, a component says it in `@page`."""
    if b"@page" not in data:
        return
    text = Text(data)
    for number, line in enumerate(text.lines[:200], 1):
        if match := _PAGE.match(line[:300]):
            path = match[1] or _by_name(file)
            if path:
                yield Found(
                    "route", path.lower() if not match[1] else path, "app", file, number, line, "dotnet", frozenset({"page"})
                )


def _by_name(file: str) -> str:
    _, pages, rest = f"/{file}".rpartition("/Pages/")
    if not pages or "/Areas/" in f"/{file}" or not rest.endswith(".cshtml"):
        return ""
    path = "/" + rest.removesuffix(".cshtml")
    return path.removesuffix("/Index").removesuffix("Index") or "/" if path.endswith("/Index") else path


def single_file(file: str, data: bytes) -> Iterator[Found]:
    """A program of one file: `#:package Name@1.0`, `#:sdk Microsoft.NET.Sdk.Web`, which SDK 10 was the first to run."""
    text = Text(data)
    first = True
    for number, line in enumerate(text.lines[:100], 1):
        match = _DIRECTIVE.match(line[:500].rstrip())
        if not match:
            continue
        what, name, value = match[1], match[2], match[3] or ""
        if first:
            first = False
            yield Found("entry", "single-file", file, file, number, line, "dotnet")
            if b"TargetFramework=" not in data[:4000].replace(b" ", b""):
                yield Found("pin", "dotnet", ">=10.0", file, number, line, "TargetFramework")
        if what == "package":
            yield Found("dependency", usual(name), value, file, number, line, "dotnet")
        elif what == "sdk":
            yield Found("tool", name, value, file, number, line, "dotnet")
        elif what == "project":
            yield Found("uses-project", name.replace("\\", "/"), "", file, number, line, "dotnet", frozenset({"path"}))
        elif name == "TargetFramework" and (version := re.match(r"net(\d{1,2}\.\d)", value)):
            yield Found("pin", "dotnet", version[1], file, number, line, "TargetFramework")
        else:
            yield Found("option", name, value, file, number, line, "dotnet")
