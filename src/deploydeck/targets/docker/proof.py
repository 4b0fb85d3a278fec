"""The proof of an image: built from a scratch copy, started with the services it needs, asked on its health path, stopped, gone.

Everything it makes carries the label `deploydeck.proof` and a name of its own; what an earlier proof left behind because it was
killed is removed by the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploydeck.domain import Cause, DeploymentConfig, HealthSpec, Proof
from deploydeck.redaction import Redactor
from deploydeck.targets import commands
from deploydeck.targets.base import Endpoint, StepCanceled, StepFailed
from deploydeck.targets.docker import buildkit
from deploydeck.targets.docker.engine import STOP_GRACE_S, Engine, EngineProblem
from deploydeck.targets.docker.host import is_local
from deploydeck.targets.docker.naming import label, labels_of, name_of
from deploydeck.targets.probe import probe

BUILD_DEADLINE_S = 1800.0
SERVICES_DEADLINE_S = 180.0
LEFTOVER_AGE_S = 2 * 3600
TAIL_LINES = 40
EVIDENCE_LINES = 12
COMPOSE = "compose.yaml"
CANCELLED = "The proof was cancelled."
_OVERRIDE = "deploydeck-proof.compose.yaml"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class ProofWork:
    """What is to be proven. `root` is a scratch copy with the generated files in it, and may be written to.

    `environment` are the variables of the program, made-up ones among them (`pretended`). `services` names those of compose.yaml
    that must run beside it; `compose_app` is the program's own name there, `secrets` its made-up values.
    """

    root: Path
    config: DeploymentConfig
    environment: Mapping[str, str]
    pretended: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    compose_app: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Progress:
    """What is known so far; becomes the proof whatever happens."""

    proof: Proof = field(default_factory=lambda: Proof(proven=False, reason=""))

    def learn(self, **facts: Any) -> None:
        self.proof = self.proof.model_copy(update=facts)


class _Failed(Exception):
    """It could not be proven; says why."""

    def __init__(self, reason: str, hint: str = "", evidence: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason, self.hint, self.evidence = reason, hint, evidence


async def prove(engine: Engine, work: ProofWork, tell: Tell, cancelled: asyncio.Event | None = None) -> Proof:
    """Prove one configuration. Never raises for what the project or the Engine does: the proof says it. Cleans up in every case."""
    name = f"deploydeck-proof-{secrets.token_hex(6)}"
    known = _Progress()
    known.learn(services=work.services, pretended=work.pretended)
    redact = Redactor(work.environment.values())
    try:
        await _remove_leftovers(engine)
        await _prove(engine, name, work, known, _redacted(tell, redact), redact, cancelled)
        known.learn(proven=True, reason=_sentence(known.proof))
    except _Failed as failed:
        known.learn(reason=redact(failed.reason), hint=failed.hint, evidence=tuple(map(redact, failed.evidence)))
    except StepCanceled:
        known.learn(reason=CANCELLED)
    except (EngineProblem, StepFailed) as failed:
        known.learn(**_from_cause(failed.cause, redact))
    finally:
        await asyncio.shield(_clean(engine, name, work))
    return known.proof


def _redacted(tell: Tell, redact: Redactor) -> Tell:
    return lambda text: tell(redact(text))


def _from_cause(cause: Cause, redact: Redactor) -> dict[str, Any]:
    reason = " ".join(part for part in (cause.what, cause.why) if part)
    return {
        "reason": redact(reason),
        "hint": cause.hint,
        "evidence": tuple(redact(line) for line in cause.evidence[-EVIDENCE_LINES:]),
    }


def _sentence(proof: Proof) -> str:
    size = f"{(proof.image_bytes or 0) / 1e6:.0f} MB"
    return f"Built in {proof.build_s or 0:.1f} s, {size}; answered {proof.status} after {proof.answer_s or 0:.1f} s."


async def _prove(
    engine: Engine, name: str, work: ProofWork, known: _Progress, tell: Tell, redact: Redactor, cancelled: asyncio.Event | None
) -> None:
    if not is_local(engine.host):
        raise _Failed("The Engine is on another machine, whose ports cannot be asked from here.", "Prove on the machine itself.")
    if not await buildkit.available(engine.host):
        raise _Failed("There is no docker buildx to build with.", "Install the docker-buildx plugin.")
    tell("Building the image…")
    started = time.monotonic()
    await _build(engine, name, work, tell, redact, cancelled)
    image = await engine.image(name) or {}
    user = str((image.get("Config") or {}).get("User") or "")
    known.learn(build_s=time.monotonic() - started, image_bytes=int(image.get("Size") or 0), user=user)
    if work.services:
        tell(f"Starting {', '.join(work.services)} and the program…")
        await _start_with_services(engine, name, work, cancelled)
    else:
        tell("Starting the program…")
        await _start_alone(engine, name, work)
    await _answers(engine, name, work, known, tell, cancelled)
    await _stops(engine, name, known)


async def _build(engine: Engine, name: str, work: ProofWork, tell: Tell, redact: Redactor, cancelled: asyncio.Event | None) -> None:
    def emit(text: str, _stream: str, _source: str) -> None:
        tell(text)

    dockerfile = work.root / work.config.dockerfile
    building = buildkit.BuildWork(engine.host, work.root, dockerfile, name, {label("proof"): name})
    try:
        async with asyncio.timeout(BUILD_DEADLINE_S):
            await buildkit.build_image(building, emit, lambda _done, _all, _unit: None, redact, cancelled)
    except TimeoutError as error:
        raise _Failed(f"The image was not built within {BUILD_DEADLINE_S / 60:.0f} minutes.") from error


async def _start_alone(engine: Engine, name: str, work: ProofWork) -> None:
    port = f"{work.config.port}/tcp"

    def start(client: Any) -> None:
        host = client.create_host_config(port_bindings={port: ("127.0.0.1", None)}, cap_drop=["MKNOD", "NET_RAW"], init=True)
        client.create_container(
            name, name=name, environment=dict(work.environment), ports=[port], host_config=host, labels={label("proof"): name}
        )
        client.start(name)

    await engine.call(start)


async def _start_with_services(engine: Engine, name: str, work: ProofWork, cancelled: asyncio.Event | None) -> None:
    """The program and its services as compose.yaml says, with the image that was just built and a port nobody else has."""
    port = f'{{"target": {work.config.port}, "host_ip": "127.0.0.1", "published": "0"}}'
    override = (
        f"services:\n  {json.dumps(work.compose_app)}:\n    image: {name}\n    container_name: {name}\n    pull_policy: never\n"
        f'    restart: "no"\n    labels:\n      {label("proof")}: {name}\n    ports: !override\n      - {port}\n'
    )
    (work.root / _OVERRIDE).write_text(override, encoding="utf-8")
    values = "".join(f"{key}={value}\n" for key, value in sorted(work.secrets.items()))
    (work.root / ".env").write_text(values, encoding="utf-8")
    said: deque[str] = deque(maxlen=TAIL_LINES)
    argv = [*_compose(name, work), "up", "--detach", "--no-build", "--quiet-pull", work.compose_app]
    try:
        async with asyncio.timeout(SERVICES_DEADLINE_S):
            code = await commands.run(
                argv, cwd=work.root, env=buildkit.environment(engine.host), on_line=lambda text, _: said.append(text),
                cancelled=cancelled,
            )  # fmt: skip
    except TimeoutError as error:
        raise _Failed(f"The services were not ready within {SERVICES_DEADLINE_S:.0f} s.", evidence=tuple(said)) from error
    if code != 0:
        raise _Failed("The services it needs could not be started.", "Look at the last lines.", tuple(said)[-EVIDENCE_LINES:])


def _compose(name: str, work: ProofWork) -> list[str]:
    return ["docker", "compose", "--project-name", name, "--file", str(work.root / COMPOSE), "--file", str(work.root / _OVERRIDE)]


async def _answers(
    engine: Engine, name: str, work: ProofWork, known: _Progress, tell: Tell, cancelled: asyncio.Event | None
) -> None:
    """Ask until it answers well, dies, or the health deadline is over."""
    spec, started = work.config.health, time.monotonic()
    tell(f"Asking {spec.path}…")
    last = "nothing was asked"
    while time.monotonic() - started < spec.deadline_s:
        if cancelled is not None and cancelled.is_set():
            raise _Failed(CANCELLED)
        state = await engine.container(name) or {}
        if not (state.get("State") or {}).get("Running"):
            code = (state.get("State") or {}).get("ExitCode")
            raise _Failed(f"The program ended with exit code {code}.", "Read its last lines.", await _tail(engine, name))
        port = _published(state, work.config.port)
        if port:
            answer = await probe(Endpoint(f"http://127.0.0.1:{port}"), _patient(spec))
            known.learn(status=answer.status)
            if answer.ok:
                known.learn(answer_s=time.monotonic() - started)
                return
            last = answer.error
        await asyncio.sleep(0.25)
    hint = "Set [app] health_path or port in deploydeck.toml where they are wrong."
    raise _Failed(f"{spec.path} did not answer well within {spec.deadline_s:.0f} s: {last}.", hint, await _tail(engine, name))


def _patient(spec: HealthSpec) -> HealthSpec:
    """The same health question with a wait that fits a loop."""
    return spec.model_copy(update={"timeout_s": min(spec.timeout_s, 3.0)})


def _published(state: dict[str, Any], port: int) -> str:
    bound = ((state.get("NetworkSettings") or {}).get("Ports") or {}).get(f"{port}/tcp") or []
    return str(bound[0].get("HostPort", "")) if bound else ""


async def _tail(engine: Engine, name: str) -> tuple[str, ...]:
    text: bytes | None = await engine.find(lambda client: client.logs(name, tail=EVIDENCE_LINES))
    return tuple(line for line in (text or b"").decode("utf-8", "replace").splitlines() if line.strip())


async def _stops(engine: Engine, name: str, known: _Progress) -> None:
    """SIGTERM must be enough: what has to be killed loses what it was doing at every deployment."""
    started = time.monotonic()
    await engine.stop(name)
    state = (await engine.container(name) or {}).get("State") or {}
    took = time.monotonic() - started
    known.learn(stop_s=took)
    if state.get("ExitCode") == 137:
        raise _Failed(
            f"It does not stop on SIGTERM within {STOP_GRACE_S} s and had to be killed.",
            "Start the program itself, without a shell or a package manager before it, and let it end on SIGTERM.",
        )


async def _clean(engine: Engine, name: str, work: ProofWork) -> None:
    """Take everything away. What cannot be taken away now is found by its label next time."""
    with contextlib.suppress(EngineProblem):
        if work.services and (work.root / _OVERRIDE).exists():
            argv = [*_compose(name, work), "down", "--volumes", "--remove-orphans", "--timeout", "5"]
            await commands.run(argv, cwd=work.root, env=buildkit.environment(engine.host), on_line=lambda _text, _stream: None)
        await engine.delete(name)
        await _remove_image(engine, name)


async def _remove_leftovers(engine: Engine) -> None:
    """Containers, networks and images of proofs that were killed long ago."""
    proofs: list[dict[str, Any]] = await engine.call(lambda client: client.containers(all=True, filters={"label": label("proof")}))
    for item in proofs:
        if time.time() - float(item.get("Created", 0)) > LEFTOVER_AGE_S:
            name = labels_of(item).get(label("proof")) or name_of(item)
            await engine.delete(str(item["Id"]))
            await _remove_image(engine, name)


async def _remove_image(engine: Engine, name: str) -> None:
    await engine.find(lambda client: client.remove_image(name, force=True))


@contextlib.asynccontextmanager
async def scratch() -> AsyncIterator[Path]:
    """A directory of its own for the copy, gone afterwards."""
    place = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="deploydeck-proof-")
    try:
        yield Path(place.name)
    finally:
        await asyncio.to_thread(place.cleanup)
