"""How a plan, steps and the end of a deployment read on the Deploy screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from deploydeck.domain import Cause, Deployment, HealthStatus, Step, StepState
from deploydeck.widgets.row_list import Row
from deploydeck.widgets.states import look
from deploydeck.widgets.text import Line, duration, visible

if TYPE_CHECKING:
    from deploydeck.deck import Prepared

MOST_PROBES = 6
MOST_TAIL = 12


def plan_lines(prepared: Prepared, expected: dict[str, float]) -> list[Line]:
    """Everything the plan says, before anything is done."""
    plan = prepared.plan
    verb = f"Roll back to {prepared.rollback_to.label}" if prepared.rollback_to else "Deploy"
    lines: list[Line] = [
        ((f"{verb}: ", "title"), (visible(f"{plan.environment} on {plan.target}"), "strong")),
        (("  where    ", "dim"), (visible(plan.target_identity), "dim")),
        (("  address  ", "dim"), (visible(plan.url or "none known before it runs"), "accent")),
    ]
    if prepared.git_sha:
        dirty = " with uncommitted changes" if prepared.git_dirty else ""
        lines.append((("  source   ", "dim"), (f"commit {visible(prepared.git_sha[:12])}{dirty}", "warn" if dirty else "")))
    if plan.previous_release:
        lines.append((("  now live ", "dim"), (visible(plan.previous_release), "")))
    lines += [((f"! {visible(warning)}", "warn"),) for warning in plan.warnings]
    lines += [(), (("What happens", "title"),)]
    lines += [
        (
            ("  ", ""),
            look(item.action),
            (f" {visible(item.kind)} ", "dim"),
            (visible(item.name), "strong"),
            (f"  {visible(item.detail)}", "dim"),
        )
        for item in plan.items
    ]
    lines += [(), (("Variables", "title"), ("  by name and fingerprint, never by value", "dim"))]
    lines += [
        (
            ("  ", ""),
            look(one.change),
            (f" {visible(one.name)}", "strong"),
            (f"  {visible(one.fingerprint)}{'  secret' if one.secret else ''}", "dim"),
            (f"  from {visible(one.source)}" if one.source else "", "dim"),
        )
        for one in plan.variables
    ] or [(("  none", "dim"),)]
    lines += [((f"  ✗ {visible(name)}", "warn"), ("  has no value anywhere", "")) for name in prepared.resolved.missing]
    lines += [(), (("Steps", "title"),)]
    for number, step in enumerate(plan.steps, 1):
        known = expected.get(step.name)
        lines.append(
            ((f"  {number:>2} ", "dim"), (visible(step.title), ""), (f"  about {duration(known)}" if known else "", "dim"))
        )
        if step.command:
            lines.append(((f"     $ {visible(step.command)}", "dim"),))
    return lines


def step_rows(steps: Sequence[Step], now: datetime) -> list[Row]:
    """One row a step: state, title, elapsed, what is left when earlier runs tell."""
    return [
        Row(
            step.name,
            (
                look(step.state),
                visible(step.title) + (f" (attempt {step.attempt})" if step.attempt > 1 else ""),
                (duration(elapsed_s(step, now)), ""),
                (left(step, now), "dim"),
            ),
        )
        for step in steps
    ]


def elapsed_s(step: Step, now: datetime) -> float | None:
    """Seconds a step has taken so far; None before it began."""
    if step.started_at is None or step.state is StepState.PENDING:
        return None
    return max(((step.ended_at or now) - step.started_at).total_seconds(), 0.0)


def left(step: Step, now: datetime) -> str:
    """What is left of a step, only from the median of earlier runs; never invented."""
    if step.expected_s is None:
        return ""
    if step.state is StepState.PENDING:
        return f"about {duration(step.expected_s)}"
    if step.state is not StepState.RUNNING:
        return ""
    rest = step.expected_s - (elapsed_s(step, now) or 0.0)
    return f"{duration(rest)} left" if rest > 0 else f"usually {duration(step.expected_s)}"


def progress(text: str, done: float, total: float, unit: str) -> str:
    """`▇▇▇▇░░ 12/40 files` for work of known size."""
    share = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
    filled = round(share * 10)
    return f"{'▇' * filled}{'░' * (10 - filled)} {done:g}/{total:g} {unit} {text}".rstrip()


def headline(deployment: Deployment, release: str, now: datetime) -> Line:
    """The line above the steps."""
    began = deployment.started_at or deployment.created_at
    took = duration(((deployment.completed_at or now) - began).total_seconds())
    spans = [
        look(deployment.state),
        (f"  {visible(release)} {visible(deployment.environment)} on {visible(deployment.target)}", "strong"),
        (f"  {took}", "dim"),
    ]
    if deployment.application_url and deployment.state.succeeded:
        spans += [("  ", ""), (visible(deployment.application_url), "accent")]
    elif deployment.cancel and not deployment.state.terminal:
        spans.append((f"  {deployment.cancel} requested", "warn"))
    return tuple(spans)


def step_lines(step: Step | None, deployment: Deployment, working: str = "") -> list[Line]:
    """The exact command of the focused step, how it ended, and, when the deployment failed, why."""
    lines: list[Line] = []
    if step is not None:
        lines.append((("$ ", "accent"), (visible(step.command or "no command: an observation"), "")))
        if working:
            lines.append(((visible(working), "accent"),))
        if step.cause is not None:
            lines += cause_lines(step.cause)
    if deployment.pause is not None:
        lines += cause_lines(deployment.pause)
    if deployment.cause is not None and (step is None or step.cause is None):
        lines += cause_lines(deployment.cause)
    if deployment.health is not None and deployment.health.health != "healthy":
        lines += health_lines(deployment.health)
    lines += [((f"! {visible(warning)}", "warn"),) for warning in deployment.warnings]
    return lines


def cause_lines(cause: Cause) -> list[Line]:
    """What, why, what to do, and the evidence."""
    lines: list[Line] = [(("✗ ", "bad"), (visible(cause.what), "strong"))]
    if cause.why:
        lines += [((f"  {visible(part)}", ""),) for part in cause.why.splitlines()[:8]]
    if cause.hint:
        lines.append((("  → ", "accent"), (visible(cause.hint), "")))
    lines += [((f"  │ {visible(line)}", "dim"),) for line in cause.evidence[-MOST_TAIL:]]
    return lines


def health_lines(health: HealthStatus) -> list[Line]:
    """The evidence of a health gate: probes, the platform's view, the last lines of the program."""
    lines: list[Line] = [(("Health: ", "dim"), look(health.health), (f"  {visible(health.reason)}", ""))]
    if health.liveness is not None:
        alive = health.liveness
        words = ["runs" if alive.running else "does not run"]
        if alive.exit_code is not None:
            words.append(f"exit code {alive.exit_code}")
        if alive.oom_killed:
            words.append("killed: out of memory")
        if alive.restarts:
            words.append(f"{alive.restarts} restarts")
        detail = f" ({visible(alive.detail)})" if alive.detail not in ("", "running", "exited") else ""
        lines.append(((f"  platform: {', '.join(words)}{detail}", ""),))
    if len(health.probes) > MOST_PROBES:
        lines.append(((f"  {len(health.probes) - MOST_PROBES} earlier probes", "dim"),))
    for probe in health.probes[-MOST_PROBES:]:
        answer = f"{probe.status}" if probe.status is not None else visible(probe.error or "no answer")
        lines.append(
            ((f"  {'✓' if probe.ok else '✗'} {probe.at:%H:%M:%S} {visible(probe.url)} → {answer} in {probe.elapsed_s:.2f}s", ""),)
        )
    lines += [((f"  │ {visible(line)}", "dim"),) for line in health.log_tail[-MOST_TAIL:]]
    return lines
