"""Python: installed into one virtual environment by the project's own manager, run on the slim image."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from deploydeck.domain import DeploymentConfig, Kind
from deploydeck.generate.clues import (
    NOTHING,
    Clue,
    django_static_root,
    pdm_installs_root,
    pdm_needs_source,
    pipfile_needs_source,
    poetry_installs_root,
    poetry_version,
    python_needs_source,
    requirements,
)
from deploydeck.generate.names import inside_path, variable_name
from deploydeck.generate.request import Argv, Draft, Request
from deploydeck.generate.stacks.base import Installation, InstallQuestion, Stack
from deploydeck.generate.stacks.shared import exact_version, extras

# Versions of managers put into images when the project pins none; checked against the registry on 2026-11-23.
_TOOLS = {"uv": "0.13.9", "poetry": "2.5.1", "poetry-1": "1.8.5", "pdm": "2.29.4", "pipenv": "2026.10.3"}
_PDM_NEEDS = "hishel==1.4.0"
"""What pdm 2.29.4 was tested with. It allows later ones, and does not start with 2.0."""
_FOR_SERIES = {
    "3.9": {
        "poetry==2.5.1": "poetry==2.2.1",
        f"pdm==2.29.4 {_PDM_NEEDS}": f"pdm==2.26.9 {_PDM_NEEDS}",
        "pipenv==2026.10.3": "pipenv==2025.0.4",
    }
}
"""The last versions for a Python that later ones no longer run on."""
_TOOL_ENVIRONMENT: dict[str, tuple[tuple[str, str], ...]] = {
    "pip": (("PIP_DISABLE_PIP_VERSION_CHECK", "1"),),
    "uv": (
        ("UV_PROJECT_ENVIRONMENT", "/opt/venv"),
        ("UV_LINK_MODE", "copy"),
        ("UV_COMPILE_BYTECODE", "1"),
        ("UV_PYTHON_DOWNLOADS", "never"),
    ),
    "poetry": (("POETRY_VIRTUALENVS_CREATE", "false"), ("POETRY_NO_INTERACTION", "1")),
    "pdm": (("PDM_CHECK_UPDATE", "0"), ("PDM_IGNORE_SAVED_PYTHON", "1"), ("PDM_NON_INTERACTIVE", "1")),
    "pipenv": (("PIPENV_NOSPIN", "1"), ("PIPENV_VERBOSITY", "-1"), ("PIPENV_YES", "1")),
}
DJANGO_IDS = frozenset({"django", "wagtail", "django-cms", "django-rest-framework", "django-ninja", "channels"})
"""Django itself and what is only ever a part of a Django project."""
_THROW_AWAY = {"DATABASE_URL": "sqlite:////tmp/build.sqlite3"}

# Address and Host header come as arguments: nothing of the project becomes part of the program.
_PROBE = (
    "import sys, urllib.request as u; "
    "u.urlopen(u.Request(sys.argv[1], headers={'Host': sys.argv[2]} if sys.argv[2:] else {}), timeout=4)"
)


def _pip(question: InstallQuestion) -> Installation:
    manager, files, packages = question.manager, question.files, extras(question)
    base: Argv = ("pip", "install")
    extra = ((*base, *packages),) if packages else ()
    manifest = inside_path(manager.manifest or manager.lock_file or "requirements.txt", "manifest")
    if manifest.endswith((".toml", "setup.py", "setup.cfg")):  # the project itself names its dependencies
        late = ((*base, "."), *extra)
        source = Clue("project", ())
        return Installation("pip", (), (), late, late, "/root/.cache/pip", locked=False, source_clue=source)
    found = requirements(files, manifest)
    paths = tuple(inside_path(path, "requirements file") for path in found.files) or (manifest,)
    checked: Argv = ("--require-hashes",) if found.hashed else ()
    if found.hashed:  # in this mode pip refuses anything without a hash
        install: tuple[Argv, ...] = ((*base, *checked, "--requirement", manifest), *extra)
    else:  # in one run, so that one resolution fits all
        install = ((*base, "--requirement", manifest, *packages),)
    early, late = ((), install) if found.local else (install, ())
    return Installation(
        "pip",
        paths,
        early,
        late,
        install,
        "/root/.cache/pip",
        source_clue=found.local,
        hashed=bool(found.hashed),
        tool_clue=found.hashed,
    )


def _uv(question: InstallQuestion) -> Installation:
    manager, files, packages = question.manager, question.files, extras(question)
    locked = bool(manager.lock_file) or files.is_file("uv.lock")
    sync: Argv = ("uv", "sync", "--frozen", "--no-dev") if locked else ("uv", "sync", "--no-dev")
    extra = (("uv", "pip", "install", *packages),) if packages else ()
    needs_source = python_needs_source(files)
    early = () if needs_source or not locked else ((*sync, "--no-install-project"),)
    manifests = ("pyproject.toml", "uv.lock") if locked else ("pyproject.toml",)
    return Installation(
        "uv",
        manifests,
        early,
        (sync, *extra),
        (sync, *extra),
        "/root/.cache/uv",
        tool=f"uv=={exact_version(manager.version) or _TOOLS['uv']}",
        source_clue=needs_source,
        locked=locked,
    )


def _poetry(question: InstallQuestion) -> Installation:
    manager, files, packages = question.manager, question.files, extras(question)
    locked = bool(manager.lock_file) or files.is_file("poetry.lock")
    written = poetry_version(files)
    version = exact_version(manager.version) or written.value or _TOOLS["poetry"]
    if version.startswith("1.") and not version.startswith("1.8."):
        version = _TOOLS["poetry-1"]  # reads every 1.x lock and runs on today's Python
    elif version.startswith("0."):
        version = _TOOLS["poetry-1"]
    dependencies: Argv = ("poetry", "install", "--only", "main", "--no-root")
    project: tuple[Argv, ...] = (("poetry", "install", "--only", "main"),) if poetry_installs_root(files) else ()
    extra = (("pip", "install", *packages),) if packages else ()
    needs_source = python_needs_source(files)
    early = () if needs_source else (dependencies, *extra)
    late = (*(project or (dependencies,)), *extra) if needs_source else project
    return Installation(
        "poetry",
        ("pyproject.toml", "poetry.lock") if locked else ("pyproject.toml",),
        early,
        late,
        (*(project or (dependencies,)), *extra),
        "/root/.cache/pypoetry",
        tool=f"poetry=={version}",
        tool_clue=written,
        source_clue=needs_source,
        locked=locked,
    )


def _pdm(question: InstallQuestion) -> Installation:
    manager, files, packages = question.manager, question.files, extras(question)
    locked = bool(manager.lock_file) or files.is_file("pdm.lock")
    command: Argv = ("pdm", "sync" if locked else "install", "--prod", "--no-editable")
    extra = (("pip", "install", *packages),) if packages else ()
    needs_source = pdm_needs_source(files)
    if needs_source or not locked:
        early, late = (), (command, *extra)
    elif pdm_installs_root(files):
        early, late = ((*command, "--no-self"), *extra), (command,)
    else:
        early, late = (command, *extra), ()
    optional = tuple(path for path in ("pdm.toml",) if files.is_file(path))
    return Installation(
        "pdm",
        ("pyproject.toml", *(("pdm.lock",) if locked else ()), *optional),
        early,
        late,
        (command, *extra),
        "/root/.cache/pdm",
        tool=f"pdm=={exact_version(manager.version) or _TOOLS['pdm']} {_PDM_NEEDS}",
        source_clue=needs_source,
        locked=locked,
    )


def _pipenv(question: InstallQuestion) -> Installation:
    manager, files, packages = question.manager, question.files, extras(question)
    locked = bool(manager.lock_file) or files.is_file("Pipfile.lock")
    command: Argv = ("pipenv", "sync") if locked else ("pipenv", "install", "--skip-lock")
    install = (command, *((("pip", "install", *packages),) if packages else ()))
    needs_source = pipfile_needs_source(files)
    early, late = ((), install) if needs_source else (install, ())
    return Installation(
        "pipenv",
        ("Pipfile", "Pipfile.lock") if locked else ("Pipfile",),
        early,
        late,
        install,
        "/root/.cache/pipenv",
        tool=f"pipenv=={exact_version(manager.version) or _TOOLS['pipenv']}",
        source_clue=needs_source,
        locked=locked,
    )


def _context(request: Request) -> dict[str, Any]:
    profile, choices = request.profile, request.choices
    manager = choices.install.manager if choices.install else "pip"
    tool = list(_TOOL_ENVIRONMENT[manager])
    if manager == "uv":
        tool.append(("UV_PYTHON", choices.series))
    names = {v.name for v in profile.variables if v.required and variable_name(v.name)}
    if choices.framework in DJANGO_IDS:
        names.add("SECRET_KEY")
    pretend = sorted((name, _THROW_AWAY.get(name, "only-for-this-build-step")) for name in names)
    brought = choices.install.tool if choices.install else ""
    return {
        "tool": _FOR_SERIES.get(choices.series, {}).get(brought, brought),
        "tool_environment": tool,
        "pretend": pretend,
        "static_root_evidence": choices.clue("static-root").evidence,
    }


# What frameworks are told by variables, for they are started by the program itself or ask questions otherwise.
_TOLD: dict[str, tuple[tuple[str, str], ...]] = {
    "gradio": (("GRADIO_SERVER_NAME", "{host}"), ("GRADIO_SERVER_PORT", "{port}"), ("GRADIO_ANALYTICS_ENABLED", "False")),
    "streamlit": (("STREAMLIT_BROWSER_GATHER_USAGE_STATS", "false"), ("STREAMLIT_SERVER_HEADLESS", "true")),
}


def _decide(draft: Draft) -> Draft:
    """Django with a STATIC_ROOT collects its static files while the image is built; some frameworks are told where to listen."""
    if draft.kind is Kind.SERVER:
        draft = replace(draft, environment=(*draft.environment, *_TOLD.get(draft.framework, ())))
    static_root = django_static_root(draft.files) if draft.framework in DJANGO_IDS else NOTHING
    if not static_root:
        return draft
    build = draft.build
    if not any("collectstatic" in command for command in build):
        build = (*build, ("python", "manage.py", "collectstatic", "--noinput"))
    return replace(draft, build=build, clues={**draft.clues, "static-root": static_root})


def _probe(config: DeploymentConfig) -> list[str]:
    host = config.health.host_header
    url = f"http://127.0.0.1:{config.port}{config.health.path}"
    return ["python", "-c", _PROBE, url, *([host] if host else [])]


PYTHON = Stack(
    id="python",
    name="Python",
    languages=("python",),
    managers={"pip": _pip, "uv": _uv, "poetry": _poetry, "pdm": _pdm, "pipenv": _pipenv},
    template="docker/python.Dockerfile.j2",
    context=_context,
    image="python:{series}-slim",
    series=("3.9", "3.10", "3.11", "3.12", "3.13", "3.14"),
    default_series="3.13",
    site_template="docker/_python_site.j2",
    environment=(("PYTHONUNBUFFERED", "1"), ("PYTHONDONTWRITEBYTECODE", "1")),
    probe=_probe,
    decide=_decide,
    leftovers=tuple(
        (pattern, "python-leftovers", "Made by Python on this machine; the image makes its own")
        for pattern in (
            "**/__pycache__",
            "**/*.py[cod]",
            ".venv",
            "venv",
            "**/.pytest_cache",
            "**/.mypy_cache",
            "**/.ruff_cache",
            ".tox",
            ".nox",
            ".pdm-python",
            ".pdm-build",
            "__pypackages__",
            "**/*.egg-info",
            ".coverage",
            "htmlcov",
            "**/.ipynb_checkpoints",
        )
    ),
    foreign=(".venv", "venv"),
)
