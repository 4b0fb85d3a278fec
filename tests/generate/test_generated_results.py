"""What is generated survives storage, and pipelines do for every stack what a pipeline is for."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from deploydeck.domain import DeployDeckError, DeploymentConfig, GeneratedFile, ProjectProfile
from deploydeck.settings import PRODUCTION, Settings
from tests.generate.drawn import CLOUDS, made, profiles
from tests.generate.golden import QUICK

# Feature: deployment-automation, Property 12: Microservices Architecture Round-Trip
# For any deployment configuration, serializing the configuration to storage and then deserializing it should produce an equivalent
# configuration object that generates identical deployment results.


@pytest.mark.timeout(900)
@settings(max_examples=100, deadline=None)
@given(profiles(), st.sampled_from(sorted(CLOUDS)))
def test_a_stored_configuration_generates_the_same_files(profile: ProjectProfile, cloud: str) -> None:
    try:
        config, files = made(profile, {"GREETING": "hello"}, "staging", cloud)
    except DeployDeckError:
        return
    kept = DeploymentConfig.model_validate_json(config.model_dump_json())
    assert (kept, kept.content_hash) == (config, config.content_hash)
    wanted = {"ci": ["github", "gitlab", "jenkins"], "compose": True, "infrastructure": CLOUDS[cloud]}
    chosen = Settings.model_validate(
        {"generate": wanted, "cloud": {"provider": cloud}, "environments": {"staging": {"variables": {"GREETING": "hello"}}}}
    )
    again = QUICK.generate(ProjectProfile.model_validate_json(profile.model_dump_json()), kept, chosen, replace=True)
    assert {file.path: file.content for file in again if not file.own} == {path: file.content for path, file in files.items()}
    for file in files.values():
        assert GeneratedFile.model_validate_json(file.model_dump_json()) == file


# Feature: deployment-automation, Property 8: Pipeline Management Correctness
# For any detected technology stack, the Pipeline_Manager should create appropriate CI/CD pipelines with integrated testing, support
# multiple environments, execute based on triggers, and provide detailed execution reporting. (Here as far as files go.)


@pytest.mark.timeout(900)
@settings(max_examples=100, deadline=None)
@given(profiles(), st.lists(st.sampled_from(["development", "staging", "production"]), min_size=1, unique=True))
def test_every_stack_gets_pipelines_that_test_build_scan_and_deploy(profile: ProjectProfile, environments: list[str]) -> None:
    named: dict[str, dict[str, str]] = {name: {} for name in environments}
    chosen = Settings.model_validate({"generate": {"ci": ["github", "gitlab", "jenkins"]}, "environments": named})
    try:
        config = QUICK.deployment_config(profile, chosen, project_id="prj-1", environment=environments[0], target="docker")
        files = {file.path: file for file in QUICK.generate(profile, config, chosen, replace=True)}
    except DeployDeckError:
        return
    assert config.pipeline is not None and set(environments) <= set(config.pipeline.environments)
    order = list(config.pipeline.environments)
    github = yaml.load(files[".github/workflows/deploydeck.yml"].content, yaml.CSafeLoader)
    _github(github, order)
    tested = "test" in github["jobs"]
    gitlab = yaml.load(files[".gitlab-ci.yml"].content, yaml.CSafeLoader)
    _gitlab(gitlab, order)
    assert ("test" in gitlab) is tested, "whether there are tests to run is the same everywhere"
    jenkins = files["Jenkinsfile"].content
    assert ("stage('Test')" in jenkins) is tested
    assert all(f"stage('Deploy to {name}')" in jenkins for name in order) and "stage('Scan')" in jenkins
    assert ("input {" in jenkins) is (PRODUCTION in order)
    if not tested:
        assert "No tests run here" in files[".github/workflows/deploydeck.yml"].content, "it is said, not hidden"


def _github(document: dict[Any, Any], order: list[str]) -> None:
    triggers = document[True]  # YAML 1.1 reads the key `on` so
    assert {"pull_request", "push", "workflow_dispatch"} <= set(triggers)
    jobs = document["jobs"]
    steps = [step.get("name", "") for step in jobs["image"]["steps"]]
    assert steps.index("Scan the image") < steps.index("Push the image")
    deploying = {job["environment"]: job for job in jobs.values() if "environment" in job}
    assert list(deploying) == order
    assert document["permissions"] == {"contents": "read"}
    if PRODUCTION in order:
        assert "github.ref_type == 'tag'" in deploying[PRODUCTION]["if"] and "'push'" not in deploying[PRODUCTION]["if"]
    for job in deploying.values():
        assert job["concurrency"]["cancel-in-progress"] is False and "image" in job["needs"]


def _gitlab(document: dict[Any, Any], order: list[str]) -> None:
    deploying = {job["environment"]["name"]: job for job in document.values() if isinstance(job, dict) and "environment" in job}
    assert list(deploying) == order
    assert {"build", "scan", "deploy"} <= set(document["stages"])
    if PRODUCTION in order:
        assert all(rule.get("when") == "manual" for rule in deploying[PRODUCTION]["rules"])
