"""The bundled example: a copy of it to try DeployDeck on, and prepared changes that both faces can propose for it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from deploydeck.domain import DeployDeckError, GeneratedFile
from deploydeck.settings import Paths

EXAMPLE = "shop"
NEXT_VERSION = "v2"
BREAKING = "broken"
CHANGES = (NEXT_VERSION, BREAKING)

_GIT = ("git", "-c", "user.name=DeployDeck demo", "-c", "user.email=demo@deploydeck.invalid", "-c", "commit.gpgsign=false")
_GIT_TIMEOUT_S = 20.0
_PACKAGE = Path(__file__).parent


def create_demo(paths: Paths, to: Path | None = None) -> Path:
    """Copy the example to `to` (default: a fresh directory beside the data) and make it a git repository where git exists.

    Returns the absolute directory. Raises DeployDeckError `demo-exists` for a directory that is not empty, `demo-…` otherwise.
    """
    target = to.expanduser().absolute() if to else _fresh(paths)
    try:
        if target.exists() and any(target.iterdir()):
            raise DeployDeckError("demo-exists", f"{target} is not empty.", hint="Name a directory that does not exist yet.")
        shutil.copytree(_examples() / EXAMPLE, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    except OSError as error:
        raise DeployDeckError(
            "demo-uncopied", f"The example cannot be copied to {target}.", error.strerror or str(error), "Name another directory."
        ) from error
    _commit(target)
    return target


def is_demo(root: Path) -> bool:
    """Whether a directory is a copy of the example: its README is the example's, whatever else was changed."""
    try:
        return (root / "README.md").read_bytes() == (_examples() / EXAMPLE / "README.md").read_bytes()
    except (OSError, DeployDeckError):
        return False


def next_version(root: Path) -> dict[str, str]:
    """What release 2 of the example changes: path to new content. Raises DeployDeckError `demo-…`."""
    return prepared_change(root, NEXT_VERSION)


def breaking_change(root: Path) -> dict[str, str]:
    """A change after which the health path answers 500: path to new content. Raises DeployDeckError `demo-…`."""
    return prepared_change(root, BREAKING)


def prepared_change(root: Path, name: str) -> dict[str, str]:
    """The files of a prepared change, by path relative to `root`. Raises DeployDeckError when `root` is no copy of the example."""
    if not is_demo(root):
        raise DeployDeckError(
            "demo-not-here", f"{root} is not a copy of the example.", hint="Make one: `deploydeck demo --path-only`."
        )
    folder = _examples() / f"{EXAMPLE}-changes" / name
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        raise DeployDeckError("demo-missing", f"There is no prepared change {name!r}.", hint="Install DeployDeck again.")
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def as_files(change: dict[str, str]) -> tuple[GeneratedFile, ...]:
    """A prepared change in the form that Review compares with the disk."""
    return tuple(GeneratedFile(path=path, content=content) for path, content in change.items())


def _examples() -> Path:
    """In an installed wheel beside this module, in a checkout at its top."""
    for place in (_PACKAGE / "_examples", _PACKAGE.parent.parent / "examples"):
        if (place / EXAMPLE).is_dir():
            return place
    raise DeployDeckError("demo-missing", "The bundled example is not there.", hint="Install DeployDeck again.")


def _fresh(paths: Paths) -> Path:
    """The first of shop, shop-2, shop-3, … that does not exist; it is made at once, so that two demos never share one."""
    parent = paths.data / "demo"
    try:
        paths.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        parent.mkdir(exist_ok=True)
        for number in range(1, 10_000):
            target = parent / (EXAMPLE if number == 1 else f"{EXAMPLE}-{number}")
            try:
                target.mkdir()
            except FileExistsError:
                continue
            return target
    except OSError as error:
        raise DeployDeckError(
            "demo-uncopied", f"{parent} cannot be written.", error.strerror or str(error), "Name another directory."
        ) from error
    raise DeployDeckError("demo-uncopied", f"{parent} is full of demos.", hint="Remove some.")


def _commit(root: Path) -> None:
    """A first commit, so that releases show one. Without git, or if it refuses, the demo works all the same."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # set while a hook of another repository runs
        environment.pop(name, None)
    for arguments in (("init", "--quiet", "--initial-branch=main"), ("add", "--all"), ("commit", "--quiet", "--message=The shop")):
        try:
            subprocess.run([*_GIT, *arguments], cwd=root, env=environment, capture_output=True, timeout=_GIT_TIMEOUT_S, check=True)
        except (OSError, subprocess.SubprocessError):
            return
