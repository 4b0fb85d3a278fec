"""Small things that several stacks ask in the same way."""

from __future__ import annotations

import re

from deploydeck.generate.names import package_spec
from deploydeck.generate.stacks.base import InstallQuestion

_EXACT = re.compile(r"v?(\d{1,4}\.\d{1,4}\.\d{1,4})(?:\+.{1,200})?")


def exact_version(version: str) -> str:
    """`1.2.3` out of an exact pin (`v1.2.3`, `1.2.3+sha512…`); empty for anything else."""
    match = _EXACT.fullmatch(version.strip())
    return match[1] if match else ""


def extras(question: InstallQuestion) -> tuple[str, ...]:
    """The packages to install besides, each refused when it is no package name."""
    return tuple(package_spec(package) for package in question.packages)
