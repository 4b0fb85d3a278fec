"""pyproject.toml in every dialect (PEP 621 and 735, Poetry, PDM, Hatch, uv, Rye, pixi, Flit, setuptools), and the Pipfile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.formats import items, load_toml, strings, table
from deploydeck.scan.parsers.python_conda import pixi
from deploydeck.scan.parsers.python_requirement import DEV, group_tags, normal, requirement

_BACKENDS = (
    ("poetry.core", "poetry"), ("poetry.masonry", "poetry"), ("uv_build", "uv"), ("hatchling", "hatchling"),
    ("setuptools", "setuptools"),
    ("flit_core", "flit"), ("flit.buildapi", "flit"), ("pdm.backend", "pdm-backend"), ("pdm.pep517", "pdm-backend"),
    ("maturin", "maturin"),
    ("scikit_build_core", "scikit-build-core"), ("mesonpy", "meson-python"), ("poetry_dynamic_versioning", "poetry"),
    ("sipbuild", "sip"),
    ("jupyter_packaging", "setuptools"), ("whey", "whey"), ("trampolim", "trampolim"), ("py_build_cmake", "py-build-cmake"),
    ("enscons", "scons"),
)  # fmt: skip
_BACKEND_ONLY = {"pdm": frozenset({"build", "version"}), "hatch": frozenset({"build", "version", "metadata"})}
"""Sections that configure the build backend alone and say nothing about who manages the project."""
_TASKS = (("pdm", "scripts"), ("poe", "tasks"), ("taskipy", "tasks"), ("rye", "scripts"), ("pyprojectx", "aliases"))


class _Reader:
    """One pyproject.toml: its content and where things stand in it."""

    def __init__(self, file: str, text: Text, content: dict[str, Any]) -> None:
        self.file, self.text, self.content = file, text, content
        self.project, self.tool = table(content.get("project")), table(content.get("tool"))

    def found(
        self, kind: str, name: str, value: str, line: int, scope: str = "python", tags: frozenset[str] = frozenset()
    ) -> Found:
        return Found(kind, name, value, self.file, line, self.text.line(line), scope, tags)

    def line(self, needle: str, *sections: str) -> int:
        """The line that holds `needle` after the first of these section heads that is there."""
        start = next((line for section in sections if (line := self.text.find(section))), 0)
        return self.text.find(needle, start) or self.text.find(needle)

    def key(self, name: str, *sections: str) -> int:
        start = next((line for section in sections if (line := self.text.find(section))), 0)
        for wanted in (f"{name} =", f"{name}=", f'"{name}"', name):
            if line := self.text.find(wanted, start):
                return line
        return self.text.find(name)

    def requirements(self, entries: Any, tags: frozenset[str], *sections: str) -> Iterator[Found]:
        start = next((line for section in sections if (line := self.text.find(section))), 0)
        for entry in items(entries):
            if isinstance(entry, str):
                line = self.text.find(entry, start) or self.text.find(entry) or start
                yield from requirement(self.file, line, entry, tags, self.text.line(line))


def pyproject(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    reader = _Reader(file, text, load_toml(text))
    yield from _project(reader)
    yield from _poetry(reader)
    yield from _uv(reader)
    yield from _others(reader)
    yield from _build_system(reader)


def _project(reader: _Reader) -> Iterator[Found]:
    project, tool = reader.project, reader.tool
    if project:
        yield reader.found("manifest", "pyproject", reader.file, reader.line("[project]"))
    elif tool.get("poetry"):
        yield reader.found("manifest", "pyproject", reader.file, reader.line("[tool.poetry]"))
    name = (
        project.get("name") or table(tool.get("poetry")).get("name") or table(table(tool.get("flit")).get("metadata")).get("module")
    )
    if isinstance(name, str):
        yield reader.found("project-name", name, "", reader.line(name, "[project]", "[tool.poetry]"))
    if isinstance(wanted := project.get("requires-python"), str):
        yield reader.found("pin", "python", wanted, reader.line("requires-python"), "requires-python")
    yield from reader.requirements(project.get("dependencies"), frozenset(), "dependencies = [", "dependencies=[", "[project]")
    for group, entries in table(project.get("optional-dependencies")).items():
        sections = (f"optional-dependencies.{group}", "[project.optional-dependencies]", "optional-dependencies")
        yield from reader.requirements(entries, group_tags(group, optional=True), *sections)
    for group, entries in table(reader.content.get("dependency-groups")).items():
        yield from reader.requirements(entries, group_tags(group), "[dependency-groups]")
    for section, kind in (("scripts", "script"), ("gui-scripts", "gui")):
        for script, target in strings(project.get(section)).items():
            yield reader.found("entry", kind, f"{script}={target}", reader.key(script, f"[project.{section}]"))
    dynamic = table(table(table(tool.get("setuptools")).get("dynamic")).get("dependencies")).get("file")
    for path in [dynamic] if isinstance(dynamic, str) else items(dynamic):
        if isinstance(path, str):
            yield reader.found("include", path, "", reader.line(path))
    flit = table(table(tool.get("flit")).get("metadata"))
    yield from reader.requirements(flit.get("requires"), frozenset(), "[tool.flit.metadata]")
    if isinstance(wanted := flit.get("requires-python"), str) and "requires-python" not in project:
        yield reader.found("pin", "python", wanted, reader.line("requires-python"), "requires-python")


def _poetry(reader: _Reader) -> Iterator[Found]:
    poetry = table(reader.tool.get("poetry"))
    if not poetry:
        return
    yield from _poetry_table(reader, table(poetry.get("dependencies")), frozenset(), "[tool.poetry.dependencies]")
    yield from _poetry_table(reader, table(poetry.get("dev-dependencies")), DEV, "[tool.poetry.dev-dependencies]")
    for group, inner in table(poetry.get("group")).items():
        section = f"[tool.poetry.group.{group}.dependencies]"
        yield from _poetry_table(reader, table(table(inner).get("dependencies")), group_tags(group), section)
    for script, target in table(poetry.get("scripts")).items():
        target = target if isinstance(target, str) else table(target).get("reference") or table(target).get("callable")
        if isinstance(target, str):
            yield reader.found("entry", "script", f"{script}={target}", reader.key(script, "[tool.poetry.scripts]"))
    if isinstance(wanted := poetry.get("requires-poetry"), str):
        yield reader.found("manager-version", "poetry", wanted, reader.line("requires-poetry"))


def _poetry_table(reader: _Reader, entries: dict[str, Any], tags: frozenset[str], section: str) -> Iterator[Found]:
    for name, value in entries.items():
        several = [one for one in items(value) if isinstance(one, dict)]
        options = several[0] if several else table(value)
        wanted = value if isinstance(value, str) else str(options.get("version") or "")
        line = reader.key(name, section)
        if normal(name) == "python":
            yield reader.found("pin", "python", wanted, line, "poetry-python")
            continue
        more = {f"extra:{normal(str(extra))}" for extra in items(options.get("extras"))}
        if options.get("optional") is True:
            more.add("optional")
        if isinstance(path := options.get("path"), str):
            yield reader.found("uses-project", path, "", line, tags=frozenset({"path"}))
        elif isinstance(url := options.get("git") or options.get("url"), str) and not wanted:
            wanted = url
        yield reader.found("dependency", normal(name), wanted, line, tags=tags | more)


def _uv(reader: _Reader) -> Iterator[Found]:
    uv = table(reader.tool.get("uv"))
    if isinstance(wanted := uv.get("required-version"), str):
        yield reader.found("manager-version", "uv", wanted, reader.line("required-version"))
    yield from reader.requirements(uv.get("dev-dependencies"), DEV, "dev-dependencies")
    for name, source in table(uv.get("sources")).items():
        for one in [source] if isinstance(source, dict) else items(source):
            line = reader.key(name, "[tool.uv.sources")
            if table(one).get("workspace") is True:
                yield reader.found("uses-project", name, "", line)
            elif isinstance(path := table(one).get("path"), str):
                yield reader.found("uses-project", path, "", line, tags=frozenset({"path"}))
    for tool in ("uv", "rye"):
        workspace = table(table(reader.tool.get(tool)).get("workspace"))
        section = f"[tool.{tool}.workspace]"
        for key, tags in (("members", frozenset[str]()), ("exclude", frozenset({"exclude"}))):
            for glob in items(workspace.get(key)):
                if isinstance(glob, str):
                    yield reader.found("workspace", glob, "", reader.line(glob, section), tool, tags)


def _others(reader: _Reader) -> Iterator[Found]:
    tool = reader.tool
    for name in (
        "uv",
        "poetry",
        "pdm",
        "hatch",
        "pixi",
        "rye",
        "flit",
        "setuptools",
        "tox",
        "poe",
        "taskipy",
        "cibuildwheel",
        "briefcase",
        "maturin",
        "pyinstaller",
        "nox",
    ):
        keys = set(table(tool.get(name)))
        if name in tool and not (keys and keys <= _BACKEND_ONLY.get(name, frozenset())):
            yield reader.found("tool", name, "", reader.line(f"[tool.{name}"))
    for group, entries in table(table(tool.get("pdm")).get("dev-dependencies")).items():
        yield from reader.requirements(entries, group_tags(group) | DEV, "[tool.pdm.dev-dependencies]")
    yield from reader.requirements(table(tool.get("rye")).get("dev-dependencies"), DEV, "dev-dependencies")
    for name, environment in table(table(tool.get("hatch")).get("envs")).items():
        for key in ("dependencies", "extra-dependencies"):
            yield from reader.requirements(table(environment).get(key), DEV, f"[tool.hatch.envs.{name}", "[tool.hatch.envs")
        yield from _scripts(reader, table(table(environment).get("scripts")), f"[tool.hatch.envs.{name}.scripts]")
    for name, key in _TASKS:
        yield from _scripts(reader, table(table(tool.get(name)).get(key)), f"[tool.{name}.{key}")
    if "pixi" in tool:
        yield from pixi(reader.file, reader.text, table(tool.get("pixi")), "pixi.toml")
    for name in items(table(tool.get("briefcase")).get("requires")):
        if isinstance(name, str):
            yield from requirement(reader.file, reader.line(name), name)


def _scripts(reader: _Reader, scripts: dict[str, Any], section: str) -> Iterator[Found]:
    for name, value in scripts.items():
        command = (
            value if isinstance(value, str) else table(value).get("cmd") or table(value).get("shell") or table(value).get("call")
        )
        if isinstance(command, list):
            command = " ".join(one for one in command if isinstance(one, str))
        if isinstance(command, str) and name != "_":
            yield reader.found("script", name, command, reader.key(name, section))


def _build_system(reader: _Reader) -> Iterator[Found]:
    system = table(reader.content.get("build-system"))
    backend = system.get("build-backend")
    wanted = [one for one in items(system.get("requires")) if isinstance(one, str)]
    text = backend if isinstance(backend, str) else wanted[0] if wanted else ""
    name = next((tool for prefix, tool in _BACKENDS if normal(text).startswith(normal(prefix))), "")
    if name:
        version = next(
            (
                match[1]
                for one in wanted
                if (match := re.match(r"^[A-Za-z_.-]{1,60}\s*(?:\[[^\]]{0,60}\])?\s*==\s*(\d[\w.]{0,30})", one))
            ),
            "",
        )
        yield reader.found("tool", name, version, reader.line("build-backend", "[build-system]") or reader.line("[build-system]"))
    for one in wanted:
        if (match := re.match(r"^([A-Za-z0-9._-]{1,60})", one)) and normal(match[1]) in {
            "cython",
            "cffi",
            "setuptools-rust",
            "pybind11",
            "numpy",
        }:
            yield reader.found("tool", normal(match[1]), "", reader.line(one, "[build-system]"))


def pipfile(file: str, data: bytes) -> Iterator[Found]:
    text = Text(data)
    content = load_toml(text)
    for section, packages in content.items():
        if section in {"source", "requires", "pipenv", "scripts"}:
            continue
        tags = frozenset[str]() if section == "packages" else DEV if section == "dev-packages" else group_tags(section)
        start = text.find(f"[{section}]")
        for name, value in table(packages).items():
            options = table(value)
            line = next(
                (line for needle in (f"{name} =", f"{name}=", f'"{name}"', name) if (line := text.find(needle, start))), start
            )
            wanted = (
                value if isinstance(value, str) else str(options.get("version") or options.get("git") or options.get("file") or "")
            )
            extras = {f"extra:{normal(str(extra))}" for extra in items(options.get("extras"))}
            if isinstance(path := options.get("path"), str) and path.rstrip("/") not in {"", "."}:
                yield Found("uses-project", path, "", file, line, text.line(line), "python", frozenset({"path"}))
            elif path is not None:
                continue  # the project itself
            yield Found("dependency", normal(name), wanted, file, line, text.line(line), "python", tags | extras)
    for key in ("python_full_version", "python_version"):
        if isinstance(version := table(content.get("requires")).get(key), str):
            line = text.find(key)
            yield Found("pin", "python", version, file, line, text.line(line), "Pipfile")
    for name, command in strings(content.get("scripts")).items():
        line = text.find(name, text.find("[scripts]"))
        yield Found("script", name, command, file, line, text.line(line), "python")
