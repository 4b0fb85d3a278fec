"""A pretend place for releases: a world in one JSON file, with faults on demand and every effect counted.

For tests and for trying things without consequences. The world survives a killed worker as a real engine would; whoever serves
its copies (see `World.answer`) decides over HTTP what is healthy.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from deploydeck.domain import (
    Cause,
    DeployDeckError,
    DeploymentConfig,
    Finding,
    Liveness,
    LogLine,
    Phase,
    PlanAction,
    PlanItem,
    Release,
    Severity,
    StepPlan,
    utc_now,
)
from deploydeck.settings import Paths, Settings
from deploydeck.targets.base import (
    Capabilities,
    Endpoint,
    Invocation,
    Observation,
    Restorable,
    Role,
    Seen,
    StepCanceled,
    StepContext,
    StepFailed,
    TargetPlan,
)

STEPS: tuple[StepPlan, ...] = (
    StepPlan(
        name="check", phase=Phase.PREFLIGHT, title="Check the pretend world", command="fake check", deadline_s=30, undoable=False
    ),
    StepPlan(name="build", phase=Phase.BUILD, title="Build a pretend image", command="fake build", deadline_s=60),
    StepPlan(name="start-trial", phase=Phase.START_NEW, title="Start a trial copy", command="fake start trial", deadline_s=30),
    StepPlan(name="verify", phase=Phase.VERIFY, title="Wait for the trial copy", gate="trial", deadline_s=60),
    StepPlan(name="switch", phase=Phase.SWITCH, title="Switch to the new release", command="fake switch", deadline_s=30),
    StepPlan(name="observe", phase=Phase.OBSERVE, title="Watch the new release", gate="live", deadline_s=60),
    StepPlan(name="settle", phase=Phase.DRAIN, title="Stop the trial copy", command="fake settle", deadline_s=30, undoable=False),
    StepPlan(name="prune", phase=Phase.PRUNE, title="Remove old releases", command="fake prune", deadline_s=30, undoable=False),
)

WORLD_FILE = "fake-world.json"
FOR_GOOD = "-for-good"
SLOW_S = 0.05
MAX_LOG_LINES = 2000


class World:
    """The pretend world: copies, what is live, counted effects, and the faults that wait.

    `faults` maps a step to a list of faults, each used up once: before, after (the effect happened, the answer was lost),
    transient, transient-after, slow, hang, unknown, partial, expired, undo (its undo fails), crash (an error of an unknown kind),
    sick (what it brings up is unhealthy), away (its undo finds nobody who answers), no-source (of "check": preflight refuses
    what is not a rollback), and of "holdings" away, of "remove" before. A fault whose name ends in -for-good is never used up.
    `unhealthy` names releases whose copies answer 500, `dying` those whose process ends.
    """

    def __init__(self, path: Path, base_url: str = "http://127.0.0.1:9") -> None:
        self.path = path
        self._lock = FileLock(path.with_suffix(".lock"))
        with self.change() as world:
            if not world:
                world.update(
                    identity="fake-world", base_url=base_url, copies={}, live=None, images=[], effects=[], faults={}, fences={}
                )
                world.update(unhealthy=[], dying=[], lines={})

    @contextmanager
    def change(self) -> Iterator[dict[str, Any]]:
        """Read, change, write back: whole or not at all, one at a time across processes."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            content: dict[str, Any] = json.loads(self.path.read_bytes()) if self.path.exists() else {}
            yield content
            temporary = self.path.with_suffix(".tmp")
            temporary.write_text(json.dumps(content))
            os.replace(temporary, self.path)  # noqa: PTH105 - the atomic call by its name

    def read(self) -> dict[str, Any]:
        """The world as it is."""
        with self._lock:
            content: dict[str, Any] = json.loads(self.path.read_bytes())
            return content

    def fault(self, step: str, *kinds: str) -> None:
        """Let a step fail in these ways, one after the other."""
        with self.change() as world:
            world["faults"].setdefault(step, []).extend(kinds)

    def count(self, deployment_id: str, step: str, effect: str = "act") -> int:
        """How often a step of a deployment has had its effect."""
        return sum(entry == [deployment_id, step, effect] for entry in self.read()["effects"])

    def answer(self, name: str) -> int | None:
        """The HTTP status a copy answers with; None when nothing listens. `live` names whatever is live."""
        world = self.read()
        copy = world["copies"].get(world["live"] if name == "live" else name)
        if copy is None or not copy["running"]:
            return None
        return 500 if copy["release"] in world["unhealthy"] else 200


