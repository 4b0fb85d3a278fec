"""The manifests and targets of a Cargo workspace: what a layer of compiled dependencies needs before the source is there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from deploydeck.domain import DeployDeckError, Evidence
from deploydeck.generate.clues import NOTHING, Clue, ProjectFiles
from deploydeck.generate.names import shown
from deploydeck.generate.stacks.compiled import joined, outside, shell_safe

MANIFEST = "Cargo.toml"
CONFIG = ".cargo/config.toml"
_MOST_CRATES = 60
_MOST_STUBS = 80
_SECTIONS = ("dependencies", "dev-dependencies", "build-dependencies")
_TARGETS = {"bin": "src/bin", "example": "examples", "test": "tests", "bench": "benches"}


@dataclass(frozen=True)
class Crates:
    """`manifests` of all crates that are read, `empty` files for libraries and `mains` for programs, to be there in their place.

    `whole` says why such a layer cannot be made: then the whole source is needed at once.
    """

    manifests: tuple[str, ...]
    empty: tuple[str, ...] = ()
    mains: tuple[str, ...] = ()
    whole: Clue = NOTHING


def crates(files: ProjectFiles) -> Crates:
    """Follow workspace members and path dependencies from the root.

    Raises DeployDeckError `generate-outside-project` for a crate beyond the project, `generate-workspace-member` when the project
    is a member of a workspace that stands elsewhere.
    """
    waiting, seen = [""], list[str]()
    empty: dict[str, None] = {}
    mains: dict[str, None] = {}
    while waiting and len(seen) < _MOST_CRATES:
        directory = waiting.pop(0)
        manifest = posixpath.join(directory, MANIFEST)
        if manifest in seen or not files.is_file(manifest):
            continue
        seen.append(manifest)
        content = files.toml(manifest)
        if not directory:
            _require_workspace(content)
            waiting += _members(files, _table(content.get("workspace")))
        for path in _paths(content):
            place = joined(directory, path)
            if place is None:
                raise outside(manifest, path)
            waiting.append("" if place == "." else place)
        if _table(content.get("package")):
            for path, library in _targets(files, directory, content):
                (empty if library else mains)[path] = None
    whole = NOTHING
    if waiting or len(empty) + len(mains) > _MOST_STUBS:
        whole = Clue("many", (Evidence(file=MANIFEST, rule="cargo-many-crates"),))
    elif odd := next((path for path in (*seen, *empty, *mains) if not shell_safe(path)), ""):
        whole = Clue("name", (Evidence(file=odd, rule="cargo-unusual-path"),))
    elif "source" in (config := files.toml(CONFIG)) and "directory" in str(config["source"]):
        whole = Clue("vendored", (Evidence(file=CONFIG, rule="cargo-vendored"),))
    return Crates(tuple(seen), tuple(empty), tuple(mains), whole)


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _require_workspace(content: dict[str, Any]) -> None:
    package = _table(content.get("package"))
    inherits = [name for name, value in package.items() if isinstance(value, dict) and value.get("workspace") is True]
    inherits += [name for name, entry in _dependencies(content) if entry.get("workspace") is True]
    if ("workspace" not in content and inherits) or isinstance(package.get("workspace"), str):
        raise DeployDeckError(
            "generate-workspace-member",
            f"{MANIFEST} takes {shown(inherits[0]) if inherits else 'its workspace'} from a workspace that is not here.",
            "An image is built from the project's directory alone: Cargo would not find the workspace there.",
            "Deploy from the directory of the workspace.",
        )


def _members(files: ProjectFiles, workspace: dict[str, Any]) -> Iterator[str]:
    excluded = [str(path).rstrip("/") for path in workspace.get("exclude") or ()]
    for pattern in [str(path) for path in workspace.get("members") or ()][:200]:
        place = joined("", pattern)
        if place is None:
            raise outside(MANIFEST, pattern)
        for found in _expanded(files, place) if any(c in place for c in "*?[") else (place,):
            if found not in excluded:
                yield "" if found == "." else found


def _expanded(files: ProjectFiles, pattern: str) -> Iterator[str]:
    """Directories with a manifest that fit a pattern such as `crates/*`."""
    for path in files.find(MANIFEST):
        directory = posixpath.dirname(path)
        if directory.count("/") == pattern.count("/") and fnmatchcase(directory, pattern):
            yield directory


def _dependencies(content: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    places = [content, *(_table(one) for one in _table(content.get("target")).values())]
    tables = [_table(place.get(section)) for place in places for section in _SECTIONS]
    tables.append(_table(_table(content.get("workspace")).get("dependencies")))
    tables += [_table(one) for one in _table(content.get("patch")).values()]
    tables.append(_table(content.get("replace")))
    for table in tables:
        for name, entry in table.items():
            if isinstance(entry, dict):
                yield name, entry


def _paths(content: dict[str, Any]) -> Iterator[str]:
    for _, entry in _dependencies(content):
        if isinstance(entry.get("path"), str):
            yield entry["path"]


def _targets(files: ProjectFiles, directory: str, content: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """(file, whether it is a library) of everything that Cargo looks for when it reads a manifest, as far as it is there."""

    def there(*paths: str) -> Iterator[str]:
        for path in paths:
            place = joined(directory, path)
            if place and files.is_file(place):
                yield place

    library = _table(content.get("lib")).get("path")
    for path in there(library if isinstance(library, str) else "src/lib.rs"):
        yield path, True
    script = _table(content.get("package")).get("build")
    for path in there(*([script] if isinstance(script, str) else ["build.rs"] if script is not False else []), "src/main.rs"):
        yield path, False
    for path in files.names(posixpath.join(directory, "src/bin"), ".rs"):
        yield path, False
    for kind, place in _TARGETS.items():
        for target in content.get(kind) or ():
            named = _table(target)
            written = named.get("path")
            paths = (written,) if isinstance(written, str) else _places(place, str(named.get("name", "")))
            yield from ((found, False) for found in there(*paths))


def _places(place: str, name: str) -> tuple[str, ...]:
    return (f"{place}/{name}.rs", f"{place}/{name}/main.rs")
