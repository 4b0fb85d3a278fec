"""The environments that pipelines pass a change through and infrastructure is sized for: the same ones, from one rule."""

from __future__ import annotations

from deploydeck.settings import USUAL_ENVIRONMENTS, Settings


def environment_names(settings: Settings, environment: str = "") -> tuple[str, ...]:
    """In the order a change passes through them; the one at hand is always among them.

    They are those of the settings; with fewer than two there, the usual three belong to them: what generation itself writes down is
    only the one it was made for.
    """
    named = list(settings.environments)
    if len(named) < 2:
        named = [*USUAL_ENVIRONMENTS, *named]
    return tuple(sorted(dict.fromkeys((*named, *([environment] if environment else []))), key=_order))


def _order(name: str) -> tuple[float, str]:
    """Development first, production last, others just before production."""
    low = name.lower()
    return (float(USUAL_ENVIRONMENTS.index(low)) if low in USUAL_ENVIRONMENTS else 1.5, name)
