"""What the generator looks up in the project itself: small questions whose answers decide single lines.

Every read stays inside the project (symlinks out of it count as absent), is bounded, and comes back with its evidence.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploydeck.domain import Evidence

READ_LIMIT = 1_000_000
HEAD_LIMIT = 8_192
_NOT_SOURCE = frozenset({"node_modules", "vendor", "target", "deps", "_build", "bin", "obj", "testdata", "third_party"})
_MOST_DIRECTORIES = 1_000


@dataclass(frozen=True)
class Clue:
    """An answer and where it stands."""

    value: str
    evidence: tuple[Evidence, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.value)


NOTHING = Clue("")


class ProjectFiles:
    """Bounded reads inside one project directory. Paths are relative, POSIX."""

    def __init__(self, root: str | Path) -> None:
        self._root = Path(root).resolve()

    def _inside(self, path: str) -> Path | None:
        """The real path, when it exists inside the project. A loop of links, a NUL, a name too long: not there."""
        try:
            full = (self._root / path).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            return None
        return full if full.is_relative_to(self._root) and not path.startswith("/") else None

    def is_file(self, path: str) -> bool:
        full = self._inside(path)
        return full is not None and full.is_file()

    def is_dir(self, path: str) -> bool:
        full = self._inside(path)
        return full is not None and full.is_dir()

    def head(self, path: str) -> str:
        """The beginning of a file (8 KiB), for formats that say what they are at the top. Empty when there is no file."""
        return self._read(path, HEAD_LIMIT)

    def text(self, path: str) -> str:
        """A file of up to 1 MB as text; empty when it is absent, larger or unreadable."""
        content = self._read(path, READ_LIMIT + 1)
        return "" if len(content) > READ_LIMIT else content

    def names(self, path: str, suffix: str) -> tuple[str, ...]:
        """Files directly in a directory with that suffix, sorted."""
        full = self._inside(path)
        if full is None or not full.is_dir():
            return ()
        try:
            return tuple(sorted(f"{path}/{entry.name}" for entry in full.iterdir() if entry.name.endswith(suffix)))[:200]
        except OSError:
            return ()

    def find(self, suffix: str, limit: int = 400) -> tuple[str, ...]:
        """Files anywhere in the project with that suffix, nearest first; none of hidden, vendored or built directories."""
        found: list[str] = []
        waiting = [""]
        for seen, directory in enumerate(waiting):
            try:
                entries = sorted(os.scandir(self._root / directory), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith(".") and entry.name not in _NOT_SOURCE and len(waiting) < _MOST_DIRECTORIES:
                        waiting.append(f"{directory}{entry.name}/")
                elif entry.name.endswith(suffix) and entry.is_file(follow_symlinks=False):
                    found.append(f"{directory}{entry.name}")
            if len(found) >= limit or seen >= _MOST_DIRECTORIES:
                break
        return tuple(found[:limit])

    def toml(self, path: str) -> dict[str, Any]:
        try:
            return tomllib.loads(self.text(path))
        except (tomllib.TOMLDecodeError, RecursionError):
            return {}  # the scan reports a broken manifest; here it only answers nothing

    def json(self, path: str) -> dict[str, Any]:
        try:
            content = json.loads(self.text(path) or "{}")
        except (ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}

    def line(self, path: str, needle: str, value: str, rule: str) -> Clue:
        """A clue at the first line that holds the needle; at the file where no line does."""
        for number, line in enumerate(self.text(path).split("\n"), 1):
            if needle in line:
                return Clue(value, (Evidence(file=path, line=number, text=line.strip()[:200], rule=rule),))
        return Clue(value, (Evidence(file=path, rule=rule),))

    def _read(self, path: str, limit: int) -> str:
        full = self._inside(path)
        try:
            if full is None or not full.is_file():
                return ""
            with full.open("rb") as stream:
                return stream.read(limit).decode("utf-8", "replace")
        except OSError:
            return ""


def search(files: ProjectFiles, path: str, pattern: re.Pattern[str], comment: str, rule: str) -> Clue:
    """The first line of a file the pattern matches, comments left out. The first group is the value, else the whole match."""
    for number, line in enumerate(files.text(path).split("\n"), 1):
        if line.lstrip().startswith(comment):
            continue
        match = pattern.search(line[:2_000])
        if match:
            value = match[1] if match.re.groups else match[0]
            return Clue(value, (Evidence(file=path, line=number, text=line.strip()[:200], rule=rule),))
    return NOTHING


_STANDALONE = re.compile(r"""\boutput\s{0,4}:\s{0,4}['"](standalone)['"]""")
_LOCK_VERSION = re.compile(r"""^lockfileVersion:\s{0,4}['"]?([0-9.]{1,10})""")
_BERRY = re.compile(r"^(__metadata):")
_POETRY = re.compile(r"generated by Poetry (\d{1,3}\.\d{1,3}\.\d{1,3})\b")
_STATIC_ROOT = re.compile(r"^\s{0,40}STATIC_ROOT\s{0,4}(?::[^=]{1,80})?=\s{0,4}([^\s#].{0,200})")
_SETTINGS_MODULE = re.compile(r"""DJANGO_SETTINGS_MODULE['"]\s{0,4},\s{0,4}['"]([\w.]{1,200})['"]""")


