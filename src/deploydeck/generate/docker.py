"""The files of a container image: Dockerfile and, for sites, the nginx configuration."""

from __future__ import annotations

from typing import Any

from deploydeck.domain import DeployDeckError, DeploymentConfig, Evidence, GeneratedFile, Kind, ProjectProfile
from deploydeck.generate.clues import NOTHING, ProjectFiles
from deploydeck.generate.names import mirror, variable_name
from deploydeck.generate.recipe import NEXT_IDS, Choices
from deploydeck.generate.render import owned, render
from deploydeck.generate.systems import system_packages
from deploydeck.settings import Settings

NGINX_CONF = ("deploy/nginx.conf", "deploy/deploydeck-nginx.conf")
"""Where the server configuration goes: the second when the first is the project's own."""
USERS = {"python": "10001:10001", "node": "1000:1000", "static": "101:101"}

_PYTHON_TOOL_ENVIRONMENT: dict[str, tuple[tuple[str, str], ...]] = {
    "pip": (("PIP_DISABLE_PIP_VERSION_CHECK", "1"),),
    "uv": (
        ("UV_PROJECT_ENVIRONMENT", "/opt/venv"),
        ("UV_LINK_MODE", "copy"),
        ("UV_COMPILE_BYTECODE", "1"),
        ("UV_PYTHON_DOWNLOADS", "never"),
    ),
    "poetry": (("POETRY_VIRTUALENVS_CREATE", "false"), ("POETRY_NO_INTERACTION", "1")),
}
_NODE_TOOL_ENVIRONMENT: dict[str, tuple[tuple[str, str], ...]] = {
    "npm": (("NPM_CONFIG_FUND", "false"), ("NPM_CONFIG_AUDIT", "false"), ("NPM_CONFIG_UPDATE_NOTIFIER", "false")),
    "yarn-berry": (("YARN_NODE_LINKER", "node-modules"), ("YARN_IGNORE_PATH", "1"), ("YARN_ENABLE_TELEMETRY", "0")),
}

# The probes take URL and Host header as arguments: nothing of the project becomes part of the program.
_PROBE_PYTHON = (
    "import sys, urllib.request as u; "
    "u.urlopen(u.Request(sys.argv[1], headers={'Host': sys.argv[2]} if sys.argv[2:] else {}), timeout=4)"
)
_PROBE_NODE = (
    "const [url, host] = process.argv.slice(1); "
    "require('http').get(url, {headers: host ? {host} : {}, timeout: 4000}, r => process.exit(r.statusCode < 400 ? 0 : 1))"
    ".on('error', () => process.exit(1))"
)
_PROBE_BASH = (
    'exec 3<>/dev/tcp/127.0.0.1/$1 && printf \'GET %s HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n\' "$2" "$3" >&3 '
    '&& read -r _ status _ <&3 && [ "$status" -lt 400 ]'
)
_THROW_AWAY = {"DATABASE_URL": "sqlite:////tmp/build.sqlite3"}


def docker_files(
    profile: ProjectProfile, config: DeploymentConfig, settings: Settings, choices: Choices
) -> tuple[GeneratedFile, ...]:
    """Dockerfile first, then what it copies."""
    files = ProjectFiles(profile.root)
    if choices.kind is Kind.STATIC and choices.install and choices.language != "node":
        raise DeployDeckError(
            "generate-static-build",
            f"Sites built with {choices.language} cannot be deployed yet.",
            "Only Node.js builds and plain files are known.",
            "Build the site beforehand and set app.output_dir to the directory it wrote.",
        )
    prefix = mirror(settings.build.registry_mirror)
    context = _common(profile, config, choices, prefix)
    if choices.kind is Kind.STATIC:
        conf_path = next((path for path in NGINX_CONF if not files.is_file(path) or owned(files.head(path))), NGINX_CONF[-1])
        conf = render("docker/nginx.conf.j2", conf_path, _nginx_context(config, choices, profile, conf_path))
        context |= _node_context(profile, choices, files)
        context |= {"conf": conf_path, "site_source": choices.static_dir if choices.static_dir == "." else f"{choices.static_dir}/"}
        return (render("docker/static.Dockerfile.j2", config.dockerfile, context), conf)
    if choices.language == "python":
        context |= _python_context(profile, choices)
        return (render("docker/python.Dockerfile.j2", config.dockerfile, context),)
    context |= _node_context(profile, choices, files)
    return (render("docker/node.Dockerfile.j2", config.dockerfile, context),)


