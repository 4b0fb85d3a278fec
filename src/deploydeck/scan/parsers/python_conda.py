"""Manifests and lock files of conda and pixi. Packages of conda channels in locks have the scope `conda`: they are not on PyPI."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.formats import items, load_toml, load_yaml, strings, table
from deploydeck.scan.parsers.python_requirement import DEV, group_tags, is_development, normal, requirement

_CONDA = re.compile(r"^(?:[A-Za-z0-9_./:-]{1,80}::)?([A-Za-z0-9_][A-Za-z0-9_.-]{0,99})\s*(.{0,100})$")
_BUILD = re.compile(r"^(==?)\s*([^\s=]{1,40})=[^\s=]{1,60}$")
_ARCHIVE = re.compile(r"/([A-Za-z0-9_][A-Za-z0-9_.-]{0,99})-([^-/\s]{1,40})-[^-/\s]{1,60}\.(?:conda|tar\.bz2)$")


def environment(file: str, data: bytes) -> Iterator[Found]:
    """An environment.yml: dependencies of conda and of the `pip:` list in it, and the Python it pins."""
    text = Text(data)
    content = table(load_yaml(text))
    tags = DEV if is_development(file.removeprefix("environment")) else frozenset[str]()
    if not isinstance(content.get("dependencies"), list):
        return
    yield Found("manifest", "environment.yml", file, file, text.find("dependencies:"), "dependencies:", "python", tags)
    if isinstance(name := content.get("name"), str) and name and name != "base":
        line = text.find("name:")
        yield Found("project-name", name, "", file, line, text.line(line), "python")
    start = text.find("dependencies:")
    for entry in items(content.get("dependencies")):
        if isinstance(entry, str):
            yield from _conda(file, text, entry, start, tags, "environment.yml")
        for one in items(table(entry).get("pip")):
            if isinstance(one, str):
                line = text.find(one, text.find("pip:", start))
                if one.startswith(("-r ", "--requirement ")):
                    yield Found("include", one.split(None, 1)[1].strip(), "", file, line, text.line(line), "python")
                else:
                    yield from requirement(file, line, one, tags, text.line(line))


def _conda(file: str, text: Text, entry: str, start: int, tags: frozenset[str], source: str) -> Iterator[Found]:
    match = _CONDA.match(entry.strip())
    if not match:
        return
    name, wanted = normal(match[1]), match[2].strip()
    if build := _BUILD.match(wanted):
        wanted = build[1] + build[2]
    line = text.find(entry, start)
    if name == "python":
        if wanted:
            yield Found("pin", "python", _pin(wanted), file, line, text.line(line), source)
        return
    yield Found("dependency", name, wanted, file, line, text.line(line), "python", tags)


def _pin(wanted: str) -> str:
    """`=3.11` means the line 3.11."""
    return re.sub(r"^==?\s*(?=\d)", "", wanted).removesuffix(".*")


def pixi_toml(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = load_toml(text)
    head = table(content.get("workspace")) or table(content.get("project")) or table(content.get("package"))
    if isinstance(name := head.get("name"), str):
        line = text.find(name)
        yield Found("project-name", name, "", file, line, text.line(line), "python")
    yield from pixi(file, text, content, "pixi.toml")


def pixi(file: str, text: Text, content: dict[str, Any], source: str) -> Iterator[Found]:
    """The dependencies, tasks and Python pin of pixi tables (a pixi.toml, or [tool.pixi] of a pyproject.toml)."""
    places: list[tuple[str, Any, frozenset[str]]] = [("", content, frozenset())]
    for feature, inner in table(content.get("feature")).items():
        places.append((feature, inner, group_tags(feature)))
    for system, inner in table(content.get("target")).items():
        places.append((system, inner, frozenset()))
    for _, inner, tags in places:
        for section in ("dependencies", "pypi-dependencies", "host-dependencies", "build-dependencies"):
            more = DEV if section == "build-dependencies" else tags
            for name, value in table(table(inner).get(section)).items():
                wanted = value if isinstance(value, str) else str(table(value).get("version", ""))
                line = text.find(f"{name} =") or text.find(name)
                if normal(name) == "python":
                    yield Found("pin", "python", _pin(wanted), file, line, text.line(line), source)
                    continue
                extras = {f"extra:{normal(str(one))}" for one in items(table(value).get("extras"))}
                yield Found("dependency", normal(name), wanted, file, line, text.line(line), "python", more | extras)
        for name, task in table(table(inner).get("tasks")).items():
            command = task if isinstance(task, str) else table(task).get("cmd")
            if isinstance(command, list):
                command = " ".join(one for one in command if isinstance(one, str))
            if isinstance(command, str):
                line = text.find(f"{name} =") or text.find(name)
                yield Found("script", name, command, file, line, text.line(line), "python")


def pixi_lock(file: str, data: bytes) -> Iterator[Found]:
    """Packages of a pixi.lock, read line by line: it is megabytes of YAML."""
    seen: set[tuple[str, str]] = set()
    name, kind = "", ""
    for number, line in enumerate(Text(data).lines, 1):
        stripped = line.strip()
        if stripped.startswith("- conda:") and (match := _ARCHIVE.search(stripped)):
            kind = "conda"
            if (match[1], match[2]) not in seen:
                seen.add((match[1], match[2]))
                yield Found("locked", normal(match[1]), match[2], file, number, stripped, "conda")
        elif stripped.startswith(("- pypi:", "- kind: pypi")):
            kind, name = "pypi", ""
        elif stripped.startswith("- "):
            kind = ""
        elif kind == "pypi" and stripped.startswith("name:"):
            name = normal(stripped.partition(":")[2].strip())
        elif kind == "pypi" and name and stripped.startswith("version:"):
            version = stripped.partition(":")[2].strip().strip("'\"")
            if (name, version) not in seen:
                seen.add((name, version))
                yield Found("locked", name, version, file, number, f"{name} {version}", "python")
            name = ""


def conda_lock(file: str, data: bytes) -> Iterator[Found]:
    """Packages of a conda-lock.yml, one entry for every platform; each is named once."""
    seen: set[tuple[str, str]] = set()
    entry: dict[str, str] = {}
    line_of = 0

    def finished() -> Iterator[Found]:
        name, version = normal(entry.get("name", "")), entry.get("version", "").strip("'\"")
        if name and version and (name, version) not in seen:
            seen.add((name, version))
            scope = "python" if entry.get("manager") == "pip" else "conda"
            tags = DEV if entry.get("category", "main") not in {"main", ""} else frozenset[str]()
            yield Found("locked", name, version, file, line_of, f"{name} {version}", scope, tags)

    for number, line in enumerate(Text(data).lines, 1):
        if line.startswith(("- name:", "  - name:")):
            yield from finished()
            entry, line_of = {"name": line.partition(":")[2].strip()}, number
        elif entry and (match := re.match(r"^ {2,4}(version|manager|category):\s{0,9}(\S{1,60})", line)):
            entry.setdefault(match[1], match[2])
    yield from finished()


__all__ = ["conda_lock", "environment", "pixi", "pixi_lock", "pixi_toml", "strings"]
