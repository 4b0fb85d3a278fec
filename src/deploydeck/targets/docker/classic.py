"""Building through the Engine API, where there is no buildx: the context as a tar, the classic builder's stream by line."""

from __future__ import annotations

import asyncio
import contextlib
import re
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from deploydeck.domain import Cause
from deploydeck.targets.base import StepCanceled, StepContext, StepFailed
from deploydeck.targets.docker.buildkit import TAIL_LINES, explain_build
from deploydeck.targets.docker.engine import Engine, EngineProblem, explain

MAX_IGNORE_BYTES = 1_000_000
MAX_DOCKERFILE_BYTES = 1_000_000
_STEP = re.compile(r"^Step (\d+)/(\d+) : (.*)")


def without_buildkit(text: str) -> tuple[str, tuple[str, ...]]:
    """The Dockerfile as the classic builder understands it, and a note for each thing left out.

    Cache mounts and COPY --link only save time: they are dropped. Anything that would change the result raises StepFailed
    `buildkit-needed`.
    """
    notes: list[str] = []
    out: list[str] = []
    for number, instruction in _instructions(text):
        keyword = instruction.split(None, 1)[0].upper() if instruction.strip() else ""
        if keyword in ("RUN", "COPY", "ADD"):
            instruction = _without_flags(instruction, keyword, number, notes)
            if re.search(r"<<-?[\"']?[A-Za-z_]", instruction):
                raise _needed(number, "a here-document")
        out.append(instruction)
    return "".join(out), tuple(notes)


def _instructions(text: str) -> Iterator[tuple[int, str]]:
    """(line number, text with its continuation lines); comments and blank lines come alone."""
    held = ""
    start = 1
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if not held:
            start = number
            if re.match(r"#\s*escape\s*=\s*`", line, re.IGNORECASE):
                raise _needed(number, "another escape character")
        held += line
        body = line.strip()
        comment = body.startswith("#") or not body
        if (comment and held != line) or (not comment and body.endswith("\\")):
            continue
        yield start, held
        held = ""
    if held:
        yield start, held


_FLAG = re.compile(r"(?P<gap>(?:\s|\\\r?\n)+)(?P<flag>--(?P<name>[a-z]+)(?:=(?P<value>\S+))?)")
_HARMLESS = {"RUN": frozenset(), "COPY": frozenset({"link"}), "ADD": frozenset({"link"})}
_UNDERSTOOD = {"RUN": frozenset(), "COPY": frozenset({"from", "chown"}), "ADD": frozenset({"chown"})}


def _without_flags(instruction: str, keyword: str, number: int, notes: list[str]) -> str:
    position = instruction.upper().index(keyword) + len(keyword)
    head, kept = instruction[:position], ""
    while match := _FLAG.match(instruction, position):
        name, value = match["name"], match["value"] or ""
        position = match.end()
        if keyword == "RUN" and name == "mount" and re.search(r"(^|,)type=cache(,|$)", value):
            notes.append(f"line {number}: left out {match['flag']}: the classic builder has no cache mounts; this takes longer")
        elif name in _HARMLESS[keyword]:
            notes.append(f"line {number}: left out {match['flag']}: the classic builder does not know it")
        elif name in _UNDERSTOOD[keyword]:
            kept += f" {match['flag']}"
        else:
            raise _needed(number, match["flag"])
    return head + kept + instruction[position:]


def _needed(line: int, what: str) -> StepFailed:
    return StepFailed(
        Cause(
            code="buildkit-needed",
            what=f"The Dockerfile needs BuildKit: line {line} uses {what}.",
            why="This machine has no docker buildx 0.13 or newer, and the classic builder does not know that.",
            hint="Install the Docker buildx plugin and deploy again.",
        )
    )


