"""The health gate: a copy is healthy when it answered well for long enough, and a verdict carries its evidence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from deploydeck.deploy.tools import Prober
from deploydeck.domain import DeployDeckError, Health, HealthSpec, HealthStatus, Liveness, Probe, utc_now
from deploydeck.targets import Endpoint, Role, StepContext, StepFailed, Target

FIRST_PROBES = 10
LAST_PROBES = 50
TAIL_LINES = 40
CRASH_LOOP_RESTARTS = 2
"""Restarts during one gate after which waiting longer is pointless."""

OnProbe = Callable[[Probe], Awaitable[None]]
Wait = Callable[[float], Awaitable[bool]]


@dataclass
class _Evidence:
    probes: list[Probe] = field(default_factory=list)
    liveness: Liveness | None = None
    first_restarts: int | None = None
    unreachable: str = ""

    def add(self, probe: Probe) -> None:
        self.probes.append(probe)
        if len(self.probes) > FIRST_PROBES + LAST_PROBES:
            del self.probes[FIRST_PROBES]  # the beginning and the end tell the story


async def gate(
    target: Target, context: StepContext, role: Role, spec: HealthSpec, prober: Prober, *, on_probe: OnProbe, wait: Wait
) -> HealthStatus | None:
    """Ask until the copy was healthy for `stable_s` without a break, its process died, or the deadline passed.

    The first question comes at once. `wait(seconds)` answers True when the gate was cancelled; then there is no verdict (None).
    UNKNOWN only when neither the copy nor its platform could be asked: that is the observer's trouble, not the copy's.
    """
    clock = asyncio.get_running_loop().time  # monotonic: a jump of the wall clock changes nothing
    started = clock()
    healthy_since: float | None = None
    evidence = _Evidence()
    while True:
        endpoint, reached = await _endpoint(target, context, role, evidence)
        if reached and endpoint is None:
            return await _verdict(target, context, role, evidence, Health.UNHEALTHY, "There is no such copy.")
        if endpoint is not None:
            probe = await prober(endpoint, spec)
            evidence.add(probe)
            await on_probe(probe)
            healthy_since = (healthy_since if healthy_since is not None else clock()) if probe.ok else None
        died = await _died(target, context, role, evidence)
        if died:
            return await _verdict(target, context, role, evidence, Health.UNHEALTHY, died)
        if healthy_since is not None and clock() - healthy_since >= spec.stable_s:
            count = sum(probe.ok for probe in evidence.probes)
            reason = f"Answered well {count} times in {clock() - started:.1f} s."
            return await _verdict(target, context, role, evidence, Health.HEALTHY, reason)
        if healthy_since is None and clock() - started >= spec.deadline_s:
            return await _late(target, context, role, evidence, spec)
        if await wait(min(spec.interval_s, _left(healthy_since, spec, clock))):
            return None


def _left(healthy_since: float | None, spec: HealthSpec, clock: Callable[[], float]) -> float:
    """Do not oversleep the moment at which a copy has been stable for long enough."""
    if healthy_since is None:
        return spec.interval_s
    return max(0.01, healthy_since + spec.stable_s - clock())


async def _endpoint(target: Target, context: StepContext, role: Role, evidence: _Evidence) -> tuple[Endpoint | None, bool]:
    try:
        return await target.endpoint(role, context), True
    except (DeployDeckError, StepFailed) as error:
        evidence.unreachable = str(error)
        return None, False


async def _died(target: Target, context: StepContext, role: Role, evidence: _Evidence) -> str:
    """Why waiting longer is pointless, or nothing."""
    try:
        seen = await target.liveness(role, context)
    except (DeployDeckError, StepFailed) as error:
        evidence.unreachable = str(error)
        return ""
    evidence.liveness = seen
    evidence.unreachable = ""
    if evidence.first_restarts is None:
        evidence.first_restarts = seen.restarts
    if not seen.running:
        why = f" with exit code {seen.exit_code}" if seen.exit_code is not None else ""
        out_of_memory = " It ran out of memory." if seen.oom_killed else ""
        return f"The process ended{why}.{out_of_memory}"
    restarts = seen.restarts - evidence.first_restarts
    return f"The process keeps restarting ({restarts} times)." if restarts > CRASH_LOOP_RESTARTS else ""


async def _late(target: Target, context: StepContext, role: Role, evidence: _Evidence, spec: HealthSpec) -> HealthStatus:
    if evidence.unreachable and not any(probe.ok for probe in evidence.probes):
        return await _verdict(target, context, role, evidence, Health.UNKNOWN, f"Could not look: {evidence.unreachable}")
    if not evidence.probes:
        return await _verdict(target, context, role, evidence, Health.UNKNOWN, "It could not be asked.")
    last = evidence.probes[-1]
    answer = f"status {last.status}" if last.status is not None else last.error or "no answer"
    reason = f"Not healthy within {spec.deadline_s:g} s; the last answer of {spec.path} was: {answer}."
    return await _verdict(target, context, role, evidence, Health.UNHEALTHY, reason)


async def _verdict(
    target: Target, context: StepContext, role: Role, evidence: _Evidence, health: Health, reason: str
) -> HealthStatus:
    tail: tuple[str, ...] = ()
    if health is not Health.HEALTHY:
        try:
            tail = await target.tail(role, context, TAIL_LINES)
        except (DeployDeckError, StepFailed) as error:
            tail = (f"[its last lines could not be read: {error}]",)
    return HealthStatus(
        health=health,
        reason=reason,
        probes=tuple(evidence.probes),
        liveness=evidence.liveness,
        log_tail=tail,
        checked_at=utc_now(),
    )


def evidence_lines(status: HealthStatus) -> tuple[str, ...]:
    """The evidence in lines for a cause: how it was asked, what the platform says, what the copy said last."""
    lines: list[str] = []
    previous = ""
    for probe in status.probes:
        answer = f"status {probe.status}" if probe.status is not None else probe.error or "no answer"
        if answer != previous:  # a run of equal answers says no more than its first
            lines.append(f"{probe.at:%H:%M:%S} {probe.url}: {answer} ({probe.elapsed_s * 1000:.0f} ms)")
        previous = answer
    if status.liveness is not None:
        seen = status.liveness
        state = "running" if seen.running else "not running"
        code = f", exit code {seen.exit_code}" if seen.exit_code is not None else ""
        memory = ", out of memory" if seen.oom_killed else ""
        restarts = f", {seen.restarts} restarts" if seen.restarts else ""
        lines.append(f"process: {state}{code}{memory}{restarts}{' – ' + seen.detail if seen.detail else ''}")
    return (*lines, *status.log_tail)
