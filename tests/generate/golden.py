"""Golden files: what is generated for a sample project, kept to be read. `python -m tests.generate.golden` writes them anew.

Each case is a sample of `tests/projects` with settings of its own; its files stand in `tests/generate/golden/CASE/`. Look at the
difference before you commit one: these files are what people get.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from deploydeck.domain import DeploymentConfig, GeneratedFile, ProjectProfile
from deploydeck.generate import Checking, ConfigurationGenerator
from deploydeck.generate.checkers import CHECKERS
from deploydeck.scan import ProjectAnalyzer
from deploydeck.settings import Settings

PROJECTS = Path(__file__).parent.parent / "projects"
GOLDEN = Path(__file__).parent / "golden"
QUICK = ConfigurationGenerator(Checking(checkers=tuple(checker for checker in CHECKERS if checker.quick)))


@dataclass(frozen=True)
class Case:
    """One profile: a sample, settings over the defaults, the environment and the target."""

    project: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: str = "production"
    target: str = "docker"


def cloud(provider: str, *tools: str) -> dict[str, Any]:
    return {"cloud": {"provider": provider}, "generate": {"infrastructure": list(tools)}}


CASES: dict[str, Case] = {
    "flask-pip": Case("flask-pip"),
    "fastapi-uv": Case("fastapi-uv"),
    "django-pip": Case("django-pip"),
    "starlette-pdm-src": Case("starlette-pdm-src"),
    "tornado-pipenv": Case("tornado-pipenv"),
    "fastapi-poetry-app": Case("fastapi-poetry-app"),
    "django-whitenoise": Case("django-whitenoise"),
    "django-channels": Case("django-channels"),
    "flask-psycopg2": Case("flask-psycopg2"),
    "fastapi-redis": Case("fastapi-redis"),
    "litestar-uv": Case("litestar-uv"),
    "streamlit-pip": Case("streamlit-pip"),
    "gradio-uv": Case("gradio-uv"),
    "build-settings": Case(
        "flask-psycopg2",
        {
            "build": {
                "registry_mirror": "mirror.example/hub",
                "digests": {"python:3.13-slim": "sha256:" + "0" * 64, "postgres:17": "sha256:" + "1" * 64},
                "build_packages": ["git"],
                "run_packages": ["tzdata"],
                "arguments": {"FLAVOUR": "two words"},
                "cache": False,
            },
            "resources": {"memory_mb": 512, "cpus": 0.5},
            "environments": {"production": {"variables": {"BOOK_TITLE": "Guests"}}},
        },
    ),
    "express-npm": Case("express-npm"),
    "next-pnpm": Case("next-pnpm"),
    "vite-npm": Case("vite-npm"),
    "static-site": Case("static-site"),
    "angular-npm": Case("angular-npm"),
    "astro-node-pnpm": Case("astro-node-pnpm"),
    "astro-static": Case("astro-static"),
    "bun-serve": Case("bun-serve"),
    "cra-npm": Case("cra-npm"),
    "deno-oak": Case("deno-oak"),
    "docusaurus-npm": Case("docusaurus-npm"),
    "express-ts-zod": Case("express-ts-zod"),
    "fastify-ts-loopback": Case("fastify-ts-loopback"),
    "hugo-docs": Case("hugo-docs"),
    "koa-yarn": Case("koa-yarn"),
    "mkdocs-material": Case("mkdocs-material"),
    "nestjs-typeorm": Case("nestjs-typeorm"),
    "next-standalone-prisma": Case("next-standalone-prisma"),
    "nuxt-pnpm": Case("nuxt-pnpm"),
    "react-router-framework": Case("react-router-framework"),
    "remix-sqlite": Case("remix-sqlite"),
    "sveltekit-node": Case("sveltekit-node"),
    "sveltekit-static": Case("sveltekit-static"),
    "vite-svelte-two-locks": Case("vite-svelte-two-locks"),
    "vite-vue-pnpm": Case("vite-vue-pnpm"),
    "java-spring-maven": Case("java-spring-maven"),
    "java-spring-multimodule": Case("java-spring-multimodule"),
    "java-quarkus": Case("java-quarkus"),
    "java-dropwizard": Case("java-dropwizard"),
    "java-micronaut-gradle": Case("java-micronaut-gradle"),
    "java-httpserver": Case("java-httpserver"),
    "kotlin-ktor": Case("kotlin-ktor"),
    "kotlin-spring-gradle": Case("kotlin-spring-gradle"),
    "laravel-mysql": Case("laravel-mysql"),
    "symfony-rabbitmq": Case("symfony-rabbitmq"),
    "php-guestbook": Case("php-guestbook"),
    "wordpress-site": Case("wordpress-site"),
    "rails8-postgres": Case("rails8-postgres"),
    "rails-api-mysql-pins": Case("rails-api-mysql-pins"),
    "sinatra-classic-render": Case("sinatra-classic-render"),
    "ruby-without-gems": Case("ruby-without-gems"),
    "jekyll-blog": Case("jekyll-blog"),
    "go-chi-cmd-layout": Case("go-chi-cmd-layout"),
    "go-echo-loopback": Case("go-echo-loopback"),
    "go-work-monorepo": Case("go-work-monorepo"),
    "rust-axum-postgres": Case("rust-axum-postgres"),
    "rust-rocket": Case("rust-rocket"),
    "rust-workspace": Case("rust-workspace"),
    "dotnet-minimal-api": Case("dotnet-minimal-api"),
    "dotnet-mvc-solution": Case("dotnet-mvc-solution"),
    "dotnet-blazor-wasm": Case("dotnet-blazor-wasm"),
    "elixir-phoenix": Case("elixir-phoenix"),
    "elixir-plug-bandit": Case("elixir-plug-bandit"),
    "fastapi-uv-standard": Case("fastapi-uv-standard"),
    "go-nethttp-postgres": Case("go-nethttp-postgres"),
    "development": Case("fastapi-uv-standard", environment="development"),
    "cloud-aws-server": Case("flask-psycopg2", cloud("aws", "terraform", "cloudformation"), target="aws"),
    "cloud-aws-site": Case("vite-npm", cloud("aws", "terraform", "cloudformation"), target="aws"),
    "cloud-azure-server": Case("flask-psycopg2", cloud("azure", "terraform", "arm"), target="azure"),
    "cloud-azure-site": Case("vite-npm", cloud("azure", "terraform", "arm"), target="azure"),
    "pipelines-docker": Case("fastapi-poetry-src", {"generate": {"ci": ["github", "gitlab", "jenkins"]}}),
    "infrastructure-ec2": Case(
        "flask-psycopg2",
        {
            "generate": {"ci": ["github", "gitlab", "jenkins"], "infrastructure": ["terraform", "cloudformation"]},
            "cloud": {"provider": "aws", "compute": "ec2"},
        },
    ),
    "infrastructure-lambda": Case(
        "fastapi-uv",
        {
            "generate": {"ci": ["github"], "infrastructure": ["terraform", "cloudformation"]},
            "cloud": {"provider": "aws", "compute": "lambda"},
        },
    ),
    "infrastructure-container-instances": Case(
        "flask-psycopg2",
        {
            "generate": {"ci": ["github", "gitlab", "jenkins"], "infrastructure": ["terraform", "arm"]},
            "cloud": {"provider": "azure", "compute": "container-instances"},
        },
    ),
    "infrastructure-functions": Case(
        "flask-pip",
        {
            "generate": {"ci": ["github", "gitlab", "jenkins"], "infrastructure": ["terraform", "arm"]},
            "cloud": {"provider": "azure", "compute": "functions"},
        },
    ),
    "pipelines-aws": Case(
        "express-npm",
        {"generate": {"ci": ["github", "gitlab", "jenkins"], "infrastructure": ["cloudformation"]}, "cloud": {"provider": "aws"}},
    ),
    "site-pipelines-aws": Case(
        "vite-npm",
        {"generate": {"ci": ["github", "gitlab", "jenkins"], "infrastructure": ["cloudformation"]}, "cloud": {"provider": "aws"}},
    ),
    "site-pipelines-azure": Case(
        "static-site",
        {"generate": {"ci": ["github", "gitlab", "jenkins"], "infrastructure": ["arm"]}, "cloud": {"provider": "azure"}},
    ),
}


@cache
def scanned(project: str) -> ProjectProfile:
    return ProjectAnalyzer().profile(PROJECTS / project)


def settings_of(case: Case) -> Settings:
    return Settings.model_validate(case.settings)


def config_of(case: Case) -> DeploymentConfig:
    return QUICK.deployment_config(
        scanned(case.project), settings_of(case), project_id="prj-golden", environment=case.environment, target=case.target
    )


def files_of(case: Case, generator: ConfigurationGenerator = QUICK) -> tuple[GeneratedFile, ...]:
    """What is proposed for the case, in place of files of the sample's own too."""
    return generator.generate(scanned(case.project), config_of(case), settings_of(case), replace=True)


def write(names: list[str]) -> None:
    for name in names or CASES:
        place = GOLDEN / name
        shutil.rmtree(place, ignore_errors=True)
        for file in files_of(CASES[name]):
            path = place / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.content, encoding="utf-8", newline="\n")
    for stale in {path.name for path in GOLDEN.iterdir()} - set(CASES):
        shutil.rmtree(GOLDEN / stale)


if __name__ == "__main__":
    write(sys.argv[1:])
