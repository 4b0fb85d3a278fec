"""Ctrl-C opens a question, it does not kill: leave it running (default), cancel it, or roll back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from deploydeck.screens.modals.choose import Choice, ChooseModal
from deploydeck.widgets.states import look
from deploydeck.widgets.text import Line, visible

if TYPE_CHECKING:
    from deploydeck.domain import Deployment
    from deploydeck.screens.host import Host

LEAVE = "leave"


def choices(deployment: Deployment) -> tuple[Choice, ...]:
    """What can be done with a running deployment, said as it is at this point of it."""
    if deployment.passed_no_return:
        cancel = "the new release stays live; what is left of the steps is finished"
        back = "the previous release is put back and checked"
    else:
        cancel = "stops it and takes back what it made; the present release is untouched"
        back = "the same before the switch: everything is taken back"
    return (
        Choice(LEAVE, "Leave it running", "it goes on in the worker; you can come back to it any time"),
        Choice("cancel", "Cancel it", cancel),
        Choice("rollback", "Roll back", back),
    )


def ask(app: Host) -> None:
    """Ask what to do with the deployment that is followed, and do it."""
    deployment = app.session.deployment
    if deployment is None or any(isinstance(screen, ChooseModal) for screen in app.screen_stack):
        return
    lines: list[Line] = [
        (look(deployment.state), (f"  {visible(deployment.environment)} on {visible(deployment.target)}", "strong"))
    ]

    def answered(choice: str | None) -> None:
        screen = app.deck_screen()
        if choice in (None, LEAVE) or screen is None:
            return
        screen.work("Asking the worker…", partial(_cancel, app, deployment.id, str(choice)), group="cancel")

    app.push_screen(ChooseModal("A deployment is running", choices(deployment), lines=lines, danger=True), answered)


async def _cancel(app: Host, deployment_id: str, choice: str) -> None:
    deck = app.session.deck
    assert deck is not None
    taken = await deck.engine.cancel(deployment_id, choice)
    word = {"cancel": "Cancel", "rollback": "Roll back"}[choice]
    text = f"{word} requested. It is not over until it is seen to have stopped." if taken else "It has ended already."
    app.notify(text, markup=False)