def next_standalone(files: ProjectFiles) -> Clue:
    """Whether Next.js is told to write a server of its own."""
    for name in ("next.config.ts", "next.config.mjs", "next.config.js", "next.config.cjs"):
        clue = search(files, name, _STANDALONE, "//", "next-output-standalone")
        if clue:
            return clue
    return NOTHING


def pnpm_lock_version(files: ProjectFiles) -> Clue:
    return search(files, "pnpm-lock.yaml", _LOCK_VERSION, "#", "pnpm-lockfile-version")


def yarn_berry(files: ProjectFiles) -> Clue:
    """Whether yarn.lock has the format of yarn 2 and later."""
    for number, line in enumerate(files.head("yarn.lock").split("\n"), 1):
        if _BERRY.match(line):
            return Clue("berry", (Evidence(file="yarn.lock", line=number, text=line[:200], rule="yarn-lock-metadata"),))
    return NOTHING


def poetry_version(files: ProjectFiles) -> Clue:
    """The Poetry that wrote the lock file."""
    first = files.head("poetry.lock").split("\n", 1)[0]
    match = _POETRY.search(first[:400])
    if not match:
        return NOTHING
    return Clue(match[1], (Evidence(file="poetry.lock", line=1, text=first[:200], rule="poetry-lock-header"),))


def django_static_root(files: ProjectFiles) -> Clue:
    """STATIC_ROOT in the settings module that manage.py names (or in any file of a settings package)."""
    module = search(files, "manage.py", _SETTINGS_MODULE, "#", "django-settings-module")
    if not module:
        return NOTHING
    base = module.value.replace(".", "/")
    parent = base.rsplit("/", 1)[0] if "/" in base else ""
    candidates = [f"{base}.py", *files.names(base, ".py")]
    if parent and parent.rsplit("/", 1)[-1] == "settings":
        candidates += files.names(parent, ".py")
    for path in dict.fromkeys(candidates):
        clue = search(files, path, _STATIC_ROOT, "#", "django-static-root")
        if clue and not clue.value.startswith(("None", '""', "''")):
            return clue
    return NOTHING


@dataclass(frozen=True)
class Requirements:
    """What a requirements file pulls in. `files` are all of them, `hashed` that pip must check hashes, `local` needs the source."""

    files: tuple[str, ...]
    hashed: Clue = NOTHING
    local: Clue = NOTHING


_INCLUDE = re.compile(r"^(?:-r|-c|--requirement|--constraint)(?:\s+|=)(\S{1,300})")
_LOCAL = re.compile(r"^(?:(?:-e|--editable)\b|\.{1,2}(?:/|$|\[)|file:)|@\s{0,4}(?:file:|\.{1,2}/)")


def requirements(files: ProjectFiles, path: str) -> Requirements:
    """Follow -r and -c from one requirements file, at most 20 files deep and wide."""
    seen: list[str] = []
    queue = [path]
    hashed, local = NOTHING, NOTHING
    while queue and len(seen) < 20:
        current = queue.pop(0)
        if current in seen or not files.is_file(current):
            continue
        seen.append(current)
        for number, raw in enumerate(files.text(current).split("\n"), 1):
            line = raw.strip()[:2_000]
            if not line or line.startswith("#"):
                continue
            where = (Evidence(file=current, line=number, text=line[:200], rule="requirements-line"),)
            if "--hash=" in line and not hashed:
                hashed = Clue("hashes", where)
            if _LOCAL.search(line) and not local:
                local = Clue("local", where)
            include = _INCLUDE.match(line)
            if include:
                target = _join(current, include[1])
                if target:
                    queue.append(target)
                elif not local:  # beyond the project or a URL: only the whole source can settle it
                    local = Clue("local", where)
    return Requirements(tuple(seen), hashed, local)


def _join(current: str, included: str) -> str:
    if "://" in included or included.startswith("/"):
        return ""
    parts = current.split("/")[:-1]
    for part in included.split("/"):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


_LIFECYCLE = ("preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare")


