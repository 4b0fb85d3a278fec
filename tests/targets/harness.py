"""What the target tests share: small projects, releases, and a context that writes down everything said to it."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploydeck.domain import (
    DeploymentConfig,
    HealthSpec,
    Kind,
    Recipe,
    Release,
    ResourceLimits,
    StepPlan,
    VariableRef,
    VariableSource,
    new_id,
    utc_now,
)
from deploydeck.redaction import Redactor
from deploydeck.settings import Paths, Settings
from deploydeck.targets import Endpoint, Observation, Seen, StepContext, Target, open_target, probe

SECRET = "s3ntinel-9f8e7d6c5b\nsecond-line-of-it"

SERVER = """\
import http.server, json, os, signal, sys, time
TEXT = "@TEXT@"
if "--slow" in sys.argv: time.sleep(2)
if "--crash" in sys.argv:
    print("about to crash", flush=True); print("cannot open config", file=sys.stderr, flush=True); sys.exit(3)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/env":
            body = json.dumps(dict(os.environ)).encode()
        else:
            body = TEXT.encode()
        self.send_response(200 if self.path in ("/", "/env") else 404)
        self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, format, *args): print("asked", self.path, flush=True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("listening as", TEXT, flush=True)
print("a warning", file=sys.stderr, flush=True)
http.server.ThreadingHTTPServer((os.environ.get("HOST") or "0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
"""

DOCKERFILE = """\
FROM python:3.13-slim
WORKDIR /app
COPY server.py ./
USER 10001
CMD ["python3", "server.py"]
"""


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def write_project(root: Path, text: str = "one", *, dockerfile: str = DOCKERFILE, arguments: tuple[str, ...] = ()) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "server.py").write_text(SERVER.replace("@TEXT@", text))
    extra = "".join(f', "{item}"' for item in arguments)
    (root / "Dockerfile").write_text(dockerfile.replace('"server.py"]', f'"server.py"{extra}]'))
    return root


def make_config(root: Path, target: str, published_port: int, **changes: Any) -> DeploymentConfig:
    start = changes.pop("start", ("python", "server.py"))
    recipe = changes.pop("recipe", None) or Recipe(
        kind=Kind.SERVER, language="python", version=f"{sys.version_info[0]}.{sys.version_info[1]}", manager="none",
        start=start, port_from_env=True,
    )  # fmt: skip
    project_id = changes.pop("project_id", None) or new_id("prj")
    values: dict[str, Any] = {
        "id": new_id("cfg"), "project_id": project_id, "app": "shop", "root": str(root), "environment": "test", "target": target,
        "recipe": recipe, "port": published_port if target == "process" else 8000, "published_port": published_port,
        "health": HealthSpec(interval_s=0.1, timeout_s=2, deadline_s=15, stable_s=0.2),
        "variables": (
            VariableRef(name="PLAIN", source=VariableSource.SETTINGS, value="plain"),
            VariableRef(name="API_TOKEN", source=VariableSource.ENVIRONMENT, secret=True),
        ),
        "limits": ResourceLimits(memory_bytes=256 * 1024 * 1024, cpus=0.5),
        "created_at": utc_now(),
    }  # fmt: skip
    return DeploymentConfig(**{**values, **changes})


def make_release(config: DeploymentConfig, number: int, artifact: Mapping[str, Any] | None = None) -> Release:
    return Release(
        id=new_id("rel"), project_id=config.project_id, number=number, environment=config.environment, target=config.target,
        config_id=config.id, config_hash=config.content_hash, source_hash=f"source-{number}", artifact=dict(artifact or {}),
        created_by="tester", created_at=utc_now(),
    )  # fmt: skip


@dataclass
class Said:
    """Everything a target said: lines, progress, resources in order."""

    lines: list[tuple[str, str, str]] = field(default_factory=list)
    progress: list[tuple[float, float, str]] = field(default_factory=list)
    resources: list[tuple[str, str, str, bool, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(text for text, _, _ in self.lines)


@dataclass
class Run:
    """One deployment: its context and what was said in it."""

    target: Target
    context: StepContext
    said: Said
    steps: tuple[StepPlan, ...]

    def step(self, name: str) -> StepPlan:
        return next(step for step in self.steps if step.name == name)

    def has(self, name: str) -> bool:
        return any(step.name == name for step in self.steps)

    async def act(self, name: str) -> dict[str, Any]:
        facts = await self.target.act(self.step(name), self.context)
        self.context.facts[name] = facts
        return facts

    async def seen(self, name: str) -> Observation:
        return await self.target.observe(self.step(name), self.context)

    async def gate(self, role: Any) -> None:
        """Wait until that copy is healthy; fails loudly with its output."""
        if self.target.name == "fake":  # its copies are served by the tests of the deployment engine
            assert (await self.target.liveness(role, self.context)).running
            return
        deadline = asyncio.get_running_loop().time() + self.context.config.health.deadline_s
        error = "no endpoint"
        while asyncio.get_running_loop().time() < deadline:
            endpoint = await self.target.endpoint(role, self.context)
            if endpoint is not None:
                answer = await probe(endpoint, self.context.config.health)
                if answer.ok:
                    return
                error = answer.error
            alive = await self.target.liveness(role, self.context)
            if not alive.running:
                break
            await asyncio.sleep(0.05)
        raise AssertionError(f"{role} is not healthy: {error}: {await self.target.tail(role, self.context, 20)}")

    async def go(self, until: str = "") -> None:
        """Walk the steps as the engine does, up to and with `until` (default: all)."""
        for step in self.steps:
            if step.gate:
                await self.gate(step.gate)
            elif (found := await self.target.observe(step, self.context)).seen is Seen.DONE:
                self.context.facts[step.name] = found.facts
            else:
                await self.act(step.name)
            if step.name == until:
                return

    async def unwind(self) -> None:
        for step in reversed(self.steps):
            if not step.gate:
                await self.target.undo(step, self.context)

    async def finish(self) -> Release:
        """The release as it is stored after success."""
        return self.context.release.model_copy(update={"artifact": await self.target.artifact(self.context)})


async def start_run(
    target: Target,
    config: DeploymentConfig,
    release: Release,
    paths: Paths,
    *,
    previous: Release | None = None,
    previous_config: DeploymentConfig | None = None,
    rollback: bool = False,
    fence: int = 1,
    variables: Mapping[str, str] | None = None,
) -> Run:
    said = Said()
    values = dict(variables if variables is not None else {"PLAIN": "plain", "API_TOKEN": SECRET})
    redact = Redactor([values["API_TOKEN"]] if "API_TOKEN" in values else [])

    async def record(kind: str, external_id: str, name: str, created_by_us: bool, state: str) -> None:
        said.resources.append((kind, external_id, name, created_by_us, state))

    context = StepContext(
        deployment_id=new_id("dep"), config=config, release=release, previous=previous,
        previous_config=previous_config or (config if previous else None), rollback=rollback, fence=fence, facts={},
        variables=values,
        redact=redact, cancelled=asyncio.Event(), data_dir=str(paths.data),
        emit=lambda text, stream, source: said.lines.append((redact(text), stream, source)),
        progress=lambda done, total, unit: said.progress.append((done, total, unit)), record=record,
    )  # fmt: skip
    plan = await target.plan(config, release, previous, rollback)
    return Run(target, context, said, plan.steps)


async def get(endpoint: Endpoint | str, path: str = "/") -> str:
    import httpx

    base = endpoint if isinstance(endpoint, str) else endpoint.url
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        return (await client.get(base + path)).text


def settings() -> Settings:
    return Settings.model_validate({})


# --- labs: a target with what is needed to look behind it --------------------------------------------------------------------


class Lab:
    """A target under test and a way to see the world without asking the target."""

    kind = ""
    http = True
    python = "python"
    """What a command of a release calls Python."""

    def __init__(self, paths: Paths, root: Path) -> None:
        self.paths, self.root = paths, root
        self.project_id = new_id("prj")
        self.port = free_port()
        self.target = self.open()
        self.numbers = 0
        self.fences = 0

    def open(self) -> Target:
        return open_target(self.kind, settings(), self.paths)

    def project(self, text: str = "one", **changes: Any) -> Path:
        return write_project(self.root / "project", text, **changes)

    def config(self, **changes: Any) -> DeploymentConfig:
        root = Path(changes.pop("root", self.root / "project"))
        port = int(changes.pop("published_port", self.port))
        return make_config(root, self.kind, port, **{"project_id": self.project_id, **changes})

    async def run(self, text: str = "one", *, config: DeploymentConfig | None = None, **changes: Any) -> Run:
        """A deployment of the project with that text, planned and not begun."""
        self.project(text)
        self.numbers += 1
        self.fences += 1
        config = config or self.config()
        changes.setdefault("fence", self.fences)
        return await start_run(self.target, config, make_release(config, self.numbers), self.paths, **changes)

    async def back(self, to: Release, previous: Release, config: DeploymentConfig) -> Run:
        self.fences += 1
        return await start_run(self.target, config, to, self.paths, previous=previous, rollback=True, fence=self.fences)

    def leftovers(self) -> list[str]:
        """Everything of this project that exists, by name."""
        raise NotImplementedError

    def running(self) -> list[str]:
        raise NotImplementedError

    async def clean(self) -> None:
        await self.target.close()


class ProcessLab(Lab):
    kind = "process"
    python = sys.executable

    def config(self, **changes: Any) -> DeploymentConfig:
        recipe = Recipe(
            kind=Kind.SERVER, language="", version="", manager="", port_from_env=True,
            start=(sys.executable, "server.py", *changes.pop("arguments", ())),
        )  # fmt: skip
        return super().config(**{"recipe": recipe, **changes})

    def leftovers(self) -> list[str]:
        found = [path.name for path in self.paths.releases.glob("*/*") if path.is_dir()]
        return sorted(found) + self.running()

    def running(self) -> list[str]:
        return sorted(" ".join(process.cmdline()[1:]) for process in self.processes())

    def processes(self) -> list[Any]:
        """Every living process that works inside the release directories, but no zombie."""
        import psutil

        found = []
        for process in psutil.process_iter():
            try:
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                place = [process.cwd(), *process.cmdline()]
            except psutil.Error:
                continue
            if any(str(self.paths.releases) in word for word in place):
                found.append(process)
        return found

    async def clean(self) -> None:
        for process in self.processes():
            process.kill()
        await super().clean()


class DockerLab(Lab):
    kind = "docker"

    def _listed(self, *command: str) -> list[str]:
        done = subprocess.run(
            ["docker", *command, "--filter", f"label=deploydeck.project={self.project_id}"],
            capture_output=True,
            text=True,
            check=True,
        )
        return sorted(done.stdout.split())

    def leftovers(self) -> list[str]:
        return self._listed("ps", "-a", "--format", "{{.Names}}") + self._listed("images", "--format", "{{.Repository}}:{{.Tag}}")

    def running(self) -> list[str]:
        return self._listed("ps", "--format", "{{.Names}}")

    async def clean(self) -> None:
        await super().clean()
        if containers := self._listed("ps", "-aq"):
            subprocess.run(["docker", "rm", "-fv", *containers], capture_output=True)
        if images := self._listed("images", "-q"):
            subprocess.run(["docker", "rmi", "-f", *images], capture_output=True)


class FakeLab(Lab):
    kind = "fake"
    http = False

    def open(self) -> Target:
        from deploydeck.targets.fake import FakeTarget

        return FakeTarget(settings(), self.paths)

    def _world(self) -> dict[str, Any]:
        from deploydeck.targets.fake import FakeTarget

        assert isinstance(self.target, FakeTarget)
        return self.target.world.read()

    def leftovers(self) -> list[str]:
        return sorted(self._world()["copies"])

    def running(self) -> list[str]:
        return sorted(name for name, copy in self._world()["copies"].items() if copy["running"])


LABS: dict[str, type[Lab]] = {"process": ProcessLab, "docker": DockerLab, "fake": FakeLab}
