"""A real worker process whose only target is the fake one. Run as a script; the data directory comes from the environment.

With an argument it dies by SIGKILL at that boundary, counted over everything that can be torn apart: before and after every effect
on the world, before and after every commit of the store. `count` writes how many there are into `boundaries` beside the data.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import deploydeck.deck as deck_module
import deploydeck.targets as targets
import deploydeck.worker as worker
from deploydeck.deploy.tools import Timing
from deploydeck.settings import default_paths
from deploydeck.store import Database
from deploydeck.targets.fake import FakeTarget
from tests.deploy.bench import FAST, asking


class Boundaries:
    """Counts boundaries; at the chosen one the process is gone, as with kill -9."""

    def __init__(self, at: int, report: Callable[[int, str], None]) -> None:
        self.at = at
        self.passed = 0
        self._report = report

    def reached(self, name: str) -> None:
        self.passed += 1
        self._report(self.passed, name)
        if self.passed == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def guard(boundaries: Boundaries) -> None:
    """Put a boundary around every commit and every effect."""
    plain_write = Database.write

    @asynccontextmanager
    async def write(self: Database) -> AsyncIterator[Any]:
        async with plain_write(self) as connection:
            yield connection
            boundaries.reached("before commit")
        boundaries.reached("after commit")

    Database.write = write  # type: ignore[method-assign]
    for name in ("act", "undo"):
        plain = getattr(FakeTarget, name)

        async def effect(self: Any, step: Any, context: Any, plain: Any = plain, name: str = name) -> Any:
            boundaries.reached(f"before {name} {step.name}")
            result = await plain(self, step, context)
            boundaries.reached(f"after {name} {step.name}")
            return result

        setattr(FakeTarget, name, effect)


def main(arguments: list[str]) -> int:
    paths = default_paths()
    kinds = dict(targets.TARGETS)
    kinds["fake"] = targets.TargetKind("deploydeck.targets.fake", "FakeTarget", FakeTarget.capabilities, offered=False)
    targets.TARGETS = kinds
    plain_tools = worker._tools

    @asynccontextmanager
    async def tools(deck: deck_module.Deck, prober: Any = None, timing: Timing | None = None) -> AsyncIterator[Any]:
        async with plain_tools(deck, prober or asking(paths), timing or FAST) as made:
            yield made

    worker._tools = tools  # type: ignore[assignment]
    if arguments:
        names = (paths.data / "boundaries").open("a", encoding="utf-8")

        def report(number: int, name: str) -> None:
            names.write(f"{number} {name}\n")
            names.flush()

        guard(Boundaries(-1 if arguments[0] == "count" else int(arguments[0]), report))
    return worker.run_worker(paths)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
