"""One line of hint or warning above a pane; takes no room while it has nothing to say."""

from __future__ import annotations

from textual.app import RenderResult
from textual.widget import Widget

from deploydeck.widgets.chrome import content
from deploydeck.widgets.text import Line


class Note(Widget):
    """`show(line)`; an empty line hides it."""

    DEFAULT_CSS = """
    Note { height: auto; max-height: 2; width: 1fr; padding: 0 1; }
    Note.-empty { display: none; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._line: Line = ()
        self.add_class("-empty")

    def show(self, line: Line) -> None:
        if line != self._line:
            self._line = line
            self.set_class(not line, "-empty")
            self.refresh(layout=True)

    def render(self) -> RenderResult:
        return content(*self._line)

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(text for text, _ in self._line)
