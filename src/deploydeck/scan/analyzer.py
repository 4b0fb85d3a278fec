"""The front door of the scanner: walk, parse, apply the rules, resolve. Project code is read, never run."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
from collections.abc import Callable
from pathlib import Path

from deploydeck.domain import (
    ConfigFile,
    DeployDeckError,
    Evidence,
    Fact,
    Kind,
    PackageManager,
    ProjectProfile,
    Severity,
    StartCommand,
    utc_now,
)
from deploydeck.scan import details, match, network, node_start, tools, verdict
from deploydeck.scan.commands import Command, development_server, parse_command
from deploydeck.scan.facts import Broken, Facts, clean
from deploydeck.scan.parsers import Parser, parser_for
from deploydeck.scan.parsers.python_manifests import requirements
from deploydeck.scan.python_start import python_start
from deploydeck.scan.rules.runtimes import RUNTIME_OF
from deploydeck.scan.rules.technologies import Technology
from deploydeck.scan.source import Source, hash_tree
from deploydeck.scan.state import Scan
from deploydeck.scan.walk import Entry, Limits, Tree, walk
from deploydeck.settings import AppSettings

_NOT_THE_PROGRAM = re.compile(
    r"(?:^|/)(?:tests?|testing|__tests__|__mocks__|specs?|docs?|examples?|samples?|fixtures|e2e|cypress|stories|migrations|benchmarks?)/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$|\.(?:test|spec|stories|min|d)\.[a-z]+$"
)
_MOST_INCLUDED = 50
_SCOPES = {"Python": "python", "JavaScript": "node", "TypeScript": "node"}


class ProjectAnalyzer:
    """Learns what a project is. Stateless; one instance may serve several threads."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()

    def analyze_project(
        self, project_path: str | Path, overrides: AppSettings | None = None, cancelled: Callable[[], bool] = lambda: False
    ) -> ProjectProfile:
        """Everything the directory says about itself, each fact with its evidence. Blocking; call it in a thread.

        `overrides` are the [app] settings and win over detection. `cancelled` is asked often and ends the scan.
        Raises DeployDeckError: `project-path`, `project-missing`, `project-not-a-directory`, `project-unreadable`,
        `scan-cancelled`, `scan-unknown-framework`, `scan-unknown-manager`. Broken files inside are findings, not errors.
        """
        return self.analyze(project_path, overrides, cancelled)[0]

    def analyze(
        self, project_path: str | Path, overrides: AppSettings | None = None, cancelled: Callable[[], bool] = lambda: False
    ) -> tuple[ProjectProfile, Source]:
        """The profile as `analyze_project` gives it, and the files its source hash was made from, of one and the same walk."""
        root = _resolve(project_path)
        tree = walk(root, self._limits, cancelled)
        scan = Scan(tree, Facts(), overrides or AppSettings.model_validate({}))
        read_bytes, config_files = self._read(scan, cancelled)
        profile = _resolve_profile(scan, config_files)
        source = hash_tree(tree, cancelled)
        profile = profile.model_copy(
            update={
                "scanned_files": len(tree.entries),
                "scanned_bytes": read_bytes,
                "truncated": bool(tree.truncated),
                "source_hash": source.hash,
                "findings": scan.all_findings(),
            }
        )
        return profile, source

    def _read(self, scan: Scan, cancelled: Callable[[], bool]) -> tuple[int, tuple[ConfigFile, ...]]:
        limits = self._limits
        sizes = {"manifest": limits.manifest_bytes, "lock": limits.lock_bytes, "source": limits.source_bytes}
        total, sources, source_bytes = 0, 0, 0
        configs: list[ConfigFile] = []
        # Manifests first: when a limit is reached, it must not be they that are missing.
        work = [
            (parser, entry) for entry in scan.tree.entries.values() if (parser := parser_for(entry.path)) and _wanted(parser, entry)
        ]
        work.sort(key=lambda item: item[0].size == "source")
        for parser, entry in work:
            if cancelled():
                raise DeployDeckError("scan-cancelled", "The scan was cancelled.")
            if parser.size == "source":
                sources += 1
                source_bytes += min(entry.size, sizes["source"])
                if entry.size > sizes["source"]:
                    continue  # bundles and generated code
            if source_bytes > limits.total_source_bytes or sources > limits.source_files:
                scan.tree.truncated = scan.tree.truncated or "more source files than a scan reads"
                break
            try:
                data = scan.tree.read(entry, sizes[parser.size] + 1)
            except OSError as error:
                scan.tree.unreadable.append(entry.path)
                if parser.size != "source":
                    scan.finding(
                        "file-unreadable",
                        Severity.WARNING,
                        f"{entry.path} cannot be read: {error.strerror or error}.",
                        "Give yourself read permission on it.",
                        [Evidence(file=entry.path)],
                    )
                continue
            total += len(data)
            if len(data) > sizes[parser.size]:
                scan.finding(
                    "file-too-large",
                    Severity.WARNING,
                    f"{entry.path} is larger than {sizes[parser.size]} bytes and was not read.",
                    evidence=[Evidence(file=entry.path)],
                )
                continue
            if parser.config_kind:
                configs.append(ConfigFile(path=entry.path, kind=parser.config_kind, sha256=hashlib.sha256(data).hexdigest()))
            _parse(scan, parser, entry, data)
        total += _follow_includes(scan, {entry.path for _, entry in work}, limits.manifest_bytes)
        _report_walk(scan.tree, scan)
        return total, tuple(sorted(configs, key=lambda config: config.path))


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


