"""A Deck with canned values: no store, no engine, no clock. What screens call is recorded in `calls`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from deploydeck.comparison import Comparison, compare_releases
from deploydeck.deck import Deck, LiveRelease, Prepared, Proposal, Scanned
from deploydeck.domain import (
    Alternative,
    Cause,
    Change,
    CheckState,
    CheckVerdict,
    DeployDeckError,
    Deployment,
    DeploymentConfig,
    DeploymentKind,
    DeploymentState,
    EnvVariable,
    Event,
    EventKind,
    Evidence,
    Fact,
    Finding,
    Framework,
    GeneratedFile,
    Health,
    HealthStatus,
    Kind,
    Language,
    LineReason,
    LogLine,
    Origin,
    PackageManager,
    Phase,
    Plan,
    PlanAction,
    PlanItem,
    Probe,
    ProjectProfile,
    Proof,
    Recipe,
    Release,
    Severity,
    StartCommand,
    Step,
    StepPlan,
    StepState,
    Support,
    VariableChange,
    VulnerabilityReport,
)
from deploydeck.ledger import UndoRecord
from deploydeck.review import AppliedSet, Review
from deploydeck.settings import Paths, Settings
from deploydeck.store import Project
from deploydeck.vault import ResolvedVariables

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["gunicorn", "app:app"]\n'


class FrozenClock(datetime):
    """`datetime.now` for snapshots."""

    @classmethod
    def now(cls, tz: Any = None) -> FrozenClock:
        return cls(2026, 3, 14, 15, 9, 26, tzinfo=tz)


def profile(root: Path, **changes: Any) -> ProjectProfile:
    where = Evidence(file="requirements.txt", line=2, text="Flask==3.1.0", rule="requirements")
    docker = Evidence(file="Dockerfile", line=14, text="EXPOSE 8080", rule="dockerfile-expose")
    values: dict[str, Any] = {
        "id": "pro-1",
        "name": "shop",
        "root": str(root),
        "kind": Kind.SERVER,
        "support": Support.SUPPORTED,
        "support_reason": "Flask project with pip",
        "language": Fact(value=Language(id="python", name="Python", version="3.13", share=1.0), confidence=1.0, evidence=(where,)),
        "framework": Fact(value=Framework(id="flask", name="Flask", version="3.1.0"), confidence=1.0, evidence=(where,)),
        "package_manager": Fact(value=PackageManager(name="pip"), confidence=0.8, evidence=(where,)),
        "start": Fact(
            value=StartCommand(argv=("gunicorn", "--bind", "{host}:{port}", "app:app")), confidence=0.9, evidence=(where,)
        ),
        "port": Fact(
            value=8000,
            confidence=0.6,
            evidence=(where,),
            alternatives=(Alternative(value=8080, evidence=(docker,)),),
            reason="The framework's port wins over EXPOSE.",
        ),
        "variables": (EnvVariable(name="SECRET_KEY", required=True, secret=True), EnvVariable(name="DEBUG", default="0")),
        "findings": (
            Finding(code="no-lock", severity=Severity.WARNING, message="No lock file.", hint="Add one.", evidence=(where,)),
        ),
        "scanned_files": 8,
        "scanned_bytes": 1700,
        "source_hash": "abc",
        "analyzed_at": NOW,
    }
    return ProjectProfile(**{**values, **changes})


def config(root: Path, environment: str = "development", target: str = "docker") -> DeploymentConfig:
    return DeploymentConfig(
        id="cfg-1",
        project_id="prj-1",
        app="shop",
        root=str(root),
        environment=environment,
        target=target,
        recipe=Recipe(kind=Kind.SERVER, language="python", version="3.13", manager="pip", start=("gunicorn", "app:app")),
        port=8000,
        published_port=8000,
        created_at=NOW,
    )


def files() -> list[GeneratedFile]:
    passed = CheckVerdict(checker="hadolint", state=CheckState.PASSED)
    reason = LineReason(
        line=4,
        rule="pip-install",
        why="requirements.txt is there",
        evidence=(Evidence(file="requirements.txt", line=1, text="Flask==3.1.0"),),
    )
    return [
        GeneratedFile(path="Dockerfile", content=DOCKERFILE, reasons=(reason,), verdicts=(passed,)),
        GeneratedFile(path=".dockerignore", content=".git\n__pycache__\n.env\n"),
    ]


def release(number: int, **changes: Any) -> Release:
    values: dict[str, Any] = {
        "id": f"rel-{number}",
        "project_id": "prj-1",
        "number": number,
        "environment": "development",
        "target": "docker",
        "config_id": "cfg-1",
        "config_hash": "c" * 64,
        "source_hash": f"{number}" * 12,
        "variables": (("SECRET_KEY", f"{number}" * 12),),
        "files": (("Dockerfile", f"{number}" * 64),),
        "git_sha": "deadbeefcafe" if number > 1 else "0123456789ab",
        "created_by": "ada",
        "created_at": NOW - timedelta(hours=10 - number),
    }
    return Release(**{**values, **changes})


def deployment(number: int, state: DeploymentState = DeploymentState.SUCCEEDED, **changes: Any) -> Deployment:
    began = NOW - timedelta(hours=10 - number)
    values: dict[str, Any] = {
        "id": f"dep-{number}",
        "project_id": "prj-1",
        "release_id": f"rel-{number}",
        "config_id": "cfg-1",
        "environment": "development",
        "target": "docker",
        "state": state,
        "application_url": "http://127.0.0.1:8000",
        "requested_by": "ada",
        "created_at": began,
        "started_at": began,
        "completed_at": began + timedelta(seconds=42) if state.terminal else None,
    }
    return Deployment(**{**values, **changes})


STEP_NAMES = ("preflight", "build", "start", "verify", "switch")
PHASES = (Phase.PREFLIGHT, Phase.BUILD, Phase.START_NEW, Phase.VERIFY, Phase.SWITCH)


def steps(deployment_id: str, running: int = 1, failed: int = -1, *, began: datetime | None = None) -> tuple[Step, ...]:
    """Steps of which `running` runs (len: all done) or `failed` failed."""
    found = []
    start = began or NOW - timedelta(seconds=30)
    for index, (name, phase) in enumerate(zip(STEP_NAMES, PHASES, strict=True)):
        last = failed if failed >= 0 else running
        state = StepState.SUCCEEDED if index < last else StepState.PENDING
        if index == last:
            state = StepState.FAILED if failed >= 0 else StepState.RUNNING
        found.append(
            Step(
                deployment_id=deployment_id,
                seq=index,
                name=name,
                phase=phase,
                title=f"Title of {name}",
                command=f"docker {name}",
                state=state,
                idempotency_key=f"{deployment_id}:{name}",
                expected_s=60.0 if name == "build" else None,
                started_at=start + timedelta(seconds=index * 5) if state is not StepState.PENDING else None,
                ended_at=start + timedelta(seconds=index * 5 + 5) if state in (StepState.SUCCEEDED, StepState.FAILED) else None,
                cause=Cause(code="exit-1", what="The build ended with exit code 1.", why="pip failed", hint="Read the log.")
                if state is StepState.FAILED
                else None,
            )
        )
    return tuple(found)


def plan(environment: str = "development", target: str = "docker", previous: str = "v2") -> Plan:
    return Plan(
        config_hash="c",
        source_hash="s",
        target=target,
        target_identity="docker:ENGINE",
        environment=environment,
        url="http://127.0.0.1:8000",
        items=(
            PlanItem(action=PlanAction.CREATE, kind="image", name="deploydeck/shop:v3", detail="from Dockerfile"),
            PlanItem(action=PlanAction.REPLACE, kind="container", name="deploydeck-shop-development", detail="127.0.0.1:8000"),
        ),
        variables=(VariableChange(name="SECRET_KEY", change="changed", fingerprint="a1b2c3", secret=True),),
        steps=tuple(
            StepPlan(name=n, phase=p, title=f"Title of {n}", command=f"docker {n}") for n, p in zip(STEP_NAMES, PHASES, strict=True)
        ),
        warnings=("The working tree has uncommitted changes.",),
        previous_release=previous,
    )


def line(seq: int, text: str, *, at: datetime | None = None, source: str = "app", stream: str = "out") -> LogLine:
    return LogLine(seq=seq, at=at or NOW - timedelta(seconds=25), stream=stream, text=text, source=source)


@dataclass
class FakeLogs:
    """Lines by deployment and source."""

    content: dict[str, dict[str, list[LogLine]]] = field(default_factory=dict)

    def sources(self, deployment_id: str) -> tuple[str, ...]:
        return tuple(self.content.get(deployment_id, {}))

    def reader(self, deployment_id: str, source: str) -> Any:
        found = self.content.get(deployment_id, {}).get(source, [])
        return SimpleNamespace(lines=lambda after=0, limit=1000: [one for one in found if one.seq > after][:limit])


class FakeDeck:
    """What the screens use of a Deck. Change the attributes to tell another story."""

    def __init__(self, root: Path, home: Path) -> None:
        self.paths = Paths(home / "data", home / "config")
        self.root = root
        self.calls: list[str] = []
        self.fail: dict[str, Exception] = {}
        self.secrets = SimpleNamespace(unlock=self._unlock)
        self.passphrase = ""
        self.user_settings = Settings()
        self.settings = Settings()
        self.profile = profile(root)
        self.report = VulnerabilityReport()
        self.files = files()
        self.review = Review()
        self.generator = SimpleNamespace(check=lambda _path, _content: ())
        self.logs = FakeLogs()
        self.project = Project(
            id="prj-1", user_id="usr-1", name="shop", root=str(root), created_at=NOW, updated_at=NOW, opened_at=NOW
        )
        self.projects: list[Project] = [self.project]
        self.deployments: dict[str, Deployment] = {}
        self.releases: dict[str, Release] = {number.id: number for number in (release(1), release(2), release(3))}
        self.steps: dict[str, tuple[Step, ...]] = {}
        self.events: list[Event] = []
        self.more = asyncio.Event()
        self.ended = asyncio.Event()
        self.cancelled: list[tuple[str, str]] = []
        self.app_lines: list[LogLine] = []
        self.remembered: list[tuple[Change, ...]] = []
        self.decisions: dict[str, Any] = {}
        self.bases: dict[str, str] = {}
        self.records: list[UndoRecord] = []
        self.proof = Proof(proven=True, reason="Built in 12.4s, 143 MB; GET / answered 200.", build_s=12.4)
        self.proven: tuple[GeneratedFile, ...] = ()
        self.checkers = asyncio.Event()
        self.checkers.set()
        self.engine = SimpleNamespace(expected_s=self._expected, cancel=self._cancel)
        self.store = SimpleNamespace(
            projects=SimpleNamespace(all=self._all),
            deployments=SimpleNamespace(
                list=self._list,
                unfinished=self._unfinished,
                get=self._get,
                steps=self._get_steps,
                release=self._release,
                releases=self._releases,
            ),
        )

    def as_deck(self) -> Deck:
        return cast(Deck, self)

    def history(self) -> None:
        """Two releases that succeeded and one that failed."""
        healthy = HealthStatus(health=Health.HEALTHY, reason="Answered well 4 times.", checked_at=NOW)
        cause = Cause(
            code="health", what="The new copy never became healthy.", why="GET /health answered 500", hint="Read its log."
        )
        probe = Probe(at=NOW, url="http://127.0.0.1:8000/health", status=500, elapsed_s=0.02, ok=False)
        sick = HealthStatus(
            health=Health.UNHEALTHY, reason="500 three times", probes=(probe,), log_tail=("Traceback: boom",), checked_at=NOW
        )
        for one in (
            deployment(1, health=healthy),
            deployment(2, health=healthy),
            deployment(3, DeploymentState.FAILED_UNCHANGED, cause=cause, health=sick, application_url=None),
        ):
            self.deployments[one.id] = one

    # --- Deck -----------------------------------------------------------------------------------------------------------------

    def _note(self, name: str) -> None:
        self.calls.append(name)
        if name in self.fail:
            raise self.fail[name]

    def _unlock(self, passphrase: str) -> None:
        self.calls.append("unlock")
        if passphrase != self.passphrase:
            raise DeployDeckError("vault-passphrase", "This is not the passphrase of the encrypted file.")
        self.fail.clear()

    async def close(self) -> None:
        self._note("close")

    async def scan(self, root: Path) -> Scanned:
        self._note("scan")
        return Scanned(self.project, self.profile, self.settings)

    async def first_facts(self, root: Path) -> ProjectProfile:
        self._note("first_facts")
        return self.profile.model_copy(update={"findings": (), "variables": (), "truncated": True})

    def watched(self, root: Path) -> tuple[Path, ...]:
        return (root,)

    async def vulnerabilities(self, profile: ProjectProfile) -> VulnerabilityReport:
        self._note("vulnerabilities")
        return self.report

    async def propose(self, root: Path, environment: str | None = None, target: str | None = None, **_: Any) -> Proposal:
        self._note("propose")
        changes = await asyncio.to_thread(self.review.compare, self.root, self.files, self.bases)
        return Proposal(await self.scan(root), config(self.root), self.review.restore(changes, self.decisions))

    async def verdicts(self, changes: Sequence[Change], config: DeploymentConfig | None = None) -> AsyncIterator[Change]:
        self._note("verdicts")
        for change in changes:
            if not change.file.waiting:
                continue
            await self.checkers.wait()
            yield self.review.checked(change, self.generator.check(change.file.path, self.review.offered(change)))

    async def prove(
        self, proposal: Proposal, files: Sequence[GeneratedFile], tell: Callable[[str], None], stop: asyncio.Event | None = None
    ) -> Proof:
        self._note("prove")
        self.proven = tuple(files)
        tell("#1 RUN pip install")
        await self.checkers.wait()
        return self.proof

    async def apply(self, scanned: Scanned, changes: Sequence[Change], *, generated: bool = True) -> AppliedSet:
        self._note("apply")
        applied = await asyncio.to_thread(self.review.apply, self.root, changes)
        for change in changes:
            version = self.review.remembered(change) if generated and self.review.writes(change) else None
            if version is not None:
                self.bases[change.file.path] = version
        self.records.insert(0, UndoRecord(id=f"und-{len(self.records)}", applied=applied, created_at=NOW))
        return applied

    async def undoable(self, project: Project) -> tuple[UndoRecord, ...]:
        return tuple(self.records)

    async def undo(self, project: Project) -> UndoRecord:
        self._note("undo")
        await asyncio.to_thread(self.review.undo, self.root, self.records[0].applied)
        return self.records.pop(0)

    async def remember(self, proposal: Proposal, changes: Sequence[Change]) -> None:
        self._note("remember")
        self.remembered.append(tuple(changes))
        self.decisions = json.loads(json.dumps(self.review.decisions(changes)))

    async def prepare(self, root: Path, environment: str | None = None, target: str | None = None) -> Prepared:
        self._note("prepare")
        name, place = environment or "development", target or "docker"
        made = plan(name, place)
        return Prepared(
            await self.scan(root),
            config(self.root, name, place),
            made,
            ResolvedVariables(missing=("API_URL",)),
            "s",
            (),
            "deadbeefcafe",
            True,
        )

    async def approve(self, deployment_id: str) -> Deployment:
        self._note("approve")
        agreed = self.deployments[deployment_id].model_copy(update={"state": DeploymentState.QUEUED})
        self.deployments[deployment_id] = agreed
        return agreed

    async def prepare_rollback(
        self, root: Path, environment: str | None = None, target: str | None = None, to: str | None = None
    ) -> Prepared:
        self._note(f"prepare_rollback {to}")
        back = next(one for one in self.releases.values() if one.label == to)
        made = plan(environment or "development", target or "docker", "v2")
        return Prepared(
            await self.scan(root),
            config(self.root),
            made,
            ResolvedVariables(),
            "s",
            (),
            "deadbeefcafe",
            False,
            rollback_to=back,
            kind=DeploymentKind.ROLLBACK,
        )

    async def prepare_promotion(
        self, root: Path, environment: str | None = None, to: str | None = None, target: str | None = None
    ) -> Prepared:
        self._note(f"prepare_promotion {environment}")
        newest = max(self.releases.values(), key=lambda one: one.number)
        origin = Origin(release_id=newest.id, label=newest.label, environment="development", artifact={"image": "i"})
        known = (await self.scan(root), config(self.root, "staging"), plan("staging", "docker"), ResolvedVariables())
        return Prepared(*known, "s", (), "deadbeefcafe", False, origin=origin)

    async def prepare_removal(self, root: Path, environment: str | None = None, target: str | None = None) -> Prepared:
        self._note(f"prepare_removal {environment}")
        newest = max(self.releases.values(), key=lambda one: one.number)
        made = plan(environment or "development", target or "docker", newest.label)
        known = (await self.scan(root), config(self.root), made, ResolvedVariables(), "s", (), "deadbeefcafe", False)
        return Prepared(*known, rollback_to=newest, kind=DeploymentKind.REMOVE)

    @staticmethod
    def places() -> tuple[tuple[str, str], ...]:
        return (("docker", "the local engine"), ("process", "this machine"))

    async def deploy(self, prepared: Prepared) -> Deployment:
        self._note("deploy")
        number = len(self.releases) + 1
        made = prepared.rollback_to or release(number)
        self.releases[made.id] = made
        kind = prepared.kind
        new = deployment(
            number,
            DeploymentState.RUNNING,
            release_id=made.id,
            environment=prepared.config.environment,
            kind=kind,
            created_at=NOW,
            started_at=NOW,
        )
        self.deployments[new.id] = new
        self.steps[new.id] = steps(new.id)
        return new

    async def follow(self, deployment_id: str, after: int = 0) -> AsyncIterator[Event]:
        self._note("follow")
        seen = after
        while True:
            for event in [event for event in self.events if event.seq > seen]:
                seen = event.seq
                yield event
            if self.ended.is_set():
                return
            self.more.clear()
            await self.more.wait()

    def tell(self, text: str = "something", kind: EventKind = EventKind.STEP, **values: Any) -> None:
        """Another event for the followers."""
        self.events.append(Event(deployment_id="dep", seq=len(self.events) + 1, at=NOW, kind=kind, text=text, **values))
        self.more.set()

    def finish(self, deployment_id: str, state: DeploymentState = DeploymentState.SUCCEEDED, **changes: Any) -> None:
        """The deployment ends."""
        self.deployments[deployment_id] = self.deployments[deployment_id].model_copy(
            update={"state": state, "completed_at": NOW + timedelta(seconds=42), **changes}
        )
        self.ended.set()
        self.tell("ended", EventKind.RESULT)

    async def live_releases(self, project: Project | None = None) -> tuple[LiveRelease, ...]:
        self._note("live_releases")
        succeeded = [one for one in self.deployments.values() if one.state.succeeded]
        newest = max(succeeded, key=lambda one: one.created_at, default=None)
        return (LiveRelease(self.project, newest, self.releases[newest.release_id]),) if newest else ()

    async def health_now(self, live: LiveRelease) -> HealthStatus:
        return HealthStatus(health=Health.HEALTHY, reason="status 200 in 12 ms", checked_at=NOW)

    async def project_at(self, root: Path) -> Project:
        return self.project

    async def compare(self, project: Project, older: str, newer: str) -> Comparison:
        self._note(f"compare {older} {newer}")
        return compare_releases(self.releases[older], self.releases[newer], config(self.root), config(self.root))

    def name_to_type(self, prepared: Prepared) -> str:
        return "production" if prepared.config.environment == "production" else ""

    async def application_logs(
        self, release: Release, *, since: Any = None, follow: bool = False, tail: int | None = None
    ) -> AsyncIterator[LogLine]:
        self._note("application_logs")
        for one in self.app_lines:
            yield one
        await self.ended.wait()

    # --- store and engine -----------------------------------------------------------------------------------------------------

    async def _all(self) -> tuple[Project, ...]:
        self._note("projects")
        return tuple(self.projects)

    async def _list(self, *, project_id: str | None = None, limit: int = 200) -> tuple[Deployment, ...]:
        return tuple(sorted(self.deployments.values(), key=lambda one: one.created_at, reverse=True))[:limit]

    async def _unfinished(self) -> tuple[Deployment, ...]:
        return tuple(one for one in self.deployments.values() if not one.state.terminal)

    async def _get(self, deployment_id: str) -> Deployment:
        return self.deployments[deployment_id]

    async def _get_steps(self, deployment_id: str) -> tuple[Step, ...]:
        return self.steps.get(deployment_id, ())

    async def _release(self, release_id: str) -> Release:
        return self.releases[release_id]

    async def _releases(self, project_id: str) -> tuple[Release, ...]:
        return tuple(self.releases.values())

    async def _expected(self, _config: DeploymentConfig) -> dict[str, float]:
        return {"build": 60.0}

    async def _cancel(self, deployment_id: str, choice: str = "cancel") -> bool:
        self.cancelled.append((deployment_id, choice))
        return True
