"""One encrypted file for this account, where the machine has no keyring."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from deploydeck.domain import DeployDeckError
from deploydeck.vault.backends import Alone, Edit
from deploydeck.vault.backends.sealing import Cost, Key, damaged, derive, seal, take_apart, unseal
from deploydeck.vault.private import read_regular, write_private
from deploydeck.vault.versions import History, Scope, Version

LEAST_PASSPHRASE = 12
MAX_BYTES = 64_000_000

Content = dict[str, dict[str, History]]
"""Service to name to versions."""


class EncryptedFile:
    """Keeps values in `path`. A file that is not there holds nothing, and needs no passphrase to say so."""

    title = "encrypted file"

    def __init__(self, path: Path, alone: Alone, cost: Cost | None = None) -> None:
        self._path = path
        self._alone = alone
        self._cost = cost or Cost()
        self._passphrase = ""
        self._key: Key | None = None

    @property
    def exists(self) -> bool:
        return os.path.lexists(self._path)

    @property
    def locked(self) -> bool:
        """Whether nobody has said the passphrase yet."""
        return not self._passphrase

    def unlock(self, passphrase: str) -> None:
        """Use a passphrase from now on: that of the file, or the one that a new file gets.

        Raises DeployDeckError `vault-passphrase` for a wrong or too short one, or what reading raises.
        """
        with self._alone():
            if self.exists:
                self._open(passphrase)
            else:
                _check_new(passphrase)
            self._passphrase = passphrase

    def change_passphrase(self, passphrase: str) -> None:
        """Seal the content with another passphrase and a fresh salt. Raises DeployDeckError `vault-locked`, `vault-passphrase`."""
        _check_new(passphrase)
        with self._alone():
            if self.locked:
                raise locked()
            content = self._load()
            before = self._passphrase, self._key
            self._passphrase, self._key = passphrase, None
            try:
                self._save(content)
            except DeployDeckError:
                self._passphrase, self._key = before  # the file still has the old one
                raise

    def names(self, scope: Scope) -> tuple[str, ...]:
        return tuple(sorted(self._load().get(scope.service, {})))

    def read(self, scope: Scope, name: str) -> History:
        return self._load().get(scope.service, {}).get(name, ())

    def change(self, scope: Scope, edits: Mapping[str, Edit]) -> dict[str, History]:
        with self._alone():
            content = self._load()
            kept = content.setdefault(scope.service, {})
            changed = {name: edit(kept.get(name, ())) for name, edit in edits.items()}
            kept.update(changed)
            content[scope.service] = {name: history for name, history in kept.items() if history}
            self._save(content)
        return changed

    # --- the file -------------------------------------------------------------------------------------------------------------

    def _load(self) -> Content:
        if not self.exists:
            return {}
        if self.locked:
            raise locked()
        return self._open(self._passphrase)

    def _open(self, passphrase: str) -> Content:
        sealed = take_apart(self._bytes())
        key = self._key
        if key is None or (key.cost, key.salt) != (sealed.cost, sealed.salt) or passphrase != self._passphrase:
            key = derive(passphrase, sealed.cost, sealed.salt)
        plain = unseal(sealed, key)
        self._key = key
        try:
            return {
                service: {name: tuple(Version.from_json(one) for one in history) for name, history in names.items()}
                for service, names in json.loads(plain).items()
            }
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise damaged("What it holds cannot be understood.") from error

    def _bytes(self) -> bytes:
        try:
            blob, status = read_regular(self._path, MAX_BYTES, follow=False)
        except OSError as error:
            raise DeployDeckError(
                "vault-unreadable", f"{self._path} cannot be read.", error.strerror or str(error), "Make it a file of yours."
            ) from error
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise DeployDeckError(
                "vault-exposed",
                f"{self._path} is not yours alone.",
                "Other accounts may read or change it, so what it says is not trusted.",
                f"If nobody did: chmod 600 {self._path}",
            )
        return blob

    def _save(self, content: Content) -> None:
        if self.locked:
            raise locked()
        key = self._key
        if key is None or key.cost != self._cost:  # a new file, a new passphrase, or parameters that were raised since
            key = self._key = derive(self._passphrase, self._cost)
        plain = {
            service: {name: [one.to_json() for one in history] for name, history in names.items()}
            for service, names in content.items()
            if names
        }
        try:
            for left in self._path.parent.glob(f"{self._path.stem}.*.tmp"):  # of a process that was killed; nobody else writes now
                left.unlink(missing_ok=True)
            write_private(self._path, seal(json.dumps(plain).encode(), key))
        except OSError as error:
            raise DeployDeckError(
                "vault-unwritable", f"{self._path} cannot be written.", error.strerror or str(error), "Nothing was changed."
            ) from error


def locked() -> DeployDeckError:
    return DeployDeckError(
        "vault-locked",
        "The secrets are in an encrypted file, and nobody has said its passphrase.",
        "This machine has no keyring, or [vault] store says to use the file.",
        "Run this on a terminal, or put the passphrase where DEPLOYDECK_PASSPHRASE_FILE or DEPLOYDECK_PASSPHRASE_FD says.",
    )


def _check_new(passphrase: str) -> None:
    if len(passphrase) < LEAST_PASSPHRASE:
        raise DeployDeckError(
            "vault-passphrase",
            f"A new passphrase needs {LEAST_PASSPHRASE} characters or more.",
            "Whoever gets hold of the file can try passphrases as fast as they like.",
            "Four or five words that have nothing to do with each other are good and easy to type.",
        )
