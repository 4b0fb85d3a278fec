"""Opens DeployDeck on a copy of the bundled example, or puts a prepared change into a copy."""

from __future__ import annotations

import argparse
from pathlib import Path

from deploydeck.cli.errors import UsageError
from deploydeck.cli.generate import show_diff
from deploydeck.cli.open import directory, needs_terminal, open_screens
from deploydeck.cli.output import Output
from deploydeck.demo import as_files, create_demo, prepared_change
from deploydeck.review import Review
from deploydeck.settings import default_paths


def run(args: argparse.Namespace, out: Output) -> int:
    if args.change:
        return _change(args, out)
    if not args.path_only:
        if out.json:
            raise UsageError("--json needs --path-only or --change here.")
        needs_terminal()  # before anything is copied
    root = create_demo(default_paths(), Path(args.directory) if args.directory else None)
    if not args.path_only:
        return open_screens(root)
    out.document({"path": str(root)})
    out.line(str(root))
    return 0


def _change(args: argparse.Namespace, out: Output) -> int:
    if args.path_only:
        raise UsageError("--change and --path-only exclude each other.")
    root = directory(args.directory or ".")
    review = Review()
    changes = [review.accept_file(change) for change in review.compare(root, as_files(prepared_change(root, args.change)))]
    applied = review.apply(root, changes)
    out.document({"path": str(root), "written": [file.path for file in applied.files]})
    for change in changes:
        show_diff(out, change)
    if not applied.files:
        out.line("Nothing to change: it is there already.")
    return 0
