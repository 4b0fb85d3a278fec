"""Follows a deployment that runs, or shows one that has ended."""

from __future__ import annotations

import argparse
import asyncio

from deploydeck.cli.follow import follow
from deploydeck.cli.output import Output
from deploydeck.cli.session import open_deck
from deploydeck.domain import DeployDeckError


async def run(args: argparse.Namespace, out: Output) -> int:
    async with open_deck() as deck:
        if args.deployment:
            deployment = await deck.store.deployments.get(args.deployment)
        else:
            newest = await deck.store.deployments.list(limit=1)
            if not newest:
                raise DeployDeckError("deployment-unknown", "There is no deployment yet.", hint="Start one: `deploydeck deploy`.")
            deployment = newest[0]
        if not deployment.state.terminal:
            await asyncio.to_thread(deck.engine.ensure_worker)
        out.line(f"Deployment {deployment.id}")
        return await follow(deck, deployment, out)
