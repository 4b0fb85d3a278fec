"""Preflight of the process target."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from deploydeck.domain import DeploymentConfig, Finding, Kind, Recipe, Severity
from deploydeck.targets import ports
from deploydeck.targets.process import environment, layout, running

MIN_FREE_BYTES = 512 * 1024 * 1024
LOW_FREE_BYTES = 2 * 1024**3
_RUNS = {"python": "Python", "node": "Node.js", "static": "static sites"}
"""Stacks whose programs this target can install and start, by the id in `recipe.language`, and what people call them."""


def preflight(config: DeploymentConfig, releases: Path, rollback: bool) -> tuple[Finding, ...]:
    """Findings, worst first. Blocking. A rollback starts what was built: neither the source nor the tools matter to it."""
    building = [] if rollback else [*_source(config), *_stack(config.recipe), *_tools(config.recipe), *_start(config)]
    found = [*_machine(), *building, *_disk(releases), *_port(config, releases)]
    return tuple(sorted(found, key=lambda item: list(Severity).index(item.severity), reverse=True))


def choosable_port(recipe: Recipe) -> bool:
    """Whether the program listens where it is told, so that a trial copy can stand beside the live one."""
    return recipe.kind is Kind.STATIC or recipe.port_from_env or any("{port}" in word for word in recipe.start)


def error(code: str, message: str, hint: str = "") -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, hint=hint)


def _machine() -> Iterable[Finding]:
    if os.name == "nt":
        yield error("process-windows", "The target process needs Linux or macOS.", "Deploy to the target docker.")


def _source(config: DeploymentConfig) -> Iterable[Finding]:
    if not Path(config.root).is_dir():
        yield error("project-missing", f"{config.root} is not a directory.", "Check the path of the project.")


def _stack(recipe: Recipe) -> Iterable[Finding]:
    works = recipe.kind is not Kind.STATIC or bool(recipe.build)
    if works and recipe.language and recipe.language not in _RUNS:
        yield error(
            "process-stack",
            f"The target process runs {_listed(_RUNS.values())}; it cannot build this project ({recipe.language}).",
            "Start Docker where it does not run, and deploy to the target docker.",
        )


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}"


def _tools(recipe: Recipe) -> Iterable[Finding]:
    if recipe.language == "node" or any(environment.TOOLS[tool].by == "npm" for tool in environment.needed_tools(recipe)):
        for tool in ("node", "npm"):
            if shutil.which(tool) is None:
                yield error(
                    f"{tool}-missing", f"{tool} is not on this machine.", "Install Node.js, or deploy to the target docker."
                )
        yield from _node_version(recipe.version)
    if recipe.language == "python":
        python, exact = environment.python_for(recipe.version)
        if not exact and recipe.version:
            yield Finding(
                code="python-version", severity=Severity.WARNING,
                message=f"The project wants Python {recipe.version}, which is not here; the preview uses {_version(python)}.",
                hint=f"Install Python {recipe.version}, or deploy to the target docker.",
            )  # fmt: skip
        if not _can_make_venv(python):
            yield error("venv-missing", "This Python cannot make virtual environments.", "Install the package python3-venv.")


def _node_version(wanted: str) -> Iterable[Finding]:
    found = _version("node").removeprefix("v")
    if wanted and found and found.split(".")[0] != wanted.removeprefix("v").split(".")[0]:
        yield Finding(
            code="node-version", severity=Severity.WARNING,
            message=f"The project wants Node.js {wanted}; the preview uses {found}.",
            hint=f"Install Node.js {wanted}, or deploy to the target docker.",
        )  # fmt: skip


def _version(program: str) -> str:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return ""
    return (done.stdout or done.stderr).strip().split(" ")[-1]


def _can_make_venv(python: str) -> bool:
    try:
        done = subprocess.run(
            [python, "-I", "-c", "import ensurepip, venv"], capture_output=True, timeout=20, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _start(config: DeploymentConfig) -> Iterable[Finding]:
    recipe = config.recipe
    if recipe.kind is not Kind.STATIC and not recipe.start:
        yield error("start-missing", "How to start the program is not known.", "Set [app] start in deploydeck.toml.")
    elif not choosable_port(recipe) and config.port != config.published_port:
        yield error(
            "port-fixed", f"The program always listens on port {config.port}; it cannot be published on {config.published_port}.",
            f"Set published_port = {config.port}, let the program read PORT, or deploy to the target docker.",
        )  # fmt: skip


def _disk(releases: Path) -> Iterable[Finding]:
    place = releases
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < MIN_FREE_BYTES:
        yield error("disk-full", f"Only {free // 1024**2} MiB are free where releases are kept.", "Free space.")
    elif free < LOW_FREE_BYTES:
        yield Finding(
            code="disk-low", severity=Severity.WARNING, message=f"{free // 1024**2} MiB are free where releases are kept."
        )


def _port(config: DeploymentConfig, releases: Path) -> Iterable[Finding]:
    problem = ports.bind_error(config.bind_address, config.published_port)
    if not problem:
        return
    if problem in (errno.EACCES, errno.EPERM):
        yield error(
            "port-permission", f"This user may not listen on port {config.published_port}.", "Choose a published_port from 1024 up."
        )
    elif problem == errno.EADDRNOTAVAIL:
        yield error("address-unknown", f"{config.bind_address} is not an address of this machine.", "Correct bind_address.")
    elif not _held_by_us(config, releases):
        by = ports.holder(config.published_port)
        yield error(
            "port-taken", f"Port {config.published_port} is taken{f' by {by}' if by else ''}.",
            "Stop what holds it, or choose another published_port for this environment.",
        )  # fmt: skip


def _held_by_us(config: DeploymentConfig, releases: Path) -> bool:
    """A live copy of this project in this environment listens there: the switch ends it."""
    for place in layout.siblings(layout.slot_of(releases, config)):
        if running.running(place, "live") and running.state_of(place, "live").get("port") == config.published_port:
            return True
    return False
