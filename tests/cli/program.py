"""The real program, argv to exit code, whose only target is the pretend one. Run as a script; its workers are this script too."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import deploydeck.deck as deck_module
import deploydeck.deploy.engine as engine
import deploydeck.targets as targets
import deploydeck.worker as worker
from deploydeck.cli import main
from deploydeck.deploy import worker_status
from deploydeck.deploy.tools import Timing
from deploydeck.settings import Paths, default_paths
from deploydeck.targets.fake import FakeTarget
from tests.deploy.bench import FAST, asking


def install(put: Callable[[Any, str, Any], None] = setattr) -> None:
    """Put the pretend target, its prober and short waits in the place of the real ones; `put` is setattr or monkeypatch.setattr."""
    kinds = dict(targets.TARGETS)
    kinds["fake"] = targets.TargetKind("deploydeck.targets.fake", "FakeTarget", FakeTarget.capabilities)
    put(targets, "TARGETS", kinds)
    prober = asking(default_paths())
    put(targets, "probe", prober)
    plain_tools = worker._tools

    @asynccontextmanager
    async def tools(deck: deck_module.Deck, _prober: Any = None, timing: Timing | None = None) -> AsyncIterator[Any]:
        async with plain_tools(deck, prober, timing or FAST) as made:
            yield made

    put(worker, "_tools", tools)
    put(engine, "ensure_worker", ensure_worker)


def ensure_worker(paths: Paths) -> int | None:
    """As the real one, but the worker is this script."""
    if worker_status(paths).running:
        return None
    with open(paths.data / "worker.log", "a") as log:
        arguments = [sys.executable, "-m", "tests.cli.program", "worker"]
        devnull = subprocess.DEVNULL
        return subprocess.Popen(arguments, env=os.environ, stdin=devnull, stdout=log, stderr=log, start_new_session=True).pid


if __name__ == "__main__":
    install()
    sys.exit(main(sys.argv[1:]))