def pack(root: Path, dockerfile: Path, content: str) -> IO[bytes]:
    """The build context as an open temporary tar, without what .dockerignore names. Links stay links: nothing outside comes in."""
    from docker.utils.build import create_archive, exclude_paths

    patterns: list[str] = []
    ignore = root / ".dockerignore"
    if ignore.is_file() and not ignore.is_symlink():
        with ignore.open(encoding="utf-8", errors="replace") as file:
            lines = (line.strip() for line in file.read(MAX_IGNORE_BYTES).splitlines())
            patterns = [line for line in lines if line and not line.startswith("#")]
    name = dockerfile.relative_to(root).as_posix()
    files = sorted(exclude_paths(str(root), patterns, dockerfile=name))
    regular = [path for path in files if (root / path).is_symlink() or (root / path).is_file() or (root / path).is_dir()]
    target = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    create_archive(str(root), files=regular, fileobj=target, extra_files=[(name, content)])
    target.seek(0)
    return target


async def build(context: StepContext, engine: Engine, tag: str, labels: Mapping[str, str], dockerfile: Path) -> None:
    """Build the image. Raises StepFailed with the last lines of the step that failed, StepCanceled when cancelled."""
    with dockerfile.open(encoding="utf-8", errors="replace") as file:
        content, notes = without_buildkit(file.read(MAX_DOCKERFILE_BYTES))
    context.emit("building through the Engine API: there is no docker buildx here", "note", "build")
    for note in notes:
        context.emit(note, "note", "build")
    job = _Job(context, engine)
    work = asyncio.create_task(asyncio.to_thread(job.run, tag, dict(labels), dockerfile, content))
    stop = asyncio.create_task(context.cancelled.wait())
    try:
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            job.cancel()
            await asyncio.wait({work})
            raise StepCanceled
        work.result()
    finally:
        stop.cancel()
        if not work.done():  # our own task was cancelled
            job.cancel()


class _Job:
    """One classic build in a thread. Closing the connection is how the Engine is told to stop it."""

    def __init__(self, context: StepContext, engine: Engine) -> None:
        self._emit, self._progress, self._redact = context.emit, context.progress, context.redact
        self._root = Path(context.config.root)
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._responses: list[Any] = []
        self._stopped = threading.Event()
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._step = ""

    def cancel(self) -> None:
        from docker.types import CancellableStream

        self._stopped.set()
        for response in self._responses:
            with contextlib.suppress(Exception):  # it may just have ended by itself
                CancellableStream(iter(()), response).close()

    def run(self, tag: str, labels: dict[str, str], dockerfile: Path, content: str) -> None:
        client = None
        try:
            client = self._engine.connect()
            client.hooks["response"].append(lambda response, **_: self._responses.append(response))
            with pack(self._root, dockerfile, content) as archive:
                stream = client.build(
                    fileobj=archive, custom_context=True, tag=tag, labels=labels, rm=True, forcerm=True, decode=True,
                    dockerfile=dockerfile.relative_to(self._root).as_posix(), timeout=3600,
                )  # fmt: skip
                for message in stream:
                    if self._stopped.is_set():
                        return
                    self._message(message)
        except (StepFailed, EngineProblem):
            raise
        except Exception as error:
            if self._stopped.is_set():
                return
            raise StepFailed(explain(error, self._engine.host)) from error
        finally:
            if client is not None:
                client.close()

    def _message(self, message: Mapping[str, Any]) -> None:
        if detail := message.get("errorDetail") or message.get("error"):
            text = detail.get("message", "") if isinstance(detail, dict) else str(detail)
            tail = tuple(self._redact(line) for line in self._tail)
            raise StepFailed(explain_build(self._step, self._redact(text), tail, self._engine.host))
        if status := message.get("status"):
            if not message.get("progressDetail"):  # the moving figures of a pull would be thousands of lines
                self._say(": ".join(part for part in (str(message.get("id") or ""), str(status)) if part))
            return
        for line in str(message.get("stream") or "").splitlines():
            if line.strip():
                self._say(line)

    def _say(self, line: str) -> None:
        if found := _STEP.match(line):
            self._step, self._tail = f"[{found[1]}/{found[2]}] {found[3]}", deque(maxlen=TAIL_LINES)
            self._loop.call_soon_threadsafe(self._progress, float(found[1]) - 1, float(found[2]), "steps")
        else:
            self._tail.append(line)
        self._loop.call_soon_threadsafe(self._emit, line, "out", "build")
