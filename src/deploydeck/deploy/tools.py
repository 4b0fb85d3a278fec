"""What every part of the worker side is given: services, figures, and the patience to keep a record when the disk refuses."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from deploydeck.domain import DeployDeckError, HealthSpec, Probe
from deploydeck.settings import Paths, Settings
from deploydeck.store import Store
from deploydeck.store.logs import LogStore
from deploydeck.targets import Endpoint, Target
from deploydeck.vault import SecretsManager

T = TypeVar("T")
Prober = Callable[[Endpoint, HealthSpec], Awaitable[Probe]]

_log = logging.getLogger(__name__)


class Leave(BaseException):
    """The worker was told to go: leave the call at once, unfinished and unrecorded. Not an Exception, so nothing swallows it."""


@dataclass(frozen=True)
class Timing:
    """Figures of facts/deploying.md section 5, in seconds unless named otherwise."""

    cancel_poll_s: float = 0.2
    attempts: int = 5
    retry_base_s: float = 1.0
    retry_factor: float = 2.0
    retry_cap_s: float = 30.0
    observe_again_s: float = 1.0
    unknown_s: float = 20.0
    pause_s: float = 600.0
    grace_s: float = 15.0
    beat_s: float = 5.0
    unreachable_s: float = 120.0
    lock_poll_s: float = 0.25
    lock_news_s: float = 15.0
    log_news_s: float = 0.25
    pump_s: float = 0.1
    keep_cap_s: float = 5.0


def backoff_s(timing: Timing, attempt: int) -> float:
    """Full jitter: anything between nothing and the grown delay."""
    grown = timing.retry_base_s * timing.retry_factor ** min(attempt - 1, 32)  # whoever tries for long must not overflow
    return random.uniform(0.0, min(timing.retry_cap_s, grown))  # noqa: S311 - spreads load, guards nothing


@dataclass
class Tools:
    """Shared by all sessions of one worker. `holding` names the lock keys that live sessions of this worker hold."""

    store: Store
    paths: Paths
    settings: Settings
    open_target: Callable[[str], Target]
    secrets: SecretsManager
    logs: LogStore
    prober: Prober
    timing: Timing = field(default_factory=Timing)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    holding: dict[str, str] = field(default_factory=dict)
    _troubles: dict[object, str] = field(default_factory=dict)

    @property
    def trouble(self) -> str:
        """What keeps a record from being written just now; empty when nothing does."""
        return next(iter(self._troubles.values()), "")

    async def keep(self, record: Callable[[], Awaitable[T]]) -> T:
        """Write or read the store, again and again while the disk is full or the database locked.

        Nothing goes on without its record: an effect without one would be done twice. What is wrong is said in the worker's status
        and its log. Leaves (raises Leave) only when the worker is told to go.
        """
        delay, mark = 0.1, object()
        try:
            while True:
                try:
                    return await record()
                except DeployDeckError as error:
                    if not error.code.startswith("store-"):
                        raise
                    if self._troubles.get(mark) != error.what:
                        _log.error("the store does not take records: %s", error)
                    self._troubles[mark] = error.what
                await self.sleep(delay)
                delay = min(delay * 2, self.timing.keep_cap_s)
        finally:
            self._troubles.pop(mark, None)

    async def sleep(self, seconds: float, wake: asyncio.Event | None = None) -> bool:
        """Wait; True when `wake` was set meanwhile. Raises Leave when the worker is told to go."""
        waits = [asyncio.ensure_future(self.stopping.wait())]
        if wake is not None:
            waits.append(asyncio.ensure_future(wake.wait()))
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self.stopping.is_set():
            raise Leave
        return wake is not None and wake.is_set()
