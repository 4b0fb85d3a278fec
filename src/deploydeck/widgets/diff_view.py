"""The diff of one file: virtualised, control characters made visible, a hunk in focus."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual.message import Message

from deploydeck.domain import Change, CheckFinding
from deploydeck.widgets.diff_rows import DiffRow, diff_rows, findings_of, row_text, split_line, unified_line
from deploydeck.widgets.highlight import kind_of
from deploydeck.widgets.line_view import LineView
from deploydeck.widgets.text import MAX_CELLS, Line

SIDE_BY_SIDE_COLUMNS = 120
"""Width of the terminal from which both sides stand beside each other."""


class DiffView(LineView):
    """Shows a change. The cursor is a line; the hunk around it is the one that keys decide."""

    @dataclass
    class Moved(Message):
        """The cursor stands on another line or hunk."""

        view: DiffView

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(
            id=id,
            classes=classes,
            pane_title="Difference",
            pane_help="Old and new line numbers, - what goes, + what comes. a, r and e decide the hunk around the cursor.",
        )
        self.shows_cursor = True
        self.change: Change | None = None
        self.rows: list[DiffRow] = []
        self._split = False
        self._widest = 0
        self._kind = ""
        self._findings: list[tuple[str, CheckFinding]] = []
        self._first_row: dict[int, int] = {}

    def show(self, change: Change | None, *, empty: tuple[Line, ...] = ()) -> None:
        """Show a change (None: nothing). For the same file the cursor stays where it is."""
        same_file = change is not None and self.change is not None and change.file.path == self.change.file.path
        if change == self.change and empty == self.empty:
            return
        here = self.rows[self.cursor] if self.rows else None
        self.change, self.empty = change, empty
        self.changed()
        if same_file and here is not None:
            self._return_to(here)
        else:
            self.cursor = 0
            self.scroll_to(x=0, y=0, animate=False, immediate=True, force=True)
            self.focus_hunk(0)

    def _return_to(self, row: DiffRow) -> None:
        """Put the cursor back on a row after rows came or went above it; its hunk is next best."""
        place = (row.hunk, row.tag, row.old_line, row.new_line)
        if self.cursor < len(self.rows):
            here = self.rows[self.cursor]
            if place == (here.hunk, here.tag, here.old_line, here.new_line):
                return
        same = (y for y, one in enumerate(self.rows) if (one.hunk, one.tag, one.old_line, one.new_line) == place)
        y = next(same, self._first_row.get(row.hunk, -1))
        if y >= 0:
            moved = y - self.cursor
            self.cursor = y
            self.scroll_to(y=max(self.scroll_offset.y + moved, 0), animate=False, immediate=True, force=True)
            self._show_cursor()

    def changed(self) -> None:
        changes_a_file = self.change is not None and self.change.old_sha256 is not None  # a new file has only one side
        self._split = changes_a_file and self.app.size.width >= SIDE_BY_SIDE_COLUMNS
        self.rows = diff_rows(self.change, side_by_side=self._split) if self.change else []
        self._kind = kind_of(self.change.file.path) if self.change else ""
        self._findings = findings_of(self.change) if self.change else []
        self._first_row = {row.hunk: y for y, row in enumerate(self.rows) if row.tag == "@"}
        longest = max((max(len(row.left), len(row.right)) for row in self.rows), default=0)
        self._widest = 0 if self._split else min(longest, MAX_CELLS) + 12
        super().changed()

    def total(self) -> int:
        return len(self.rows)

    def line_at(self, y: int) -> Line:
        row = self.rows[y]
        line = split_line(row, self.size.width - 1, self._kind) if self._split else unified_line(row, self._kind)
        return ((self.marker(y), ""), *line)

    def content_width(self) -> int:
        return self._widest if self._widest > self.size.width else 0

    def cursor_moved(self) -> None:
        self.post_message(self.Moved(self))

    @property
    def hunk(self) -> int:
        """Index of the focused hunk; -1 when there is none."""
        if not self.change or not self.change.hunks or not self.rows:
            return -1
        return max(self.rows[min(self.cursor, len(self.rows) - 1)].hunk, 0)

    @property
    def source_line(self) -> int:
        """The line of the generated file under the cursor, 0 when it has none: reasons are recorded by it."""
        return self.rows[self.cursor].source_line if self.rows else 0

    @property
    def finding(self) -> tuple[str, CheckFinding] | None:
        """The finding under the cursor, or the first one of the line under it, with its checker."""
        if not self.rows:
            return None
        row = self.rows[self.cursor]
        if row.finding < 0 and self.cursor + 1 < len(self.rows):
            row = self.rows[self.cursor + 1]
        return self._findings[row.finding] if row.finding >= 0 else None

    def focus_finding(self, step: int, *, anew: bool = False) -> bool:
        """Put the cursor on the next finding (-1: the one before); `anew` from the end of the file. False when there is none."""
        found = [y for y, row in enumerate(self.rows) if row.finding >= 0]
        if not anew:
            found = [y for y in found if (y > self.cursor if step > 0 else y < self.cursor)]
        if not found:
            return False
        self.move_to(found[0] if step > 0 else found[-1])
        return True

    def focus_hunk(self, index: int) -> None:
        """Put the cursor on the first line of a hunk and show as much of it as fits."""
        y = self._first_row.get(index)
        if y is None:
            return
        size = self._first_row.get(index + 1, len(self.rows)) - y
        self.move_to(y)
        height = max(self.scrollable_content_region.height, 1)
        top = self.scroll_offset.y
        if y + size > top + height:
            self.scroll_to(y=min(y, max(y + size - height, 0)) if size <= height else y, animate=False, immediate=True, force=True)

    def text_at(self, y: int) -> str:
        return row_text(self.rows[y])

    def focused_text(self) -> str:
        if not self.rows:
            return ""
        row = self.rows[self.cursor]
        return row.left if row.tag in "@!#=-" else row.right or row.left

    def widest_line(self) -> int:
        """Cells of the widest row, as drawn."""
        return max((cell_len("".join(text for text, _ in self.line_at(y))) for y in range(min(len(self.rows), 1000))), default=0)
