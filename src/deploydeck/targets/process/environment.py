"""What a child process may inherit, and the tools a project's commands need."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from deploydeck.domain import Recipe
from deploydeck.targets.process.layout import Layout

_ALWAYS = (
    "PATH HOME USER LOGNAME LANG LANGUAGE LC_ALL LC_CTYPE TZ TMPDIR TEMP TMP SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE "
    "CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS PIP_CERT HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY "
    "http_proxy https_proxy no_proxy all_proxy"
).split()
_BUILD_ONLY = (
    "XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME PIP_CONFIG_FILE PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS "
    "PIP_DEFAULT_TIMEOUT PIP_CACHE_DIR UV_INDEX_URL UV_DEFAULT_INDEX UV_INDEX UV_EXTRA_INDEX_URL UV_FIND_LINKS "
    "UV_CACHE_DIR UV_NATIVE_TLS UV_SYSTEM_CERTS NPM_CONFIG_REGISTRY npm_config_registry NPM_CONFIG_USERCONFIG "
    "npm_config_userconfig NPM_CONFIG_CACHE npm_config_cache YARN_NPM_REGISTRY_SERVER YARN_REGISTRY COREPACK_NPM_REGISTRY"
).split()
_QUIET = {
    "CI": "1", "NO_COLOR": "1", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_PYTHON_VERSION_WARNING": "1",
    "PYTHONUNBUFFERED": "1", "npm_config_fund": "false", "npm_config_audit": "false", "npm_config_update_notifier": "false",
    "npm_config_progress": "false", "POETRY_NO_INTERACTION": "1", "NEXT_TELEMETRY_DISABLED": "1", "YARN_ENABLE_TELEMETRY": "0",
    "COREPACK_ENABLE_DOWNLOAD_PROMPT": "0",
}  # fmt: skip


@dataclass(frozen=True)
class Tool:
    """A command that a project may ask for and that can be installed into the release: by pip or by npm."""

    by: str
    package: str


TOOLS: Mapping[str, Tool] = {
    "uv": Tool("pip", "uv<1"),
    "poetry": Tool("pip", "poetry>=2,<3"),
    "pnpm": Tool("npm", "pnpm"),
    "yarn": Tool("npm", "yarn"),
}
BERRY = "yarn-berry"
_BERRY = {"YARN_NODE_LINKER": "node-modules", "YARN_IGNORE_PATH": "1"}  # as in the image: packages where node looks, yarn as chosen
_PNPM_BY_LOCK = {"5": "7", "6": "8", "9": "10"}
_PINNED = re.compile(r"(?P<name>pnpm|yarn)@(?P<version>\d{1,4}\.\d{1,4}\.\d{1,4}(?:-[0-9A-Za-z.]{1,40})?)(?:\+.*)?")


def base(names: Iterable[str] = _ALWAYS) -> dict[str, str]:
    """The allowed part of this process's own environment."""
    return {name: os.environ[name] for name in names if name in os.environ}


def build(layout: Layout, recipe: Recipe, plain: Mapping[str, str]) -> dict[str, str]:
    """For installing and building: caches and registries as the person set them, the release's own environment first on PATH."""
    own = {
        "VIRTUAL_ENV": str(layout.venv), "UV_PROJECT_ENVIRONMENT": str(layout.venv), "POETRY_VIRTUALENVS_CREATE": "false",
    } if recipe.language == "python" else {}  # fmt: skip
    values = {**base((*_ALWAYS, *_BUILD_ONLY)), **_QUIET, **plain, **own}
    if recipe.manager == BERRY:
        values |= _BERRY
    if recipe.language == "node":
        values.pop("NODE_ENV", None)  # a build needs its development packages; the commands say what is production
    return {**values, "PATH": path(layout, values.get("PATH"))}


def run(layout: Layout, recipe: Recipe, variables: Mapping[str, str]) -> dict[str, str]:
    """For the program: its variables over its fixed environment over the little it may inherit."""
    own = {"VIRTUAL_ENV": str(layout.venv)} if recipe.language == "python" else {}
    values = {**base(), "PYTHONUNBUFFERED": "1", **dict(recipe.environment), **variables, **own}
    return {**values, "PATH": path(layout, values.get("PATH"))}


def path(layout: Layout, inherited: str | None) -> str:
    own = (
        layout.venv / "bin",
        layout.source / "node_modules" / ".bin",
        layout.tools / "python" / "bin",
        layout.tools / "node_modules" / ".bin",
    )
    return os.pathsep.join([*(str(item) for item in own), inherited or os.defpath])


def python_for(version: str) -> tuple[str, bool]:
    """An interpreter for the wanted version (`3.13`), and whether it is of that version; this one when there is no other."""
    wanted = re.match(r"(\d+)\.(\d+)", version)
    if wanted is None:
        return sys.executable, not version
    if (int(wanted[1]), int(wanted[2])) == sys.version_info[:2]:
        return sys.executable, True
    found = shutil.which(f"python{wanted[1]}.{wanted[2]}")
    return (found, True) if found and _runs(found) else (sys.executable, False)


@cache
def _runs(python: str) -> bool:
    """Whether the interpreter really starts and can make environments: a version manager's shim may stand for nothing."""
    try:
        asked = [python, "-I", "-c", "import ensurepip, venv"]
        return subprocess.run(asked, capture_output=True, timeout=20, stdin=subprocess.DEVNULL).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def needed_tools(recipe: Recipe) -> tuple[str, ...]:
    """The installable tools that the recipe's commands begin with, each once."""
    first = (command[0] for command in (*recipe.install, *recipe.build, recipe.start) if command)
    return tuple(dict.fromkeys(name for name in first if name in TOOLS))


def npm_package(tool: str, source: Path, manager: str = "") -> tuple[str, bool]:
    """The npm package that brings a tool in the version the project wants, and whether the project pins it."""
    pinned = _PINNED.fullmatch(str(_json(source / "package.json").get("packageManager", "")))
    berry = manager == BERRY or (source / ".yarnrc.yml").is_file()
    if pinned and pinned["name"] == tool:
        modern = tool == "yarn" and not pinned["version"].startswith("1.")
        return f"{'@yarnpkg/cli-dist' if modern else tool}@{pinned['version']}", True
    if tool == "yarn":
        return ("@yarnpkg/cli-dist@4" if berry else "yarn@1"), berry
    lock = re.search(r"^lockfileVersion:\s*'?(\d+)", _head(source / "pnpm-lock.yaml"), re.MULTILINE)
    return f"pnpm@{_PNPM_BY_LOCK.get(lock[1], '10') if lock else '10'}", False


def _json(file: Path) -> dict[str, object]:
    try:
        content = json.loads(_head(file, 2_000_000))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _head(file: Path, limit: int = 4096) -> str:
    try:
        if file.is_symlink():
            return ""
        with file.open(encoding="utf-8", errors="replace") as reading:
            return reading.read(limit)
    except OSError:
        return ""
