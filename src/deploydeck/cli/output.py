"""What a command may write, and how: plain and stable into a pipe, sparing colour on a terminal, one JSON document with --json.

Every text passes `printable`, so nothing from a scanned project, a log or a file name can steer the terminal.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

_STYLES = {
    "bold": "1",
    "dim": "2",
    "good": "32",
    "bad": "31",
    "warn": "33",
    "info": "36",
}


@dataclass(frozen=True)
class Styled:
    """Text with one of the styles above, or none; the style is only ever an addition to what the text says."""

    text: str
    style: str


Part = str | Styled


class Output:
    """Standard output of one command. `json` is what the person asked for; `live` says that a status line may be drawn."""

    def __init__(self, *, json: bool = False, stream: TextIO | None = None, environ: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environ is None else environ
        self.json = json
        self._stream = stream or sys.stdout
        terminal = self._stream.isatty() and environment.get("TERM", "") not in ("", "dumb")
        self.colour = terminal and not json and not environment.get("NO_COLOR")
        self.live = terminal and not json
        self._status = ""
        self._lock = threading.Lock()

    # --- for people -----------------------------------------------------------------------------------------------------------

    def line(self, *parts: Part) -> None:
        """One line of text. Says nothing with --json."""
        if self.json:
            return
        self._write("".join(self._styled(part) for part in parts) + "\n")

    def block(self, text: str, indent: str = "") -> None:
        """Several lines, each behind `indent`."""
        for line in text.splitlines():
            self.line(indent, line)

    def table(self, header: Sequence[str], rows: Iterable[Sequence[Part]]) -> None:
        """Columns as wide as their content, never cut and never wrapped: a pipe sees the same as a terminal."""
        cells = [[_clean(part) for part in row] for row in rows]
        widths = [max(len(title), *(len(_text(row[column])) for row in cells), 0) for column, title in enumerate(header)]
        self._row([Styled(title, "dim") for title in header], widths)
        for row in cells:
            self._row(row, widths)

    def status(self, text: str) -> None:
        """The passing line at the bottom, on a terminal only; an empty text removes it."""
        if not self.live or text == self._status:
            return
        from deploydeck.domain.text import printable

        width = _width()
        with self._lock:
            self._status = text
            self._stream.write("\r\x1b[K" + printable(text)[: width - 1])
            self._stream.flush()

    # --- for programs ---------------------------------------------------------------------------------------------------------

    def document(self, value: Any) -> None:
        """The one JSON document. Nothing without --json. All but ASCII is escaped: valid in any locale, on any terminal."""
        if self.json:
            self._write(json.dumps(to_json(value), indent=2, ensure_ascii=True) + "\n")

    def record(self, value: Any) -> None:
        """One JSON object on a line of a stream, flushed at once. Says nothing without --json."""
        if self.json:
            self._write(json.dumps(to_json(value), ensure_ascii=True) + "\n")

    def raw(self, text: str) -> None:
        """Text of our own making (a script, a schema), as it is."""
        self._write(text)

    # --- details --------------------------------------------------------------------------------------------------------------

    def _row(self, cells: Sequence[Part], widths: Sequence[int]) -> None:
        padded: list[Part] = []
        for column, cell in enumerate(cells):
            last = column == len(cells) - 1
            padded.append(cell)
            if not last:
                padded.append(" " * (widths[column] - len(_text(cell)) + 2))
        while padded and not _text(padded[-1]).strip():
            padded.pop()
        self.line(*padded)

    def _styled(self, part: Part) -> str:
        from deploydeck.domain.text import printable

        text = printable(_text(part), tab="\t")
        if isinstance(part, Styled) and part.style and self.colour and text:
            return f"\x1b[{_STYLES[part.style]}m{text}\x1b[0m"
        return text

    def _write(self, text: str) -> None:
        with self._lock:
            if self._status:
                self._stream.write("\r\x1b[K")
                self._status = ""
            self._stream.write(text)
            self._stream.flush()


def _text(part: Part) -> str:
    return part.text if isinstance(part, Styled) else part


def _clean(part: Part) -> Part:
    from deploydeck.domain.text import printable

    return Styled(printable(part.text), part.style) if isinstance(part, Styled) else printable(part)


def _width() -> int:
    import shutil

    return max(shutil.get_terminal_size().columns, 20)


def to_json(value: Any) -> Any:
    """Domain values, tuples and mappings of them as JSON-ready data."""
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): to_json(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_json(entry) for entry in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def soften_encoding() -> None:
    """A terminal that cannot show a character shows its escape; it never ends the command (LANG=C)."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
