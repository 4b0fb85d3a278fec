"""Java, PHP and Ruby, built and started by a real engine: as far as it can be done without their registries.

The bases are stand-ins from Debian (tests/generate/engine/bases): the same programs in the same versions. What needs Maven Central,
Packagist, RubyGems or a compiled PHP extension is only held to its form, in tests/generate/stacks.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from deploydeck.domain import DeploymentConfig
from tests.generate.samples import write
from tests.generate.test_engine import docker, lives, name, prepared, status

__all__ = ["name"]
PROJECTS = Path(__file__).parents[2] / "projects"
BASES = Path(__file__).parent / "bases"
pytestmark = [
    pytest.mark.engine,
    pytest.mark.registry,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("images"),
]


def base(tag: str, file: str = "") -> None:
    """Make sure of a base image: the one that is there, else the stand-in. Skips where neither is possible."""
    if subprocess.run(["docker", "image", "inspect", tag], capture_output=True, check=False).returncode == 0:
        return
    if subprocess.run(["docker", "image", "inspect", "debian:trixie-slim"], capture_output=True, check=False).returncode != 0:
        pytest.skip(f"{tag} is not here, and there is no debian:trixie-slim to make it of")
    if not file:
        pytest.skip(f"{tag} is not here")
    docker("build", "--quiet", "--tag", tag, "--file", str(BASES / file), str(BASES), timeout=600)


def stops(container: str) -> None:
    """It ends by itself within ten seconds of being asked to."""
    began = time.monotonic()
    docker("stop", "--time", "10", container, timeout=60)
    state = json.loads(docker("inspect", container))[0]["State"]
    assert state["ExitCode"] != 137, f"killed after {time.monotonic() - began:.1f} s"


def clean(image: str, word: str) -> None:
    assert word not in docker("history", "--no-trunc", image)
    assert docker("run", "--rm", "--entrypoint", "sh", image, "-c", f"grep -r {word} /app || echo clean") == "clean"


def grown(project: str, tmp_path: Path) -> tuple[Path, DeploymentConfig]:
    root = tmp_path / project
    shutil.copytree(PROJECTS / project, root)
    write(root, {".env": "API_KEY=sk-never-in-an-image\n"})
    return root, prepared(root)


def test_pages_of_php_live_behind_apache(tmp_path: Path, name: str) -> None:
    base("php:8.4-apache-trixie", "php-apache.Dockerfile")
    root, config = grown("php-guestbook", tmp_path)
    port = lives(root, config, name)
    assert status(port, "/.htaccess") == 403
    assert status(port, "/nothing-here") == 404
    assert status(port, "/entries/3") == 200, docker("logs", name)  # its .htaccess sends this to index.php
    assert status(port, "/composer.json") == 404
    assert docker("exec", name, "php", "-r", "echo is_writable('/app/data') ? 'yes' : 'no';") == "yes"
    clean(name, "sk-never")
    stops(name)


def test_a_program_of_java_lives(tmp_path: Path, name: str) -> None:
    base("maven:3.9-eclipse-temurin-21", "maven.Dockerfile")
    base("eclipse-temurin:21-jre", "jre.Dockerfile")
    root, config = grown("java-httpserver", tmp_path)
    lives(root, config, name)
    assert docker("exec", name, "sh", "-c", "ls /app") == "app.jar"
    assert subprocess.run(["docker", "exec", name, "sh", "-c", "command -v javac mvn"], capture_output=True, check=False).returncode
    assert "MaxRAMPercentage" in docker("exec", name, "env")
    clean(name, "sk-never")
    stops(name)


def test_a_program_of_ruby_lives(tmp_path: Path, name: str) -> None:
    base("ruby:3.3-slim")
    root, config = grown("ruby-without-gems", tmp_path)
    lives(root, config, name)
    clean(name, "sk-never")
    stops(name)
