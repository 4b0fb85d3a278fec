# ruff: noqa: E501 - tables read better unbroken
"""Ranges and runtime versions: precedence, and every clash with both sides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploydeck.scan.ranges import is_exact, parse_version, satisfies
from tests.scan.trees import codes, scan, where

FLASK = {"requirements.txt": "flask\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n"}
YES = [
    ("3.12", ">=3.11"), ("3.12", ">=3.11,<3.13"), ("3.12", "==3.12.*"), ("3.12", "~=3.11"), ("3.12", "^3.11"), ("3.12", ">=3.12.4"),
    ("3.12", "3.12"), ("3.12", "*"), ("3.12", ""), ("3.12", "<3.12.5"), ("3.12", "~=3.12.1"), ("3.12", "!=3.12.0"), ("3.12", "<=3.12"),
    ("20", ">=18"), ("20", "^20.9.0"), ("20", "20.x"), ("20", "18 || 20"), ("20", ">=18 <21"), ("20", "18 - 20"), ("20", "~20.1"),
    ("22", ">=20.9"), ("22.1.0", "^22"), ("20", "^18 || ^20 || >=22"), ("0.3.1", "^0.3"),
]  # fmt: skip
NO = [
    ("3.12", ">=3.13"), ("3.12", "<3.12"), ("3.12", "~=3.11.2"), ("3.12", "==3.11.*"), ("3.12", "^2.7"), ("3.12", "!=3.12"), ("3.12", ">3.12"),
    ("20", "^18"), ("20", "<20"), ("20", "22.x"), ("20", ">=20 <20"), ("20", "nonsense"), ("20", "1" * 400), ("0.4.0", "^0.3"),
]  # fmt: skip


@pytest.mark.parametrize(("version", "expression"), YES)
def test_in_range(version: str, expression: str) -> None:
    assert satisfies(parse_version(version) or (), expression)


@pytest.mark.parametrize(("version", "expression"), NO)
def test_not_in_range(version: str, expression: str) -> None:
    assert not satisfies(parse_version(version) or (), expression)


def test_what_a_version_is() -> None:
    assert parse_version("v20.11.1-rc1") == (20, 11, 1)
    assert parse_version("lts/*") is None
    assert is_exact("3.12")
    assert not is_exact(">=3.12")


@pytest.mark.parametrize(
    ("files", "version", "first"),
    [
        ({".python-version": "3.12.4\n"}, "3.12.4", ".python-version:1"),
        ({"runtime.txt": "python-3.11.9\n"}, "3.11.9", "runtime.txt:1"),
        ({".tool-versions": "nodejs 22\npython 3.12.1\n"}, "3.12.1", ".tool-versions:2"),
        ({"pyproject.toml": '[project]\nname = "a"\nrequires-python = ">=3.10"\n'}, "3.13", "pyproject.toml:3"),
        ({"pyproject.toml": '[project]\nname = "a"\nrequires-python = ">=3.10,<3.12"\n'}, "3.11", "pyproject.toml:3"),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.12"\n'}, "3.13", "pyproject.toml:2"),
        ({"pyproject.toml": '[project]\nname = "a"\nrequires-python = "~=3.12.2"\n'}, "3.12", "pyproject.toml:3"),
        ({".python-version": "3\n"}, "3.13", ".python-version:1"),
    ],
)
def test_python_version(files: dict[str, str], version: str, first: str, tmp_path: Path) -> None:
    fact = scan(tmp_path, {**FLASK, **files}).runtime_version
    assert fact is not None
    assert (fact.value, where(fact)[0], fact.alternatives) == (version, first, ())


@pytest.mark.parametrize(
    ("files", "engines", "version"),
    [
        ({".nvmrc": "lts/iron"}, "", "20"),
        ({".nvmrc": "v22.3.0"}, "", "22.3.0"),
        ({".node-version": "20"}, "", "20"),
        ({}, ">=18", "22"),
        ({}, "^20.9", "20"),
        ({}, "18 || 20", "20"),
        ({".nvmrc": "lts/*"}, ">=20", "22"),
    ],
)
def test_node_version(files: dict[str, str], engines: str, version: str, tmp_path: Path) -> None:
    manifest = {"dependencies": {"express": "5"}, **({"engines": {"node": engines}} if engines else {})}
    fact = scan(tmp_path, {"package.json": json.dumps(manifest), "server.js": "require('express')", **files}).runtime_version
    assert fact is not None
    assert (fact.value, fact.alternatives) == (version, ())


def test_no_pin_means_no_version(tmp_path: Path) -> None:
    assert scan(tmp_path, FLASK).runtime_version is None


def test_a_clash_keeps_both_sides(tmp_path: Path) -> None:
    files = {**FLASK, ".python-version": "3.11\n", "pyproject.toml": '[project]\nname = "a"\nrequires-python = ">=3.12"\n'}
    profile = scan(tmp_path, files)
    fact = profile.runtime_version
    assert fact is not None
    assert fact.value == "3.11"
    assert where(fact) == [".python-version:1"]
    assert [(other.value, other.evidence[0].where) for other in fact.alternatives] == [("3.13", "pyproject.toml:3")]
    assert ".python-version" in fact.reason
    finding = next(finding for finding in profile.findings if finding.code == "runtime-version-conflict")
    assert {place.where for place in finding.evidence} == {".python-version:1", "pyproject.toml:3"}


def test_pins_that_agree_are_all_evidence(tmp_path: Path) -> None:
    files = {**FLASK, ".python-version": "3.12\n", "pyproject.toml": '[project]\nname = "a"\nrequires-python = ">=3.11"\n'}
    fact = scan(tmp_path, files).runtime_version
    assert fact is not None
    assert where(fact) == [".python-version:1", "pyproject.toml:3"]
    assert not fact.conflicted


def test_junk_in_a_version_file_is_a_finding(tmp_path: Path) -> None:
    profile = scan(tmp_path, {**FLASK, ".python-version": "whatever\n"})
    assert profile.runtime_version is None
    assert "runtime-version-unreadable" in codes(profile)
