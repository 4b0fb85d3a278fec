"""Names of the settings files, and how hostile text reads in a message about them."""

from __future__ import annotations

PROJECT_FILE = "deploydeck.toml"
USER_FILE = "config.toml"


def shown(text: object) -> str:
    """A path or a key for a message: nothing that could act on a terminal, and not a megabyte of it."""
    plain = "".join(c if c.isprintable() else "?" for c in str(text)[:300])
    return plain if len(str(text)) <= 300 else f"{plain}…"
