"""Policies for Compose files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploydeck.domain import TextEdit
from deploydeck.generate.policies.model import Document, Entry, Hit, Policy, is_literal, names_secret, read_document, unversioned

_PUBLISHED = re.compile(r"^(?:0\.0\.0\.0:|\[::\]:)?(\d{1,5}):(\d{1,5})(?:/tcp)?$")
_DATABASE_PORTS = frozenset({"1433", "3306", "5432", "5672", "6379", "9092", "9200", "11211", "27017"})
_ASSIGNED = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)=(.*)$", re.DOTALL)


def _services(document: Document) -> tuple[str, ...]:
    return document.keys(("services",))


def _line(content: str, number: int) -> str:
    lines = content.split("\n")
    return lines[number - 1] if number <= len(lines) else ""


def _unpinned(content: str) -> Iterator[Hit]:
    document = read_document(content)
    for service in _services(document):
        for entry in document.below("services", service, "image"):
            if unversioned(entry.value):
                yield Hit(
                    entry.line, f"{entry.value[:80]} names no version: every start may get another image. Write the tag you tested."
                )


def _assignments(document: Document) -> Iterator[tuple[str, str, Entry]]:
    for service in _services(document):
        for place in (("environment",), ("build", "args")):
            for entry in document.below("services", service, *place):
                found = _ASSIGNED.match(entry.value) if entry.path[-1].isdigit() else None
                yield (found[1], found[2], entry) if found else (entry.key, entry.value, entry)


def _secrets(content: str) -> Iterator[Hit]:
    for name, value, entry in _assignments(read_document(content)):
        if names_secret(name) and is_literal(value):
            old = _line(content, entry.line)
            new = f"${{{name}:?set it in .env}}"
            fix = (TextEdit(line=entry.line, count=1, lines=(old.replace(value, new, 1),)),) if old.count(value) == 1 else ()
            yield Hit(entry.line, f"The value of {name} stands in the file; take it from .env, which is not committed.", fix)


def _privileged(content: str) -> Iterator[Hit]:
    document = read_document(content)
    for service in _services(document):
        for entry in document.below("services", service):
            key = entry.path[2] if len(entry.path) > 2 else ""
            gone = (TextEdit(line=entry.line, count=1),)
            if key == "privileged" and entry.value.lower() == "true":
                yield Hit(
                    entry.line, f"{service[:40]} may do everything the machine's root may; name the one capability it needs.", gone
                )
            elif key in ("network_mode", "pid", "ipc") and entry.value == "host":
                yield Hit(
                    entry.line,
                    f"{service[:40]} shares the {key.split('_')[0]} of the machine; publish the ports it needs instead.",
                    gone,
                )
            elif key == "volumes" and "docker.sock" in entry.value:
                yield Hit(entry.line, f"{service[:40]} gets the engine's socket, which is root on the machine; take it away.", gone)


def _open_database(content: str) -> Iterator[Hit]:
    document = read_document(content)
    for service in _services(document):
        for entry in document.below("services", service, "ports"):
            found = _PUBLISHED.match(entry.value)
            if found and found[2] in _DATABASE_PORTS:
                old = _line(content, entry.line)
                fix = (
                    TextEdit(line=entry.line, count=1, lines=(old.replace(entry.value, f"127.0.0.1:{found[1]}:{found[2]}", 1),)),
                )
                yield Hit(entry.line, f"Port {found[2]} of {service[:40]} is open on every address; bind it to 127.0.0.1.", fix)


COMPOSE: tuple[Policy, ...] = (
    Policy("unpinned-base", "An image without a version changes under you, and nobody can say which one was tested.", _unpinned),
    Policy(
        "secret-literal", "A value in a committed file is known to everybody who ever saw the repository.", _secrets, blocking=True
    ),
    Policy("too-much-power", "Who breaks into such a container has the machine.", _privileged),
    Policy("open-database", "Databases that the network reaches are found within hours.", _open_database),
)
