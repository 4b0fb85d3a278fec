"""Keyrings that stand in for the machine's."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError, PasswordSetError


class DictRing:
    """A keyring in memory. It keeps `most` characters of a value, and refuses to write while `broken`."""

    name = "test"

    def __init__(self, values: dict[tuple[str, str], str] | None = None, most: int = 1_000_000) -> None:
        self.values = {} if values is None else values
        self.most = most
        self.broken = False
        self.writes_left: int | None = None

    def get_password(self, service: str, username: str) -> str | None:
        return self.values.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.broken:
            raise PasswordSetError("locked")
        if self.writes_left is not None:
            if not self.writes_left:
                raise KilledError
            self.writes_left -= 1
        self.values[service, username] = password[: self.most]

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.values:
            raise PasswordDeleteError("not there")
        del self.values[service, username]


class KilledError(BaseException):
    """Stands for the end of the process."""


class FileRing(KeyringBackend):
    """A keyring for subprocesses, by PYTHON_KEYRING_BACKEND: plain JSON in the file that TEST_KEYRING names."""

    priority = 1

    def _read(self) -> dict[str, str]:
        path = Path(os.environ["TEST_KEYRING"])
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def _write(self, values: dict[str, str]) -> None:
        Path(os.environ["TEST_KEYRING"]).write_text(json.dumps(values))

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write({**self._read(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        self._write({key: value for key, value in self._read().items() if key != f"{service}/{username}"})
