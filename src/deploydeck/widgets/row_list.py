"""A virtualised list of rows in columns, with a cursor that is a glyph before it is a colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.message import Message

from deploydeck.widgets.line_view import LineView
from deploydeck.widgets.text import Line, Span, fit

Cell = str | Span | Line

LEAST_FLEX = 16
"""Cells a flexible column should have before others give way to it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: fixed `width` in cells, or a share (`flex`) of the rest. The highest `drop` goes first when it is tight."""

    width: int = 0
    flex: int = 0
    drop: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `key` names it across updates; a heading spans the list and cannot be focused."""

    key: str
    cells: tuple[Cell, ...]
    heading: bool = False


class RowList(LineView):
    """Rows with a cursor. Posts `Focused` when the cursor comes to another row."""

    @dataclass
    class Focused(Message):
        """The cursor stands on another row."""

        rows: RowList
        key: str

        @property
        def control(self) -> RowList:
            return self.rows

    def __init__(
        self,
        *columns: Column,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
        pane_title: str = "",
        pane_help: str = "",
    ) -> None:
        super().__init__(name=name, id=id, classes=classes, pane_title=pane_title, pane_help=pane_help)
        self.columns = columns
        self.rows: tuple[Row, ...] = ()
        self.shows_cursor = True
        self._widths: tuple[int, ...] = ()

    def show(self, rows: Sequence[Row], *, empty: Sequence[Line] = ()) -> None:
        """Replace the rows; the cursor stays on the row with the same key. `empty` is shown while there are none."""
        before = self.key
        rows, empty = tuple(rows), tuple(empty)
        if rows == self.rows and (rows or empty == self.empty):
            return
        self.rows, self.empty = rows, empty
        self.cursor = next((index for index, row in enumerate(rows) if row.key == before), self.cursor)
        self.changed()
        if rows and (self.cursor >= len(rows) or rows[self.cursor].heading):
            self.move_to(self.cursor)
        else:
            self._show_cursor()
        if rows and self.key != before:
            self.post_message(self.Focused(self, self.key))

    @property
    def key(self) -> str:
        """The key of the row under the cursor; empty when there is none."""
        return self.rows[self.cursor].key if 0 <= self.cursor < len(self.rows) and not self.rows[self.cursor].heading else ""

    def move_to_key(self, key: str) -> None:
        """Put the cursor on the row of that key, if it is there."""
        for index, row in enumerate(self.rows):
            if row.key == key:
                self.move_to(index)
                return

    def changed(self) -> None:
        self._widths = self._measure()
        super().changed()

    def total(self) -> int:
        return len(self.rows)

    def selectable(self, y: int) -> bool:
        return not self.rows[y].heading

    def cursor_moved(self) -> None:
        self.post_message(self.Focused(self, self.key))

    def line_at(self, y: int) -> Line:
        row = self.rows[y]
        if row.heading:
            return tuple(_spans(row.cells[0]))
        spans: list[Span] = [(self.marker(y) + " ", "")]
        for cell, width in zip(row.cells, self._widths, strict=False):
            if width:
                spans.extend(_fitted(_spans(cell), width))
                spans.append((" ", ""))
        return tuple(spans)

    def on_click(self, event: object) -> None:
        y = getattr(event, "y", 0) + self.scroll_offset.y
        if y < self.total():
            self.move_to(y)

    def _measure(self) -> tuple[int, ...]:
        room = max(self.size.width - 3, 8)
        kept = list(range(len(self.columns)))

        def needed() -> int:
            return sum((self.columns[index].width or LEAST_FLEX) + 1 for index in kept)

        while needed() > room and any(self.columns[index].drop for index in kept):
            kept.remove(max(kept, key=lambda index: self.columns[index].drop))
        rest = max(room - sum(self.columns[index].width + 1 for index in kept), 4)
        flex = sum(self.columns[index].flex for index in kept) or 1
        return tuple(
            0 if index not in kept else column.width or max(rest * column.flex // flex, 4)
            for index, column in enumerate(self.columns)
        )


def _spans(cell: Cell) -> Line:
    if isinstance(cell, str):
        return ((cell, ""),)
    if len(cell) == 2 and isinstance(cell[0], str) and isinstance(cell[1], str):
        return ((cell[0], cell[1]),)
    return tuple(span for span in cell if isinstance(span, tuple))


def _fitted(spans: Line, width: int) -> list[Span]:
    result: list[Span] = []
    left = width
    for index, (text, style) in enumerate(spans):
        size = cell_len(text)
        more = any(rest for rest, _ in spans[index + 1 :])
        if size > left or (size == left and more):
            result.append((fit(text + (" " if more else ""), left), style))
            return result
        result.append((text, style))
        left -= size
    if left:
        result.append((" " * left, ""))
    return result
