"""A pane of wrapped text: evidence, plans, problems, help."""

from __future__ import annotations

from collections.abc import Iterable

from deploydeck.widgets.line_view import LineView
from deploydeck.widgets.text import Line, wrap


class TextPane(LineView):
    """Shows lines wrapped to its width. `show(lines)` replaces them; the place in the text is kept when it says so."""

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
        pane_title: str = "",
        pane_help: str = "",
    ) -> None:
        super().__init__(name=name, id=id, classes=classes, pane_title=pane_title, pane_help=pane_help)
        self._source: tuple[Line, ...] = ()
        self._wrapped: list[Line] = []

    def show(self, lines: Iterable[Line], *, keep_place: bool = False) -> None:
        """Show these lines (their texts must be harmless)."""
        source = tuple(lines)
        if source == self._source:
            return
        self._source = source
        self.changed()
        if not keep_place:
            self.scroll_to(y=0, animate=False, immediate=True, force=True)

    def changed(self) -> None:
        width = self.size.width - 1 if self.size.width else 80
        self._wrapped = [piece for line in self._source for piece in wrap(line, width, indent=2)]
        super().changed()

    def total(self) -> int:
        return len(self._wrapped)

    def line_at(self, y: int) -> Line:
        return self._wrapped[y]
