"""SecretsManager: resolves variables when a deployment is planned and hands them to the worker through a private file.

The worker may have been started by another terminal hours ago, so its own environment says nothing about this deployment. The
face that asks resolves every value and leaves it in a 0600 file that lives as long as the deployment. The store sees fingerprints.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploydeck.domain import DeployDeckError, DeploymentConfig, VariableSource
from deploydeck.redaction import Redactor
from deploydeck.settings import Paths

MAX_ENV_FILE_BYTES = 1_000_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

KeyringReader = Callable[[str, str], str | None]


@dataclass(frozen=True)
class ResolvedVariables:
    """Values to inject, with what may be said about them. `values` never leaves the process but for the hand-off file.

    `fingerprints` are (name, 12 hex characters) pairs, comparable between releases on this machine only. `missing` are variables
    that no source knows.
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    fingerprints: tuple[tuple[str, str], ...] = ()
    secret_names: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()

    def redactor(self) -> Redactor:
        """A redactor that knows every secret value among these."""
        return Redactor(value for name, value in self.values.items() if name in self.secret_names)


class SecretsManager:
    """Finds the values of variables, never shows them, and carries them to the worker."""

    def __init__(self, paths: Paths, *, read_keyring: KeyringReader | None = None) -> None:
        self._paths = paths
        self._read_keyring = read_keyring or _system_keyring

    def resolve(
        self, config: DeploymentConfig, *, env_file: str = ".env", environ: Mapping[str, str] | None = None
    ) -> ResolvedVariables:
        """The value of every variable of `config`.

        Plain settings stand in the configuration. Any other variable is looked for in the process environment, the system
        keyring (service `deploydeck:<app>:<environment>`), then `env_file` inside the project; everything in `env_file` is injected
        as well and treated as secret. Raises DeployDeckError `env-file-…` when the file is unreadable or leaves the project.
        """
        environment = os.environ if environ is None else environ
        from_file = self._read_env_file(Path(config.root), env_file)
        service = f"deploydeck:{config.app}:{config.environment}"
        values: dict[str, str] = dict(from_file)
        secret_names = set(from_file)
        missing: list[str] = []
        for variable in config.variables:
            if variable.source is VariableSource.SETTINGS and variable.value is not None:
                values[variable.name] = variable.value
                secret_names.discard(variable.name)
                continue
            found = environment.get(variable.name)
            if found is None:
                found = self._read_keyring(service, variable.name)
            if found is None:
                found = from_file.get(variable.name)
            if found is None:
                missing.append(variable.name)
                continue
            values[variable.name] = found
            if variable.secret:
                secret_names.add(variable.name)
        key = self._fingerprint_key()
        prints = tuple((name, _fingerprint(key, name, values[name])) for name in sorted(values))
        return ResolvedVariables(values, prints, frozenset(secret_names), tuple(missing))

    # --- the way to the worker ------------------------------------------------------------------------------------------------

    def hand_off(self, deployment_id: str, resolved: ResolvedVariables) -> None:
        """Leave the values for the worker: a file that only this account can read."""
        content = {
            "values": dict(resolved.values),
            "fingerprints": resolved.fingerprints,
            "secret_names": sorted(resolved.secret_names),
            "missing": resolved.missing,
        }
        path = self._hand_off_path(deployment_id)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_private(path, json.dumps(content).encode())

    def take(self, deployment_id: str) -> ResolvedVariables | None:
        """What was handed off, as often as needed (a killed worker asks again); None when there is nothing."""
        try:
            content = json.loads(self._hand_off_path(deployment_id).read_bytes())
        except FileNotFoundError:
            return None
        return ResolvedVariables(
            content["values"],
            tuple((name, digest) for name, digest in content["fingerprints"]),
            frozenset(content["secret_names"]),
            tuple(content["missing"]),
        )

    def drop(self, deployment_id: str) -> None:
        """Forget the values: the deployment has ended."""
        self._hand_off_path(deployment_id).unlink(missing_ok=True)

    def _hand_off_path(self, deployment_id: str) -> Path:
        if not re.fullmatch(r"[a-z0-9-]{1,64}", deployment_id):
            raise ValueError("not a deployment id")
        return self._paths.data / "handoff" / f"{deployment_id}.json"

    def _fingerprint_key(self) -> bytes:
        """A key of this installation, so that a fingerprint of a short value cannot be looked up in a table."""
        path = self._paths.data / "fingerprint.key"
        try:
            return path.read_bytes()
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with contextlib.suppress(FileExistsError):  # another process was faster: use its key
                _write_private(path, secrets.token_bytes(32), exclusive=True)
            return path.read_bytes()

    def _read_env_file(self, root: Path, env_file: str) -> dict[str, str]:
        if not env_file:
            return {}
        path = root / env_file
        try:
            resolved = path.resolve(strict=True)
        except FileNotFoundError:
            return {}
        except (OSError, RuntimeError) as error:
            raise DeployDeckError("env-file-unreadable", f"{env_file} cannot be read.", str(error)) from error
        if not resolved.is_relative_to(root.resolve()):
            raise DeployDeckError(
                "env-file-outside", f"{env_file} points outside the project.", hint="Use a file inside the project."
            )
        try:
            descriptor = os.open(resolved, os.O_RDONLY | os.O_NONBLOCK)
            try:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_ENV_FILE_BYTES:
                    raise DeployDeckError("env-file-unreadable", f"{env_file} is not a regular file of at most 1 MB.")
                text = os.read(descriptor, MAX_ENV_FILE_BYTES).decode("utf-8")
            finally:
                os.close(descriptor)
        except UnicodeDecodeError as error:
            raise DeployDeckError("env-file-unreadable", f"{env_file} is not UTF-8 text.", hint="Save it as UTF-8.") from error
        except OSError as error:
            raise DeployDeckError("env-file-unreadable", f"{env_file} cannot be read.", error.strerror or str(error)) from error
        return parse_env_file(text, env_file)


