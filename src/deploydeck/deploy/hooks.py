"""Where the hooks of a configuration stand among the steps of a target."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from deploydeck.domain import PHASE_ORDER, DeploymentConfig, DeploymentKind, Phase, StepPlan

_PHASES = {
    "hook-pre": (Phase.PRE_HOOKS, "Before the deployment"),
    "hook-release": (Phase.PRE_HOOKS, "For the release"),
    "hook-post": (Phase.POST_HOOKS, "After the deployment"),
}
TITLE_CHARACTERS = 80


def with_hooks(steps: Sequence[StepPlan], config: DeploymentConfig, kind: DeploymentKind) -> tuple[StepPlan, ...]:
    """The steps with a step for each hook, after those of the target in the same phase.

    A rollback runs none: what its release changed was changed when it was deployed.
    """
    if kind is not DeploymentKind.DEPLOY:
        return tuple(steps)
    hooks = [_step(name, argv, config.hooks.timeout_s) for name, argv in config.hooks.named]
    return tuple(sorted((*steps, *hooks), key=lambda step: PHASE_ORDER.index(step.phase)))  # stable: each keeps its place


def _step(name: str, argv: tuple[str, ...], timeout_s: float) -> StepPlan:
    phase, what = _PHASES[name.rpartition("-")[0]]
    command = shlex.join(argv)
    shown = command if len(command) <= TITLE_CHARACTERS else f"{command[: TITLE_CHARACTERS - 1]}…"
    return StepPlan(name=name, phase=phase, title=f"{what}: {shown}", command=command, deadline_s=timeout_s)
