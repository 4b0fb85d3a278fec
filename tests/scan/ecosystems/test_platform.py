# ruff: noqa: E501 - a table of small files reads better unbroken
"""Version pins, container files, platform files, environment files and data sources, and what is made of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploydeck.domain import Kind, ProjectProfile
from deploydeck.scan.deliver import deliver, said
from deploydeck.scan.facts import Broken, Facts, Found
from deploydeck.scan.parsers.images import port_of, runtimes_of
from deploydeck.scan.state import Scan
from deploydeck.scan.walk import Entry, Tree
from deploydeck.scan.written import gist
from deploydeck.settings import AppSettings
from tests.scan.trees import codes, parser_for, scan, where


def facts(file: str, text: str, *kinds: str) -> list[Found]:
    parser = parser_for(file)
    assert parser is not None, file
    return [fact for fact in parser.parse(file, text.encode()) if not kinds or fact.kind in kinds]


def short(file: str, text: str, *kinds: str) -> set[tuple[str, str, str]]:
    return {(fact.kind, fact.name, fact.value) for fact in facts(file, text, *kinds)}


PINS = [
    (".python-version", "3.12.1\n", {("python", "3.12.1")}),
    (".python-version", "# comment\n\n3.11\n3.10\n", {("python", "3.11")}),
    (".python-version", "cpython-3.12.1-linux-x86_64-gnu\n", {("python", "3.12.1")}),
    (".python-version", "pypy3.10-7.3.15\n", set()),
    (".python-version", "system\n", set()),
    ("runtime.txt", "python-3.12.1\n", {("python", "3.12.1")}),
    ("runtime.txt", "3.9", {("python", "3.9")}),
    ("runtime.txt", "ruby-3.3.0", {("ruby", "3.3.0")}),
    ("runtime.txt", "r-4.2-2023-01-01", {("r", "4.2")}),
    ("runtime.txt", "see the readme", set()),
    (".nvmrc", "v20.11.1\n", {("node", "20.11.1")}),
    (".nvmrc", "lts/*\n", {("node", "lts/*")}),
    (".nvmrc", "lts/Iron", {("node", "lts/Iron")}),
    (".nvmrc", "node", {("node", "node")}),
    (".node-version", "20", {("node", "20")}),
    (".ruby-version", "ruby-3.3.0\n", {("ruby", "3.3.0")}),
    (".ruby-version", "3.2.2-p53", {("ruby", "3.2.2")}),
    (".ruby-version", "3.2.2@gemset", {("ruby", "3.2.2")}),
    (".ruby-version", "jruby-9.4.0", set()),
    (".java-version", "temurin-21.0.2+13\n", {("java", "21.0.2")}),
    (".java-version", "openjdk-17", {("java", "17")}),
    (".java-version", "1.8", {("java", "8")}),
    (".java-version", "graalvm-ce-22.3.0+java17", {("java", "17")}),
    (".java-version", "openjdk64-11.0.2", {("java", "11.0.2")}),
    (".sdkmanrc", "# env\njava=21.0.2-tem\ngradle=8.5\nkotlin=1.9\n", {("java", "21.0.2"), ("gradle", "8.5")}),
    (".go-version", "1.22.1\n", {("go", "1.22.1")}),
    (".go-version", "go1.22", {("go", "1.22")}),
    (".deno-version", "1.41.0", {("deno", "1.41.0")}),
    (".dvmrc", "v1.41.0", {("deno", "1.41.0")}),
    (".bun-version", "1.1.0", {("bun", "1.1.0")}),
    (".swift-version", "5.10", {("swift", "5.10")}),
    (".php-version", "8.3", {("php", "8.3")}),
    (".elixir-version", "1.16.1-otp-26", {("elixir", "1.16.1")}),
    (".crystal-version", "1.11.2", {("crystal", "1.11.2")}),
    (".perl-version", "5.38.2", {("perl", "5.38.2")}),
    (".perl-version", "perl-5.38.2", {("perl", "5.38.2")}),
    (".tool-versions", "python 3.12.1 3.11.7\nnodejs 20.11.0 # c\nruby system\nelixir 1.16.0-otp-26\nerlang 26.2.1\njava temurin-17.0.9+9\nterraform 1.7\npoetry 1.8.2\ngolang latest\n",
     {("python", "3.12.1"), ("node", "20.11.0"), ("elixir", "1.16.0"), ("erlang", "26.2.1"), ("java", "17.0.9"), ("poetry", "1.8.2")}),
    ("mise.toml", '[tools]\nnode = "22"\npython = ["3.12", "3.11"]\ngo = { version = "1.22" }\n"npm:prettier" = "3"\npnpm = "9.1"\nrust = "stable"\n[tools.java]\nversion = "temurin-21"\n',
     {("node", "22"), ("python", "3.12"), ("go", "1.22"), ("pnpm", "9.1"), ("java", "21"), ("rust", "stable")}),
    (".mise.toml", "[tools]\nnode = 22\n", {("node", "22")}),
    (".config/mise/config.toml", "[tools]\nbun = '1.1'\n", {("bun", "1.1")}),
    ("mise.toml", "[tools]\nnode = false\npython = []\nruby = [1.5, {}]\n", {("ruby", "1.5")}),
    ("mise.toml", "tools = 3\n", set()),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "expected"), PINS)
def test_version_pins(file: str, text: str, expected: set[tuple[str, str]]) -> None:
    found = facts(file, text, "pin", "manager-version")
    assert {(fact.name, fact.value) for fact in found} == expected
    assert all(fact.line > 0 and fact.text for fact in found)


@pytest.mark.parametrize(("file", "line"), [("mise.toml", 3), (".tool-versions", 2)])
def test_pins_know_their_line(file: str, line: int) -> None:
    text = '# c\n[tools]\nnode = "22"\n' if file == "mise.toml" else "python 3.12\nnodejs 22\n"
    assert [(fact.line, fact.scope) for fact in facts(file, text, "pin") if fact.name == "node"] == [(line, file)]


IMAGES = [
    ("python:3.12-slim", [("python", "3.12")]), ("node:20.11-alpine", [("node", "20.11")]), ("node:lts", []), ("node:alpine", []), ("node", []),
    ("golang:1.22-bookworm", [("go", "1.22")]), ("rust:1.77", [("rust", "1.77")]), ("ruby:3.3.0-slim", [("ruby", "3.3.0")]), ("php:8.3-fpm-alpine", [("php", "8.3")]),
    ("eclipse-temurin:21-jre", [("java", "21")]), ("openjdk:8-jdk-alpine", [("java", "8")]), ("amazoncorretto:17-alpine", [("java", "17")]),
    ("maven:3.9-eclipse-temurin-17", [("java", "17")]), ("gradle:8.5-jdk21", [("java", "21")]), ("tomcat:9-jdk17", [("java", "17")]), ("maven:3.9", []),
    ("mcr.microsoft.com/dotnet/sdk:8.0", [("dotnet", "8.0")]), ("mcr.microsoft.com/dotnet/aspnet:9.0-alpine", [("dotnet", "9.0")]),
    ("elixir:1.16-otp-26", [("elixir", "1.16"), ("erlang", "26")]), ("hexpm/elixir:1.15.7-erlang-26.1.2-debian-bookworm", [("elixir", "1.15.7"), ("erlang", "26.1.2")]),
    ("oven/bun:1.1-slim", [("bun", "1.1")]), ("denoland/deno:1.41.0", [("deno", "1.41.0")]), ("dart:3.3", [("dart", "3.3")]), ("swift:5.10-jammy", [("swift", "5.10")]),
    ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", [("python", "3.12")]), ("gcr.io/distroless/nodejs20-debian12", [("node", "20")]),
    ("registry.access.redhat.com/ubi9/python-311", [("python", "3.11")]), ("gcr.io/distroless/java17-debian12", [("java", "17")]),
    ("public.ecr.aws/lambda/python:3.12", [("python", "3.12")]), ("lukemathwalker/cargo-chef:latest-rust-1.80", [("rust", "1.80")]), ("alpine:3.19", []),
    ("nginx:1.25", []), ("scratch", []), ("localhost:5000/python:3.11", [("python", "3.11")]), ("python@sha256:abc", []), ("my/sdk:1.0", []), ("julia:1.10", [("julia", "1.10")]),
]  # fmt: skip


@pytest.mark.parametrize(("image", "expected"), IMAGES)
def test_images_of_languages(image: str, expected: list[tuple[str, str]]) -> None:
    assert runtimes_of(image) == expected


@pytest.mark.parametrize(("image", "port"), [
    ("php:8.3-apache", 80), ("php:8.3-fpm", 0), ("nginx:1.25", 80), ("nginx", 80), ("tomcat:9-jdk17", 8080), ("mcr.microsoft.com/dotnet/aspnet:8.0", 8080),
    ("mcr.microsoft.com/dotnet/aspnet:6.0", 80), ("python:3.12", 0), ("nginxinc/nginx-unprivileged", 8080), ("my/nginx-thing:1", 0),
])  # fmt: skip
def test_ports_of_images_with_a_server(image: str, port: int) -> None:
    assert port_of(image) == port


DOCKERFILES = [
    ("FROM python:3.12\nEXPOSE 8000/tcp 9000/udp\nCMD [\"gunicorn\", \"a:b\"]\n", {("expose", "8000", "Dockerfile"), ("image-command", "", "gunicorn a:b"), ("pin", "python", "3.12")}),
    ("# syntax=docker/dockerfile:1\nARG V=20\nFROM node:${V}-alpine AS build\nEXPOSE 1\nCMD a\nFROM node:$V AS run\nENV PORT=8080 FOO=bar PATH=/x NODE_ENV=production\nEXPOSE ${PORT}\nENTRYPOINT [\"tini\", \"--\"]\nCMD [\"node\", \"server.js\"]\n",
     {("expose", "8080", "Dockerfile"), ("image-command", "", "tini -- node server.js"), ("pin", "node", "20"), ("platform-port", "8080", ""), ("env", "FOO", "")}),
    ("FROM ruby:3.3 AS base\nEXPOSE 3000\nFROM base\nCMD bundle exec \\\n  # odd\n  rails server \\\n  -b 0.0.0.0\n",
     {("expose", "3000", "Dockerfile"), ("image-command", "", "bundle exec rails server -b 0.0.0.0"), ("pin", "ruby", "3.3")}),
    ("FROM golang:1.22 AS build\nRUN <<EOF\nEXPOSE 99\nCMD nope\nEOF\nFROM scratch\nENTRYPOINT /server --x\nCMD [\"ignored\"]\n", {("image-command", "", "/server --x"), ("pin", "go", "1.22")}),
    ("# escape=`\nFROM python:3.11\nCMD python `\n app.py\n", {("image-command", "", "python app.py"), ("pin", "python", "3.11")}),
    ("FROM node:20\nHEALTHCHECK --interval=5s CMD curl -f http://localhost:3000/healthz || exit 1\n", {("platform-health", "/healthz", ""), ("platform-port", "3000", ""), ("pin", "node", "20")}),
    ("FROM node:20\nHEALTHCHECK CMD [\"wget\", \"-qO-\", \"http://127.0.0.1:4000/up\"]\n", {("platform-health", "/up", ""), ("platform-port", "4000", ""), ("pin", "node", "20")}),
    ("FROM node:20\nHEALTHCHECK NONE\n", {("pin", "node", "20")}),
    ("FROM node:20 AS production\nCMD node a.js\nFROM production AS test\nCMD npm test\n", {("image-command", "", "node a.js"), ("pin", "node", "20")}),
    ("FROM python:3.12\nARG VITE_API\nENV VITE_API=$VITE_API\nARG UNUSED\nENV API_KEY=abc\n", {("pin", "python", "3.12"), ("env", "VITE_API", ""), ("env", "API_KEY", "")}),
    ("FROM python:3.12\nENV OLD form value\nENV A=1 \\\n    B=\"2 3\"\n", {("pin", "python", "3.12"), ("env", "OLD", ""), ("env", "A", ""), ("env", "B", "")}),
    ("FROM python:3.12\nEXPOSE 70000000\nCMD [\"broken\nENV \nFROM\n", {("pin", "python", "3.12"), ("image-command", "", "[\"broken")}),
    ("# Made by DeployDeck\nFROM x\nEXPOSE 8000\n", set()),
    ("", set()), ("just text", set()), ("EXPOSE 80\n", set()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), DOCKERFILES, ids=range(len(DOCKERFILES)))
def test_dockerfiles(text: str, expected: set[tuple[str, str, str]]) -> None:
    assert {one for one in short("Dockerfile", text) if one[0] != "image-base"} == expected


def test_values_of_the_image_never_leave_the_parser() -> None:
    assert all(
        "s3cr3t" not in f"{fact}"
        for fact in facts("Dockerfile", "FROM x\nENV API_KEY=s3cr3t\nARG TOKEN=s3cr3t\nENV TOKEN=$TOKEN\n", "env")
    )


COMPOSE = [
    ("services:\n  web:\n    build: .\n    ports: ['127.0.0.1:8080:80', \"${P:-1}:${Q:-3000}\"]\n", {("expose", "80", "compose"), ("expose", "3000", "compose")}),
    ("services:\n  web:\n    build: {context: ., dockerfile: docker/Dockerfile}\n    ports:\n      - target: 5000\n        published: 80\n    expose: [6000, '7000/udp']\n", {("expose", "5000", "compose"), ("expose", "6000", "compose")}),
    ("services:\n  api:\n    build: ./api\n    ports: ['1:2000']\n    environment: [A=1]\n", {("at:expose", "2000", "compose"), ("at:env", "A", "1")}),
    ("services:\n  api:\n    build: ../other\n    ports: ['1:2000']\n", set()),
    ("services:\n  api:\n    build: https://git.test/x.git\n", set()),
    ("services:\n  db:\n    image: postgres:${V:-17}\n    ports: ['5432:5432']\n", {("service-image", "postgres:17", "db")}),
    ("x-env: &env\n  A: '1'\nservices:\n  web:\n    build: .\n    environment:\n      <<: *env\n      B: ${B:-two}\n      C: ${C:?missing}\n      D: ${D}\n      SECRET_KEY: abc\n      PORT: 4000\n      E:\n",
     {("env", "A", "1"), ("env", "B", "two"), ("env", "C", ""), ("env", "D", ""), ("env", "SECRET_KEY", ""), ("env", "E", ""), ("platform-port", "4000", "")}),
    ("services:\n  web:\n    build: .\n    command: gunicorn a:b\n    healthcheck:\n      test: [CMD, curl, -f, 'http://localhost:8000/ping']\n  worker:\n    build: .\n    command: celery -A a worker\n",
     {("image-command", "", "gunicorn a:b"), ("platform-health", "/ping", ""), ("platform-port", "8000", "")}),
    ("services:\n  web:\n    build: .\n    environment:\n      - DATABASE_URL=postgres://u:pw123456@db/x\n      - TOKEN=abc\n", {("env", "DATABASE_URL", "postgres://"), ("env", "TOKEN", "")}),
    ("services: [1, 2]\n", set()), ("services:\n  a: 1\n  b: {build: [], image: {}, ports: 3, environment: 7, command: {}, healthcheck: []}\n", set()), ("[]", set()),
    ("# deploydeck\nservices:\n  web:\n    build: .\n    ports: ['1:2000']\n", set()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), COMPOSE, ids=range(len(COMPOSE)))
def test_compose(text: str, expected: set[tuple[str, str, str]]) -> None:
    assert short("compose.yaml", text) == expected


def test_compose_files_of_tests_are_no_evidence() -> None:
    text = "services:\n  db:\n    image: mongo\n"
    assert short("docker-compose.test.yml", text) == set()
    assert short("docker-compose.dev.yml", text) == {("service-image", "mongo", "db")}
    with pytest.raises(Broken):
        facts("compose.yaml", "services: {a: [\n")


PLATFORMS: list[tuple[str, str, set[tuple[str, str, str]]]] = [
    ("Procfile", "web: gunicorn a:b\n# x\nworker: celery\nrelease: ./migrate\n", {("process", "web", "gunicorn a:b"), ("process", "worker", "celery"), ("process", "release", "./migrate")}),
    ("app.json", json.dumps({"env": {"A": {"required": True}, "B": {"value": "x"}, "C": "y", "SECRET_KEY": {"generator": "secret"}, "D": {"required": False}}, "addons": ["heroku-postgresql:mini", {"plan": "heroku-redis"}]}),
     {("env", "A", ""), ("env", "B", "x"), ("env", "C", "y"), ("env", "SECRET_KEY", ""), ("env", "D", ""), ("datasource", "postgresql", "add-on"), ("datasource", "redis", "add-on")}),
    ("app.json", '{"expo": {"name": "a"}, "env": {"A": 1}}', set()),
    ("app.json", '{"healthchecks": {"web": [{"path": "/hc"}, 3]}, "env": [1]}', {("platform-health", "/hc", "")}),
    ("heroku.yml", "setup:\n  addons:\n    - plan: heroku-postgresql\nrun:\n  web: bundle exec puma\n  worker:\n    command: [a, b]\n", {("datasource", "postgresql", "add-on"), ("process", "web", "bundle exec puma"), ("process", "worker", "a && b")}),
    ("fly.toml", 'app = "a"\n[env]\nPORT = "8080"\nLOG = "info"\nSECRET_KEY = "x"\n[processes]\napp = "node s.js"\nworker = "x"\n[http_service]\ninternal_port = 3000\n[[http_service.checks]]\npath = "/up"\n',
     {("platform-port", "8080", ""), ("env", "LOG", "info"), ("env", "SECRET_KEY", ""), ("platform-start", "", "node s.js"), ("platform-port", "3000", ""), ("platform-health", "/up", "")}),
    ("fly.toml", '[[services]]\ninternal_port = 4000\n[[services.http_checks]]\npath = "/h"\n', {("platform-port", "4000", ""), ("platform-health", "/h", "")}),
    ("fly.toml", "http_service = 3\nservices = [1]\nenv = []\nprocesses = 'x'\n", set()),
    ("render.yaml", "services:\n- type: web\n  name: w\n  buildCommand: npm ci && npm run build\n  startCommand: node s.js\n  healthCheckPath: /hz\n  envVars:\n  - key: A\n    value: 1\n  - key: DATABASE_URL\n    fromDatabase: {name: d}\n  - key: NODE_VERSION\n    value: 20.1.0\n- type: redis\n  name: r\n- type: worker\n  startCommand: x\ndatabases:\n- name: d\n",
     {("platform-build", "", "npm run build"), ("platform-start", "", "node s.js"), ("platform-health", "/hz", ""), ("env", "A", "1"), ("env", "DATABASE_URL", ""), ("pin", "node", "20.1.0"), ("datasource", "redis", "render service"), ("datasource", "postgresql", "render database")}),
    ("render.yaml", "services:\n- type: web\n  rootDir: backend\n  startCommand: node s.js\n", {("at:platform-start", "", "node s.js")}),
    ("railway.json", '{"build": {"buildCommand": "yarn build"}, "deploy": {"startCommand": "node s.js", "healthcheckPath": "h"}}', {("platform-build", "", "yarn build"), ("platform-start", "", "node s.js"), ("platform-health", "/h", "")}),
    ("railway.toml", '[deploy]\nstartCommand = "node s.js"\n', {("platform-start", "", "node s.js")}),
    ("nixpacks.toml", '[phases.build]\ncmds = ["...", "make it"]\n[start]\ncmd = "./it"\n[variables]\nA = "1"\n', {("platform-build", "", "make it"), ("platform-start", "", "./it"), ("env", "A", "1")}),
    ("vercel.json", '{"buildCommand": "npm run b", "outputDirectory": "./out/", "env": {"A": "@a"}}', {("platform-build", "", "npm run b"), ("platform-output", "", "out"), ("env", "A", "")}),
    ("netlify.toml", '[build]\ncommand = "npm ci && npm run build"\npublish = "dist/"\n[build.environment]\nNODE_VERSION = "18"\nB = "x"\n', {("platform-build", "", "npm run build"), ("platform-output", "", "dist"), ("pin", "node", "18"), ("env", "B", "x")}),
    ("firebase.json", '{"hosting": [{"public": "build"}]}', {("platform-output", "", "build")}),
    ("app.yaml", "runtime: python311\nentrypoint: gunicorn -b :$PORT main:app\nenv_variables:\n  A: b\n", {("pin", "python", "3.11"), ("platform-start", "", "gunicorn -b :$PORT main:app"), ("env", "A", "b")}),
    ("app.yaml", "runtime: nodejs20\n", {("pin", "node", "20")}), ("app.yaml", "kind: x\n", set()),
    (".do/app.yaml", "services:\n- name: a\n  run_command: node s.js\n  http_port: 8080\n  health_check: {http_path: /h}\n  envs:\n  - {key: A, value: b}\ndatabases:\n- engine: PG\n",
     {("platform-start", "", "node s.js"), ("platform-port", "8080", ""), ("platform-health", "/h", ""), ("env", "A", "b"), ("datasource", "postgresql", "digitalocean database")}),
    ("apprunner.yaml", "runtime: python311\nbuild:\n  commands:\n    build: [pip install -r requirements.txt]\nrun:\n  command: python a.py\n  network:\n    port: 8000\n", {("pin", "python", "3.11"), ("platform-start", "", "python a.py"), ("platform-port", "8000", "")}),
    ("manifest.yml", "applications:\n- name: a\n  command: ./run\n  health-check-http-endpoint: /h\n  services: [my-postgres]\n", {("platform-start", "", "./run"), ("platform-health", "/h", ""), ("datasource", "postgresql", "bound service")}),
    ("manifest.yml", "name: other\n", set()),
    ("config/deploy.yml", "service: a\nservers: [1.2.3.4]\nproxy:\n  app_port: 3000\n  healthcheck:\n    path: /up\nenv:\n  clear: {A: 1}\n  secret: [RAILS_MASTER_KEY]\naccessories:\n  db:\n    image: postgres:16\n",
     {("platform-port", "3000", ""), ("platform-health", "/up", ""), ("env", "A", "1"), ("env", "RAILS_MASTER_KEY", ""), ("service-image", "postgres:16", "db")}),
    (".platform.app.yaml", "type: 'php:8.3'\nweb:\n  commands:\n    start: ./run\n", {("pin", "php", "8.3"), ("platform-start", "", "./run")}),
    ("Staticfile", "root: dist\n", {("platform-output", "", "dist")}),
    ("wrangler.toml", 'pages_build_output_dir = "./dist"\n[vars]\nA = "b"\n', {("platform-output", "", "dist"), ("env", "A", "b")}),
    ("serverless.yml", "provider:\n  runtime: python3.11\n  environment:\n    A: ${env:X}\n", {("pin", "python", "3.11"), ("env", "A", "")}),
    ("ecosystem.config.js", "module.exports = { apps: [{ name: 'a', script: './dist/main.js', args: '-x', env: { PORT: 4000 } }] }\n", {("script-command", "ecosystem.config.js", "node dist/main.js -x"), ("platform-port", "4000", "")}),
    ("ecosystem.config.cjs", "module.exports = {apps: [{script: 'npm', args: 'start'}]}", {("script-command", "ecosystem.config.cjs", "npm start")}),
    ("supervisord.conf", "[program:web]\ncommand=gunicorn a:b\n[program:w]\ncommand=celery -A a worker\n", {("script-command", "supervisord.conf", "gunicorn a:b")}),
    ("app.service", "[Service]\nExecStart=/opt/venv/bin/gunicorn a:b\nEnvironment=PORT=8000\n", {("script-command", "app.service", "gunicorn a:b"), ("platform-port", "8000", "")}),
    ("entrypoint.sh", "#!/bin/sh\nset -e\npython manage.py migrate\nexec gunicorn a.wsgi \\\n  -b :8000 \"$@\"\n", {("script-command", "entrypoint.sh", "gunicorn a.wsgi -b :8000")}),
    ("start.sh", "#!/bin/bash\nMODULE=app.main\nnpm run migrate\nuvicorn $MODULE:app --port ${PORT:-80} &\n", {("script-command", "start.sh", "uvicorn app.main:app --port ${PORT:-80}")}),
    ("docker-entrypoint.sh", "#!/bin/sh\nrake db:prepare\nexec \"$@\"\n", {("script-command", "docker-entrypoint.sh", "")}),
    ("gunicorn.conf.py", "bind = '0.0.0.0:9000'\nworkers = 2\n", {("listen", "9000", "0.0.0.0")}),
    ("uwsgi.ini", "[uwsgi]\nhttp = :9090\nmodule = a:b\n", {("listen", "9090", ""), ("option", "uwsgi.module", "a:b"), ("entry", "wsgi", "a:b")}),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "expected"), PLATFORMS, ids=[f"{row[0]}-{index}" for index, row in enumerate(PLATFORMS)])
def test_platform_files(file: str, text: str, expected: set[tuple[str, str, str]]) -> None:
    kinds = {kind for kind, *_ in expected}  # a parser of the ecosystem may read the same file
    found = [fact for fact in facts(file, text) if not kinds or fact.kind in kinds]
    assert {(fact.kind, fact.name, fact.value) for fact in found} == expected
    assert all(fact.line > 0 for fact in found), found


JUNK = [
    "",
    "[]",
    "3",
    "null",
    '"x"',
    "{",
    "a: [1, {b: ",
    "\x00\xff",
    "[[[",
    "services: 3",
    '{"services": {"a": [1]}, "env": 3, "build": [], "deploy": 1}',
    "- a\n- b\n",
    "a" * 5000,
]


@pytest.mark.parametrize("text", JUNK)
def test_nothing_but_broken_leaves_a_parser(text: str) -> None:
    names = (
        {row[0] for row in PLATFORMS}
        | {row[0] for row in PINS}
        | {"Dockerfile", "compose.yaml", ".env.example", ".envrc", "schema.prisma", "config/database.yml"}
    )
    for name in sorted(
        names
        | {"ormconfig.json", "k8s/a.yaml", "a.tf", "template.json", "wrangler.json", "knexfile.js", "alembic.ini", "static.json"}
    ):
        try:
            facts(name, text)
        except Broken:
            continue


KUBERNETES = """apiVersion: v1
kind: Service
---
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: app
          image: registry.test/app:1
          ports: [{containerPort: 8080}]
          readinessProbe:
            httpGet: {path: /ready, port: 8080}
          env:
            - {name: LOG, value: info}
            - {name: DB_PASSWORD, valueFrom: {}}
        - name: db
          image: postgres:16
          ports: [{containerPort: 5432}]
