"""From a profile and the settings to a DeploymentConfig: what runs, how it is installed, where it listens."""

from __future__ import annotations

from dataclasses import dataclass

from deploydeck.domain import (
    DeployDeckError,
    DeploymentConfig,
    Evidence,
    HealthSpec,
    Kind,
    PackageManager,
    ProjectProfile,
    Recipe,
    ResourceLimits,
    Support,
    VariableRef,
    VariableSource,
    new_id,
    utc_now,
)
from deploydeck.generate.clues import ProjectFiles, django_static_root, next_standalone
from deploydeck.generate.managers import Installation, installation
from deploydeck.generate.names import inside_path, mirror, shown, slug, variable_name
from deploydeck.generate.versions import DEFAULTS, SERIES, choose_series
from deploydeck.settings import Settings

STATIC_PORT = 8080
"""Where nginx listens inside a container: above 1024, for it does not run as root."""

DOCKERFILE_TARGETS = frozenset({"docker"})
NEXT_IDS = frozenset({"next", "nextjs"})
_PLATFORM_VARIABLES = frozenset({"PORT", "HOST", "HOSTNAME", "NODE_ENV", "HOME", "PATH", "PWD", "TZ", "LANG", "CI"})
_ENVIRONMENT: dict[str, tuple[tuple[str, str], ...]] = {
    "python": (("PYTHONUNBUFFERED", "1"), ("PYTHONDONTWRITEBYTECODE", "1")),
    "node": (("NODE_ENV", "production"),),
}


@dataclass(frozen=True)
class Choices:
    """Everything decided for one project, shared by the configuration and by the files."""

    kind: Kind
    language: str
    framework: str
    series: str
    series_evidence: tuple[Evidence, ...]
    install: Installation | None
    build: tuple[tuple[str, ...], ...]
    build_evidence: tuple[Evidence, ...]
    start: tuple[str, ...]
    start_evidence: tuple[Evidence, ...]
    port_from_env: bool
    packages: tuple[str, ...]
    static_dir: str
    standalone: bool
    standalone_evidence: tuple[Evidence, ...]
    static_root_evidence: tuple[Evidence, ...]


_UNREAD = frozenset({"broken-manifest", "file-unreadable", "file-too-large"})
_LANGUAGES = frozenset({"Python", "JavaScript", "TypeScript"})


def require_supported(profile: ProjectProfile) -> None:
    """Raises DeployDeckError `generate-unsupported` for what cannot be deployed, with the scan's own reason."""
    if profile.support is Support.SUPPORTED:
        return
    what = profile.support_reason or "This project was not recognised."
    broken = [finding for finding in profile.findings if finding.code in _UNREAD]
    seen = [" ".join((finding.message, *(place.where for place in finding.evidence[:1]))) for finding in broken[:5]]
    why = "\n".join((*seen, f"Nothing was generated for {profile.root}: a guess would only fail later."))
    known = profile.package_manager is not None or (profile.language is not None and profile.language.value.name in _LANGUAGES)
    if broken:
        hint = "Correct these files, then try again."
    elif profile.support is Support.NOT_YET and not known:
        hint = "Bring a Python, Node.js or static project, or wait for the release that adds this stack."
    else:
        hint = "Run `deploydeck scan` to see what was found; set [app] in deploydeck.toml where it is wrong."
    raise DeployDeckError("generate-unsupported", what, why, hint)


