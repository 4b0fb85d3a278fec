"""Projects inside a project: which directories they are, what they inherit, and how they relate."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase, translate
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from deploydeck.domain import Component, ConfigFile, Evidence, Kind, ProjectProfile
from deploydeck.scan.facts import Facts, Found
from deploydeck.scan.names import NOT_COMPONENTS
from deploydeck.scan.rules import ecosystems
from deploydeck.scan.state import Scan
from deploydeck.scan.walk import Entry, Tree

MOST_COMPONENTS = 200
_DEEPEST = 6
_WEAK = frozenset(
    "requirements.txt setup.cfg environment.yml environment.yaml manage.py index.php artisan config.ru DESCRIPTION app.R server.R "
    "Makefile.PL app.psgi settings.gradle settings.gradle.kts configure.ac CMakeLists.txt meson.build package.yaml setup.py "
    "conanfile.txt conanfile.py vcpkg.json Dockerfile".split()
)
"""Manifests that make a directory a component only where no directory above it is a project of the same ecosystem."""
_DOCUMENT_ROOTS = frozenset("public web webroot htdocs pub public_html docroot www html wwwroot httpdocs".split())
_REAL_PACKAGE = re.compile(rb'"(?:dependencies|devDependencies|scripts|workspaces|bin)"')
_INHERITED = ("pin", "package-manager", "manager-version", "locked", "managed", "catalog")
_LINKED = frozenset({"csharp", "fsharp", "vb", "java", "kotlin", "scala", "groovy", "rust", "go", "swift"})
"""Languages whose libraries are part of the program that uses them."""


def component_directories(tree: Tree, declared: Iterable[Found] = ()) -> list[str]:
    """The directories below the root that are projects of their own, in order. `declared` are workspace facts of the root."""
    exact, globs, any_glob, nested = _manifest_names()
    wanted = list(declared)
    found: dict[str, dict[str, bool]] = {}
    parents, fits = frozenset(parent for parent, _, _ in nested), any_glob.match
    for path, entry in tree.entries.items():
        directory, _, name = path.rpartition("/")
        if (base := directory.rpartition("/")[2]) in parents:
            for parent, glob, inside in nested:
                if base == parent and fnmatchcase(name, glob):
                    found.setdefault(directory.rpartition("/")[0], {}).setdefault(inside, False)
        home = exact.get(name)
        if home is None:
            if not fits(name):
                continue
            home = next(one for glob, one in globs if fnmatchcase(name, glob))
        if directory == "" or directory.count("/") < _DEEPEST:
            if (
                name == "package.json"
                and directory
                and not _REAL_PACKAGE.search(_start_of(tree, entry))
                and not is_declared(directory, wanted)
            ):
                continue
            homes = found.setdefault(directory, {})
            homes[home] = homes.get(home, False) or name not in _WEAK
    _add_sites(tree, found)
    _lift_document_roots(tree, found)
    _drop_environments(tree, found)
    kept: dict[str, dict[str, bool]] = {"": found.get("", {})}
    for directory in sorted(found, key=lambda one: (one.count("/"), one)):
        if directory == "":
            continue
        if len(kept) > MOST_COMPONENTS:
            tree.truncated = tree.truncated or f"more than {MOST_COMPONENTS} projects inside this one"
            break
        if not set(directory.split("/")).isdisjoint(NOT_COMPONENTS) and not is_declared(directory, wanted):
            continue
        if {"android", "ios", "macos", "windows", "linux"} & set(directory.split("/")) and "node" not in found[directory]:
            continue  # the native shells of a mobile application
        above = [homes for parent, homes in kept.items() if parent == "" or directory.startswith(f"{parent}/")]
        if any(strong or not any(home in homes for homes in above) for home, strong in found[directory].items()):
            kept[directory] = found[directory]
    return [directory for directory in kept if directory]


def _lift_document_roots(tree: Tree, found: dict[str, dict[str, bool]]) -> None:
    """An index.php alone is a page of the site around it, when that has PHP at its own top; in a document root (`htdocs/`) it
    belongs to the directory above, when that holds PHP beside it."""
    tops = {path.rpartition("/")[0] for path in tree.entries if path.endswith(".php")}
    for directory in [directory for directory, homes in found.items() if directory and homes == {"php": False}]:
        above, _, name = directory.rpartition("/")
        inside = f"{above}/" if above else ""
        if not tops.isdisjoint(_above(directory)):
            del found[directory]
        elif name in _DOCUMENT_ROOTS and any(
            top.startswith(inside) and top != directory and not top.startswith(f"{directory}/") for top in tops
        ):
            found.setdefault(above, {}).update(found.pop(directory))


def _add_sites(tree: Tree, found: dict[str, dict[str, bool]]) -> None:
    """A site of Hugo whose settings have a name that many programs use: its directories tell."""
    directories = {path.rpartition("/")[0] for path in tree.entries}
    for path in tree.entries:
        directory, _, name = path.rpartition("/")
        if name not in {"config.toml", "config.yaml"} or not directory or "themes" in directory.split("/"):
            continue
        inside = {one[len(directory) + 1 :].partition("/")[0] for one in directories if one.startswith(f"{directory}/")}
        if inside & {"themes", "archetypes"} or inside >= {"content", "layouts"}:
            found.setdefault(directory, {})["sites"] = True


def _drop_environments(tree: Tree, found: dict[str, dict[str, bool]]) -> None:
    """A Project.toml with no source below it is an environment of Julia that the project around it uses."""
    sources = [path for path in tree.entries if path.endswith(".jl")]
    for directory in [directory for directory, homes in found.items() if directory and set(homes) == {"julia"}]:
        if sources and not any(path.startswith(f"{directory}/") for path in sources):
            del found[directory]


def _above(directory: str) -> list[str]:
    parts = directory.split("/")
    return ["/".join(parts[:number]) for number in range(len(parts))]


@lru_cache(maxsize=1)
def _manifest_names() -> tuple[dict[str, str], tuple[tuple[str, str], ...], re.Pattern[str], tuple[tuple[str, str, str], ...]]:
    """Names and globs of manifests with their ecosystems, one pattern of the globs, and those one directory down."""
    exact: dict[str, str] = {}
    nested: list[tuple[str, str, str]] = []
    globs: list[tuple[str, str]] = []
    for one in ecosystems().values():
        for glob, _ in one.manifests:
            if "/" in glob:
                parent, _, name = glob.rpartition("/")
                if "/" not in parent and "*" not in parent:
                    nested.append((parent, name, one.id))
                continue
            if "*" in glob:
                globs.append((glob, one.id))
            else:
                exact.setdefault(glob, one.id)
    return exact, tuple(globs), re.compile("|".join(translate(glob) for glob, _ in globs)), tuple(nested)


def _start_of(tree: Tree, entry: Entry) -> bytes:
    try:
        return tree.read(entry, 65536)
    except OSError:
        return b""


def is_declared(directory: str, workspaces: Iterable[Found]) -> Evidence | None:
    """The line of the workspace that declares a directory a member; None when none does or one excludes it."""
    found = None
    for fact in workspaces:
        base = posixpath.dirname(fact.file)
        glob = posixpath.normpath(posixpath.join(base, fact.name.lstrip("!").removeprefix("./").rstrip("/")))
        pattern = re.escape(glob).replace(r"\*\*", ".*").replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
        if re.fullmatch(pattern, directory):
            if fact.name.startswith("!") or "exclude" in fact.tags:
                return None
            found = found or fact.evidence("workspace")
    return found


def split(tree: Tree, directories: list[str]) -> dict[str, Tree]:
    """The tree of each component, and of the project without them (""), with paths relative to the component."""
    trees = {directory: Tree(root=tree.root, git=tree.git) for directory in ("", *directories)}
    trees[""].unreadable, trees[""].outside, trees[""].truncated = tree.unreadable, tree.outside, tree.truncated
    owner: dict[str, str] = {"": ""}
    for directory in directories:
        owner[directory] = directory

    def owner_of(directory: str) -> str:
        if directory not in owner:
            owner[directory] = owner_of(directory.rpartition("/")[0])
        return owner[directory]

    own_of_root, known_owner = trees[""].entries, owner.get
    for path, entry in tree.entries.items():
        directory = path.rpartition("/")[0]
        home = known_owner(directory)
        if home is None:
            home = owner_of(directory)
        if home:
            own = path[len(home) + 1 :]
            trees[home].entries[own] = entry.at(own)
        else:
            own_of_root[path] = entry
    tracked: dict[str, list[str]] = {directory: [] for directory in trees}
    for path in tree.tracked:
        # A component's own files, and with them those of the components inside, as it was given them.
        home = owner_of(path.rpartition("/")[0])
        while home:  # seldom: most files are the project's own
            tracked[home].append(path[len(home) + 1 :])
            home = owner_of(home.rpartition("/")[0])
    for directory, part in trees.items():
        part.tracked = frozenset(tracked[directory]) if directory else tree.tracked
    return trees


def inherit(scans: dict[str, Scan]) -> None:
    """Let each component see the lock files, pins and managers of the projects around it. Paths of theirs begin with "/"."""
    for directory, scan in scans.items():
        if not directory:
            continue
        above = [one for one in scans if one != directory and (one == "" or directory.startswith(f"{one}/"))]
        for one in sorted(above, key=len, reverse=True):
            prefix = f"/{one}/" if one else "/"
            for name in scans[one].names.get("", ()):
                scan.above.setdefault(name, prefix + name)
            scan.facts.inherit(_shared(scans[one].facts, prefix))


def _shared(facts: Facts, prefix: str) -> Facts:
    """The facts that hold for components too, with paths from the project's root; made once for each project."""
    if facts.shared is None:
        facts.shared = facts.copied(_INHERITED, prefix)
    return facts.shared


