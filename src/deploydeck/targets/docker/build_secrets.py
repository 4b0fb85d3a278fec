"""What a Dockerfile asks to be lent while it is built (RUN --mount=type=secret): paths that BuildKit may read, never values.

On Linux a value stands in nameless memory, which the docker command reaches through /proc and which is gone with this process,
also when that is killed. Elsewhere it is a file of mode 0600 in a directory of mode 0700 for as long as the build takes.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

MAX_DOCKERFILE_BYTES = 1_000_000
_MOUNT = re.compile(r"--mount=(\S+)")
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}\Z")
_FILES = {"npmrc": ".npmrc"}
"""Ids that stand for a file of the project, not for a variable."""


def asked_for(dockerfile: str) -> tuple[str, ...]:
    """The ids of the secrets that a Dockerfile mounts, in its order."""
    found: dict[str, None] = {}
    for line in dockerfile.splitlines():
        if line.lstrip().startswith("#"):
            continue
        for mount in _MOUNT.findall(line):
            options = dict(part.partition("=")[::2] for part in mount.split(","))
            if options.get("type") == "secret":
                target = options.get("target") or options.get("dst") or options.get("destination") or ""
                found[options.get("id") or target.rpartition("/")[2]] = None
    return tuple(name for name in found if _ID.match(name))


@contextlib.contextmanager
def lent(dockerfile: Path, root: Path, variables: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Id to path of what the Dockerfile asks for and this deployment has. The paths hold until the end. Raises OSError."""
    with dockerfile.open("rb") as file:
        names = asked_for(file.read(MAX_DOCKERFILE_BYTES).decode("utf-8", "replace"))
    with contextlib.ExitStack() as until_the_end:
        paths: dict[str, str] = {}
        for name in names:
            if name in variables:
                paths[name] = until_the_end.enter_context(_readable(variables[name].encode("utf-8", "surrogateescape")))
            elif name in _FILES and (root / _FILES[name]).is_file() and not (root / _FILES[name]).is_symlink():
                paths[name] = _FILES[name]  # the build runs in the project
        yield paths


@contextlib.contextmanager
def _readable(content: bytes) -> Iterator[str]:
    if sys.platform == "linux":
        descriptor = os.memfd_create("build-secret", os.MFD_CLOEXEC)
        with os.fdopen(descriptor, "wb") as memory:
            memory.write(content)
            memory.flush()
            yield f"/proc/{os.getpid()}/fd/{descriptor}"
    else:
        with tempfile.TemporaryDirectory(prefix="deploydeck-") as directory:  # mode 0700
            path = Path(directory) / "secret"
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
            yield str(path)
