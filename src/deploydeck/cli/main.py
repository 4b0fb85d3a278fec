"""From argv to an exit code: finds the command, imports its module, turns every ending into text and a number."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from deploydeck import __version__
from deploydeck.cli.errors import EXIT_BY_CODE, EXIT_DEFECT, EXIT_INTERRUPTED, EXIT_PIPE, UsageError, report, report_defect
from deploydeck.cli.output import Output, soften_encoding
from deploydeck.cli.table import BY_NAME, COMMANDS, Command


class Parser(argparse.ArgumentParser):
    """argparse, except that a mistake is an exception like any other error here."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message[:1].upper() + message[1:] + ".", f"See `{self.prog} --help`.")


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """The parser of all commands, or of one: nobody who opens the screens waits for the options of the others."""
    parser = Parser(
        prog="deploydeck",
        usage="deploydeck [DIR]\n       deploydeck COMMAND …",
        description="A deployment control center in the terminal. Without a command it opens the screens.",
        epilog="`deploydeck COMMAND --help` says more about one. Every command but open, worker and completions takes --json.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"deploydeck {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", title="commands", parser_class=Parser)
    for command in COMMANDS if only is None else (BY_NAME[only],):
        _add(commands.add_parser(command.name, help=command.summary, **_texts(command)), command)
    return parser


def _texts(command: Command) -> dict[str, Any]:
    return {
        "description": textwrap.fill(command.description, 78),
        "epilog": "examples:\n" + "\n".join(f"  {example}" for example in command.examples),
        "formatter_class": argparse.RawDescriptionHelpFormatter,
        "allow_abbrev": False,
    }


def _add(parser: argparse.ArgumentParser, command: Command) -> None:
    for argument in command.all_arguments:
        parser.add_argument(*argument.names, help=argument.help, **argument.options)


def main(argv: Sequence[str]) -> int:
    """Run one command line. Returns the exit code; writes to standard output and standard error only."""
    soften_encoding()
    as_json = "--json" in argv[: argv.index("--")] if "--" in argv else "--json" in argv  # what follows belongs to a command
    try:
        return _run(list(argv), as_json)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit does not complain
        return EXIT_PIPE
    except UsageError as error:
        report(error.code, error.what, error.why, error.hint, as_json=as_json)
        return EXIT_BY_CODE[error.code]
    except Exception as error:  # noqa: BLE001 - the last line of defence: a traceback never reaches a screen
        return _failed(error, as_json)


def _failed(error: Exception, as_json: bool) -> int:
    from deploydeck.domain import DeployDeckError

    if isinstance(error, DeployDeckError):
        report(error.code, error.what, error.why, error.hint, as_json=as_json)
        return EXIT_BY_CODE.get(error.code, 1)
    report_defect(error, as_json=as_json)
    return EXIT_DEFECT


def _run(argv: list[str], as_json: bool) -> int:
    try:
        argv = _with_command(argv)
        args = build_parser(argv[0] if argv[0] in BY_NAME else None).parse_args(argv)
    except SystemExit as stop:  # --help and --version
        sys.stdout.flush()
        return int(stop.code or 0)
    command = BY_NAME[args.command]
    out = Output(json=as_json)
    ending = importlib.import_module(command.module).run(args, out)
    if not isinstance(ending, int):
        import asyncio  # half of the time that a plain command needs to start

        ending = asyncio.run(ending)
    out.status("")
    return int(ending)


def _with_command(argv: list[str]) -> list[str]:
    """`deploydeck` and `deploydeck DIR` mean `open`; a mistyped command is answered with the nearest one."""
    if not argv:
        return ["open"]
    first = argv[0]
    if first.startswith("-") or first in BY_NAME:
        return argv
    if Path(first).exists() or "/" in first:
        return ["open", *argv]
    import difflib

    near = difflib.get_close_matches(first, BY_NAME, n=1)
    hint = f"Did you mean `deploydeck {near[0]}`?" if near else "`deploydeck --help` lists the commands."
    raise UsageError(f"{first!r} is neither a command nor a directory.", hint)
