"""Whether a worker runs, and how to make one run: a status file, a doorbell and a detached process.

The worker's OS lock says who may work; the status file says who does. Faces read only the file: probing the lock would hold it
for a moment, and a worker that starts in that moment would leave again.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from deploydeck.domain import DeployDeckError
from deploydeck.settings import Paths

COMMAND = [sys.executable, "-P", "-m", "deploydeck", "worker"]

_ALLOWED = frozenset(
    "PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TMPDIR TEMP TMP SYSTEMROOT COMSPEC PATHEXT APPDATA LOCALAPPDATA USERPROFILE "
    "DOCKER_HOST DOCKER_CONFIG DOCKER_CONTEXT DOCKER_CERT_PATH DOCKER_TLS_VERIFY DOCKER_BUILDKIT BUILDX_CONFIG SSH_AUTH_SOCK "
    "DBUS_SESSION_BUS_ADDRESS HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE "
    "CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS PIP_INDEX_URL PIP_CERT PIP_CONFIG_FILE UV_INDEX_URL UV_DEFAULT_INDEX NPM_CONFIG_REGISTRY "
    "NPM_CONFIG_USERCONFIG PYTHONPATH".split()
)
_ALLOWED_PREFIXES = ("LC_", "XDG_", "DEPLOYDECK_")


@dataclass(frozen=True)
class WorkerStatus:
    """A worker as it last described itself. Times are seconds since the epoch; `trouble` says what it cannot do just now."""

    running: bool
    pid: int = 0
    since: float = 0.0
    beat: float = 0.0
    active: tuple[str, ...] = ()
    trouble: str = ""


def worker_status(paths: Paths) -> WorkerStatus:
    """What the status file says, believed only while that very process lives."""
    try:
        content = json.loads(status_file(paths).read_bytes())
        status = WorkerStatus(
            running=True,
            pid=int(content["pid"]),
            since=float(content["since"]),
            beat=float(content["beat"]),
            active=tuple(str(name) for name in content["active"]),
            trouble=str(content["trouble"]),
        )
        born = float(content["born"])
    except (OSError, ValueError, KeyError, TypeError):
        return WorkerStatus(running=False)
    return status if _born(status.pid) == born else WorkerStatus(running=False)


def write_status(paths: Paths, status: WorkerStatus) -> None:
    """Replace the status file, whole or not at all. A full disk loses a heartbeat, never a deployment."""
    content = asdict(status) | {"born": _born(status.pid)}
    path = status_file(paths)
    temporary = path.with_suffix(f".{secrets.token_hex(4)}.tmp")
    try:
        temporary.write_text(json.dumps(content), encoding="utf-8")
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def clear_status(paths: Paths) -> None:
    """This worker does not run any more."""
    with contextlib.suppress(OSError):
        status_file(paths).unlink(missing_ok=True)


def status_file(paths: Paths) -> Path:
    return paths.worker_lock.with_suffix(".json")


def ring(paths: Paths) -> None:
    """Wake a worker that waits: it looks at once instead of within a second."""
    bell = paths.worker_lock.with_suffix(".bell")
    with contextlib.suppress(OSError):  # only a matter of latency
        bell.touch()
        os.utime(bell)


def bell_time(paths: Paths) -> int:
    """When the bell was last rung, in nanoseconds; 0 if never."""
    try:
        return paths.worker_lock.with_suffix(".bell").stat().st_mtime_ns
    except OSError:
        return 0


def ensure_worker(paths: Paths) -> int | None:
    """Start a worker unless one runs; its process id, or None when there was one.

    It is detached: own session, no terminal, no inherited descriptors, and only the environment that tools need. Harmless when
    two faces do it at once: the second worker finds the lock taken and leaves. Raises DeployDeckError `worker-start`.
    """
    if worker_status(paths).running:
        ring(paths)
        return None
    environment = clean_environment(dict(os.environ)) | {
        "DEPLOYDECK_HOME": str(paths.data),
        "DEPLOYDECK_CONFIG": str(paths.config),
    }
    try:
        paths.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        log = os.open(paths.worker_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            process = subprocess.Popen(
                COMMAND,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=environment,
                start_new_session=True,
            )
        finally:
            os.close(log)
    except OSError as error:
        raise DeployDeckError(
            "worker-start", "The worker could not be started.", error.strerror or str(error), "See `deploydeck doctor`."
        ) from error
    _orphans.append(process)
    return process.pid


_orphans: list[subprocess.Popen[bytes]] = []  # kept, so that a face that outlives its worker reaps it without a warning


def clean_environment(environ: dict[str, str]) -> dict[str, str]:
    """What the worker needs from a face's environment; variables of the application reach it by hand-off only."""
    return {
        name: value for name, value in environ.items() if name.upper() in _ALLOWED or name.upper().startswith(_ALLOWED_PREFIXES)
    }


def _born(pid: int) -> float:
    """When a process started, or 0 when it does not live: with the pid it names one process, whatever numbers are reused."""
    import psutil

    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return 0.0


def seconds_since(moment: float) -> float:
    """Age of a wall-clock moment; never negative, whatever the clock did."""
    return max(0.0, time.time() - moment)
