"""The places releases can live, behind one protocol.

A new target is a module with a class that passes tests/targets/contract and a row in `TARGETS`. Nothing of an SDK is imported
before a target is used.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from deploydeck.domain import DeployDeckError
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
    Target,
    TargetPlan,
)
from deploydeck.targets.probe import probe

__all__ = [
    "TARGETS",
    "Capabilities",
    "Endpoint",
    "Invocation",
    "Observation",
    "Restorable",
    "Role",
    "Seen",
    "StepCanceled",
    "StepContext",
    "StepFailed",
    "Target",
    "TargetKind",
    "TargetPlan",
    "open_target",
    "probe",
]


@dataclass(frozen=True)
class TargetKind:
    """A kind of target before it is opened: where its class lives, what a face may say of it."""

    module: str
    factory: str
    capabilities: Capabilities


TARGETS: Mapping[str, TargetKind] = MappingProxyType(
    {
        "docker": TargetKind(
            module="deploydeck.targets.docker.target",
            factory="DockerTarget",
            capabilities=Capabilities(
                needs_dockerfile=True,
                trial_copy=True,
                follows_logs=True,
                kept_for_rollback=True,
                description="The Docker Engine of this machine",
                promotes=True,
            ),
        ),
        "process": TargetKind(
            module="deploydeck.targets.process.target",
            factory="ProcessTarget",
            capabilities=Capabilities(
                needs_dockerfile=False,
                trial_copy=True,
                follows_logs=True,
                kept_for_rollback=True,
                description="A process on this machine, without containers",
                caution="Meant for previews: no isolation, no resource limits, and it does not come back after a reboot.",
            ),
        ),
    }
)


def open_target(name: str, settings: Settings, paths: Paths) -> Target:
    """The target of that name. Connects to nothing yet. Raises DeployDeckError `target-unknown`."""
    kind = TARGETS.get(name)
    if kind is None:
        near = difflib.get_close_matches(name, TARGETS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Targets: {', '.join(TARGETS)}."
        raise DeployDeckError("target-unknown", f"There is no target named {name!r}.", hint=hint)
    target: Target = getattr(importlib.import_module(kind.module), kind.factory)(settings, paths)
    return target
