"""down: the whole program with a real worker and a pretend target."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.conftest import Program
from tests.cli.test_deploying import deployed
from tests.cli.test_terminal import person


def test_down_removes_everything_and_says_so_afterwards(program: Program) -> None:
    deployed(program)
    deployed(program)
    plan = program("down", "--plan", "--json").json()
    assert {item["action"] for item in plan["items"]} == {"remove"}
    assert len(plan["items"]) == 4
    text = program("down", "--plan").out
    assert "Take down shop: stop and remove everything of it in development on fake" in text
    assert all(item["name"] in text for item in plan["items"])
    assert len(program.world.read()["copies"]) == 2, "a plan changes nothing"

    lines = program("down", "--yes", "--json").lines()
    assert (lines[-1]["status"], lines[-1]["exit_code"], lines[-1]["application_url"]) == ("succeeded", 0, None)
    world = program.world.read()
    assert (world["copies"], world["images"]) == ({}, [])
    status = program("status", "--json").json()
    assert (status["live"], status["unfinished"]) == ([], [])
    assert program("status").out.startswith("Nothing is live.")
    history = program("history", "--json").json()["deployments"]
    assert [(entry["kind"], entry["release"]["number"]) for entry in history] == [("remove", 2), ("deploy", 2), ("deploy", 1)]
    assert "removed" in program("history").out.splitlines()[1]
    assert "Nothing is live" in program("rollback", "--yes", expect=1).err

    again = program("down", "--yes")
    assert again.out.strip() == "There is nothing to remove in development on fake."
    assert program("down", "--yes", "--json").json()["removed"] == []
    assert program("deploy", "--yes", "--json").lines()[-1]["release"] == "v3"


def test_down_works_when_the_project_is_gone(program: Program) -> None:
    deployed(program)
    root = str(program.project)
    shutil.rmtree(program.project)
    program.project.mkdir()  # the tests run in it
    assert program("down", root, "--env", "development", "--yes", "--json").lines()[-1]["status"] == "succeeded"
    assert program.world.read()["copies"] == {}


def test_down_asks_and_knows_its_environment(program: Program) -> None:
    deployed(program)
    assert "--yes" in program("down", expect=2).err
    assert program("down", "--env", "production", "--yes").out.startswith("Nothing was ever deployed in production.")
    assert program("down", "--target", "nowhere", "--yes", expect=2)
    assert len(program.world.read()["copies"]) == 1


def test_down_of_an_unknown_project_is_an_error(program: Program) -> None:
    assert "is not a project that DeployDeck knows" in program("down", "--yes", expect=1).err


def test_a_removal_that_fails_exits_with_4_and_can_be_repeated(program: Program) -> None:
    deployed(program)
    program.world.fault("remove", "before")
    ran = program("down", "--yes", expect=4)
    assert "deploydeck down" in ran.out
    assert len(program("status", "--json").json()["live"]) == 1
    program("down", "--yes")
    assert program.world.read()["copies"] == {}


@pytest.mark.slow
def test_in_production_it_wants_the_name(program: Program) -> None:
    deployed(program, "--env", "production")
    with person(program, "down", "--env", "production") as one:
        one.sees("Type production to go on:")
        one.types("yes\r")
        assert one.ends() == 130
    assert len(program.world.read()["copies"]) == 1
    with person(program, "down", "--env", "production") as one:
        one.sees("Type production to go on:")
        one.types("production\r")
        assert one.ends() == 0
    assert program.world.read()["copies"] == {}
