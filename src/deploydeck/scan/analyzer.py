"""The front door of the scanner: walk, parse, apply the rules, resolve. Project code is read, never run."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from deploydeck.domain import ConfigFile, Dependency, DeployDeckError, Fact, Finding, Framework, Language, ProjectProfile
from deploydeck.scan import components, promotion
from deploydeck.scan.cache import ProfileCache
from deploydeck.scan.deliver import deliver
from deploydeck.scan.facts import Facts, Found, clean
from deploydeck.scan.parsers import parsers_for
from deploydeck.scan.reading import MORE_SOURCES, Memory, Reading, most_telling, read, work_of
from deploydeck.scan.resolve import report_walk, resolve
from deploydeck.scan.source import Source, hash_tree
from deploydeck.scan.state import Scan
from deploydeck.scan.walk import Limits, Tree, walk
from deploydeck.settings import AppSettings

P = ParamSpec("P")
T = TypeVar("T")
Cancelled = Callable[[], bool]
MOST_REMEMBERED = 4
MOST_AT_ROOT = 500


def never() -> bool:
    return False


@dataclass(slots=True)
class AnalysisResults:
    """What walking and reading a project gave: a scan for each component by its directory ("" the project itself)."""

    tree: Tree
    scans: dict[str, Scan]
    configs: dict[str, tuple[ConfigFile, ...]]
    reading: Reading


class ProjectAnalyzer:
    """Learns what a project is. Keeps what the files of the last projects said, so that a scan again reads only what changed.

    One instance may serve several threads.
    """

    def __init__(self, limits: Limits | None = None, cache: ProfileCache | None = None) -> None:
        self._limits = limits or Limits()
        self._cache = cache
        self._memories: dict[Path, Memory] = {}

    async def analyze_project(
        self, project_path: str | Path, overrides: AppSettings | None = None, cancelled: Cancelled = never
    ) -> ProjectProfile:
        """Everything the directory says about itself, each fact with its evidence; the work is done in a thread.

        `overrides` are the [app] settings and win over detection. `cancelled` is asked often and ends the scan.
        Raises DeployDeckError: `project-path`, `project-missing`, `project-not-a-directory`, `project-unreadable`,
        `scan-cancelled`, `scan-unknown-framework`, `scan-unknown-manager`. Broken files inside are findings, not errors.
        """
        return await _in_thread(self.profile, project_path, overrides, cancelled)

    def profile(
        self, project_path: str | Path, overrides: AppSettings | None = None, cancelled: Cancelled = never
    ) -> ProjectProfile:
        """The same as `analyze_project`, blocking; from the cache when nothing that it rests on has changed for an hour."""
        tree = walk(_resolve(project_path), self._limits, cancelled)
        if self._cache is None:
            return self.generate_profile(self._collect(tree, overrides, cancelled))
        key = self._cache.key(tree, overrides or AppSettings.model_validate({}), self._limits)
        known = self._cache.get(tree.root, key)
        if known is None:
            known = self.generate_profile(self._collect(tree, overrides, cancelled))
            self._cache.put(tree, key, known)
        return known

    def analyze(
        self, project_path: str | Path, overrides: AppSettings | None = None, cancelled: Cancelled = never
    ) -> tuple[ProjectProfile, Source]:
        """The profile with its source hash, and the files that hash was made from, of one and the same walk. Blocking."""
        results = self.collect(project_path, overrides, cancelled)
        profile = self.generate_profile(results)
        source = hash_tree(results.tree, cancelled)
        return profile.model_copy(update={"source_hash": source.hash}), source

    def collect(
        self, project_path: str | Path, overrides: AppSettings | None = None, cancelled: Cancelled = never
    ) -> AnalysisResults:
        """Walk the tree, find its components and read their files. Blocking. Raises as `analyze_project`."""
        return self._collect(walk(_resolve(project_path), self._limits, cancelled), overrides, cancelled)

    def _collect(self, tree: Tree, overrides: AppSettings | None, cancelled: Cancelled) -> AnalysisResults:
        reading = Reading(self._limits, cancelled, before=self._memories.get(tree.root, {}))
        scans, configs = self._read(tree, overrides or AppSettings.model_validate({}), reading)
        self._memories.pop(tree.root, None)
        while len(self._memories) >= MOST_REMEMBERED:
            self._memories.pop(next(iter(self._memories)), None)
        self._memories[tree.root] = reading.memory
        return AnalysisResults(tree, scans, configs, reading)

    def directories(self, project_path: str | Path) -> tuple[Path, ...]:
        """The directories whose files a scan of the project reads, the root first; what to watch for changes. Blocking."""
        root = _resolve(project_path)
        found: dict[Path, None] = {root: None}
        known = [raw for raw, *_ in self._memories.get(root, ())]
        for raw in known or [entry.raw for entry in walk(root, self._limits).entries.values() if parsers_for(entry.path)]:
            found[(root / raw).parent] = None
        return tuple(found)

    def first_facts(self, project_path: str | Path, overrides: AppSettings | None = None) -> ProjectProfile:
        """What the files at the root alone say, in milliseconds whatever the size of the tree: something to show at once.

        The profile is `truncated`, and holds no findings and no components. Raises as `analyze_project`.
        """
        root = _resolve(project_path)
        tree = walk(root, Limits(files=MOST_AT_ROOT, depth=0), below=False)
        reading = Reading(Limits(source_files=8, lock_bytes=200_000))
        scan = Scan(tree, Facts(), overrides or AppSettings.model_validate({}))
        configs = read(scan, reading, sorted(work_of(scan), key=lambda item: item[0].size == "source"))
        return resolve(scan, configs).model_copy(update={"truncated": True, "scanned_files": len(tree.entries)})

    def _read(
        self, tree: Tree, overrides: AppSettings, reading: Reading
    ) -> tuple[dict[str, Scan], dict[str, tuple[ConfigFile, ...]]]:
        # The root's own manifests first: they may declare as members what by its name would be an example.
        declared = self._workspaces(tree, overrides)
        scans = self._scans(tree, components.component_directories(tree, declared), overrides)
        work = {directory: work_of(scan) for directory, scan in scans.items()}
        configs: dict[str, tuple[ConfigFile, ...]] = {}
        for directory, scan in scans.items():
            # Manifests of all components before any source: when a limit is reached, it must not be they that are missing.
            configs[directory] = read(scan, reading, [item for item in work[directory] if item[0].size in {"manifest", "lock"}])
        for size in ("source", "text"):
            wanted = {directory: [item for item in items if item[0].size == size] for directory, items in work.items()}
            if size == "source" and (fitting := most_telling(wanted, self._limits)) is not wanted:
                wanted, reading.stopped = fitting, MORE_SOURCES
            for directory, scan in scans.items():
                later = read(scan, reading, wanted[directory])
                configs[directory] = tuple(sorted((*configs[directory], *later), key=lambda config: config.path))
        deliver(scans)
        components.inherit(scans)
        homes = {scope for scan in scans.values() for scope in ("jvm", "go") if scan.facts.own("manifest", scope=scope)}
        if "jvm" in homes or any(scan.facts.own("managed") for scan in scans.values()):
            from deploydeck.scan.ecosystems.jvm_link import link

            for scan in scans.values():
                link(scan)
        if "go" in homes:
            from deploydeck.scan.ecosystems import go_link

            for scan in scans.values():
                go_link.link(scan)
        return scans, configs

    @staticmethod
    def _scans(tree: Tree, directories: list[str], overrides: AppSettings) -> dict[str, Scan]:
        none = AppSettings.model_validate({})
        return {
            directory: Scan(part, Facts(), none if directory else overrides, directory)
            for directory, part in components.split(tree, directories).items()
        }

    def _workspaces(self, tree: Tree, overrides: AppSettings) -> list[Found]:
        own = {path: entry for path, entry in tree.entries.items() if "/" not in path}
        probe = Scan(Tree(root=tree.root, entries=own), Facts(), overrides)
        work = [item for item in work_of(probe) if item[0].size == "manifest"]
        read(probe, Reading(self._limits), work)
        return probe.facts.of("workspace")

    def generate_profile(self, results: AnalysisResults) -> ProjectProfile:
        """One profile from what was read: each component resolved by itself, then related, then joined."""
        scans = results.scans
        profiles = {directory: resolve(scan, results.configs[directory]) for directory, scan in scans.items()}
        inner = components.relate(
            {
                directory: components.rebased(profile.model_copy(update={"findings": scans[directory].all_findings()}), directory)
                for directory, profile in profiles.items()
            },
            scans,
        )
        root = scans[""]
        profile = promotion.promoted(root, profiles[""], inner)
        report_walk(root, results.reading.stopped)
        findings: tuple[Finding, ...] = root.all_findings()
        return components.rebased(profile, "").model_copy(
            update={
                "components": inner,
                "secrets": (*profile.secrets, *(secret for one in inner for secret in one.profile.secrets)),
                "findings": findings,
                "scanned_files": len(results.tree.entries),
                "scanned_bytes": results.reading.total_bytes,
                "truncated": bool(root.tree.truncated),
            }
        )

    def detect_language(self, file_extensions: Sequence[str]) -> Language | None:
        """The language most of these extensions belong to (".py", "py"); None when none is known. Reads nothing."""
        from deploydeck.scan.rules import languages

        by_extension = {extension: row for row in languages().values() for extension in row.extensions}
        known = [row for name in file_extensions if (row := by_extension.get(name.rpartition(".")[2].lower()))]
        counts = Counter(row.id for row in known if not row.markup) or Counter(row.id for row in known)
        if not counts:
            return None
        chosen, number = counts.most_common(1)[0]
        return Language(id=chosen, name=languages()[chosen].name, share=round(number / len(file_extensions), 4))

    async def identify_framework(self, config_files: Sequence[str], root: str | Path = ".") -> Fact[Framework] | None:
        """The framework that these files of the project mean; None when they mean none. Paths are absolute or below `root`."""
        return (await _in_thread(self._of_files, config_files, root)).framework

    async def extract_dependencies(self, manifest_files: Sequence[str], root: str | Path = ".") -> tuple[Dependency, ...]:
        """The dependencies that these manifests and lock files name. Paths are absolute or below `root`."""
        return (await _in_thread(self._of_files, manifest_files, root)).dependencies

    def _of_files(self, files: Sequence[str], root: str | Path) -> ProjectProfile:
        paths = [Path(root, name).absolute() for name in files]
        base = _resolve(os.path.commonpath([path.parent for path in paths]) if paths else root)
        wanted = {os.path.realpath(path) for path in paths}
        tree = Tree(root=base)
        if paths:
            tree = walk(base, self._limits)
            tree.entries = {path: entry for path, entry in tree.entries.items() if f"{base}/{entry.raw}" in wanted}
        reading = Reading(self._limits)
        scans, configs = self._read(tree, AppSettings.model_validate({}), reading)
        return self.generate_profile(AnalysisResults(tree, scans, configs, reading))


async def _in_thread(call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    import asyncio  # not before it is needed: a command that only scans starts in half the time

    return await asyncio.to_thread(call, *arguments, **named)


def _resolve(project_path: str | Path) -> Path:
    try:
        root = Path(os.path.realpath(Path(project_path).expanduser()))
        str(root).encode()  # the path is stored and shown: it must be text, unlike the names inside
        return root
    except (OSError, ValueError, RuntimeError) as error:
        raise DeployDeckError(
            "project-path",
            f"{str(project_path)!a} is not a usable path.",
            clean(str(error)),
            "Rename it, or name another directory.",
        ) from error