def choose(profile: ProjectProfile, settings: Settings, target: str) -> Choices:
    """Decide. Raises DeployDeckError when a needed fact is missing or unsafe."""
    require_supported(profile)
    app, files = settings.app, ProjectFiles(profile.root)
    kind = Kind.SERVER if app.start else profile.kind
    framework = app.framework or (profile.framework.value.id if profile.framework else "")
    manager = _manager(profile, app.package_manager, files)
    language = _language(profile, manager)
    build = _build(profile, app.build)
    start_fact = profile.start.value if profile.start else None
    start = tuple(app.start) if app.start else (start_fact.argv if start_fact else ())
    standalone = next_standalone(files) if framework in NEXT_IDS else None
    if framework in NEXT_IDS and kind is Kind.SERVER:
        start = _next_start(start, standalone=bool(standalone) and target in DOCKERFILE_TARGETS)
    packages = start_fact.packages if start_fact and not app.start else ()
    static_root = django_static_root(files) if framework == "django" else None
    if static_root and not any("collectstatic" in command for command in build):
        build = (*build, ("python", "manage.py", "collectstatic", "--noinput"))
    if kind is Kind.SERVER and not start:
        raise DeployDeckError(
            "generate-no-start",
            f"How to start {shown(profile.name)} is not known.",
            "The scan found no start command that is meant for production.",
            'Set it in deploydeck.toml: [app] start = ["gunicorn", "app:app", "--bind", "{host}:{port}"].',
        )
    if kind is Kind.NONE:
        raise DeployDeckError(
            "generate-nothing-to-run",
            f"{shown(profile.name)} has nothing to run and nothing to serve.",
            profile.support_reason,
            "Set [app] start in deploydeck.toml, or output_dir for a site.",
        )
    install = None
    if manager and (kind is Kind.SERVER or build):
        install = installation(profile, manager, files, packages, builds=bool(build) and language == "node")
    elif kind is Kind.SERVER:
        raise DeployDeckError(
            "generate-no-manager",
            f"No manifest that lists the dependencies of {shown(profile.name)} was found.",
            hint="Add requirements.txt, pyproject.toml or package.json.",
        )
    series, series_evidence = _series(profile, settings, language)
    return Choices(
        kind=kind,
        language=language,
        framework=framework,
        series=series,
        series_evidence=series_evidence,
        install=install,
        build=build if install else (),
        build_evidence=profile.build_command.evidence if profile.build_command else (),
        start=start,
        start_evidence=profile.start.evidence if profile.start and not app.start else (),
        port_from_env=start_fact.port_from_env if start_fact else not any("{port}" in word for word in start),
        packages=packages,
        static_dir=_static_dir(profile, settings) if kind is Kind.STATIC else "",
        standalone=bool(standalone),
        standalone_evidence=standalone.evidence if standalone else (),
        static_root_evidence=static_root.evidence if static_root else (),
    )


def make_config(
    profile: ProjectProfile, settings: Settings, choices: Choices, *, project_id: str, environment: str, target: str
) -> DeploymentConfig:
    """The configuration itself. `published_port` follows the program's port unless the environment sets one."""
    place = settings.environment(environment)
    mirror(settings.build.registry_mirror)  # refuse a bad one now, not when a file is made from it
    port = _port(profile, settings, choices, target)
    health = settings.health
    path = settings.app.health_path or (profile.health_path.value if profile.health_path else "/")
    fixed = _ENVIRONMENT.get(choices.language, ()) if choices.kind is Kind.SERVER else ()
    if choices.framework in NEXT_IDS:
        fixed = (*fixed, ("NEXT_TELEMETRY_DISABLED", "1"))
    return DeploymentConfig(
        id=new_id("cfg"),
        project_id=project_id,
        app=slug(settings.app.name or profile.name),
        root=profile.root,
        environment=environment,
        target=target,
        recipe=Recipe(
            kind=choices.kind,
            language=choices.language,
            version=choices.series,
            manager=choices.install.manager if choices.install else "",
            framework=choices.framework,
            manifests=choices.install.manifests if choices.install else (),
            install=choices.install.full if choices.install else (),
            build=choices.build,
            start=choices.start if choices.kind is Kind.SERVER else (),
            port_from_env=choices.port_from_env,
            packages=choices.packages,
            environment=fixed,
            static_dir=choices.static_dir,
            single_page=profile.single_page,
        ),
        dockerfile=inside_path(settings.build.dockerfile, "Dockerfile path"),
        port=port,
        published_port=place.published_port or port,
        bind_address=place.bind_address,
        health=HealthSpec(path=_health_path(path), **health.model_dump()),
        variables=_variables(profile, settings, environment, {name for name, _ in fixed}),
        limits=ResourceLimits(
            memory_bytes=settings.resources.memory_mb * 1024 * 1024 if settings.resources.memory_mb else None,
            cpus=settings.resources.cpus,
        ),
        keep_releases=place.keep_releases,
        profile_hash=profile.content_hash,
        created_at=utc_now(),
    )


def _manager(profile: ProjectProfile, override: str | None, files: ProjectFiles) -> PackageManager | None:
    found = profile.package_manager.value if profile.package_manager else None
    if not override or (found and found.name == override):
        return found
    manifest = next((path for path in ("requirements.txt", "pyproject.toml") if files.is_file(path)), "")
    return PackageManager(name=override, manifest=manifest if override == "pip" else "")


