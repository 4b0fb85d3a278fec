"""Colours of one line by the kind of file, and what differs inside a pair of lines. Line by line: only what is drawn is looked at.

Our own small tables instead of a lexer library: a diff shows torn pieces of files, and the six kinds below are what is generated.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from deploydeck.widgets.text import Span

MAX_TOKENS = 400
"""Longer lines are only compared from both ends: the token comparison is quadratic."""

LEAST_ALIKE = 0.3
"""Pairs that share less than this part of their text are another line, not a changed one: marks would be noise."""

_STRING = r"""(?P<string>"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)"""
_VARIABLE = r"(?P<variable>\$\{\{[^}]*\}?\}?|\$\{[^}]*\}?|\$[A-Za-z_]\w*)"
_NUMBER = r"(?P<number>(?<![\w.])-?\d[\d._]*(?![\w]))"
_HASH = r"(?P<comment>(?:(?<=\s)|^)#.*$)"
_WORD = r"(?P<keyword>\b(?:true|false|null|none|yes|no)\b)"
_DOCKER = (
    r"(?P<keyword>^\s*(?:FROM|RUN|CMD|LABEL|EXPOSE|ENV|ADD|COPY|ENTRYPOINT|VOLUME|USER|WORKDIR|ARG|ONBUILD|STOPSIGNAL|HEALTHCHECK"
    r"|SHELL)\b|(?<=\s)(?:AS|as)(?=\s))"
)
_HCL = (
    r"(?P<keyword>^\s*(?:resource|data|variable|output|module|provider|terraform|locals|moved|import|check|backend|required_providers)\b"
    r"|\b(?:for|in|if|true|false|null|each|var|local)\b)"
)
_GROOVY = (
    r"(?P<keyword>\b(?:pipeline|agent|stages?|steps|post|environment|options|when|parameters|input|script|sh|def|if|else|return|true|false"
    r"|null|any|none|always|success|failure|parallel)\b)"
)

_KINDS: dict[str, tuple[str, ...]] = {
    "docker": (_HASH, _DOCKER, r"(?P<key>(?<=\s)--[\w-]+|(?<=\s)[A-Z][A-Z0-9_]*(?==))", _STRING, _VARIABLE, _NUMBER),
    "yaml": (_HASH, r"(?P<key>^\s*(?:-\s+)*[\w./$-]+(?=\s*:(?:\s|$)))", _STRING, _VARIABLE, _WORD, _NUMBER),
    "toml": (_HASH, r"(?P<keyword>^\s*\[\[?[^\]]*\]?\]?)", r"(?P<key>^\s*[\w.-]+(?=\s*=))", _STRING, _WORD, _NUMBER),
    "json": (r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))', _STRING, _WORD, _NUMBER),
    "hcl": (_HASH, r"(?P<comment>//.*$)", _HCL, r"(?P<key>^\s*[\w-]+(?=\s*=))", _STRING, _NUMBER),
    "ini": (r"(?P<comment>^\s*[#;].*$)", r"(?P<keyword>^\s*\[[^\]]*\]?)", r"(?P<key>^\s*[\w.-]+(?=\s*=))", _STRING, _VARIABLE),
    "groovy": (r"(?P<comment>//.*$)", _GROOVY, _STRING, _VARIABLE, _NUMBER),
}
_BY_SUFFIX = {
    ".yml": "yaml", ".yaml": "yaml", ".toml": "toml", ".json": "json", ".tf": "hcl", ".hcl": "hcl", ".tfvars": "hcl", ".ini": "ini",
    ".cfg": "ini", ".conf": "ini", ".env": "ini", ".groovy": "groovy", ".dockerfile": "docker",
}  # fmt: skip

Marks = tuple[tuple[int, int], ...]
"""Ranges of a text, from 0, ends not included, that the other side does not have."""


def kind_of(path: str) -> str:
    """The kind of a file by its name; empty for one without a table."""
    pure = PurePosixPath(path)
    name = pure.name.lower()
    if name.startswith(("dockerfile", "containerfile")):
        return "docker"
    if name.startswith("jenkinsfile"):
        return "groovy"
    if name.startswith(".env") or name == ".dockerignore":
        return "ini"
    return _BY_SUFFIX.get(pure.suffix.lower(), "")


@lru_cache(maxsize=16)
def _table(kind: str) -> re.Pattern[str]:
    """All patterns of a kind as one; groups of the same name are numbered."""
    numbered = [re.sub(r"\(\?P<(\w+)>", rf"(?P<\g<1>{index}>", pattern) for index, pattern in enumerate(_KINDS[kind])]
    return re.compile("|".join(numbered))


def coloured(text: str, kind: str) -> Iterable[tuple[int, int, str]]:
    """Ranges of a line with the style they get; what lies between has none."""
    if kind not in _KINDS:
        return
    for match in _table(kind).finditer(text):
        if match.lastgroup and match.end() > match.start():
            yield match.start(), match.end(), f"code-{match.lastgroup.rstrip('0123456789')}"


def spans(text: str, base: str, kind: str = "", marks: Marks = ()) -> list[Span]:
    """The line as spans: colours of its kind over `base`, marks on top."""
    cuts = {0, len(text)}
    colours = list(coloured(text, kind))
    for start, end, _ in colours:
        cuts |= {start, end}
    for start, end in marks:
        cuts |= {min(start, len(text)), min(end, len(text))}
    result: list[Span] = []
    places = sorted(cuts)
    at_colour = 0
    for start, end in itertools.pairwise(places):
        while at_colour < len(colours) and colours[at_colour][1] <= start:
            at_colour += 1
        inside = at_colour < len(colours) and colours[at_colour][0] <= start
        style = colours[at_colour][2] if inside else base
        if any(first <= start < last for first, last in marks):
            style = f"{style} mark".strip()
        if result and result[-1][1] == style:
            result[-1] = (result[-1][0] + text[start:end], style)
        else:
            result.append((text[start:end], style))
    return result


@lru_cache(maxsize=256)
def differing(old: str, new: str) -> tuple[Marks, Marks]:
    """What a changed line lost and what it gained; nothing marked where the two have little in common."""
    if not old or not new:
        return (), ()
    before, after = _tokens(old), _tokens(new)
    if len(before) > MAX_TOKENS or len(after) > MAX_TOKENS:
        return _from_ends(old, new)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    gone: list[tuple[int, int]] = []
    come: list[tuple[int, int]] = []
    starts, ends = _offsets(before), _offsets(after)
    alike = 0
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            alike += len("".join(before[i1:i2]).strip())
            continue
        if i2 > i1:
            gone.append((starts[i1], starts[i2]))
        if j2 > j1:
            come.append((ends[j1], ends[j2]))
    if alike < LEAST_ALIKE * min(len(old.strip()), len(new.strip())):
        return (), ()
    return tuple(gone), tuple(come)


def _tokens(text: str) -> list[str]:
    return re.findall(r"\w+|\s+|[^\w\s]", text)


def _offsets(tokens: Sequence[str]) -> list[int]:
    offsets = [0]
    for token in tokens:
        offsets.append(offsets[-1] + len(token))
    return offsets


def _from_ends(old: str, new: str) -> tuple[Marks, Marks]:
    limit = min(len(old), len(new))
    head = 0
    while head < limit and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < limit - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return ((head, len(old) - tail),), ((head, len(new) - tail),)
