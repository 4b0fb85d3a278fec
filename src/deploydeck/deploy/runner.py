"""The durable engine behind one small interface; the only module that knows DBOS.

A script is a plain function that asks for named calls and decides by their answers only. Answers are recorded, so a script that
was killed runs again from the top in no time and goes on at the first call without an answer. The calls themselves are
coroutines on the worker's event loop: store and targets belong to that one loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

SCRIPT_VERSION = "1"
"""Changes only when the order of calls in the script changes."""

EXECUTOR = "worker"
PARK = "park"
KEEP_DAYS = 7
_DAMAGED = ("not a database", "malformed", "file is encrypted")

Answer = dict[str, Any]
Call = Callable[..., Answer]
Script = Callable[[Call, str], None]
Perform = Callable[[str, str, tuple[Any, ...]], Coroutine[Any, Any, Answer]]

_log = logging.getLogger(__name__)


class Known(StrEnum):
    """What the durable engine knows of a deployment."""

    NOTHING = "nothing"
    RESUMES = "resumes"
    STRANDED = "stranded"
    ENDED = "ended"


class Parked(BaseException):
    """Leaves a script at a step boundary. Not an Exception: the engine must keep the script as unfinished."""


class Runner:
    """Runs scripts durably. `start` and `close` block: call them from a thread."""

    def __init__(self, database: Path, script: Script, perform: Perform, loop: asyncio.AbstractEventLoop) -> None:
        self._database = database
        self._script = script
        self._perform = perform
        self._loop = loop
        self._guard = threading.Lock()
        self._active: dict[str, str] = {}
        self._expected: set[str] = set()
        self._begun: set[str] = set()
        self._workflow: Any = None

    def start(self) -> None:
        """Launch the engine; whatever it was killed in goes on by itself within a second or two.

        A damaged database is put aside: our own store knows every step, the engine only where it stood between two of them.
        """
        try:
            self._launch()
        except Exception as error:
            if not any(sign in str(error).lower() for sign in _DAMAGED):
                raise
            aside = self._database.with_suffix(f".broken-{int(time.time())}")
            _log.error("the engine's database is damaged (%s); it is kept as %s", error, aside.name)
            self.close()
            self._database.rename(aside)
            self._launch()
        self._forget_old()

    def _launch(self) -> None:
        from dbos import DBOS

        logging.getLogger("dbos").setLevel(logging.ERROR)
        DBOS(
            config={
                "name": "deploydeck",
                "system_database_url": f"sqlite:///{self._database}",
                "executor_id": EXECUTOR,
                "application_version": SCRIPT_VERSION,
                "log_level": "ERROR",
                "run_admin_server": False,  # type: ignore[typeddict-unknown-key]
                "enable_otlp": False,
                "notification_listener_polling_interval_sec": 0.25,  # unused here, but closing waits for one round of it
            }
        )

        @DBOS.step(name="deploydeck.call")  # type: ignore[untyped-decorator,unused-ignore]
        def call(deployment_id: str, name: str, arguments: tuple[Any, ...]) -> Answer:
            future = asyncio.run_coroutine_threadsafe(self._perform(deployment_id, name, arguments), self._loop)
            answer = future.result()
            if answer.get("verdict") == PARK:
                raise Parked
            return answer

        @DBOS.workflow(name="deploydeck.deployment", max_recovery_attempts=1000)  # type: ignore[untyped-decorator,unused-ignore]
        def deployment(deployment_id: str) -> None:
            with self._only_one(deployment_id, DBOS.workflow_id or deployment_id) as alone:
                if alone:
                    self._script(lambda name, *arguments: call(deployment_id, name, arguments), deployment_id)

        self._workflow = deployment
        DBOS.launch()
        for status in DBOS.list_workflows(status=["PENDING", "ENQUEUED"], load_input=False, load_output=False):
            with self._guard:
                if status.app_version == SCRIPT_VERSION and status.workflow_id not in self._begun:
                    self._expected.add(_deployment_of(status.workflow_id))

    def _forget_old(self) -> None:
        """Scripts that ended long ago serve nobody."""
        from dbos import DBOS

        before = (datetime.now(UTC) - timedelta(days=KEEP_DAYS)).isoformat()
        old = DBOS.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED"], completed_before=before, limit=1000, load_input=False, load_output=False
        )
        if old:
            DBOS.delete_workflows([status.workflow_id for status in old])

    def known(self, deployment_id: str) -> Known:
        """Whether the engine takes a deployment up by itself. Blocks shortly."""
        from dbos import DBOS

        found = DBOS.list_workflows(workflow_id_prefix=deployment_id, load_input=False, load_output=False)
        if not found:
            return Known.NOTHING
        open_ones = [status for status in found if status.status in ("PENDING", "ENQUEUED")]
        if not open_ones:
            return Known.ENDED
        return Known.RESUMES if any(status.app_version == SCRIPT_VERSION for status in open_ones) else Known.STRANDED

    def submit(self, deployment_id: str) -> None:
        """Run the script for a deployment. Blocks shortly; harmless when it runs already.

        The first run carries the deployment's id. When that one ended without ending the deployment (the disk was full, or another
        version stranded it), a further run starts from the records of our own store.
        """
        from dbos import DBOS, SetWorkflowID

        found = DBOS.list_workflows(workflow_id_prefix=deployment_id, load_input=False, load_output=False)
        for status in found:
            if status.status in ("PENDING", "ENQUEUED"):
                DBOS.cancel_workflow(status.workflow_id)
        workflow_id = f"{deployment_id}.{len(found) + 1}" if found else deployment_id
        with SetWorkflowID(workflow_id):
            DBOS.start_workflow(self._workflow, deployment_id)

    def active(self) -> set[str]:
        """Deployments whose script runs in this process now, or is about to be resumed by the engine."""
        with self._guard:
            return set(self._active) | self._expected

    def give_up_waiting(self) -> None:
        """Stop expecting scripts that the engine should have resumed by now."""
        with self._guard:
            self._expected.clear()

    def close(self) -> None:
        """Stop the engine; scripts that were left at a boundary stay unfinished and go on at the next start."""
        from dbos import DBOS

        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=0)

    @contextlib.contextmanager
    def _only_one(self, deployment_id: str, workflow_id: str) -> Any:
        with self._guard:
            self._begun.add(workflow_id)
            alone = deployment_id not in self._active
            if alone:
                self._active[deployment_id] = workflow_id
                self._expected.discard(deployment_id)
        try:
            yield alone
        except Exception:
            _log.exception("the script of %s ended early; it starts again from the records", deployment_id)
            raise
        finally:
            if alone:
                with self._guard:
                    self._active.pop(deployment_id, None)


def _deployment_of(workflow_id: str) -> str:
    return workflow_id.split(".", 1)[0]
