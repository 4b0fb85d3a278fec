"""Joins what JVM build files leave to one another, before the rules look: catalogs, properties, shared blocks, managed versions.

A Gradle script says `libs.spring.boot.web` and the catalog of the root what that is; a module of Maven names no version and its
parent does. Parsers see one file, so they leave these as `managed` facts, and `link` adds the facts that follow from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from deploydeck.scan.ecosystems.jvm_health import health
from deploydeck.scan.facts import Found
from deploydeck.scan.parsers.jvm_versions import java_version, pinned_group
from deploydeck.scan.state import Scan

_REFERENCE = re.compile(r"\$\{?([A-Za-z_][\w.-]{0,100})\}?")
_APPLICATIONS = ("com.android.application",)
_FRAMEWORKS = (
    "org.springframework.boot:spring-boot",
    "io.quarkus:quarkus-core",
    "io.micronaut:micronaut-core",
    "io.ktor:ktor-server-core",
)
"""What stands for a framework whose platform alone has a version: starters of other groups bring it along."""
_PLAY = ("com.typesafe.play", "org.playframework")
_MOST = 5000


def link(scan: Scan) -> None:
    """Add to a component's facts what follows from those of its other files and of the projects around it. Idempotent."""
    facts = scan.facts
    if facts.own("linked") or not (facts.of("managed") or facts.own("manifest", scope="jvm")):
        return
    facts.add([Found("linked", "jvm", scope="jvm")])
    gradle = any(fact.name.startswith(("build.gradle", "settings.gradle")) for fact in facts.own("manifest", scope="jvm"))
    maven = any(fact.name == "pom.xml" for fact in facts.own("manifest", scope="jvm"))
    known = _properties(scan)
    catalog = {fact.name: fact for fact in reversed(facts.of("managed", scope="catalog"))}
    own = list(facts.own("managed", scope="accessor"))
    for fact in own[:_MOST]:
        if "shared" not in fact.tags:
            facts.add(_accessed(fact, fact.value, catalog, known))
    if scan.directory:
        facts.add(_inherited(scan, gradle, maven, catalog, known))
    if gradle:
        for _ in range(3):  # a convention may apply another
            facts.add(_conventions(scan, catalog, known))
        _pins(scan, catalog, known)
        for fact in facts.own("managed"):
            if fact.name in _APPLICATIONS and not facts.own("tool", fact.name) and not scan.directory:
                facts.add([replace(fact, kind="tool", scope="jvm")])
        facts.add(list(_projects(scan)))
    facts.add(list(_versions(scan, known)))
    facts.add(list(health(scan)))


def _projects(scan: Scan) -> Iterator[Found]:
    """The directories that `project(":a:b")` means, and the name that `:a:b` gives this one."""
    if not scan.facts.own("project-name", scope="jvm") and scan.directory:
        yield Found("project-name", scan.directory.rpartition("/")[2], scope="jvm")
    settings = next((scan.above[name] for name in ("settings.gradle.kts", "settings.gradle") if name in scan.above), "")
    if not settings:
        return
    root = settings.strip("/").rpartition("/")[0]
    here = scan.directory.removeprefix(f"{root}/") if root else scan.directory
    up = "/".join([".."] * (here.count("/") + 1))
    for fact in list(scan.facts.own("uses-project", scope="jvm")):
        if fact.value.startswith(":"):
            yield replace(fact, name=f"{up}/{fact.value.strip(':').replace(':', '/')}", tags=fact.tags | {"path"})


def _properties(scan: Scan) -> dict[str, str]:
    found: dict[str, str] = {}
    for fact in scan.facts.of("managed", scope="property"):
        found.setdefault(fact.name, fact.value)
    return found


def _put(text: str, known: dict[str, str]) -> str:
    """The text with known properties for `$name` and `${name}`; a dotted name may end in the property's."""
    for _ in range(3):
        if "$" not in text:
            break
        text = _REFERENCE.sub(lambda match: known.get(match[1], known.get(match[1].rpartition(".")[2], match[0])), text)
    return text


def _accessed(fact: Found, kind: str, catalog: dict[str, Found], known: dict[str, str], depth: int = 0) -> Iterator[Found]:
    """The dependencies or the plugin that an accessor of the catalog stands for."""
    entry = catalog.get(fact.name)
    if entry is None or depth > 2:
        return
    if ".bundles." in fact.name:
        for name in entry.value.split(",")[:100]:
            yield from _accessed(replace(fact, name=name), kind, catalog, known, depth + 1)
        return
    parts = entry.value.split(":")
    if "plugin" in fact.tags:
        name, version = parts[0], ":".join(parts[1:])
    else:
        name, version = ":".join(parts[:2]), ":".join(parts[2:])
    if not name.strip(":"):
        return
    scope = "jvm"
    yield replace(fact, kind=kind, name=name, value=_put(version, known), scope=scope)


