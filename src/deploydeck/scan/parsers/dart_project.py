"""Dart and Flutter: pubspec files and source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Broken, Found, Text, short
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import items, load_yaml, strings, table

_SECTIONS = (
    ("dependencies", frozenset[str]()),
    ("dev_dependencies", frozenset({"development"})),
)
_SDKS = frozenset(
    {"flutter", "flutter_test", "flutter_localizations", "flutter_web_plugins", "flutter_driver", "integration_test", "sky_engine"}
)
_YAML_KEY = re.compile(r"^( {0,40})[\"']?([A-Za-z_][\w.-]{0,100})[\"']?\s{0,4}:")
ANYWHERE = "0.0.0.0"  # noqa: S104 - read in source, never bound
_LONGEST_LINE = 20_000
_LOCKED = re.compile(r"^ {2}([a-z_][a-z0-9_]{0,100}):\s*$")
_LOCKED_VERSION = re.compile(r'^ {4}version: "?([0-9][\w.+-]{0,60})"?')
_LOCKED_KIND = re.compile(r'^ {4}dependency: "?(direct main|direct dev|direct overridden|transitive)"?')
_WORTH = re.compile(
    rb"Platform\.environment|fromEnvironment|\bserve\(|shelfRun|HttpServer|\bimport\s|DotEnv|dotenv|\.listen\(|\.bind\(|Router\(|@Route|\.get\("
)
_IMPORT = re.compile(r"^\s{0,8}import\s{1,8}['\"]package:([a-z_][a-z0-9_]{0,100})/([^'\"]{0,100})['\"]")
_ENV = re.compile(
    r"(?:\bPlatform\.environment|\b[a-zA-Z_.]{0,30}(?:[dD]ot[eE]nv(?:\.env)?|\benv))\[\s{0,4}['\"]([A-Za-z_][A-Za-z0-9_]{0,99})['\"]\s{0,4}\]"
    r"(!)?(?:\s{0,80}\?\?\s{0,80}(?:['\"]([^'\"\n]{0,200})['\"]|(\d{1,20})|(throw\b)|(\S)))?"
)
_ENV_KEY = re.compile(r"\bPlatform\.environment\.containsKey\(\s{0,4}['\"]([A-Za-z_][A-Za-z0-9_]{0,99})['\"]")
_BUILD = re.compile(
    r"\b(?:String|bool|int)\.(?:from|has)Environment\(\s{0,4}['\"]([A-Za-z_][A-Za-z0-9_]{0,99})['\"]"
    r"(?:\s{0,4},\s{0,4}defaultValue\s{0,4}:\s{0,4}(?:['\"]([^'\"\n]{0,200})['\"]|(\w{1,30})))?"
)
_SERVE = re.compile(
    r"\b(?:serve|shelfRun)\(([^;]{0,300})|\bHttpServer\s{0,40}\.bind(?:Secure)?\(([^;]{0,300})|\bapp\.(?:listen|startServer)\(([^;]{0,200})"
)
_PORT_NAME = re.compile(r"\b(?:final|const|var|int)\b[^\n=]{0,40}\bport\w{0,20}\s{0,4}=([^;]{0,300})", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.])([1-9]\d{1,4})(?![\w.])")
_ROUTE = re.compile(r"(?:\b(\w{1,40})|\))?\s{0,4}\.\.?(?:get|all|mount)\(\s{0,4}r?['\"](/[A-Za-z0-9_./<>{}:|-]{0,100})['\"]")
_ROUTE_TAG = re.compile(r"@Route\.get\(\s{0,4}['\"](/[^'\"]{0,100})['\"]")
_READS_PORT = re.compile(r"\benv(?:ironment)?\[\s{0,4}['\"]PORT['\"]")
_COMMENT = re.compile(r"^\s{0,200}//")
_MAIN = re.compile(r"^\s{0,4}(?:Future<void>\s|Future\s|void\s|dynamic\s)?\s{0,4}main\s{0,4}\(", re.MULTILINE)


def pubspec(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = load_yaml(text)
    if not isinstance(content, dict):
        raise Broken("a pubspec holds a mapping", 1)

    places = _places(text)

    def at(key: str, section: str = "") -> tuple[int, str]:
        number = places.get((section, key), 0)
        return number, text.line(number)

    yield Found("manifest", "pubspec.yaml", "", file, 1, text.line(1), "dart")
    if isinstance(name := content.get("name"), str):
        yield Found("project-name", name[:200], "", file, *at("name"), "dart")
    for section, tags in _SECTIONS:
        for name, wanted in table(content.get(section)).items():
            yield from _dependency(file, str(name), wanted, at(str(name), section), tags)
    environment = strings(content.get("environment"))
    if sdk := environment.get("sdk"):
        yield Found("pin", "dart", sdk[:100], file, *at("sdk", "environment"), "pubspec.yaml")
    if flutter := environment.get("flutter"):
        yield Found("pin", "flutter", flutter[:100], file, *at("flutter", "environment"), "pubspec.yaml")
    for member in items(content.get("workspace"))[:200]:
        if isinstance(member, str):
            line = text.find(member)
            yield Found("workspace", member.rstrip("/"), "", file, line, text.line(line), "dart")
    for name, script in table(content.get("executables")).items():
        yield Found("entry", "executable", short(script or name), file, *at(str(name), "executables"), "dart")
    if mode := strings(content.get("jaspr")).get("mode"):
        yield Found("option", "jaspr.mode", mode[:40], file, *at("mode", "jaspr"), "dart")
    if "plugin" in table(content.get("flutter")):
        yield Found("package-field", "plugin", "", file, *at("plugin", "flutter"), "dart")
    if "flutter" in content:
        yield Found("tool", "flutter", "", file, *at("flutter"), "dart")


def _places(text: Text) -> dict[tuple[str, str], int]:
    """The line of each key at the top ("", key) and of each key below it (section, key)."""
    found: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.lines, 1):
        if match := _YAML_KEY.match(line[:300]):
            if not match[1]:
                section = match[2]
                found.setdefault(("", section), number)
            else:
                found.setdefault((section, match[2]), number)
    return found


def _dependency(file: str, name: str, wanted: object, place: tuple[int, str], tags: frozenset[str]) -> Iterator[Found]:
    entry = table(wanted)
    if entry.get("sdk"):
        yield Found("dependency", name, "", file, *place, "dart", tags | {"sdk"})
        return
    if path := strings(entry).get("path"):
        yield Found("uses-project", path.rstrip("/"), "", file, *place, "dart", frozenset({"path"}))
    version = wanted if isinstance(wanted, str) else strings(entry).get("version", "")
    yield Found("dependency", name, "" if version == "any" else version[:100], file, *place, "dart", tags)


def pubspec_lock(file: str, data: bytes) -> Iterator[Found]:
    """Every package with its version, by lines: lock files are written by a program and may be large."""
    text = Text(data)
    name, at, kind = "", 0, ""
    for number, line in enumerate(text.lines, 1):
        if match := _LOCKED.match(line[:200]):
            name, at, kind = match[1], number, ""
        elif match := _LOCKED_KIND.match(line[:200]):
            kind = match[1]
        elif name and (match := _LOCKED_VERSION.match(line[:200])):
            tags = frozenset({"development"} if kind == "direct dev" else ())
            if name not in _SDKS:
                yield Found("locked", name, match[1], file, at, f"{name} {match[1]}", "dart", tags)
            name = ""
        elif line.startswith("sdks:"):
            return


def dart_source(file: str, data: bytes) -> Iterator[Found]:
    if not _WORTH.search(data):
        return
    text = Text(data)
    ports: list[tuple[int, str]] = []
    if file.startswith("bin/") and (main := _MAIN.search(text.text)):
        line_of_main = text.line_at(main.start())
        yield Found("entry", "main", file, file, line_of_main, text.line(line_of_main), "dart")
    prefixed = b".mount(" in data
    for number, line in enumerate(text.lines, 1):
        if len(line) > _LONGEST_LINE or _COMMENT.match(line):
            continue
        if match := _IMPORT.match(line):
            yield Found("import", match[1], f"{match[1]}/{match[2]}", file, number, line, "dart")
            continue
        joined = line if ";" in line else "\n".join([line, *text.lines[number : number + 5]])[: len(line) + 1000]
        yield from _environment(file, number, line, joined)
        if (named := _PORT_NAME.search(joined)) and named.start() < len(line):
            ports.append((number, named[1]))
        for match in _SERVE.finditer(joined):
            if match.start() < len(line):
                yield _listening(file, number, line, next(filter(None, match.groups()), ""), ports, text)
        for match in _ROUTE.finditer(line):
            kind = "prefixed" if ".mount(" in match[0] else "route"
            yield Found(
                kind,
                match[2] if kind == "route" else "mount",
                (match[1] or "app") if prefixed else "app",
                file,
                number,
                line,
                "dart",
            )
        for match in _ROUTE_TAG.finditer(line):
            yield Found("route", match[1], "app" if not prefixed else "router", file, number, line, "dart")


def _environment(file: str, number: int, line: str, joined: str) -> Iterator[Found]:
    for match in _ENV.finditer(joined):
        if match.start() > len(line):
            break
        name, sure, text, digits, thrown, other = match.groups()
        tags: set[str] = {"required"} if sure or thrown else set()
        if text is not None or digits is not None:
            tags = {"defaulted"}
        elif other:
            tags = {"defaulted", "computed"}
        yield Found("env", name, text if text is not None else digits or "", file, number, line, "dart", frozenset(tags))
    for match in _ENV_KEY.finditer(line):
        yield Found("env", match[1], "", file, number, line, "dart")
    for match in _BUILD.finditer(line):
        default = match[2] if match[2] is not None else match[3]
        tags = {"build"} | ({"defaulted"} if default is not None else set())
        yield Found("env", match[1], default or "", file, number, line, "dart", frozenset(tags))


def _listening(file: str, number: int, line: str, given: str, ports: list[tuple[int, str]], text: Text) -> Found:
    host = ""
    if "loopback" in given or "localhost" in given or "127.0.0.1" in given:
        host = "127.0.0.1"
    elif "anyIP" in given or ANYWHERE in given:
        host = ANYWHERE
    plain = re.sub(r"['\"][0-9.]{7,15}['\"]", "", given)
    literal = _NUMBER.search(plain.replace("_", ""))
    tags: set[str] = set()
    at = number
    if not literal and re.search(r"port", plain, re.IGNORECASE) and ports:
        at, written = next((one for one in reversed(ports) if _NUMBER.search(one[1])), ports[-1])
        literal = _NUMBER.search(written)
        computed = not written.strip().isdigit()  # through a variable or two; where the file reads PORT, it is for this
        plain = "'PORT'" if computed and _READS_PORT.search(text.text) else ""
    if re.search(r"['\"]PORT['\"]", plain):
        tags.add("env")
    return Found("listen", literal[1] if literal else "", host, file, at, text.line(at), "dart", frozenset(tags))


PARSERS: tuple[Parser, ...] = (
    Parser("pubspec.yaml", pubspec, config_kind="pubspec"),
    Parser("pubspec.yml", pubspec, config_kind="pubspec"),
    Parser("pubspec.lock", pubspec_lock, "lock", config_kind="lock"),
    Parser("*.dart", dart_source, "source", anywhere=True),
)