def _wanted(parser: Parser, entry: Entry) -> bool:
    return not (parser.size == "source" and _NOT_THE_PROGRAM.search(entry.path))


def _parse(scan: Scan, parser: Parser, entry: Entry, data: bytes) -> None:
    try:
        for found in parser.parse(entry.path, data):
            scan.facts.add((found,))
    except Broken as broken:
        manifest = parser.size != "source"
        scan.finding(
            "broken-manifest" if manifest else "broken-source",
            Severity.WARNING if manifest else Severity.INFO,
            f"{entry.path} cannot be understood: {broken.message[:300]}.",
            "Correct the file and scan again." if manifest else "",
            [Evidence(file=entry.path, line=broken.line)],
        )


def _follow_includes(scan: Scan, parsed: set[str], limit: int) -> int:
    """Requirement files that others include by `-r`, inside the project, at most fifty. Returns the bytes read."""
    total, waiting, followed = 0, list(scan.facts.of("include")), 0
    while waiting and followed < _MOST_INCLUDED:
        include = waiting.pop(0)
        path = posixpath.normpath(posixpath.join(posixpath.dirname(include.file), include.name))
        entry = scan.tree.entries.get(path)
        if entry is None or path in parsed:
            continue
        parsed.add(path)
        followed += 1
        before = len(scan.facts.of("include"))
        try:
            data = scan.tree.read(entry, limit)
        except OSError:
            scan.tree.unreadable.append(path)
            continue
        total += len(data)
        scan.facts.add(requirements(path, data))
        waiting += scan.facts.of("include")[before:]
    return total


def _report_walk(tree: Tree, scan: Scan) -> None:
    if tree.truncated:
        scan.finding(
            "scan-truncated",
            Severity.WARNING,
            f"The scan stopped early: {tree.truncated}. Facts may be missing.",
            "Scan the directory of one project, or add generated directories to .gitignore.",
        )
    if tree.unreadable:
        scan.finding(
            "unreadable",
            Severity.INFO,
            f"{len(tree.unreadable)} files or directories cannot be read.",
            "They are missing from the scan and from a deployment.",
            [Evidence(file=path) for path in tree.unreadable[:8]],
        )
    if tree.outside:
        scan.finding(
            "link-outside",
            Severity.INFO,
            f"{len(tree.outside)} links lead out of the project and were not followed.",
            "A deployment does not carry what they point to.",
            [Evidence(file=path) for path in tree.outside[:8]],
        )


