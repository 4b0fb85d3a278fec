"""The course of whole deployments, in this process, on the pretend world."""

from __future__ import annotations

from deploydeck.domain import DeploymentState, EventKind, StepState
from tests.deploy.bench import Bench


async def test_first_deployment_goes_live(bench: Bench) -> None:
    result = await bench.deploy()
    assert result.cause is None
    assert result.status is DeploymentState.SUCCEEDED
    assert result.exit_code == 0
    assert result.release == "v1"
    assert bench.release_live() is not None
    steps = await bench.deck.store.deployments.steps(result.deployment_id)
    assert [step.state for step in steps] == [StepState.SUCCEEDED] * len(steps)
    assert all(step.attempt == 1 for step in steps)
    events = await bench.events(result.deployment_id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert events[-1].kind is EventKind.RESULT
    assert events[-1].data["deployment_id"] == result.deployment_id
