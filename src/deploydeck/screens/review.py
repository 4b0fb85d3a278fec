"""3 Review: the files a deployment needs against the disk, decided hunk by hunk, written in one go, undone exactly."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Container

from deploydeck.domain import Change, ChangeState, Decision, DeployDeckError, Hunk
from deploydeck.screens.background import start
from deploydeck.screens.base import DeckScreen, screen_bindings
from deploydeck.screens.review_decide import Deciding
from deploydeck.screens.review_rows import file_rows, finding_lines, reason_lines, summary
from deploydeck.screens.session import Offer
from deploydeck.widgets.chrome import SPIN_HZ, SPINNER
from deploydeck.widgets.diff_view import DiffView
from deploydeck.widgets.note import Note
from deploydeck.widgets.row_list import Column, RowList
from deploydeck.widgets.text import Line, hints, visible
from deploydeck.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from deploydeck.ledger import UndoRecord


class ReviewScreen(Deciding, DeckScreen):
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
            Column(flex=1), Column(width=10), Column(width=12, drop=1),
            id="files", classes="pane", pane_title="Files",
            pane_help="One row a file: how it compares with the disk, what you decided, what its checker says.",
        )  # fmt: skip
        yield DiffView(id="diff", classes="pane")

    def ready(self) -> None:
        self._history: list[tuple[Change, ...]] = []
        self._undoable: UndoRecord | None = None
        self._mine: set[str] = set()
        self._written: tuple[Offer | None, str] = (None, "")
        self._saving = asyncio.Lock()
        self._undecided = False
        self._turn = 0
        self._told = ""
        self._proof: asyncio.Event | None = None
        self._spinner = self.set_interval(1 / SPIN_HZ, self._spin, pause=True)
        self.query_one("#files", RowList).focus()

    def entered(self) -> None:
        self.draw()
        if self.session.deck is not None and self.session.scanned is not None:
            start(self, self._look_for_undo, "undoable")

    # --- what is shown --------------------------------------------------------------------------------------------------------

    @property
    def changes(self) -> tuple[Change, ...]:
        return self.session.offer.changes if self.session.offer else ()

    @property
    def listed(self) -> tuple[Change, ...]:
        """The changes in the list: all, or those with something left to decide."""
        return tuple(change for change in self.changes if change.pending or not self._undecided)

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
        if any(verdict.findings for change in self.changes for verdict in change.file.verdicts):
            held.add("finding")
        finding = self.query_one("#diff", DiffView).finding
        if finding is not None and finding[1].fix:
            held.add("fix")
        if any(self._decided_to_write(change) for change in self.changes):
            held.add("accepted")
        if self._history or self._undoable is not None:
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
            self._show_files()
            self.check_waiting()
        self._diff()
        self._note()

    def _show_files(self) -> None:
        empty = hints("Everything is decided.", "o shows all files again.") if self._undecided and self.changes else hints(
            "No file is needed: everything is there."
        )  # fmt: skip
        self.query_one("#files", RowList).show(file_rows(self.listed, SPINNER[self._turn]), empty=empty)
        busy = bool(self._told) or any(change.file.waiting for change in self.changes)
        (self._spinner.resume if busy else self._spinner.pause)()

    def _spin(self) -> None:
        if self.is_current:
            self._turn = (self._turn + 1) % len(SPINNER)
            self._show_files()
            if self._told:
                self._note()

    def _note(self) -> None:
        offer = self.session.offer
        written = self._written[1] if offer is self._written[0] else ""
        if self._told:
            self.query_one("#note", Note).show(((f"{SPINNER[self._turn]} ", "accent"), (visible(self._told, 200), "")))
            return
        shown = {"undecided": self._undecided, "undoable": self._undoable is not None}
        self.query_one("#note", Note).show(summary(offer.title, offer.changes, written, **shown) if offer else ())

    def _diff(self) -> None:
        change = self.change
        if change is None:
            empty = hints("Choose a file to see its difference.") if self.changes else hints("The difference appears here.")
        elif change.state is ChangeState.SAME:
            yours = ", with changes of yours" if change.generated is not None else ""
            empty = hints(f"{visible(change.file.path)} on the disk is what would be generated{yours}. Nothing to decide.")
        else:
            empty = hints("There is no difference to show.")
        self.query_one("#diff", DiffView).show(change, empty=empty)
        self._why()

    def _why(self) -> None:
        if self.has_class("-why"):
            change, diff = self.change, self.query_one("#diff", DiffView)
            lines: list[Line] = []
            if change is not None and diff.finding is not None:
                lines = [*finding_lines(*diff.finding, self.deck.review.offered(change).split("\n")), ()]
            if change is not None:
                lines += reason_lines(self.deck, change, self.hunk, diff.source_line)
            self.query_one("#why", TextPane).show(lines)

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
            proposal = await self.deck.propose(root, session.environment, session.target, scanned=session.scanned, wait=False)
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
        await self._look_for_undo()  # on entering, the project may not have been known yet

    # --- checking -------------------------------------------------------------------------------------------------------------

    def check_waiting(self) -> None:
        """See to it that every file that waits for its checkers gets their answer; never more than one job does so."""
        if self.session.deck is not None and any(change.file.waiting for change in self.changes) and not self.works_on("check"):
            self.work("Checking the files…", self._check, group="check")

    async def _check(self) -> None:
        """Take the verdicts in as they come. One for a file that became another meanwhile is for nothing: it is asked again."""
        review = self.deck.review
        asked: dict[str, str] = {}
        while waiting := [c for c in self.changes if c.file.waiting and asked.get(c.file.path) != review.offered(c)]:
            asked |= {change.file.path: review.offered(change) for change in waiting}
            offer = self.session.offer
            if offer is None or offer.proposal is None:
                return  # what did not come from the generator has no checkers
            async for answered in self.deck.verdicts(offer.changes, offer.proposal.config):
                now = next((change for change in self.changes if change.file.path == answered.file.path), None)
                if now is not None and now.file.waiting and review.offered(now) == review.offered(answered):
                    self.replace_change(review.checked(now, answered.file.verdicts), history=False)

    # --- proving --------------------------------------------------------------------------------------------------------------

    def do_prove(self) -> None:
        """Build and ask what is offered, beside everything else; a second time stops it."""
        offer = self.session.offer
        if self._proof is not None:
            self._proof.set()
            self._told = "Stopping the proof…"
        elif offer is None or offer.proposal is None:
            self.say("Only generated files can be proven: f5 generates them.", warning=True)
        else:
            self._proof = asyncio.Event()
            self.work("Proving the image…", self._prove, group="prove", retry="review.prove")

    async def _prove(self) -> None:
        from deploydeck.proving import verdict

        offer, stop = self.session.offer, self._proof
        assert offer is not None and offer.proposal is not None
        review, path = self.deck.review, offer.proposal.config.dockerfile
        files = [review.as_offered(change) for change in offer.changes]
        self._told = "Proving the image…"
        self._show_files()
        try:
            proof = await self.deck.prove(offer.proposal, files, self._hear, stop)
        finally:
            self._proof, self._told = None, ""
            self.draw()
        now = [review.as_offered(change).content for change in self.changes]
        change = next((change for change in self.changes if change.file.path == path), None)
        if change is None or now != [file.content for file in files]:
            self.say(f"The files changed while they were proven. What was proven: {proof.reason}")
            return
        found = verdict(proof)
        others = (one for one in change.file.verdicts if one.checker != found.checker)
        self.replace_change(review.checked(change, (*others, found)), history=False)
        self.say(proof.reason, warning=not proof.proven)

    def _hear(self, line: str) -> None:
        """Progress of the proof, from any thread; drawn by the spinner's timer: a build tells more than an eye can read."""
        if self._proof is not None:
            self._told = line

    # --- writing --------------------------------------------------------------------------------------------------------------

    def _decided_to_write(self, change: Change) -> bool:
        return any(hunk.decision in (Decision.ACCEPTED, Decision.EDITED) for hunk in change.hunks)

    def do_write(self) -> None:
        self.work("Writing the accepted files…", self._write, group="write")

    async def _write(self) -> None:
        offer = self.session.offer
        assert offer is not None
        async with self._saving:
            applied = await self.deck.apply(offer.scanned, offer.changes, generated=offer.proposal is not None)
        if not applied.files:
            self.say("Nothing had to be written: the disk already is as accepted.")
            return
        await self._look_for_undo(mine=True)
        await self._look_again("Wrote " + ", ".join(file.path for file in applied.files))

    async def _look_for_undo(self, *, mine: bool = False) -> None:
        """What `u` would put back; `mine`: this screen wrote it just now, so that nothing need be asked."""
        scanned = self.session.scanned
        if scanned is None:
            return
        records = await self.deck.undoable(scanned.project)
        self._undoable = records[0] if records else None
        if mine and self._undoable is not None:
            self._mine.add(self._undoable.id)
        self._note()
        self.offer_keys()

    def undo_write(self) -> None:
        """Put the files that were written last back; asks when they were not written just now."""
        from deploydeck.screens.modals.confirm import ConfirmModal

        record = self._undoable
        assert record is not None
        if record.id in self._mine:
            self.work("Putting the files back…", self._undo, group="write")
            return
        lines: list[Line] = [((f"Put back what was written {record.created_at:%Y-%m-%d %H:%M} UTC?", ""),)]
        lines += [
            ((f"  {visible(file.path)}", "strong"), ("  is removed: it was new" if file.old_content is None else "", "dim"))
            for file in record.applied.files
        ]

        def answered(yes: bool | None) -> None:
            if yes:
                self.work("Putting the files back…", self._undo, group="write")

        self.app.push_screen(ConfirmModal("Undo the last write", lines, yes="Put back", danger=True), answered)

    async def _undo(self) -> None:
        offer = self.session.offer
        assert offer is not None
        record = await self.deck.undo(offer.scanned.project)
        await self._look_for_undo()
        kept = f"; {', '.join(record.left_out)} stays, its old values were not stored" if record.left_out else ""
        await self._look_again("Put back " + ", ".join(record.paths) + kept)

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
