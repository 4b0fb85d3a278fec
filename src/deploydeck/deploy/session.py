"""A deployment in the memory of a worker: what was read of it, the lock it holds, what it is asked to do, its voice.

Everything here can be lost: a new session is made from the store alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import socket
from dataclasses import dataclass, field
from typing import Any

from deploydeck.deploy.output import Output
from deploydeck.deploy.removing import Removal
from deploydeck.deploy.tools import Leave, Tools
from deploydeck.domain import (
    Cause,
    DeployDeckError,
    Deployment,
    DeploymentConfig,
    DeploymentKind,
    DeploymentState,
    EventKind,
    Level,
    Phase,
    Release,
    Resource,
    Step,
    StepPlan,
    StepState,
    utc_now,
)
from deploydeck.redaction import Redactor
from deploydeck.store import Lease, local_account
from deploydeck.targets import StepContext, Target
from deploydeck.vault import ResolvedVariables

CANCELED = "canceled"
LOCK_HELD = "lock-held"
LEASE_LOST = "lease-lost"
INCONCLUSIVE = "health-inconclusive"
NETWORK_DOWN = "network-down"
OUTCOME_UNKNOWN = "outcome-unknown"

_CANCELING_FROM = (
    DeploymentState.QUEUED,
    DeploymentState.ACQUIRING_LOCK,
    DeploymentState.RUNNING,
    DeploymentState.PAUSED,
    DeploymentState.RECOVERING,
)

_log = logging.getLogger(__name__)


class Stop(Exception):
    """The course of the deployment ends here, for this cause."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.what)
        self.cause = cause


