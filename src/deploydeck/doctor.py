"""Looks at everything DeployDeck uses on this machine and says what is missing and what to do about it.

Each check stands by itself and answers within a few seconds; a check that cannot look says so instead of guessing.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum

from deploydeck import __version__
from deploydeck.domain import DeployDeckError, Value
from deploydeck.settings import Paths, load_settings

TOOL_TIMEOUT_S = 10.0
LOW_DISK_BYTES = 2 << 30
EMPTY_DISK_BYTES = 200 << 20


class CheckState(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Check(Value):
    """One answer. `hint` says what to do; it is empty when all is well."""

    name: str
    state: CheckState
    detail: str
    hint: str = ""


async def examine(paths: Paths, environ: Mapping[str, str] | None = None) -> tuple[Check, ...]:
    """Every check, in the order a person reads them. Changes nothing but a probe file in the data directory that it removes."""
    environment = dict(os.environ if environ is None else environ)
    plain = [lambda check=check: check(paths, environment) for check in _CHECKS]
    found = await asyncio.gather(*(asyncio.to_thread(_guarded, check) for check in plain), _docker(paths))
    return tuple(check for checks in found for check in checks)


def _guarded(check: Callable[[], tuple[Check, ...]]) -> tuple[Check, ...]:
    try:
        return check()
    except DeployDeckError as error:
        return (Check(name=error.code, state=CheckState.FAIL, detail=" ".join((error.what, error.why)).strip(), hint=error.hint),)


def _program(_paths: Paths, _environ: Mapping[str, str]) -> tuple[Check, ...]:
    version = ".".join(map(str, sys.version_info[:3]))
    return (Check(name="deploydeck", state=CheckState.OK, detail=f"{__version__}, Python {version}, {sys.platform}"),)


def _settings(paths: Paths, _environ: Mapping[str, str]) -> tuple[Check, ...]:
    load_settings(paths)
    where = str(paths.user_file) if paths.user_file.exists() else f"none at {paths.user_file}, so the defaults"
    return (Check(name="settings", state=CheckState.OK, detail=where),)


def _data(paths: Paths, _environ: Mapping[str, str]) -> tuple[Check, ...]:
    place = paths.data
    hint = "Make it yours and writable, or set DEPLOYDECK_HOME to another directory."
    probe = place / f".doctor-{secrets.token_hex(4)}"
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.write_bytes(b"ok")
        probe.unlink()
    except OSError as error:
        hint = "Free some space." if error.errno == errno.ENOSPC else hint
        probe.unlink(missing_ok=True)
        return (Check(name="data directory", state=CheckState.FAIL, detail=f"{place}: {error.strerror}", hint=hint),)
    if os.name == "posix" and place.stat().st_mode & 0o077:
        detail = f"{place} is open to other accounts"
        return (Check(name="data directory", state=CheckState.WARN, detail=detail, hint=f"chmod 700 {place}"),)
    return (Check(name="data directory", state=CheckState.OK, detail=f"{place}, writable"),)


def _disk(paths: Paths, _environ: Mapping[str, str]) -> tuple[Check, ...]:
    place = next(parent for parent in (paths.data, *paths.data.parents) if parent.exists())
    free = shutil.disk_usage(place).free
    state = CheckState.FAIL if free < EMPTY_DISK_BYTES else CheckState.WARN if free < LOW_DISK_BYTES else CheckState.OK
    hint = "" if state is CheckState.OK else "Free some space; images and build caches are usually the largest."
    return (Check(name="disk", state=state, detail=f"{free / (1 << 30):.1f} GiB free where the data is", hint=hint),)


def _database(paths: Paths, _environ: Mapping[str, str]) -> tuple[Check, ...]:
    from deploydeck.store.migrate import HEAD, current_revision, quick_check

    name = "database"
    if not paths.database.exists():
        return (Check(name=name, state=CheckState.OK, detail="none yet; it is made on first use"),)
    hint = f"Put a copy from {paths.data / 'backups'} in its place."
    try:
        quick_check(paths.database)
        revision = current_revision(paths.database)
    except (sqlite3.Error, OSError) as error:
        return (Check(name=name, state=CheckState.FAIL, detail=f"{paths.database}: {error}", hint=hint),)
    except DeployDeckError as error:
        return (Check(name=name, state=CheckState.FAIL, detail=f"{error.what} {error.why}", hint=error.hint or hint),)
    size = paths.database.stat().st_size / (1 << 20)
    behind = "" if revision in (HEAD, None) else f"; this version wants {HEAD}, the next command brings it there"
    return (Check(name=name, state=CheckState.OK, detail=f"sound, {size:.1f} MiB, schema {revision or 'not made yet'}{behind}"),)


def _worker(paths: Paths, _environ: Mapping[str, str]) -> tuple[Check, ...]:
    from deploydeck.deploy import worker_status

    status = worker_status(paths)
    if not status.running:
        return (Check(name="worker", state=CheckState.OK, detail="not running; it starts when there is something to do"),)
    if status.trouble:
        return (Check(name="worker", state=CheckState.WARN, detail=status.trouble, hint=f"Read {paths.worker_log}."),)
    since = datetime.fromtimestamp(status.since, UTC)
    detail = f"process {status.pid}, since {since:%Y-%m-%d %H:%M} UTC, {len(status.active)} active"
    return (Check(name="worker", state=CheckState.OK, detail=detail),)


async def _docker(paths: Paths) -> tuple[Check, ...]:
    from deploydeck.targets import open_target

    name = "Docker Engine"
    target = None
    try:
        target = open_target("docker", load_settings(paths), paths)
        identity = await asyncio.wait_for(target.identity(), TOOL_TIMEOUT_S)
    except DeployDeckError as error:
        hint = " ".join((error.hint, "Without it the process target works, for previews.")).strip()
        return (Check(name=name, state=CheckState.WARN, detail=" ".join((error.what, error.why)).strip(), hint=hint),)
    except TimeoutError:
        hint = "Restart the engine. Without it the process target works, for previews."
        return (Check(name=name, state=CheckState.WARN, detail=f"no answer within {TOOL_TIMEOUT_S:g} s", hint=hint),)
    finally:
        if target is not None:
            await target.close()
    buildx = await asyncio.to_thread(_version, ("docker", "buildx", "version"))
    if buildx is None:
        detail = "there is no buildx; images are built through the Engine API, without cache mounts"
        return (
            Check(name=name, state=CheckState.OK, detail=f"answers ({identity})"),
            Check(name="docker buildx", state=CheckState.WARN, detail=detail, hint="Install the docker-buildx plugin."),
        )
    return (
        Check(name=name, state=CheckState.OK, detail=f"answers ({identity})"),
        Check(name="docker buildx", state=CheckState.OK, detail=buildx),
    )


_TOOLS: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("git", ("git", "--version"), "commits are not recorded with releases", "Install git."),
    ("python3", ("python3", "--version"), "Python projects cannot run on the process target", "Install Python with venv."),
    ("node", ("node", "--version"), "Node.js projects cannot run on the process target", "Install Node.js."),
    ("npm", ("npm", "--version"), "Node.js projects cannot be built on the process target", "Install npm."),
    ("terraform", ("terraform", "version"), "Terraform files are not checked", "Install Terraform 1.11 or newer."),
    ("cfn-lint", ("cfn-lint", "--version"), "CloudFormation templates are not checked", "Install cfn-lint: pip install cfn-lint."),
    ("hadolint", ("hadolint", "--version"), "Dockerfiles are only checked by the built-in rules", "Install hadolint."),
    (
        "zizmor",
        ("zizmor", "--version"),
        "the security of GitHub workflows is only checked by the built-in rules",
        "Install zizmor.",
    ),
    (
        "check-jsonschema",
        ("check-jsonschema", "--version"),
        "pipelines and compose files are not checked against their schemas",
        "Install check-jsonschema.",
    ),
)


def _tools(_paths: Paths, environ: Mapping[str, str]) -> tuple[Check, ...]:
    beside = os.pathsep.join((os.path.dirname(sys.executable), environ.get("PATH", "")))  # noqa: PTH120 - a search path
    checks = []
    for name, argv, without, hint in _TOOLS:
        found = shutil.which(argv[0], path=beside)
        answer = _version((found, *argv[1:])) if found else None
        if answer is None:
            checks.append(Check(name=name, state=CheckState.WARN, detail=f"not found: {without}", hint=hint))
        else:
            checks.append(Check(name=name, state=CheckState.OK, detail=answer))
    return tuple(checks)


def _parsers(_paths: Paths, _environ: Mapping[str, str]) -> tuple[Check, ...]:
    """The checkers that are made of more than one program."""
    from deploydeck.generate.checkers import actionlint, jenkins

    found = (
        (actionlint.NAME, actionlint.identity(), "GitHub workflows are only checked by their schema", actionlint.ABSENT),
        ("groovy", jenkins.identity(), "Jenkinsfiles are not checked", jenkins.ABSENT),
    )
    return tuple(
        Check(name=name, state=CheckState.OK, detail="found")
        if identity
        else Check(name=name, state=CheckState.WARN, detail=f"not found: {without}", hint=absent)
        for name, identity, without, absent in found
    )


def _version(argv: tuple[str, ...]) -> str | None:
    """The first line a tool says about itself, or None when it cannot be run."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=TOOL_TIMEOUT_S, stdin=subprocess.DEVNULL, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return (done.stdout or done.stderr).strip().splitlines()[0][:120] if (done.stdout or done.stderr).strip() else "found"


