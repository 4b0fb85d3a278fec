"""Package managers: the files that mean one, in order of trust."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manager:
    """`locks` decide; `tool` is its section in pyproject.toml; `manifest` is what it installs from when nothing else decides."""

    name: str
    scope: str
    manifest: str
    locks: tuple[str, ...] = ()
    tool: str = ""
    supported: bool = False


MANAGERS: tuple[Manager, ...] = (
    Manager("uv", "python", "pyproject.toml", ("uv.lock",), "uv", supported=True),
    Manager("poetry", "python", "pyproject.toml", ("poetry.lock",), "poetry", supported=True),
    Manager("pdm", "python", "pyproject.toml", ("pdm.lock",), "pdm"),
    Manager("pixi", "python", "pyproject.toml", ("pixi.lock",), "pixi"),
    Manager("pipenv", "python", "Pipfile", ("Pipfile.lock", "Pipfile")),
    Manager("conda", "python", "environment.yml", ("environment.yml",)),
    Manager("npm", "node", "package.json", ("package-lock.json", "npm-shrinkwrap.json"), supported=True),
    Manager("pnpm", "node", "package.json", ("pnpm-lock.yaml",), supported=True),
    Manager("yarn", "node", "package.json", ("yarn.lock",), supported=True),
    Manager("bun", "node", "package.json", ("bun.lock", "bun.lockb")),
)

PIP = Manager("pip", "python", "requirements.txt", (), supported=True)
NPM = next(manager for manager in MANAGERS if manager.name == "npm")
BY_NAME = {manager.name: manager for manager in (*MANAGERS, PIP)}

REQUIREMENTS = (
    "requirements.txt",
    "requirements/production.txt",
    "requirements/prod.txt",
    "requirements/base.txt",
    "requirements/main.txt",
)
"""The requirement file that is installed, first that exists."""
