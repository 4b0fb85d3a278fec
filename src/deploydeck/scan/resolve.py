"""From the facts of one component to its profile: rules first, then the ecosystem's resolver, then what files say outright."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from typing import Any, TypeVar

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
from deploydeck.scan import details, match, network, start, tools, verdict
from deploydeck.scan.ecosystems import Resolved, resolver
from deploydeck.scan.rules import Ecosystem, Technology, ecosystems, languages
from deploydeck.scan.state import Scan

T = TypeVar("T")


def resolve(scan: Scan, config_files: tuple[ConfigFile, ...]) -> ProjectProfile:
    """The profile of one component, with paths relative to its directory. Findings are the caller's to add."""
    found = match.hits(scan)
    technology, framework = match.choose_framework(scan, found)
    shares = match.language_shares(scan)
    language = match.main_language(scan, shares, technology, framework)
    home = _home(scan, technology, language.value.id if language else "")
    manager, managers = tools.package_manager(scan, home) if home else (None, ())
    known = _resolved(scan, home, technology, manager.value if manager else None)
    known = _overridden(scan, known)
    runtime = known.runtime or (home.runtimes[0].id if home and home.runtimes else "")
    version = tools.runtime_version(scan, runtime) if runtime else None
    command, explicit = start.start(scan, home, technology, known)
    kind = _kind(technology, known, command)
    static = verdict.plain_site(scan, technology, home, command, known)
    if static is not None:
        kind, home, manager, managers, version, runtime, command = Kind.STATIC, None, None, (), None, "", None
        known = replace(known, output=start.output(scan, static), build=None, single_page=False)
    if kind is Kind.STATIC:
        command = command if explicit else None
        kind = Kind.SERVER if command else kind
    served = kind is Kind.SERVER
    kind, support, reason = verdict.verdict(
        scan, verdict.Known(technology, framework, home, language, manager, command, explicit, known, kind, static is not None)
    )
    if technology and technology.supported and served:
        details.report_unused(scan, technology)
    _report_unread(scan)
    details.report_secrets(scan)
    if technology and technology.id == "django":
        details.report_django(scan)
    scope = home.id if home else ""
    grounds = (known.output if kind is Kind.STATIC else command, framework, language)
    port = _grounded(network.port(scan, technology, command, scope, known.port) if served else None, *grounds)
    pages = kind is not Kind.NONE and (not served or network.speaks_http(scan, technology, scope, port))
    sure = [fact.confidence for fact in (language, framework, command, known.output if kind is Kind.STATIC else None) if fact]
    return ProjectProfile(
        id=project_id(scan),
        name=_name(scan, scope),
        root=str(scan.tree.root / scan.directory),
        kind=kind,
        support=support,
        support_reason=reason,
        language=language,
        languages=shares,
        framework=framework,
        frameworks=tuple(match.framework_fact(scan, hit) for hit in found if hit.technology.role not in match.TOOLS),
        build_tools=match.build_tools(scan, found),
        package_manager=manager,
        package_managers=managers,
        runtime=runtime,
        runtime_version=version,
        start=command,
        build_command=_grounded(known.build, manager, language),
        port=port,
        health_path=_grounded(network.health_path(scan, technology, scope, static=not served) if pages else None, *grounds),
        output_dir=known.output,
        single_page=known.single_page and kind is Kind.STATIC,
        dependencies=details.dependencies(scan, manager.value.lock_file if manager else ""),
        variables=details.variables(scan),
        services=details.services(scan),
        system_packages=details.system_packages(scan, home),
        secrets=details.secrets(scan),
        config_files=config_files,
        confidence=min(sure) if sure else 0.0,
        analyzed_at=utc_now(),
    )


def _resolved(scan: Scan, home: Ecosystem | None, technology: Technology | None, manager: PackageManager | None) -> Resolved:
    if home is None:
        return Resolved()
    try:
        return resolver(home.id)(scan, technology, manager)
    except Exception as error:  # noqa: BLE001 - a defect of ours must not cost the person the whole scan; it is said, not hidden
        scan.finding(
            "start-not-resolved",
            Severity.WARNING,
            f"How this {home.id} project is built and started could not be worked out: the rules failed ({type(error).__name__}).",
            "Set [app] start and build in deploydeck.toml, and report this.",
        )
        return Resolved()


