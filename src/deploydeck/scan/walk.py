"""The walk: which files a project is made of, without following a link out of it or opening anything but regular files.

Inside a git checkout `git ls-files` decides: it is the cheapest correct way to honour nested .gitignore files
(facts/performance.md 2). Git runs with everything a hostile repository could make it execute switched off. Elsewhere, or when git
fails or knows no file here, the tree is walked with the well-known directories left out.
"""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from deploydeck.domain import DeployDeckError
    from deploydeck.settings import ScanSettings

ALWAYS_SKIPPED = frozenset(
    ".git .hg .svn .bzr CVS node_modules bower_components jspm_packages .venv venv virtualenv __pycache__ __pypackages__ .tox .nox "
    ".mypy_cache .ruff_cache .pytest_cache .hypothesis .eggs .ipynb_checkpoints site-packages .next .nuxt .output .svelte-kit "
    ".astro .turbo .cache .parcel-cache .vite .angular .yarn .pnpm-store .gradle .terraform .idea .vscode .vs .DS_Store htmlcov "
    ".nyc_output .sass-cache .bundle .elixir_ls .dart_tool .direnv .deploydeck".split()
)
_JS = frozenset({"package.json"})
_PY = frozenset({"pyproject.toml", "setup.py", "setup.cfg"})
SKIPPED_BESIDE: dict[str, frozenset[str]] = {
    "dist": _JS | _PY,
    "build": _JS | _PY | {"build.gradle", "build.gradle.kts"},
    "out": _JS,
    "coverage": _JS,
    "target": frozenset({"Cargo.toml", "pom.xml", "build.sbt"}),
    "vendor": frozenset({"go.mod", "composer.json", "Gemfile"}),
    "deps": frozenset({"mix.exs"}),
    "_build": frozenset({"mix.exs"}),
    "env": _PY | {"requirements.txt"},
}
"""Directory names that are build output or copies only when one of these files stands beside them."""

SKIPPED_FILES = frozenset({".DS_Store", "Thumbs.db"})

_GIT = (
    "git",
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.untrackedCache=false",
)
_GIT_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a scan may cost. Bytes are read bytes; the walk stops at `files` entries or `depth` directories down.

    A tree with more than `many_sources` source files is many projects: the `of_many_sources` most telling are read, and all of one
    when it is opened by itself.
    """

    files: int = 100_000
    depth: int = 48
    manifest_bytes: int = 2_000_000
    lock_bytes: int = 32_000_000
    source_bytes: int = 400_000
    source_files: int = 4_000
    many_sources: int = 10_000
    of_many_sources: int = 1_500
    total_source_bytes: int = 32_000_000

    @classmethod
    def of(cls, settings: ScanSettings) -> Limits:
        """The limits of the [scan] settings."""
        return cls(
            files=settings.max_files,
            depth=settings.max_depth,
            manifest_bytes=settings.max_manifest_kb * 1000,
            lock_bytes=settings.max_lock_kb * 1000,
            source_bytes=settings.max_source_kb * 1000,
            source_files=settings.max_source_files,
            total_source_bytes=settings.max_total_source_kb * 1000,
        )


def _error(code: str, what: str, why: str = "", hint: str = "") -> DeployDeckError:
    from deploydeck.domain import DeployDeckError  # not for a walk that goes well: its import takes longer than ten thousand files

    return DeployDeckError(code, what, why, hint)


class Entry(NamedTuple):
    """A regular file. `path` is for people and facts (valid Unicode), `raw` opens it; `target` is where a link inside leads.

    `changed_ns` is the later of its times of change: a file with the same size and time was not touched since. A tuple, because
    there are tens of thousands.
    """

    path: str
    raw: str
    size: int
    executable: bool = False
    target: str = ""
    changed_ns: int = 0

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def at(self, path: str) -> Entry:
        """The same file under another path."""
        return Entry(path, *self[1:])


@dataclass(slots=True)
class Tree:
    """The files of a project by `path`, sorted, and what could not be walked."""

    root: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    truncated: str = ""
    git: bool = False
    tracked: frozenset[str] = frozenset()

    def read(self, entry: Entry, limit: int) -> bytes:
        """At most `limit` bytes of a regular file. Raises OSError; a path that became a link, FIFO or device is refused."""
        return read_regular(f"{self.root}/{entry.target or entry.raw}", limit)


def read_regular(path: Path | str, limit: int, offset: int = 0) -> bytes:
    """At most `limit` bytes of a regular file from `offset` (negative: from the end). Blocks on no FIFO, follows no link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{os.path.basename(path)} is not a regular file")  # noqa: PTH119
        if offset:
            os.lseek(descriptor, offset, os.SEEK_SET if offset > 0 else os.SEEK_END)
        chunks: list[bytes] = []
        left = limit
        while left > 0 and (chunk := os.read(descriptor, min(left, 1 << 20))):
            chunks.append(chunk)
            left -= len(chunk)
        return b"".join(chunks)
    finally:
        os.close(descriptor)


