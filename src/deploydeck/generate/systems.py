"""Debian packages of an image: what the scan found its dependencies to need, then what people ask for, each with its reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from deploydeck.domain import Evidence, ProjectProfile
from deploydeck.generate.names import debian_package
from deploydeck.generate.preferences import BUILD_PACKAGES, RUN_PACKAGES, Preferences

_COMES_WITH: dict[str, tuple[str, ...]] = {"gcc": ("libc6-dev",)}
"""What apt only recommends and a package is of no use without: gcc has no headers of the C library of its own."""

NO_LONGER_IN_DEBIAN = frozenset({"wkhtmltopdf"})
"""Packages that Debian 13, which the base images are made of, has no more: asking for one would break the build."""


@dataclass(frozen=True)
class Package:
    """One package to install and why."""

    name: str
    why: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Needed:
    """Packages of the build stage and of the final one, by name. `build` and `run` are their names alone."""

    build_packages: tuple[Package, ...] = ()
    run_packages: tuple[Package, ...] = ()

    @property
    def build(self) -> tuple[str, ...]:
        return tuple(package.name for package in self.build_packages)

    @property
    def run(self) -> tuple[str, ...]:
        return tuple(package.name for package in self.run_packages)

    @property
    def all_packages(self) -> tuple[Package, ...]:
        """Both, for a stage that builds and runs in one."""
        return tuple({package.name: package for package in (*self.build_packages, *self.run_packages)}.values())


def needed(
    profile: ProjectProfile,
    wishes: Preferences,
    *,
    also_build: Iterable[Package] = (),
    also_run: Iterable[Package] = (),
    without: str = "",
    gone: Collection[str] = (),
) -> Needed:
    """What the scan found, what the stack itself needs (`also_…`) and what people ask for; nothing replaces anything.

    `without` leaves out what dependencies of that prefix need, `gone` packages by name: another way brings them.
    """
    build = {package.name: package for package in also_build}
    run = {package.name: package for package in also_run}
    for package in profile.system_packages:
        if (
            not debian_package(package.name)
            or package.name in NO_LONGER_IN_DEBIAN
            or package.name in gone
            or (without and package.because.startswith(without))
        ):
            continue  # not a name at all: a profile kept by an earlier version, or tampered with
        cause = package.because or "a dependency"
        if package.build:
            why = f"Needed to build {cause}; stays in this stage"
            build.setdefault(package.name, Package(package.name, why, package.evidence))
            for other in _COMES_WITH.get(package.name, ()):
                build.setdefault(other, Package(other, f"{package.name} cannot do without it", package.evidence))
        if package.run:
            run.setdefault(package.name, Package(package.name, f"{cause} needs it when it runs", package.evidence))
    for name, into in ((BUILD_PACKAGES, build), (RUN_PACKAGES, run)):
        for wish in wishes.packages(name):
            into[wish.value] = Package(wish.value, f"Asked for by {wish.source}")
    return Needed(tuple(build[name] for name in sorted(build)), tuple(run[name] for name in sorted(run)))
