"""A running double of OSV, and profiles made of nothing but dependencies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest

from deploydeck.domain import Component, Dependency, Evidence, Kind, ProjectProfile, Support
from deploydeck.scan.vulnerabilities.client import Manners
from tests.doubles.osv import OsvServer

IMPATIENT = Manners(first_wait_s=0.005, longest_wait_s=0.05)


@pytest.fixture
def osv(monkeypatch: pytest.MonkeyPatch) -> Iterator[OsvServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with OsvServer().running() as server:
        yield server


def needs(name: str, version: str = "", ecosystem: str = "PyPI", **more: object) -> Dependency:
    place = Evidence(file="requirements.txt", line=1, text=name)
    return Dependency.model_validate({"name": name, "version": version, "ecosystem": ecosystem, "evidence": place, **more})


def project(dependencies: Sequence[Dependency], components: dict[str, ProjectProfile] | None = None) -> ProjectProfile:
    return ProjectProfile(
        id="prj-1",
        name="shop",
        root="/shop",
        kind=Kind.SERVER,
        support=Support.SUPPORTED,
        support_reason="",
        dependencies=tuple(dependencies),
        components=tuple(Component(path=path, profile=one) for path, one in (components or {}).items()),
        analyzed_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
