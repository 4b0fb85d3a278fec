"""From a profile and the settings to a DeploymentConfig: what runs, how it is installed, where it listens."""

from __future__ import annotations

from collections.abc import Mapping

from deploydeck.domain import (
    DeployDeckError,
    DeploymentConfig,
    Evidence,
    HealthSpec,
    Hooks,
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
from deploydeck.generate.ci.platforms import pipeline_config
from deploydeck.generate.clues import NOTHING, Clue, ProjectFiles
from deploydeck.generate.docker import check_images
from deploydeck.generate.infrastructure import infrastructure_config
from deploydeck.generate.names import inside_path, shown, slug, variable_name
from deploydeck.generate.preferences import Preferences, preferences
from deploydeck.generate.request import Choices, Draft, placed
from deploydeck.generate.services import service_specs
from deploydeck.generate.stacks import BY_ID, STACKS, InstallQuestion, Stack, installation, stack_of
from deploydeck.generate.stacks.node import NEXT_IDS
from deploydeck.generate.stacks.shared import exact_version
from deploydeck.generate.stacks.site import SITE_PORT
from deploydeck.generate.versions import choose_series
from deploydeck.settings import Settings
from deploydeck.vault import read_value

_PLATFORM_VARIABLES = frozenset({"PORT", "HOST", "HOSTNAME", "NODE_ENV", "HOME", "PATH", "PWD", "TZ", "LANG", "CI"})
_UNREAD = frozenset({"broken-manifest", "file-unreadable", "file-too-large"})
_LANGUAGES = frozenset(language for stack in STACKS for language in stack.languages)


def require_supported(profile: ProjectProfile) -> None:
    """Raises DeployDeckError `generate-unsupported` for what cannot be deployed, with the scan's own reason."""
    if profile.support is Support.SUPPORTED:
        return
    what = profile.support_reason or "This project was not recognised."
    broken = [finding for finding in profile.findings if finding.code in _UNREAD]
    seen = [" ".join((finding.message, *(place.where for place in finding.evidence[:1]))) for finding in broken[:5]]
    why = "\n".join((*seen, f"Nothing was generated for {profile.root}: a guess would only fail later."))
    known = profile.package_manager is not None or (profile.language is not None and profile.language.value.id in _LANGUAGES)
    if broken:
        hint = "Correct these files, then try again."
    elif profile.support is Support.NOT_YET and not known:
        hint = f"Bring a project of {_known()}, or wait for the release that adds this stack."
    else:
        hint = "Run `deploydeck scan` to see what was found; set [app] in deploydeck.toml where it is wrong."
    raise DeployDeckError("generate-unsupported", what, why, hint)


def _known() -> str:
    return ", ".join(stack.name for stack in STACKS)


def choose(profile: ProjectProfile, settings: Settings, target: str) -> Choices:
    """Decide. Raises DeployDeckError when a needed fact is missing or unsafe."""
    require_supported(profile)
    app, files = settings.app, ProjectFiles(profile.root)
    start_fact = profile.start.value if profile.start else None
    manager = _manager(profile, app.package_manager, files)
    start = tuple(app.start) if app.start else (start_fact.argv if start_fact else ())
    stack = stack_of(profile, manager, start)
    draft = stack.decide(
        Draft(
            profile=profile,
            settings=settings,
            files=files,
            target=target,
            kind=Kind.SERVER if app.start else profile.kind,
            framework=app.framework or (profile.framework.value.id if profile.framework else ""),
            manager=manager,
            build=_build(profile, app.build),
            start=start,
            packages=start_fact.packages if start_fact and not app.start else (),
        )
    )
    kind, start, build = draft.kind, draft.start, draft.build
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
        install = installation(stack, InstallQuestion(profile, manager, files, draft.packages, bool(build) or draft.development))
    elif kind is Kind.SERVER and stack.needs_manager:
        raise DeployDeckError(
            "generate-no-manager",
            f"No manifest that lists the dependencies of {shown(profile.name)} was found.",
            hint=f"Add the manifest of one of {', '.join(stack.managers)}.",
        )
    series, series_evidence = _series(profile, settings, stack)
    return Choices(
        kind=kind,
        stack=stack,
        framework=draft.framework,
        series=series,
        series_evidence=series_evidence,
        install=install,
        build=build if install or not stack.needs_manager else (),
        build_evidence=profile.build_command.evidence if profile.build_command else (),
        start=start,
        start_evidence=profile.start.evidence if profile.start and not app.start else (),
        port_from_env=start_fact.port_from_env if start_fact else not any("{port}" in word for word in start),
        packages=draft.packages,
        static_dir=_static_dir(profile, settings, draft.clues) if kind is Kind.STATIC else "",
        port=draft.port,
        environment=draft.environment,
        clues=draft.clues,
    )


def app_name(profile: ProjectProfile, settings: Settings) -> str:
    """What an application is called on targets and in stores of secrets."""
    return slug(settings.app.name or profile.name)


def make_config(
    profile: ProjectProfile, settings: Settings, choices: Choices, *, project_id: str, environment: str, target: str
) -> DeploymentConfig:
    """The configuration itself. `published_port` follows the program's port unless the environment sets one."""
    place = settings.environment(environment)
    check_images(settings)  # refuse a bad name now, not when a file is made from it
    wishes = Preferences(preferences(settings))
    port = _port(profile, settings, choices, target)
    health = settings.health
    path = settings.app.health_path or (profile.health_path.value if profile.health_path else "/")
    fixed = choices.stack.environment if choices.kind is Kind.SERVER else ()
    if choices.framework in NEXT_IDS:
        fixed = (*fixed, ("NEXT_TELEMETRY_DISABLED", "1"))
    fixed = (*fixed, *((name, placed(value, port)) for name, value in choices.environment))
    return DeploymentConfig(
        id=new_id("cfg"),
        project_id=project_id,
        app=app_name(profile, settings),
        root=profile.root,
        environment=environment,
        target=target,
        recipe=Recipe(
            kind=choices.kind,
            language=choices.stack.id,
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
        limits=ResourceLimits(memory_bytes=wishes.memory_bytes, cpus=wishes.cpus),
        hooks=Hooks.model_validate(settings.hooks.model_dump()),
        keep_releases=place.keep_releases,
        services=service_specs(profile, settings),
        pipeline=pipeline_config(profile, settings, ProjectFiles(profile.root), environment),
        infrastructure=infrastructure_config(profile, settings, environment),
        preferences=wishes.all,
        profile_hash=profile.content_hash,
        created_at=utc_now(),
    )


def moved_config(built: DeploymentConfig, profile: ProjectProfile, settings: Settings, environment: str) -> DeploymentConfig:
    """What was built, as it runs in another environment: port, address and variables are of that one, all else stays.

    The project itself is not asked: it may have changed since. What the settings say for the environment it was built for is not
    taken along; where the program requires it, it counts as missing unless the other environment has one.
    """
    place = settings.environment(environment)
    required = {variable.name for variable in profile.variables if variable.required}
    found = {one.name: one for one in _variables(profile.model_copy(update={"variables": ()}), settings, environment, set())}
    for variable in built.variables:
        if variable.source not in (VariableSource.SETTINGS, VariableSource.REFERENCE):
            found.setdefault(variable.name, variable)
        elif variable.name in required:
            missing = VariableRef(name=variable.name, source=VariableSource.ENV_FILE, secret=variable.secret)
            found.setdefault(variable.name, missing)
    return built.model_copy(
        update={
            "id": new_id("cfg"),
            "environment": environment,
            "published_port": place.published_port or built.port,
            "bind_address": place.bind_address,
            "variables": tuple(found[name] for name in sorted(found)),
            "keep_releases": place.keep_releases,
            "created_at": utc_now(),
        }
    )


def _manager(profile: ProjectProfile, override: str | None, files: ProjectFiles) -> PackageManager | None:
    found = profile.package_manager.value if profile.package_manager else None
    if not override or (found and found.name == override):
        return found
    manifest = next((path for path in ("requirements.txt", "pyproject.toml") if files.is_file(path)), "")
    return PackageManager(name=override, manifest=manifest if override == "pip" else "")


def _build(profile: ProjectProfile, override: list[str] | None) -> tuple[tuple[str, ...], ...]:
    if override:
        return (tuple(override),)
    return (profile.build_command.value,) if profile.build_command and profile.build_command.value else ()


def _series(profile: ProjectProfile, settings: Settings, stack: Stack) -> tuple[str, tuple[Evidence, ...]]:
    if not stack.series:
        return "", ()
    fact = profile.runtime_version
    theirs = profile.runtime == stack.id or profile.runtime not in BY_ID  # else it is the version of another program
    evidence = fact.evidence if fact and theirs and not settings.app.runtime_version else ()
    wanted = stack.requirement(settings.app.runtime_version or (fact.value if fact and theirs else ""), evidence)
    exact = exact_version(wanted) if stack.exact else ""
    series = exact or (choose_series(stack, wanted) if wanted else stack.default_series)
    if series is None:
        where = f" ({evidence[0].where})" if evidence else ""
        raise DeployDeckError(
            "generate-runtime-version",
            f"There is no base image for {stack.id} {shown(wanted)}{where}.",
            f"Known are {', '.join(stack.series)}; another one in its place would be a guess.",
            "Set app.runtime_version in deploydeck.toml.",
        )
    return series, evidence


def _static_dir(profile: ProjectProfile, settings: Settings, clues: Mapping[str, Clue]) -> str:
    found = profile.output_dir.value if profile.output_dir else "."
    if member := clues.get("member", NOTHING).value:  # the build of a workspace's member writes there
        found = f"{member}/{found}"
    found = settings.app.output_dir or found
    return "." if found in (".", "./") else inside_path(found.rstrip("/"), "output directory")


def _port(profile: ProjectProfile, settings: Settings, choices: Choices, target: str) -> int:
    if settings.app.port:
        return settings.app.port
    if choices.kind is Kind.STATIC:  # our server, our port
        return SITE_PORT
    if choices.port:
        return choices.port
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
    for name, text in place.variables.items():
        value, reference = read_value(name, text)
        if reference:  # it says where the secret of that name is
            found[name] = VariableRef(name=name, source=VariableSource.REFERENCE, secret=True, value=value)
        else:
            found.setdefault(name, VariableRef(name=name, source=VariableSource.SETTINGS, value=value))
    for variable in profile.variables:
        if variable.required and variable_name(variable.name) and variable.name not in fixed | _PLATFORM_VARIABLES:
            source = VariableSource.KEYRING if variable.secret else VariableSource.ENV_FILE
            found.setdefault(variable.name, VariableRef(name=variable.name, source=source, secret=variable.secret))
    return tuple(found[name] for name in sorted(found))
