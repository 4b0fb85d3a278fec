"""The docker target: the protocol of `targets.base`, spoken to the Engine of this machine."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from deploydeck.domain import (
    Cause,
    DeployDeckError,
    DeploymentConfig,
    Finding,
    Liveness,
    LogLine,
    PlanAction,
    PlanItem,
    Release,
    StepPlan,
)
from deploydeck.settings import Paths, Settings
from deploydeck.targets import TARGETS, ports
from deploydeck.targets.base import Endpoint, Invocation, Observation, Restorable, Role, Seen, StepContext, StepFailed, TargetPlan
from deploydeck.targets.docker import checks, copies, live, logs, steps, tasks
from deploydeck.targets.docker.engine import Engine, EngineProblem
from deploydeck.targets.docker.naming import LIVE, TASK, Names, label, labels_of, name_of

_INHERITED = frozenset(
    "PATH HOME TERM COLORTERM LANG LC_ALL DOCKER_CONFIG DOCKER_CERT_PATH DOCKER_TLS_VERIFY SSH_AUTH_SOCK".split()
)


@contextlib.contextmanager
def _step_errors() -> Iterator[None]:
    try:
        yield
    except EngineProblem as problem:
        raise StepFailed(problem.cause) from problem


@contextlib.contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except EngineProblem as problem:
        cause = problem.cause
        raise DeployDeckError(cause.code, cause.what, cause.why, cause.hint, transient=cause.transient) from problem


class DockerTarget:
    """The Engine of this machine. Methods that take a StepContext raise StepFailed, the others DeployDeckError."""

    name = "docker"
    capabilities = TARGETS["docker"].capabilities

    def __init__(self, settings: Settings, paths: Paths) -> None:
        self._engine = Engine(settings.docker.host)
        self._steps = steps.handlers(self._engine)

    async def identity(self) -> str:
        with _plain_errors():
            info = await self._engine.call(lambda client: client.info())
            return f"docker:{info.get('ID') or self._engine.host}"

    async def preflight(self, config: DeploymentConfig, previous: Release | None, built: bool = False) -> tuple[Finding, ...]:
        """As in `Target`; for what is built already, what only a build needs is not looked at."""
        return await checks.preflight(self._engine, config, previous, built)

    async def plan(self, config: DeploymentConfig, release: Release, previous: Release | None, rollback: bool) -> TargetPlan:
        names = Names(config, release)
        items: list[PlanItem] = []
        url = f"http://{ports.host_for_clients(config.bind_address)}:{config.published_port}"
        where = f"{config.bind_address}:{config.published_port} to port {config.port}"
        with _plain_errors():
            kept = await self._engine.container(names.container) if rollback else None
            if rollback:
                image = str(release.artifact.get("tag") or names.image)
                items.append(PlanItem(action=PlanAction.REUSE, kind="image", name=image, detail="the image of that release"))
            elif release.origin is not None:
                image = str(release.origin.artifact.get("tag") or release.origin.artifact.get("image"))
                detail = f"the image of {release.origin.label} in {release.origin.environment}"
                items.append(PlanItem(action=PlanAction.REUSE, kind="image", name=image, detail=detail))
            else:
                items.append(PlanItem(action=PlanAction.CREATE, kind="image", name=names.image, detail=f"from {config.dockerfile}"))
            action = PlanAction.REUSE if kept else PlanAction.CREATE
            items.append(PlanItem(action=action, kind="container", name=names.container, detail=where))
            items.append(
                PlanItem(
                    action=PlanAction.CREATE, kind="container", name=names.trial, detail="trial copy; removed before the switch"
                )
            )
            running = await self._engine.containers({**names.slot, label("role"): LIVE}, running_only=True)
            for item in running:
                if name_of(item) != names.container:
                    detail = "stopped at the switch, kept for rollback; people wait a few seconds"
                    items.append(PlanItem(action=PlanAction.STOP, kind="container", name=name_of(item), detail=detail))
        warnings = []
        if config.bind_address not in ("127.0.0.1", "::1", "localhost"):
            warnings.append(f"The application will be reachable from other machines on {config.bind_address}.")
        return TargetPlan(tuple(items), _plans(config, names, rollback or release.origin is not None), url, tuple(warnings))

    async def observe(self, step: StepPlan, context: StepContext) -> Observation:
        with _step_errors():
            handler = self._handler(step, context)
            return await handler.observe(context) if handler else Observation(Seen.UNKNOWN, detail=f"no step {step.name!r} here")

    async def act(self, step: StepPlan, context: StepContext) -> dict[str, Any]:
        with _step_errors():
            handler = self._handler(step, context)
            if handler is None:
                raise StepFailed(Cause(code="step-unknown", what=f"There is no step {step.name!r} here."))
            return await handler.act(context)

    async def undo(self, step: StepPlan, context: StepContext) -> None:
        with _step_errors():
            if handler := self._handler(step, context):
                await handler.undo(context)

    def _handler(self, step: StepPlan, context: StepContext) -> steps.Step | None:
        if context.config.hooks.command(step.name) is not None:
            return tasks.Task(self._engine, step.name)
        return self._steps.get(step.name)

    async def endpoint(self, role: Role, context: StepContext) -> Endpoint | None:
        with _step_errors():
            name = await self._name(role, context)
            found = await self._engine.container(name) if name else None
            if found is None:
                return None
            config = (context.previous_config or context.config) if role == "previous" else context.config
            bound = ((found.get("NetworkSettings") or {}).get("Ports") or {}).get(f"{config.port}/tcp")
            if not bound:
                return None
            return Endpoint(f"http://{ports.host_for_clients(bound[0].get('HostIp') or '')}:{bound[0]['HostPort']}")

    async def liveness(self, role: Role, context: StepContext) -> Liveness:
        with _step_errors():
            name = await self._name(role, context)
            return _liveness(await self._engine.container(name) if name else None)

    async def tail(self, role: Role, context: StepContext, lines: int) -> tuple[str, ...]:
        with _step_errors():
            name = await self._name(role, context)
            if name is None or await self._engine.container(name) is None:
                return ()
            return tuple(context.redact(line) for line in await logs.tail_lines(self._engine, name, lines))

    async def artifact(self, context: StepContext) -> dict[str, Any]:
        with _step_errors():
            names = Names(context.config, context.release)
            image = await copies.image_of(self._engine, context)
            found = await self._engine.container(names.container)
            return {"image": image, "tag": names.image, "name": names.container, "container": (found or {}).get("Id", "")}

    async def status(self, release: Release, config: DeploymentConfig) -> Liveness:
        with _plain_errors():
            return _liveness(await self._engine.container(_container_of(release, config)))

    async def restorable(self, release: Release, config: DeploymentConfig) -> tuple[Restorable, str]:
        with _plain_errors():
            name = _container_of(release, config)
            if await self._engine.container(name) is not None:
                return Restorable.KEPT, f"The container {name} is kept."
            image = str(release.artifact.get("image") or Names(config, release).image)
            if await self._engine.image(image) is not None:
                return Restorable.IMAGE, f"The image {image} is on this Engine; its container is gone."
            return Restorable.NO, f"Neither the container {name} nor the image {image} is on this Engine."

    async def logs(
        self, release: Release, config: DeploymentConfig, *, since: datetime | None, follow: bool, tail: int | None
    ) -> AsyncIterator[LogLine]:
        with _plain_errors():
            name = _container_of(release, config)
            if await self._engine.container(name) is None:
                raise DeployDeckError(
                    "container-gone", f"The container {name} is not there any more.", "Its output went with it.",
                    "The deployment's own log is kept: look in the history.",
                )  # fmt: skip
            async with contextlib.aclosing(logs.read(self._engine, name, since=since, follow=follow, tail=tail)) as lines:
                async for line in lines:
                    yield line

    async def holdings(self, release: Release, config: DeploymentConfig) -> tuple[PlanItem, ...]:
        names, items = Names(config, release), []
        with _plain_errors():
            ran = [names.task(step) for step, _ in config.hooks.named]
            for container in (names.trial, *ran, _container_of(release, config)):
                found = await self._engine.container(container)
                if labels_of(found).get(label("release")) == release.id:
                    state = "running" if _liveness(found).running else "stopped"
                    items.append(PlanItem(action=PlanAction.REMOVE, kind="container", name=container, detail=state))
            if await self._image(release, names) is not None:
                items.append(PlanItem(action=PlanAction.REMOVE, kind="image", name=names.image))
        return tuple(items)

    async def remove(self, release: Release, config: DeploymentConfig) -> tuple[str, ...]:
        names = Names(config, release)
        held = await self.holdings(release, config)
        with _plain_errors():
            for item in held:
                if item.kind == "container":
                    await self._engine.stop(item.name)
                    await self._engine.delete(item.name)
                elif (image := await self._image(release, names)) is not None:
                    await self._engine.find(partial(_remove_image, str(image["Id"])))
        return tuple(item.name for item in held)

    async def invocation(
        self,
        release: Release,
        config: DeploymentConfig,
        command: Sequence[str],
        variables: Mapping[str, str] | None,
        *,
        terminal: bool,
    ) -> Invocation:
        """As in `Target`. The docker program joins the terminal; what the command is given goes to the Engine beforehand."""
        if shutil.which("docker") is None:
            raise DeployDeckError("docker-missing", "The docker program is not on PATH.", hint="Install the Docker CLI.")
        env = {name: value for name, value in os.environ.items() if name in _INHERITED} | {"DOCKER_HOST": self._engine.host}
        with _plain_errors():
            if variables is None:
                name = _container_of(release, config)
                if not _liveness(await self._engine.container(name)).running:
                    raise DeployDeckError(
                        "not-running", f"{release.label} does not run.", hint="`deploydeck run` starts a copy of its own."
                    )
                return Invocation(("docker", "exec", "--interactive", *(("--tty",) if terminal else ()), name, *command), env)
            names = Names(config, release)
            name = names.task(f"run-{secrets.token_hex(3)}")
            given = {**variables, **({"PORT": str(config.port)} if config.recipe.port_from_env else {})}
            await copies.make_container(
                self._engine, str(release.artifact.get("image") or names.image), name, config, given, names.labels("", 0, TASK), {},
                goes_with_its_command=True, tty=terminal, stdin_open=True, **copies.command_form(command),
            )  # fmt: skip
            return Invocation(("docker", "start", "--attach", "--interactive", name), env)

    async def _image(self, release: Release, names: Names) -> dict[str, Any] | None:
        """The image of this release on the Engine; None when it is somebody else's, or another release has a container of it."""
        image = await self._engine.image(str(release.artifact.get("image") or names.image))
        if image is None:
            return None
        promoted = release.origin is not None and release.origin.artifact.get("image") == image["Id"]
        if not promoted and labels_of(image).get(label("release")) != release.id:
            return None
        for item in await self._engine.containers({}):
            if item.get("ImageID") == image["Id"] and labels_of(item).get(label("release")) != release.id:
                return None
        return image

    async def close(self) -> None:
        await self._engine.close()

    async def _name(self, role: Role, context: StepContext) -> str | None:
        names = Names(context.config, context.release)
        if role == "previous":
            return await live.previous_container(self._engine, context)
        return names.trial if role == "trial" else names.container