def _resolve_profile(scan: Scan, config_files: tuple[ConfigFile, ...]) -> ProjectProfile:
    found = match.hits(scan)
    technology, framework = match.choose_framework(scan, found)
    ecosystem, _ = match.ecosystem(scan)
    shares = match.languages(scan)
    language = match.main_language(scan, shares, technology, framework)
    scope = _SCOPES.get(technology.language if technology else language.value.name if language else "", "")
    if technology is None and ecosystem is not None and not ecosystem.deployable:
        scope = ""
    manager = tools.package_manager(scan, scope) if scope else None
    runtime = (
        tools.runtime_version(scan, RUNTIME_OF[language.value.name])
        if scope and language and language.value.name in RUNTIME_OF
        else None
    )
    start, explicit = _start(scan, technology, scope)
    build = _build(scan, technology, scope, manager)
    output, single_page = _output(scan, technology)
    static = _is_static(scan, technology, scope, start, build)
    if static:
        output = _override_output(scan, verdict.static_directory(scan))
        manager = runtime = start = build = None
    if technology is not None and technology.id == "nextjs" and output is not None and start is not None and not explicit:
        start = None if node_start.option(scan, "output", "next.config") and output.value != ".next" else start
    known = verdict.Known(technology, framework, ecosystem, language, manager, start, explicit, output, static)
    kind, support, reason = verdict.verdict(scan, known)
    if kind is Kind.STATIC:
        start = None
    if technology and technology.supported and technology.kind is Kind.SERVER and technology.id != "nextjs":
        details.report_unused(scan, technology)
    served = kind is Kind.SERVER
    details.report_secrets(scan)
    if technology and technology.id == "django":
        details.report_django(scan)
    lock_file = manager.value.lock_file if manager else ""
    sure = [fact.confidence for fact in (language, framework, start, output if kind is Kind.STATIC else None) if fact is not None]
    return ProjectProfile(
        id="prj-" + hashlib.sha256(os.fsencode(scan.tree.root)).hexdigest()[:20],
        name=_name(scan, scope),
        root=str(scan.tree.root),
        kind=kind,
        support=support,
        support_reason=reason,
        language=language,
        languages=shares,
        framework=framework,
        frameworks=tuple(match.framework_fact(scan, hit) for hit in found) + match.ui_libraries(scan),
        package_manager=manager,
        runtime_version=runtime,
        start=start,
        build_command=build,
        port=network.port(scan, technology, start, scope) if served else None,
        health_path=network.health_path(scan, technology, scope, static=not served) if kind is not Kind.NONE else None,
        output_dir=output,
        single_page=single_page and kind is Kind.STATIC,
        dependencies=details.dependencies(scan, scope, lock_file) if scope else (),
        variables=details.variables(scan),
        services=details.services(scan, scope),
        config_files=config_files,
        confidence=min(sure) if sure else 0.0,
        analyzed_at=utc_now(),
    )


def _name(scan: Scan, scope: str) -> str:
    if scan.overrides.name:
        return scan.overrides.name
    found = scan.facts.first("project-name", scope=scope or None)
    return found.name[:200] if found and found.name.strip() else scan.tree.root.name or "project"


def _start(scan: Scan, technology: Technology | None, scope: str) -> tuple[Fact[StartCommand] | None, bool]:
    """The start command, and whether a person said it (override or Procfile)."""
    detected: Fact[StartCommand] | None = None
    if technology is not None and technology.supported and technology.kind is Kind.SERVER:
        if technology.start in {"wsgi", "asgi", "django"}:
            detected = python_start(scan, technology)
        else:
            detected = node_start.next_start(scan) if technology.start == "next" else node_start.node_start(scan)
    elif technology is None and scope == "node" and scan.facts.of("listen", scope="node"):
        detected = node_start.node_start(scan)
    process = _procfile(scan)
    if process is not None and detected is not None and (why := development_server(Command(process.value.argv))):
        scan.finding(
            "development-start",
            Severity.WARNING,
            f"The web line of the Procfile is a development server ({why}); {detected.value.argv[0]} is used instead.",
            "Write the production command into the Procfile.",
            process.evidence,
        )
        detected, process = detected.model_copy(update={"reason": f"the Procfile is replaced: {why}"}), None
    if scan.overrides.start:
        argv = tuple(scan.overrides.start)
        value = StartCommand(argv=argv, port_from_env=not any("{port}" in word for word in argv))
        return scan.overridden("start", value, process or detected), True
    return (process or detected), process is not None


