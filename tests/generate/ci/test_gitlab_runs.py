"""The generated GitLab pipeline is really run: its test stage runs the project's own tests, and fails when they do."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from deploydeck.generate import ConfigurationGenerator
from deploydeck.review import Review
from deploydeck.scan import ProjectAnalyzer
from deploydeck.settings import Settings
from tests.generate.samples import write

pytestmark = [pytest.mark.slow, pytest.mark.registry, pytest.mark.tools, pytest.mark.timeout(600)]

APP = """\
import os

from flask import Flask

app = Flask(__name__)


@app.get("/")
def home() -> str:
    return "hello"


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", "8000")))
"""
PYTHON = {
    "requirements.txt": "flask==3.1.0\n",
    "app.py": APP,
    "tests/test_app.py": "from app import app\n\n\ndef test_home():\n    assert app.test_client().get('/').text == 'hello'\n",
}
MANIFEST = """\
{
  "name": "greeter",
  "version": "1.0.0",
  "private": true,
  "scripts": { "start": "node server.js", "test": "node --test" },
  "dependencies": { "express": "5.1.0" }
}
"""
SERVER = """\
const express = require("express");
const app = express();
app.get("/", (_, res) => res.send("hello"));
if (require.main === module) app.listen(process.env.PORT || 3000);
module.exports = app;
"""
NODE = {
    "package.json": MANIFEST,
    "server.js": SERVER,
    "test/greet.test.js": "const test = require('node:test');\nconst assert = require('node:assert');\n"
    "test('loads', () => assert.strictEqual(typeof require('../server.js'), 'function'));\n",
}


def run(root: Path, *argv: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "HOME": str(root.parent), "GIT_CONFIG_GLOBAL": os.devnull, "NO_COLOR": "1"}
    for name in ("PYTHONPATH", "VIRTUAL_ENV"):
        environ.pop(name, None)
    return subprocess.run(argv, cwd=root, env=environ, capture_output=True, text=True, timeout=timeout, check=False)


def committed(root: Path, files: dict[str, str]) -> None:
    """A checkout with the project and its pipeline, reviewed and written as people do."""
    write(root, files)
    profile, settings = ProjectAnalyzer().profile(root), Settings.model_validate({"generate": {"ci": ["gitlab"]}})
    generator, review = ConfigurationGenerator(), Review()
    config = generator.deployment_config(profile, settings, project_id="prj-1", environment="production", target="docker")
    changes = review.compare(root, generator.generate(profile, config, settings))
    review.apply(root, [review.accept_file(change) for change in changes])
    for argv in (
        ("git", "init", "--quiet", "--initial-branch", "main"),
        ("git", "config", "user.email", "me@example.com"),
        ("git", "config", "user.name", "Me"),
        ("git", "remote", "add", "origin", "git@gitlab.example.com:team/sample.git"),
        ("git", "add", "--all"),
        ("git", "commit", "--quiet", "--message", "Start"),
    ):
        done = run(root, *argv)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("files", "said", "broken"),
    [
        (PYTHON, "1 passed", {"app.py": APP.replace('return "hello"', 'return "goodbye"')}),
        (NODE, "ok 1 - loads", {"server.js": "module.exports = 1;\n"}),
    ],
    ids=["python", "node"],
)
def test_the_test_stage_runs_the_tests_of_the_project(
    tmp_path: Path, files: dict[str, str], said: str, broken: dict[str, str]
) -> None:
    root = tmp_path / "sample"
    committed(root, files)
    command = ("gitlab-ci-local", "--force-shell-executor", "--stage", "test")
    listed = run(root, "gitlab-ci-local", "--list")
    for job in ("test", "build", "scan", "deploy-development", "deploy-staging"):
        assert job in listed.stdout, listed.stdout + listed.stderr
    done = run(root, *command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert said in done.stdout
    write(root, broken)
    failed = run(root, *command)
    assert failed.returncode != 0, failed.stdout
