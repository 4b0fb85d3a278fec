# ruff: noqa: E501 - templates of small programs read better unbroken
"""Projects made at random, with everything in them found again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from deploydeck.scan import ProjectAnalyzer
from tests.scan.trees import plant


@dataclass(frozen=True)
class Wanted:
    """What a made project holds: the framework's id and version, the manager, the pin, the port and the variables."""

    framework: str
    manager: str
    version: str
    pin: str
    port: int
    required: tuple[str, ...]
    defaulted: tuple[tuple[str, str], ...]


Files = dict[str, str]
WORDS = ("alpha", "beta", "gamma", "delta", "omega", "north", "south", "river", "stone", "cloud")


def python_files(wanted: Wanted) -> Files:
    reads = "".join(f"{name.lower()} = os.environ['{name}']\n" for name in wanted.required)
    reads += "".join(f"{name.lower()} = os.getenv('{name}', '{value}')\n" for name, value in wanted.defaulted)
    made = {
        "flask": f"from flask import Flask\napp = Flask(__name__)\n{reads}\nif __name__ == '__main__':\n    app.run(host='0.0.0.0', port={wanted.port})\n",
        "fastapi": f"from fastapi import FastAPI\nimport uvicorn\napp = FastAPI()\n{reads}\nif __name__ == '__main__':\n    uvicorn.run(app, host='0.0.0.0', port={wanted.port})\n",
        "sanic": f"from sanic import Sanic\napp = Sanic('x')\n{reads}\nif __name__ == '__main__':\n    app.run(host='0.0.0.0', port={wanted.port})\n",
    }[wanted.framework]
    files = {"main.py": "import os\n" + made, ".python-version": wanted.pin + "\n"}
    name, version = wanted.framework, wanted.version
    project = f'[project]\nname = "made"\nversion = "0"\ndependencies = ["{name}>=0"]\n'
    lock = f'[[package]]\nname = "{name}"\nversion = "{version}"\n'
    return (
        files
        | {
            "pip": {"requirements.txt": f"{name}=={version}\n"},
            "uv": {"pyproject.toml": project, "uv.lock": "version = 1\n" + lock},
            "poetry": {
                "pyproject.toml": f'[tool.poetry]\nname = "made"\n[tool.poetry.dependencies]\n{name} = "*"\n',
                "poetry.lock": lock,
            },
            "pdm": {"pyproject.toml": project, "pdm.lock": lock},
            "pipenv": {
                "Pipfile": f'[packages]\n{name} = "*"\n',
                "Pipfile.lock": json.dumps({"default": {name: {"version": f"=={version}"}}}),
            },
        }[wanted.manager]
    )


def node_files(wanted: Wanted) -> Files:
    reads = "".join(f"if (!process.env.{name}) throw new Error('{name}');\n" for name in wanted.required)
    reads += "".join(f"const {name.lower()} = process.env.{name} ?? '{value}';\n" for name, value in wanted.defaulted)
    made = {
        "express": "const express = require('express');\nconst app = express();\n",
        "koa": "const Koa = require('koa');\nconst app = new Koa();\n",
        "fastify": "const app = require('fastify')();\n",
    }[wanted.framework]
    listens = (
        f"app.listen({{ port: {wanted.port}, host: '0.0.0.0' }});\n"
        if wanted.framework == "fastify"
        else f"app.listen({wanted.port});\n"
    )
    name, version = wanted.framework, wanted.version
    package = {"name": "made", "scripts": {"start": "node server.js"}, "dependencies": {name: f"^{version}"}}
    locks = {
        "npm": {"package-lock.json": json.dumps({"lockfileVersion": 3, "packages": {"": {}, f"node_modules/{name}": {"version": version}}}, indent=1)},
        "pnpm": {"pnpm-lock.yaml": f"lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      {name}:\n        specifier: ^{version}\n        version: {version}\npackages:\n  {name}@{version}: {{}}\n"},
        "yarn": {"yarn.lock": f'# yarn lockfile v1\n\n{name}@^{version}:\n  version "{version}"\n'},
        "bun": {"bun.lock": json.dumps({"lockfileVersion": 1, "workspaces": {"": {"name": "made", "dependencies": {name: f"^{version}"}}}, "packages": {name: [f"{name}@{version}", "", {}, ""]}}, indent=1)},
    }  # fmt: skip
    return {
        "package.json": json.dumps(package, indent=1),
        "server.js": made + reads + listens,
        ".nvmrc": wanted.pin + "\n",
        **locks[wanted.manager],
    }


