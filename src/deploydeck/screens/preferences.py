"""The two settings the first frame needs, read before the settings schema is loaded (that import costs more than the frame).

The full schema validates the same file a moment later; whatever is wrong in it is reported then.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Preferences:
    theme: str = "textual-dark"
    mouse: bool = True


def early_preferences(user_file: Path | None = None) -> Preferences:
    """Theme and mouse from the person's file and environment; defaults for anything unreadable."""
    try:
        path = user_file or _user_file()
        ui = _ui_section(path) if path.is_file() else {}
    except (OSError, ValueError):
        ui = {}
    if not isinstance(ui, dict):
        ui = {}
    theme = os.environ.get("DEPLOYDECK_UI__THEME") or ui.get("theme", "textual-dark")
    mouse = os.environ.get("DEPLOYDECK_UI__MOUSE", "").lower() or ui.get("mouse", True)
    return Preferences(str(theme), mouse not in (False, "false", "0", "no", "off"))


def _ui_section(path: Path) -> Any:
    import tomllib

    return tomllib.loads(path.read_text(encoding="utf-8")).get("ui", {})


def _user_file() -> Path:
    """As `settings.default_paths`, without loading the schema."""
    if home := os.environ.get("DEPLOYDECK_CONFIG"):
        return Path(home).expanduser() / "config.toml"
    from platformdirs import user_config_dir

    return Path(user_config_dir("deploydeck", appauthor=False)) / "config.toml"
