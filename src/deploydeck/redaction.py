"""The one choke point for secrets: every text that is stored, shown or sent passes through a `Redactor`.

Works by value: the exact text and its base64, URL-encoded, JSON-escaped and shell-quoted forms. Values shorter than six
characters and plain dictionary words are left alone: masking them ruins logs and hides nothing (facts/deploying.md 4.5).
"""

from __future__ import annotations

import base64
import json
import re
import shlex
import urllib.parse
from collections.abc import Iterable

MASK = "[redacted]"
MIN_LENGTH = 6

_COMMON_WORDS = frozenset(
    "password secret default localhost production development staging enabled disabled postgres example changeme "
    "public private username database application service deploy server client master primary replica".split()
)

# Shapes that are secrets wherever they stand: the texts one of which must be there for the pattern to be tried (most lines have
# none, and a substring test costs a hundredth of a pattern), the pattern, what replaces it. Each pattern is linear-time.
_SHAPES: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = tuple(
    (hints, re.compile(pattern), replacement)
    for hints, pattern, replacement in (
        (("AKIA",), r"\bAKIA[0-9A-Z]{16}\b", MASK),
        (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b", MASK),
        (("glpat-",), r"\bglpat-[A-Za-z0-9_-]{20,64}\b", MASK),
        (("sk-",), r"\bsk-[A-Za-z0-9_-]{20,200}\b", MASK),
        (("xox",), r"\bxox[abprs]-[A-Za-z0-9-]{10,200}\b", MASK),
        (
            ("PRIVATE KEY",),  # the body may hold single dashes (DEK-Info: …) and end with the text
            r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----)){0,65536}"
            r"(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----)?",
            MASK,
        ),
        (("://",), r"://[^\s:/@]{0,128}:[^\s/]{1,1024}(?=@)", f"://{MASK}"),  # a password may hold an @ of its own
        (("asic ", "ASIC "), r"((?i:authorization)\W{1,6}(?i:basic) )[A-Za-z0-9+/=_-]{4,4096}", rf"\g<1>{MASK}"),
        (("earer ", "EARER "), r"((?i:bearer) )[A-Za-z0-9._~+/=-]{16,4096}", rf"\g<1>{MASK}"),
    )
)


class Redactor:
    """Masks known secret values and well-known secret shapes in text.

    One instance knows the secrets of one deployment; `Redactor()` without values still masks the shapes.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms: set[str] = set()
        for secret in secrets:
            forms.update(_forms(secret))
        ordered = sorted(forms, key=len, reverse=True)  # a longer form must win over one that it contains
        self._forms = tuple(ordered)
        self._values = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self.longest = len(ordered[0]) if ordered else 0

    def __call__(self, text: str) -> str:
        """The text with every secret replaced by MASK."""
        if self._values is not None and any(form in text for form in self._forms):
            text = self._values.sub(MASK, text)
        for hints, pattern, replacement in _SHAPES:
            if any(hint in text for hint in hints):
                text = pattern.sub(replacement, text)
        return text


_known: set[str] = set()
_of_the_known: Redactor | None = None


def know(secrets: Iterable[str]) -> None:
    """Remember values that this process handles, for texts that belong to no deployment: crash reports, worker.log."""
    global _of_the_known
    before = len(_known)
    _known.update(secrets)
    if len(_known) != before:
        _of_the_known = None


def knowing() -> Redactor:
    """A redactor of every value that was told to `know` so far."""
    global _of_the_known
    found = _of_the_known
    if found is None:
        found = _of_the_known = Redactor(tuple(_known))
    return found


def _forms(secret: str) -> set[str]:
    pieces = {secret, *secret.splitlines()} if "\n" in secret else {secret}
    forms: set[str] = set()
    for piece in pieces:
        stripped = piece.strip()
        if len(stripped) < MIN_LENGTH or stripped.lower() in _COMMON_WORDS:
            continue
        raw = _bytes(stripped)
        quoted = {urllib.parse.quote(raw, safe=""), urllib.parse.quote_plus(raw), urllib.parse.quote(raw)}
        forms |= {
            stripped,
            *_base64(raw),
            *_base64(raw + b"\n"),  # echo secret | base64
            *quoted,
            *(_ESCAPE.sub(lambda match: match[0].lower(), form) for form in quoted),
            json.dumps(stripped)[1:-1],
            json.dumps(stripped, ensure_ascii=False)[1:-1],
            repr(stripped)[1:-1],
            shlex.quote(stripped),
        }
    return {form for form in forms if len(form) >= MIN_LENGTH}


_ESCAPE = re.compile(r"%[0-9A-F]{2}")


def _bytes(text: str) -> bytes:
    """The bytes a variable has on this system; a lone surrogate that stands for no byte is kept as it is."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _base64(raw: bytes) -> set[str]:
    forms = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    return forms | {form.rstrip("=") for form in forms}