def go_files(wanted: Wanted) -> Files:
    module, make, run = {
        "gin": ("github.com/gin-gonic/gin", "r := gin.Default()", "r.Run({address})"),
        "echo": ("github.com/labstack/echo/v4", "r := echo.New()", "r.Start({address})"),
        "chi": ("github.com/go-chi/chi/v5", "r := chi.NewRouter()", "http.ListenAndServe({address}, r)"),
    }[wanted.framework]
    reads = "".join(f'\t_ = os.Getenv("{name}")\n' for name in (*wanted.required, *(name for name, _ in wanted.defaulted)))
    body = (
        f'package main\n\nimport (\n\t"net/http"\n\t"os"\n\n\t"{module}"\n)\n\nvar _ = http.StatusOK\n\nfunc main() {{\n{reads}\t{make}\n\t'
        + run.format(address=f'":{wanted.port}"')
        + "\n}\n"
    )
    return {
        "go.mod": f"module made\n\ngo {wanted.pin}\n\nrequire {module} v{wanted.version}\n",
        "main.go": body,
        "go.sum": f"{module} v{wanted.version} h1:x\n",
    }


def rust_files(wanted: Wanted) -> Files:
    reads = "".join(f'    let _ = std::env::var("{name}").expect("{name}");\n' for name in wanted.required)
    reads += "".join(f'    let _ = std::env::var("{name}").unwrap_or("{value}".into());\n' for name, value in wanted.defaulted)
    made = {
        "axum": f'use axum::Router;\n\n#[tokio::main]\nasync fn main() {{\n{reads}    let app = Router::new();\n    let listener = tokio::net::TcpListener::bind("0.0.0.0:{wanted.port}").await.unwrap();\n    axum::serve(listener, app).await.unwrap();\n}}\n',
        "actix-web": f'use actix_web::{{App, HttpServer}};\n\n#[actix_web::main]\nasync fn main() -> std::io::Result<()> {{\n{reads}    HttpServer::new(|| App::new()).bind(("0.0.0.0", {wanted.port}))?.run().await\n}}\n',
    }[wanted.framework]
    name, version = wanted.framework, wanted.version
    return {
        "Cargo.toml": f'[package]\nname = "made"\nversion = "0.1.0"\nedition = "2021"\nrust-version = "{wanted.pin}"\n\n[dependencies]\n{name} = "{version}"\n',
        "Cargo.lock": f'version = 3\n\n[[package]]\nname = "{name}"\nversion = "{version}"\n\n[[package]]\nname = "made"\nversion = "0.1.0"\n',
        "src/main.rs": made,
    }  # fmt: skip


def spring_files(wanted: Wanted) -> Files:
    reads = "".join(f"made.{name.lower()}=${{{name}}}\n" for name in wanted.required)
    reads += "".join(f"made.{name.lower()}=${{{name}:{value}}}\n" for name, value in wanted.defaulted)
    main = "src/main/java/made/Made.java"
    files = {main: "package made;\n\nimport org.springframework.boot.SpringApplication;\nimport org.springframework.boot.autoconfigure.SpringBootApplication;\n\n@SpringBootApplication\npublic class Made {\n    public static void main(String[] args) {\n        SpringApplication.run(Made.class, args);\n    }\n}\n",
             "src/main/resources/application.properties": f"server.port={wanted.port}\n{reads}"}  # fmt: skip
    if wanted.manager == "maven":
        return files | {
            "pom.xml": f"<project>\n  <parent>\n    <groupId>org.springframework.boot</groupId>\n    <artifactId>spring-boot-starter-parent</artifactId>\n    <version>{wanted.version}</version>\n  </parent>\n  <groupId>made</groupId>\n  <artifactId>made</artifactId>\n  <version>1</version>\n  <properties>\n    <java.version>{wanted.pin}</java.version>\n  </properties>\n  <dependencies>\n    <dependency>\n      <groupId>org.springframework.boot</groupId>\n      <artifactId>spring-boot-starter-web</artifactId>\n    </dependency>\n  </dependencies>\n</project>\n"
        }
    return files | {
        "build.gradle": f"plugins {{\n    id 'java'\n    id 'org.springframework.boot' version '{wanted.version}'\n}}\n\njava {{\n    toolchain {{\n        languageVersion = JavaLanguageVersion.of({wanted.pin})\n    }}\n}}\n\ndependencies {{\n    implementation 'org.springframework.boot:spring-boot-starter-web'\n}}\n",
        "settings.gradle": "rootProject.name = 'made'\n",
    }


