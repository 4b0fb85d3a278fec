"""Deciding in Review: hunk by hunk, file by file, in an editor or by a finding's fix; each decision is stored as it is made."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from deploydeck.domain import Change, ChangeState, Decision, DeployDeckError, Hunk
from deploydeck.screens.background import start
from deploydeck.screens.base import DeckScreen
from deploydeck.screens.editor import edit_text
from deploydeck.screens.review_walk import Place, next_pending, next_with_findings, stepped
from deploydeck.screens.session import Offer
from deploydeck.widgets.diff_view import DiffView
from deploydeck.widgets.row_list import RowList
from deploydeck.widgets.text import Line, visible

if TYPE_CHECKING:
    from deploydeck.ledger import UndoRecord

MARKERS = ("<<<<<<< yours", "||||||| last generated", "=======", ">>>>>>> generated now")
"""Lines around the sides of a conflict in the editor, as version control writes them."""


class Deciding(DeckScreen):
    """The half of the Review screen that changes the changes."""

    _history: list[tuple[Change, ...]]
    _saving: asyncio.Lock
    _undoable: UndoRecord | None
    _undecided: bool

    @property
    def changes(self) -> tuple[Change, ...]:
        raise NotImplementedError

    @property
    def listed(self) -> tuple[Change, ...]:
        raise NotImplementedError

    @property
    def change(self) -> Change | None:
        raise NotImplementedError

    @property
    def hunk(self) -> Hunk | None:
        raise NotImplementedError

    def undo_write(self) -> None:
        raise NotImplementedError

    def _diff(self) -> None:
        raise NotImplementedError

    def _why(self) -> None:
        raise NotImplementedError

    # --- setting --------------------------------------------------------------------------------------------------------------

    def replace_change(self, new: Change, *, history: bool = True) -> None:
        """Put a change in the place of the one of the same file; without `history` it cannot be taken back with u."""
        self.set_changes([new if change.file.path == new.file.path else change for change in self.changes], history=history)

    def set_changes(self, changes: Sequence[Change], *, history: bool = True) -> None:
        offer = self.session.offer
        assert offer is not None
        before = offer.changes
        if history:
            self._history.append(before)
        self.session.set_offer(Offer(offer.title, offer.scanned, tuple(changes), offer.proposal))
        decided = any(new.hunks != old.hunks for new, old in zip(changes, before, strict=True))
        if decided and offer.proposal is not None:
            start(self, self._remember, "remember")

    async def _remember(self) -> None:
        async with self._saving:  # in order: the last decision must be the one that stays
            offer = self.session.offer
            if offer is not None and offer.proposal is not None:
                await self.guarded("Saving the decisions…", partial(self.deck.remember, offer.proposal, offer.changes))

    # --- accepting and rejecting ----------------------------------------------------------------------------------------------

    def _decide(self, decision: Decision) -> None:
        change, hunk = self.change, self.hunk
        assert change is not None and hunk is not None
        try:
            self.replace_change(self.deck.review.decide(change, hunk.key, decision))
        except DeployDeckError as error:
            self.say(str(error), warning=True)
            return
        self._next_pending()

    def do_accept(self) -> None:
        self._decide(Decision.ACCEPTED)

    def do_reject(self) -> None:
        self._decide(Decision.REJECTED)

    def do_accept_file(self) -> None:
        change = self.change
        assert change is not None
        try:
            accepted = self.deck.review.accept_file(change, conflicts=False)
        except DeployDeckError as error:
            self.say(str(error), warning=True)
            return
        self.replace_change(accepted)
        left = len(accepted.conflicts)
        if left:
            self.say(f"{left} conflict{'s' * (left != 1)} left to decide: a takes the generated side, r keeps yours, e edits.")
        self._next_pending()

    def do_reject_file(self) -> None:
        change = self.change
        assert change is not None
        self.replace_change(self.deck.review.reject_file(change))
        self._next_pending()

    def do_accept_all(self) -> None:
        from deploydeck.screens.modals.confirm import ConfirmModal

        offered = [c for c in self.changes if c.hunks and c.state is not ChangeState.BLOCKED and not c.file.waiting]
        lines: list[Line] = [(("Accept every change in these files without looking at each?", ""),)]
        lines += [((f"  {visible(change.file.path)}", "strong"), (_counted(change), "dim")) for change in offered]
        left = sum(bool(change.hunks) for change in self.changes) - len(offered)
        if left:
            lines.append(((f"{left} not yet checked, or refused by a checker: left as they are.", "warn"),))

        def answered(yes: bool | None) -> None:
            if yes:
                review = self.deck.review
                self.set_changes([review.accept_file(c, conflicts=False) if c in offered else c for c in self.changes])

        self.app.push_screen(ConfirmModal("Accept all", lines, yes="Accept all", danger=False), answered)

    def do_reject_all(self) -> None:
        review = self.deck.review
        changes = []
        for change in self.changes:
            for hunk in change.hunks:
                if hunk.decision is Decision.PENDING:
                    change = review.decide(change, hunk.key, Decision.REJECTED)
            changes.append(change)
        self.set_changes(changes)

    def do_undo(self) -> None:
        if self._history:
            self.set_changes(self._history.pop(), history=False)
        elif self._undoable is not None:
            self.undo_write()

    # --- walking --------------------------------------------------------------------------------------------------------------

    def _next_pending(self) -> None:
        self._to(next_pending(self.listed, self.query_one("#files", RowList).key))

    def _step_hunk(self, step: int) -> None:
        here = (self.query_one("#files", RowList).key, max(self.query_one("#diff", DiffView).hunk, 0))
        self._to(stepped(self.listed, here, step, undecided=self._undecided))

    def _to(self, place: Place | None) -> None:
        if place is not None:
            self.query_one("#files", RowList).move_to_key(place[0])
            self._diff()
            self.query_one("#diff", DiffView).focus_hunk(place[1])

    def do_next(self) -> None:
        self._step_hunk(1)

    def do_previous(self) -> None:
        self._step_hunk(-1)

    def _step_finding(self, step: int) -> None:
        files, diff = self.query_one("#files", RowList), self.query_one("#diff", DiffView)
        if diff.focus_finding(step):
            return
        path = next_with_findings(self.listed, files.key, step)
        if path is None:
            self.say("No checker found anything in the files shown; o shows all.")
            return
        files.move_to_key(path)
        self._diff()
        diff.focus_finding(step, anew=True)

    def do_next_finding(self) -> None:
        self._step_finding(1)

    def do_previous_finding(self) -> None:
        self._step_finding(-1)

    def do_undecided(self) -> None:
        self._undecided = not self._undecided
        self.draw()
        if self._undecided:
            self._next_pending()

    def do_why(self) -> None:
        self.toggle_class("-why")
        self._why()

    def leave(self) -> None:
        self.remove_class("-why")
        self.query_one("#files", RowList).focus()

    # --- editing --------------------------------------------------------------------------------------------------------------

    def do_edit(self) -> None:
        """Edit the new side of the hunk in $EDITOR, of a conflict both sides; the result is checked again."""
        change, hunk = self.change, self.hunk
        assert change is not None and hunk is not None
        asked = editable(hunk)
        lines = self._edited("".join(f"{line}\n" for line in asked), change)
        if lines is None:
            return
        if tuple(lines) == tuple(asked):
            self.say("Nothing was changed in the editor.")
            return
        if any(line.startswith(marker.split()[0]) for line in lines for marker in MARKERS if hunk.conflict):
            self.say("The marks of the conflict are still in it; the hunk stays as it was.", warning=True)
            return
        try:
            self.replace_change(self.deck.review.decide(change, hunk.key, Decision.EDITED, lines))
        except DeployDeckError as error:
            self.say(str(error), warning=True)

    def do_edit_file(self) -> None:
        """Edit the whole file as it is offered; what the person leaves is what they accept."""
        change = self.change
        if change is None:
            self.say("Choose a file first.", warning=True)
            return
        if change.conflicts:
            self.say("Decide the conflicts first: a takes the generated side, r keeps yours, e edits.", warning=True)
            return
        text = self.deck.review.offered(change)
        lines = self._edited(text, change)
        if lines is None:
            return
        new = "".join(f"{line}\n" for line in lines)
        if new == text:
            self.say("Nothing was changed in the editor.")
            return
        self.work("Comparing the edited file…", partial(self._rewrite, change, new), group="edit")

    async def _rewrite(self, change: Change, text: str) -> None:
        new = await asyncio.to_thread(self.deck.review.rewrite, change, text)
        if change in self.changes:
            self.replace_change(new)
        else:
            self.say("The file was decided otherwise meanwhile; the edit was dropped.", warning=True)

    def _edited(self, text: str, change: Change) -> list[str] | None:
        edited = edit_text(self.deck_app, text, change.file.path, self.deck.user_settings.ui.editor)
        if edited is None:
            return None
        return edited.removesuffix("\n").split("\n") if edited else []

    def do_fix(self) -> None:
        change, found = self.change, self.query_one("#diff", DiffView).finding
        assert change is not None and found is not None
        try:
            self.replace_change(self.deck.review.fix(change, found[1].fix))
        except DeployDeckError as error:
            self.say(str(error), warning=True)
            return
        self.say(f"Applied the fix for {found[1].rule}; the file is checked again. u takes it back.")


def editable(hunk: Hunk) -> list[str]:
    """The lines to edit of a hunk: its new side, and of an undecided conflict both sides between marks."""
    if hunk.replacement is not None:
        return list(hunk.replacement)
    if not hunk.conflict:
        return [line[1:] for line in hunk.lines if line[:1] in (" ", "+")]
    changed = [place for place, line in enumerate(hunk.lines) if line[:1] != " "]
    first, last = (changed[0], changed[-1] + 1) if changed else (0, 0)
    middle = hunk.lines[first:last]
    return [
        *(line[1:] for line in hunk.lines[:first]),
        *(MARKERS[0], *(line[1:] for line in middle if line[:1] == "-")),
        *(MARKERS[1], *hunk.base),
        *(MARKERS[2], *(line[1:] for line in middle if line[:1] == "+")),
        MARKERS[3],
        *(line[1:] for line in hunk.lines[last:]),
    ]


def _counted(change: Change) -> str:
    count, conflicts = len(change.hunks), len(change.conflicts)
    left = f", {conflicts} conflict{'s' * (conflicts != 1)} left to you" if conflicts else ""
    return f"  {count} hunk{'s' * (count != 1)}{left}"