def rebased(profile: ProjectProfile, prefix: str) -> ProjectProfile:
    """A profile with the files of all its evidence relative to the outer project."""
    result: ProjectProfile = _rebased(profile, prefix)
    return result


def _rebased(value: Any, prefix: str) -> Any:
    if isinstance(value, Evidence):
        if value.file.startswith("/"):
            return value.model_copy(update={"file": value.file[1:]})
        return value.model_copy(update={"file": f"{prefix}/{value.file}"}) if prefix else value
    if isinstance(value, BaseModel):
        changed = {}
        for name in type(value).model_fields:
            before = getattr(value, name)
            if isinstance(before, (tuple, BaseModel)):
                after = _rebased(before, prefix)
                if after is not before:
                    changed[name] = after
            elif isinstance(value, ConfigFile) and name == "path" and prefix:
                changed[name] = f"{prefix}/{before}"
        return value.model_copy(update=changed) if changed else value
    if isinstance(value, tuple):
        after_items = tuple(_rebased(item, prefix) for item in value)
        return value if all(one is other for one, other in zip(after_items, value, strict=True)) else after_items
    return value


def relate(profiles: dict[str, ProjectProfile], scans: dict[str, Scan]) -> tuple[Component, ...]:
    """The components with the paths of those they use and the workspace line that declares them."""
    names: dict[str, str] = {}
    for directory, scan in scans.items():
        for fact in scan.facts.own("project-name"):
            names.setdefault(fact.name, directory)
    workspaces = scans[""].facts.own("workspace")
    components = []
    for directory, profile in profiles.items():
        if not directory:
            continue
        used: dict[str, None] = {}
        for fact in scans[directory].facts.own("uses-project"):
            path = posixpath.normpath(posixpath.join(directory, posixpath.dirname(fact.file), fact.name))
            other = path if "path" in fact.tags else names.get(fact.name, "")
            if "path" in fact.tags and other not in profiles:
                other = other.rpartition("/")[0]  # the path of a project file
            if other and other != directory and other in profiles:
                used[other] = None
        for fact in scans[directory].facts.own("dependency"):
            other = names.get(fact.name, "")
            if other and other != directory and other in profiles:
                used[other] = None
        components.append(
            Component(
                path=directory,
                profile=profile,
                depends_on=tuple(sorted(used)),
                declared_by=is_declared(directory, workspaces),
            )
        )
    return _with_libraries(components)


