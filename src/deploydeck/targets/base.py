"""The target protocol: what every place a release can live must be able to do.

A target announces steps (`StepPlan`) in the order of `Phase`; the engine walks them. For each step the engine asks `observe`
first and calls `act` only when the effect is absent; a step with a `gate` is not acted on, the engine asks the health of that copy.
Roles name copies: "trial" (the new release, not reachable by people), "live" (the new release where people reach it) and
"previous" (what was live before). A target holds no state of its own between calls: everything it needs is in the context, and
everything it learns goes into the result it returns. So a worker that was killed goes on with nothing but the recorded facts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

from deploydeck.domain import Cause, DeploymentConfig, Finding, Liveness, LogLine, PlanItem, Release, StepPlan
from deploydeck.redaction import Redactor

Role = Literal["trial", "live", "previous"]


class Seen(StrEnum):
    """What the world says about the effect of a step (facts/deploying.md 5.2)."""

    ABSENT = "absent"
    DONE = "done"
    IN_PROGRESS = "in_progress"
    PARTIAL = "partial"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Observation:
    """An answer to "has this step happened?". `facts` (JSON) become the step's result when `seen` is DONE.

    `cause` says why it is UNKNOWN, where that is known.
    """

    seen: Seen
    facts: dict[str, Any] = field(default_factory=dict)
    detail: str = ""
    cause: Cause | None = None


class StepFailed(Exception):
    """A step did not succeed. `cause.transient` says whether trying again can help."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.what)
        self.cause = cause


class StepCanceled(Exception):
    """The step noticed `context.cancelled` and has observed that its effect stopped."""


@dataclass(frozen=True)
class Endpoint:
    """Where a copy answers: base URL without path, and headers to send."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Capabilities:
    """What a target can do, asked before a face offers it."""

    needs_dockerfile: bool
    trial_copy: bool
    follows_logs: bool
    kept_for_rollback: bool
    description: str
    caution: str = ""
    promotes: bool = False
    """Whether what was built for one environment can run in another one there."""


@dataclass(frozen=True)
class Invocation:
    """A program to start on this machine, with the standard streams of whoever asked; its exit code is the answer."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    cwd: str | None = None


@dataclass(frozen=True)
class TargetPlan:
    """What a deployment would do on this target. `url` is where people will reach it."""

    items: tuple[PlanItem, ...]
    steps: tuple[StepPlan, ...]
    url: str
    warnings: tuple[str, ...] = ()


class Restorable(StrEnum):
    """How an earlier release can come back, fastest first."""

    KEPT = "kept"
    IMAGE = "image"
    NO = "no"


@dataclass
class StepContext:
    """Everything a step may know and the only ways it may speak.

    `variables` are the values to inject (secrets among them): never log, label or record them. `facts` holds the
    results of earlier steps of this deployment by step name. `previous` is the release that was live when the deployment was
    planned, `release` the one to make live; for a rollback `release.artifact` says what it left on the target. `fence` grows with
    every lock taken: write it into labels and refuse to touch anything that carries a higher one.
    """

    deployment_id: str
    config: DeploymentConfig
    release: Release
    previous: Release | None
    previous_config: DeploymentConfig | None
    rollback: bool
    fence: int
    facts: dict[str, dict[str, Any]]
    variables: Mapping[str, str]
    redact: Redactor
    cancelled: asyncio.Event
    data_dir: str
    emit: Callable[[str, str, str], None]
    """emit(text, stream, source): one line of output; stream is out, err or note; source is build, app, … Never blocks; redacts."""
    progress: Callable[[float, float, str], None]
    """progress(done, total, unit): how far a step of known size is."""
    record: Callable[[str, str, str, bool, str], Awaitable[None]]
    """await record(kind, external_id, name, created_by_us, state): a resource: intended, present, stopped, removed."""


@runtime_checkable
class Target(Protocol):
    """One place releases can live. Methods raise StepFailed (steps) or DeployDeckError (everything else)."""

    name: str
    capabilities: Capabilities

    async def identity(self) -> str:
        """What the lock key is made from: the engine's or machine's own id, never a nickname."""
        ...

    async def preflight(self, config: DeploymentConfig, previous: Release | None, built: bool = False) -> tuple[Finding, ...]:
        """Everything that would stop a deployment, found before the first change. Severity error blocks.

        `built`: a rollback or promotion starts what was built before; what only a build needs (source, Dockerfile, tools) must not
        block it.
        """
        ...

    async def plan(self, config: DeploymentConfig, release: Release, previous: Release | None, rollback: bool) -> TargetPlan:
        """What will be created, replaced, stopped, kept; and the steps. Changes nothing."""
        ...

    async def observe(self, step: StepPlan, context: StepContext) -> Observation:
        """Look at the world: has this step's effect happened for this deployment?"""
        ...

    async def act(self, step: StepPlan, context: StepContext) -> dict[str, Any]:
        """Make it happen; the result (JSON) is recorded. Records external ids before creating. Polls `context.cancelled`."""
        ...

    async def undo(self, step: StepPlan, context: StepContext) -> None:
        """Take the effect of a step back, whole or partial; harmless when absent. Undoing the switch brings `previous` back.

        Returns only when the effect was seen to be gone. What a copy that goes has written is in the deployment's log afterwards.
        A transient failure is tried again, so it must not be raised for what will never work.
        """
        ...

    async def endpoint(self, role: Role, context: StepContext) -> Endpoint | None:
        """Where that copy answers, or None when there is no such copy."""
        ...

    async def liveness(self, role: Role, context: StepContext) -> Liveness:
        """Whether that copy's process runs, else its exit code and why."""
        ...

    async def tail(self, role: Role, context: StepContext, lines: int) -> tuple[str, ...]:
        """The last lines that copy wrote, redacted, oldest first."""
        ...

    async def artifact(self, context: StepContext) -> dict[str, Any]:
        """What names this release on the target from now on (JSON, no secrets); stored with the release after success."""
        ...

    async def status(self, release: Release, config: DeploymentConfig) -> Liveness:
        """Whether a release that was deployed earlier runs now."""
        ...

    async def restorable(self, release: Release, config: DeploymentConfig) -> tuple[Restorable, str]:
        """How this release could come back, and a sentence that says what was looked at."""
        ...

    def logs(
        self, release: Release, config: DeploymentConfig, *, since: datetime | None, follow: bool, tail: int | None
    ) -> AsyncIterator[LogLine]:
        """The program's own output, oldest first. Free of the secrets this copy was given; not sanitised."""
        ...

    async def holdings(self, release: Release, config: DeploymentConfig) -> tuple[PlanItem, ...]:
        """Everything of this release on the target, as `remove` would take it away; empty when there is nothing."""
        ...

    async def remove(self, release: Release, config: DeploymentConfig) -> tuple[str, ...]:
        """Stop and delete everything of this release on the target; names what was removed. Afterwards it has no holdings."""
        ...

    async def invocation(
        self,
        release: Release,
        config: DeploymentConfig,
        command: Sequence[str],
        variables: Mapping[str, str] | None,
        *,
        terminal: bool,
    ) -> Invocation:
        """How to run a command of a release: in the copy that runs, or with `variables` in a copy of its own that goes with it.

        `terminal`: a person types at it. No value of a variable may stand in the arguments. Raises DeployDeckError.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
