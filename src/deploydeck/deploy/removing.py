"""Taking an application down: one step for each release that left something on the target, the live one first.

The steps run like any other: looked at before acted on, recorded, resumed after a kill. There is nothing to take back, so the
first one is the point of no return; what fails after it is a warning, and a further removal finds what is left.
"""

from __future__ import annotations

from typing import Any

from deploydeck.domain import Phase, PlanItem, Release, StepPlan
from deploydeck.store import Store
from deploydeck.targets import Observation, Seen, StepContext, Target, TargetPlan

STEP = "remove-"
DEADLINE_S = 300.0


async def removable(store: Store, target: Target, project_id: str, environment: str) -> list[tuple[Release, tuple[PlanItem, ...]]]:
    """Releases of an environment that left something on the target, with what: the live one first, then newest first."""
    live = await store.deployments.live(project_id, environment, target.name)
    found = []
    for release in await store.deployments.releases(project_id, environment):
        if release.target == target.name:
            items = await target.holdings(release, await store.projects.config(release.config_id))
            if items or (live is not None and release.id == live[1].id):
                found.append((release, items))
    return sorted(found, key=lambda entry: live is None or entry[0].id != live[1].id)


async def removal_plan(store: Store, target: Target, project_id: str, environment: str) -> TargetPlan:
    """What taking everything of an environment down would remove. Changes nothing; no steps when there is nothing."""
    found = await removable(store, target, project_id, environment)
    live = await store.deployments.live(project_id, environment, target.name)
    steps = tuple(
        StepPlan(
            name=f"{STEP}{release.label}",
            phase=Phase.PRUNE if number else Phase.SWITCH,
            title=f"Stop and remove {release.label}",
            deadline_s=DEADLINE_S,
            undoable=False,
        )
        for number, (release, _) in enumerate(found)
    )
    items = tuple(
        item.model_copy(update={"detail": ", ".join(part for part in (release.label, item.detail) if part)})
        for release, held in found
        for item in held
    )
    url = (live[0].application_url or "") if live else ""
    return TargetPlan(items, steps, url)


class Removal:
    """The steps of a removal: what a target is asked for the other kinds of deployment."""

    def __init__(self, store: Store, target: Target) -> None:
        self._store, self._target = store, target

    async def observe(self, step: StepPlan, context: StepContext) -> Observation:
        release, items = await self._held(step, context)
        if items:
            return Observation(Seen.ABSENT, detail=f"{len(items)} things of {release.label} are there.")
        return Observation(Seen.DONE, {"removed": []})

    async def act(self, step: StepPlan, context: StepContext) -> dict[str, Any]:
        """Stop and delete everything of one release."""
        release, items = await self._held(step, context)
        for item in items:
            await context.record(item.kind, item.name, item.name, True, "present")
            context.emit(f"removing {item.kind} {item.name}", "note", "deploy")
        removed = await self._target.remove(release, await self._store.projects.config(release.config_id))
        for item in items:
            await context.record(item.kind, item.name, item.name, True, "removed")
        return {"removed": list(removed)}

    async def undo(self, step: StepPlan, context: StepContext) -> None:
        """What is removed stays removed."""

    async def _held(self, step: StepPlan, context: StepContext) -> tuple[Release, tuple[PlanItem, ...]]:
        label = step.name.removeprefix(STEP)
        release = await self._store.deployments.release_by_label(context.release.project_id, label)
        return release, await self._target.holdings(release, await self._store.projects.config(release.config_id))
