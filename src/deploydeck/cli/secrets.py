"""Keeps the values of variables, says what is needed and what is set. A value comes from a prompt or standard input, never argv."""

from __future__ import annotations

import argparse
import asyncio
import secrets as randomness
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from deploydeck.cli import prompt
from deploydeck.cli.errors import EXIT_INTERRUPTED, UsageError
from deploydeck.cli.format import age
from deploydeck.cli.open import directory
from deploydeck.cli.output import Output, Part, Styled
from deploydeck.cli.passphrase import new_passphrase, ready_to_keep, unlocking
from deploydeck.cli.session import open_deck
from deploydeck.deck import Deck, LiveRelease, Scanned
from deploydeck.domain import DeployDeckError
from deploydeck.store import local_account
from deploydeck.vault import (
    MAX_VALUE_BYTES,
    Compared,
    Need,
    Row,
    Scope,
    Told,
    check_name,
    check_value,
    compared,
    read_env_file,
    unset,
)

MOST_TYPED = 4095
"""A terminal cuts a longer line in silence."""


@dataclass(frozen=True)
class Asked:
    """What was asked, and what is needed to answer."""

    deck: Deck
    scanned: Scanned
    scope: Scope
    args: argparse.Namespace
    out: Output

    @property
    def names(self) -> Sequence[str]:
        names: Sequence[str] = self.args.names
        return names

    @property
    def where(self) -> str:
        return f"{self.scope.app} in {self.scope.environment}"


@dataclass(frozen=True)
class Action:
    """One action: how many names it takes, what they are, and which flags belong to it."""

    run: Callable[[Asked], Awaitable[int]]
    least: int = 0
    most: int | None = 0
    names: str = ""
    flags: tuple[str, ...] = ()


async def run(args: argparse.Namespace, out: Output) -> int:
    root = directory(args.dir)
    action = ACTIONS[args.action]
    _check(args, action)
    async with open_deck() as deck:
        scanned = await deck.scan(root)
        asked = Asked(deck, scanned, await deck.scope(scanned, args.env), args, out)
        if not out.json and (warning := scanned.settings.environment_warning(asked.scope.environment)):
            prompt.tell(f"warning: {warning}")
        return await action.run(asked)


def _check(args: argparse.Namespace, action: Action) -> None:
    given = len(args.names)
    if given < action.least or (action.most is not None and given > action.most):
        wanted = f"needs {action.names}" if action.names else "takes no name"
        raise UsageError(
            f"`secrets {args.action}` {wanted}.", "A value is never an argument: it is asked for, or read from standard input."
        )
    for flag in ("reveal", "generate", "to"):
        if getattr(args, flag) and flag not in action.flags:
            raise UsageError(f"--{flag} does not belong to `secrets {args.action}`.", "See `deploydeck secrets --help`.")
    if getattr(args, "to", None) and args.generate:
        raise UsageError("--to and --generate exclude each other.")


# --- looking ------------------------------------------------------------------------------------------------------------------


async def _list(asked: Asked) -> int:
    rows = await unlocking(asked.deck, partial(asked.deck.variables, asked.scanned, asked.args.env))
    state, out = asked.deck.secrets.state(), asked.out
    out.document(
        {
            "app": asked.scope.app,
            "environment": asked.scope.environment,
            "store": {"kind": state.title, "detail": state.detail},
            "variables": [_row_json(row) for row in rows],
            "missing": [row.name for row in rows if row.missing],
        }
    )
    out.line(Styled(asked.where, "bold"), f"  values are kept in: {state.title}", f" ({state.detail})" if state.detail else "")
    if not rows:
        out.line("It needs no variables, and none are set.")
        return 0
    out.table(("name", "", "source", "version", "age", "fingerprint"), map(_row_cells, rows))
    if missing := [row.name for row in rows if row.missing]:
        out.line()
        out.line(Styled("without a value", "warn"), f": {', '.join(missing)}")
    if idle := [row.name for row in rows if row.version and not row.source]:
        out.line()
        out.line(f"Set, and given to nobody: {', '.join(idle)}")
        out.line(f"  The program gets what it needs and what `secrets` of [environments.{asked.scope.environment}] names.")
    return 0


