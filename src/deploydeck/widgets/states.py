"""How conditions look: a glyph and a word before any colour. One table for every list that shows a state."""

from __future__ import annotations

from deploydeck.widgets.text import Span

Look = tuple[str, str, str]
"""Glyph, word, style."""

LOOKS: dict[str, Look] = {
    # deployments
    "draft": ("○", "draft", "dim"),
    "planned": ("○", "planned", "dim"),
    "awaiting_approval": ("◌", "waits for approval", "warn"),
    "queued": ("◌", "queued", "accent"),
    "acquiring_lock": ("◌", "waits for lock", "accent"),
    "running": ("●", "running", "accent"),
    "paused": ("◍", "paused", "warn"),
    "canceling": ("◐", "canceling", "warn"),
    "rolling_back": ("◐", "rolling back", "warn"),
    "recovering": ("◐", "recovering", "warn"),
    "succeeded": ("✓", "succeeded", "good"),
    "succeeded_with_warnings": ("✓", "succeeded, warnings", "warn"),
    "failed_unchanged": ("✗", "failed, unchanged", "bad"),
    "rolled_back": ("↺", "rolled back", "warn"),
    "partially_applied": ("✗", "partially applied", "bad"),
    "rollback_failed": ("✗", "rollback failed", "bad"),
    "canceled": ("■", "canceled", "warn"),
    "superseded": ("»", "superseded", "dim"),
    "abandoned": ("■", "abandoned", "bad"),
    # steps (those not named above)
    "pending": ("○", "pending", "dim"),
    "warning": ("!", "warning", "warn"),
    "failed": ("✗", "failed", "bad"),
    "skipped": ("-", "skipped", "dim"),
    "undone": ("↺", "undone", "warn"),
    # health
    "healthy": ("✓", "healthy", "good"),
    "unhealthy": ("✗", "unhealthy", "bad"),
    "unknown": ("?", "unknown", "dim"),
    # changes and decisions
    "new": ("+", "new", "good"),
    "changed": ("~", "changed", "accent"),
    "same": ("=", "same", "dim"),
    "blocked": ("✗", "blocked", "bad"),
    "conflict": ("≠", "conflict", "warn"),
    "accepted": ("●", "accepted", "good"),
    "rejected": ("✗", "rejected", "bad"),
    "edited": ("✎", "edited", "accent"),
    # plan items
    "create": ("+", "create", "good"),
    "replace": ("~", "replace", "warn"),
    "stop": ("■", "stop", "warn"),
    "keep": ("=", "keep", "dim"),
    "reuse": ("=", "reuse", "dim"),
    "remove": ("-", "remove", "bad"),
    # variables
    "added": ("+", "added", "good"),
    "removed": ("-", "removed", "bad"),
    # findings
    "info": ("i", "note", "dim"),
    "error": ("✗", "error", "bad"),
}


def look(state: str) -> Span:
    """`● running` with its style; an unknown state is shown as it is called."""
    glyph, word, style = LOOKS.get(state, ("?", state.replace("_", " "), "warn"))
    return f"{glyph} {word}", style


def glyph(state: str) -> Span:
    """Only the glyph with its style."""
    mark, _, style = LOOKS.get(state, ("?", "", "warn"))
    return mark, style