def _with_libraries(components: list[Component]) -> tuple[Component, ...]:
    """What can run also needs what the libraries beside it need: their services and variables."""
    by_path = {one.path: one for one in components}
    completed = []
    for one in components:
        waiting, seen = list(one.depends_on), {one.path}
        libraries: list[ProjectProfile] = []
        while waiting:
            path = waiting.pop(0)
            other = by_path.get(path)
            if path in seen or other is None or not _is_linked(other.profile):
                continue
            seen.add(path)
            libraries.append(other.profile)
            waiting += other.depends_on
        if libraries and (one.profile.start is not None or one.profile.kind is Kind.SERVER):
            services = {need.name: need for profile in (*libraries, one.profile) for need in profile.services}
            variables = {read.name: read for profile in (*libraries, one.profile) for read in profile.variables}
            packages = {need.name: need for profile in (*libraries, one.profile) for need in profile.system_packages}
            profile = one.profile.model_copy(
                update={
                    "services": tuple(services[name] for name in sorted(services)),
                    "variables": tuple(variables[name] for name in sorted(variables)),
                    "system_packages": tuple(packages[name] for name in sorted(packages)),
                }
            )
            one = one.model_copy(update={"profile": profile})
        completed.append(one)
    return tuple(completed)


def _is_linked(profile: ProjectProfile) -> bool:
    """Whether this is a library that becomes part of the program that uses it."""
    language = profile.language.value.id if profile.language else ""
    return language in _LINKED and profile.kind is Kind.NONE and profile.start is None
