"""What every image of ours must show, whatever is in it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.generate.samples import write
from tests.generate.test_engine import docker, ends, lives, prepared

SECRET = "sk-never-in-an-image"
MARKS = [
    pytest.mark.engine,
    pytest.mark.registry,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("images"),
]


def project(root: Path, files: dict[str, str]) -> Path:
    """The files, beside a secret that must stay behind."""
    write(root, {**files, ".env": f"API_KEY={SECRET}\n", "config/.env.production": f"API_KEY={SECRET}\n"})
    return root


def locked(root: Path, tool: str, *command: str) -> None:
    """The lock file that a package manager makes of the manifest, without installing anything."""
    if shutil.which("npx") is None:
        pytest.skip("npx is not installed: nothing can make a lock file")
    subprocess.run(["npx", "--yes", "--package", tool, *command], cwd=root, check=True, capture_output=True, timeout=300)
    shutil.rmtree(root / "node_modules", ignore_errors=True)


def needs_image(name: str) -> None:
    if subprocess.run(["docker", "image", "inspect", name], capture_output=True, check=False).returncode != 0:
        pytest.skip(f"there is no image {name} here")


def proven(root: Path, name: str) -> tuple[str, dict[str, object]]:
    """Generated, built, answering and healthy, without root and without the secret. Returns the published port and the recipe."""
    config = prepared(root)
    port = lives(root, config, name)
    where = "/srv" if config.recipe.kind.value == "static" else "/app"
    found = docker("run", "--rm", "--entrypoint", "sh", name, "-c", f"grep -rl {SECRET} {where} || echo clean")
    assert found == "clean"
    assert SECRET not in docker("history", "--no-trunc", name)
    return port, config.recipe.model_dump()


__all__ = ["MARKS", "SECRET", "docker", "ends", "lives", "locked", "needs_image", "prepared", "project", "proven"]
