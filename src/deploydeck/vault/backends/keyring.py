"""The keyring of the operating system.

A value stands where it always stood: service `deploydeck:APP:ENVIRONMENT`, entry NAME. Beside it two entries that no variable can
be called: `NAME@versions` has its versions, `@names` the names, for a keyring cannot be listed. The value itself is written last
and decides which version is in force: a process that is killed in between has changed nothing.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Protocol

from deploydeck.domain import DeployDeckError
from deploydeck.vault.backends import Alone, Edit
from deploydeck.vault.versions import History, Scope, Version

_NAMES = "@names"
_VERSIONS = "@versions"


class Ring(Protocol):
    """What is used of a keyring."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


def system_ring() -> Ring | None:
    """The keyring of this machine, or None where there is no real one (most servers)."""
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_keyring()
        if float(found.priority) <= 0:  # the ones that stand for "none": fail and null
            return None
    except (KeyringError, RuntimeError):
        return None
    ring: Ring = found
    return ring


def ring_name(ring: Ring) -> str:
    """The keyring by name: SecretService, macOS, …"""
    return str(getattr(ring, "name", type(ring).__name__))


@contextlib.contextmanager
def ring_errors() -> Iterator[None]:
    """Turn what a keyring raises into DeployDeckError `keyring-refused`."""
    from keyring.errors import KeyringError

    try:
        yield
    except (KeyringError, RuntimeError) as error:
        raise DeployDeckError(
            "keyring-refused",
            "The keyring of this machine does not answer.",
            f"{type(error).__name__}: {error}"[:300],
            'Unlock it, or keep values elsewhere: [vault] store = "file" or "none" in config.toml.',
        ) from error


class KeyringStore:
    """Keeps values in a keyring."""

    title = "keyring"

    def __init__(self, ring: Ring, alone: Alone) -> None:
        self._ring = ring
        self._alone = alone

    def names(self, scope: Scope) -> tuple[str, ...]:
        with ring_errors():
            return tuple(name for name in self._names(scope) if self._ring.get_password(scope.service, name) is not None)

    def read(self, scope: Scope, name: str) -> History:
        with ring_errors():
            value = self._ring.get_password(scope.service, name)
            kept = self._ring.get_password(scope.service, name + _VERSIONS) if value is not None else None
        if value is None:
            return ()
        history = _parsed(scope, name, kept)
        for place in range(len(history), 0, -1):
            if history[place - 1].value == value:
                return history[:place]  # what follows was written by a process that was killed before it counted
        return (*history, Version(history[-1].number + 1 if history else 1, value))  # another program wrote it

    def change(self, scope: Scope, edits: Mapping[str, Edit]) -> dict[str, History]:
        with self._alone():
            changed = {name: edit(self.read(scope, name)) for name, edit in edits.items()}
            with ring_errors():
                for name, history in changed.items():
                    if history:
                        self._write(scope, name, history)
                    else:
                        self._delete(scope, name)
        return changed

    def _write(self, scope: Scope, name: str, history: History) -> None:
        names = self._names(scope)
        if name not in names:
            self._put(scope, _NAMES, json.dumps(sorted((*names, name))))
        self._put(scope, name + _VERSIONS, json.dumps([one.to_json() for one in history]))
        self._put(scope, name, history[-1].value)

    def _delete(self, scope: Scope, name: str) -> None:
        for entry in (name, name + _VERSIONS):
            if self._ring.get_password(scope.service, entry) is not None:
                self._ring.delete_password(scope.service, entry)
        names = self._names(scope)
        if name in names:
            self._put(scope, _NAMES, json.dumps([one for one in names if one != name]))

    def _put(self, scope: Scope, entry: str, text: str) -> None:
        self._ring.set_password(scope.service, entry, text)
        if self._ring.get_password(scope.service, entry) != text:  # some keyrings cut or drop what is too long for them
            raise DeployDeckError(
                "keyring-not-kept",
                f"The keyring did not keep {entry.removesuffix(_VERSIONS)}.",
                "Read back, it differs from what was written; the value may be too long for it.",
                'Keep values in the encrypted file: [vault] store = "file" in config.toml.',
            )

    def _names(self, scope: Scope) -> tuple[str, ...]:
        text = self._ring.get_password(scope.service, _NAMES)
        if text is None:
            return ()
        try:
            return tuple(str(name) for name in json.loads(text))
        except (ValueError, TypeError) as error:
            raise _spoilt(scope, _NAMES) from error


def _parsed(scope: Scope, name: str, text: str | None) -> History:
    if text is None:
        return ()
    try:
        return tuple(Version.from_json(one) for one in json.loads(text))
    except (ValueError, TypeError, KeyError) as error:
        raise _spoilt(scope, name + _VERSIONS) from error


def _spoilt(scope: Scope, entry: str) -> DeployDeckError:
    return DeployDeckError(
        "keyring-spoilt",
        f"The entry {entry} of {scope.service} in the keyring is not what DeployDeck wrote.",
        hint="Remove that entry with the keyring's own program; values that are set stay.",
    )
