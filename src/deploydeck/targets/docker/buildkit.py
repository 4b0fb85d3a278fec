"""Building with BuildKit: `docker buildx build --progress=rawjson`, its status stream turned into lines, progress and a cause."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import os
import re
import shutil
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from deploydeck.domain import Cause
from deploydeck.targets import commands
from deploydeck.targets.base import StepContext, StepFailed
from deploydeck.targets.docker.build_secrets import lent
from deploydeck.targets.docker.engine import unreachable

MAX_STATUS_BYTES = 4 * 1024 * 1024
TAIL_LINES = 30
_PASSED_ON = (
    "PATH HOME USER LOGNAME LANG LC_ALL TMPDIR XDG_RUNTIME_DIR DOCKER_CONFIG DOCKER_CERT_PATH DOCKER_TLS_VERIFY BUILDX_CONFIG "
    "SSL_CERT_FILE SSL_CERT_DIR HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy"
).split()


def environment(host: str) -> dict[str, str]:
    """What the docker command needs and nothing else of the worker's environment."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**kept, "DOCKER_HOST": host, "DOCKER_CLI_HINTS": "false", "BUILDKIT_PROGRESS": "rawjson", "NO_COLOR": "1"}


async def available(host: str) -> str:
    """Version line of a buildx that knows rawjson (0.13 or newer); empty when there is none."""
    if shutil.which("docker") is None:
        return ""
    lines: list[str] = []
    code = await commands.run(
        ["docker", "buildx", "version"], cwd="/", env=environment(host), on_line=lambda text, _stream: lines.append(text)
    )
    found = re.search(r"\bv?(\d+)\.(\d+)\.\d+", lines[0]) if code == 0 and lines else None
    return lines[0] if found and (int(found[1]), int(found[2])) >= (0, 13) else ""


async def build(context: StepContext, host: str, tag: str, labels: Mapping[str, str], dockerfile: Path) -> None:
    """Build and load the image. Raises StepFailed with the last lines of the step that failed, StepCanceled when cancelled."""
    root = Path(context.config.root)
    with lent(dockerfile, root, context.variables) as secrets:
        work = BuildWork(host, root, dockerfile, tag, labels, secrets)
        await build_image(work, context.emit, context.progress, context.redact, context.cancelled)


@dataclass(frozen=True)
class BuildWork:
    """An image to build: the Engine's address, the context, the Dockerfile (absolute), the tag and the labels.

    `secrets` are ids of what is lent to single steps, with the paths where BuildKit reads them.
    """

    host: str
    root: Path
    dockerfile: Path
    tag: str
    labels: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


async def build_image(
    work: BuildWork,
    emit: Callable[[str, str, str], None],
    progress: Callable[[float, float, str], None],
    redact: Callable[[str], str],
    cancelled: asyncio.Event | None = None,
) -> None:
    """Build and load one image. Raises like `build`."""
    argv = ["docker", "buildx", "build", "--builder", "default", "--progress=rawjson", "--load", "--provenance=false"]
    argv += ["--file", str(work.dockerfile), "--tag", work.tag]
    for key, value in work.labels.items():
        argv += ["--label", f"{key}={value}"]
    for name, path in work.secrets.items():
        argv += ["--secret", f"id={name},src={path}"]
    argv += ["--", str(work.root)]
    story = BuildStory(emit, progress)
    code = await commands.run(
        argv, cwd=work.root, env=environment(work.host), max_line_bytes=MAX_STATUS_BYTES,
        on_line=lambda text, _stream: story.feed(text), cancelled=cancelled,
    )  # fmt: skip
    story.end()
    if code != 0:
        raise StepFailed(story.cause(redact, work.host))


@dataclass
class _Vertex:
    name: str
    started: bool = False
    ended: bool = False
    error: str = ""
    rest: dict[str, str] = field(default_factory=dict)
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LINES))


