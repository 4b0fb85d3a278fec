"""The screens, loaded when first shown. A screen reaches services only through the Deck of its session."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.screen import Screen

_CLASSES = {
    "projects": "ProjectsScreen",
    "scan": "ScanScreen",
    "review": "ReviewScreen",
    "deploy": "DeployScreen",
    "logs": "LogsScreen",
    "history": "HistoryScreen",
}


def factory(name: str) -> Callable[[], Screen[Any]]:
    """A function that makes the screen; its module is imported when it is called."""

    def make() -> Screen[Any]:
        screen: Screen[Any] = getattr(import_module(f"deploydeck.screens.{name}"), _CLASSES[name])()
        return screen

    return make
