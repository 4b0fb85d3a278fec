"""Shows the settings in force, or their schema."""

from __future__ import annotations

import argparse
import json

from deploydeck.cli.open import directory
from deploydeck.cli.output import Output
from deploydeck.settings import default_paths, json_schema, load_settings


def run(args: argparse.Namespace, out: Output) -> int:
    root = directory(args.directory)
    if args.schema:
        out.raw(json.dumps(json_schema(), indent=2, ensure_ascii=True) + "\n")
        return 0
    settings = load_settings(default_paths(), root)
    out.document(settings)
    for name, value in sorted(_flat(settings.model_dump(mode="json")).items()):
        out.line(f"{name} = {json.dumps(value, ensure_ascii=False)}")
    return 0


def _flat(content: dict[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in content.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
