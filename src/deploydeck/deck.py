"""The composition root: builds each service on first use and offers the faces the few things people do.

Both faces call these methods, so a screen and its command cannot disagree. Blocking work runs in threads. Services are imported
when first needed: a face that only shows history never loads a template engine.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from dataclasses import replace as replaced
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploydeck.domain import (
    Change,
    DeployDeckError,
    Deployment,
    DeploymentConfig,
    DeploymentKind,
    DeploymentState,
    Event,
    GeneratedFile,
    Health,
    HealthStatus,
    Liveness,
    LogLine,
    Origin,
    Plan,
    ProjectProfile,
    Proof,
    Release,
    VulnerabilityReport,
    utc_now,
)
from deploydeck.settings import Paths, Settings, default_paths, load_settings

if TYPE_CHECKING:
    from deploydeck.comparison import Comparison
    from deploydeck.deploy import DeploymentEngine
    from deploydeck.generate import ConfigurationGenerator
    from deploydeck.ledger import Ledger, UndoRecord
    from deploydeck.observe import MonitoringService
    from deploydeck.redaction import Redactor
    from deploydeck.review import AppliedSet, Review
    from deploydeck.scan import ProjectAnalyzer
    from deploydeck.store import Project, Store
    from deploydeck.store.logs import LogStore
    from deploydeck.targets import Invocation, Target
    from deploydeck.vault import ResolvedVariables, Row, Scope, SecretsManager


MOST_WATCHED = 512


@dataclass(frozen=True)
class Scanned:
    """A project as it is now. `files` are path and SHA-256 of what it is made of, as a release records them."""

    project: Project
    profile: ProjectProfile
    settings: Settings
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Proposal:
    """Files the generator proposes for an environment and target, compared with the disk."""

    scanned: Scanned
    config: DeploymentConfig
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Prepared:
    """Everything a deployment needs, planned and not yet queued. `rollback_to` is the release of a rollback or removal."""

    scanned: Scanned
    config: DeploymentConfig
    plan: Plan
    resolved: ResolvedVariables
    source_hash: str
    files: tuple[tuple[str, str], ...]
    git_sha: str
    git_dirty: bool
    rollback_to: Release | None = None
    kind: DeploymentKind = DeploymentKind.DEPLOY
    origin: Origin | None = None


@dataclass(frozen=True)
class LiveRelease:
    """What should be live in one environment on one target."""

    project: Project
    deployment: Deployment
    release: Release


class Deck:
    """The services, and what people do with them. `await Deck.open()` first, `await close()` last."""

    def __init__(self, paths: Paths, store: Store) -> None:
        self.paths = paths
        self.store = store
        self._targets: dict[str, Target] = {}

    @classmethod
    async def open(cls, paths: Paths | None = None) -> Deck:
        """Open the store under `paths` (default: this person's). Raises DeployDeckError `store-…`."""
        from deploydeck.store import Store

        chosen = paths or default_paths()
        return cls(chosen, await Store.open(chosen))

    async def close(self) -> None:
        for target in self._targets.values():
            await target.close()
        self._targets.clear()
        await self.store.close()

    # --- services -------------------------------------------------------------------------------------------------------------

    @cached_property
    def user_settings(self) -> Settings:
        """Settings without any project."""
        return load_settings(self.paths)

    @cached_property
    def analyzer(self) -> ProjectAnalyzer:
        from deploydeck.scan import Limits, ProfileCache, ProjectAnalyzer

        return ProjectAnalyzer(Limits.of(self.user_settings.scan), ProfileCache(self.paths.profiles))

    @cached_property
    def generator(self) -> ConfigurationGenerator:
        from deploydeck.generate import Checking, ConfigurationGenerator, VerdictCache

        return ConfigurationGenerator(Checking(VerdictCache(self.paths.verdict_cache)))

    @cached_property
    def review(self) -> Review:
        from deploydeck.review import Review

        return Review()

    @cached_property
    def ledger(self) -> Ledger:
        from deploydeck.ledger import Ledger

        return Ledger(self.store, self.review)

    @cached_property
    def secrets(self) -> SecretsManager:
        from deploydeck.vault import SecretsManager

        return SecretsManager(self.paths, self.user_settings.vault)

    @cached_property
    def logs(self) -> LogStore:
        from deploydeck.store.logs import LogStore

        return LogStore(self.paths.logs)

    @cached_property
    def monitoring(self) -> MonitoringService:
        from deploydeck.observe import MonitoringService

        return MonitoringService(self.logs)

    @cached_property
    def engine(self) -> DeploymentEngine:
        from deploydeck.deploy import DeploymentEngine

        return DeploymentEngine(
            store=self.store,
            paths=self.paths,
            settings=self.user_settings,
            open_target=self.target,
            secrets=self.secrets,
            logs=self.logs,
        )

    def target(self, name: str) -> Target:
        """The target of that name, opened once. Raises DeployDeckError `target-unknown`."""
        if name not in self._targets:
            from deploydeck.targets import open_target

            self._targets[name] = open_target(name, self.user_settings, self.paths)
        return self._targets[name]

    @staticmethod
    def places() -> tuple[tuple[str, str], ...]:
        """The targets there are: name, and what to know of it."""
        from deploydeck.targets import TARGETS

        told = ((name, kind.capabilities) for name, kind in TARGETS.items())
        return tuple((name, "; ".join(part for part in (can.description, can.caution) if part)) for name, can in told)

    # --- what people do -------------------------------------------------------------------------------------------------------

    async def scan(self, root: Path) -> Scanned:
        """Look at a project, remember it and its profile. Raises DeployDeckError for a directory that cannot be read.

        What a deployment would carry is not hashed here: opening a large project must not read all of it.
        """
        root, settings = await self._settings_of(root)
        profile = await asyncio.to_thread(self.analyzer.profile, root, settings.app)
        return Scanned(await self._remembered(profile, settings), profile, settings)

    async def first_facts(self, root: Path) -> ProjectProfile:
        """What the files at the root alone say: something to show while `scan` looks at the rest."""
        root, settings = await self._settings_of(root)
        return await asyncio.to_thread(self.analyzer.first_facts, root, settings.app)

    def watched(self, root: Path) -> tuple[Path, ...]:
        """The directories to watch for changes of a scanned project; at most MOST_WATCHED, none that is gone. Blocking."""
        found = self.analyzer.directories(root)
        return tuple(path for path in found[:MOST_WATCHED] if path.is_dir())

    async def _scan_source(self, root: Path) -> Scanned:
        """Like `scan`, with the source hash and the files it was made from, all of one and the same walk."""
        root, settings = await self._settings_of(root)
        profile, source = await asyncio.to_thread(self.analyzer.analyze, root, settings.app)
        project = await self._remembered(profile, settings)
        files = await asyncio.to_thread(source.listed, {file.path for file in profile.config_files})
        return Scanned(project, profile, settings, files)

    async def _settings_of(self, root: Path) -> tuple[Path, Settings]:
        root = root.expanduser().absolute()
        return root, await asyncio.to_thread(load_settings, self.paths, root)

    async def _remembered(self, profile: ProjectProfile, settings: Settings) -> Project:
        project = await self.store.projects.open(profile.root, settings.app.name or profile.name)
        await self.store.projects.save_profile(project.id, profile)
        return project

    async def choose_target(self, settings: Settings, environment: str, wanted: str | None) -> str:
        """The asked-for target, else the environment's, else Docker where an engine answers, else this machine's processes."""
        chosen = wanted or settings.environment(environment).target
        if chosen:
            return chosen
        try:
            await self.target("docker").identity()
        except DeployDeckError:
            return "process"
        return "docker"

    async def configure(self, scanned: Scanned, environment: str | None, target: str | None) -> DeploymentConfig:
        """The configuration of a project for an environment and target. Raises DeployDeckError when it cannot be deployed."""
        name = scanned.settings.named_environment(environment)
        return await asyncio.to_thread(
            self.generator.deployment_config,
            scanned.profile,
            scanned.settings,
            project_id=scanned.project.id,
            environment=name,
            target=await self.choose_target(scanned.settings, name, target),
        )

    async def propose(
        self,
        root: Path,
        environment: str | None = None,
        target: str | None = None,
        *,
        replace: bool = False,
        scanned: Scanned | None = None,
        wait: bool = True,
    ) -> Proposal:
        """Generate every file the deployment needs and compare it with the disk; earlier decisions are put back.

        Without `wait`, checkers that are programs have not answered yet; `verdicts` brings their answers.
        """
        scanned = scanned or await self.scan(root)
        config = await self.configure(scanned, environment, target)
        files = await asyncio.to_thread(
            self.generator.generate, scanned.profile, config, scanned.settings, replace=replace, wait=wait
        )
        root = Path(scanned.profile.root)
        bases = await self.ledger.bases(scanned.project.id, root)
        changes = await asyncio.to_thread(self.review.compare, root, files, bases)
        saved = await self.store.projects.decisions(scanned.project.id)
        return Proposal(scanned, config, await asyncio.to_thread(self.review.restore, changes, saved))

    async def verdicts(self, changes: Sequence[Change], config: DeploymentConfig) -> AsyncIterator[Change]:
        """Each change whose file waits for a checker, again whenever one has answered; what the review offers is checked.

        Ends when none is waited for.
        """
        shown = {change.file.path: change for change in changes}
        files = await asyncio.to_thread(lambda: tuple(self.review.as_offered(change) for change in changes))
        answers = self.generator.answers(files, config)
        while (answered := await asyncio.to_thread(next, answers, None)) is not None:
            for file in answered:
                before = shown[file.path]
                if before.file.waiting and before.file.verdicts != file.verdicts:
                    shown[file.path] = self.review.checked(before, file.verdicts)
                    yield shown[file.path]

    async def checked(self, proposal: Proposal) -> Proposal:
        """The proposal once every checker has answered."""
        found = {change.file.path: change async for change in self.verdicts(proposal.changes, proposal.config)}
        changes = tuple(found.get(change.file.path, change) for change in proposal.changes)
        return replaced(proposal, changes=changes)

    async def apply(self, scanned: Scanned, changes: Sequence[Change], *, generated: bool = True) -> AppliedSet:
        """Write what was accepted, all or nothing, so that it can be undone later. Raises DeployDeckError `review-…`.

        What was `generated` is remembered: the next version is merged with what people make of it. What was accepted is done with:
        should the same be proposed again, it is decided again.
        """
        applied = await self.ledger.apply(scanned.project.id, Path(scanned.profile.root), changes, generated=generated)
        if generated and applied.files:
            rejected = self.review.decisions([self.review.only_rejected(change) for change in changes])
            kept = {file.path: rejected.get(file.path, {}) for file in applied.files}
            await self.store.projects.save_decisions(scanned.project.id, kept)
        return applied

    async def undoable(self, project: Project) -> tuple[UndoRecord, ...]:
        """What was written into a project and can be put back, the newest first."""
        return await self.ledger.undoable(project.id, Path(project.root))

    async def undo(self, project: Project) -> UndoRecord:
        """Put back what was written last, all or nothing. Raises DeployDeckError `undo-nothing`, `review-disk-moved-on`."""
        return await self.ledger.undo(project.id, Path(project.root))

    async def prove(
        self,
        proposal: Proposal,
        files: Sequence[GeneratedFile],
        tell: Callable[[str], None],
        cancelled: asyncio.Event | None = None,
    ) -> Proof:
        """Build `files` from a scratch copy, start it with the services it needs and ask it. Changes nothing that stays."""
        from deploydeck.proving import prove

        return await prove(proposal.config, files, proposal.scanned.settings, tell, cancelled)

    async def remember(self, proposal: Proposal, changes: Sequence[Change]) -> None:
        """Keep the decisions of a review, so that a dropped link loses nothing; also that one was taken back."""
        decided = self.review.decisions(changes)
        kept = {change.file.path: decided.get(change.file.path, {}) for change in changes}
        await self.store.projects.save_decisions(proposal.scanned.project.id, kept)

    async def prepare(self, root: Path, environment: str | None = None, target: str | None = None) -> Prepared:
        """Plan a deployment of the project as it is now. Changes nothing."""
        scanned = await self._scan_source(root)
        config = await self.configure(scanned, environment, target)
        resolved = await self._resolve(scanned, config)
        source_hash = scanned.profile.source_hash
        plan = await self.engine.plan(config, source_hash=source_hash, resolved=resolved)
        if unmentioned := scanned.settings.environment_warning(config.environment):
            plan = plan.model_copy(update={"warnings": (unmentioned, *plan.warnings)})
        sha, dirty = await asyncio.to_thread(_git_state, config.root)
        return Prepared(scanned, config, plan, resolved, source_hash, scanned.files, sha, dirty)

    async def prepare_rollback(
        self, root: Path, environment: str | None = None, target: str | None = None, to: str | None = None
    ) -> Prepared:
        """Plan to put an earlier release back (default: the one before the live one). Changes nothing."""
        scanned = await self.scan(root)
        name = scanned.settings.named_environment(environment)
        place = await self._deployed_target(scanned, name, target)
        wanted = await self.store.deployments.release_by_label(scanned.project.id, to) if to else None
        release = await self.engine.rollback_candidate(scanned.project.id, name, place, wanted)
        config = await self.store.projects.config(release.config_id)
        resolved = await self._resolve(scanned, config)
        plan = await self.engine.plan(config, source_hash=release.source_hash, resolved=resolved, rollback_to=release)
        return Prepared(
            scanned,
            config,
            plan,
            resolved,
            release.source_hash,
            release.files,
            release.git_sha,
            release.git_dirty,
            rollback_to=release,
            kind=DeploymentKind.ROLLBACK,
        )

    async def prepare_promotion(
        self, root: Path, environment: str | None = None, to: str | None = None, target: str | None = None
    ) -> Prepared:
        """Plan to run what is live in `environment` in the next one (or in `to`), with that one's variables. Changes nothing.

        What was built is not built again: it is the very same artifact. Raises DeployDeckError `promotion-…`, `nothing-live`.
        """
        from deploydeck.targets import TARGETS

        scanned = await self.scan(root)
        settings = scanned.settings
        here = settings.named_environment(environment)
        there = settings.named_environment(to) if to else self._next_environment(settings, here)
        place = await self._deployed_target(scanned, here, target)
        live = await self.live(scanned.project, here, place)
        if live is None:
            raise DeployDeckError(
                "nothing-live",
                f"Nothing is live in {here} on {place}.",
                hint="Deploy there first, or name another one with --from.",
            )
        wanted = settings.environment(there).target or place
        kind = TARGETS.get(place)
        if wanted != place or there == here or not (kind is None or kind.capabilities.promotes):
            why = (
                "A process is built in its own directory." if wanted == place else f"{there} is on {wanted}, {here} is on {place}."
            )
            raise DeployDeckError(
                "promotion-elsewhere",
                f"What is live in {here} cannot be run in {there}.",
                "They are one and the same." if there == here else why,
                "Deploy the source there: `deploydeck deploy --env NAME`.",
            )
        release = live[1]
        built = await self.store.projects.config(release.config_id)
        config = await asyncio.to_thread(self.generator.moved_config, built, scanned.profile, settings, there)
        resolved = await self._resolve(scanned, config)
        origin = Origin(release_id=release.id, label=release.label, environment=here, artifact=release.artifact)
        plan = await self.engine.plan(config, source_hash=release.source_hash, resolved=resolved, origin=origin)
        baked = [one.name for one in scanned.profile.variables if one.build_time and not one.secret]
        if baked:
            said = f"What the build took in is that of {here}: {', '.join(baked)}."
            plan = plan.model_copy(update={"warnings": (*plan.warnings, said)})
        kept = (release.source_hash, release.files, release.git_sha, release.git_dirty)
        return Prepared(scanned, config, plan, resolved, *kept, origin=origin)

    def _next_environment(self, settings: Settings, environment: str) -> str:
        from deploydeck.generate import environment_names

        names = environment_names(settings, environment)
        after = names[names.index(environment) + 1 :]
        if not after:
            raise DeployDeckError(
                "promotion-last", f"{environment} is the last environment.", hint="Name the one to promote to with --to."
            )
        return after[0]

    async def prepare_removal(self, root: Path, environment: str | None = None, target: str | None = None) -> Prepared:
        """Plan to stop and remove everything of an environment on a target (default: where it is live). Changes nothing.

        Works on a known project whatever became of its source. Raises DeployDeckError `project-unknown`, `nothing-to-remove`.
        """
        from deploydeck.vault import ResolvedVariables

        project = await self.project_at(root)
        settings = await asyncio.to_thread(load_settings, self.paths, Path(project.root))
        profile = await self.store.projects.latest_profile(project.id)
        if profile is None:
            raise DeployDeckError("nothing-to-remove", "Nothing of this project was deployed yet.", hint="Deploy first.")
        scanned = Scanned(project, profile, settings)
        name = environment or settings.default_environment
        plan, release = await self.engine.plan_removal(project.id, name, await self._removal_target(project, name, target))
        config = await self.store.projects.config(release.config_id)
        nothing = ResolvedVariables({}, (), frozenset())
        kept = (release.source_hash, release.files, release.git_sha, release.git_dirty)
        return Prepared(scanned, config, plan, nothing, *kept, rollback_to=release, kind=DeploymentKind.REMOVE)

    async def deploy(self, prepared: Prepared, *, start_worker: bool = True) -> Deployment:
        """Queue what was prepared and make sure that a worker runs; where the environment wants approval, it waits for that."""
        place = prepared.scanned.settings.environment(prepared.config.environment)
        deployment = await self.engine.queue(
            prepared.config,
            prepared.plan,
            prepared.resolved,
            source_hash=prepared.source_hash,
            files=prepared.files,
            git_sha=prepared.git_sha,
            git_dirty=prepared.git_dirty,
            kind=prepared.kind,
            rollback_to=prepared.rollback_to,
            origin=prepared.origin,
            needs_approval=self.waits_for_approval(prepared),
            latest=place.queue == "latest",
        )
        if start_worker and deployment.state is not DeploymentState.AWAITING_APPROVAL:
            await asyncio.to_thread(self.engine.ensure_worker)
        return deployment

    async def approve(self, deployment_id: str, *, start_worker: bool = True) -> Deployment:
        """Agree to a deployment that waits for it; from here on it is queued like any other.

        Raises DeployDeckError `approval-not-awaited`, `approval-own` where another account has to agree, and `plan-stale` when the
        project is not what the plan was made from any more: an agreement to something else would mean nothing.
        """
        from deploydeck.store import local_account

        deployment = await self.store.deployments.get(deployment_id)
        await self._awaited(deployment)
        project = await self.store.projects.get(deployment.project_id)
        settings = await asyncio.to_thread(load_settings, self.paths, Path(project.root))
        if settings.environment(deployment.environment).approval == "another" and local_account() == deployment.requested_by:
            raise DeployDeckError(
                "approval-own",
                f"{deployment.requested_by} asked for this deployment and cannot agree to it.",
                f"{deployment.environment} wants the agreement of another account.",
                f"Ask somebody else to run: deploydeck approve {deployment.id}",
            )
        release = await self.store.deployments.release(deployment.release_id)
        if deployment.kind is DeploymentKind.DEPLOY and deployment.plan is not None and release.origin is None:
            scanned = await self._scan_source(Path(project.root))
            config = await self.configure(scanned, deployment.environment, deployment.target)
            planned = await self.store.projects.config(deployment.config_id)
            now = (config.meaning_hash, scanned.profile.source_hash)
            if now != (planned.meaning_hash, deployment.plan.source_hash):
                raise DeployDeckError(
                    "plan-stale",
                    "The project is not what this plan was made from any more.",
                    "Its source or configuration changed since the deployment was asked for.",
                    f"Deploy again; to take this one away: deploydeck cancel {deployment.id}",
                )
        if not await self.engine.approve(deployment.id):
            await self._awaited(await self.store.deployments.get(deployment.id))
        if start_worker:
            await asyncio.to_thread(self.engine.ensure_worker)
        return await self.store.deployments.get(deployment.id)

    async def reject(self, deployment_id: str, why: str = "") -> Deployment:
        """End a deployment that waits for approval. Raises DeployDeckError `approval-not-awaited`."""
        deployment = await self.store.deployments.get(deployment_id)
        await self._awaited(deployment)
        if not await self.engine.reject(deployment.id, why):
            await self._awaited(await self.store.deployments.get(deployment.id))
        return await self.store.deployments.get(deployment.id)

    async def _awaited(self, deployment: Deployment) -> None:
        if deployment.state is not DeploymentState.AWAITING_APPROVAL:
            raise DeployDeckError(
                "approval-not-awaited",
                f"Deployment {deployment.id} does not wait for approval: it is {deployment.state.value.replace('_', ' ')}.",
                hint="`deploydeck status` lists what waits.",
            )

    def follow(self, deployment_id: str, after: int = 0) -> AsyncIterator[Event]:
        """Every event of a deployment after `after`, once, until it has ended."""
        return self.engine.follow(deployment_id, after)

    async def live(self, project: Project, environment: str, target: str | None = None) -> tuple[Deployment, Release] | None:
        """What should be live in an environment (on any target, the latest), with its release."""
        from deploydeck.targets import TARGETS

        found = [
            entry
            for name in ([target] if target else TARGETS)
            if (entry := await self.store.deployments.live(project.id, environment, name)) is not None
        ]
        return max(found, key=lambda entry: entry[0].created_at, default=None)

    async def live_releases(self, project: Project | None = None) -> tuple[LiveRelease, ...]:
        """Everything that should be live: of one project or of all, by project, environment and target."""
        found: list[LiveRelease] = []
        for owner in (project,) if project else await self.store.projects.all():
            places = {(release.environment, release.target) for release in await self.store.deployments.releases(owner.id)}
            for environment, target in sorted(places):
                entry = await self.store.deployments.live(owner.id, environment, target)
                if entry is not None:
                    found.append(LiveRelease(owner, *entry))
        return tuple(found)

    async def health_now(self, live: LiveRelease, *, timeout_s: float = 5.0) -> HealthStatus:
        """Ask the platform and the health path once, together in at most `timeout_s`; what cannot be asked is UNKNOWN, not bad."""
        release, url = live.release, live.deployment.application_url
        config = await self.store.projects.config(release.config_id)
        seen: Liveness | None = None
        try:
            async with asyncio.timeout(timeout_s):
                seen = await self.target(release.target).status(release, config)
                if seen.running and url:
                    answer = await self.monitoring.check_health(url, config.health)
                    return answer.model_copy(update={"liveness": seen})
        except DeployDeckError as error:
            health, reason = Health.UNKNOWN, error.what
        except TimeoutError:
            health, reason = Health.UNKNOWN, f"no answer within {timeout_s:g} s"
        else:
            health, reason = _verdict(seen)
        return HealthStatus(health=health, reason=reason, liveness=seen, checked_at=utc_now())

    async def project_at(self, root: Path) -> Project:
        """The known project at a directory. Raises DeployDeckError `project-unknown`; records nothing."""
        root = root.expanduser().absolute()
        for project in await self.store.projects.all():
            if Path(project.root) in (root, root.resolve()):
                return project
        raise DeployDeckError(
            "project-unknown",
            f"{root} is not a project that DeployDeck knows.",
            "Nothing of it was opened, prepared or deployed yet.",
            "Name another directory, or start here: `deploydeck deploy`.",
        )

    async def compare(self, project: Project, older: str, newer: str) -> Comparison:
        """What differs between two releases, named `v3`, `3` or by id. Raises DeployDeckError `release-unknown`."""
        from deploydeck.comparison import compare_releases

        before = await self.store.deployments.release_by_label(project.id, older)
        after = await self.store.deployments.release_by_label(project.id, newer)
        before_config = await self.store.projects.config(before.config_id)
        return compare_releases(before, after, before_config, await self.store.projects.config(after.config_id))

    async def vulnerabilities(
        self, profile: ProjectProfile, *, offline: bool = False, refresh: bool = False
    ) -> VulnerabilityReport:
        """Known vulnerabilities of a project's dependencies. Never fails for want of a network: then it says what is unchecked."""
        from deploydeck.scan.vulnerabilities import check

        return await check(profile, self.user_settings.scan, self.paths, offline=offline, refresh=refresh)

    def waits_for_approval(self, prepared: Prepared) -> bool:
        """Whether somebody has to agree before this is carried out. The way back waits for nobody."""
        place = prepared.scanned.settings.environment(prepared.config.environment)
        return place.approval != "none" and prepared.kind is not DeploymentKind.ROLLBACK

    async def scope(self, scanned: Scanned, environment: str | None = None) -> Scope:
        """Whose variables `deploydeck secrets` keeps: those of a project in an environment."""
        from deploydeck.generate import app_name
        from deploydeck.vault import Scope

        return Scope(app_name(scanned.profile, scanned.settings), scanned.settings.named_environment(environment))

    async def variables(self, scanned: Scanned, environment: str | None = None, *, overridden: bool = True) -> tuple[Row, ...]:
        """What the project needs in an environment against what is set; without what this process's environment overrides, or with.

        Raises DeployDeckError when the project cannot be deployed, `vault-locked`, and what a source of values raises.
        """
        from deploydeck.vault import inventory

        name = scanned.settings.named_environment(environment)
        # which target does not matter for variables: an engine must not be asked for it
        config = await self.configure(scanned, name, scanned.settings.environment(name).target or "process")
        resolved = await self._resolve(scanned, config, overridden=overridden)
        return await asyncio.to_thread(inventory, self.secrets, config, scanned.profile, resolved)

    async def live_with(self, scanned: Scanned, scope: Scope, name: str, fingerprint: str) -> tuple[LiveRelease, ...]:
        """The live releases of an environment that were given that very value of a variable."""
        return tuple(
            one
            for one in await self.live_releases(scanned.project)
            if one.release.environment == scope.environment and (name, fingerprint) in one.release.variables
        )

    def name_to_type(self, prepared: Prepared) -> str:
        """The environment's name when it must be typed before deploying there (by default: production), else nothing."""
        environment = prepared.config.environment
        return environment if prepared.scanned.settings.asks_for_name(environment) else ""

    async def invocation(
        self, project: Project, environment: str | None, target: str | None, command: Sequence[str], *, inside: bool, terminal: bool
    ) -> tuple[Invocation, Redactor]:
        """How to run a command of the live release: `inside` the copy that runs, else in a copy of its own with today's values.

        The redactor knows the secrets it is given. Raises DeployDeckError `nothing-live`, `variables-missing`, those of the target.
        """
        settings = await asyncio.to_thread(load_settings, self.paths, Path(project.root))
        name = settings.named_environment(environment)
        live = await self.live(project, name, target)
        if live is None:
            raise DeployDeckError("nothing-live", f"Nothing of {project.name} is live in {name}.", hint="Deploy first.")
        release = live[1]
        config = await self.store.projects.config(release.config_id)
        resolved = await asyncio.to_thread(self.secrets.resolve, config, env_file=settings.environment(name).env_file)
        if resolved.missing and not inside:
            raise DeployDeckError(
                "variables-missing",
                f"No value is known for: {', '.join(resolved.missing)}.",
                hint="Set them in the environment, in the keyring, or in the env file of this environment.",
            )
        place = self.target(release.target)
        made = await place.invocation(release, config, command, None if inside else resolved.values, terminal=terminal)
        return made, resolved.redactor()

    async def liveness(self, release: Release) -> Liveness:
        """Whether a release runs now, as its target sees it."""
        config = await self.store.projects.config(release.config_id)
        return await self.target(release.target).status(release, config)

    async def application_logs(
        self, release: Release, *, since: Any = None, follow: bool = False, tail: int | None = None
    ) -> AsyncIterator[LogLine]:
        """The program's own output, redacted: what the target holds of a release."""
        from deploydeck.redaction import Redactor

        config = await self.store.projects.config(release.config_id)
        redact = Redactor()
        async for line in self.target(release.target).logs(release, config, since=since, follow=follow, tail=tail):
            yield line.model_copy(update={"text": redact(line.text)})

    # --- details --------------------------------------------------------------------------------------------------------------

    async def _resolve(self, scanned: Scanned, config: DeploymentConfig, *, overridden: bool = True) -> ResolvedVariables:
        env_file = scanned.settings.environment(config.environment).env_file
        return await asyncio.to_thread(self.secrets.resolve, config, env_file=env_file, overridden=overridden)

    async def _removal_target(self, project: Project, environment: str, wanted: str | None) -> str:
        """Where an environment is live, else where it was deployed to last: something may be left there."""
        if wanted:
            return wanted
        if live := await self.live(project, environment):
            return live[1].target
        releases = await self.store.deployments.releases(project.id, environment)
        if not releases:
            raise DeployDeckError(
                "nothing-to-remove",
                f"Nothing was ever deployed in {environment}.",
                hint="Name another environment with --env; `deploydeck status` shows what is live.",
            )
        return releases[0].target

    async def _deployed_target(self, scanned: Scanned, environment: str, wanted: str | None) -> str:
        if wanted:
            return wanted
        live = await self.live(scanned.project, environment)
        if live is None:
            raise DeployDeckError(
                "nothing-live",
                f"Nothing is live in {environment}.",
                "There is no successful deployment to go back from.",
                "Deploy first, or name another environment with --env.",
            )
        return live[1].target


def _verdict(seen: Liveness) -> tuple[Health, str]:
    """Health from what the platform says, where there is nothing to ask over HTTP."""
    if seen.running:
        return Health.UNKNOWN, "It runs; there is no address to ask."
    code = f" with exit code {seen.exit_code}" if seen.exit_code is not None else ""
    return Health.UNHEALTHY, seen.detail or f"It does not run: it ended{code}."


def _git_state(root: str) -> tuple[str, bool]:
    """The commit and whether the tree differs from it; empty outside a repository. Hooks and monitors of the project never run."""
    git = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", root]
    try:
        sha = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=True).stdout.strip()
        status = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return "", False
    return sha[:64], bool(status.strip())
