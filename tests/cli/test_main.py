"""The command line itself: help, mistakes, errors, pipes, encodings, hostile projects, the table."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploydeck import __version__
from deploydeck.cli.completions import SHELLS
from deploydeck.cli.errors import EXIT_BY_CODE
from deploydeck.cli.main import build_parser, main
from deploydeck.cli.reference import PAGES
from deploydeck.cli.table import BY_NAME, COMMANDS, EXIT_MEANINGS
from deploydeck.domain import EXIT_CODES, EXIT_LOCKED
from tests.cli.conftest import TOP, Program

HOSTILE = "sh\x1b]0;owned\x07op \x1b[2J\u202egnp.exe"


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"deploydeck {__version__}\n"
    assert main(["--help"]) == 0
    overview = capsys.readouterr().out
    for command in COMMANDS:
        assert re.search(rf"^ +{command.name}\b", overview, re.MULTILINE)
        assert main([command.name, "--help"]) == 0
        text = capsys.readouterr().out
        for argument in command.all_arguments:
            assert argument.names[0] in text or str(argument.options.get("metavar")) in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["scna"], "deploydeck scan"),
        (["no-such-directory"], "neither a command nor a directory"),
        (["./no-such-directory"], "is not a directory"),
        (["scan", "--nope"], "--nope"),
        (["scan", "no-such-directory"], "is not a directory"),
        (["deploy", "--yes", "--detach", "--foreground"], "exclude"),
        (["generate", "--check", "--write", "--yes"], "exclude"),
        (["history", "--limit", "0"], "--limit"),
        (["history", "--limit", "many"], "--limit"),
        (["status", "--timeout", "0"], "--timeout"),
        (["diff", "v1"], "RELEASE"),
        (["completions", "powershell"], "powershell"),
        (["worker", "--json"], "--json"),
        (["demo", "--json"], "--path-only"),
    ],
)
def test_mistakes_exit_with_2_on_standard_error(program: Program, arguments: list[str], says: str) -> None:
    plain = program(*arguments, expect=2)
    assert plain.out == ""
    assert says in plain.err
    if "--json" not in arguments:
        assert plain.err.startswith("deploydeck: ")
        ran = program(*arguments, "--json", expect=2)
        assert ran.out == ""
        error = json.loads(ran.err)["error"]
        assert set(error) == {"code", "what", "why", "hint"}
        assert error["code"] == "usage"


def test_screens_need_a_terminal(program: Program) -> None:
    for arguments in ((), (".",), ("open",), ("demo",)):
        ran = program(*arguments, expect=2)
        assert "need a terminal" in ran.err
        assert "deploy --yes" in ran.err
    assert not (program.paths.data / "demo").exists()


def test_an_error_a_person_can_act_on(program: Program) -> None:
    (program.project / "deploydeck.toml").write_text("[health]\nintervall_s = 1\n")
    ran = program("scan", expect=1)
    assert ran.out == ""
    assert "interval_s" in ran.err
    assert "Traceback" not in ran.err
    error = json.loads(program("scan", "--json", expect=1).err)["error"]
    assert error["code"] == "settings-unknown-key"


def test_a_defect_leaves_one_line_and_a_redacted_traceback(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    token = "ghp_" + "a1B2" * 9

    def broken(*_: object) -> int:
        raise RuntimeError(f"cannot use {token}")

    monkeypatch.setattr("deploydeck.cli.doctor.run", broken)
    ran = program("doctor", expect=70)
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert token not in ran.err
    log = program.paths.data / "errors.log"
    assert str(log) in ran.err
    assert log.stat().st_mode & 0o077 == 0
    content = log.read_text()
    assert "Traceback" in content
    assert "RuntimeError" in content
    assert token not in content
    assert json.loads(program("doctor", "--json", expect=70).err)["error"]["code"] == "defect"


def test_a_reader_that_goes_away_is_no_error(program: Program) -> None:
    for arguments in (("scan",), ("scan", "--json"), ("settings", "--schema")):
        process = subprocess.Popen(
            program.argv(*arguments),
            cwd=program.project,
            env=program.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b"", arguments
        assert process.wait(30) == 141
        process.stderr.close()


def test_a_terminal_without_unicode(program: Program) -> None:
    (program.project / "app.py").write_text("# für Ünïcode → ✓\nfrom flask import Flask\napp = Flask(__name__)\n")
    (program.project / "deploydeck.toml").write_text('[app]\nname = "shöp-✓"\n')
    environ = {"LANG": "C", "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for arguments in (("scan",), ("scan", "--json"), ("scan", "--evidence"), ("generate", "--diff", "--target", "docker")):
        ran = program.apart(*arguments, environ=environ)
        assert ran.err == ""
        assert ran.out.isascii()


def test_a_hostile_project_cannot_steer_the_terminal(program: Program, tmp_path: Path) -> None:
    root = tmp_path / HOSTILE
    root.mkdir()
    (root / "package.json").write_text(
        json.dumps({"name": HOSTILE, "scripts": {"start": f"node {HOSTILE}.js"}, "dependencies": {"express": "5.0.0"}})
    )
    (root / f"{HOSTILE}.js").write_text(f"require('express')().listen(process.env['{HOSTILE}'])\n")
    for arguments in (
        ("scan", str(root)),
        ("scan", "--evidence", str(root)),
        ("generate", str(root)),
        ("history", str(root)),
        ("status",),
    ):
        ran = program(*arguments, expect=None)
        assert ran.code in {0, 1}
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", ran.out + ran.err), ran.out
    ran = program("scan", str(root), "--json")
    assert ran.out.isascii()
    assert "\x1b" not in ran.out
    assert ran.json()["root"] == str(root)
    error = program("logs", HOSTILE, expect=1).err
    assert "\x1b" not in error
    assert "\u202e" not in error


@pytest.mark.parametrize("name", [command.name for command in COMMANDS if command.json])
def test_standard_output_of_json_is_json(program: Program, name: str) -> None:
    """Whatever happens: with --json every line or the whole of standard output is JSON, and an error is JSON too."""
    arguments = {
        "diff": ["v1", "v2"],
        "cancel": ["dep-none"],
        "deploy": ["--plan"],
        "rollback": ["--plan"],
        "demo": ["--path-only"],
    }
    ran = program(name, *arguments.get(name, []), "--json", expect=None)
    assert ran.out or ran.err
    if ran.out:
        json.loads(ran.out)
    if ran.err:
        json.loads(ran.err)


def test_scan_and_settings_of_an_empty_directory(program: Program, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    ran = program("scan", str(empty), "--json", expect=6)
    assert ran.out == ""
    assert json.loads(ran.err)["error"]["code"] == "not-a-project"
    assert "Looked for manifests" in program("scan", str(empty), expect=6).err
    ran = program("deploy", str(empty), "--plan", expect=None)
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert ran.err.startswith("deploydeck: ")


def test_generate_check_diff_write(program: Program) -> None:
    arguments = ("--target", "docker")
    assert program("generate", "--check", *arguments, expect=1).out
    listed = program("generate", *arguments)
    assert "Dockerfile" in listed.out
    assert not (program.project / "Dockerfile").exists()
    diff = program("generate", "--diff", *arguments).out
    assert "+++ b/Dockerfile\n@@ -0,0 +1," in diff
    document = program("generate", "--json", *arguments).json()
    assert {change["state"] for change in document["changes"]} <= {"new", "changed", "same"}
    assert document["written"] == []

    written = program("generate", "--write", "--yes", "--json", *arguments).json()["written"]
    assert "Dockerfile" in written
    assert (program.project / "Dockerfile").read_text().startswith("# Generated by DeployDeck")
    assert program("generate", "--check", *arguments).code == 0
    assert program("generate", "--write", "--yes", "--json", *arguments).json()["written"] == []
    (program.project / ".dockerignore").unlink()
    assert program("generate", "--check", *arguments, expect=1).out
    patch = program("generate", "--diff", *arguments).out
    subprocess.run(["git", "apply", "-"], cwd=program.project, input=patch, text=True, check=True)
    assert program("generate", "--check", *arguments).code == 0


def test_generate_leaves_what_is_the_projects_own(program: Program) -> None:
    (program.project / "Dockerfile").write_text("FROM python:3.13-slim\nCOPY . .\nCMD python app.py\n")
    before = (program.project / "Dockerfile").read_bytes()
    program("generate", "--write", "--yes", "--target", "docker", expect=None)
    assert (program.project / "Dockerfile").read_bytes() == before
    program("generate", "--write", "--yes", "--replace", "--target", "docker")
    assert (program.project / "Dockerfile").read_bytes() != before


def test_settings_and_schema(program: Program) -> None:
    assert "health.interval_s = 0.02" in program("settings").out
    assert program("settings", "--json").json()["health"]["interval_s"] == 0.02
    schema = program("settings", "--schema").json()
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(schema)
    assert program("settings", "--schema", "--json").json() == schema


def test_exit_codes_are_documented() -> None:
    documented = {code for code, _ in EXIT_MEANINGS}
    assert {*EXIT_CODES.values(), *EXIT_BY_CODE.values(), EXIT_LOCKED} <= documented


def test_every_command_has_a_module_and_an_example_that_parses() -> None:
    parser = build_parser()
    for command in COMMANDS:
        module = __import__(command.module, fromlist=["run"])
        assert callable(module.run)
        for example in command.examples:
            words = example.split()
            assert words[0] == "deploydeck"
            if words[1:] and words[1] in BY_NAME:
                assert parser.parse_args(words[1:]).command == command.name


@pytest.mark.parametrize("name", PAGES)
def test_made_pages_are_current(name: str) -> None:
    assert (TOP / "docs" / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


@pytest.mark.parametrize("shell", SHELLS)
def test_completions(program: Program, shell: str, tmp_path: Path) -> None:
    script = program("completions", shell).out
    for command in COMMANDS:
        assert command.name in script
    import shutil

    path = tmp_path / f"deploydeck.{shell}"
    path.write_text(script)
    if shutil.which(shell):
        subprocess.run([shell, "-n", str(path)], check=True)


def complete(script: Path, *words: str) -> set[str]:
    """What bash offers for the last of `words`."""
    ask = f'source {script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _deploydeck; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", ask, "bash", *words], capture_output=True, text=True, check=True, cwd=script.parent)
    return set(done.stdout.split())


def test_bash_completes(program: Program, tmp_path: Path) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(program("completions", "bash").out)
    (tmp_path / "some-project").mkdir()
    assert {"scan", "settings", "status", "some-project"} <= complete(script, "deploydeck", "s")
    assert complete(script, "deploydeck", "deploy", "--pl") == {"--plan"}
    assert complete(script, "deploydeck", "deploy", "--target", "d") == {"docker"}
    assert complete(script, "deploydeck", "deploy", "--env", "prod") == {"production"}
    assert complete(script, "deploydeck", "completions", "z") == {"zsh"}
    assert "some-project" in complete(script, "deploydeck", "scan", "so")


def test_python_m_deploydeck() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploydeck", "--version"], capture_output=True, text=True, env=os.environ, check=True
    )
    assert done.stdout == f"deploydeck {__version__}\n"