def _remove_image(image_id: str, client: Any) -> None:
    client.remove_image(image_id, force=True)


def _container_of(release: Release, config: DeploymentConfig) -> str:
    return str(release.artifact.get("name") or Names(config, release).container)


def _plans(config: DeploymentConfig, names: Names, built: bool) -> tuple[StepPlan, ...]:
    """The steps with the commands a person would type for them, and gates with time for their own deadline."""
    said = {
        "build": "" if built else f"docker buildx build --file {config.dockerfile} --tag {names.image} {config.root}",
        "create": f"docker create --name {names.container} --publish {config.bind_address}:{config.published_port}:{config.port}",
        "trial": f"docker run --detach --name {names.trial} --publish 127.0.0.1::{config.port}",
        "retire": f"docker rm --force {names.trial}",
        "switch": f"docker start {names.container}",
        "settle": f"docker update --restart unless-stopped {names.container}",
    }
    patience = config.health.deadline_s + config.health.stable_s + config.health.timeout_s + 30
    return tuple(
        plan.model_copy(update={"deadline_s": patience} if plan.gate else {"command": said.get(plan.name, "")})
        for plan in steps.PLANS
    )


def _liveness(found: dict[str, Any] | None) -> Liveness:
    if found is None:
        return Liveness(running=False, detail="There is no such container.")
    state = found.get("State") or {}
    running = bool(state.get("Running")) and not state.get("Restarting")
    never = state.get("Status") == "created"
    detail = str(state.get("Error") or "") or ("created, not started" if never else str(state.get("Status") or ""))
    return Liveness(
        running=running,
        exit_code=None if running or never else state.get("ExitCode"),
        oom_killed=bool(state.get("OOMKilled")),
        restarts=int(found.get("RestartCount") or 0),
        detail=detail,
    )
