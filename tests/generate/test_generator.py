"""From profiles to configurations and files: what is decided, what is refused, and that no project can inject anything."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploydeck.domain import (
    Change,
    CheckState,
    ConfigFile,
    Dependency,
    DeployDeckError,
    DeploymentConfig,
    EnvVariable,
    Evidence,
    Framework,
    GeneratedFile,
    Kind,
    Language,
    PackageManager,
    ProjectProfile,
    StartCommand,
    Support,
    SystemPackage,
    VariableSource,
)
from deploydeck.generate import ConfigurationGenerator
from deploydeck.generate.checkers import CHECKERS
from deploydeck.generate.checking import Checking
from deploydeck.generate.dockerfile_syntax import instructions
from deploydeck.settings import Settings, validate_content
from tests.generate.samples import express_npm, fact, flask_pip, profile, static_site, vite_npm, write

GENERATOR = ConfigurationGenerator()


def config_of(
    made: ProjectProfile, chosen: Settings | None = None, target: str = "docker", environment: str = "development"
) -> DeploymentConfig:
    return GENERATOR.deployment_config(made, chosen or Settings(), project_id="prj-1", environment=environment, target=target)


def files_of(
    made: ProjectProfile, chosen: Settings | None = None, target: str = "docker", replace: bool = False
) -> dict[str, GeneratedFile]:
    chosen = chosen or Settings()
    found = GENERATOR.generate(made, config_of(made, chosen, target), chosen, replace=replace)
    return {file.path: file for file in found}


def set_to(**sections: Any) -> Settings:
    return Settings.model_validate(sections)


def refusal(made: ProjectProfile, chosen: Settings | None = None, target: str = "docker") -> DeployDeckError:
    with pytest.raises(DeployDeckError) as caught:
        files_of(made, chosen, target)
    assert caught.value.what
    return caught.value


def runs(dockerfile: str) -> list[str]:
    return [i.arguments for i in instructions(dockerfile) if i.name == "RUN"]


def last(dockerfile: str, name: str) -> str:
    return [i.arguments for i in instructions(dockerfile) if i.name == name][-1]


# --- configuration ------------------------------------------------------------------------------------------------------------


def test_a_flask_configuration(tmp_path: Path) -> None:
    made = flask_pip(tmp_path)
    found = config_of(made)
    assert (found.app, found.port, found.published_port, found.target) == ("shop-api", 8000, 8000, "docker")
    assert found.recipe.install == (("pip", "install", "--requirement", "requirements.txt", "gunicorn==23.0.0"),)
    assert found.recipe.start == ("gunicorn", "--bind", "{host}:{port}", "app:app")
    assert found.recipe.version == "3.13"
    assert found.profile_hash == made.content_hash
    assert [(v.name, v.source, v.secret, v.value) for v in found.variables] == [("SECRET_KEY", VariableSource.KEYRING, True, None)]


def test_what_was_built_moves_to_another_environment_with_the_values_of_that_one(tmp_path: Path) -> None:
    needed = (EnvVariable(name="MODE", required=True), EnvVariable(name="SECRET_KEY", required=True, secret=True))
    made = flask_pip(tmp_path, variables=needed)
    chosen = Settings.model_validate(
        {
            "environments": {
                "staging": {"variables": {"MODE": "s", "ONLY": "staging"}, "published_port": 9001},
                "production": {
                    "variables": {"COLOR": "red"},
                    "secrets": ["TOKEN"],
                    "published_port": 80,
                    "bind_address": "0.0.0.0",
                },
            }
        }
    )
    built = config_of(made, chosen, environment="staging")
    moved = GENERATOR.moved_config(built, made, chosen, "production")
    assert {one.name: (one.source, one.value) for one in moved.variables} == {
        "COLOR": (VariableSource.SETTINGS, "red"),
        "MODE": (VariableSource.ENV_FILE, None),
        "SECRET_KEY": (VariableSource.KEYRING, None),
        "TOKEN": (VariableSource.KEYRING, None),
    }
    assert (moved.environment, moved.published_port, moved.bind_address) == ("production", 80, "0.0.0.0")
    assert (moved.recipe, moved.port, moved.health) == (built.recipe, built.port, built.health)


def test_the_settings_win_over_the_scan(tmp_path: Path) -> None:
    chosen = set_to(
        app={"name": "My Shop", "runtime_version": "3.12", "start": ["python", "app.py"], "port": 9000,
             "health_path": "/up", "build": ["make"]},
        health={"host_header": "shop.example", "deadline_s": 9},
        resources={"memory_mb": 256, "cpus": 0.5},
        environments={"prod": {"published_port": 80, "bind_address": "0.0.0.0", "variables": {"GREETING": "hi"},
                               "secrets": ["API_KEY"],
                               "keep_releases": 9}},
    )  # fmt: skip
    found = config_of(flask_pip(tmp_path), chosen, environment="prod")
    assert (found.app, found.recipe.version, found.recipe.start, found.port) == ("my-shop", "3.12", ("python", "app.py"), 9000)
    assert found.recipe.build == (("make",),)
    assert (found.published_port, found.bind_address, found.keep_releases) == (80, "0.0.0.0", 9)
    assert (found.health.path, found.health.host_header, found.health.deadline_s) == ("/up", "shop.example", 9)
    assert (found.limits.memory_bytes, found.limits.cpus) == (256 * 1024 * 1024, 0.5)
    assert [(v.name, v.source.value, v.secret, v.value) for v in found.variables] == [
        ("API_KEY", "keyring", True, None), ("GREETING", "settings", False, "hi"), ("SECRET_KEY", "keyring", True, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"support": Support.NOT_YET, "support_reason": "Go project; deploying it is not supported yet"}, "generate-unsupported"),
        ({"support": Support.UNKNOWN}, "generate-unsupported"),
        ({"start": None}, "generate-no-start"),
        ({"port": None}, "generate-no-port"),
        ({"package_manager": None}, "generate-no-manager"),
        ({"kind": Kind.NONE}, "generate-nothing-to-run"),
        ({"package_manager": fact(PackageManager(name="nimble"))}, "generate-manager"),
        ({"runtime_version": fact("2.7", "runtime.txt")}, "generate-runtime-version"),
        ({"health_path": fact("/a b")}, "generate-health-path"),
        ({"start": fact(StartCommand(argv=("x",), packages=("a; rm",)))}, "generate-unsafe-package"),
        ({"package_manager": fact(PackageManager(name="pip", manifest="../x.txt"))}, "generate-unsafe-path"),
    ],
)
def test_what_is_missing_or_unsafe_is_said(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    error = refusal(flask_pip(tmp_path, **change))
    assert error.code == code
    if code == "generate-unsupported" and change.get("support_reason"):
        assert error.what == "Go project; deploying it is not supported yet"


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ({"build": {"registry_mirror": "x\nRUN id"}}, "generate-registry-mirror"),
        ({"build": {"dockerfile": "../Dockerfile"}}, "generate-unsafe-path"),
        ({"environments": {"development": {"variables": {"A-B": "x"}}}}, "generate-variable-name"),
        ({"app": {"runtime_version": "1"}}, "generate-runtime-version"),
    ],
)
def test_unsafe_settings_are_refused(tmp_path: Path, chosen: dict[str, Any], code: str) -> None:
    assert refusal(flask_pip(tmp_path), set_to(**chosen)).code == code


def test_a_start_command_makes_a_site_a_server(tmp_path: Path) -> None:
    chosen = set_to(app={"start": ["node", "server.js"], "port": 3000})
    assert config_of(vite_npm(tmp_path), chosen).recipe.kind is Kind.SERVER


# --- files --------------------------------------------------------------------------------------------------------------------

SAMPLES = [flask_pip, express_npm, static_site, vite_npm]


@pytest.mark.parametrize("make", SAMPLES)
def test_every_file_passes_its_checkers_and_gives_reasons(tmp_path: Path, make: Any) -> None:
    found = files_of(make(tmp_path))
    assert {"Dockerfile", ".dockerignore", "deploydeck.toml"} <= set(found)
    for file in found.values():
        assert file.content.startswith("# Generated by DeployDeck") and file.content.endswith("\n")
        assert file.verdicts and not file.blocked, file.verdicts
        lines = file.content.split("\n")
        reasoned = {reason.line for reason in file.reasons}
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.lstrip().startswith("#"):
                assert number in reasoned, f"{file.path}:{number} {line}"
            else:
                assert number not in reasoned
        assert all(reason.rule and reason.why for reason in file.reasons)
    ours = [v for v in found["Dockerfile"].verdicts if v.checker in ("dockerfile", "policies")]
    assert len(ours) == 2 and not [f for v in ours for f in v.findings if f.rule != "unlocked-install"]


def test_reasons_carry_the_evidence_of_the_scan(tmp_path: Path) -> None:
    file = files_of(flask_pip(tmp_path))["Dockerfile"]
    lines = file.content.split("\n")
    why = {lines[r.line - 1].split()[0]: r for r in file.reasons}
    assert why["CMD"].evidence[0].where == "app.py:3"
    assert why["EXPOSE"].evidence[0].where == "app.py:3"
    install = next(r for r in file.reasons if "pip install" in lines[r.line - 1])
    assert install.evidence[0].file == "requirements.txt"


def test_the_flask_dockerfile(tmp_path: Path) -> None:
    text = files_of(flask_pip(tmp_path))["Dockerfile"].content
    assert last(text, "FROM") == "python:3.13-slim" and text.count("FROM ") == 2
    assert last(text, "USER") == "10001:10001"
    assert json.loads(last(text, "CMD")) == ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"]
    assert json.loads(last(text, "HEALTHCHECK").split("CMD ", 1)[1])[-1] == "http://127.0.0.1:8000/"
    assert text.index("COPY requirements.txt") < text.index("pip install --requirement") < text.index("COPY . .")
    assert any(run.startswith("--mount=type=cache,target=/root/.cache/pip pip install") for run in runs(text))
    assert "SECRET_KEY" not in text


def test_the_express_dockerfile(tmp_path: Path) -> None:
    made = express_npm(tmp_path)
    assert "unlocked-install" in [f.rule for v in files_of(made)["Dockerfile"].verdicts for f in v.findings]
    write(tmp_path, {"package-lock.json": "{}"})
    file = files_of(made)["Dockerfile"]
    assert "npm ci --omit=dev" in file.content and "prune" not in file.content
    assert "COPY package.json package-lock.json ./" in file.content
    assert not [f for v in file.verdicts if v.checker == "deploydeck" for f in v.findings]
    assert "PORT=3000" in file.content and "NODE_ENV=production" in file.content.split("FROM ")[-1]


def test_a_node_build_has_development_packages_and_drops_them(tmp_path: Path) -> None:
    made = express_npm(tmp_path, build_command=fact(("npm", "run", "build"), "package.json"))
    write(tmp_path, {"package-lock.json": "{}"})
    ran = runs(files_of(made)["Dockerfile"].content)
    assert [r.split(" ", 1)[-1] if r.startswith("--mount") else r for r in ran] == [
        "npm ci --include=dev", "npm run build", "npm prune --omit=dev",
    ]  # fmt: skip


def test_install_scripts_run_once_the_source_is_there(tmp_path: Path) -> None:
    made = express_npm(tmp_path)
    scripts = {"prepare": "husky", "postinstall": "node x.js"}
    write(tmp_path, {"package.json": json.dumps({"scripts": scripts}), "package-lock.json": "{}"})
    file = files_of(made)["Dockerfile"]
    steps = ["npm pkg delete scripts.postinstall scripts.prepare", "npm ci --omit=dev", "COPY . .", "npm run postinstall"]
    places = [file.content.index(step) for step in steps]
    assert places == sorted(places)
    assert "npm run prepare" not in file.content  # hooks of git have no use in an image, and husky is not there without a build
    reason = next(r for r in file.reasons if "npm pkg delete" in file.content.split("\n")[r.line - 1])
    assert reason.evidence[0].file == "package.json"


MANAGERS: list[tuple[str, str, dict[str, str], list[str], str]] = [
    ("pnpm", "", {"pnpm-lock.yaml": "lockfileVersion: '6.0'\n"},
     ["pnpm@8.15.9", "pnpm install --frozen-lockfile --prod"], "pnpm-lock.yaml"),
    ("pnpm", "9.12.0", {"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}, ["pnpm@9.12.0"], ""),
    ("pnpm", "9.12.0+sha512.abc", {"pnpm-lock.yaml": ""}, ["pnpm@9.12.0"], ""),
    ("pnpm", "; rm -rf /", {"pnpm-lock.yaml": ""}, ["pnpm@10.34.9"], ""),
    ("yarn", "", {"yarn.lock": "# yarn lockfile v1\n"}, ["yarn@1.22.22", "yarn install --frozen-lockfile --production=true"], ""),
    ("yarn", "", {"yarn.lock": "__metadata:\n  version: 8\n"},
     ["@yarnpkg/cli-dist@4.18.1", "yarn install --immutable", "workspaces focus"], "yarn.lock"),
    ("yarn", "3.8.7", {"yarn.lock": "__metadata:\n  version: 8\n"}, ["@yarnpkg/cli-dist@3.8.7"], ""),
    ("npm", "", {"npm-shrinkwrap.json": "{}"}, ["npm ci --omit=dev", "COPY package.json npm-shrinkwrap.json ./"], ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "version", "content", "expected", "evidence"), MANAGERS)
def test_node_managers(
    tmp_path: Path, name: str, version: str, content: dict[str, str], expected: list[str], evidence: str
) -> None:
    made = express_npm(tmp_path, package_manager=fact(PackageManager(name=name, version=version, manifest="package.json")))
    write(tmp_path, content)
    file = files_of(made)["Dockerfile"]
    for text in expected:
        assert text in file.content
    if evidence:
        tool = next(r for r in file.reasons if r.rule == "manager")
        assert tool.evidence[0].file == evidence


def python_with(root: Path, name: str, content: dict[str, str], **manager: str) -> ProjectProfile:
    made = flask_pip(
        root, package_manager=fact(PackageManager(name=name, **{"manifest": "pyproject.toml", **manager}), "pyproject.toml")
    )
    write(root, content)
    return made


def test_uv(tmp_path: Path) -> None:
    made = python_with(tmp_path, "uv", {"pyproject.toml": "[project]\nname = 'x'\n", "uv.lock": ""})
    text = files_of(made)["Dockerfile"].content
    parts = ("uv==", "COPY pyproject.toml uv.lock ./", "uv sync --frozen --no-dev --no-install-project", "COPY . .",
             "uv sync --frozen --no-dev\n", "uv pip install gunicorn==23.0.0")  # fmt: skip
    order = [text.index(part) for part in parts]
    assert order == sorted(order)
    assert config_of(made).recipe.install == (("uv", "sync", "--frozen", "--no-dev"), ("uv", "pip", "install", "gunicorn==23.0.0"))
    write(tmp_path, {"pyproject.toml": "[tool.uv.workspace]\nmembers = ['a']\n"})
    text = files_of(made)["Dockerfile"].content
    assert "--no-install-project" not in text and text.index("COPY . .") < text.index("uv sync")


def test_poetry(tmp_path: Path) -> None:
    lock = "# This file is automatically @generated by Poetry 1.7.1 and should not be changed by hand.\n"
    made = python_with(tmp_path, "poetry", {"pyproject.toml": "[tool.poetry]\nname = 'x'\n", "poetry.lock": lock})
    text = files_of(made)["Dockerfile"].content
    assert "poetry==1.8.5" in text and "poetry install --only main --no-root" in text and "pip install gunicorn==23.0.0" in text
    assert config_of(made).recipe.install[0] == ("poetry", "install", "--only", "main", "--no-root")
    write(tmp_path, {"poetry.lock": lock.replace("1.7.1", "2.1.3"), "x/__init__.py": ""})
    assert "poetry==2.1.3" in files_of(made)["Dockerfile"].content
    assert config_of(made).recipe.install[0] == ("poetry", "install", "--only", "main")


def test_pip_checks_hashes_and_follows_includes(tmp_path: Path) -> None:
    made = flask_pip(tmp_path)
    write(tmp_path, {"requirements.txt": "-r base.txt\n", "base.txt": "flask==3.1.0 --hash=sha256:aa\n"})
    text = files_of(made)["Dockerfile"].content
    assert "COPY requirements.txt base.txt ./" in text
    assert "pip install --require-hashes --requirement requirements.txt\n" in text
    assert "pip install gunicorn==23.0.0" in text
    write(tmp_path, {"requirements.txt": "-e .\n"})
    text = files_of(made)["Dockerfile"].content
    assert text.index("COPY . .") < text.index("pip install --requirement")


def test_pip_installs_the_project_when_that_is_all_there_is(tmp_path: Path) -> None:
    made = python_with(tmp_path, "pip", {"pyproject.toml": "[project]\nname = 'x'\n"})
    assert config_of(made).recipe.install == (("pip", "install", "."), ("pip", "install", "gunicorn==23.0.0"))


def test_django_collects_static_files_with_a_key_that_stays_nowhere(tmp_path: Path) -> None:
    made = flask_pip(tmp_path, framework=fact(Framework(id="django", name="Django")), variables=(
        EnvVariable(name="DJANGO_KEY", required=True, secret=True), EnvVariable(name="DATABASE_URL", required=True)))  # fmt: skip
    write(
        tmp_path,
        {"manage.py": "setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n", "shop/settings.py": "STATIC_ROOT = 'x'\n"},
    )
    file = files_of(made)["Dockerfile"]
    (run,) = [r for r in runs(file.content) if "collectstatic" in r]
    assert run.endswith("python manage.py collectstatic --noinput")
    assert "DJANGO_KEY=only" in run and "SECRET_KEY=only" in run and "DATABASE_URL=sqlite" in run
    assert not any("KEY" in i.arguments for i in instructions(file.content) if i.name in ("ENV", "ARG"))
    assert next(r for r in file.reasons if r.rule == "collectstatic").evidence[0].where == "shop/settings.py:1"
    scanned = made.model_copy(update={"build_command": fact(("python", "manage.py", "collectstatic", "--noinput"))})
    assert len(config_of(scanned).recipe.build) == 1


def next_profile(root: Path, argv: tuple[str, ...] = ("next", "start")) -> ProjectProfile:
    made = express_npm(
        root, framework=fact(Framework(id="nextjs", name="Next.js")), start=fact(StartCommand(argv=argv, port_from_env=True)),
        build_command=fact(("npm", "run", "build")),
    )  # fmt: skip
    write(root, {"package-lock.json": "{}"})
    return made


@pytest.mark.parametrize(
    "argv", [("next", "start"), ("npx", "next", "start"), ("node_modules/.bin/next", "start"), ("npm", "run", "start")]
)
def test_next_starts_as_node_itself(tmp_path: Path, argv: tuple[str, ...]) -> None:
    command = json.loads(last(files_of(next_profile(tmp_path, argv))["Dockerfile"].content, "CMD"))
    assert command == ["node", "node_modules/next/dist/bin/next", "start", "--hostname", "0.0.0.0", "--port", "3000"]


def test_next_with_a_server_of_its_own(tmp_path: Path) -> None:
    assert config_of(next_profile(tmp_path, ("node", "custom.js"))).recipe.start == ("node", "custom.js")


def test_next_standalone(tmp_path: Path) -> None:
    made = next_profile(tmp_path)
    write(tmp_path, {"next.config.mjs": "export default { output: 'standalone' }\n", "public/robots.txt": ""})
    text = files_of(made)["Dockerfile"].content
    assert json.loads(last(text, "CMD")) == ["node", "server.js"]
    assert "/app/.next/standalone /app" in text and "/app/public" in text and "prune" not in text
    assert config_of(made, target="process").recipe.start[1].endswith("bin/next")


def test_system_packages(tmp_path: Path) -> None:
    where = Evidence(file="requirements.txt", line=2)
    because: dict[str, Any] = {"because": "psycopg2", "evidence": (where,)}
    made = flask_pip(tmp_path, system_packages=(
        SystemPackage(name="gcc", build=True, **because), SystemPackage(name="libpq-dev", build=True, **because),
        SystemPackage(name="libpq5", run=True, **because), SystemPackage(name="x; rm -rf /", run=True)))  # fmt: skip
    chosen = set_to(build={"run_packages": ["tzdata", "libpq5=17.6-1"]})
    file = files_of(made, chosen)["Dockerfile"]
    build, final = file.content.split("# Run:")
    assert "        gcc \\\n        libc6-dev \\\n        libpq-dev \\\n" in build
    assert "libpq5 \\" in final and "tzdata" in final and "gcc" not in final and "rm -rf /\n" not in file.content
    why = {file.content.split("\n")[r.line - 1].strip(" \\"): r for r in file.reasons if r.rule == "system-packages"}
    assert why["libpq-dev"].evidence == (where,) and "psycopg2" in why["libpq-dev"].why
    assert "[build] run_packages" in why["tzdata"].why and not why["tzdata"].evidence


def test_a_single_page_falls_back_and_a_site_does_not(tmp_path: Path) -> None:
    write(tmp_path / "spa", {})
    spa, site = files_of(vite_npm(tmp_path / "spa")), files_of(static_site(tmp_path / "site"))
    assert "try_files $uri $uri.html $uri/ /index.html;" in spa["deploy/nginx.conf"].content
    assert "try_files $uri $uri.html $uri/ =404;" in site["deploy/nginx.conf"].content
    assert "COPY --from=build /app/dist/ /srv/site/" in spa["Dockerfile"].content
    assert "/dist\n" in spa[".dockerignore"].content and "USER 101:101" in spa["Dockerfile"].content
    assert "location = /deploy/nginx.conf" in site["deploy/nginx.conf"].content
    assert "listen 8080;" in site["deploy/nginx.conf"].content


def test_a_built_directory_that_is_served_is_not_ignored(tmp_path: Path) -> None:
    made = static_site(tmp_path, output_dir=fact("coverage"), language=fact(Language(id="javascript", name="JavaScript")))
    found = files_of(made)
    assert "\ncoverage\n" not in found[".dockerignore"].content
    assert "COPY coverage/ /srv/site/" in found["Dockerfile"].content


def test_an_own_server_configuration_is_not_touched(tmp_path: Path) -> None:
    made = static_site(tmp_path)
    write(tmp_path, {"deploy/nginx.conf": "events {}\n"})
    found = files_of(made)
    assert "deploy/nginx.conf" not in found
    assert "COPY deploy/deploydeck-nginx.conf /etc/nginx/nginx.conf" in found["Dockerfile"].content


def test_the_mirror_stands_before_every_base_image(tmp_path: Path) -> None:
    text = files_of(vite_npm(tmp_path), set_to(build={"registry_mirror": "mirror.example/hub"}))["Dockerfile"].content
    assert [i.arguments.split()[0] for i in instructions(text) if i.name == "FROM"] == [
        "mirror.example/hub/node:22-slim", "mirror.example/hub/nginx:stable",
    ]  # fmt: skip


def test_the_process_target_needs_no_image(tmp_path: Path) -> None:
    assert set(files_of(flask_pip(tmp_path), target="process")) == {"deploydeck.toml", ".env.example"}


# --- what is there already ----------------------------------------------------------------------------------------------------


def test_an_own_dockerfile_is_kept_reported_and_used(tmp_path: Path) -> None:
    made = flask_pip(tmp_path)
    own = "FROM python\nRUN pip install flask\nCMD python app.py\n"
    write(tmp_path, {"Dockerfile": own})
    found = files_of(made)
    kept = found["Dockerfile"]
    assert kept.content == own and not kept.blocked
    assert kept.verdicts[0].findings[0].rule == "own-file"
    assert any(v.findings for v in kept.verdicts[1:])
    assert found[".dockerignore"].content.split("\n")[1:-1] == [".git", "**/.env", "**/.env.*", "!**/.env.example"]
    assert config_of(made).dockerfile == "Dockerfile"
    assert files_of(made, replace=True)["Dockerfile"].content.startswith("# Generated by DeployDeck")


def test_our_own_output_is_made_anew(tmp_path: Path) -> None:
    made = flask_pip(tmp_path)
    first = files_of(made)
    write(tmp_path, {path: file.content for path, file in first.items() if path != "deploydeck.toml"})
    again = files_of(made)
    assert {path: file.content for path, file in again.items()} == {path: file.content for path, file in first.items()}
    write(tmp_path, {"Dockerfile": first["Dockerfile"].content + "RUN rm -rf /\n"})
    assert files_of(made)["Dockerfile"].content == first["Dockerfile"].content


def test_an_own_dockerignore_is_only_completed(tmp_path: Path) -> None:
    made = flask_pip(tmp_path)
    write(tmp_path, {".dockerignore": "data\n.git/\n"})
    lines = files_of(made)[".dockerignore"].content.split("\n")
    assert lines == ["data", ".git/", "# Added by DeployDeck", "**/.env", "**/.env.*", "!**/.env.example", ".venv", "venv", ""]
    write(tmp_path, {".dockerignore": ".git\n.env\n.env.*\n.venv/\n/venv\n"})
    assert ".dockerignore" not in files_of(made)


def test_an_own_dockerignore_gets_no_packages_of_another_system(tmp_path: Path) -> None:
    made = express_npm(tmp_path)
    write(tmp_path, {".dockerignore": ".git\n.env*\n.env\n.env.*\n"})
    assert files_of(made)[".dockerignore"].content.endswith("# Added by DeployDeck\n**/node_modules\n")


def test_own_project_file_and_example_are_left_alone(tmp_path: Path) -> None:
    made = flask_pip(tmp_path)
    write(tmp_path, {"deploydeck.toml": "", ".env.example": "SECRET_KEY=real\n"})
    found = files_of(made)
    assert "deploydeck.toml" not in found and ".env.example" not in found
    assert "real" not in repr(found)


def test_the_project_file_round_trips_through_the_settings(tmp_path: Path) -> None:
    chosen = set_to(environments={"staging": {"published_port": 8123, "bind_address": "0.0.0.0"}})
    made = flask_pip(tmp_path, health_path=fact("/health", "app.py", 9))
    found = GENERATOR.generate(made, config_of(made, chosen, environment="staging"), chosen)
    file = next(f for f in found if f.path == "deploydeck.toml")
    read = validate_content(tomllib.loads(file.content), "deploydeck.toml", "project")
    assert read.default_environment == "staging" and read.app.health_path == "/health"
    place = read.environment("staging")
    assert (place.target, place.published_port, place.bind_address, place.secrets) == ("docker", 8123, "0.0.0.0", ["SECRET_KEY"])


def test_the_example_holds_names_and_no_secrets(tmp_path: Path) -> None:
    made = flask_pip(tmp_path, variables=(
        EnvVariable(name="TOKEN", secret=True, default="sk-leak"), EnvVariable(name="A", default="1"),
        EnvVariable(name="B", default="x y"), EnvVariable(name="C", default="a\nEVIL=1"),
        EnvVariable(name="D'E", default="1"), EnvVariable(name="F", default="it's")))  # fmt: skip
    file = files_of(made)[".env.example"]
    lines = file.content.split("\n")
    assert [line for line in lines if line and line[0] != "#"] == ["A=1", "B='x y'"]
    assert [line for line in lines if line.endswith("=")] == ["# C=", "# F=", "# TOKEN="]
    assert "leak" not in file.model_dump_json()


def test_a_registry_login_and_found_secrets_stay_out_of_the_image(tmp_path: Path) -> None:
    made = express_npm(tmp_path)
    write(tmp_path, {".npmrc": "//r/:_authToken=npm_leak\n"})
    found = files_of(made)
    assert "\n.npmrc\n" in found[".dockerignore"].content
    assert "npm_leak" not in repr(found)


def test_an_edited_file_can_be_checked_again(tmp_path: Path) -> None:
    file = files_of(flask_pip(tmp_path))["Dockerfile"]
    edited = GENERATOR.checked(file.model_copy(update={"content": file.content + "ENV API_KEY=x\n"}))
    assert edited.blocked and not file.blocked
    assert GENERATOR.check("README.md", "x") == ()
    assert {v.state for v in file.verdicts} <= set(CheckState)
    assert Change.model_fields["file"].annotation is GeneratedFile


# --- nothing a project says becomes an instruction -----------------------------------------------------------------------------

HOSTILE = st.text(max_size=30) | st.sampled_from(
    ["x\nRUN id", 'x"]\nUSER root', "$(id)", "`id`", "a; rm -rf /", "${HOME}", "\\", "x \\", "<<EOF", "# x", "\x00",
     "\x1b[2J", "{{ 7*7 }}", "{% x %}", "\u2028RUN id", "..", "/etc/passwd", "--mount=type=bind",
     "-", "", "'", '"', "a\rRUN id", "é", "\ud800"]
)  # fmt: skip


def mostly(good: str, prefix: str = "") -> st.SearchStrategy[str]:
    """Good three times out of four, so that the other fields of an example get their chance."""
    return st.integers(0, 3).flatmap(lambda n: HOSTILE.map(prefix.__add__) if n == 3 else st.just(good))


WORDS = st.lists(HOSTILE, min_size=1, max_size=4).map(tuple)
SHAPE = "FROM RUN ENV WORKDIR COPY RUN COPY RUN FROM ENV COPY COPY WORKDIR USER EXPOSE HEALTHCHECK CMD".split()


@settings(max_examples=150, deadline=None)
@given(name=HOSTILE, start=WORDS, build=WORDS, path=mostly("/", "/"), version=mostly("3.12"), framework=HOSTILE,
       variables=st.lists(HOSTILE | st.just("GOOD"), max_size=3), default=HOSTILE,
       packages=st.lists(mostly("gunicorn==23.0.0"), max_size=1))  # fmt: skip
def test_python_projects_cannot_inject(
    tmp_path_factory: pytest.TempPathFactory, name: str, start: tuple[str, ...], build: tuple[str, ...], path: str, version: str,
    framework: str, variables: list[str], default: str, packages: list[str],
) -> None:  # fmt: skip
    root = tmp_path_factory.getbasetemp() / "hostile-python"
    root.mkdir(exist_ok=True)
    try:
        made = flask_pip(
            root, name=name, start=fact(StartCommand(argv=start, packages=tuple(packages))), build_command=fact(build),
            health_path=fact(path), framework=fact(Framework(id=framework, name=framework)),
            runtime_version=fact(version, "runtime.txt", 1), dependencies=(Dependency(name=name),),
            variables=tuple(EnvVariable(name=v, default=default, required=True) for v in variables),
            package_manager=fact(PackageManager(name="pip", version=version, manifest="requirements.txt")),
        )  # fmt: skip
        found = without_hadolint(made)
    except DeployDeckError as error:
        assert error.code.startswith("generate-")
        assert not {c for c in str(error) if ord(c) < 32 and c != "\n"}
        return
    text = found["Dockerfile"].content
    assert [i.name for i in instructions(text)] == SHAPE
    assert [i.name for i in instructions(text) if i.name in ("USER",)] == ["USER"] and "USER 10001:10001\n" in text
    assert json.loads(last(text, "CMD")) == [w.replace("{host}", "0.0.0.0").replace("{port}", "8000") for w in start]
    assert not {c for c in text if ord(c) < 32 and c != "\n"} and text.isascii()
    for line in found[".env.example"].content.split("\n") if ".env.example" in found else ():
        assert not line or line.startswith("#") or line.partition("=")[0] in variables
    validate_content(tomllib.loads(found["deploydeck.toml"].content), "x", "project")


@settings(max_examples=100, deadline=None)
@given(name=HOSTILE, output=mostly("dist"), build=WORDS, path=mostly("/", "/"), manager=HOSTILE)
def test_sites_cannot_inject(
    tmp_path_factory: pytest.TempPathFactory, name: str, output: str, build: tuple[str, ...], path: str, manager: str
) -> None:
    root = tmp_path_factory.getbasetemp() / "hostile-site"
    root.mkdir(exist_ok=True)
    try:
        made = vite_npm(root, name=name, output_dir=fact(output), build_command=fact(build), health_path=fact(path),
                        package_manager=fact(PackageManager(name="pnpm", version=manager, manifest=manager)))  # fmt: skip
        found = without_hadolint(made)
    except DeployDeckError as error:
        assert error.code.startswith("generate-")
        return
    text = found["Dockerfile"].content
    shape = [i.name for i in instructions(text)]
    assert shape == ["FROM", "ENV", "RUN", "WORKDIR", "COPY", "RUN", "COPY", "RUN", "FROM", "COPY", "COPY", "USER", "EXPOSE",
                     "HEALTHCHECK", "STOPSIGNAL", "CMD"]  # fmt: skip
    assert (
        found["deploy/nginx.conf"].content == without_hadolint(vite_npm(root, health_path=fact("/")))["deploy/nginx.conf"].content
    )
    assert all(line.isprintable() for line in found[".dockerignore"].content.split("\n"))


QUICK = ConfigurationGenerator(Checking(checkers=tuple(checker for checker in CHECKERS if checker.quick)))


def without_hadolint(made: ProjectProfile) -> dict[str, GeneratedFile]:
    """Files of a hostile project; hadolint as a process for each example would take minutes."""
    chosen = Settings()
    found = {file.path: file for file in QUICK.generate(made, config_of(made, chosen), chosen)}
    assert not any(file.blocked for file in found.values()), [v for f in found.values() for v in f.verdicts]
    return found


@settings(max_examples=100, deadline=None)
@given(st.builds(profile, st.just("/nonexistent"), name=st.text(max_size=20), kind=st.sampled_from(Kind), single_page=st.booleans(),
                 framework=st.sampled_from([None, "flask", "django", "express", "nextjs", "vite"]).map(
                     lambda i: fact(Framework(id=i, name=i)) if i else None),
                 package_manager=st.sampled_from([None, "pip", "uv", "poetry", "npm", "pnpm", "yarn", "bun"]).map(
                     lambda n: fact(PackageManager(name=n)) if n else None),
                 start=st.sampled_from([None, ("run", "{port}")]).map(lambda a: fact(StartCommand(argv=a)) if a else None),
                 port=st.none() | st.integers(1, 65535).map(fact), output_dir=st.sampled_from([None, "dist", "."]).map(
                     lambda o: fact(o) if o else None),
                 build_command=st.sampled_from([None, ("npm", "run", "build")]).map(lambda b: fact(b) if b else None)),
       st.sampled_from(["docker", "process"]))  # fmt: skip
def test_any_profile_gives_valid_files_or_a_clear_error(made: ProjectProfile, target: str) -> None:
    try:
        found = config_of(made, target=target)
    except DeployDeckError as error:
        assert error.code.startswith("generate-") and error.what
        return
    assert DeploymentConfig.model_validate_json(found.model_dump_json()) == found
    assert not any("\n" in word for command in found.recipe.install for word in command)


def test_files_the_project_brings_are_shown_with_advice_and_never_blocked(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "docker-compose.yml": "services:\n  db:\n    image: postgres\n    environment:\n      POSTGRES_PASSWORD: hunter22\n",
            ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: pytest\n",
            "tsconfig.json": "{}\n",
        },
    )
    configs = tuple(
        ConfigFile(path=path, kind="any", sha256="0")
        for path in ("docker-compose.yml", ".github/workflows/ci.yml", "tsconfig.json", "gone.tf")
    )
    found = files_of(flask_pip(tmp_path, config_files=configs))
    own = {path: file for path, file in found.items() if file.own}
    assert sorted(own) == [".github/workflows/ci.yml", "docker-compose.yml"]
    rules = {finding.rule for verdict in own["docker-compose.yml"].verdicts for finding in verdict.findings}
    assert {"own-file", "unpinned-base", "secret-literal"} <= rules
    assert own["docker-compose.yml"].content == (tmp_path / "docker-compose.yml").read_text()
    assert not any(file.blocked for file in own.values())


def test_a_variable_about_a_secret_keeps_its_default_and_blocks_nothing(tmp_path: Path) -> None:
    variables = (EnvVariable(name="TOKEN_URL", default="https://login.example.com"), EnvVariable(name="API_TOKEN", default="abc"))
    file = files_of(flask_pip(tmp_path, variables=variables))[".env.example"]
    assert "TOKEN_URL=https://login.example.com\n" in file.content and "API_TOKEN=\n" in file.content
    assert not file.blocked
