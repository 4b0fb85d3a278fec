"""What the tests of several ecosystems ask in the same way: a table of small projects, and parsers fed with broken files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from deploydeck.domain import ProjectProfile
from deploydeck.scan.facts import Broken
from deploydeck.scan.parsers import Parser
from tests.scan.trees import scan, where

HOSTILE = (
    b"",
    b"\xff\xfe\x00",
    b"{",
    b"[[[[",
    b"(" * 5000,
    b'"' * 999,
    b"\n" * 999,
    b"<?php",
    b"[1, 2]",
    b'{"a": 1, "require": [], "packages": {"x": 3}}',
    b"- a\n- b: {",
    b"= = =",
    b"do end " * 500,
)


def told(profile: ProjectProfile) -> dict[str, object]:
    """What a case may ask of a profile, as plain values."""
    return {
        "framework": profile.framework.value.id if profile.framework else None,
        "version": profile.framework.value.version if profile.framework else "",
        "start": " ".join(profile.start.value.argv) if profile.start else None,
        "env": profile.start.value.port_from_env if profile.start else None,
        "build": " ".join(profile.build_command.value) if profile.build_command else None,
        "port": profile.port.value if profile.port else None,
        "health": profile.health_path.value if profile.health_path else None,
        "output": profile.output_dir.value if profile.output_dir else None,
        "runtime": profile.runtime_version.value if profile.runtime_version else None,
        "manager": profile.package_manager.value.name if profile.package_manager else None,
        "services": sorted(service.name for service in profile.services),
        "variables": {one.name: "required" if one.required else one.default for one in profile.variables},
        "language": profile.language.value.id if profile.language else None,
        "dependencies": {one.name: one.version or one.requirement for one in profile.dependencies},
        "development": sorted(one.name for one in profile.dependencies if one.development),
        "kind": profile.kind,
    }


def check_project(root: Path, files: Mapping[str, str], wanted: Mapping[str, object]) -> None:
    """The scan of these files tells what is wanted, and its evidence names files that are there."""
    profile = scan(root, files)
    found = told(profile)
    assert {key: found[key] for key in wanted} == wanted
    for fact in (profile.framework, profile.start, profile.build_command):
        assert fact is None or all(place.split(":")[0] in files for place in where(fact))


def check_broken(parsers: Iterable[Parser], pattern: str) -> None:
    """The parsers of a pattern end in facts or in Broken, whatever the file holds."""
    for parser in (parser for parser in parsers if parser.pattern == pattern):
        for data in HOSTILE:
            try:
                list(parser.parse(pattern.replace("*", "x"), data))
            except Broken:
                continue
