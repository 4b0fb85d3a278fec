"""The scanner: from a directory to a `ProjectProfile`, each fact with the file and line it comes from."""

from deploydeck.scan.analyzer import AnalysisResults, ProjectAnalyzer
from deploydeck.scan.cache import ProfileCache
from deploydeck.scan.resolve import require_project
from deploydeck.scan.source import Source, read_source, source_hash
from deploydeck.scan.walk import Limits

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