class FakeTarget:
    """The target protocol over a `World`."""

    name = "fake"
    capabilities = Capabilities(
        needs_dockerfile=False,
        trial_copy=True,
        follows_logs=False,
        kept_for_rollback=True,
        promotes=True,
        description="A pretend place that lives in a file.",
        caution="Nothing is really deployed.",
    )

    def __init__(self, settings: Settings, paths: Paths) -> None:
        del settings  # the pretend world has none
        self.world = World(paths.data / WORLD_FILE)

    async def identity(self) -> str:
        return str(self.world.read()["identity"])

    async def preflight(self, config: DeploymentConfig, previous: Release | None, built: bool = False) -> tuple[Finding, ...]:
        if built or not self._next_fault("check", ("no-source",)):
            return ()
        return (Finding(code="project-missing", severity=Severity.ERROR, message="The pretend source is gone."),)

    async def plan(self, config: DeploymentConfig, release: Release, previous: Release | None, rollback: bool) -> TargetPlan:
        items = [PlanItem(action=PlanAction.CREATE, kind="copy", name=_copy(release, "live"))]
        if previous is not None:
            items.append(PlanItem(action=PlanAction.STOP, kind="copy", name=_copy(previous, "live"), detail="kept for rollback"))
        return TargetPlan(items=tuple(items), steps=STEPS, url=f"{self.world.read()['base_url']}/live")

    # --- steps ----------------------------------------------------------------------------------------------------------------

    async def observe(self, step: StepPlan, context: StepContext) -> Observation:
        fault = self._next_fault(step.name, ("unknown",))
        if fault:
            return Observation(Seen.UNKNOWN, detail="the pretend world is in fog")
        world = self.world.read()
        live, trial = _copy(context.release, "live"), _copy(context.release, "trial")
        copies: dict[str, Any] = world["copies"]
        if context.config.hooks.command(step.name) is not None:
            done = [context.deployment_id, step.name, "act"] in world["effects"]
            return _seen(done, {"exit_code": 0})
        if step.name == "build":
            image = _image(context)
            return _seen(image in world["images"], {"image": image})
        if step.name == "start-trial":
            copy = copies.get(trial)
            if copy is not None and copy["deployment"] == context.deployment_id and not copy["running"]:
                return Observation(Seen.PARTIAL, detail="created, not started")
            return _seen(copy is not None and copy["deployment"] == context.deployment_id, {"copy": trial})
        if step.name == "switch":
            ours = live in copies and copies[live]["deployment"] == context.deployment_id
            if ours and world["live"] != live:
                return Observation(Seen.PARTIAL, detail="created, not live")
            return _seen(ours, {"copy": live})
        if step.name == "settle":
            return _seen(trial not in copies, {"removed": trial})
        return Observation(Seen.ABSENT)

    async def act(self, step: StepPlan, context: StepContext) -> dict[str, Any]:
        fault = self._next_fault(step.name, _ACT_FAULTS)
        await self._suffer(fault, context)
        if fault in _BEFORE:
            raise StepFailed(_BEFORE[fault])
        if fault == "crash":
            raise RuntimeError("the pretend adapter has a defect")
        if step.name == "build" and context.release.origin is not None:  # observed first: its image is not there
            raise StepFailed(Cause(code="fake-image-gone", what="The image to promote is gone.", hint="Deploy its source again."))
        context.emit(f"{step.command} for {context.release.label}", "out", "build" if step.phase is Phase.BUILD else "deploy")
        context.progress(1, 2, "parts")
        if fault == "sick":
            with self.world.change() as world:
                world["unhealthy"].append(context.release.id)
        result = await self._effect(step, context, half=fault == "partial")
        context.progress(2, 2, "parts")
        if fault in ("after", "partial"):
            raise StepFailed(Cause(code="fake-after", what="The answer was lost.", transient=fault == "partial"))
        if fault == "transient-after":
            raise StepFailed(Cause(code="fake-after", what="The answer was lost.", transient=True))
        return result

    async def undo(self, step: StepPlan, context: StepContext) -> None:
        if self._next_fault(step.name, ("undo",)):
            raise StepFailed(Cause(code="fake-undo", what="The pretend world refuses to go back."))
        if self._next_fault(step.name, ("away",)):
            raise StepFailed(Cause(code="fake-away", what="The pretend world does not answer.", transient=True))
        live, trial = _copy(context.release, "live"), _copy(context.release, "trial")
        removed: list[str] = []
        with self.world.change() as world:
            last_words = {name: world["lines"].get(name, []) for name in (trial, live)}
            if step.name == "start-trial" and world["copies"].pop(trial, None):
                removed.append(trial)
            if step.name == "switch":
                previous = _copy(context.previous, "live") if context.previous else None
                if previous != live and world["copies"].get(live, {}).get("deployment") == context.deployment_id:
                    if context.rollback:
                        world["copies"][live] |= {"running": False, "deployment": world["copies"][live]["made_by"]}
                    else:
                        del world["copies"][live]
                        removed.append(live)
                if previous in world["copies"]:
                    world["copies"][previous]["running"] = True
                    world["live"] = previous
                else:
                    world["live"] = None
            world["effects"].append([context.deployment_id, step.name, "undo"])
        for name in removed:
            for line in last_words[name]:
                context.emit(line, "out", "trial" if name == trial else "app")
            await context.record("copy", name, name, True, "removed")

    async def _effect(self, step: StepPlan, context: StepContext, *, half: bool) -> dict[str, Any]:
        live, trial = _copy(context.release, "live"), _copy(context.release, "trial")
        made = {"start-trial": trial, "switch": live}.get(step.name)
        if made:
            await context.record("copy", made, made, True, "intended")
        with self.world.change() as world:
            slot = f"{context.release.project_id} {context.release.environment}"
            if world["fences"].get(slot, 0) > context.fence:
                raise StepFailed(Cause(code="fake-fence", what="A later deployment has been here."))
            world["fences"][slot] = context.fence
            result = _change(world, step.name, context, live, trial, half)
            if context.config.hooks.command(step.name) is not None:
                result = {"exit_code": 0}
            world["effects"].append([context.deployment_id, step.name, "half" if half else "act"])
        if made:
            await context.record("copy", made, made, True, "present")
        if step.name == "settle":
            await context.record("copy", trial, trial, True, "removed")
        return result

    async def _suffer(self, fault: str, context: StepContext) -> None:
        """The slow faults: both listen to cancellation."""
        if fault not in ("slow", "hang"):
            return
        limit_s = SLOW_S if fault == "slow" else 3600.0
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(context.cancelled.wait(), limit_s)
            raise StepCanceled

    def _next_fault(self, step: str, kinds: tuple[str, ...]) -> str:
        with self.world.change() as world:
            waiting: list[str] = world["faults"].get(step, [])
            kind = waiting[0].removesuffix(FOR_GOOD) if waiting else ""
            if kind not in kinds:
                return ""
            if not waiting[0].endswith(FOR_GOOD):
                waiting.pop(0)
            return kind

    # --- copies ---------------------------------------------------------------------------------------------------------------

    async def endpoint(self, role: Role, context: StepContext) -> Endpoint | None:
        world = self.world.read()
        name = _role(role, context)
        if name is None or name not in world["copies"]:
            return None
        return Endpoint(f"{world['base_url']}/{name}")

    async def liveness(self, role: Role, context: StepContext) -> Liveness:
        name = _role(role, context)
        return self._liveness(name) if name else Liveness(running=False, detail="no such copy")

    async def tail(self, role: Role, context: StepContext, lines: int) -> tuple[str, ...]:
        name = _role(role, context)
        said: list[str] = self.world.read()["lines"].get(name, []) if name else []
        return tuple(context.redact(line) for line in said[-lines:])

    async def artifact(self, context: StepContext) -> dict[str, Any]:
        return {"image": _image(context), "copy": _copy(context.release, "live")}

    async def status(self, release: Release, config: DeploymentConfig) -> Liveness:
        return self._liveness(_copy(release, "live"))

    async def restorable(self, release: Release, config: DeploymentConfig) -> tuple[Restorable, str]:
        world = self.world.read()
        if _copy(release, "live") in world["copies"]:
            return Restorable.KEPT, "its stopped copy is kept"
        if release.id in world["images"]:
            return Restorable.IMAGE, "its image is there"
        return Restorable.NO, "neither its copy nor its image is there any more"

    async def logs(
        self, release: Release, config: DeploymentConfig, *, since: datetime | None, follow: bool, tail: int | None
    ) -> AsyncIterator[LogLine]:
        said: list[str] = self.world.read()["lines"].get(_copy(release, "live"), [])
        for number, text in enumerate(said, start=1):
            if tail is None or number > len(said) - tail:
                yield LogLine(seq=number, at=utc_now(), stream="out", text=text, source="app")

    async def holdings(self, release: Release, config: DeploymentConfig) -> tuple[PlanItem, ...]:
        if self._next_fault("holdings", ("away",)):
            raise DeployDeckError("fake-away", "The pretend world does not answer.", transient=True)
        world = self.world.read()
        copies = [("copy", name) for name, copy in world["copies"].items() if copy["release"] == release.id]
        images = [("image", release.id)] if release.id in world["images"] else []
        return tuple(PlanItem(action=PlanAction.REMOVE, kind=kind, name=name) for kind, name in (*copies, *images))

    async def remove(self, release: Release, config: DeploymentConfig) -> tuple[str, ...]:
        if self._next_fault("remove", ("before",)):
            raise DeployDeckError("fake-before", "The pretend world refused.")
        with self.world.change() as world:
            gone = [name for name, copy in world["copies"].items() if copy["release"] == release.id]
            for name in gone:
                del world["copies"][name]
            if world["live"] in gone:
                world["live"] = None
            if release.id in world["images"]:
                world["images"].remove(release.id)
                gone.append(release.id)
            world["effects"].append([release.id, "remove", "act"])
        return tuple(gone)

    async def invocation(
        self,
        release: Release,
        config: DeploymentConfig,
        command: Sequence[str],
        variables: Mapping[str, str] | None,
        *,
        terminal: bool,
    ) -> Invocation:
        return Invocation(tuple(command), {"PATH": os.environ.get("PATH", ""), **(variables or {})})

    async def close(self) -> None:
        return None

    def _liveness(self, name: str) -> Liveness:
        world = self.world.read()
        copy = world["copies"].get(name)
        if copy is None:
            return Liveness(running=False, detail="no such copy")
        if copy["release"] in world["dying"]:
            return Liveness(running=False, exit_code=1, oom_killed=False, detail=name)
        return Liveness(running=bool(copy["running"]), exit_code=None if copy["running"] else 0, detail=name)


