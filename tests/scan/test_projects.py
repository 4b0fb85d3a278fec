# ruff: noqa: E501 - tables read better unbroken
"""The sample projects and the bundled example, field by field with their evidence."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from deploydeck.domain import Kind, ProjectProfile, Support
from deploydeck.scan import ProjectAnalyzer
from tests.accuracy import RIGHT, compare, expected, samples, scanned
from tests.scan.trees import PROJECTS, codes, where

SHOP = PROJECTS.parent.parent / "examples" / "shop"
GUNICORN = ("gunicorn", "--bind", "{host}:{port}", "--threads", "4", "--access-logfile", "-")


def profile_of(name: str, tmp_path: Path) -> ProjectProfile:
    """A copy outside this checkout, so that what its git ignores decides nothing."""
    root = tmp_path / name
    skip = shutil.ignore_patterns("node_modules", ".venv", "dist", ".next", "__pycache__")
    shutil.copytree(SHOP if name == "shop" else PROJECTS / name, root, ignore=skip)
    return ProjectAnalyzer().profile(root)


def told(fact: Any) -> tuple[Any, str] | None:
    """A fact's value and its first evidence."""
    if fact is None:
        return None
    value = fact.value
    for attribute in ("argv", "id", "name"):
        if hasattr(value, attribute):
            value = getattr(value, attribute)
            break
    return value, (where(fact) or [""])[0]


