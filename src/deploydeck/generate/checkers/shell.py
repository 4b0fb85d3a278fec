"""Shell scripts: whether the shell of this machine can parse them. It runs nothing of them."""

from __future__ import annotations

import re

from deploydeck.domain import CheckFinding, CheckVerdict
from deploydeck.generate.checkers.tools import find_tool, run_tool, unavailable, verdict

NAME = "sh"
_AT_LINE = re.compile(r"(?:line )?(\d+): (.*)")


def check(content: str) -> CheckVerdict:
    """The first error of syntax, which is blocking."""
    program = find_tool(NAME)
    if program is None:
        return unavailable(NAME, "There is no POSIX shell on this machine.")
    ran = run_tool([program, "-n"], stdin=content.encode("utf-8", "replace"))
    if ran.problem:
        return unavailable(NAME, ran.problem)
    if not ran.code:
        return verdict(NAME, ())
    at = _AT_LINE.search(ran.said)
    message = at[2] if at else ran.said or "The shell cannot parse it."
    return verdict(NAME, [CheckFinding(line=max(1, int(at[1])) if at else 1, rule="syntax", message=message, blocking=True)])
