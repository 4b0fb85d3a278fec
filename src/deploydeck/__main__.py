"""`python -m deploydeck`, and the entry point of the installed command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        from deploydeck.cli import main as run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before or after anything of ours could answer it
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
