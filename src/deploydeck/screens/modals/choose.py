"""One of several: environments, targets, log sources, what to do with a running deployment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from deploydeck.widgets.row_list import Column, Row, RowList
from deploydeck.widgets.text import Line, visible
from deploydeck.widgets.text_pane import TextPane


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer: its value, its name, and what it means."""

    value: str
    name: str
    meaning: str = ""


class ChooseModal(ModalScreen[str | None]):
    """Answers the value of the chosen row, or None on esc. The first row is the default unless `current` names another."""

    CSS_PATH = "modals.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "cancel", show=False),
        Binding("enter", "choose", show=False),
    ]

    def __init__(
        self, title: str, choices: Sequence[Choice], *, lines: Sequence[Line] = (), current: str = "", danger: bool = False
    ) -> None:
        super().__init__()
        self._title = title
        self._choices = tuple(choices)
        self._lines = tuple(lines)
        self._current = current
        self._danger = danger

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog -danger" if self._danger else "dialog") as dialog:
            dialog.border_title = self._title.replace("[", r"\[")
            dialog.border_subtitle = "enter chooses · esc leaves things as they are"
            if self._lines:
                text = TextPane(id="text")
                text.can_focus = False
                yield text
            width = max((len(choice.name) for choice in self._choices), default=8)
            yield RowList(Column(width=min(width, 34)), Column(flex=1, drop=1), id="choices")

            meaning = TextPane(id="meaning")
            meaning.can_focus = False
            yield meaning

    def on_row_list_focused(self, event: RowList.Focused) -> None:
        self._explain(event.key)

    def _explain(self, key: str) -> None:
        """The whole meaning of the focused answer: its row may have no room for it."""
        meaning = next((choice.meaning for choice in self._choices if choice.value == key), "")
        self.query_one("#meaning", TextPane).show([((visible(meaning), "dim"),)] if meaning else ())

    def on_mount(self) -> None:
        if self._lines:
            self.query_one("#text", TextPane).show(self._lines)
        rows = self.query_one("#choices", RowList)
        rows.show(
            [Row(choice.value, (visible(choice.name), (visible(choice.meaning), "dim"))) for choice in self._choices],
            empty=((("There is nothing to choose from.", ""),),),
        )
        rows.move_to_key(self._current)
        self._explain(rows.key)
        rows.focus()

    def action_choose(self) -> None:
        self.dismiss(self.query_one("#choices", RowList).key or None)

    def action_cancel(self) -> None:
        self.dismiss(None)
