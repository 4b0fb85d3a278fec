"""A plan as text, and the question whether to go on."""

from __future__ import annotations

import argparse

from deploydeck.cli import prompt
from deploydeck.cli.errors import EXIT_INTERRUPTED, UsageError
from deploydeck.cli.follow import follow
from deploydeck.cli.format import age
from deploydeck.cli.output import Output, Styled
from deploydeck.deck import Deck, Prepared
from deploydeck.domain import DeploymentKind, DeploymentState, Plan, PlanAction

_ACTION_STYLES = {
    PlanAction.CREATE: "good",
    PlanAction.REPLACE: "warn",
    PlanAction.STOP: "warn",
    PlanAction.REMOVE: "bad",
    PlanAction.KEEP: "dim",
    PlanAction.REUSE: "dim",
}
_VARIABLE_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def check_flags(args: argparse.Namespace, out: Output) -> None:
    """Refuse what cannot be answered before anything is looked at. Raises UsageError."""
    if args.detach and args.foreground:
        raise UsageError("--detach and --foreground exclude each other.")
    if args.yes or args.plan:
        return
    if out.json:
        raise UsageError("--json does not ask.", "Add --yes, or look first with --plan.", code="needs-yes")
    if not prompt.can_ask():
        raise UsageError("There is no terminal to ask on.", "Add --yes, or look first with --plan.", code="needs-yes")


async def carry_out(deck: Deck, prepared: Prepared, args: argparse.Namespace, out: Output) -> int:
    """Show the plan, ask, queue, follow. Returns the exit code."""
    if args.plan:
        out.document(prepared.plan)
    if args.plan or not args.yes:
        show_plan(out, prepared)
    else:
        _show_warnings(out, prepared)
    if args.plan:
        return 0
    if not args.yes and not _agreed(deck, prepared):
        out.line("Nothing was changed.")
        return EXIT_INTERRUPTED
    if args.foreground and deck.waits_for_approval(prepared):
        raise UsageError(
            f"Deployments to {prepared.config.environment} wait for approval, and --foreground would wait with them.",
            "Leave it out; once it is approved, a worker does it.",
        )
    deployment = await deck.deploy(prepared, start_worker=not args.foreground)
    if args.detach:
        out.document(deployment)
        if deployment.state is DeploymentState.AWAITING_APPROVAL:
            out.line(f"{deployment.id} waits for somebody to agree: deploydeck approve {deployment.id}")
        else:
            out.line(f"Queued as {deployment.id}. Follow it with: deploydeck attach {deployment.id}")
        return 0
    out.line(f"Deployment {deployment.id}")
    if not args.foreground:
        return await follow(deck, deployment, out)

    async def work() -> None:
        from deploydeck.worker import run_foreground

        await run_foreground(deployment.id, deck)

    return await follow(deck, deployment, out, work=work)


def show_plan(out: Output, prepared: Prepared) -> None:
    """What will be created, replaced, stopped; variables by name; steps; warnings."""
    plan, config = prepared.plan, prepared.config
    back = prepared.rollback_to
    verb = f"Deploy {config.app}"
    if prepared.kind is DeploymentKind.REMOVE:
        verb = f"Take down {config.app}: stop and remove everything of it"
    elif back:
        verb = f"Roll {config.app} back to {back.label} (made {age(back.created_at)} ago)"
    elif prepared.origin:
        verb = f"Promote {config.app} {prepared.origin.label} from {prepared.origin.environment}: the same artifact"
    out.line(Styled(f"{verb} in {plan.environment} on {plan.target}", "bold"), f"  {plan.url}")
    show_changes(out, plan)
    missing = prepared.resolved.missing
    if missing:
        out.line("  ", Styled("without a value", "warn"), f": {', '.join(missing)}")
    if plan.steps:
        out.line("  steps: ", ", ".join(step.title for step in plan.steps))
    _show_warnings(out, prepared)


def show_changes(out: Output, plan: Plan) -> None:
    """What will be created, replaced, stopped, kept; variables by name."""
    for item in plan.items:
        detail = f"  {item.detail}" if item.detail else ""
        action = Styled(f"{item.action.value:<8}", _ACTION_STYLES[item.action])
        out.line("  ", action, f" {item.kind:<12} {item.name}{detail}")
    for change in plan.variables:
        if change.change in _VARIABLE_SIGNS:
            source = f", from {change.source}" if change.source else ""
            told = f"  (secret{source})" if change.secret else ""
            out.line(f"  {_VARIABLE_SIGNS[change.change]} variable {change.name}{told}")


def _show_warnings(out: Output, prepared: Prepared) -> None:
    for warning in prepared.plan.warnings:
        out.line("  ", Styled("warning", "warn"), f": {warning}")


def _agreed(deck: Deck, prepared: Prepared) -> bool:
    name = deck.name_to_type(prepared)
    question = f"Go on in {prepared.config.environment}?"
    return prompt.confirm_name(question, name) if name else prompt.confirm(question)