EXPECTED: dict[str, dict[str, Any]] = {
    "flask-pip": {
        "kind": Kind.SERVER, "language": ("python", "requirements.txt"), "framework": ("flask", "app.py:8"), "version": "3.1.3",
        "package_manager": ("pip", "requirements.txt"), "runtime_version": ("3.13", ".python-version:1"),
        "start": ((*GUNICORN, "app:app"), "app.py:8"), "port": (8000, "app.py:8"), "health_path": ("/healthz", "app.py:17"),
        "output_dir": None, "build_command": None, "variables": ["BOARD_TITLE"], "lock": "", "env": False, "findings": set(),
    },
    "shop": {
        "kind": Kind.SERVER, "language": ("python", "requirements.txt"), "framework": ("flask", "app.py:17"), "version": "3.1.3",
        "package_manager": ("pip", "requirements.txt"), "runtime_version": None, "start": ((*GUNICORN, "app:app"), "app.py:17"),
        "port": (8000, "app.py:17"), "health_path": ("/healthz", "app.py:58"), "output_dir": None, "build_command": None,
        "variables": ["SHOP_SECRET_KEY", "SHOP_TITLE"], "lock": "", "env": False, "findings": set(),
    },
    "fastapi-uv": {
        "kind": Kind.SERVER, "language": ("python", "pyproject.toml"), "framework": ("fastapi", "weather/main.py:12"), "version": "",
        "package_manager": ("uv", "pyproject.toml:14"), "runtime_version": ("3.13", ".python-version:1"),
        "start": (("uvicorn", "weather.main:app", "--host", "{host}", "--port", "{port}"), "weather/main.py:12"),
        "port": (8000, "weather/main.py:12"), "health_path": ("/healthz", "weather/main.py:25"), "output_dir": None, "build_command": None,
        "variables": ["WEATHER_STATION"], "lock": "", "env": False, "findings": {"no-lock-file"},
    },
    "django-pip": {
        "kind": Kind.SERVER, "language": ("python", "requirements.txt"), "framework": ("django", "requirements.txt:1"), "version": "5.2.8",
        "package_manager": ("pip", "requirements.txt"), "runtime_version": ("3.13", ".python-version:1"),
        "start": ((*GUNICORN, "library.wsgi"), "library/settings.py:9"), "port": (8000, "library/settings.py:9"),
        "health_path": ("/healthz", "library/urls.py:22"), "output_dir": None, "build_command": None,
        "variables": ["ALLOWED_HOSTS", "DEBUG", "DJANGO_SETTINGS_MODULE", "SECRET_KEY"], "lock": "", "env": False, "findings": set(),
    },
    "express-npm": {
        "kind": Kind.SERVER, "language": ("javascript", "package.json"), "framework": ("express", "package.json:11"), "version": "5.3.0",
        "package_manager": ("npm", "package-lock.json"), "runtime_version": ("22", "package.json:6"), "start": (("node", "server.js"), "package.json:8"),
        "port": (3000, "server.js:7"), "health_path": ("/healthz", "server.js:14"), "output_dir": None, "build_command": None,
        "variables": ["GUESTBOOK_TITLE"], "lock": "package-lock.json", "env": True, "findings": set(),
    },
    "next-pnpm": {
        "kind": Kind.SERVER, "language": ("javascript", "package.json"), "framework": ("nextjs", "package.json:13"), "version": "16.4.6",
        "package_manager": ("pnpm", "package.json:5"), "runtime_version": ("22", "package.json:6"),
        "start": (("next", "start", "-H", "{host}", "-p", "{port}"), "package.json:10"), "port": (3000, "package.json:10"),
        "health_path": ("/api/health", "app/api/health/route.js"), "output_dir": (".next", "package.json:13"),
        "build_command": (("pnpm", "run", "build"), "package.json:9"), "variables": ["JOURNAL_TITLE"], "lock": "pnpm-lock.yaml", "env": False,
        "findings": set(),
    },
    "vite-npm": {
        "kind": Kind.STATIC, "language": ("javascript", "package.json"), "framework": ("react", "package.json:15"), "version": "19.3.1",
        "package_manager": ("npm", "package-lock.json"), "runtime_version": ("22", "package.json:7"), "start": None, "port": None,
        "health_path": ("/", "package.json:20"), "output_dir": ("dist", "package.json:20"), "build_command": (("npm", "run", "build"), "package.json:11"),
        "variables": ["VITE_LABEL"], "lock": "package-lock.json", "env": False, "findings": set(),
    },
    "static-site": {
        "kind": Kind.STATIC, "language": ("html", "index.html"), "framework": None, "version": "", "package_manager": None,
        "runtime_version": None, "start": None, "port": None, "health_path": ("/", "index.html"), "output_dir": (".", "index.html"), "build_command": None,
        "variables": [], "lock": "", "env": False, "findings": set(),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_deployable_project(name: str, tmp_path: Path) -> None:
    expected = EXPECTED[name]
    profile = profile_of(name, tmp_path)
    found = {
        "kind": profile.kind,
        **{
            field: told(getattr(profile, field))
            for field in ("language", "framework", "package_manager", "runtime_version", "start", "port", "health_path", "output_dir", "build_command")
        },
        "version": profile.framework.value.version if profile.framework else "",
        "variables": [variable.name for variable in profile.variables],
        "lock": profile.package_manager.value.lock_file if profile.package_manager else "",
        "env": profile.start.value.port_from_env if profile.start else False,
        "findings": codes(profile),
    }  # fmt: skip
    assert found == expected
    assert profile.support is Support.SUPPORTED
    assert profile.single_page is (name == "vite-npm")
    assert not profile.truncated
    assert 0.5 < profile.confidence < 1
    assert profile.scanned_files > 0
    for fact in (profile.framework, profile.start, profile.runtime_version, profile.port):
        assert fact is None or not fact.conflicted


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_evidence_names_a_line_that_says_it(name: str, tmp_path: Path) -> None:
    profile = profile_of(name, tmp_path)
    root = Path(profile.root)
    places = [
        place
        for fact in (profile.language, profile.framework, profile.start, profile.port, profile.health_path)
        if fact
        for place in fact.evidence
    ]
    places += [place for variable in profile.variables for place in variable.used]
    for place in places:
        lines = (root / place.file).read_text().splitlines()
        assert place.line <= len(lines)
        if (
            place.line
            and place.text
            and "[redacted]" not in place.text
            and not place.file.endswith(("package-lock.json", "pnpm-lock.yaml"))
        ):
            assert place.text in lines[place.line - 1]


@pytest.mark.parametrize(("name", "title"), [("rust", "Rust"), ("java", "Java")])
def test_a_project_of_another_language_is_named_honestly(name: str, title: str, tmp_path: Path) -> None:
    profile = profile_of(name, tmp_path)
    assert profile.support is Support.NOT_YET
    assert profile.support_reason.endswith(" project; deploying it is not supported yet.")
    assert profile.language is not None
    assert profile.language.value.name == title


def test_a_poetry_project(tmp_path: Path) -> None:
    shutil.copytree(PROJECTS / "flask-pip", tmp_path / "p")
    (tmp_path / "p/requirements.txt").unlink()
    (tmp_path / "p/pyproject.toml").write_text(
        '[tool.poetry]\nname = "board"\npackage-mode = false\n[tool.poetry.dependencies]\npython = ">=3.11"\nflask = "^3.1"\n'
    )
    (tmp_path / "p/poetry.lock").write_text('[[package]]\nname = "flask"\nversion = "3.1.3"\n')
    profile = ProjectAnalyzer().profile(tmp_path / "p")
    assert profile.name == "board"
    assert told(profile.package_manager) == ("poetry", "poetry.lock")
    assert profile.framework is not None
    assert profile.framework.value.version == "3.1.3"
    assert profile.start is not None
    assert profile.start.value.packages == ("gunicorn==23.0.0",)


def test_a_profile_survives_json_and_is_stable(tmp_path: Path) -> None:
    for name in ("flask-pip", "next-pnpm"):
        profile = profile_of(name, tmp_path)
        assert ProjectProfile.model_validate_json(profile.model_dump_json()) == profile
        again = ProjectAnalyzer().profile(profile.root)
        assert again.model_copy(update={"analyzed_at": profile.analyzed_at}) == profile


REGISTRIES = (
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "npmjs" + ".org",
    "yarnpkg" + ".com",
    "debian" + ".org",
    "crates" + ".io",
    "rubygems" + ".org",
)


def test_sample_projects_name_no_registry() -> None:
    for root in (PROJECTS, SHOP):
        for path in root.rglob("*"):
            if path.is_file() and not {"node_modules", ".venv", ".next", "dist", "__pycache__"} & set(path.parts):
                text = path.read_text(encoding="utf-8", errors="replace")
                assert not any(f"{host}/" in text for host in REGISTRIES), path


def test_there_are_as_many_samples_as_promised() -> None:
    assert len(samples()) >= 80


@pytest.mark.parametrize("name", samples())
def test_a_sample_is_what_an_expert_would_say(name: str, tmp_path: Path) -> None:
    wrong = [answer for answer in compare(expected(name), scanned(name, tmp_path)) if answer.verdict != RIGHT]
    assert not wrong, "\n".join(f"{one.field} {one.verdict}: expected {one.expected!r}, told {one.told!r}" for one in wrong)
