"""One requirement as PEP 508 and pip write it, and what the name of a file or group says about its purpose."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.scan.facts import Found

_REQUIREMENT = re.compile(
    r"^([A-Za-z0-9][A-Za-z0-9._-]{0,99})(?=[\s\[<>=!~;@(#,]|$)\s*(\[[A-Za-z0-9._,\s-]{0,200}\])?\s*([^;#]{0,300})"
)
_URL = re.compile(r"^@\s*(\S{1,300})")
_EXACT = re.compile(r"===?\s*([^\s,*]{1,60})")
_DEVELOPMENT = re.compile(
    r"(?:^|[^a-z])(?:dev|devel|develop|development|tests?|testing|lint|linting|linters?|docs?|documentation|typing|types?|ci|local|style|format|"
    r"quality|mypy|ruff|tox|nox|bench|benchmarks?|pre-?commit|debug|build|release|notebooks?|examples?|check|coverage|type-check)(?:[^a-z]|$)",
    re.IGNORECASE,
)
DEV = frozenset({"development"})
_RUNTIME_GROUPS = frozenset({"prod", "production", "main", "deploy", "server", "web", "runtime", "app", "api", "default"})


def normal(name: str) -> str:
    """A distribution name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_development(name: str) -> bool:
    """Whether a file or an extra is by its name for developers."""
    return bool(_DEVELOPMENT.search(name))


def group_tags(group: str, *, optional: bool = False) -> frozenset[str]:
    """The tags of a group's members: a group is for developers unless its name says production, an extra only when it says so."""
    name = normal(group)
    if optional:
        return frozenset({"optional", f"group:{name}"} | (DEV if is_development(name) else frozenset()))
    return frozenset({f"group:{name}"} | (frozenset() if name in _RUNTIME_GROUPS else DEV))


def requirement(file: str, line: int, text: str, tags: frozenset[str] = frozenset(), shown: str = "") -> Iterator[Found]:
    """The dependency a requirement line declares, if it declares one by name. Extras become tags `extra:NAME`."""
    match = _REQUIREMENT.match(text.strip())
    if not match:
        return
    extras = {f"extra:{normal(extra.strip())}" for extra in (match[2] or "[]")[1:-1].split(",") if extra.strip()}
    name, wanted = normal(match[1]), match[3]
    if url := _URL.match(wanted):
        wanted = url[1]
    wanted = re.split(r"\s--", wanted, maxsplit=1)[0].strip().strip("()").rstrip("\\").strip()
    yield Found("dependency", name, wanted, file, line, shown or text, "python", tags | extras)
    exact = _EXACT.fullmatch(wanted)
    if exact:
        yield Found("locked", name, exact[1], file, line, shown or text, "python", tags & DEV)
