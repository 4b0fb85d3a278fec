"""Text from outside made harmless: nothing here is markup, and no control character reaches the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

Span = tuple[str, str]
"""A piece of text and the name of its style (one of STYLES)."""

Line = tuple[Span, ...]

STYLES = {
    "": "",
    "good": "$text-success",
    "bad": "bold $text-error",
    "warn": "$text-warning",
    "dim": "$text-muted",
    "accent": "$text-accent",
    "strong": "bold",
    "title": "bold $text-primary",
    "added": "$text-success",
    "removed": "$text-error",
    "mark": "bold underline",
    "code-comment": "italic $text-muted",
    "code-key": "$text-primary",
    "code-keyword": "bold $text-primary",
    "code-number": "$text-warning",
    "code-string": "$text-secondary",
    "code-variable": "$text-accent",
    "match": "reverse",
    "key": "bold $text-accent",
    "here": "bold reverse",
    "cursor": "bold $block-cursor-foreground on $block-cursor-background",
    "cursor-blurred": "$block-cursor-blurred-foreground on $block-cursor-blurred-background",
}
"""Style names to Textual styles: theme variables only. Not component classes: those cost the first frame a third of its time."""

MAX_CELLS = 4096
"""Longest line that is drawn; the rest stands behind an ellipsis. Full text stays where it came from."""

_BIDI_AND_INVISIBLE = [
    0x061C,
    0x200B,
    0x200E,
    0x200F,
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
]

_VISIBLE: dict[int, str] = {
    **{code: chr(0x2400 + code) for code in range(0x20)},
    0x7F: "␡",
    **{code: f"‹{code:02X}›" for code in range(0x80, 0xA0)},
    **{code: f"‹U+{code:04X}›" for code in _BIDI_AND_INVISIBLE},
    **dict.fromkeys(range(55296, 57344), "�"),
    0x09: "    ",
}

_ESCAPE = (
    r"\x1b(?:\[[0-9:;<=>?]{0,64}[ -/]{0,8}[@-~]"  # CSI: colours, cursor
    r"|\][^\x07\x1b]{0,2048}(?:\x07|\x1b\\)?"  # OSC: titles, links, clipboard
    r"|[PX^_][^\x1b]{0,2048}(?:\x1b\\)?"  # DCS, SOS, PM, APC
    r"|[ -/]{0,8}[0-~])"
)

_SUSPICIOUS = re.compile(r"[^\x20-\x7e]")


def visible(text: str, limit: int = MAX_CELLS) -> str:
    """One line in which every control, bidirectional and invisible character can be seen; cut at `limit` characters."""
    cut = len(text) > limit
    if cut:
        text = text[:limit]
    if _SUSPICIOUS.search(text):
        text = text.translate(_VISIBLE)
    return text + "…" if cut else text


def log_text(text: str, limit: int = MAX_CELLS) -> str:
    """A log line as it is drawn: colours and cursor movements of the program dropped, its last rewrite of the line kept."""
    text = text[: limit * 4]  # bounds the work below on absurd lines
    if "\x1b" in text:
        text = re.sub(_ESCAPE, "", text)  # compiled on first use: most sessions never see one
    if "\r" in text:
        text = text.rstrip("\r").rpartition("\r")[2]
    return visible(text, limit)


def fit(text: str, width: int) -> str:
    """The text in exactly `width` cells, cut with an ellipsis."""
    if width <= 0:
        return ""
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…"
    return set_cell_size(text, width)


def line_of(*spans: Span | str) -> Line:
    """A line from spans and plain strings."""
    return tuple((span, "") if isinstance(span, str) else span for span in spans)


def wrap(line: Sequence[Span], width: int, indent: int = 0) -> list[Line]:
    """The line broken at spaces into lines of at most `width` cells; later ones are indented."""
    width = max(width, 4)
    lines: list[Line] = []
    current: list[Span] = []
    used = 0
    for text, style in line:
        for word in re.findall(r" +|[^ ]+", text):
            while word:
                size = cell_len(word)
                if used + size <= width:
                    if current and current[-1][1] == style:
                        current[-1] = (current[-1][0] + word, style)
                    else:
                        current.append((word, style))
                    used += size
                    break
                if word.isspace():
                    word = ""
                    continue
                if used > indent or (not lines and used > 0):
                    lines.append(tuple(current))
                    current, used = [(" " * indent, "")], indent
                    if size <= width - indent:
                        continue
                room = max(width - used, 1)
                head, word = _split(word, room)
                current.append((head, style))
                lines.append(tuple(current))
                current, used = [(" " * indent, "")], indent
    if current and (used > indent or not lines):
        lines.append(tuple(current))
    return lines or [()]


def _split(word: str, cells: int) -> tuple[str, str]:
    used = 0
    for index, character in enumerate(word):
        used += cell_len(character)
        if used > cells:
            return word[: max(index, 1)], word[max(index, 1) :]
    return word, ""


def hints(*texts: str) -> tuple[Line, ...]:
    """What an empty pane says: why it is empty and what to press."""
    return tuple(((f"  {text}", "dim"),) for text in texts)


def plain(lines: Iterable[Line]) -> str:
    """The lines as text, for copying."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def duration(seconds: float | None) -> str:
    """`0.4s`, `12s`, `3m04s`, `2h05m`; empty when unknown."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{max(seconds, 0.0):.1f}s"
    if seconds < 60:
        return f"{seconds:.0f}s"
    if seconds < 3600:
        return f"{seconds // 60:.0f}m{seconds % 60:02.0f}s"
    return f"{seconds // 3600:.0f}h{seconds % 3600 // 60:02.0f}m"


def age(seconds: float) -> str:
    """`just now`, `5 min ago`, `3 h ago`, `12 d ago`."""
    for limit, size, unit in ((90, 0, ""), (5400, 60, "min"), (129_600, 3600, "h"), (float("inf"), 86_400, "d")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit} ago" if size else "just now"
    raise AssertionError("unreachable")


def size(count: int) -> str:
    """Bytes for people: `812 B`, `3.4 kB`, `12.0 MB`."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
