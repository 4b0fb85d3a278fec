"""Completion scripts, made from the table of commands. Nothing in them runs DeployDeck: a shell completes at once."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from deploydeck.cli.output import Output
from deploydeck.cli.table import COMMANDS, Argument, Command

_WORDS = {"environment": ("development", "staging", "production"), "target": ("docker", "process")}


def run(args: argparse.Namespace, out: Output) -> int:
    out.raw(SHELLS[args.shell]())
    return 0


def _flags(command: Command) -> list[str]:
    return [name for argument in command.all_arguments if not argument.positional for name in argument.names] + ["--help"]


def _words(argument: Argument) -> tuple[str, ...]:
    return tuple(argument.options.get("choices", ())) or argument.words or _WORDS.get(argument.completes, ())


def _takes_value(argument: Argument) -> bool:
    return argument.options.get("action") != "store_true" and not argument.positional


def _positional(command: Command) -> Argument | None:
    return next((argument for argument in command.arguments if argument.positional), None)


def bash() -> str:
    cases, values = [], []
    for command in COMMANDS:
        place = _positional(command)
        words = " ".join((*_flags(command), *(_words(place) if place else ())))
        directories = "d" if place and place.completes == "directory" else ""
        cases.append(f'    {command.name}) words="{words}"; directories="{directories}" ;;')
        for argument in command.arguments:
            if _takes_value(argument):
                names = "|".join(f"{command.name}:{name}" for name in argument.names)
                kind = (
                    'compgen -d -- "$cur"'
                    if argument.completes == "directory"
                    else f'compgen -W "{" ".join(_words(argument))}" -- "$cur"'
                )
                values.append(f"    {names}) COMPREPLY=($({kind})); return ;;")
    names = " ".join(command.name for command in COMMANDS)
    return "\n".join(
        (
            "# bash completion for deploydeck",
            "_deploydeck() {",
            "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} words directories",
            "  COMPREPLY=()",
            '  if [ "$COMP_CWORD" -eq 1 ]; then',
            f'    COMPREPLY=($(compgen -W "{names} --help --version" -- "$cur") $(compgen -d -- "$cur")); return',
            "  fi",
            '  case "$command:$prev" in',
            *values,
            "  esac",
            '  case "$command" in',
            *cases,
            "    *) return ;;",
            "  esac",
            '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
            '  if [ -n "$directories" ]; then COMPREPLY+=($(compgen -d -- "$cur")); fi',
            "}",
            "complete -o filenames -F _deploydeck deploydeck",
            "",
        )
    )


def zsh() -> str:
    lines = ["#compdef deploydeck", "", "_deploydeck() {", "  local -a commands", "  commands=("]
    lines += [f"    {_single(f'{command.name}:{command.summary}')}" for command in COMMANDS]
    lines += [
        "  )",
        "  if (( CURRENT == 2 )); then",
        "    _describe command commands",
        "    _files -/",
        "    return",
        "  fi",
        "  local command=$words[2]",
        "  shift words; (( CURRENT-- ))",
        "  case $command in",
    ]
    for command in COMMANDS:
        specs = " ".join(_single(spec) for argument in command.all_arguments for spec in _zsh_specs(argument))
        lines.append(f"    {command.name}) _arguments {specs} ;;")
    lines += [
        "  esac",
        "}",
        "",
        'if [ "$funcstack[1]" = "_deploydeck" ]; then _deploydeck "$@"; else compdef _deploydeck deploydeck; fi',
        "",
    ]
    return "\n".join(lines)


def _zsh_specs(argument: Argument) -> list[str]:
    words = f"({' '.join(_words(argument))})" if _words(argument) else " "
    action = (
        words
        if argument.completes != "directory"
        else "_files -/"
        if words == " "
        else f'_alternative "w:word:{words}" "d:directory:_files -/"'
    )
    label = argument.help.split(":")[0].replace("[", "(").replace("]", ")")
    if argument.positional:
        return [f":{argument.names[0]}:{action}"]
    tail = f":value:{action}" if _takes_value(argument) else ""
    return [f"{name}[{label}]{tail}" for name in argument.names]


def fish() -> str:
    lines = ["# fish completion for deploydeck", "complete -c deploydeck -f"]
    none = "not __fish_seen_subcommand_from " + " ".join(command.name for command in COMMANDS)
    lines.append(f"complete -c deploydeck -n {_single(none)} -a '(__fish_complete_directories)'")
    lines.append(f"complete -c deploydeck -n {_single(none)} -l version -d 'Show the version'")
    for command in COMMANDS:
        lines.append(f"complete -c deploydeck -n {_single(none)} -a {command.name} -d {_single(command.summary)}")
        seen = _single(f"__fish_seen_subcommand_from {command.name}")
        for argument in command.all_arguments:
            words = _words(argument)
            places = ("(__fish_complete_directories)",) if argument.completes == "directory" else ()
            offered = _single(" ".join((*words, *places))) if words or places else ""
            if argument.positional:
                lines += [f"complete -c deploydeck -n {seen} -a {offered}"] if offered else []
                continue
            names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in argument.names)
            value = " -x" + (f" -a {offered}" if offered else "") if _takes_value(argument) else ""
            lines.append(f"complete -c deploydeck -n {seen} {names}{value} -d {_single(argument.help)}")
    return "\n".join((*lines, ""))


def _single(text: str) -> str:
    """The text in single quotes, as bash, zsh and fish all read it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "'\\''") + "'"


SHELLS: dict[str, Callable[[], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
