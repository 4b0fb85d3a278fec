"""Settings: one typed schema for `config.toml` (the person's), `deploydeck.toml` (the project's) and DEPLOYDECK_* variables.

Order: defaults, then config.toml, then deploydeck.toml, then the environment. A project may only set project sections: its file
comes with the source and must not decide where this machine's engine or data are.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from deploydeck.domain import DeployDeckError

PROJECT_FILE = "deploydeck.toml"
USER_FILE = "config.toml"
MAX_FILE_BYTES = 1_000_000


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AppSettings(Section):
    """What the person knows better than the scan. Everything here overrides a detected fact."""

    name: str | None = Field(None, description="Name of the application, used for containers and labels.")
    framework: str | None = Field(None, description="Framework id, when detection is wrong.")
    runtime_version: str | None = Field(None, description="Version of Python or Node.js to run on, for example 3.13.")
    start: list[str] | None = Field(None, description="Start command as a list; may hold {host} and {port}.")
    build: list[str] | None = Field(None, description="Build command as a list.")
    port: int | None = Field(None, ge=1, le=65535, description="Port the program listens on.")
    health_path: str | None = Field(None, pattern=r"^/[!-~]*$", description="Path that answers 2xx when the program is healthy.")
    output_dir: str | None = Field(None, description="Directory a static build writes.")
    package_manager: str | None = Field(None, description="Package manager, when several lock files are there.")


class ScanSettings(Section):
    """What a scan may read. Reaching a limit is said in a finding."""

    max_files: int = Field(100_000, ge=100, le=2_000_000, description="Files that are walked at most.")
    max_depth: int = Field(48, ge=1, le=200, description="Directories that are entered below the project at most.")
    max_manifest_kb: int = Field(2_000, ge=10, le=50_000, description="Largest manifest or configuration file that is read, in kB.")
    max_lock_kb: int = Field(32_000, ge=10, le=200_000, description="Largest lock file that is read, in kB.")
    max_source_kb: int = Field(400, ge=10, le=10_000, description="Largest source file that is read, in kB.")
    max_source_files: int = Field(
        4_000, ge=10, le=100_000, description="Source files that are read at most; 1500 in a tree with over 10000."
    )
    max_total_source_kb: int = Field(32_000, ge=100, le=1_000_000, description="Source that is read at most, in kB.")
    osv_url: str = Field(
        "https://api.osv.dev", pattern=r"^https?://[!-~]+$", description="OSV server that is sent names and versions of packages."
    )
    osv_timeout_s: float = Field(10.0, gt=0, le=300, description="Seconds to wait for one answer of it.")
    osv_deadline_s: float = Field(60.0, gt=0, le=3600, description="Seconds a whole check may take, with all its tries.")
    offline: bool = Field(False, description="Never ask it: use imported advisories and kept answers only.")
    private_packages: list[str] = Field(
        default_factory=list, description="Globs of package names that are never sent, for example `@acme/*` or `Maven:com.acme.*`."
    )


class HealthSettings(Section):
    interval_s: float = Field(1.0, gt=0, le=60, description="Seconds between two probes.")
    timeout_s: float = Field(5.0, gt=0, le=60, description="Seconds to wait for one answer.")
    deadline_s: float = Field(60.0, gt=0, le=3600, description="Seconds a new copy has to become healthy.")
    stable_s: float = Field(3.0, ge=0, le=600, description="Seconds it must stay healthy before it counts.")
    success_min: int = Field(200, ge=100, le=599, description="Lowest status that counts as healthy.")
    success_max: int = Field(299, ge=100, le=599, description="Highest status that counts as healthy.")
    host_header: str = Field("", pattern=r"^[!-~]*$", description="Host header of the probe, for programs that check it.")

    @model_validator(mode="after")
    def _range(self) -> Self:
        if self.success_min > self.success_max:
            raise ValueError("success_min is above success_max")
        return self


class ResourceSettings(Section):
    memory_mb: int | None = Field(None, ge=16, description="Memory limit of one copy, in MiB.")
    cpus: float | None = Field(None, gt=0, description="CPU limit of one copy, in cores.")


class BuildSettings(Section):
    dockerfile: str = Field("Dockerfile", description="Path of the Dockerfile inside the project.")
    registry_mirror: str = Field("", description="Prefix put before every generated base image.")


class EnvironmentSettings(Section):
    """One environment (development, staging, production, …)."""

    target: str | None = Field(None, description="Target this environment deploys to: docker or process.")
    published_port: int | None = Field(None, ge=1, le=65535, description="Port people reach the application on.")
    bind_address: str = Field("127.0.0.1", description="Address the published port is bound to.")
    env_file: str = Field(".env", description="File inside the project with values for variables; never copied into an image.")
    variables: dict[str, str] = Field(default_factory=dict, description="Plain variables of this environment.")
    secrets: list[str] = Field(
        default_factory=list, description="Names whose values come from the keyring, the environment or env_file."
    )
    keep_releases: int = Field(5, ge=1, le=100, description="Successful releases kept for rollback.")
    confirm_name: bool | None = Field(
        None, description="Ask for the typed name before deploying; default: only for production, also misspelt."
    )


class UiSettings(Section):
    theme: str = Field("textual-dark", description="Theme name; ansi-dark and ansi-light follow the terminal's palette.")
    mouse: bool = Field(True, description="Use the mouse where the terminal has one.")
    updates_per_second: float = Field(10.0, gt=0, le=30, description="Most screen updates a second; 4 over SSH.")
    editor: str = Field("", description="Editor for hunks; empty: $VISUAL, $EDITOR, then vi.")


class WorkerSettings(Section):
    idle_exit_s: float = Field(30.0, ge=0, description="Seconds without work after which the worker leaves.")
    max_parallel: int = Field(4, ge=1, le=64, description="Deployments run at the same time.")
    lock_ttl_s: float = Field(30.0, ge=3, description="Life of a target lock without heartbeat.")
    lock_wait_s: float = Field(600.0, ge=0, description="Longest wait for a target lock.")


class LogSettings(Section):
    max_file_mb: int = Field(256, ge=1, description="Largest log file of one source; then it is cut and says so.")
    max_line_bytes: int = Field(65536, ge=256, description="Longest stored line.")


class DockerSettings(Section):
    host: str = Field("", description="Engine address; empty: DOCKER_HOST, then the current context, then the default socket.")


_ENVIRONMENT_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
EnvironmentName = Annotated[str, StringConstraints(pattern=_ENVIRONMENT_PATTERN)]
PRODUCTION = "production"
USUAL_ENVIRONMENTS = ("development", "staging", PRODUCTION)
_SHORT_FOR_PRODUCTION = frozenset({"prod", "prd"})
_CLOSE = 0.75
"""How alike two names are (0..1) when one is taken for a misspelling of the other."""


class Settings(Section):
    """Every setting. The sections in PROJECT_SECTIONS may stand in deploydeck.toml, all in config.toml."""

    app: AppSettings = Field(default_factory=lambda: AppSettings.model_validate({}))
    scan: ScanSettings = Field(default_factory=lambda: ScanSettings.model_validate({}))
    health: HealthSettings = Field(default_factory=lambda: HealthSettings.model_validate({}))
    resources: ResourceSettings = Field(default_factory=lambda: ResourceSettings.model_validate({}))
    build: BuildSettings = Field(default_factory=lambda: BuildSettings.model_validate({}))
    environments: dict[EnvironmentName, EnvironmentSettings] = Field(default_factory=dict)
    default_environment: str = Field("development", description="Environment used when none is named.")
    ui: UiSettings = Field(default_factory=lambda: UiSettings.model_validate({}))
    worker: WorkerSettings = Field(default_factory=lambda: WorkerSettings.model_validate({}))
    logs: LogSettings = Field(default_factory=lambda: LogSettings.model_validate({}))
    docker: DockerSettings = Field(default_factory=lambda: DockerSettings.model_validate({}))
    keys: dict[str, str] = Field(default_factory=dict, description="Action id to key.")

    def environment(self, name: str) -> EnvironmentSettings:
        """The settings of an environment; the defaults when it is not mentioned."""
        return self.environments.get(name) or EnvironmentSettings.model_validate({})

    def named_environment(self, name: str | None) -> str:
        """The environment meant: `name`, else the default one. Raises DeployDeckError `environment-invalid`."""
        name = name or self.default_environment
        if not re.fullmatch(_ENVIRONMENT_PATTERN.strip("^$"), name):
            raise DeployDeckError(
                "environment-invalid",
                f"{_shown(name)!r} cannot be the name of an environment.",
                "It begins with a letter or digit and has at most 63 letters, digits, dots, dashes and underscores.",
                "Name one such as development, staging or production.",
            )
        return name

    def environment_warning(self, name: str) -> str:
        """What to say about an environment that nothing mentions, so that a misspelt name is noticed; else nothing."""
        mentioned = dict.fromkeys((*self.environments, self.default_environment))
        if name in mentioned or (not self.environments and name in USUAL_ENVIRONMENTS):
            return ""
        near = difflib.get_close_matches(name.lower(), dict.fromkeys((*mentioned, *USUAL_ENVIRONMENTS)), n=1, cutoff=_CLOSE)
        advice = f"did you mean {near[0]!r}?" if near and near[0] != name else "it gets the default settings."
        return f"Environment {name!r} is not in {PROJECT_FILE}; {advice}"

    def asks_for_name(self, name: str) -> bool:
        """Whether a deployment there wants the typed name: as set, else for production and what looks like a misspelling of it."""
        if name in self.environments:
            asked = self.environments[name].confirm_name
            return name.lower() == PRODUCTION if asked is None else asked
        low = name.lower()
        return low in _SHORT_FOR_PRODUCTION or bool(difflib.get_close_matches(low, (PRODUCTION,), n=1, cutoff=_CLOSE))


PROJECT_SECTIONS = frozenset({"app", "health", "resources", "build", "environments", "default_environment"})

Scope = Literal["user", "project"]


@dataclass(frozen=True)
class Paths:
    """Where this person's data and configuration live. `runtime` files (locks, doorbell) stand with the data.

    `cache` may be deleted at any time; without one of its own it is a directory of `data`.
    """

    data: Path
    config: Path
    cache: Path = Path()

    def __post_init__(self) -> None:
        if self.cache == Path():
            object.__setattr__(self, "cache", self.data / "cache")

    @property
    def database(self) -> Path:
        return self.data / "deploydeck.sqlite"

    @property
    def engine_database(self) -> Path:
        return self.data / "engine.sqlite"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def profiles(self) -> Path:
        return self.data / "profiles"

    @property
    def releases(self) -> Path:
        return self.data / "releases"

    @property
    def vulnerability_index(self) -> Path:
        return self.data / "osv.sqlite"

    @property
    def vulnerability_cache(self) -> Path:
        return self.cache / "osv-answers.sqlite"

    @property
    def worker_lock(self) -> Path:
        return self.data / "worker.lock"

    @property
    def worker_log(self) -> Path:
        return self.data / "worker.log"

    @property
    def user_file(self) -> Path:
        return self.config / USER_FILE


def default_paths() -> Paths:
    """DEPLOYDECK_HOME (data; its `cache` too) and DEPLOYDECK_CONFIG (configuration), else the platform's usual directories."""
    data = os.environ.get("DEPLOYDECK_HOME") or platformdirs.user_data_dir("deploydeck", appauthor=False)
    config = os.environ.get("DEPLOYDECK_CONFIG") or platformdirs.user_config_dir("deploydeck", appauthor=False)
    home = Path(data).expanduser().absolute()
    usual = platformdirs.user_cache_dir("deploydeck", appauthor=False)
    cache = home / "cache" if os.environ.get("DEPLOYDECK_HOME") else Path(usual).absolute()
    return Paths(data=home, config=Path(config).expanduser().absolute(), cache=cache)


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
                "settings-not-a-file", f"{_shown(path)} is not a regular file.", hint="Remove it or replace it by a file."
            )
        with path.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise DeployDeckError(
                "settings-too-large", f"{_shown(path)} is larger than {MAX_FILE_BYTES} bytes.", hint="Shorten it."
            )
        return tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, a number without end, brackets without end
        why = "It is nested too deeply." if isinstance(error, RecursionError) else str(error)[:300]
        raise DeployDeckError(
            "settings-syntax", f"{_shown(path)} is not valid TOML.", why, "Correct the file and try again."
        ) from error
    except OSError as error:
        raise DeployDeckError(
            "settings-unreadable",
            f"{_shown(path)} cannot be read.",
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
            "project-unreadable", f"{_shown(project)} cannot be read.", error.strerror or "", "Give yourself read permission on it."
        ) from error
    except (OSError, RuntimeError) as error:
        raise DeployDeckError(
            "settings-unreadable", f"{PROJECT_FILE} cannot be read.", _shown(error), "Replace it by a file."
        ) from error
    if outside:
        raise DeployDeckError(
            "settings-outside", f"{PROJECT_FILE} is a link that leads out of the project.", hint="Replace it by a file."
        )
    return read_toml(path)


def _shown(text: object) -> str:
    """A path or a key for a message: nothing that could act on a terminal, and not a megabyte of it."""
    plain = "".join(c if c.isprintable() else "?" for c in str(text)[:300])
    return plain if len(str(text)) <= 300 else f"{plain}…"


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
        where = _shown(".".join(str(part) for part in first["loc"]))
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


_NOT_SETTINGS = frozenset({"DEPLOYDECK_HOME", "DEPLOYDECK_CONFIG"})


_FREE_NAMES = frozenset({"variables"})
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
                    "settings-invalid", f"{_shown(name)} and a shorter DEPLOYDECK_* variable set the same thing.", hint="Unset one."
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
            "settings-invalid", f"{_shown(name)} begins like a list and is none.", "", 'Write it as JSON: ["a", "b"].'
        ) from error
