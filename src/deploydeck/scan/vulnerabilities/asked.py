"""Which packages of a project there are to ask about, and which nobody else should hear of."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from deploydeck.domain import Dependency, ProjectProfile
from deploydeck.scan.vulnerabilities.records import Package, normal_name, normal_version
from deploydeck.scan.vulnerabilities.versions import understood

_NOT_FROM_A_REGISTRY = re.compile(r"(?:file|link|portal|workspace|path|patch):|\.{0,2}/|git@|git\+ssh:|ssh:|svn\+|~/")
_NAME = re.compile(r"[\w@][^\s\x00-\x1f\x7f]{0,255}")
_VERSION = re.compile(r"[\w.+!~:^-]{1,128}")


@dataclass
class Wanted:
    """What to ask: `packages` may be sent, `private` must stay here, `unknown` have no version or no registry OSV knows."""

    packages: dict[Package, Dependency] = field(default_factory=dict)
    private: dict[Package, Dependency] = field(default_factory=dict)
    unknown: set[tuple[str, str]] = field(default_factory=set)


def every_profile(profile: ProjectProfile) -> Iterator[ProjectProfile]:
    """The profile and those of all its components, however deep."""
    waiting = [profile]
    while waiting:
        one = waiting.pop(0)
        yield one
        waiting += [component.profile for component in one.components]


def wanted(profile: ProjectProfile, private: Iterable[str] = (), environ: Mapping[str, str] | None = None) -> Wanted:
    """Every version of every package once. `private` are globs of names; GOPRIVATE of the environment counts too.

    A direct, productive dependency stands for the others: it is the one whose evidence people want to see.
    """
    environment = os.environ if environ is None else environ
    globs = tuple(private)
    go_globs = tuple(glob for one in environment.get("GOPRIVATE", "").split(",") if (glob := one.strip().strip("/")))
    found = Wanted()
    known: set[tuple[str, str]] = set()
    for one in every_profile(profile):
        for dependency in one.dependencies:
            name = normal_name(dependency.ecosystem, dependency.name)
            version = normal_version(dependency.ecosystem, dependency.version)
            place = (dependency.ecosystem, name)
            readable = _VERSION.fullmatch(version) and understood(dependency.ecosystem, version)  # `latest` is no version
            if not readable or not _NAME.fullmatch(name):
                found.unknown.add(place)
                continue
            known.add(place)
            hidden = _is_private(dependency, name, globs, go_globs)
            chosen = found.private if hidden else found.packages
            package = Package(dependency.ecosystem, name, version)
            if package not in chosen or _weight(dependency) > _weight(chosen[package]):
                chosen[package] = dependency
    for package in found.private:
        found.packages.pop(package, None)
    found.unknown -= known
    return found


def _weight(dependency: Dependency) -> tuple[bool, bool]:
    return dependency.direct, not dependency.development


def _is_private(dependency: Dependency, name: str, globs: tuple[str, ...], go_globs: tuple[str, ...]) -> bool:
    if _NOT_FROM_A_REGISTRY.match(dependency.requirement.strip().lower()):
        return True
    names = (name, dependency.name, f"{dependency.ecosystem}:{name}")
    if any(fnmatchcase(one, glob) for glob in globs for one in names):
        return True
    if dependency.ecosystem != "Go":
        return False
    parts = name.split("/")  # a glob of GOPRIVATE matches the beginning of a path, part by part
    return any(fnmatchcase("/".join(parts[: glob.count("/") + 1]), glob) for glob in go_globs)
