"""Review: what generated files would change on the disk, decided hunk by hunk, written atomically and undone exactly."""

from deploydeck.review.apply import AppliedFile, AppliedSet
from deploydeck.review.names import holds_back
from deploydeck.review.review import Review, still_ours

__all__ = ["AppliedFile", "AppliedSet", "Review", "holds_back", "still_ours"]
