"""The steps up to the switch: checks, the image, the new container, its trial twin. Each can look, act and take back."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Mapping, Sequence
from typing import Any

from deploydeck.domain import Cause, DeploymentConfig, Severity, VariableSource
from deploydeck.targets.base import Observation, Seen, StepCanceled, StepContext, StepFailed
from deploydeck.targets.docker import buildkit, checks, classic, logs
from deploydeck.targets.docker.engine import Engine
from deploydeck.targets.docker.naming import LIVE, TRIAL, Names, label, labels_of

LOG_OPTIONS = {"max-size": "10m", "max-file": "3"}
SAVED_LINES = 5_000
DROPPED_CAPABILITIES = ["MKNOD", "NET_RAW"]  # of the Engine's default set, the two no web program needs


def names(context: StepContext) -> Names:
    return Names(context.config, context.release)


class Base:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def undo(self, context: StepContext) -> None:
        """Nothing to take back."""

    async def remove_container(self, context: StepContext, name: str) -> None:
        """Remove a container of this deployment; its last lines are kept in the deployment's log."""
        found = await self.engine.container(name)
        if labels_of(found).get(label("deployment")) != context.deployment_id:
            return
        await save_logs(self.engine, context, name, labels_of(found).get(label("role"), LIVE))
        await self.engine.stop(name)
        await self.engine.delete(name)
        await context.record("container", name, name, True, "removed")


async def save_logs(engine: Engine, context: StepContext, name: str, role: str) -> None:
    """Copy what a container wrote into the deployment's log before it goes."""
    source = "trial" if role == TRIAL else "app"
    async for line in logs.read(engine, name, since=None, follow=False, tail=SAVED_LINES):
        context.emit(line.text, line.stream, source)


class Preflight(Base):
    async def observe(self, context: StepContext) -> Observation:
        return Observation(Seen.ABSENT, detail="A check leaves nothing behind; it is made again.")

    async def act(self, context: StepContext) -> dict[str, Any]:
        built = made_before(context) is not None
        found = await checks.preflight(self.engine, context.config, context.previous, built)
        blocking = [item for item in found if item.severity is Severity.ERROR]
        if blocking:
            first = blocking[0]
            others = tuple(context.redact(item.message) for item in blocking[1:])
            unreachable = first.code == "engine-unreachable"
            raise StepFailed(Cause(code=first.code, what=first.message, hint=first.hint, evidence=others, transient=unreachable))
        for item in found:
            if item.severity is not Severity.ERROR:
                context.emit(item.message, "note", "deploy")
        await checks.refuse_higher_fence(self.engine, names(context).slot, context.fence)
        return {"findings": [item.code for item in found]}


class Build(Base):
    async def observe(self, context: StepContext) -> Observation:
        ready = made_before(context)
        wanted = names(context).image if ready is None else ready
        image = await self.engine.image(wanted) if wanted else None
        if image is None:
            return Observation(Seen.ABSENT, detail=f"The image {wanted or 'of this release'} is not on the Engine.")
        if ready is None and labels_of(image).get(label("release")) != context.release.id:
            return Observation(Seen.ABSENT, detail="The tag names an image of something else.")
        return Observation(Seen.DONE, self._facts(context, image))

    async def act(self, context: StepContext) -> dict[str, Any]:
        if made_before(context) is not None:
            origin = None if context.rollback else context.release.origin
            of = f"{origin.label} of {origin.environment}" if origin else context.release.label
            raise StepFailed(
                Cause(
                    code="image-gone",
                    what=f"The image of {of} is not on the Engine any more.",
                    why="A new build would not be the same release.",
                    hint="Deploy the source of that release again.",
                )
            )
        own = names(context)
        dockerfile = await asyncio.to_thread(checks.dockerfile_of, context.config)
        labels = own.labels(context.deployment_id, context.fence)
        await context.record("image", own.image, own.image, True, "intended")
        if await buildkit.available(self.engine.host):
            await buildkit.build(context, self.engine.host, own.image, labels, dockerfile)
        else:
            await classic.build(context, self.engine, own.image, labels, dockerfile)
        if context.cancelled.is_set():
            raise StepCanceled
        image = await self.engine.image(own.image)
        if image is None:
            raise StepFailed(
                Cause(code="image-missing", what="The build ended well, but its image is not on the Engine.", transient=True)
            )
        await context.record("image", own.image, own.image, True, "present")
        version = await self.engine.call(lambda client: client.version())
        if image.get("Architecture") and version.get("Arch") and image["Architecture"] != version["Arch"]:
            raise StepFailed(
                Cause(
                    code="image-arch",
                    what=f"The image is for {image['Architecture']}, this Engine runs {version['Arch']}.",
                    why=f"The machine is a {platform.machine()}.",
                    hint="Take --platform out of the FROM lines, or choose a base image for this architecture.",
                )
            )
        return self._facts(context, image)

    async def undo(self, context: StepContext) -> None:
        tag = names(context).image
        image = await self.engine.image(tag)
        if image is None or labels_of(image).get(label("deployment")) != context.deployment_id:
            return
        used = await self.engine.call(lambda client: client.containers(all=True, filters={"ancestor": image["Id"]}))
        if not used:
            await self.engine.find(lambda client: client.remove_image(tag))
            await context.record("image", tag, tag, True, "removed")

    @staticmethod
    def _facts(context: StepContext, image: Mapping[str, Any]) -> dict[str, Any]:
        return {"image": image["Id"], "tag": names(context).image, "size_bytes": int(image.get("Size") or 0)}


