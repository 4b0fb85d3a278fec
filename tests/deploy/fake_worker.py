"""A real worker process whose only target is the fake one. Run as a script; the data directory comes from the environment.

With a number it dies by SIGKILL at that boundary, counted over everything that can be torn apart: before and after every effect on
the world, before and after every commit of the store (but for those that only tell of lines, progress and probes). `count` writes
what they are into `boundaries` beside the data. `serve` imports everything once and forks a worker for each line it reads: a JSON
list of the data directory and the arguments; it answers with the exit code.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import deploydeck.deck as deck_module
import deploydeck.targets as targets
import deploydeck.worker as worker
from deploydeck.deploy.tools import Timing
from deploydeck.domain import EventKind
from deploydeck.settings import default_paths
from deploydeck.store import Database, Deployments
from deploydeck.targets.fake import FakeTarget
from tests.deploy.bench import FAST, asking

NEWS = (EventKind.LOG, EventKind.PROGRESS, EventKind.PROBE)
_only_news: ContextVar[bool] = ContextVar("only_news", default=False)


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
            if not _only_news.get():
                boundaries.reached("before commit")
        if not _only_news.get():
            boundaries.reached("after commit")

    Database.write = write  # type: ignore[method-assign]
    plain_append = Deployments.append

    async def append(self: Deployments, deployment_id: str, kind: EventKind, *arguments: Any, **options: Any) -> None:
        token = _only_news.set(kind in NEWS)
        try:
            await plain_append(self, deployment_id, kind, *arguments, **options)
        finally:
            _only_news.reset(token)

    Deployments.append = append  # type: ignore[method-assign]
    for name in ("act", "undo"):
        plain = getattr(FakeTarget, name)

        async def effect(self: Any, step: Any, context: Any, plain: Any = plain, name: str = name) -> Any:
            boundaries.reached(f"before {name} {step.name}")
            result = await plain(self, step, context)
            boundaries.reached(f"after {name} {step.name}")
            return result

        setattr(FakeTarget, name, effect)
    plain_remove = FakeTarget.remove

    async def remove(self: Any, release: Any, config: Any) -> tuple[str, ...]:
        boundaries.reached("before remove")
        result = await plain_remove(self, release, config)
        boundaries.reached("after remove")
        return result

    FakeTarget.remove = remove  # type: ignore[method-assign]


def main(arguments: list[str]) -> int:
    paths = default_paths()
    kinds = dict(targets.TARGETS)
    kinds["fake"] = targets.TargetKind("deploydeck.targets.fake", "FakeTarget", FakeTarget.capabilities)
    targets.TARGETS = kinds
    plain_tools = worker._tools

    @asynccontextmanager
    async def tools(deck: deck_module.Deck, prober: Any = None, timing: Timing | None = None) -> AsyncIterator[Any]:
        async with plain_tools(deck, prober or asking(paths), timing or FAST) as made:
            yield made

    worker._tools = tools
    if arguments:
        names = (paths.data / "boundaries").open("a", encoding="utf-8")

        def report(number: int, name: str) -> None:
            names.write(f"{number} {name}\n")
            names.flush()

        guard(Boundaries(-1 if arguments[0] == "count" else int(arguments[0]), report))
    return worker.run_worker(paths)


def serve() -> None:
    import dbos  # noqa: F401 - what takes longest to import

    for line in sys.stdin:
        directory, *arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            log = os.open(os.path.join(directory, "worker.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.environ["DEPLOYDECK_HOME"] = directory
            os.environ["DEPLOYDECK_CONFIG"] = os.path.join(directory, "config")
            os._exit(main(arguments))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        sys.exit(main(sys.argv[1:]))
