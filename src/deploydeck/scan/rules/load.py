"""Reads the tables in `data/` and refuses what is not a rule: a wrong row is a defect of ours, found at load and by the tests."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from deploydeck.scan.kept import kept
from deploydeck.scan.rules.model import WHATS, Ecosystem, Language, Manager, Pattern, Role, Runtime, SystemNeed, Technology


class BadRule(Exception):
    """A row that is not a rule; says the file, the row and what is wrong with it."""


_DATA = Path(__file__).parent / "data"
_SECTIONS = frozenset({"ecosystem", "technologies", "managers", "runtimes", "services", "system"})
_FIELDS: dict[str, frozenset[str]] = {
    "ecosystem": frozenset({"registry", "purl", "languages", "manifests", "rank", "deployable"}),
    "technologies": frozenset(
        "name language role supported all any none hints supersedes packages start port output single_page health".split()
    ),
    "managers": frozenset("name manifests locks files tool supported lock_wanted".split()),
    "runtimes": frozenset("name sources lines aliases end_of_life checked minimums".split()),
    "system": frozenset({"build", "run"}),
    "languages": frozenset("name ecosystem extensions files markup".split()),
}


def pattern(text: str, where: str = "") -> Pattern:
    """A pattern from `what:scope/name=weight`. Raises BadRule."""
    head, equals, weight = text.rpartition("=")
    what, colon, rest = head.partition(":")
    production = what.endswith("!")
    what = what.removesuffix("!")
    scope, name = ("", rest) if what == "file" else (rest.partition("/")[0], rest.partition("/")[2])
    try:
        number = float(weight)
    except ValueError:
        number = -1.0
    if not equals or not colon or what not in WHATS or not 0 < number < 1:
        raise BadRule(f"{where}: {text!r} is not `what:scope/name=weight` with a weight between 0 and 1")
    return Pattern(what, name, number, scope, production)  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, Any]]:
    """Every file of `data/` by its name. Reading TOML takes longer than all the rest of a small scan: what it gave is kept."""
    paths = sorted(_DATA.glob("*.toml"))

    def read() -> dict[str, dict[str, Any]]:
        return {path.stem: _with_days(tomllib.loads(path.read_text("utf-8")), date, date.toordinal) for path in paths}

    return {name: _with_days(table, int, date.fromordinal) for name, table in kept("rules", _DATA.parent, paths, read).items()}


def _with_days(table: dict[str, Any], kind: type, convert: Callable[[Any], Any]) -> dict[str, Any]:
    """The table with the days of its runtimes converted: what is kept holds plain values, and no dates."""
    for row in table.get("runtimes", {}).values():
        ends = row.get("end_of_life", {})
        ends.update({line: convert(day) for line, day in ends.items() if type(day) is kind})
        if type(row.get("checked")) is kind:
            row["checked"] = convert(row["checked"])
    return table


@lru_cache(maxsize=1)
def ecosystems() -> Mapping[str, Ecosystem]:
    """Every ecosystem by its id, in the order of their rank. Raises BadRule."""
    found = [ecosystem(name, table) for name, table in _tables().items() if name != "languages"]
    found.sort(key=lambda one: (one.rank, one.id))
    _unique((row.id for one in found for row in one.technologies), "technology")
    _unique((row.id for one in found for row in one.managers), "package manager")
    known = {row.id for one in found for row in one.technologies}
    for one in found:
        for row in one.technologies:
            if row.language not in languages():
                raise BadRule(f"{one.id}.toml, {row.id}: no language {row.language!r}")
            if missing := set(row.supersedes) - known:
                raise BadRule(f"{one.id}.toml, {row.id}: supersedes unknown {', '.join(sorted(missing))}")
    return {one.id: one for one in found}


@lru_cache(maxsize=1)
def languages() -> Mapping[str, Language]:
    """Every language by its id. Raises BadRule."""
    result = {}
    for key, row in _tables()["languages"].items():
        _check("languages.toml", key, row, "languages")
        result[key] = Language(
            key,
            row["name"],
            row.get("ecosystem", ""),
            tuple(row.get("extensions", ())),
            tuple(row.get("files", ())),
            row.get("markup", False),
        )
    return result


def ecosystem(id: str, table: Mapping[str, Any]) -> Ecosystem:
    """The rules of one table. Raises BadRule."""
    file = f"{id}.toml"
    if unknown := set(table) - _SECTIONS:
        raise BadRule(f"{file}: no section {', '.join(sorted(unknown))}")
    head = table.get("ecosystem", {})
    _check(file, "ecosystem", head, "ecosystem")
    return Ecosystem(
        id=id,
        registry=head.get("registry", ""),
        purl=head.get("purl", ""),
        languages=tuple(head.get("languages", ())),
        manifests=tuple((glob, language) for glob, language in head.get("manifests", {}).items()),
        rank=head.get("rank", 50),
        deployable=head.get("deployable", False),
        technologies=tuple(_technology(id, key, row) for key, row in table.get("technologies", {}).items()),
        managers=tuple(_manager(id, key, row) for key, row in table.get("managers", {}).items()),
        runtimes=tuple(_runtime(file, key, row) for key, row in table.get("runtimes", {}).items()),
        services={str(key): str(value) for key, value in table.get("services", {}).items()},
        system=tuple(_system(file, key, row) for key, row in table.get("system", {}).items()),
    )


def _technology(ecosystem: str, id: str, row: Mapping[str, Any]) -> Technology:
    where = f"{ecosystem}.toml, {id}"
    _check(f"{ecosystem}.toml", id, row, "technologies")
    if "role" in row and row["role"] not in set(Role):
        raise BadRule(f"{where}: no role {row['role']!r}")
    patterns = {key: tuple(pattern(text, where) for text in row.get(key, ())) for key in ("all", "any", "none", "hints")}
    if not patterns["all"] and not patterns["any"]:
        raise BadRule(f"{where}: needs a pattern in `all` or `any`")
    return Technology(
        id=id,
        name=row["name"],
        language=row["language"],
        ecosystem=ecosystem,
        role=Role(row.get("role", "server")),
        supported=row.get("supported", False),
        all_of=patterns["all"],
        any_of=patterns["any"],
        none_of=patterns["none"],
        hints=patterns["hints"],
        supersedes=tuple(row.get("supersedes", ())),
        packages=tuple(row.get("packages", ())),
        start=row.get("start", ""),
        port=row.get("port"),
        output=row.get("output", ""),
        single_page=row.get("single_page", False),
        health=row.get("health", ""),
    )


def _manager(ecosystem: str, id: str, row: Mapping[str, Any]) -> Manager:
    _check(f"{ecosystem}.toml", id, row, "managers")
    return Manager(
        id,
        row["name"],
        ecosystem,
        tuple(row.get("manifests", ())),
        tuple(row.get("locks", ())),
        tuple(row.get("files", ())),
        row.get("tool", ""),
        row.get("supported", False),
        row.get("lock_wanted", False),
    )


def _runtime(file: str, id: str, row: Mapping[str, Any]) -> Runtime:
    _check(file, id, row, "runtimes")
    ends = row.get("end_of_life", {})
    for line, day in ends.items():
        if not isinstance(day, date):
            raise BadRule(f"{file}, {id}: the end of {line} is not a date")
    if ends and "checked" not in row:
        raise BadRule(f"{file}, {id}: `checked` says on which day the ends of life were known")
    return Runtime(
        id,
        row["name"],
        tuple(row.get("sources", ())),
        tuple(row.get("lines", ())),
        tuple(row.get("aliases", {}).items()),
        tuple(ends.items()),
        row.get("checked"),
        tuple(row.get("minimums", ())),
    )


def _system(file: str, key: str, row: Mapping[str, Any]) -> SystemNeed:
    _check(file, key, row, "system")
    return SystemNeed(key, tuple(row.get("build", ())), tuple(row.get("run", ())))


def _check(file: str, key: str, row: object, section: str) -> None:
    if not isinstance(row, Mapping):
        raise BadRule(f"{file}: {key} is not a table")
    if unknown := set(row) - _FIELDS[section]:
        raise BadRule(f"{file}, {key}: no field {', '.join(sorted(unknown))}")
    if section in {"technologies", "managers", "runtimes", "languages"} and not isinstance(row.get("name"), str):
        raise BadRule(f"{file}, {key}: needs a name")


def _unique(ids: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for id in ids:
        if id in seen:
            raise BadRule(f"two rows for the {what} {id}")
        seen.add(id)
