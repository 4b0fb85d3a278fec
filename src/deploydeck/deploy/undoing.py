"""Taking back what a deployment did, one step at a time, each harmless when done twice."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from deploydeck.deploy.health import evidence_lines
from deploydeck.deploy.session import NETWORK_DOWN, Session, planned
from deploydeck.deploy.stepping import Stepping
from deploydeck.deploy.tools import backoff_s
from deploydeck.domain import Cause, DeployDeckError, Health, Level, Phase, Step, StepState, utc_now
from deploydeck.targets import StepFailed

DONE, FAILED, GIVEN_UP = "done", "failed", "given-up"
"""What came of taking a step back, in `Step.undo["state"]`. GIVEN_UP: it could not be seen to be gone."""

_log = logging.getLogger(__name__)


async def undo_step(session: Session, step: Step) -> bool:
    """Take one step back; for the switch also ask whether the previous release is healthy again.

    False when the return to the previous release failed: then nothing more may be taken away.
    """
    switch = step.phase is Phase.SWITCH
    if step.state is not StepState.UNDONE:
        cause = await _undo(session, step)
        if cause is not None:
            return await give_up(session, step, cause)
        step = await _record(session, step, StepState.UNDONE, f"{step.title}: taken back", None)
    return await _healthy_again(session, step) if switch and session.previous is not None else True


async def give_up(session: Session, step: Step, cause: Cause) -> bool:
    """A step cannot be taken back: said in its record and in the end. False for the switch: nothing more is taken away then."""
    cause = session.output.clean_value(cause)
    switch = step.phase is Phase.SWITCH
    await _record(session, step, StepState.FAILED if switch else step.state, f"{step.title}: not taken back", cause, GIVEN_UP)
    if not switch:
        await session.warn(f"Could not take back “{step.title}”: {cause.what} {cause.why}".strip(), step.name)
    return not switch


async def _undo(session: Session, step: Step) -> Cause | None:
    """None when it was taken back, else why not.

    A target that does not answer is waited for: nothing counts as taken back before it was seen to be gone. All steps together
    wait for at most `pause_s` without any answer.
    """
    timing, clock = session.tools.timing, asyncio.get_running_loop().time
    attempt = 0
    while True:
        attempt += 1
        cause = await _try_undo(session, step)
        if cause is None:
            session.away_since = None
            await session.resume()
            return None
        if not cause.transient:
            return cause
        session.away_since = clock() if session.away_since is None else session.away_since
        if clock() - session.away_since > timing.pause_s:
            return cause
        why = f"“{step.title}” must be taken back. {cause.why}".strip()
        await session.pause(cause.model_copy(update={"code": NETWORK_DOWN, "why": why}))
        await session.tools.sleep(backoff_s(timing, attempt))


async def _try_undo(session: Session, step: Step) -> Cause | None:
    context = await session.context(asyncio.Event())
    try:
        async with asyncio.timeout(step.deadline_s):
            await session.target.undo(planned(step), context)
    except TimeoutError:
        return Cause(code="undo-deadline", what=f"It took longer than {step.deadline_s:g} s.", transient=True)
    except StepFailed as failure:
        return session.output.clean_value(failure.cause)
    except DeployDeckError as error:
        return session.output.clean_value(Cause(code=error.code, what=error.what, why=error.why, hint=error.hint, transient=True))
    except Exception as error:  # noqa: BLE001 - a defect of an adapter must not leave a deployment without an end
        _log.exception("undo of %s failed in a way it does not know", step.name)
        return session.output.clean_value(
            Cause(code="target-defect", what="The target failed unexpectedly.", why=f"{type(error).__name__}: {error}")
        )
    return None


async def _healthy_again(session: Session, step: Step) -> bool:
    session.interrupt.clear()  # whoever asked for a rollback gets it: nothing interrupts the way back
    try:
        status = await Stepping(session, step).ask("previous")
    except Exception as error:  # noqa: BLE001 - not to know is not to be healthy
        _log.exception("asking the previous release of %s", session.id)
        cause = Cause(code="rollback-unhealthy", what="The previous release could not be asked.", why=str(error))
        await _record(session, step, StepState.FAILED, cause.what, session.output.clean_value(cause))
        return False
    if status is not None and status.health is Health.HEALTHY:
        await session.note(f"The previous release answers again. {status.reason}", step=step.name)
        return True
    cause = Cause(
        code="rollback-unhealthy",
        what="The previous release was put back but is not healthy.",
        why=status.reason if status else "It was not asked to the end.",
        evidence=evidence_lines(status) if status else (),
    )
    await _record(session, step, StepState.FAILED, cause.what, session.output.clean_value(cause))
    return False


async def _record(session: Session, step: Step, state: StepState, text: str, cause: Cause | None, came_to: str = "") -> Step:
    """What came of taking a step back. When the step itself ended stays as it was: that is its duration."""
    await session.output.flush()
    now = utc_now()
    undo = {"state": came_to or (FAILED if cause else DONE), "at": now.isoformat()}
    changed = step.model_copy(update={"state": state, "cause": cause or step.cause, "ended_at": step.ended_at or now, "undo": undo})
    level = Level.ERROR if cause else Level.INFO
    data: dict[str, Any] = {"title": step.title, "phase": step.phase.value, "undo": True}
    for name, moment in (("started_at", changed.started_at), ("ended_at", changed.ended_at)):
        if moment is not None:
            data[name] = moment.isoformat()
    if cause is not None:
        data["cause"] = cause.model_dump(mode="json")
    store = session.tools.store.deployments
    await session.tools.keep(lambda: store.set_step(changed, text=session.output.clean(text), level=level, data=data))
    return changed
