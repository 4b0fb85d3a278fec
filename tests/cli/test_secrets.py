"""`deploydeck secrets`: what it keeps, says, asks and ends with; a value is seen only where it was asked for."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import Program, Ran
from tests.cli.test_deploying import deployed
from tests.cli.test_main import complete
from tests.cli.test_terminal import person

VALUE = "s3ntinel-Zx81-Value-4242"
PASSPHRASE = "correct horse battery staple"

READS = """
import os
TOKEN = os.environ["BOARD_TOKEN"]
KEY = os.environ.get("SENTRY_KEY")
"""


@pytest.fixture(params=["keyring", "encrypted file"])
def keeping(request: pytest.FixtureRequest, program: Program, tmp_path: Path) -> str:
    """The project reads two variables; the store is one of both."""
    source = program.project / "app.py"
    source.write_text(source.read_text() + READS)
    if request.param == "keyring":
        program.environ |= {"PYTHON_KEYRING_BACKEND": "tests.vault.rings.FileRing", "TEST_KEYRING": str(tmp_path / "ring.json")}
    else:
        (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
        program.environ |= {"DEPLOYDECK_PASSPHRASE_FILE": str(tmp_path / "passphrase")}
    return str(request.param)


def fed(program: Program, text: str | bytes, *arguments: str, expect: int = 0) -> Ran:
    """Run a command with something on its standard input."""
    content = text.encode() if isinstance(text, str) else text
    done = subprocess.run(
        program.argv(*arguments), cwd=program.project, env=program.environment(), input=content, capture_output=True, timeout=60
    )
    ran = Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert ran.code == expect, f"{arguments}: {ran.code}\n{ran.out}\n{ran.err}"
    return ran


def told(program: Program, *arguments: str) -> dict[str, dict[str, object]]:
    variables = program.apart("secrets", "list", "--json", *arguments).json()["variables"]
    return {row["name"]: row for row in variables}


def test_set_list_get_rm(program: Program, keeping: str) -> None:
    assert told(program)["BOARD_TOKEN"]["missing"] is True
    assert "BOARD_TOKEN" in program.apart("deploy", "--yes", expect=1).err
    said = fed(program, f"{VALUE}\n", "secrets", "set", "BOARD_TOKEN")
    assert "BOARD_TOKEN of shop in development is version 1 now" in said.out
    row = told(program)["BOARD_TOKEN"]
    assert (row["need"], row["source"], row["version"], row["missing"]) == ("needed", keeping, 1, False)
    assert told(program, "--env", "production")["BOARD_TOKEN"]["missing"] is True
    text = program.apart("secrets").out
    assert str(row["fingerprint"]) in text
    assert keeping in text
    assert f"{row['fingerprint']}" in program.apart("secrets", "get", "BOARD_TOKEN").out
    assert VALUE not in said.out + text + program.apart("secrets", "get", "BOARD_TOKEN", "--json").out

    for arguments in (("--reveal",), ("--reveal", "--json")):
        ran = program.apart("secrets", "get", "BOARD_TOKEN", *arguments, expect=2)
        assert VALUE not in ran.out + ran.err
    assert program.apart("secrets", "get", "BOARD_TOKEN", "--reveal", "--yes").out == f"{VALUE}\n"
    assert program.apart("secrets", "get", "BOARD_TOKEN", "--reveal", "--yes", "--json").json()["value"] == VALUE

    assert "--yes" in program.apart("secrets", "rm", "BOARD_TOKEN", expect=2).err
    program.apart("secrets", "rm", "BOARD_TOKEN", "--yes")
    assert told(program)["BOARD_TOKEN"]["missing"] is True
    error = json.loads(program.apart("secrets", "get", "BOARD_TOKEN", "--json", expect=1).err)["error"]
    assert error["code"] == "secret-unset"


@pytest.mark.parametrize("keeping", ["keyring"], indirect=True)
def test_values_with_line_ends_and_other_letters(program: Program, keeping: str) -> None:
    for value in ("-----BEGIN-----\nabc\n-----END-----", " blanks ", "ünïcode ✓ \U0001f680", "a\r\nb", "\x1b[31mred"):
        fed(program, f"{value}\n".encode(), "secrets", "set", "BOARD_TOKEN")
        got = fed(program, "", "secrets", "get", "BOARD_TOKEN", "--reveal", "--yes", "--json").json()
        assert got["value"] == value
    for content in (b"", b"\n", b"a\0b", b"\xff\xfe", b"x" * 70_000):
        assert "This cannot be the value of BOARD_TOKEN" in fed(program, content, "secrets", "set", "BOARD_TOKEN", expect=1).err


def test_rotation_names_the_live_releases_with_the_old_version(program: Program, keeping: str) -> None:
    error = fed(program, "x", "secrets", "rotate", "BOARD_TOKEN", expect=1).err
    assert "is not set" in error
    fed(program, VALUE, "secrets", "set", "BOARD_TOKEN")
    program.apart("deploy", "--yes")
    rotated = program.apart("secrets", "rotate", "BOARD_TOKEN", "--generate", "--json").json()
    assert (rotated["version"], rotated["previous"]["version"]) == (2, 1)
    assert [(one["release"], one["target"]) for one in rotated["live"]] == [("v1", "fake")]
    versions = program.apart("secrets", "versions", "BOARD_TOKEN", "--json").json()["versions"]
    assert [(one["version"], one["in_force"], len(one["live"])) for one in versions] == [(2, True, 0), (1, False, 1)]
    assert "v1 on fake" in program.apart("secrets", "versions", "BOARD_TOKEN").out
    plan = program.apart("deploy", "--plan", "--json").json()
    (change,) = plan["variables"]
    assert (change["change"], change["fingerprint"], change["source"]) == ("changed", rotated["fingerprint"], keeping)
    back = program.apart("secrets", "rotate", "BOARD_TOKEN", "--to", "1")
    assert "is version 3 now" in back.out
    assert program.apart("secrets", "get", "BOARD_TOKEN", "--reveal", "--yes").out == f"{VALUE}\n"
    assert "Kept are: 1, 2, 3." in program.apart("secrets", "rotate", "BOARD_TOKEN", "--to", "9", expect=1).err


def test_import_shows_before_it_does(program: Program, keeping: str) -> None:
    path = program.project / "old.env"
    path.write_text(f"BOARD_TOKEN={VALUE}\nSENTRY_KEY=another value\nEMPTY=\n")
    fed(program, "something else", "secrets", "set", "BOARD_TOKEN")
    shown = program.apart("secrets", "import", "old.env", expect=2)
    assert "changed" in shown.out
    assert "new" in shown.out
    assert "EMPTY" in shown.out
    assert told(program)["SENTRY_KEY"]["version"] is None, "nothing was done"
    done = program.apart("secrets", "import", "old.env", "--yes", "--json").json()
    assert {one["name"]: (one["change"], one["version"]) for one in done["imported"]} == {
        "BOARD_TOKEN": ("changed", 2),
        "SENTRY_KEY": ("new", 1),
    }
    again = program.apart("secrets", "import", "old.env", "--yes", "--json").json()
    assert (again["imported"], again["same"], again["left_out"]) == ([], ["BOARD_TOKEN", "SENTRY_KEY"], ["EMPTY"])
    idle = program.apart("secrets").out
    assert "given to nobody: SENTRY_KEY" in idle
    path.write_text("no assignment\n")
    error = program.apart("secrets", "import", "old.env", "--yes", expect=1).err
    assert "old.env:1" in error
    assert "no assignment" not in error


def test_diff(program: Program, keeping: str) -> None:
    fed(program, VALUE, "secrets", "set", "BOARD_TOKEN")
    fed(program, VALUE, "secrets", "set", "BOARD_TOKEN", "--env", "production")
    fed(program, "x", "secrets", "set", "SENTRY_KEY", "--env", "production")
    variables = program.apart("secrets", "diff", "development", "production", "--json").json()["variables"]
    assert {one["name"]: one["change"] for one in variables} == {"BOARD_TOKEN": "same", "SENTRY_KEY": "right"}
    fed(program, "y", "secrets", "set", "BOARD_TOKEN")
    text = program.apart("secrets", "diff", "development", "production").out
    assert "different" in text
    assert "only production" in text
    assert VALUE not in text


def test_a_reference_stands_where_a_value_would(program: Program) -> None:
    with (program.project / "deploydeck.toml").open("a") as file:
        file.write('[environments.development.variables]\nBOARD_TOKEN = "env:ELSEWHERE"\nNOTE = "plain:env:ELSEWHERE"\n')
    rows = told(program)
    assert (rows["BOARD_TOKEN"]["source"], rows["BOARD_TOKEN"]["missing"]) == ("env:ELSEWHERE", True)
    assert (rows["NOTE"]["source"], rows["NOTE"]["secret"]) == ("settings", False)
    assert "BOARD_TOKEN (env:ELSEWHERE)" in program.apart("deploy", "--yes", expect=1).err
    program.environ["ELSEWHERE"] = VALUE
    assert told(program)["BOARD_TOKEN"]["missing"] is False
    plan = program.apart("deploy", "--plan").out
    assert "BOARD_TOKEN  (secret, from env:ELSEWHERE)" in plan
    assert VALUE not in plan
    (program.project / "deploydeck.toml").write_text('[environments.development.variables]\nA = "env:NOT A NAME"\n')
    assert "plain:" in program.apart("secrets", expect=1).err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["set"], "needs a NAME"),
        (["set", "NAME", "value"], "A value is never an argument"),
        (["get"], "needs a NAME"),
        (["import"], "needs a FILE"),
        (["diff", "one"], "needs two environments"),
        (["list", "NAME"], "takes no name"),
        (["list", "--reveal"], "--reveal"),
        (["set", "NAME", "--to", "1"], "--to"),
        (["rotate", "NAME", "--to", "1", "--generate"], "exclude"),
        (["set", "1-BAD", "--generate"], "is not the name"),
        (["set", "NAME", "--generate"], "no terminal to ask for its passphrase"),
        (["passphrase"], "no encrypted file yet"),
        (["explode"], "explode"),
        (["list", "--env", "../x"], "cannot be the name of an environment"),
    ],
)
def test_mistakes(program: Program, arguments: list[str], says: str) -> None:
    ran = program.apart("secrets", *arguments, expect=2)
    assert ran.out == ""
    assert says in ran.err


def test_a_misspelt_environment_is_noticed(program: Program, keeping: str) -> None:
    assert "did you mean 'production'?" in fed(program, VALUE, "secrets", "set", "BOARD_TOKEN", "--env", "prodution").err


# --- at a terminal ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def alone(program: Program) -> Iterator[Program]:
    """No keyring, no passphrase but the one that is typed."""
    source = program.project / "app.py"
    source.write_text(source.read_text() + READS)
    yield program


def test_a_person_types_passphrase_and_value_unseen(alone: Program) -> None:
    with person(alone, "secrets", "set", "BOARD_TOKEN") as one:
        for question, answer in (("New passphrase:", PASSPHRASE), ("The same again:", PASSPHRASE), ("Value of BOARD_TOKEN", VALUE)):
            one.sees(question)
            time.sleep(0.2)  # echo goes off after the question was written
            one.types(f"{answer}\r")
        assert one.ends() == 0
        assert "version 1" in one.text
        assert VALUE not in one.raw
        assert PASSPHRASE not in one.raw
    with person(alone, "secrets", "get", "BOARD_TOKEN", "--reveal") as one:
        one.sees("Passphrase:")
        time.sleep(0.2)
        one.types("wrong\r")
        one.sees("This is not the passphrase")
        one.sees("Passphrase:")
        time.sleep(0.5)
        one.types(f"{PASSPHRASE}\r")
        one.sees("on this terminal? [y/N]")
        one.types("n\r")
        assert one.ends() == 130
        assert VALUE not in one.raw
    with person(alone, "deploy", "--plan") as one:
        one.sees("Passphrase:")
        time.sleep(0.2)
        one.types(f"{PASSPHRASE}\r")
        one.sees("from encrypted file")
        assert one.ends() == 0


def test_two_different_new_passphrases_change_nothing(alone: Program) -> None:
    with person(alone, "secrets", "set", "BOARD_TOKEN") as one:
        for question, answer in (("New passphrase:", PASSPHRASE), ("The same again:", PASSPHRASE[1:])):
            one.sees(question)
            time.sleep(0.2)
            one.types(f"{answer}\r")
        one.sees("The two passphrases differ.")
        assert one.ends() == 1
    assert not alone.paths.vault_file.exists()


def test_another_passphrase(alone: Program, tmp_path: Path) -> None:
    (tmp_path / "old").write_text(PASSPHRASE)
    (tmp_path / "new").write_text("quite another passphrase")
    alone.environ["DEPLOYDECK_PASSPHRASE_FILE"] = str(tmp_path / "old")
    fed(alone, VALUE, "secrets", "set", "BOARD_TOKEN")
    with person(alone, "secrets", "passphrase") as one:
        for question in ("New passphrase:", "The same again:"):
            one.sees(question)
            time.sleep(0.2)
            one.types("quite another passphrase\r")
        assert one.ends() == 0
    assert "is not the passphrase" in alone.apart("secrets", expect=1).err
    alone.environ["DEPLOYDECK_PASSPHRASE_FILE"] = str(tmp_path / "new")
    assert told(alone)["BOARD_TOKEN"]["version"] == 1


# --- sinks --------------------------------------------------------------------------------------------------------------------


def test_no_sink_holds_a_kept_value(program: Program, keeping: str, tmp_path: Path) -> None:
    said = [fed(program, VALUE, "secrets", "set", "BOARD_TOKEN").out]
    worker_was_seen = False
    for arguments in (
        ("secrets", "list", "--json"),
        ("deploy", "--plan", "--json"),
        ("deploy", "--yes", "--json"),
        ("secrets", "versions", "BOARD_TOKEN"),
        ("secrets", "rotate", "BOARD_TOKEN", "--generate"),
        ("deploy", "--yes"),
        ("diff", "v1", "v2"),
        ("history", "--json"),
        ("settings", "--json"),
        ("doctor",),
    ):
        ran = program.apart(*arguments, expect=None)
        assert ran.code == 0, ran.err
        said += [ran.out, ran.err]
        for process in psutil.process_iter(["cmdline", "environ"]):
            shown = json.dumps([process.info["cmdline"], process.info["environ"]])
            worker_was_seen |= "worker" in (process.info["cmdline"] or ())
            assert VALUE not in shown, "in the arguments or environment of a process"
            assert PASSPHRASE not in shown
    assert worker_was_seen
    assert not [text for text in said if VALUE in text or PASSPHRASE in text]
    for path in program.paths.data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert VALUE.encode() not in content, path
            assert PASSPHRASE.encode() not in content, path


@pytest.mark.parametrize("keeping", ["encrypted file"], indirect=True)
def test_a_crash_report_does_not_hold_a_kept_value(program: Program, keeping: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fed(program, VALUE, "secrets", "set", "BOARD_TOKEN")
    for name, value in program.environ.items():
        monkeypatch.setenv(name, value)

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"it holds {VALUE}, sealed with {PASSPHRASE}")

    monkeypatch.setattr("deploydeck.deploy.DeploymentEngine.plan", broken)
    ran = program("deploy", "--yes", expect=70)
    report = (program.paths.data / "errors.log").read_text()
    assert "RuntimeError: it holds [redacted], sealed with [redacted]" in report
    for text in (report, ran.out, ran.err):
        assert VALUE not in text
        assert PASSPHRASE not in text


def test_bash_completes_actions(program: Program, tmp_path: Path) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(program("completions", "bash").out)
    assert {"set", "get", "rotate"} <= complete(script, "deploydeck", "secrets", "")
    assert complete(script, "deploydeck", "secrets", "ro") == {"rotate"}
    assert complete(script, "deploydeck", "secrets", "list", "--env", "prod") == {"production"}


def test_a_deployment_still_needs_no_store(program: Program) -> None:
    deployed(program)
    assert not program.paths.vault_file.exists()
