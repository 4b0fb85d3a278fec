"""The scanner: from a directory to a `ProjectProfile`, each fact with the file and line it comes from."""

from deploydeck.scan.analyzer import ProjectAnalyzer
from deploydeck.scan.source import source_hash

__all__ = ["ProjectAnalyzer", "source_hash"]
