"""`python -m bench [NAME…]`: run the benchmarks and print one table a benchmark; exit 1 when a goal is missed."""

from __future__ import annotations

import importlib
import sys

NAMES = ("first_frame", "memory", "engine", "scan", "generate")


def main() -> int:
    missed = []
    for name in sys.argv[1:] or NAMES:
        if name not in NAMES:
            print(f"no benchmark {name!r}; there are: {', '.join(NAMES)}", file=sys.stderr)
            return 2
        if not importlib.import_module(f"bench.{name}").run():
            missed.append(name)
    if missed:
        print(f"goal missed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