def _keyring(_paths: Paths, _environ: Mapping[str, str]) -> tuple[Check, ...]:
    import keyring
    from keyring.errors import KeyringError

    try:
        backend = keyring.get_keyring()
        priority = float(backend.priority)
    except (KeyringError, RuntimeError) as error:
        return (Check(name="keyring", state=CheckState.WARN, detail=str(error), hint=_NO_KEYRING),)
    if priority <= 0:
        return (Check(name="keyring", state=CheckState.WARN, detail="this machine has none", hint=_NO_KEYRING),)
    return (Check(name="keyring", state=CheckState.OK, detail=f"{type(backend).__module__}.{type(backend).__name__}"),)


_NO_KEYRING = "`deploydeck secrets` then keeps values in a file, encrypted with a passphrase."


def _terminal(_paths: Paths, environ: Mapping[str, str]) -> tuple[Check, ...]:
    if not sys.stdout.isatty():
        return (Check(name="terminal", state=CheckState.OK, detail="none here; the commands need none"),)
    term = environ.get("TERM", "")
    size = shutil.get_terminal_size()
    colours = "no colours (NO_COLOR)" if environ.get("NO_COLOR") else _colours(term, environ)
    detail = f"{size.columns}x{size.lines}, TERM={term or 'unset'}, {colours}, {sys.stdout.encoding}"
    if term in ("", "dumb"):
        return (Check(name="terminal", state=CheckState.WARN, detail=detail, hint="Set TERM, for example xterm-256color."),)
    if size.columns < 80 or size.lines < 24:
        return (Check(name="terminal", state=CheckState.WARN, detail=detail, hint="The screens are drawn for 80x24 and more."),)
    return (Check(name="terminal", state=CheckState.OK, detail=detail),)


def _colours(term: str, environ: Mapping[str, str]) -> str:
    if environ.get("COLORTERM") in ("truecolor", "24bit"):
        return "true colour"
    return "256 colours" if "256" in term else "16 colours"


_CHECKS = (_program, _settings, _data, _disk, _database, _worker, _tools, _parsers, _keyring, _terminal)