def _report_unread(scan: Scan) -> None:
    """Sources past the size limit: what they say is missing from every fact."""
    if not scan.unread:
        return
    which = f"{scan.unread[0]} is" if len(scan.unread) == 1 else f"{len(scan.unread)} source files are"
    scan.finding(
        "source-too-large",
        Severity.INFO,
        f"{which} too large and not read; facts may be missing.",
        "Raise [scan] max_source_kb in config.toml if it is written by hand.",
        [Evidence(file=path) for path in scan.unread],
    )


def _grounded(fact: Fact[T] | None, *grounds: Fact[Any] | None) -> Fact[T] | None:
    """The fact; one that follows from what the project is rests on the lines that say what it is."""
    if fact is None or fact.evidence:
        return fact
    return fact.model_copy(update={"evidence": next((one.evidence[:1] for one in grounds if one and one.evidence), ())})


def project_id(scan: Scan) -> str:
    """A stable id of the directory."""
    return "prj-" + hashlib.sha256(os.fsencode(scan.tree.root / scan.directory)).hexdigest()[:20]


def _home(scan: Scan, technology: Technology | None, language: str) -> Ecosystem | None:
    """The ecosystem whose ways of installing, building and starting apply."""
    found = match.manifests(scan)
    if technology is not None:
        home = ecosystems()[technology.ecosystem]
        if any(one.id == home.id for one, _, _ in found):
            return home  # else a framework of npm in a project of Deno: who has the manifest runs it
        return next((one for one, _, _ in found if set(one.languages) & set(home.languages)), home)
    if found:
        return found[0][0]
    row = languages().get(language)
    return ecosystems().get(row.ecosystem) if row and not row.markup else None


def _kind(technology: Technology | None, known: Resolved, command: Fact[StartCommand] | None) -> Kind:
    if known.kind is not None:
        return known.kind
    if technology is not None and technology.kind is not Kind.NONE:
        return technology.kind
    return Kind.SERVER if command is not None else Kind.NONE


def _overridden(scan: Scan, known: Resolved) -> Resolved:
    build, output = start.build(scan, known.build), known.output
    if scan.overrides.build:
        build = scan.overridden("build", tuple(scan.overrides.build), build)
    return replace(known, build=build, output=start.output(scan, output))


def _name(scan: Scan, scope: str) -> str:
    if scan.overrides.name:
        return scan.overrides.name
    found = scan.facts.own("project-name", scope=scope or None)
    here = scan.directory.rpartition("/")[2] or scan.tree.root.name
    return found[0].name[:200] if found and found[0].name.strip() else here or "project"


def require_project(profile: ProjectProfile) -> None:
    """Raises DeployDeckError `not-a-project` for a directory that is none, with what was looked for."""
    if profile.language or profile.framework or profile.components or profile.config_files or profile.kind is not Kind.NONE:
        return
    kinds = [glob for one in ecosystems().values() for glob, _ in one.manifests]
    raise DeployDeckError(
        "not-a-project",
        f"{profile.root} is not a project: {profile.support_reason}",
        f"Looked for manifests ({', '.join(kinds[:12])} and {len(kinds) - 12} more), for source files of {len(languages())} "
        "languages, for an index.html, for Dockerfiles, compose and platform files, here and in the directories below.",
        "Name the directory of a project.",
    )


def report_walk(scan: Scan, stopped: str) -> None:
    """What the walk and the reading could not see."""
    tree = scan.tree
    truncated = tree.truncated or stopped
    if truncated:
        tree.truncated = truncated
        scan.finding(
            "scan-truncated",
            Severity.WARNING,
            f"The scan stopped early: {truncated}. Facts may be missing.",
            "Scan the directory of one project, add generated directories to .gitignore, or raise the limits under [scan].",
        )
    for code, paths, message, hint in (
        (
            "unreadable",
            tree.unreadable,
            "files or directories cannot be read.",
            "They are missing from the scan and from a deployment.",
        ),
        (
            "link-outside",
            tree.outside,
            "links lead out of the project and were not followed.",
            "A deployment does not carry what they point to.",
        ),
    ):
        if paths:
            scan.finding(code, Severity.INFO, f"{len(paths)} {message}", hint, [Evidence(file=path) for path in paths[:8]])
