"""The steps that change what people reach: switch, settle, and the removal of what is too old."""

from __future__ import annotations

from typing import Any

from deploydeck.domain import Cause
from deploydeck.targets.base import Observation, Seen, StepContext, StepFailed
from deploydeck.targets.docker import checks
from deploydeck.targets.docker.copies import Base, names, save_logs
from deploydeck.targets.docker.engine import STOP_GRACE_S, Engine, EngineProblem
from deploydeck.targets.docker.naming import LIVE, TASK, TRIAL, Names, label, labels_of, name_of
from deploydeck.targets.docker.tasks import remove_tasks


class Switch(Base):
    """Stop the old copy with grace, start the new one on the published port. From here on there is no way back but `undo`."""

    async def others(self, context: StepContext) -> list[str]:
        """Names of running live copies in this slot that are not the new one."""
        own = names(context)
        running = await self.engine.containers({**own.slot, label("role"): LIVE}, running_only=True)
        return [name_of(item) for item in running if name_of(item) != own.container]

    async def observe(self, context: StepContext) -> Observation:
        name = names(context).container
        found = await self.engine.container(name)
        if found is None:
            return Observation(Seen.ABSENT, detail=f"There is no container {name}.")
        running, others = bool(found["State"].get("Running")), await self.others(context)
        if running and not others:
            return Observation(Seen.DONE, {"container": found["Id"], "name": name})
        # half a switch (old stopped, new not started; or both run) is finished by acting again: nothing has to be taken back first
        return Observation(
            Seen.ABSENT, detail=f"{name} {'runs' if running else 'does not run'}; others that run: {', '.join(others) or 'none'}"
        )

    async def act(self, context: StepContext) -> dict[str, Any]:
        own = names(context)
        await checks.refuse_higher_fence(self.engine, own.slot, context.fence)
        found = await self.engine.container(own.container)
        if found is None:
            raise StepFailed(
                Cause(code="container-gone", what=f"The container {own.container} has vanished.", hint="Deploy again.")
            )
        stopped = await self.others(context)
        for name in stopped:
            context.emit(f"stopping {name} (up to {STOP_GRACE_S} s)", "note", "deploy")
            await self.engine.stop(name)
            await context.record("container", name, name, False, "stopped")
        context.emit(f"starting {own.container}", "note", "deploy")
        try:
            await self.engine.start(own.container)
        except EngineProblem as problem:
            if problem.cause.code != "port-taken":
                raise
            by = await checks.check_port(
                self.engine, context.config
            )  # knows containers by name, where the Engine only says "allocated"
            raise StepFailed(problem.cause.model_copy(update={"what": by[0].message} if by else {})) from problem
        return {"container": found["Id"], "name": own.container, "stopped": stopped}

    async def undo(self, context: StepContext) -> None:
        own = names(context)
        if context.previous is not None and context.previous.id == context.release.id:
            return  # it was live before: nothing was switched
        await checks.refuse_higher_fence(self.engine, own.slot, context.fence)
        back = await previous_container(self.engine, context)
        if await self.engine.container(own.container) is not None:
            await self.engine.restart_policy(own.container, "no")
            await self.engine.stop(own.container)
            await context.record("container", own.container, own.container, True, "stopped")
        if back is not None:
            await self.engine.start(back)
            await self.engine.restart_policy(back, "unless-stopped")
            await context.record("container", back, back, False, "present")
        elif context.previous is not None:
            raise StepFailed(
                Cause(
                    code="previous-gone",
                    what=f"The container of {context.previous.label} is not there any more, so it cannot be started again.",
                    hint="Roll back to a release whose image is still there.",
                )
            )


async def previous_container(engine: Engine, context: StepContext) -> str | None:
    """Name of the container of the release that was live before, None when there is none."""
    if context.previous is None:
        return None
    known = str(context.previous.artifact.get("name") or "")
    name = known or Names(context.previous_config or context.config, context.previous).container
    if name == names(context).container:
        return None
    return name if await engine.container(name) is not None else None


class Settle(Base):
    """Only now may the new copy come back after a reboot, and the old one must not."""

    async def observe(self, context: StepContext) -> Observation:
        found = await self.engine.container(names(context).container)
        policy = ((found or {}).get("HostConfig") or {}).get("RestartPolicy") or {}
        return Observation(Seen.DONE if policy.get("Name") == "unless-stopped" else Seen.ABSENT, {})

    async def act(self, context: StepContext) -> dict[str, Any]:
        if (old := await previous_container(self.engine, context)) is not None:
            await self.engine.restart_policy(old, "no")
        name = names(context).container
        await self.engine.restart_policy(name, "unless-stopped")
        return {"restart": "unless-stopped"}

    async def undo(self, context: StepContext) -> None:
        name = names(context).container
        await self.engine.restart_policy(name, "no")


class Prune(Base):
    """Remove what is older than the releases to keep. Best effort: what cannot be removed is said and left."""

    async def candidates(self, context: StepContext) -> tuple[list[str], list[str]]:
        """(containers, images) that go: not the current and previous release, not among the newest `keep_releases`."""
        own = names(context)
        held = await self.engine.containers(own.slot)
        images: list[dict[str, Any]] = await self.engine.call(
            lambda client: client.images(filters={"label": [f"{key}={value}" for key, value in own.slot.items()]})
        )
        releases = sorted({labels_of(item).get(label("release"), "") for item in (*held, *images)} - {""}, reverse=True)
        kept = {*releases[: context.config.keep_releases], context.release.id}
        if context.previous is not None:
            kept.add(context.previous.id)
        containers = [name_of(item) for item in held if _too_old(item, kept, context.deployment_id)]
        used = {item.get("ImageID") for item in await self.engine.containers({}) if name_of(item) not in containers}
        gone = [str(item["Id"]) for item in images if labels_of(item).get(label("release")) not in kept and item["Id"] not in used]
        return containers, gone

    async def observe(self, context: StepContext) -> Observation:
        containers, images = await self.candidates(context)
        ran = await self.engine.containers({**names(context).slot, label("role"): TASK})
        return Observation(Seen.ABSENT if containers or images or ran else Seen.DONE, {})

    async def act(self, context: StepContext) -> dict[str, Any]:
        await checks.refuse_higher_fence(self.engine, names(context).slot, context.fence)
        containers, images = await self.candidates(context)
        removed: list[str] = await remove_tasks(self.engine, context)
        for kind, items in (("container", containers), ("image", images)):
            for item in items:
                if await self._remove(context, kind, item):
                    removed.append(item)
        return {"removed": removed}

    async def _remove(self, context: StepContext, kind: str, item: str) -> bool:
        try:
            if kind == "container":
                await save_logs(self.engine, context, item, LIVE)
                await self.engine.delete(item)
            else:
                await self.engine.find(lambda client: client.remove_image(item, force=True))
        except EngineProblem as problem:
            context.emit(f"could not remove the old {kind} {item}: {problem.cause.what} {problem.cause.why}", "note", "deploy")
            return False
        await context.record(kind, item, item, False, "removed")
        context.emit(f"removed the old {kind} {item}", "note", "deploy")
        return True


def _too_old(item: dict[str, Any], kept: set[str], deployment_id: str) -> bool:
    """A stopped copy of a release that is not kept, or a trial that an abandoned deployment left (we hold the lock)."""
    found = labels_of(item)
    if found.get(label("role")) == TRIAL:
        return found.get(label("deployment")) != deployment_id
    return found.get(label("release")) not in kept and item.get("State") != "running"
