"""Every setting as a row, from the schema; and the safe way to change one in the person's config.toml."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from deploydeck.domain import DeployDeckError
from deploydeck.settings import (
    PROJECT_FILE,
    PROJECT_SECTIONS,
    USER_FILE,
    Paths,
    Settings,
    load_settings,
    read_toml,
    validate_content,
)

USER_SECTIONS = ("ui", "worker", "logs", "docker")


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting. `value` as one types it; `source` is default, config.toml, deploydeck.toml or environment."""

    name: str
    value: str
    default: str
    source: str
    meaning: str
    editable: bool
    how: str

    @property
    def shown(self) -> str:
        return self.value or "(not set)"


def read_rows(paths: Paths, project: Path | None) -> list[SettingRow]:
    """Every setting with its present value. Blocking. Raises DeployDeckError `settings-…`."""
    settings = load_settings(paths, project)
    user = read_toml(paths.user_file)
    own = read_toml(project / PROJECT_FILE) if project else {}
    rows = [_row(name, field, value, user, own) for name, field, value in _walk(settings)]
    return sorted(rows, key=lambda row: row.name.split(".")[0] in PROJECT_SECTIONS)  # what can be changed here comes first


def _walk(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, FieldInfo, Any]]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _walk(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field, value


def _row(name: str, field: FieldInfo, value: Any, user: Mapping[str, Any], own: Mapping[str, Any]) -> SettingRow:
    path = name.split(".")
    variable = f"DEPLOYDECK_{'__'.join(path).upper()}"
    if variable in os.environ:
        source, how = "environment", f"Set by {variable} in the environment, which wins over every file."
    elif _has(own, path):
        source, how = PROJECT_FILE, f"Set in the project's {PROJECT_FILE}; change it there, it is reviewed like any other file."
    elif _has(user, path):
        source, how = USER_FILE, f"Set in your {USER_FILE}."
    else:
        source, how = "default", "Not set anywhere: the default."
    editable = path[0] in USER_SECTIONS and source in ("default", USER_FILE)
    if path[0] in PROJECT_SECTIONS and source == "default":
        how = f"A project setting: set it in {PROJECT_FILE} (2, then e overrides a detected value)."
    if path[0] == "keys":
        how = f'Rebind keys in your {USER_FILE}: [keys] "review.accept" = "y".'
    return SettingRow(
        name, _typed(value), _typed(field.get_default(call_default_factory=True)), source, field.description or "", editable, how
    )


def _has(content: Mapping[str, Any], path: list[str]) -> bool:
    place: Any = content
    for part in path:
        if not isinstance(place, Mapping) or part not in place:
            return False
        place = place[part]
    return True


def _typed(value: Any) -> str:
    if value is None or value == {} or value == []:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, dict):
        return ", ".join(f"{key}" if isinstance(one, BaseModel) else f"{key}={one}" for key, one in value.items())
    return json.dumps(value) if isinstance(value, list) else f"{value:g}" if isinstance(value, float) else str(value)


def _parsed(name: str, text: str) -> Any:
    """The typed text in the type of the setting. Raises DeployDeckError `settings-…`."""
    section, _, key = name.partition(".")
    content: Any = text
    lowered = text.strip().lower()
    model = Settings.model_fields[section].annotation
    assert isinstance(model, type) and issubclass(model, BaseModel)
    annotation = model.model_fields[key].annotation
    if annotation is bool and lowered in ("true", "false", "yes", "no", "on", "off"):
        content = lowered in ("true", "yes", "on")
    elif annotation in (int, float):
        try:
            content = int(text) if annotation is int else float(text)
        except ValueError:
            raise DeployDeckError("settings-invalid", f"{text!r} is not a number.", hint="Type a number.") from None
    validate_content({section: {key: content}}, USER_FILE, "user")
    return content


def value_problem(name: str, text: str) -> str:
    """What is wrong with a typed value; empty when it may be saved."""
    if not text.strip():
        return ""
    try:
        _parsed(name, text.strip())
    except DeployDeckError as error:
        return f"{error.what} {error.why}".strip()
    return ""


def save(paths: Paths, name: str, text: str) -> None:
    """Change one setting in the person's config.toml, comments and order kept; whole or not at all. Blocking.

    Raises DeployDeckError when the value or what is in the file already is not valid, or the disk refuses.
    """
    import tomlkit

    path = paths.user_file
    validate_content(read_toml(path), USER_FILE, "user")
    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.is_file() else tomlkit.document()
    section, _, key = name.partition(".")
    if text.strip():
        value = _parsed(name, text.strip())
        document.setdefault(section, tomlkit.table())[key] = value
    elif section in document:
        document[section].pop(key, None)
    _write(path, tomlkit.dumps(document))


def _write(path: Path, content: str) -> None:
    real = path.resolve() if path.is_symlink() else path  # a linked configuration (dotfiles) stays a link
    try:
        real.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, temporary = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if real.exists():
                os.chmod(temporary, real.stat().st_mode & 0o777)  # noqa: PTH101
            Path(temporary).replace(real)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise DeployDeckError(
            "settings-unwritable", f"{path} cannot be written.", error.strerror or str(error), "Check the disk."
        ) from error
