"""The proof for Python: each manager and kind of program is built, answers, is healthy, runs without root and stops in time."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploydeck.scan.rules import ecosystems
from tests.generate.samples import write
from tests.generate.test_engine import docker, lives, name, prepared, status

__all__ = ["name"]

PROJECTS = Path(__file__).parents[2] / "projects"
SECRET = "never-in-an-image-9f2"
pytestmark = [
    pytest.mark.engine,
    pytest.mark.registry,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("engine"),
]


def project(tmp_path: Path, sample: str) -> Path:
    """A copy of a sample with secrets lying about in it."""
    root = tmp_path / sample
    shutil.copytree(PROJECTS / sample, root)
    write(root, {".env": f"API_KEY={SECRET}\n", "deep/.env.local": f"API_KEY={SECRET}\n", "deep/server.key": SECRET})
    return root


def proven(root: Path, name: str) -> str:
    """Generated, built, answering, healthy, not root, without the secret, gone within ten seconds. Returns the manager it has."""
    config = prepared(root)
    lives(root, config, name)
    found = docker("exec", name, "sh", "-c", f"grep -r {SECRET} /app /opt/venv/bin || echo clean")
    assert found == "clean" and SECRET not in docker("history", "--no-trunc", name)
    docker("stop", "--time", "10", name)
    assert json.loads(docker("inspect", name))[0]["State"]["ExitCode"] != 137
    return config.recipe.manager


@pytest.mark.parametrize(
    ("sample", "manager", "install"),
    [
        ("starlette-pdm-src", "pdm", "pdm sync --prod --no-editable --no-self"),
        ("tornado-pipenv", "pipenv", "pipenv sync"),
        ("streamlit-pip", "pip", "pip install --requirement requirements.txt"),
    ],
)
def test_what_a_lock_says_is_installed_and_lives(tmp_path: Path, name: str, sample: str, manager: str, install: str) -> None:
    root = project(tmp_path, sample)
    assert proven(root, name) == manager
    assert install in (root / "Dockerfile").read_text()


def test_static_files_of_django_are_collected_and_served(tmp_path: Path, name: str) -> None:
    root = project(tmp_path, "django-whitenoise")
    config = prepared(root)
    port = lives(root, config, name)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        asset = re.search(r'href="(/static/gallery\.[0-9a-f]+\.css)"', answer.read().decode())
    assert asset is not None and status(port, asset[1]) == 200  # the name with the hash of its content: it was collected
    assert status(port, "/static/nothing.css") == 404


@pytest.fixture
def manager_image(name: str) -> Iterator[str]:
    """The name of a second image, gone afterwards."""
    made = f"{name}-manager"
    yield made
    subprocess.run(["docker", "rmi", "--force", made], capture_output=True, check=False)


def test_poetry_installs_its_lock(tmp_path: Path, name: str, manager_image: str) -> None:
    """The lock is made by the very Poetry the image brings, so the layer that brings it is built once.

    Poetry asks PyPI by its JSON interface, which not every mirror has; named as a source of its own it asks the simple one. pip
    knows that address, so that none stands here.
    """
    root = project(tmp_path, "fastapi-poetry-app")
    from pip._internal.models.index import PyPI

    with (root / "pyproject.toml").open("a") as manifest:
        manifest.write(f'\n[[tool.poetry.source]]\nname = "simple"\nurl = "{PyPI.simple_url}/"\npriority = "primary"\n')
    prepared(root)
    brings = (root / "Dockerfile").read_text().split("WORKDIR")[0]
    assert "poetry==" in brings
    (root / "manager.Dockerfile").write_text(brings)
    docker("buildx", "build", "--load", "--quiet", "--tag", manager_image, "--file", f"{root}/manager.Dockerfile", str(root),
           timeout=600)  # fmt: skip
    docker("run", "--rm", "--volume", f"{root}:/app", "--workdir", "/app", manager_image, "poetry", "lock", timeout=300)
    (root / "manager.Dockerfile").unlink()
    assert (root / "poetry.lock").is_file()
    assert proven(root, name) == "poetry"
    text = (root / "Dockerfile").read_text()
    assert "COPY pyproject.toml poetry.lock ./" in text and "poetry install --only main --no-root" in text


LITESTAR = """from litestar import Litestar, get


@get('/')
async def index() -> str:
    return 'hello'


app = Litestar([index])
"""
SANIC = """from sanic import Sanic, text

app = Sanic('hello')


@app.get('/')
async def index(request):
    return text('hello')
"""
FASTHTML = """from fasthtml.common import *

app, rt = fast_app()


@rt('/')
def get():
    return P('hello')


serve()
"""
FRAMEWORKS = {
    "litestar": ("litestar==2.25.0\n", LITESTAR),
    "sanic": ("sanic==25.3.0\n", SANIC),
    "fasthtml": ("python-fasthtml==0.14.14\n", FASTHTML),
}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_frameworks_of_their_own_kind_live(tmp_path: Path, name: str, framework: str) -> None:
    requirements, source = FRAMEWORKS[framework]
    root = tmp_path / framework
    write(root, {"requirements.txt": requirements, "main.py": source})
    assert proven(root, name) == "pip"


BELL = """[project]
name = "bell"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = ["waitress==3.0.2"]

[project.scripts]
bell = "bell.server:main"

[build-system]
requires = ["hatchling==1.27.0"]
build-backend = "hatchling.build"
"""
BELL_SERVER = """from waitress import serve


def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'ding']


def main() -> None:
    serve(app, host='0.0.0.0', port=8080)
"""


def test_a_command_that_the_project_installs_lives(tmp_path: Path, name: str) -> None:
    """A package with a console script: installed into the environment, started by its name."""
    root = tmp_path / "bell"
    write(root, {"pyproject.toml": BELL, "src/bell/__init__.py": "", "src/bell/server.py": BELL_SERVER})
    assert proven(root, name) == "pip"


def test_every_system_package_exists_in_the_base_image() -> None:
    """A name that Debian no longer has would break each build that needs it."""
    names = sorted({one for home in ("python", "node") for need in ecosystems()[home].system for one in (*need.build, *need.run)})
    script = (
        "apt-get update -qq >/dev/null 2>&1 || exit 9\n"
        'for name; do apt-cache show --no-all-versions "$name" >/dev/null 2>&1 '
        '|| apt-get install -s -qq --no-install-recommends "$name" >/dev/null 2>&1 || echo "$name"; done'
    )
    missing = docker("run", "--rm", "debian:trixie-slim", "bash", "-c", script, "names", *names, timeout=600)
    assert missing == ""
