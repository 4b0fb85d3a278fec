"""Agrees to a deployment that waits for it, or refuses."""

from __future__ import annotations

import argparse

from deploydeck.cli import prompt
from deploydeck.cli.errors import EXIT_INTERRUPTED, UsageError
from deploydeck.cli.format import age
from deploydeck.cli.output import Output, Styled
from deploydeck.cli.plan import show_changes
from deploydeck.cli.session import open_deck


async def run(args: argparse.Namespace, out: Output) -> int:
    if args.why and not args.reject:
        raise UsageError("--why says why a deployment is refused: it goes with --reject.")
    if not (args.yes or args.reject) and (out.json or not prompt.can_ask()):
        raise UsageError("There is nobody to ask.", "Add --yes to agree, or --reject.", code="needs-yes")
    async with open_deck() as deck:
        if args.reject:
            ended = await deck.reject(args.deployment, args.why or "")
            out.document(ended)
            out.line(f"Rejected {ended.id}; nothing was changed.")
            return 0
        deployment = await deck.store.deployments.get(args.deployment)
        if not args.yes and deployment.plan is not None:
            project = await deck.store.projects.get(deployment.project_id)
            asked = f"  asked for by {deployment.requested_by} {age(deployment.created_at)} ago"
            out.line(Styled(f"{deployment.kind.value.capitalize()} {project.name} in {deployment.environment}", "bold"), asked)
            show_changes(out, deployment.plan)
            if not prompt.confirm("Agree to it?"):
                out.line("It still waits.")
                return EXIT_INTERRUPTED
        approved = await deck.approve(deployment.id)
    out.document(approved)
    out.line(f"Approved {approved.id}. Follow it with: deploydeck attach {approved.id}")
    return 0
