"""The profile of a directory for the commands that need no Deck: looking at a project needs no database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploydeck.domain import ProjectProfile
    from deploydeck.settings import Settings


def scanned(root: Path, *, fresh: bool = False) -> tuple[ProjectProfile, Settings]:
    """The profile and the settings in force; `fresh` reads everything again. Blocking. Raises DeployDeckError `not-a-project`, …"""
    from deploydeck.scan import Limits, ProfileCache, ProjectAnalyzer, require_project
    from deploydeck.settings import default_paths, load_settings

    paths = default_paths()
    settings = load_settings(paths, root)
    analyzer = ProjectAnalyzer(Limits.of(settings.scan), None if fresh else ProfileCache(paths.profiles))
    profile = analyzer.profile(root, settings.app)
    require_project(profile)
    return profile, settings
