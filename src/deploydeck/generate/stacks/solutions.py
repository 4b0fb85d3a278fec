"""What decides the packages of a .NET project: its file, those it refers to, and what MSBuild and NuGet find above."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from deploydeck.domain import Evidence
from deploydeck.generate.clues import NOTHING, Clue, ProjectFiles
from deploydeck.generate.names import inside_path
from deploydeck.generate.stacks.compiled import joined, outside

PROJECTS = (".csproj", ".fsproj", ".vbproj")
_ABOVE = ("Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "Directory.Build.rsp")
_ROOT = ("global.json", "NuGet.config", "nuget.config", "NuGet.Config")
_REFERENCE = re.compile(r"<ProjectReference\s[^>]{0,400}?Include\s{0,4}=\s{0,4}[\"']([^\"']{1,400})[\"']")
_IMPORT = re.compile(r"<Import\s[^>]{0,400}?Project\s{0,4}=\s{0,4}[\"']([^\"']{1,400})[\"']")
_MOST = 60


@dataclass(frozen=True)
class Closure:
    """`manifests` are all files that decide the packages, `locked` whether a lock file does. `whole`: why they are not enough."""

    manifests: tuple[str, ...]
    locked: bool = False
    whole: Clue = NOTHING


def closure(files: ProjectFiles, project: str) -> Closure:
    """Everything `dotnet restore PROJECT` reads. Raises DeployDeckError `generate-outside-project` for a reference beyond here."""
    found: dict[str, None] = {path: None for path in _ROOT if files.is_file(path)}
    waiting, seen = [project], list[str]()
    whole = NOTHING
    while waiting and len(seen) < _MOST:
        path = waiting.pop(0)
        if path in seen or not files.is_file(path):
            continue
        seen.append(path)
        directory = posixpath.dirname(path)
        for place in _upwards(directory):
            found |= {one: None for name in _ABOVE if files.is_file(one := posixpath.join(place, name))}
        found[path] = None
        lock = posixpath.join(directory, "packages.lock.json")
        if files.is_file(lock):
            found[lock] = None
        content = files.text(path)
        for reference in _REFERENCE.findall(content):
            where = joined(directory, reference)
            if "$(" in reference or "*" in reference:
                whole = whole or Clue("reference", (Evidence(file=path, rule="dotnet-computed-reference"),))
            elif where is None:
                raise outside(path, reference)
            else:
                waiting.append(where)
        for imported in _IMPORT.findall(content):
            where = None if "$(" in imported else joined(directory, imported)
            if where and files.is_file(where):
                found[where] = None
            else:
                whole = whole or Clue("import", (Evidence(file=path, rule="dotnet-import"),))
    if waiting:
        whole = whole or Clue("many", (Evidence(file=project, rule="dotnet-many-projects"),))
    locked = files.is_file(posixpath.join(posixpath.dirname(project), "packages.lock.json"))
    return Closure(tuple(inside_path(path, "project file") for path in found), locked, whole)


def _upwards(directory: str) -> tuple[str, ...]:
    """The root, and every directory on the way to this one."""
    parts = directory.split("/") if directory else []
    return ("", *("/".join(parts[: count + 1]) for count in range(len(parts))))


_PROPERTY = r"<{}(?:\s[^>]{{0,200}})?>\s{{0,40}}([^<]{{1,200}}?)\s{{0,40}}</{}>"


def written(files: ProjectFiles, project: str, name: str) -> Clue:
    """A property of the project file, or of the Directory.Build.props nearest to it."""
    pattern = re.compile(_PROPERTY.format(name, name))
    above = [posixpath.join(place, "Directory.Build.props") for place in reversed(_upwards(posixpath.dirname(project)))]
    for path in (project, *above):
        text = files.text(path)
        match = pattern.search(text)
        if match:
            line = text.count("\n", 0, match.start()) + 1
            return Clue(match[1], (Evidence(file=path, line=line, text=match[0][:200], rule="dotnet-property"),))
    return NOTHING
