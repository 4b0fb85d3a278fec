"""Facts that a file says of another directory (a compose service built from ./api), handed to the component they are about.

Parsers know only their own file, so they emit such a fact under the kind `at:KIND` with the tag `at:DIRECTORY`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import replace

from deploydeck.scan.facts import Found
from deploydeck.scan.state import Scan

KINDS = (
    "env",
    "expose",
    "image-command",
    "platform-start",
    "platform-build",
    "platform-output",
    "platform-health",
    "platform-port",
    "pin",
)
"""Kinds of facts that may speak of another directory."""


def directory_of(fact: Found) -> str:
    """The directory a fact speaks of, relative to the component its file is in; "" for its own."""
    return next((tag[3:] for tag in fact.tags if tag.startswith("at:")), "")


def said(scan: Scan, kind: str, name: str | None = None) -> list[Found]:
    """The facts of a kind that speak of this component: its own, and those its files say of directories in it."""
    found = scan.facts.of(kind, name)
    here = [replace(fact, kind=kind) for fact in scan.facts.of(f"at:{kind}", name) if directory_of(fact) in scan.directories]
    return list(dict.fromkeys((*found, *here))) if here else found


def deliver(scans: dict[str, Scan]) -> None:
    """Give every component what files of the components around it say of it. Their paths begin with "/", as inherited ones do."""
    for home, scan in scans.items():
        for kind in KINDS:
            for fact in scan.facts.own(f"at:{kind}"):
                target = _owner(posixpath.normpath(posixpath.join(home, directory_of(fact))), scans)
                if target == home:
                    scan.facts.add([replace(fact, kind=kind)])
                elif target is not None:
                    path = "/" + posixpath.join(home, fact.file)
                    scans[target].facts.add(
                        [
                            replace(
                                fact,
                                kind=kind,
                                file=path,
                                tags=frozenset(tag for tag in fact.tags if not tag.startswith("at:")) | {"own"},
                            )
                        ]
                    )


def _owner(directory: str, components: Iterable[str]) -> str | None:
    """The innermost component that holds a directory which is there."""
    found = [one for one in components if one == "" or directory == one or directory.startswith(f"{one}/")]
    return max(found, key=len) if found else None
