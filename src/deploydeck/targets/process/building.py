"""From the project to a release directory that runs: copy, own environment, install, build."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import deque
from pathlib import Path

from deploydeck.domain import Cause, Kind, utc_now
from deploydeck.targets import commands
from deploydeck.targets.base import StepCanceled, StepContext, StepFailed
from deploydeck.targets.process import environment, layout, source

TAIL_LINES = 30
MAX_IGNORE_BYTES = 1_000_000
FULL_BYTES = 8 * 1024**2
"""A disk with no more than this free is taken for full: what failed there failed for want of room."""
NO_PART_OF_A_SITE = (
    "Dockerfile*", ".dockerignore", "compose*.y*ml", "docker-compose*.y*ml", "deploydeck.toml", "deploy/nginx*.conf",
)  # fmt: skip
"""What serves or deploys a site; kept out even where the project has no .dockerignore."""


async def build(context: StepContext, place: layout.Layout) -> None:
    """Make the release directory. A half made one is begun anew. Raises StepFailed with the last lines of what failed."""
    try:
        await _build(context, place)
    except StepFailed as failed:
        if shutil.disk_usage(place.base.parent).free > FULL_BYTES:
            raise
        # at once, not when the step is undone: on a full disk not even the failure could be recorded
        await asyncio.to_thread(layout.delete, place.base)
        hint = f"Free space where releases are kept: {place.base.parent.parent}."
        raise StepFailed(failed.cause.model_copy(update={"code": "disk-full", "hint": hint, "transient": False})) from failed


async def _build(context: StepContext, place: layout.Layout) -> None:
    recipe = context.config.recipe
    await asyncio.to_thread(layout.delete, place.base)
    place.base.mkdir(parents=True, mode=0o700)
    context.emit(f"copying {context.config.root}", "note", "build")
    copied = await asyncio.to_thread(source.copy, Path(context.config.root), place.source, context.cancelled.is_set)
    _stop_if(context)
    context.emit(f"{copied.files} files, {copied.size_bytes // 1024} KiB", "note", "build")
    for name in copied.left_out[:20]:
        context.emit(f"left out {name}: the link leads out of the project", "note", "build")
    todo = await _commands(place, context)
    for number, (what, argv) in enumerate(todo):
        context.progress(number, len(todo), "commands")
        await _run(context, place, what, argv)
    context.progress(len(todo), len(todo), "commands")
    await asyncio.to_thread(complete_standalone, place, recipe.start)
    if recipe.kind is Kind.STATIC:
        served = await asyncio.to_thread(static_directory, place, recipe.static_dir)
        if served == place.source.resolve():
            await asyncio.to_thread(keep_site_only, served)
    await asyncio.to_thread(
        layout.write_json, place.built,
        {"release": context.release.id, "deployment": context.deployment_id, "fence": context.fence, "at": utc_now().isoformat()},
    )  # fmt: skip


def static_directory(place: layout.Layout, name: str) -> Path:
    """The directory that is served, proven to be inside the copy. Raises StepFailed `static-…`."""
    directory = (place.source / (name or ".")).resolve()
    if not directory.is_relative_to(place.source.resolve()):
        raise StepFailed(Cause(code="static-outside", what=f"{name} leads out of the project.", hint="Correct output_dir."))
    if not directory.is_dir():
        raise StepFailed(
            Cause(
                code="static-missing",
                what=f"The build did not make the directory {name}.",
                hint="Set output_dir in deploydeck.toml.",
            )
        )
    return directory


def keep_site_only(site: Path) -> None:
    """A project that is served as it is: take out of the copy what .dockerignore keeps out of an image, and our own files."""
    from docker.utils.build import PatternMatcher

    own = site / ".dockerignore"
    patterns: list[str] = []
    if own.is_file() and not own.is_symlink():
        with own.open(encoding="utf-8", errors="replace") as file:
            lines = (line.strip() for line in file.read(MAX_IGNORE_BYTES).splitlines())
            patterns = [line for line in lines if line and not line.startswith("#")]
    shown = set(PatternMatcher([*patterns, *NO_PART_OF_A_SITE]).walk(str(site)))
    for root, _, files in os.walk(site):
        for name in files:
            path = Path(root) / name
            if path.relative_to(site).as_posix() not in shown:
                path.unlink()


def complete_standalone(place: layout.Layout, start: tuple[str, ...]) -> None:
    """Next.js leaves static files out of its standalone server: put them beside it when that is what will be started."""
    source = place.source.resolve()
    for word in start:
        app, found, inner = word.partition(".next/standalone/")
        server = (source / word).resolve() if found and inner else source
        root = (source / app).resolve()
        if server == source or not (server.is_file() and server.is_relative_to(source) and root.is_relative_to(source)):
            continue
        for name in (".next/static", "public"):
            if (root / name).is_dir() and (root / name).resolve().is_relative_to(source):
                shutil.copytree(root / name, server.parent / name, symlinks=True, dirs_exist_ok=True)


async def _commands(place: layout.Layout, context: StepContext) -> list[tuple[str, tuple[str, ...]]]:
    """Every command with what it is for, in order."""
    recipe = context.config.recipe
    todo: list[tuple[str, tuple[str, ...]]] = []
    python = environment.python_for(recipe.version if recipe.language == "python" else "")[0]
    if recipe.language == "python":
        todo.append(("make the virtual environment", (python, "-m", "venv", str(place.venv))))
    for tool in _missing(place, context):
        kind = environment.TOOLS[tool]
        if kind.by == "pip":
            todo.append((f"make room for {tool}", (python, "-m", "venv", str(place.tools / "python"))))
            todo.append((f"install {tool}", (str(place.tools / "python" / "bin" / "python"), "-m", "pip", "install", kind.package)))
        else:
            package, _ = environment.npm_package(tool, place.source, recipe.manager)
            todo.append((f"install {tool}", ("npm", "install", "--prefix", str(place.tools), "--no-save", package)))
    todo += [("install the dependencies", command) for command in recipe.install]
    extra = tuple(item for item in recipe.packages if not any(item in command for command in recipe.install))
    if extra and recipe.language == "python":
        todo.append(("install what the start command needs", ("python", "-m", "pip", "install", *extra)))
    elif extra:
        todo.append(("install what the start command needs", ("npm", "install", "--no-save", *extra)))
    return todo + [("build the project", command) for command in recipe.build]


def _missing(place: layout.Layout, context: StepContext) -> list[str]:
    """Tools to install into the release: not on this machine, or pinned by the project to a version of their own."""
    missing = []
    for tool in environment.needed_tools(context.config.recipe):
        pinned = (
            environment.TOOLS[tool].by == "npm" and environment.npm_package(tool, place.source, context.config.recipe.manager)[1]
        )
        if pinned or shutil.which(tool) is None:
            missing.append(tool)
    return missing


async def _run(context: StepContext, place: layout.Layout, what: str, argv: tuple[str, ...]) -> None:
    recipe, config = context.config.recipe, context.config
    secret = {item.name for item in config.variables if item.secret}
    plain = {name: value for name, value in context.variables.items() if name not in secret}
    env = environment.build(place, recipe, {**dict(recipe.environment), **plain})
    tail: deque[str] = deque(maxlen=TAIL_LINES)

    def on_line(text: str, stream: str) -> None:
        tail.append(text)
        context.emit(text, stream, "build")

    context.emit("$ " + " ".join(argv), "note", "build")
    code = await commands.run(argv, cwd=place.source, env=env, on_line=on_line, cancelled=context.cancelled)
    if code != 0:
        lines = tuple(context.redact(line) for line in tail)
        raise StepFailed(_cause(what, argv, code, lines))


def _cause(what: str, argv: tuple[str, ...], code: int, tail: tuple[str, ...]) -> Cause:
    text = "\n".join(tail)
    shown = " ".join(argv)[:200]
    if code == commands.NOT_FOUND:
        return Cause(
            code="tool-missing", what=f"{argv[0]} is not on this machine.", why=f"To {what}, `{shown}` has to run.",
            hint=f"Install {argv[0]}, or deploy to the target docker.", evidence=tail,
        )  # fmt: skip
    if "No space left on device" in text or "ENOSPC" in text:
        return Cause(
            code="disk-full",
            what="The disk is full.",
            why=f"`{shown}` ended with exit code {code}.",
            hint="Free space.",
            evidence=tail,
        )
    if "ensurepip is not available" in text:
        return Cause(
            code="venv-missing", what="This Python cannot make virtual environments.",
            why=f"`{shown}` ended with exit code {code}.",
            hint="Install the package python3-venv, or deploy to the target docker.", evidence=tail,
        )  # fmt: skip
    return Cause(
        code="build-failed", what=f"`{shown}` ended with exit code {code}.", why=f"It was run to {what}.",
        hint="Read its last lines; correct the project and deploy again.", evidence=tail,
    )  # fmt: skip


def _stop_if(context: StepContext) -> None:
    if context.cancelled.is_set():
        raise StepCanceled
