"""Values made safe for HCL, YAML, JSON and ARM expressions, and HCL put into the form that `terraform fmt` gives it."""

from __future__ import annotations

import json
import re

from deploydeck.domain import DeployDeckError
from deploydeck.generate.names import shown

_NAMED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TEMPLATE = re.compile(r"([$%])\{")
_ASSIGNMENT = re.compile(r"^(\s*)([^\s=\"]+|\"(?:[^\"\\]|\\.)*\"|\([^=]*\))\s*=\s(?!=)(.*)$")
_DYNAMIC = re.compile(r"\{\{\s*resolve\s*:", re.IGNORECASE)


def _escaped(text: str, long: str) -> str:
    """Quoted, with everything that is not printable ASCII as a number. `long` is the format beyond U+FFFF."""
    parts = []
    for letter in text:
        code = ord(letter)
        if letter in _NAMED:
            parts.append(_NAMED[letter])
        elif " " <= letter <= "~":
            parts.append(letter)
        elif 0xD800 <= code <= 0xDFFF:  # half a surrogate pair is no character in either language
            parts.append("\\ufffd")
        else:
            parts.append(f"\\u{code:04x}" if code <= 0xFFFF else long.format(code))
    return f'"{"".join(parts)}"'


def hcl(value: object) -> str:
    """A value as an HCL expression. Text can start no interpolation; None is `null`; lists stand on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return json.dumps(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(hcl(item) for item in value)}]"
    return _TEMPLATE.sub(r"\1\1{", _escaped(str(value), "\\U{:08x}"))


def yaml(value: object) -> str:
    """A value as a YAML scalar or flow sequence; text always quoted, so that no word of it changes its type."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(yaml(item) for item in value)}]"
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    return _escaped(str(value), "\\U{:08x}")


def js(value: object) -> str:
    """A value as JSON on one line, in ASCII."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=True)


def arm(value: str) -> str:
    """Text for a template of Azure, where a leading bracket would begin an expression."""
    return js(f"[{value}" if value.startswith("[") else value)


def refuse_dynamic(value: str, meaning: str) -> str:
    """The value, unless CloudFormation would look up a secret in its place. Raises DeployDeckError."""
    if _DYNAMIC.search(value):
        raise DeployDeckError(
            "infrastructure-dynamic-reference",
            f"The {meaning} {shown(value)} holds a dynamic reference.",
            "CloudFormation would put the value of a secret in its place, wherever it stands.",
            "Give it another value, or leave cloudformation out of [generate] infrastructure.",
        )
    return value


def aligned(text: str) -> str:
    """HCL with the equals signs of neighbouring lines in one column, as `terraform fmt` wants them. Lines stay where they are."""
    lines = text.split("\n")
    run: list[int] = []

    def close() -> None:
        found = [(number, match) for number in run if (match := _ASSIGNMENT.match(lines[number]))]
        width = max((len(match[2]) for _, match in found), default=0)
        for number, match in found:
            lines[number] = f"{match[1]}{match[2]:<{width}} = {match[3]}"
        run.clear()

    for number, line in enumerate(lines):
        match = _ASSIGNMENT.match(line)
        if match is None or line.lstrip().startswith("#"):
            close()
            continue
        if _opens(line):  # what goes on over more lines keeps a single space and ends the run
            close()
            lines[number] = f"{match[1]}{match[2]} = {match[3]}"
            continue
        if run and len(match[1]) != len(lines[run[-1]]) - len(lines[run[-1]].lstrip()):
            close()
        run.append(number)
    close()
    return "\n".join(lines)


def _opens(line: str) -> bool:
    return line.rstrip().endswith(("{", "[", "("))


_COMMA = re.compile(r",(\s*\n\s*[}\]])")


def without_last_commas(text: str) -> str:
    """JSON of a template whose items all end with a comma. Only commas at the end of a line count: no value holds a newline."""
    return _COMMA.sub(r"\1", text)
