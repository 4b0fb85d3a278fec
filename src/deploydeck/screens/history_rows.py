"""How deployments, releases and their differences read on the History screen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from deploydeck.domain import Deployment, DeploymentKind, Release
from deploydeck.screens.deploy_rows import cause_lines, health_lines
from deploydeck.widgets.row_list import Row
from deploydeck.widgets.states import look
from deploydeck.widgets.text import Line, Span, age, duration, visible

if TYPE_CHECKING:
    from deploydeck.comparison import Comparison, Difference

MOST_DIFFERENCES = 200
KINDS: dict[DeploymentKind, tuple[str, str]] = {
    DeploymentKind.DEPLOY: ("", "Deployment of"),
    DeploymentKind.ROLLBACK: (" ↺", "Rollback to"),
    DeploymentKind.REMOVE: (" ■", "Removal of"),
}
"""The mark in the list and the words in the details."""


@dataclass(frozen=True)
class Past:
    """A deployment with the release it was about; `live` when that release should be live because of it."""

    deployment: Deployment
    release: Release
    live: bool


def rows(past: Sequence[Past], marked: Collection[str], now: datetime) -> list[Row]:
    """Deployments by environment, newest first."""
    found: list[Row] = []
    for environment in dict.fromkeys(one.deployment.environment for one in past):
        found.append(Row(f"env:{environment}", ((f" {visible(environment)}", "title"),), heading=True))
        found += [_row(one, marked, now) for one in past if one.deployment.environment == environment]
    return found


def _row(one: Past, marked: Collection[str], now: datetime) -> Row:
    deployment = one.deployment
    mark: Span = ("◆ ", "accent") if one.release.id in marked else ("  ", "")
    name: Line = (mark, (one.release.label, "strong"), (KINDS[deployment.kind][0], "warn"))
    health = look(deployment.health.health) if deployment.health else ("", "")
    return Row(
        deployment.id,
        (
            name,
            look(deployment.state),
            ("live", "good") if one.live else "",
            (age((now - deployment.created_at).total_seconds()), ""),
            (duration(took_s(deployment)), "dim"),
            health,
            (visible(deployment.target), "dim"),
            (visible(deployment.requested_by), "dim"),
        ),
    )


def took_s(deployment: Deployment) -> float | None:
    """Seconds from start to end; None while it runs."""
    if deployment.started_at is None or deployment.completed_at is None:
        return None
    return (deployment.completed_at - deployment.started_at).total_seconds()


def details(one: Past) -> list[Line]:
    """Everything that is recorded of a deployment."""
    deployment, release = one.deployment, one.release
    lines: list[Line] = [
        ((f"{KINDS[deployment.kind][1]} {release.label}", "title"), ("  live now" if one.live else "", "good")),
        (look(deployment.state), (f"  {visible(deployment.environment)} on {visible(deployment.target)}", "")),
        ((f"{deployment.created_at:%Y-%m-%d %H:%M:%S} UTC", ""), (f"  by {visible(deployment.requested_by)}", "dim")),
    ]
    if deployment.application_url:
        lines.append(((visible(deployment.application_url), "accent"),))
    if release.origin is not None:
        lines.append(((f"promoted from {visible(release.origin.environment)}, {release.origin.label}", ""),))
    if release.git_sha:
        lines.append(
            ((f"commit {visible(release.git_sha[:12])}", ""), (" with uncommitted changes" if release.git_dirty else "", "warn"))
        )
    lines.append(((f"source {release.source_hash[:12]}  config {release.config_hash[:12]}", "dim"),))
    lines += [((f"! {visible(warning)}", "warn"),) for warning in deployment.warnings]
    if deployment.cause is not None:
        lines += [(), *cause_lines(deployment.cause)]
    if deployment.health is not None:
        lines += [(), *health_lines(deployment.health)]
    if release.variables:
        lines += [(), (("Variables", "title"), ("  name and fingerprint", "dim"))]
        lines += [((f"  {visible(name)}", ""), (f"  {visible(print_)}", "dim")) for name, print_ in release.variables]
    lines.append(((f"{deployment.id}  {release.id}", "dim"),))
    return lines


def comparison_lines(comparison: Comparison) -> list[Line]:
    """What differs between two releases."""
    lines: list[Line] = [((f"{comparison.older} → {comparison.newer}", "title"),)]
    if comparison.same:
        return [*lines, (("Nothing differs.", ""),)]
    lines.append((("The source differs." if comparison.source else "The source is the same.", ""),))
    for title, found in (
        ("Files", comparison.files),
        ("Variables", comparison.variables),
        ("Configuration", comparison.config),
        ("Git", comparison.git),
        ("Artifact", comparison.artifact),
    ):
        if found:
            lines += [(), ((title, "title"),), *(_difference(one) for one in found[:MOST_DIFFERENCES])]
            if len(found) > MOST_DIFFERENCES:
                lines.append(((f"  and {len(found) - MOST_DIFFERENCES} more", "dim"),))
    return lines


def _difference(one: Difference) -> Line:
    return (
        ("  ", ""),
        look(one.change),
        (f" {visible(one.name)}", "strong"),
        (f"  {visible(one.before, 200)}", "removed"),
        (" → " if one.before and one.after else " ", "dim"),
        (visible(one.after, 200), "added"),
    )
