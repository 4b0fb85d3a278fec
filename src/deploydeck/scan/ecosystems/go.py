"""How projects of Go are built and started."""

from __future__ import annotations

from deploydeck.domain import PackageManager
from deploydeck.scan.ecosystems.base import Resolved
from deploydeck.scan.rules import Technology
from deploydeck.scan.state import Scan


def resolve(scan: Scan, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    """What the project says about building and starting it."""
    return Resolved()
