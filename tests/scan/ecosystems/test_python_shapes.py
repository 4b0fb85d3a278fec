# ruff: noqa: E501 - a table of small trees reads better unbroken
"""Shapes of Python projects as people write them: workers, compose services, scripts of images, applications completed elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploydeck.domain import Kind
from deploydeck.scan.rules.names import is_secret
from tests.scan.trees import codes, scan

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"
CELERY = "from celery import Celery\napp = Celery('x')\n"
BOT = "import asyncio\nfrom aiogram import Bot, Dispatcher\nbot = Bot(token='x')\ndp = Dispatcher()\nasync def main():\n    await dp.start_polling(bot)\nif __name__ == '__main__':\n    asyncio.run(main())\n"
ASSIGNED = "import os\n"

STARTS = [
    ("worker-of-procfile", {"requirements.txt": "celery==5.4.0", "jobs/celery.py": CELERY, "jobs/__init__.py": "", "Procfile": "worker: celery -A jobs.celery worker -c 4\nbeat: celery -A jobs beat\n"}, "celery -A jobs.celery worker -c 4"),
    ("completed-elsewhere", {"requirements.txt": "flask\ngunicorn", "config.py": FLASK, "app.py": "from config import app\nfrom views import bp\napp.register_blueprint(bp)\nif __name__ == '__main__':\n    app.run()\n"}, "app:app"),
    ("module-of-uwsgi", {"requirements.txt": "flask\nuwsgi", "api/__init__.py": FLASK, "run.py": "from api import app\n", "uwsgi.ini": "[uwsgi]\nmodule = run:app\nhttp = :5000\n"}, "--module run:app"),
    ("service-of-compose", {"requirements.txt": "fastapi\nuvicorn", "app.py": FASTAPI, "Dockerfile": "FROM python:3.12\nCMD [\"fastapi\", \"run\", \"app.py\"]\n", "compose.yaml": "services:\n  api:\n    build: .\n    command: fastapi dev app.py\n    ports: ['8000:8000']\n  docs:\n    build: .\n    command: mkdocs build\n    ports: ['8001:8001']\n"}, "fastapi run app.py"),
    ("script-of-an-image", {"requirements.txt": "fastapi\nuvicorn", "main.py": FASTAPI, "compose.yaml": "services:\n  web:\n    build: {context: ., dockerfile: ./compose/local/web/Dockerfile}\n    command: /start\n    ports: ['80:8000']\n", "compose/local/web/start": "#!/bin/bash\nalembic upgrade head\nuvicorn main:app --host 0.0.0.0\n"}, "uvicorn main:app"),
    ("script-that-is-not-there", {"requirements.txt": "flask\ngunicorn", "app.py": FLASK, "Dockerfile": "FROM x\nCMD [\"/usr/src/app/bootstrap.sh\"]\n"}, "app:app"),
    ("virtual-environment", {"requirements.txt": "fastapi\nuvicorn", "main.py": FASTAPI, "Dockerfile": "FROM python:3.12\nCMD [\".venv/bin/fastapi\", \"run\", \"main.py\"]\n"}, "fastapi run main.py"),
    ("unit-names-the-bot", {"requirements.txt": "discord.py", "a.py": "import discord\nclient = discord.Client()\nclient.run('x')\n", "b.py": "import discord\nclient = discord.Client()\nclient.run('x')\n", "bot.service": "[Service]\nExecStart=/usr/bin/env python3 /home/x/b.py\n"}, "python b.py"),
    ("host-given-once", {"requirements.txt": "fastapi\nuvicorn", "main.py": FASTAPI, "Dockerfile": "FROM x\nCMD uvicorn main:app --host 0.0.0.0\n"}, "uvicorn main:app --host {host} --port {port}"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "part"), [row[1:] for row in STARTS], ids=[row[0] for row in STARTS])
def test_what_is_started(files: dict[str, str], part: str, tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    assert profile.start is not None
    command = " ".join(profile.start.value.argv)
    assert part in command
    assert command.count("{host}") <= 1


SAME = [
    ({"requirements.txt": "flask\ngunicorn", "app/__init__.py": "from flask import Flask\ndef create_app():\n    return Flask(__name__)\n", "Procfile": "web: gunicorn 'app:create_app()' --bind 0.0.0.0:$PORT\n"}),
    ({"requirements.txt": "fastapi\nuvicorn", "app/main.py": FASTAPI, "Dockerfile": "FROM x\nCMD fastapi run app/main.py\n"}),
    ({"requirements.txt": "aiohttp", "run.py": "from aiohttp import web\ndef make():\n    app = web.Application()\n    return app\n", "Dockerfile": "FROM x\nCMD python -m aiohttp.web -P 80 run:make\n"}),
]  # fmt: skip


@pytest.mark.parametrize("files", SAME, ids=range(len(SAME)))
def test_two_ways_to_start_one_application_are_no_conflict(files: dict[str, str], tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    assert profile.start is not None
    assert profile.start.alternatives == ()


PORTS = [
    ({"requirements.txt": "tornado", "app.py": "import tornado.web\nfrom tornado.options import define, options\ndefine('port', default=8890, type=int)\ntornado.web.Application([]).listen(options.port)\n"}, 8890, False),
    ({"requirements.txt": "flask", "app.py": FLASK + "import click\n@click.command()\n@click.option('--port', default=7001)\ndef main(port):\n    app.run(port=port)\n"}, 7001, False),
    ({"requirements.txt": "flask", "config.py": FLASK + "app.config['PORT'] = 5001\n", "app.py": "from config import app\napp.run(port=app.config['PORT'])\n"}, 5001, False),
    ({"requirements.txt": "python-telegram-bot", "bot.py": "import os\nfrom telegram.ext import Application\napplication = Application.builder().token('x').build()\napplication.run_webhook(listen='0.0.0.0', port=int(os.environ.get('PORT', 10000)))\n"}, 10000, False),
    ({"requirements.txt": "flask\ngunicorn", "app.py": FLASK, "Dockerfile": "FROM x\nEXPOSE 5000\nCMD [\"gunicorn\", \"-b\", \"0.0.0.0:8080\", \"app:app\"]\n"}, 8080, True),
    ({"requirements.txt": "flask\ngunicorn", "app.py": FLASK + "app.run(port=5000)\n", "gunicorn.conf.py": "bind = '0.0.0.0:9100'\n"}, 9100, False),
    ({"requirements.txt": "fastapi\nuvicorn\ngradio", "src/main.py": FASTAPI + "import uvicorn\nif __name__ == '__main__':\n    uvicorn.run(app, port=8000)\n", "src/api.py": FASTAPI, "ui.py": "import gradio as gr\ngr.Interface(None).launch(server_port=7861)\n", "Dockerfile": "FROM x\nEXPOSE 8000\nCMD uvicorn src.api:app --host 0.0.0.0 --port 8000\n"}, 8000, False),
    ({"requirements.txt": "flask\ngunicorn", "app.py": FLASK, "compose.yaml": "services:\n  api:\n    build: .\n    ports: ['5000:5000']\n  flower:\n    build: .\n    command: celery -A x flower --port=5555\n    ports: ['5555:5555']\n"}, 5000, False),
]  # fmt: skip


@pytest.mark.parametrize(("files", "port", "conflict"), PORTS, ids=range(len(PORTS)))
def test_the_port(files: dict[str, str], port: int, conflict: bool, tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    assert profile.port is not None
    assert (profile.port.value, "port-conflict" in codes(profile)) == (port, conflict)


HEALTH = [
    ({"requirements.txt": "fastapi", "main.py": FASTAPI + "@app.get('/api/v1/health')\ndef h(): ...\n"}, "/api/v1/health"),
    ({"requirements.txt": "fastapi", "main.py": FASTAPI + "@app.get('/orders/status')\ndef h(): ...\n"}, "/openapi.json"),
    ({"requirements.txt": "fastapi", "main.py": FASTAPI + "@app.get('/check')\ndef check(text): ...\n"}, "/openapi.json"),
    ({"requirements.txt": "fastapi", "main.py": FASTAPI + "@app.get('/check')\ndef h(): ...  # health\napp.mount('/', StaticFiles(directory='x', html=True))\n"}, "/"),
    ({"requirements.txt": "django", "manage.py": "", "m/settings.py": "ROOT_URLCONF = 'm.urls'\n", "m/urls.py": "from django.urls import include, path\nurlpatterns = [path('', include('health.urls'))]\n", "health/urls.py": "urlpatterns = [path('check/', HealthCheck.as_view())]\n"}, "/check/"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "path"), HEALTH, ids=range(len(HEALTH)))
def test_the_health_path(files: dict[str, str], path: str, tmp_path: Path) -> None:
    fact = scan(tmp_path, files).health_path
    assert fact is not None
    assert fact.value == path


RUNTIMES = [
    ({"setup.py": "from setuptools import setup\nsetup(name='x', python_requires='>=3.8', install_requires=['flask'])\n", "Dockerfile": "FROM python:3.8-slim\n"}, "3.8"),
    ({"requirements.txt": "flask", "render.yaml": "services:\n  - type: web\n    name: x\n    startCommand: gunicorn app:app\n    envVars:\n      - key: PYTHON_VERSION\n        value: 3.12.5\n"}, "3.12.5"),
    ({"requirements.txt": "flask", "dockerfile": "FROM python:3.11\n"}, "3.11"),
    ({"requirements.txt": "flask", "BackendDockerfile": "FROM python:3.12\nCMD python x.py\n"}, "3.12"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "version"), RUNTIMES, ids=range(len(RUNTIMES)))
def test_the_runtime_version(files: dict[str, str], version: str, tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    assert profile.runtime_version is not None
    assert profile.runtime_version.value == version
    assert "runtime-version-conflict" not in codes(profile)


def test_a_bot_in_a_container_does_not_listen(tmp_path: Path) -> None:
    profile = scan(
        tmp_path,
        {"requirements.txt": "aiogram==3.20.0", "main.py": BOT, "Dockerfile": 'FROM python:3.13\nCMD ["python", "main.py"]\n'},
    )
    assert profile.kind is Kind.NONE
    assert profile.health_path is None
    assert profile.start is not None


REQUIRED = [
    ("import os\nA1 = os.getenv('A1')\nassert A1 is not None\nB1 = int(os.getenv('B1'))\nC1 = os.environ.get('C1').split(',')\nD1 = int(os.getenv('D1', '1'))\nE1 = os.getenv('E1', '').split(',')\nF1 = os.getenv('F1')\n", {"A1", "B1", "C1"}),
    ("import os\ntry:\n    A1 = int(os.getenv('A1'))\nexcept Exception:\n    A1 = 1\n", set()),
]  # fmt: skip


@pytest.mark.parametrize(("source", "required"), REQUIRED, ids=range(len(REQUIRED)))
def test_variables_whose_absence_fails(source: str, required: set[str], tmp_path: Path) -> None:
    profile = scan(tmp_path, {"requirements.txt": "flask", "settings.py": source})
    assert {one.name for one in profile.variables if one.required} == required


@pytest.mark.parametrize(("name", "secret"), [
    ("ACCESS_TOKEN_EXPIRE_MINUTES", False), ("REFRESH_TOKEN_LIFETIME", False), ("PASSWORD_MIN_LENGTH", False), ("TOKENIZERS_PARALLELISM", False),
    ("OPENAI_MAX_TOKENS", False), ("JWT_SECRET_KEY", True), ("ACCESS_TOKEN", True), ("DISCORD_TOKEN", True),
])  # fmt: skip
def test_what_is_said_about_a_secret_is_none(name: str, secret: bool) -> None:
    assert is_secret(name) is secret


def test_requirements_in_a_directory_and_the_project_below_are_one(tmp_path: Path) -> None:
    files = {
        "requirements/base.txt": "django==5.2\n", "api/manage.py": "", "api/__init__.py": "",
        "api/site/settings.py": "WSGI_APPLICATION = 'api.site.wsgi.application'\nROOT_URLCONF = 'api.site.urls'\n",
        "api/site/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
    }  # fmt: skip
    profile = scan(tmp_path, files)
    assert profile.components == ()
    assert profile.start is not None
    assert profile.start.value.argv[-1].startswith("api.site.wsgi")


def test_a_framework_that_is_only_listed_is_a_leftover(tmp_path: Path) -> None:
    profile = scan(tmp_path, {"requirements.txt": "fastapi==0.115.0\nflask==3.1.0\n", "app.py": FLASK})
    assert profile.framework is not None
    assert profile.framework.value.id == "flask"
    assert profile.framework.alternatives == ()
    assert {"framework-never-imported"} <= codes(profile)
    assert "several-frameworks" not in codes(profile)


@pytest.mark.parametrize(("text", "told"), [("flask\n", True), ("flask>=2\n", True), ("flask==3.1.0\n", False)])
def test_requirements_that_pin_nothing_are_told(text: str, told: bool, tmp_path: Path) -> None:
    assert ("no-lock-file" in codes(scan(tmp_path, {"requirements.txt": text, "app.py": FLASK}))) is told


def test_a_key_in_a_settings_class_is_a_secret(tmp_path: Path) -> None:
    key = "jq_" + "0feba59cc0dd41cca7c1b5d1c617cd4a5R50wZ90Tk4g2e"
    profile = scan(tmp_path, {"requirements.txt": "fastapi", "config.py": f"class Settings:\n    search_api_key: str = '{key}'\n"})
    assert len(profile.secrets) == 1
    assert key not in profile.model_dump_json()


def test_a_server_that_finds_the_application_itself_is_no_conflict(tmp_path: Path) -> None:
    files = {"requirements.txt": "fastapi[standard]", "main.py": FASTAPI, "Dockerfile": "FROM python:3.12\nCMD fastapi run\n"}
    profile = scan(tmp_path, files)
    assert profile.start is not None
    assert profile.start.alternatives == ()
