"""The command face: one thin module a command, imported only when it runs.

This package and what it imports at its top must stay free of pydantic, Textual, SQLAlchemy and every SDK: `--help` and `--version`
pay for nothing they do not use (tests/test_import_hygiene.py).
"""

from deploydeck.cli.main import main

__all__ = ["main"]
