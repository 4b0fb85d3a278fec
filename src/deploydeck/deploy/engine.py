"""The faces' side of deployments: plan, queue, follow, cancel. Never runs a deployment and never imports the durable engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING

from deploydeck.deploy.closing import result_of, stored_result
from deploydeck.deploy.hooks import with_hooks
from deploydeck.deploy.presence import WorkerStatus, ensure_worker, ring, worker_status
from deploydeck.deploy.removing import removable, removal_plan
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
    Origin,
    Plan,
    Release,
    Severity,
    VariableChange,
    new_id,
    utc_now,
)
from deploydeck.settings import Paths, Settings
from deploydeck.store import Store, local_account
from deploydeck.targets import Restorable, Target

if TYPE_CHECKING:
    from deploydeck.store.logs import LogStore
    from deploydeck.vault import ResolvedVariables, SecretsManager

FOLLOW_FAST_S = 0.1
FOLLOW_SLOW_S = 0.25
SUPERVISE_S = 2.0
CHOICES = ("cancel", "rollback")
_NOT_BEGUN = (DeploymentState.AWAITING_APPROVAL, DeploymentState.QUEUED)


class DeploymentEngine:
    """Plans, queues, follows and cancels deployments. The worker executes them; the store is the only channel."""

    def __init__(
        self,
        *,
        store: Store,
        paths: Paths,
        settings: Settings,
        open_target: Callable[[str], Target],
        secrets: SecretsManager,
        logs: LogStore,
    ) -> None:
        self._store = store
        self._paths = paths
        self._settings = settings
        self._open_target = open_target
        self._secrets = secrets
        self._logs = logs

    # --- planning -------------------------------------------------------------------------------------------------------------

    async def plan(
        self,
        config: DeploymentConfig,
        *,
        source_hash: str,
        resolved: ResolvedVariables,
        rollback_to: Release | None = None,
        origin: Origin | None = None,
    ) -> Plan:
        """What deploying `config` (or going back to `rollback_to`, or promoting `origin`) would do. Changes nothing.

        Raises DeployDeckError with the target's own code when its preflight finds something that would stop the deployment.
        """
        target = self._open_target(config.target)
        live = await self._store.deployments.live(config.project_id, config.environment, config.target)
        previous = live[1] if live else None
        identity = await target.identity()
        warnings: list[str] = []
        built = rollback_to is not None or origin is not None
        for finding in await target.preflight(config, previous, built):
            if finding.severity is Severity.ERROR:
                raise DeployDeckError(finding.code, finding.message, hint=finding.hint)
            warnings.append(finding.message)
        release = rollback_to or await self._draft(config, source_hash, resolved, origin)
        made = await target.plan(config, release, previous, rollback_to is not None)
        warnings.extend(made.warnings)
        if rollback_to is not None:
            how, detail = await target.restorable(rollback_to, config)
            if how is Restorable.NO:
                raise DeployDeckError(
                    "rollback-not-restorable",
                    f"{rollback_to.label} cannot be put back.",
                    detail,
                    "Choose another release, or deploy its source again.",
                )
            warnings.append(detail) if how is Restorable.IMAGE else None
        else:
            warnings.extend(await self._failed_before(config, source_hash))
        return Plan(
            config_hash=config.content_hash,
            source_hash=source_hash,
            target=config.target,
            target_identity=identity,
            environment=config.environment,
            url=made.url,
            items=made.items,
            variables=variable_changes(previous.variables if previous else (), resolved),
            steps=with_hooks(made.steps, config, DeploymentKind.ROLLBACK if rollback_to else DeploymentKind.DEPLOY),
            warnings=tuple(dict.fromkeys(warnings)),
            previous_release=previous.label if previous else "",
        )

    async def plan_removal(self, project_id: str, environment: str, target: str) -> tuple[Plan, Release]:
        """What taking everything of an environment down would remove, and the release it is recorded with. Changes nothing.

        Raises DeployDeckError `nothing-to-remove`.
        """
        place = self._open_target(target)
        found = await removable(self._store, place, project_id, environment)
        if not found:
            raise DeployDeckError(
                "nothing-to-remove",
                f"There is nothing to remove in {environment} on {target}.",
                "Nothing is live there and nothing is kept.",
                "`deploydeck status` shows what is live.",
            )
        release = found[0][0]
        made = await removal_plan(self._store, place, project_id, environment)
        live = await self._store.deployments.live(project_id, environment, target)
        plan = Plan(
            config_hash=release.config_hash,
            source_hash=release.source_hash,
            target=target,
            target_identity=await place.identity(),
            environment=environment,
            url=made.url,
            items=made.items,
            variables=(),
            steps=made.steps,
            warnings=("What is removed cannot be rolled back to; deploy the project again to bring it back.",),
            previous_release=live[1].label if live else "",
        )
        return plan, release

    async def expected_s(self, config: DeploymentConfig) -> dict[str, float]:
        """Seconds each step took before (median by step name); a step never seen is not there."""
        return await self._store.deployments.expected_s(config.project_id, config.target)

    async def rollback_candidate(self, project_id: str, environment: str, target: str, wanted: Release | None = None) -> Release:
        """The release a rollback would bring back: `wanted`, or the newest good one before the live one.

        Raises DeployDeckError `rollback-nothing`, `rollback-live`, `rollback-elsewhere`.
        """
        live = await self._store.deployments.live(project_id, environment, target)
        if live is None:
            raise DeployDeckError("rollback-nothing", f"Nothing is live in {environment} on {target}.", hint="Deploy first.")
        if wanted is not None:
            if wanted.id == live[1].id:
                raise DeployDeckError("rollback-live", f"{wanted.label} is what is live now.", hint="Choose an earlier release.")
            if (wanted.environment, wanted.target) != (environment, target):
                raise DeployDeckError(
                    "rollback-elsewhere",
                    f"{wanted.label} was made for {wanted.environment} on {wanted.target}.",
                    f"This rollback is for {environment} on {target}.",
                    "Choose a release of this environment; `deploydeck history` lists them.",
                )
            if not wanted.artifact:
                raise DeployDeckError(
                    "rollback-never-live",
                    f"{wanted.label} was never live.",
                    "Only a release that was deployed successfully can be put back.",
                    "Choose another release; `deploydeck history` lists them.",
                )
            return wanted
        releases = await self._store.deployments.releases(project_id, environment)
        for release in releases:
            if release.target == target and release.number < live[1].number and release.artifact:
                return release
        raise DeployDeckError(
            "rollback-nothing",
            f"There is no earlier release of {environment} on {target} to return to.",
            f"{live[1].label} is live and nothing was live before it.",
            "Deploy a corrected version instead.",
        )

    # --- doing ----------------------------------------------------------------------------------------------------------------

    async def queue(
        self,
        config: DeploymentConfig,
        plan: Plan,
        resolved: ResolvedVariables,
        *,
        source_hash: str,
        files: Sequence[tuple[str, str]] = (),
        git_sha: str = "",
        git_dirty: bool = False,
        kind: DeploymentKind = DeploymentKind.DEPLOY,
        rollback_to: Release | None = None,
        origin: Origin | None = None,
        needs_approval: bool = False,
        latest: bool = False,
    ) -> Deployment:
        """Write a queued deployment for the worker; the values are handed off first. Start a worker with `ensure_worker`.

        With `needs_approval` it waits for `approve` first. With `latest` it takes the place of those
        that wait for the same environment and target; those that have begun go on.

        Raises DeployDeckError `variables-missing`, or `plan-stale` when the plan was made from other inputs.
        """
        if resolved.missing:
            led_nowhere = dict(resolved.sources)
            names = ", ".join(f"{name} ({led_nowhere[name]})" if name in led_nowhere else name for name in resolved.missing)
            raise DeployDeckError(
                "variables-missing",
                f"No value is known for: {names}.",
                "The application says that it needs them.",
                f"Set them: deploydeck secrets set NAME --env {config.environment}; or in the environment, or the env file.",
            )
        if plan.config_hash != config.content_hash or plan.source_hash != source_hash:
            raise DeployDeckError(
                "plan-stale", "The saved plan is stale.", "Configuration or source changed since it was made.", "Plan again."
            )
        if (kind is DeploymentKind.DEPLOY) != (rollback_to is None):
            raise ValueError("a rollback and a removal name their release, a deployment makes its own")
        now = utc_now()
        live = await self._store.deployments.live(config.project_id, config.environment, config.target)
        release = rollback_to or (await self._draft(config, source_hash, resolved, origin)).model_copy(
            update={
                "id": new_id("rel"),
                "number": 0,
                "files": tuple(files),
                "git_sha": git_sha,
                "git_dirty": git_dirty,
                "created_at": now,
            }
        )
        deployment = Deployment(
            id=new_id("dep"),
            project_id=config.project_id,
            release_id=release.id,
            config_id=config.id,
            kind=kind,
            environment=config.environment,
            target=config.target,
            state=DeploymentState.AWAITING_APPROVAL if needs_approval else DeploymentState.QUEUED,
            plan=plan,
            previous_release_id=live[1].id if live else None,
            requested_by=local_account(),
            created_at=now,
        )
        await asyncio.to_thread(self._secrets.hand_off, deployment.id, resolved)
        try:
            deployment, _ = await self._store.deployments.enqueue(deployment, config, release)
        except BaseException:
            await asyncio.to_thread(self._secrets.drop, deployment.id)
            raise
        if latest:
            await self._supersede(deployment)
        ring(self._paths)
        return deployment

    async def _supersede(self, newer: Deployment) -> None:
        """End what waits for the same place and was asked for before (facts/deploying.md 5.1)."""
        waiting = await self._store.deployments.list(
            project_id=newer.project_id, environment=newer.environment, states=_NOT_BEGUN, limit=10_000
        )
        cause = Cause(
            code="superseded",
            what=f"{newer.id} was asked for later and takes its place.",
            why=f"Of several that wait, {newer.environment} has only the latest carried out.",
        )
        for older in waiting:
            if older.id != newer.id and older.target == newer.target and older.created_at <= newer.created_at:
                await self._end_unbegun(older, DeploymentState.SUPERSEDED, cause, f"superseded by {newer.id}")

    async def approve(self, deployment_id: str) -> bool:
        """Let a deployment that waits for approval go on. False when it does not wait any more."""
        approved = await self._store.deployments.transition(
            deployment_id,
            DeploymentState.QUEUED,
            allowed=(DeploymentState.AWAITING_APPROVAL,),
            text=f"approved by {local_account()}; queued",
        )
        ring(self._paths)
        return approved

    async def reject(self, deployment_id: str, why: str = "") -> bool:
        """End a deployment that waits for approval. False when it does not wait any more."""
        deployment = await self._store.deployments.get(deployment_id)
        if deployment.state is not DeploymentState.AWAITING_APPROVAL:
            return False
        cause = Cause(code="rejected", what=f"{local_account()} did not agree to it.", why=why[:2_000])
        return await self._end_unbegun(deployment, DeploymentState.CANCELED, cause, f"rejected by {local_account()}")

    async def cancel(self, deployment_id: str, choice: str = "cancel") -> bool:
        """Ask to cancel; False when the deployment has ended already.

        Before the switch both choices undo everything and end in `canceled`. After it "rollback" returns to the previous release
        and "cancel" means keep: the new release stays, the deployment finishes and says so. One that no worker has begun ends here.
        """
        if choice not in CHOICES:
            raise DeployDeckError("cancel-choice", f"{choice!r} is not a way to cancel.", hint="Choose cancel or rollback.")
        deployment = await self._store.deployments.get(deployment_id)
        if not await self._store.deployments.request_cancel(deployment.id, choice):
            return False
        if deployment.state in _NOT_BEGUN:
            cause = Cause(code="canceled", what="Canceled on request.")
            await self._end_unbegun(deployment, DeploymentState.CANCELED, cause, "canceled before it began")
        ring(self._paths)
        return True

    async def _end_unbegun(self, deployment: Deployment, to: DeploymentState, cause: Cause, text: str) -> bool:
        """End what no worker has begun. False when one began it meanwhile."""
        ended = deployment.model_copy(update={"state": to, "cause": cause, "completed_at": utc_now()})
        release = await self._store.deployments.release(deployment.release_id)
        done = await self._store.deployments.transition(
            deployment.id,
            to,
            allowed=_NOT_BEGUN,
            text=text,
            closing=result_of(ended, release, (), (), ()),
            cause=cause,
            completed_at=ended.completed_at,
        )
        if done:
            await asyncio.to_thread(self._secrets.drop, deployment.id)
        return done

    # --- watching -------------------------------------------------------------------------------------------------------------

    async def result(self, deployment_id: str) -> DeploymentResult:
        """The result of a deployment. Raises DeployDeckError `deployment-running` before it has ended."""
        deployment = await self._store.deployments.get(deployment_id)
        if not deployment.state.terminal:
            raise DeployDeckError(
                "deployment-running", f"{deployment.id} has not ended.", hint="`deploydeck attach` follows it to its end."
            )
        return await stored_result(self._store, deployment)

    async def follow(self, deployment_id: str, after: int = 0, *, supervise: bool = False) -> AsyncIterator[Event]:
        """Every event after `after`, exactly once, in order; ends with the RESULT event.

        With `supervise` a worker that died meanwhile is started again, so that a follower does not wait for nobody.
        """
        deployment = await self._store.deployments.get(deployment_id)
        seen, pause, quiet_s = after, FOLLOW_FAST_S, 0.0
        while True:
            state = (await self._store.deployments.get(deployment.id)).state  # before reading: nothing comes after the end
            events = await self._store.deployments.events(deployment.id, seen)
            for event in events:
                yield event
                seen = event.seq
                if event.kind is EventKind.RESULT:
                    return
            if state.terminal and not events:
                return
            pause = FOLLOW_FAST_S if events else min(pause * 1.2, FOLLOW_SLOW_S)
            quiet_s = 0.0 if events else quiet_s + pause
            if supervise and quiet_s >= SUPERVISE_S and state is not DeploymentState.AWAITING_APPROVAL:
                quiet_s = 0.0
                with contextlib.suppress(DeployDeckError):  # tried again while somebody follows
                    await asyncio.to_thread(self.ensure_worker)
            await asyncio.sleep(0 if len(events) >= 1000 else pause)

    def ensure_worker(self) -> int | None:
        """Start a worker unless one runs; its process id, or None when there was one."""
        return ensure_worker(self._paths)

    def worker_status(self) -> WorkerStatus:
        """Whether a worker runs, since when, and what it works on."""
        return worker_status(self._paths)

    # --- details --------------------------------------------------------------------------------------------------------------

    async def _draft(
        self, config: DeploymentConfig, source_hash: str, resolved: ResolvedVariables, origin: Origin | None = None
    ) -> Release:
        project = await self._store.projects.get(config.project_id)
        return Release(
            id="rel-draft",
            project_id=config.project_id,
            number=project.last_release_number + 1,
            environment=config.environment,
            target=config.target,
            config_id=config.id,
            config_hash=config.content_hash,
            source_hash=source_hash,
            variables=resolved.fingerprints,
            origin=origin,
            created_by=local_account(),
            created_at=utc_now(),
        )

    async def _failed_before(self, config: DeploymentConfig, source_hash: str) -> list[str]:
        """A warning when the very same thing failed last time (facts/deploying.md 5.5, loop guard)."""
        recent = await self._store.deployments.list(project_id=config.project_id, environment=config.environment, limit=1)
        if not recent or not recent[0].state.terminal or recent[0].state.succeeded or recent[0].cause is None:
            return []
        last = recent[0]
        release = await self._store.deployments.release(last.release_id)
        same = last.kind is not DeploymentKind.REMOVE and (release.source_hash, release.target) == (source_hash, config.target)
        if not same or last.state is DeploymentState.CANCELED or last.cause is None:
            return []
        return [f"The same source failed last time as {release.label}: {last.cause.what}"]


def variable_changes(before: Sequence[tuple[str, str]], resolved: ResolvedVariables) -> tuple[VariableChange, ...]:
    """Variables against an earlier release, by name and fingerprint."""
    old, new, sources = dict(before), dict(resolved.fingerprints), dict(resolved.sources)
    changes: list[VariableChange] = []
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            change = "removed"
        elif name not in old:
            change = "added"
        else:
            change = "same" if old[name] == new[name] else "changed"
        changes.append(
            VariableChange(
                name=name,
                change=change,
                fingerprint=new.get(name, ""),
                secret=name in resolved.secret_names,
                source=sources.get(name, ""),
            )
        )
    return tuple(changes)
