"""The places releases can live, behind one protocol."""

from deploydeck.targets.base import (
    Capabilities,
    Endpoint,
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

__all__ = [
    "Capabilities",
    "Endpoint",
    "Observation",
    "Restorable",
    "Role",
    "Seen",
    "StepCanceled",
    "StepContext",
    "StepFailed",
    "Target",
    "TargetPlan",
]
