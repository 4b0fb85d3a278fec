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


def stepped(changes: Sequence[Change], here: Place, step: int, *, undecided: bool = False) -> Place | None:
    """The hunk `step` places on from here, or the nearest of those nobody decided; None when there are none."""
    places = [
        (change.file.path, index)
        for change in changes
        for index, hunk in enumerate(change.hunks)
        if not undecided or hunk.decision is Decision.PENDING or (change.file.path, index) == here
    ]
    if not places:
        return None
    return places[(places.index(here) + step) % len(places)] if here in places else places[0]


def next_with_findings(changes: Sequence[Change], path: str, step: int) -> str | None:
    """The next file (-1: the one before) that a checker found something in, round the end; None when there is none."""
    paths = [change.file.path for change in changes]
    here = paths.index(path) if path in paths else 0
    around = [changes[(here + step * distance) % len(changes)] for distance in range(1, len(changes) + 1)]
    found = (change.file.path for change in around if any(verdict.findings for verdict in change.file.verdicts))
    return next(found, None)