async def _diff(asked: Asked) -> int:
    left, right = asked.names
    sides: list[tuple[Row, ...]] = []
    for name in (left, right):
        sides.append(await unlocking(asked.deck, partial(asked.deck.variables, asked.scanned, name, overridden=False)))
    rows = compared(*sides)
    asked.out.document({"left": left, "right": right, "variables": [_compared_json(one) for one in rows]})
    if not rows:
        asked.out.line("Neither has a value for anything.")
        return 0
    words = {"same": "same", "different": "different", "left": f"only {left}", "right": f"only {right}"}
    styles = {"same": "dim", "different": "warn", "left": "bad", "right": "good"}
    asked.out.table(
        ("name", "", left, right),
        [(one.name, Styled(words[one.change], styles[one.change]), _side(one.left), _side(one.right)) for one in rows],
    )
    return 0


async def _versions(asked: Asked) -> int:
    (name,) = asked.names
    history = await _history(asked, name)
    live = {told.version.number: await _live(asked, name, told) for told in history}
    versions = [
        {**_told_json(told), "in_force": told is history[-1], "live": [_live_json(one) for one in live[told.version.number]]}
        for told in reversed(history)
    ]
    asked.out.document({"name": name, "environment": asked.scope.environment, "versions": versions})
    asked.out.table(
        ("version", "age", "by", "fingerprint", "live in"),
        [
            (
                f"{told.version.number}{' in force' if told is history[-1] else ''}",
                age(told.version.created_at),
                told.version.created_by or "-",
                told.fingerprint,
                ", ".join(map(_release, live[told.version.number])) or "-",
            )
            for told in reversed(history)
        ],
    )
    return 0


async def _get(asked: Asked) -> int:
    (name,) = asked.names
    out, yes = asked.out, asked.args.yes
    on_terminal = sys.stdout.isatty() and not out.json
    if asked.args.reveal and not yes and not (on_terminal and prompt.can_ask()):
        raise UsageError("A value is not written into a pipe or file.", "Add --yes when that is what you want.", code="needs-yes")
    told = (await _history(asked, name))[-1]
    reveal = asked.args.reveal and (yes or prompt.confirm(f"Show the value of {name} for {asked.where} on this terminal?"))
    shown = {"value": told.version.value} if reveal else {}
    out.document({"name": name, "environment": asked.scope.environment, **_told_json(told), **shown})
    if out.json:
        return 0
    if not asked.args.reveal:
        out.line(f"{name} is version {told.version.number}, set {_ago(told)}, fingerprint {told.fingerprint}.")
        out.line("--reveal shows the value.")
    elif not reveal:
        out.line("Not shown.")
        return EXIT_INTERRUPTED
    elif on_terminal:
        out.block(told.version.value)
    else:
        out.raw(f"{told.version.value}\n")
    return 0


# --- changing -----------------------------------------------------------------------------------------------------------------


async def _set(asked: Asked) -> int:
    (name,) = asked.names
    check_name(name)
    await ready_to_keep(asked.deck)
    value = await asyncio.to_thread(_value, asked, name)
    told = await _kept(asked, {name: value})
    asked.out.document({"name": name, "environment": asked.scope.environment, **_told_json(told[name])})
    asked.out.line(f"{name} of {asked.where} is version {told[name].version.number} now, fingerprint {told[name].fingerprint}.")
    await _say_if_unasked(asked, (name,))
    return 0


async def _rotate(asked: Asked) -> int:
    (name,) = asked.names
    history = await _history(asked, name)
    before = history[-1]
    await ready_to_keep(asked.deck)
    if asked.args.to is not None:
        told = await asyncio.to_thread(asked.deck.secrets.restore, asked.scope, name, asked.args.to, local_account())
    else:
        told = (await _kept(asked, {name: await asyncio.to_thread(_value, asked, name)}))[name]
    same = told.fingerprint == before.fingerprint
    live = () if same else await _live(asked, name, before)
    asked.out.document(
        {
            "name": name,
            "environment": asked.scope.environment,
            **_told_json(told),
            "previous": _told_json(before),
            "live": [_live_json(one) for one in live],
        }
    )
    asked.out.line(f"{name} of {asked.where} is version {told.version.number} now, fingerprint {told.fingerprint}.")
    if same:
        asked.out.line(Styled("The value is the one it had before.", "warn"))
    for one in live:
        asked.out.line(f"  {_release(one)} still uses version {before.version.number}, fingerprint {before.fingerprint}")
    if live:
        asked.out.line(f"Deploy, then retire the old value where it was issued: deploydeck deploy --env {asked.scope.environment}")
    return 0


