"""The instructions of a Dockerfile, with the lines they stand on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

_HEREDOC = re.compile(r"<<-?[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?")


@dataclass(frozen=True)
class Instruction:
    """One instruction with its continuation lines joined. It stands on lines `line` to `end`; `text` is the first as written."""

    line: int
    name: str
    arguments: str
    end: int = 0
    text: str = ""


def instructions(content: str) -> tuple[Instruction, ...]:
    """The instructions of a Dockerfile in order. Bodies of here-documents belong to their instruction."""
    found: list[Instruction] = []
    lines = content.replace("\r\n", "\n").split("\n")
    index = 0
    while index < len(lines):
        start, text = index, ""
        while index < len(lines):
            line = lines[index]
            index += 1
            if line.lstrip().startswith("#") or (text and not line.strip()):
                if text:
                    continue
                break
            continued = line.rstrip().endswith("\\")
            text += line.rstrip().removesuffix("\\") + (" " if continued else "")
            if not continued:
                break
        name, _, arguments = text.strip().partition(" ")
        if not name:
            continue
        if name.upper() in ("RUN", "COPY", "ADD") and not arguments.lstrip().startswith("["):
            for word in _HEREDOC.findall(arguments):
                while index < len(lines) and lines[index].strip() != word:
                    index += 1
                index += 1
        found.append(Instruction(start + 1, name.upper(), arguments.strip(), index, lines[start]))
    return tuple(found)


def stages(parsed: tuple[Instruction, ...]) -> tuple[tuple[Instruction, ...], ...]:
    """The instructions of each build stage, its FROM first. What stands before the first FROM belongs to none."""
    starts = [index for index, i in enumerate(parsed) if i.name == "FROM"]
    return tuple(parsed[start:end] for start, end in pairwise((*starts, len(parsed))))
