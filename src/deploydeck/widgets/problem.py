"""What went wrong, in words: what, why, what to do."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from deploydeck.widgets.text import Line, visible
from deploydeck.widgets.text_pane import TextPane

log = logging.getLogger("deploydeck")


@dataclass(frozen=True, slots=True)
class Problem:
    """An error a person can read. `retry` is the id of the action that tries again."""

    what_was_done: str
    what: str
    why: str = ""
    hint: str = ""
    code: str = ""
    retry: str = ""

    @classmethod
    def of(cls, error: Exception, what_was_done: str, retry: str = "") -> Problem:
        """From any exception: a DeployDeckError speaks for itself, anything else is a defect and goes to the log."""
        from deploydeck.domain import DeployDeckError
        from deploydeck.redaction import knowing

        if isinstance(error, DeployDeckError):
            return cls(what_was_done, error.what, error.why, error.hint, error.code, retry)
        log.error("%s failed", what_was_done, exc_info=error)
        why = knowing()(f"{type(error).__name__}: {error}") if str(error) else type(error).__name__
        hint = "This is a defect of DeployDeck; nothing was hidden from you. The details are in its log file."
        return cls(what_was_done, f"{what_was_done.rstrip('…')} failed unexpectedly.", why, hint, "unexpected", retry)

    def lines(self) -> list[Line]:
        """As text for a panel."""
        lines: list[Line] = [(("✗ ", "bad"), (visible(self.what), "strong"))]
        lines += [((f"  {visible(part)}", ""),) for part in self.why.splitlines()[:12]]
        lines += [(("  → ", "accent"), (visible(part), "")) for part in self.hint.splitlines()[:6]]
        end = "f5 tries again · esc closes" if self.retry else "esc closes"
        lines.append(((f"  {self.code} · {end}" if self.code else f"  {end}", "dim"),))
        return lines


class ProblemPanel(TextPane):
    """Hidden until there is a problem."""

    DEFAULT_CSS = """
    ProblemPanel { display: none; height: auto; max-height: 9; border-left: thick $error; background: $panel; }
    ProblemPanel.-open { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, pane_title="Problem", pane_help="What went wrong, why, and what can be done.")
        self.problem: Problem | None = None

    @property
    def can_retry(self) -> bool:
        return self.problem is not None and bool(self.problem.retry)

    def show_problem(self, problem: Problem) -> None:
        self.problem = problem
        self.add_class("-open")
        super().show(problem.lines())

    def clear(self) -> None:
        self.problem = None
        self.remove_class("-open")
        super().show(())
