"""Generated files and the changes they mean for the disk."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from deploydeck.domain.base import Value
from deploydeck.domain.evidence import Evidence


class LineReason(Value):
    """Why a line is there. `line` counts from 1 in the generated content."""

    line: int
    rule: str
    why: str
    evidence: tuple[Evidence, ...] = ()


class CheckState(StrEnum):
    """What a checker came to. WAITING: it has not answered yet, and the file is not offered before it has."""

    PASSED = "passed"
    FINDINGS = "findings"
    UNAVAILABLE = "unavailable"
    WAITING = "waiting"


class TextEdit(Value):
    """`count` lines from `line` (from 1) become `lines`, without newlines. With `count` 0 they go in before `line`."""

    line: int = Field(ge=1)
    count: int = Field(ge=0)
    lines: tuple[str, ...] = ()


class CheckFinding(Value):
    """One finding of a checker. `blocking` means the file must not be offered for acceptance.

    `reason` says why the rule exists, `fix` what would settle it; both may be empty.
    """

    line: int
    rule: str
    message: str
    blocking: bool
    reason: str = ""
    fix: tuple[TextEdit, ...] = ()


class CheckVerdict(Value):
    """What one checker said of one file. `reason` says why it could not run."""

    checker: str
    state: CheckState
    findings: tuple[CheckFinding, ...] = ()
    reason: str = ""

    @property
    def blocking(self) -> bool:
        return any(finding.blocking for finding in self.findings)


class GeneratedFile(Value):
    """A file the generator wants. `path` is relative to the project root (POSIX); `content` ends with a newline.

    `own`: it is the project's own file, shown with what checkers say of it; they advise and never block.
    """

    path: str
    content: str
    mode: int = 0o644
    own: bool = False
    reasons: tuple[LineReason, ...] = ()
    verdicts: tuple[CheckVerdict, ...] = ()

    @property
    def blocked(self) -> bool:
        return any(verdict.blocking for verdict in self.verdicts)

    @property
    def waiting(self) -> bool:
        """Whether a checker has still to answer."""
        return any(verdict.state is CheckState.WAITING for verdict in self.verdicts)


class Proof(Value):
    """What came of building the image from a scratch copy, starting it with its services and asking its health path.

    `proven` only when it was built and answered. `reason` says in a sentence what happened, `evidence` the last lines that show it.
    In seconds: `build_s`, `answer_s` from the start of the container to the first good answer, `stop_s` from SIGTERM to its end.
    `user` is the numeric user it ran as, `pretended` names the variables that were given made-up values.
    """

    proven: bool
    reason: str
    hint: str = ""
    build_s: float | None = None
    image_bytes: int | None = None
    status: int | None = None
    answer_s: float | None = None
    stop_s: float | None = None
    user: str = ""
    services: tuple[str, ...] = ()
    pretended: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


class ChangeState(StrEnum):
    """How the file compares with the disk; `blocked` when a checker refuses it."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    BLOCKED = "blocked"


class Decision(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EDITED = "edited"


class Hunk(Value):
    """A run of changed lines with context.

    `old_start`/`new_start` count from 1 (0 when that side is empty). `lines` hold a tag (' ', '+', '-') and the text.
    `key` names the hunk by content, so that a decision survives regeneration. `replacement` holds the edited new lines.
    """

    key: str
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: tuple[str, ...]
    decision: Decision = Decision.PENDING
    replacement: tuple[str, ...] | None = None


class Change(Value):
    """One file compared with the disk. `old_sha256` is None when the file does not exist; apply refuses if the disk moved on."""

    file: GeneratedFile
    state: ChangeState
    old_content: str | None
    old_sha256: str | None
    hunks: tuple[Hunk, ...] = ()
