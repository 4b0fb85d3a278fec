"""Profiles kept for an hour, and only while every file of the project has the size and time of change it had.

One file a project in the person's data directory. Whatever is wrong with such a file, the project is simply scanned again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from pathlib import Path

from deploydeck import __version__
from deploydeck.domain import ProjectProfile, utc_now
from deploydeck.scan.walk import Limits, Tree
from deploydeck.settings import AppSettings

LIFETIME_S = 3600.0
MOST_KEPT = 50
_TICK_NS = 50_000_000
"""A file changed this short before the scan may change once more within the same tick of the file system's clock."""


class ProfileCache:
    """The profiles in one directory. Safe to use from several processes: files are replaced whole."""

    def __init__(self, directory: Path, lifetime_s: float = LIFETIME_S) -> None:
        self._directory = directory
        self._lifetime_s = lifetime_s

    @staticmethod
    def key(tree: Tree, overrides: AppSettings, limits: Limits) -> str:
        """What a profile rests on, as one hash: every file's path, size and time of change, the overrides, and this version."""
        total = hashlib.blake2b(digest_size=20)
        total.update(f"{__version__}\0{overrides.model_dump_json()}\0{limits}\0{tree.truncated}\0{tree.git}".encode())
        total.update("\0".join(sorted(tree.tracked)).encode("utf-8", "surrogatepass"))
        for entry in tree.entries.values():
            total.update(os.fsencode(entry.raw) + f"\0{entry.size}\0{entry.changed_ns}\n".encode())
        return total.hexdigest()

    def get(self, root: Path, key: str) -> ProjectProfile | None:
        """The profile kept for this key, unless it is too old or cannot be read."""
        try:
            text = self._file(root).read_text("utf-8")
            head, _, body = text.partition("\n")
            if head != key:
                return None
            profile = ProjectProfile.model_validate_json(body)
        except (OSError, ValueError):
            return None
        age_s = (utc_now() - profile.analyzed_at).total_seconds()
        return profile if 0 <= age_s < self._lifetime_s and profile.root == str(root) else None

    def put(self, tree: Tree, key: str, profile: ProjectProfile) -> None:
        """Keep a profile. Does nothing where it cannot be written, or when a file changed only a moment ago."""
        newest = max((entry.changed_ns for entry in tree.entries.values()), default=0)
        if newest > profile.analyzed_at.timestamp() * 1e9 - _TICK_NS:
            return
        with contextlib.suppress(OSError):
            for directory in (self._directory.parent, self._directory):  # parents made on the way would be open to others
                directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(prefix=".profile-", dir=self._directory)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(f"{key}\n{profile.model_dump_json()}")
                os.replace(name, self._file(tree.root))  # noqa: PTH105
            except BaseException:
                os.unlink(name)  # noqa: PTH108
                raise
            self._prune()

    def _prune(self) -> None:
        now = time.time()
        files = sorted(self._directory.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for number, path in enumerate(files):
            if number >= MOST_KEPT or now - path.stat().st_mtime > self._lifetime_s:
                path.unlink(missing_ok=True)

    def _file(self, root: Path) -> Path:
        return self._directory / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:32]}.json"
