"""One-off commands of a release: each in a container of its own, run once, kept until its outcome is on record."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
from collections import deque
from collections.abc import Mapping
from typing import Any

from deploydeck.domain import Cause
from deploydeck.targets.base import Observation, Seen, StepCanceled, StepContext, StepFailed
from deploydeck.targets.docker import checks, logs
from deploydeck.targets.docker.copies import Copy, names
from deploydeck.targets.docker.engine import Engine
from deploydeck.targets.docker.naming import TASK, label, labels_of

TAIL_LINES = 30
POLL_S = 0.2


class Task(Copy):
    """The step of one hook. Its container tells after a kill how it ended; a command that has begun is never begun again."""

    def __init__(self, engine: Engine, step: str) -> None:
        super().__init__(engine)
        self.step = step

    async def observe(self, context: StepContext) -> Observation:
        found = await self._ours(context)
        if found is None:
            return Observation(Seen.ABSENT, detail="It has not run.")
        state = found["State"]
        if state.get("Status") == "created":
            return Observation(Seen.PARTIAL, detail="Its container was made and never started.")
        if state.get("Running"):
            return Observation(Seen.IN_PROGRESS, detail="It runs.")
        if state.get("ExitCode") == 0:
            return Observation(Seen.DONE, {"exit_code": 0, "container": found["Id"]})
        return Observation(Seen.ABSENT, detail=f"It ended with exit code {state.get('ExitCode')}.")

    async def act(self, context: StepContext) -> dict[str, Any]:
        await checks.refuse_higher_fence(self.engine, names(context).slot, context.fence)
        name, command = names(context).task(self.step), context.config.hooks.command(self.step) or ()
        found = await self._ours(context)
        if found is None:
            made = await self.create(context, name, TASK, "", None, command)
            context.emit(f"$ {shlex.join(command)}", "note", "hooks")
            await self.engine.start(made)
            await self._follow(context, name)
            found = await self._ours(context)
        if found is None:
            raise StepFailed(Cause(code="hook-unknown", what=f"The container of `{shlex.join(command)}` vanished.", hint=_LOOK))
        state = found["State"]
        if state.get("ExitCode") != 0 or state.get("Error"):
            raise StepFailed(await self._failure(context, name, command, state))
        return {"exit_code": 0, "container": found["Id"]}

    async def undo(self, context: StepContext) -> None:
        await self.remove_container(context, names(context).task(self.step))

    async def _ours(self, context: StepContext) -> Mapping[str, Any] | None:
        found = await self.engine.container(names(context).task(self.step))
        return found if labels_of(found).get(label("deployment")) == context.deployment_id else None

    async def _follow(self, context: StepContext, name: str) -> None:
        """Pass its lines on until it has ended; stop it when nobody wants it any more."""
        reading = asyncio.create_task(self._read(context, name))
        try:
            while True:
                found = await self._ours(context)
                if found is None or not found["State"].get("Running"):
                    break
                if context.cancelled.is_set():
                    await self.engine.stop(name)
                    raise StepCanceled
                await asyncio.sleep(POLL_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(reading), 5)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, context: StepContext, name: str) -> None:
        async with contextlib.aclosing(logs.read(self.engine, name, since=None, follow=True, tail=None)) as lines:
            async for line in lines:
                context.emit(line.text, line.stream, "hooks")

    async def _failure(self, context: StepContext, name: str, command: tuple[str, ...], state: Mapping[str, Any]) -> Cause:
        tail: deque[str] = deque(await logs.tail_lines(self.engine, name, TAIL_LINES), maxlen=TAIL_LINES)
        how = "memory ran out" if state.get("OOMKilled") else f"exit code {state.get('ExitCode')}"
        return Cause(
            code="hook-failed",
            what=f"`{context.redact(shlex.join(command))}` ended with {how}.",
            why=str(state.get("Error") or ""),
            hint="Read its last lines; correct it and deploy again.",
            evidence=tuple(context.redact(line) for line in tail),
        )


async def remove_tasks(engine: Engine, context: StepContext) -> list[str]:
    """Remove the containers of commands that have ended, of this environment; their lines are in the logs of their deployments."""
    gone = []
    for item in await engine.containers({**names(context).slot, label("role"): TASK}):
        begins = item.get("State") == "created" and not labels_of(item).get(label("deployment"))  # somebody's `deploydeck run`
        if item.get("State") != "running" and not begins:
            name = str((item.get("Names") or [item["Id"]])[0]).lstrip("/")
            await engine.delete(name)
            await context.record("container", name, name, True, "removed")
            gone.append(name)
    return gone


_LOOK = "Look at what it changed before deploying again: it may have run."
