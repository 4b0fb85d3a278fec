"""The base of every list, text, diff and log pane: a virtualised view that draws only the lines on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style as VisualStyle

from deploydeck.actions import of_scope
from deploydeck.widgets.text import STYLES, Line, wrap

if TYPE_CHECKING:
    from textual.selection import Selection

PANE_BINDINGS: list[BindingType] = [
    Binding(action.key, action.name, action.title, show=False, id=action.id) for action in of_scope("pane")
]


_SEEN_ON_CURSOR = frozenset({"match", "strong", "mark"})
"""Styles that the cursor's own colours leave room for."""


class LineView(ScrollView, can_focus=True):
    """Lines drawn through the Line API. Subclasses answer `total` and `line_at`, and call `changed` when the content did.

    `pane_help` says in a sentence what the pane is for; `empty` is what it shows while it has no lines: never blank.
    """

    ALLOW_SELECT = True
    BINDINGS: ClassVar[list[BindingType]] = PANE_BINDINGS
    DEFAULT_CSS = """
    LineView {
        background: $background;
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        overflow-x: auto;
        overflow-y: auto;
    }
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
        pane_title: str = "",
        pane_help: str = "",
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self.pane_title = pane_title
        self.pane_help = pane_help
        self.empty: tuple[Line, ...] = ()
        self.cursor = 0
        self.shows_cursor = False
        self._strips: LRUCache[tuple[int, int, bool], Strip] = LRUCache(512)
        self._looks: dict[tuple[str, str], Style] = {}
        self._shown_width = -1
        self._empty: list[Line] = []

    # --- for subclasses -------------------------------------------------------------------------------------------------------

    def total(self) -> int:
        """How many lines there are."""
        raise NotImplementedError

    def line_at(self, y: int) -> Line:
        """Line `y`; its texts must already be harmless (`visible`)."""
        raise NotImplementedError

    def text_at(self, y: int) -> str:
        """What line `y` says, for searching: cheaper than drawing it where a subclass knows better."""
        return "".join(text for text, _ in self.line_at(y))

    def content_width(self) -> int:
        """Cells of the widest line, for sideways scrolling; 0 when lines fit the pane."""
        return 0

    def selectable(self, y: int) -> bool:
        """Whether the cursor may stand on line `y`."""
        return True

    def cursor_moved(self) -> None:
        """Called after the cursor moved."""

    def marker(self, y: int) -> str:
        """The cursor as a glyph: it must be seen without any colour, and so must which pane has the focus."""
        return ("▸" if self.has_focus else "›") if y == self.cursor else " "

    # --- drawing --------------------------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """The content is new: forget what was drawn and measure again."""
        self._strips.clear()
        total = self.total()
        width = max(self.size.width - 1, 10) if self.size.width else 78
        self._empty = [piece for line in self.empty for piece in wrap(line, width, indent=2)]
        self.virtual_size = Size(self.content_width(), total or len(self._empty))
        self.cursor = max(0, min(self.cursor, total - 1))
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()
        self._looks.clear()

    def on_resize(self) -> None:
        if self.size.width != self._shown_width:
            self._shown_width = self.size.width
            self.changed()

    def on_focus(self) -> None:
        self._strips.clear()
        self.refresh()

    def on_blur(self) -> None:
        self._strips.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        scroll_x, scroll_y = self.scroll_offset
        return self._strip_at(scroll_y + y, scroll_x)

    def _strip_at(self, row: int, scroll_x: int) -> Strip:
        width = self.size.width
        total = self.total()
        if row >= (total or len(self._empty)):
            return Strip.blank(width, self.rich_style)
        on_cursor = self.shows_cursor and bool(total) and row == self.cursor
        key = (row, scroll_x, on_cursor)
        strip = self._strips.get(key)
        if strip is None:
            line = self.line_at(row) if total else self._empty[row]
            strip = self.draw(line, on_cursor).crop_extend(scroll_x, scroll_x + width, self._base(on_cursor))
            strip = strip.apply_offsets(scroll_x, row)
            self._strips[key] = strip
        return strip

    def draw(self, line: Line, on_cursor: bool = False) -> Strip:
        """A line as a strip, in the theme's colours."""
        base = self._base(on_cursor)
        segments = []
        for text, style in line:
            if on_cursor and style:
                style = " ".join(name for name in style.split() if name in _SEEN_ON_CURSOR)
            if not style:
                segments.append(Segment(text, base))
            else:
                segments.append(Segment(text, self.look(style, on_cursor)))
        return Strip(segments, sum(cell_len(text) for text, _ in line))

    def _base(self, on_cursor: bool) -> Style:
        if on_cursor:
            return self.look("", True)
        return self.rich_style

    def look(self, name: str, on_cursor: bool = False) -> Style:
        """A style of the STYLES table (of several names one over the other) in the present theme, on the cursor's line or not."""
        under = ("cursor" if self.has_focus else "cursor-blurred") if on_cursor else ""
        found = self._looks.get((name, under))
        if found is None:
            style = self.visual_style
            for part in (under, *name.split()):
                if part:
                    style += VisualStyle.parse(STYLES[part], self.app.theme_variables)
            found = self._looks[name, under] = style.rich_style
        return found

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        first = max(selection.start.y if selection.start else 0, 0)
        last = min(selection.end.y if selection.end else self.total() - 1, self.total() - 1)
        if last - first > 10_000:
            last = first + 10_000
        lines = {y: "".join(text for text, _ in self.line_at(y)) for y in range(first, last + 1)}
        text = "\n".join(lines.get(y, "") for y in range(last + 1))
        return selection.extract(text), "\n"

    # --- moving ---------------------------------------------------------------------------------------------------------------

    def move_to(self, y: int, *, towards: int = 1) -> None:
        """Put the cursor on line `y`, or on the nearest selectable line in that direction, and show it."""
        total = self.total()
        if not total:
            return
        y = max(0, min(y, total - 1))
        for candidate in (*range(y, total), *range(y, -1, -1)) if towards > 0 else (*range(y, -1, -1), *range(y, total)):
            if self.selectable(candidate):
                y = candidate
                break
        moved = y != self.cursor
        self.cursor = y
        self._show_cursor()
        self.refresh()
        if moved:
            self.cursor_moved()

    def _show_cursor(self) -> None:
        height = max(self.scrollable_content_region.height, 1)
        top = self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True, force=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, immediate=True, force=True)

    def _step(self, lines: int) -> None:
        if self.shows_cursor:
            self.move_to(self.cursor + lines, towards=1 if lines > 0 else -1)
        else:
            self.scroll_relative(y=lines, animate=False, immediate=True, force=True)

    def _page(self) -> int:
        return max(self.scrollable_content_region.height, 1)

    def action_up(self) -> None:
        self._step(-1)

    def action_down(self) -> None:
        self._step(1)

    def action_page_up(self) -> None:
        self._step(-self._page())

    def action_page_down(self) -> None:
        self._step(self._page())

    def action_half_up(self) -> None:
        self._step(-max(self._page() // 2, 1))

    def action_half_down(self) -> None:
        self._step(max(self._page() // 2, 1))

    def action_first(self) -> None:
        if self.shows_cursor:
            self.move_to(0)
        self.scroll_to(y=0, animate=False, immediate=True, force=True)

    def action_last(self) -> None:
        if self.shows_cursor:
            self.move_to(self.total() - 1, towards=-1)
        self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)

    def action_left(self) -> None:
        self.scroll_relative(x=-max(self.size.width // 2, 1), animate=False, immediate=True, force=True)

    def action_right(self) -> None:
        self.scroll_relative(x=max(self.size.width // 2, 1), animate=False, immediate=True, force=True)

    def focused_text(self) -> str:
        """What `y` copies: the line under the cursor, or the whole pane when it has none."""
        if not self.total():
            return ""
        if self.shows_cursor:
            return "".join(text for text, _ in self.line_at(self.cursor)).strip()
        return "\n".join("".join(text for text, _ in self.line_at(y)).rstrip() for y in range(min(self.total(), 5000)))

    def find(self, text: str, *, backwards: bool = False) -> bool:
        """Move to the next line that holds `text` (ignoring case), round the end. False when there is none."""
        total = self.total()
        needle = text.casefold()
        start = self.cursor if self.shows_cursor else self.scroll_offset.y
        for distance in range(1, total + 1):
            y = (start + (-distance if backwards else distance)) % total
            if needle in self.text_at(y).casefold() and (not self.shows_cursor or self.selectable(y)):
                if self.shows_cursor:
                    self.move_to(y)
                else:
                    self.scroll_to(y=y, animate=False, immediate=True, force=True)
                return True
        return False
