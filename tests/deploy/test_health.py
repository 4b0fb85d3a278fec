"""The health gate by itself: stable for long enough, no longer than needed, and always with its evidence."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from deploydeck.deploy.health import FIRST_PROBES, LAST_PROBES, evidence_lines, gate
from deploydeck.domain import DeployDeckError, Health, HealthSpec, HealthStatus, Liveness, Probe, utc_now
from deploydeck.targets import Endpoint, StepContext, Target

SPEC = HealthSpec(interval_s=0.01, timeout_s=1.0, deadline_s=0.3, stable_s=0.05)


class Copy:
    """A copy that answers and lives as told; the last answer of each kind repeats."""

    def __init__(
        self, answers: Sequence[int | None], lives: Sequence[Liveness] = (Liveness(running=True),), *, there: bool = True
    ) -> None:
        self._answers = list(answers)
        self._lives = list(lives)
        self._there = there
        self.asked = 0
        self.asked_at: list[float] = []

    async def endpoint(self, role: str, context: object) -> Endpoint | None:
        return Endpoint("http://copy") if self._there else None

    async def liveness(self, role: str, context: object) -> Liveness:
        return self._lives.pop(0) if len(self._lives) > 1 else self._lives[0]

    async def tail(self, role: str, context: object, lines: int) -> tuple[str, ...]:
        return ("last words",)

    async def probe(self, endpoint: Endpoint, spec: HealthSpec) -> Probe:
        self.asked += 1
        self.asked_at.append(asyncio.get_running_loop().time())
        status = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        ok = status is not None and 200 <= status < 300
        return Probe(at=utc_now(), url="http://copy/", status=status, elapsed_s=0.002, error="" if status else "refused", ok=ok)


async def ask(copy: Copy, spec: HealthSpec = SPEC, cancel_after: int = 10_000) -> HealthStatus | None:
    told: list[Probe] = []
    waits = 0

    async def on_probe(probe: Probe) -> None:
        told.append(probe)

    async def wait(seconds: float) -> bool:
        nonlocal waits
        waits += 1
        await asyncio.sleep(seconds)
        return waits >= cancel_after

    target = cast(Target, copy)
    status = await gate(target, cast(StepContext, None), "trial", spec, copy.probe, on_probe=on_probe, wait=wait)
    assert len(told) == copy.asked
    return status


async def test_healthy_only_after_it_was_stable() -> None:
    copy = Copy([None, 503, 200])
    status = await ask(copy)
    assert status is not None and status.health is Health.HEALTHY
    assert copy.asked_at[-1] - copy.asked_at[2] >= SPEC.stable_s - 0.001
    assert status.log_tail == ()


async def test_first_question_comes_at_once_and_no_stability_means_one_answer() -> None:
    copy = Copy([200])
    assert (await ask(copy, SPEC.model_copy(update={"stable_s": 0.0, "interval_s": 50.0}))).health is Health.HEALTHY  # type: ignore[union-attr]
    assert copy.asked == 1


async def test_flapping_never_counts_as_stable() -> None:
    status = await ask(Copy([200, 500] * 400))
    assert status is not None and status.health is Health.UNHEALTHY


@pytest.mark.parametrize("code", [301, 404, 500])
async def test_late_is_unhealthy_with_the_last_answer(code: int) -> None:
    status = await ask(Copy([None, code]))
    assert status is not None and status.health is Health.UNHEALTHY
    assert f"status {code}" in status.reason
    lines = evidence_lines(status)
    assert "refused" in lines[0]
    assert f"status {code}" in lines[1]
    assert lines[-1] == "last words"
    assert any(line.startswith("process: running") for line in lines)


async def test_dead_process_ends_the_gate_at_once_with_its_code() -> None:
    copy = Copy([None], [Liveness(running=True), Liveness(running=False, exit_code=137, oom_killed=True, detail="killed")])
    status = await ask(copy, SPEC.model_copy(update={"deadline_s": 600.0}))
    assert status is not None and status.health is Health.UNHEALTHY
    assert copy.asked == 2
    assert "exit code 137" in status.reason
    assert "out of memory" in status.reason
    assert any("exit code 137, out of memory" in line and "killed" in line for line in evidence_lines(status))


async def test_crash_loop_is_seen_through() -> None:
    lives = [Liveness(running=True, restarts=number) for number in range(9)]
    copy = Copy([None], lives)
    status = await ask(copy, SPEC.model_copy(update={"deadline_s": 600.0}))
    assert status is not None and "keeps restarting" in status.reason
    assert copy.asked == 4


async def test_no_such_copy_is_unhealthy() -> None:
    status = await ask(Copy([200], there=False))
    assert status is not None and status.health is Health.UNHEALTHY


async def test_canceled_gate_has_no_verdict() -> None:
    assert await ask(Copy([None]), cancel_after=2) is None


async def test_platform_out_of_sight_is_unknown_not_unhealthy() -> None:
    copy: Any = Copy([200])

    async def gone(*_: object) -> Any:
        raise DeployDeckError("gone", "The engine does not answer.")

    copy.endpoint = copy.liveness = copy.tail = gone
    status = await ask(copy)
    assert status is not None and status.health is Health.UNKNOWN
    assert "does not answer" in status.reason


async def test_long_gates_keep_the_beginning_and_the_end() -> None:
    spec = SPEC.model_copy(update={"interval_s": 0.001, "deadline_s": 1.0})
    copy = Copy([None, *range(400, 410), 500])
    status = await ask(copy, spec)
    assert status is not None
    assert copy.asked > FIRST_PROBES + LAST_PROBES
    assert len(status.probes) == FIRST_PROBES + LAST_PROBES
    assert status.probes[0].status is None
    assert status.probes[-1].status == 500
