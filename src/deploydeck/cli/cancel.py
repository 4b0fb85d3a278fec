"""Cancels a running deployment, or rolls it back."""

from __future__ import annotations

import argparse

from deploydeck.cli.follow import follow
from deploydeck.cli.output import Output
from deploydeck.cli.session import open_deck
from deploydeck.domain import DeployDeckError, DeploymentState


async def run(args: argparse.Namespace, out: Output) -> int:
    async with open_deck() as deck:
        deployment = await deck.store.deployments.get(args.deployment)
        if not await deck.engine.cancel(deployment.id, "rollback" if args.rollback else "cancel"):
            state = (await deck.store.deployments.get(deployment.id)).state
            raise DeployDeckError(
                "deployment-ended",
                f"Deployment {deployment.id} has ended already: {state.value.replace('_', ' ')}.",
                hint="To put an earlier release back: `deploydeck rollback`.",
            )
        if args.detach:
            out.document(await deck.store.deployments.get(deployment.id))
            out.line(f"Asked. Follow it with: deploydeck attach {deployment.id}")
            return 0
        code = await follow(deck, deployment, out)
        ended = (await deck.store.deployments.get(deployment.id)).state
        wanted = {DeploymentState.ROLLED_BACK, DeploymentState.CANCELED} if args.rollback else {DeploymentState.CANCELED}
        return 0 if ended in wanted else code