def walk(root: Path, limits: Limits, cancelled: Callable[[], bool] = lambda: False, *, below: bool = True) -> Tree:
    """The files of the project at `root` (absolute, resolved), without `below` only those at the root itself.

    Raises DeployDeckError `project-…` or `scan-cancelled`.
    """
    _check_root(root)
    tree = Tree(root=root)
    if not below:
        for item in _root_items(root):
            try:
                if item.is_file(follow_symlinks=False) and not _add(tree, item.name, item.stat(follow_symlinks=False), limits):
                    break
            except OSError:
                tree.unreadable.append(display(item.name))
        tree.entries = dict(sorted(tree.entries.items()))
        return tree
    found = _git_files(root)
    listed, states = found or ({}, {})
    if found is not None:
        tree.git = True
        _add_listed(tree, listed, states, limits, cancelled)
    if not tree.entries:  # no git, or a checkout that ignores this very directory
        tree.git = False
        _add_walked(tree, "", limits, cancelled)
    if tree.git:
        _add_local_settings(tree)
        tree.tracked = frozenset(display(name) for name, tracked in listed.items() if tracked)
    tree.entries = dict(sorted(tree.entries.items()))
    return tree


def _check_root(root: Path) -> None:
    try:
        mode = root.stat().st_mode
    except FileNotFoundError:
        raise _error("project-missing", f"{root} does not exist.", hint="Check the path, or create the project first.") from None
    except OSError as error:
        raise _error("project-unreadable", f"{root} cannot be read.", error.strerror or str(error)) from error
    if not stat.S_ISDIR(mode):
        raise _error("project-not-a-directory", f"{root} is not a directory.", hint="Name the directory of the project.")
    try:
        with os.scandir(root):
            pass
    except OSError as error:
        raise _error(
            "project-unreadable", f"{root} cannot be read.", error.strerror or str(error), "Give yourself read permission on it."
        ) from error


def display(raw: str) -> str:
    """A file name as valid Unicode: bytes that are not UTF-8 become \\xNN."""
    if raw.isascii():
        return raw
    return os.fsencode(raw).decode("utf-8", "backslashreplace")


