"""What is generated for the golden cases is what was read and committed, and its real checkers accept it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploydeck.domain import CheckState
from deploydeck.generate import ConfigurationGenerator
from tests.generate.golden import CASES, GOLDEN, files_of

ABSENT: dict[str, str] = {
    "terraform-validate": "It needs the providers, from a registry that tests do not ask. For AWS it is validated and applied in"
    " infrastructure/test_applied.py where its provider is at hand; for Azure infrastructure/test_azurerm.py has its schema.",
}
"""Checkers that cannot run where these tests run, and why."""


@pytest.mark.parametrize("name", CASES)
def test_generated_as_committed(name: str) -> None:
    place = GOLDEN / name
    expected = {path.relative_to(place).as_posix(): path.read_text(encoding="utf-8") for path in place.rglob("*") if path.is_file()}
    found = {file.path: file.content for file in files_of(CASES[name])}
    assert sorted(found) == sorted(expected), "run `python -m tests.generate.golden` and read what changed"
    for path, content in found.items():
        assert content == expected[path], f"{name}/{path}: run `python -m tests.generate.golden` and read what changed"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.tools
@pytest.mark.parametrize("name", CASES)
def test_the_real_checkers_accept_it(name: str) -> None:
    for file in files_of(CASES[name], ConfigurationGenerator()):
        assert not file.blocked, (file.path, file.verdicts)
        unchecked = {verdict.checker: verdict.reason for verdict in file.verdicts if verdict.state is CheckState.UNAVAILABLE}
        assert set(unchecked) <= set(ABSENT), (file.path, unchecked)


@pytest.mark.parametrize("name", CASES)
def test_no_path_of_this_machine_stands_in_it(name: str) -> None:
    for file in files_of(CASES[name]):
        assert str(Path(__file__).parents[2]) not in file.content, file.path


@pytest.mark.parametrize("name", CASES)
def test_every_line_has_its_reason(name: str) -> None:
    """An empty line, a comment and a closing bracket need none; everything else was put there by a rule."""
    for file in files_of(CASES[name]):
        if file.own:
            continue
        told = {reason.line for reason in file.reasons}
        for number, line in enumerate(file.content.split("\n"), 1):
            if (
                line.strip()
                and not line.lstrip().startswith(("#", "//"))
                and line.strip(" ,;") not in {"}", "]", ")", "{", "})", "}}"}
            ):
                assert number in told, f"{file.path}:{number} {line!r}"
