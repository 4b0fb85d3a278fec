"""Where the Engine answers: setting, DOCKER_HOST, the current context, the usual sockets; in the order of the docker command."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import stat
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

DEFAULT_SOCKET = "/var/run/docker.sock"
MAX_JSON_BYTES = 1_000_000


def resolve_host(setting: str, environ: Mapping[str, str] | None = None) -> str:
    """The Engine's address (`unix://…`, `tcp://…`, `npipe://…`, `ssh://…`). An unreadable context means the default."""
    environ = os.environ if environ is None else environ
    home = Path(environ.get("HOME") or "~").expanduser()
    return setting or environ.get("DOCKER_HOST", "") or _from_context(environ, home) or _default(environ, home)


def is_local(host: str) -> bool:
    """Whether ports that this Engine publishes are ports of this machine."""
    parts = urllib.parse.urlsplit(host)
    if parts.scheme in ("unix", "npipe", "http+unix"):
        return True
    name = parts.hostname or ""
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _from_context(environ: Mapping[str, str], home: Path) -> str:
    directory = Path(environ.get("DOCKER_CONFIG") or home / ".docker")
    name = environ.get("DOCKER_CONTEXT") or _read(directory / "config.json").get("currentContext") or "default"
    if not isinstance(name, str) or name == "default":
        return ""
    meta = _read(directory / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json")
    endpoints = meta.get("Endpoints")
    endpoint = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = endpoint.get("Host") if isinstance(endpoint, dict) else None
    return host if isinstance(host, str) else ""


def _read(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(MAX_JSON_BYTES))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _default(environ: Mapping[str, str], home: Path) -> str:
    if os.name == "nt":
        return "npipe:////./pipe/docker_engine"
    sockets = [Path(DEFAULT_SOCKET), home / ".docker" / "run" / "docker.sock"]
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        sockets.append(Path(runtime) / "docker.sock")
    return f"unix://{next((path for path in sockets if _is_socket(path)), sockets[0])}"


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False
