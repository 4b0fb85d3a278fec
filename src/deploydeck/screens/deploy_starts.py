"""What comes before a deployment: choosing where to, and the question before it starts."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from deploydeck.domain import DeploymentKind
from deploydeck.screens.modals.choose import Choice
from deploydeck.screens.modals.confirm import ConfirmModal
from deploydeck.widgets.text import Line, visible

if TYPE_CHECKING:
    from textual.app import App

    from deploydeck.deck import Prepared
    from deploydeck.domain import Deployment, Plan
    from deploydeck.screens.base import DeckScreen
    from deploydeck.screens.session import Session

VERBS = {DeploymentKind.DEPLOY: "Deploy", DeploymentKind.ROLLBACK: "Roll back to {}", DeploymentKind.REMOVE: "Take down"}
USUAL_ENVIRONMENTS = ("development", "staging", "production")


def environment_choices(session: Session) -> list[Choice]:
    """The environments of the settings, then the usual names."""
    settings = session.scanned.settings if session.scanned else None
    declared = list(settings.environments) if settings else []
    names = dict.fromkeys([*declared, *((settings.default_environment,) if settings else ()), *USUAL_ENVIRONMENTS])
    return [Choice(name, name, _meaning(session, name)) for name in names]


def _meaning(session: Session, name: str) -> str:
    settings = session.scanned.settings if session.scanned else None
    if settings is None or name not in settings.environments:
        return "default settings"
    declared = settings.environments[name]
    parts = [
        f"target {declared.target}" if declared.target else "",
        f"port {declared.published_port}" if declared.published_port else "",
    ]
    return ", ".join(part for part in parts if part) or "in deploydeck.toml"


def target_choices(session: Session) -> list[Choice]:
    """The targets there are."""
    return [Choice(name, name, visible(told)) for name, told in (session.deck.places() if session.deck else ())]


def confirm_and_start(screen: DeckScreen, prepared: Prepared) -> None:
    """Start a plan. Production, or an environment that wants it, asks for its typed name; what is no deployment always asks."""
    typed = screen.deck.name_to_type(prepared)
    if not typed and prepared.kind is DeploymentKind.DEPLOY and prepared.origin is None:
        _start(screen, prepared)
        return

    def answered(yes: bool | None) -> None:
        if yes:
            _start(screen, prepared)

    verb = VERBS[prepared.kind].format(prepared.rollback_to.label if prepared.rollback_to else "")
    if prepared.origin is not None:
        verb = f"Promote {prepared.origin.label} from {visible(prepared.origin.environment)}"
    title = f"{verb}: {prepared.config.environment}"
    screen.app.push_screen(ConfirmModal(visible(title), summary(prepared.plan), yes=verb, typed=typed), answered)


def confirm_approval(screen: DeckScreen, deployment: Deployment) -> None:
    """Ask whether to agree to a deployment that waits for it; the plan it was asked for with stands in the question."""

    def answered(yes: bool | None) -> None:
        if yes:
            screen.work("Agreeing…", partial(_approve, screen, deployment.id), group="start")

    asked: Line = ((f"Asked for by {visible(deployment.requested_by)}", "dim"),)
    lines = [asked, *(summary(deployment.plan) if deployment.plan is not None else ())]
    typed = deployment.environment if _asks_for_name(screen, deployment.environment) else ""
    screen.app.push_screen(
        ConfirmModal(f"Agree to it: {visible(deployment.environment)}", lines, yes="Agree", typed=typed), answered
    )


def _asks_for_name(screen: DeckScreen, environment: str) -> bool:
    scanned = screen.session.scanned
    return scanned is not None and scanned.settings.asks_for_name(environment)


async def _approve(screen: DeckScreen, deployment_id: str) -> None:
    screen.session.set_deployment(await screen.deck.approve(deployment_id))


def summary(plan: Plan) -> list[Line]:
    """The plan in the few lines a question has room for."""
    from deploydeck.widgets.states import look

    lines: list[Line] = [
        ((visible(f"{plan.environment} on {plan.target}"), "strong"), (f"  {visible(plan.url)}", "accent")),
    ]
    lines += [
        (look(item.action), (f" {visible(item.kind)} {visible(item.name)}", ""), (f"  {visible(item.detail)}", "dim"))
        for item in plan.items[:8]
    ]
    changed = [one for one in plan.variables if one.change != "same"]
    if changed:
        lines.append(((f"{len(changed)} variables differ: {visible(', '.join(one.name for one in changed[:6]))}", ""),))
    lines += [((f"! {visible(warning)}", "warn"),) for warning in plan.warnings[:4]]
    return lines


def _start(screen: DeckScreen, prepared: Prepared) -> None:
    screen.work("Queuing the deployment…", partial(_queue, screen, prepared), group="start")


async def _queue(screen: DeckScreen, prepared: Prepared) -> None:
    session = screen.session
    deployment = await screen.deck.deploy(prepared)
    session.prepared = None
    session.logs_of = deployment.id
    session.set_deployment(deployment)
    await screen.deck_app.go("deploy")


def open_address(app: App[int], url: str) -> str:
    """Ask a browser to open the address where there is a display; the sentence says what was done."""
    if not url.startswith(("http://", "https://")):
        return "The address is not one for a browser."
    if os.environ.get("SSH_CONNECTION") or not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.name == "nt"):
        return f"There is no display here to open a browser on. The address is {url} (y copies it)."
    app.open_url(url)
    return f"Asked the browser to open {url}."
