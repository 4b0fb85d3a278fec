"""OSV entries as they are used here: only what a check needs, typed and bounded, whatever the JSON held."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, NamedTuple

from deploydeck.domain.text import printable
from deploydeck.scan.vulnerabilities.severity import rate
from deploydeck.scan.vulnerabilities.versions import EVENTS, SCHEMES, Event, in_range, next_fix, sort_key, understood

MOST_VERSIONS = 20_000
MOST_PARTS = 2_000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_MALICIOUS = "MAL-"
"""How the ids of packages begin that are attacks themselves; nobody rates them."""
_NO_VULNERABILITY = frozenset({"unmaintained", "notice"})


class Odd(ValueError):
    """An entry that is no OSV entry; the text says why."""


class Package(NamedTuple):
    """One version of one package, spelled as OSV spells it."""

    ecosystem: str
    name: str
    version: str


@dataclass(frozen=True)
class Affected:
    """What an advisory says of one package."""

    ecosystem: str
    name: str
    rating: str = "unknown"
    ranges: tuple[tuple[Event, ...], ...] = ()
    versions: tuple[str, ...] = ()

    def covers(self, version: str) -> bool:
        """Whether that version is affected: it is listed, or it lies in a range."""
        if version in self._listed:
            return True
        if not understood(self.ecosystem, version):
            return False
        here = sort_key(self.ecosystem, version)
        return any(in_range(self.ecosystem, version, events) for events in self.ranges) or any(
            here == sort_key(self.ecosystem, one) for one in self.versions
        )

    def fixes(self, version: str) -> tuple[str, ...]:
        """The next fixed version of each range the version lies in; of all ranges when it lies in none."""
        inside = [events for events in self.ranges if in_range(self.ecosystem, version, events)]
        return tuple(fix for events in inside or self.ranges if (fix := next_fix(self.ecosystem, version, events)))

    @cached_property
    def _listed(self) -> frozenset[str]:
        return frozenset(self.versions)


@dataclass(frozen=True)
class Advisory:
    """An OSV entry. Withdrawn ones are kept, so that they are known to be withdrawn."""

    id: str
    modified: str = ""
    aliases: tuple[str, ...] = ()
    summary: str = ""
    withdrawn: bool = False
    affected: tuple[Affected, ...] = ()

    def about(self, package: Package) -> tuple[Affected, ...]:
        """What it says of a package, in its ecosystem and by its name."""
        return tuple(part for part in self.affected if part.ecosystem == package.ecosystem and part.name == package.name)

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Advisory:
        """What `to_json` wrote. Raises Odd for anything else."""
        try:
            held = json.loads(text)
            parts = tuple(
                Affected(
                    part["ecosystem"],
                    part["name"],
                    part["rating"],
                    tuple(tuple((str(kind), str(bound)) for kind, bound in events) for events in part["ranges"]),
                    tuple(map(str, part["versions"])),
                )
                for part in held["affected"]
            )
            return cls(held["id"], held["modified"], tuple(held["aliases"]), held["summary"], held["withdrawn"], parts)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Odd("not what was stored") from error


def is_id(text: object) -> bool:
    """Whether that can be the id of an entry: nothing that could mean another path or query of a URL."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def read_advisory(entry: object) -> Advisory:
    """An entry of the OSV schema. What has the wrong type is left out; without an id it is Odd."""
    held = _table(entry)
    if not is_id(held.get("id")):
        raise Odd("it has no usable id")
    summary = _text(held.get("summary")) or _text(held.get("details")).strip().split("\n", 1)[0]
    return Advisory(
        id=held["id"],
        modified=_text(held.get("modified"))[:40],
        aliases=tuple(one for one in _items(held.get("aliases"))[:100] if is_id(one)),
        summary=printable(summary[:2_000]).strip()[:300],
        withdrawn=bool(held.get("withdrawn")),
        affected=tuple(_affected(held)),
    )


def _affected(held: dict[str, Any]) -> Iterator[Affected]:
    for part in map(_table, _items(held.get("affected"))[:MOST_PARTS]):
        package = _table(part.get("package"))
        ecosystem = _text(package.get("ecosystem")).partition(":")[0]
        name = _text(package.get("name"))
        if ecosystem not in SCHEMES or not name or len(name) > 512:
            continue
        yield Affected(
            ecosystem,
            normal_name(ecosystem, name),
            _rating(held, part),
            tuple(_ranges(part)),
            tuple(dict.fromkeys(one for one in _items(part.get("versions"))[:MOST_VERSIONS] if isinstance(one, str))),
        )


def _rating(held: dict[str, Any], part: dict[str, Any]) -> str:
    if held["id"].startswith(_MALICIOUS):
        return "critical"
    vectors = [_text(one.get("score")) for place in (held, part) for one in map(_table, _items(place.get("severity"))[:20])]
    own = [_table(place.get(key)) for place in (held, part) for key in ("database_specific", "ecosystem_specific")]
    known = rate(vectors, [_text(one.get("severity")) for one in own])
    if known == "unknown" and any(_text(one.get("informational")) in _NO_VULNERABILITY for one in own):
        return "none"
    return known


def _ranges(part: dict[str, Any]) -> Iterator[tuple[Event, ...]]:
    for one in map(_table, _items(part.get("ranges"))[:MOST_PARTS]):
        if one.get("type") not in ("SEMVER", "ECOSYSTEM"):
            continue
        events = [
            (kind, event[kind])
            for event in map(_table, _items(one.get("events"))[:MOST_PARTS])
            for kind in EVENTS
            if isinstance(event.get(kind), str)
        ]
        if events:
            yield tuple(events)


def normal_name(ecosystem: str, name: str) -> str:
    """The name as OSV has it and as two spellings of one package compare equal."""
    if ecosystem == "PyPI":
        return re.sub(r"[-_.]+", "-", name).lower()
    if ecosystem == "SwiftURL":
        return (
            re.sub(r"^(?:[a-z+]{1,12}://(?:[^/@]{0,128}@)?|git@([^/:]{1,128}):)", r"\1/", name)
            .lstrip("/")
            .removesuffix("/")
            .removesuffix(".git")
        )
    if ecosystem == "Packagist":
        return name.lower()
    return name


_GEM_PLATFORM = re.compile(r"-(?:x86|x64|amd64|arm|aarch64|universal|java|jruby|mswin|mingw|darwin|linux|musl)[\w.-]{0,64}$")


def normal_version(ecosystem: str, version: str) -> str:
    """The version as OSV has it: Go without its v, gems without their platform, npm without what pnpm puts behind it."""
    version = version.strip()
    if ecosystem in ("Go", "SwiftURL", "Packagist"):
        return re.sub(r"^[vV](?=\d)", "", version)
    if ecosystem == "npm":
        return version.partition("(")[0]
    if ecosystem == "RubyGems":
        return _GEM_PLATFORM.sub("", version)
    return version


def same(advisories: Iterable[Advisory]) -> list[list[Advisory]]:
    """Advisories that are aliases of each other, together: what people call one vulnerability."""
    groups: list[tuple[set[str], list[Advisory]]] = []
    for one in advisories:
        names = {one.id, *one.aliases}
        kept: list[tuple[set[str], list[Advisory]]] = []
        members = [one]
        for others, theirs in groups:
            if names.isdisjoint(others):
                kept.append((others, theirs))
            else:
                names |= others
                members = theirs + members
        groups = [*kept, (names, members)]
    return [members for _, members in groups]


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
