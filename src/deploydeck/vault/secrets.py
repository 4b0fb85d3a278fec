"""SecretsManager: finds the values of variables when a deployment is planned, keeps those that people set, never shows them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from deploydeck.domain import DeployDeckError, DeploymentConfig, VariableRef, VariableSource
from deploydeck.redaction import know
from deploydeck.settings import Paths, VaultSettings
from deploydeck.vault.backends import Backend
from deploydeck.vault.backends.encrypted_file import EncryptedFile
from deploydeck.vault.backends.keyring import KeyringStore, Ring, ring_name, system_ring
from deploydeck.vault.backends.sealing import Cost
from deploydeck.vault.env_files import project_env_file
from deploydeck.vault.fingerprints import fingerprint, fingerprint_key
from deploydeck.vault.handoff import HandOff, ResolvedVariables
from deploydeck.vault.references import follow
from deploydeck.vault.versions import History, Scope, Version, added, check_name, check_value

LOCK_WAIT_S = 30.0


@dataclass(frozen=True)
class StoreState:
    """Where set values are kept: `title` for people, `detail` which one. `wants` is what must be said first: ""
    (nothing), "old" (the passphrase of the file) or "new" (the one that a new file will get).
    """

    title: str
    detail: str
    wants: str = ""


@dataclass(frozen=True)
class Told:
    """What may be said about a version of a variable. Equal fingerprints of one name are equal values."""

    version: Version
    fingerprint: str


class SecretsManager:
    """Finds the values of variables, keeps those that were set, and carries them to the worker.

    `ring` stands for the keyring of this machine, in tests; `cost` is how dear a guess of the passphrase is made.
    """

    def __init__(
        self,
        paths: Paths,
        settings: VaultSettings | None = None,
        *,
        ring: Callable[[], Ring | None] = system_ring,
        cost: Cost | None = None,
    ) -> None:
        self._paths = paths
        self._settings = settings or VaultSettings.model_validate({})
        self._find_ring = ring
        self._cost = cost
        self._hand_off = HandOff(paths.data / "handoff")

    # --- values of a deployment -----------------------------------------------------------------------------------------------

    def resolve(
        self,
        config: DeploymentConfig,
        *,
        env_file: str = ".env",
        environ: Mapping[str, str] | None = None,
        overridden: bool = True,
    ) -> ResolvedVariables:
        """The value of every variable of `config`.

        Plain settings stand in the configuration. Any other variable is looked for in the process environment (unless not
        `overridden`), where its reference leads, in the store of set values, then in `env_file` inside the project. A reference
        that leads nowhere is missing: nothing else takes its place. Everything in `env_file` is injected as well and treated as
        secret. Raises DeployDeckError `env-file-…`, `reference-…`, `keyring-…`, `vault-…`; `vault-locked` only when the store
        must be asked.
        """
        environment = os.environ if environ is None else environ
        from_file = project_env_file(Path(config.root), env_file)
        scope = Scope(config.app, config.environment)
        values = dict(from_file)
        secret_names = set(from_file)
        sources = dict.fromkeys(from_file, env_file)
        missing: list[str] = []
        for variable in config.variables:
            name = variable.name
            found, source = self._find(variable, scope, environment, (environment if overridden else {}), (env_file, from_file))
            if source:
                sources[name] = source
            if found is None:
                missing.append(name)
                values.pop(name, None)
                continue
            values[name] = found
            if variable.source is VariableSource.SETTINGS:
                secret_names.discard(name)
            elif variable.secret:
                secret_names.add(name)
        know(values[name] for name in secret_names if name in values)
        return ResolvedVariables(
            values,
            tuple((name, self.fingerprint(name, values[name])) for name in sorted(values)),
            frozenset(secret_names),
            tuple(missing),
            tuple(sorted(sources.items())),
        )

    def _find(
        self,
        variable: VariableRef,
        scope: Scope,
        environ: Mapping[str, str],
        overrides: Mapping[str, str],
        file: tuple[str, Mapping[str, str]],
    ) -> tuple[str | None, str]:
        """The value, or None, and where it comes from."""
        name, text = variable.name, variable.value or ""
        if variable.source is VariableSource.SETTINGS and variable.value is not None:
            return text, "settings"
        if name in overrides:
            return overrides[name], "environment"
        if variable.source is VariableSource.REFERENCE:
            return follow(name, text, environ, lambda: self._ring), text
        if self.backend is not None and (history := self.backend.read(scope, name)):
            return history[-1].value, self.backend.title
        label, values = file
        return (values[name], label) if name in values else (None, "")

    def fingerprint(self, name: str, value: str) -> str:
        """12 hex characters, comparable on this machine only."""
        return fingerprint(self._key, name, value)

    @cached_property
    def _key(self) -> bytes:
        return fingerprint_key(self._paths.data)

    # --- set values -----------------------------------------------------------------------------------------------------------

    def state(self) -> StoreState:
        """Which store keeps set values here, and whether it wants a passphrase first."""
        backend = self.backend
        if backend is None:
            return StoreState("none", "[vault] store is none")
        if isinstance(backend, EncryptedFile):
            wanted = "" if not backend.locked else "old" if backend.exists else "new"
            return StoreState(backend.title, str(self._paths.vault_file), wanted)
        return StoreState(backend.title, ring_name(self._ring) if self._ring else "")

    def unlock(self, passphrase: str) -> None:
        """Open the encrypted file, or say the passphrase of a new one. Raises DeployDeckError `vault-…`."""
        know((passphrase,))
        self._file().unlock(passphrase)

    def change_passphrase(self, passphrase: str) -> None:
        """Give the encrypted file another passphrase. Raises DeployDeckError `vault-…`."""
        know((passphrase,))
        self._file().change_passphrase(passphrase)

    def names(self, scope: Scope) -> tuple[str, ...]:
        """The variables that are set, sorted."""
        return self.backend.names(scope) if self.backend else ()

    def history(self, scope: Scope, name: str) -> tuple[Told, ...]:
        """The versions of a variable, oldest first; the last is in force. Empty when it is not set."""
        check_name(name)
        return self._told(name, self.backend.read(scope, name) if self.backend else ())

    def set(self, scope: Scope, values: Mapping[str, str], by: str) -> dict[str, Told]:
        """Make a new version of each variable, all or none. Raises DeployDeckError `secret-…` and what the store raises."""
        for name, value in values.items():
            check_name(name)
            check_value(name, value)
        know(values.values())
        keep = self._settings.keep_versions
        edits = {name: partial(added, value=value, by=by, keep=keep) for name, value in values.items()}
        return self._latest(self._store().change(scope, edits))

    def restore(self, scope: Scope, name: str, number: int, by: str) -> Told:
        """Make a new version with the value of an earlier one. Raises DeployDeckError `secret-version`."""

        def again(history: History) -> History:
            for one in history:
                if one.number == number:
                    return added(history, one.value, by, self._settings.keep_versions)
            kept = ", ".join(str(one.number) for one in history) or "none"
            raise DeployDeckError("secret-version", f"{name} has no version {number}.", f"Kept are: {kept}.")

        check_name(name)
        return self._latest(self._store().change(scope, {name: again}))[name]

    def remove(self, scope: Scope, names: Iterable[str]) -> None:
        """Forget variables with all their versions. Raises DeployDeckError `secret-unset` when one is not set; then all stay."""

        def none(history: History, name: str) -> History:
            if not history:
                raise unset(scope, name)
            return ()

        self._store().change(scope, {name: partial(none, name=name) for name in names})

    def _told(self, name: str, history: History) -> tuple[Told, ...]:
        know(one.value for one in history)
        return tuple(Told(one, self.fingerprint(name, one.value)) for one in history)

    def _latest(self, changed: Mapping[str, History]) -> dict[str, Told]:
        return {name: self._told(name, history)[-1] for name, history in changed.items()}

    # --- the store ------------------------------------------------------------------------------------------------------------

    @cached_property
    def _ring(self) -> Ring | None:
        return self._find_ring()

    @cached_property
    def backend(self) -> Backend | None:
        """The store that the settings and this machine choose; None when values are not kept at all."""
        chosen = self._settings.store
        if chosen == "none":
            return None
        self._paths.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if chosen == "file" or (chosen == "auto" and self._ring is None):
            return EncryptedFile(self._paths.vault_file, self._alone, self._cost)
        if self._ring is None:
            raise DeployDeckError(
                "keyring-absent",
                "This machine has no keyring.",
                '[vault] store is "keyring".',
                'Set it to "auto" or "file": then values are kept in an encrypted file.',
            )
        return KeyringStore(self._ring, self._alone)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        try:
            with FileLock(self._paths.vault_lock, timeout=LOCK_WAIT_S, mode=0o600):
                yield
        except Timeout as error:
            raise DeployDeckError(
                "vault-busy", "Another process changes the stored secrets, and does not end.", hint="Try again.", transient=True
            ) from error

    def _store(self) -> Backend:
        if self.backend is None:
            raise DeployDeckError(
                "vault-none", "Values are not kept on this machine.", '[vault] store is "none".', 'Set it to "auto" in config.toml.'
            )
        return self.backend

    def _file(self) -> EncryptedFile:
        backend = self._store()
        if not isinstance(backend, EncryptedFile):
            raise DeployDeckError("vault-keyring", "Values are kept in the keyring.", "It has no passphrase of DeployDeck's.")
        return backend

    # --- the way to the worker ------------------------------------------------------------------------------------------------

    def hand_off(self, deployment_id: str, resolved: ResolvedVariables) -> None:
        """Leave the values for the worker: a file that only this account can read."""
        self._hand_off.leave(deployment_id, resolved)

    def take(self, deployment_id: str) -> ResolvedVariables | None:
        """What was handed off, as often as needed (a killed worker asks again); None when there is nothing."""
        resolved = self._hand_off.take(deployment_id)
        if resolved is not None:
            know(resolved.values[name] for name in resolved.secret_names if name in resolved.values)
        return resolved

    def drop(self, deployment_id: str) -> None:
        """Forget the values: the deployment has ended."""
        self._hand_off.drop(deployment_id)


def unset(scope: Scope, name: str) -> DeployDeckError:
    return DeployDeckError(
        "secret-unset",
        f"{name} is not set for {scope.app} in {scope.environment}.",
        "Values that come from the environment, a reference or a file are not kept here.",
        f"Set it: deploydeck secrets set {name} --env {scope.environment}",
    )
