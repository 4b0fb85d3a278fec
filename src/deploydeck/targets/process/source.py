"""A copy of the project: what git knows, or everything but the well-known directories; nothing from outside comes in."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from deploydeck.domain import Cause
from deploydeck.targets.base import StepFailed

SKIPPED = frozenset(
    ".git .hg .svn node_modules .venv venv __pycache__ .tox .nox .mypy_cache .ruff_cache .pytest_cache .next .nuxt .turbo "
    ".parcel-cache .terraform .DS_Store".split()
)
MAX_FILES = 200_000
MAX_BYTES = 8 * 1024**3
MAX_DEPTH = 64
_GIT_TIMEOUT_S = 60.0
_GIT = (
    "git",
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.untrackedCache=false",
)


@dataclass
class Copied:
    """What was copied, and the links that were left out because they lead out of the project."""

    files: int = 0
    size_bytes: int = 0
    left_out: list[str] = field(default_factory=list)


def copy(root: Path, target: Path, cancelled: Callable[[], bool]) -> Copied:
    """Copy the project at `root` to `target` (must not exist). Blocking. Raises StepFailed; stops early when cancelled."""
    try:
        return _copy(root.resolve(strict=True), target, cancelled)
    except OSError as error:
        code = "disk-full" if error.errno == 28 else "source-unreadable"
        raise StepFailed(
            Cause(
                code=code, what="The project could not be copied.",
                why=f"{_shown(str(error.filename or root))}: {error.strerror or error}",
                hint="Free space." if code == "disk-full" else "Make it readable, or leave it out by .gitignore.",
            )
        ) from error  # fmt: skip


def _copy(root: Path, target: Path, cancelled: Callable[[], bool]) -> Copied:
    done = Copied()
    target.mkdir(parents=True)
    for name in _names(root):
        if cancelled():
            break
        status = os.lstat(root / name)
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISLNK(status.st_mode):
            if not _copy_link(root, name, place):
                done.left_out.append(_shown(name))
            continue
        if not stat.S_ISREG(status.st_mode):
            continue  # sockets, pipes and devices are no source
        done.files += 1
        done.size_bytes += status.st_size
        if done.files > MAX_FILES or done.size_bytes > MAX_BYTES:
            raise StepFailed(
                Cause(
                    code="source-too-large",
                    what=f"The project holds more than {MAX_FILES} files or {MAX_BYTES // 1024**3} GiB.",
                    hint="Leave data out by .gitignore.",
                )
            )
        _copy_file(root / name, place, status)
    return done


def _copy_file(source: Path, place: Path, status: os.stat_result) -> None:
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as reading, place.open("xb") as writing:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # it changed since we looked
            return
        shutil.copyfileobj(reading, writing, 1 << 20)
    place.chmod(0o755 if status.st_mode & 0o111 else 0o644)


def _copy_link(root: Path, name: str, place: Path) -> bool:
    """Make the same link inside the copy; False when it leads out of the project."""
    resolved = Path(os.path.realpath(root / name))
    if not resolved.is_relative_to(root):
        return False
    # the copy of what it points to, named from the link's own (real) directory
    real_parent = Path(os.path.realpath((root / name).parent))
    if not real_parent.is_relative_to(root):
        return False
    place.symlink_to(os.path.relpath(resolved, real_parent))
    return True


def _names(root: Path) -> Iterator[str]:
    """Relative names, parents that are links left out."""
    listed = _from_git(root)
    yield from (name for name in (listed if listed else _walked(root)) if not _secret(name))


def _secret(name: str) -> bool:
    base = name.rpartition("/")[2]
    return base == ".env" or (base.startswith(".env.") and not base.endswith((".example", ".sample", ".template", ".dist")))


def _from_git(root: Path) -> list[str] | None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
    try:
        done = subprocess.run(
            [*_GIT, "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z", "--", "."],
            env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=_GIT_TIMEOUT_S, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    found: list[str] = []
    links: dict[str, bool] = {"": False}

    def through_link(directory: str) -> bool:
        if directory not in links:
            links[directory] = through_link(directory.rpartition("/")[0]) or (root / directory).is_symlink()
        return links[directory]

    for name in dict.fromkeys(os.fsdecode(item) for item in done.stdout.split(b"\0") if item):
        parts = name.split("/")
        if (
            name.startswith("/")
            or ".." in parts
            or SKIPPED.intersection(parts)
            or through_link(name.rstrip("/").rpartition("/")[0])
        ):
            continue
        if name.endswith("/") or ((root / name).is_dir() and not (root / name).is_symlink()):  # a submodule or a nested checkout
            found.extend(_walked(root, name.rstrip("/")))
        elif os.path.lexists(root / name):
            found.append(name)
    return found


def _walked(root: Path, start: str = "") -> Iterator[str]:
    stack = [start]
    while stack:
        directory = stack.pop()
        if directory.count("/") > MAX_DEPTH:
            continue
        with os.scandir(root / directory) as items:
            found = sorted(items, key=lambda item: item.name)
        if directory and any(item.name == "pyvenv.cfg" for item in found):
            continue
        for item in found:
            if item.name in SKIPPED:
                continue
            name = f"{directory}/{item.name}" if directory else item.name
            if item.is_dir(follow_symlinks=False):
                stack.append(name)
            else:
                yield name


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")
