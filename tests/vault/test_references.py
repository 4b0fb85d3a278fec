"""References: which texts are some, where they lead, and how a value that looks like one is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploydeck.domain import DeployDeckError, VariableRef, VariableSource
from deploydeck.settings import Paths
from deploydeck.vault import SecretsManager, read_value
from deploydeck.vault.references import follow
from deploydeck.vault.versions import MAX_VALUE_BYTES
from tests.vault.rings import DictRing
from tests.vault.test_secrets import make_config


def no_ring() -> None:
    return None


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("env:OTHER", ("env:OTHER", True)),
        ("file:/run/secrets/x", ("file:/run/secrets/x", True)),
        ("keyring:service/name", ("keyring:service/name", True)),
        ("keyring:deploydeck:shop:production/TOKEN", ("keyring:deploydeck:shop:production/TOKEN", True)),
        ("plain:env:OTHER", ("env:OTHER", False)),
        ("plain:plain:x", ("plain:x", False)),
        ("plain:", ("", False)),
        ("file:./dev.db", ("file:./dev.db", False)),
        ("file:dev.db", ("file:dev.db", False)),
        ("file:///var/x", ("file:///var/x", False)),
        ("environment:x", ("environment:x", False)),
        (" env:OTHER", (" env:OTHER", False)),
        ("", ("", False)),
    ],
)
def test_what_a_value_means(text: str, meaning: tuple[str, bool]) -> None:
    assert read_value("TOKEN", text) == meaning


@pytest.mark.parametrize(
    "text", ["env:", "env:MY-VAR", "env:A B", "env:A\n", "keyring:", "keyring:name", "keyring:/x", "keyring:a/"]
)
def test_what_begins_like_a_reference_must_be_one(text: str) -> None:
    with pytest.raises(DeployDeckError) as caught:
        read_value("TOKEN", text)
    assert caught.value.code == "reference-invalid"
    assert "plain:" in caught.value.hint


@given(st.text(max_size=60))
def test_any_plain_value_can_be_written(value: str) -> None:
    assert read_value("TOKEN", f"plain:{value}") == (value, False)


def test_where_references_lead(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("from the file\n")
    ring = DictRing({("service", "name"): "from the keyring"})
    assert follow("T", "env:OTHER", {"OTHER": "from the environment"}, no_ring) == "from the environment"
    assert follow("T", f"file:{tmp_path}/x", {}, no_ring) == "from the file"
    assert follow("T", "keyring:service/name", {}, lambda: ring) == "from the keyring"
    for nowhere in ("env:OTHER", f"file:{tmp_path}/y", f"file:{tmp_path}/x/y", "keyring:service/other"):
        assert follow("T", nowhere, {}, lambda: ring) is None


def test_files_within_limits_only(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * (MAX_VALUE_BYTES + 1))
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "nul").write_bytes(b"a\0b")
    os.mkfifo(tmp_path / "pipe")
    for name in ("large", "bytes", "nul", "pipe", ""):
        with pytest.raises(DeployDeckError) as caught:
            follow("TOKEN", f"file:{tmp_path}/{name}", {}, no_ring)
        assert (caught.value.code, "TOKEN" in caught.value.what) == ("reference-unreadable", True), name
    with pytest.raises(DeployDeckError) as caught:
        follow("TOKEN", "keyring:service/name", {}, no_ring)
    assert "no keyring" in caught.value.why


def test_a_reference_goes_before_the_store_and_never_falls_through(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TOKEN=file\n")
    ring = DictRing({("deploydeck:shop:production", "TOKEN"): "ring"})
    config = make_config(tmp_path, VariableRef(name="TOKEN", source=VariableSource.REFERENCE, secret=True, value="env:OTHER"))
    vault = SecretsManager(Paths(tmp_path / "data", tmp_path / "config"), ring=lambda: ring)
    led = vault.resolve(config, environ={"OTHER": "there it is"})
    assert (dict(led.values), led.sources, set(led.secret_names)) == (
        {"TOKEN": "there it is"},
        (("TOKEN", "env:OTHER"),),
        {"TOKEN"},
    )
    assert dict(vault.resolve(config, environ={"TOKEN": "override", "OTHER": "there it is"}).values) == {"TOKEN": "override"}
    nowhere = vault.resolve(config, environ={})
    assert (dict(nowhere.values), nowhere.missing, nowhere.sources) == ({}, ("TOKEN",), (("TOKEN", "env:OTHER"),))
    assert "there it is" not in config.model_dump_json()
