"""Times, durations and states as people read them."""

from __future__ import annotations

from datetime import datetime

from deploydeck.cli.output import Styled
from deploydeck.domain import Deployment, DeploymentState, Health, utc_now


def duration(seconds: float | None) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`, `4 d 3 h`; a dash when unknown."""
    if seconds is None:
        return "-"
    if seconds < 10:
        return f"{max(seconds, 0.0):.1f} s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def age(moment: datetime | None) -> str:
    """How long ago, in one unit: `now`, `40 s`, `12 min`, `5 h`, `3 d`."""
    if moment is None:
        return "-"
    seconds = int((utc_now() - moment).total_seconds())
    if seconds < 5:
        return "now"
    for limit, size, unit in ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h")):
        if seconds < limit:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86400} d"


def took_s(deployment: Deployment) -> float | None:
    """Seconds from the start of the work to its end; None while it runs or when it never began."""
    if deployment.started_at is None or deployment.completed_at is None:
        return None
    return (deployment.completed_at - deployment.started_at).total_seconds()


def state_word(state: DeploymentState) -> Styled:
    """A deployment's state in words."""
    word = state.value.replace("_", " ")
    if state.succeeded:
        return Styled(word, "good" if state is DeploymentState.SUCCEEDED else "warn")
    if state in (DeploymentState.CANCELED, DeploymentState.SUPERSEDED, DeploymentState.PAUSED):
        return Styled(word, "warn")
    return Styled(word, "bad" if state.terminal else "info")


_HEALTH_STYLES = {Health.HEALTHY: "good", Health.UNHEALTHY: "bad", Health.UNKNOWN: "warn"}


def health_word(health: Health) -> Styled:
    return Styled(health.value, _HEALTH_STYLES[health])
