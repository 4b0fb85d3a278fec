"""One step: intent before effect, observe before act, result after it (facts/deploying.md 5.2).

A step that was running when a worker died is looked at first and only acted on when its effect is not there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from deploydeck.deploy.health import evidence_lines, gate
from deploydeck.deploy.session import (
    INCONCLUSIVE,
    NETWORK_DOWN,
    OUTCOME_UNKNOWN,
    Session,
    Stop,
    after_observe,
    cancel_cause,
    planned,
)
from deploydeck.deploy.tools import backoff_s
from deploydeck.domain import (
    Cause,
    DeployDeckError,
    DeploymentState,
    EventKind,
    Health,
    HealthStatus,
    Level,
    Phase,
    Probe,
    Step,
    StepState,
    utc_now,
)
from deploydeck.targets import Observation, Role, Seen, StepCanceled, StepContext, StepFailed

T = TypeVar("T")

MAX_ATTEMPTS = 20
"""Over all workers: a step that takes its worker down with it must not do so for ever."""

_log = logging.getLogger(__name__)


class Interrupted(Exception):
    """The step ended because a person asked for it, and its effect was seen to have stopped."""


class TimedOut(Exception):
    """The step did not end within its deadline."""


class Stepping:
    """Walks one step of one session to its end. `run` raises Stop when the course must end here."""

    def __init__(self, session: Session, step: Step) -> None:
        self.session = session
        self.step = step
        self.plan = planned(step)
        self._clock = asyncio.get_running_loop().time  # monotonic: a jump of the wall clock changes nothing
        self._deadline = self._clock() + step.deadline_s

    async def run(self) -> None:
        session = self.session
        session.output.step = self.step.name
        beat = asyncio.create_task(self._beat())
        try:
            passed = await (self._gate() if self.step.gate else self._act())
        except StepFailed as failure:
            await self._end(StepState.FAILED, self._full(failure.cause))
        except TimedOut:
            await self._end(StepState.FAILED, self._late())
        except Interrupted:
            await self._end(StepState.CANCELED, cancel_cause())
        else:
            if passed is not None:
                await self._passed(*passed)
        finally:
            session.output.step = ""
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)

    # --- records --------------------------------------------------------------------------------------------------------------

    async def _write(self, text: str, level: Level = Level.INFO, deployment: dict[str, Any] | None = None, **changes: Any) -> None:
        session = self.session
        await session.output.flush()
        clean = session.output.clean
        self.step = self.step.model_copy(update=changes)
        step = self.step
        data: dict[str, Any] = {"seq": step.seq, "phase": step.phase.value, "title": step.title, "command": step.command}
        for name, moment in (("started_at", step.started_at), ("ended_at", step.ended_at)):
            if moment is not None:
                data[name] = moment.isoformat()
        if step.cause is not None:
            data["cause"] = step.cause.model_dump(mode="json")
        store = session.tools.store.deployments
        await session.tools.keep(
            lambda: store.set_step(step, text=clean(text), level=level, data=clean(data), deployment=deployment)
        )
        if deployment:
            await session.refresh()

    async def _intend(self) -> None:
        """The intent, before anything happens; for the switch together with the mark that there is no way back without a trace."""
        session = self.session
        if self.step.attempt >= MAX_ATTEMPTS:
            what = f"{self.step.title} was begun {self.step.attempt} times and never ended."
            raise StepFailed(Cause(code="step-interrupted", what=what, hint="See worker.log for why the worker ended."))
        intent: dict[str, Any] = {"release": session.release.id, "fence": session.lease.fence if session.lease else 0}
        deployment = None
        if self.step.phase is Phase.SWITCH:
            intent |= {"previous": session.previous.id if session.previous else None}
            deployment = {"passed_no_return": True}
        again = "" if self.step.attempt == 0 else f", attempt {self.step.attempt + 1}"
        await self._write(
            f"{self.step.title}{again}",
            deployment=deployment,
            state=StepState.RUNNING,
            attempt=self.step.attempt + 1,
            intent=intent,
            started_at=self.step.started_at or utc_now(),
            heartbeat_at=utc_now(),
            cause=None,
        )

    async def _passed(self, result: dict[str, Any], health: HealthStatus | None) -> None:
        deployment = {"health": health} if health else None
        await self._write(
            f"{self.step.title}: done",
            deployment=deployment,
            state=StepState.SUCCEEDED,
            result=self.session.output.clean(result),
            ended_at=utc_now(),
        )

    async def _end(self, state: StepState, cause: Cause, health: HealthStatus | None = None) -> None:
        """The step did not pass. After the health gate that only leaves a warning; before, it ends the course (raises Stop)."""
        session = self.session
        cause = session.output.clean_value(cause)
        text = f"{self.step.title}: {cause.what}"
        canceled = state is StepState.CANCELED
        if after_observe(self.step.phase) and not canceled:
            await self._write(text, Level.WARNING, state=StepState.WARNING, cause=cause, ended_at=utc_now())
            await session.warn(f"{self.step.title}: {cause.what}" + (f" ({cause.why})" if cause.why else ""), self.step.name)
            return
        columns: dict[str, Any] = {"cause": cause}
        if health is not None:
            columns["health"] = health
        level = Level.WARNING if canceled else Level.ERROR
        await self._write(text, level, columns, state=state, cause=cause, ended_at=utc_now())
        raise Stop(cause)

    async def _beat(self) -> None:
        store = self.session.tools.store.deployments
        while True:
            await asyncio.sleep(self.session.tools.timing.beat_s)
            try:
                await store.beat(self.session.id, self.step.name)
            except DeployDeckError as error:
                _log.warning("no heartbeat of %s: %s", self.session.id, error)

    def _full(self, cause: Cause) -> Cause:
        """A cause never goes without evidence while there is some: what the step said last."""
        return cause if cause.what else cause.model_copy(update={"what": f"{self.step.title} failed."})

    def _late(self) -> Cause:
        return Cause(
            code="step-deadline",
            what=f"{self.step.title} did not finish within {self.step.deadline_s:g} s.",
            hint="See its log for what it waited for.",
        )

    # --- acting ---------------------------------------------------------------------------------------------------------------

    async def _act(self) -> tuple[dict[str, Any], None]:
        timing = self.session.tools.timing
        tries = 0
        while True:
            tries += 1
            await self._intend()
            try:
                return await self._once(), None
            except StepFailed as failure:
                if not failure.cause.transient or tries >= timing.attempts:
                    raise
                delay = backoff_s(timing, tries)
                if self._left() <= delay:
                    raise
                await self.session.note(
                    f"{failure.cause.what} Trying again in {delay:.1f} s.", Level.WARNING, self.step.name, attempt=tries
                )
                if await self.session.tools.sleep(delay, self._interrupt):
                    raise Interrupted from None

    async def _once(self) -> dict[str, Any]:
        """Look, and act only when the effect is absent."""
        seen = await self._settled()
        if seen.seen is Seen.DONE:
            return dict(seen.facts)
        target = self.session.actor
        if seen.seen is Seen.PARTIAL:
            await self.session.note(f"Found half done, taking it back first. {seen.detail}".strip(), Level.WARNING, self.step.name)
            await self._bounded(lambda context: target.undo(self.plan, context))
        return await self._bounded(lambda context: target.act(self.plan, context))

    async def _settled(self) -> Observation:
        """What the world says, once it says something definite. Raises StepFailed when it never does."""
        session, timing = self.session, self.session.tools.timing
        unknown_since: float | None = None
        while True:
            seen = await self._look()
            if seen.seen not in (Seen.UNKNOWN, Seen.IN_PROGRESS):
                await session.resume()
                return seen
            if seen.seen is Seen.UNKNOWN:
                unknown_since = unknown_since if unknown_since is not None else self._clock()
                lasted = self._clock() - unknown_since
                if lasted > timing.pause_s:
                    raise StepFailed(_unknown_cause(self.step, seen))
                if lasted > timing.unknown_s:
                    await self._pause(seen)
            else:
                unknown_since = None
            if self._left() <= 0 and session.deployment.state is not DeploymentState.PAUSED:
                raise TimedOut
            if await session.tools.sleep(timing.observe_again_s, self._interrupt) and self.step.phase is not Phase.SWITCH:
                raise Interrupted

    async def _pause(self, seen: Observation) -> None:
        """Say that nothing goes on before the world can be seen; a switch of unknown outcome is being recovered."""
        switch = self.step.phase is Phase.SWITCH
        cause = _unseen_cause(self.step, seen)
        await self.session.pause(cause, DeploymentState.RECOVERING if switch else DeploymentState.PAUSED)

    async def _look(self) -> Observation:
        target = self.session.actor
        try:
            return await self._bounded(lambda context: target.observe(self.plan, context), grace_only=True)
        except StepFailed as failure:
            return Observation(Seen.UNKNOWN, detail=str(failure), cause=failure.cause)

    async def _bounded(self, call: Callable[[StepContext], Awaitable[T]], *, grace_only: bool = False) -> T:
        """A target's call within the deadline. On time-out or cancellation it is asked to stop, then made to.

        `grace_only` bounds a look at the world by itself: it must be possible even when the step's time is up.
        """
        cancelled = asyncio.Event()
        context = await self.session.context(cancelled)
        timing = self.session.tools.timing
        task = asyncio.ensure_future(_plain(call, context))
        interrupt = asyncio.ensure_future(self._interrupt.wait())
        limit = timing.grace_s if grace_only else max(0.0, self._left())
        try:
            await asyncio.wait({task} if grace_only else {task, interrupt}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            cancelled.set()
            await asyncio.wait({task}, timeout=timing.grace_s)
            late = not interrupt.done()
            if task.done():
                try:
                    return task.result()
                except StepCanceled:
                    raise (TimedOut if late else Interrupted) from None
            if grace_only:
                late_cause = Cause(code="target-late", what="The target did not answer in time.", transient=True)
                return cast(T, Observation(Seen.UNKNOWN, detail=late_cause.what, cause=late_cause))
            raise TimedOut if late else Interrupted
        except StepCanceled:
            raise Interrupted from None
        finally:
            interrupt.cancel()
            task.cancel()
            await asyncio.gather(task, interrupt, return_exceptions=True)

    @property
    def _interrupt(self) -> asyncio.Event:
        """Set when a person wants this step to stop. The switch is never stopped half way: it ends, then it is taken back."""
        return asyncio.Event() if self.step.phase is Phase.SWITCH else self.session.interrupt

    def _left(self) -> float:
        return self._deadline - self._clock()

    # --- gates ----------------------------------------------------------------------------------------------------------------

    async def _gate(self) -> tuple[dict[str, Any], HealthStatus] | None:
        """The result and the verdict; None when the step has been ended here, with a warning only."""
        session = self.session
        await self._intend()
        started = self._clock()
        while True:
            status = await self.ask(cast(Role, self.step.gate))
            if status is None:
                raise Interrupted
            if status.health is Health.HEALTHY:
                await session.resume()
                return {"health": status.health.value, "reason": status.reason}, status
            if status.health is Health.UNHEALTHY:
                cause = Cause(
                    code="unhealthy",
                    what=f"The {_ROLES[self.step.gate]} did not become healthy.",
                    why=status.reason,
                    hint=f"It must answer {session.config.health.path} on port {session.config.port}.",
                    evidence=evidence_lines(status),
                )
                await self._end(StepState.FAILED, cause, session.output.clean_value(status))
                return None
            if self._clock() - started > session.tools.timing.pause_s:
                cause = Cause(code=INCONCLUSIVE, what=f"The {_ROLES[self.step.gate]} could not be asked.", why=status.reason)
                await self._end(StepState.FAILED, cause, session.output.clean_value(status))
                return None
            what = f"The {_ROLES[self.step.gate]} cannot be asked how it is."
            await session.pause(Cause(code="inconclusive", what=what, why=status.reason, transient=True))

    async def ask(self, role: Role) -> HealthStatus | None:
        """The gate for one copy; every probe is told. None when a person wants it to stop."""
        session = self.session
        context = await session.context(asyncio.Event())
        spec = session.config.health
        if role == "previous" and session.previous_config is not None:
            spec = session.previous_config.health

        async def told(probe: Probe) -> None:
            answer = f"status {probe.status}" if probe.status is not None else probe.error or "no answer"
            data = probe.model_dump(mode="json") | {"role": role}
            await session.output.event(
                EventKind.PROBE,
                f"{probe.url}: {answer}",
                level=Level.INFO if probe.ok else Level.WARNING,
                step=self.step.name,
                data=data,
            )

        async def wait(seconds: float) -> bool:
            return await session.tools.sleep(seconds, self._interrupt)

        status = await gate(session.target, context, role, spec, session.tools.prober, on_probe=told, wait=wait)
        return None if status is None else session.output.clean_value(status)


_ROLES = {"trial": "new copy", "live": "new release", "previous": "previous release"}


async def _plain(call: Callable[[StepContext], Awaitable[T]], context: StepContext) -> T:
    """A target's call whose errors are all causes; a defect of an adapter ends its step, not the worker."""
    try:
        return await call(context)
    except (StepFailed, StepCanceled, asyncio.CancelledError):
        raise
    except DeployDeckError as error:
        cause = Cause(code=error.code, what=error.what, why=error.why, hint=error.hint, transient=error.transient)
        raise StepFailed(cause) from error
    except Exception as error:
        _log.exception("a target failed in a way it does not know")
        name = type(error).__name__
        raise StepFailed(
            Cause(code="target-defect", what="The target failed unexpectedly.", why=f"{name}: {error}", hint="See worker.log.")
        ) from error


def _unseen_cause(step: Step, seen: Observation) -> Cause:
    """Why it is waited: what keeps us from seeing the outcome of a step."""
    unseen = f"It cannot be seen what came of “{step.title}”."
    if seen.cause is None:
        return Cause(code=OUTCOME_UNKNOWN, what=unseen, why=seen.detail, transient=True)
    code = NETWORK_DOWN if seen.cause.transient else seen.cause.code
    return seen.cause.model_copy(update={"code": code, "why": f"{unseen} {seen.cause.why}".strip()})


def _unknown_cause(step: Step, seen: Observation) -> Cause:
    return Cause(
        code=OUTCOME_UNKNOWN,
        what=f"It cannot be seen what came of “{step.title}”.",
        why=seen.detail,
        hint="Check the target itself, then deploy again.",
    )
