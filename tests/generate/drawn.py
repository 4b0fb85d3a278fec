"""Profiles drawn at random from the samples, with hostile names and values, and what is generated for them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from deploydeck.domain import DeploymentConfig, EnvVariable, Evidence, Fact, GeneratedFile, Kind, ProjectProfile, ServiceNeed
from deploydeck.settings import Settings
from tests.generate.golden import QUICK, scanned

SAMPLES = (
    "flask-pip", "fastapi-uv", "django-pip", "express-npm", "next-pnpm", "vite-npm", "static-site", "bun-serve", "deno-oak",
    "go-nethttp-postgres", "rust-axum-postgres", "java-spring-maven", "kotlin-ktor", "laravel-mysql", "rails8-postgres",
    "dotnet-minimal-api", "elixir-phoenix", "hugo-docs",
)  # fmt: skip
CLOUDS = {"aws": ["terraform", "cloudformation"], "azure": ["terraform", "arm"]}

hostile = st.text(max_size=40) | st.sampled_from(
    [
        "$(touch /tmp/owned)", "`id`", "'; rm -rf / #", '"}\n{"', "${{ secrets.TOKEN }}", "%{ if true }", "${var.x}",
        "a\nRUN id", "]]>", "*", "&anchor", "!!python/object:os.system", "{{ 7*7 }}", "{% raw %}", "<<EOF", "\x1b[2J", "é ü 漢",
        "-", "~",
        "null", "yes", "0x10", "1e3", "2026-11-24", "- item", "key: value", "# comment", "\\", "\\u0000", "$$", "'''", '"""', "=x",
    ]
)  # fmt: skip
names = st.from_regex(r"[A-Z][A-Z0-9_]{0,12}", fullmatch=True) | hostile
paths = st.from_regex(r"/[!-~]{0,20}", fullmatch=True)
variables = st.lists(
    st.builds(
        EnvVariable,
        name=names,
        required=st.booleans(),
        default=st.none() | hostile,
        secret=st.booleans(),
        build_time=st.booleans(),
        used=st.just((Evidence(file="app.py", line=3, rule="read"),)),
    ),
    max_size=5,
    unique_by=lambda variable: variable.name,
)
services = st.lists(
    st.sampled_from(
        ["postgresql", "mysql", "mongodb", "redis", "rabbitmq", "kafka", "elasticsearch", "memcached", "mssql", "minio"]
    ),
    max_size=3,
    unique=True,
)


@st.composite
def profiles(draw: st.DrawFn) -> ProjectProfile:
    """A sample's profile under another name, with another port, health path, variables and services."""
    base = scanned(draw(st.sampled_from(SAMPLES)))
    evidence = (Evidence(file="app.py", line=1, rule="drawn"),)
    changed: dict[str, Any] = {
        "name": draw(hostile),
        "variables": tuple(draw(variables)),
        "services": tuple(ServiceNeed(name=name, confidence=0.9, evidence=evidence) for name in draw(services)),
        "health_path": Fact[str](value=draw(paths), confidence=0.9, evidence=evidence),
    }
    if base.kind is Kind.SERVER:
        changed["port"] = Fact[int](value=draw(st.integers(1024, 65535)), confidence=0.9, evidence=evidence)
    return base.model_copy(update=changed)


def made(
    profile: ProjectProfile, values: dict[str, str], environment: str, cloud: str
) -> tuple[DeploymentConfig, dict[str, GeneratedFile]]:
    wanted = {"ci": ["github", "gitlab", "jenkins"], "compose": True, "infrastructure": CLOUDS[cloud]}
    chosen = Settings.model_validate(
        {"generate": wanted, "cloud": {"provider": cloud}, "environments": {environment: {"variables": values}}}
    )
    config = QUICK.deployment_config(profile, chosen, project_id="prj-1", environment=environment, target="docker")
    return config, {file.path: file for file in QUICK.generate(profile, config, chosen, replace=True) if not file.own}