async def _remove(asked: Asked) -> int:
    for name in asked.names:
        await _history(asked, name)
    names = ", ".join(asked.names)
    if not _agreed(asked, f"Forget {names} of {asked.where}, with all versions?"):
        return EXIT_INTERRUPTED
    await asyncio.to_thread(asked.deck.secrets.remove, asked.scope, asked.names)
    asked.out.document({"removed": list(asked.names), "environment": asked.scope.environment})
    asked.out.line(f"{names}: forgotten. Releases that are live keep what they were given.")
    return 0


async def _import(asked: Asked) -> int:
    label = asked.names[0]
    given = await asyncio.to_thread(read_env_file, Path(label).expanduser(), label)
    values = {name: value for name, value in given.items() if value}
    for name, value in values.items():
        check_name(name)
        check_value(name, value)
    await ready_to_keep(asked.deck)
    now = {name: await asyncio.to_thread(asked.deck.secrets.history, asked.scope, name) for name in values}
    prints = {name: asked.deck.secrets.fingerprint(name, value) for name, value in values.items()}
    changes = {
        name: "new" if not now[name] else "same" if now[name][-1].fingerprint == prints[name] else "changed" for name in values
    }
    empty = [name for name in given if name not in values]
    styles = {"new": "good", "changed": "warn", "same": "dim"}
    if values:
        asked.out.table(
            ("name", "", "fingerprint"), [(name, Styled(changes[name], styles[changes[name]]), prints[name]) for name in values]
        )
    if empty:
        asked.out.line(f"left out, without a value: {', '.join(empty)}")
    wanted = {name: value for name, value in values.items() if changes[name] != "same"}
    if wanted and not _agreed(asked, f"Keep {len(wanted)} of these for {asked.where}?"):
        return EXIT_INTERRUPTED
    told = await _kept(asked, wanted) if wanted else {}
    asked.out.document(
        {
            "environment": asked.scope.environment,
            "imported": [{"name": name, "change": changes[name], **_told_json(one)} for name, one in told.items()],
            "same": [name for name, change in changes.items() if change == "same"],
            "left_out": empty,
        }
    )
    asked.out.line(f"{len(told)} kept for {asked.where}; {label} is as it was." if told else "Nothing to keep.")
    await _say_if_unasked(asked, tuple(told))
    return 0


async def _passphrase(asked: Asked) -> int:
    if asked.deck.secrets.state().wants == "new":
        raise UsageError(
            "There is no encrypted file yet.", "It gets its passphrase with the first value: deploydeck secrets set NAME"
        )
    await ready_to_keep(asked.deck)
    if not prompt.can_ask_secretly():
        raise UsageError("There is no terminal to ask for the new passphrase.", code="no-terminal")
    await asyncio.to_thread(lambda: asked.deck.secrets.change_passphrase(new_passphrase()))
    asked.out.document({"changed": True})
    asked.out.line("The encrypted file has the new passphrase. Copies of the old file still open with the old one.")
    return 0


ACTIONS: dict[str, Action] = {
    "list": Action(_list),
    "set": Action(_set, 1, 1, "a NAME", ("generate",)),
    "get": Action(_get, 1, 1, "a NAME", ("reveal",)),
    "rm": Action(_remove, 1, None, "a NAME"),
    "import": Action(_import, 1, 1, "a FILE"),
    "diff": Action(_diff, 2, 2, "two environments"),
    "rotate": Action(_rotate, 1, 1, "a NAME", ("generate", "to")),
    "versions": Action(_versions, 1, 1, "a NAME"),
    "passphrase": Action(_passphrase),
}


# --- values -------------------------------------------------------------------------------------------------------------------


