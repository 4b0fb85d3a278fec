"""The process that runs deployments: a face without a screen, started on demand, one to a store, gone when idle."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator

from deploydeck.deck import Deck
from deploydeck.deploy.service import AlreadyRunning, Service, wait_until_ended
from deploydeck.deploy.tools import Prober, Timing, Tools
from deploydeck.domain import DeployDeckError, DeploymentResult
from deploydeck.redaction import knowing
from deploydeck.settings import Paths, default_paths

RETRY_LOCK_S = 1.0
MAX_LOG_BYTES = 5_000_000

_log = logging.getLogger(__name__)


def run_worker(paths: Paths | None = None) -> int:
    """Run until there is nothing to do for `worker.idle_exit_s`. Exit code 0, also when another worker runs; 1 for an error.

    SIGTERM lets running steps finish and leaves; a second one leaves at once. SIGHUP (a closed terminal) is ignored. A killed
    worker loses nothing: the next one goes on at the step where it stood.
    """
    chosen = paths or default_paths()
    _log_to_stderr(chosen)
    try:
        asyncio.run(_worker(chosen))
    except DeployDeckError as error:
        _log.error("%s", error)
        return 1
    return 0


async def run_foreground(
    deployment_id: str, deck: Deck, *, prober: Prober | None = None, timing: Timing | None = None
) -> DeploymentResult:
    """Work on the deployments of this store inside this process until `deployment_id` has ended; no process stays behind.

    When another worker owns the store it does the work and this only waits; should that worker die, this one takes over. Other
    deployments that are queued meanwhile are finished before it returns, since nobody else could.
    """
    async with _tools(deck, prober, timing) as tools:
        while not (await deck.store.deployments.get(deployment_id)).state.terminal:
            try:
                await Service(tools, idle_exit_s=0.0).run()
            except AlreadyRunning:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wait_until_ended(tools, deployment_id), RETRY_LOCK_S)
            if tools.stopping.is_set():
                break
    return await deck.engine.result(deployment_id)


async def _worker(paths: Paths) -> None:
    deck = await Deck.open(paths)
    try:
        async with _tools(deck) as tools:
            _listen(tools)
            try:
                await Service(tools, idle_exit_s=deck.user_settings.worker.idle_exit_s).run()
            except AlreadyRunning:
                _log.info("another worker runs; leaving")
    finally:
        await deck.close()


@contextlib.asynccontextmanager
async def _tools(deck: Deck, prober: Prober | None = None, timing: Timing | None = None) -> AsyncIterator[Tools]:
    from deploydeck.targets import probe

    yield Tools(
        store=deck.store,
        paths=deck.paths,
        settings=deck.user_settings,
        open_target=deck.target,
        secrets=deck.secrets,
        logs=deck.logs,
        prober=prober or probe,
        timing=timing or Timing(),
    )


def _listen(tools: Tools) -> None:
    loop = asyncio.get_running_loop()

    def leave() -> None:
        if tools.stopping.is_set():
            os._exit(1)  # asked twice: as if killed, which loses nothing
        _log.info("asked to leave; running steps are finished first")
        tools.stopping.set()

    for name in ("SIGTERM", "SIGINT"):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(getattr(signal, name), leave)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


class _Redacted(logging.Formatter):
    """The log file is a sink like any other: no value that this process handles, no well-known shape of a secret reaches it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return knowing()(super().format(record))


def _log_to_stderr(paths: Paths) -> None:
    """Standard error is worker.log when a face started us. One that grew too long is begun again."""
    with contextlib.suppress(OSError):
        if paths.worker_log.stat().st_size > MAX_LOG_BYTES:
            os.truncate(paths.worker_log, 0)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacted())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "sqlalchemy", "docker", "urllib3", "filelock"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
