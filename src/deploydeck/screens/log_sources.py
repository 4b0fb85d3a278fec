"""Which logs there are of a project: the live program, and what each deployment wrote."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from deploydeck.domain import DeployDeckError, Deployment, Release
from deploydeck.widgets.states import LOOKS
from deploydeck.widgets.text import age

if TYPE_CHECKING:
    from deploydeck.deck import Deck

MOST_DEPLOYMENTS = 20
_NAMES = {"build": "build", "app": "program while deploying", "deploy": "deployment events"}


@dataclass(frozen=True, slots=True)
class LogSource:
    """A log to read: of the live program (`live`), or what a deployment wrote (`only` one of its sources, or all merged)."""

    key: str
    title: str
    meaning: str
    root: Path
    deployment: Deployment
    release: Release | None = None
    live: bool = False
    only: str = ""


async def log_sources(deck: Deck, root: Path) -> list[LogSource]:
    """Live programs first, then deployments, newest first; empty for a project that was never deployed."""
    try:
        project = await deck.project_at(root)
    except DeployDeckError:
        return []
    found = [
        LogSource(
            f"live:{one.deployment.id}",
            f"program {one.release.label} {one.release.environment}",
            f"live on {one.release.target}",
            root,
            one.deployment,
            one.release,
            live=True,
        )
        for one in await deck.live_releases(project)
    ]
    now = datetime.now(UTC)
    for deployment in await deck.store.deployments.list(project_id=project.id, limit=MOST_DEPLOYMENTS):
        release = await deck.store.deployments.release(deployment.release_id)
        name = f"{release.label} {deployment.environment}"
        meaning = f"{LOOKS[deployment.state][1]}, {age((now - deployment.created_at).total_seconds())}"
        sources = await asyncio.to_thread(deck.logs.sources, deployment.id)
        found.append(LogSource(f"all:{deployment.id}", f"everything of {name}", meaning, root, deployment, release))
        found += [
            LogSource(
                f"{source}:{deployment.id}",
                f"{_NAMES.get(source, source)} of {name}",
                meaning,
                root,
                deployment,
                release,
                only=source,
            )
            for source in sources
        ]
    return found


def default_source(sources: Sequence[LogSource], deployment_id: str | None) -> LogSource | None:
    """What is opened without asking: everything of the wanted deployment, else the live program, else the newest deployment."""
    wanted = [source for source in sources if source.key == f"all:{deployment_id}"]
    return next(iter((*wanted, *sources)), None)
