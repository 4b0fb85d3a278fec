"""Copying that says what really happened.

A program in a terminal cannot see the clipboard of the person in front of it: over SSH a native clipboard would be the wrong
machine's, and OSC 52 has no answer. So the sentence says where the text went, and texts that terminals drop go to a file.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

MAX_ENCODED_BYTES = 75_000
"""Terminals cut or drop longer OSC 52 sequences."""

_NATIVE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
)


def copy(
    text: str, *, write: Callable[[str], None], directory: Path, now: datetime, environ: Mapping[str, str] | None = None
) -> str:
    """Bring the text to the person and return the sentence that tells how.

    `write` sends raw bytes to the terminal. Tries, in this order: the display's clipboard (not over SSH), tmux's own buffer,
    OSC 52 when it is short enough, else a file in `directory`. Blocks for at most 2 s.
    """
    env = os.environ if environ is None else environ
    remote = bool(env.get("SSH_CONNECTION") or env.get("SSH_TTY"))
    if not remote:
        for variable, argv in _NATIVE:
            if env.get(variable) and shutil.which(argv[0]) and _feed(argv, text):
                return f"copied with {argv[0]} ({_amount(text)})"
    encoded = base64.b64encode(text.encode("utf-8", "replace")).decode()
    if len(encoded) > MAX_ENCODED_BYTES:
        return f"too long for a terminal clipboard: {save(text, directory, 'copy', now)}"
    if env.get("TMUX") and shutil.which("tmux") and _feed(("tmux", "load-buffer", "-w", "-"), text):
        return f"sent to tmux (buffer and OSC 52), {_amount(text)}"
    if env.get("TERM", "").startswith("screen") and not env.get("TMUX"):
        return f"GNU screen passes no clipboard on: {save(text, directory, 'copy', now)}"
    write(f"\x1b]52;c;{encoded}\a")
    return f"sent to terminal (OSC 52), {_amount(text)}"


def save(text: str, directory: Path, stem: str, now: datetime) -> str:
    """Write the text to a new private file and return `saved to FILE`. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    base = f"{stem}-{now:%Y%m%d-%H%M%S}"
    for number in range(1000):
        path = directory / (f"{base}.txt" if not number else f"{base}-{number}.txt")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        return f"saved to {path}"
    raise FileExistsError(str(directory / base))


def _feed(argv: tuple[str, ...], text: str) -> bool:
    try:
        done = subprocess.run(argv, input=text.encode("utf-8", "replace"), capture_output=True, timeout=2, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _amount(text: str) -> str:
    lines = text.count("\n") + 1
    return f"{lines} lines" if lines > 1 else f"{len(text)} characters"
