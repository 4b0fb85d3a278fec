"""What an application needs against what is set: per environment, and between two of them. Names, never values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deploydeck.domain import DeploymentConfig, ProjectProfile
from deploydeck.vault.handoff import ResolvedVariables
from deploydeck.vault.secrets import SecretsManager
from deploydeck.vault.versions import Scope


class Need(StrEnum):
    """Why a variable is in the list."""

    NEEDED = "needed"
    OPTIONAL = "optional"
    UNNEEDED = "unneeded"


@dataclass(frozen=True)
class Row:
    """One variable. `source` is "" when it gets no value. The version is the store's, if its value is the one that is used."""

    name: str
    need: Need
    secret: bool
    source: str
    missing: bool
    fingerprint: str = ""
    version: int | None = None
    created_at: datetime | None = None
    created_by: str = ""


@dataclass(frozen=True)
class Compared:
    """One variable in two environments. `change` is same, different, `only` in the first ("left") or second ("right")."""

    name: str
    change: str
    left: Row | None
    right: Row | None


def inventory(
    secrets: SecretsManager, config: DeploymentConfig, profile: ProjectProfile, resolved: ResolvedVariables
) -> tuple[Row, ...]:
    """Every variable that is needed, read, or set for nobody. Blocking; raises what the store raises."""
    scope = Scope(config.app, config.environment)
    prints, sources = dict(resolved.fingerprints), dict(resolved.sources)
    needed = {one.name: one.secret for one in config.variables}
    fixed = {name for name, _ in config.recipe.environment}
    optional = {one.name: one.secret for one in profile.variables if one.name not in needed and not one.build_time}
    kept = secrets.names(scope)
    asked = {*kept, *needed}  # what another program put into a keyring is found only by its name
    rows = []
    for name in sorted({*needed, *optional, *sources, *kept} - (fixed - set(kept))):
        need = Need.NEEDED if name in needed else Need.OPTIONAL if name in optional else Need.UNNEEDED
        told = next(reversed(secrets.history(scope, name)), None) if name in asked else None
        in_force = told if told and (told.fingerprint == prints.get(name) or name not in prints) else None
        rows.append(
            Row(
                name=name,
                need=need,
                secret=name in resolved.secret_names or needed.get(name, optional.get(name, True)),
                source=sources.get(name, ""),
                missing=name in resolved.missing,
                fingerprint=prints.get(name, told.fingerprint if told else ""),
                version=in_force.version.number if in_force else None,
                created_at=in_force.version.created_at if in_force else None,
                created_by=in_force.version.created_by if in_force else "",
            )
        )
    return tuple(rows)


def compared(left: tuple[Row, ...], right: tuple[Row, ...]) -> tuple[Compared, ...]:
    """The variables of two environments, by name. What has no value in either is left out."""
    first, second = _set(left), _set(right)
    return tuple(
        Compared(name, _change(first.get(name), second.get(name)), first.get(name), second.get(name))
        for name in sorted({*first, *second})
    )


def _set(rows: tuple[Row, ...]) -> Mapping[str, Row]:
    return {row.name: row for row in rows if row.fingerprint}


def _change(left: Row | None, right: Row | None) -> str:
    if left is None or right is None:
        return "left" if right is None else "right"
    return "same" if left.fingerprint == right.fingerprint else "different"
