"""Which component speaks for a directory that only holds projects together, and what stands at the root because of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from deploydeck.domain import Alternative, Component, Fact, Framework, Kind, ProjectProfile, Severity, Support
from deploydeck.scan.state import Scan

_PREFERRED = (
    "gateway", "api", "server", "backend", "app", "web", "service", "core", "main", "src", "frontend", "client", "site", "www",
)  # fmt: skip
_PROMOTED = (
    "framework", "frameworks", "build_tools", "start", "build_command", "port", "health_path", "output_dir", "single_page",
)  # fmt: skip
_BUILT_FROM_OUTSIDE = frozenset({"maven", "gradle"})
_WORKSPACES = ("go.work", "Cargo.toml", ".sln", ".slnx")
_WHERE_MISSING = ("language", "package_manager", "runtime_version")


def primary(components: tuple[Component, ...]) -> tuple[Component | None, bool]:
    """The component that speaks for the project, and whether that is beyond doubt: the only one that can run."""
    used = {path for component in components for path in component.depends_on}
    running = [one for one in components if one.profile.kind is not Kind.NONE and (one.profile.framework or one.profile.start)]
    if not running:
        return (components[0], True) if len(components) == 1 else (None, False)

    def rank(one: Component) -> tuple[Any, ...]:
        profile, name = one.profile, one.path.rpartition("/")[2].lower()
        word = next((number for number, known in enumerate(_PREFERRED) if known in re.split(r"[-_.]", name)), len(_PREFERRED))
        named = profile.framework is not None
        return (
            one.path in used,
            profile.kind is not Kind.SERVER,
            not named,
            word,
            one.path.count("/"),
            -profile.confidence,
            one.path,
        )

    running.sort(key=rank)
    servers = [one for one in running if one.profile.kind is Kind.SERVER and one.path not in used]
    return running[0], len(running) == 1 or len(servers) == 1


def promoted(scan: Scan, profile: ProjectProfile, components: tuple[Component, ...]) -> ProjectProfile:
    """The profile of a directory that only holds components together, with what its primary component says."""
    own = profile.start is not None and (profile.language is not None or bool(scan.overrides.start))  # compose alone is no program
    if profile.framework is not None or not components or scan.overrides.framework:
        return profile
    chosen, sure = _started(profile, components), True
    if chosen is None:
        chosen, sure = primary(components)
        if own:
            return _completed(profile, chosen) if sure and chosen is not None and not scan.overrides.start else profile
    if chosen is None:
        return profile
    told = chosen.profile
    changed: dict[str, Any] = {name: _less_sure(getattr(told, name), 0.95 if sure else 0.75) for name in _PROMOTED}
    if own and profile.start is not None:  # its own command, for a program of the component
        if told.start is not None and told.start.value.port_from_env:
            value = profile.start.value.model_copy(update={"port_from_env": True})
            profile = profile.model_copy(update={"start": profile.start.model_copy(update={"value": value})})
        changed |= {name: fact for name in ("start", "build_command") if (fact := getattr(profile, name)) is not None}
    overridden = {
        name for name in _PROMOTED if (fact := getattr(profile, name, None)) and isinstance(fact, Fact) and fact.confidence == 1
    }
    changed = {name: value for name, value in changed.items() if name not in overridden}
    for name in _WHERE_MISSING:
        here = getattr(profile, name)
        if here is None or (name == "language" and here.value.id != getattr(told.language, "value", here.value).id):
            changed[name] = _less_sure(getattr(told, name), 0.95 if sure else 0.75)
    changed["runtime"] = told.runtime or profile.runtime
    changed |= _joined(profile, chosen, components)
    if profile.kind is Kind.NONE:
        changed["kind"] = told.kind
    changed["primary"] = chosen.path
    if told.framework is not None and not sure:
        others = tuple(
            Alternative[Framework](value=one.profile.framework.value, evidence=one.profile.framework.evidence[:2])
            for one in components
            if one is not chosen and one.profile.kind is Kind.SERVER and one.profile.port
            if one.profile.framework and one.profile.framework.value.id != told.framework.value.id
        )
        changed["framework"] = _less_sure(told.framework, 0.75).model_copy(update={"alternatives": others})
    if profile.support is not Support.SUPPORTED and (
        _built_from_here(profile, chosen) or (sure and (_of_the_workspace(chosen) or _installed_from_here(profile, chosen)))
    ):
        changed["support"] = Support.SUPPORTED
        changed["support_reason"] = f"{told.support_reason}, built from here; {chosen.path} is what runs"
    elif profile.support is not Support.SUPPORTED:
        listed = ", ".join(f"{one.path} ({_title(one)})" for one in components[:6])
        more = f" and {len(components) - 6} more" if len(components) > 6 else ""
        changed["support"] = Support.NOT_YET if told.support is not Support.UNKNOWN else profile.support
        changed["support_reason"] = f"The projects are in its directories: {listed}{more}. Open one of them to deploy it."
    if not sure:
        scan.finding(
            "several-components",
            Severity.INFO,
            f"{len(components)} projects are in here; {chosen.path} speaks for all of them.",
            "Open the directory of the one that is meant.",
            [one.profile.framework.evidence[0] for one in components if one.profile.framework and one.profile.framework.evidence][
                :8
            ],
        )
    return profile.model_copy(update=changed)


def _built_from_here(profile: ProjectProfile, chosen: Component) -> bool:
    """Whether the component can be deployed and is a module of this directory's own Maven or Gradle build."""
    told = chosen.profile
    same = (
        profile.package_manager and told.package_manager and profile.package_manager.value.name == told.package_manager.value.name
    )
    if told.support is not Support.SUPPORTED or not same or not told.start or not profile.package_manager:
        return False
    made = any(word.removeprefix("./").startswith(f"{chosen.path}/") for word in told.start.value.argv)
    return made and profile.package_manager.value.name in _BUILT_FROM_OUTSIDE


