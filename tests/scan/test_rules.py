# ruff: noqa: E501 - a table of small trees reads better unbroken
"""Every technology, language and manager of the tables, on the smallest tree that shows it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from deploydeck.domain import DeployDeckError, Fact, Kind, Support
from deploydeck.scan.rules import BadRule, Role, ecosystems, languages, managers, technologies
from deploydeck.scan.rules.load import ecosystem
from deploydeck.scan.rules.names import is_secret
from tests.scan import deployed_trees, python_trees
from tests.scan.compiled_trees import TREES as COMPILED_TREES
from tests.scan.trees import codes, scan, where

RULES = Path(__file__).parent / "rules"


def package(**content: object) -> str:
    return json.dumps(content, indent=1)


DEPLOYED_TREES: dict[str, tuple[dict[str, str], Kind]] = {
    "flask": ({"requirements.txt": "flask==3.1.3\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n"}, Kind.SERVER),
    "fastapi": ({"requirements.txt": "fastapi\n", "main.py": "from fastapi import FastAPI\napp = FastAPI()\n"}, Kind.SERVER),
    "django": (
        {
            "requirements.txt": "django\n",
            "manage.py": "import django\n",
            "s/settings.py": "ROOT_URLCONF = 's.urls'\nWSGI_APPLICATION = 's.wsgi.application'\n",
        },
        Kind.SERVER,
    ),
    "express": (
        {"package.json": package(dependencies={"express": "5"}), "server.js": "const e = require('express')\ne().listen(3000)\n"},
        Kind.SERVER,
    ),
    "nextjs": ({"package.json": package(dependencies={"next": "16"}), "app/page.js": "export default () => null\n"}, Kind.SERVER),
    "vite": ({"package.json": package(devDependencies={"vite": "7"}), "index.html": "<p>"}, Kind.STATIC),
    **{
        id: (
            {
                "package.json": package(dependencies={dependency: "1"}),
                "server.js": f"const s = require('{dependency}')\ns().listen(3000)\n",
            },
            Kind.SERVER,
        )
        for id, dependency in {
            "koa": "koa",
            "fastify": "fastify",
            "polka": "polka",
            "hapi": "@hapi/hapi",
            "restify": "restify",
            "hono": "hono",
            "elysia": "elysia",
            "h3": "h3",
            "tinyhttp": "@tinyhttp/app",
            "feathers": "@feathersjs/feathers",
            "socket.io": "socket.io",
        }.items()
    },
    **{
        id: ({"package.json": package(scripts={"build": "build"}, dependencies=dict.fromkeys(dependencies, "1"))}, Kind.SERVER)
        for id, dependencies in {
            "nestjs": ("@nestjs/core",),
            "nitro": ("nitropack",),
            "nuxt": ("nuxt",),
            "remix": ("@remix-run/node", "@remix-run/serve"),
            "react-router": ("@react-router/dev", "@react-router/serve"),
            "tanstack-start": ("@tanstack/react-start",),
            "solid-start": ("@solidjs/start",),
            "sveltekit": ("@sveltejs/kit", "@sveltejs/adapter-node"),
        }.items()
    },
    **{
        id: (
            {"package.json": package(scripts={"build": "build"}, devDependencies={dependency: "1"}), "index.html": "<p>"},
            Kind.STATIC,
        )
        for id, dependency in {
            "astro": "astro",
            "gatsby": "gatsby",
            "docusaurus": "@docusaurus/core",
            "hexo": "hexo",
            "eleventy": "@11ty/eleventy",
            "create-react-app": "react-scripts",
            "vue-cli": "@vue/cli-service",
            "parcel": "parcel",
            "rsbuild": "@rsbuild/core",
        }.items()
    },
    **{
        id: ({"package.json": package(devDependencies={id: "1"}), "docs/index.md": "x\n"}, Kind.STATIC)
        for id in ("vitepress", "vuepress")
    },
    "angular": ({"package.json": package(dependencies={"@angular/core": "20"}), "angular.json": "{}"}, Kind.STATIC),
    "oak": (
        {"deno.json": '{"imports": {"@oak/oak": "jsr:@oak/oak@17"}}', "main.ts": "import { Application } from '@oak/oak';\n"},
        Kind.SERVER,
    ),
    "hugo": ({"hugo.toml": "title = 'x'\n", "content/a.md": "x\n"}, Kind.STATIC),
    "mdbook": ({"book.toml": "[book]\n", "src/SUMMARY.md": "# x\n"}, Kind.STATIC),
    "mkdocs": ({"requirements.txt": "mkdocs==1.6.1\n", "mkdocs.yml": "site_name: x\n", "docs/index.md": "x\n"}, Kind.STATIC),
    "sphinx": ({"requirements.txt": "sphinx==8.2.3\n", "conf.py": "project = 'x'\n", "index.rst": "x\n"}, Kind.STATIC),
    **deployed_trees.TREES,
}
DEPLOYED_TREES |= COMPILED_TREES
DEPLOYED_TREES |= python_trees.TREES


def samples() -> list[tuple[str, str, dict[str, str]]]:
    """Every sample of tests/scan/rules: technology, positive or negative, files."""
    found = []
    for path in sorted(RULES.glob("*.toml")):
        for id, row in tomllib.loads(path.read_text("utf-8")).items():
            found += [(id, kind, files) for kind, files in row.items()]
    return found


SAMPLES = samples()


@pytest.mark.parametrize(("id", "kind", "files"), SAMPLES, ids=[f"{id}-{kind}" for id, kind, _ in SAMPLES])
def test_a_technology_is_told_from_what_looks_like_it(id: str, kind: str, files: dict[str, str], tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    seen: dict[str, Fact[Any]] = {fact.value.id: fact for fact in profile.frameworks}
    seen |= {fact.value.id: fact for fact in profile.build_tools}
    assert kind in {"positive", "negative"}
    assert (id in seen) is (kind == "positive"), sorted(seen)
    if kind == "positive":
        assert seen[id].evidence
        assert 0 < seen[id].confidence < 1


def test_every_technology_has_both_samples() -> None:
    have = {(id, kind) for id, kind, _ in SAMPLES}
    assert {(row.id, kind) for row in technologies() for kind in ("positive", "negative")} == have


@pytest.mark.parametrize("id", sorted(DEPLOYED_TREES))
def test_a_deployed_technology_is_found_and_supported(id: str, tmp_path: Path) -> None:
    files, kind = DEPLOYED_TREES[id]
    profile = scan(tmp_path, files)
    assert profile.framework is not None
    assert profile.framework.value.id == id
    assert profile.framework.evidence
    assert (profile.kind, profile.support) == (kind, Support.SUPPORTED)
    assert profile.support_reason.startswith(profile.framework.value.name)


def test_only_what_has_a_tree_here_is_said_to_be_supported() -> None:
    assert {row.id for row in technologies() if row.supported} == set(DEPLOYED_TREES)


PAGES = {"artisan", "config.ru", "index.php"}
"""Manifests that are also the program."""
ROWS = [(one.id, glob, language) for one in ecosystems().values() for glob, language in one.manifests]


@pytest.mark.parametrize(("home", "glob", "language"), ROWS, ids=[glob for _, glob, _ in ROWS])
def test_a_manifest_names_the_language(home: str, glob: str, language: str, tmp_path: Path) -> None:
    path = glob.replace("*", "hello")
    profile = scan(tmp_path, {path: "{}"})
    assert (profile.support is Support.SUPPORTED) is (path in PAGES or home == "sites")  # Hugo's own file is the whole sign
    assert profile.language is not None
    assert profile.language.value.id == language
    assert path in where(profile.language)


def test_there_are_as_many_as_promised() -> None:
    assert len([row for row in languages().values() if not row.markup]) >= 25
    assert len([row for row in technologies() if row.role is not Role.TOOL]) >= 110
    tools = {row.id for row in technologies() if row.role in {Role.TOOL, Role.BUNDLER}}
    assert len({*managers(), *tools}) >= 30


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("dependency:python/flask", "what:scope/name=weight"),
        ("nonsense:python/flask=0.5", "what:scope/name=weight"),
        ("file:x=1.5", "what:scope/name=weight"),
        ("file:x=high", "what:scope/name=weight"),
    ],
)
def test_a_wrong_pattern_is_refused_with_its_place(text: str, wrong: str) -> None:
    with pytest.raises(BadRule, match="flask.toml, x: .*" + wrong):
        ecosystem("flask", {"technologies": {"x": {"name": "X", "language": "python", "any": [text]}}})


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ({"nonsense": {}}, "no section nonsense"),
        ({"technologies": {"x": {"name": "X", "language": "python"}}}, "needs a pattern"),
        ({"technologies": {"x": {"language": "python", "any": ["file:x=0.5"]}}}, "needs a name"),
        ({"technologies": {"x": {"name": "X", "language": "python", "any": ["file:x=0.5"], "colour": 1}}}, "no field colour"),
        ({"technologies": {"x": {"name": "X", "language": "python", "any": ["file:x=0.5"], "role": "king"}}}, "no role 'king'"),
        ({"technologies": {"x": 1}}, "is not a table"),
        ({"runtimes": {"x": {"name": "X", "end_of_life": {"1": "soon"}}}}, "is not a date"),
    ],
)
def test_a_wrong_table_is_refused_with_its_place(table: dict[str, Any], wrong: str) -> None:
    with pytest.raises(BadRule, match=wrong):
        ecosystem("x", table)


@pytest.mark.parametrize(
    ("winner", "loser", "files"),
    [
        ("nextjs", "express", {"package.json": package(dependencies={"next": "16", "express": "5"})}),
        ("nuxt", "vite", {"package.json": package(dependencies={"nuxt": "4", "vite": "7"}), "index.html": ""}),
        (
            "laravel",
            "vite",
            {"artisan": "", "composer.json": "{}", "package.json": package(devDependencies={"vite": "7"}), "index.html": ""},
        ),
        ("fastapi", "mkdocs", {"requirements.txt": "fastapi", "mkdocs.yml": ""}),
        ("flask", "celery", {"requirements.txt": "flask\ncelery\n", "w.py": "import celery\n"}),
        ("fastapi", "starlette", {"requirements.txt": "fastapi\nstarlette\n"}),
    ],
)
def test_a_technology_hides_what_it_is_built_on(winner: str, loser: str, files: dict[str, str], tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    assert profile.framework is not None
    assert profile.framework.value.id == winner
    assert loser not in {other.value.id for other in profile.framework.alternatives}


def test_two_rivals_are_both_shown(tmp_path: Path) -> None:
    profile = scan(tmp_path, {**DEPLOYED_TREES["flask"][0], **DEPLOYED_TREES["express"][0]})
    assert profile.framework is not None
    assert profile.framework.value.id == "flask"
    assert [other.value.id for other in profile.framework.alternatives] == ["express"]
    assert "several-frameworks" in codes(profile)


@pytest.mark.parametrize("files", [
    {"package.json": package(devDependencies={"express": "5"}), "x.js": ""},
    {"package.json": package(devDependencies={"vite": "7"})},
    {"manage.py": "print('no framework')\n"},
])  # fmt: skip
def test_a_marker_without_its_framework_is_not_enough(files: dict[str, str], tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    assert profile.framework is None
    assert profile.support is Support.NOT_YET


def test_a_framework_that_is_never_imported_is_reported(tmp_path: Path) -> None:
    profile = scan(tmp_path, {"requirements.txt": "# x\nflask==3.1.3\n", "main.py": "print(1)\n"})
    finding = next(finding for finding in profile.findings if finding.code == "framework-never-imported")
    assert finding.evidence[0].where == "requirements.txt:2"
    assert profile.support is Support.NOT_YET


CONTENT = {".json": "{}", "pnpm-lock.yaml": "lockfileVersion: '9.0'\n", "pom.xml": "<project/>"}
BESIDE = {"paket": {"hello.fsproj": '<Project Sdk="Microsoft.NET.Sdk"/>'}}
OWN_SECTION = {"hatch": "[tool.hatch]\n", "rye": "[tool.rye]\n"}


def content_of(path: str) -> str:
    return next((content for end, content in CONTENT.items() if path.endswith(end)), "")


@pytest.mark.parametrize("name", sorted(managers()))
def test_a_package_manager_is_known_by_its_files(name: str, tmp_path: Path) -> None:
    manager = managers()[name]
    paths = [glob.replace("*", "hello") for glob in (*manager.manifests[:1], *manager.locks[:1], *manager.files[:1])]
    files = {path: content_of(path) for path in paths}
    files |= BESIDE.get(name, {})
    if name in OWN_SECTION:
        files = {"pyproject.toml": OWN_SECTION[name]}
    profile = scan(tmp_path, files)
    assert profile.package_manager is not None
    assert profile.package_manager.value.name == name
    assert profile.package_manager.value.lock_file == (
        next(iter(manager.locks), "").replace("*", "hello")
        if files.keys() & {glob.replace("*", "hello") for glob in manager.locks}
        else ""
    )
    assert profile.package_manager.evidence


@pytest.mark.parametrize("name", [row.id for row in managers().values() if row.ecosystem in {"python", "node"} and row.locks])
def test_only_some_package_managers_can_be_deployed_with(name: str, tmp_path: Path) -> None:
    manager = managers()[name]
    files = dict(DEPLOYED_TREES["flask" if manager.ecosystem == "python" else "express"][0])
    files.pop("requirements.txt", None)
    profile = scan(tmp_path, {**files, manager.locks[0]: content_of(manager.locks[0])})
    assert (profile.support is Support.SUPPORTED) is manager.supported
    if not manager.supported:
        assert profile.support_reason.endswith(f"managed by {name}, which is not supported yet.")


def test_two_lock_files_are_a_conflict_and_packagemanager_decides(tmp_path: Path) -> None:
    files = {
        "package.json": package(dependencies={"express": "5"}, packageManager="pnpm@9.1.0+sha512.aa"), "server.js": "require('express')",
        "package-lock.json": "{}", "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
    }  # fmt: skip
    manager = scan(tmp_path, files).package_manager
    assert manager is not None
    assert (manager.value.name, manager.value.version, manager.value.lock_file) == ("pnpm", "9.1.0", "pnpm-lock.yaml")
    assert [(other.value.name, other.evidence[0].file) for other in manager.alternatives] == [("npm", "package-lock.json")]
    assert "several-managers" in codes(scan(tmp_path))


def test_no_lock_file_is_reported(tmp_path: Path) -> None:
    assert "no-lock-file" in codes(scan(tmp_path, DEPLOYED_TREES["express"][0]))


def test_a_locked_version_is_resolved_for_the_requested_range(tmp_path: Path) -> None:
    files = {
        "package.json": package(dependencies={"express": "^5.1.0"}), "server.js": "require('express')\n",
        "yarn.lock": '# yarn lockfile v1\nexpress@^4.0.0:\n  version "4.21.0"\n\nexpress@^5.1.0:\n  version "5.3.0"\n',
    }  # fmt: skip
    profile = scan(tmp_path, files)
    assert profile.framework is not None
    assert profile.framework.value.version == "5.3.0"
    assert "yarn.lock:5" in where(profile.framework)


def test_overrides_win_and_name_their_line(tmp_path: Path) -> None:
    files = {
        **DEPLOYED_TREES["flask"][0],
        "deploydeck.toml": '[app]\nname = "x"\nport = 9000\nhealth_path = "/ok"\nruntime_version = "3.12"\nstart = ["python", "-m", "app"]\n',
    }
    profile = scan(
        tmp_path, files, name="other", port=9000, health_path="/ok", runtime_version="3.12", start=["python", "-m", "app"]
    )
    assert profile.name == "other"
    assert profile.port is not None
    assert profile.start is not None
    assert profile.health_path is not None
    assert profile.runtime_version is not None
    assert (profile.port.value, where(profile.port), profile.port.evidence[0].rule) == (9000, ["deploydeck.toml:3"], "override")
    assert (profile.health_path.value, where(profile.health_path)) == ("/ok", ["deploydeck.toml:4"])
    assert (profile.runtime_version.value, where(profile.runtime_version)) == ("3.12", ["deploydeck.toml:5"])
    assert (profile.start.value.argv, profile.start.value.port_from_env) == (("python", "-m", "app"), True)
    assert profile.start.alternatives[0].value.argv[0] == "gunicorn"


def test_overrides_of_framework_and_manager(tmp_path: Path) -> None:
    files = {**DEPLOYED_TREES["flask"][0], **DEPLOYED_TREES["express"][0]}
    profile = scan(tmp_path, files, framework="express", package_manager="yarn")
    assert profile.framework is not None
    assert profile.package_manager is not None
    assert (profile.framework.value.id, profile.package_manager.value.name) == ("express", "yarn")
    assert profile.start is not None
    assert profile.start.value.argv == ("node", "server.js")


@pytest.mark.parametrize(("key", "code"), [("framework", "scan-unknown-framework"), ("package_manager", "scan-unknown-manager")])
def test_an_unknown_override_is_an_error_with_the_choices(key: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(DeployDeckError) as caught:
        scan(tmp_path, DEPLOYED_TREES["flask"][0], **{key: "nonsense"})
    assert caught.value.code == code
    assert "flask" in caught.value.hint or "pip" in caught.value.hint


@pytest.mark.parametrize(
    "name",
    [
        "SECRET_KEY",
        "DB_PASSWORD",
        "STRIPE_API_KEY",
        "GITHUB_TOKEN",
        "DATABASE_URL",
        "SENTRY_DSN",
        "aws_secret_access_key",
        "REDIS_URL",
        "SMTP_URL",
        "MAILER_URL",
    ],
)
def test_secret_names(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", ["TITLE", "NEXT_PUBLIC_API_KEY", "VITE_TOKEN", "KEYBOARD", "PASSENGERS", "BASE_URL", "MONKEY", "DEBUG"]
)
def test_plain_names(name: str) -> None:
    assert not is_secret(name)
