"""The question before anything destructive. Cancel is focused; production wants its name typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from deploydeck.widgets.text import Line, visible
from deploydeck.widgets.text_pane import TextPane


class ConfirmModal(ModalScreen[bool]):
    """`yes` is what the button that acts says. With `typed` that word must be entered first."""

    CSS_PATH = "modals.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "cancel", show=False),
        Binding("left,h", "app.focus_previous", show=False),
        Binding("right,l", "app.focus_next", show=False),
        Binding("y", "yes", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[Line], *, yes: str, typed: str = "", danger: bool = True) -> None:
        super().__init__()
        self._title = title
        self._lines = tuple(lines)
        self._yes = yes
        self._typed = typed
        self._danger = danger

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -danger" if self._danger else "dialog") as dialog:
            dialog.border_title = self._title.replace("[", r"\[")
            text = TextPane(id="text")
            text.can_focus = False
            yield text
            if self._typed:
                answer = Input(placeholder=f"type {visible(self._typed, 60)} to go on", id="typed", compact=True)
                answer.cursor_blink = False
                yield answer
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button(
                    self._yes, id="yes", variant="error" if self._danger else "primary", compact=True, disabled=bool(self._typed)
                )

    def on_mount(self) -> None:
        lines = self._lines
        if self._typed:
            lines += ((), (("Type ", ""), (visible(self._typed, 60), "strong"), (" to go on; esc cancels.", "")))
        self.query_one("#text", TextPane).show(lines)
        self.query_one("#cancel", Button).focus()
        if self._typed:
            self.query_one("#typed", Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one("#yes", Button).disabled = event.value != self._typed

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value == self._typed:
            self.dismiss(True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_cancel(self) -> None:
        self.dismiss(False)

    def action_yes(self) -> None:
        if not self._typed:
            self.dismiss(True)