def made_before(context: StepContext) -> str | None:
    """The id of the image that this deployment does not build: that of a rollback or a promotion ("" when nobody knows it)."""
    if context.rollback:
        return str(context.release.artifact.get("image") or "")
    return str(context.release.origin.artifact.get("image") or "") if context.release.origin else None


async def image_of(engine: Engine, context: StepContext) -> str:
    """The image id that this deployment runs: as recorded, else as found."""
    known = context.facts.get("build", {}).get("image")
    if not known:
        found = await Build(engine).observe(context)
        known = found.facts.get("image")
    if not known:
        raise StepFailed(
            Cause(code="image-gone", what="The image of this release is not on the Engine any more.", hint="Deploy again.")
        )
    return str(known)


class Copy(Base):
    """Makes containers from the release's image; `live` and `trial` differ only in port, name and role."""

    async def create(
        self, context: StepContext, name: str, role: str, address: str, port: int | None, command: tuple[str, ...] = ()
    ) -> str:
        """A container that does not run yet. With a `command` it runs that instead, and nobody reaches it."""
        image, config = await image_of(self.engine, context), context.config
        variables = dict(context.variables)
        plain = {variable.name for variable in config.variables if variable.source is VariableSource.SETTINGS}
        labels = names(context).labels(context.deployment_id, context.fence, role)
        labels[label("secrets")] = ",".join(sorted(variables.keys() - plain))  # names only: whose values its log must not show
        if config.recipe.port_from_env:
            variables["PORT"] = str(config.port)
        await context.record("container", name, name, True, "intended")
        ports = {config.port: (address, port) if port else (address,)}
        how = command_form(command) if command else {}
        made = await make_container(self.engine, image, name, config, variables, labels, {} if command else ports, **how)
        await context.record("container", name, name, True, "present")
        return made


def command_form(command: Sequence[str]) -> dict[str, Any]:
    """What a container that runs one command has instead of what its image says."""
    return {"command": list(command), "entrypoint": [], "healthcheck": {"test": ["NONE"]}}


async def make_container(
    engine: Engine,
    image: str,
    name: str,
    config: DeploymentConfig,
    variables: Mapping[str, str],
    labels: Mapping[str, str],
    ports: Mapping[int, tuple[Any, ...]],
    *,
    goes_with_its_command: bool = False,
    **how: Any,
) -> str:
    """A container that does not run yet, within the limits of its configuration; `ports` to where each is published. Its id."""

    def work(client: Any) -> str:
        from docker.types import LogConfig

        limits: dict[str, Any] = {}
        if config.limits.memory_bytes is not None:
            limits |= {"mem_limit": config.limits.memory_bytes, "memswap_limit": config.limits.memory_bytes}
        if config.limits.cpus is not None:
            limits["nano_cpus"] = int(config.limits.cpus * 1_000_000_000)
        # unless-stopped only once it is settled: a reboot must not bring back a failed copy
        host_config = client.create_host_config(
            port_bindings={f"{inside}/tcp": where for inside, where in ports.items()}, restart_policy={"Name": "no"},
            log_config=LogConfig(type=LogConfig.types.JSON, config=LOG_OPTIONS), auto_remove=goes_with_its_command,
            init=True, security_opt=["no-new-privileges:true"], cap_drop=DROPPED_CAPABILITIES, **limits,
        )  # fmt: skip
        made = client.create_container(
            image, name=name, environment=[f"{key}={value}" for key, value in variables.items()],
            labels=dict(labels), ports=list(ports), host_config=host_config, **how,
        )  # fmt: skip
        return str(made["Id"])

    return await engine.call(work)


