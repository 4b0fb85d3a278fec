"""How a command ends when it cannot do its work: text for a person, with --json one object, always on standard error."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

EXIT_DEFECT = 70
EXIT_INTERRUPTED = 130
EXIT_PIPE = 141

EXIT_BY_CODE: dict[str, int] = {
    "usage": 2,
    "no-terminal": 2,
    "needs-yes": 2,
    "target-unknown": 2,
    "environment-invalid": 2,
    "since-invalid": 2,
    "grep-invalid": 2,
    "grep-costly": 2,
    "vault-locked": 2,
    "secret-name": 2,
    "not-a-project": 6,
}
"""Exit codes of errors that are not 1, by the error's code."""

MAX_LOG_BYTES = 1_000_000


class UsageError(Exception):
    """The command line itself is wrong. Needs no pydantic, so that a typing mistake is answered at once."""

    def __init__(self, what: str, hint: str = "", code: str = "usage") -> None:
        super().__init__(what)
        self.code, self.what, self.why, self.hint = code, what, "", hint


def report(code: str, what: str, why: str, hint: str, *, as_json: bool) -> None:
    """Write an error to standard error."""
    from deploydeck.domain.text import printable

    if as_json:
        content = {"error": {"code": code, "what": what, "why": why, "hint": hint}}
        text = json.dumps(content, ensure_ascii=True)
    else:
        lines = [f"deploydeck: {what}", *(f"  {part}" for part in (*why.splitlines(), *hint.splitlines()) if part.strip())]
        text = "\n".join(printable(line) for line in lines)
    print(text, file=sys.stderr, flush=True)


def report_defect(error: BaseException, *, as_json: bool) -> None:
    """One line for the person, the redacted traceback for the file it names."""
    from deploydeck.redaction import knowing

    redact = knowing()
    text = redact("".join(traceback.format_exception(error)))
    what = redact(f"{type(error).__name__}: {error}".splitlines()[0][:300])
    place = _write_log(text)
    hint = f"The details are in {place}." if place else "The details could not be written to the data directory."
    report("defect", f"This is a defect in DeployDeck: {what}", "", hint, as_json=as_json)


def _write_log(text: str) -> Path | None:
    from datetime import UTC, datetime

    from deploydeck.settings import default_paths

    path = default_paths().data / "errors.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"--- {datetime.now(UTC).isoformat()} {' '.join(sys.argv[1:2])}\n{text}\n")
    except OSError:
        return None
    return path
