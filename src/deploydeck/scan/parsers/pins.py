"""Files that pin the version of a runtime or a tool."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parse, Parser
from deploydeck.scan.parsers.formats import load_toml, table

_VERSION_FILES: dict[str, tuple[str, str]] = {
    ".python-version": ("python", ".python-version"),
    ".nvmrc": ("node", ".nvmrc"),
    ".node-version": ("node", ".node-version"),
    ".ruby-version": ("ruby", ".ruby-version"),
    ".rbenv-version": ("ruby", ".ruby-version"),
    ".java-version": ("java", ".java-version"),
    ".jdk-version": ("java", ".jdk-version"),
    ".go-version": ("go", ".go-version"),
    ".goenv-version": ("go", ".go-version"),
    ".deno-version": ("deno", ".deno-version"),
    ".dvmrc": ("deno", ".dvmrc"),
    ".bun-version": ("bun", ".bun-version"),
    ".swift-version": ("swift", ".swift-version"),
    ".php-version": ("php", ".php-version"),
    ".phpenv-version": ("php", ".php-version"),
    ".elixir-version": ("elixir", ".elixir-version"),
    ".exenv-version": ("elixir", ".elixir-version"),
    ".erlang-version": ("erlang", ".erlang-version"),
    ".crystal-version": ("crystal", ".crystal-version"),
    ".perl-version": ("perl", ".perl-version"),
    ".zig-version": ("zig", ".zig-version"),
    ".zigversion": ("zig", ".zig-version"),
    ".julia-version": ("julia", ".julia-version"),
    ".R-version": ("r", ".R-version"),
    ".dart-version": ("dart", ".dart-version"),
    ".gleam-version": ("gleam", ".gleam-version"),
    ".dotnet-version": ("dotnet", ".dotnet-version"),
}
"""File name to runtime and source, as `sources` in rules/data name it."""

TOOLS: dict[str, str] = {
    "python": "python", "nodejs": "node", "node": "node", "bun": "bun", "deno": "deno", "golang": "go", "go": "go", "rust": "rust",
    "java": "java", "ruby": "ruby", "php": "php", "dotnet": "dotnet", "dotnet-core": "dotnet", "elixir": "elixir",
    "erlang": "erlang",
    "gleam": "gleam", "swift": "swift", "dart": "dart", "crystal": "crystal", "zig": "zig", "nim": "nim", "perl": "perl", "r": "r",
    "julia": "julia",
}  # fmt: skip
"""Names in .tool-versions and mise.toml, in lower case, to runtimes."""

_MANAGERS = frozenset("poetry uv pdm pipenv hatch pixi rye npm pnpm yarn maven gradle sbt bundler composer cargo rebar3".split())
_OTHER_IMPLEMENTATION = re.compile(
    r"^(?:pypy|jython|ironpython|jruby|truffleruby|mruby|rbx|miniconda|anaconda|miniforge|mambaforge)", re.I
)
_VENDOR = re.compile(r"^(?:[A-Za-z_][A-Za-z_0-9]{0,30}-){0,4}v?(?=\d)")
_PYTHON = re.compile(r"^\d+(?:\.\d+){0,2}")
_JAVA = re.compile(r"^(?:1\.)?(\d+(?:\.\d+){0,2})")
_NOT_A_VERSION = frozenset({"", "system", "latest", "none", "default", "ref", "path"})


def version_of(runtime: str, written: str) -> str:
    """The version in what a pin file says: without the vendor's name, `v`, quotes, build numbers; "" when it says none."""
    text = written.strip().strip("'\"").removeprefix("latest:").removeprefix("prefix:").strip()
    if runtime == "node" and re.fullmatch(r"[A-Za-z]+(?:/[A-Za-z*]+)?", text) and text.lower() != "system":
        return text  # lts/*, node, stable: names the rules know
    if text.lower() in _NOT_A_VERSION or text.startswith(("path:", "ref:", "/", ".")) or _OTHER_IMPLEMENTATION.match(text):
        return ""
    if runtime == "java" and (named := re.search(r"[+.-]java(\d{1,2})\b", text)):  # graalvm-ce-22.3.0+java17
        return named[1]
    text = re.sub(r"^(?:go|ruby|php|node|python|java|openjdk64|r)-?v?(?=\d)", "", text, flags=re.IGNORECASE)
    text = _VENDOR.sub("", text)
    if runtime == "python" and (match := _PYTHON.match(text)):
        return match[0]
    if runtime == "java" and (match := _JAVA.match(text)):
        return match[1]
    if runtime in {"elixir", "erlang", "gleam"}:
        text = text.partition("-")[0]
    if runtime == "ruby":
        text = re.sub(r"-?p\d+$", "", text.partition("@")[0])
    return text[:100]