def _inherited(scan: Scan, gradle: bool, maven: bool, catalog: dict[str, Found], known: dict[str, str]) -> Iterable[Found]:
    """What `subprojects { … }` or a parent of modules declares for this component."""
    found: list[Found] = []
    declared = {fact.name for fact in scan.facts.own("dependency")} | {fact.name for fact in scan.facts.own("tool")}
    for fact in scan.facts.of("managed"):
        if not fact.file.startswith("/") or fact.scope not in {"applied", "accessor"}:
            continue
        if not (maven if fact.file.endswith("pom.xml") else gradle):
            continue
        if fact.scope == "accessor" and "shared" in fact.tags:
            found += _accessed(fact, fact.value, catalog, known)
        elif fact.scope == "applied" and fact.name not in declared:
            kind = next((tag[5:] for tag in fact.tags if tag.startswith("kind:")), "")
            if kind in {"dependency", "tool", "locked"}:
                tags = frozenset(tag for tag in fact.tags if not tag.startswith("kind:"))
                found.append(replace(fact, kind=kind, value=_put(fact.value, known), scope="jvm", tags=tags))
    return found[:_MOST]


def _conventions(scan: Scan, catalog: dict[str, Found], known: dict[str, str]) -> list[Found]:
    """What a convention plugin that this script applies brings along."""
    facts = scan.facts
    applied = {fact.name for fact in facts.own("tool", scope="jvm")}
    done = {(fact.kind, fact.name) for kind in ("dependency", "tool") for fact in facts.own(kind)}
    found: list[Found] = []
    for fact in facts.of("managed"):
        scope = fact.scope.removeprefix("convention:")
        if scope == fact.scope or not any(name == scope or name.endswith(f".{scope}") for name in applied):
            continue
        kind = next((tag[5:] for tag in fact.tags if tag.startswith("kind:")), "")
        plain = replace(fact, tags=frozenset(tag for tag in fact.tags if not tag.startswith("kind:")))
        news = (
            list(_accessed(plain, fact.value, catalog, known))
            if kind == "accessor"
            else [replace(plain, kind=kind, value=_put(fact.value, known), scope="jvm")]
        )
        for one in news:
            if one.kind in {"dependency", "tool"} and (one.kind, one.name) not in done:
                done.add((one.kind, one.name))
                found.append(one)
    return found[:_MOST]


def _pins(scan: Scan, catalog: dict[str, Found], known: dict[str, str]) -> None:
    """A Java version that a build script takes from the catalog or from gradle.properties."""
    for fact in scan.facts.own("managed", "java", "pin"):
        name = fact.value.lstrip("$").strip("{}")
        entry = catalog.get(name)
        value = java_version(entry.value if entry else known.get(name, known.get(name.rpartition(".")[2], "")))
        if value:
            scan.facts.add([replace(fact, kind="pin", value=value, scope="gradle")])


def _versions(scan: Scan, known: dict[str, str]) -> Iterator[Found]:
    """The versions of dependencies that name none themselves: a property's, a managed one, their platform's."""
    facts = scan.facts
    exact: dict[str, Found] = {}
    groups: dict[str, Found] = {}
    for fact in (*facts.own("tool", scope="jvm"), *facts.of("managed"), *facts.own("dependency", scope="jvm")):
        version = _put(fact.value, known)
        if not version or "$" in version or fact.scope in {"catalog", "property", "accessor", "pin"}:
            continue
        for group in pinned_group(fact.name):
            groups.setdefault(group, replace(fact, value=version))
        if fact.kind == "managed" and fact.name.endswith(":*"):
            groups.setdefault(fact.name, fact)
        elif fact.kind == "managed" and ":" in fact.name:
            exact.setdefault(fact.name, replace(fact, value=version))
    for fact in facts.of("managed", "micronautVersion", "property"):
        if facts.starting("tool", "io.micronaut.", "jvm") and re.fullmatch(r"\d[\w.-]{1,40}", fact.value):
            groups.setdefault("io.micronaut:*", fact)
            yield replace(fact, name="io.micronaut:micronaut-core", scope="jvm")
    # a plugin applied without a version has the one its root gave it
    given = {fact.name: fact for fact in facts.of("managed") if fact.value and "plugin" in fact.tags and fact.scope == "jvm"}
    for fact in facts.own("tool", scope="jvm"):
        if not fact.value and fact.name in given:
            for group in pinned_group(fact.name):
                groups.setdefault(group, given[fact.name])
    for name in _FRAMEWORKS:
        if (place := groups.get(f"{name.partition(':')[0]}:*")) and not facts.own("managed", name, "jvm"):
            yield replace(place, kind="managed", name=name, scope="jvm", tags=frozenset())
    for fact in facts.own("tool", "sbt:sbt-plugin", "jvm"):
        group = next((tag[6:] for tag in fact.tags if tag.startswith("group:")), "")
        if group in _PLAY:
            yield replace(fact, kind="managed", name=f"{group}:play", scope="jvm", tags=frozenset())
    seen = {fact.name for fact in facts.of("locked", scope="jvm")}
    for fact in list(facts.own("dependency", scope="jvm")):
        if fact.name in seen:
            continue
        place = None
        if "$" in fact.value:
            version = _put(fact.value, known)
            place = replace(fact, value=version) if "$" not in version else None
        elif not fact.value:
            place = exact.get(fact.name) or groups.get(f"{fact.name.partition(':')[0]}:*")
        if place is not None and place.value and len(place.value) < 80:
            seen.add(fact.name)
            yield replace(place, kind="locked", name=fact.name, scope="jvm", tags=fact.tags & {"development"})
