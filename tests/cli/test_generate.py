"""generate and undo: what is asked, what is written, what a conflict does, and back again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploydeck.cli import prompt
from deploydeck.domain import Proof
from tests.cli.conftest import Program

DOCKER = ("--target", "docker")


@pytest.fixture
def written(program: Program) -> Program:
    """The program after its files were written once."""
    program("generate", "--write", "--yes", *DOCKER)
    return program


def dockerfile(program: Program) -> str:
    return (program.project / "Dockerfile").read_text()


def change(program: Program, old: str, new: str) -> str:
    """Change the Dockerfile as a person would."""
    text = dockerfile(program)
    assert old in text
    (program.project / "Dockerfile").write_text(text.replace(old, new, 1))
    return dockerfile(program)


def port(program: Program, number: int) -> None:
    """Another health path: the next Dockerfile is another one."""
    settings = program.project / "deploydeck.toml"
    settings.write_text(settings.read_text().replace("/healthz", f"/health{number}"))


def state(program: Program, path: str = "Dockerfile") -> dict[str, Any]:
    changes = program("generate", "--json", *DOCKER).json()["changes"]
    found: dict[str, Any] = next(one for one in changes if one["path"] == path)
    return found


def test_without_a_terminal_and_without_yes_nothing_is_written(program: Program) -> None:
    ran = program("generate", "--write", *DOCKER, expect=2)
    assert "There is no terminal to ask on." in ran.err and "--yes" in ran.err
    error = json.loads(program("generate", "--write", "--json", *DOCKER, expect=2).err)["error"]
    assert error["code"] == "needs-yes"
    assert not (program.project / "Dockerfile").exists()


@pytest.mark.parametrize(("answer", "code", "there"), [("y", 0, True), ("", 130, False), ("no", 130, False)])
def test_on_a_terminal_it_asks(program: Program, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, there: bool) -> None:
    asked: list[str] = []
    monkeypatch.setattr(prompt, "can_ask", lambda: True)

    def ask(question: str) -> str:
        asked.append(question)
        return answer

    monkeypatch.setattr(prompt, "ask", ask)
    ran = program("generate", "--write", *DOCKER, expect=code)
    assert len(asked) == 1 and "Dockerfile" in asked[0] and ".dockerignore" in asked[0]
    assert (program.project / "Dockerfile").exists() is there
    assert ("wrote Dockerfile" in ran.out) is there
    if there:
        program("generate", "--write", *DOCKER)
        assert len(asked) == 1, "with nothing to write nothing is asked"


def test_accept_writes_the_named_file_alone(program: Program) -> None:
    ran = program("generate", "--accept", "Dockerfile", *DOCKER)
    assert "wrote Dockerfile" in ran.out
    assert not (program.project / ".dockerignore").exists()
    assert program("generate", "--accept", "Dockerfile", *DOCKER).out.endswith("Everything named is up to date.\n")
    assert program("generate", "--accept", ".dockerignore", "--accept", "Dockerfile", "--json", *DOCKER).json()["written"] == [
        ".dockerignore"
    ]
    assert "is not among the proposed files" in program("generate", "--accept", "nope", *DOCKER, expect=2).err
    for other in ("--check", "--write"):
        assert "exclude" in program("generate", "--accept", "Dockerfile", other, *DOCKER, expect=2).err


def test_what_people_changed_survives(written: Program) -> None:
    change(written, "WORKDIR /app\n", "WORKDIR /app\nENV MINE=1\n")
    assert state(written)["state"] == "same", "a person's change alone is no difference"
    assert written("generate", "--check", *DOCKER).code == 0
    port(written, 2)
    assert written("generate", "--check", *DOCKER, expect=1).out
    written("generate", "--write", "--yes", *DOCKER)
    assert "ENV MINE=1\n" in dockerfile(written) and "/health2" in dockerfile(written)
    assert written("generate", "--check", *DOCKER).code == 0


def test_a_conflict_is_listed_and_never_written_unasked(written: Program) -> None:
    mine = change(written, "/healthz", "/mine")
    port(written, 2)
    assert state(written)["conflicts"] == 1
    ran = written("generate", "--write", "--yes", *DOCKER, expect=1)
    assert "1 conflict left as on the disk" in ran.out and "conflict  Dockerfile:" in ran.out
    assert dockerfile(written) == mine
    diff = written("generate", "--diff", *DOCKER).out
    assert "conflict" in diff and "/mine" in diff and "/health2" in diff
    written("generate", "--accept", "Dockerfile", *DOCKER)
    assert "/health2" in dockerfile(written) and "/mine" not in dockerfile(written)
    assert "put back Dockerfile" in written("undo").out
    assert dockerfile(written) == mine


def test_undo_puts_back_what_was_there(written: Program) -> None:
    before = dockerfile(written)
    port(written, 2)
    written("generate", "--write", "--yes", *DOCKER)
    listed = written("undo", "--list")
    assert "Dockerfile" in listed.out and "At most 20 are kept" in listed.out
    assert len(written("undo", "--list", "--json").json()["undoable"]) == 2
    assert written("undo").out == "put back Dockerfile\n"
    assert dockerfile(written) == before
    change(written, "WORKDIR", "# mine\nWORKDIR")
    ran = written("undo", expect=1)
    assert "Changed since it was written: 'Dockerfile'" in ran.err
    (written.project / "Dockerfile").write_text(before)
    assert "removed Dockerfile" in written("undo").out
    assert not (written.project / "Dockerfile").exists()
    assert "nothing to undo" in written("undo", expect=1).err
    assert "Nothing to undo" in written("undo", "--list").out


def test_what_was_written_once_is_decided_again(written: Program) -> None:
    """An acceptance is used up by writing: a file that a person deletes is proposed, not taken for accepted."""
    (written.project / ".dockerignore").unlink()
    assert state(written, ".dockerignore")["state"] == "new"
    asked = written("generate", "--accept", "Dockerfile", *DOCKER)
    assert not (written.project / ".dockerignore").exists() and "up to date" in asked.out


@pytest.mark.parametrize("proven", [True, False])
def test_a_proof_decides_what_is_written(program: Program, monkeypatch: pytest.MonkeyPatch, proven: bool) -> None:
    """The engine's part is shown in tests/generate/engine/test_proof.py; here what the command makes of it."""
    good = Proof(proven=True, reason="Built in 1.0 s, 60 MB; answered 200 after 0.2 s.", build_s=1.0, image_bytes=60_000_000)
    bad = Proof(proven=False, reason="The program ended with exit code 3.", build_s=1.0, evidence=("no database at all",))

    async def prove(*_: object) -> Proof:
        return good if proven else bad

    monkeypatch.setattr("deploydeck.proving.prove", prove)
    looked = program("generate", "--prove", *DOCKER, expect=0 if proven else 1)
    assert (good if proven else bad).reason in looked.out and ("no database at all" in looked.out) is not proven
    ran = program("generate", "--prove", "--write", "--yes", *DOCKER, expect=0 if proven else 1)
    assert (program.project / "Dockerfile").exists() is proven
    assert ("not proven" in ran.out) is not proven
    told = program("generate", "--prove", "--json", *DOCKER, expect=0 if proven else 1).json()["proof"]
    assert told["proven"] is proven and told["build_s"] == 1.0
