"""Servers of Node.js, Bun and Deno: built by a real engine from what the generator writes, answering over HTTP."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.generate.engine import node_projects as projects
from tests.generate.engine.proof import MARKS, ends, locked, needs_image, project, proven
from tests.generate.test_engine import docker, name

__all__ = ["name"]
pytestmark = MARKS

NPM = ("npm@10.9.3", "npm", "install", "--package-lock-only", "--ignore-scripts")
PNPM = ("pnpm@10.34.9", "pnpm", "install", "--lockfile-only")
BUN = ("bun@1.4.5", "bun", "install", "--lockfile-only")


def contents(image: str, directory: str = "/app") -> set[str]:
    return set(docker("run", "--rm", "--entrypoint", "ls", image, "-A", directory).split())


@pytest.mark.parametrize(
    ("files", "lock", "holds", "lacks"),
    [
        pytest.param(projects.FASTIFY, PNPM, {"dist", "node_modules"}, set(), id="fastify-pnpm"),
        pytest.param(projects.NEST, NPM, {"dist", "node_modules"}, set(), id="nestjs-npm"),
        pytest.param(projects.NUXT, PNPM, {".output"}, {"node_modules", "package.json"}, id="nuxt-pnpm"),
        pytest.param(projects.ASTRO_NODE, NPM, {"dist", "node_modules"}, {"src"}, id="astro-node-npm"),
        pytest.param(projects.SVELTEKIT, NPM, {"build", "package.json"}, {"node_modules", "src"}, id="sveltekit-npm"),
        pytest.param(projects.REACT_ROUTER, PNPM, {"build", "node_modules"}, {"app"}, id="react-router-pnpm"),
    ],
)  # fmt: skip
def test_a_server_lives_on_what_its_build_wrote(
    tmp_path: Path, name: str, files: dict[str, str], lock: tuple[str, ...], holds: set[str], lacks: set[str]
) -> None:
    root = project(tmp_path / "shop", files)
    locked(root, *lock)
    proven(root, name)
    found = contents(name)
    assert holds <= found
    assert not lacks & found
    if "node_modules" in found:
        assert not set(json.loads(files["package.json"]).get("devDependencies", ())) & contents(name, "/app/node_modules")
    ends(name)


def test_a_script_that_needs_a_shell_is_run_by_its_manager(tmp_path: Path, name: str) -> None:
    root = project(tmp_path / "shop", projects.THROUGH_A_SHELL)
    locked(root, *PNPM)
    _, recipe = proven(root, name)
    assert recipe["start"] == ("pnpm", "run", "start")
    assert docker("exec", name, "pnpm", "--version") == "10.34.9"
    ends(name)


def test_a_server_of_bun_lives(tmp_path: Path, name: str) -> None:
    needs_image("oven/bun:1")
    version = docker("run", "--rm", "oven/bun:1", "bun", "--version").rsplit(".", 1)[0]
    docker("tag", "oven/bun:1", f"oven/bun:{version}-slim")
    root = project(tmp_path / "shop", {**projects.BUN, ".bun-version": f"{version}\n"})
    locked(root, *BUN)
    _, recipe = proven(root, name)
    assert (recipe["language"], recipe["manager"], recipe["start"]) == ("bun", "bun", ("bun", "run", "src/index.ts"))
    assert "prettier" not in contents(name, "/app/node_modules")
    ends(name)


def test_a_server_of_deno_lives(tmp_path: Path, name: str) -> None:
    needs_image("denoland/deno:2")
    match = re.search(r"deno (\d+\.\d+\.\d+)", docker("run", "--rm", "denoland/deno:2", "--version"))
    assert match is not None
    docker("tag", "denoland/deno:2", f"denoland/deno:{match[1]}")
    root = project(tmp_path / "shop", {**projects.DENO, ".deno-version": f"{match[1]}\n"})
    docker(
        "run", "--rm", "--volume", f"{root}:/app", "--workdir", "/app", "--env", "DENO_DIR=/tmp/deno", "denoland/deno:2", "install"
    )
    _, recipe = proven(root, name)
    assert recipe["language"] == "deno"
    assert (root / "deno.lock").is_file()
    ends(name)


def test_a_member_of_a_workspace_lives(tmp_path: Path, name: str) -> None:
    root = project(tmp_path / "shop", projects.WORKSPACE)
    locked(root, *PNPM)
    _, recipe = proven(root, name)
    assert (recipe["start"], recipe["build"]) == (
        ("node", "server.js"),
        (("pnpm", "--filter", "./packages/words", "run", "build"),),
    )
    assert docker("exec", name, "pwd") == "/app/apps/api"
    assert "prettier" not in contents(name, "/app/node_modules")
    ends(name)
