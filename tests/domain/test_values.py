"""Every noun is frozen, round-trips through JSON unchanged, and is named by its hash."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from deploydeck.domain import (
    EXIT_CODES,
    PHASE_ORDER,
    DeploymentConfig,
    DeploymentResult,
    DeploymentState,
    Phase,
    Plan,
    Probe,
    ProjectProfile,
    Value,
    VariableRef,
    VariableSource,
    new_id,
)
from tests.domain.strategies import EVERY_VALUE, values


def _round_trip(value: Value) -> None:
    kind = type(value)
    for back in (
        kind.model_validate_json(value.model_dump_json()),
        kind.model_validate(json.loads(json.dumps(value.model_dump(mode="json")))),
        kind.model_validate(value.model_dump()),
    ):
        assert back == value
        assert back.content_hash == value.content_hash
        assert back.model_dump_json() == value.model_dump_json()


# Feature: deployment-automation, Property 12: Microservices Architecture Round-Trip
@pytest.mark.parametrize("kind", EVERY_VALUE, ids=lambda kind: str(kind.__name__))
@given(data=st.data())
def test_every_value_survives_json(kind: type[Value], data: st.DataObject) -> None:
    _round_trip(data.draw(values(kind)))


def test_the_values_that_matter_are_among_them() -> None:
    assert {ProjectProfile, Plan, DeploymentResult, DeploymentConfig} <= set(EVERY_VALUE)
    assert len(EVERY_VALUE) > 30


@given(values(DeploymentConfig), values(DeploymentConfig))
def test_the_hash_tells_values_apart(one: DeploymentConfig, other: DeploymentConfig) -> None:
    assert (one.content_hash == other.content_hash) is (one.model_dump_json() == other.model_dump_json())
    assert len(one.content_hash) == 64


def _probe(**changes: Any) -> Probe:
    return Probe(
        **({"at": datetime(2026, 1, 1, tzinfo=UTC), "url": "http://x", "status": 200, "elapsed_s": 0.1, "ok": True} | changes)
    )


def test_values_are_frozen_and_closed() -> None:
    probe = _probe()
    with pytest.raises(ValidationError, match="frozen"):
        probe.ok = False  # type: ignore[misc]
    with pytest.raises(ValidationError, match="extra"):
        _probe(colour="green")


def test_times_are_utc_and_never_naive() -> None:
    east = timezone(timedelta(hours=5))
    assert _probe(at=datetime(2026, 1, 1, 5, tzinfo=east)) == _probe()
    with pytest.raises(ValidationError):
        _probe(at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_exit_codes_come_from_terminal_states_alone() -> None:
    assert {state for state in DeploymentState if state.terminal} == set(EXIT_CODES)
    assert {state for state in DeploymentState if state.succeeded} == {state for state, code in EXIT_CODES.items() if code == 0}
    assert EXIT_CODES[DeploymentState.FAILED_UNCHANGED] == 1
    assert EXIT_CODES[DeploymentState.ROLLED_BACK] == 3
    assert EXIT_CODES[DeploymentState.ROLLBACK_FAILED] == EXIT_CODES[DeploymentState.PARTIALLY_APPLIED] == 4
    assert EXIT_CODES[DeploymentState.CANCELED] == 130
    assert 2 not in EXIT_CODES.values()
    assert 5 not in EXIT_CODES.values()
    assert PHASE_ORDER.index(Phase.VERIFY) < PHASE_ORDER.index(Phase.SWITCH) < PHASE_ORDER.index(Phase.OBSERVE)


def test_ids_are_unique_and_sort_by_time() -> None:
    made = [new_id("dep") for _ in range(2000)]
    assert len(set(made)) == len(made)
    assert [one[4:13] for one in made] == sorted(one[4:13] for one in made)
    assert all(one.startswith("dep-") and len(one) == 19 for one in made)


def test_a_reference_to_a_secret_carries_no_value_by_itself() -> None:
    assert VariableRef(name="TOKEN", source=VariableSource.KEYRING, secret=True).value is None
