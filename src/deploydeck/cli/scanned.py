"""The profile of a directory for the commands that need no Deck: looking at a project needs no database."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
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
    with _seldom_collected():
        profile = analyzer.profile(root, settings.app)
    require_project(profile)
    return profile, settings


@contextlib.contextmanager
def _seldom_collected() -> Iterator[None]:
    """Garbage is looked for seldom: a scan keeps nearly all it makes, and every search would go through all of that again."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