def _language(profile: ProjectProfile, manager: PackageManager | None) -> str:
    by_manager = {"pip": "python", "uv": "python", "poetry": "python", "npm": "node", "pnpm": "node", "yarn": "node"}
    if manager and manager.name in by_manager:
        return by_manager[manager.name]
    name = profile.language.value.name.lower() if profile.language else ""
    return {"python": "python", "javascript": "node", "typescript": "node", "node": "node", "node.js": "node"}.get(name, name)


def _build(profile: ProjectProfile, override: list[str] | None) -> tuple[tuple[str, ...], ...]:
    if override:
        return (tuple(override),)
    return (profile.build_command.value,) if profile.build_command and profile.build_command.value else ()


def _next_start(start: tuple[str, ...], *, standalone: bool) -> tuple[str, ...]:
    """`next start` without a package manager or a shell in between, so that the server gets the signals itself."""
    if standalone:
        return ("node", "server.js")
    words = list(start)
    while words and words[0] in ("npx", "pnpm", "yarn", "exec", "run", "npm"):
        words.pop(0)
    if words and words[0].rsplit("/", 1)[-1] == "next":
        words.pop(0)
    if words[:1] != ["start"]:
        if start and words == list(start):
            return start  # a server of their own (node server.js)
        words = ["start"]
    if "{port}" not in words:
        words += ["--hostname", "{host}", "--port", "{port}"]
    return ("node", "node_modules/next/dist/bin/next", *words)


def _series(profile: ProjectProfile, settings: Settings, language: str) -> tuple[str, tuple[Evidence, ...]]:
    if language not in SERIES:
        return "", ()
    fact = profile.runtime_version
    wanted = settings.app.runtime_version or (fact.value if fact else "")
    evidence = fact.evidence if fact and not settings.app.runtime_version else ()
    series = choose_series(language, wanted) if wanted else DEFAULTS[language]
    if series is None:
        where = f" ({evidence[0].where})" if evidence else ""
        raise DeployDeckError(
            "generate-runtime-version",
            f"There is no base image for {language} {shown(wanted)}{where}.",
            f"Known are {', '.join(SERIES[language])}; another one in its place would be a guess.",
            "Set app.runtime_version in deploydeck.toml.",
        )
    return series, evidence


def _static_dir(profile: ProjectProfile, settings: Settings) -> str:
    found = settings.app.output_dir or (profile.output_dir.value if profile.output_dir else ".")
    return "." if found in (".", "./") else inside_path(found.rstrip("/"), "output directory")


def _port(profile: ProjectProfile, settings: Settings, choices: Choices, target: str) -> int:
    if settings.app.port:
        return settings.app.port
    if choices.kind is Kind.STATIC:  # our server, our port
        return STATIC_PORT
    if profile.port:
        return profile.port.value
    raise DeployDeckError(
        "generate-no-port",
        f"The port {shown(profile.name)} listens on is not known.",
        "Neither its source nor its framework says one.",
        "Set it in deploydeck.toml: [app] port = 8000.",
    )


def _health_path(path: str) -> str:
    if not path.startswith("/") or not all("!" <= c <= "~" for c in path):
        raise DeployDeckError(
            "generate-health-path",
            f"The health path {shown(path)} cannot be asked for.",
            "It must start with / and hold plain ASCII only; anything else is written as %XX.",
            "Set app.health_path in deploydeck.toml.",
        )
    return path


def _variables(profile: ProjectProfile, settings: Settings, environment: str, fixed: set[str]) -> tuple[VariableRef, ...]:
    """By name: plain settings, then secrets named in the settings, then what the program requires and nobody set yet."""
    place = settings.environment(environment)
    found: dict[str, VariableRef] = {}
    for name in (*place.variables, *place.secrets):
        if not variable_name(name):
            raise DeployDeckError(
                "generate-variable-name",
                f"{shown(name)} in environments.{environment} is not the name of an environment variable.",
                hint="Use letters, digits and underscores; not a digit first.",
            )
    for name in place.secrets:
        found[name] = VariableRef(name=name, source=VariableSource.KEYRING, secret=True)
    for name, value in place.variables.items():
        found.setdefault(name, VariableRef(name=name, source=VariableSource.SETTINGS, value=value))
    for variable in profile.variables:
        if variable.required and variable_name(variable.name) and variable.name not in fixed | _PLATFORM_VARIABLES:
            source = VariableSource.KEYRING if variable.secret else VariableSource.ENV_FILE
            found.setdefault(variable.name, VariableRef(name=variable.name, source=source, secret=variable.secret))
    return tuple(found[name] for name in sorted(found))
