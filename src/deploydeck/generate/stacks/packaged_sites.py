"""Site generators that are one program, installed from Debian: Hugo and mdBook."""

from __future__ import annotations

from typing import Any

from deploydeck.generate.request import Request
from deploydeck.generate.stacks.base import Stack

PACKAGES = {"hugo": "hugo", "mdbook": "mdbook"}
"""Framework to the Debian package that builds it; Debian's Hugo is the extended one, which compiles Sass."""


def _context(request: Request) -> dict[str, Any]:
    return {"generator": PACKAGES[request.choices.framework], "generator_evidence": _evidence(request)}


def _evidence(request: Request) -> tuple[Any, ...]:
    return request.profile.framework.evidence if request.profile.framework else ()


PACKAGED_SITES = Stack(
    id="site-generator",
    name="Hugo and mdBook sites",
    languages=(),
    managers={},
    template="",
    context=_context,
    image="debian:trixie-slim",
    site_template="docker/_packaged_site.j2",
    frameworks=tuple(PACKAGES),
    needs_manager=False,
)
