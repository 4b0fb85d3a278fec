"""A line of text from the person: a directory to open, a value to override."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input

from deploydeck.widgets.text import Line, visible
from deploydeck.widgets.text_pane import TextPane

MAX_LISTED = 2000


class DirectorySuggester(Suggester):
    """Completes the last part of a path with the first directory that begins like it."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return complete_directory(value)


def complete_directory(value: str) -> str | None:
    """`~/pro` → `~/projects/`; None when nothing fits. Looks at no more than MAX_LISTED entries."""
    head, separator, part = value.rpartition("/")
    base = Path(f"{head}{separator}" or ".").expanduser()
    names = []
    try:
        with os.scandir(base) as entries:
            for number, entry in enumerate(entries):
                if number >= MAX_LISTED:
                    break
                if entry.name.startswith(part) and (part.startswith(".") or not entry.name.startswith(".")) and entry.is_dir():
                    names.append(entry.name)
    except OSError:
        return None
    printable = sorted(name for name in names if visible(name) == name)
    return f"{head}{separator}{printable[0]}/" if printable else None


class AskModal(ModalScreen[str | None]):
    """Answers the entered text, or None on esc. `check` says what is wrong with a text, or returns an empty string.

    A `hidden` text is shown as dots.
    """

    CSS_PATH = "modals.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False),
        Binding("tab", "complete", show=False),
    ]

    def __init__(
        self,
        title: str,
        lines: Sequence[Line],
        *,
        value: str = "",
        check: Callable[[str], str] | None = None,
        directories: bool = False,
        hidden: bool = False,
    ) -> None:
        super().__init__()
        self._title = title
        self._lines = tuple(lines)
        self._value = value
        self._check = check
        self._directories = directories
        self._hidden = hidden

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title.replace("[", r"\[")
            dialog.border_subtitle = (
                "tab completes · enter accepts · esc leaves" if self._directories else "enter accepts · esc leaves"
            )
            text = TextPane(id="text")
            text.can_focus = False
            yield text
            suggester = DirectorySuggester() if self._directories else None
            answer = Input(self._value, id="answer", compact=True, suggester=suggester, password=self._hidden)
            answer.cursor_blink = False
            answer.select_on_focus = False
            yield answer

    def on_mount(self) -> None:
        self._show("")
        self.query_one("#answer", Input).focus()

    def _show(self, wrong: str) -> None:
        lines = self._lines
        if wrong:
            lines += ((("✗ ", "bad"), (visible(wrong), "")),)
        self.query_one("#text", TextPane).show(lines)

    def on_input_changed(self, _event: Input.Changed) -> None:
        self._show("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        wrong = self._check(event.value) if self._check else ""
        if wrong:
            self._show(wrong)
        else:
            self.dismiss(event.value)

    def action_complete(self) -> None:
        answer = self.query_one("#answer", Input)
        if self._directories and (completed := complete_directory(answer.value)):
            answer.value = completed
            answer.cursor_position = len(completed)

    def action_cancel(self) -> None:
        self.dismiss(None)
