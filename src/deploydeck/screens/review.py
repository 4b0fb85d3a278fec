"""3 Review: the files a deployment needs against the disk, decided hunk by hunk, written in one go, undone exactly."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Container

from deploydeck.domain import Change, ChangeState, Decision, DeployDeckError, Hunk
from deploydeck.screens.background import start
from deploydeck.screens.base import DeckScreen, screen_bindings
from deploydeck.screens.editor import edit_text
from deploydeck.screens.review_rows import file_rows, reason_lines, summary
from deploydeck.screens.review_walk import Place, next_pending, stepped
from deploydeck.screens.session import Offer
from deploydeck.widgets.diff_view import DiffView
from deploydeck.widgets.note import Note
from deploydeck.widgets.row_list import Column, RowList
from deploydeck.widgets.text import Line, hints, visible
from deploydeck.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from deploydeck.review import AppliedSet


class ReviewScreen(DeckScreen):
    SCOPE = "review"
    CSS_PATH = "review.tcss"
    HELP_TEXT = "Every file a deployment needs, compared with the disk. Nothing is written before you accept it and press enter."
    BINDINGS = screen_bindings("review")
    TOPICS: ClassVar[frozenset[str]] = frozenset({"deck", "project", "offer", "choice"})

    def panes(self) -> ComposeResult:
        yield Note(id="note")
        with Container(classes="split"):
            yield from self._split()
        yield TextPane(id="why", pane_title="Why", pane_help="The rule and the evidence behind the focused line.")

    def _split(self) -> ComposeResult:
        yield RowList(
            Column(flex=1), Column(width=10), Column(width=15, drop=1),
            id="files", classes="pane", pane_title="Files",
            pane_help="One row a file: how it compares with the disk, what you decided, what its checker says.",
        )  # fmt: skip
        yield DiffView(id="diff", classes="pane")

    def ready(self) -> None:
        self._history: list[tuple[Change, ...]] = []
        self._applied: AppliedSet | None = None
        self._written: tuple[Offer | None, str] = (None, "")
        self._saving = asyncio.Lock()
        self.query_one("#files", RowList).focus()

    def entered(self) -> None:
        self.draw()

    # --- what is shown --------------------------------------------------------------------------------------------------------

    @property
    def changes(self) -> tuple[Change, ...]:
        return self.session.offer.changes if self.session.offer else ()

    @property
    def change(self) -> Change | None:
        key = self.query_one("#files", RowList).key
        return next((change for change in self.changes if change.file.path == key), None)

    @property
    def hunk(self) -> Hunk | None:
        change, index = self.change, self.query_one("#diff", DiffView).hunk
        return change.hunks[index] if change is not None and 0 <= index < len(change.hunks) else None

    def conditions(self) -> set[str]:
        held = super().conditions()
        if self.changes:
            held.add("changes")
        if self.hunk is not None:
            held.add("hunk")
        if any(self._decided_to_write(change) for change in self.changes):
            held.add("accepted")
        if self._history or self._applied is not None:
            held.add("undo")
        return held

    def draw(self) -> None:
        session = self.session
        files = self.query_one("#files", RowList)
        if session.root is None:
            files.show((), empty=hints("No project is open.", "1 then o opens a directory."))
        elif session.offer is None:
            files.show((), empty=hints("Generating the files a deployment needs…"))
            if session.deck is not None and self.is_current and not self.works_on("generate"):
                self.do_regenerate()
        else:
            files.show(file_rows(session.offer.changes), empty=hints("No file is needed: everything is there."))
        self._diff()
        self._note()

    def _note(self) -> None:
        offer = self.session.offer
        written = self._written[1] if offer is self._written[0] else ""
        self.query_one("#note", Note).show(summary(offer.title, offer.changes, written) if offer else ())

    def _diff(self) -> None:
        change = self.change
        if change is None:
            empty = hints("Choose a file to see its difference.") if self.changes else hints("The difference appears here.")
        elif change.state is ChangeState.SAME:
            empty = hints(f"{visible(change.file.path)} on the disk is what would be generated. Nothing to decide.")
        else:
            empty = hints("There is no difference to show.")
        self.query_one("#diff", DiffView).show(change, empty=empty)
        self._why()

    def _why(self) -> None:
        if self.has_class("-why"):
            change, diff = self.change, self.query_one("#diff", DiffView)
            self.query_one("#why", TextPane).show(reason_lines(self.deck, change, self.hunk, diff.new_line) if change else ())

    def on_row_list_focused(self, _event: RowList.Focused) -> None:
        self._diff()
        self.offer_keys()

    def on_diff_view_moved(self, _event: DiffView.Moved) -> None:
        self._why()
        self.offer_keys()

    # --- generating -----------------------------------------------------------------------------------------------------------

    def do_regenerate(self) -> None:
        self.work("Generating the files a deployment needs…", self._generate, group="generate", retry="review.regenerate")

    async def _generate(self) -> None:
        session = self.session
        root = session.root
        assert root is not None
        try:
            proposal = await self.deck.propose(root, session.environment, session.target, scanned=session.scanned)
        except DeployDeckError:
            self.query_one("#files", RowList).show(
                (), empty=hints("No files can be offered; the reason stands above.", "2 shows the scan.")
            )
            raise
        if session.root != root:
            return
        if session.scanned is None:
            session.set_scanned(proposal.scanned)
        self._history.clear()
        session.set_offer(Offer("Files for this deployment", proposal.scanned, proposal.changes, proposal))

    # --- deciding -------------------------------------------------------------------------------------------------------------

    def _replace(self, new: Change) -> None:
        self._set(tuple(new if change.file.path == new.file.path else change for change in self.changes))

    def _set(self, changes: tuple[Change, ...], *, remember: bool = True) -> None:
        offer = self.session.offer
        assert offer is not None
        if remember:
            self._history.append(offer.changes)
        self.session.set_offer(Offer(offer.title, offer.scanned, changes, offer.proposal))
        if offer.proposal is not None:
            start(self, self._remember, "remember")

    async def _remember(self) -> None:
        async with self._saving:  # in order: the last decision must be the one that stays
            offer = self.session.offer
            if offer is not None and offer.proposal is not None:
                await self.guarded("Saving the decisions…", partial(self.deck.remember, offer.proposal, offer.changes))

    def _decide(self, decision: Decision) -> None:
        change, hunk = self.change, self.hunk
        assert change is not None and hunk is not None
        try:
            self._replace(self.deck.review.decide(change, hunk.key, decision))
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
            self._replace(self.deck.review.accept_file(change))
        except DeployDeckError as error:
            self.say(str(error), warning=True)
            return
        self._next_pending()

    def do_accept_all(self) -> None:
        from deploydeck.screens.modals.confirm import ConfirmModal

        offered = [change for change in self.changes if change.hunks and change.state is not ChangeState.BLOCKED]
        lines: list[Line] = [(("Accept every change in these files without looking at each?", ""),)]
        lines += [((f"  {visible(change.file.path)}", "strong"), (f"  {len(change.hunks)} hunks", "dim")) for change in offered]

        def answered(yes: bool | None) -> None:
            if yes:
                self._set(tuple(self.deck.review.accept_file(change) if change in offered else change for change in self.changes))

        self.app.push_screen(ConfirmModal("Accept all", lines, yes="Accept all", danger=False), answered)

    def do_undo(self) -> None:
        if self._history:
            self._set(self._history.pop(), remember=False)
        elif self._applied is not None:
            self.work("Putting the files back…", partial(self._undo, self._applied), group="write")

    def _next_pending(self) -> None:
        self._to(next_pending(self.changes, self.query_one("#files", RowList).key))

    def _step_hunk(self, step: int) -> None:
        here = (self.query_one("#files", RowList).key, max(self.query_one("#diff", DiffView).hunk, 0))
        self._to(stepped(self.changes, here, step))

    def _to(self, place: Place | None) -> None:
        if place is not None:
            self.query_one("#files", RowList).move_to_key(place[0])
            self._diff()
            self.query_one("#diff", DiffView).focus_hunk(place[1])

    def do_next(self) -> None:
        self._step_hunk(1)

    def do_previous(self) -> None:
        self._step_hunk(-1)

    def do_why(self) -> None:
        self.toggle_class("-why")
        self._why()

    def leave(self) -> None:
        self.remove_class("-why")
        self.query_one("#files", RowList).focus()

    def do_edit(self) -> None:
        """Edit the new side of the hunk in $EDITOR; the result is checked again."""
        change, hunk = self.change, self.hunk
        assert change is not None and hunk is not None
        new = hunk.replacement if hunk.replacement is not None else [line[1:] for line in hunk.lines if line[:1] in (" ", "+")]
        edited = edit_text(self.deck_app, "".join(f"{line}\n" for line in new), change.file.path, self.deck.user_settings.ui.editor)
        if edited is None:
            return
        lines = edited.removesuffix("\n").split("\n") if edited else []
        if tuple(lines) == tuple(new):
            self.say("Nothing was changed in the editor.")
            return
        try:
            decided = self.deck.review.decide(change, hunk.key, Decision.EDITED, lines)
        except DeployDeckError as error:
            self.say(str(error), warning=True)
            return
        self._replace(decided)
        self.work("Checking the edited file…", partial(self._recheck, decided), group="check")

    async def _recheck(self, change: Change) -> None:
        """What was edited must pass the same checker as what was generated."""
        result = await asyncio.to_thread(self.deck.review.result, change)
        verdicts = await asyncio.to_thread(self.deck.generator.check, change.file.path, result)
        current = next((one for one in self.changes if one.file.path == change.file.path), None)
        if current is None or current.hunks != change.hunks:
            return
        file = current.file.model_copy(update={"verdicts": verdicts})
        otherwise = ChangeState.NEW if current.old_sha256 is None else ChangeState.CHANGED
        state = ChangeState.BLOCKED if file.blocked else otherwise
        checked = current.model_copy(update={"file": file, "state": state})
        self._set(tuple(checked if one.file.path == checked.file.path else one for one in self.changes), remember=False)

    # --- writing --------------------------------------------------------------------------------------------------------------

    def _decided_to_write(self, change: Change) -> bool:
        return any(hunk.decision in (Decision.ACCEPTED, Decision.EDITED) for hunk in change.hunks)

    def do_write(self) -> None:
        self.work("Writing the accepted files…", self._write, group="write")

    async def _write(self) -> None:
        offer = self.session.offer
        assert offer is not None
        async with self._saving:
            applied = await asyncio.to_thread(self.deck.review.apply, Path(offer.scanned.profile.root), offer.changes)
        if not applied.files:
            self.say("Nothing had to be written: the disk already is as accepted.")
            return
        self._applied = applied
        await self._look_again("Wrote " + ", ".join(file.path for file in applied.files))

    async def _undo(self, applied: AppliedSet) -> None:
        offer = self.session.offer
        assert offer is not None
        self._applied = None
        undone = await asyncio.to_thread(self.deck.review.undo, Path(offer.scanned.profile.root), applied)
        await self._look_again("Put back " + ", ".join(file.path for file in undone.files))

    async def _look_again(self, done: str) -> None:
        """The disk is new: scan and generate again, and say what was done."""
        session = self.session
        assert session.root is not None
        session.set_scanned(await self.deck.scan(session.root))
        session.forget_plan()
        await self._generate()
        self._written = (session.offer, done)
        self._note()
        self.say(f"{done}.\n4 deploys, u undoes.")