@dataclass
class Session:
    """One deployment being worked on. Make with `Session.of`, end with `leave`."""

    tools: Tools
    deployment: Deployment
    config: DeploymentConfig
    release: Release
    redact: Redactor
    values: dict[str, str] | None
    output: Output
    previous: Release | None = None
    previous_config: DeploymentConfig | None = None
    lease: Lease | None = None
    lease_lost: bool = False
    away_since: float | None = None
    """Since when taking back has been failing because the target does not answer (of the loop's clock)."""
    interrupt: asyncio.Event = field(default_factory=asyncio.Event)
    _watch: asyncio.Task[None] | None = None
    _keeper: asyncio.Task[None] | None = None
    _target: Target | None = None
    _key: str = ""

    @classmethod
    async def of(cls, tools: Tools, deployment_id: str) -> Session:
        """Read everything there is about a deployment and start to listen for cancellation."""
        store = tools.store
        deployment = await tools.keep(lambda: store.deployments.get(deployment_id))
        config = await tools.keep(lambda: store.projects.config(deployment.config_id))
        release = await tools.keep(lambda: store.deployments.release(deployment.release_id))
        resolved = await asyncio.to_thread(_taken, tools, deployment_id)
        redact = resolved.redactor() if resolved else Redactor()
        session = cls(
            tools,
            deployment,
            config,
            release,
            redact,
            dict(resolved.values) if resolved else None,
            Output(tools, deployment_id, redact),
        )
        await session.look_back(deployment.previous_release_id)
        session.output.start()
        session._watch = asyncio.create_task(session._watch_cancel())
        return session

    @property
    def id(self) -> str:
        return self.deployment.id

    @property
    def target(self) -> Target:
        """The target, opened on first use. Raises DeployDeckError."""
        if self._target is None:
            self._target = self.tools.open_target(self.deployment.target)
        return self._target

    @property
    def actor(self) -> Target | Removal:
        """Who looks at, does and takes back the steps of this deployment."""
        return Removal(self.tools.store, self.target) if self.removes else self.target

    @property
    def removes(self) -> bool:
        return self.deployment.kind is DeploymentKind.REMOVE

    async def look_back(self, release_id: str | None) -> None:
        """Remember which release is live now and what to return to."""
        store = self.tools.store
        if release_id is None:
            self.previous, self.previous_config = None, None
            return
        previous = await self.tools.keep(lambda: store.deployments.release(release_id))
        self.previous = previous
        self.previous_config = await self.tools.keep(lambda: store.projects.config(previous.config_id))

    async def refresh(self) -> Deployment:
        """The deployment as the store has it now."""
        self.deployment = await self.tools.keep(lambda: self.tools.store.deployments.get(self.id))
        return self.deployment

    async def steps(self) -> tuple[Step, ...]:
        return await self.tools.keep(lambda: self.tools.store.deployments.steps(self.id))

    async def step(self, name: str) -> Step:
        return next(step for step in await self.steps() if step.name == name)

    async def state(self, to: DeploymentState, text: str = "", **fields: Any) -> bool:
        """Move to a state, seen by everybody. False when the deployment has ended or is already being cancelled."""
        await self.output.flush()
        allowed = None if to is not DeploymentState.RUNNING else _RUNNING_FROM
        moved = await self.tools.keep(
            lambda: self.tools.store.deployments.transition(
                self.id, to, allowed=allowed, text=self.output.clean(text) if text else "", **fields
            )
        )
        await self.refresh()
        return moved

    async def pause(self, cause: Cause, to: DeploymentState = DeploymentState.PAUSED) -> None:
        """Say why nothing goes on just now. What is being taken back keeps its state; everything else moves to `to`."""
        deployment = await self.refresh()
        hint = f"It goes on by itself when this is over; to give up: deploydeck cancel {self.id}"
        if deployment.cause is not None or deployment.state in _TAKING_BACK:
            hint = f"It goes on by itself when this is over, for at most {self.tools.timing.pause_s:.0f} s."
        cause = self.output.clean_value(cause.model_copy(update={"hint": " ".join(part for part in (cause.hint, hint) if part)}))
        if deployment.pause == cause:
            return
        if deployment.cause is None and deployment.state not in _TAKING_BACK:
            await self.state(to, f"{to.value}: {cause.code}: {cause.what} {cause.why}".strip(), pause=cause)
            return
        await self.tools.keep(lambda: self.tools.store.deployments.set(self.id, pause=cause))
        await self.refresh()
        text = f"waiting: {cause.code}: {cause.what} {cause.why}".strip()
        await self.note(text, Level.WARNING, self.output.step, cause=cause.model_dump(mode="json"))

    async def resume(self) -> None:
        """What it waited for is there. Does nothing when it did not wait."""
        deployment = self.deployment
        if deployment.cause is None and deployment.state in (DeploymentState.PAUSED, DeploymentState.RECOVERING):
            await self.state(DeploymentState.RUNNING, "running again")
        elif deployment.pause is not None:
            await self.tools.keep(lambda: self.tools.store.deployments.set(self.id, pause=None))
            await self.refresh()
            await self.note("It goes on.")

    async def note(self, text: str, level: Level = Level.INFO, step: str = "", **data: Any) -> None:
        await self.output.event(EventKind.NOTE, text, level=level, step=step, data=data)

    async def warn(self, text: str, step: str = "") -> None:
        """Something a person should know in the end, too."""
        text = self.output.clean(text)
        if text not in self.deployment.warnings:
            warnings = [*self.deployment.warnings, text]
            await self.tools.keep(lambda: self.tools.store.deployments.set(self.id, warnings=warnings))
            await self.refresh()
        await self.note(text, Level.WARNING, step)

    async def context(self, cancelled: asyncio.Event) -> StepContext:
        """Everything a target may know now."""
        facts = {step.name: step.result for step in await self.steps() if step.result is not None}
        return StepContext(
            deployment_id=self.id,
            config=self.config,
            release=self.release,
            previous=self.previous,
            previous_config=self.previous_config,
            rollback=self.deployment.kind is DeploymentKind.ROLLBACK,
            fence=self.lease.fence if self.lease else 0,
            facts=facts,
            variables=self.values or {},
            redact=self.redact,
            cancelled=cancelled,
            data_dir=str(self.tools.paths.data),
            emit=self.output.emit,
            progress=self.output.progress,
            record=self._record,
        )

    async def _record(self, kind: str, external_id: str, name: str, created_by_us: bool, state: str) -> None:
        resource = Resource(
            deployment_id=self.id, kind=kind, external_id=external_id, name=name, created_by_us=created_by_us, state=state
        )
        clean = self.output.clean_value(resource)
        await self.tools.keep(lambda: self.tools.store.deployments.record_resource(clean))

    # --- cancellation ---------------------------------------------------------------------------------------------------------

    def wanted(self) -> str | None:
        """What a person asked for that must be obeyed now: "cancel" before the switch, "rollback" always.

        After the switch "cancel" means keep: the new release stays and the deployment finishes. A removal that has begun finishes.
        """
        if self.deployment.cancel is None or self.deployment.cause is not None:
            return None
        if self.removes and self.deployment.passed_no_return:
            return None
        return self.deployment.cancel if self.deployment.cancel == "rollback" or not self.deployment.passed_no_return else None

    async def _watch_cancel(self) -> None:
        told = False
        while True:
            await asyncio.sleep(self.tools.timing.cancel_poll_s)
            try:
                deployment = await self.tools.store.deployments.get(self.id)
            except DeployDeckError:
                continue  # asked again in a moment; the steps themselves say that the store is in trouble
            if deployment.cancel is None or deployment.state.terminal:
                continue
            self.deployment = self.deployment.model_copy(update={"cancel": deployment.cancel})
            if self.wanted():
                self.interrupt.set()
            if told:
                continue
            try:
                told = await self._tell_cancel(deployment)
            except DeployDeckError:
                continue

    async def _tell_cancel(self, deployment: Deployment) -> bool:
        if not deployment.passed_no_return:
            text = "canceling; waiting until the running step has stopped"
            store = self.tools.store.deployments
            await store.transition(self.id, DeploymentState.CANCELING, allowed=_CANCELING_FROM, text=text)
        elif self.removes:
            await self.warn("Canceled too late: the removal had begun, and what is removed cannot be brought back.")
        elif deployment.cancel == "cancel":
            await self.warn("Canceled after the switch: the new release stays. Roll back to return to the previous one.")
        return True

    # --- the lock -------------------------------------------------------------------------------------------------------------

    async def lock(self) -> None:
        """Take the lock of the place this deployment changes. Raises Stop (`lock-held`, cancel) or DeployDeckError."""
        if not self._key:
            self._key = lock_key(self.deployment.target, await self.target.identity(), self.config.app, self.config.environment)
        clock = asyncio.get_running_loop().time
        started = clock()
        told_at: float | None = None
        while True:
            held = await self._try_lock()
            if held is None:
                return
            if self.wanted():
                raise Stop(cancel_cause())
            waited = clock() - started
            if waited >= self.tools.settings.worker.lock_wait_s:
                raise Stop(_held_cause(held, waited))
            if told_at is None or clock() - told_at >= self.tools.timing.lock_news_s:
                told_at = clock()
                await self.note(
                    f"waiting for {held.deployment_id or 'another deployment'}, which has the lock for {_age_s(held):.0f} s",
                    Level.INFO,
                    waiting_for=held.deployment_id,
                    owner=held.owner,
                    age_s=round(_age_s(held), 1),
                    waited_s=round(waited, 1),
                )
            await self.tools.sleep(self.tools.timing.lock_poll_s, self.interrupt)

    async def _try_lock(self) -> Lease | None:
        """None when the lock is ours, else who has it."""
        locks = self.tools.store.locks
        ours = self.tools.holding.get(self._key)
        if ours is not None and ours != self.id:
            # A session of this very worker has it, whatever the clock says about its lease.
            holder = await self.tools.keep(lambda: locks.holder(self._key))
            return holder or Lease(
                key=self._key, owner=owner(), deployment_id=ours, fence=0, acquired_at=utc_now(), lease_until=utc_now()
            )
        ttl_s = self.tools.settings.worker.lock_ttl_s
        self.tools.holding[self._key] = self.id
        got, lease = False, None
        try:
            got, lease = await self.tools.keep(lambda: locks.acquire(self._key, owner(), self.id, ttl_s))
        finally:
            if not got:
                self.tools.holding.pop(self._key, None)
        if got:
            self.lease, self.lease_lost = lease, False
            if self._keeper is None:
                self._keeper = asyncio.create_task(self._keep_lease())
            return None
        if lease is not None and lease.deployment_id and await self._ended(lease.deployment_id):
            await self.tools.keep(lambda: locks.release(lease))  # it ended and was killed before it could let go
        return lease

    async def _ended(self, deployment_id: str) -> bool:
        return (await self.tools.keep(lambda: self.tools.store.deployments.get(deployment_id))).state.terminal

    async def _keep_lease(self) -> None:
        ttl_s = self.tools.settings.worker.lock_ttl_s
        clock = asyncio.get_running_loop().time
        renewed = clock()
        while True:
            await asyncio.sleep(ttl_s / 3)
            lease = self.lease
            if lease is None or self.lease_lost:
                renewed = clock()
                continue
            try:
                ours = await self.tools.store.locks.renew(lease, ttl_s)
            except DeployDeckError:
                ours = clock() - renewed < ttl_s  # not renewed in time means that somebody else may have it
            else:
                renewed = clock() if ours else renewed
            if not ours:
                self.lease_lost = True

    # --- the end --------------------------------------------------------------------------------------------------------------

    async def leave(self, *, release: bool) -> None:
        """Stop listening and speaking; with `release` let go of the lock. The session is of no use afterwards."""
        for task in (self._watch, self._keeper):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        try:
            await self.output.stop()
            if release and self.lease is not None:
                lease = self.lease
                await self.tools.keep(lambda: self.tools.store.locks.release(lease))
        except Leave:
            _log.warning("left %s without a last word: the store took no records", self.id)
        finally:
            if self.tools.holding.get(self._key) == self.id:
                del self.tools.holding[self._key]


