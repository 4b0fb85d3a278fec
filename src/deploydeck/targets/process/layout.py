"""Where a release lives on the disk, and what stands in its small files."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploydeck.domain import DeploymentConfig, Release

MAX_JSON_BYTES = 4_000_000


@dataclass(frozen=True)
class Layout:
    """One release: `<releases>/<app>-<environment>-<owner>/<v7>-<release id>/`."""

    base: Path

    @classmethod
    def of(cls, releases: Path, config: DeploymentConfig, release: Release) -> Layout:
        known = release.artifact.get("directory")  # the application may have been renamed since
        name = f"{_slug(release.label)}-{_slug(release.id)}"
        slot = releases / str(known) if known and _plain(str(known)) else slot_of(releases, config) / name
        return cls(slot)

    @property
    def slot(self) -> Path:
        return self.base.parent

    @property
    def source(self) -> Path:
        return self.base / "source"

    @property
    def venv(self) -> Path:
        return self.base / "venv"

    @property
    def tools(self) -> Path:
        return self.base / "tools"

    @property
    def built(self) -> Path:
        """Written last: a directory without it is half made."""
        return self.base / "built.json"

    @property
    def launch(self) -> Path:
        """How it is started, with its variables: mode 0600."""
        return self.base / "launch.json"

    def run(self, role: str) -> Path:
        return self.base / "run" / role

    def relative(self, releases: Path) -> str:
        return self.base.relative_to(releases).as_posix()


def slot_of(releases: Path, config: DeploymentConfig) -> Path:
    """The directory of one project in one environment; the last part keeps equal slugs of two projects apart."""
    owner = hashlib.sha256(f"{config.project_id}\0{config.environment}".encode()).hexdigest()[:8]
    return releases / f"{config.app}-{_slug(config.environment)}-{owner}"


def siblings(slot: Path) -> Iterator[Layout]:
    """Every release directory of a slot."""
    try:
        found = sorted(slot.iterdir())
    except FileNotFoundError:
        return
    for path in found:
        if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
            yield Layout(path)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file; empty when there is none or it is not one."""
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(MAX_JSON_BYTES))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replace a file whole, mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mkstemp gives 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def delete(path: Path) -> None:
    """Remove a directory whole, read-only parts included; a link is never followed. Raises OSError for what will not go."""
    if not path.exists():
        return
    doomed = path.with_name(f".{path.name}.gone")  # a half removed release must not look like one
    if doomed.exists():
        shutil.rmtree(doomed, ignore_errors=True)
    path.rename(doomed)
    for name in (doomed, *(Path(root) / item for root, items, _ in os.walk(doomed) for item in items)):
        if not name.is_symlink():
            name.chmod(0o700)
    shutil.rmtree(doomed)


def _plain(relative: str) -> bool:
    parts = Path(relative).parts
    return len(parts) == 2 and ".." not in parts and not Path(relative).is_absolute()


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:48] or "x"