def node_needs_source(files: ProjectFiles) -> Clue:
    """Why a Node.js install needs more than manifest and lock: own install scripts, workspaces, patches, local packages."""
    manifest = files.json("package.json")
    if manifest.get("workspaces"):
        return _in_manifest(files, '"workspaces"', "workspaces")
    if re.search(r"^packages:", files.text("pnpm-workspace.yaml"), re.MULTILINE):
        return Clue("workspaces", (Evidence(file="pnpm-workspace.yaml", rule="workspaces"),))
    for section in ("dependencies", "devDependencies", "optionalDependencies"):
        entries = manifest.get(section)
        if isinstance(entries, dict) and any(
            str(v).startswith(("file:", "link:", "workspace:", "patch:")) for v in entries.values()
        ):
            return _in_manifest(files, f'"{section}"', "local-dependency")
    if files.is_dir("patches"):
        return Clue("patches", (Evidence(file="patches", rule="patches"),))
    for name in install_scripts(files):
        return _in_manifest(files, f'"{name}"', "install-script")
    return NOTHING


def install_scripts(files: ProjectFiles) -> tuple[str, ...]:
    """The scripts of package.json that an installation runs, in the order in which it does."""
    scripts = files.json("package.json").get("scripts")
    return tuple(name for name in _LIFECYCLE if isinstance(scripts, dict) and name in scripts)


def _in_manifest(files: ProjectFiles, needle: str, rule: str) -> Clue:
    return files.line("package.json", needle, rule, rule)


def python_needs_source(files: ProjectFiles) -> Clue:
    """Why a uv or poetry install needs the source at once: a workspace or a dependency by path."""
    tool = files.toml("pyproject.toml").get("tool")
    uv = tool.get("uv") if isinstance(tool, dict) else None
    uv = uv if isinstance(uv, dict) else {}
    sources = uv.get("sources")
    by_path = isinstance(sources, dict) and any(isinstance(s, dict) and ("path" in s or "workspace" in s) for s in sources.values())
    if uv.get("workspace") or by_path:
        return Clue("workspace", (Evidence(file="pyproject.toml", rule="uv-local-source"),))
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    dependencies = poetry.get("dependencies") if isinstance(poetry, dict) else None
    if isinstance(dependencies, dict) and any(isinstance(d, dict) and "path" in d for d in dependencies.values()):
        return Clue("path", (Evidence(file="pyproject.toml", rule="poetry-local-source"),))
    return NOTHING


def poetry_installs_root(files: ProjectFiles) -> bool:
    """Whether `poetry install` can install the project itself: package mode, and a package where Poetry looks for it."""
    content = files.toml("pyproject.toml")
    tool = content.get("tool")
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    poetry = poetry if isinstance(poetry, dict) else {}
    if poetry.get("package-mode") is False:
        return False
    if poetry.get("packages"):
        return True
    project = content.get("project")
    name = (project.get("name") if isinstance(project, dict) else None) or poetry.get("name") or ""
    module = re.sub(r"[-.]+", "_", str(name)).lower()
    return bool(module) and any(files.is_dir(p) or files.is_file(f"{p}.py") for p in (module, f"src/{module}"))


def pdm_installs_root(files: ProjectFiles) -> bool:
    """Whether `pdm sync` installs the project itself: it has a name and does not say that it is no distribution."""
    content = files.toml("pyproject.toml")
    project, tool = content.get("project"), content.get("tool")
    pdm = tool.get("pdm") if isinstance(tool, dict) else None
    pdm = pdm if isinstance(pdm, dict) else {}
    if "distribution" in pdm:
        return pdm["distribution"] is True
    return isinstance(project, dict) and bool(project.get("name"))


_PDM_LOCAL = re.compile(r"""^(path|url)\s{0,4}=\s{0,4}"(?:\.{0,2}/|file:)""")
_PIPFILE_LOCAL = re.compile(r"""\b(path)\s{0,4}=\s{0,4}['"]""")


def pdm_needs_source(files: ProjectFiles) -> Clue:
    """Why a pdm install needs the source at once: the lock names a package by path."""
    return search(files, "pdm.lock", _PDM_LOCAL, "#", "pdm-local-source")


def pipfile_needs_source(files: ProjectFiles) -> Clue:
    """Why a pipenv install needs the source at once: a package by path, often the project itself."""
    return search(files, "Pipfile", _PIPFILE_LOCAL, "#", "pipfile-local-source")


_NPMRC_SECRET = re.compile(r"(_authToken|_auth|_password)\s{0,4}=\s{0,4}(?!\$\{)\S")


def npmrc_secret(files: ProjectFiles) -> Clue:
    """A registry credential written into .npmrc. The value is not kept."""
    for number, line in enumerate(files.text(".npmrc").split("\n"), 1):
        match = _NPMRC_SECRET.search(line[:2_000])
        if match:
            return Clue(match[1], (Evidence(file=".npmrc", line=number, text=f"{match[1]}=…", rule="npmrc-credential"),))
    return NOTHING