def _git(root: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start git. Raises OSError."""
    # A hook or an editor may have pointed git elsewhere by environment; a partial clone must not fetch (that runs commands).
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_LAZY_FETCH": "1",
    }
    return subprocess.Popen(
        [*_GIT, "-C", str(root), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _names(process: subprocess.Popen[bytes]) -> list[str] | None:
    """The names that a git prints; None when it fails or takes too long."""
    try:
        output, _ = process.communicate(timeout=_GIT_TIMEOUT_S)
    except (OSError, subprocess.SubprocessError):
        return None
    return os.fsdecode(output).split("\0")[:-1] if process.returncode == 0 else None


def _git_files(root: Path) -> tuple[dict[str, bool], dict[str, os.stat_result]] | None:
    """Every file that git knows or would add, by name, and whether it is tracked; None where git does not decide.

    With them the states of those that could be had for nothing: git finds the new files while we look at the tracked ones.
    """
    if not any(os.path.lexists(f"{place}/.git") for place in (root, *root.parents)):
        return None
    processes: list[subprocess.Popen[bytes]] = []
    try:
        processes.append(_git(root, "ls-files", "-o", "--exclude-standard", "-z", "--", "."))
        processes.append(_git(root, "ls-files", "-c", "-z", "--", "."))
        tracked = _names(processes[1])
        if tracked is None:
            return None  # no checkout, somebody else's checkout: the plain walk answers instead
        states: dict[str, os.stat_result] = {}
        prefix = f"{root}/"
        for name in tracked:
            with contextlib.suppress(OSError, ValueError):
                states[name] = os.lstat(prefix + name)
        others = _names(processes[0])
    except OSError:
        return None  # no git
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    if others is None:
        return None
    return dict.fromkeys(others, False) | dict.fromkeys(tracked, True), states


def _add_listed(
    tree: Tree,
    listed: Mapping[str, bool],
    states: Mapping[str, os.stat_result],
    limits: Limits,
    cancelled: Callable[[], bool],
) -> None:
    prefix = f"{tree.root}/"
    kept: dict[str, bool] = {"": True}

    def beside(directory: str, names: Iterable[str]) -> bool:
        return any((f"{directory}/{name}" if directory else name) in listed for name in names)

    def keep(directory: str) -> bool:
        if directory not in kept:
            parent, _, base = directory.rpartition("/")
            skipped = base in ALWAYS_SKIPPED or (base in SKIPPED_BESIDE and beside(parent, SKIPPED_BESIDE[base]))
            skipped = skipped or f"{directory}/pyvenv.cfg" in listed or _escapes(directory)
            # git names paths from its index; the disk may since hold a link there, which could lead outside
            kept[directory] = keep(parent) and not skipped and not os.path.islink(prefix + directory)  # noqa: PTH114
        return kept[directory]

    lstat, entries, most, skipped_files = os.lstat, tree.entries, limits.files, tuple(SKIPPED_FILES)
    for number, name in enumerate(listed):
        if number % 512 == 0:
            _check_cancelled(cancelled)
        directory = name.rpartition("/")[0] if name[-1] != "/" else name[:-1].rpartition("/")[0]
        known = kept.get(directory)
        if known is None:
            if directory.count("/") >= limits.depth:
                tree.truncated = tree.truncated or f"directories deeper than {limits.depth}"
                continue
            known = keep(directory)
        if not known:
            continue
        try:
            status = states.get(name) or lstat(prefix + name)
        except (OSError, ValueError):
            continue  # in the index, not on the disk
        mode = status.st_mode
        if mode & 0o170000 == stat.S_IFREG and name.isascii() and len(entries) < most and not name.endswith(skipped_files):
            # The common case, without a call: there are tens of thousands.
            mtime, ctime = status.st_mtime_ns, status.st_ctime_ns
            entries[name] = Entry(name, name, status.st_size, mode & 0o111 != 0, "", mtime if mtime > ctime else ctime)
        elif stat.S_ISDIR(mode):
            base = name.rstrip("/").rpartition("/")[2]
            if not (base in ALWAYS_SKIPPED or (base in SKIPPED_BESIDE and beside(directory, SKIPPED_BESIDE[base]))):
                _add_walked(tree, name.rstrip("/"), limits, cancelled)  # a submodule or a nested checkout
        elif not _add(tree, name, status, limits):
            return


def _escapes(name: str) -> bool:
    return name.startswith("/") or (".." in name and ".." in name.split("/"))


def _skipped(name: str, beside: Iterable[str]) -> bool:
    return name in ALWAYS_SKIPPED or (name in SKIPPED_BESIDE and not SKIPPED_BESIDE[name].isdisjoint(beside))


def _add_walked(tree: Tree, start: str, limits: Limits, cancelled: Callable[[], bool]) -> None:
    stack = [start]
    seen = 0
    while stack:
        directory = stack.pop()
        _check_cancelled(cancelled)
        try:
            with os.scandir(tree.root / directory) as iterator:
                found = []
                for item in iterator:
                    found.append(item)
                    seen += 1
                    if seen > 2 * limits.files:
                        tree.truncated = tree.truncated or f"more than {limits.files} files"
                        stack.clear()
                        break
        except OSError:
            tree.unreadable.append(display(directory))
            continue
        found.sort(key=lambda item: item.name)
        names = {item.name for item in found}
        if directory and "pyvenv.cfg" in names:
            continue
        inner: list[str] = []
        for item in found:
            name = f"{directory}/{item.name}" if directory else item.name
            try:
                if item.is_dir(follow_symlinks=False):
                    if _skipped(item.name, names):
                        continue
                    if name.count("/") >= limits.depth:
                        tree.truncated = tree.truncated or f"directories deeper than {limits.depth}"
                        continue
                    inner.append(name)
                elif not _add(tree, name, item.stat(follow_symlinks=False), limits):
                    return
            except OSError:
                tree.unreadable.append(display(name))
        stack.extend(reversed(inner))


def _add(tree: Tree, name: str, status: os.stat_result, limits: Limits) -> bool:
    """Add one file; False when the limit is reached."""
    if len(tree.entries) >= limits.files:
        tree.truncated = tree.truncated or f"more than {limits.files} files"
        return False
    target = ""
    mode = status.st_mode
    if stat.S_ISLNK(mode):
        resolved = Path(os.path.realpath(tree.root / name))
        if not resolved.is_relative_to(tree.root):
            tree.outside.append(display(name))
            return True
        try:
            status = resolved.lstat()
        except (OSError, ValueError):
            return True  # dangling, or a loop
        target, mode = str(resolved.relative_to(tree.root)), status.st_mode
    if stat.S_ISREG(mode) and name.rpartition("/")[2] not in SKIPPED_FILES:
        path = name if name.isascii() else display(name)
        changed = max(status.st_mtime_ns, status.st_ctime_ns)
        tree.entries[path] = Entry(path, name, status.st_size, bool(mode & 0o111), target, changed)
    return True


def _add_local_settings(tree: Tree) -> None:
    """`.env` files are usually ignored by git, but they say which variables the project wants (their values are never kept)."""
    for item in _root_items(tree.root):
        if item.name.startswith(".env") and item.name not in tree.entries:
            try:
                _add(tree, item.name, item.stat(follow_symlinks=False), Limits())
            except OSError:
                tree.unreadable.append(display(item.name))


def _root_items(root: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(root) as iterator:
        yield from iterator


def _check_cancelled(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise _error("scan-cancelled", "The scan was cancelled.")