def _change(world: dict[str, Any], step: str, context: StepContext, live: str, trial: str, half: bool) -> dict[str, Any]:
    """The effect of a step on the world; `half` stops in the middle."""
    release, deployment = context.release.id, context.deployment_id
    copies: dict[str, Any] = world["copies"]
    if step == "build":
        if not half and release not in world["images"]:
            world["images"].append(release)
        return {"image": release}
    if step == "start-trial":
        copies[trial] = {"release": release, "deployment": deployment, "made_by": deployment, "running": not half}
        _say(world, trial, f"{context.release.label} starts")
        return {"copy": trial}
    if step == "switch":
        made_by = copies.get(live, {}).get("made_by", deployment)
        copies[live] = {"release": release, "deployment": deployment, "made_by": made_by, "running": True}
        if not half:
            previous = _copy(context.previous, "live") if context.previous else None
            if previous in copies and previous != live:
                copies[previous]["running"] = False
            world["live"] = live
        _say(world, live, f"{context.release.label} starts at {time.time():.3f}")
        return {"copy": live, "previous": context.previous.id if context.previous else None}
    if step == "settle":
        copies.pop(trial, None)
        return {"removed": trial}
    return {}


def _say(world: dict[str, Any], name: str, text: str) -> None:
    lines: list[str] = world["lines"].setdefault(name, [])
    lines.append(text)
    del lines[:-MAX_LOG_LINES]


def _image(context: StepContext) -> str:
    """Images are called after the release they were built for."""
    origin = context.release.origin
    return str(origin.artifact.get("image")) if origin else context.release.id


def _copy(release: Release, role: str) -> str:
    return f"{release.id}-{role}"


def _role(role: Role, context: StepContext) -> str | None:
    if role == "previous":
        return _copy(context.previous, "live") if context.previous else None
    return _copy(context.release, role)


def _seen(done: bool, facts: dict[str, Any]) -> Observation:
    return Observation(Seen.DONE, facts) if done else Observation(Seen.ABSENT)


_BEFORE = {
    "before": Cause(code="fake-before", what="The pretend world refused."),
    "transient": Cause(code="fake-busy", what="The pretend world is busy.", transient=True),
    "expired": Cause(code="credentials-expired", what="The pretend credentials have expired.", hint="Sign in again."),
}
_ACT_FAULTS = (*_BEFORE, "after", "transient-after", "partial", "slow", "hang", "crash", "sick")
