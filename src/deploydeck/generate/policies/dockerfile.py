"""Policies for Dockerfiles: what an image must not do, whoever wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from deploydeck.domain import TextEdit
from deploydeck.generate.dockerfile_syntax import Instruction, instructions, stages
from deploydeck.generate.policies.model import Hit, Policy, names_secret, unversioned
from deploydeck.generate.stacks.base import PROBE_BASH

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|\S*))?")
_PIPE_TO_SHELL = re.compile(r"\b(?:curl|wget)\b[^|;&]{0,2000}\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b")
_OPEN_MODE = re.compile(r"\bchmod\s+(?:-\w+\s+)*0?777\b")
_SHELL_LESS = re.compile(r"\bscratch\b|distroless|alpine|busybox|chiseled", re.IGNORECASE)
NOBODY = "10001:10001"


def _final(content: str) -> tuple[Instruction, ...]:
    found = stages(instructions(content))
    return found[-1] if found else ()


def _before_command(stage: tuple[Instruction, ...], text: str) -> tuple[TextEdit, ...]:
    """The edit that puts a line before the first command of the final stage, else after its FROM."""
    command = next((i for i in stage if i.name in ("CMD", "ENTRYPOINT")), None)
    return (TextEdit(line=command.line if command else stage[0].end + 1, count=0, lines=(text,)),)


def _root(content: str) -> Iterator[Hit]:
    stage = _final(content)
    if not stage:
        return
    users = [i for i in stage if i.name == "USER"]
    user = users[-1].arguments.split(":")[0].strip() if users else ""
    if user in ("", "0", "root"):
        at = users[-1] if users else None
        fix = (TextEdit(line=at.line, count=1, lines=(f"USER {NOBODY}",)),) if at else _before_command(stage, f"USER {NOBODY}")
        yield Hit(at.line if at else stage[0].line, "The program runs as root; set USER.", fix)


def _user_by_name(content: str) -> Iterator[Hit]:
    users = [i for i in _final(content) if i.name == "USER"]
    user = users[-1].arguments.split(":")[0].strip() if users else ""
    if user and user != "root" and not user.isdigit() and not user.startswith("$"):
        message = f"USER {user[:40]} is a name: a platform cannot check that it is not root. Write its number, as `id -u` says it."
        yield Hit(users[-1].line, message)


def _unpinned(content: str) -> Iterator[Hit]:
    parsed = instructions(content)
    named = {
        i.arguments.split()[-1].lower() for i in parsed if i.name == "FROM" and re.search(r"\sas\s", i.arguments, re.IGNORECASE)
    }
    for i in parsed:
        words = [word for word in i.arguments.split() if not word.startswith("--")]
        image = words[0] if words else ""
        if i.name == "FROM" and image != "scratch" and image.lower() not in named and unversioned(image):
            name = image.removesuffix(":latest")
            yield Hit(
                i.line,
                f"{image[:80]} names no version: every build may get another image. Write the tag you tested.",
                _pinned(i, image, name),
            )


def _pinned(instruction: Instruction, image: str, name: str) -> tuple[TextEdit, ...]:
    from deploydeck.generate.stacks import STACKS

    for stack in STACKS:
        known, _, tag = stack.image.partition(":")
        if known == name.rsplit("/", 1)[-1] and instruction.line == instruction.end and stack.default_series:
            new = f"{name}:{tag.format(series=stack.default_series)}"
            return (TextEdit(line=instruction.line, count=1, lines=(instruction.text.replace(image, new, 1),)),)
    return ()


def _secrets(content: str) -> Iterator[Hit]:
    for i in instructions(content):
        if i.name not in ("ENV", "ARG"):
            continue
        pairs = _ASSIGNMENT.findall(i.arguments) if "=" in i.arguments else [(i.arguments.split(" ")[0], "")]
        bad = [name for name, _ in pairs if names_secret(name)]
        for name in bad:
            alone = len(pairs) == 1 and i.line == i.end
            fix = (TextEdit(line=i.line, count=1),) if alone else ()
            message = (
                f"{name} in {i.name} would stay readable in the image; give it when the container starts, or as a build secret."
            )
            yield Hit(i.line, message, fix)


def _no_health_check(content: str) -> Iterator[Hit]:
    stage = _final(content)
    if not stage or any(i.name == "HEALTHCHECK" for i in stage):
        return
    exposed = next((re.match(r"\d{1,5}", i.arguments) for i in stage if i.name == "EXPOSE"), None)
    if exposed is None:
        return  # nothing listens that it names: there is nothing to ask
    message = "Nothing tells whether the program works; add HEALTHCHECK."
    if _SHELL_LESS.search(stage[0].arguments):
        yield Hit(stage[0].line, f"{message} This base has no shell: ask with a program of your own.")
        return
    probe = json.dumps(["bash", "-c", PROBE_BASH, "probe", exposed[0], "/", "localhost"])
    text = f"HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD {probe}"
    yield Hit(stage[0].line, message, _before_command(stage, text))


def _remote_add(content: str) -> Iterator[Hit]:
    for i in instructions(content):
        if i.name == "ADD" and re.search(r"\bhttps?://", i.arguments) and "--checksum" not in i.arguments:
            yield Hit(i.line, "ADD takes whatever the address holds that day; give --checksum=sha256:… with it.")


def _piped(content: str) -> Iterator[Hit]:
    for i in instructions(content):
        if i.name == "RUN" and _PIPE_TO_SHELL.search(i.arguments):
            yield Hit(i.line, "A script from the network runs unseen; download it, check its sum, then run it.")


def _open_files(content: str) -> Iterator[Hit]:
    for i in instructions(content):
        found = _OPEN_MODE.search(i.arguments) if i.name == "RUN" else None
        if found:
            fix: tuple[TextEdit, ...] = ()
            if i.line == i.end:
                fix = (TextEdit(line=i.line, count=1, lines=(i.text.replace(found[0], found[0].replace("777", "755"), 1),)),)
            yield Hit(i.line, "Files that everybody may write; 755 is enough to run them.", fix)


DOCKERFILE: tuple[Policy, ...] = (
    Policy("runs-as-root", "Who breaks into the program is root in the container, and one mistake away from the machine.", _root),
    Policy("user-by-name", "Platforms that refuse root images only see the number.", _user_by_name),
    Policy("unpinned-base", "An image without a version changes under you, and nobody can say which one was tested.", _unpinned),
    Policy("secret-in-image", "Everybody who can pull the image can read its ENV and ARG.", _secrets, blocking=True),
    Policy("no-health-check", "Without one a platform only sees that the process is there, not that it answers.", _no_health_check),
    Policy("unverified-download", "What the network gives may be changed by others.", _remote_add),
    Policy("piped-to-shell", "What runs in the build was seen by nobody.", _piped),
    Policy("writable-by-all", "A program that can be overwritten can be replaced.", _open_files),
)