class BuildStory:
    """Reads the rawjson stream: objects on one line (newer) or spread over several (0.13), with plain lines between them."""

    def __init__(self, emit: Callable[[str, str, str], None], progress: Callable[[float, float, str], None]) -> None:
        self._emit = emit
        self._progress = progress
        self._vertexes: dict[str, _Vertex] = {}
        self._object: list[str] = []
        self.plain: deque[str] = deque(maxlen=TAIL_LINES)

    def feed(self, line: str) -> None:
        if not self._object and not line.startswith("{"):
            if line.strip():
                self.plain.append(line)
                self._emit(line, "err", "build")
            return
        self._object.append(line)
        if line.endswith("}") and (len(self._object) == 1 or line == "}"):
            text, self._object = "\n".join(self._object), []
            try:
                status = json.loads(text)
            except ValueError:
                self._emit(text, "err", "build")  # not a status after all: show it rather than lose it
                return
            self._status(status)

    def end(self) -> None:
        if self._object:
            self._emit("\n".join(self._object), "err", "build")
        for vertex in self._vertexes.values():
            self._flush(vertex)

    def _status(self, status: dict[str, Any]) -> None:
        for item in status.get("vertexes") or ():
            self._vertex(item)
        for item in status.get("logs") or ():
            self._log(item)
        for item in status.get("warnings") or ():
            short = _decoded(item.get("short"))
            if short:
                self._emit(f"warning: {short}", "note", "build")

    def _vertex(self, item: dict[str, Any]) -> None:
        name = " ".join(str(item.get("name", "")).split())
        vertex = self._vertexes.setdefault(str(item.get("digest")), _Vertex(name))
        if item.get("started") and not vertex.started:
            vertex.started = True
            self._emit(vertex.name, "out", "build")
        if item.get("completed") and not vertex.ended:
            vertex.ended = True
            self._flush(vertex)
            if item.get("error"):
                vertex.error = str(item["error"])
                self._emit(f"{vertex.name}: failed: {_unwrapped(vertex.error)}", "err", "build")
            else:
                how = "cached" if item.get("cached") else f"done in {_seconds(item):.1f} s"
                self._emit(f"{vertex.name}: {how}", "note", "build")
            steps = [known for known in self._vertexes.values() if known.name.startswith("[")]
            self._progress(sum(known.ended for known in steps), len(steps), "steps")

    def _log(self, item: dict[str, Any]) -> None:
        vertex = self._vertexes.setdefault(str(item.get("vertex")), _Vertex(""))
        stream = "err" if item.get("stream") == 2 else "out"
        *lines, vertex.rest[stream] = (vertex.rest.get(stream, "") + _decoded(item.get("data"))).replace("\r\n", "\n").split("\n")
        for line in lines:
            vertex.tail.append(line)
            self._emit(line, stream, "build")

    def _flush(self, vertex: _Vertex) -> None:
        for stream, rest in vertex.rest.items():
            if rest:
                vertex.tail.append(rest)
                self._emit(rest, stream, "build")
        vertex.rest.clear()

    def cause(self, redact: Callable[[str], str], host: str) -> Cause:
        """Why the build failed: the step that failed first by itself, unwrapped, with what it said last."""
        failed = next((item for item in self._vertexes.values() if item.error and "context canceled" not in item.error), None)
        error = failed.error if failed else "\n".join(self.plain)
        tail = tuple(redact(line) for line in (failed.tail if failed and failed.tail else self.plain))
        return explain_build(failed.name if failed else "", redact(error), tail, host)


def explain_build(step: str, error: str, tail: tuple[str, ...], host: str) -> Cause:
    """The cause of a failed build, whichever builder said it."""
    # a full disk shows in what the step wrote; the rest only counts when the builder itself says it, not an npm inside a step
    for text, causes in ((error, _CAUSES), ("\n".join(tail), _CAUSES[:1])):
        for pattern, cause in causes:
            if re.search(pattern, text, re.IGNORECASE):
                return cause.model_copy(update={"why": _unwrapped(error), "evidence": tail})
    if re.search(r"cannot connect to the docker daemon|error during connect|\bEOF$", error.strip(), re.IGNORECASE):
        return unreachable(host).model_copy(update={"evidence": tail})
    return Cause(
        code="build-failed",
        what=f"The image build failed at {step}." if step else "The image build failed.",
        why=_unwrapped(error),
        hint="Read the last lines of that step; correct the project or the Dockerfile and deploy again.",
        evidence=tail,
    )


_CAUSES: tuple[tuple[str, Cause], ...] = (
    (
        r"no space left on device",
        Cause(code="disk-full", what="The disk is full.", hint="Free space, for example with `docker image prune`."),
    ),
    (
        r"toomanyrequests|rate limit",
        Cause(code="registry-rate-limit", what="The registry limits pulls of this account.", hint="Log in, wait, or set a mirror."),
    ),
    (
        r"pull access denied|manifest unknown|repository does not exist|(docker\.io|registry)\S*: not found",
        Cause(code="base-image-missing", what="A base image does not exist or may not be pulled.", hint="Check its name and tag."),
    ),
    (
        r"(failed to resolve source metadata|failed to do request|load metadata|registry).*"
        r"(timeout|no such host|name resolution|connection re(set|fused)|EOF)",
        Cause(code="registry-unreachable", what="The registry of a base image cannot be reached.", transient=True),
    ),
)  # fmt: skip

_WRAPPERS = re.compile(
    r"^(?:ERROR: )?(?:failed to solve(?: with frontend \S+)?: )?(?:rpc error: code = \w+ desc = )?"
    r"(?:executor failed running \[.*\]: |process \".*\" did not complete successfully: )?",
    re.DOTALL,
)


def _unwrapped(error: str) -> str:
    return _WRAPPERS.sub("", error.strip(), count=1)[:1000]


def _decoded(data: object) -> str:
    try:
        return base64.b64decode(str(data or "")).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _seconds(item: dict[str, Any]) -> float:
    try:
        ended, started = (
            datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", str(item[key]))) for key in ("completed", "started")
        )
    except (KeyError, ValueError):
        return 0.0
    return max(0.0, (ended - started).total_seconds())
