"""Small things that several stacks ask in the same way."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploydeck.domain import Evidence, ProjectProfile
from deploydeck.generate.names import package_spec
from deploydeck.generate.stacks.base import InstallQuestion

_DEBIAN = re.compile(r"[a-z0-9][a-z0-9.+-]{1,80}")
_EXACT = re.compile(r"v?(\d{1,4}\.\d{1,4}\.\d{1,4})(?:\+.{1,200})?")


def exact_version(version: str) -> str:
    """`1.2.3` out of an exact pin (`v1.2.3`, `1.2.3+sha512…`); empty for anything else."""
    match = _EXACT.fullmatch(version.strip())
    return match[1] if match else ""


def extras(question: InstallQuestion) -> tuple[str, ...]:
    """The packages to install besides, each refused when it is no package name."""
    return tuple(package_spec(package) for package in question.packages)


@dataclass(frozen=True)
class Packages:
    """Debian packages for both stages, sorted, the dependencies that ask for them and where those stand."""

    build: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def debian_packages(profile: ProjectProfile, without: str = "") -> Packages:
    """What the scan found. `without` leaves out what dependencies of that prefix ask for."""
    found = [
        one for one in profile.system_packages if _DEBIAN.fullmatch(one.name) and not (without and one.because.startswith(without))
    ]
    return Packages(
        tuple(sorted(one.name for one in found if one.build)),
        tuple(sorted(one.name for one in found if one.run)),
        tuple(dict.fromkeys(one.because for one in found if one.because)),
        tuple(place for one in found for place in one.evidence),
    )
