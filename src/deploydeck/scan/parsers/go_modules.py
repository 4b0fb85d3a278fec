"""What Go's own files say: go.mod, go.sum and go.work, and the configuration files that Go frameworks read their port from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Broken, Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.settings_files import port_settings

SCOPE = "go"
_DIRECTIVE = re.compile(r"^(module|go|toolchain|require|replace|exclude|retract|tool|use|godebug|ignore)\b[ \t]{0,20}(.{0,500})$")
_REQUIRE = re.compile(r"^\"?([^\s\"()]{1,300})\"?[ \t]{1,20}(v[^\s]{1,200})(.{0,300})$")
_REPLACE = re.compile(
    r"^([^\s]{1,300})(?:[ \t]{1,20}v[^\s]{1,200})?[ \t]{1,20}=>[ \t]{1,20}([^\s]{1,300})(?:[ \t]{1,20}(v[^\s]{1,200}))?"
)
_SUM = re.compile(r"^([^\s]{1,300}) (v[^\s/]{1,200})(/go\.mod)? h1:")
_APP_CONF = re.compile(r"^[ \t]{0,20}(http\.?port|http\.?addr)[ \t]{0,20}=[ \t]{0,20}[\"']?([^\s\"'#;]{1,60})", re.IGNORECASE)


def _directives(text: Text) -> Iterator[tuple[str, str, int, str]]:
    """(directive, rest, line number, line) of each line, those inside a block under the block's directive."""
    block = ""
    for number, line in enumerate(text.lines, 1):
        bare = line.strip()
        if not bare or bare.startswith("//"):
            continue
        if block:
            if bare.startswith(")"):
                block = ""
            else:
                yield block, bare, number, line
            continue
        match = _DIRECTIVE.match(bare)
        if match is None:
            continue
        rest = match[2].strip()
        if rest.startswith("("):
            block = "" if rest.rstrip().endswith(")") else match[1]
        else:
            yield match[1], rest, number, line


def _plain(text: str) -> str:
    return text.partition("//")[0].strip().strip('"`')


def go_mod(file: str, data: bytes) -> Iterator[Found]:
    """The module, its dependencies (`// indirect` ones only as locked), its Go version, local replacements and tools."""
    text = Text(data)
    seen = list(_directives(text))
    if text.text.strip() and not seen:
        raise Broken("holds no directive of a go.mod", 1)
    toolchain = any(name == "toolchain" for name, *_ in seen)
    yield Found("manifest", "go.mod", "", file, 0, "", SCOPE)
    tools: dict[str, tuple[int, str]] = {}
    for name, rest, number, line in seen:
        if name == "module" and (module := _plain(rest)):
            yield Found("project-name", module, "", file, number, line, SCOPE)
            yield Found("package-field", "module", module, file, number, line, SCOPE)
        elif name == "go":
            version = _plain(rest)
            # With a toolchain line the go line is only the oldest that does.
            yield Found("pin", "go", f">={version}" if toolchain else version, file, number, line, "go.mod")
        elif name == "toolchain" and _plain(rest) not in {"default", "local", ""}:
            yield Found("pin", "go", _plain(rest).removeprefix("go").partition("-")[0], file, number, line, "toolchain")
        elif name == "require" and (match := _REQUIRE.match(rest)):
            version = match[2].removesuffix("+incompatible")
            if "indirect" not in match[3].partition("//")[2]:
                yield Found("dependency", match[1], match[2], file, number, line, SCOPE)
            yield Found("locked", match[1], version, file, number, line, SCOPE)
        elif name == "replace" and (match := _REPLACE.match(rest)):
            if match[2].startswith((".", "/")):
                yield Found("uses-project", match[2], match[1], file, number, line, SCOPE, frozenset({"path"}))
        elif name == "tool":
            tools[_plain(rest)] = (number, line)
    for path, (number, line) in tools.items():
        yield Found("tool", path, "", file, number, line, SCOPE)


def go_sum(file: str, data: bytes) -> Iterator[Found]:
    """Modules that go.sum holds whole (not only their go.mod); go.mod says which version is used where it lists one."""
    text = Text(data)
    newest: dict[str, tuple[str, int, str]] = {}
    for number, line in enumerate(text.lines, 1):
        match = _SUM.match(line)
        if match and not match[3]:
            newest[match[1]] = (match[2].removesuffix("+incompatible"), number, line)  # sorted: the last is the newest
    for name, (version, number, line) in newest.items():
        yield Found("summed", name, version, file, number, line.partition(" h1:")[0], SCOPE)


def go_work(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    yield Found("manifest", "go.work", "", file, 0, "", SCOPE)
    for name, rest, number, line in _directives(text):
        if name == "use" and (path := _plain(rest)):
            yield Found("workspace", path, "", file, number, line, "go")
        elif name == "go":
            yield Found("pin", "go", _plain(rest), file, number, line, "go.work")
        elif name == "toolchain" and _plain(rest).startswith("go1"):
            yield Found("pin", "go", _plain(rest).removeprefix("go").partition("-")[0], file, number, line, "toolchain")


def app_conf(file: str, data: bytes) -> Iterator[Found]:
    """conf/app.conf of Beego and Revel: where the program listens."""
    text = Text(data)
    for number, line in enumerate(text.lines, 1):
        if match := _APP_CONF.match(line):
            name = "server.port" if match[1].lower().endswith("port") else "server.host"
            yield Found("option", name, match[2], file, number, line, SCOPE)


_settings = port_settings(SCOPE)

PARSERS: tuple[Parser, ...] = (
    Parser("go.mod", go_mod, config_kind="manifest"),
    Parser("go.sum", go_sum, "lock"),
    Parser("go.work", go_work, config_kind="manifest"),
    Parser("conf/app.conf", app_conf),
    Parser("etc/*.yaml", _settings),
    *(Parser(f"{name}.{ending}", _settings) for name in ("config", "conf/config") for ending in ("yaml", "yml", "toml")),
    Parser("configs/config.yaml", _settings),
    Parser("configs/config.yml", _settings),
    Parser("config/config.yaml", _settings),
    Parser("config/config.yml", _settings),
)
