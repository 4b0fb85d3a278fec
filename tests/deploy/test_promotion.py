"""Promotion: the same artifact in the next environment, with that one's variables; nothing is built again."""

from __future__ import annotations

from typing import Any

from deploydeck.domain import Deployment, DeploymentState, Origin, Release
from tests.deploy.bench import VARIABLES, Bench, make_config


async def promoted(bench: Bench, release: Release, environment: str = "production") -> Deployment:
    """Queue a promotion of a release that is live."""
    release = await bench.deck.store.deployments.release(release.id)
    config = make_config(bench.project_id, environment=environment)
    origin = Origin(release_id=release.id, label=release.label, environment=release.environment, artifact=release.artifact)
    given: dict[str, Any] = {"source_hash": release.source_hash, "resolved": VARIABLES, "origin": origin}
    plan = await bench.deck.engine.plan(config, **given)
    return await bench.deck.engine.queue(config, plan, VARIABLES, source_hash=release.source_hash, origin=origin)


async def live(bench: Bench, environment: str) -> Release:
    found = await bench.deck.store.deployments.live(bench.project_id, environment, "fake")
    assert found is not None
    return found[1]


async def test_the_same_image_goes_on_and_nothing_is_built(bench: Bench) -> None:
    await bench.deploy(environment="staging")
    staging = await live(bench, "staging")
    deployment = await promoted(bench, staging)
    assert (await bench.run(deployment)).status is DeploymentState.SUCCEEDED
    production = await live(bench, "production")
    assert production.origin is not None and production.origin.release_id == staging.id
    assert production.artifact["image"] == staging.artifact["image"] == staging.id
    assert bench.world.count(deployment.id, "build") == 0
    assert (production.environment, production.number) == ("production", staging.number + 1)


async def test_a_promoted_release_can_be_promoted_and_rolled_back_to(bench: Bench) -> None:
    await bench.deploy(environment="development")
    first = await live(bench, "development")
    await bench.run(await promoted(bench, first, "staging"))
    staging = await live(bench, "staging")
    await bench.run(await promoted(bench, staging, "production"))
    production = await live(bench, "production")
    assert production.artifact["image"] == first.id
    await bench.deploy(environment="production")
    back = await bench.run(await bench.queue(to=production))
    assert back.status is DeploymentState.SUCCEEDED
    assert bench.release_live() == production.id


async def test_an_image_that_is_gone_is_not_built_anew(bench: Bench) -> None:
    await bench.deploy(environment="staging")
    staging = await live(bench, "staging")
    await bench.deploy(environment="production")
    deployment = await promoted(bench, staging)
    with bench.world.change() as world:
        world["images"].remove(staging.id)
    result = await bench.run(deployment)
    assert result.status is DeploymentState.FAILED_UNCHANGED
    assert result.cause is not None and result.cause.code == "fake-image-gone"
    assert bench.release_live() == (await live(bench, "production")).id


async def test_a_failed_promotion_leaves_both_environments_as_they_were(bench: Bench) -> None:
    await bench.deploy(environment="staging")
    await bench.deploy(environment="production")
    before = await live(bench, "production")
    bench.world.fault("switch", "sick")
    result = await bench.run(await promoted(bench, await live(bench, "staging")))
    assert (result.status, result.exit_code) == (DeploymentState.ROLLED_BACK, 3)
    assert (await live(bench, "production")).id == before.id
