"""The proof: what the generator writes is built by a real engine, runs without root, answers 200 and calls itself healthy."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploydeck.domain import DeploymentConfig
from deploydeck.generate import ConfigurationGenerator
from deploydeck.review import Review
from deploydeck.scan import ProjectAnalyzer
from deploydeck.settings import Settings
from tests.generate.samples import write

PROJECTS = Path(__file__).parent.parent / "projects"
pytestmark = [
    pytest.mark.engine,
    pytest.mark.registry,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("engine"),
]


def docker(*arguments: str, timeout: float = 60) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout[-1000:]}\n{done.stderr[-4000:]}"
    return done.stdout.strip()


@pytest.fixture
def name() -> Iterator[str]:
    """A name for one image and one container; both are gone afterwards."""
    if subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("docker buildx is not installed")
    made = f"deploydeck-test-{secrets.token_hex(4)}"
    yield made
    subprocess.run(["docker", "rm", "--force", made], capture_output=True, check=False)
    subprocess.run(["docker", "rmi", "--force", made], capture_output=True, check=False)


def prepared(root: Path) -> DeploymentConfig:
    """Scan, configure, generate, review everything, write it."""
    profile = ProjectAnalyzer().profile(root)
    settings, generator, review = Settings(), ConfigurationGenerator(), Review()
    config = generator.deployment_config(profile, settings, project_id="prj-1", environment="development", target="docker")
    changes = review.compare(root, generator.generate(profile, config, settings))
    review.apply(root, [review.accept_file(change) for change in changes])
    return config


def status(port: str, path: str, host: str = "") -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def lives(root: Path, config: DeploymentConfig, name: str) -> str:
    """Build and run; wait for 200 on the health path and for the image's own health check. Returns the published port."""
    docker("buildx", "build", "--load", "--quiet", "--tag", name, str(root), timeout=800)
    values = [word for v in config.variables for word in ("--env", f"{v.name}=value-for-the-test")]
    docker("run", "--detach", "--init", "--name", name, "--publish", f"127.0.0.1::{config.port}", *values, name)
    port = docker("port", name, f"{config.port}/tcp").splitlines()[0].rsplit(":", 1)[-1]
    deadline = time.monotonic() + 60
    answer, health = 0, ""
    while time.monotonic() < deadline and (answer != 200 or health != "healthy"):
        time.sleep(0.5)
        state = json.loads(docker("inspect", name))[0]["State"]
        assert state["Running"], docker("logs", name)
        health = state["Health"]["Status"]
        try:
            answer = status(port, config.health.path)
        except OSError:
            answer = 0
    assert (answer, health) == (200, "healthy"), docker("logs", name)
    # Asked from outside: there may be no shell.
    users = [line.split() for line in docker("top", name, "-eo", "pid,uid").splitlines()[1:]]
    assert users
    assert all(int(user) > 0 for _, user in users), users
    return port


def ends(name: str) -> None:
    """Within ten seconds of SIGTERM, and by itself."""
    began = time.monotonic()
    docker("stop", "--time", "10", name)
    took = time.monotonic() - began
    code = json.loads(docker("inspect", name))[0]["State"]["ExitCode"]
    assert code != 137, f"killed after {took:.1f} s"


@pytest.mark.parametrize(
    "project", ["flask-pip", "fastapi-uv", "django-pip", "express-npm", "next-pnpm", "vite-npm", "static-site"]
)
def test_sample_projects_live(tmp_path: Path, name: str, project: str) -> None:
    root = tmp_path / project
    shutil.copytree(PROJECTS / project, root)
    config = prepared(root)
    port = lives(root, config, name)
    if project == "vite-npm":
        assert status(port, "/a/route/of/its/own") == 200
    if project == "static-site":
        assert status(port, "/nothing-here") == 404 and status(port, "/deploy/nginx.conf") == 404
    ends(name)


SERVER = """const app = require('express')();
app.get('/', (q, r) => r.send('hello'));
app.listen(process.env.PORT || 3000, '0.0.0.0');
"""
PACKAGE = '{"name": "shop", "version": "1.0.0", "private": true, "dependencies": {"express": "5.1.0"}}\n'


@pytest.mark.parametrize(
    ("package", "command"),
    [
        ("yarn@1.22.22", ["yarn", "install", "--silent"]),
        ("@yarnpkg/cli-dist@4.18.1", ["yarn", "install", "--mode=update-lockfile"]),
    ],
)
def test_both_kinds_of_yarn_live(tmp_path: Path, name: str, package: str, command: list[str]) -> None:
    root = tmp_path / "shop"
    write(root, {"package.json": PACKAGE, "server.js": SERVER, "yarn.lock": ""})
    if shutil.which("npx") is None:
        pytest.skip("npx is not installed: nothing can make a lock file")
    subprocess.run(["npx", "--yes", "--package", package, *command], cwd=root, check=True, capture_output=True, timeout=300)
    shutil.rmtree(root / "node_modules", ignore_errors=True)
    config = prepared(root)
    assert config.recipe.manager == ("yarn-berry" if "cli-dist" in package else "yarn")
    lives(root, config, name)
    ends(name)


def test_a_next_server_of_its_own_lives(tmp_path: Path, name: str) -> None:
    root = tmp_path / "next"
    shutil.copytree(PROJECTS / "next-pnpm", root)
    (root / "next.config.mjs").write_text("export default { output: 'standalone' };\n")
    config = prepared(root)
    assert config.recipe.start == ("node", "server.js")
    lives(root, config, name)
    ends(name)


def test_no_secret_gets_into_an_image(tmp_path: Path, name: str) -> None:
    root = tmp_path / "flask"
    shutil.copytree(PROJECTS / "flask-pip", root)
    write(
        root,
        {".env": "API_KEY=sk-never-in-an-image\n", "deep/.env.production": "X=sk-never-in-an-image\n", "deep/id_rsa": "sk-never\n"},
    )
    prepared(root)
    docker("buildx", "build", "--load", "--quiet", "--tag", name, str(root), timeout=800)
    found = docker("run", "--rm", "--entrypoint", "sh", name, "-c", "grep -r sk-never /app /opt/venv/bin || echo clean")
    assert found == "clean"
    assert "sk-never" not in docker("history", "--no-trunc", name)
