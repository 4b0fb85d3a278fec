"""Crystal: shard.yml, shard.lock and source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import load_yaml, strings, table
from deploydeck.scan.parsers.source_patterns import Patterns, reader

SCOPE = "crystal"


def shard_yml(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    top = table(load_yaml(text))

    def found(
        kind: str, name: str, value: str, needle: str, start: int = 1, tags: frozenset[str] = frozenset(), scope: str = SCOPE
    ) -> Found:
        number = text.find(needle, start)
        return Found(kind, name[:100], value[:200], file, number, text.line(number), scope, tags)

    yield Found("manifest", "shard.yml", "", file, 0, "", SCOPE)
    if isinstance(name := top.get("name"), str):
        yield found("project-name", name, "", "name:")
    if isinstance(version := top.get("crystal"), str):
        yield found("pin", "crystal", version, "crystal:", scope="shard.yml")
    for key, tags in (("dependencies", frozenset[str]()), ("development_dependencies", frozenset({"development"}))):
        start = next((n for n, one in enumerate(text.lines, 1) if one.startswith(f"{key}:")), 1)
        for name, one in table(top.get(key)).items():
            more = strings(one)
            wanted = more.get("version") or more.get("branch") or more.get("tag", "").removeprefix("v") or ""
            yield found("dependency", str(name), wanted, f"{name}:", start, tags)
            if "path" in more:
                yield found("uses-project", more["path"], str(name), f"{name}:", start, frozenset({"path"}))
    start = text.find("targets:")
    for name, one in table(top.get("targets")).items():
        yield found("entry", "bin", str(name), f"{name}:", start, frozenset({f"path:{strings(one).get('main', '')}"}))


def shard_lock(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    name = ""
    for number, raw in enumerate(text.lines, 1):
        if match := re.match(r"^  ([\w.-]{1,100}):\s*$", raw):
            name = match[1]
        elif name and (match := re.match(r"^    (?:version|commit):\s{0,9}\"?([^\s\"]{1,100})", raw)):
            yield Found("locked", name, match[1].partition("+")[0], file, number, raw, SCOPE)
            name = ""


crystal_source = reader(
    Patterns(
        scope=SCOPE,
        worth=re.compile(rb"ENV|require|port|bind_tcp|\.run|get\s"),
        comment="#",
        env=(
            (
                re.compile(
                    r"\bENV\.fetch\(\s{0,4}\"(?P<name>\w{1,100})\"\s{0,4},\s{0,4}(?:\"(?P<default>[^\"\n]{0,200})\"|(?P<computed>[^)\s]))"
                ),
                "defaulted",
            ),
            (
                re.compile(
                    r"\bENV\.fetch\(\s{0,4}\"(?P<name>\w{1,100})\"\s{0,4}\)\s{0,4}\{?\s{0,4}(?:\"(?P<default>[^\"\n]{0,200})\")?"
                ),
                "required",
            ),
            (re.compile(r"\bENV\[\s{0,4}\"(?P<name>\w{1,100})\"\s{0,4}\]\?"), ""),
            (re.compile(r"\bENV\[\s{0,4}\"(?P<name>\w{1,100})\"\s{0,4}\](?!\s{0,4}[?|]?\|?=(?!=))(?!\?)"), "required"),
            (
                re.compile(r"\bENV\[\s{0,4}\"(?P<name>\w{1,100})\"\s{0,4}\]\s{0,4}\|\|=\s{0,4}\"(?P<default>[^\"\n]{0,200})\""),
                "defaulted",
            ),
        ),
        after=(
            (
                re.compile(r"(?:\.try[^|\n]{0,40}|\.\w{1,20}\??){0,2}\s{0,4}\|\|\s{0,4}(?:\"(?P<default>[^\"\n]{0,200})\"|(?=\D))"),
                "defaulted",
            ),
            (re.compile(r"(?:\.try[^|\n]{0,40}|\.\w{1,20}\??){0,2}\s{0,4}\|\|\s{0,4}(?P<default>\d{1,20})"), "defaulted"),
            (re.compile(r"\s{0,4}\|\|\s{0,4}raise"), "required"),
        ),
        listen=(
            re.compile(r"\bKemal\.run[\s(]{1,2}(?:port:\s{0,4})?(?P<port>\d{2,5}|[a-z]\w{0,40})\b"),
            re.compile(r"\bKemal\.config\.port\s{0,4}=\s{0,4}(?P<port>\d{2,5}|\w{1,40})"),
            re.compile(r"\bATH\.run[\s(]{1,2}(?:port:\s{0,4})?(?P<port>\d{2,5})"),
            re.compile(r"\bbind_tcp[\s(]{1,2}(?:@?(?P<host>\"?[\w.:]{1,60}\"?)\s{0,4},\s{0,4})?@?(?P<port>\d{2,5}|[a-z]\w{0,40})"),
            re.compile(r"\.listen[\s(]{1,2}(?:(?P<host>\"[\w.:]{1,60}\")\s{0,4},\s{0,4})?(?P<port>\d{2,5})"),
            re.compile(r"\bconfig\.port\s{0,4}=\s{0,4}(?P<port>\d{2,5})"),
            re.compile(r"\bsettings\.port\s{0,4}=\s{0,4}(?P<port>\d{2,5})"),
        ),
        routes=(
            re.compile(r"^\s{0,40}(?:get|all)[\s(]{1,2}\"(?P<path>/[^\"\n]{0,100})\""),
            re.compile(r"@\[AR\w{0,2}::Get\(\"(?P<path>/[^\"\n]{0,100})\""),
            re.compile(r"\bpath\s\"(?P<path>/[^\"\n]{0,100})\""),
        ),
        imports=(re.compile(r"^\s{0,4}require\s{1,4}\"([a-z][\w/-]{0,80})\""),),
    )
)

PARSERS: tuple[Parser, ...] = (
    Parser("shard.yml", shard_yml, config_kind="manifest"),
    Parser("shard.lock", shard_lock, "lock", config_kind="lock"),
    Parser("*.cr", crystal_source, "source", anywhere=True),
)
