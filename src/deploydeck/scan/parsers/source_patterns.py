"""Source of languages without a grammar here, line by line with bounded patterns: a table for each language, one reader for all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parse
from deploydeck.scan.parsers.certain import certain_text
from deploydeck.scan.parsers.listening import HOLE, SIDE, Value, listening

_LONGEST_LINE = 4_000
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")
_ASSIGNED = re.compile(
    r"\b([A-Za-z_]\w{0,40})\b(?:\s{0,8}:\s{0,4}[\w.?<>]{1,30})?(?:\[\w{0,6}\])?\s{0,8}(?:=|:=|<-|\bis\b|\s(?=\d{2,5}\s*$))\s{0,8}([^\n]{1,160})"
)
_DEFINED = re.compile(r"^\s{0,9}#\s{0,4}define\s{1,9}(\w{0,60}PORT\w{0,20})\s{1,9}\(?(\d{2,5})")
_NUMBER = re.compile(r"(?<![\w.])(\d{2,5})(?![\w.]|\s*\*)")


@dataclass(frozen=True, slots=True)
class Patterns:
    """What a language's source looks like. The groups: `name` and `default` of `env`, `host` and `port` of
    `listen`, `path` of `routes`.

    `after` is what may follow a read of a variable: (pattern with `default`, tags), `apps` are signs of a framework.
    """

    scope: str
    worth: re.Pattern[bytes]
    comment: str
    env: tuple[tuple[re.Pattern[str], str], ...] = ()
    after: tuple[tuple[re.Pattern[str], str], ...] = ()
    listen: tuple[re.Pattern[str], ...] = ()
    routes: tuple[re.Pattern[str], ...] = ()
    imports: tuple[re.Pattern[str], ...] = ()
    main: re.Pattern[str] | None = None
    apps: tuple[tuple[re.Pattern[str], str], ...] = field(default=())
    prefixes: re.Pattern[str] | None = None
    demands: re.Pattern[str] | None = None
    """A read on this line that fails when there is none, seen with the lines after it."""


def reader(patterns: Patterns) -> Parse:
    """The parser that these patterns make."""

    every = patterns

    def parse(file: str, data: bytes) -> Iterator[Found]:
        if not every.worth.search(data):
            return
        text = Text(data)
        patterns = _possible(every, text.text)
        assigned: dict[str, Value] = {}
        main = False
        for number, line in _lines(patterns, text):
            if len(line) > _LONGEST_LINE or line.lstrip().startswith(patterns.comment):
                continue
            yield from _imports(patterns, file, number, line)
            for match, tags, value in _reads(patterns, line):
                if (
                    not tags
                    and patterns.demands is not None
                    and patterns.demands.search("\n".join(text.lines[number - 1 : number + 6])[:1000])
                ):
                    tags = frozenset({"required"})
                yield Found("env", match["name"], value, file, number, line, patterns.scope, tags)
            _remember(patterns, assigned, line)
            yield from _listens(patterns, file, number, line, assigned)
            for pattern in patterns.routes:
                for match in pattern.finditer(line):
                    yield Found("route", _path(match["path"]), "app", file, number, line, patterns.scope)
            if patterns.prefixes is not None and patterns.prefixes.search(line):
                yield Found("prefixed", "group", "", file, number, line, patterns.scope)
            for pattern, framework in patterns.apps:
                if pattern.search(line):
                    yield Found("app", framework, "", file, number, line, patterns.scope)
            if not main and patterns.main is not None and patterns.main.search(line):
                main = True
                yield Found("entry", "main", file, file, number, line, patterns.scope)

    return parse


def _possible(patterns: Patterns, text: str) -> Patterns:
    """Only what can match in this text: nearly every pattern holds a word that most files do not."""

    def fits(pattern: re.Pattern[str]) -> bool:
        return certain_text(pattern) in text

    return replace(
        patterns,
        env=tuple(pair for pair in patterns.env if fits(pair[0])),
        listen=tuple(filter(fits, patterns.listen)),
        routes=tuple(filter(fits, patterns.routes)),
        imports=tuple(filter(fits, patterns.imports)),
        main=patterns.main if patterns.main is not None and fits(patterns.main) else None,
        apps=tuple(pair for pair in patterns.apps if fits(pair[0])),
        prefixes=patterns.prefixes if patterns.prefixes is not None and fits(patterns.prefixes) else None,
    )


def _lines(patterns: Patterns, text: Text) -> Iterable[tuple[int, str]]:
    """The lines to look at, numbered: all where something listens, for its port may be set on any; else those that may match."""
    alone = (*patterns.routes, *patterns.imports, *(pattern for pattern, _ in (*patterns.env, *patterns.apps)))
    alone += tuple(pattern for pattern in (patterns.main, patterns.prefixes) if pattern is not None)
    words = {certain_text(pattern) for pattern in alone}
    if patterns.listen or "" in words:
        return enumerate(text.lines, 1)
    numbers: set[int] = set()
    for word in words:
        number, at, found = 1, 0, text.text.find(word)
        while found >= 0:
            number += text.text.count("\n", at, found)
            numbers.add(number)
            at, found = found, text.text.find(word, found + 1)
    return [(number, text.lines[number - 1]) for number in sorted(numbers)]


def _imports(patterns: Patterns, file: str, number: int, line: str) -> Iterator[Found]:
    for pattern in patterns.imports:
        for match in pattern.finditer(line):
            for name in re.split(r"\s*,\s*", match[1])[:10]:
                if name:
                    yield Found("import", name[:100], name[:100], file, number, line, patterns.scope)


def _reads(patterns: Patterns, line: str) -> Iterator[tuple[re.Match[str], frozenset[str], str]]:
    for pattern, kind in patterns.env:
        for match in pattern.finditer(line):
            if not _NAME.match(match["name"]):
                continue
            tags, value = {kind} if kind else set[str](), ""
            groups = match.groupdict()
            if groups.get("default") is not None:
                tags, value = {"defaulted"}, groups["default"]
            elif groups.get("computed"):
                tags = {"defaulted", "computed"}
            else:
                rest = line[match.end() :]
                for following, tag in patterns.after:
                    if found := following.match(rest):
                        default = found.groupdict().get("default")
                        tags = {tag} if tag != "defaulted" or default is not None else {"defaulted", "computed"}
                        value = default or ""
                        break
            yield match, frozenset(tags), value[:200]


def _remember(patterns: Patterns, assigned: dict[str, Value], line: str) -> None:
    """What a name like `port` is set to on this line."""
    if match := _DEFINED.match(line):
        assigned[match[1]] = Value(match[2])
        return
    if match := _ASSIGNED.search(line):
        if not re.search(r"(?i)port|addr|host", match[1]) or len(assigned) > 200:
            return
        names = frozenset(found["name"] for pattern, _ in patterns.env for found in pattern.finditer(line))
        digits = _NUMBER.search(
            re.sub(r"\b(?:U?Int|Port|uint|int)\d{1,2}\b|127\.0\.0\.1|0\.0\.0\.0", "", match[2]).replace('"', " ")
        )
        before = assigned.get(match[1])
        value = Value(digits[1] if digits else HOLE, names, match[1])
        assigned[match[1]] = before.otherwise(value) if before is not None else value


def _listens(patterns: Patterns, file: str, number: int, line: str, assigned: dict[str, Value]) -> Iterator[Found]:
    for pattern in patterns.listen:
        for match in pattern.finditer(line):
            groups = match.groupdict()
            host, port = (groups.get("host") or "").strip("\"'"), (groups.get("port") or "").strip("\"'")
            if host and not re.fullmatch(r"[\w.:\-]{1,60}", host):
                host = ""
            value = (
                Value(port) if port.isdigit() else assigned.get(port.rpartition(".")[2].rpartition("->")[2], Value(HOLE, ref=port))
            )
            names = frozenset(found["name"] for one, _ in patterns.env for found in one.finditer(line))
            if names and not value.known:
                digits = _NUMBER.search(line[match.start() :])
                value = Value(digits[1] if digits else HOLE, names)
            joined = Value(
                f"{host if host == 'localhost' or host.count('.') == 3 else ''}:{value.text}", value.env | names, value.ref
            )
            place = Found("listen", "", "", file, number, line, patterns.scope)
            if fact := listening(joined, place, side=SIDE.search(line) is not None):
                yield fact
            return


def _path(text: str) -> str:
    """A path as a route: `"api", "health"` of Vapor becomes /api/health."""
    parts = [part.strip().strip('"').strip("/") for part in text.split('",')]
    return "/" + "/".join(part for part in parts if part)
