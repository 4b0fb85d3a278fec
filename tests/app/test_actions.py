"""The action table: complete, free of clashes, and everything else follows from it."""

from __future__ import annotations

from importlib import import_module

import pytest
from textual.binding import Binding

from deploydeck.actions import ACTIONS, BY_ID, NEEDS, SCREENS, clashes, keymap_problems, keys_of, of_scope, shown_key
from deploydeck.screens.base import DeckScreen
from deploydeck.widgets.line_view import LineView


def screen_class(name: str) -> type[DeckScreen]:
    module = import_module(f"deploydeck.screens.{name}")
    found: type[DeckScreen] = getattr(module, f"{name.capitalize()}Screen")
    assert issubclass(found, DeckScreen)
    return found


def test_ids_are_unique_and_scopes_known() -> None:
    assert len(BY_ID) == len(ACTIONS)
    assert {action.scope for action in ACTIONS} == {"app", "pane", *SCREENS}


def test_shipped_keys_do_not_clash() -> None:
    assert clashes() == ()


@pytest.mark.parametrize("name", SCREENS)
def test_every_action_of_a_screen_can_be_run(name: str) -> None:
    kind = screen_class(name)
    missing = [
        action.id
        for action in (*of_scope(name), *of_scope("app"))
        if action.name not in SCREENS and not hasattr(kind, f"do_{action.name}")
    ]
    assert missing == []


@pytest.mark.parametrize("name", SCREENS)
def test_every_do_method_is_in_the_table(name: str) -> None:
    known = {action.name for action in (*of_scope(name), *of_scope("app"))}
    assert {method.removeprefix("do_") for method in dir(screen_class(name)) if method.startswith("do_")} <= known


@pytest.mark.parametrize("name", SCREENS)
def test_bindings_are_exactly_the_table(name: str) -> None:
    bound = {binding.id for binding in screen_class(name).BINDINGS if isinstance(binding, Binding)}
    assert bound == {action.id for action in (*of_scope(name), *of_scope("app")) if action.key}


def test_every_movement_exists_on_panes() -> None:
    assert [action.id for action in of_scope("pane") if not hasattr(LineView, f"action_{action.name}")] == []


def test_every_condition_has_a_reason() -> None:
    assert {need for action in ACTIONS for need in action.needs} <= set(NEEDS)


def test_every_action_says_what_it_does() -> None:
    assert [action.id for action in ACTIONS if not action.title or not action.help.endswith((".", "…"))] == []


def test_rebinding_onto_a_used_key_is_a_clash() -> None:
    assert any("review.accept" in problem and "review.reject" in problem for problem in keymap_problems({"review.accept": "r"}))


def test_swapping_two_keys_is_no_clash() -> None:
    assert keymap_problems({"review.accept": "r", "review.reject": "a"}) == ()


def test_unknown_actions_are_named_with_the_nearest() -> None:
    assert "did you mean review.accept?" in keymap_problems({"review.acept": "y"})[0]


def test_keys_in_short_and_long_names() -> None:
    assert keys_of(BY_ID["app.help"]) == ("question_mark", "f1")
    assert keys_of(BY_ID["app.help"], {"app.help": "?"}) == ("question_mark",)
    assert shown_key(BY_ID["app.help"]) == "?"
    assert keys_of(BY_ID["app.settings"], {"app.settings": ","}) == ("comma",)


def test_no_key_that_terminals_cannot_send() -> None:
    used = {key for action in ACTIONS for key in keys_of(action)}
    assert used.isdisjoint({"ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+a", "ctrl+z"})
