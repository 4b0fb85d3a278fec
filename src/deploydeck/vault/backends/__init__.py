"""Where set values are kept: one protocol, two stores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from deploydeck.vault.versions import History, Scope

Edit = Callable[[History], History]
"""From the versions there are to those that shall be; none removes the variable."""


Alone = Callable[[], AbstractContextManager[object]]
"""Holds off all other processes of this account."""


class Backend(Protocol):
    """Keeps the versions of variables. Blocking. Methods raise DeployDeckError when the store does not answer as it should."""

    @property
    def title(self) -> str:
        """What people call it."""

    def names(self, scope: Scope) -> tuple[str, ...]:
        """The variables that are set, sorted."""

    def read(self, scope: Scope, name: str) -> History:
        """The versions of one variable; its last is in force."""

    def change(self, scope: Scope, edits: Mapping[str, Edit]) -> dict[str, History]:
        """Apply an edit to each named variable, alone among all processes of this account; the histories that are now kept."""
