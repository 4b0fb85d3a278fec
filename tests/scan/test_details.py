# ruff: noqa: E501 - small trees read better unbroken
"""Variables, secrets, services, dependencies, and findings about them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from deploydeck.domain import Severity
from tests.scan.trees import codes, git, plant, scan

FLASK = {"requirements.txt": "flask\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n"}


def test_variables_of_python(tmp_path: Path) -> None:
    source = (
        "import os\nfrom os import environ, getenv\nfrom decouple import config\n"
        "A = os.environ['NEEDED']\nB = os.getenv('TITLE', 'Shop')\nC = environ.get('MAYBE')\nD = getenv('COUNT', 3)\n"
        "E = config('FROM_DECOUPLE')\nF = config('WITH_DEFAULT', default='x')\nG = os.environ['BOTH']\nH = os.environ.get('BOTH', '1')\n"
        "I = os.environ.get('COMPUTED', str(1))\nJ = os.environ['PORT']\nos.environ['WRITTEN'] = '1'\n"
    )
    found = {variable.name: variable for variable in scan(tmp_path, {**FLASK, "settings.py": source}).variables}
    assert {name: (one.required, one.default) for name, one in found.items()} == {
        "NEEDED": (True, None), "TITLE": (False, "Shop"), "MAYBE": (False, None), "COUNT": (False, "3"), "FROM_DECOUPLE": (True, None),
        "WITH_DEFAULT": (False, "x"), "BOTH": (False, "1"), "COMPUTED": (False, None),
    }  # fmt: skip
    assert [place.where for place in found["BOTH"].used] == ["settings.py:10", "settings.py:11"]


def test_variables_of_a_pydantic_settings_class(tmp_path: Path) -> None:
    source = (
        "from pydantic_settings import BaseSettings, SettingsConfigDict\n\nclass Settings(BaseSettings):\n"
        "    model_config = SettingsConfigDict(env_prefix='shop_')\n    api_key: str\n    title: str = 'Shop'\n    limit: int | None = None\n"
        "    hosts: list[str] = Field(default_factory=list)\n    kind: ClassVar[str] = 'x'\n\nclass Other(Base):\n    not_a_variable: str\n"
    )
    found = scan(tmp_path, {**FLASK, "settings.py": source}).variables
    assert [(one.name, one.required, one.default, one.secret, one.used[0].line) for one in found] == [
        ("SHOP_API_KEY", True, None, True, 5), ("SHOP_HOSTS", False, None, False, 8), ("SHOP_LIMIT", False, None, False, 7),
        ("SHOP_TITLE", False, "Shop", False, 6),
    ]  # fmt: skip


def test_variables_of_node_and_of_sample_files(tmp_path: Path) -> None:
    files = {
        "package.json": json.dumps({"dependencies": {"express": "5"}}),
        "server.js": "require('express')\nconst a = process.env.TITLE || 'Shop'\nconst b = process.env['LEVEL'] ?? f()\nconst c = process.env.NODE_ENV\n",
        "page.js": "const u = process.env.NEXT_PUBLIC_URL; const v = import.meta.env.VITE_NAME\n",
        ".env.example": "LIMIT=10\nTOKEN=abc123secret\n",
        ".env": "LOCAL_ONLY=abc\n",
    }
    found = {variable.name: variable for variable in scan(tmp_path, files).variables}
    assert {name: (one.default, one.secret, one.build_time) for name, one in found.items()} == {
        "TITLE": ("Shop", False, False), "LEVEL": (None, False, False), "NEXT_PUBLIC_URL": (None, False, True),
        "VITE_NAME": (None, False, True), "LIMIT": ("10", False, False), "TOKEN": (None, True, False), "LOCAL_ONLY": (None, False, False),
    }  # fmt: skip


@pytest.mark.parametrize("line", [
    "KEY = os.environ.get('SECRET_KEY', 's3cr3t-value')",
    'KEY = os.environ.get("SECRET_KEY", "s3cr3t-value")  # it\'s not "closed',
    "KEY = os.environ.get('SECRET_KEY') or 's3cr3t-value'",
    "SECRET_KEY = 's3cr3t-value'; X = os.environ.get('SECRET_KEY')",
    "KEY = os.environ.get('SECRET_KEY', 's3cr3t-value",
    "url = os.environ.get('DATABASE_URL', 'postgres://u:s3cr3t-value@db/x')",
])  # fmt: skip
def test_no_default_of_a_secret_is_kept_anywhere(line: str, tmp_path: Path) -> None:
    files = {
        **FLASK, "settings.py": f"import os\nWSGI_APPLICATION = 'a.b.c'\n{line}\n",
        "server.js": "const k = process.env.API_KEY || 's3cr3t-value'\n", ".env": "API_KEY=s3cr3t-value\n", ".env.example": "API_KEY=s3cr3t-value\n",
    }  # fmt: skip
    assert "s3cr3t-value" not in scan(tmp_path, files).model_dump_json()


def test_credentials_in_a_requirement_are_masked(tmp_path: Path) -> None:
    files = {**FLASK, "requirements.txt": "flask\nmine @ git+https://me:hunter2hunter2@git.test/mine.git\n"}
    assert "hunter2hunter2" not in scan(tmp_path, files).model_dump_json()


def test_committed_secrets_are_an_error_and_ignored_ones_are_not(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {**FLASK, ".env": "API_KEY=abcdef123456\nTITLE=x\n", "deploy.pem": "-----BEGIN PRIVATE KEY-----\nx\n", ".gitignore": ""},
    )
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    found = {finding.code: finding for finding in scan(tmp_path).findings}
    assert found["committed-secrets"].severity is Severity.ERROR
    assert found["committed-secrets"].evidence[0].where == ".env:1"
    assert "abcdef123456" not in found["committed-secrets"].model_dump_json()
    assert found["private-key"].severity is Severity.ERROR
    git(tmp_path, "rm", "-q", "--cached", ".env")
    plant(tmp_path, {".gitignore": ".env\n"})
    profile = scan(tmp_path)
    assert "committed-secrets" not in codes(profile)
    assert "API_KEY" in {variable.name for variable in profile.variables}


def test_services(tmp_path: Path) -> None:
    files = {
        **FLASK, "requirements.txt": "flask\npsycopg[binary]\ncelery[redis]\n", "requirements-dev.txt": "pymongo\n",
        "compose.yaml": "services:\n  db:\n    image: registry.test/library/postgres:17\n  mail:\n    image: mailpit\n",
    }  # fmt: skip
    found = {service.name: service for service in scan(tmp_path, files).services}
    assert set(found) == {"postgresql", "redis"}
    assert {place.where for place in found["postgresql"].evidence} == {"requirements.txt:2", "compose.yaml:3"}
    assert found["postgresql"].confidence > found["redis"].confidence


def test_dependencies_with_resolved_versions(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "a"\ndependencies = ["flask>=3"]\n[dependency-groups]\ndev = ["pytest"]\n',
        "uv.lock": '[[package]]\nname = "flask"\nversion = "3.1.3"\n[[package]]\nname = "werkzeug"\nversion = "3.1"\n', "app.py": FLASK["app.py"],
    }  # fmt: skip
    found = scan(tmp_path, files).dependencies
    assert [(one.name, one.requirement, one.version, one.development, one.evidence.where if one.evidence else "") for one in found] == [
        ("flask", ">=3", "3.1.3", False, "pyproject.toml:3"), ("pytest", "", "", True, "pyproject.toml:5"),
        ("werkzeug", "", "3.1", False, "uv.lock:5"),
    ]  # fmt: skip


def test_included_requirements_are_followed_inside_the_project_only(tmp_path: Path) -> None:
    plant(tmp_path, {"outside.txt": "evil\n"})
    files = {"requirements.txt": "-r deps/base.txt\n-r ../outside.txt\n-r /etc/passwd\n", "deps/base.txt": "flask==3.1.3\n-r base.txt\n-r more.txt\n",
             "deps/more.txt": "gunicorn\n"}  # fmt: skip
    profile = scan(tmp_path / "project", files)
    assert {one.name for one in profile.dependencies} == {"flask", "gunicorn"}


DJANGO = {"requirements.txt": "django\n", "manage.py": "import django\n"}


@pytest.mark.parametrize(("settings", "code"), [
    ("DEBUG = True\n", "django-debug"),
    ("DEBUG = False\nALLOWED_HOSTS = []\n", "django-allowed-hosts"),
    ("ALLOWED_HOSTS = ['shop.test']\n", "django-allowed-hosts"),
    ("SECRET_KEY = 'abc'\n", "secret-in-source"),
])  # fmt: skip
def test_django_settings_for_a_desk_are_reported(settings: str, code: str, tmp_path: Path) -> None:
    found = {
        finding.code: finding
        for finding in scan(tmp_path, {**DJANGO, "m/settings.py": "ROOT_URLCONF = 'm.urls'\n" + settings}).findings
    }
    assert found[code].evidence[0].file == "m/settings.py"


STATIC = {
    **DJANGO,
    "m/settings.py": "ROOT_URLCONF = 'm.urls'\nSTATIC_URL = '/static/'\nINSTALLED_APPS = ['django.contrib.admin']\n",
}


@pytest.mark.parametrize(("further", "unserved"), [
    ({}, True),
    ({"requirements.txt": "django\nwhitenoise\n"}, False),
    ({"deploy/nginx.conf": "events {}\n"}, False),
    ({"m/settings.py": "ROOT_URLCONF = 'm.urls'\nSTATIC_URL = 'https://cdn.test/'\nINSTALLED_APPS = ['django.contrib.admin']\n"}, False),
    ({"m/settings.py": "ROOT_URLCONF = 'm.urls'\nSTATIC_URL = '/static/'\nINSTALLED_APPS = ['m']\n"}, False),
    ({"m/settings.py": "ROOT_URLCONF = 'm.urls'\nSTATIC_URL = '/static/'\n", "m/static/m.css": "h1 {}\n"}, True),
])  # fmt: skip
def test_static_files_that_nothing_serves_are_told(tmp_path: Path, further: dict[str, str], unserved: bool) -> None:
    assert ("django-static-unserved" in codes(scan(tmp_path, {**STATIC, **further}))) is unserved


def test_django_settings_read_from_variables_are_fine(tmp_path: Path) -> None:
    settings = (
        "import os\nROOT_URLCONF = 'm.urls'\nDEBUG = os.getenv('DEBUG') == '1'\nALLOWED_HOSTS = os.getenv('HOSTS', '').split(',')\n"
    )
    settings += "SECRET_KEY = os.environ['SECRET_KEY']\n"
    assert not codes(scan(tmp_path, {**DJANGO, "m/settings.py": settings, "m/settings_dev.py": "DEBUG = True\n"})) & {
        "django-debug", "django-allowed-hosts", "secret-in-source",
    }  # fmt: skip


def test_config_files_are_hashed(tmp_path: Path) -> None:
    found = scan(tmp_path, {**FLASK, "Dockerfile": "FROM x\n", "web/Dockerfile": "FROM y\n"}).config_files
    assert [(one.path, one.kind) for one in found] == [("Dockerfile", "dockerfile"), ("requirements.txt", "pip")]
    assert found[0].sha256 == hashlib.sha256(b"FROM x\n").hexdigest()
