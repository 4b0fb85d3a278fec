"""A passphrase for machines without a person: from a file or a descriptor, never from argv or the value of a variable."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

from deploydeck.domain import DeployDeckError
from deploydeck.redaction import know

FILE = "DEPLOYDECK_PASSPHRASE_FILE"
DESCRIPTOR = "DEPLOYDECK_PASSPHRASE_FD"
_MOST_BYTES = 4096


def given_passphrase(environ: MutableMapping[str, str] | None = None) -> str | None:
    """The passphrase that the environment points to, without the line's end; None when it points nowhere.

    A descriptor can be read once: its variable is gone afterwards. Raises DeployDeckError `passphrase-unreadable`.
    """
    environment = os.environ if environ is None else environ
    path, number = environment.get(FILE), environment.pop(DESCRIPTOR, None)
    if number is None and not path:
        return None
    label = DESCRIPTOR if number is not None else FILE
    try:
        with os.fdopen(int(number), "rb") if number is not None else Path(str(path)).expanduser().open("rb") as file:
            text = file.read(_MOST_BYTES + 1).decode("utf-8")
    except (OSError, ValueError) as error:  # ValueError: no number, no UTF-8
        why = error.strerror if isinstance(error, OSError) else "It is no number of a descriptor, or holds no UTF-8 text."
        raise DeployDeckError("passphrase-unreadable", f"{label} leads to nothing that can be read.", why or "") from error
    passphrase = text.removesuffix("\n").removesuffix("\r")
    if not passphrase or len(text) > _MOST_BYTES or "\n" in passphrase:
        raise DeployDeckError(
            "passphrase-unreadable", f"{label} leads to no passphrase.", f"It must be one line of at most {_MOST_BYTES} characters."
        )
    know((passphrase,))
    return passphrase
