"""Values of a project, written for the languages of pipelines: YAML, GitHub's expressions, Groovy, the shell."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence

import yaml

_PLAIN = re.compile(r"[A-Za-z_.][A-Za-z0-9_./-]*")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")
_GROOVY = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_LINE = re.compile(r"[\x20-\x7e]*")
_WORDS = re.compile(r"[A-Za-z.][A-Za-z0-9_./=@+-]*(?: [A-Za-z0-9_./=@+-]+)+")


def _known(text: str) -> str:
    """Text that every encoder takes: a lone surrogate and NUL, which no argument can hold, become the replacement character."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def scalar(value: str | int | float) -> str:
    """A YAML scalar on one line that is read back as exactly this. Text never turns into a number, a truth or nothing."""
    if not isinstance(value, str):
        return json.dumps(value)
    text = _known(value)
    if _PLAIN.fullmatch(text) and yaml.safe_load(text) == text and text.lower() not in ("on", "off", "yes", "no", "y", "n"):
        return text
    if _WORDS.fullmatch(text):
        return text
    if _LINE.fullmatch(text):
        return "'" + text.replace("'", "''") + "'"
    return _UNPRINTABLE.sub(_code, json.dumps(text, ensure_ascii=False))


def _code(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def expression_free(text: str) -> str:
    """Text for a workflow in which GitHub finds no expression: `${{` is written as an expression that gives these characters."""
    return text.replace("${{", "${{ '${{' }}")


def github_text(value: str | int | float) -> str:
    """A YAML scalar for a workflow."""
    return scalar(expression_free(value) if isinstance(value, str) else value)


def branch_pattern(branch: str) -> str:
    """A branch name for GitHub's filters, where some characters are patterns.

    Nothing there may look like an expression, and there is no escape for one: a `*` stands between its first two characters.
    """
    return re.sub(r"([+*?!\[\]\\])", r"\\\1", branch).replace("${{", "$*{{")


def shell(argv: Sequence[str]) -> str:
    """A command for a POSIX shell, each word as it is."""
    return shlex.join([_known(word) for word in argv])


def groovy(text: str) -> str:
    """A Groovy string in single quotes, in which nothing is interpolated. ASCII only, on one line.

    Groovy 2.4, which Jenkins runs, reads `\\u000a` as a line break in the source: what has an escape of its own gets that one.
    """
    written = []
    for character in _known(text):
        number = ord(character)
        if character in _GROOVY:
            written.append(_GROOVY[character])
        elif 0x20 <= number < 0x7F:
            written.append(character)
        else:
            units = character.encode("utf-16-be")
            written.extend(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
    return "'" + "".join(written) + "'"


def block(lines: Sequence[str], indent: int) -> str:
    """Shell lines as a YAML value: a literal block where they are plain, else one scalar that is read back as the same."""
    if len(lines) == 1:
        return scalar(lines[0])
    if all(_LINE.fullmatch(line) and line.strip() == line and line for line in lines):
        return "|\n" + "\n".join(" " * indent + line for line in lines)
    return scalar("\n".join(lines) + "\n")