_TAKING_BACK = (DeploymentState.CANCELING, DeploymentState.ROLLING_BACK)
_RUNNING_FROM = (
    DeploymentState.ACQUIRING_LOCK,
    DeploymentState.RUNNING,
    DeploymentState.PAUSED,
    DeploymentState.RECOVERING,
    DeploymentState.QUEUED,
)


def _taken(tools: Tools, deployment_id: str) -> ResolvedVariables | None:
    """The values handed off, or None when they are gone or unreadable: then nothing is started without them."""
    try:
        return tools.secrets.take(deployment_id)
    except (OSError, ValueError, KeyError, TypeError):
        _log.warning("the hand-off of %s cannot be read", deployment_id)
        return None


def planned(step: Step) -> StepPlan:
    """The part of a recorded step that its target announced."""
    return StepPlan(
        name=step.name, phase=step.phase, title=step.title, command=step.command, deadline_s=step.deadline_s, gate=step.gate,
        undoable=step.undoable,
    )  # fmt: skip


PASSED = (StepState.SUCCEEDED, StepState.WARNING, StepState.SKIPPED)
_ORDER = tuple(Phase)


def after_observe(phase: Phase) -> bool:
    """Whether a failure there leaves a good deployment with a warning."""
    return _ORDER.index(phase) > _ORDER.index(Phase.OBSERVE)


def cancel_cause() -> Cause:
    return Cause(code=CANCELED, what="Canceled on request.")


def owner() -> str:
    """Who holds a lock: account, host and process."""
    return f"{local_account()}@{socket.gethostname()}:{os.getpid()}"[:255]


def lock_key(target: str, identity: str, app: str, environment: str) -> str:
    """What two deployments must not change at the same time; at most 255 characters."""
    key = f"{target}/{identity}/{app}/{environment}"
    return key if len(key) <= 255 else f"{target}/{hashlib.sha256(key.encode()).hexdigest()}/{app}"[:255]


def _age_s(lease: Lease) -> float:
    return max(0.0, (utc_now() - lease.acquired_at).total_seconds())


def _held_cause(held: Lease, waited: float) -> Cause:
    return Cause(
        code=LOCK_HELD,
        what="Another deployment to the same place did not finish in time.",
        why=f"{held.deployment_id or 'another deployment'} ({held.owner}) has the lock for {_age_s(held):.0f} s; "
        f"we waited {waited:.0f} s.",
        hint="Wait for it or cancel it, then deploy again.",
    )
