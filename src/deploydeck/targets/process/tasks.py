"""One-off commands of a release, in its directory: what began and how it ended stands in a file beside it."""

from __future__ import annotations

import asyncio
import shlex
from collections import deque
from pathlib import Path
from typing import Any

from deploydeck.domain import Cause, utc_now
from deploydeck.targets import commands
from deploydeck.targets.base import Observation, Seen, StepContext, StepFailed
from deploydeck.targets.process import environment, layout
from deploydeck.targets.process.steps import Base

TAIL_LINES = 30


class Task(Base):
    """The step of one hook. The file is written before the command begins: one whose end is not on record is not begun again."""

    def __init__(self, releases: Path, logs: Path, step: str) -> None:
        super().__init__(releases, logs)
        self.step = step

    def record(self, context: StepContext) -> Path:
        return self.place(context).base / "tasks" / f"{self.step}.json"

    async def observe(self, context: StepContext) -> Observation:
        known = self._known(context)
        if known.get("exit_code") == 0:
            return Observation(Seen.DONE, {"exit_code": 0})
        return Observation(Seen.ABSENT, detail="It has not run." if not known else "It did not end well.")

    async def act(self, context: StepContext) -> dict[str, Any]:
        await self.refuse_higher_fence(context)
        command = context.config.hooks.command(self.step) or ()
        shown = context.redact(shlex.join(command))
        if self._known(context):
            what = f"It is not known how `{shown}` ended."
            why = "It was running when the worker ended, and is not run a second time."
            hint = "Look at what it changed, then deploy again."
            raise StepFailed(Cause(code="outcome-unknown", what=what, why=why, hint=hint))
        place, path = self.place(context), self.record(context)
        begun = {"deployment": context.deployment_id, "at": utc_now().isoformat()}
        path.parent.mkdir(exist_ok=True, mode=0o700)
        await asyncio.to_thread(layout.write_json, path, begun)
        tail: deque[str] = deque(maxlen=TAIL_LINES)

        def on_line(text: str, stream: str) -> None:
            tail.append(text)
            context.emit(text, stream, "hooks")

        context.emit(f"$ {shlex.join(command)}", "note", "hooks")
        env = environment.run(place, context.config.recipe, context.variables)
        code = await commands.run(command, cwd=place.source, env=env, on_line=on_line, cancelled=context.cancelled)
        await asyncio.to_thread(layout.write_json, path, {**begun, "exit_code": code})
        if code != 0:
            how = f"{command[0]} is not there." if code == commands.NOT_FOUND else ""
            raise StepFailed(
                Cause(
                    code="hook-failed", what=f"`{shown}` ended with exit code {code}.", why=how,
                    hint="Read its last lines; correct it and deploy again.", evidence=tuple(context.redact(line) for line in tail),
                )
            )  # fmt: skip
        return {"exit_code": 0}

    def _known(self, context: StepContext) -> dict[str, Any]:
        known = layout.read_json(self.record(context))
        return known if known.get("deployment") == context.deployment_id else {}
