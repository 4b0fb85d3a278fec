"""Text from outside, made harmless: for a terminal (`printable`) and for a name (`slug`)."""

from __future__ import annotations

import re

# Whole escape sequences, so that their parameters do not stay behind as noise. An unterminated string sequence loses only its
# introducer: hiding the rest of the line would hide evidence. Each alternative stops at the next introducer, so cost is linear.
_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x80-\x9f\n]*(?:\x07|\x1b\\|\x9c)"  # OSC: titles, links, clipboard
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x80-\x9f\n]*(?:\x1b\\|\x9c)"  # DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-Z\\^-~]"  # two- and three-character escapes
)
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_SUSPECT = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{_BIDI}\ud800-\udfff]")
_BREAKS = re.compile("[\n\r\x0b\x0c\x85\u2028\u2029]+")
_REPLACED = re.compile(f"[{_BIDI}\ud800-\udfff]")
_DROPPED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(text: str, *, tab: str = "    ") -> str:
    """One line of `text` that is safe to show: no escape sequences, no C0/C1 controls, no bidirectional overrides.

    Line breaks become one space, tabs become `tab`, direction controls and lone surrogates become U+FFFD so that they are seen.
    """
    if _SUSPECT.search(text) is None:
        return text
    text = _SEQUENCES.sub("", text)
    text = _BREAKS.sub(" ", text)
    text = _REPLACED.sub("\ufffd", text)
    return _DROPPED.sub("", text).replace("\t", tab)


def slug(text: str, *, longest: int = 40, fallback: str = "app") -> str:
    """A name of [a-z0-9-] that starts and ends with a letter or digit, at most `longest` characters; never empty."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return name[:longest].strip("-") or fallback
