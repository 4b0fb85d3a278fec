"""A profile as programs read it: `deploydeck scan --json`. Canonical lower-case names, and every field with its own evidence.

The shape is a promise to others: fields are added, never renamed; `schema_version` changes when one must. The JSON
Schema is exported to docs/scan.schema.json from these classes.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from typing import Any

from pydantic import Field

from deploydeck.domain import (
    Component,
    ConfigFile,
    Dependency,
    EnvVariable,
    Evidence,
    Fact,
    Finding,
    Kind,
    PackageManager,
    ProjectProfile,
    SecretFound,
    ServiceNeed,
    StartCommand,
    Support,
    SystemPackage,
    Utc,
    Value,
    VulnerabilityReport,
)

SCHEMA_VERSION = 1


class Other(Value):
    """What else was found for a field: the other side of a conflict."""

    value: str | int | None
    evidence: tuple[Evidence, ...] = ()


class Told(Value):
    """What every field has: how sure (0..1), from where, why, and what disagrees."""

    confidence: float = Field(default=0.0, ge=0.0, le=1.0)
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    alternatives: tuple[Other, ...] = ()


class NameField(Told):
    """A name with a version. `name` and `value` are the same canonical name, null when there is none; `title` is for people."""

    value: str | None = None
    name: str | None = None
    title: str = ""
    version: str = ""
    share: float | None = None


class ManagerField(NameField):
    manifest: str = ""
    lock_file: str = ""


class RuntimeField(NameField):
    """What the program runs on. `version` is the line to take; `requirement` what the project wrote, exactly."""

    requirement: str = ""


class TextField(Told):
    value: str


class NumberField(Told):
    value: int


class CommandField(Told):
    """A command. `value` can be typed into a shell; `argv` is the same as a list, with `{host}` and `{port}` where taken."""

    value: str
    argv: tuple[str, ...]
    port_from_env: bool = False
    packages: tuple[str, ...] = ()


class ServiceItem(Value):
    name: str
    confidence: float
    evidence: tuple[Evidence, ...] = ()


class VariableItem(Value):
    name: str
    required: bool
    default: str | None
    secret: bool
    build_time: bool
    confidence: float
    evidence: tuple[Evidence, ...] = ()


class SecretItem(Value):
    kind: str
    masked: str
    file: str
    line: int
    tracked: bool | None
    confidence: float
    evidence: tuple[Evidence, ...] = ()


class DependencyItem(Value):
    name: str
    ecosystem: str
    requirement: str
    version: str
    direct: bool
    development: bool
    confidence: float
    evidence: tuple[Evidence, ...] = ()


class SystemPackageItem(Value):
    name: str
    build: bool
    run: bool
    because: str
    confidence: float
    evidence: tuple[Evidence, ...] = ()


class FileItem(Value):
    path: str
    kind: str
    sha256: str
    confidence: float = 1.0
    evidence: tuple[Evidence, ...] = ()


class FindingItem(Value):
    code: str
    severity: str
    message: str
    hint: str
    confidence: float = 1.0
    evidence: tuple[Evidence, ...] = ()


class Conflict(Told):
    """Two or more sources that disagree about a field: `value` won, `alternatives` are the others."""

    field: str
    value: str | int | None


class ScanDocument(Value):
    """What `deploydeck scan --json` prints, and what stands in `components[]`, there with `path` and without further components."""

    schema_version: int = SCHEMA_VERSION
    path: str = ""
    id: str
    name: str
    root: str
    kind: Kind
    support: Support
    support_reason: str
    confidence: float
    language: NameField
    languages: tuple[NameField, ...]
    framework: NameField
    frameworks: tuple[NameField, ...]
    build_tool: NameField | None
    build_tools: tuple[NameField, ...]
    package_manager: ManagerField | None
    package_managers: tuple[ManagerField, ...]
    runtime: RuntimeField
    start_command: CommandField | None
    build_command: CommandField | None
    port: NumberField | None
    health_path: TextField | None
    output_dir: TextField | None
    single_page: bool
    services: tuple[ServiceItem, ...]
    system_packages: tuple[SystemPackageItem, ...]
    variables: tuple[VariableItem, ...]
    secrets: tuple[SecretItem, ...]
    dependencies: tuple[DependencyItem, ...]
    config_files: tuple[FileItem, ...]
    findings: tuple[FindingItem, ...]
    conflicts: tuple[Conflict, ...]
    components: tuple[ScanDocument, ...] = ()
    depends_on: tuple[str, ...] = ()
    declared_by: Evidence | None = None
    primary: str = ""
    vulnerabilities: VulnerabilityReport = VulnerabilityReport()
    scanned_files: int = 0
    scanned_bytes: int = 0
    truncated: bool = False
    analyzed_at: Utc


def scan_document(profile: ProjectProfile, vulnerabilities: VulnerabilityReport | None = None) -> ScanDocument:
    """The document of a profile. Without a report its vulnerabilities say "not checked"."""
    return _document(profile, "", vulnerabilities or VulnerabilityReport()).model_copy(
        update={"components": tuple(_component(component) for component in profile.components)}
    )


def _component(component: Component) -> ScanDocument:
    return _document(component.profile, component.path, VulnerabilityReport()).model_copy(
        update={"depends_on": component.depends_on, "declared_by": component.declared_by}
    )


def _document(profile: ProjectProfile, path: str, vulnerabilities: VulnerabilityReport) -> ScanDocument:
    port = profile.port.value if profile.port else None
    tools = tuple(_named(fact) for fact in profile.build_tools)
    document = ScanDocument(
        path=path,
        id=profile.id,
        name=profile.name,
        root=profile.root,
        kind=profile.kind,
        support=profile.support,
        support_reason=profile.support_reason,
        confidence=profile.confidence,
        language=_named(profile.language) if profile.language else NameField(reason="no source file and no manifest says one"),
        languages=tuple(_named(fact) for fact in profile.languages),
        framework=_named(profile.framework) if profile.framework else NameField(reason="no framework of the rules fits"),
        frameworks=tuple(_named(fact) for fact in profile.frameworks),
        build_tool=tools[0] if tools else None,
        build_tools=tools,
        package_manager=_manager(profile.package_manager) if profile.package_manager else None,
        package_managers=tuple(_manager(fact) for fact in profile.package_managers),
        runtime=_runtime(profile),
        start_command=_start(profile.start, port) if profile.start else None,
        build_command=_command(profile.build_command) if profile.build_command else None,
        port=NumberField(value=profile.port.value, **_told(profile.port)) if profile.port else None,
        health_path=TextField(value=profile.health_path.value, **_told(profile.health_path)) if profile.health_path else None,
        output_dir=TextField(value=profile.output_dir.value, **_told(profile.output_dir)) if profile.output_dir else None,
        single_page=profile.single_page,
        services=tuple(_service(need) for need in profile.services),
        system_packages=tuple(_system(package) for package in profile.system_packages),
        variables=tuple(_variable(variable) for variable in profile.variables),
        secrets=tuple(_secret(secret) for secret in profile.secrets),
        dependencies=tuple(_dependency(dependency) for dependency in profile.dependencies),
        config_files=tuple(_file(file) for file in profile.config_files),
        findings=tuple(_finding(finding) for finding in profile.findings),
        conflicts=(),
        primary=profile.primary,
        vulnerabilities=vulnerabilities,
        scanned_files=profile.scanned_files,
        scanned_bytes=profile.scanned_bytes,
        truncated=profile.truncated,
        analyzed_at=profile.analyzed_at,
    )
    return document.model_copy(update={"conflicts": tuple(_conflicts(document))})


def _told(fact: Fact[Any]) -> dict[str, Any]:
    return {
        "confidence": fact.confidence,
        "evidence": fact.evidence,
        "reason": fact.reason,
        "alternatives": tuple(Other(value=_plain(other.value), evidence=other.evidence) for other in fact.alternatives),
    }


def _plain(value: Any) -> str | int | None:
    """A value of a fact as one word or number."""
    if isinstance(value, StartCommand):
        return shlex.join(value.argv)
    if isinstance(value, tuple):
        return shlex.join(value)
    if isinstance(value, PackageManager):
        return value.name
    if isinstance(value, Value):
        return str(getattr(value, "id"))  # noqa: B009 - languages, frameworks and tools have one
    return value if isinstance(value, int) else str(value)


def _named(fact: Fact[Any]) -> NameField:
    value = fact.value
    share = getattr(value, "share", None)
    return NameField(value=value.id, name=value.id, title=value.name, version=value.version, share=share, **_told(fact))


def _manager(fact: Fact[PackageManager]) -> ManagerField:
    value = fact.value
    return ManagerField(
        value=value.name,
        name=value.name,
        title=value.name,
        version=value.version,
        manifest=value.manifest,
        lock_file=value.lock_file,
        **_told(fact),
    )


def _runtime(profile: ProjectProfile) -> RuntimeField:
    fact = profile.runtime_version
    name = profile.runtime or None
    if fact is None:
        return RuntimeField(value=None, name=name, reason="the project pins no version")
    written = profile.language.value.version if profile.language else ""
    return RuntimeField(value=fact.value, name=name, version=fact.value, requirement=written, **_told(fact))


def _start(fact: Fact[StartCommand], port: int | None) -> CommandField:
    argv = fact.value.argv
    text = " ".join(_quoted(word.replace("{host}", "0.0.0.0").replace("{port}", str(port) if port else "$PORT")) for word in argv)  # noqa: S104
    text = text.replace("'$PORT'", '"$PORT"')
    if len(argv) == 3 and argv[:2] == ("sh", "-c"):  # the line itself, as it was written for a shell
        text = argv[2].removeprefix("exec ")
    return CommandField(value=text, argv=argv, port_from_env=fact.value.port_from_env, packages=fact.value.packages, **_told(fact))


def _quoted(word: str) -> str:
    """A word for a shell; one with apostrophes in double quotes, which people can read."""
    return f'"{word}"' if "'" in word and not re.search(r'["$`\\!]', word) else shlex.quote(word)


def _command(fact: Fact[tuple[str, ...]]) -> CommandField:
    return CommandField(value=shlex.join(fact.value), argv=fact.value, **_told(fact))


def _service(need: ServiceNeed) -> ServiceItem:
    return ServiceItem(name=need.name, confidence=need.confidence, evidence=need.evidence)


def _system(package: SystemPackage) -> SystemPackageItem:
    return SystemPackageItem(**package.model_dump(exclude={"evidence"}), evidence=package.evidence)


def _variable(variable: EnvVariable) -> VariableItem:
    return VariableItem(**variable.model_dump(exclude={"used"}), evidence=variable.used)


def _secret(secret: SecretFound) -> SecretItem:
    place = secret.evidence
    return SecretItem(
        kind=secret.kind,
        masked=secret.masked,
        file=place.file,
        line=place.line,
        tracked=secret.tracked,
        confidence=secret.confidence,
        evidence=(place,),
    )


def _dependency(dependency: Dependency) -> DependencyItem:
    evidence = (dependency.evidence,) if dependency.evidence else ()
    return DependencyItem(**dependency.model_dump(exclude={"evidence"}), evidence=evidence)


def _file(file: ConfigFile) -> FileItem:
    return FileItem(path=file.path, kind=file.kind, sha256=file.sha256, evidence=(Evidence(file=file.path, rule=file.kind),))


def _finding(finding: Finding) -> FindingItem:
    return FindingItem(
        code=finding.code, severity=finding.severity.value, message=finding.message, hint=finding.hint, evidence=finding.evidence
    )


FACT_FIELDS = (
    "language", "framework", "package_manager", "runtime", "start_command", "build_command", "port", "health_path", "output_dir",
)  # fmt: skip
"""The fields of a document that are one fact each."""


def _conflicts(document: ScanDocument) -> Iterable[Conflict]:
    for name in FACT_FIELDS:
        told = getattr(document, name)
        if isinstance(told, Told) and told.alternatives:
            yield Conflict(
                field=name,
                value=getattr(told, "value", None),
                confidence=told.confidence,
                evidence=told.evidence,
                reason=told.reason,
                alternatives=told.alternatives,
            )
