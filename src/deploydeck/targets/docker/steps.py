"""The steps of a deployment on one Engine, strategy recreate-warm (facts/deploying.md 5.4)."""

from __future__ import annotations

from typing import Any, Protocol

from deploydeck.domain import Phase, StepPlan
from deploydeck.targets.base import Observation, StepContext
from deploydeck.targets.docker.copies import Build, Create, Preflight, Retire, Trial
from deploydeck.targets.docker.engine import Engine
from deploydeck.targets.docker.live import Prune, Settle, Switch


class Step(Protocol):
    """One step: observe, act and undo as in `targets.base.Target`."""

    async def observe(self, context: StepContext) -> Observation: ...

    async def act(self, context: StepContext) -> dict[str, Any]: ...

    async def undo(self, context: StepContext) -> None: ...


PLANS: tuple[StepPlan, ...] = (
    StepPlan(
        name="preflight", phase=Phase.PREFLIGHT, title="Check the Engine, the port and the disk", deadline_s=60, undoable=False
    ),
    StepPlan(name="build", phase=Phase.BUILD, title="Build the image", deadline_s=3600),
    StepPlan(name="create", phase=Phase.PROVISION, title="Create the new container", deadline_s=120),
    StepPlan(name="trial", phase=Phase.START_NEW, title="Start a trial copy", deadline_s=120),
    StepPlan(name="verify", phase=Phase.VERIFY, title="Wait until the trial copy is healthy", gate="trial"),
    StepPlan(name="retire", phase=Phase.VERIFY, title="Remove the trial copy", deadline_s=120, undoable=False),
    StepPlan(name="switch", phase=Phase.SWITCH, title="Stop the old copy, start the new one", deadline_s=180),
    StepPlan(name="watch", phase=Phase.OBSERVE, title="Watch the new copy where people reach it", gate="live"),
    StepPlan(name="settle", phase=Phase.POST_HOOKS, title="Let the new copy survive a restart of the machine", deadline_s=60),
    StepPlan(name="prune", phase=Phase.PRUNE, title="Remove what is too old", deadline_s=300, undoable=False),
)
"""The steps in order; the gates have no handler of ours: the deployment engine asks the health of that copy."""


def handlers(engine: Engine) -> dict[str, Step]:
    kinds: dict[str, type[Any]] = {
        "preflight": Preflight, "build": Build, "create": Create, "trial": Trial, "retire": Retire,
        "switch": Switch, "settle": Settle, "prune": Prune,
    }  # fmt: skip
    return {name: kind(engine) for name, kind in kinds.items()}
