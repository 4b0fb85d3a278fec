"""What differs between two releases: files by hash, variables by fingerprint, configuration by setting. Both faces show this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploydeck.domain import OTHER_FILES, DeploymentConfig, Release, Value

_NOT_SETTINGS = frozenset({"id", "created_at", "schema_version", "profile_hash", "variables"})

UNLISTED = "other files (too many to be listed one by one)"


class Difference(Value):
    """One thing that differs. `change` is added, removed or changed; a side that has no such thing is empty."""

    name: str
    change: str
    before: str = ""
    after: str = ""


class Comparison(Value):
    """Everything that differs between two releases. `source` says whether the source as a whole differs."""

    older: str
    newer: str
    source: bool
    files: tuple[Difference, ...]
    variables: tuple[Difference, ...]
    config: tuple[Difference, ...]
    git: tuple[Difference, ...]
    artifact: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        return not (self.source or self.files or self.variables or self.config or self.git or self.artifact)


def compare_releases(older: Release, newer: Release, older_config: DeploymentConfig, newer_config: DeploymentConfig) -> Comparison:
    """Compare two releases of a project. Values of variables are nowhere: a fingerprint only tells equal from different."""
    return Comparison(
        older=older.label,
        newer=newer.label,
        source=older.source_hash != newer.source_hash,
        files=_differences(*_files(older, newer), shown=12),
        variables=_differences(dict(older.variables), dict(newer.variables), shown=12),
        config=_differences(_settings(older_config, older), _settings(newer_config, newer)),
        git=_differences(_git(older), _git(newer)),
        artifact=_differences(_flat(older.artifact), _flat(newer.artifact)),
    )


def _differences(before: Mapping[str, str], after: Mapping[str, str], *, shown: int = 0) -> tuple[Difference, ...]:
    found = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        change = "added" if old is None else "removed" if new is None else "changed"
        old, new = old or "", new or ""
        found.append(
            Difference(name=name, change=change, before=old[:shown] if shown else old, after=new[:shown] if shown else new)
        )
    return tuple(found)


def _files(older: Release, newer: Release) -> tuple[dict[str, str], dict[str, str]]:
    """The files of both sides by path. What one side does not list is compared as one thing on both, never as added or removed."""
    before, after = dict(older.files), dict(newer.files)
    rests = before.pop(OTHER_FILES, ""), after.pop(OTHER_FILES, "")
    if rests == ("", ""):
        return before, after
    if not all(rests):  # only one side has too many to be listed: then the other's list says more than can be compared
        listed = after if rests[1] else before
        before, after = ({path: side[path] for path in side if path in listed} for side in (before, after))
        rests = older.source_hash, newer.source_hash
    return before | {UNLISTED: rests[0]}, after | {UNLISTED: rests[1]}


def _settings(config: DeploymentConfig, release: Release) -> dict[str, str]:
    content = config.model_dump(mode="json", exclude=set(_NOT_SETTINGS)) | {
        "environment": release.environment,
        "target": release.target,
    }
    declared = {f"variables.{variable.name}": variable.source.value for variable in config.variables}
    return _flat(content) | declared


def _git(release: Release) -> dict[str, str]:
    if not release.git_sha:
        return {}
    return {"commit": release.git_sha, "working tree": "changed" if release.git_dirty else "clean"}


def _flat(content: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested content as dotted names; lists as text; what is empty is left out, so that a new empty setting is no difference."""
    flat: dict[str, str] = {}
    for name, value in content.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        elif value not in (None, "", [], ()):
            flat[f"{prefix}{name}"] = _text(value)
    return flat


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return (
            " && ".join(_text(entry) for entry in value)
            if any(isinstance(entry, (list, tuple)) for entry in value)
            else " ".join(map(_text, value))
        )
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_text(entry)}" for name, entry in value.items())
    return str(value)
