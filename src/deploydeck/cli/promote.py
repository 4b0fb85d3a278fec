"""Runs what is live in one environment in the next one."""

from __future__ import annotations

import argparse
from functools import partial

from deploydeck.cli.open import directory
from deploydeck.cli.output import Output
from deploydeck.cli.passphrase import unlocking
from deploydeck.cli.plan import carry_out, check_flags
from deploydeck.cli.session import open_deck


async def run(args: argparse.Namespace, out: Output) -> int:
    root = directory(args.directory)
    check_flags(args, out)
    async with open_deck() as deck:
        prepared = await unlocking(deck, partial(deck.prepare_promotion, root, args.source, args.to, args.target))
        return await carry_out(deck, prepared, args, out)
