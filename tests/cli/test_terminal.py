"""What happens where a person sits: questions, Ctrl-C, colour, the passing line."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping

import pytest

from tests.cli.conftest import Program, wait_until
from tests.cli.terminal import Person

pytestmark = pytest.mark.slow

CTRL_C = "\x03"


def person(program: Program, *arguments: str, environ: Mapping[str, str] | None = None, term: str = "xterm") -> Person:
    return Person(program.argv(*arguments), cwd=program.project, environ=program.environment(environ), term=term)


def unfinished(program: Program) -> list[str]:
    return [entry["id"] for entry in program("status", "--json").json()["unfinished"]]


def building(program: Program) -> bool:
    """Whether the worker hangs in the build."""
    return any(entry[1] == "build" for entry in program.world.read()["effects"]) or bool(
        [entry for entry in program("status", "--json").json()["unfinished"] if "Build" in entry["waiting"]]
    )


@pytest.mark.parametrize("answer", ["\r", "n\r", "maybe\r", "\x04"], ids=["enter", "n", "maybe", "end-of-input"])
def test_anything_but_yes_changes_nothing(program: Program, answer: str) -> None:
    with person(program, "deploy") as one:
        one.sees("[y/N]")
        assert "Deploy shop in development on fake" in one.text
        one.types(answer)
        assert one.ends() == 130
        assert "Nothing was changed." in one.text
    assert program.world.read()["effects"] == []


def test_yes_deploys(program: Program) -> None:
    with person(program, "deploy") as one:
        one.sees("[y/N]")
        one.types("y\r")
        assert one.ends() == 0
        assert "succeeded" in one.text


def test_production_wants_its_name(program: Program) -> None:
    with person(program, "deploy", "--env", "production") as one:
        one.sees("Type production to go on:")
        one.types("yes\r")
        assert one.ends() == 130
    assert program.world.read()["effects"] == []
    with person(program, "deploy", "--env", "production") as one:
        one.sees("Type production to go on:")
        one.types("production\r")
        assert one.ends() == 0


def test_a_misspelt_production_is_told_of_and_wants_its_name_too(program: Program) -> None:
    with person(program, "deploy", "--env", "produciton", "--target", "fake") as one:
        one.sees("Type produciton to go on:")
        assert "did you mean 'production'?" in one.text
        one.types("y\r")
        assert one.ends() == 130
    assert program.world.read()["effects"] == []


def test_yes_never_asks(program: Program) -> None:
    with person(program, "deploy", "--env", "production", "--yes") as one:
        assert one.ends() == 0
        assert "?" not in one.text


@pytest.mark.parametrize("answer", ["\r", "l\r", "x\r", CTRL_C, "\x04"], ids=["enter", "l", "unknown", "ctrl-c", "end-of-input"])
def test_ctrl_c_leaves_it_running_by_default(program: Program, answer: str) -> None:
    program.world.fault("build", "hang")
    with person(program, "deploy", "--yes") as one:
        one.sees("Build a pretend image")
        one.types(CTRL_C)
        one.sees("leave it running (default)")
        one.types(answer)
        assert one.ends() == 130
        assert "The deployment goes on. Follow it with: deploydeck attach dep-" in one.text
    (deployment,) = unfinished(program)
    program("cancel", deployment)


@pytest.mark.parametrize("answer", ["c", "r"])
def test_ctrl_c_cancels_when_told_to(program: Program, answer: str) -> None:
    program.world.fault("build", "hang")
    with person(program, "deploy", "--yes") as one:
        one.sees("Build a pretend image")
        one.types(CTRL_C)
        one.sees("(default)")
        one.types(f"{answer}\r")
        assert one.ends() == 130
        assert "canceled" in one.text
    assert unfinished(program) == []
    assert program("history", "--json").json()["deployments"][0]["state"] == "canceled"


def test_ctrl_c_after_the_switch_can_roll_back(program: Program) -> None:
    program("deploy", "--yes")
    program.world.fault("settle", "hang")
    with person(program, "deploy", "--yes") as one:
        one.sees("Stop the trial copy")
        one.types(CTRL_C)
        one.sees("the new release stays")
        one.types("r\r")
        assert one.ends() == 3
    assert program("status", "--json").json()["live"][0]["release"]["number"] == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_without_a_terminal_an_interrupt_cancels_nothing(program: Program, number: signal.Signals) -> None:
    program.world.fault("build", "hang")
    process = subprocess.Popen(
        program.argv("deploy", "--yes"),
        cwd=program.project,
        env=program.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: building(program))
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    (deployment,) = unfinished(program)
    assert f"The deployment goes on. Follow it with: deploydeck attach {deployment}" in err
    program("cancel", deployment)


def test_an_interrupted_foreground_run_is_resumed_by_attach(program: Program) -> None:
    program.world.fault("build", "hang")
    process = subprocess.Popen(
        program.argv("deploy", "--yes", "--foreground"),
        cwd=program.project,
        env=program.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: building(program))
    (deployment,) = unfinished(program)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert f"deploydeck attach {deployment}" in process.stderr.readline()  # the hanging step is waited for
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert program("status", "--json").json()["worker"]["running"] is False
    assert program("attach", deployment, "--json").lines()[-1]["status"] == "succeeded"


def test_ctrl_c_ends_following_logs(program: Program) -> None:
    program.world.fault("settle", "hang")
    deployment = program("deploy", "--yes", "--detach", "--json").json()["id"]
    wait_until(lambda: program("logs", deployment).out)
    first = program("logs", deployment, "--json").lines()[0]["text"]
    with person(program, "logs", deployment, "-f") as one:
        one.sees(first)
        one.types(CTRL_C)
        assert one.ends() == 130
        assert "Traceback" not in one.text
    program("cancel", deployment)


def test_colour_only_where_it_is_wanted(program: Program) -> None:
    program("deploy", "--yes")
    for environ, term, coloured in (({}, "xterm", True), ({"NO_COLOR": "1"}, "xterm", False), ({}, "dumb", False)):
        with person(program, "history", environ=environ, term=term) as one:
            assert one.ends() == 0
            assert ("\x1b[" in one.raw) is coloured, (environ, term)
            assert "succeeded" in one.text


def test_the_passing_line_is_gone_at_the_end(program: Program) -> None:
    with person(program, "deploy", "--yes", environ={"NO_COLOR": "1"}) as one:
        assert one.ends() == 0
    last_line = one.raw.rstrip().rpartition("\n")[2]
    assert "http://127.0.0.1:" in last_line
    assert one.raw.endswith("\n")


def test_json_is_json_on_a_terminal_too(program: Program) -> None:
    with person(program, "status", "--json") as one:
        assert one.ends() == 0
        assert one.raw.startswith("{")
        assert "\x1b" not in one.raw


def test_screens_refuse_a_dumb_terminal(program: Program) -> None:
    with person(program, ".", term="dumb") as one:
        assert one.ends() == 2
        assert "TERM" in one.text
