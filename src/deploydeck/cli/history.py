"""Lists what was deployed."""

from __future__ import annotations

import argparse

from deploydeck.cli.errors import UsageError
from deploydeck.cli.format import age, duration, health_word, state_word, took_s
from deploydeck.cli.open import directory
from deploydeck.cli.output import Output, Part
from deploydeck.cli.session import open_deck
from deploydeck.domain import Deployment, DeploymentKind, Release


async def run(args: argparse.Namespace, out: Output) -> int:
    root = directory(args.directory)
    if args.limit < 1:
        raise UsageError("--limit needs a number above 0.")
    async with open_deck() as deck:
        project = await deck.project_at(root)
        deployments = await deck.store.deployments.list(project_id=project.id, environment=args.env, limit=args.limit)
        releases = {release.id: release for release in await deck.store.deployments.releases(project.id)}
    entries = [(deployment, releases[deployment.release_id]) for deployment in deployments]
    out.document(
        {
            "project": {"id": project.id, "name": project.name, "root": project.root},
            "deployments": [
                {
                    **deployment.model_dump(mode="json", exclude={"plan"}),
                    "duration_s": took_s(deployment),
                    "release": release.model_dump(mode="json", exclude={"files"}),  # thousands; `diff` compares them
                }
                for deployment, release in entries
            ],
        }
    )
    if not entries:
        out.line(f"Nothing of {project.name} was deployed{f' in {args.env}' if args.env else ''} yet.")
        return 0
    out.table(
        ("release", "environment", "target", "result", "health", "age", "took", "by", "deployment", ""),
        [_row(deployment, release) for deployment, release in entries],
    )
    return 0


def _row(deployment: Deployment, release: Release) -> tuple[Part, ...]:
    return (
        release.label,
        deployment.environment,
        deployment.target,
        state_word(deployment.state),
        health_word(deployment.health.health) if deployment.health else "-",
        age(deployment.completed_at or deployment.created_at),
        duration(took_s(deployment)),
        deployment.requested_by,
        deployment.id,
        _reason(deployment, release),
    )


def _reason(deployment: Deployment, release: Release) -> str:
    if deployment.cause is not None:
        return deployment.cause.what
    if deployment.kind is DeploymentKind.REMOVE:
        return "removed"
    if deployment.kind is DeploymentKind.ROLLBACK:
        return f"rolled back to {release.label}"
    return f"commit {release.git_sha[:10]}{' and changes' if release.git_dirty else ''}" if release.git_sha else ""
