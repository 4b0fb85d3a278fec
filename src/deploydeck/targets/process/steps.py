"""The steps of a deployment without containers: the same names and order as on the Engine, processes instead of containers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Protocol

from deploydeck.domain import Cause, Kind, Phase, Severity, StepPlan
from deploydeck.targets import ports
from deploydeck.targets.base import Observation, Seen, StepContext, StepFailed
from deploydeck.targets.process import building, checks, environment, layout, running
from deploydeck.targets.process.layout import Layout

LIVE, TRIAL = "live", "trial"


class Step(Protocol):
    """One step: observe, act and undo as in `targets.base.Target`."""

    async def observe(self, context: StepContext) -> Observation: ...

    async def act(self, context: StepContext) -> dict[str, Any]: ...

    async def undo(self, context: StepContext) -> None: ...


class Base:
    def __init__(self, releases: Path, logs: Path) -> None:
        self.releases, self.logs = releases, logs

    def place(self, context: StepContext) -> Layout:
        return Layout.of(self.releases, context.config, context.release)

    def previous(self, context: StepContext) -> Layout | None:
        """Where the release that was live before stands; None when there is none."""
        if context.previous is None:
            return None
        place = Layout.of(self.releases, context.previous_config or context.config, context.previous)
        return place if place.built.exists() and place != self.place(context) else None

    def order(self, context: StepContext, role: str, port: int) -> running.Order:
        return running.Order(context.deployment_id, context.release.id, role, port, str(self.logs))

    async def refuse_higher_fence(self, context: StepContext) -> None:
        """Raise StepFailed when something newer than this deployment has touched the slot; else leave our number there."""
        slot = layout.slot_of(self.releases, context.config)
        held = int(layout.read_json(slot / "fence.json").get("fence", 0))
        if held > context.fence:
            raise StepFailed(
                Cause(
                    code="lock-lost", what="A newer deployment works on this environment.",
                    why=f"It holds lock number {held}; this deployment holds {context.fence}.",
                    hint="Look at the newer deployment; start this one again when it is finished.",
                )
            )  # fmt: skip
        if held != context.fence:
            await asyncio.to_thread(
                layout.write_json, slot / "fence.json", {"fence": context.fence, "deployment": context.deployment_id}
            )

    async def undo(self, context: StepContext) -> None:
        """Nothing to take back."""


class Preflight(Base):
    async def observe(self, context: StepContext) -> Observation:
        return Observation(Seen.ABSENT, detail="A check leaves nothing behind; it is made again.")

    async def act(self, context: StepContext) -> dict[str, Any]:
        found = await asyncio.to_thread(checks.preflight, context.config, self.releases, context.rollback)
        blocking = [item for item in found if item.severity is Severity.ERROR]
        if blocking:
            others = tuple(item.message for item in blocking[1:])
            raise StepFailed(Cause(code=blocking[0].code, what=blocking[0].message, hint=blocking[0].hint, evidence=others))
        for item in found:
            if item.severity is not Severity.ERROR:
                context.emit(item.message, "note", "deploy")
        await self.refuse_higher_fence(context)
        return {"findings": [item.code for item in found]}


class Build(Base):
    async def observe(self, context: StepContext) -> Observation:
        place = self.place(context)
        built = layout.read_json(place.built)
        if built.get("release") == context.release.id:
            return Observation(Seen.DONE, {"directory": place.relative(self.releases)})
        return Observation(Seen.PARTIAL if place.base.exists() else Seen.ABSENT, detail=f"{place.base.name} is not whole.")

    async def act(self, context: StepContext) -> dict[str, Any]:
        place = self.place(context)
        if (await self.observe(context)).seen is not Seen.DONE:
            if context.rollback:
                raise StepFailed(
                    Cause(
                        code="release-gone", what=f"The directory of {context.release.label} is not there any more.",
                        why="A new build would not be the same release.", hint="Deploy the source of that release again.",
                    )
                )  # fmt: skip
            name = place.relative(self.releases)
            await context.record("directory", name, name, True, "intended")
            await building.build(context, place)
            await context.record("directory", name, name, True, "present")
        return {"directory": place.relative(self.releases)}

    async def undo(self, context: StepContext) -> None:
        place = self.place(context)
        made_by = layout.read_json(place.built).get("deployment", context.deployment_id)
        if context.rollback or made_by != context.deployment_id or not place.base.exists():
            return
        for role in (TRIAL, LIVE):
            await running.stop(place, role)
        await asyncio.to_thread(layout.delete, place.base)
        name = place.relative(self.releases)
        await context.record("directory", name, name, True, "removed")


class _Copy(Base):
    async def start(self, context: StepContext, role: str, port: int) -> dict[str, Any]:
        """Record, write down how it is started, start. A kept release starts with the variables it had."""
        place, config = self.place(context), context.config
        name = f"{place.relative(self.releases)}/{role}"
        await context.record("process", name, name, True, "intended")
        if not (context.rollback and place.launch.exists()):
            recipe = config.recipe
            static = None
            if recipe.kind is Kind.STATIC:
                served = await asyncio.to_thread(building.static_directory, place, recipe.static_dir)
                static = {"directory": served.relative_to(place.source.resolve()).as_posix(), "single_page": recipe.single_page}
            launch = {
                "argv": list(recipe.start), "static": static, "env": environment.run(place, recipe, context.variables),
                "secret_names": [item.name for item in config.variables if item.secret],
                "port_from_env": recipe.port_from_env, "host": config.bind_address,
            }  # fmt: skip
            await asyncio.to_thread(running.write_launch, place, launch)
        state = await running.start(place, self.order(context, role, port), host="127.0.0.1" if role == TRIAL else "")
        await context.record("process", name, name, True, "present")
        return {"pid": (state.get("program") or {}).get("pid"), "port": port, "name": name}

    async def stop(self, context: StepContext, role: str) -> None:
        place = self.place(context)
        if not running.state_of(place, role):
            return
        await running.stop(place, role)
        name = f"{place.relative(self.releases)}/{role}"
        await context.record("process", name, name, True, "stopped")


class Trial(_Copy):
    async def observe(self, context: StepContext) -> Observation:
        place = self.place(context)
        state = running.state_of(place, TRIAL)
        if state.get("deployment") != context.deployment_id:
            return Observation(Seen.PARTIAL if running.running(place, TRIAL) else Seen.ABSENT)
        return Observation(Seen.DONE, {"pid": (state.get("program") or {}).get("pid"), "port": state["port"]})

    async def act(self, context: StepContext) -> dict[str, Any]:
        await self.refuse_higher_fence(context)
        found = await self.observe(context)
        if found.seen is Seen.DONE and running.running(self.place(context), TRIAL):
            return found.facts
        await running.stop(self.place(context), TRIAL)
        return await self.start(context, TRIAL, ports.free_port("127.0.0.1"))

    async def undo(self, context: StepContext) -> None:
        await self.stop(context, TRIAL)
        running.forget(self.place(context), TRIAL)


class Retire(_Copy):
    async def observe(self, context: StepContext) -> Observation:
        gone = not running.state_of(self.place(context), TRIAL)
        return Observation(Seen.DONE if gone else Seen.ABSENT, {})

    async def act(self, context: StepContext) -> dict[str, Any]:
        await self.stop(context, TRIAL)
        running.forget(self.place(context), TRIAL)
        return {}


class Switch(_Copy):
    def others(self, context: StepContext) -> list[Layout]:
        """Releases of this slot, and the one that was live, that run and are not the new one."""
        own, previous = self.place(context), self.previous(context)
        places = list(layout.siblings(own.slot))
        if previous is not None and previous not in places:
            places.append(previous)
        return [place for place in places if place != own and running.running(place, LIVE)]

    async def observe(self, context: StepContext) -> Observation:
        place = self.place(context)
        state, others = running.state_of(place, LIVE), self.others(context)
        alive = running.running(place, LIVE)
        if alive and not others and state.get("port") == context.config.published_port:
            return Observation(Seen.DONE, {"pid": (state.get("program") or {}).get("pid"), "port": state["port"]})
        # half a switch is finished by acting again: nothing has to be taken back first
        return Observation(Seen.ABSENT, detail=f"The new copy {'runs' if alive else 'does not run'}; {len(others)} others run.")

    async def act(self, context: StepContext) -> dict[str, Any]:
        await self.refuse_higher_fence(context)
        stopped = []
        for other in self.others(context):
            name = f"{other.relative(self.releases)}/{LIVE}"
            context.emit(f"stopping {name} (up to {running.STOP_GRACE_S:g} s)", "note", "deploy")
            await running.stop(other, LIVE)
            await context.record("process", name, name, False, "stopped")
            stopped.append(name)
        place, config = self.place(context), context.config
        if running.running(place, LIVE) and running.state_of(place, LIVE).get("port") != config.published_port:
            await running.stop(place, LIVE)
        if not running.running(place, LIVE) and ports.bind_error(config.bind_address, config.published_port):
            by = ports.holder(config.published_port)
            raise StepFailed(
                Cause(
                    code="port-taken", what=f"Port {config.published_port} is taken{f' by {by}' if by else ''}.",
                    hint="Stop what holds it, or choose another published_port.",
                )
            )  # fmt: skip
        context.emit(f"starting {context.release.label} on port {config.published_port}", "note", "deploy")
        return {**await self.start(context, LIVE, config.published_port), "stopped": stopped}

    async def undo(self, context: StepContext) -> None:
        if context.previous is not None and context.previous.id == context.release.id:
            return  # it was live before: nothing was switched
        await self.refuse_higher_fence(context)
        await self.stop(context, LIVE)
        back = self.previous(context)
        if back is not None and context.previous is not None:
            config = context.previous_config or context.config
            order = running.Order(context.deployment_id, context.previous.id, LIVE, config.published_port, str(self.logs))
            await running.start(back, order)
            running.settle(back, LIVE, on=True)
            name = f"{back.relative(self.releases)}/{LIVE}"
            await context.record("process", name, name, False, "present")
        elif context.previous is not None:
            raise StepFailed(
                Cause(
                    code="previous-gone", what=f"The directory of {context.previous.label} is not there any more.",
                    hint="Deploy again.",
                )
            )  # fmt: skip


class Settle(Base):
    async def observe(self, context: StepContext) -> Observation:
        return Observation(Seen.DONE if running.settled(self.place(context), LIVE) else Seen.ABSENT, {})

    async def act(self, context: StepContext) -> dict[str, Any]:
        if (old := self.previous(context)) is not None:
            running.settle(old, LIVE, on=False)
        running.settle(self.place(context), LIVE, on=True)
        return {"restart": "after a crash"}

    async def undo(self, context: StepContext) -> None:
        running.settle(self.place(context), LIVE, on=False)


class Prune(Base):
    def candidates(self, context: StepContext) -> list[Layout]:
        """Directories that go: not current, not previous, not running, not among the newest `keep_releases` whole ones."""
        own, previous = self.place(context), self.previous(context)
        places = list(layout.siblings(own.slot))
        whole = sorted((place for place in places if place.built.exists()), key=_age, reverse=True)
        kept = [own, *([previous] if previous else []), *whole[: context.config.keep_releases]]
        return [place for place in places if place not in kept and not running.running(place, LIVE)]

    async def observe(self, context: StepContext) -> Observation:
        return Observation(Seen.ABSENT if await asyncio.to_thread(self.candidates, context) else Seen.DONE, {})

    async def act(self, context: StepContext) -> dict[str, Any]:
        await self.refuse_higher_fence(context)
        removed = []
        for place in await asyncio.to_thread(self.candidates, context):
            name = place.relative(self.releases)
            try:
                await asyncio.to_thread(layout.delete, place.base)
            except OSError as error:
                context.emit(f"could not remove the old release {name}: {error.strerror}", "note", "deploy")
                continue
            await context.record("directory", name, name, False, "removed")
            context.emit(f"removed the old release {name}", "note", "deploy")
            removed.append(name)
        return {"removed": removed}


def _age(place: Layout) -> tuple[str, str]:
    """Newest last: by the release's id, which sorts by the time it was made."""
    built = layout.read_json(place.built)
    return str(built.get("release", "")), str(built.get("at", ""))


