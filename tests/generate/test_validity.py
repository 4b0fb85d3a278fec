"""Any profile gives files that parse, keep the policies and agree with each other, also for hostile names and values."""

# Feature: deployment-automation, Property 2: Configuration Generation Validity
# For any project profile, the Configuration_Generator should produce syntactically valid and secure configuration files
# (Dockerfile, CI/CD pipelines, deployment scripts) that are compatible with the detected technology stack and target platforms.

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from deploydeck.domain import (
    DeployDeckError,
    DeploymentConfig,
    GeneratedFile,
    ProjectProfile,
)
from deploydeck.generate import COMPOSE_APP, policies
from deploydeck.generate.dockerfile_syntax import instructions, stages
from tests.generate.agree import facts_of
from tests.generate.drawn import CLOUDS, SAMPLES, hostile, made, profiles
from tests.generate.golden import scanned

# Control characters, and those that turn the direction of text: a reviewer must see what there is.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class _AnyTag(yaml.CSafeLoader):
    """Reads CloudFormation's and GitLab's own tags as plain values."""


def _plain(loader: yaml.CSafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


_AnyTag.add_multi_constructor("!", _plain)


def parsed(path: str, content: str) -> Any:
    """The content as its language reads it. Raises what the parser raises."""
    if path.endswith((".yml", ".yaml")):
        return yaml.load(content, _AnyTag)
    if path.endswith(".json"):
        return json.loads(content)
    if path.endswith(".toml"):
        return tomllib.loads(content)
    if path.endswith(".sh"):
        return [shlex.split(line, comments=True) for line in content.split("\n") if line.startswith(": ")]
    return content


def env_names(content: str) -> Iterator[str]:
    for line in content.split("\n"):
        if line and not line.startswith("#"):
            name, equals, _ = line.partition("=")
            assert equals and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name), line
            yield name


@pytest.mark.timeout(900)
@settings(max_examples=100, deadline=None)
@given(profiles(), st.dictionaries(st.from_regex(r"[A-Z][A-Z0-9_]{0,8}", fullmatch=True), hostile, max_size=3),
       st.sampled_from(["development", "staging", "production", "eu-west.1"]), st.sampled_from(sorted(CLOUDS)))  # fmt: skip
def test_any_profile_gives_files_that_parse_keep_the_policies_and_agree(
    profile: ProjectProfile, values: dict[str, str], environment: str, cloud: str
) -> None:
    try:
        config, files = made(profile, values, environment, cloud)
    except DeployDeckError as error:
        assert error.code.startswith("generate-") and error.what
        return
    for path, file in files.items():
        assert not file.blocked, (path, file.verdicts)
        parsed(path, file.content)
        broken = policies.findings(path, file.content, config.dockerfile)
        assert not broken, (path, broken)
        assert not _UNSEEN.search(file.content), path
    agree(config, files, profile)


def agree(config: DeploymentConfig, files: dict[str, GeneratedFile], profile: ProjectProfile) -> None:
    """Port, health path, names and variables are the same everywhere."""
    final = stages(instructions(files["Dockerfile"].content))[-1]
    said = {one.name: one.arguments for one in final}
    assert said["EXPOSE"] == str(config.port)
    probe = json.loads(said["HEALTHCHECK"].partition("CMD ")[2])
    whole = " ".join(probe)
    assert config.health.path in whole and str(config.port) in whole
    assert config.app in files["deploydeck.toml"].content or "name" not in parsed("x.toml", files["deploydeck.toml"].content).get(
        "app", {}
    )
    if ".env.example" in files:
        listed = set(env_names(files[".env.example"].content))
        needed = {one.name for one in config.variables if one.value is None}
        provided = {name for service in config.services for name, _ in service.variables}
        assert needed - provided <= listed
    compose = next((files[path] for path in ("compose.yaml",) if path in files), None)
    if compose is not None:
        document = parsed("compose.yaml", compose.content)
        app = document["services"][COMPOSE_APP]
        assert [port["target"] for port in app["ports"]] == [config.port]
        assert config.health.path in " ".join(app["healthcheck"]["test"]).replace("$$", "$")
        assert set(document["services"]) >= {service.name for service in config.services}
    for path in files:
        facts = facts_of(path, files[path].content)
        for name, ours in (("port", config.port), ("health_path", config.health.path), ("app", config.app)):
            assert facts.get(name, ours) == ours, (path, name)
    for path in (".github/workflows/deploydeck.yml", ".gitlab-ci.yml", "Jenkinsfile"):
        content = files[path].content
        container = re.search(r"CONTAINER['\"]?\s*[:=]\s*['\"]?([\w.-]+)", content)
        assert container is None or container[1].startswith(config.app), (path, container)


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_same_profile_gives_the_same_files(sample: str) -> None:
    _, first = made(scanned(sample), {}, "production", "aws")
    _, second = made(scanned(sample), {}, "production", "aws")
    assert {path: file.content for path, file in first.items()} == {path: file.content for path, file in second.items()}
