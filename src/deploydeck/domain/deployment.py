"""Releases, deployments, steps and events: the states of facts/deploying.md section 5 and what is recorded of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from deploydeck.domain.base import Utc, Value
from deploydeck.domain.health import HealthStatus


class DeploymentState(StrEnum):
    DRAFT = "draft"
    PLANNED = "planned"
    AWAITING_APPROVAL = "awaiting_approval"
    QUEUED = "queued"
    ACQUIRING_LOCK = "acquiring_lock"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELING = "canceling"
    ROLLING_BACK = "rolling_back"
    RECOVERING = "recovering"
    SUCCEEDED = "succeeded"
    SUCCEEDED_WITH_WARNINGS = "succeeded_with_warnings"
    FAILED_UNCHANGED = "failed_unchanged"
    ROLLED_BACK = "rolled_back"
    PARTIALLY_APPLIED = "partially_applied"
    ROLLBACK_FAILED = "rollback_failed"
    CANCELED = "canceled"
    SUPERSEDED = "superseded"
    ABANDONED = "abandoned"

    @property
    def terminal(self) -> bool:
        return self in EXIT_CODES

    @property
    def succeeded(self) -> bool:
        return self in (DeploymentState.SUCCEEDED, DeploymentState.SUCCEEDED_WITH_WARNINGS)


EXIT_CODES: dict[DeploymentState, int] = {
    DeploymentState.SUCCEEDED: 0,
    DeploymentState.SUCCEEDED_WITH_WARNINGS: 0,
    DeploymentState.FAILED_UNCHANGED: 1,
    DeploymentState.SUPERSEDED: 1,
    DeploymentState.ABANDONED: 1,
    DeploymentState.ROLLED_BACK: 3,
    DeploymentState.ROLLBACK_FAILED: 4,
    DeploymentState.PARTIALLY_APPLIED: 4,
    DeploymentState.CANCELED: 130,
}
"""Exit code by terminal state (facts/deploying.md 5.1); its keys are the terminal states. 2 is usage, 5 is a lock."""

EXIT_USAGE = 2
EXIT_LOCKED = 5


class Phase(StrEnum):
    """The order every target follows. SWITCH is the point of no return."""

    PREFLIGHT = "preflight"
    BUILD = "build"
    PUSH = "push"
    PROVISION = "provision"
    PRE_HOOKS = "pre_hooks"
    START_NEW = "start_new"
    VERIFY = "verify"
    SWITCH = "switch"
    OBSERVE = "observe"
    DRAIN = "drain"
    POST_HOOKS = "post_hooks"
    PRUNE = "prune"


PHASE_ORDER: tuple[Phase, ...] = tuple(Phase)


class StepState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    WARNING = "warning"
    FAILED = "failed"
    CANCELED = "canceled"
    SKIPPED = "skipped"
    UNDONE = "undone"


class Cause(Value):
    """Why something ended as it did. `code` is stable; `evidence` are log lines or observations (redacted)."""

    code: str
    what: str
    why: str = ""
    hint: str = ""
    evidence: tuple[str, ...] = ()
    transient: bool = False


class StepPlan(Value):
    """A step a target announces. `command` is the exact command or API call, without secrets; `deadline_s` bounds it.

    `gate` names the copy ("trial" or "live") whose health the engine asks instead of calling the target's act().
    `undoable` is False for a step that leaves nothing to take back, such as a check.
    """

    name: str
    phase: Phase
    title: str
    command: str = ""
    deadline_s: float = 300.0
    gate: str = ""
    undoable: bool = True


class Step(Value):
    """A step as recorded: intent before effect, result after; `undo` says what came of taking it back ({"state", "at"})."""

    deployment_id: str
    seq: int
    name: str
    phase: Phase
    title: str
    command: str = ""
    gate: str = ""
    undoable: bool = True
    state: StepState = StepState.PENDING
    attempt: int = 0
    idempotency_key: str
    deadline_s: float = 300.0
    intent: dict[str, Any] | None = None
    result: dict[str, Any] | None = None
    undo: dict[str, Any] | None = None
    cause: Cause | None = None
    expected_s: float | None = None
    started_at: Utc | None = None
    heartbeat_at: Utc | None = None
    ended_at: Utc | None = None


class EventKind(StrEnum):
    STATE = "state"
    STEP = "step"
    PROGRESS = "progress"
    PROBE = "probe"
    LOG = "log"
    NOTE = "note"
    RESULT = "result"


class Level(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Event(Value):
    """Something that happened, append-only. `seq` grows by one within a deployment; text is redacted."""

    deployment_id: str
    seq: int
    at: Utc
    kind: EventKind
    level: Level = Level.INFO
    step: str = ""
    text: str
    data: dict[str, Any] = {}


class Resource(Value):
    """Something outside that a deployment made or uses. Recorded before it is created (`state` = intended)."""

    deployment_id: str
    kind: str
    external_id: str
    name: str
    created_by_us: bool = True
    state: str = "intended"


class PlanAction(StrEnum):
    CREATE = "create"
    REPLACE = "replace"
    STOP = "stop"
    KEEP = "keep"
    REUSE = "reuse"
    REMOVE = "remove"


class PlanItem(Value):
    action: PlanAction
    kind: str
    name: str
    detail: str = ""


class VariableChange(Value):
    """A variable against the live release: by name, fingerprint and where its value comes from, never by value."""

    name: str
    change: str  # added, removed, changed, same
    fingerprint: str = ""
    secret: bool = False
    source: str = ""


class Plan(Value):
    """What a deployment will do, before it does it. `hash` of the inputs makes a saved plan go stale."""

    config_hash: str
    source_hash: str
    target: str
    target_identity: str
    environment: str
    url: str
    items: tuple[PlanItem, ...]
    variables: tuple[VariableChange, ...]
    steps: tuple[StepPlan, ...]
    warnings: tuple[str, ...] = ()
    previous_release: str = ""


OTHER_FILES = "."
"""Stands in `Release.files` for all files that are too many to be listed; its hash is over all of them. No file is called so."""


class Origin(Value):
    """The release of another environment that this one was promoted from: what was built for it is what runs."""

    release_id: str
    label: str
    environment: str
    artifact: dict[str, Any]


class Release(Value):
    """An immutable thing that was or can be live. `artifact` names it on the target (image digest, release directory).

    `files` holds path and SHA-256 of the source files, of a huge project only the configuration files and OTHER_FILES.
    """

    id: str
    project_id: str
    number: int
    environment: str
    target: str
    config_id: str
    config_hash: str
    source_hash: str
    variables: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    git_sha: str = ""
    git_dirty: bool = False
    artifact: dict[str, Any] = {}
    origin: Origin | None = None
    created_by: str
    created_at: Utc

    @property
    def label(self) -> str:
        return f"v{self.number}"


class DeploymentKind(StrEnum):
    DEPLOY = "deploy"
    ROLLBACK = "rollback"
    REMOVE = "remove"


class Deployment(Value):
    """One attempt to make a release live, or to take everything down (REMOVE).

    `passed_no_return` is set in the same transaction as the switch's intent. `cause` says why the course ended, `pause` why it
    does not go on just now: it is gone when it goes on.
    """

    id: str
    project_id: str
    release_id: str
    config_id: str
    kind: DeploymentKind = DeploymentKind.DEPLOY
    environment: str
    target: str
    state: DeploymentState
    plan: Plan | None = None
    passed_no_return: bool = False
    previous_release_id: str | None = None
    application_url: str | None = None
    cause: Cause | None = None
    pause: Cause | None = None
    warnings: tuple[str, ...] = ()
    health: HealthStatus | None = None
    requested_by: str
    cancel: str | None = None  # None, "cancel" or "rollback"
    created_at: Utc
    started_at: Utc | None = None
    completed_at: Utc | None = None


class DeploymentMetrics(Value):
    """Figures of one deployment, in seconds; per step by name."""

    queued_s: float | None = None
    total_s: float | None = None
    steps_s: dict[str, float] = {}


class LogRef(Value):
    """Where the lines of one source stand: file relative to the data directory."""

    deployment_id: str
    source: str
    path: str
    lines: int = 0
    size_bytes: int = 0
    error_lines: int = 0
    closed: bool = False


class DeploymentResult(Value):
    """What `deploy` answers in the end."""

    deployment_id: str
    status: DeploymentState
    application_url: str | None
    release: str
    environment: str
    target: str
    infrastructure_details: tuple[Resource, ...] = ()
    logs: tuple[LogRef, ...] = ()
    metrics: DeploymentMetrics = DeploymentMetrics()
    cause: Cause | None = None
    warnings: tuple[str, ...] = ()
    health: HealthStatus | None = None
    exit_code: int = Field(ge=0, le=255)
    started_at: Utc | None = None
    completed_at: Utc | None = None


class LogLine(Value):
    """One stored line. `seq` counts from 1 within its source; `stream` is out, err or note; text is redacted, without newline."""

    seq: int
    at: Utc
    stream: str
    text: str
    source: str = ""
