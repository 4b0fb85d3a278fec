"""What the JVM's build tools share: names, versions, main classes, wrappers, and where the outer build is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploydeck.domain import Evidence
from deploydeck.scan.facts import Found
from deploydeck.scan.state import MAX_EVIDENCE, Scan, evidence


@dataclass(frozen=True, slots=True)
class Built:
    """How a build tool makes and starts the project. `war`: an archive for a servlet container, which starts it."""

    start: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 0.8
    reason: str = ""
    build_confidence: float = 0.85
    build_reason: str = ""
    war: bool = False


def field(scan: Scan, *names: str) -> Found | None:
    """The first of these fields that the component's own manifests hold."""
    for name in names:
        for fact in scan.facts.own("package-field", name, "jvm"):
            if "${" not in fact.value:
                return fact
    return None


def value(scan: Scan, *names: str) -> str:
    found = field(scan, *names)
    return found.value if found else ""


def tool(scan: Scan, *names: str) -> Found | None:
    """The first of these plugins that is applied; a name may end in `*`. One that is told to skip does not count."""
    for name in names:
        found = scan.facts.starting("tool", name[:-1], "jvm") if name.endswith("*") else scan.facts.of("tool", name, "jvm")
        if found := [fact for fact in found if "skip" not in fact.tags]:
            return found[0]
    return None


def dependency(scan: Scan, *prefixes: str) -> Found | None:
    """The first dependency for production whose name begins with one of these."""
    for prefix in prefixes:
        for fact in scan.facts.starting("dependency", prefix, "jvm"):
            if "development" not in fact.tags:
                return fact
    return None


def option(scan: Scan, name: str) -> Found | None:
    """A configured option, of the default profile first, then of production; other profiles do not count."""
    found = scan.facts.own("option", name, "jvm")
    for wanted in ((), ("prod", "production", "docker", "cloud", "default")):
        for fact in found:
            profiles = {tag[8:] for tag in fact.tags if tag.startswith("profile:")}
            if fact.value and ((not profiles and not wanted) or profiles & set(wanted)):
                return fact
    return next((fact for fact in found if not any(tag.startswith("profile:") for tag in fact.tags)), None)


def main_class(scan: Scan) -> tuple[str, Found | None]:
    """The main class: as configured, else the only one in the source; with several, one that is called like an application."""
    for fact in scan.facts.own("package-field", "mainClass", "jvm"):
        if re.fullmatch(r"[\w.$-]{1,200}", fact.value):
            return fact.value, fact
    found = scan.facts.own("entry", "main", "jvm")
    if len(found) > 1:
        marked = [fact for fact in found if fact.tags]
        named = [
            fact
            for fact in (marked or found)
            if re.search(r"(?:Application|App|Main|Server|Launcher|Bootstrap)(?:Kt)?$", fact.value)
        ]
        found = named[:1] if len(named) == 1 else marked[:1] if len(marked) == 1 else []
    return (found[0].value, found[0]) if found else ("", None)


def places(*facts: Found | None, rule: str = "start") -> tuple[Evidence, ...]:
    return evidence((fact for fact in facts if fact is not None), rule)[:MAX_EVIDENCE]


def build_root(scan: Scan, *names: str) -> str | None:
    """The directory of the outer build that this component is a module of, None when it builds by itself."""
    for name in names:
        if name in scan.tree.entries:
            return None
    for name in names:
        if name in scan.above:
            return scan.above[name].strip("/").rpartition("/")[0]
    return None


def inside(scan: Scan, root: str | None) -> str:
    """The component's directory as seen from the outer build's."""
    if root is None:
        return ""
    return scan.directory.removeprefix(f"{root}/") if root else scan.directory


def wrapper(scan: Scan, name: str, plain: str) -> str:
    """`./mvnw` where the wrapper script is there (here or in the outer build), else the tool itself."""
    return f"./{name}" if name in scan.tree.entries or name in scan.above else plain


def file_place(path: str) -> Evidence:
    return Evidence(file=path, rule="start")
