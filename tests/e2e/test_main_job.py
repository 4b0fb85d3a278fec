"""The main job on a real machine: from a directory to a running, changed, rolled back and truthfully recorded deployment."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.e2e.harness import Program, clean, copy_project, fetch, free_port, set_port


@dataclass(frozen=True)
class Case:
    """One sample project: what the scan must say, and where its VERSION file stands."""

    project: str
    framework: str
    manager: str
    version_file: str = "VERSION"
    before: Callable[[Path], None] = lambda root: None


def lock_with_uv(root: Path) -> None:
    """uv.lock names its registry, so it is made here and never committed."""
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    subprocess.run([uv, "lock", "--quiet"], cwd=root, check=True, timeout=120)


CASES = (
    Case("flask-pip", "flask", "pip"),
    Case("fastapi-uv", "fastapi", "uv", "weather/VERSION", lock_with_uv),
    Case("django-pip", "django", "pip", "library/VERSION"),
    Case("express-npm", "express", "npm"),
    Case("next-pnpm", "nextjs", "pnpm"),
    Case("vite-npm", "react", "npm"),
    Case("static-site", "", "", "index.html"),
)
ON_DOCKER = [pytest.param(case, "docker", id=f"docker-{case.project}", marks=pytest.mark.engine) for case in CASES]
ON_PROCESS = [
    pytest.param(case, "process", id=f"process-{case.project}") for case in CASES if case.project in ("flask-pip", "express-npm")
]


def put_version(case: Case, root: Path, text: str) -> None:
    """Change the project so that its page shows `text`."""
    path = root / case.version_file
    if path.suffix == ".html":
        content = path.read_text()
        path.write_text(re.sub(r"release[ -]\w+", text, content) if re.search(r"release[ -]\w+", content) else content + text)
    else:
        path.write_text(text + "\n")


def shown(url: str) -> str:
    """All a visitor gets: the page and the scripts it names."""
    status, page = fetch(url)
    assert status == 200, page
    scripts = [fetch(urljoin(url, source))[1] for source in re.findall(r'<script[^>]+src="([^"]+)"', page)[:20]]
    return "\n".join([page, *scripts])


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path / "home", tmp_path)
    yield made
    clean(made)


@pytest.mark.slow
@pytest.mark.registry
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("case", "target"), [*ON_DOCKER, *ON_PROCESS])
def test_from_directory_to_rollback(case: Case, target: str, program: Program, tmp_path: Path) -> None:
    root = copy_project(case.project, tmp_path)
    case.before(root)
    program.project = root
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    put_version(case, root, "release-one")

    profile = program("scan", "--json").json()
    assert profile["support"] == "supported", profile["support_reason"]
    if case.framework:
        assert profile["framework"]["name"] == case.framework
        assert profile["framework"]["evidence"]
        assert profile["package_manager"]["name"] == case.manager

    program("generate", "--write", "--yes", "--target", target)
    assert (root / "Dockerfile").exists() == (target == "docker")
    set_port(root, port, target=target)
    assert program("generate", "--check").code == 0

    plan = program("deploy", "--plan", "--json").json()
    assert plan["url"] == url
    assert [item["action"] for item in plan["items"]].count("stop") == 0

    first = program("deploy", "--yes", "--json").lines()
    assert first[-1]["status"] == "succeeded", first[-1]
    assert first[-1]["application_url"] == url
    assert first[-1]["release"] == "v1"
    assert "release-one" in shown(url)

    lines = program("logs", "--tail", "50").out
    assert lines.strip(), "the running program has written nothing"
    built = program("logs", first[-1]["deployment_id"], "--source", "build").out
    assert built.strip()

    put_version(case, root, "release-two")
    second = program("deploy", "--yes", "--json").lines()
    assert second[-1]["status"] == "succeeded", second[-1]
    assert second[-1]["release"] == "v2"
    assert "release-two" in shown(url)
    assert "release-one" not in shown(url)

    back = program("rollback", "--yes", "--json").lines()
    assert back[-1]["status"] == "succeeded", back[-1]
    assert back[-1]["release"] == "v1"
    assert "release-one" in shown(url)

    status = program("status", "--json").json()
    (live,) = [entry for entry in status["live"] if entry["environment"] == "development"]
    assert (live["release"]["number"], live["target"], live["health"]["health"]) == (1, target, "healthy")

    history = program("history", "--json").json()
    told = [(entry["release"]["number"], entry["kind"], entry["state"]) for entry in history["deployments"]]
    assert told == [(1, "rollback", "succeeded"), (2, "deploy", "succeeded"), (1, "deploy", "succeeded")]

    difference = program("diff", "v1", "v2", "--json").json()
    assert (difference["older"], difference["newer"], difference["source"]) == ("v1", "v2", True)
    program.wait_for_worker_to_leave()
    assert "release-one" in shown(url), "the application goes on without the worker"