def _of_the_workspace(chosen: Component) -> bool:
    """Whether the component can be deployed, and is built from this directory because its workspace or solution stands here."""
    place = chosen.declared_by.file if chosen.declared_by else ""
    return chosen.profile.support is Support.SUPPORTED and "/" not in place and place.endswith(_WORKSPACES)


def _installed_from_here(profile: ProjectProfile, chosen: Component) -> bool:
    """Whether the component can be deployed and is a member of the JavaScript workspace whose lock stands in this directory."""
    manager = profile.package_manager
    runs = chosen.profile.runtime == "node" and chosen.profile.support is Support.SUPPORTED
    return runs and manager is not None and bool(manager.value.lock_file) and chosen.declared_by is not None


def _joined(profile: ProjectProfile, chosen: Component, components: tuple[Component, ...]) -> dict[str, Any]:
    """What the primary component and everything it uses need, beside what the directory itself says; services of all."""
    by_path = {component.path: component for component in components}
    wanted, waiting = dict.fromkeys([chosen.path]), [chosen.path]
    while waiting:
        for path in by_path[waiting.pop()].depends_on:
            if path not in wanted and path in by_path:
                wanted[path] = None
                waiting.append(path)
    used = [by_path[path].profile for path in wanted]

    def first(values: Iterable[Any], key: str) -> tuple[Any, ...]:
        found: dict[Any, Any] = {}
        for value in values:
            found.setdefault(getattr(value, key), value)
        return tuple(found[name] for name in sorted(found))

    return {
        "variables": first((one for part in (profile, *used) for one in part.variables), "name"),
        "system_packages": first((one for part in (profile, *used) for one in part.system_packages), "name"),
        "services": first((one for part in (profile, *(other.profile for other in components)) for one in part.services), "name"),
        "dependencies": tuple(dict.fromkeys(one for part in (profile, *used) for one in part.dependencies)),
    }


def _completed(profile: ProjectProfile, chosen: Component) -> ProjectProfile:
    """A root whose Dockerfile starts the one project that can run inside: what that project is, the root is."""
    told = chosen.profile
    files = {place.file.rpartition("/")[2] for place in profile.start.evidence} if profile.start else set()
    same = told.language and profile.language and told.language.value.id == profile.language.value.id
    if not same or not all(re.search(r"(?i)docker|compose|Procfile", name) for name in files):
        return profile
    missing = {
        name: _less_sure(getattr(told, name), 0.95)
        for name in ("framework", "frameworks", "build_command", "port")
        if not getattr(profile, name) and getattr(told, name)
    }
    return profile.model_copy(update={**missing, "primary": chosen.path})


def _started(profile: ProjectProfile, components: tuple[Component, ...]) -> Component | None:
    """The component whose file the start command of the directory around it runs."""
    words = [word.removeprefix("./") for word in profile.start.value.argv] if profile.start else []
    found = [one for one in components if any(word.startswith(f"{one.path}/") for word in words)]
    return max(found, key=lambda one: len(one.path)) if found else None


def _title(component: Component) -> str:
    profile = component.profile
    named = profile.framework or profile.language
    return named.value.name if named else "files"


def _less_sure(fact: Any, factor: float) -> Any:
    if isinstance(fact, Fact):
        return fact.model_copy(update={"confidence": round(fact.confidence * factor, 3)})
    return fact
