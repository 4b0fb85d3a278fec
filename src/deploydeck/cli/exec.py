"""Runs a command in the copy that serves: the same as `run`, inside."""

from deploydeck.cli.run import run

__all__ = ["run"]