def _common(profile: ProjectProfile, config: DeploymentConfig, choices: Choices, prefix: str) -> dict[str, Any]:
    language = "static" if choices.kind is Kind.STATIC else choices.language
    install = choices.install
    images = {"python": f"{prefix}python:{choices.series}-slim", "node": f"{prefix}node:{choices.series}-slim"}
    start = [word.replace("{host}", "0.0.0.0").replace("{port}", str(config.port)) for word in choices.start]  # noqa: S104
    pinned = f"{choices.language} {choices.series} is what the project asks for"
    return {
        "base": images.get(choices.language, ""),
        "base_why": f"{pinned}; the slim image has no compilers"
        if choices.series_evidence
        else "No version is pinned: the current stable series",
        "base_evidence": choices.series_evidence,
        "site_image": f"{prefix}nginx:stable",
        "install": install,
        "manager": _manager_evidence(profile),
        "tool": install.tool if install else "",
        "tool_clue": install.tool_clue if install else NOTHING,
        "needs_source": install.source_clue if install else NOTHING,
        "builds": choices.build,
        "build_evidence": choices.build_evidence,
        "system": system_packages(choices.language, profile.dependencies),
        "environment": config.recipe.environment,
        "port": config.port,
        "port_from_env": choices.port_from_env,
        "port_evidence": profile.port.evidence if profile.port else (),
        "start": start,
        "start_evidence": choices.start_evidence,
        "user": USERS[language],
        "health": _health(config, language),
        "health_evidence": profile.health_path.evidence if profile.health_path else (),
        "health_path": config.health.path,
    }


def _manager_evidence(profile: ProjectProfile) -> tuple[Evidence, ...]:
    return profile.package_manager.evidence if profile.package_manager else ()


def _health(config: DeploymentConfig, language: str) -> list[str]:
    host = config.health.host_header
    url = f"http://127.0.0.1:{config.port}{config.health.path}"
    if language == "python":
        return ["python", "-c", _PROBE_PYTHON, url, *([host] if host else [])]
    if language == "node":
        return ["node", "-e", _PROBE_NODE, url, *([host] if host else [])]
    return ["bash", "-c", _PROBE_BASH, "probe", str(config.port), config.health.path, host or "localhost"]


def _python_context(profile: ProjectProfile, choices: Choices) -> dict[str, Any]:
    manager = choices.install.manager if choices.install else "pip"
    tool = list(_PYTHON_TOOL_ENVIRONMENT[manager])
    if manager == "uv":
        tool.append(("UV_PYTHON", choices.series))
    names = {v.name for v in profile.variables if v.required and variable_name(v.name)}
    if choices.framework == "django":
        names.add("SECRET_KEY")
    pretend = sorted((name, _THROW_AWAY.get(name, "only-for-this-build-step")) for name in names)
    return {"tool_environment": tool, "pretend": pretend, "static_root_evidence": choices.static_root_evidence}


def _node_context(profile: ProjectProfile, choices: Choices, files: ProjectFiles) -> dict[str, Any]:
    manager = choices.install.manager if choices.install else "npm"
    tool = list(_NODE_TOOL_ENVIRONMENT.get(manager, ()))
    if choices.framework in NEXT_IDS:
        tool.append(("NEXT_TELEMETRY_DISABLED", "1"))
    return {
        "tool_environment": tool,
        "framework_cache": "/app/.next/cache" if choices.framework in NEXT_IDS else "",
        "prune": choices.install.prune if choices.install else (),
        "standalone": choices.standalone and choices.framework in NEXT_IDS,
        "standalone_evidence": choices.standalone_evidence,
        "public": files.is_dir("public"),
        "source": f"/app/{choices.static_dir}" if choices.static_dir not in ("", ".") else "/app",
        "output_evidence": profile.output_dir.evidence if profile.output_dir else (),
    }


def _nginx_context(config: DeploymentConfig, choices: Choices, profile: ProjectProfile, path: str) -> dict[str, Any]:
    return {
        "port": config.port,
        "single_page": profile.single_page,
        "hashed_assets": any(tool.value.id == "vite" for tool in profile.build_tools) and choices.install is not None,
        "hidden": f"/{path}" if choices.static_dir == "." else "",
    }
