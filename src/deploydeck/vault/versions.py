"""What a store keeps of one variable: its versions, the last of which is in force."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from deploydeck.domain import DeployDeckError, utc_now

MAX_VALUE_BYTES = 65_536
"""Half of what Linux lets one variable of a process hold."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}\Z")


class Scope(NamedTuple):
    """Whose variables: those of an application in one environment."""

    app: str
    environment: str

    @property
    def service(self) -> str:
        """The name of the scope in a store, as keyrings call it."""
        return f"deploydeck:{self.app}:{self.environment}"


@dataclass(frozen=True)
class Version:
    """One value that a variable has or had. `created_at` is None for what another program put into the keyring."""

    number: int
    value: str = field(repr=False)
    created_at: datetime | None = None
    created_by: str = ""

    def to_json(self) -> dict[str, Any]:
        made = self.created_at.isoformat() if self.created_at else None
        return {"number": self.number, "value": self.value, "created_at": made, "created_by": self.created_by}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Version:
        """Raises KeyError, TypeError or ValueError for what `to_json` never made."""
        made = content["created_at"]
        return cls(
            int(content["number"]),
            str(content["value"]),
            datetime.fromisoformat(made) if made else None,
            str(content["created_by"]),
        )


History = tuple[Version, ...]
"""Oldest first; empty when the variable is not set."""


def added(history: History, value: str, by: str, keep: int) -> History:
    """The history with a new version in force; at most `keep` versions. Numbers only rise."""
    number = history[-1].number + 1 if history else 1
    return (*history, Version(number, value, utc_now(), by))[-keep:]


def check_name(name: str) -> None:
    """Raises DeployDeckError `secret-name` for what cannot be the name of an environment variable."""
    if not _NAME.match(name):
        raise DeployDeckError(
            "secret-name",
            f"{name[:60]!r} is not the name of an environment variable.",
            "A name has letters, digits and underscores, at most 200, and no digit first.",
        )


def check_value(name: str, value: str) -> None:
    """Raises DeployDeckError `secret-value`, which never quotes the value."""
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError:
        why = "It is not text that UTF-8 can hold."
    else:
        if not value:
            why = "It is empty."
        elif "\0" in value:
            why = "It holds a NUL character, which no environment variable can."
        elif size > MAX_VALUE_BYTES:
            why = f"It has {size} bytes; at most {MAX_VALUE_BYTES} are possible."
        else:
            return
    raise DeployDeckError("secret-value", f"This cannot be the value of {name}.", why, "Give another value.")
