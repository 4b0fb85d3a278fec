"""R: DESCRIPTION, renv.lock, and source line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import load_json, table

_LONGEST_LINE = 20_000
_FIELD = re.compile(r"^([A-Za-z][\w/@.-]{0,60}):\s{0,8}(.{0,5000})$")
_PACKAGE = re.compile(r"([A-Za-z][A-Za-z0-9.]{0,80})\s{0,8}(?:\(\s{0,8}([^()\n]{1,60}?)\s{0,8}\))?")
_WANTED = {"Depends": "", "Imports": "", "LinkingTo": "build", "Suggests": "development", "Enhances": "optional"}
_BASE = frozenset("base stats utils methods graphics grDevices datasets tools parallel splines stats4 tcltk grid compiler".split())
_LIBRARY = re.compile(
    r"\b(?:library|require|requireNamespace|loadNamespace)\(\s{0,8}['\"]?([A-Za-z][A-Za-z0-9.]{0,80})['\"]?|\bbox::use\(\s{0,8}([a-zA-Z][A-Za-z0-9.]{0,80})"
)
_NAMESPACE = re.compile(r"\b([A-Za-z][A-Za-z0-9.]{1,80})::{1,2}[A-Za-z.]")
_INSTALLS = re.compile(
    r"\b(?:install\.packages|renv::install|pak::pkg_install|pak::pak)\(\s{0,40}(?:pkgs\s{0,4}=\s{0,4})?(?:c\(([^()]{0,3000})\)|['\"]([A-Za-z][A-Za-z0-9.]{0,80})['\"])"
)
_ENV = re.compile(
    r"\bSys\.getenv\(\s{0,8}['\"]([A-Za-z_]\w{0,99})['\"](?:\s{0,8},\s{0,8}(?:unset\s{0,4}=\s{0,4})?(?:['\"]([^'\"\n]{0,200})['\"]|(\d{1,20})|(NA)|([A-Za-z(]))?)?"
)
_ROUTE = re.compile(r"^\s{0,8}#[*']\s{0,8}@(?:get|head)\s{1,8}(/[\w./-]{0,100})")
_CALLED_ROUTE = re.compile(
    r"\b(?:app|router|application)\$(?:get|add_get|add_route)\(\s{0,8}(?:path\s{0,4}=\s{0,4})?['\"](/[\w./-]{0,100})['\"]|\bpr_get\(\s{0,8}(?:[\w.]{1,40}\s{0,4},\s{0,8})?['\"](/[\w./-]{0,100})['\"]"
)
_PORT = re.compile(
    r"\b(?:port|http_port|shiny\.port)\s{0,8}=\s{0,8}([^\n]{1,160})|\bstartServer\(\s{0,8}['\"][\w.:]{1,60}['\"]\s{0,4},\s{0,8}([^\n]{1,60})|\bAmbiorix\$new\(([^\n]{0,100})"
)
_NUMBER = re.compile(r"(?<![\w.])(\d{2,5})L?(?![\w.])")
_HOST = re.compile(r"\bhost\s{0,8}=\s{0,8}['\"]([\w.:]{1,60})['\"]|\bstartServer\(\s{0,8}['\"]([\w.:]{1,60})['\"]")
_RUNS = re.compile(
    r"\b(?:runApp|shinyApp|pr_run|shinyAppDir|startServer)\(|\$run\(|\$start\(|shiny\.port|BackendRserve|Ambiorix\$new|\brun_app\("
)
_APPS = (
    (re.compile(r"\bshinyApp\(|\brunApp\(|\bshinyServer\(|\bshinyUI\(|\bshinyAppDir\("), "shiny"),
    (re.compile(r"\bplumb\(|\bpr_run\(|\bpr\(\s{0,4}['\"]|^\s{0,8}#[*']\s{0,8}@(?:get|post|put|delete|apiTitle)\b"), "plumber"),
    (re.compile(r"\bAmbiorix\$new\("), "ambiorix"),
    (re.compile(r"\bBackendRserve\$new\(|RestRserve::"), "restrserve"),
)


def description(file: str, data: bytes) -> Iterator[Found]:
    """The package, its R and the packages it depends on. Only a file with fields of R's own is one."""
    source = Text(data)
    if not re.search(r"^(?:Package|Depends|Imports|Type|Title|Suggests):", source.text, re.MULTILINE):
        return
    yield Found("manifest", "DESCRIPTION", "", file, 0, "", "r")
    field = ""
    for number, row in enumerate(source.lines, 1):
        row = row.rstrip("\r")
        if match := _FIELD.match(row):
            field, rest = match[1], match[2]
            if field == "Package" and rest.strip():
                yield Found("project-name", rest.strip()[:100], "", file, number, row, "r")
        elif row[:1].isspace():
            rest = row[:5000]
        else:
            field, rest = "", ""
        if field in _WANTED:
            for part in rest.split(","):
                found = _PACKAGE.match(part.strip())
                if found is None:
                    continue
                requirement = (found[2] or "").strip()
                if found[1] == "R":
                    if requirement:
                        yield Found("pin", "r", requirement, file, number, row, "DESCRIPTION")
                elif found[1] not in _BASE:
                    tags = frozenset({_WANTED[field]} if _WANTED[field] else ())
                    yield Found("dependency", found[1], requirement, file, number, row, "r", tags)


