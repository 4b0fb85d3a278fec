"""`?`: what this screen and the focused pane are for, and every key that works here, from the action table."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from deploydeck.actions import SCREENS, Action, Danger, keys_of, of_scope, shown_key
from deploydeck.widgets.text import Line, Span
from deploydeck.widgets.text_pane import TextPane

_DANGER = {Danger.NONE: "", Danger.ASKS: " Asks first.", Danger.GATED: " Asks first; production wants its name typed."}


class HelpModal(ModalScreen[None]):
    CSS_PATH = "modals.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark,f1,enter", "leave", show=False)]

    def __init__(self, scope: str, screen_help: str, pane_title: str, pane_help: str, keymap: dict[str, str] | None = None) -> None:
        super().__init__()
        self._scope = scope
        self._screen_help = screen_help
        self._pane_title = pane_title
        self._pane_help = pane_help
        self._keymap = keymap or {}

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Help"
            dialog.border_subtitle = "↑↓ scroll · esc closes"
            yield TextPane(id="text")

    def on_mount(self) -> None:
        text = self.query_one("#text", TextPane)
        text.show(self.help_lines())
        text.focus()

    def help_lines(self) -> list[Line]:
        """The whole help text."""
        number, title = SCREENS.get(self._scope, ("", self._scope.capitalize()))
        lines: list[Line] = [((f"{number} {title}".strip(), "title"),), ((self._screen_help, ""),), ()]
        if self._pane_help:
            lines += [((f"Focused pane: {self._pane_title}", "title"),), ((self._pane_help, ""),), ()]
        for heading, scope in ((f"Keys on {title}", self._scope), ("Keys everywhere", "app"), ("Moving in a pane", "pane")):
            lines.append(((heading, "title"),))
            lines += [self._line(action) for action in of_scope(scope) if action.key]
            lines.append(())
        lines.append((("tab", "accent"), (" and ", ""), ("shift+tab", "accent"), (" go to the next and previous pane.", "")))
        lines.append((("Rebind a key in config.toml: ", "dim"), ('[keys] "review.accept" = "y"', ""), (".", "dim")))
        return lines

    def _line(self, action: Action) -> Line:
        keys = [shown_key(action, self._keymap), *keys_of(action, self._keymap)[1:]]
        shown = " ".join(keys)
        spans: list[Span] = [
            (f"{shown:<12} ", "accent"),
            (f"{action.title}", "strong"),
            (f"  {action.help}{_DANGER[action.danger]}", ""),
        ]
        spans.append((f"  {action.id}", "dim"))
        return tuple(spans)

    def action_leave(self) -> None:
        self.dismiss(None)
