"""The proof of compose.yaml: the program and its service come up, the program writes into the service, and all of it goes away."""

from __future__ import annotations

import json
import secrets
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploydeck.generate import ConfigurationGenerator
from deploydeck.review import Review
from deploydeck.scan import ProjectAnalyzer
from deploydeck.settings import Settings
from tests.conftest import need

PROJECTS = Path(__file__).parents[2] / "projects"
pytestmark = [
    pytest.mark.engine,
    pytest.mark.registry,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("engine"),
]


def run(*argv: str, cwd: Path, timeout: float = 600) -> str:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, f"{' '.join(argv)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def ready(image: str) -> None:
    need("engine")
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("docker compose is not installed")
    if subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode != 0:
        pytest.skip(f"engine: there is no image {image} here")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A directory of a name of its own, so that its compose project is no other test's."""
    root = tmp_path / f"ddc-{secrets.token_hex(4)}"
    root.mkdir()
    yield root
    if (root / "compose.yaml").exists():
        subprocess.run(["docker", "compose", "down", "--volumes", "--rmi", "local", "--timeout", "5"], cwd=root, check=False,
                       capture_output=True, timeout=120)  # fmt: skip


def up(root: Path, project: str, chosen: dict[str, Any], env: dict[str, str]) -> str:
    """Write what is generated for a sample, start it, and return where it answers."""
    shutil.copytree(PROJECTS / project, root, dirs_exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = {"published_port": free.getsockname()[1], "variables": chosen.pop("variables", {})}
    settings = Settings.model_validate({**chosen, "app": {"name": root.name}, "environments": {"development": place}})
    profile, generator, review = ProjectAnalyzer().profile(root), ConfigurationGenerator(), Review()
    config = generator.deployment_config(profile, settings, project_id="prj-1", environment="development", target="docker")
    changes = review.compare(root, generator.generate(profile, config, settings))
    review.apply(root, [review.accept_file(change) for change in changes])
    asked = subprocess.run(["docker", "compose", "config", "--quiet"], cwd=root, capture_output=True, text=True, check=False)
    assert (asked.returncode != 0) == bool(env), asked.stderr  # a secret without a value stops it before anything starts
    (root / ".env").write_text("".join(f"{name}={value}\n" for name, value in env.items()))
    run("docker", "compose", "up", "--build", "--detach", "--wait", "--wait-timeout", "180", cwd=root)
    return run("docker", "compose", "port", "app", str(config.port), cwd=root).strip()


def ask(where: str, path: str, method: str = "GET") -> Any:
    with urllib.request.urlopen(urllib.request.Request(f"http://{where}{path}", method=method), timeout=10) as answer:
        text = answer.read().decode()
    return json.loads(text) if text.startswith(("{", "[")) else text


def safe(root: Path, secret: str) -> None:
    """No root, a quick end by itself, and no secret in the image."""
    app = run("docker", "compose", "ps", "--quiet", "app", cwd=root).strip()
    assert run("docker", "exec", app, "sh", "-c", "id -u", cwd=root).strip() not in ("", "0")
    state = json.loads(run("docker", "inspect", app, cwd=root))[0]
    assert state["HostConfig"]["CapDrop"] == ["ALL"] and "no-new-privileges:true" in state["HostConfig"]["SecurityOpt"]
    assert secret not in run("docker", "history", "--no-trunc", state["Image"], cwd=root)
    assert run("docker", "exec", app, "sh", "-c", f"grep -r {secret} /app || echo clean", cwd=root).strip() == "clean"
    run("docker", "compose", "stop", "--timeout", "10", "app", cwd=root)
    assert json.loads(run("docker", "inspect", app, cwd=root))[0]["State"]["ExitCode"] != 137


def test_a_program_with_postgresql_keeps_what_it_is_told(place: Path) -> None:
    """psycopg2 is compiled here: with packages of the rules, and one that a person asks for (the stand-in has no headers)."""
    ready("postgres:17")
    chosen: dict[str, Any] = {
        "build": {"build_packages": ["python3-dev"]},
        "variables": {"BOOK_TITLE": 'Guests "$HOME" ${X:-y}'},
        "resources": {"memory_mb": 256},
    }
    where = up(place, "flask-psycopg2", chosen, {"POSTGRES_PASSWORD": "sesameTest17"})
    assert ask(where, "/health") == "ok"
    assert ask(where, "/visits", "POST") == {"visits": 1, "title": 'Guests "$HOME" ${X:-y}'}
    run("docker", "compose", "restart", "--timeout", "10", "postgresql", cwd=place)
    run("docker", "compose", "up", "--detach", "--wait", "--wait-timeout", "120", cwd=place)
    assert ask(run("docker", "compose", "port", "app", "8000", cwd=place).strip(), "/visits", "POST")["visits"] == 2
    assert "sesameTest17" not in (place / "compose.yaml").read_text()
    safe(place, "sesameTest17")


def test_a_program_with_redis_counts(place: Path) -> None:
    ready("redis:8")
    where = up(place, "fastapi-redis", {}, {})
    assert ask(where, "/healthz") == {"ok": True}
    assert [ask(where, "/hits", "POST")["hits"] for _ in range(3)] == [1, 2, 3]
    kept = run("docker", "compose", "exec", "-T", "redis", "redis-cli", "-n", "2", "get", "hits", cwd=place)
    assert kept.strip() == "3"
    safe(place, "no-secret-at-all")
