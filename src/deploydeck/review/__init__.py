"""Review: what generated files would change on the disk, decided hunk by hunk, written atomically and undone exactly."""

from deploydeck.review.apply import AppliedFile, AppliedSet
from deploydeck.review.review import Review

__all__ = ["AppliedFile", "AppliedSet", "Review"]
