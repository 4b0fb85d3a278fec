"""Values for the tests of the store: small, valid, different where it matters."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from deploydeck.domain import (
    Deployment,
    DeploymentConfig,
    DeploymentKind,
    DeploymentState,
    Kind,
    Phase,
    ProjectProfile,
    Recipe,
    Release,
    Step,
    Support,
    new_id,
    utc_now,
)
from deploydeck.store import Store

MOMENT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
_numbers = itertools.count(1)


def config(project_id: str, **changes: Any) -> DeploymentConfig:
    content: dict[str, Any] = {
        "id": new_id("cfg"),
        "project_id": project_id,
        "app": "shop",
        "root": "/srv/shop",
        "environment": "development",
        "target": "docker",
        "recipe": Recipe(kind=Kind.SERVER, language="python", version="3.13", manager="pip"),
        "port": 8000,
        "published_port": 18000,
        "created_at": MOMENT,
    }
    return DeploymentConfig(**(content | changes))


def release(of: DeploymentConfig, number: int = 0) -> Release:
    return Release(
        id=new_id("rel"),
        project_id=of.project_id,
        number=number,
        environment=of.environment,
        target=of.target,
        config_id=of.id,
        config_hash=of.content_hash,
        source_hash="s" * 64,
        created_by="tester",
        created_at=utc_now(),
    )


def deployment(of: Release, **changes: Any) -> Deployment:
    content: dict[str, Any] = {
        "id": new_id("dep"),
        "project_id": of.project_id,
        "release_id": of.id,
        "config_id": of.config_id,
        "kind": DeploymentKind.DEPLOY,
        "environment": of.environment,
        "target": of.target,
        "state": DeploymentState.QUEUED,
        "requested_by": "tester",
        "created_at": utc_now(),
    }
    return Deployment(**(content | changes))


def step(deployment_id: str, seq: int = 1, name: str = "build", **changes: Any) -> Step:
    content: dict[str, Any] = {
        "deployment_id": deployment_id,
        "seq": seq,
        "name": name,
        "phase": Phase.BUILD,
        "title": "Build",
        "idempotency_key": f"{deployment_id}:{name}",
    }
    return Step(**(content | changes))


def profile(**changes: Any) -> ProjectProfile:
    content: dict[str, Any] = {
        "id": new_id("prf"),
        "name": "shop",
        "root": "/srv/shop",
        "kind": Kind.SERVER,
        "support": Support.SUPPORTED,
        "support_reason": "Flask",
        "analyzed_at": MOMENT,
    }
    return ProjectProfile(**(content | changes))


async def queued(store: Store, project_id: str | None = None, **changes: Any) -> Deployment:
    """A deployment of a new release, queued; in a new project unless one is given."""
    if project_id is None:
        project_id = (await store.projects.open(f"/srv/project-{next(_numbers)}-{new_id('x')}", "shop")).id
    settings = config(project_id, **changes)
    made = release(settings)
    stored, _ = await store.deployments.enqueue(deployment(made), settings, made)
    return stored