PLANS: tuple[StepPlan, ...] = (
    StepPlan(
        name="preflight", phase=Phase.PREFLIGHT, title="Check the tools, the port and the disk", deadline_s=120, undoable=False
    ),
    StepPlan(name="build", phase=Phase.BUILD, title="Copy the project, install and build it", deadline_s=3600),
    StepPlan(name="trial", phase=Phase.START_NEW, title="Start a trial copy", deadline_s=120),
    StepPlan(name="verify", phase=Phase.VERIFY, title="Wait until the trial copy is healthy", gate="trial"),
    StepPlan(name="retire", phase=Phase.VERIFY, title="Stop the trial copy", deadline_s=120, undoable=False),
    StepPlan(name="switch", phase=Phase.SWITCH, title="Stop the old copy, start the new one", deadline_s=180),
    StepPlan(name="watch", phase=Phase.OBSERVE, title="Watch the new copy where people reach it", gate="live"),
    StepPlan(name="settle", phase=Phase.POST_HOOKS, title="Let the new copy start again after a crash", deadline_s=60),
    StepPlan(name="prune", phase=Phase.PRUNE, title="Remove what is too old", deadline_s=300, undoable=False),
)
TRIAL_STEPS = frozenset({"trial", "verify", "retire"})


def handlers(releases: Path, logs: Path) -> dict[str, Step]:
    kinds: dict[str, type[Any]] = {
        "preflight": Preflight, "build": Build, "trial": Trial, "retire": Retire, "switch": Switch,
        "settle": Settle, "prune": Prune,
    }  # fmt: skip
    return {name: kind(releases, logs) for name, kind in kinds.items()}