def sinatra_files(wanted: Wanted) -> Files:
    reads = "".join(f"{name.lower()} = ENV.fetch('{name}')\n" for name in wanted.required)
    reads += "".join(f"{name.lower()} = ENV.fetch('{name}', '{value}')\n" for name, value in wanted.defaulted)
    return {
        "Gemfile": f"source 'x'\nruby '{wanted.pin}'\ngem 'sinatra'\ngem 'puma'\n",
        "Gemfile.lock": f"GEM\n  specs:\n    sinatra ({wanted.version})\n    puma (6.4.2)\n\nDEPENDENCIES\n  puma\n  sinatra\n",
        "app.rb": f"require 'sinatra'\n\nset :port, {wanted.port}\nset :bind, '0.0.0.0'\n{reads}\nget '/' do\n  'hello'\nend\n",
    }  # fmt: skip


STACKS: tuple[tuple[Callable[[Wanted], Files], tuple[str, ...], tuple[str, ...], tuple[str, ...], bool], ...] = (
    (python_files, ("flask", "fastapi", "sanic"), ("pip", "uv", "poetry", "pdm", "pipenv"), ("3.11", "3.12", "3.13"), True),
    (node_files, ("express", "koa", "fastify"), ("npm", "pnpm", "yarn", "bun"), ("20", "22", "24"), True),
    (go_files, ("gin", "echo", "chi"), ("go",), ("1.22", "1.23", "1.24"), False),
    (rust_files, ("axum", "actix-web"), ("cargo",), ("1.75", "1.80"), True),
    (spring_files, ("spring-boot",), ("maven", "gradle"), ("17", "21"), True),
    (sinatra_files, ("sinatra",), ("bundler",), ("3.2.4", "3.3.5"), True),
)
"""How it is written, frameworks, managers, pins, and whether the language tells a required variable from a read one."""

variable = st.lists(st.sampled_from(WORDS), min_size=2, max_size=3, unique=True).map(lambda words: "_".join(words).upper())


@st.composite
def made(draw: st.DrawFn) -> tuple[Files, Wanted, bool]:
    write, frameworks, managers, pins, tells = draw(st.sampled_from(STACKS))
    names = draw(st.lists(variable, min_size=1, max_size=5, unique=True))
    cut = draw(st.integers(0, len(names)))
    wanted = Wanted(
        framework=draw(st.sampled_from(frameworks)), manager=draw(st.sampled_from(managers)), pin=draw(st.sampled_from(pins)),
        version=".".join(map(str, draw(st.tuples(st.integers(1, 9), st.integers(0, 30), st.integers(0, 20))))), port=draw(st.integers(1024, 65000)),
        required=tuple(names[:cut]), defaulted=tuple((name, draw(st.sampled_from(WORDS))) for name in names[cut:]),
    )  # fmt: skip
    return write(wanted), wanted, tells


# Feature: deployment-automation, Property 1: For any valid project directory, the Project_Analyzer should detect all present technologies (language, framework, build tools, dependencies) and generate a complete project profile containing all detected information with appropriate confidence scores.
@settings(max_examples=150, deadline=30_000)
@given(project=made())
def test_everything_that_was_put_into_a_project_is_found_again(project: tuple[Files, Wanted, bool]) -> None:
    files, wanted, tells = project
    with tempfile.TemporaryDirectory() as directory:
        profile = ProjectAnalyzer().profile(plant(Path(directory), files))
    assert profile.framework is not None
    assert profile.package_manager is not None
    assert profile.runtime_version is not None
    assert profile.port is not None
    assert profile.language is not None
    assert profile.start is not None
    assert (profile.framework.value.id, profile.package_manager.value.name) == (wanted.framework, wanted.manager)
    assert profile.framework.value.version == wanted.version
    assert profile.runtime_version.value == wanted.pin
    assert profile.port.value == wanted.port
    found = {one.name: one for one in profile.variables}
    assert set(found) == {*wanted.required, *(name for name, _ in wanted.defaulted)}
    if tells:
        assert {name for name, one in found.items() if one.required} == set(wanted.required)
        assert {(name, one.default) for name, one in found.items() if one.default is not None} == set(wanted.defaulted)
    assert any(one.version.removeprefix("v") == wanted.version for one in profile.dependencies)
    for fact in (
        profile.language,
        profile.framework,
        profile.package_manager,
        profile.runtime_version,
        profile.port,
        profile.start,
    ):
        assert fact.evidence
        assert 0.5 < fact.confidence <= 1
        assert not fact.alternatives