def _procfile(scan: Scan) -> Fact[StartCommand] | None:
    process = scan.facts.first("process", "web")
    command = parse_command(process.value) if process else None
    if process is None or command is None:
        return None
    if command.argv[:1] in {("npm",), ("pnpm",), ("yarn",)} and (script := scan.facts.first("script", "start", "node")):
        inner = node_start.node_start(scan)
        if inner and command.argv[-1] == "start":
            return inner.model_copy(
                update={"evidence": (process.evidence("procfile"), script.evidence("start"), *inner.evidence[:4])}
            )
    if command.loopback:
        scan.finding(
            "loopback-bind",
            Severity.WARNING,
            "The Procfile binds to this machine only; the address was left to the target.",
            "Write 0.0.0.0 in the Procfile.",
            [process.evidence("procfile")],
        )
    bound = command.bound()
    own = any("env" in fact.tags for fact in scan.facts.of("listen") if fact.file in command.argv)
    value = StartCommand(argv=bound.argv, port_from_env=not bound.has_port and (command.server_reads_port or own))
    reason = "the web line of the Procfile" + ("" if bound is command else ", with the address to listen on")
    return Fact(value=value, confidence=0.97, evidence=(process.evidence("procfile"),), reason=reason)


def _build(
    scan: Scan, technology: Technology | None, scope: str, manager: Fact[PackageManager] | None
) -> Fact[tuple[str, ...]] | None:
    """The build of a Node.js project. What Django collects is the generator's to add, which knows the image it happens in."""
    detected: Fact[tuple[str, ...]] | None = None
    if scope == "node":
        detected = node_start.build_command(scan, manager.value if manager else None, technology)
    if scan.overrides.build:
        return scan.overridden("build", tuple(scan.overrides.build), detected)
    return detected


def _output(scan: Scan, technology: Technology | None) -> tuple[Fact[str] | None, bool]:
    """Where the build writes, and whether unknown paths belong to one page."""
    detected: Fact[str] | None = None
    single_page = technology.single_page if technology else False
    if technology is not None and technology.output_dir:
        place = scan.facts.of("dependency", technology.package, "node")[:1]
        detected = Fact(
            value=technology.output_dir,
            confidence=0.85,
            evidence=tuple(fact.evidence("output") for fact in place),
            reason=f"the default of {technology.name}",
        )
        script = scan.facts.first("script", "build", "node")
        flag = re.search(r"--outDir[ =]([A-Za-z0-9_./-]{1,100})", script.value) if script else None
        if technology.id == "vite" and (chosen := node_start.option(scan, "outDir", "vite.config")):
            detected = Fact(value=chosen.value.removeprefix("./"), confidence=0.95, evidence=(chosen.evidence("output"),))
        if technology.id == "vite" and script and flag:
            detected = Fact(value=flag[1].removeprefix("./"), confidence=0.95, evidence=(script.evidence("output"),))
        if technology.id == "vite" and (kind := node_start.option(scan, "appType", "vite.config")):
            single_page = kind.value == "spa"
        if technology.id == "nextjs" and (mode := node_start.option(scan, "output", "next.config")) and mode.value == "export":
            directory = node_start.option(scan, "distDir", "next.config")
            detected = Fact(value=directory.value if directory else "out", confidence=0.95, evidence=(mode.evidence("output"),))
    return _override_output(scan, detected), single_page


def _override_output(scan: Scan, detected: Fact[str] | None) -> Fact[str] | None:
    wanted = scan.overrides.output_dir
    return detected if wanted is None else scan.overridden("output_dir", wanted, detected)


def _is_static(
    scan: Scan, technology: Technology | None, scope: str, start: Fact[StartCommand] | None, build: Fact[tuple[str, ...]] | None
) -> bool:
    """A plain site: an index.html, nothing that runs, nothing that must be built first."""
    if technology is not None or start is not None or build is not None or verdict.static_directory(scan) is None:
        return False
    ecosystem, _ = match.ecosystem(scan)
    if ecosystem is None:
        return True
    read = scan.facts.first("manifest", "package.json")  # a broken manifest says nothing about what must be built
    return scope == "node" and read is not None and not scan.facts.of("listen", scope="node")
