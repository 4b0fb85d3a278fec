"""cfn-lint: what is generated passes, a bad template is caught at its line, and its absence is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from deploydeck.domain import CheckState
from deploydeck.generate.checkers import cfn_lint
from deploydeck.generate.checkers.base import Scope
from deploydeck.generate.checkers.cfn_lint import check_with_cfn_lint, is_cloudformation
from deploydeck.generate.checkers.tools import find_tool
from tests.generate.infrastructure.cases import files_of, profile_of, request_of

BAD = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties:
      RetentionInDays: 31
      LogGroupName: !Ref Nobody
"""
needs_it = pytest.mark.skipif(find_tool(cfn_lint.NAME) is None, reason="cfn-lint is not installed")


@needs_it
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_bad_template_is_caught() -> None:
    verdict = check_with_cfn_lint(BAD)
    assert verdict.blocking
    assert {("E1020", 7), ("E3030", 6)} & {(one.rule, one.line) for one in verdict.findings}
    assert any(one.line == 7 and "Nobody" in one.message for one in verdict.findings)


@needs_it
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("kind", "services"), [("server", ("postgresql", "s3")), ("server", ("mysql",)), ("node", ()), ("spa", ()), ("site", ())]
)
def test_what_is_generated_passes(tmp_path: Path, kind: str, services: tuple[str, ...]) -> None:
    settings = {"environments": {"a": {"variables": {"X": "1"}}, "b": {"secrets": ["TOKEN"]}, "production": {}}}
    made = files_of(request_of(profile_of(tmp_path, kind, services), "cloudformation", "aws", "a", settings))
    verdict = check_with_cfn_lint(made["infra/cloudformation/template.yaml"].content)
    assert verdict.state is CheckState.PASSED, verdict


def test_without_it_the_verdict_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cfn_lint, "find_tool", lambda _name: None)
    verdict = check_with_cfn_lint(BAD)
    assert verdict.state is CheckState.UNAVAILABLE and "pip install cfn-lint" in verdict.reason


@pytest.mark.parametrize(("script", "said"), [("import time; time.sleep(9)", "did not answer"), ("print('{}x')", "something else"),
                                              ("print('[{}]')", "something else")])  # fmt: skip
def test_one_that_misbehaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str) -> None:
    fake = tmp_path / "cfn-lint"
    fake.write_text(f"#!{sys.executable}\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setattr(cfn_lint, "find_tool", lambda _name: str(fake))
    monkeypatch.setattr(cfn_lint, "TIMEOUT_S", 1.0 if "sleep" in script else 60.0)
    verdict = check_with_cfn_lint(BAD)
    assert verdict.state is CheckState.UNAVAILABLE and said in verdict.reason


def test_which_files() -> None:
    assert is_cloudformation("infra/cloudformation/template.yaml", Scope())
    assert not is_cloudformation("infra/cloudformation/parameters/production.json", Scope())
    assert not is_cloudformation("compose.yaml", Scope())