def _value(asked: Asked, name: str) -> str:
    """The new value. Blocking. Raises UsageError, DeployDeckError `secret-value`."""
    if asked.args.generate:
        return randomness.token_urlsafe(32)
    if sys.stdin.isatty():
        if not prompt.can_ask_secretly():
            raise UsageError("There is no terminal to ask on.", "Give the value on standard input.", code="no-terminal")
        value = prompt.ask_secretly(f"Value of {name} for {asked.where}:")
        if len(value.encode("utf-8", "replace")) >= MOST_TYPED:
            raise UsageError("A terminal cuts so long a line.", f"Give it on standard input: deploydeck secrets set {name} < FILE")
        return value
    content = sys.stdin.buffer.read(MAX_VALUE_BYTES + 3)
    try:
        return content.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise DeployDeckError("secret-value", f"This cannot be the value of {name}.", "It is not UTF-8 text.") from error


async def _kept(asked: Asked, values: dict[str, str]) -> dict[str, Told]:
    return await asyncio.to_thread(asked.deck.secrets.set, asked.scope, values, local_account())


async def _history(asked: Asked, name: str) -> tuple[Told, ...]:
    """The versions of a variable. Raises DeployDeckError `secret-unset` when there is none."""
    history = await unlocking(asked.deck, partial(asyncio.to_thread, asked.deck.secrets.history, asked.scope, name))
    if not history:
        raise unset(asked.scope, name)
    return history


async def _live(asked: Asked, name: str, told: Told) -> tuple[LiveRelease, ...]:
    return await asked.deck.live_with(asked.scanned, asked.scope, name, told.fingerprint)


def _agreed(asked: Asked, question: str) -> bool:
    """Whether to go on. Raises UsageError where nobody can be asked."""
    if asked.args.yes:
        return True
    if asked.out.json or not prompt.can_ask():
        raise UsageError("There is no terminal to ask on.", "Add --yes.", code="needs-yes")
    if prompt.confirm(question):
        return True
    asked.out.line("Nothing was changed.")
    return False


async def _say_if_unasked(asked: Asked, names: Sequence[str]) -> None:
    """Say of what was set that no deployment will use it. A project that cannot be deployed has nothing to be asked."""
    try:
        rows = await asked.deck.variables(asked.scanned, asked.args.env)
    except DeployDeckError:
        return
    environment = asked.scope.environment
    for row in rows:
        if row.name in names and row.need is not Need.NEEDED:
            asked.out.line(Styled("note", "warn"), f": the program is given {row.name} once it is named in deploydeck.toml:")
            asked.out.line(f'  [environments.{environment}] secrets = ["{row.name}"]')
        elif row.name in names and row.source not in ("keyring", "encrypted file"):
            asked.out.line(Styled("note", "warn"), f": {row.name} comes from {row.source} here, which goes before what is kept.")


# --- words --------------------------------------------------------------------------------------------------------------------


def _row_cells(row: Row) -> tuple[Part, ...]:
    source: Part = Styled("missing", "bad") if row.missing else row.source or "-"
    if row.missing and row.source:
        source = Styled(f"{row.source}: nothing there", "bad")
    version = str(row.version) if row.version else "-"
    return (row.name, Styled(row.need.value, "dim"), source, version, age(row.created_at), row.fingerprint or "-")


def _side(row: Row | None) -> str:
    if row is None:
        return "-"
    version = f" version {row.version}" if row.version else ""
    return f"{row.source or 'set, not used'}{version}  {row.fingerprint}"


def _ago(told: Told) -> str:
    made = age(told.version.created_at)
    return {"-": "by another program", "now": "now"}.get(made, f"{made} ago")


def _release(one: LiveRelease) -> str:
    return f"{one.release.label} on {one.release.target}"


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "need": row.need,
        "secret": row.secret,
        "source": row.source or None,
        "missing": row.missing,
        "version": row.version,
        "created_at": row.created_at,
        "created_by": row.created_by or None,
        "fingerprint": row.fingerprint or None,
    }


def _compared_json(one: Compared) -> dict[str, Any]:
    sides = {"left": one.left, "right": one.right}
    return {"name": one.name, "change": one.change, **{side: _row_json(row) if row else None for side, row in sides.items()}}


def _told_json(told: Told) -> dict[str, Any]:
    version = told.version
    made_by = version.created_by or None
    return {"version": version.number, "created_at": version.created_at, "created_by": made_by, "fingerprint": told.fingerprint}


def _live_json(one: LiveRelease) -> dict[str, Any]:
    return {"release": one.release.label, "target": one.release.target, "deployment": one.deployment.id}
