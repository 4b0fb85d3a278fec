"""`terraform fmt` and `validate`: a good module passes, a bad one is caught at its line, and what is absent is said."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from deploydeck.domain import CheckState
from deploydeck.generate.checkers import terraform
from deploydeck.generate.checkers.base import Scope
from deploydeck.generate.checkers.terraform import check_fmt, check_validate, fmt_groups, validate_groups, validate_identity
from tests.conftest import TERRAFORM_MIRROR
from tests.generate.infrastructure.cases import files_of, profile_of, request_of

GOOD = 'variable "name" {\n  type = string\n}\n\noutput "name" {\n  value = var.name\n}\n'
ONE = "infra/terraform/main.tf"


@pytest.fixture
def mirrored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person's own configuration names a mirror."""
    configuration = tmp_path / "terraformrc"
    configuration.write_text(
        f"provider_installation {{\n  filesystem_mirror {{\n    path = {json.dumps(TERRAFORM_MIRROR)}\n  }}\n}}\n"
    )
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(configuration))


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration, no cache."""
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "absent"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("TF_PLUGIN_CACHE_DIR", raising=False)


@pytest.mark.terraform
def test_form(alone: None) -> None:
    assert check_fmt({ONE: GOOD})[ONE].state is CheckState.PASSED
    (finding,) = check_fmt({ONE: GOOD.replace("  value = ", "  value    = ")})[ONE].findings
    assert (finding.line, finding.rule, finding.blocking) == (6, "fmt", False)
    (finding,) = check_fmt({ONE: GOOD.replace("value = var.name", "value var.name")})[ONE].findings
    assert (finding.line, finding.rule, finding.blocking) == (6, "syntax", True)
    assert check_fmt({"a/production.tfvars": 'name    = "x"\n'})["a/production.tfvars"].findings


@pytest.mark.terraform
def test_validation_without_a_provider_needed(alone: None) -> None:
    assert check_validate({ONE: GOOD})[ONE].state is CheckState.PASSED
    files = {ONE: GOOD, "infra/terraform/other.tf": 'output "other" {\n  value = var.nobody\n}\n'}
    answers = check_validate(files)
    assert answers[ONE].state is CheckState.PASSED
    (finding,) = answers["infra/terraform/other.tf"].findings
    assert finding.blocking and finding.line == 2 and "nobody" in finding.message


@pytest.mark.terraform
def test_an_absent_provider_is_not_checked(alone: None) -> None:
    text = 'terraform {\n  required_providers {\n    azurerm = {\n      source = "hashicorp/azurerm"\n    }\n  }\n}\n'
    verdict = check_validate({ONE: text})[ONE]
    assert verdict.state is CheckState.UNAVAILABLE and "provider" in verdict.reason and not verdict.findings


@pytest.mark.slow
@pytest.mark.terraform
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("kind", "services"), [("server", ("postgresql", "s3")), ("server", ("mysql",)), ("node", ()), ("spa", ()), ("site", ())]
)
def test_what_is_generated_for_aws_is_valid(tmp_path: Path, mirrored: None, kind: str, services: tuple[str, ...]) -> None:
    made = {
        path: file.content for path, file in files_of(request_of(profile_of(tmp_path, kind, services), "terraform", "aws")).items()
    }
    (group,) = validate_groups(tuple(made), Scope())
    for path, verdict in {**check_validate({path: made[path] for path in group}), **check_fmt(made)}.items():
        assert verdict.state is CheckState.PASSED, (path, verdict)
    broken = {
        path: text.replace("retention_in_days", "retention_days").replace("origin_id", "origin") for path, text in made.items()
    }
    assert any(verdict.blocking for verdict in check_validate({path: broken[path] for path in group}).values())


@pytest.mark.slow
@pytest.mark.terraform
@pytest.mark.parametrize("services", [(), ("postgresql",), ("mysql",), ("mssql",)])
def test_what_is_generated_for_azure_has_its_form(tmp_path: Path, alone: None, services: tuple[str, ...]) -> None:
    settings = {"environments": {"a.B": {"variables": {"X": '${a}\n"%{b}\U0001f600\x00'}}}}
    request = request_of(profile_of(tmp_path, "server", services), "terraform", "azure", "a.B", settings)
    for path, verdict in check_fmt({path: file.content for path, file in files_of(request).items()}).items():
        assert verdict.state is CheckState.PASSED, (path, verdict)


def test_without_terraform_both_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform, "find_tool", lambda _name: None)
    for verdict in (check_fmt({ONE: GOOD})[ONE], check_validate({ONE: GOOD})[ONE]):
        assert verdict.state is CheckState.UNAVAILABLE and "not installed" in verdict.reason


@pytest.mark.parametrize(
    ("script", "said"), [("import time; time.sleep(9)", "did not answer"), ("print('no json')", "something else")]
)
def test_a_terraform_that_misbehaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str) -> None:
    fake = tmp_path / "terraform"
    fake.write_text(f"#!{sys.executable}\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setattr(terraform, "find_tool", lambda _name: str(fake))
    monkeypatch.setattr(terraform, "TIMEOUT_S", 1.0 if "sleep" in script else 60.0)
    verdict = check_validate({ONE: GOOD})[ONE]
    assert verdict.state is CheckState.UNAVAILABLE and said in verdict.reason


def test_a_terraform_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terraform, "find_tool", lambda _name: "/nonexistent/terraform")
    assert "could not be started" in check_fmt({ONE: GOOD})[ONE].reason


def test_which_files(alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = ("a/x.tf", "a/y.tf", "a/environments/p.tfvars", "b.tf", "README.md")
    assert validate_groups(paths, Scope()) == (("a/x.tf", "a/y.tf"), ("b.tf",))
    assert fmt_groups(paths, Scope()) == (("a/x.tf",), ("a/y.tf",), ("a/environments/p.tfvars",), ("b.tf",))
    first = validate_identity()
    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", "/elsewhere")
    assert first == "" or validate_identity() != first
