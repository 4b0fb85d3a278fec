"""The worker's loop: take up what is queued or was left unfinished, stay while there is work, leave when there is none."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

from filelock import FileLock, Timeout

from deploydeck.deploy.admission import Limits, admit
from deploydeck.deploy.calls import Calls
from deploydeck.deploy.presence import WorkerStatus, bell_time, clear_status, write_status
from deploydeck.deploy.runner import Known, Runner
from deploydeck.deploy.script import course
from deploydeck.deploy.tools import Leave, Tools
from deploydeck.domain import DeployDeckError, Deployment, DeploymentState, EventKind, Level

BUSY_POLL_S = 0.2
IDLE_POLL_S = 1.0
BELL_POLL_S = 0.05
STATUS_S = 2.0
HOME_S = 1.0
RESUME_S = 15.0
"""How long the durable engine may take to resume what it was killed in, before it is started from our own records."""

RESTART_CAP_S = 30.0

_RECOVERED = (DeploymentState.RUNNING, DeploymentState.PAUSED, DeploymentState.ACQUIRING_LOCK)
_NOT_QUEUED = (DeploymentState.DRAFT, DeploymentState.PLANNED, DeploymentState.AWAITING_APPROVAL)

_log = logging.getLogger(__name__)


class AlreadyRunning(Exception):
    """Another worker owns this store."""


@dataclass
class _Restart:
    """When a script that ended without ending its deployment may start again."""

    count: int = 0
    not_before: float = 0.0


class Service:
    """One worker on one store. `run` returns when there is nothing left to do or `tools.stopping` was set."""

    def __init__(self, tools: Tools, *, idle_exit_s: float) -> None:
        self._tools = tools
        self._idle_exit_s = idle_exit_s
        self._calls = Calls(tools)
        self._since = time.time()
        worker = tools.settings.worker
        self._limits = Limits(worker.max_parallel, worker.max_per_target)
        self._reasons: dict[str, str] = {}
        self._restarts: dict[str, _Restart] = {}
        self._told_status = 0.0
        self._told: WorkerStatus | None = None
        self._engine_trouble = ""

    async def run(self) -> None:
        """Work until idle. Raises AlreadyRunning at once when another worker owns the store.

        Nothing is lost when a deployment is queued while the worker leaves: it looks once more after it let go of the lock, and a
        face that still saw it running queued before that look.
        """
        while True:
            lock = FileLock(self._tools.paths.worker_lock, timeout=0)
            try:
                lock.acquire()
            except Timeout:
                raise AlreadyRunning from None
            watch = asyncio.create_task(self._watch_home())
            try:
                self._say(force=True)
                await self._work()
            except Leave:
                return  # told to go while the store took no records
            finally:
                watch.cancel()
                clear_status(self._tools.paths)
                lock.release()
            if self._tools.stopping.is_set() or not await self._unfinished():
                return

    async def _watch_home(self) -> None:
        """A worker whose data directory was removed serves nobody: it must not wait for the disk for ever."""
        while self._tools.paths.worker_lock.exists():  # noqa: ASYNC110 - a file has no event
            await asyncio.sleep(HOME_S)
        _log.error("the data directory is gone; leaving")
        self._tools.stopping.set()

    async def _work(self) -> None:
        runner = Runner(self._tools.paths.engine_database, course, self._calls.perform, asyncio.get_running_loop())
        await asyncio.to_thread(runner.start)
        try:
            await self._recover(runner)
            await self._loop(runner)
        finally:
            if runner.active():
                self._tools.stopping.set()  # scripts park at their next boundary
            await self._parked(runner)
            await self._calls.leave()
            await asyncio.to_thread(runner.close)

    async def _recover(self, runner: Runner) -> None:
        """Tell the followers of everything a dead worker left behind that it goes on."""
        for deployment in await self._unfinished():
            if deployment.state in _RECOVERED:
                await self._tools.keep(
                    lambda one=deployment: self._tools.store.deployments.transition(  # type: ignore[misc]
                        one.id, DeploymentState.RECOVERING, allowed=_RECOVERED, text="the worker was gone; recovering"
                    )
                )
            if await asyncio.to_thread(runner.known, deployment.id) is Known.STRANDED:
                await self._tools.keep(
                    lambda one=deployment: self._tools.store.deployments.append(  # type: ignore[misc]
                        one.id,
                        EventKind.NOTE,
                        "Begun by another version of DeployDeck; it goes on from the records of its steps.",
                        level=Level.WARNING,
                        data={"stranded": True},
                    )
                )

    async def _loop(self, runner: Runner) -> None:
        clock = time.monotonic
        launched = clock()
        busy_at = clock()
        bell = bell_time(self._tools.paths)
        while not self._tools.stopping.is_set():
            unfinished = await self._unfinished()
            if clock() - launched > RESUME_S:
                runner.give_up_waiting()
            active = runner.active()
            admitted = admit(unfinished, active, self._limits)
            for deployment in admitted.now:
                if self._may_start(deployment):
                    active |= await self._submit(runner, deployment.id)
            await self._tell_waiting(admitted.waiting)
            self._say(active=tuple(sorted(active)))
            if unfinished or active:
                busy_at = clock()
            elif clock() - busy_at >= self._idle_exit_s:
                return
            bell = await self._wait(BUSY_POLL_S if unfinished or active else IDLE_POLL_S, bell)

    async def _tell_waiting(self, waiting: Sequence[tuple[Deployment, str]]) -> None:
        """Every wait names its cause, once for each change of it."""
        store = self._tools.store.deployments
        for deployment, reason in waiting:
            if self._reasons.get(deployment.id) != reason:
                self._reasons[deployment.id] = reason
                await self._tools.keep(
                    lambda one=deployment.id, text=reason: store.append(one, EventKind.NOTE, text)  # type: ignore[misc]
                )
        self._reasons = {deployment.id: reason for deployment, reason in waiting}

    async def _submit(self, runner: Runner, deployment_id: str) -> set[str]:
        """Start a script; when the durable engine does not take it (a full disk), it is tried again later."""
        try:
            await asyncio.to_thread(runner.submit, deployment_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, the deployment waits in the queue
            _log.exception("the durable engine does not take %s", deployment_id)
            self._engine_trouble = f"The durable engine does not answer: {type(error).__name__}."
            return set()
        self._engine_trouble = ""
        return {deployment_id}

    async def _wait(self, seconds: float, bell: int) -> int:
        """Until the time is over, somebody rings, or the worker is told to go. The bell's last time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._tools.stopping.is_set():
            await asyncio.sleep(BELL_POLL_S)
            if (rung := bell_time(self._tools.paths)) != bell:
                return rung
        return bell

    def _may_start(self, deployment: Deployment) -> bool:
        """Once at once; again only after a growing pause, when its script ended without ending the deployment."""
        restart = self._restarts.setdefault(deployment.id, _Restart())
        now = time.monotonic()
        if now < restart.not_before:
            return False
        restart.count += 1
        restart.not_before = now + min(2.0**restart.count, RESTART_CAP_S)
        return True

    async def _unfinished(self) -> tuple[Deployment, ...]:
        """What somebody queued and nobody has ended, oldest first."""
        found = await self._tools.keep(self._tools.store.deployments.unfinished)
        return tuple(deployment for deployment in found if deployment.state not in _NOT_QUEUED)

    async def _parked(self, runner: Runner) -> None:
        """Wait until every script has come to a boundary: a running step is finished first, however long it takes."""
        runner.give_up_waiting()
        while runner.active():
            self._say(active=tuple(sorted(runner.active())))
            await asyncio.sleep(BELL_POLL_S)

    def _say(self, active: tuple[str, ...] = (), *, force: bool = False) -> None:
        now = time.time()
        status = WorkerStatus(True, os.getpid(), self._since, now, active, self._tools.trouble or self._engine_trouble)
        told = self._told
        changed = told is None or (told.active, told.trouble) != (status.active, status.trouble)
        if force or changed or abs(now - self._told_status) >= STATUS_S:
            write_status(self._tools.paths, status)
            self._told, self._told_status = status, now


async def wait_until_ended(tools: Tools, deployment_id: str, *, pause_s: float = BUSY_POLL_S) -> None:
    """Until somebody's worker has ended a deployment."""
    while True:
        try:
            if (await tools.store.deployments.get(deployment_id)).state.terminal:
                return
        except DeployDeckError as error:
            if not error.code.startswith("store-"):
                raise
        await asyncio.sleep(pause_s)
