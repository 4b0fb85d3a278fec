"""Policies for CI files: GitHub Actions, GitLab CI, Jenkins."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.domain import TextEdit
from deploydeck.generate.policies.model import Hit, Policy, is_literal, names_secret, read_document, unversioned

_COMMIT = re.compile(r"@[0-9a-f]{40}$")
_UNTRUSTED = re.compile(
    r"\$\{\{\s*(?:github\.head_ref|github\.event\.[\w.\[\]*]{0,80}(?:title|body|message|name|ref|label|email|login|branch)[\w.]{0,40}|inputs\.[\w-]{1,80})\s*\}\}"
)
_GROOVY_ASSIGNMENT = re.compile(r"^\s*(?:def\s+|String\s+)?([A-Za-z_][\w]*)\s*=\s*(['\"])((?:[^'\"\\\n]|\\.){1,400})\2\s*$")


def _unpinned_actions(content: str) -> Iterator[Hit]:
    from deploydeck.generate.ci.actions import actions  # here, because pipelines are generated above what is checked

    known = {one.uses: one.pinned for one in actions().values()}
    lines = content.split("\n")
    for entry in read_document(content).entries:
        action = entry.value
        if entry.key != "uses" or action.startswith(("./", "docker://")) or _COMMIT.search(action):
            continue
        text, pinned = lines[entry.line - 1], known.get(action.partition("@")[0], "")
        fix = (
            (TextEdit(line=entry.line, count=1, lines=(text.partition(action)[0] + pinned,)),) if pinned and action in text else ()
        )
        yield Hit(entry.line, f"{action[:80]} can become other code tomorrow; pin its commit, with the version in a comment.", fix)


def _permissions(content: str) -> Iterator[Hit]:
    document = read_document(content)
    top = document.keys(())
    least = ("permissions:", "  contents: read")
    if "jobs" in top and "permissions" not in top:
        without = [job for job in document.keys(("jobs",)) if "permissions" not in document.keys(("jobs", job))]
        if without:
            line = document.line(("jobs",))
            message = f"The token of {', '.join(without)[:80]} has whatever the repository gives by default; say what it may do."
            yield Hit(line, message, (TextEdit(line=line, count=0, lines=(*least, "")),))
    for entry in document.entries:
        if entry.path[-1:] == ("permissions",) and entry.value == "write-all":
            indent = " " * (2 * (len(entry.path) - 1))
            fix = (TextEdit(line=entry.line, count=1, lines=tuple(f"{indent}{line}" for line in least)),)
            yield Hit(entry.line, "The token may change everything in the repository; give each job what it needs.", fix)


def _injection(content: str) -> Iterator[Hit]:
    lines = content.split("\n")
    for entry in read_document(content).entries:
        if entry.key not in ("run", "script") or entry.path[:1] != ("jobs",):
            continue
        for number in range(entry.line, min(entry.line + entry.value.count("\n") + 2, len(lines) + 1)):
            found = _UNTRUSTED.search(lines[number - 1])
            if found:
                message = f"{found[0][:80]} is text of strangers and becomes part of a script; hand it over in env and quote it."
                yield Hit(number, message)


def _target_trigger(content: str) -> Iterator[Hit]:
    document = read_document(content)
    named = [entry for entry in document.entries if "pull_request_target" in (*entry.path, entry.value)]
    at = document.keys(("on",)) + document.keys(("True",)) + document.keys(("true",))
    if named or "pull_request_target" in at:
        line = named[0].line if named else document.line(("on",))
        yield Hit(line, "pull_request_target gives a stranger's change the secrets of the repository; use pull_request.")


def _secrets_in_yaml(content: str) -> Iterator[Hit]:
    for entry in read_document(content).entries:
        parts = entry.path
        inside = {"variables", "env", "environment", "with"} & set(parts[:-1])
        if inside and names_secret(entry.key) and is_literal(entry.value):
            yield Hit(entry.line, f"The value of {entry.key} stands in the file; keep it as a protected variable and name it here.")


def _secrets_in_groovy(content: str) -> Iterator[Hit]:
    for number, line in enumerate(content.split("\n"), 1):
        found = _GROOVY_ASSIGNMENT.match(line)
        if found and names_secret(found[1]) and is_literal(found[3]):
            yield Hit(number, f"The value of {found[1]} stands in the file; use credentials('…').")


def _unpinned_images(content: str) -> Iterator[Hit]:
    for entry in read_document(content).entries:
        if (entry.key == "image" or entry.path[-2:] == ("image", "name")) and unversioned(entry.value):
            yield Hit(
                entry.line, f"{entry.value[:80]} names no version: every run may get another image. Write the tag you tested."
            )


_LITERAL = "A value in a committed file is known to everybody who ever saw the repository."
_IMAGES = Policy("unpinned-base", "An image without a version changes under you, and a run cannot be repeated.", _unpinned_images)
GITHUB: tuple[Policy, ...] = (
    Policy(
        "unpinned-action",
        "A tag can be moved: whoever takes over an action runs in your pipeline with its secrets.",
        _unpinned_actions,
    ),
    Policy("wide-permissions", "A stolen token does what it may; most jobs only read.", _permissions),
    Policy("script-injection", "Titles and branch names are written by anybody and run as code.", _injection),
    Policy("untrusted-trigger", "Code of strangers must not run where secrets are.", _target_trigger),
    Policy("secret-literal", _LITERAL, _secrets_in_yaml, blocking=True),
)
GITLAB: tuple[Policy, ...] = (_IMAGES, Policy("secret-literal", _LITERAL, _secrets_in_yaml, blocking=True))
JENKINS: tuple[Policy, ...] = (Policy("secret-literal", _LITERAL, _secrets_in_groovy, blocking=True),)
