"""Haskell: stack.yaml, package.yaml, *.cabal, cabal.project and source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import items, load_yaml, table
from deploydeck.scan.parsers.source_patterns import Patterns, reader

SCOPE = "haskell"
_LTS = {
    "24": "9.10",
    "23": "9.8",
    "22": "9.6",
    "21": "9.4",
    "20": "9.2",
    "19": "9.0",
    "18": "8.10",
    "17": "8.10",
    "16": "8.8",
    "15": "8.8",
    "14": "8.6",
    "13": "8.6",
    "12": "8.4",
}
"""The GHC line of each Stackage long-term release."""
_STANZA = re.compile(
    r"^(executable|library|test-suite|benchmark|common|foreign-library|flag|source-repository)\b[ \t]{0,20}([\w.-]{0,100})",
    re.IGNORECASE,
)
_FIELD = re.compile(r"^(\s{0,60})([A-Za-z][\w-]{0,40})\s{0,9}:\s{0,9}(.{0,2000})$")
_ONE = re.compile(r"^\s{0,40}([A-Za-z][A-Za-z0-9-]{0,80})(?::[\w{}, -]{1,60})?\s{0,9}([^,]{0,120})$")
_FREEZE = re.compile(r"(?:any\.)?([A-Za-z][A-Za-z0-9-]{0,80})\s{0,4}==\s{0,4}(\d[\d.]{0,40})")


def _dependencies(file: str, number: int, line: str, text: str, tags: frozenset[str]) -> Iterator[Found]:
    for part in text.split(","):
        if (match := _ONE.match(part.strip())) and match[1] not in {"base"}:
            yield Found("dependency", match[1], match[2].strip(), file, number, line, SCOPE, tags)


def stack_yaml(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    top = table(load_yaml(text))
    yield Found("manifest", "stack.yaml", "", file, 0, "", SCOPE)
    for key in ("compiler", "resolver", "snapshot"):
        value = top.get(key)
        if not isinstance(value, str):
            continue
        number = next((n for n, one in enumerate(text.lines, 1) if one.startswith(f"{key}:")), 0)
        ghc = re.search(r"ghc-(\d{1,3}(?:\.\d{1,3}){1,2})", value)
        lts = re.search(r"lts[-/](\d{1,3})", value)
        version = ghc[1] if ghc else _LTS.get(lts[1], "") if lts else ""
        if version:
            yield Found("pin", "haskell", version, file, number, text.line(number), "stack.yaml")
            break
    for member in items(top.get("packages"))[:200]:
        if isinstance(member, str) and member not in {".", "./"}:
            number = text.find(member)
            yield Found("workspace", member, "", file, number, text.line(number), "stack")


def package_yaml(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    top = table(load_yaml(text))
    if not top:
        return
    yield Found("manifest", "package.yaml", "", file, 0, "", SCOPE)
    if isinstance(name := top.get("name"), str):
        number = text.find(name)
        yield Found("project-name", name, "", file, number, text.line(number), SCOPE)
    holders = [(top, frozenset[str]()), (table(top.get("library")), frozenset[str]())]
    holders += [(table(one), frozenset[str]()) for one in table(top.get("executables")).values()]
    holders += [(table(one), frozenset({"development"})) for key in ("tests", "benchmarks") for one in table(top.get(key)).values()]
    seen: set[str] = set()
    for holder, tags in holders:
        wanted = holder.get("dependencies")
        listed = items(wanted) or ([f"{key} {value}" for key, value in wanted.items()] if isinstance(wanted, dict) else [wanted])
        for one in listed[:500]:
            if isinstance(one, str) and one not in seen:
                seen.add(one)
                number = text.find(one) or text.find(one.split()[0] if one.split() else one)
                yield from _dependencies(file, number, text.line(number), one, tags)
    for name in [*table(top.get("executables")), *([str(top.get("name"))] if top.get("executable") else [])]:
        number = text.find(str(name), text.find("executable"))
        yield Found("entry", "bin", str(name)[:100], file, number, text.line(number), SCOPE)


def cabal(file: str, data: bytes) -> Iterator[Found]:
    """Name, executables and the dependencies of each stanza, by lines and their indentation."""
    text = Text(data)
    yield Found("manifest", "cabal", "", file, 0, "", SCOPE)
    tags: frozenset[str] = frozenset()
    depends = -1
    for number, raw in enumerate(text.lines, 1):
        line = raw.partition("--")[0].rstrip()
        if not line.strip():
            continue
        if match := _STANZA.match(line):
            kind = match[1].lower()
            tags, depends = frozenset({"development"} if kind in {"test-suite", "benchmark"} else ()), -1
            if kind == "executable" and match[2]:
                yield Found("entry", "bin", match[2], file, number, raw, SCOPE)
            continue
        field = _FIELD.match(line)
        indent = len(line) - len(line.lstrip())
        if field and not (depends >= 0 and indent > depends):
            depends = -1
            key = field[2].lower()
            if key == "name" and indent == 0:
                yield Found("project-name", field[3].strip(), "", file, number, raw, SCOPE)
            elif key == "tested-with" and (version := re.search(r"GHC\s{0,4}={2,3}\s{0,4}(\d[\d.]{0,20})", field[3])):
                yield Found("pin", "haskell", version[1], file, number, raw, "tested-with")
            elif key == "build-depends":
                depends = indent
                yield from _dependencies(file, number, raw, field[3], tags)
        elif depends >= 0 and indent > depends:
            yield from _dependencies(file, number, raw, line, tags)
        else:
            depends = -1


def cabal_project(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    yield Found("manifest", "cabal.project", "", file, 0, "", SCOPE)
    packages = False
    for number, raw in enumerate(text.lines, 1):
        line = raw.partition("--")[0].rstrip()
        if match := re.match(r"with-compiler\s{0,4}:\s{0,4}ghc-(\d[\d.]{0,20})", line):
            yield Found("pin", "haskell", match[1], file, number, raw, "cabal.project")
        opens = line.startswith("packages:")
        packages = opens or (packages and line[:1] in {" ", "\t"})
        for word in line.removeprefix("packages:").split() if packages else ():
            path = word.strip(",").rstrip("/")
            path = path.rpartition("/")[0] if path.endswith(".cabal") else path
            if path not in {"", ".", "./", "*"}:
                yield Found("workspace", path, "", file, number, raw, "cabal")


def freeze(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    for number, raw in enumerate(text.lines, 1):
        for match in _FREEZE.finditer(raw):
            yield Found("locked", match[1], match[2], file, number, raw, SCOPE)


def yesod_routes(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    for number, raw in enumerate(text.lines, 1):
        match = re.match(r"^(/[\w/.\-]{0,100})\s{1,20}\w{1,60}R\b(.{0,100})$", raw)
        if match and ("GET" in match[2] or not re.search(r"\b(?:POST|PUT|DELETE)\b", match[2])):
            yield Found("route", match[1], "app", file, number, raw, SCOPE)


def yesod_settings(file: str, data: bytes) -> Iterator[Found]:
    """config/settings.yml of Yesod: `port: "_env:PORT:3000"`."""
    text = Text(data)
    for number, raw in enumerate(text.lines, 1):
        if match := re.match(r"^\s{0,20}([\w-]{1,40}):\s{0,9}\"?_env:(\w{1,80}):([^\"\n]{0,200})\"?", raw):
            yield Found("env", match[2], match[3].strip(), file, number, raw, SCOPE, frozenset({"defaulted"}))
            if match[1] == "port" and match[3].strip().isdigit():
                yield Found("option", "server.port", match[3].strip(), file, number, raw, SCOPE)


haskell_source = reader(
    Patterns(
        scope=SCOPE,
        worth=re.compile(rb"[eE]nv|[pP]ort|scotty|\brun\b|warp|\bimport\b|^main"),
        comment="--",
        env=(
            (
                re.compile(
                    r"(?:fromMaybe\s{1,4}\"(?P<default>[^\"\n]{0,200})\"\s{0,4}<\$>\s{0,4}|maybe\s{1,4}(?P<computed>\"?[\w.]{1,60}\"?)[^\n<]{0,80}<\$>\s{0,4})(?:\w{1,30}\.)?lookupEnv\s{1,4}\"(?P<name>\w{1,100})\""
                ),
                "",
            ),
            (re.compile(r"(?<!\$>\s)(?<!\$> )\blookupEnv\s{1,4}\"(?P<name>\w{1,100})\""), ""),
            (re.compile(r"\bgetEnv\s{1,4}\"(?P<name>\w{1,100})\""), "required"),
            (re.compile(r"\bgetEnvDefault\s{1,4}\"(?P<name>\w{1,100})\"\s{1,4}\"(?P<default>[^\"\n]{0,200})\""), "defaulted"),
        ),
        listen=(
            re.compile(r"\b(?:scotty|scottyT|warp|warpEnv|runEnv|toWaiApp|spock)\s{1,4}(?P<port>\d{2,5}|[a-z]\w{0,40})\b"),
            re.compile(r"\b(?:Warp\.)?run\s{1,4}(?P<port>\d{2,5})\b"),
            re.compile(r"\bWarp\.run\s{1,4}(?P<port>[a-z]\w{0,40})\b"),
            re.compile(r"\bsetPort\s{1,4}\(?(?P<port>\d{2,5}|[a-z]\w{0,40})\b"),
            re.compile(r"\brunSpock\s{1,4}(?P<port>\d{2,5}|[a-z]\w{0,40})\b"),
        ),
        routes=(
            re.compile(r"^\s{0,60}(?:Scotty\.)?get\s{1,4}\(?\"(?P<path>/[^\"\n]{0,100})\""),
            re.compile(r"(?:^|[=(]|:<\|>)\s{0,20}\"(?P<path>[\w\-.]{1,60})\"\s{0,4}:>\s{0,4}(?:Get|Verb\s{1,2}'GET)\b"),
        ),
        imports=(re.compile(r"^\s{0,4}import\s{1,4}(?:qualified\s{1,4})?([A-Z][\w.]{0,80})"),),
        main=re.compile(r"^main\s{0,4}::"),
    )
)

PARSERS: tuple[Parser, ...] = (
    Parser("stack.yaml", stack_yaml, config_kind="manifest"),
    Parser("package.yaml", package_yaml, config_kind="manifest"),
    Parser("*.cabal", cabal, config_kind="manifest"),
    Parser("cabal.project", cabal_project, config_kind="manifest"),
    Parser("cabal.project.freeze", freeze, "lock", config_kind="lock"),
    Parser("config/routes", yesod_routes),
    Parser("config/routes.yesodroutes", yesod_routes),
    Parser("config/settings.yml", yesod_settings),
    Parser("*.hs", haskell_source, "source", anywhere=True),
)
