"""Errors a person can act on: what happened, why, what to do, and a code that never changes."""

from __future__ import annotations


class DeployDeckError(Exception):
    """An error with an answer. Faces print these four fields; anything else is a defect and goes to the log file.

    `what` happened, `why` it happened, `hint` what to do now, `code` stable across releases (kebab-case). `transient` says that
    it may pass by itself.
    """

    def __init__(self, code: str, what: str, why: str = "", hint: str = "", *, transient: bool = False) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.why = why
        self.hint = hint
        self.transient = transient

    def __str__(self) -> str:
        return "\n".join(part for part in (self.what, self.why, self.hint) if part)