def parse_env_file(text: str, label: str = ".env") -> dict[str, str]:
    """NAME=value lines: `export` allowed, quotes removed, `#` comments, `\\n` in double quotes. No expansion, no commands.

    Raises DeployDeckError `env-file-syntax` naming the line (never its value).
    """
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip().removeprefix("export ").strip()
        if not stripped or stripped.startswith("#"):
            continue
        name, separator, value = stripped.partition("=")
        name, value = name.strip(), value.strip()
        if not separator or not _NAME.match(name):
            raise DeployDeckError(
                "env-file-syntax", f"{label}:{number} is not NAME=value.", hint="Correct the line or start it with #."
            )
        quote = value[:1]
        if quote in ("'", '"') and quote in value[1:]:
            value = value[1 : value.index(quote, 1)]
            if quote == '"':
                value = value.replace("\\n", "\n").replace('\\"', '"')
        elif " #" in value:
            value = value.split(" #", 1)[0].rstrip()
        values[name] = value
    return values


def _fingerprint(key: bytes, name: str, value: str) -> str:
    return hmac.new(key, f"{name}\0{value}".encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:12]


def _write_private(path: Path, content: bytes, *, exclusive: bool = False) -> None:
    temporary = path.with_suffix(f".{secrets.token_hex(4)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if exclusive:
            os.link(temporary, path)  # whole or not at all, and only one process wins
        else:
            temporary.replace(path)
    except FileExistsError:
        raise
    except OSError as error:
        why = f"{path.parent}: {error.strerror or error}"
        raise DeployDeckError(
            "handoff-failed", "The variables could not be handed to the worker.", why, "Check the disk."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _system_keyring(service: str, name: str) -> str | None:
    """The value in the system's keyring, or None: a machine without one (most servers) simply has no such source."""
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(service, name)
    except (KeyringError, RuntimeError):
        return None
