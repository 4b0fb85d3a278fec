"""A log pane that stays smooth with a million lines: only the lines on the screen are ever touched.

Scrolling counts log lines, not screen rows, so that wrapping needs no measure of the whole log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.cells import cell_len
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from deploydeck.widgets.line_view import LineView
from deploydeck.widgets.log_model import Entry, LogModel
from deploydeck.widgets.text import Line, Span, log_text, wrap

_LEVEL_STYLE = {3: "bad", 2: "warn", 0: "dim"}
MAX_WRAPPED_ROWS = 40


class LogView(LineView):
    """Draws a LogModel. Follows its end until the person moves up; then `new` counts what came since."""

    DEFAULT_CSS = """
    LogView { scrollbar-size-horizontal: 1; }
    """

    @dataclass
    class Changed(Message):
        """Following, the count of new lines, or the number of lines changed."""

        view: LogView

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LogView.Changed)

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(
            id=id,
            classes=classes,
            pane_title="Log",
            pane_help="Lines as they were written, redacted. Moving up pauses following; G follows again.",
        )
        self.model = LogModel()
        self.shows_cursor = True
        self.following = True
        self.new = 0
        self.wraps = False
        self.times = False
        self.sources = False
        self.pattern: re.Pattern[str] | None = None
        self._page_cache: tuple[object, list[tuple[int, Strip]]] = (None, [])
        self._widest = 0
        self._cursor_number = 0

    # --- content --------------------------------------------------------------------------------------------------------------

    def append(self, lines: Iterable[tuple[float, str, str, str]]) -> None:
        """Add (at, stream, source, text) lines, once per batch and not per line."""
        trimmed = self.model.first
        came = self.model.append(lines)
        if not self.following:
            self.new += came
        gone = self.model.first - trimmed
        if gone and not self.following:  # what is read must not slide away under the reader
            self.scroll_to(y=max(self.scroll_offset.y - gone, 0), animate=False, immediate=True, force=True)
        self.changed()

    def clear(self) -> None:
        self.model.clear()
        self.following, self.new, self._widest = True, 0, 0
        self.changed()

    def say_empty(self, *texts: str) -> None:
        """Why there are no lines."""
        self.empty = tuple(((f"  {text}", "dim"),) for text in texts)
        if not len(self.model):
            self.changed()

    def changed(self) -> None:
        """The model changed: keep the place by line number, or follow the end."""
        total = len(self.model)
        if self.following:
            self.cursor = max(total - 1, 0)
        else:
            self.cursor = min(self.model.position_of(self._cursor_number), max(total - 1, 0))
        self._strips.clear()
        self._page_cache = (None, [])
        width = 0 if self.wraps else min(self._widest, 4200)
        if not total:
            super().changed()
            self.post_message(self.Changed(self))
            return
        self.virtual_size = Size(width if width > self.size.width else 0, total)
        if self.following and total:
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)
        elif total:
            self._show_cursor()
        self.refresh()
        self.post_message(self.Changed(self))

    def filtered(self) -> None:
        """Another filter is in force: show the same line if it is still there."""
        self.changed()

    def total(self) -> int:
        return len(self.model)

    def line_at(self, y: int) -> Line:
        return self._line(self.model.at(y))

    def content_width(self) -> int:
        return self._widest

    def _line(self, entry: Entry) -> Line:
        style = "dim" if entry.stream == "note" else _LEVEL_STYLE.get(entry.rank, "")
        spans: list[Span] = []
        if self.times and entry.at:
            spans.append((f"{datetime.fromtimestamp(entry.at, UTC):%H:%M:%S} ", "dim"))
        if self.sources and entry.source:
            spans.append((f"{entry.source:<7.7} ", "accent"))
        text = log_text(entry.text)
        if self.pattern is None:
            spans.append((text, style))
            return tuple(spans)
        position = 0
        for found in self.pattern.finditer(text, 0, 4096):
            if found.end() > found.start():
                spans += [(text[position : found.start()], style), (text[found.start() : found.end()], "match")]
                position = found.end()
        spans.append((text[position:], style))
        return tuple(spans)

    # --- drawing --------------------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        if not self.model:
            return super().render_line(y)
        page = self._rows()
        if y >= len(page):
            return Strip.blank(self.size.width, self.rich_style)
        position, strip = page[y]
        scroll_x = self.scroll_offset.x
        base = self._base(position == self.cursor)
        return strip.crop_extend(scroll_x, scroll_x + self.size.width, base).apply_offsets(scroll_x, position)

    def _rows(self) -> list[tuple[int, Strip]]:
        """The rows on the screen: (position of the line, strip). At the end of the log they are laid from the bottom up."""
        size, top = self.size, self.scroll_offset.y
        key = (
            top,
            size,
            self.model.version,
            self.cursor,
            self.wraps,
            self.times,
            self.sources,
            self.pattern,
            self.has_focus,
            len(self.model),
        )
        if self._page_cache[0] == key:
            return self._page_cache[1]
        total = len(self.model)
        rows: list[tuple[int, Strip]] = []
        if self.wraps and top >= self.max_scroll_y:
            position = total - 1
            while position >= 0 and len(rows) < size.height:
                rows[:0] = self._strips_of(position)
                position -= 1
            rows = rows[-size.height :]
        else:
            position = top
            while position < total and len(rows) < size.height:
                rows += self._strips_of(position)
                position += 1
        self._page_cache = (key, rows)
        widest = max((strip.cell_length for _, strip in rows), default=0)
        if not self.wraps and widest > self._widest:
            self._widest = widest
            if widest > size.width:
                self.call_next(self._grow)
        return rows

    def _grow(self) -> None:
        if self._widest != self.virtual_size.width and not self.wraps:
            self.virtual_size = Size(min(self._widest, 4200), self.virtual_size.height)

    def _strips_of(self, position: int) -> list[tuple[int, Strip]]:
        line = ((self.marker(position), ""), *self.line_at(position))
        pieces = wrap(line, self.size.width, indent=3)[:MAX_WRAPPED_ROWS] if self.wraps else [line]
        return [(position, self.draw(piece, position == self.cursor)) for piece in pieces]

    # --- moving ---------------------------------------------------------------------------------------------------------------

    def move_to(self, y: int, *, towards: int = 1) -> None:
        total = len(self.model)
        if not total:
            return
        self.cursor = max(0, min(y, total - 1))
        self._cursor_number = self.model.at(self.cursor).number
        if towards < 0 or self.cursor < total - 1:
            self.pause()
        self._show_cursor()
        self.refresh()

    def _show_cursor(self) -> None:
        if not self.wraps:
            super()._show_cursor()
            return
        if self.cursor < self.scroll_offset.y:
            self.scroll_to(y=self.cursor, animate=False, immediate=True, force=True)
            return
        for _ in range(self.size.height):
            rows = self._rows()
            if any(position == self.cursor for position, _ in rows) or self.scroll_offset.y >= self.max_scroll_y:
                return
            self.scroll_to(
                y=max(self.scroll_offset.y + 1, self.cursor - self.size.height + 1), animate=False, immediate=True, force=True
            )

    def pause(self) -> None:
        """Hold still; new lines are counted."""
        if self.following:
            self.following = False
            self.post_message(self.Changed(self))

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.following, self.new = True, 0
        self.changed()

    def toggle_follow(self) -> None:
        if self.following:
            if len(self.model):
                self._cursor_number = self.model.at(self.cursor).number
            self.pause()
        else:
            self.follow()

    def action_last(self) -> None:
        self.follow()

    def action_first(self) -> None:
        self.move_to(0, towards=-1)
        self.scroll_to(y=0, animate=False, immediate=True, force=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if new_value < old_value and self.following and new_value < self.max_scroll_y:
            if len(self.model):  # the wheel or the scroll bar moved up
                self.cursor = min(round(new_value) + max(self.size.height - 1, 0), len(self.model) - 1)
                self._cursor_number = self.model.at(self.cursor).number
            self.pause()

    def find_match(self, pattern: re.Pattern[str], *, backwards: bool = False) -> bool:
        """To the next line that matches."""
        position = self.model.find(pattern, self.cursor, backwards=backwards) if len(self.model) else None
        if position is None:
            return False
        self.pause()
        self.move_to(position, towards=-1)
        return True

    # --- copying --------------------------------------------------------------------------------------------------------------

    def focused_text(self) -> str:
        return self.model.at(self.cursor).text if len(self.model) else ""

    def visible_text(self) -> str:
        """The lines on the screen, whole and as they were written."""
        positions = dict.fromkeys(position for position, _ in self._rows())
        return "\n".join(self.model.at(position).text for position in positions)

    def all_text(self) -> str:
        """Every line the filter shows."""
        return "".join(f"{self.model.at(position).text}\n" for position in range(len(self.model)))

    def widest_shown(self) -> int:
        """Cells of the widest row on the screen."""
        return max((cell_len(strip.text) for _, strip in self._rows()), default=0)
