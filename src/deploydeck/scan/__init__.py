"""The scanner: from a directory to a `ProjectProfile`, each fact with the file and line it comes from."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deploydeck.scan.analyzer import AnalysisResults, ProjectAnalyzer
    from deploydeck.scan.cache import ProfileCache
    from deploydeck.scan.resolve import require_project
    from deploydeck.scan.source import Source, read_source, source_hash
    from deploydeck.scan.walk import Limits

_HOMES = {
    "AnalysisResults": "analyzer",
    "Limits": "walk",
    "ProfileCache": "cache",
    "ProjectAnalyzer": "analyzer",
    "Source": "source",
    "read_source": "source",
    "require_project": "resolve",
    "source_hash": "source",
}


def __getattr__(name: str) -> Any:
    """The public names, imported when asked for: who only walks a tree waits for no rules."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


__all__ = [
    "AnalysisResults",
    "Limits",
    "ProfileCache",
    "ProjectAnalyzer",
    "Source",
    "read_source",
    "require_project",
    "source_hash",
]
