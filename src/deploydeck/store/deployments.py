"""Releases, deployments, their steps, events and resources. History is only ever added to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from statistics import median
from typing import Any

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from deploydeck.domain import (
    Cause,
    DeployDeckError,
    Deployment,
    DeploymentConfig,
    DeploymentKind,
    DeploymentResult,
    DeploymentState,
    Event,
    EventKind,
    Level,
    LogRef,
    Release,
    Resource,
    Step,
    StepState,
    utc_now,
)
from deploydeck.store.database import Database
from deploydeck.store.projects import insert_config, local_account
from deploydeck.store.rows import from_row, to_row
from deploydeck.store.tables import deployments, events, logs, projects, releases, resources, steps, users

LIVE_STATES = (DeploymentState.SUCCEEDED, DeploymentState.SUCCEEDED_WITH_WARNINGS)
_BEGINNINGS = {
    DeploymentState.QUEUED: "queued",
    DeploymentState.AWAITING_APPROVAL: "waiting for somebody to agree: deploydeck approve {id}",
}
UNFINISHED = tuple(state for state in DeploymentState if not state.terminal)
FIXED = {"id", "project_id", "release_id", "config_id", "user_id", "kind", "created_at", "state", "completed_order"}
UPDATABLE = frozenset(deployments.columns.keys()) - FIXED
"""What may change after the insert; the state only by `transition`."""


class Deployments:
    def __init__(self, database: Database) -> None:
        self._database = database

    # --- releases -------------------------------------------------------------------------------------------------------------

    async def enqueue(self, deployment: Deployment, config: DeploymentConfig, release: Release) -> tuple[Deployment, Release]:
        """Write a queued deployment with its configuration and, when new, its release, in one transaction.

        A release whose `number` is 0 gets the project's next number. Returns both as stored.
        """
        async with self._database.write() as connection:
            await insert_config(connection, config)
            if release.number == 0:
                await connection.execute(
                    update(projects)
                    .where(projects.c.id == release.project_id)
                    .values(last_release_number=projects.c.last_release_number + 1, updated_at=utc_now())
                )
                number = await connection.scalar(select(projects.c.last_release_number).where(projects.c.id == release.project_id))
                release = release.model_copy(update={"number": number})
                await connection.execute(insert(releases).values(to_row(release, releases)))
            user_id = await connection.scalar(select(users.c.id).where(users.c.name == local_account()))
            await connection.execute(insert(deployments).values(to_row(deployment, deployments, user_id=user_id)))
            text = _BEGINNINGS[deployment.state].format(id=deployment.id)
            await _append(connection, deployment.id, EventKind.STATE, text, data={"state": deployment.state.value})
        return deployment, release

    async def release(self, release_id: str) -> Release:
        async with self._database.read() as connection:
            row = (await connection.execute(select(releases).where(releases.c.id == release_id))).mappings().first()
        if row is None:
            raise DeployDeckError("release-unknown", f"There is no release {release_id}.")
        return from_row(Release, row)

    async def release_by_label(self, project_id: str, label: str) -> Release:
        """A release by `v3`, `3` or its id. Raises DeployDeckError `release-unknown`."""
        number = label.removeprefix("v")
        where = releases.c.number == int(number) if number.isdecimal() and len(number) < 10 else releases.c.id == label
        async with self._database.read() as connection:
            row = (await connection.execute(select(releases).where(releases.c.project_id == project_id, where))).mappings().first()
        if row is None:
            raise DeployDeckError(
                "release-unknown", f"There is no release {label!r} here.", hint="`deploydeck history` lists them."
            )
        return from_row(Release, row)

    async def releases(self, project_id: str, environment: str | None = None) -> tuple[Release, ...]:
        """Releases of a project, newest first."""
        query = select(releases).where(releases.c.project_id == project_id).order_by(releases.c.number.desc())
        if environment is not None:
            query = query.where(releases.c.environment == environment)
        async with self._database.read() as connection:
            return tuple(from_row(Release, row) for row in (await connection.execute(query)).mappings())

    async def set_artifact(self, release_id: str, artifact: dict[str, Any]) -> None:
        """Record what a release left on its target. Written once; later writes must agree on what is already there."""
        async with self._database.write() as connection:
            current = await connection.scalar(select(releases.c.artifact).where(releases.c.id == release_id))
            await connection.execute(
                update(releases).where(releases.c.id == release_id).values(artifact={**artifact, **(current or {})})
            )

    async def live(self, project_id: str, environment: str, target: str) -> tuple[Deployment, Release] | None:
        """The last deployment that succeeded there, with its release: what should be live now. None when that was a removal."""
        query = (
            select(deployments)
            .where(
                deployments.c.project_id == project_id,
                deployments.c.environment == environment,
                deployments.c.target == target,
                deployments.c.state.in_([state.value for state in LIVE_STATES]),
            )
            # Not by time: a clock set back must not bring an older release back to life.
            .order_by(deployments.c.completed_order.desc().nulls_last(), deployments.c.completed_at.desc(), deployments.c.id.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).mappings().first()
        if row is None:
            return None
        deployment = from_row(Deployment, row)
        if deployment.kind is DeploymentKind.REMOVE:
            return None
        return deployment, await self.release(deployment.release_id)

    # --- deployments ----------------------------------------------------------------------------------------------------------

    async def get(self, deployment_id: str) -> Deployment:
        """A deployment by id or by an unambiguous beginning of it."""
        async with self._database.read() as connection:
            start = deployments.c.id.startswith(deployment_id or "?", autoescape=True)  # nothing is no beginning
            query = select(deployments).where(start).order_by(deployments.c.id).limit(2)
            rows = (await connection.execute(query)).mappings().all()
        exact = [row for row in rows if row["id"] == deployment_id]
        if len(rows) != 1 and not exact:
            what = f"There is no deployment {deployment_id!r}." if not rows else f"{deployment_id!r} fits several deployments."
            raise DeployDeckError("deployment-unknown", what, hint="`deploydeck history` lists them.")
        return from_row(Deployment, (exact or rows)[0])

    async def list(
        self,
        *,
        project_id: str | None = None,
        environment: str | None = None,
        states: Collection[DeploymentState] | None = None,
        limit: int = 200,
    ) -> tuple[Deployment, ...]:
        """Deployments, newest first."""
        query = select(deployments).order_by(deployments.c.created_at.desc(), deployments.c.id.desc()).limit(limit)
        if project_id is not None:
            query = query.where(deployments.c.project_id == project_id)
        if environment is not None:
            query = query.where(deployments.c.environment == environment)
        if states is not None:
            query = query.where(deployments.c.state.in_([state.value for state in states]))
        async with self._database.read() as connection:
            return tuple(from_row(Deployment, row) for row in (await connection.execute(query)).mappings())

    async def unfinished(self) -> tuple[Deployment, ...]:
        """Every deployment that has not reached a terminal state, oldest first."""
        return tuple(reversed(await self.list(states=UNFINISHED)))

    async def transition(
        self,
        deployment_id: str,
        to: DeploymentState,
        *,
        allowed: Collection[DeploymentState] | None = None,
        text: str = "",
        closing: DeploymentResult | None = None,
        **fields: Any,
    ) -> bool:
        """Move to a state with an event, in one transaction. False when the present state is terminal or not in `allowed`.

        `fields` are further columns as plain values or domain values (cause, health, …). Whatever it moves to, it does not wait
        for an earlier `pause` any more. `closing` is appended as the last event of a deployment that ends here: nobody ever sees
        the end without the result.
        """
        states = [state.value for state in UNFINISHED if allowed is None or state in allowed]
        level = Level.INFO if not to.terminal or to.succeeded else Level.ERROR
        async with self._database.write() as connection:
            changed = await connection.execute(
                update(deployments)
                .where(deployments.c.id == deployment_id, deployments.c.state.in_(states))
                .values(state=to.value, **({"pause": None} | _columns(fields)))
            )
            if changed.rowcount == 0:
                return False
            if to.terminal:
                await _complete(connection, deployment_id)
            cause = fields.get("pause") or fields.get("cause")
            data = {"state": to.value} | ({"cause": cause.model_dump(mode="json")} if isinstance(cause, Cause) else {})
            text = text or to.value.replace("_", " ")
            await _append(connection, deployment_id, EventKind.STATE, text, level=level, data=data)
            if closing is not None:
                result = closing.model_dump(mode="json")
                await _append(connection, deployment_id, EventKind.RESULT, text, level=level, data=result)
        return True

    async def set(self, deployment_id: str, **fields: Any) -> bool:
        """Change columns that carry no state (warnings, application_url, …). False when the deployment ended: history stays."""
        where = and_(deployments.c.id == deployment_id, deployments.c.state.in_([state.value for state in UNFINISHED]))
        async with self._database.write() as connection:
            changed = await connection.execute(update(deployments).where(where).values(**_columns(fields)))
            return changed.rowcount == 1

    async def request_cancel(self, deployment_id: str, choice: str) -> bool:
        """Ask the worker to cancel ("cancel") or to roll back ("rollback"). False when the deployment already ended."""
        async with self._database.write() as connection:
            changed = await connection.execute(
                update(deployments)
                .where(deployments.c.id == deployment_id, deployments.c.state.in_([state.value for state in UNFINISHED]))
                .values(cancel=choice)
            )
            if changed.rowcount:
                await _append(
                    connection, deployment_id, EventKind.NOTE, f"{choice} requested by {local_account()}", level=Level.WARNING
                )
            return changed.rowcount > 0

    # --- steps ----------------------------------------------------------------------------------------------------------------

    async def plan_steps(self, planned: Sequence[Step]) -> None:
        """Write the steps of a deployment once; later calls change nothing."""
        if not planned:
            return
        async with self._database.write() as connection:
            there = await connection.scalar(select(func.count()).where(steps.c.deployment_id == planned[0].deployment_id))
            if not there:
                await connection.execute(insert(steps), [to_row(step, steps) for step in planned])

    async def steps(self, deployment_id: str) -> tuple[Step, ...]:
        async with self._database.read() as connection:
            rows = await connection.execute(select(steps).where(steps.c.deployment_id == deployment_id).order_by(steps.c.seq))
            return tuple(from_row(Step, row) for row in rows.mappings())

    async def set_step(
        self,
        step: Step,
        *,
        text: str,
        level: Level = Level.INFO,
        data: dict[str, Any] | None = None,
        deployment: dict[str, Any] | None = None,
    ) -> None:
        """Write a step's new condition with its event, and columns of the deployment, in one transaction.

        This is the persisted boundary: intent before the effect, result after it. `deployment` carries what must not be separated
        from it (`passed_no_return` with the switch's intent).
        """
        async with self._database.write() as connection:
            row = to_row(step, steps)
            where = and_(steps.c.deployment_id == step.deployment_id, steps.c.name == step.name)
            changed = await connection.execute(update(steps).where(where).values(**row))
            if changed.rowcount != 1:
                raise ValueError(f"step {step.name!r} was never planned for {step.deployment_id}")
            if deployment:
                await connection.execute(
                    update(deployments).where(deployments.c.id == step.deployment_id).values(**_columns(deployment))
                )
            content = {"step": step.name, "state": step.state.value, "attempt": step.attempt} | (data or {})
            await _append(connection, step.deployment_id, EventKind.STEP, text, level=level, step=step.name, data=content)

    async def beat(self, deployment_id: str, step: str) -> None:
        """A running step is alive."""
        async with self._database.write() as connection:
            await connection.execute(
                update(steps).where(steps.c.deployment_id == deployment_id, steps.c.name == step).values(heartbeat_at=utc_now())
            )

    async def expected_s(self, project_id: str, target: str, limit: int = 20) -> dict[str, float]:
        """Median seconds by step name over the last times it succeeded there; nothing for a step never seen."""
        query = (
            select(steps.c.name, steps.c.started_at, steps.c.ended_at)
            .join(deployments, deployments.c.id == steps.c.deployment_id)
            .where(
                deployments.c.project_id == project_id, deployments.c.target == target, steps.c.state == StepState.SUCCEEDED.value
            )
            .order_by(steps.c.ended_at.desc())
            .limit(limit * 12)
        )
        durations: dict[str, list[float]] = {}
        async with self._database.read() as connection:
            for name, started, ended in await connection.execute(query):
                if started and ended and ended >= started:  # a clock set back in between says nothing
                    durations.setdefault(name, []).append((ended - started).total_seconds())
        return {name: median(values[:limit]) for name, values in durations.items()}

    # --- events ---------------------------------------------------------------------------------------------------------------

    async def append(
        self,
        deployment_id: str,
        kind: EventKind,
        text: str,
        *,
        level: Level = Level.INFO,
        step: str = "",
        data: dict[str, Any] | None = None,
    ) -> None:
        """Append an event; its text must already be redacted."""
        async with self._database.write() as connection:
            await _append(connection, deployment_id, kind, text, level=level, step=step, data=data)

    async def events(self, deployment_id: str, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """Events after a sequence number, oldest first."""
        query = (
            select(events).where(events.c.deployment_id == deployment_id, events.c.seq > after).order_by(events.c.seq).limit(limit)
        )
        async with self._database.read() as connection:
            return tuple(from_row(Event, row) for row in (await connection.execute(query)).mappings())

    # --- resources and logs ---------------------------------------------------------------------------------------------------

    async def record_resource(self, resource: Resource) -> None:
        """Remember something outside, or its new state."""
        where = and_(
            resources.c.deployment_id == resource.deployment_id,
            resources.c.kind == resource.kind,
            resources.c.external_id == resource.external_id,
        )
        async with self._database.write() as connection:
            changed = await connection.execute(update(resources).where(where).values(state=resource.state, updated_at=utc_now()))
            if changed.rowcount == 0:
                row = to_row(resource, resources, created_at=utc_now(), updated_at=utc_now())
                await connection.execute(insert(resources).values(row))

    async def resources(self, deployment_id: str) -> tuple[Resource, ...]:
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(resources)
                .where(resources.c.deployment_id == deployment_id)
                .order_by(resources.c.created_at, resources.c.kind)
            )
            return tuple(from_row(Resource, row) for row in rows.mappings())

    async def record_log(self, log: LogRef) -> None:
        """Remember where a source's lines stand and how many there are."""
        where = and_(logs.c.deployment_id == log.deployment_id, logs.c.source == log.source)
        async with self._database.write() as connection:
            row = to_row(log, logs, updated_at=utc_now())
            changed = await connection.execute(update(logs).where(where).values(**row))
            if changed.rowcount == 0:
                await connection.execute(insert(logs).values(**row, created_at=utc_now()))

    async def logs(self, deployment_id: str) -> tuple[LogRef, ...]:
        async with self._database.read() as connection:
            rows = await connection.execute(select(logs).where(logs.c.deployment_id == deployment_id).order_by(logs.c.created_at))
            return tuple(from_row(LogRef, row) for row in rows.mappings())


async def _complete(connection: AsyncConnection, deployment_id: str) -> None:
    """Say when a deployment ended, by the clock unless that was given, and by a number that only grows."""
    project = select(deployments.c.project_id).where(deployments.c.id == deployment_id).scalar_subquery()
    last = await connection.scalar(select(func.max(deployments.c.completed_order)).where(deployments.c.project_id == project))
    await connection.execute(
        update(deployments)
        .where(deployments.c.id == deployment_id)
        .values(completed_order=(last or 0) + 1, completed_at=func.coalesce(deployments.c.completed_at, utc_now()))
    )


async def _append(
    connection: AsyncConnection,
    deployment_id: str,
    kind: EventKind,
    text: str,
    *,
    level: Level = Level.INFO,
    step: str = "",
    data: dict[str, Any] | None = None,
) -> None:
    last = await connection.scalar(select(func.max(events.c.seq)).where(events.c.deployment_id == deployment_id))
    event = Event(
        deployment_id=deployment_id,
        seq=(last or 0) + 1,
        at=utc_now(),
        kind=kind,
        level=level,
        step=step,
        text=text,
        data=data or {},
    )
    await connection.execute(insert(events).values(to_row(event, events)))


def _columns(fields: dict[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - UPDATABLE
    if unknown:
        raise ValueError(f"not columns that may change: {sorted(unknown)}")
    return {name: value.model_dump(mode="json") if hasattr(value, "model_dump") else value for name, value in fields.items()}