"""


def test_kubernetes_manifests() -> None:
    assert short("deploy/k8s/app.yaml", KUBERNETES) == {
        ("config", "kubernetes", ""), ("service-image", "registry.test/app:1", "app"), ("service-image", "postgres:16", "db"), ("expose", "8080", "Kubernetes"),
        ("platform-health", "/ready", ""), ("env", "LOG", "info"), ("env", "DB_PASSWORD", ""),
    }  # fmt: skip


@pytest.mark.parametrize(("file", "text", "kind"), [
    ("infra/stack.yml", "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  B:\n    Type: AWS::S3::Bucket\n", "cloudformation"),
    ("template.yaml", "Transform: AWS::Serverless-2016-10-31\nResources: {}\n", "sam"),
    ("azuredeploy.json", '{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"}', "arm"),
    ("site.yml", "- name: x\n  hosts: all\n", "ansible"),
    ("k8s/base/x.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", "kustomize"),
    ("openapi.yaml", "openapi: 3.0.0\n", ""), ("config.yml", "kind: thing\n", ""),
])  # fmt: skip
def test_infrastructure_is_known_by_what_it_holds(file: str, text: str, kind: str) -> None:
    assert [fact.name for fact in facts(file, text, "config")] == ([kind] if kind else [])


@pytest.mark.parametrize(("file", "kind"), [
    (".github/workflows/ci.yml", "github-actions"), (".gitlab-ci.yml", "gitlab-ci"), ("Jenkinsfile", "jenkins"), ("azure-pipelines.yml", "azure-pipelines"),
    (".circleci/config.yml", "circleci"), ("bitbucket-pipelines.yml", "bitbucket-pipelines"), (".travis.yml", "travis"), (".drone.yml", "drone"),
    (".buildkite/pipeline.yml", "buildkite"), ("infra/main.tf", "terraform"), ("infra/main.bicep", "bicep"), ("Pulumi.yaml", "pulumi"), ("cdk.json", "cdk"),
    ("charts/a/Chart.yaml", "helm"), ("k8s/kustomization.yaml", "kustomize"), ("skaffold.yaml", "skaffold"), ("Tiltfile", "tilt"), ("fly.toml", "fly"),
    ("Containerfile", "dockerfile"), ("Dockerfile.prod", "dockerfile"), ("api.Dockerfile", "dockerfile"), ("docker/Dockerfile", "dockerfile"),
    ("docker-compose.prod.yml", "compose"), ("compose.override.yaml", "compose"), ("captain-definition", "caprover"), ("azure.yaml", "azure-developer"),
])  # fmt: skip
def test_configuration_files_have_a_kind(file: str, kind: str) -> None:
    parser = parser_for(file)
    assert parser is not None
    assert parser.config_kind == kind


ENV = [
    (".env.example", "A=1\nexport B = 'two words'\n#C=3\nD=\"x # y\" # note\nE=plain # note\nF=\n", {"A": "1", "B": "two words", "D": "x # y", "E": "plain", "F": ""}),
    (".env.sample", 'KEY="line one\nline two"\nNEXT=1\n', {"KEY": "", "NEXT": "1"}),
    ("env.example", "SECRET_KEY=abc\nDATABASE_URL=postgres://u:p@h/d\nURL=http://localhost:3000\n", {"SECRET_KEY": "", "DATABASE_URL": "postgres://", "URL": "http://localhost:3000"}),
    (".env.template", "A=changeme\nB=your-name-here\nC=<name>\nD=xxx\nE=${OTHER}\nF=YOUR_NAME\n", dict.fromkeys("ABCDEF", "")),
    (".env", "A=1\nB=\n", {"A": "", "B": ""}), (".env.local", "A=1\n", {"A": ""}), (".env.production", "A=1\n", {"A": ""}),
    ("config/.env.example", "A=1\n", {"A": "1"}), (".envrc", "export A=1\nexport PATH=x\nlayout python\n", {"A": ""}),
    (".env.example", 'A="never closed\nB=2\n', {"A": "never closed", "B": "2"}), (".env.example", "=x\n1A=2\nno line\n", {}),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "expected"), ENV, ids=range(len(ENV)))
def test_environment_files(file: str, text: str, expected: dict[str, str]) -> None:
    found = facts(file, text, "env")
    assert {fact.name: fact.value for fact in found} == expected
    if file in {".env", ".env.local", ".envrc"}:
        assert all("1" not in fact.text for fact in found)


SOURCES: list[tuple[str, str, set[str]]] = [
    ("prisma/schema.prisma", 'generator client {\n  provider = "prisma-client-js"\n}\ndatasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n', {"postgresql"}),
    ("prisma/schema.prisma", 'datasource db {\n  provider = "sqlite"\n}\n', {"sqlite"}),
    ("config/database.yml", "default: &default\n  adapter: postgresql\n  pool: <%= ENV.fetch('RAILS_MAX_THREADS') { 5 } %>\ntest:\n  adapter: sqlite3\n", {"postgresql"}),
    ("config/database.yml", 'default:\n  adapter: <%= ENV.fetch("DB", "mysql2") %>\n', {"mysql"}),
    ("config/cable.yml", "development:\n  adapter: async\nproduction:\n  adapter: redis\n", {"redis"}),
    ("config/mongoid.yml", "development:\n  clients:\n    default: {}\n", {"mongodb"}),
    ("config/storage.yml", "amazon:\n  service: S3\n# google:\n#   service: GCS\n", {"s3"}),
    ("ormconfig.json", '{"type": "mysql"}', {"mysql"}), ("ormconfig.json", '[{"type": "postgres"}, 3]', {"postgresql"}),
    ("knexfile.js", "module.exports = {\n  development: { client: 'sqlite3' },\n  production: { client: 'pg' } }\n", {"sqlite", "postgresql"}),
    ("drizzle.config.ts", "export default { dialect: 'postgresql', out: './drizzle' }\n", {"postgresql"}),
    ("alembic.ini", "[alembic]\nsqlalchemy.url = postgresql+asyncpg://u:p@h/d\n", {"postgresql"}), ("alembic.ini", "sqlalchemy.url = driver://u:p@h/d\n", set()),
    ("flyway.conf", "flyway.url=jdbc:postgresql://h/d\n", {"postgresql"}), ("supabase/config.toml", 'project_id = "x"\n', {"postgresql"}),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "expected"), SOURCES, ids=range(len(SOURCES)))
def test_data_sources(file: str, text: str, expected: set[str]) -> None:
    found = facts(file, text, "datasource")
    assert {fact.name for fact in found} == expected
    assert all("u:p@" not in fact.text for fact in found)


def test_variables_in_templates_of_rails() -> None:
    text = "default:\n  adapter: postgresql\n  pool: <%= ENV.fetch('POOL') { 5 } %>\n  url: <%= ENV['DATABASE_URL'] %>\n  host: <%= ENV.fetch('DB_HOST', 'localhost') %>\n  x: <%= ENV.fetch('MUST') %>\n"
    found = {fact.name: (fact.value, set(fact.tags)) for fact in facts("config/database.yml", text, "env")}
    assert found == {
        "POOL": ("5", {"defaulted"}),
        "DATABASE_URL": ("", set()),
        "DB_HOST": ("localhost", {"defaulted"}),
        "MUST": ("", {"required"}),
    }


# --- what is made of them -----------------------------------------------------------------------------------------------------

FLASK = {"requirements.txt": "flask\ngunicorn\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n"}
EXPRESS = "const express = require('express')\nconst app = express()\napp.listen(process.env.PORT || 4000)\n"


def node(**scripts: str) -> str:
    return json.dumps({"scripts": scripts, "dependencies": {"express": "5"}}, indent=1)


def argv(profile: ProjectProfile) -> tuple[str, ...] | None:
    return profile.start.value.argv if profile.start else None


STARTS: list[tuple[dict[str, str], tuple[str, ...], str]] = [
    ({**FLASK, "Dockerfile": "FROM python:3.12\nCMD gunicorn -w 4 -b 0.0.0.0:9000 app:app\n"}, ("gunicorn", "-w", "4", "-b", "{host}:{port}", "app:app"), "Dockerfile:2"),
    ({**FLASK, "Dockerfile": "FROM python:3.12\nCMD [\"flask\", \"run\"]\n"}, ("gunicorn", "--bind", "{host}:{port}", "--threads", "4", "--access-logfile", "-", "app:app"), "app.py:2"),
    ({**FLASK, "Dockerfile": "FROM x\nCMD [\"python\", \"other.py\"]\n"}, ("gunicorn", "--bind", "{host}:{port}", "--threads", "4", "--access-logfile", "-", "app:app"), "app.py:2"),
    ({**FLASK, "Procfile": "web: gunicorn -k gevent app:app", "Dockerfile": "FROM x\nCMD gunicorn app:app\n"}, ("gunicorn", "-k", "gevent", "app:app"), "Procfile:1"),
    ({**FLASK, "fly.toml": '[processes]\napp = "gunicorn -w 9 app:app"\n', "Dockerfile": "FROM x\nCMD gunicorn app:app\n"}, ("gunicorn", "-w", "9", "app:app"), "fly.toml:2"),
    ({**FLASK, "compose.yaml": "services:\n  web:\n    build: .\n    command: gunicorn -w 7 app:app\n    ports: ['1:8000']\n", "Dockerfile": "FROM x\nCMD gunicorn app:app\n"}, ("gunicorn", "-w", "7", "app:app"), "compose.yaml:4"),
    ({**FLASK, "Dockerfile": "FROM x\nENTRYPOINT [\"/app/entrypoint.sh\"]\nCMD [\"gunicorn\", \"-w\", \"3\", \"app:app\"]\n", "entrypoint.sh": "#!/bin/sh\nflask db upgrade\nexec \"$@\"\n"}, ("gunicorn", "-w", "3", "app:app"), "Dockerfile:3"),
    ({**FLASK, "Dockerfile": "FROM x\nCMD [\"./start.sh\"]\n", "start.sh": "flask db upgrade\nexec gunicorn -w 5 app:app\n"}, ("gunicorn", "-w", "5", "app:app"), "Dockerfile:2"),
    ({**FLASK, "Procfile": "web: sh -c 'flask db upgrade && exec gunicorn -w 2 app:app'"}, ("gunicorn", "-w", "2", "app:app"), "Procfile:1"),
    ({"package.json": node(start="node server.js"), "server.js": EXPRESS, "Dockerfile": "FROM node:20\nCMD [\"npm\", \"start\"]\n"}, ("node", "server.js"), "Dockerfile:2"),
    ({"package.json": node(start="nodemon server.js"), "server.js": EXPRESS, "Dockerfile": "FROM node:20\nCMD npm start\n"}, ("node", "server.js"), "Dockerfile:2"),
    ({"package.json": node(start="nodemon server.js", serve="node --enable-source-maps server.js"), "server.js": EXPRESS, "Dockerfile": "FROM node:20\nCMD npm run serve\n"}, ("node", "--enable-source-maps", "server.js"), "Dockerfile:2"),
    ({"package.json": node(start="node server.js"), "server.js": EXPRESS, "Dockerfile": "FROM node:20\nCMD [\"npm\", \"run\", \"dev\"]\n"}, ("node", "server.js"), "package.json:3"),
    ({"package.json": node(start="node server.js"), "server.js": EXPRESS, "Dockerfile": "FROM node:20\nENTRYPOINT [\"dumb-init\", \"--\"]\nCMD [\"node\", \"/usr/src/app/server.js\"]\n"}, ("node", "server.js"), "Dockerfile:3"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected", "place"), STARTS, ids=range(len(STARTS)))
def test_written_starts(files: dict[str, str], expected: tuple[str, ...], place: str, tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    assert argv(profile) == expected
    assert profile.start is not None
    assert where(profile.start)[0] == place


def test_the_file_that_only_the_image_holds_is_no_start(tmp_path: Path) -> None:
    manifest = json.dumps({"dependencies": {"next": "16"}, "scripts": {"build": "next build"}})
    files = {
        "package.json": manifest,
        "app/page.js": "",
        "next.config.mjs": "export default { output: 'standalone' }",
        "Dockerfile": 'FROM node:22\nCMD ["node", "server.js"]\n',
    }
    assert argv(scan(tmp_path, files)) == ("node", ".next/standalone/server.js")


def test_a_worker_is_no_start(tmp_path: Path) -> None:
    profile = scan(tmp_path, {**FLASK, "Dockerfile": "FROM python:3.12\nCMD celery -A app worker\n"})
    assert (argv(profile) or ())[0] == "gunicorn"


def test_commands_that_disagree_are_all_shown(tmp_path: Path) -> None:
    files = {**FLASK, "Procfile": "web: gunicorn app:app", "Dockerfile": "FROM x\nCMD uvicorn other:api\n", "other.py": "api = 1\n"}
    profile = scan(tmp_path, files)
    assert profile.start is not None
    assert [other.value.argv[:2] for other in profile.start.alternatives] == [("uvicorn", "other:api")]
    assert "start-conflict" in codes(profile)


def test_commands_that_mean_the_same_are_no_conflict() -> None:
    assert gist(("bundle", "exec", "puma", "-C", "config/puma.rb")) == gist(("./bin/rails", "server"))
    assert gist(("gunicorn", "-w", "4", "app:app")) == gist(("poetry", "run", "gunicorn", "app:app"))
    assert gist(("node", "dist/main")) == gist(("node", "./dist/main.js"))
    assert gist(("gunicorn", "app:app")) != gist(("uvicorn", "app:app"))


def test_an_image_of_nginx_does_not_make_a_site_a_server(tmp_path: Path) -> None:
    manifest = json.dumps({"devDependencies": {"vite": "7"}, "scripts": {"build": "vite build"}})
    for command in ('["nginx", "-g", "daemon off;"]', "serve -s dist", "npm run preview"):
        profile = scan(
            tmp_path, {"package.json": manifest, "index.html": "", "Dockerfile": f"FROM nginx\nEXPOSE 80\nCMD {command}\n"}
        )
        assert (profile.kind, profile.start) == (Kind.STATIC, None)


def test_the_published_directory_wins(tmp_path: Path) -> None:
    manifest = json.dumps({"devDependencies": {"vite": "7"}, "scripts": {"build": "vite build"}})
    profile = scan(tmp_path, {"package.json": manifest, "index.html": "", "netlify.toml": '[build]\npublish = "site"\n'})
    assert profile.output_dir is not None
    assert (profile.output_dir.value, [other.value for other in profile.output_dir.alternatives]) == ("site", ["dist"])


PORTS = [
    ({**FLASK, "app.py": FLASK["app.py"] + "import os\nport = int(os.environ.get('PORT', 8123))\n"}, 8123, False),
    ({"package.json": node(start="node s.js"), "s.js": "require('express')().listen(process.env.PORT)\n", ".env.example": "PORT=4321\n"}, 4321, False),
    ({"package.json": node(start="node s.js"), "s.js": "require('express')\n", "Dockerfile": "FROM nginx:1.27\n"}, 80, False),
    ({**FLASK, "Dockerfile": "FROM x\nEXPOSE 9000 9229\n"}, 9000, False),
    ({**FLASK, "Dockerfile": "FROM x\nEXPOSE 9229 9000\n"}, 9000, False),
    ({**FLASK, "fly.toml": "[http_service]\ninternal_port = 7000\n"}, 7000, False),
    ({**FLASK, "Dockerfile": "FROM x\nEXPOSE 8000\n", "fly.toml": "[http_service]\ninternal_port = 7000\n"}, 7000, True),
    ({**FLASK, "Dockerfile": "FROM x\nCMD gunicorn -b :6000 app:app\n"}, 6000, False),
    ({**FLASK, "app.py": FLASK["app.py"] + "app.run(port=5000)\n", "Dockerfile": "FROM x\nEXPOSE 8000\nCMD gunicorn -b :8000 app:app\n"}, 8000, False),
    ({**FLASK, "app.py": FLASK["app.py"] + "app.run(port=5000)\n", "Dockerfile": "FROM x\nEXPOSE 8000\n"}, 5000, True),
    ({**FLASK, "Procfile": "web: gunicorn -b :${PORT:-4444} app:app"}, 4444, False),
    ({**FLASK, "gunicorn.conf.py": "bind = ':5555'\n"}, 5555, False),
    ({**FLASK, "compose.yaml": "services:\n  web:\n    build: .\n    ports: ['80:7000']\n  api:\n    build: ./elsewhere\n    ports: ['81:9999']\n"}, 7000, False),
    ({"package.json": node(start="node server.js"), "server.js": EXPRESS, "Dockerfile": "FROM x\nEXPOSE 4000\n"}, 4000, False),
    ({"package.json": node(start="node server.js"), "server.js": EXPRESS, "Dockerfile": "FROM x\nEXPOSE 8080\n"}, 4000, True),
    ({"package.json": node(start="node s.js"), "s.js": "require('express')\n", "k8s/a.yaml": KUBERNETES}, 8080, False),
    ({"package.json": node(start="PORT=3333 node s.js"), "s.js": "require('express')\n"}, 3333, False),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected", "conflict"), PORTS, ids=range(len(PORTS)))
def test_ports(files: dict[str, str], expected: int, conflict: bool, tmp_path: Path) -> None:
    profile = scan(tmp_path, files)
    assert profile.port is not None
    assert (profile.port.value, profile.port.conflicted, "port-conflict" in codes(profile)) == (expected, conflict, conflict)


@pytest.mark.parametrize(("files", "path", "place"), [
    ({"fly.toml": '[[http_service.checks]]\npath = "/fly"\n', "Dockerfile": "FROM x\nHEALTHCHECK CMD curl http://localhost/docker\n"}, "/fly", "fly.toml:2"),
    ({"Dockerfile": "FROM x\nHEALTHCHECK CMD curl http://localhost/docker\n", "k8s/a.yaml": KUBERNETES}, "/docker", "Dockerfile:2"),
    ({"k8s/a.yaml": KUBERNETES}, "/ready", "k8s/a.yaml:13"),
    ({"Dockerfile": "FROM x\nHEALTHCHECK CMD curl http://localhost:8000/\n", "app.py": FLASK["app.py"] + "@app.get('/healthz')\ndef h(): ...\n"}, "/healthz", "app.py:3"),
])  # fmt: skip
def test_health_paths(files: dict[str, str], path: str, place: str, tmp_path: Path) -> None:
    fact = scan(tmp_path, {**FLASK, **files}).health_path
    assert fact is not None
    assert fact.value == path
    assert where(fact)[0].rpartition(":")[0] == place.rpartition(":")[0]


def test_services_by_files(tmp_path: Path) -> None:
    files = {
        **FLASK,
        "prisma/schema.prisma": 'datasource db {\n  provider = "mysql"\n}\n',
        "compose.yaml": "services:\n  q:\n    image: rabbitmq:3-management\n  m:\n    image: minio/minio\n",
        ".env.example": "REDIS_URL=redis://localhost:6379/0\n",
    }
    assert [service.name for service in scan(tmp_path, files).services] == ["mysql", "rabbitmq", "redis", "s3"]


def test_variables_by_files(tmp_path: Path) -> None:
    files = {
        **FLASK, "Dockerfile": "FROM x\nENV MODE=fast PYTHONUNBUFFERED=1\n", "app.json": '{"env": {"NEEDED": {"required": true}, "TITLE": {"value": "Shop"}}}',
        "compose.yaml": "services:\n  web:\n    build: .\n    environment:\n      LEVEL: ${LEVEL:-info}\n      MUST: ${MUST:?}\n",
    }  # fmt: skip
    found = {variable.name: (variable.required, variable.default) for variable in scan(tmp_path, files).variables}
    assert found == {
        "MODE": (False, None),
        "NEEDED": (True, None),
        "TITLE": (False, "Shop"),
        "LEVEL": (False, "info"),
        "MUST": (True, None),
    }


def test_facts_of_another_directory_reach_its_component() -> None:
    none = AppSettings.model_validate({})

    def part(directory: str, *files: str) -> Scan:
        return Scan(Tree(root=Path("/"), entries={name: Entry(name, name, 1) for name in files}), Facts(), none, directory)

    scans = {"": part("", "compose.yaml", "lib/a.py"), "api": part("api", "main.py")}
    text = "services:\n  a:\n    build: ./api\n    ports: ['1:2000']\n  l:\n    build: lib\n    ports: ['1:3000']\n"
    scans[""].facts.add(facts("compose.yaml", text))
    assert [fact.name for fact in said(scans[""], "expose")] == ["3000"]
    deliver(scans)
    assert [(fact.name, fact.file) for fact in said(scans["api"], "expose")] == [("2000", "/compose.yaml")]
    assert {fact.name for fact in said(scans[""], "expose")} == {"3000"}
