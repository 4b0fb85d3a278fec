"""Opens the screens."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path

from deploydeck.cli.errors import UsageError
from deploydeck.cli.output import Output


def run(args: argparse.Namespace, _out: Output) -> int:
    return open_screens(directory(args.directory))


def directory(name: str) -> Path:
    """The directory of that name. Raises UsageError when there is none."""
    path = Path(name).expanduser().absolute()
    if not path.is_dir():
        raise UsageError(f"{name!r} is not a directory.", "Name the directory of a project.")
    return path


def needs_terminal() -> None:
    """Raises UsageError where the screens cannot be drawn."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The screens need a terminal, and there is none here.",
            "These work without one: scan, generate, deploy --yes, attach, cancel, logs, status, history, diff, "
            "rollback --yes, down --yes, doctor.",
            code="no-terminal",
        )
    if os.environ.get("TERM", "") in ("", "dumb"):
        raise UsageError(
            "This terminal cannot draw screens (TERM is unset or dumb).",
            "Set TERM, for example TERM=xterm-256color, or use the commands: `deploydeck --help`.",
            code="no-terminal",
        )


def open_screens(root: Path) -> int:
    """Run the interactive face on a project until the person leaves. Raises UsageError without a terminal."""
    needs_terminal()
    gc.disable()  # nothing of what starting makes is garbage; the app collects again after its first frame
    from deploydeck.app import run as run_app

    return run_app(root)
