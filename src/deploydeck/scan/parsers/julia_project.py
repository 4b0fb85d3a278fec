"""Julia: Project.toml, Manifest.toml, and source line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import items, load_toml, strings, table
from deploydeck.scan.parsers.keys import TOML_KEY, Keys

_LONGEST_LINE = 20_000
_USING = re.compile(r"^\s{0,20}(?:using|import)\s{1,8}([A-Z]\w{0,60}(?:\s{0,4},\s{0,4}[A-Z]\w{0,60}){0,20})")
_READ = re.compile(r"\bENV\[\s{0,4}\"([A-Za-z_]\w{0,99})\"\s{0,4}\](\s{0,8}=(?!=))?")
_GET = re.compile(
    r"\bget\(\s{0,4}ENV\s{0,4},\s{0,8}\"([A-Za-z_]\w{0,99})\"\s{0,8},\s{0,8}(?:\"([^\"\n]{0,200})\"|(\d{1,20}|true|false)|(nothing)|(\S))"
)
_ASKS = re.compile(r"\bhaskey\(\s{0,4}ENV\s{0,4},\s{0,8}\"([A-Za-z_]\w{0,99})\"|\bget\([^\n]{0,80}\bdo\b.{0,4}ENV")
_ROUTE = re.compile(
    r"\broute\(\s{0,8}\"(/[\w./-]{0,100})\"|@get\s{1,8}\(?\s{0,4}\"(/[\w./-]{0,100})\"|register!\([^,\n]{1,40},\s{0,8}\"GET\"\s{0,4},\s{0,8}\"(/[\w./-]{0,100})\"|\bpage\(\s{0,4}\"(/[\w./-]{0,100})\""
)
_SERVE = re.compile(
    r"\b(?:HTTP\.serve!?|HTTP\.listen!?|Genie\.up|up|serve|serveparallel|Genie\.startup|startup|run_server|WebIO\.webio_serve|webio_serve)\(([^\n]{0,200})"
)
_PORT_SET = re.compile(r"\bserver_port\s{0,8}=\s{0,8}([^\n]{1,120})")
_NUMBER = re.compile(r"(?<![\w.])(\d{2,5})(?![\w.])")
_HOST = re.compile(r"\"(0\.0\.0\.0|127\.0\.0\.1|localhost|::)\"|Sockets\.localhost")
_SERVERS = re.compile(rb"\b(?:HTTP|Genie|Oxygen|Mux|Bonito|Dash|Stipple)\b")


def _requirement(text: str) -> str:
    """A compat entry as a range: bare versions mean the same major."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return " || ".join(f"^{part}" if part[0].isdigit() and " - " not in part else part for part in parts)


def project(file: str, data: bytes) -> Iterator[Found]:
    """The package, its dependencies and their compatible versions."""
    source = Text(data)
    content = load_toml(source)
    if not {"deps", "uuid", "compat", "name"} & set(content):
        return
    yield Found("manifest", "Project.toml", "", file, 0, "", "julia")
    if isinstance(name := content.get("name"), str) and name:
        number = source.find("name")
        yield Found("project-name", name[:100], "", file, number, source.line(number), "julia")
    compat = strings(content.get("compat"))
    keys = Keys(source, TOML_KEY)
    for section, development in (("deps", False), ("weakdeps", None), ("extras", True)):
        start = source.find(f"[{section}]")
        for name in table(content.get(section)):
            number = keys.line(str(name), start)
            tags = frozenset({"development"} if development else {"optional"} if development is None else ())
            yield Found(
                "dependency",
                str(name)[:100],
                _requirement(compat.get(name, "")[:100]),
                file,
                number,
                source.line(number),
                "julia",
                tags,
            )
    if version := compat.get("julia", ""):
        number = source.find("julia", source.find("[compat]"))
        yield Found("pin", "julia", _requirement(version[:100]), file, number, source.line(number), "Project.toml")


def manifest(file: str, data: bytes) -> Iterator[Found]:
    """The resolved packages and the Julia that resolved them."""
    source = Text(data)
    content = load_toml(source)
    if isinstance(version := content.get("julia_version"), str):
        number = source.find("julia_version")
        yield Found("pin", "julia", version[:60], file, number, source.line(number), "Manifest.toml")
    lines: dict[str, int] = {}
    for index, row in enumerate(source.lines, 1):
        if match := re.match(r"^\[\[(?:deps\.)?(\w{1,100})\]\]", row[:200]):
            lines.setdefault(match[1], index)
    packages = table(content.get("deps")) or {key: value for key, value in content.items() if isinstance(value, list)}
    for name, entries in packages.items():
        for entry in items(entries)[:1]:
            version = table(entry).get("version")
            if isinstance(version, str):
                number = lines.get(name, 0)
                yield Found("locked", str(name)[:100], version[:60], file, number, source.line(number), "julia")


def julia_source(file: str, data: bytes) -> Iterator[Found]:
    """Packages used, variables, routes and ports."""
    source = Text(data)
    serves = bool(_SERVERS.search(data))
    assigned: dict[str, str] = {}
    for number, row in enumerate(source.lines, 1):
        if len(row) > _LONGEST_LINE or row.lstrip().startswith("#"):
            continue

        def found(
            kind: str, name: str, value: str = "", tags: frozenset[str] = frozenset(), number: int = number, row: str = row
        ) -> Found:
            return Found(kind, name, value, file, number, row, "julia", tags)

        if match := _USING.match(row):
            yield from (found("import", name.strip(), name.strip()) for name in match[1].split(","))
        if "ENV" in row:
            for match in _READ.finditer(row):
                if not match[2]:
                    yield found("env", match[1], "", frozenset({"required"}))
            for match in _GET.finditer(row):
                default = match[2] if match[2] is not None else match[3]
                tags = {"defaulted"} if default is not None else {"defaulted", "computed"} if match[5] else set()
                yield found("env", match[1], default or "", frozenset(tags))
            for match in _ASKS.finditer(row):
                if match[1]:
                    yield found("env", match[1])
        match = re.match(r"^\s{0,20}(?:const\s{1,4})?(\w{1,40})\s{0,8}=(?!=)\s{0,8}(.{1,160})$", row)
        if match and ("port" in match[1].lower() or '"PORT"' in match[2]):
            assigned[match[1]] = match[2]
        if serves and (match := _ROUTE.search(row)):
            yield found("route", next(group for group in match.groups() if group), "app")
        if serves and (match := _SERVE.search(row) or _PORT_SET.search(row)):
            text = match[1]
            name = next((name for name in assigned if re.search(rf"\b{name}\b", text)), "")
            text = text if _NUMBER.search(re.sub(r'"[^"]{0,100}"', "", text)) or not name else f"{text} {assigned[name]}"
            plain = re.sub(r'"\d{1,3}(?:\.\d{1,3}){3}"', "", text)
            port, host = _NUMBER.search(plain.replace('"', " ")), _HOST.search(text)
            env = bool(re.search(r"ENV\W{1,8}PORT\b", text))
            if port or env:
                yield found(
                    "listen", port[1] if port else "", (host[1] or "127.0.0.1") if host else "", frozenset({"env"} if env else ())
                )
            elif "up(" in row or "serve" in row:
                yield found("entry", "main", file)


PARSERS: tuple[Parser, ...] = (
    Parser("Project.toml", project, config_kind="julia"),
    Parser("JuliaProject.toml", project, config_kind="julia"),
    Parser("Manifest.toml", manifest, "lock", config_kind="julia"),
    Parser("JuliaManifest.toml", manifest, "lock", config_kind="julia"),
    Parser("*.jl", julia_source, "source", anywhere=True),
)
