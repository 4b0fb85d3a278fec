"""The pages of docs/ that are made from the code: commands, keys, settings. `make docs` writes them, a test keeps them current."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from deploydeck.actions import ACTIONS, SCREENS
from deploydeck.cli.table import COMMANDS, EXIT_MEANINGS, Argument, Command
from deploydeck.settings import PROJECT_SECTIONS, json_schema

_MADE = "<!-- Made by `make docs`; do not edit. -->"

_COMMANDS_INTRO = """\
# Commands

`deploydeck` alone opens the screens on the current directory, `deploydeck DIR` on another one. Every command does
without a screen what a screen does, with the same core.
""".split("\n")

_EVERY_COMMAND = """\
## For every command

- **Output**: into a pipe it is plain: no colour, no passing line, nothing cut to a width. `NO_COLOR` and `TERM=dumb`
  turn colour off on a terminal too. Control characters in names, logs and files are removed before they are shown.
- **`--json`**: standard output holds JSON and nothing else, in ASCII: one document, or one object per line where the
  command streams.
- **Errors** go to standard error: what happened, why, what to do. With `--json` as one line
  `{"error": {"code", "what", "why", "hint"}}`; a `code` never changes its meaning.
- **Questions**: only on a terminal, only without `--yes`. Without a terminal a command that would ask ends with 2.
- **Ctrl-C** while a deployment is followed asks: leave it running (default), cancel it, or roll back. Without a terminal
  it never cancels: the command says how to attach again and ends with 130.
- **Where things are**: `DEPLOYDECK_HOME` (database, logs, releases) and `DEPLOYDECK_CONFIG` (config.toml) replace the
  usual directories.
""".split("\n")

_SETTINGS_INTRO = """\
# Settings

