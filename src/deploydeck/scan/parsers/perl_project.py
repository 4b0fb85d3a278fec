"""Perl: cpanfile and its snapshot, Makefile.PL, and source line by line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser

_LONGEST_LINE = 20_000
_MODULE = r"['\"]?([A-Za-z_][\w:]{0,100})['\"]?"
_REQUIRES = re.compile(
    rf"^\s{{0,40}}(requires|recommends|suggests|test_requires|author_requires|configure_requires|build_requires)\s{{0,8}}\(?\s{{0,8}}{_MODULE}"
    r"(?:\s{0,8}(?:,|=>)\s{0,8}['\"]?([^'\";)\n]{0,80})['\"]?)?"
)
_ON = re.compile(r"^\s{0,40}(?:on\s{1,8}['\"]?(\w{1,30})['\"]?|feature\s{1,8}['\"]?\w)")
_PREREQUISITES = re.compile(
    r"\b(PREREQ_PM|TEST_REQUIRES|BUILD_REQUIRES|CONFIGURE_REQUIRES|requires|test_requires|build_requires)\b\s{0,8}=>\s{0,8}\{"
)
_ENTRY = re.compile(rf"(?:^|[{{,\s]){_MODULE}\s{{0,20}}=>\s{{0,8}}['\"]?(v?[\d._]{{1,30}})['\"]?")
_NAME = re.compile(r"^\s{0,40}(?:NAME|DISTNAME|module_name)\s{0,20}=>\s{0,8}['\"]([\w:-]{1,100})['\"]")
_SNAPSHOT = re.compile(r"^ {2}([A-Za-z][\w.-]{0,100})-v?(\d[\w.]{0,40})\s*$")
_USE = re.compile(r"^\s{0,40}(?:use|require)\s{1,8}([A-Z]\w{0,60})((?:::\w{1,60}){0,8})")
_ENV = re.compile(
    r"\$ENV\{\s{0,4}['\"]?([A-Za-z_]\w{0,99})['\"]?\s{0,4}\}(?:\s{0,8}(//=?|\|\|=?|or\b|\?)\s{0,8}(?:(die|croak|confess|exit)\b|['\"]([^'\"\n]{0,200})['\"]|(-?\d{1,20})|(\S))?)?"
)
_WRITTEN = re.compile(r"\$ENV\{\s{0,4}['\"]?(\w{1,99})['\"]?\s{0,4}\}\s{0,8}=(?!=|~)")
_ROUTE = re.compile(
    r"^\s{0,40}(?:\$?(?:r|routes|app|self->routes|router)->)?(get|any|head)\s{0,8}\(?\s{0,8}(?:\[[^\]\n]{0,60}\]\s{0,4}=>\s{0,4})?['\"](/[\w./-]{0,100})['\"]"
)
_PREFIX = re.compile(r"^\s{0,40}(?:prefix\s{1,8}['\"]/|.{0,60}->under\(\s{0,4}['\"]/|mount\s{1,8}['\"]/\w)")
_LISTEN = re.compile(r"https?://(\*|\[::\]|[\w.-]{1,60}):(\d{2,5})\b")
_PORT = re.compile(
    r"(?:\bLocalPort|\bport|\bListenPort)\s{0,8}(?:=>|=)\s{0,8}([^\n,;]{1,120})|->new\(\s{0,4}(\d{4,5})\s{0,4}\)|\bset\s{1,4}port\s{0,4}=>\s{0,4}([^\n;]{1,100})"
)
_PORT_WORTH = re.compile(rb"LocalPort|HTTP::Server::Simple|HTTP::Daemon|\bset\s+port\b|hypnotoad|Mojo::Server|Twiggy|Starman")
_APPS = (
    (
        re.compile(
            r"^\s{0,20}use (?:base|parent) .{0,20}Mojolicious|^\s{0,20}use Mojo(?:licious::Lite|::Base ['\"]Mojolicious['\"])"
        ),
        "mojolicious",
    ),
    (re.compile(r"^\s{0,20}use Dancer2\b"), "dancer2"),
    (re.compile(r"^\s{0,20}use Dancer\b(?!2)"), "dancer"),
    (re.compile(r"^\s{0,20}use Catalyst\b|^\s{0,20}extends ['\"]Catalyst['\"]"), "catalyst"),
)


def perl_version(text: str) -> str:
    """A version of Perl as people write it: "5.026001" and "v5.26.1" are 5.26.1."""
    match = re.match(r"^v?5\.(\d{3})(\d{3})?$", text.replace("_", ""))
    if match:
        last = int(match[2] or 0)
        return f"5.{int(match[1])}" + (f".{last}" if last else "")
    plain = re.match(r"^v?(5(?:\.\d{1,3}){1,2})$", text)
    return plain[1] if plain else ""


def _at_least(version: str) -> str:
    """A requirement of CPAN: a bare version is the oldest that will do, 0 any."""
    return "" if version == "0" else f">= {version}" if version[:1].isdigit() or version[:1] == "v" else version


def cpanfile(file: str, data: bytes) -> Iterator[Found]:
    """Modules with their versions; those of the phases test, develop, configure and build are for development."""
    source = Text(data)
    yield Found("manifest", "cpanfile", "", file, 0, "", "perl")
    phases: list[str] = []
    for number, row in enumerate(source.lines, 1):
        plain = row.partition("#")[0][:2000]
        if match := _ON.match(plain):
            phases.append(match[1] or "feature")
        if match := _REQUIRES.match(plain):
            wanted = (match[3] or "").strip()
            if match[2] == "perl":
                if version := perl_version(wanted):
                    yield Found("pin", "perl", f">={version}", file, number, row, "cpanfile")
                continue
            development = match[1] not in {"requires", "recommends", "suggests"} or bool(
                {"test", "develop", "configure", "build"} & set(phases)
            )
            optional = match[1] in {"recommends", "suggests"} or "feature" in phases
            tags = frozenset(name for name, holds in (("development", development), ("optional", optional)) if holds)
            yield Found("dependency", match[2], _at_least(wanted), file, number, row, "perl", tags)
        if phases and plain.strip().startswith("}"):
            phases.pop()


def makefile_pl(file: str, data: bytes) -> Iterator[Found]:
    """The prerequisites of Makefile.PL and Build.PL, read without running them."""
    source = Text(data)
    yield Found("manifest", file.rpartition("/")[2], "", file, 0, "", "perl")
    section = ""
    for number, row in enumerate(source.lines, 1):
        plain = row.partition("#")[0][:2000]
        if match := _NAME.match(plain):
            yield Found("project-name", match[1], "", file, number, row, "perl")
        oldest = re.search(r"MIN_PERL_VERSION\s{0,20}=>\s{0,8}['\"]?(v?[\d._]{1,20})", plain)
        if oldest and (version := perl_version(oldest[1])):
            yield Found("pin", "perl", f">={version}", file, number, row, "cpanfile")
        if match := _PREREQUISITES.search(plain):
            section, plain = match[1], plain[match.end() :]
        if section:
            for entry in _ENTRY.finditer(plain):
                if entry[1] != "perl":
                    tags = frozenset(() if section in {"PREREQ_PM", "requires"} else {"development"})
                    yield Found("dependency", entry[1], _at_least(entry[2]), file, number, row, "perl", tags)
            if "}" in plain:
                section = ""
        elif match := re.match(
            rf"^\s{{0,8}}(?:requires|test_requires)\s{{1,8}}{_MODULE}(?:\s{{0,8}}(?:=>|,)\s{{0,8}}['\"]?([\d._]{{1,30}}))?", plain
        ):
            tags = frozenset({"development"} if "test_requires" in plain else ())
            yield Found("dependency", match[1], _at_least(match[2] or ""), file, number, row, "perl", tags)


def snapshot(file: str, data: bytes) -> Iterator[Found]:
    """The resolved distributions, by the module of their name."""
    source = Text(data)
    for number, row in enumerate(source.lines, 1):
        if match := _SNAPSHOT.match(row[:300]):
            yield Found("locked", match[1].replace("-", "::"), match[2], file, number, row, "perl")


def perl_source(file: str, data: bytes) -> Iterator[Found]:
    """Variables, modules, applications, routes and addresses."""
    if file.startswith(("script/", "bin/")) and "." not in file.rpartition("/")[2] and b"perl" not in data[:200]:
        return
    source = Text(data)
    serves = bool(_PORT_WORTH.search(data)) or file.rpartition("/")[2] in {"hypnotoad.conf"}
    routes = bool(re.search(rb"Mojolicious|Dancer|Kelp|Amon2|Limper", data))
    for number, row in enumerate(source.lines, 1):
        if row.startswith(("__END__", "__DATA__")):
            return
        if len(row) > _LONGEST_LINE or row.lstrip().startswith("#"):
            continue

        def found(
            kind: str, name: str, value: str = "", tags: frozenset[str] = frozenset(), number: int = number, row: str = row
        ) -> Found:
            return Found(kind, name, value, file, number, row, "perl", tags)

        if match := _USE.match(row):
            yield found("import", match[1], match[1] + match[2])
            if version := re.match(r"^\s{0,20}use\s{1,8}(v?5[\d._]{1,12})\s{0,4};", row):
                yield found("uses-version", version[1])
        for pattern, name in _APPS:
            if pattern.match(row):
                yield found("app", name)
        if "$ENV{" in row:
            yield from _variables(row, found)
        if routes and (match := _ROUTE.match(row)):
            yield found("route", match[2], "app")
        if routes and _PREFIX.match(row):
            yield found("prefixed", "prefix")
        if serves or "listen" in row:
            if match := _LISTEN.search(row):
                if "listen" in row or (serves and "daemon" in row):
                    yield found("listen", match[2], "" if match[1] in {"*", "[::]"} else match[1])
            elif serves and (match := _PORT.search(row)):
                text = match[1] or match[2] or match[3] or ""
                number_ = re.search(r"(?<![\w.])(\d{2,5})(?![\w.])", text)
                env = re.search(r"ENV\{\W{0,4}PORT\b", text)
                if number_ or env:
                    yield found("listen", number_[1] if number_ else "", "", frozenset({"env"} if env else ()))


def _variables(row: str, found: Callable[..., Found]) -> Iterator[Found]:
    written = {match[1] for match in _WRITTEN.finditer(row)}
    for match in _ENV.finditer(row):
        if match[1] in written and row.count(match[1]) == 1:
            continue
        if match[2] == "or" or match[3]:
            tags = {"required"} if match[3] else set()
            yield found("env", match[1], "", frozenset(tags))
        elif match[2] in {"//", "||", "//=", "||="}:
            default = match[4] if match[4] is not None else match[5]
            tags = {"defaulted"} if default is not None else {"defaulted", "computed"}
            yield found("env", match[1], default or "", frozenset(tags | ({"setdefault"} if match[2].endswith("=") else set())))
        else:
            yield found("env", match[1])


PARSERS: tuple[Parser, ...] = (
    Parser("cpanfile", cpanfile, config_kind="cpan"),
    Parser("cpanfile.snapshot", snapshot, "lock", config_kind="cpan"),
    Parser("Makefile.PL", makefile_pl, config_kind="cpan"),
    Parser("Build.PL", makefile_pl, config_kind="cpan"),
    Parser("hypnotoad.conf", perl_source),
    *(Parser(f"*.{extension}", perl_source, "source", anywhere=True) for extension in ("pl", "pm", "psgi", "cgi")),
    Parser("script/*", perl_source, "source"),
)
