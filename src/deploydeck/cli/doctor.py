"""Checks this machine."""

from __future__ import annotations

import argparse

from deploydeck.cli.output import Output, Styled
from deploydeck.doctor import CheckState, examine
from deploydeck.settings import default_paths

_STYLES = {CheckState.OK: "good", CheckState.WARN: "warn", CheckState.FAIL: "bad"}


async def run(_args: argparse.Namespace, out: Output) -> int:
    checks = await examine(default_paths())
    failed = any(check.state is CheckState.FAIL for check in checks)
    out.document({"ok": not failed, "checks": checks})
    for check in checks:
        out.line(Styled(f"{check.state.value:<4}", _STYLES[check.state]), f"  {check.name}: {check.detail}")
        if check.hint:
            out.line("      ", check.hint)
    return 1 if failed else 0
