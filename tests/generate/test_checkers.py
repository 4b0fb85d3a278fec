"""Each checker accepts a good file and bites on a bad one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import CheckState, CheckVerdict
from deploydeck.generate.checkers import CHECKERS, Scope, hadolint
from deploydeck.generate.checkers.dockerfile import check_dockerfile
from deploydeck.generate.checkers.hadolint import check_with_hadolint
from deploydeck.generate.checkers.text import check_dockerignore, check_env_example, check_nginx, check_project_file
from deploydeck.generate.checkers.tools import find_tool
from deploydeck.generate.dockerfile_syntax import instructions

GOOD = 'FROM python:3.13-slim AS build\nRUN true\nFROM python:3.13-slim\nUSER 10001:10001\nCMD ["python", "app.py"]\n'


def rules(verdict: CheckVerdict, blocking: bool | None = None) -> list[str]:
    return [f.rule for f in verdict.findings if blocking is None or f.blocking is blocking]


def test_a_good_dockerfile_passes() -> None:
    assert check_dockerfile(GOOD).state is CheckState.PASSED


@pytest.mark.parametrize(
    ("text", "rule", "line", "blocking"),
    [
        (GOOD.replace("RUN true", "RUM true"), "unknown-instruction", 2, True),
        (GOOD.replace('["python", "app.py"]', "python app.py"), "shell-form", 5, False),
        (GOOD.replace('CMD ["python", "app.py"]\n', ""), "no-command", 3, False),
        ("RUN true\n" + GOOD, "no-base-image", 1, True),
        ("", "no-base-image", 1, True),
        (GOOD.replace("RUN true", "RUN npm install --omit=dev"), "unlocked-install", 2, False),
        (GOOD.replace("RUN true", "RUN uv sync --no-dev"), "unlocked-install", 2, False),
    ],
)
def test_our_rules_bite(text: str, rule: str, line: int, blocking: bool) -> None:
    verdict = check_dockerfile(text)
    assert (rule, line, blocking) in [(f.rule, f.line, f.blocking) for f in verdict.findings]


@pytest.mark.parametrize(
    "text",
    ["ARG BASE=python:3.13\nFROM ${BASE}\nUSER 1\nCMD [\"x\"]\n", "FROM scratch\nUSER 1\nENTRYPOINT [\"/x\"]\n",
     "FROM a@sha256:1\nUSER 1\nCMD [\"x\"]\n", "# c\n\nFROM a:1 AS one\nFROM one\nUSER 1\nCMD [\"x\"]\n",
     "FROM a:1\nRUN <<EOF\nENV API_KEY=1\nBROKEN\nEOF\nUSER 1\nCMD [\"x\"]\n",
     "FROM a:1\nRUN npm install --global pnpm@1.0.0\nUSER 1\nCMD []\n",
     "FROM host:5000/a:1\nENV MONKEY_KEYS=1 PUBLIC_URL=x\nUSER 1\nCMD [\"x\"]\n"],
)  # fmt: skip
def test_good_dockerfiles_of_many_kinds(text: str) -> None:
    assert check_dockerfile(text).findings == ()


def test_continuation_lines_and_comments_between_them() -> None:
    parsed = instructions("FROM a:1\nRUN one \\\n# comment\n\n  two\nUSER 1\n")
    assert [(i.line, i.name) for i in parsed] == [(1, "FROM"), (2, "RUN"), (6, "USER")]
    assert parsed[1].arguments.split() == ["one", "two"]


@given(st.text(max_size=300) | st.text(st.sampled_from("FROMRUN a:1\\\n#<<E[]\"'"), max_size=120))
def test_any_text_is_judged(text: str) -> None:
    assert check_dockerfile(text).checker == "dockerfile"


needs_hadolint = pytest.mark.skipif(find_tool("hadolint") is None, reason="hadolint is not installed")


@needs_hadolint
def test_hadolint_accepts_and_refuses() -> None:
    assert check_with_hadolint(GOOD).state is CheckState.PASSED
    broken = check_with_hadolint("FROM python:3.13-slim\nRUM true\n")
    assert broken.blocking and "DL1000" in rules(broken, blocking=True)
    advice = check_with_hadolint('FROM python\nUSER 1\nCMD ["x"]\n')
    assert advice.state is CheckState.FINDINGS and not advice.blocking


@needs_hadolint
def test_hadolint_is_not_led_by_a_configuration_in_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".hadolint.yaml").write_text("ignored: [DL3006]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert "DL3006" in rules(check_with_hadolint('FROM python\nUSER 1\nCMD ["x"]\n'))


def test_without_hadolint_the_verdict_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hadolint, "find_tool", lambda _: None)
    verdict = check_with_hadolint(GOOD)
    assert verdict.state is CheckState.UNAVAILABLE and "not installed" in verdict.reason and not verdict.blocking


@pytest.mark.parametrize(
    ("script", "said"),
    [("import time; time.sleep(5)", "did not answer"), ("print('no json')", "something else than JSON"),
     ("print('{\"a\": 1}')", "JSON"),
     ("import sys; sys.exit('broken \\n')", "broken")],
)  # fmt: skip
def test_a_hadolint_that_misbehaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str) -> None:
    fake = tmp_path / "hadolint"
    fake.write_text(f"#!{sys.executable}\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setattr(hadolint, "find_tool", lambda _: str(fake))
    monkeypatch.setattr(hadolint, "TIMEOUT_S", 1.0 if "sleep" in script else 20.0)
    verdict = check_with_hadolint(GOOD)
    assert verdict.state is CheckState.UNAVAILABLE and said in verdict.reason


def test_a_hadolint_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(hadolint, "find_tool", lambda _: "/nowhere")
    monkeypatch.setattr(subprocess, "run", refuse)
    assert "Permission denied" in check_with_hadolint(GOOD).reason


@pytest.mark.parametrize(
    ("text", "blocking"),
    [(".env\n.git\n", []), ("**/.env\n!**/.env.example\n", []), ("*\n!src\n", []), (".git\n", ["env-file-in-context"]),
     (".env\n!.env\n", ["env-file-in-context"]), (".env\n!**/.env.production\n", ["env-file-in-context"]),
     ("#.env\n", ["env-file-in-context"])],
)  # fmt: skip
def test_dockerignore(text: str, blocking: list[str]) -> None:
    assert rules(check_dockerignore(text), blocking=True) == blocking


@pytest.mark.parametrize(
    ("text", "blocking"),
    [
        ("A=\n# x\n\nB=1\n", []),
        ("API_KEY=\n", []),
        ("API_KEY=abc\n", ["secret-value"]),
        ("a b\n", ["env-syntax"]),
        ("1A=2\n", ["env-syntax"]),
    ],
)
def test_env_example(text: str, blocking: list[str]) -> None:
    assert rules(check_env_example(text), blocking=True) == blocking


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("[app]\nport = 1\n", ""),
        ("[app\n", "toml-syntax"),
        ("[app]\nprot = 1\n", "settings-unknown-key"),
        ("[worker]\n", "settings-scope"),
    ],
)
def test_project_file(text: str, rule: str) -> None:
    assert rules(check_project_file(text)) == ([rule] if rule else [])


@pytest.mark.parametrize(
    ("text", "blocking"), [("http {\n  a b;\n}\n", False), ("http {\n", True), ("a\n", True), ("}\n", True), ("# only\n", False)]
)
def test_nginx(text: str, blocking: bool) -> None:
    assert check_nginx(text).blocking is blocking


def test_which_checker_for_which_file() -> None:
    def names(path: str, dockerfile: str = "Dockerfile") -> list[str]:
        return [checker.name for checker in CHECKERS if checker.groups((path,), Scope(dockerfile))]

    assert {"dockerfile", "hadolint"} <= set(names("Dockerfile"))
    assert {"dockerfile", "hadolint"} <= set(names("docker/prod", "docker/prod"))
    assert "dockerfile" not in names("docker/prod")
    assert "dockerignore" not in names("sub/.dockerignore")
    assert "nginx" in names("deploy/nginx.conf")


@needs_hadolint
def test_the_program_beside_the_interpreter_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    beside = Path(sys.executable).parent / "hadolint"
    if not beside.exists():
        pytest.skip("hadolint is on PATH only")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert find_tool("hadolint") == str(beside)
