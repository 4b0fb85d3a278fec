"""The process target: the protocol of `targets.base` for this machine without containers."""

from __future__ import annotations

import asyncio
import contextlib
import platform
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from deploydeck.domain import (
    Cause,
    DeployDeckError,
    DeploymentConfig,
    Finding,
    Liveness,
    LogLine,
    PlanAction,
    PlanItem,
    Release,
    StepPlan,
)
from deploydeck.settings import Paths, Settings
from deploydeck.store.logs import LogStore
from deploydeck.targets import TARGETS, ports
from deploydeck.targets.base import Endpoint, Invocation, Observation, Restorable, Role, Seen, StepContext, StepFailed, TargetPlan
from deploydeck.targets.process import checks, environment, layout, running, steps, tasks
from deploydeck.targets.process.layout import Layout

BATCH = 1000
POLL_S = 0.3


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    """A full or broken disk is a cause, not a traceback."""
    try:
        yield
    except OSError as error:
        full = error.errno == 28
        raise StepFailed(
            Cause(
                code="disk-full" if full else "disk-error", what="The disk is full." if full else "The disk refused.",
                why=str(error), hint="Free space." if full else "Check owner and permissions of the data directory.",
            )
        ) from error  # fmt: skip


class ProcessTarget:
    """This machine. Methods that take a StepContext raise StepFailed, the others DeployDeckError."""

    name = "process"
    capabilities = TARGETS["process"].capabilities

    def __init__(self, settings: Settings, paths: Paths) -> None:
        self._releases = paths.releases
        self._log_directory = paths.logs
        self._logs = LogStore(paths.logs)
        self._steps = steps.handlers(paths.releases, paths.logs)

    async def identity(self) -> str:
        for name in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                if known := Path(name).read_text(encoding="ascii").strip():
                    return f"process:{known}"
        return f"process:{platform.node()}:{uuid.getnode():x}"

    async def preflight(self, config: DeploymentConfig, previous: Release | None, built: bool = False) -> tuple[Finding, ...]:
        """As in `Target`; for what is built already, what only a build needs is not looked at."""
        return await asyncio.to_thread(checks.preflight, config, self._releases, built)

    async def plan(self, config: DeploymentConfig, release: Release, previous: Release | None, rollback: bool) -> TargetPlan:
        place = Layout.of(self._releases, config, release)
        name = place.relative(self._releases)
        trial = checks.choosable_port(config.recipe)
        where = f"{config.bind_address}:{config.published_port}"
        action = PlanAction.REUSE if rollback else PlanAction.CREATE
        items = [PlanItem(action=action, kind="directory", name=name, detail="a copy of the project with its own environment")]
        if trial:
            items.append(
                PlanItem(action=PlanAction.CREATE, kind="process", name=f"{name}/trial", detail="stopped before the switch")
            )
        items.append(PlanItem(action=PlanAction.CREATE, kind="process", name=f"{name}/live", detail=f"listens on {where}"))
        for other in await asyncio.to_thread(lambda: list(layout.siblings(place.slot))):
            if other != place and running.running(other, steps.LIVE):
                detail = "stopped at the switch, kept for rollback; people wait a few seconds"
                items.append(
                    PlanItem(action=PlanAction.STOP, kind="process", name=f"{other.relative(self._releases)}/live", detail=detail)
                )
        warnings = [self.capabilities.caution]
        if not trial:
            warnings.append(
                "The program always listens on the same port, so there is no trial copy: it is first seen at the switch."
            )
        if config.limits.memory_bytes is not None or config.limits.cpus is not None:
            warnings.append("Memory and CPU limits are not applied to a process.")
        if config.bind_address not in ("127.0.0.1", "::1", "localhost"):
            warnings.append(f"The application will be reachable from other machines on {config.bind_address}.")
        url = f"http://{ports.host_for_clients(config.bind_address)}:{config.published_port}"
        return TargetPlan(tuple(items), _plans(config, trial), url, tuple(warnings))

    async def observe(self, step: StepPlan, context: StepContext) -> Observation:
        with _disk_errors():
            handler = self._handler(step, context)
            return await handler.observe(context) if handler else Observation(Seen.UNKNOWN, detail=f"no step {step.name!r} here")

    async def act(self, step: StepPlan, context: StepContext) -> dict[str, Any]:
        with _disk_errors():
            handler = self._handler(step, context)
            if handler is None:
                raise StepFailed(Cause(code="step-unknown", what=f"There is no step {step.name!r} here."))
            return await handler.act(context)

    async def undo(self, step: StepPlan, context: StepContext) -> None:
        with _disk_errors():
            if handler := self._handler(step, context):
                await handler.undo(context)

    def _handler(self, step: StepPlan, context: StepContext) -> steps.Step | None:
        if context.config.hooks.command(step.name) is not None:
            return tasks.Task(self._releases, self._log_directory, step.name)
        return self._steps.get(step.name)

    async def endpoint(self, role: Role, context: StepContext) -> Endpoint | None:
        place = self._place(role, context)
        state = running.state_of(place, _copy(role)) if place else {}
        if not state:
            return None
        host = "127.0.0.1" if role == "trial" else context.config.bind_address
        return Endpoint(f"http://{ports.host_for_clients(host)}:{state['port']}")

    async def liveness(self, role: Role, context: StepContext) -> Liveness:
        place = self._place(role, context)
        if place is None:
            return Liveness(running=False, detail="There is no such copy.")
        return await asyncio.to_thread(running.liveness, place, _copy(role))

    async def tail(self, role: Role, context: StepContext, lines: int) -> tuple[str, ...]:
        place = self._place(role, context)
        deployment = running.state_of(place, _copy(role)).get("deployment") if place else None
        if not deployment:
            return ()
        reader = self._logs.reader(str(deployment), "trial" if role == "trial" else "app")
        return tuple(context.redact(line.text) for line in await asyncio.to_thread(reader.tail, lines))

    async def artifact(self, context: StepContext) -> dict[str, Any]:
        return {"directory": Layout.of(self._releases, context.config, context.release).relative(self._releases)}

    async def status(self, release: Release, config: DeploymentConfig) -> Liveness:
        return await asyncio.to_thread(running.liveness, Layout.of(self._releases, config, release), steps.LIVE)

    async def restorable(self, release: Release, config: DeploymentConfig) -> tuple[Restorable, str]:
        place = Layout.of(self._releases, config, release)
        name = place.relative(self._releases)
        if layout.read_json(place.built).get("release") == release.id:
            return Restorable.KEPT, f"The directory {name} is kept."
        return Restorable.NO, f"The directory {name} is not there."

    async def logs(
        self, release: Release, config: DeploymentConfig, *, since: datetime | None, follow: bool, tail: int | None
    ) -> AsyncIterator[LogLine]:
        place = Layout.of(self._releases, config, release)
        runs = running.runs_of(place, steps.LIVE)
        if not runs:
            raise DeployDeckError("no-output", f"{release.label} was never started here.", hint="Look at the build in the history.")
        found: list[LogLine] = []
        after = 0
        for number, deployment in enumerate(runs):
            reader = self._logs.reader(deployment, "app")
            if tail is not None:
                found += await asyncio.to_thread(reader.tail, tail)
            else:
                start = await asyncio.to_thread(reader.first_since, since) if since else 1
                while batch := await asyncio.to_thread(reader.lines, start - 1, BATCH):
                    found += batch
                    start = batch[-1].seq + 1
            if number == len(runs) - 1:
                after = await asyncio.to_thread(reader.count) if not found else max(found[-1].seq, after)
        if since is not None:
            found = [line for line in found if line.at >= since]
        sent = 0
        for line in found[-tail:] if tail else ([] if tail == 0 else found):
            sent += 1
            yield line.model_copy(update={"seq": sent, "source": "app"})
        reader = self._logs.reader(runs[-1], "app")
        while follow:
            alive = await asyncio.to_thread(running.running, place, steps.LIVE)
            for line in await asyncio.to_thread(reader.lines, after, BATCH):
                sent, after = sent + 1, line.seq
                yield line.model_copy(update={"seq": sent, "source": "app"})
            if not alive:
                return
            await asyncio.sleep(POLL_S)

    async def holdings(self, release: Release, config: DeploymentConfig) -> tuple[PlanItem, ...]:
        return await asyncio.to_thread(self._holdings, Layout.of(self._releases, config, release))

    def _holdings(self, place: Layout) -> tuple[PlanItem, ...]:
        if not place.base.exists():
            return ()
        name = place.relative(self._releases)
        copies = [("process", f"{name}/{role}") for role in (steps.TRIAL, steps.LIVE) if running.running(place, role)]
        return tuple(PlanItem(action=PlanAction.REMOVE, kind=kind, name=one) for kind, one in (*copies, ("directory", name)))

    async def remove(self, release: Release, config: DeploymentConfig) -> tuple[str, ...]:
        place = Layout.of(self._releases, config, release)
        if not place.base.exists():
            return ()
        try:
            for role in (steps.TRIAL, steps.LIVE):
                await running.stop(place, role)
            await asyncio.to_thread(layout.delete, place.base)
        except StepFailed as problem:
            raise DeployDeckError(problem.cause.code, problem.cause.what, problem.cause.why, problem.cause.hint) from problem
        except OSError as error:
            raise DeployDeckError("disk-error", f"{place.base.name} could not be removed.", str(error)) from error
        return (place.relative(self._releases),)

    async def invocation(
        self,
        release: Release,
        config: DeploymentConfig,
        command: Sequence[str],
        variables: Mapping[str, str] | None,
        *,
        terminal: bool,
    ) -> Invocation:
        """As in `Target`: in the directory of the release, with the variables its copy was started with, or these."""
        del terminal  # it is ours anyway
        place = Layout.of(self._releases, config, release)
        launch = await asyncio.to_thread(layout.read_json, place.launch)
        if not place.source.is_dir() or (variables is None and "env" not in launch):
            raise DeployDeckError("release-gone", f"The directory of {release.label} is not there any more.", hint="Deploy again.")
        env = launch["env"] if variables is None else environment.run(place, config.recipe, variables)
        return Invocation(tuple(command), {str(name): str(value) for name, value in env.items()}, str(place.source))

    async def close(self) -> None:
        """Nothing is held open."""

    def _place(self, role: Role, context: StepContext) -> Layout | None:
        if role == "previous":
            config = context.previous_config or context.config
            return Layout.of(self._releases, config, context.previous) if context.previous else None
        return Layout.of(self._releases, context.config, context.release)


def _copy(role: Role) -> str:
    return steps.TRIAL if role == "trial" else steps.LIVE


def _plans(config: DeploymentConfig, trial: bool) -> tuple[StepPlan, ...]:
    """The steps with the commands they run, gates with time for their own deadline; without the trial where there cannot be one."""
    recipe = config.recipe
    said = {
        "build": " && ".join(" ".join(command) for command in (*recipe.install, *recipe.build)),
        "switch": " ".join(recipe.start) or f"serve {recipe.static_dir}",
    }
    patience = config.health.deadline_s + config.health.stable_s + config.health.timeout_s + 30
    return tuple(
        plan.model_copy(update={"deadline_s": patience} if plan.gate else {"command": said.get(plan.name, "")})
        for plan in steps.PLANS
        if trial or plan.name not in steps.TRIAL_STEPS
    )