def renv(file: str, data: bytes) -> Iterator[Found]:
    """The version of R and the resolved packages."""
    source = Text(data)
    content = table(load_json(source))
    version = table(content.get("R")).get("Version")
    if isinstance(version, str) and version:
        number = source.find("Version", source.find('"R"'))
        yield Found("pin", "r", version[:60], file, number, source.line(number), "renv.lock")
    lines: dict[str, int] = {}
    for index, row in enumerate(source.lines, 1):
        if match := re.match(r'^\s{0,40}"([A-Za-z][\w.]{0,80})":\s{0,8}\{', row[:300]):
            lines.setdefault(match[1], index)
    for name, package in table(content.get("Packages")).items():
        version = table(package).get("Version")
        if isinstance(version, str):
            number = lines.get(name, 0)
            yield Found("locked", str(name)[:100], version[:60], file, number, source.line(number), "r")


def r_source(file: str, data: bytes) -> Iterator[Found]:
    """Packages used, variables, routes and ports."""
    source = Text(data)
    seen: set[str] = set()
    for match in islice(_INSTALLS.finditer(source.text), 100) if b"install" in data or b"pak::" in data else ():
        number = source.line_at(match.start())
        for name in re.findall(r"['\"]([A-Za-z][A-Za-z0-9.]{0,80})['\"]", match[1] or f"'{match[2]}'"):
            yield Found("dependency", name, "", file, number, source.line(number), "r")
    runs = bool(_RUNS.search(source.text))
    for number, row in enumerate(source.lines, 1):
        if len(row) > _LONGEST_LINE:
            continue
        if noted := _ROUTE.match(row):
            yield Found("route", noted[1], "app", file, number, row, "r")
        for pattern, name in _APPS:
            if name not in seen and pattern.search(row) and (not row.lstrip().startswith("#") or name == "plumber"):
                seen.add(name)
                yield Found("app", name, "", file, number, row, "r")
        if row.lstrip().startswith("#"):
            continue
        names = [match[1] or match[2] for match in _LIBRARY.finditer(row)] + [match[1] for match in _NAMESPACE.finditer(row)]
        for name in names:
            if f"::{name}" not in seen and name not in _BASE:
                seen.add(f"::{name}")
                yield Found("import", name, name, file, number, row, "r")
        for match in _ENV.finditer(row) if "getenv" in row else ():
            default = match[2] if match[2] is not None else match[3]
            tags = (
                {"defaulted"}
                if default is not None
                else {"defaulted", "computed"}
                if match[5] and not row[match.end(5) - 1 :].startswith("names")
                else set()
            )
            yield Found("env", match[1], default or "", file, number, row, "r", frozenset(tags))
        if called := _CALLED_ROUTE.search(row):
            yield Found("route", called[1] or called[2], "app", file, number, row, "r")
        if runs and (served := _PORT.search(row)):
            text = served[1] or served[2] or served[3] or ""
            port = _NUMBER.search(text)
            env = bool(re.search(r"getenv\W{1,6}PORT\b", text))
            host = _HOST.search(row)
            if (port or env) and not re.search(r"\bdb[A-Z]\w{0,20}\(|\bdrv\b|dbname", row):
                where = (host[1] or host[2]) if host else ""
                yield Found("listen", port[1] if port else "", where, file, number, row, "r", frozenset({"env"} if env else ()))


PARSERS: tuple[Parser, ...] = (
    Parser("DESCRIPTION", description, config_kind="r"),
    Parser("renv.lock", renv, "lock", config_kind="renv"),
    Parser("*.r", r_source, "source", anywhere=True),
    Parser("*.rmd", r_source, "source", anywhere=True),
    Parser("*.qmd", r_source, "source", anywhere=True),
)