def pin_file(runtime: str, source: str) -> Parse:
    """A parser for a file whose first meaningful line is a version."""

    def parse(file: str, data: bytes) -> Iterator[Found]:
        text = Text(data[:20_000])
        for number, line in enumerate(text.lines[:200], 1):
            value = line.partition("#")[0].strip()
            if not value or value.startswith("//"):
                continue
            first = value if runtime == "node" else value.split()[0]
            version = version_of(runtime, first)
            if not version and first.lower() not in _NOT_A_VERSION and not _OTHER_IMPLEMENTATION.match(first):
                version = first[:100]  # that it cannot be read is worth saying
            if version:
                yield Found("pin", runtime, version, file, number, line, source)
            return

    return parse


def runtime_txt(file: str, data: bytes) -> Iterator[Found]:
    """Heroku's `python-3.12.1`; other platforms name other runtimes in the same way."""
    text = Text(data[:20_000])
    for number, line in enumerate(text.lines[:50], 1):
        value = line.partition("#")[0].strip()
        if not value:
            continue
        name = re.match(r"(python|node|nodejs|ruby|php|java|go|r)-(?=v?\d)", value, re.IGNORECASE)
        runtime = TOOLS[name[1].lower()] if name else "python"
        if (name or re.fullmatch(r"\d[\d.]{0,20}", value)) and (version := version_of(runtime, value)):
            yield Found("pin", runtime, re.sub(r"-\d{4}-.*$", "", version), file, number, line, "runtime.txt")
        return


def tool_versions(file: str, data: bytes) -> Iterator[Found]:
    """asdf's file: a tool and its versions in each line, the first of them in use."""
    text = Text(data[:100_000])
    for number, line in enumerate(text.lines, 1):
        parts = line.partition("#")[0].split()
        if len(parts) >= 2:
            value = next((one for one in parts[1:] if version_of(TOOLS.get(parts[0].lower(), ""), one)), "")
            yield from _tool(parts[0], value, file, number, line, ".tool-versions")


def _tool(name: str, value: str, file: str, number: int, line: str, source: str) -> Iterator[Found]:
    plain = name.lower().removeprefix("core:").removeprefix("asdf:").removeprefix("vfox:")
    runtime = TOOLS.get(plain, "")
    version = version_of(runtime, value)
    if not version:
        return
    if runtime:
        yield Found("pin", runtime, version, file, number, line, source)
    elif plain in _MANAGERS and version[0].isdigit():
        yield Found("manager-version", plain, version, file, number, line, source)


def mise(file: str, data: bytes) -> Iterator[Found]:
    """The tools of mise.toml: a version, a list of them, or a table with one. Raises Broken."""
    text = Text(data)
    content = load_toml(text)
    for name, wanted in table(content.get("tools")).items():
        number = _line_of(text, name)
        yield from _tool(name, _first_version(wanted), file, number, text.line(number), "mise.toml")
    for name in table(content.get("env")):
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,99}", name):
            number = _line_of(text, name)
            yield Found("env", name, "", file, number, f"{name} =", tags=frozenset({"local"}))


def _first_version(wanted: Any) -> str:
    for one in wanted if isinstance(wanted, list) else [wanted]:
        value = one.get("version") if isinstance(one, dict) else one
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            return str(value)[:100]
    return ""


def _line_of(text: Text, name: str) -> int:
    """The line that sets a key, or the table of its name."""
    pattern = re.compile(rf"^\s{{0,20}}(?:\[[a-z]{{1,20}}\.)?[\"']?{re.escape(name)}[\"']?(?:\s{{0,20}}=|\])")
    return next((number for number, line in enumerate(text.lines, 1) if pattern.match(line)), 0)


def sdkman(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data[:20_000])
    for number, line in enumerate(text.lines, 1):
        name, equals, value = line.partition("#")[0].partition("=")
        if equals and name.strip() in {"java", "gradle", "maven", "sbt"}:
            yield from _tool(name.strip(), value.strip(), file, number, line, ".sdkmanrc")


PARSERS: tuple[Parser, ...] = (
    *(Parser(name, pin_file(*what), config_kind="version") for name, what in _VERSION_FILES.items()),
    Parser("runtime.txt", runtime_txt, config_kind="version"),
    Parser(".tool-versions", tool_versions, config_kind="version"),
    Parser(".sdkmanrc", sdkman, config_kind="version"),
    *(
        Parser(name, mise, config_kind="version")
        for name in ("mise.toml", ".mise.toml", ".config/mise.toml", ".config/mise/config.toml", "mise/config.toml", ".rtx.toml")
    ),
)
