"""Variables are found in a stated order, travel in a private file and are only ever named by fingerprint."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import (
    DeployDeckError,
    DeploymentConfig,
    Kind,
    Recipe,
    VariableRef,
    VariableSource,
    new_id,
    utc_now,
)
from deploydeck.settings import Paths
from deploydeck.vault import SecretsManager, parse_env_file
from tests.vault.rings import DictRing

SENTINEL = "s3ntinel-Value-9f2c"


def make_config(root: Path, *variables: VariableRef) -> DeploymentConfig:
    recipe = Recipe(kind=Kind.SERVER, language="python", version="3.13", manager="pip", start=("x",))
    return DeploymentConfig(
        id=new_id("cfg"),
        project_id="prj-1",
        app="shop",
        root=str(root),
        environment="production",
        target="process",
        recipe=recipe,
        port=8000,
        published_port=8000,
        variables=variables,
        created_at=utc_now(),
    )


def secret(name: str) -> VariableRef:
    return VariableRef(name=name, source=VariableSource.ENVIRONMENT, secret=True)


def manager(tmp_path: Path, keyring: dict[tuple[str, str], str] | None = None) -> SecretsManager:
    ring = DictRing(keyring or {})
    return SecretsManager(Paths(tmp_path / "data", tmp_path / "config"), ring=lambda: ring)


def test_environment_beats_keyring_beats_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=file\nB=file\nC=file\n")
    keyring = {("deploydeck:shop:production", "A"): "ring", ("deploydeck:shop:production", "B"): "ring"}
    config = make_config(tmp_path, secret("A"), secret("B"), secret("C"), secret("D"))
    resolved = manager(tmp_path, keyring).resolve(config, environ={"A": "environment"})
    assert dict(resolved.values) == {"A": "environment", "B": "ring", "C": "file"}
    assert resolved.missing == ("D",)
    assert resolved.secret_names == {"A", "B", "C"}


def test_where_each_value_comes_from_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=file\nB=file\nC=file\n")
    keyring = {("deploydeck:shop:production", "B"): "ring"}
    plain = VariableRef(name="TITLE", source=VariableSource.SETTINGS, value="Shop")
    config = make_config(tmp_path, secret("A"), secret("B"), secret("C"), plain)
    resolved = manager(tmp_path, keyring).resolve(config, environ={"A": "environment"})
    assert dict(resolved.sources) == {"A": "environment", "B": "keyring", "C": ".env", "TITLE": "settings"}
    resolved = manager(tmp_path, keyring).resolve(config, environ={"A": "environment"}, overridden=False)
    assert dict(resolved.sources)["A"] == ".env"


def test_plain_settings_are_not_secret_and_win_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TITLE=from-file\n")
    config = make_config(tmp_path, VariableRef(name="TITLE", source=VariableSource.SETTINGS, value="Shop"))
    resolved = manager(tmp_path).resolve(config, environ={})
    assert dict(resolved.values) == {"TITLE": "Shop"}
    assert not resolved.secret_names


def test_fingerprints_compare_without_showing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"TOKEN={SENTINEL}\n")
    vault = manager(tmp_path)
    config = make_config(tmp_path)
    first, second = vault.resolve(config, environ={}), vault.resolve(config, environ={})
    assert first.fingerprints == second.fingerprints
    (tmp_path / ".env").write_text(f"TOKEN={SENTINEL}x\n")
    assert vault.resolve(config, environ={}).fingerprints != first.fingerprints
    assert SENTINEL not in repr(first)
    # Another installation has another key: a fingerprint says nothing outside this machine.
    (tmp_path / ".env").write_text(f"TOKEN={SENTINEL}\n")
    other = SecretsManager(Paths(tmp_path / "other", tmp_path / "config"), ring=lambda: None)
    assert other.resolve(config, environ={}).fingerprints != first.fingerprints


def test_hand_off_is_private_and_ends(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"TOKEN={SENTINEL}\n")
    vault = manager(tmp_path)
    resolved = vault.resolve(make_config(tmp_path), environ={})
    vault.hand_off("dep-1", resolved)
    files = list((tmp_path / "data" / "handoff").iterdir())
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600]
    assert stat.S_IMODE((tmp_path / "data" / "handoff").stat().st_mode) == 0o700
    assert vault.take("dep-1") == resolved
    assert vault.take("dep-1") == resolved  # a killed worker asks again
    vault.drop("dep-1")
    assert vault.take("dep-1") is None
    vault.drop("dep-1")
    assert resolved.redactor()(f"token is {SENTINEL}!") == "token is [redacted]!"


def test_hand_off_refuses_a_strange_id(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="deployment id"):
        manager(tmp_path).take("../../etc/passwd")


def test_env_file_must_stay_inside_the_project(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "outside.env").write_text("A=1\n")
    (project / ".env").symlink_to(tmp_path / "outside.env")
    with pytest.raises(DeployDeckError) as caught:
        manager(tmp_path).resolve(make_config(project), environ={})
    assert caught.value.code == "env-file-outside"


def test_env_file_that_is_a_directory_or_not_text(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(DeployDeckError) as caught:
        manager(tmp_path).resolve(make_config(tmp_path), environ={})
    assert caught.value.code == "env-file-unreadable"
    (tmp_path / ".env").rmdir()
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe\n")
    with pytest.raises(DeployDeckError) as caught:
        manager(tmp_path).resolve(make_config(tmp_path), environ={})
    assert caught.value.code == "env-file-unreadable"


def test_no_env_file_at_all(tmp_path: Path) -> None:
    assert dict(manager(tmp_path).resolve(make_config(tmp_path), environ={}).values) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1", {"A": "1"}),
        ("export A = 1 ", {"A": "1"}),
        ("# note\n\nA='x # y'", {"A": "x # y"}),
        ('A="line\\nnext"', {"A": "line\nnext"}),
        ("A=x # note", {"A": "x"}),
        ("A=x#y", {"A": "x#y"}),
        ("A=", {"A": ""}),
        ("A=$(rm -rf /)", {"A": "$(rm -rf /)"}),
        ("A=1\nA=2", {"A": "2"}),
    ],
)
def test_env_file_syntax(text: str, expected: dict[str, str]) -> None:
    assert parse_env_file(text) == expected


def test_env_file_error_names_the_line_and_never_the_value() -> None:
    with pytest.raises(DeployDeckError) as caught:
        parse_env_file(f"A=1\n{SENTINEL}\n", "prod.env")
    assert "prod.env:2" in str(caught.value)
    assert SENTINEL not in str(caught.value)


@given(st.text(max_size=200))
def test_env_file_parser_answers_or_explains(text: str) -> None:
    try:
        parsed = parse_env_file(text)
    except DeployDeckError as error:
        assert error.code == "env-file-syntax"
    else:
        assert all(name.isidentifier() for name in parsed)
