"""MiniStack as a double of AWS: one process of its own on loopback, with keys that open nothing else."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

START_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(program: str, place: Path, *, engine: bool = False) -> Iterator[dict[str, str]]:
    """Starts it in `place`; yields the environment in which every SDK and Terraform talk to it and to nothing else.

    With `engine` it runs containers on the Docker Engine of this machine, else it finds none.
    """
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    home = {"PATH": os.environ.get("PATH", ""), "HOME": str(place), "LC_ALL": "C.UTF-8"}
    server = {
        **home,
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        **({} if engine else {"DOCKER_HOST": "tcp://127.0.0.1:1"}),
    }
    with (place / "ministack.log").open("wb") as log:
        process = subprocess.Popen([program], cwd=place, env=server, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            _wait(endpoint, process, place / "ministack.log")
            yield {
                **home,
                "AWS_ENDPOINT_URL": endpoint,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_REGION": "us-east-1",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_EC2_METADATA_DISABLED": "true",
                "NO_PROXY": "127.0.0.1",
                "no_proxy": "127.0.0.1",
            }
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _wait(endpoint: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        with suppress(urllib.error.URLError, TimeoutError, ConnectionError):
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"{endpoint}/_ministack/health", timeout=5):
                return
        time.sleep(0.2)
    raise AssertionError(f"MiniStack did not answer within {START_S:.0f} s: {log.read_text(errors='replace')[-2000:]}")
