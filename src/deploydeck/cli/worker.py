"""Runs the worker in this process."""

from __future__ import annotations

import argparse
import os

from deploydeck.cli.output import Output

FOREVER_S = "1e9"


def run(args: argparse.Namespace, _out: Output) -> int:
    if args.keep:
        os.environ["DEPLOYDECK_WORKER__IDLE_EXIT_S"] = FOREVER_S
    from deploydeck.worker import run_worker

    return run_worker()
