"""Shows what is live, and how it is."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime

from deploydeck.cli.errors import UsageError
from deploydeck.cli.format import age, health_word, state_word
from deploydeck.cli.open import directory
from deploydeck.cli.output import Output, Part, Styled
from deploydeck.cli.session import open_deck
from deploydeck.deck import Deck, LiveRelease
from deploydeck.deploy import WorkerStatus
from deploydeck.domain import Deployment, HealthStatus, utc_now


async def run(args: argparse.Namespace, out: Output) -> int:
    if not 0 < args.timeout <= 600:
        raise UsageError("--timeout needs seconds above 0 and at most 600.")
    root = directory(args.directory) if args.directory else None
    async with open_deck() as deck:
        project = await deck.project_at(root) if root else None
        live = await deck.live_releases(project)
        healths = await asyncio.gather(*(deck.health_now(entry, timeout_s=args.timeout) for entry in live))
        unfinished = [entry for entry in await deck.store.deployments.unfinished() if not project or entry.project_id == project.id]
        names = {entry.id: entry.name for entry in await deck.store.projects.all()}
        worker = deck.engine.worker_status()
        unread = await _waiting(deck, unfinished)
    out.document(
        {
            "worker": {
                "running": worker.running,
                "pid": worker.pid or None,
                "since": datetime.fromtimestamp(worker.since, UTC) if worker.running else None,
                "active": worker.active,
                "trouble": worker.trouble,
            },
            "live": [_as_json(entry, health) for entry, health in zip(live, healths, strict=True)],
            "unfinished": [
                {
                    **entry.model_dump(mode="json", exclude={"plan"}),
                    "project": names.get(entry.project_id, ""),
                    "waiting": unread[entry.id],
                }
                for entry in unfinished
            ],
        }
    )
    _show_live(out, live, healths)
    if unfinished:
        out.line()
        out.table(
            ("deployment", "project", "environment", "target", "state", "age", ""),
            [
                (
                    entry.id,
                    names.get(entry.project_id, "?"),
                    entry.environment,
                    entry.target,
                    state_word(entry.state),
                    age(entry.created_at),
                    unread[entry.id],
                )
                for entry in unfinished
            ],
        )
    out.line()
    _show_worker(out, worker)
    return 0


async def _waiting(deck: Deck, deployments: list[Deployment]) -> dict[str, str]:
    """The last thing each said: every wait names its cause."""
    said = {}
    for entry in deployments:
        events = await deck.store.deployments.events(entry.id, limit=100_000)
        said[entry.id] = next((event.text for event in reversed(events) if event.kind.value in ("state", "step", "note")), "")
    return said


def _as_json(entry: LiveRelease, health: HealthStatus) -> dict[str, object]:
    return {
        "project": {"id": entry.project.id, "name": entry.project.name, "root": entry.project.root},
        "environment": entry.deployment.environment,
        "target": entry.deployment.target,
        "url": entry.deployment.application_url,
        "deployment_id": entry.deployment.id,
        "since": entry.deployment.completed_at,
        "age_s": (utc_now() - entry.deployment.completed_at).total_seconds() if entry.deployment.completed_at else None,
        "release": entry.release.model_dump(mode="json", exclude={"files"}),
        "health": health,
    }


def _show_live(out: Output, live: tuple[LiveRelease, ...], healths: list[HealthStatus]) -> None:
    if not live:
        out.line("Nothing is live.")
        return
    rows: list[tuple[Part, ...]] = [
        (
            entry.project.name,
            entry.deployment.environment,
            entry.deployment.target,
            entry.release.label,
            health_word(health.health),
            age(entry.deployment.completed_at),
            entry.deployment.application_url or "-",
            health.reason if health.health.value != "healthy" else "",
        )
        for entry, health in zip(live, healths, strict=True)
    ]
    out.table(("project", "environment", "target", "release", "health", "age", "address", ""), rows)


def _show_worker(out: Output, worker: WorkerStatus) -> None:
    if not worker.running:
        out.line("worker: not running (it starts when there is something to do)")
        return
    since = age(datetime.fromtimestamp(worker.since, UTC))
    out.line(f"worker: running, process {worker.pid}, for {since}, {len(worker.active)} active")
    if worker.trouble:
        out.line("  ", Styled("trouble", "bad"), f": {worker.trouble}")
