"""The scanner: from a directory to a `ProjectProfile`, each fact with the file and line it comes from."""

from deploydeck.scan.analyzer import ProjectAnalyzer
from deploydeck.scan.source import Source, read_source, source_hash

__all__ = ["ProjectAnalyzer", "Source", "read_source", "source_hash"]
