"""The way of the values to the worker: a private file that lives as long as the deployment.

The worker may have been started by another terminal hours ago, so its own environment says nothing about this deployment. The
face that asks resolves every value and leaves it here. The store sees fingerprints.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploydeck.domain import DeployDeckError
from deploydeck.redaction import Redactor
from deploydeck.vault.private import write_private


@dataclass(frozen=True)
class ResolvedVariables:
    """Values to inject, with what may be said about them. `values` never leaves the process but for the hand-off file.

    `fingerprints` are (name, 12 hex characters) pairs, comparable between releases on this machine only. `missing` are variables
    that no source knows. `sources` are (name, where its value comes from) pairs, of a missing one the reference that led nowhere.
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    fingerprints: tuple[tuple[str, str], ...] = ()
    secret_names: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()

    def redactor(self) -> Redactor:
        """A redactor that knows every secret value among these."""
        return Redactor(value for name, value in self.values.items() if name in self.secret_names)


class HandOff:
    """The hand-off files of one data directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def leave(self, deployment_id: str, resolved: ResolvedVariables) -> None:
        """Leave the values for the worker. Raises DeployDeckError `handoff-failed`."""
        content = {
            "values": dict(resolved.values),
            "fingerprints": resolved.fingerprints,
            "secret_names": sorted(resolved.secret_names),
            "missing": resolved.missing,
            "sources": resolved.sources,
        }
        try:
            write_private(self._path(deployment_id), json.dumps(content).encode())
        except OSError as error:
            raise DeployDeckError(
                "handoff-failed",
                "The variables could not be handed to the worker.",
                f"{self._directory}: {error.strerror or error}",
                "Check the disk.",
            ) from error

    def take(self, deployment_id: str) -> ResolvedVariables | None:
        """What was left, as often as needed (a killed worker asks again); None when there is nothing."""
        try:
            content = json.loads(self._path(deployment_id).read_bytes())
        except FileNotFoundError:
            return None
        return ResolvedVariables(
            content["values"],
            tuple((name, digest) for name, digest in content["fingerprints"]),
            frozenset(content["secret_names"]),
            tuple(content["missing"]),
            tuple((name, source) for name, source in content.get("sources", ())),
        )

    def drop(self, deployment_id: str) -> None:
        """Forget the values: the deployment has ended."""
        self._path(deployment_id).unlink(missing_ok=True)

    def _path(self, deployment_id: str) -> Path:
        if not re.fullmatch(r"[a-z0-9-]{1,64}", deployment_id):
            raise ValueError("not a deployment id")
        return self._directory / f"{deployment_id}.json"
