"""Walking through the hunks of a review, file after file, round the end. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from deploydeck.domain import Change, ChangeState, Decision

Place = tuple[str, int]
"""A file and the index of a hunk in it."""


def next_pending(changes: Sequence[Change], path: str) -> Place | None:
    """The next hunk nobody decided: in this file, then in the next ones; None when all are."""
    paths = [change.file.path for change in changes]
    here = paths.index(path) if path in paths else 0
    for change in (*changes[here:], *changes[:here]):
        if change.state is not ChangeState.BLOCKED:
            for index, hunk in enumerate(change.hunks):
                if hunk.decision is Decision.PENDING:
                    return change.file.path, index
    return None


def stepped(changes: Sequence[Change], here: Place, step: int) -> Place | None:
    """The hunk `step` places on from here; None when there are no hunks."""
    places = [(change.file.path, index) for change in changes for index in range(len(change.hunks))]
    if not places:
        return None
    return places[(places.index(here) + step) % len(places)] if here in places else places[0]
