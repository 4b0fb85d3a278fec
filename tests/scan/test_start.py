# ruff: noqa: E501 - a table of small trees reads better unbroken
"""Start commands, ports, health paths, output: what a project says explicitly first, then what its source says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploydeck.domain import Kind, Severity, Support
from deploydeck.scan.commands import development_server, parse_command
from tests.scan.trees import codes, scan, where

GUNICORN = ("gunicorn", "--bind", "{host}:{port}", "--threads", "4", "--access-logfile", "-")
UVICORN = ("--host", "{host}", "--port", "{port}")
FLASK = "from flask import Flask\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI\n"


def node(start: str = "", **more: object) -> str:
    return json.dumps({"scripts": {"start": start} if start else {}, "dependencies": {"express": "5"}, **more}, indent=1)


COMMANDS = [
    ("gunicorn app:app", ("gunicorn", "app:app"), None),
    ("gunicorn app:app --bind 0.0.0.0:$PORT", ("gunicorn", "app:app", "--bind", "{host}:{port}"), None),
    ("gunicorn -b :8000 app:app", ("gunicorn", "-b", "{host}:{port}", "app:app"), 8000),
    ("gunicorn --bind=0.0.0.0:${PORT:-5000} app:app", ("gunicorn", "--bind={host}:{port}", "app:app"), 5000),
    ("uvicorn a:b --host 0.0.0.0 --port 9000", ("uvicorn", "a:b", "--host", "{host}", "--port", "{port}"), 9000),
    ("NODE_ENV=production node 'my server.js'", ("node", "my server.js"), None),
    ("cross-env A=1 PORT=4000 node s.js", ("env", "A=1", "node", "s.js"), 4000),
    ("exec ./run", ("./run",), None),
    ("next start -p 4000", ("next", "start", "-p", "{port}"), 4000),
    ("./migrate && gunicorn app", ("sh", "-c", "./migrate && gunicorn app"), None),
    ("gunicorn -w $WORKERS app", ("sh", "-c", "exec gunicorn -w $WORKERS app"), None),
    ("echo `id`", ("sh", "-c", "exec echo `id`"), None),
    ("mysqldump -p secret", ("mysqldump", "-p", "secret"), None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "argv", "port"), COMMANDS)
def test_a_written_command_becomes_an_argument_vector(text: str, argv: tuple[str, ...], port: int | None) -> None:
    command = parse_command(text)
    assert command is not None
    assert (command.argv, command.port) == (argv, port)


@pytest.mark.parametrize("text", ["", "   ", "gunicorn 'open", "A=1"])
def test_what_is_no_command(text: str) -> None:
    assert parse_command(text) is None


@pytest.mark.parametrize(("text", "development"), [
    ("nodemon server.js", True), ("next dev", True), ("vite", True), ("npx vite --port 1", True), ("node --watch s.js", True),
    ("python manage.py runserver", True), ("flask run", True), ("python -m flask run", True), ("react-scripts start", True), ("uvicorn a:b --reload", True),
    ("node server.js", False), ("next start", False), ("vite preview", False), ("gunicorn app:app", False), ("node nodemon-like.js", False),
])  # fmt: skip
def test_development_servers_are_known(text: str, development: bool) -> None:
    command = parse_command(text)
    assert command is not None
    assert bool(development_server(command)) is development


PYTHON = [
    ("flask", {"app.py": FLASK}, (*GUNICORN, "app:app"), "app.py:2"),
    ("flask", {"shop/__init__.py": "", "shop/main.py": "from flask import Flask\nfrom shop import x\napi = Flask(__name__)\n"}, (*GUNICORN, "shop.main:api"), "shop/main.py:3"),
    ("flask", {"shop/__init__.py": "from flask import Flask\n\ndef create_app(config=None):\n    app = Flask(__name__)\n    return app\n"}, (*GUNICORN, "shop:create_app()"), "shop/__init__.py:3"),
    ("flask", {"shop/__init__.py": "from flask import Flask\ndef create_app():\n    return Flask(__name__)\n", "wsgi.py": "from shop import create_app\n\napplication = create_app()\n"}, (*GUNICORN, "wsgi:application"), "wsgi.py:3"),
    ("flask", {"src/app.py": "from flask import Flask\nimport models\napp = Flask(__name__)\n", "src/models.py": ""}, (*GUNICORN, "--chdir", "src", "app:app"), "src/app.py:3"),
    ("flask", {"src/shop/__init__.py": "", "src/shop/app.py": "import shop.models\n" + FLASK, "src/shop/models.py": ""}, (*GUNICORN, "--chdir", "src", "shop.app:app"), "src/shop/app.py:3"),
    ("flask", {"tests/app.py": FLASK, "server.py": FLASK}, (*GUNICORN, "server:app"), "server.py:2"),
    ("fastapi", {"main.py": FASTAPI + "app = FastAPI()\n"}, ("uvicorn", "main:app", *UVICORN), "main.py:2"),
    ("fastapi", {"app/main.py": FASTAPI + "from app.x import y\napp: FastAPI = FastAPI()\n", "app/x.py": ""}, ("uvicorn", "app.main:app", *UVICORN), "app/main.py:3"),
    ("fastapi", {"app/main.py": FASTAPI + "from .x import y\nif True:\n    app = FastAPI()\n", "app/x.py": ""}, ("uvicorn", "app.main:app", *UVICORN), "app/main.py:4"),
    ("fastapi", {"api/main.py": FASTAPI + "import x\napp = FastAPI()\n", "api/x.py": ""}, ("uvicorn", "main:app", *UVICORN, "--app-dir", "api"), "api/main.py:3"),
    ("fastapi", {"web.py": FASTAPI + "def create_app() -> FastAPI:\n    api = FastAPI()\n    return api\n"}, ("uvicorn", "web:create_app", *UVICORN, "--factory"), "web.py:2"),
    ("django", {"manage.py": "", "my/settings.py": "WSGI_APPLICATION = 'my.wsgi.application'\n"}, (*GUNICORN, "my.wsgi"), "my/settings.py:1"),
    ("django", {"src/manage.py": "", "src/my/settings.py": "WSGI_APPLICATION = 'my.wsgi.application'\n"}, (*GUNICORN, "--chdir", "src", "my.wsgi"), "src/my/settings.py:1"),
    ("django", {"manage.py": "", "my/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"}, (*GUNICORN, "my.wsgi"), "my/wsgi.py:2"),
    ("django\nchannels", {"manage.py": "", "my/settings.py": "WSGI_APPLICATION = 'my.wsgi.application'\nASGI_APPLICATION = 'my.asgi.application'\n"}, ("uvicorn", "my.asgi:application", *UVICORN), "my/settings.py:2"),
]  # fmt: skip


@pytest.mark.parametrize(("requirement", "files", "argv", "place"), PYTHON, ids=range(len(PYTHON)))
def test_python_start(requirement: str, files: dict[str, str], argv: tuple[str, ...], place: str, tmp_path: Path) -> None:
    profile = scan(tmp_path, {"requirements.txt": requirement, **files})
    assert profile.start is not None
    assert profile.start.value.argv == argv
    assert where(profile.start)[0] == place
    assert profile.support is Support.SUPPORTED


@pytest.mark.parametrize(("requirements", "source", "packages"), [
    ("flask\n", FLASK, ("gunicorn==23.0.0",)),
    ("flask\nGunicorn>=20\n", FLASK, ()),
    ("fastapi\n", FASTAPI + "app = FastAPI()\n", ("uvicorn==0.35.0",)),
    ("fastapi[standard]\n", FASTAPI + "app = FastAPI()\n", ()),
    ("fastapi\nuvicorn[standard]\n", FASTAPI + "app = FastAPI()\n", ()),
])  # fmt: skip
def test_a_missing_server_is_added_by_version(requirements: str, source: str, packages: tuple[str, ...], tmp_path: Path) -> None:
    profile = scan(tmp_path, {"requirements.txt": requirements, "main.py": source})
    assert profile.start is not None
    assert profile.start.value.packages == packages
    assert ("server-added" in codes(profile)) is bool(packages)


def test_a_server_of_the_development_group_does_not_count(tmp_path: Path) -> None:
    manifest = '[project]\nname = "a"\ndependencies = ["flask"]\n[dependency-groups]\ndev = ["gunicorn"]\n'
    profile = scan(tmp_path, {"pyproject.toml": manifest, "app.py": FLASK})
    assert profile.start is not None
    assert profile.start.value.packages == ("gunicorn==23.0.0",)


def test_a_factory_that_needs_arguments_is_reported(tmp_path: Path) -> None:
    profile = scan(
        tmp_path,
        {"requirements.txt": "flask", "app.py": "from flask import Flask\ndef create_app(config):\n    return Flask(__name__)\n"},
    )
    assert "factory-needs-arguments" in codes(profile)


def test_an_application_nobody_makes_is_not_guessed(tmp_path: Path) -> None:
    profile = scan(tmp_path, {"requirements.txt": "flask", "app.py": "import flask\n"})
    assert profile.start is None
    assert profile.support is Support.NOT_YET
    assert "[app] start" in profile.support_reason


PROCFILES = [
    ("web: gunicorn app:app", ("gunicorn", "app:app"), True),
    ("web: gunicorn -b 0.0.0.0:$PORT app:app", ("gunicorn", "-b", "{host}:{port}", "app:app"), False),
    ("web: uvicorn app:app", ("uvicorn", "app:app", *UVICORN), False),
    ("worker: x\nweb: gunicorn app:app --workers $N", ("sh", "-c", "exec gunicorn app:app --workers $N"), False),
    ("web: sh run.sh $PORT && true", ("sh", "-c", "sh run.sh $PORT && true"), True),
    ("web: python app.py", ("python", "app.py"), False),
    ("web: flask run", (*GUNICORN, "app:app"), False),
]  # fmt: skip


@pytest.mark.parametrize(("procfile", "argv", "port_from_env"), PROCFILES)
def test_the_procfile_decides_unless_it_is_for_development(
    procfile: str, argv: tuple[str, ...], port_from_env: bool, tmp_path: Path
) -> None:
    profile = scan(tmp_path, {"requirements.txt": "flask\n", "app.py": FLASK, "Procfile": procfile})
    assert profile.start is not None
    assert (profile.start.value.argv, profile.start.value.port_from_env) == (argv, port_from_env)
    assert ("development-start" in codes(profile)) is ("flask run" in procfile)


def test_a_procfile_makes_an_unknown_python_program_deployable(tmp_path: Path) -> None:
    profile = scan(
        tmp_path, {"requirements.txt": "tornado\n", "main.py": "import tornado\n", "Procfile": "web: python main.py --port $PORT"}
    )
    assert profile.support is Support.SUPPORTED
    assert profile.start is not None
    assert where(profile.start) == ["Procfile:1"]


SERVER = "const express = require('express')\nconst app = express()\napp.listen(process.env.PORT || 4000)\n"
NODE = [
    ({"package.json": node("node server.js"), "server.js": SERVER}, ("node", "server.js"), True),
    ({"package.json": node("NODE_ENV=production node -r dotenv/config server.js"), "server.js": SERVER}, ("node", "-r", "dotenv/config", "server.js"), True),
    ({"package.json": node("nodemon server.js"), "server.js": SERVER}, ("node", "server.js"), True),
    ({"package.json": node("nodemon ./src/server"), "src/server.js": SERVER}, ("node", "src/server.js"), True),
    ({"package.json": node(main="web.js"), "web.js": SERVER}, ("node", "web.js"), True),
    ({"package.json": node(main="gone.js"), "server.js": SERVER}, ("node", "server.js"), True),
    ({"package.json": node(), "index.js": SERVER}, ("node", "index.js"), True),
    ({"package.json": node(), "lib/boot.js": SERVER}, ("node", "lib/boot.js"), True),
    ({"package.json": node(), "server.js": "require('express')().listen(3000)\n"}, ("node", "server.js"), False),
    ({"package.json": node("npm run migrate && node server.js"), "server.js": SERVER}, ("npm", "run", "--silent", "start"), True),
    ({"package.json": json.dumps({"scripts": {"start": "nodemon x", "start:prod": "node dist/main.js", "build": "tsc"}, "dependencies": {"express": "5"}}), "src/main.ts": SERVER}, ("node", "dist/main.js"), True),
    ({"package.json": json.dumps({"scripts": {"start": "tsx server.ts"}, "dependencies": {"express": "5", "tsx": "4"}}), "server.ts": SERVER}, ("tsx", "server.ts"), True),
]  # fmt: skip


@pytest.mark.parametrize(("files", "argv", "port_from_env"), NODE, ids=range(len(NODE)))
def test_node_start(files: dict[str, str], argv: tuple[str, ...], port_from_env: bool, tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    assert profile.start is not None
    assert (profile.start.value.argv, profile.start.value.port_from_env) == (argv, port_from_env)
    assert profile.support is Support.SUPPORTED


def test_a_development_script_is_replaced_with_the_reason(tmp_path: Path) -> None:
    profile = scan(tmp_path, {"package.json": node("nodemon server.js"), "server.js": SERVER})
    assert profile.start is not None
    assert "nodemon restarts on file changes" in profile.start.reason
    finding = next(finding for finding in profile.findings if finding.code == "development-start")
    assert finding.evidence[0].where == "package.json:3"


@pytest.mark.parametrize(("files", "code"), [
    ({"package.json": node(main="gone.js"), "server.js": SERVER}, "main-missing"),
    ({"package.json": node("node gone.js"), "server.js": SERVER}, "start-file-missing"),
    ({"package.json": json.dumps({"scripts": {"start": "tsx s.ts"}, "dependencies": {"express": "5"}, "devDependencies": {"tsx": "4"}}), "s.ts": SERVER}, "development-start"),
])  # fmt: skip
def test_node_findings(files: dict[str, str], code: str, tmp_path: Path) -> None:
    assert code in codes(scan(tmp_path, files))


NEXT = {"dependencies": {"next": "16"}}
NEXT_ARGV = ("next", "start", "-H", "{host}", "-p", "{port}")


@pytest.mark.parametrize(("config", "scripts", "kind", "argv", "output"), [
    ("", {}, Kind.SERVER, NEXT_ARGV, ".next"),
    ("", {"start": "next start -p 4000"}, Kind.SERVER, NEXT_ARGV, ".next"),
    ("", {"start": "next dev"}, Kind.SERVER, NEXT_ARGV, ".next"),
    ("", {"start": "node server.js"}, Kind.SERVER, ("node", "server.js"), ".next"),
    ("export default { output: 'standalone' }", {}, Kind.SERVER, ("node", ".next/standalone/server.js"), ".next"),
    ("export default { output: 'export' }", {}, Kind.STATIC, None, "out"),
    ("export default { output: 'export',\n distDir: 'public_html' }", {}, Kind.STATIC, None, "public_html"),
])  # fmt: skip
def test_next(config: str, scripts: dict[str, str], kind: Kind, argv: tuple[str, ...] | None, output: str, tmp_path: Path) -> None:
    files = {
        "package.json": json.dumps({**NEXT, "scripts": scripts}),
        "app/page.js": "",
        "server.js": "x",
        "next.config.mjs": config,
    }
    profile = scan(tmp_path, files)
    assert (profile.kind, profile.support) == (kind, Support.SUPPORTED)
    assert (profile.start.value.argv if profile.start else None) == argv
    assert profile.output_dir is not None
    assert profile.output_dir.value == output
    assert profile.build_command is not None
    assert profile.build_command.value == ("npm", "exec", "--", "next", "build")


@pytest.mark.parametrize(("files", "output", "single_page"), [
    ({}, "dist", True),
    ({"vite.config.ts": "export default { build: { outDir: './site' } }"}, "site", True),
    ({"vite.config.js": "export default {\n appType: 'mpa' }"}, "dist", False),
])  # fmt: skip
def test_vite_output(files: dict[str, str], output: str, single_page: bool, tmp_path: Path) -> None:
    manifest = json.dumps({"devDependencies": {"vite": "7"}, "scripts": {"build": "vite build"}})
    profile = scan(tmp_path, {"package.json": manifest, "index.html": "", "pnpm-lock.yaml": "lockfileVersion: '9.0'\n", **files})
    assert profile.kind is Kind.STATIC
    assert profile.start is None
    assert profile.output_dir is not None
    assert profile.build_command is not None
    assert (profile.output_dir.value, profile.single_page) == (output, single_page)
    assert profile.build_command.value == ("pnpm", "run", "build")


def test_a_server_beside_vite_is_a_server(tmp_path: Path) -> None:
    manifest = json.dumps(
        {"dependencies": {"express": "5"}, "devDependencies": {"vite": "7"}, "scripts": {"start": "node server.js"}}
    )
    profile = scan(tmp_path, {"package.json": manifest, "index.html": "", "vite.config.js": "", "server.js": SERVER})
    assert profile.kind is Kind.SERVER
    assert profile.framework is not None
    assert profile.framework.value.id == "express"
    assert [tool.value.id for tool in profile.build_tools] == ["vite"]


def test_a_procfile_turns_a_page_into_a_server(tmp_path: Path) -> None:
    manifest = json.dumps({"dependencies": {"serve": "14"}, "devDependencies": {"vite": "7"}})
    profile = scan(tmp_path, {"package.json": manifest, "index.html": "", "Procfile": "web: serve -p $PORT dist"})
    assert profile.kind is Kind.SERVER
    assert profile.start is not None
    assert profile.start.value.argv == ("serve", "-p", "{port}", "dist")


@pytest.mark.parametrize(("files", "directory"), [
    ({"index.html": "<p>"}, "."),
    ({"public/index.html": "<p>", "README.md": ""}, "public"),
    ({"index.html": "<p>", "package.json": '{"devDependencies": {"prettier": "3"}}'}, "."),
])  # fmt: skip
def test_plain_sites(files: dict[str, str], directory: str, tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    assert (profile.kind, profile.support, profile.single_page) == (Kind.STATIC, Support.SUPPORTED, False)
    assert profile.output_dir is not None
    assert profile.output_dir.value == directory
    assert profile.package_manager is None
    assert profile.build_command is None


@pytest.mark.parametrize("files", [
    {"index.html": "", "package.json": '{"scripts": {"build": "own-tool"}}'},
    {"index.html": "", "package.json": "{broken"},
    {"index.html": "", "requirements.txt": "numpy"},
])  # fmt: skip
def test_not_every_index_html_is_a_plain_site(files: dict[str, str], tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    assert profile.support is Support.NOT_YET


def test_pages_that_a_program_makes_are_no_plain_site(tmp_path: Path) -> None:
    profile = scan(tmp_path, {"index.html": "", "index.php": ""})
    assert (profile.kind, profile.support) == (Kind.SERVER, Support.SUPPORTED)


# --- ports -------------------------------------------------------------------------------------------------------------------


def test_the_port_of_the_source_beats_the_dockerfile_and_both_are_shown(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "flask",
        "app.py": FLASK + "app.run(port=5001)\n",
        "Dockerfile": "FROM x\nEXPOSE 8080\n",
        "Procfile": "web: gunicorn -b :5001 app:app",
    }
    profile = scan(tmp_path, files)
    assert profile.port is not None
    assert (profile.port.value, where(profile.port)) == (5001, ["app.py:3", "Procfile:1"])
    assert [(other.value, other.evidence[0].where) for other in profile.port.alternatives] == [(8080, "Dockerfile:2")]
    assert "port-conflict" in codes(profile)


def test_the_port_of_another_program_does_not_matter(tmp_path: Path) -> None:
    files = {"package.json": node("node server.js"), "server.js": SERVER, "tools/mock.js": "require('express')().listen(9999)\n"}
    port = scan(tmp_path, files).port
    assert port is not None
    assert (port.value, where(port), port.alternatives) == (4000, ["server.js:3"], ())


@pytest.mark.parametrize(("files", "port", "reason"), [
    ({"requirements.txt": "flask", "app.py": FLASK}, 8000, "default of Flask"),
    ({"requirements.txt": "flask", "app.py": FLASK, "compose.yaml": "services:\n  web:\n    build: .\n    ports: ['80:7000']\n"}, 7000, "compose"),
    ({"package.json": node("node s.js"), "s.js": "require('express')\n"}, 3000, "default of Express"),
    ({"package.json": json.dumps({**NEXT, "scripts": {"start": "next start -p 4000"}})}, 4000, "start script"),
])  # fmt: skip
def test_ports(files: dict[str, str], port: int, reason: str, tmp_path: Path) -> None:
    fact = scan(tmp_path, files).port
    assert fact is not None
    assert fact.value == port
    assert reason in fact.reason


def test_a_loopback_bind_is_a_warning_for_node_and_a_note_behind_gunicorn(tmp_path: Path) -> None:
    files = {"package.json": node("node server.js"), "server.js": "require('express')().listen(3000, '127.0.0.1')\n"}
    found = [finding for finding in scan(tmp_path / "a", files).findings if finding.code == "loopback-bind"]
    assert [(finding.severity, finding.evidence[0].where) for finding in found] == [(Severity.WARNING, "server.js:1")]
    found = [
        finding
        for finding in scan(tmp_path / "b", {"requirements.txt": "flask", "app.py": FLASK + "app.run('127.0.0.1')\n"}).findings
        if finding.code == "loopback-bind"
    ]
    assert [finding.severity for finding in found] == [Severity.INFO]


# --- health ------------------------------------------------------------------------------------------------------------------

HEALTH = [
    ({"requirements.txt": "flask", "app.py": FLASK + "@app.route('/health')\ndef h(): ...\n@app.route('/healthz')\ndef z(): ...\n"}, "/healthz", ["app.py:5"]),
    ({"requirements.txt": "flask", "app.py": FLASK + "@app.get('/')\ndef h(): ...\n"}, "/", ["app.py:3"]),
    ({"requirements.txt": "flask", "app.py": FLASK + "@app.post('/health')\ndef h(): ...\n"}, "/", ["app.py:2"]),
    ({"requirements.txt": "fastapi", "a.py": FASTAPI + "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/health')\ndef h(): ...\napp = FastAPI()\n"}, "/health", ["a.py:4"]),
    ({"requirements.txt": "fastapi", "a.py": FASTAPI + "from fastapi import APIRouter\nrouter = APIRouter(prefix='/v1')\n@router.get('/health')\ndef h(): ...\napp = FastAPI()\napp.include_router(router)\n@app.get('/x')\ndef x(): ...\n"}, "/v1/health", ["a.py:4"]),
    ({"requirements.txt": "fastapi", "a.py": FASTAPI + "app = FastAPI(openapi_url='/v1/schema.json')\n"}, "/v1/schema.json", ["a.py:2"]),
    ({"requirements.txt": "fastapi", "a.py": FASTAPI + "app = FastAPI(openapi_url=None)\n@app.get('/x')\ndef x(): ...\n"}, "/", ["a.py:2"]),
    ({"requirements.txt": "django", "manage.py": "", "m/settings.py": "ROOT_URLCONF = 'm.urls'\n", "m/urls.py": "urlpatterns = [\n path('', i)] + [path('a', a)]\nurlpatterns += [path('healthz/', h)]\n", "x/urls.py": "urlpatterns = [path('health', h)]"}, "/healthz/", ["m/urls.py:3"]),
    ({"package.json": node("node s.js"), "s.js": SERVER + "app.get('/api/health', h)\nrouter.get('/healthz', h)\napp.use('/v1', router)\n"}, "/api/health", ["s.js:4"]),
    ({"package.json": json.dumps(NEXT), "src/app/healthz/route.ts": ""}, "/healthz", ["src/app/healthz/route.ts"]),
    ({"package.json": json.dumps(NEXT), "pages/api/health.js": ""}, "/api/health", ["pages/api/health.js"]),
    ({"package.json": json.dumps(NEXT), "app/page.tsx": ""}, "/", ["app/page.tsx"]),
]  # fmt: skip


@pytest.mark.parametrize(("files", "path", "places"), HEALTH, ids=range(len(HEALTH)))
def test_health_path(files: dict[str, str], path: str, places: list[str], tmp_path: Path) -> None:
    fact = scan(tmp_path, files).health_path
    assert fact is not None
    assert (fact.value, where(fact)) == (path, places)
