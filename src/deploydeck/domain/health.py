"""Health: what to ask, what was answered, and what the platform says meanwhile."""

from __future__ import annotations

from enum import StrEnum

from deploydeck.domain.base import Utc, Value


class HealthSpec(Value):
    """When a copy counts as healthy. Times in seconds; defaults from facts/deploying.md 4.1."""

    path: str = "/"
    interval_s: float = 1.0
    timeout_s: float = 5.0
    deadline_s: float = 60.0
    stable_s: float = 3.0
    success_min: int = 200
    success_max: int = 299
    host_header: str = ""


class Probe(Value):
    """One question and its answer. `status` is the HTTP status or None when there was no answer; then `error` says why."""

    at: Utc
    url: str
    status: int | None
    elapsed_s: float
    error: str = ""
    ok: bool


class Liveness(Value):
    """What the platform says of a copy. `exit_code` and `oom_killed` are None while unknown."""

    running: bool
    exit_code: int | None = None
    oom_killed: bool | None = None
    restarts: int = 0
    detail: str = ""


class Health(StrEnum):
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"


class HealthStatus(Value):
    """The verdict of a gate or a check with its evidence: every probe, the platform's view, and the last log lines (redacted)."""

    health: Health
    reason: str
    probes: tuple[Probe, ...] = ()
    liveness: Liveness | None = None
    log_tail: tuple[str, ...] = ()
    checked_at: Utc
