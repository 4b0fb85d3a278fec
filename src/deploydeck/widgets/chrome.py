"""The frame of every screen: what is open and what works (top), where one can go (tabs), which keys matter here (bottom)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rich.cells import cell_len
from textual.app import RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget

from deploydeck.actions import SCREENS, Action, of_scope, shown_key
from deploydeck.widgets.text import STYLES, Span, fit

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SPIN_HZ = 8
PATIENCE_S = 0.3
"""Work shorter than this shows nothing: a flash of a spinner is noise."""


def content(*spans: Span) -> Content:
    """Spans as Textual content; texts are never markup."""
    return Content.assemble(*((text, STYLES[style]) if style else text for text, style in spans))


class OneLine(Widget):
    """A line of the frame."""

    DEFAULT_CSS = """
    OneLine { height: 1; width: 1fr; background: $panel; color: $foreground; }
    """


class TopLine(OneLine):
    """`project · environment · target` and, at the right, the worker."""

    where: reactive[str] = reactive("DeployDeck")
    worker: reactive[str] = reactive("")

    def render(self) -> RenderResult:
        width = self.size.width
        right = f" {self.worker} " if self.worker else ""
        if cell_len(right) > width // 2:
            right = ""
        style = "good" if "●" in right else "dim"
        return content((fit(f" {self.where}", width - cell_len(right)), "strong"), (right, style))


class TabLine(OneLine):
    """The screens by number; at the right a one-cell spinner and what is being done, once it takes a moment."""

    DEFAULT_CSS = """
    TabLine { background: $background; }
    """

    activity: reactive[str] = reactive("")
    frame: reactive[int] = reactive(0)
    shown: reactive[bool] = reactive(False)

    def __init__(self, here: str) -> None:
        super().__init__()
        self._here = here
        self._timer: Timer | None = None

    def watch_activity(self, activity: str) -> None:
        if not activity:
            self._stop()
        elif self._timer is None:
            self._timer = self.set_timer(PATIENCE_S, self._start)

    def _start(self) -> None:
        self.shown = True
        self._timer = self.set_interval(1 / SPIN_HZ, self._spin)

    def _spin(self) -> None:
        if self.screen.is_current or self.screen in self.app.screen_stack:
            self.frame = (self.frame + 1) % len(SPINNER)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.shown = False

    def render(self) -> RenderResult:
        width = self.size.width
        spans: list[Span] = [(" ", "")]
        narrow = width < 56
        for screen, (number, title) in SCREENS.items():
            here = screen == self._here
            label = f"{number} {title}" if here or not narrow else number
            spans += [(f"{label}" if not here else f"[{label}]", "here" if here else "dim"), (" ", "")]
        used = sum(cell_len(text) for text, _ in spans)
        room = width - used - 1
        if self.shown and self.activity and room >= 3:
            text = f"{SPINNER[self.frame]} {self.activity}"
            text = text if cell_len(text) <= room else fit(text, room)
            spans += [(" " * (room - cell_len(text)), ""), (text, "accent")]
        return content(*spans)


class KeyLine(OneLine):
    """The keys that matter here, from the action table; what cannot be done now is left out."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self._scope = scope
        self._actions: tuple[Action, ...] = ()
        self._keymap: Mapping[str, str] = {}

    def offer(self, conditions: Collection[str], keymap: Mapping[str, str]) -> None:
        """Show the actions whose conditions hold."""
        fitting = tuple(
            action
            for action in (*of_scope(self._scope), *of_scope("app"))
            if action.bar and all(need in conditions for need in action.needs)
        )
        if (fitting, keymap) != (self._actions, self._keymap):
            self._actions, self._keymap = fitting, dict(keymap)
            self.refresh()

    def render(self) -> RenderResult:
        width = self.size.width
        last = [action for action in self._actions if action.scope == "app"]
        first = [action for action in self._actions if action.scope != "app"]
        tail = [self._item(action) for action in last]
        room = width - 1 - sum(cell_len(text) for item in tail for text, _ in item)
        spans: list[Span] = [(" ", "")]
        for action in first:
            item = self._item(action)
            needed = sum(cell_len(text) for text, _ in item)
            if needed > room:
                break
            spans += item
            room -= needed
        spans += [(" " * max(room, 0), ""), *(span for item in tail for span in item)]
        return content(*spans)

    def _item(self, action: Action) -> list[Span]:
        return [(shown_key(action, self._keymap), "key"), (f" {action.bar}  ", "")]
