"""The person's editor on a text, with the screen out of the way.

Runs synchronously inside `App.suspend()`: held across an await, repaints would fill the driver's queue and freeze the program.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

if TYPE_CHECKING:
    from deploydeck.screens.host import Host

MAX_EDITED_BYTES = 5_000_000


def editor_command(configured: str) -> list[str]:
    """The setting, else $VISUAL, $EDITOR, then vi or nano; empty when there is none."""
    for text in (configured, os.environ.get("VISUAL", ""), os.environ.get("EDITOR", "")):
        try:
            argv = shlex.split(text)
        except ValueError:
            continue
        if argv and shutil.which(argv[0]):
            return argv
    return next(([name] for name in ("vi", "nano") if shutil.which(name)), [])


def edit_text(app: Host, text: str, path: str, configured: str) -> str | None:
    """The text as the person left it, or None when the editor failed or left nothing readable; the reason is said."""
    argv = editor_command(configured)
    if not argv:
        app.notify("No editor was found: set ui.editor, $VISUAL or $EDITOR.", severity="warning", markup=False)
        return None
    suffix = PurePosixPath(path).suffix
    suffix = suffix if suffix.isascii() and len(suffix) <= 10 and suffix[1:].isalnum() else ".txt"
    with tempfile.TemporaryDirectory(prefix="deploydeck-") as directory:
        file = Path(directory) / f"hunk{suffix}"
        file.write_text(text, encoding="utf-8")
        try:
            with app.suspend():
                code = subprocess.run([*argv, str(file)], check=False).returncode
        except (OSError, SuspendNotSupported) as error:
            app.notify(f"The editor {argv[0]} could not be run: {error}", severity="warning", markup=False)
            return None
        app.refresh(layout=True)
        if code != 0:
            app.notify(f"{argv[0]} ended with exit code {code}; the hunk stays as it was.", severity="warning", markup=False)
            return None
        try:
            if file.stat().st_size > MAX_EDITED_BYTES:
                raise OSError(f"more than {MAX_EDITED_BYTES} bytes")
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            app.notify(f"What the editor left cannot be read: {error}", severity="warning", markup=False)
            return None
