"""Files for variables: those that hold values are never touched, and of those with names only, no value is ever taken in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from deploydeck.domain import GeneratedFile, Hunk
from deploydeck.redaction import Redactor
from deploydeck.review.apply import AppliedFile
from deploydeck.review.hunks import hunks

HIDDEN = "[hidden]"
_shapes = Redactor()
_NESTED = 3
_REFERENCE = re.compile(r"\$?\{[^{}\s]{0,200}\}|\$[A-Za-z_]\w{0,100}|<[^<>\s]{1,60}>")

_NAMES_ONLY = (".example", ".sample", ".template", ".dist")


def names_only(path: str) -> bool:
    """Whether a file is meant to hold the names of variables without their values (.env.example)."""
    name = PurePosixPath(path).name
    return name.startswith(".env") and name.endswith(_NAMES_ONLY)


def holds_values(path: str) -> bool:
    """Whether a file holds values of variables (.env, .env.production)."""
    name = PurePosixPath(path).name
    return (name == ".env" or name.startswith(".env.")) and not name.endswith(_NAMES_ONLY)


def values_beyond(content: bytes, known: Iterable[str]) -> bool:
    """Whether a names-only file holds a value that none of the known texts, which we made ourselves, has in the same line."""
    lines = {line for text in known for line in text.split("\n")}
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return any(_name_only(line) != line for line in (raw.rstrip("\r") for raw in text.split("\n")) if line not in lines)


def holds_back(file: AppliedFile, known: str) -> bool:
    """Whether the old content of a written file must not be stored: it holds values that are not ours, or a credential."""
    if file.old_content is None:
        return False
    return holds_credential(file.old_content.decode("utf-8", "replace")) or (
        names_only(file.path) and values_beyond(file.old_content, (known,))
    )


def holds_credential(text: str) -> bool:
    """Whether something in the text looks like a live credential: then it stays on the disk and in memory, and is not stored."""
    plain = text
    for _ in range(_NESTED):  # ${NAME} and the like, also in one another, stand for what is kept elsewhere
        plain = _REFERENCE.sub("", plain)
    return _shapes(plain) != plain


def hidden_hunk(file: GeneratedFile, old: bytes, *, conflict: bool) -> Hunk:
    """One hunk for the whole file: the old lines by name only, whatever somebody wrote behind the equals sign."""
    before = [_name_only(line) for line in old.decode("utf-8", "replace").split("\n")]
    if before and not before[-1]:
        before.pop()
    after = file.content.removesuffix("\n").split("\n")
    plain = hunks(file.path, "".join(f"{line}\n" for line in before), file.content)
    key = plain[0].key if plain else hunks(file.path, "", file.content)[0].key
    return Hunk(
        key=key,
        old_start=1 if before else 0,
        old_count=len(before),
        new_start=1,
        new_count=len(after),
        lines=(*(f"-{line}" for line in before), *(f"+{line}" for line in after)),
        conflict=conflict,
    )


def _name_only(line: str) -> str:
    text = line.rstrip("\r")
    if not text.strip() or (text.lstrip().startswith("#") and "=" not in text):
        return text
    name, equals, value = text.partition("=")
    if not equals:
        return HIDDEN  # a stray line may be half of a value
    return f"{name}={HIDDEN if value.strip() else ''}"
