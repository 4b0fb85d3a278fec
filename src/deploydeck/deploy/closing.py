"""How a deployment ends: the state its records amount to, its result, and letting go of everything it held."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from deploydeck.deploy.session import CANCELED, INCONCLUSIVE, LEASE_LOST, LOCK_HELD, PASSED, Session
from deploydeck.deploy.undoing import GIVEN_UP
from deploydeck.domain import (
    EXIT_CODES,
    EXIT_LOCKED,
    Cause,
    Deployment,
    DeploymentKind,
    DeploymentMetrics,
    DeploymentResult,
    DeploymentState,
    LogRef,
    Phase,
    Release,
    Resource,
    Step,
    StepState,
    utc_now,
)
from deploydeck.store import Store
from deploydeck.targets import Role

_log = logging.getLogger(__name__)

ARTIFACT_ATTEMPTS = 3
_PUT_RIGHT = "Look at what runs where below and put it right by hand, then deploy again."
_REMOVE_AGAIN = "`deploydeck down` again removes what is left."
LEFTOVERS = "leftovers"


def ending(deployment: Deployment, steps: Sequence[Step], returned_to: bool) -> DeploymentState:
    """The terminal state that the records amount to. `returned_to`: there was a release to return to.

    facts/deploying.md 5.1: before the switch nothing changed; after it either the previous release is back, or it is not.
    """
    code = deployment.cause.code if deployment.cause else ""
    removes = deployment.kind is DeploymentKind.REMOVE
    if not code and (steps or removes) and all(step.state in PASSED for step in steps):
        warned = bool(deployment.warnings) or any(step.state is StepState.WARNING for step in steps)
        return DeploymentState.SUCCEEDED_WITH_WARNINGS if warned else DeploymentState.SUCCEEDED
    gone = not given_up(steps)  # canceled means: seen to have stopped
    unchanged = DeploymentState.CANCELED if code == CANCELED and gone else DeploymentState.FAILED_UNCHANGED
    if not deployment.passed_no_return:
        return unchanged
    if code == LEASE_LOST:
        return DeploymentState.SUPERSEDED
    if code == INCONCLUSIVE or removes:
        return DeploymentState.PARTIALLY_APPLIED
    switch = next((step for step in steps if step.phase is Phase.SWITCH), None)
    if switch is None or switch.state is not StepState.UNDONE:
        return DeploymentState.ROLLBACK_FAILED
    return DeploymentState.ROLLED_BACK if returned_to else unchanged


def given_up(steps: Sequence[Step]) -> bool:
    """Whether something could not be seen to be gone."""
    return any(step.undo is not None and step.undo.get("state") == GIVEN_UP for step in steps)


def result_of(
    deployment: Deployment,
    release: Release,
    steps: Sequence[Step],
    resources: Sequence[Resource],
    logs: Sequence[LogRef],
) -> DeploymentResult:
    """What `deploy` answers, from the records alone."""
    if not deployment.state.terminal:
        raise ValueError("the deployment has not ended")
    locked = deployment.cause is not None and deployment.cause.code == LOCK_HELD
    return DeploymentResult(
        deployment_id=deployment.id,
        status=deployment.state,
        application_url=deployment.application_url,
        release=release.label,
        environment=deployment.environment,
        target=deployment.target,
        infrastructure_details=tuple(resources),
        logs=tuple(logs),
        metrics=_metrics(deployment, steps),
        cause=deployment.cause,
        warnings=deployment.warnings,
        health=deployment.health,
        exit_code=EXIT_LOCKED if locked else EXIT_CODES[deployment.state],
        started_at=deployment.started_at,
        completed_at=deployment.completed_at,
    )


async def stored_result(store: Store, deployment: Deployment) -> DeploymentResult:
    """The result of a deployment that has ended."""
    records = store.deployments
    return result_of(
        deployment,
        await records.release(deployment.release_id),
        await records.steps(deployment.id),
        await records.resources(deployment.id),
        await records.logs(deployment.id),
    )


async def close_deployment(session: Session) -> None:
    """Bring a deployment to its terminal state. Does nothing more than clean up when it is there already."""
    deployment = await session.refresh()
    if not deployment.state.terminal:
        await _end(session)
    await asyncio.to_thread(session.tools.secrets.drop, session.id)


async def _end(session: Session) -> None:
    tools, store = session.tools, session.tools.store.deployments
    steps = await session.steps()
    to = ending(session.deployment, steps, session.previous is not None)
    if to.succeeded and not session.removes:
        await _keep_artifact(session)
        to = ending(session.deployment, steps, session.previous is not None)
    cause = session.deployment.cause
    if to in (DeploymentState.ROLLBACK_FAILED, DeploymentState.PARTIALLY_APPLIED):
        cause = await _what_runs_where(session, cause, steps)
    elif given_up(steps) and cause is not None:
        cause = await _what_may_remain(session, cause)
    await session.output.close()
    logs = await tools.keep(lambda: store.logs(session.id))
    url = session.deployment.plan.url if session.deployment.plan else None
    serving = (
        (to.succeeded and not session.removes)
        or to is DeploymentState.ROLLED_BACK
        or (session.previous is not None and not _touched(steps))
    )
    closed = session.deployment.model_copy(
        update={
            "state": to,
            "cause": cause,
            "completed_at": utc_now(),
            "started_at": session.deployment.started_at or utc_now(),
            "application_url": url if serving else None,
        }
    )
    resources = await tools.keep(lambda: store.resources(session.id))
    result = result_of(closed, session.release, steps, resources, logs)
    fields: dict[str, Any] = {
        "completed_at": closed.completed_at,
        "started_at": closed.started_at,
        "application_url": closed.application_url,
    }
    if cause is not None:
        fields["cause"] = cause
    text = (_REMOVAL_TEXTS if session.removes else _TEXTS)[to].format(
        release=session.release.label, why=cause.what if cause else ""
    )
    if given_up(steps):
        text += "; something of it may remain"
    await tools.keep(lambda: store.transition(session.id, to, text=session.output.clean(text), closing=result, **fields))


def _touched(steps: Sequence[Step]) -> bool:
    return any(step.phase is Phase.SWITCH and step.attempt for step in steps)


async def _keep_artifact(session: Session) -> None:
    """Remember what names this release on its target. A good deployment does not fail for it; the way back may."""
    store = session.tools.store.deployments
    for attempt in range(1, ARTIFACT_ATTEMPTS + 1):
        try:
            artifact = session.output.clean(await session.target.artifact(await session.context(asyncio.Event())))
        except Exception as error:  # noqa: BLE001 - an adapter may fail in any way
            _log.warning("no artifact of %s: %s", session.id, error)
            if attempt == ARTIFACT_ATTEMPTS:
                await session.warn(f"What names this release on its target could not be read: {error}. It may not be restorable.")
                return
            await session.tools.sleep(session.tools.timing.observe_again_s)
        else:
            await session.tools.keep(partial(store.set_artifact, session.release.id, artifact))
            return


async def _what_runs_where(session: Session, cause: Cause | None, steps: Sequence[Step]) -> Cause:
    """The cause with what is out there: the one thing a person must know now."""
    context = await session.context(asyncio.Event())
    lines: list[str] = []
    roles: tuple[tuple[Role, str], ...] = (("live", "new release"), ("previous", "previous release"), ("trial", "trial copy"))
    for role, name in roles:
        try:
            seen = await session.target.liveness(role, context)
            lines.append(f"{name}: {'running' if seen.running else 'not running'} {seen.detail}".strip())
        except Exception as error:  # noqa: BLE001 - said as it is: not known
            lines.append(f"{name}: not known ({error})")
    store = session.tools.store.deployments
    for resource in await session.tools.keep(lambda: store.resources(session.id)):
        lines.append(f"{resource.kind} {resource.name} ({resource.external_id}): {resource.state}")
    switch = next((step for step in steps if step.phase is Phase.SWITCH and step.state is StepState.FAILED), None)
    failed = f" The way back failed: {switch.cause.what} {switch.cause.why}".rstrip() if switch and switch.cause else ""
    base = cause or Cause(code="rollback-failed", what="The deployment could not be taken back.")
    return session.output.clean_value(
        base.model_copy(
            update={
                "why": f"{base.why}{failed}".strip(),
                "hint": base.hint or (_REMOVE_AGAIN if session.removes else _PUT_RIGHT),
                "evidence": (*base.evidence, *lines),
            }
        )
    )


async def _what_may_remain(session: Session, cause: Cause) -> Cause:
    """The cause with what could not be seen to be gone."""
    store = session.tools.store.deployments
    known = await session.tools.keep(lambda: store.resources(session.id))
    left = [one for one in known if one.created_by_us and one.state != "removed"]
    lines = [f"may remain: {one.kind} {one.name} ({one.external_id}), last seen as {one.state}" for one in left]
    if cause.code == CANCELED:
        cause = cause.model_copy(update={"code": LEFTOVERS, "what": "Canceled, but what it had made could not be seen to be gone."})
    why = "Not everything it had made could be removed; what is live was not touched."
    return session.output.clean_value(
        cause.model_copy(
            update={
                "why": f"{cause.why} {why}".strip(),
                "hint": cause.hint
                or "Remove what is listed below by hand; a later deployment or `deploydeck down` removes it too.",
                "evidence": (*cause.evidence, *lines),
            }
        )
    )


def _metrics(deployment: Deployment, steps: Sequence[Step]) -> DeploymentMetrics:
    started, ended = deployment.started_at, deployment.completed_at
    return DeploymentMetrics(
        queued_s=max(0.0, (started - deployment.created_at).total_seconds()) if started else None,
        total_s=max(0.0, (ended - deployment.created_at).total_seconds()) if ended else None,
        steps_s={
            step.name: max(0.0, (step.ended_at - step.started_at).total_seconds())
            for step in steps
            if step.started_at and step.ended_at
        },
    )


_TEXTS = {
    DeploymentState.SUCCEEDED: "{release} is live",
    DeploymentState.SUCCEEDED_WITH_WARNINGS: "{release} is live, with warnings",
    DeploymentState.FAILED_UNCHANGED: "failed, nothing changed: {why}",
    DeploymentState.ROLLED_BACK: "rolled back to the previous release: {why}",
    DeploymentState.ROLLBACK_FAILED: "the rollback failed: {why}",
    DeploymentState.PARTIALLY_APPLIED: "{release} was switched to, its health is not known: {why}",
    DeploymentState.CANCELED: "canceled, nothing changed",
    DeploymentState.SUPERSEDED: "superseded: {why}",
}
_REMOVAL_TEXTS = _TEXTS | {
    DeploymentState.SUCCEEDED: "removed; nothing is live there any more",
    DeploymentState.SUCCEEDED_WITH_WARNINGS: "removed, with warnings; nothing is live there any more",
    DeploymentState.PARTIALLY_APPLIED: "the removal failed, {release} may still run: {why}",
}
