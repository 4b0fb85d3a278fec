"""The calls a script makes, by name: open, step, turn, undo, close. Each may be made again after a kill and must then agree.

Answers are small and decide the course; everything else is in the store.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from deploydeck.deploy.closing import close_deployment
from deploydeck.deploy.hooks import with_hooks
from deploydeck.deploy.removing import removal_plan
from deploydeck.deploy.runner import PARK, Answer
from deploydeck.deploy.script import GO, STOP
from deploydeck.deploy.session import INCONCLUSIVE, LEASE_LOST, NETWORK_DOWN, PASSED, Session, Stop, cancel_cause
from deploydeck.deploy.stepping import Stepping
from deploydeck.deploy.tools import Leave, Tools
from deploydeck.deploy.undoing import give_up, undo_step
from deploydeck.domain import (
    Cause,
    DeployDeckError,
    DeploymentKind,
    DeploymentState,
    Level,
    Plan,
    Severity,
    Step,
    StepState,
    utc_now,
)
from deploydeck.targets import TargetPlan

_log = logging.getLogger(__name__)


class Calls:
    """Performs the calls of every script of one worker, each deployment in a session of its own."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self._sessions: dict[str, Session] = {}
        self._calls: dict[str, Callable[..., Awaitable[Answer]]] = {
            "open": self._open,
            "step": self._step,
            "turn": self._turn,
            "undo": self._undo,
            "close": self._close,
        }

    async def perform(self, deployment_id: str, name: str, arguments: tuple[Any, ...]) -> Answer:
        """One call of a script. Parks the script when the worker is told to go; a defect stops the deployment, not the worker."""
        if self.tools.stopping.is_set():
            return {"verdict": PARK}
        try:
            session = self._sessions.get(deployment_id)
            if session is None:
                session = self._sessions[deployment_id] = await Session.of(self.tools, deployment_id)
            try:
                return await self._calls[name](session, *arguments)
            except Stop as stop:
                await self._remember(session, stop.cause)
            except DeployDeckError as error:
                if name not in _STOPPING:
                    raise
                await self._remember(session, _cause_of(error))
            except Exception as error:
                if name not in _STOPPING:
                    raise
                _log.exception("%s of %s failed in a way it does not know", name, deployment_id)
                await self._remember(session, _cause_of(error))
            return {"verdict": STOP, "steps": []}
        except Leave:
            return {"verdict": PARK}
        except Exception:
            _log.exception("%s of %s failed; it is tried again", name, deployment_id)
            await self.drop(deployment_id)
            raise

    async def drop(self, deployment_id: str, *, release: bool = False) -> None:
        """Forget a session."""
        session = self._sessions.pop(deployment_id, None)
        if session is not None:
            await session.leave(release=release)

    async def leave(self) -> None:
        """The worker goes: forget every session, keep every lock (the deployments are not over)."""
        for deployment_id in list(self._sessions):
            await self.drop(deployment_id)

    async def _remember(self, session: Session, cause: Cause) -> None:
        """Why the course ends, unless the failing step already said so in its own record."""
        if (await session.refresh()).cause is None:
            cause = session.output.clean_value(cause)
            await self.tools.keep(lambda: self.tools.store.deployments.set(session.id, cause=cause))
            await session.refresh()
            await session.note(cause.what, Level.ERROR, cause=cause.model_dump(mode="json"))

    # --- calls ----------------------------------------------------------------------------------------------------------------

    async def _open(self, session: Session) -> Answer:
        """Take the lock, look what is live now, write the steps."""
        deployment = await session.refresh()
        recorded = await session.steps()
        if deployment.state.terminal or deployment.cause is not None:
            return {"verdict": STOP, "steps": [step.name for step in recorded]}
        if session.wanted() and not deployment.passed_no_return:
            raise Stop(cancel_cause())
        started = deployment.started_at or utc_now()
        if deployment.state is not DeploymentState.CANCELING:
            await session.state(DeploymentState.ACQUIRING_LOCK, "acquiring the lock of the target", started_at=started)
        await self._ready(session)
        if not recorded:
            recorded = await self._plan(session)
        await session.state(DeploymentState.RUNNING, "running")
        return {"verdict": GO, "steps": [step.name for step in recorded]}

    async def _step(self, session: Session, name: str) -> Answer:
        step = await session.step(name)
        if step.state in PASSED:
            return {"verdict": GO}
        deployment = await session.refresh()
        if step.state in (StepState.FAILED, StepState.CANCELED, StepState.UNDONE) or deployment.cause is not None:
            return {"verdict": STOP}
        if session.wanted():
            raise Stop(cancel_cause())
        await self._ready(session)
        if session.wanted():
            raise Stop(cancel_cause())
        if session.deployment.state in (DeploymentState.RECOVERING, DeploymentState.ACQUIRING_LOCK, DeploymentState.PAUSED):
            await session.state(DeploymentState.RUNNING, "running again")
        await Stepping(session, step).run()
        return {"verdict": GO}

    async def _turn(self, session: Session) -> Answer:
        """What must be taken back, last first."""
        deployment = await session.refresh()
        if deployment.state.terminal:
            return {"undo": []}
        steps = await session.steps()
        untouched = (StepState.PENDING, StepState.SKIPPED)
        touched = [step for step in reversed(steps) if step.undoable and not step.gate and step.state not in untouched]
        if not touched or (deployment.passed_no_return and deployment.cause and deployment.cause.code in _LEFT_AS_IT_IS):
            return {"undo": []}
        if deployment.passed_no_return:
            what = "rolling back to the previous release" if session.previous else "taking the new release back"
            await session.state(DeploymentState.ROLLING_BACK, what)
        else:
            if deployment.state is DeploymentState.PAUSED:
                await session.state(DeploymentState.RUNNING, "giving up waiting")
            await session.note("Taking back what this deployment made; what is live was not touched.")
        return {"undo": [step.name for step in touched]}

    async def _undo(self, session: Session, name: str) -> Answer:
        step = await session.step(name)
        try:
            await self._ready(session)
        except Stop as stop:
            return {"verdict": GO if await give_up(session, step, stop.cause) else STOP}
        except DeployDeckError as error:
            return {"verdict": GO if await give_up(session, step, _cause_of(error)) else STOP}
        return {"verdict": GO if await undo_step(session, step) else STOP}

    async def _close(self, session: Session) -> Answer:
        await close_deployment(session)
        await self.drop(session.id, release=True)
        return {"verdict": GO}

    # --- before a change ------------------------------------------------------------------------------------------------------

    async def _ready(self, session: Session) -> None:
        """Hold the lock. A lost lease pauses until it is ours again; when the world moved on meanwhile, the course ends.

        Raises Stop, or DeployDeckError when the target does not answer.
        """
        if session.values is None and session.deployment.cause is None:
            raise Stop(_HANDOFF_LOST)
        if session.lease is not None and not session.lease_lost:
            return
        had = session.lease is not None
        if had:
            self.tools.holding.pop(next((key for key, who in self.tools.holding.items() if who == session.id), ""), None)
            await session.pause(_LEASE_LOST)
        await self._lock_patiently(session, fresh=not had and not any(step.attempt for step in await session.steps()))
        if had:
            await session.resume()
        if any(step.attempt for step in await session.steps()) and await self._moved_on(session):
            raise Stop(
                Cause(
                    code=LEASE_LOST,
                    what="Another deployment went live while this one had lost its lock.",
                    why="Its lease had run out, and what it knew of the target is not true any more.",
                    hint="Deploy again.",
                )
            )

    async def _lock_patiently(self, session: Session, *, fresh: bool) -> None:
        """A target that does not answer stops a fresh deployment at once; one that has begun waits for it."""
        clock = asyncio.get_running_loop().time
        started, waited = clock(), False
        while True:
            try:
                await session.lock()
            except DeployDeckError as error:
                timing = self.tools.timing
                if fresh or clock() - started > timing.pause_s:
                    raise
                if clock() - started > timing.unreachable_s:
                    code = NETWORK_DOWN if error.transient else error.code
                    await session.pause(Cause(code=code, what=error.what, why=error.why, hint=error.hint, transient=True))
                    waited = True
                await self.tools.sleep(timing.observe_again_s)
            else:
                if waited:
                    await session.resume()
                return

    async def _moved_on(self, session: Session) -> bool:
        """Whether something else went live since this deployment looked."""
        deployment = session.deployment
        live = await self.tools.keep(
            lambda: self.tools.store.deployments.live(deployment.project_id, deployment.environment, deployment.target)
        )
        return (live[1].id if live else None) != deployment.previous_release_id

    # --- planning -------------------------------------------------------------------------------------------------------------

    async def _plan(self, session: Session) -> tuple[Step, ...]:
        """Plan again under the lock: what is live may have changed since a person looked, and the release has its number now."""
        store = self.tools.store.deployments
        deployment, config = session.deployment, session.config
        live = await self.tools.keep(lambda: store.live(config.project_id, config.environment, deployment.target))
        previous_id = live[1].id if live else None
        await session.look_back(previous_id)
        if deployment.previous_release_id != previous_id:
            label = live[1].label if live else "nothing"
            await session.note(f"What is live changed since this was planned: it is {label} now.", Level.WARNING)
        if session.removes:
            made = await removal_plan(self.tools.store, session.target, deployment.project_id, deployment.environment)
        else:
            made = await self._ask_target(session)
            made = replace(made, steps=with_hooks(made.steps, config, deployment.kind))
        expected = await self.tools.keep(lambda: store.expected_s(config.project_id, deployment.target))
        steps = tuple(
            Step(
                deployment_id=session.id,
                seq=number,
                name=plan.name,
                phase=plan.phase,
                title=plan.title,
                command=session.output.clean(plan.command),
                gate=plan.gate,
                undoable=plan.undoable,
                idempotency_key=f"{session.id}:{plan.name}",
                deadline_s=plan.deadline_s,
                expected_s=expected.get(plan.name),
            )
            for number, plan in enumerate(made.steps, start=1)
        )
        columns: dict[str, Any] = {"previous_release_id": previous_id}
        if deployment.plan is not None:
            label = live[1].label if live else ""
            columns["plan"] = Plan.model_validate(
                deployment.plan.model_dump()
                | {"items": made.items, "steps": made.steps, "url": made.url, "previous_release": label}
            )
        await self.tools.keep(lambda: store.set(session.id, **columns))
        await self.tools.keep(lambda: store.plan_steps(steps))
        await session.refresh()
        await session.note(
            f"{len(steps)} steps" + (f" to {made.url}" if made.url else ""),
            steps=[step.model_dump(mode="json", include=_TOLD) for step in steps],
            url=made.url,
            release=session.release.label,
            previous=live[1].label if live else None,
        )
        return steps

    async def _ask_target(self, session: Session) -> TargetPlan:
        """The plan of a deployment or rollback. Raises Stop when the target's preflight finds what would stop it."""
        rollback = session.deployment.kind is DeploymentKind.ROLLBACK
        built = rollback or session.release.origin is not None
        for finding in await session.target.preflight(session.config, session.previous, built):
            if finding.severity is Severity.ERROR:
                raise Stop(Cause(code=finding.code, what=finding.message, hint=finding.hint))
            await session.note(finding.message, Level.WARNING, code=finding.code, hint=finding.hint)
        return await session.target.plan(session.config, session.release, session.previous, rollback)


_STOPPING = ("open", "step")
"""Calls whose failure ends the course; the others are tried again until they succeed."""

_TOLD = {"seq", "name", "phase", "title", "command", "gate", "expected_s", "deadline_s"}
_LEFT_AS_IT_IS = (INCONCLUSIVE, LEASE_LOST)
_LEASE_LOST = Cause(
    code=LEASE_LOST,
    what="The lock of this place is not ours any more.",
    why="It was not renewed in time, so another process may have taken it. Nothing is changed before it is ours again.",
    transient=True,
)
_HANDOFF_LOST = Cause(
    code="handoff-lost",
    what="The variables of this deployment are gone.",
    why="They were left for the worker in a private file, which is not there any more.",
    hint="Deploy again.",
)


def _cause_of(error: Exception) -> Cause:
    if isinstance(error, DeployDeckError):
        return Cause(code=error.code, what=error.what, why=error.why, hint=error.hint)
    name = type(error).__name__
    return Cause(code="engine-defect", what="DeployDeck failed unexpectedly.", why=f"{name}: {error}", hint="See worker.log.")
