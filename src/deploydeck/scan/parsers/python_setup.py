"""setup.py, read as a syntax tree and never run, and setup.cfg."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found, Text
from deploydeck.scan.parsers.python_requirement import DEV, group_tags, requirement
from deploydeck.scan.parsers.python_tree import Module, dotted, elements, last, module_of, pairs, string

_SECTION = re.compile(r"^\[([^\]]{1,100})\]")
_OPTION = re.compile(r"^([A-Za-z][A-Za-z0-9_.-]{0,60})\s*[=:]\s*(.{0,300})$")
_SCRIPT = re.compile(r"^([A-Za-z0-9._-]{1,80})\s*=\s*([A-Za-z0-9_.]{1,120}(?::[A-Za-z0-9_.]{1,80})?)")
_READS = re.compile(r"^[\w./-]{0,80}requirements[\w./-]{0,60}\.(?:txt|in)$")


def setup_py(file: str, data: bytes) -> Iterator[Found]:
    """The arguments of `setup(...)` as far as they are literals or names of literals. Raises Broken."""
    text = Text(data)
    module = module_of(file, text)
    call = next(
        (one for one in module.nodes if isinstance(one, ast.Call) and last(dotted(one.func)) == "setup" and one.keywords), None
    )
    yield Found("manifest", "setup.py", file, file, getattr(call, "lineno", 0), text.line(getattr(call, "lineno", 0)), "python")
    yield module.found("tool", "setuptools", call or module.tree)
    if call is None:
        return
    given = {one.arg: one.value for one in call.keywords if one.arg}
    for one in call.keywords:
        if one.arg is None:
            given |= dict(pairs(module.value(one.value)))
    if name := module.string(given.get("name")):
        yield module.found("project-name", name, given["name"])
    if wanted := module.string(given.get("python_requires")):
        line = given["python_requires"].lineno
        yield Found("pin", "python", wanted, file, line, text.line(line), "python_requires")
    for key, tags in (
        ("install_requires", frozenset[str]()),
        ("tests_require", DEV),
        ("setup_requires", DEV),
        ("requires", frozenset[str]()),
    ):
        yield from _list(module, given.get(key), tags)
    for group, value in pairs(module.value(given.get("extras_require"))):
        yield from _list(module, value, group_tags(group, optional=True))
    points = module.value(given.get("entry_points"))
    for group, value in pairs(points):
        for entry in elements(module.value(value)):
            if group in {"console_scripts", "gui_scripts"} and (match := _SCRIPT.match(string(entry).strip())):
                yield module.found("entry", "script" if group == "console_scripts" else "gui", entry, f"{match[1]}={match[2]}")
    if written := string(points):
        yield from _points(file, text, written, getattr(points, "lineno", 0))
    if not elements(module.value(given.get("install_requires"))) and "install_requires" in given:
        for node in module.nodes:  # install_requires = open("requirements.txt").read().splitlines()
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _READS.match(node.value):
                yield module.found("include", node.value.removeprefix("./"), node)


def _list(module: Module, node: ast.expr | None, tags: frozenset[str]) -> Iterator[Found]:
    node = module.value(node)
    if isinstance(node, ast.BinOp):
        yield from _list(module, node.left, tags)
        node = module.value(node.right)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        for line in node.value.splitlines()[:500]:
            yield from requirement(module.file, node.lineno, line.strip(), tags)
    for one in elements(node):
        if text := module.string(one):
            yield from requirement(module.file, one.lineno, text, tags, module.text.line(one.lineno))


def _points(file: str, text: Text, written: str, start: int) -> Iterator[Found]:
    inside = False
    for line in written.splitlines()[:500]:
        stripped = line.strip()
        if stripped.startswith("["):
            inside = stripped == "[console_scripts]"
        elif inside and (match := _SCRIPT.match(stripped)):
            number = text.find(stripped, start)
            yield Found("entry", "script", f"{match[1]}={match[2]}", file, number, stripped, "python")


def setup_cfg(file: str, data: bytes) -> Iterator[Found]:
    """The metadata and options of setup.cfg; a file that only configures linters is no manifest."""
    text = Text(data)
    section = option = ""
    for number, raw in enumerate(text.lines, 1):
        line = raw.rstrip()
        if match := _SECTION.match(line):
            section, option = match[1].strip(), ""
            if section in {"metadata", "options"} and section == "options":
                yield Found("manifest", "setup.cfg", file, file, number, line, "python")
                yield Found("tool", "setuptools", "", file, number, line, "python")
            continue
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        value = line.strip()
        if not line[0].isspace():
            if not (match := _OPTION.match(line)):
                continue
            option, value = match[1], match[2].strip()
        if value:
            yield from _option(file, number, section, option, value, line.strip())


def _option(file: str, number: int, section: str, option: str, value: str, line: str) -> Iterator[Found]:
    if section == "metadata" and option == "name":
        yield Found("project-name", value, "", file, number, line, "python")
    elif section == "options" and option == "python_requires":
        yield Found("pin", "python", value, file, number, line, "python_requires")
    elif section == "options" and option in {"install_requires", "tests_require", "setup_requires"}:
        if value.startswith("file:"):
            for path in value.removeprefix("file:").split(","):
                yield Found("include", path.strip(), "", file, number, line, "python")
            return
        for one in value.split(";") if ";" in value and "python_version" not in value and "sys_platform" not in value else [value]:
            yield from requirement(file, number, one.strip(), frozenset() if option == "install_requires" else DEV, line)
    elif section == "options.extras_require":
        yield from requirement(file, number, value, group_tags(option, optional=True), line)
    elif section == "options.entry_points" and option == "console_scripts" and (match := _SCRIPT.match(value)):
        yield Found("entry", "script", f"{match[1]}={match[2]}", file, number, line, "python")
