"""deploydeck.toml: the project's own record of the choices that its files were made with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from deploydeck.domain import Evidence, GeneratedFile, VariableSource
from deploydeck.generate.lines import Lines
from deploydeck.generate.policies.model import names_secret
from deploydeck.generate.render import HEADER
from deploydeck.generate.request import Request
from deploydeck.settings import PROJECT_FILE, EnvironmentSettings, Section, Settings
from deploydeck.vault import read_value

_SECTIONS = ("app", "health", "resources", "build", "generate")
_FORCE = "From the settings in force"


def project_file(request: Request) -> GeneratedFile | None:
    """The file with the choices made here, so that they are written down and reviewed. None when there is one."""
    profile, config, settings = request.profile, request.config, request.settings
    if request.files.is_file(PROJECT_FILE):
        return None
    out = Lines(PROJECT_FILE)
    out.add(HEADER)
    out.add("")
    default = settings.default_environment
    if default == Settings.model_fields["default_environment"].default or default == config.environment:
        default = config.environment
    out.add(f"default_environment = {toml_value(default)}", "default-environment", "Used when no environment is named")
    for name in _SECTIONS:
        chosen = dict(_chosen(getattr(settings, name)))
        why, evidence = dict.fromkeys(chosen, _FORCE), dict[str, tuple[Evidence, ...]]()
        if name == "app" and "health_path" not in chosen and profile.health_path:
            chosen["health_path"] = config.health.path
            why["health_path"] = (
                "What the scan found, written down so that it can be corrected; answers 2xx when the program is healthy"
            )
            evidence["health_path"] = profile.health_path.evidence
        _table(out, name, chosen, why, evidence)
    for name in dict.fromkeys((config.environment, *settings.environments)):
        _environment(out, request, name)
    return out.file()


def _chosen(section: Section) -> Iterator[tuple[str, Any]]:
    """The settings of a section that are not the default."""
    defaults = type(section).model_validate({})
    for name, value in section.model_dump(mode="json").items():
        if value != defaults.model_dump(mode="json")[name]:
            yield name, value


def _table(
    out: Lines, name: str, values: dict[str, Any], why: dict[str, str], evidence: dict[str, tuple[Evidence, ...]] | None = None
) -> None:
    """A table of TOML, then its inner tables. Nothing when there is nothing to say."""
    plain = {key: value for key, value in values.items() if not isinstance(value, dict)}
    if plain:
        out.add("")
        out.add(f"[{name}]", "section", "Choices that its files were made with")
        for key, value in plain.items():
            out.add(f"{toml_key(key)} = {toml_value(value)}", key.replace("_", "-"), why[key], (evidence or {}).get(key, ()))
    for key, inner in values.items():
        if isinstance(inner, dict) and inner:
            _table(out, f"{name}.{toml_key(key)}", inner, dict.fromkeys(inner, why[key]))


def _environment(out: Lines, request: Request, name: str) -> None:
    config, profile = request.config, request.profile
    place = request.settings.environment(name)
    values = dict(_chosen(place))
    why = dict.fromkeys(values, _FORCE)
    evidence: dict[str, tuple[Evidence, ...]] = {}
    values["variables"] = {
        key: value for key, value in place.variables.items() if not names_secret(key) or read_value(key, value)[1]
    }
    why["variables"] = "Plain variables of this environment, and references to values that are kept elsewhere"
    if name == config.environment:
        secrets = [one.name for one in config.variables if one.secret and one.source is not VariableSource.REFERENCE]
        values |= {"target": config.target, "published_port": config.published_port, "secrets": secrets}
        why |= {
            "target": "Where this environment is deployed to",
            "published_port": "Where people reach it on this machine; by default the port of the program",
            "secrets": "Values come from the environment, `deploydeck secrets` or .env",
        }
        evidence["published_port"] = profile.port.evidence if profile.port else ()
        evidence["secrets"] = tuple(e for v in profile.variables if v.name in secrets for e in v.used)
    fields = EnvironmentSettings.model_fields
    ordered = {key: values[key] for key in fields if key in values and values[key] != []}
    _table(out, f"environments.{toml_key(name)}", ordered, why, evidence)


def toml_value(value: Any) -> str:
    """A value of TOML: text, number, yes or no, or a list of them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(toml_value(one) for one in value)}]"
    return _text(str(value))


def _text(text: str) -> str:
    """A TOML basic string. JSON's escapes are TOML's, except that DEL must be escaped and surrogate pairs may not occur."""
    escaped = json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)
    # What cannot be seen, or turns the direction of text, is written out: a reviewer must see what there is.
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped)


def toml_key(text: str) -> str:
    """A key of TOML, quoted unless it is bare."""
    bare = text.isascii() and text.replace("-", "").replace("_", "").isalnum()
    return text if bare else _text(text)
