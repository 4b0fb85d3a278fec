"""Telling a process from a later one with the same number."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any


def mark(pid: int) -> dict[str, Any]:
    """A process as it is written down: its number and its birth."""
    return {"pid": pid, "born": _birth(pid)}


def alive(marked: Any) -> bool:
    """Whether that very process runs now; one that has ended and was not yet waited for does not."""
    if not isinstance(marked, dict) or not isinstance(marked.get("pid"), int):
        return False
    import psutil

    birth = _birth(marked["pid"])
    if birth is None or birth != marked.get("born"):
        return False
    try:
        return bool(psutil.Process(marked["pid"]).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _birth(pid: int) -> str | None:
    """Ticks since boot and the boot's id where there is /proc: a set clock does not change them; else the time of creation."""
    with contextlib.suppress(OSError, IndexError):
        ticks = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19]
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}:{ticks}"
    import psutil

    try:
        return f"{psutil.Process(pid).create_time():.1f}"
    except psutil.Error:
        return None
