"""Takes the project down: stops and removes everything of one environment on one target."""

from __future__ import annotations

import argparse
from pathlib import Path

from deploydeck.cli.output import Output
from deploydeck.cli.plan import carry_out, check_flags
from deploydeck.cli.session import open_deck
from deploydeck.domain import DeployDeckError


async def run(args: argparse.Namespace, out: Output) -> int:
    check_flags(args, out)
    async with open_deck() as deck:
        try:  # the directory itself may be gone: only its name counts
            prepared = await deck.prepare_removal(Path(args.directory), args.env, args.target)
        except DeployDeckError as error:
            if error.code != "nothing-to-remove":
                raise
            out.document({"removed": [], "what": error.what})
            out.line(error.what)
            return 0  # asked twice it is as true as asked once
        return await carry_out(deck, prepared, args, out)
