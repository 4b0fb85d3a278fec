"""The connection to the Engine: every call runs in a thread, every error becomes a `Cause`."""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from deploydeck.domain import Cause
from deploydeck.targets import ports
from deploydeck.targets.docker.host import resolve_host

if TYPE_CHECKING:
    from docker import APIClient

T = TypeVar("T")
CALL_TIMEOUT_S = 60.0
STOP_GRACE_S = 10


class EngineProblem(Exception):
    """The Engine refused or could not be asked; `cause` says which."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.what)
        self.cause = cause


class Engine:
    """A lazily opened connection. Safe to use from several tasks; `close()` at the end."""

    def __init__(self, setting: str) -> None:
        self.host = resolve_host(setting)
        self._client: APIClient | None = None
        self._opening = asyncio.Lock()

    async def call(self, work: Callable[[APIClient], T]) -> T:
        """work(client) in a thread. Raises EngineProblem."""
        try:
            async with self._opening:
                if self._client is None:
                    self._client = await asyncio.to_thread(self.connect)
            return await asyncio.to_thread(work, self._client)
        except EngineProblem:
            raise
        except Exception as error:  # the SDK lets errors of three HTTP layers through
            cause = explain(error, self.host)
            if cause.transient:
                await self.close()  # pooled connections of an Engine that went away would fail once more when it is back
            raise EngineProblem(cause) from error

    async def find(self, work: Callable[[APIClient], T]) -> T | None:
        """Like `call`; None when the Engine says there is no such thing."""

        def guarded(client: APIClient) -> T | None:
            from docker.errors import NotFound

            try:
                return work(client)
            except NotFound:
                return None

        return await self.call(guarded)

    def connect(self) -> APIClient:
        """A new client of its own (blocking). The version is negotiated."""
        from docker import APIClient

        return APIClient(base_url=self.host, version="auto", timeout=int(CALL_TIMEOUT_S))

    async def container(self, name: str) -> dict[str, Any] | None:
        return await self.find(lambda client: client.inspect_container(name))

    async def image(self, name: str) -> dict[str, Any] | None:
        return await self.find(lambda client: dict(client.inspect_image(name)))  # type: ignore[no-untyped-call]

    async def start(self, name: str) -> None:
        await self.call(lambda client: client.start(name))

    async def stop(self, name: str) -> None:
        """Ask it to end, end it after the grace; harmless when it is stopped or gone."""
        await self.find(lambda client: client.stop(name, timeout=STOP_GRACE_S))

    async def delete(self, name: str) -> None:
        """Remove a container with its anonymous volumes; harmless when it is gone."""
        await self.find(lambda client: client.remove_container(name, v=True, force=True))

    async def restart_policy(self, name: str, policy: Literal["no", "unless-stopped"]) -> None:
        """Set what the Engine does with a container after a crash or a reboot; harmless when it is gone."""
        await self.find(lambda client: client.update_container(name, restart_policy={"Name": policy}))  # type: ignore[arg-type]

    async def containers(self, labels: dict[str, str], *, running_only: bool = False) -> list[dict[str, Any]]:
        """Containers that carry all these labels, newest first."""
        filters = {"label": [f"{key}={value}" for key, value in labels.items()]}
        found: list[dict[str, Any]] = await self.call(lambda client: client.containers(all=not running_only, filters=filters))
        return sorted(found, key=lambda item: int(item.get("Created", 0)), reverse=True)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(client.close)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it wraps: causes, contexts, and exceptions the HTTP layers keep in their arguments."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = [*current.args, current.__cause__, current.__context__, getattr(current, "reason", None)]
        waiting.extend(item for item in inner if isinstance(item, BaseException))


def explain(error: BaseException, host: str) -> Cause:
    """What an error of the SDK means, in words, with what to do."""
    from docker.errors import APIError

    chain = list(_chain(error))
    for item in chain:
        if isinstance(item, APIError):
            return explain_text(str(item.explanation or item), status=item.status_code)
    text = " ".join(str(item) for item in chain)
    for item in chain:
        if isinstance(item, PermissionError) or (isinstance(item, OSError) and item.errno in (errno.EACCES, errno.EPERM)):
            return Cause(
                code="engine-permission",
                what="The Docker Engine refuses this user.",
                why=f"Permission denied on {host}.",
                hint="Add yourself to the group docker and log in again, or use a rootless Engine.",
            )
    if any(isinstance(item, (FileNotFoundError, ConnectionError, TimeoutError)) for item in chain) or _looks_unreachable(text):
        if not any(shutil.which(name) for name in ("docker", "dockerd")):
            return Cause(
                code="engine-not-installed",
                what="There is no Docker Engine on this machine.",
                why=f"Nothing answers on {host}, and there is no docker command.",
                hint="Install Docker, or deploy to the target process.",
            )
        return unreachable(host)
    return Cause(code="engine-error", what="The Docker Engine could not be asked.", why=_short(text), hint="See `docker info`.")


def unreachable(host: str) -> Cause:
    """The Engine does not answer now; it may again."""
    return Cause(
        code="engine-unreachable",
        what="The Docker Engine does not answer.",
        why=f"Nothing accepts connections on {host}.",
        hint="Start Docker, then try again; `docker info` shows whether it runs.",
        transient=True,
    )


def _looks_unreachable(text: str) -> bool:
    signs = ("Connection aborted", "Connection refused", "Max retries exceeded", "Read timed out", "Remote end closed")
    return any(sign in text for sign in signs)


def explain_text(text: str, status: int | None = None) -> Cause:
    """What an error message of the Engine means."""
    lowered = text.lower()
    if "port is already allocated" in lowered or "address already in use" in lowered or "ports are not available" in lowered:
        port = _port_in(text)
        holder = ports.holder(port) if port else ""
        return Cause(
            code="port-taken",
            what=f"Port {port} is taken." if port else "The published port is taken.",
            why=f"It is held by {holder}." if holder else _short(text),
            hint="Stop what holds it, or choose another published_port.",
        )
    if "no space left on device" in lowered:
        return Cause(
            code="disk-full", what="The disk of the Docker Engine is full.", why=_short(text),
            hint="Free space, for example with `docker image prune`, then try again.",
        )  # fmt: skip
    if "is too old" in lowered or "minimum supported api version" in lowered:
        return Cause(code="engine-too-old", what="The Docker Engine is too old.", why=_short(text), hint="Update Docker.")
    if status is not None and status in (502, 503, 504):
        return Cause(code="engine-busy", what="The Docker Engine is not ready.", why=_short(text), transient=True)
    return Cause(code="engine-error", what="The Docker Engine refused.", why=_short(text))


def _port_in(text: str) -> int:
    """The port in `Bind for 127.0.0.1:8080 failed` or `listen tcp4 0.0.0.0:8080: bind: …`."""
    for word in text.replace("/tcp", " ").split():
        _, separator, number = word.strip(":,.").rpartition(":")
        if separator and number.isdigit() and 0 < int(number) <= 65535:
            return int(number)
    return 0


def _short(text: str, limit: int = 600) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[:limit]}…"
