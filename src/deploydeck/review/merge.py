"""Three versions of a file into one: what was generated last, what people made of it on the disk, and what is generated now.

A pure function. What only one side changed is taken from that side; what both changed differently is a conflict and is never
settled here: in the merged text the generated side stands there, as a hunk that nobody accepts unseen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from deploydeck.domain import Decision, Hunk
from deploydeck.review.hunks import Piece, Range, old_range, pieces, split


class Kind(StrEnum):
    """Who changed a region since the base. BOTH: they agree, so that nothing is left to do."""

    SAME = "same"
    OURS = "ours"
    THEIRS = "theirs"
    BOTH = "both"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Region:
    """A run of lines with its place in all three versions and in the merged one; places count from 0, ends not included."""

    kind: Kind
    base: Range
    theirs: Range
    ours: Range
    merged: Range


@dataclass(frozen=True, slots=True)
class Merge:
    """The merged text with how it came about. `theirs` is the disk."""

    base: tuple[str, ...]
    theirs: tuple[str, ...]
    ours: tuple[str, ...]
    regions: tuple[Region, ...]

    @property
    def lines(self) -> list[str]:
        """The merged text: people's changes, ours, and at conflicts the generated side."""
        return [line for region in self.regions for line in self._taken(region)]

    @property
    def text(self) -> str:
        return "".join(self.lines)

    @property
    def conflicts(self) -> bool:
        return any(region.kind is Kind.CONFLICT for region in self.regions)

    def pieces(self) -> list[Piece]:
        """What differs between the disk and the merged text."""
        return [
            Piece(region.theirs, region.merged, True, self.base[slice(*region.base)])
            if region.kind is Kind.CONFLICT
            else Piece(region.theirs, region.merged)
            for region in self.regions
            if region.kind in (Kind.OURS, Kind.CONFLICT)
        ]

    def line_of(self, number: int) -> int:
        """Where a line of the generated text (from 1) stands in the merged one; 0 when people replaced or removed it."""
        for region in self.regions:
            if region.ours[0] < number <= region.ours[1]:
                if region.kind is Kind.THEIRS:
                    return self._among(region, self.ours[number - 1])
                return region.merged[0] + number - region.ours[0]
        return 0

    def accepted(self, hunks: Sequence[Hunk]) -> str:
        """The base brought up to what was accepted: what the next merge starts from.

        A region that no accepted or edited hunk covers stays as it was in the base, so that it is proposed again; an edited one
        counts as ours, so that what the person wrote in its place is theirs from now on.
        """
        decided = [(old_range(hunk), hunk.decision in (Decision.ACCEPTED, Decision.EDITED)) for hunk in hunks]
        lines: list[str] = []
        for region in self.regions:
            taken = region.kind in (Kind.SAME, Kind.BOTH)
            if region.kind in (Kind.OURS, Kind.CONFLICT):
                touching = [yes for (start, end), yes in decided if start <= region.theirs[1] and region.theirs[0] <= end]
                taken = bool(touching) and all(touching)
            lines += self.ours[slice(*region.ours)] if taken else self.base[slice(*region.base)]
        return "".join(lines)

    def _taken(self, region: Region) -> Sequence[str]:
        if region.kind is Kind.THEIRS or region.kind is Kind.BOTH or region.kind is Kind.SAME:
            return self.theirs[slice(*region.theirs)]
        return self.ours[slice(*region.ours)]

    def _among(self, region: Region, line: str) -> int:
        kept = self.theirs[slice(*region.theirs)]
        return region.merged[0] + kept.index(line) + 1 if line in kept else 0


def merge(base: str, theirs: str, ours: str) -> Merge:
    """Merge what people (`theirs`) and the generator (`ours`) made of `base`, line by line."""
    one, two, three = split(base), split(theirs), split(ours)
    regions: list[Region] = []
    at = (0, 0, 0)
    for place, by_them, by_us in _clusters(pieces(one, two), pieces(one, three), _ragged(one, two, three)):
        same = place[0] - at[0]
        if same:
            _append(regions, Kind.SAME, (at[0], at[0] + same), (at[1], at[1] + same), (at[2], at[2] + same))
        here = (at[1] + same, at[2] + same)
        size = place[1] - place[0]
        theirs_end = here[0] + size + _grown(by_them)
        ours_end = here[1] + size + _grown(by_us)
        kind = _kind(one[slice(*place)], two[here[0] : theirs_end], three[here[1] : ours_end])
        _append(regions, kind, place, (here[0], theirs_end), (here[1], ours_end))
        at = (place[1], theirs_end, ours_end)
    if at[0] < len(one):
        _append(regions, Kind.SAME, (at[0], len(one)), (at[1], len(two)), (at[2], len(three)))
    return Merge(tuple(one), tuple(two), tuple(three), tuple(regions))


def _append(regions: list[Region], kind: Kind, base: Range, theirs: Range, ours: Range) -> None:
    start = regions[-1].merged[1] if regions else 0
    chosen = ours if kind in (Kind.OURS, Kind.CONFLICT) else theirs
    regions.append(Region(kind, base, theirs, ours, (start, start + chosen[1] - chosen[0])))


def _clusters(theirs: list[Piece], ours: list[Piece], ragged: bool) -> Iterator[tuple[Range, list[Piece], list[Piece]]]:
    """Ranges of the base that were changed, each with the changes of both sides to it; what overlaps is one range."""
    waiting = sorted(
        [(piece.old, 0, piece) for piece in theirs] + [(piece.old, 1, piece) for piece in ours], key=lambda one: one[:2]
    )
    place: Range | None = None
    sides: tuple[list[Piece], list[Piece]] = ([], [])
    for (start, end), side, piece in waiting:
        if place is not None and (start < place[1] or (start, end) == place or (ragged and start == place[1])):
            place = (place[0], max(place[1], end))
        else:
            if place is not None:
                yield place, *sides
            place, sides = (start, end), ([], [])
        sides[side].append(piece)
    if place is not None:
        yield place, *sides


def _ragged(*texts: list[str]) -> bool:
    """Whether a text ends in the middle of a line: nothing can be put behind that line then."""
    return any(lines and not lines[-1].endswith("\n") for lines in texts)


def _grown(changes: list[Piece]) -> int:
    return sum((piece.new[1] - piece.new[0]) - (piece.old[1] - piece.old[0]) for piece in changes)


def _kind(base: list[str], theirs: list[str], ours: list[str]) -> Kind:
    if theirs == ours:
        return Kind.BOTH
    if ours == base:
        return Kind.THEIRS
    if theirs == base or _extends(base, theirs, ours):
        return Kind.OURS
    return Kind.CONFLICT


def _extends(base: list[str], theirs: list[str], ours: list[str]) -> bool:
    """Whether our side only adds to theirs: it keeps every line of theirs in order and brings back none they removed.

    So it is where a proposal was made from the file on the disk, which already holds what people added.
    """
    rest = iter(ours)
    if not all(line in rest for line in theirs):
        return False
    removed = Counter(base) - Counter(theirs)
    return not removed & (Counter(ours) - Counter(theirs))
