"""How bad an advisory is, in the words people know: critical, high, medium, low, none; `unknown` when nobody rated it.

CVSS v3 base scores are computed from their vectors. v4 needs a table of 270 judgements and v2 is rated differently by everybody:
for these the word of the database counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

RATINGS = ("unknown", "none", "low", "medium", "high", "critical")
"""From the least to the worst."""
_WORDS = {"moderate": "medium", "important": "high", "negligible": "low", **{word: word for word in RATINGS}}

_METRICS: Mapping[str, Mapping[str, float]] = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "PR": {"N": 0.85, "L": 0.62, "H": 0.27},
    "UI": {"N": 0.85, "R": 0.62},
    "S": {"U": 0.0, "C": 1.0},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_PRIVILEGES_CHANGED = {"N": 0.85, "L": 0.68, "H": 0.5}
_BANDS = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))


def base_score(vector: str) -> float | None:
    """The CVSS 3.0 or 3.1 base score (0..10) of a vector; None when it is no complete v3 vector.

    Source: FIRST, "Common Vulnerability Scoring System version 3.1: Specification Document", sections 7.1 (equations), 7.4 (metric
    values) and appendix A (Roundup on integers).
    """
    head, _, rest = vector.strip().partition("/")
    if head not in ("CVSS:3.0", "CVSS:3.1"):
        return None
    said = dict(part.partition(":")[::2] for part in rest.split("/"))
    if any(said.get(metric, "") not in values for metric, values in _METRICS.items()):
        return None
    value = {metric: values[said[metric]] for metric, values in _METRICS.items()}
    changed = said["S"] == "C"
    privileges = _PRIVILEGES_CHANGED[said["PR"]] if changed else value["PR"]
    base = 1 - (1 - value["C"]) * (1 - value["I"]) * (1 - value["A"])
    impact = 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15 if changed else 6.42 * base
    if impact <= 0:
        return 0.0
    exploitability = 8.22 * value["AV"] * value["AC"] * privileges * value["UI"]
    return _round_up(min((1.08 if changed else 1.0) * (impact + exploitability), 10.0))


def _round_up(value: float) -> float:
    whole = round(value * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (math.floor(whole / 10_000) + 1) / 10


def rating(score: float) -> str:
    """The word for a score (section 5 of the specification)."""
    return next((word for least, word in _BANDS if score >= least), "none")


def worst(ratings: Iterable[str]) -> str:
    """The worst of some ratings; `unknown` only when there is no other."""
    return max(ratings, key=RATINGS.index, default="unknown")


def rate(vectors: Iterable[str], words: Iterable[str]) -> str:
    """The rating that CVSS vectors give, else the worst of the words that databases use (`MODERATE`), else `unknown`."""
    scores = [score for vector in vectors if (score := base_score(vector)) is not None]
    if scores:
        return rating(max(scores))
    return worst(known for word in words if (known := _WORDS.get(word.strip().lower(), "")))