class Create(Copy):
    """The final container with its final port, not started. For a rollback the kept container is it."""

    async def observe(self, context: StepContext) -> Observation:
        name = names(context).container
        found = await self.engine.container(name)
        if found is None:
            return Observation(Seen.ABSENT, detail=f"There is no container {name}.")
        if not _same_place(found, context):
            return Observation(Seen.PARTIAL, detail=f"{name} is bound to another port.")
        reused = labels_of(found).get(label("deployment")) != context.deployment_id
        return Observation(Seen.DONE, {"container": found["Id"], "name": name, "reused": reused})

    async def act(self, context: StepContext) -> dict[str, Any]:
        await checks.refuse_higher_fence(self.engine, names(context).slot, context.fence)
        name = names(context).container
        found = await self.engine.container(name)
        if found is not None:
            if _same_place(found, context):
                return (await self.observe(context)).facts
            if found["State"].get("Running"):
                raise StepFailed(
                    Cause(
                        code="container-in-use", what=f"{name} runs with another port.",
                        hint="Stop it, or deploy the source as a new release.",
                    )
                )  # fmt: skip
            await self.engine.delete(name)
        made = await self.create(context, name, LIVE, context.config.bind_address, context.config.published_port)
        return {"container": made, "name": name, "reused": False}

    async def undo(self, context: StepContext) -> None:
        await self.remove_container(context, names(context).container)


def _same_place(found: Mapping[str, Any], context: StepContext) -> bool:
    bindings = (found.get("HostConfig") or {}).get("PortBindings") or {}
    wanted = {"HostIp": context.config.bind_address, "HostPort": str(context.config.published_port)}
    return bool((bindings.get(f"{context.config.port}/tcp") or [{}])[0] == wanted)


class Trial(Copy):
    """A twin of the new container that only this machine can reach, to see whether it becomes healthy."""

    async def observe(self, context: StepContext) -> Observation:
        name = names(context).trial
        found = await self.engine.container(name)
        if found is None:
            return Observation(Seen.ABSENT, detail=f"There is no container {name}.")
        if labels_of(found).get(label("deployment")) != context.deployment_id or _never_started(found):
            return Observation(Seen.PARTIAL, detail=f"{name} is there but is not this trial, running.")
        return Observation(Seen.DONE, {"container": found["Id"], "name": name})

    async def act(self, context: StepContext) -> dict[str, Any]:
        await checks.refuse_higher_fence(self.engine, names(context).slot, context.fence)
        name = names(context).trial
        found = await self.engine.container(name)
        if found is not None and (await self.observe(context)).seen is not Seen.DONE:
            await self.engine.delete(name)
            found = None
        made = found["Id"] if found else await self.create(context, name, TRIAL, "127.0.0.1", None)
        await self.engine.start(made)
        return {"container": made, "name": name}

    async def undo(self, context: StepContext) -> None:
        await self.remove_container(context, names(context).trial)


def _never_started(found: Mapping[str, Any]) -> bool:
    return bool(found["State"].get("Status") == "created")


class Retire(Base):
    """The trial has answered: remove it, so that old and new do not both stand beside it."""

    async def observe(self, context: StepContext) -> Observation:
        gone = await self.engine.container(names(context).trial) is None
        return Observation(Seen.DONE if gone else Seen.ABSENT, {"removed": names(context).trial} if gone else {})

    async def act(self, context: StepContext) -> dict[str, Any]:
        await self.remove_container(context, names(context).trial)
        return {"removed": names(context).trial}
