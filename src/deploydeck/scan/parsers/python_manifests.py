"""Python manifests and lock files: requirements, pyproject.toml, uv.lock, poetry.lock, Pipfile and its lock."""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Broken, Found, Text
from deploydeck.scan.parsers.base import Parser
from deploydeck.scan.parsers.formats import load_json

_REQUIREMENT = re.compile(
    r"^([A-Za-z0-9][A-Za-z0-9._-]{0,99})(?=[\s\[<>=!~;@(#]|$)\s*(\[[A-Za-z0-9._,\s-]{0,200}\])?\s*([^;#]{0,200})"
)
_INCLUDE = re.compile(r"^(?:-r|--requirement)[\s=]+(\S{1,200})")
_LOCK_PAIR = re.compile(r'^(name|version)\s*=\s*"([^"]{1,200})"')
_DEVELOPMENT = re.compile(r"dev|test|lint|doc|typing|ci\b", re.IGNORECASE)
_DEV = frozenset({"development"})


def normal(name: str) -> str:
    """A distribution name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(file: str, line: int, text: str, tags: frozenset[str] = frozenset()) -> Iterator[Found]:
    """The dependency a requirement line declares, if it declares one by name. Extras become tags `extra:NAME`."""
    match = _REQUIREMENT.match(text.strip())
    if not match:
        return
    extras = {f"extra:{normal(extra.strip())}" for extra in (match[2] or "[]")[1:-1].split(",") if extra.strip()}
    name, wanted = normal(match[1]), match[3].split(" --hash")[0].strip().strip("()").rstrip("\\").strip()
    yield Found("dependency", name, wanted, file, line, text, "python", tags | extras)
    exact = re.fullmatch(r"===?\s*([^\s,*]{1,60})", wanted)
    if exact:
        yield Found("locked", name, exact[1], file, line, text, "python")


def requirements(file: str, data: bytes) -> Iterator[Found]:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # PowerShell's `pip freeze >` writes this, and pip reads it
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    text = Text(data)
    tags = _DEV if _DEVELOPMENT.search(file) else frozenset()
    yield Found("manifest", "requirements", file, file, 0, "", "python", tags)
    for number, line in enumerate(text.lines, 1):
        stripped = line.strip()
        include = _INCLUDE.match(stripped)
        if include:
            yield Found("include", include[1], "", file, number, stripped, "python")
        elif stripped and not stripped.startswith(("#", "-")):
            yield from requirement(file, number, stripped, tags)


def load_toml(text: Text) -> dict[str, Any]:
    try:
        return tomllib.loads(text.text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+)", str(error))
        raise Broken(str(error), int(place[1]) if place else len(text.lines)) from None
    except RecursionError:
        raise Broken("nested too deeply") from None


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def pyproject(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = load_toml(text)
    project, tool = _table(content.get("project")), _table(content.get("tool"))

    def at(needle: str, section: str = "") -> tuple[int, str]:
        line = text.find(needle, text.find(section) if section else 0)
        return line, text.line(line)

    if project:
        yield Found("manifest", "pyproject", file, file, *at("[project]"), "python")
    if isinstance(name := project.get("name") or _table(tool.get("poetry")).get("name"), str):
        yield Found("project-name", name, "", file, *at(name), "python")
    if isinstance(wanted := project.get("requires-python"), str):
        yield Found("pin", "python", wanted, file, *at("requires-python"), "requires-python")
    for entry in _list(project.get("dependencies")):
        if isinstance(entry, str):
            yield from requirement(file, at(entry, "dependencies")[0], entry)
    groups = {**_table(project.get("optional-dependencies")), **_table(content.get("dependency-groups"))}
    for group, entries in groups.items():
        for entry in _list(entries):
            if isinstance(entry, str):
                yield from requirement(file, at(entry)[0], entry, frozenset({"development", f"group:{group}"}))
    for manager in ("uv", "poetry", "pdm", "hatch", "pixi"):
        if manager in tool:
            yield Found("tool", manager, "", file, *at(f"[tool.{manager}"), "python")
    yield from _poetry(file, text, _table(tool.get("poetry")))
    if isinstance(wanted := _table(tool.get("uv")).get("required-version"), str):
        yield Found("manager-version", "uv", wanted, file, *at("required-version"), "python")


def _poetry(file: str, text: Text, poetry: dict[str, Any]) -> Iterator[Found]:
    main = [("", _table(poetry.get("dependencies")), "[tool.poetry.dependencies]")]
    groups = [
        (name, _table(_table(group).get("dependencies")), f"[tool.poetry.group.{name}.dependencies]")
        for name, group in _table(poetry.get("group")).items()
    ]
    for group, entries, section in main + groups:
        for name, value in entries.items():
            table = _table(value)
            wanted = value if isinstance(value, str) else str(table.get("version", ""))
            line = text.find(f"{name} =", text.find(section)) or text.find(name, text.find(section))
            if normal(name) == "python":
                yield Found("pin", "python", wanted, file, line, text.line(line), "poetry-python")
                continue
            tags = {f"extra:{normal(str(extra))}" for extra in _list(table.get("extras"))}
            if group and group != "main":
                tags |= {"development", f"group:{group}"}
            yield Found("dependency", normal(name), wanted, file, line, text.line(line), "python", frozenset(tags))


def toml_lock(file: str, data: bytes) -> Iterator[Found]:
    """uv.lock, poetry.lock, pdm.lock: read line by line, because parsing megabytes of TOML takes seconds."""
    name, name_line, inside = "", 0, False
    for number, line in enumerate(Text(data).lines, 1):
        if line.startswith("["):
            inside = line.strip() == "[[package]]"
            name = "" if inside else name
        elif inside and (match := _LOCK_PAIR.match(line)):
            if match[1] == "name":
                name, name_line = normal(match[2]), number
            elif name:
                yield Found("locked", name, match[2], file, name_line, f'name = "{name}" version = "{match[2]}"', "python")
                name = ""


def pipfile(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = load_toml(text)
    for section, tags in (("packages", frozenset[str]()), ("dev-packages", _DEV)):
        for name, value in _table(content.get(section)).items():
            line = text.find(name, text.find(f"[{section}]"))
            wanted = value if isinstance(value, str) else str(_table(value).get("version", ""))
            yield Found("dependency", normal(name), wanted, file, line, text.line(line), "python", tags)
    for key in ("python_full_version", "python_version"):
        if isinstance(version := _table(content.get("requires")).get(key), str):
            line = text.find(key)
            yield Found("pin", "python", version, file, line, text.line(line), "Pipfile")


def pipfile_lock(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = load_json(text)
    for name, value in _table(_table(content).get("default")).items():
        if isinstance(version := _table(value).get("version"), str):
            line = text.find(f'"{name}"')
            yield Found("locked", normal(name), version.lstrip("="), file, line, text.line(line), "python")


PARSERS: tuple[Parser, ...] = (
    Parser("requirements*.txt", requirements, config_kind="pip"),
    Parser("requirements/*.txt", requirements, config_kind="pip"),
    Parser("pyproject.toml", pyproject, config_kind="pyproject"),
    Parser("uv.lock", toml_lock, "lock", config_kind="lock"),
    Parser("poetry.lock", toml_lock, "lock", config_kind="lock"),
    Parser("pdm.lock", toml_lock, "lock", config_kind="lock"),
    Parser("Pipfile", pipfile, config_kind="pipenv"),
    Parser("Pipfile.lock", pipfile_lock, "lock", config_kind="lock"),
)
