"""Where this person's data and configuration live."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from deploydeck.settings.words import USER_FILE


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
    def verdict_cache(self) -> Path:
        return self.cache / "verdicts"

    @property
    def vault_file(self) -> Path:
        return self.data / "secrets.vault"

    @property
    def vault_lock(self) -> Path:
        return self.data / "secrets.lock"

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
