"""Compares two releases."""

from __future__ import annotations

import argparse

from deploydeck.cli.open import directory
from deploydeck.cli.output import Output, Styled
from deploydeck.cli.session import open_deck
from deploydeck.comparison import Comparison, Difference

_SIGNS = {"added": ("+", "good"), "removed": ("-", "bad"), "changed": ("~", "warn")}


async def run(args: argparse.Namespace, out: Output) -> int:
    root = directory(args.dir)
    async with open_deck() as deck:
        project = await deck.project_at(root)
        comparison = await deck.compare(project, args.older, args.newer)
    out.document(comparison)
    show_comparison(out, comparison)
    return 0


def show_comparison(out: Output, comparison: Comparison) -> None:
    out.line(Styled(f"{comparison.older} → {comparison.newer}", "bold"))
    if comparison.same:
        out.line("  They are the same in everything that is recorded.")
        return
    if comparison.source and not comparison.files:
        out.line("  source: different, in no content of a file that is recorded: in modes, links or names only")
    else:
        out.line(f"  source: {'different' if comparison.source else 'the same'}")
    for title in ("git", "files", "variables", "config", "artifact"):
        differences: tuple[Difference, ...] = getattr(comparison, title)
        if differences:
            out.line(f"  {title}")
        for entry in differences:
            sign, style = _SIGNS[entry.change]
            values = "  ".join(text for text in (entry.before, "→" if entry.before and entry.after else "", entry.after) if text)
            out.line("    ", Styled(sign, style), f" {entry.name}  {values}")
