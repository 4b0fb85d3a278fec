"""The Deck's own behaviour over the pretend target: which target is chosen, what a plan holds, what a rollback refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import deploydeck.targets as targets
from deploydeck.deck import Deck, LiveRelease, Prepared
from deploydeck.domain import Decision, DeployDeckError, DeploymentState, Health, Release
from deploydeck.scan.walk import walk
from deploydeck.settings import Paths, Settings
from deploydeck.targets.fake import FakeTarget
from tests.deploy.bench import FAST, Bench, asking
from tests.scan.trees import plant

SETTINGS = """\
[app]
name = "shop"
health_path = "/healthz"
[health]
interval_s = 0.02
timeout_s = 1.0
deadline_s = 0.4
stable_s = 0.05
[environments.development]
target = "fake"
published_port = 18123
[environments.staging]
target = "fake"
published_port = 18124
"""
APP = {
    "app.py": "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get('/healthz')\ndef healthz():\n    return 'ok'\n",
    "requirements.txt": "flask==3.1.3\ngunicorn==23.0.0\n",
    "deploydeck.toml": SETTINGS,
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return plant(tmp_path / "project", APP)


@pytest.fixture
async def deck(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Deck]:
    kinds = {**targets.TARGETS, "fake": targets.TargetKind("deploydeck.targets.fake", "FakeTarget", FakeTarget.capabilities)}
    monkeypatch.setattr(targets, "TARGETS", kinds)
    opened = await Deck.open(paths)
    yield opened
    await opened.close()


def engine(deck: Deck, *, answers: bool) -> None:
    """A Docker target that answers, or does not."""

    async def identity() -> str:
        if not answers:
            raise DeployDeckError("engine-unreachable", "The Docker Engine does not answer.")
        return "docker:pretend"

    async def close() -> None:
        return None

    stub: Any = SimpleNamespace(identity=identity, close=close)
    deck._targets["docker"] = stub


async def run(deck: Deck, prepared: Prepared) -> DeploymentState:
    """Execute what was prepared, here and now."""
    world = deck.target("fake").world  # type: ignore[attr-defined]
    project = prepared.scanned.project.id
    queued = await deck.deploy(prepared, start_worker=False)
    return (await Bench(deck, world, project).run(queued, FAST, asking(deck.paths))).status


async def release(deck: Deck, root: Path, change: str, environment: str | None = None) -> Release:
    """Deploy the project with one more file; the release that is live then."""
    (root / change).write_text(change)
    prepared = await deck.prepare(root, environment)
    assert await run(deck, prepared) is DeploymentState.SUCCEEDED
    live = await deck.live(prepared.scanned.project, prepared.config.environment, "fake")
    assert live is not None
    return live[1]


async def refusal(awaitable: Any) -> DeployDeckError:
    with pytest.raises(DeployDeckError) as caught:
        await awaitable
    return caught.value


# --- which target -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "set_to", "answers", "chosen"),
    [
        ("process", "docker", True, "process"),
        (None, "fake", True, "fake"),
        (None, None, True, "docker"),
        (None, None, False, "process"),
    ],
    ids=["asked for", "the environment's", "an engine answers", "no engine"],
)
async def test_the_target_is_chosen_in_this_order(
    deck: Deck, wanted: str | None, set_to: str | None, answers: bool, chosen: str
) -> None:
    engine(deck, answers=answers)
    settings = Settings.model_validate({"environments": {"development": {"target": set_to}}})
    assert await deck.choose_target(settings, "development", wanted) == chosen


async def test_a_target_is_opened_once_and_an_unknown_one_named(deck: Deck) -> None:
    assert deck.target("fake") is deck.target("fake")
    with pytest.raises(DeployDeckError) as caught:
        deck.target("dokcer")
    assert caught.value.code == "target-unknown"


# --- planning -----------------------------------------------------------------------------------------------------------------


async def test_a_plan_holds_what_the_release_will_record(deck: Deck, root: Path) -> None:
    (root / ".env").write_text("API_KEY=s3cret\n")
    prepared = await deck.prepare(root)
    assert [path for path, _ in prepared.files] == ["app.py", "deploydeck.toml", "requirements.txt"]
    assert prepared.source_hash == prepared.plan.source_hash == prepared.scanned.profile.source_hash
    assert (prepared.plan.environment, prepared.plan.target, prepared.plan.warnings) == ("development", "fake", ())
    assert await deck.store.deployments.list() == (), "planning changes nothing"
    live = await release(deck, root, "more.txt")
    assert [path for path, _ in live.files] == ["app.py", "deploydeck.toml", "more.txt", "requirements.txt"]


async def test_one_walk_a_plan(deck: Deck, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    walks: list[object] = []

    def counted(*arguments: Any) -> Any:
        walks.append(arguments)
        return walk(*arguments)

    for module in ("analyzer", "source"):
        monkeypatch.setattr(f"deploydeck.scan.{module}.walk", counted)
    await deck.prepare(root)
    assert len(walks) == 1


async def test_two_releases_differ_by_path(deck: Deck, root: Path) -> None:
    await release(deck, root, "one.txt")
    (root / "one.txt").unlink()
    (root / "app.py").write_text(APP["app.py"] + "# changed\n")
    await release(deck, root, "two.txt")
    found = await deck.compare(await deck.project_at(root), "v1", "2")
    assert [(entry.change, entry.name) for entry in found.files] == [
        ("changed", "app.py"),
        ("removed", "one.txt"),
        ("added", "two.txt"),
    ]


async def test_what_cannot_be_planned_is_refused_and_nothing_is_queued(deck: Deck, root: Path, tmp_path: Path) -> None:
    assert (await refusal(deck.prepare(tmp_path / "nowhere"))).code == "project-missing"
    assert (await refusal(deck.prepare(root, "../etc"))).code == "environment-invalid"
    assert (await refusal(deck.prepare(root, None, "dokcer"))).code == "target-unknown"
    (root / "deploydeck.toml").write_text("[app\n")
    assert (await refusal(deck.prepare(root))).code == "settings-syntax"
    assert await deck.store.deployments.list() == ()


async def test_an_environment_nobody_mentioned_is_told_of_and_asked_for(deck: Deck, root: Path) -> None:
    prepared = await deck.prepare(root, "produciton", "fake")
    assert prepared.plan.warnings[0].endswith("did you mean 'production'?")
    assert deck.name_to_type(prepared) == "produciton"
    assert deck.name_to_type(await deck.prepare(root)) == ""


# --- going back ---------------------------------------------------------------------------------------------------------------


async def test_a_rollback_says_why_it_cannot(deck: Deck, root: Path) -> None:
    assert (await refusal(deck.prepare_rollback(root))).code == "nothing-live"
    assert (await refusal(deck.prepare_rollback(root, None, "fake"))).code == "rollback-nothing"
    await release(deck, root, "one.txt")
    assert (await refusal(deck.prepare_rollback(root))).code == "rollback-nothing"
    assert (await refusal(deck.prepare_rollback(root, to="v1"))).code == "rollback-live"
    assert (await refusal(deck.prepare_rollback(root, to="v9"))).code == "release-unknown"
    await release(deck, root, "two.txt", "staging")
    assert (await refusal(deck.prepare_rollback(root, to="v2"))).code == "rollback-elsewhere"


async def test_a_rollback_carries_the_release_and_not_the_disk(deck: Deck, root: Path) -> None:
    first = await release(deck, root, "one.txt")
    await release(deck, root, "two.txt")
    (root / "three.txt").write_text("not deployed")
    prepared = await deck.prepare_rollback(root)
    assert prepared.rollback_to is not None
    assert (prepared.rollback_to.id, prepared.source_hash, prepared.files) == (first.id, first.source_hash, first.files)
    assert await run(deck, prepared) is DeploymentState.SUCCEEDED
    live = await deck.live(prepared.scanned.project, "development")
    assert live is not None
    assert live[1] == first


# --- review -------------------------------------------------------------------------------------------------------------------


async def test_decisions_come_back_until_the_file_moves_on(deck: Deck, root: Path) -> None:
    proposal = await deck.propose(root, None, "docker")
    rejected = [deck.review.reject_file(change) for change in proposal.changes]
    await deck.remember(proposal, rejected)

    def decided(changes: Any, path: str) -> set[Decision]:
        return {hunk.decision for change in changes if change.file.path == path for hunk in change.hunks}

    again = (await deck.propose(root, None, "docker")).changes
    assert decided(again, "Dockerfile") == {Decision.REJECTED}
    (root / "Dockerfile").write_text("# Generated by DeployDeck from what it found\nFROM scratch\n")
    moved = (await deck.propose(root, None, "docker", replace=True)).changes
    assert decided(moved, "Dockerfile") == {Decision.PENDING}, "a decision is about what was seen"
    assert decided(moved, ".dockerignore") == {Decision.REJECTED}


# --- what is live -------------------------------------------------------------------------------------------------------------


async def test_everything_that_is_live(deck: Deck, root: Path, tmp_path: Path) -> None:
    assert await deck.live_releases() == ()
    other = plant(tmp_path / "other", APP)
    await release(deck, root, "old.txt")
    expected = {
        (await release(deck, root, "one.txt")).id,
        (await release(deck, root, "two.txt", "staging")).id,
        (await release(deck, other, "three.txt")).id,
    }
    assert {entry.release.id for entry in await deck.live_releases()} == expected
    of_one = await deck.live_releases(await deck.project_at(root))
    assert [(entry.deployment.environment, entry.release.label) for entry in of_one] == [("development", "v2"), ("staging", "v3")]


async def test_health_is_what_was_observed_and_unknown_otherwise(deck: Deck, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await release(deck, root, "one.txt")
    (live,) = await deck.live_releases()
    fake: Any = deck.target("fake")
    with fake.world.change() as world:
        for copy in world["copies"].values():
            copy["running"] = False
    assert (await deck.health_now(live)).health is Health.UNHEALTHY

    async def gone(*_: Any) -> Any:
        raise DeployDeckError("engine-unreachable", "The place does not answer.")

    monkeypatch.setattr(fake, "status", gone)
    seen = await deck.health_now(live)
    assert (seen.health, seen.reason) == (Health.UNKNOWN, "The place does not answer.")

    async def slow(*_: Any) -> Any:
        import asyncio

        await asyncio.sleep(10)

    monkeypatch.setattr(fake, "status", slow)
    assert (await deck.health_now(live, timeout_s=0.1)).health is Health.UNKNOWN
    assert isinstance(live, LiveRelease)


async def test_an_unknown_project_is_named_and_not_recorded(deck: Deck, root: Path) -> None:
    assert (await refusal(deck.project_at(root))).code == "project-unknown"
    assert await deck.store.projects.all() == ()
    scanned = await deck.scan(root)
    assert (await deck.project_at(root)).id == scanned.project.id


async def test_an_acceptance_is_used_up_by_writing_and_a_rejection_is_not(deck: Deck, root: Path) -> None:
    engine(deck, answers=False)
    proposal = await deck.propose(root, target="docker")
    decided = [
        deck.review.reject_file(change) if change.file.path == ".dockerignore" else deck.review.accept_file(change)
        for change in proposal.changes
        if change.hunks
    ]
    await deck.remember(proposal, decided)
    await deck.apply(proposal.scanned, decided)
    (root / "Dockerfile").unlink()
    again = {change.file.path: change for change in (await deck.propose(root, target="docker")).changes}
    assert {hunk.decision for hunk in again["Dockerfile"].hunks} == {Decision.PENDING}
    assert {hunk.decision for hunk in again[".dockerignore"].hunks} == {Decision.REJECTED}
