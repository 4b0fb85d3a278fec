"""The calls of the original design: one purpose at a time, and the policies over what was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploydeck.domain import DeployDeckError, GeneratedFile, GeneratedSet
from tests.generate.golden import QUICK, scanned
from tests.generate.samples import flask_pip


def test_the_files_of_an_image(tmp_path: Path) -> None:
    made = QUICK.generate_dockerfile(flask_pip(tmp_path))
    assert (made.purpose, [file.path for file in made.files]) == ("docker", ["Dockerfile", ".dockerignore"])
    assert made.left == () and all(file.verdicts for file in made.files)


@pytest.mark.parametrize(
    ("platform", "path"), [("github", ".github/workflows/"), ("gitlab", ".gitlab-ci.yml"), ("jenkins", "Jenkinsfile")]
)
def test_a_pipeline_for_each_platform(platform: str, path: str) -> None:
    made = QUICK.create_cicd_pipeline(scanned("fastapi-uv"), platform)
    assert any(file.path.startswith(path) for file in made.files) and made.left == ()


def test_an_unknown_platform_is_refused() -> None:
    with pytest.raises(DeployDeckError, match="github, gitlab, jenkins"):
        QUICK.create_cicd_pipeline(scanned("fastapi-uv"), "travis")


def test_policies_put_in_what_they_are_sure_of_and_leave_the_rest_to_a_person() -> None:
    bad = 'FROM python\nADD http://host/x /x\nENV API_KEY=abc\nEXPOSE 8000\nCMD ["python", "app.py"]\n'
    made = QUICK.apply_security_policies(GeneratedSet(purpose="docker", files=(GeneratedFile(path="Dockerfile", content=bad),)))
    text = made.files[0].content
    assert "FROM python:3.13-slim\n" in text and "API_KEY" not in text and "USER 10001:10001\n" in text and "HEALTHCHECK" in text
    assert [finding.rule for _, finding in made.left] == ["unverified-download"]
    assert QUICK.apply_security_policies(made).files[0].content == text
