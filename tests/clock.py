"""Bounds on what a call may cost that hold on a slow, busy or traced machine: work is counted, not waiting.

A bound is given in seconds of the machine it was measured on. It is compared with the processor time of this thread (what other
processes do does not count), without the coverage tracer (it makes Python several times slower, C not at all). A call that exceeds
it even so is compared once more with the bound times the slowness of this machine, which a fixed piece of work tells.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

YARDSTICK_S = 0.036
"""Seconds that `_yardstick` takes on the machine the bounds were measured on (two cores, CPython 3.11): median of 21."""
TRIES = 3
PATIENCE_S = 80.0
"""How long a test waits for what is certain to come, where nothing is asked of how soon: only a hang takes so long."""


def quick(call: Callable[[], T], seconds: float) -> T:
    """What `call` returns; it must cost at most `seconds`. A first attempt that is too dear is repeated: noise only ever adds."""
    costs: list[float] = []
    with untraced():
        for _ in range(TRIES):
            began = time.thread_time()
            result = call()
            costs.append(time.thread_time() - began)
            if costs[-1] <= seconds:
                return result
        slowness = max(1.0, min(_yardstick() for _ in range(TRIES)) / YARDSTICK_S)
    cost = min(costs)
    assert cost <= seconds * slowness, f"it took {cost:.2f} s, {seconds} s are allowed and this machine is {slowness:.1f} x as slow"
    return result


@contextmanager
def untraced() -> Iterator[None]:
    """Without the tracer of coverage, in this thread: for work of which only the cost or the end is asked, thousands of times."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


def _yardstick() -> float:
    """Seconds of a fixed piece of work like that of a parser: a loop, dictionaries, slices, regular expressions."""
    began = time.thread_time()
    text = "alpha = beta.gamma('delta', 12)\n" * 4_000
    found: dict[str, int] = {}
    for number, match in enumerate(re.finditer(r"([a-z]+)\s*[=.(]", text * 4)):
        found[match[1] + str(number % 97)] = found.get(match[1], 0) + number
    for start in range(0, len(text), 2):
        if text[start : start + 5] == "alpha":
            found["alpha"] = start
    return time.thread_time() - began
