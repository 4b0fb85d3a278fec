"""The checkers of pipelines accept a good file, bite on a bad one at its line, and say so when they are not there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deploydeck.domain import CheckState, CheckVerdict
from deploydeck.generate.checkers import CHECKERS, Scope, actionlint, jenkins, schemas, shell, zizmor
from tests.conftest import need

Check = Callable[[str], CheckVerdict]

WORKFLOW = """\
on:
  push:
permissions:
  contents: read
jobs:
  test:
    name: Test
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2
        with:
          persist-credentials: false
      - run: make test
"""
GITLAB = "stages: [test]\ntest:\n  stage: test\n  script:\n    - make test\n"
COMPOSE = "services:\n  app:\n    image: shop\n    ports:\n      - '8000:8000'\n"
JENKINS = """\
pipeline {
    agent any
    stages {
        stage('Test') {
            steps {
                sh 'make test'
            }
        }
    }
}
"""
SCRIPT = "set -eu\nif true; then\n  echo yes\nfi\n"

GOOD: tuple[tuple[Check, str], ...] = (
    (zizmor.check, WORKFLOW),
    (schemas.check_workflow, WORKFLOW),
    (schemas.check_gitlab, GITLAB),
    (schemas.check_compose, COMPOSE),
    (shell.check, SCRIPT),
)
INJECTED = WORKFLOW.replace("make test", 'echo "${{ github.event.issue.title }}"')


@pytest.mark.parametrize(("check", "content"), GOOD)
def test_a_good_file_passes(check: Check, content: str) -> None:
    assert check(content).state is CheckState.PASSED


@pytest.mark.parametrize(
    ("check", "content", "rule", "line"),
    [
        (zizmor.check, INJECTED, "template-injection", 14),
        (schemas.check_workflow, WORKFLOW.replace("steps:", "stepz:"), "schema", 10),
        (schemas.check_workflow, WORKFLOW + "  broken: [\n", "yaml-syntax", 16),
        (schemas.check_gitlab, GITLAB + "  when: perhaps\n", "schema", 6),
        (schemas.check_gitlab, GITLAB.replace("script", "skript"), "schema", 4),
        (schemas.check_compose, COMPOSE.replace("ports", "portz"), "schema", 4),
        (shell.check, SCRIPT.replace("fi\n", ""), "syntax", 4),
    ],
)
def test_a_bad_file_is_caught_where_it_is_bad(check: Check, content: str, rule: str, line: int) -> None:
    verdict = check(content)
    assert verdict.state is CheckState.FINDINGS
    assert (rule, line) in [(finding.rule, finding.line) for finding in verdict.findings]
    assert verdict.blocking


@pytest.mark.tools
def test_actionlint_accepts_a_good_workflow_and_bites_on_bad_ones() -> None:
    assert actionlint.check(WORKFLOW).state is CheckState.PASSED
    injected = actionlint.check(INJECTED)
    assert [(finding.rule, finding.line) for finding in injected.findings] == [("expression", 14)]
    unknown = actionlint.check(WORKFLOW.replace("    name: Test", "    needs: [build]"))
    assert unknown.blocking
    assert unknown.findings[0].rule == "job-needs"
    old_label = actionlint.check(WORKFLOW.replace("ubuntu-24.04", "ubuntu-99.04"))
    assert old_label.findings and not old_label.blocking


@pytest.mark.tools
@pytest.mark.parametrize(
    "content",
    [
        JENKINS,
        "node {\n    stage('Test') {\n        sh 'make test'\n    }\n}\n",  # scripted: only parsed
        "@Library('shared') _\ndef x = [:]\ntry { a() } catch (Exception e) { x?.y ?: '' }\n" + JENKINS,
        JENKINS.replace("steps {", "when {\n                expression { params.A ==~ /x.*/ }\n            }\n            steps {"),
    ],
)
def test_a_good_jenkinsfile_passes(content: str) -> None:
    assert jenkins.check(content).state is CheckState.PASSED


@pytest.mark.tools
@pytest.mark.parametrize(
    ("content", "rule", "line"),
    [
        (JENKINS.replace("'make test'", "'make test"), "groovy-syntax", 6),
        (JENKINS + "}\n", "groovy-syntax", 11),
        (JENKINS.replace("    agent any\n", ""), "missing-section", 1),
        (JENKINS.replace("steps {", "stepz {"), "unknown-section", 5),
        (JENKINS.replace("stage('Test')", "stop('Test')"), "unknown-section", 4),
        (JENKINS.replace("sh 'make test'", "sh 'a'\n            }\n            stages {"), "stage-body", 4),
    ],
)
def test_a_bad_jenkinsfile_is_caught_where_it_is_bad(content: str, rule: str, line: int) -> None:
    verdict = jenkins.check(content)
    assert (rule, line) in [(finding.rule, finding.line) for finding in verdict.findings]
    assert verdict.blocking


@pytest.mark.tools
def test_checking_a_jenkinsfile_runs_and_fetches_nothing_of_it(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    content = f"@Grab('no.such:thing:1.0')\nimport no.such.Thing\nnew File('{touched}').text = 'x'\n" + JENKINS
    assert jenkins.check(content).state is CheckState.PASSED
    assert not touched.exists()


@pytest.mark.parametrize(
    ("check", "module"),
    [
        (actionlint.check, actionlint),
        (zizmor.check, zizmor),
        (schemas.check_workflow, schemas),
        (schemas.check_gitlab, schemas),
        (schemas.check_compose, schemas),
        (shell.check, shell),
        (jenkins.check, jenkins),
    ],
)
def test_an_absent_program_is_no_pass(check: Check, module: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_tool", lambda name: None)
    verdict = check(WORKFLOW)
    assert verdict.state is CheckState.UNAVAILABLE
    assert verdict.reason


@pytest.mark.parametrize("check", [zizmor.check, schemas.check_workflow, schemas.check_gitlab])
def test_a_program_that_answers_nonsense_is_no_pass(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    from deploydeck.generate.checkers.tools import Ran

    for module in (zizmor, schemas):
        monkeypatch.setattr(module, "run_tool", lambda *args, **options: Ran(3, b"what?", b"it broke"))
    verdict = check(WORKFLOW)
    assert verdict.state is CheckState.UNAVAILABLE
    assert "it broke" in verdict.reason


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (".github/workflows/ci.yml", {"actionlint", "zizmor", "schema-workflow"}),
        (".gitlab-ci.yml", {"schema-gitlab"}),
        ("docker-compose.override.yml", {"schema-compose"}),
        ("compose.yaml", {"schema-compose"}),
        ("ci/Jenkinsfile", {"jenkins"}),
        ("ci/deploy.sh", {"sh"}),
        ("docs/workflows/ci.yml", set()),
    ],
)
def test_each_file_gets_its_checkers(path: str, names: set[str]) -> None:
    got = {one.name for one in CHECKERS if not one.quick and one.groups((path,), Scope())}
    assert got == names


def test_the_tools_of_this_file_are_those_that_are_asked_for() -> None:
    need("tools")
    assert actionlint.identity()
    assert jenkins.identity()
