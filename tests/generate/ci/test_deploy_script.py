"""The deployment script is really run against the engine, through an SSH client that stands in for the way to another host."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploydeck.generate.ci import DEPLOY_SCRIPT
from tests.e2e.harness import free_port
from tests.generate.ci.test_pipelines import made_from
from tests.generate.samples import flask_pip, write

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("engine"),
]

# What `docker` asks ssh for is always the same: the engine's stream on the other side. This one is on this side.
SSH = """#!/bin/sh
printf '%s\\n' "$@" > "$SSH_SEEN"
test "$1" = -F && grep -q '^  StrictHostKeyChecking yes$' "$2" && test -s "$(sed -n 's/^  IdentityFile //p' "$2")" || exit 9
unset DOCKER_HOST
exec docker system dial-stdio
"""
SERVER = """\
import http.server, os, sys
if os.environ.get("BROKEN"):
    sys.exit(3)
http.server.test(http.server.SimpleHTTPRequestHandler, port=8000)
"""
"""Answers on the health path; with BROKEN it ends at once, as a program does that lacks a setting."""


def docker(*argv: str) -> str:
    done = subprocess.run(["docker", *argv], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"docker {' '.join(argv)}: {done.stderr[-2000:]}"
    return done.stdout.strip()


@pytest.fixture
def name() -> Iterator[str]:
    made = f"deploydeck-test-{secrets.token_hex(4)}"
    yield made
    for suffix in ("", "-previous"):
        subprocess.run(["docker", "rm", "--force", f"{made}{suffix}"], capture_output=True, check=False)
    images = subprocess.run(["docker", "image", "ls", "--quiet", made], capture_output=True, text=True, check=False).stdout.split()
    subprocess.run(["docker", "rmi", "--force", made, *images], capture_output=True, check=False)


def image(folder: Path, tag: str, version: str) -> str:
    """A small server with a health check; `version` makes one image another one."""
    probe = 'CMD ["python", "-c", "import urllib.request as u; u.urlopen(\'http://127.0.0.1:8000/\')"]'
    dockerfile = f"FROM python:3.13-slim\nENV VERSION={version}\nCOPY server.py /\nUSER 10001\n"
    dockerfile += f'HEALTHCHECK --interval=1s --start-period=1s --retries=2 {probe}\nCMD ["python", "/server.py"]\n'
    write(folder, {"Dockerfile": dockerfile, "server.py": SERVER})
    docker("build", "--quiet", "--tag", f"{tag}:{version}", str(folder))
    return f"{tag}:{version}"


def test_it_deploys_updates_and_goes_back(tmp_path: Path, name: str) -> None:
    script = made_from(flask_pip(tmp_path / "project"), {"health": {"deadline_s": 40}})[DEPLOY_SCRIPT].content
    programs = tmp_path / "programs"
    # The images are here already and in no registry: the pull of this docker says so, everything else is the real one.
    real = shutil.which("docker")
    write(
        tmp_path,
        {
            "deploy.sh": script,
            "key": "a key",
            "known_hosts": "host ssh-ed25519 AAAA\n",
            "env": "TOKEN=secret value\n",
            "programs/ssh": SSH,
            "programs/docker": f'#!/bin/sh\ntest "$1" != pull || exec echo "$3"\nexec "{real}" "$@"\n',
        },
    )
    for program in programs.iterdir():
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    port = free_port()

    def deploy(what: str, **over: str) -> subprocess.CompletedProcess[str]:
        environ = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "SSH_SEEN": str(tmp_path / "seen"),
            "IMAGE": what,
            "CONTAINER": name,
            "PUBLISH": f"127.0.0.1:{port}:8000",
            "DEPLOY_HOST": "shop.example.com",
            "DEPLOY_USER": "deploy",
            "DEPLOY_KEY_FILE": str(tmp_path / "key"),
            "DEPLOY_KNOWN_HOSTS_FILE": str(tmp_path / "known_hosts"),
            "ENV_FILE": str(tmp_path / "env"),
            "PLAIN_VARIABLES": "MODE=$HOME 'x'",
            **over,
        }
        return subprocess.run(
            ["sh", str(tmp_path / "deploy.sh")], env=environ, capture_output=True, text=True, timeout=240, check=False
        )

    missing = deploy("x", DEPLOY_HOST="")
    assert missing.returncode != 0
    assert "DEPLOY_HOST" in missing.stderr

    first, second = image(tmp_path / "image", name, "1"), image(tmp_path / "image", name, "2")
    done = deploy(first)
    assert done.returncode == 0, done.stdout + done.stderr
    assert docker("container", "inspect", "--format", "{{.State.Health.Status}}", name) == "healthy"
    environment = docker("container", "inspect", "--format", "{{json .Config.Env}}", name)
    assert "TOKEN=secret value" in environment
    assert "MODE=$HOME 'x'" in environment
    seen = (tmp_path / "seen").read_text().split("\n")
    assert "shop.example.com" in seen
    assert "deploy" in seen
    assert not Path(seen[1]).exists()  # the key and the settings are gone

    done = deploy(second)
    assert done.returncode == 0, done.stdout + done.stderr
    assert docker("container", "inspect", "--format", "{{.Config.Image}}", name) == second

    broken = deploy(first, PLAIN_VARIABLES="BROKEN=1")
    assert broken.returncode == 1
    assert "did not become healthy" in broken.stderr
    assert docker("container", "inspect", "--format", "{{.Config.Image}} {{.State.Running}}", name) == f"{second} true"
    names = docker("container", "ls", "--all", "--format", "{{.Names}}").split()
    assert f"{name}-previous" not in names
