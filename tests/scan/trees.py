"""Small trees for tests of the scanner."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from deploydeck.domain import ProjectProfile
from deploydeck.scan import ProjectAnalyzer
from deploydeck.scan.facts import Found
from deploydeck.scan.parsers import Parser, parsers_for
from deploydeck.settings import AppSettings

PROJECTS = Path(__file__).parent.parent / "projects"


def plant(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files (path to content) under `root` and return it."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def scan(root: Path, files: Mapping[str, str | bytes] | None = None, **overrides: Any) -> ProjectProfile:
    """The profile of a tree; keyword arguments are [app] settings."""
    plant(root, files or {})
    return ProjectAnalyzer().profile(root, AppSettings.model_validate(overrides))


def codes(profile: ProjectProfile) -> set[str]:
    return {finding.code for finding in profile.findings}


def where(fact: Any) -> list[str]:
    """`file:line` of every evidence of a fact."""
    return [place.where for place in fact.evidence]


def git(root: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=T", "-c", "user.email=t@example.test", "-C", str(root), *arguments],
        check=True,
        capture_output=True,
    )


def parser_for(path: str) -> Parser | None:
    """The parsers of a file, by its path in its component, as one that gives the facts of all; None when nothing reads it."""
    found = parsers_for(path)
    if len(found) < 2:
        return next(iter(found), None)

    def parse(file: str, data: bytes) -> Iterator[Found]:
        return (fact for parser in found for fact in parser.parse(file, data))

    return replace(found[0], parse=parse)
