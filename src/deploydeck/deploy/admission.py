"""Which of the queued deployments a worker takes up now, and what each of the others waits for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from deploydeck.domain import Deployment

PER_PLACE = 2
"""Deployments to one place that a worker takes up at once: one works, the next holds itself ready for the lock."""


@dataclass(frozen=True)
class Limits:
    """How many deployments run at the same time: of one worker, and of those on one target."""

    worker: int
    target: int


@dataclass(frozen=True)
class Admitted:
    """`now` are taken up, oldest first; `waiting` says of each other one what it waits for, in the order of the queue."""

    now: tuple[Deployment, ...]
    waiting: tuple[tuple[Deployment, str], ...]


def admit(unfinished: Sequence[Deployment], active: Collection[str], limits: Limits) -> Admitted:
    """Decide over `unfinished` (oldest first); `active` are those that run. Nobody overtakes except whom nothing holds up."""
    running = [deployment for deployment in unfinished if deployment.id in active]
    busy = len(active)
    targets = Counter(deployment.target for deployment in running)
    places = Counter(_place(deployment) for deployment in running)
    now: list[Deployment] = []
    waiting: list[tuple[Deployment, str]] = []
    for deployment in unfinished:
        if deployment.id in active:
            continue
        place = _place(deployment)
        if places[place] >= PER_PLACE:
            reason = f"{places[place]} others go to {deployment.environment} on {deployment.target} before it"
        elif busy >= limits.worker:
            reason = f"the worker is busy with {busy}, its limit ([worker] max_parallel)"
        elif targets[deployment.target] >= limits.target:
            reason = f"{targets[deployment.target]} run on {deployment.target}, the limit there ([worker] max_per_target)"
        else:
            now.append(deployment)
            busy += 1
            targets[deployment.target] += 1
            places[place] += 1
            continue
        waiting.append((deployment, f"waiting, {len(waiting) + 1} in the queue: {reason}"))
    return Admitted(tuple(now), tuple(waiting))


def _place(deployment: Deployment) -> tuple[str, str, str]:
    """What two deployments must not change at the same time, as far as it is known without asking the target."""
    return deployment.project_id, deployment.environment, deployment.target
