"""Reads settings from files and variables, merges them, and says where one is wrong."""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from deploydeck.domain import DeployDeckError
from deploydeck.settings.paths import Paths
from deploydeck.settings.schema import PROJECT_SECTIONS, Settings
from deploydeck.settings.sections import EnvironmentSettings
from deploydeck.settings.words import PROJECT_FILE, USER_FILE, shown

MAX_FILE_BYTES = 1_000_000

Scope = Literal["user", "project"]


def load_settings(paths: Paths, project: Path | None = None, environ: dict[str, str] | None = None) -> Settings:
    """Merge all sources. Raises DeployDeckError `settings-…` naming file, key and the nearest valid name."""
    merged: dict[str, Any] = {}
    sources: list[tuple[str, Scope, dict[str, Any]]] = [(str(paths.user_file), "user", read_toml(paths.user_file))]
    if project is not None:
        sources.append((PROJECT_FILE, "project", _project_content(project)))
    for label, scope, content in sources:
        validate_content(content, label, scope)
        _merge(merged, content)
    from_environment = _from_environment(dict(os.environ) if environ is None else environ)
    _merge(merged, from_environment)
    return _validated(merged, "DEPLOYDECK_* variables" if from_environment else PROJECT_FILE)


def read_toml(path: Path) -> dict[str, Any]:
    """The parsed file, or an empty mapping when there is none. Raises DeployDeckError on anything unreadable."""
    try:
        if not path.exists():
            return {}
        if not path.is_file():
            raise DeployDeckError(
                "settings-not-a-file", f"{shown(path)} is not a regular file.", hint="Remove it or replace it by a file."
            )
        with path.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise DeployDeckError("settings-too-large", f"{shown(path)} is larger than {MAX_FILE_BYTES} bytes.", hint="Shorten it.")
        return tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, a number without end, brackets without end
        why = "It is nested too deeply." if isinstance(error, RecursionError) else str(error)[:300]
        raise DeployDeckError(
            "settings-syntax", f"{shown(path)} is not valid TOML.", why, "Correct the file and try again."
        ) from error
    except OSError as error:
        raise DeployDeckError(
            "settings-unreadable",
            f"{shown(path)} cannot be read.",
            error.strerror or str(error),
            "Give yourself read permission on it.",
        ) from error


def _project_content(project: Path) -> dict[str, Any]:
    """deploydeck.toml of a project; a link that leads out of the project is refused, for the file comes with the source."""
    path = project / PROJECT_FILE
    try:
        outside = path.is_symlink() and not path.resolve().is_relative_to(project.resolve())
    except PermissionError as error:  # not the file's but the directory's
        raise DeployDeckError(
            "project-unreadable", f"{shown(project)} cannot be read.", error.strerror or "", "Give yourself read permission on it."
        ) from error
    except (OSError, RuntimeError) as error:
        raise DeployDeckError(
            "settings-unreadable", f"{PROJECT_FILE} cannot be read.", shown(error), "Replace it by a file."
        ) from error
    if outside:
        raise DeployDeckError(
            "settings-outside", f"{PROJECT_FILE} is a link that leads out of the project.", hint="Replace it by a file."
        )
    return read_toml(path)


def validate_content(content: dict[str, Any], label: str, scope: Scope) -> Settings:
    """Check one file by itself, so that the error names that file. Returns what it says, with defaults for the rest."""
    if scope == "project":
        for key in content:
            if key in Settings.model_fields and key not in PROJECT_SECTIONS:
                raise DeployDeckError(
                    "settings-scope",
                    f"{label}: [{key}] belongs to the person, not to the project.",
                    "A project must not change how this machine runs DeployDeck.",
                    f"Move [{key}] to {USER_FILE}.",
                )
    return _validated(content, label)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of all settings, for editors and for the documentation."""
    schema = Settings.model_json_schema()
    schema["title"] = "DeployDeck settings"
    return schema


def _validated(content: dict[str, Any], label: str) -> Settings:
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = shown(".".join(str(part) for part in first["loc"]))
        if first["type"] == "extra_forbidden":
            names = _valid_names(first["loc"][:-1])
            near = difflib.get_close_matches(str(first["loc"][-1]), names, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Valid names here: {', '.join(sorted(names))}."
            raise DeployDeckError("settings-unknown-key", f"{label}: {where!r} is not a setting.", "", hint) from None
        raise DeployDeckError(
            "settings-invalid", f"{label}: {where!r} is not valid.", first["msg"], "See docs/settings.md."
        ) from None


def _valid_names(location: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = Settings
    skip = False
    for part in location:
        if skip:  # the name of an environment
            model, skip = EnvironmentSettings, False
        elif part == "environments":
            skip = True
        else:
            annotation = model.model_fields[str(part)].annotation
            model = annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else model
    return list(model.model_fields)


def _merge(into: dict[str, Any], content: dict[str, Any]) -> None:
    for key, value in content.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = dict(value) if isinstance(value, dict) else value


_NOT_SETTINGS = frozenset({"DEPLOYDECK_HOME", "DEPLOYDECK_CONFIG", "DEPLOYDECK_PASSPHRASE_FILE", "DEPLOYDECK_PASSPHRASE_FD"})


_FREE_NAMES = frozenset({"variables", "arguments"})
"""Below these a name is the person's own, so its case is kept."""


def _from_environment(environ: dict[str, str]) -> dict[str, Any]:
    """DEPLOYDECK_WORKER__IDLE_EXIT_S=5 sets worker.idle_exit_s; without a double underscore it is a top-level setting.

    A value that begins with [ is read as a JSON list.
    """
    content: dict[str, Any] = {}
    for name, value in sorted(environ.items()):
        if not name.startswith("DEPLOYDECK_") or name in _NOT_SETTINGS:
            continue
        path = _path(name.removeprefix("DEPLOYDECK_"))
        if path[0] not in Settings.model_fields:
            continue  # variables of other tools and of our own tests may share the prefix
        place = content
        for part in path[:-1]:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise DeployDeckError(
                    "settings-invalid", f"{shown(name)} and a shorter DEPLOYDECK_* variable set the same thing.", hint="Unset one."
                )
        place[path[-1]] = _listed(name, value)
    return content


def _path(name: str) -> list[str]:
    parts: list[str] = []
    for part in name.split("__"):
        parts.append(part if parts and parts[-1] in _FREE_NAMES else part.lower())
    return parts


def _listed(name: str, value: str) -> Any:
    if not value.startswith("["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise DeployDeckError(
            "settings-invalid", f"{shown(name)} begins like a list and is none.", "", 'Write it as JSON: ["a", "b"].'
        ) from error
