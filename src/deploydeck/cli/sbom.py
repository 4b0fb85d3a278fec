"""Writes a bill of materials of the dependencies."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from deploydeck.cli.errors import UsageError
from deploydeck.cli.open import directory
from deploydeck.cli.output import Output
from deploydeck.cli.scanned import scanned


async def run(args: argparse.Namespace, out: Output) -> int:
    root = directory(args.directory)
    file = Path(args.output).expanduser().absolute() if args.output else None
    form = args.format or ("xml" if file is not None and file.suffix == ".xml" else "json")
    if out.json and form == "xml" and file is None:
        raise UsageError("--json and --format xml exclude each other on standard output.", "Name a file with --output.")
    from deploydeck.scan.sbom import make, written

    profile, _ = await asyncio.to_thread(scanned, root)
    bom = make(profile)
    text = await asyncio.to_thread(written, bom, form)
    if file is None:
        out.raw(text)
        return 0
    await asyncio.to_thread(_write, file, text)
    out.document({"path": str(file), "format": form, "components": len(bom.components)})
    out.line(f"{file}: CycloneDX 1.6, {form}, {len(bom.components)} components")
    return 0


def _write(file: Path, text: str) -> None:
    """Replace the file as a whole. Raises DeployDeckError `sbom-not-written`."""
    import os
    import tempfile

    from deploydeck.domain import DeployDeckError

    try:
        if file.is_dir():
            raise IsADirectoryError(21, "It is a directory.")
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        made = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            made.chmod(0o644)
            made.replace(file)
        finally:
            made.unlink(missing_ok=True)
    except OSError as error:
        raise DeployDeckError(
            "sbom-not-written", f"{file} cannot be written.", error.strerror or str(error), "Name another file with --output."
        ) from error
