"""Lock files of Python: uv, Poetry, PDM, pylock.toml, Pipenv. TOML locks are read line by line: parsing megabytes takes seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.formats import load_json, table
from deploydeck.scan.parsers.python_requirement import DEV, normal

_PAIR = re.compile(r"^(name|version|category|source|groups|dependency-groups)\s{0,9}=\s{0,9}(.{1,400})$")
_NAMED = re.compile(r'name\s{0,9}=\s{0,9}"([^"]{1,200})"')
_QUOTED = re.compile(r'"([^"]{1,200})"')
_LOCAL = re.compile(r'\b(?:editable|virtual|directory|path|workspace)\s{0,9}=|type\s{0,9}=\s{0,9}"directory"')
_MAIN = frozenset({"main", "default"})


@dataclass(slots=True)
class _Package:
    name: str
    line: int
    version: str = ""
    development: bool = False
    local: bool = False
    needs: list[str] = field(default_factory=list)
    development_needs: list[str] = field(default_factory=list)


def toml_lock(file: str, data: bytes) -> Iterator[Found]:
    """Every package of uv.lock, poetry.lock, pdm.lock or pylock.toml. Development ones by their group, or by who needs them."""
    packages = _packages(Text(data))
    _mark(packages)
    for one in packages:
        if one.version and not one.local:
            text = f'name = "{one.name}" version = "{one.version}"'
            yield Found("locked", one.name, one.version, file, one.line, text, "python", DEV if one.development else frozenset())


def _packages(text: Text) -> list[_Package]:
    found: list[_Package] = []
    current: _Package | None = None
    top = False
    into: list[str] | None = None
    for number, line in enumerate(text.lines, 1):
        stripped = line.strip()
        if line.startswith("["):
            section = stripped.strip("[] ")
            top = section in {"package", "packages"} and stripped.startswith("[[")
            into = None
            if top:
                current = None
            elif current is not None and section.startswith("package."):
                part = section.split(".")[1]
                if part == "source" or section == "package.source":
                    continue
                if part == "dev-dependencies":
                    into = current.development_needs
                elif part == "optional-dependencies":
                    into = current.needs
                if section.count(".") > 1 or part not in {"dev-dependencies", "optional-dependencies"}:
                    into = None
        elif top and (match := _PAIR.match(line)):
            key, value = match[1], match[2].strip()
            if key == "name" and (name := _QUOTED.match(value)):
                current = _Package(normal(name[1]), number)
                found.append(current)
            elif current is None:
                continue
            elif key == "version" and (version := _QUOTED.match(value)):
                current.version = version[1]
            elif key == "source":
                current.local = bool(_LOCAL.search(value))
            elif key == "category":
                current.development = "dev" in value
            elif key in {"groups", "dependency-groups"}:
                groups = set(_QUOTED.findall(value))
                current.development = bool(groups) and not groups & _MAIN
        elif top and current is not None and stripped.startswith("dependencies = ["):
            current.needs += _NAMED.findall(stripped)
            into = None if stripped.endswith("]") else current.needs
        elif current is not None and stripped == "]":
            into = None if top else into
        elif into is not None and (name := _NAMED.search(stripped)):
            into += _NAMED.findall(stripped)
        elif current is not None and not top and stripped.startswith('type = "directory"'):
            current.local = True
    return found


def _mark(packages: list[_Package]) -> None:
    """Where the lock says who needs whom (uv), what no runtime dependency of the project leads to is for development."""
    roots = [one for one in packages if one.local]
    if not roots or not any(one.development_needs for one in roots):
        return
    by_name: dict[str, list[_Package]] = {}
    for one in packages:
        by_name.setdefault(one.name, []).append(one)
    reached: set[str] = {one.name for one in roots}
    waiting = [normal(name) for one in roots for name in one.needs]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [normal(other) for one in by_name.get(name, ()) for other in one.needs]
    for one in packages:
        one.development = one.development or one.name not in reached


def pipfile_lock(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = table(load_json(text))
    for section, packages in content.items():
        if section == "_meta":
            wanted = table(table(packages).get("requires")).get("python_version")
            if isinstance(wanted, str):
                line = text.find('"python_version"')
                yield Found("lock-requires", "python", wanted, file, line, text.line(line), "python")
            continue
        start = text.find(f'"{section}"')
        tags = frozenset[str]() if section == "default" else DEV
        for name, value in table(packages).items():
            if isinstance(version := table(value).get("version"), str):
                line = text.find(f'"{name}"', start)
                start = line or start
                yield Found("locked", normal(name), version.lstrip("="), file, line, text.line(line), "python", tags)