Order: defaults, then `config.toml` (yours), then `deploydeck.toml` (the project's), then `DEPLOYDECK_*` variables. A
variable names a setting by its path: `DEPLOYDECK_WORKER__IDLE_EXIT_S=5` sets `worker.idle_exit_s`. A key that does not
exist is an error that names the nearest one. `deploydeck settings` shows what is in force; `deploydeck settings --schema`
writes the JSON Schema.
""".split("\n")


def commands_page() -> str:
    """docs/commands.md."""
    lines = [
        _MADE,
        *_COMMANDS_INTRO,
        "| command | does |",
        "|---|---|",
        *(f"| [{command.name}](#{command.name}) | {_cell(command.summary)} |" for command in COMMANDS),
        "",
        *_EVERY_COMMAND,
        "## Exit codes",
        "",
        "| code | meaning |",
        "|--:|---|",
        *(f"| {code} | {_cell(meaning)} |" for code, meaning in EXIT_MEANINGS),
        "",
    ]
    for command in COMMANDS:
        lines += _command(command)
    return "\n".join(lines)


def _command(command: Command) -> Iterator[str]:
    yield f"## {command.name}"
    yield ""
    yield f"    deploydeck {command.name}{''.join(f' {_usage(argument)}' for argument in command.all_arguments)}"
    yield ""
    yield textwrap.fill(command.description, 118, break_on_hyphens=False)
    yield ""
    yield "| argument | meaning |"
    yield "|---|---|"
    for argument in command.arguments:
        yield f"| {_names(argument)} | {_cell(argument.help)} |"
    if command.json:
        yield f"| `--json` | {_cell(command.json)} |"
    yield ""
    for example in command.examples:
        yield f"    {example}"
    yield ""


def _usage(argument: Argument) -> str:
    if argument.positional:
        name = _metavar(argument)
        return f"[{name}]" if argument.options.get("nargs") == "?" else name
    return f"[{_with_value(argument, argument.names[0])}]"


def _names(argument: Argument) -> str:
    if argument.positional:
        return f"`{_metavar(argument)}`"
    return ", ".join(f"`{_with_value(argument, name)}`" for name in argument.names)


def _with_value(argument: Argument, name: str) -> str:
    return name if argument.options.get("action") == "store_true" else f"{name} {_metavar(argument)}"


def _metavar(argument: Argument) -> str:
    return str(argument.options.get("metavar") or "|".join(argument.options.get("choices", ())) or argument.names[0])


def settings_page() -> str:
    """docs/settings.md, from the schema."""
    schema = json_schema()
    lines = [
        _MADE,
        *_SETTINGS_INTRO,
        "`deploydeck.toml` may hold what describes the project: "
        + ", ".join(f"`{name}`" for name in sorted(PROJECT_SECTIONS))
        + ".",
        "Everything else belongs to the person and stands in `config.toml` only.",
        "",
        "## Top level",
        "",
        *_HEAD,
    ]
    sections: list[tuple[str, dict[str, Any]]] = []
    for name, field in schema["properties"].items():
        section = _section(schema, field)
        if section is None:
            lines.append(_setting(name, field))
        else:
            table = f"[{name}.NAME]" if field.get("type") == "object" else f"[{name}]"
            sections.append((table, section))
    for table, section in sections:
        lines += ["", f"## {table}", ""]
        if section.get("description"):
            lines += [" ".join(section["description"].split()), ""]
        lines += [*_HEAD, *(_setting(name, field) for name, field in section["properties"].items())]
    return "\n".join((*lines, ""))


_HEAD = ("| setting | type | default | meaning |", "|---|---|---|---|")


def _section(schema: dict[str, Any], field: dict[str, Any]) -> dict[str, Any] | None:
    """The section a top-level field leads to, directly or by name (environments)."""
    by_name: dict[str, Any] = next(iter(field.get("patternProperties", {}).values()), {})
    reference = field.get("$ref") or by_name.get("$ref")
    if reference is None:
        return None
    section: dict[str, Any] = schema["$defs"][reference.rpartition("/")[2]]
    return section


def _setting(name: str, field: dict[str, Any]) -> str:
    default = field.get("default")
    shown = "" if default in (None, "", [], {}) else f"`{str(default).lower() if isinstance(default, bool) else default}`"
    return f"| `{name}` | {_type(field)} | {shown} | {_cell(field.get('description', ''))} |"


def _type(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return next(_type(kind) for kind in field["anyOf"] if kind.get("type") != "null")
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}"
    if field.get("type") == "object":
        return f"table of {_type(field.get('additionalProperties') or {})}"
    limits = [f"{sign} {field[key]:g}" for key, sign in _LIMITS.items() if key in field]
    return " ".join((field.get("type", "any"), *([f"({', '.join(limits)})"] if limits else [])))


_LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def keys_page() -> str:
    """docs/keys.md, from the table of actions."""
    lines = [_MADE, "# Keys", "", *_KEYS_INTRO]
    scopes = {"app": "Everywhere", "pane": "In any pane"} | {name: f"{number} {title}" for name, (number, title) in SCREENS.items()}
    for action in ACTIONS:
        scopes.setdefault(action.scope, action.scope.capitalize())
    for scope, title in scopes.items():
        actions = [action for action in ACTIONS if action.scope == scope]
        if not actions:
            continue
        lines += [f"## {title}", "", "| key | action | does |", "|---|---|---|"]
        lines += [f"| {_keys(action.key)} | `{action.id}` | {_cell(action.help)} |" for action in actions]
        lines.append("")
    return "\n".join(lines)


_KEYS_INTRO = """\
Every action is in the palette (`ctrl+p`) with its key. To rebind one, name it in `config.toml`:

    [keys]
    "review.accept" = "space"

A clash is reported at start, and the usual keys stay in force.
""".split("\n")


def _keys(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(",")) if names else "palette"


def scan_schema() -> str:
    """docs/scan.schema.json: what `deploydeck scan --json` prints."""
    from deploydeck.scan.document import ScanDocument

    return json.dumps(ScanDocument.model_json_schema(mode="serialization"), indent=1) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "keys.md": keys_page,
    "settings.md": settings_page,
    "scan.schema.json": scan_schema,
}


def write_pages(to: Path) -> None:
    """Write every page into a directory."""
    to.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (to / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
