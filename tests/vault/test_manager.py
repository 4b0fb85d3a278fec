"""What people do with set values: versions, rotation, what is needed against what is there."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploydeck import redaction
from deploydeck.domain import DeployDeckError, VariableRef, VariableSource
from deploydeck.redaction import knowing
from deploydeck.settings import Paths, VaultSettings
from deploydeck.vault import Need, Scope, SecretsManager, compared, given_passphrase, inventory
from deploydeck.vault.backends.keyring import Ring
from deploydeck.vault.backends.sealing import Cost
from deploydeck.vault.versions import MAX_VALUE_BYTES
from tests.generate.samples import profile
from tests.vault.rings import DictRing
from tests.vault.test_secrets import make_config, secret

SCOPE = Scope("shop", "production")
PASSPHRASE = "correct horse battery staple"
Make = Callable[[Path], SecretsManager]


def settings_of(**values: object) -> VaultSettings:
    return VaultSettings.model_validate(values)


def in_keyring(tmp_path: Path) -> SecretsManager:
    ring: Ring = DictRing()
    return SecretsManager(Paths(tmp_path / "data", tmp_path / "config"), ring=lambda: ring)


def in_file(tmp_path: Path) -> SecretsManager:
    made = SecretsManager(Paths(tmp_path / "data", tmp_path / "config"), ring=lambda: None, cost=Cost(n=2**4))
    made.unlock(PASSPHRASE)
    return made


both = pytest.mark.parametrize("make", [in_keyring, in_file])


def code_of(work: Callable[[], object]) -> str:
    with pytest.raises(DeployDeckError) as caught:
        work()
    return caught.value.code


@both
def test_versions_rise_are_kept_and_come_back(tmp_path: Path, make: Make) -> None:
    vault = make(tmp_path)
    before = datetime.now(UTC)
    for number in range(1, 8):
        told = vault.set(SCOPE, {"TOKEN": f"value {number}"}, "ana")["TOKEN"]
        assert told.version.number == number
        assert told.fingerprint == vault.fingerprint("TOKEN", f"value {number}")
    history = vault.history(SCOPE, "TOKEN")
    assert [one.version.number for one in history] == [3, 4, 5, 6, 7], "five are kept"
    assert all(one.version.created_by == "ana" for one in history)
    assert all(one.version.created_at and one.version.created_at >= before for one in history)
    back = vault.restore(SCOPE, "TOKEN", 4, "ben")
    assert (back.version.number, back.version.value, back.version.created_by) == (8, "value 4", "ben")
    assert back.fingerprint == history[1].fingerprint
    assert code_of(lambda: vault.restore(SCOPE, "TOKEN", 3, "ben")) == "secret-version"
    vault.remove(SCOPE, ["TOKEN"])
    assert vault.history(SCOPE, "TOKEN") == ()
    assert code_of(lambda: vault.remove(SCOPE, ["TOKEN"])) == "secret-unset"


@both
def test_what_is_set_is_what_a_deployment_gets(tmp_path: Path, make: Make) -> None:
    vault = make(tmp_path)
    vault.set(SCOPE, {"TOKEN": "one"}, "ana")
    told = vault.set(SCOPE, {"TOKEN": "two", "IDLE": "three"}, "ana")
    resolved = vault.resolve(make_config(tmp_path, secret("TOKEN")), environ={})
    assert dict(resolved.values) == {"TOKEN": "two"}, "what nobody asked for is not given"
    assert dict(resolved.fingerprints) == {"TOKEN": told["TOKEN"].fingerprint}
    assert resolved.redactor()("it is two-two") == "it is two-two", "short values stay"


def test_the_passphrase_is_only_needed_when_the_file_must_be_asked(tmp_path: Path) -> None:
    in_file(tmp_path).set(SCOPE, {"TOKEN": "kept value"}, "ana")
    locked = SecretsManager(Paths(tmp_path / "data", tmp_path / "config"), ring=lambda: None, cost=Cost(n=2**4))
    assert locked.state().wants == "old"
    config = make_config(tmp_path, secret("TOKEN"))
    assert dict(locked.resolve(config, environ={"TOKEN": "given"}).values) == {"TOKEN": "given"}
    assert code_of(lambda: locked.resolve(config, environ={})) == "vault-locked"
    locked.unlock(PASSPHRASE)
    assert (locked.state().wants, dict(locked.resolve(config, environ={}).values)) == ("", {"TOKEN": "kept value"})


def test_which_store_is_used(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "data", tmp_path / "config")
    ring: Ring = DictRing()

    def title(store: str, found: Ring | None) -> str:
        return SecretsManager(paths, settings_of(store=store), ring=lambda: found).state().title

    assert [title(store, ring) for store in ("auto", "keyring", "file", "none")] == ["keyring", "keyring", "encrypted file", "none"]
    assert [title(store, None) for store in ("auto", "file", "none")] == ["encrypted file", "encrypted file", "none"]
    assert code_of(lambda: title("keyring", None)) == "keyring-absent"
    nowhere = SecretsManager(paths, settings_of(store="none"), ring=lambda: ring)
    assert code_of(lambda: nowhere.set(SCOPE, {"A": "b"}, "ana")) == "vault-none"
    assert code_of(lambda: SecretsManager(paths, ring=lambda: ring).unlock(PASSPHRASE)) == "vault-keyring"


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "A\n", "Ä", "A" * 201, "A@versions", "@names", "../x"])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    assert code_of(lambda: in_file(tmp_path).set(SCOPE, {name: "value"}, "ana")) == "secret-name"


@pytest.mark.parametrize("value", ["", "a\0b", "\ud800", "x" * (MAX_VALUE_BYTES + 1), "é" * (MAX_VALUE_BYTES // 2 + 1)])
def test_values_that_no_variable_can_have(tmp_path: Path, value: str) -> None:
    vault = in_file(tmp_path)
    assert code_of(lambda: vault.set(SCOPE, {"GOOD": "value", "BAD": value}, "ana")) == "secret-value"
    assert vault.names(SCOPE) == (), "all or none"
    vault.set(SCOPE, {"BAD": "x" * MAX_VALUE_BYTES}, "ana")


# Feature: deployment-automation, Property 5: Secrets Management Security
@both
@settings(deadline=None, max_examples=100)
@given(
    name=st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,40}", fullmatch=True),
    value=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=12, max_size=300),
)
def test_any_value_is_injected_and_shown_nowhere(
    tmp_path_factory: pytest.TempPathFactory, make: Make, name: str, value: str
) -> None:
    redaction._known.clear()  # else each example would also know those before it
    tmp_path = tmp_path_factory.mktemp("vault")
    vault = make(tmp_path)
    vault.set(SCOPE, {name: value}, "ana")
    config = make_config(tmp_path, secret(name))
    resolved = vault.resolve(config, environ={})
    assert dict(resolved.values) == {name: value}
    rows = inventory(vault, config, profile(tmp_path), resolved)
    (row,) = (row for row in rows if row.name == name)
    assert (row.need, row.source, row.version, row.missing) == (Need.NEEDED, vault.state().title, 1, False)
    shown = "\n".join((repr(resolved), repr(rows), repr(vault.history(SCOPE, name)), config.model_dump_json()))
    assert value not in shown or value in name
    assert value.encode() not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    if len(value.strip()) >= 12:
        assert value.strip() not in knowing()(f"Traceback: cannot use {value.strip()}!"), "crash reports know it"


def test_needed_optional_and_for_nobody(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FROM_FILE=x\n")
    vault = in_keyring(tmp_path)
    vault.set(SCOPE, {"SET": "value", "IDLE": "value", "OVERRIDDEN": "value"}, "ana")
    reference = VariableRef(name="LED", source=VariableSource.REFERENCE, secret=True, value="env:NOWHERE")
    config = make_config(tmp_path, secret("SET"), secret("MISSING"), secret("OVERRIDDEN"), reference)
    resolved = vault.resolve(config, environ={"OVERRIDDEN": "other"})
    rows = {row.name: row for row in inventory(vault, config, profile(tmp_path), resolved)}
    assert {name: (row.need, row.source, row.missing, row.version) for name, row in rows.items()} == {
        "SET": (Need.NEEDED, "keyring", False, 1),
        "MISSING": (Need.NEEDED, "", True, None),
        "OVERRIDDEN": (Need.NEEDED, "environment", False, None),
        "LED": (Need.NEEDED, "env:NOWHERE", True, None),
        "IDLE": (Need.UNNEEDED, "", False, 1),
        "FROM_FILE": (Need.UNNEEDED, ".env", False, None),
    }


def test_two_environments(tmp_path: Path) -> None:
    vault = in_keyring(tmp_path)
    staging = Scope("shop", "staging")
    vault.set(SCOPE, {"SAME": "equal", "OTHER": "one", "LEFT": "x"}, "ana")
    vault.set(staging, {"SAME": "equal", "OTHER": "two", "RIGHT": "x"}, "ana")
    sides = []
    for scope in (SCOPE, staging):
        config = make_config(tmp_path, secret("SAME"), secret("UNSET")).model_copy(update={"environment": scope.environment})
        sides.append(inventory(vault, config, profile(tmp_path), vault.resolve(config, environ={})))
    changes = {one.name: one.change for one in compared(*sides)}
    assert changes == {"SAME": "same", "OTHER": "different", "LEFT": "left", "RIGHT": "right"}


def test_a_passphrase_from_a_file_or_descriptor(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    path.write_text("a passphrase of a machine\n")
    assert given_passphrase({}) is None
    assert given_passphrase({"DEPLOYDECK_PASSPHRASE_FILE": str(path)}) == "a passphrase of a machine"
    reading, writing = os.pipe()
    os.write(writing, b"through a pipe\r\n")
    os.close(writing)
    environ = {"DEPLOYDECK_PASSPHRASE_FD": str(reading), "DEPLOYDECK_PASSPHRASE_FILE": str(path)}
    assert given_passphrase(environ) == "through a pipe"
    assert "DEPLOYDECK_PASSPHRASE_FD" not in environ, "it was read and is closed"
    assert given_passphrase(environ) == "a passphrase of a machine"
    path.write_text("two\nlines\n")
    for environ in (
        {"DEPLOYDECK_PASSPHRASE_FILE": str(path)},
        {"DEPLOYDECK_PASSPHRASE_FILE": str(tmp_path / "none")},
        {"DEPLOYDECK_PASSPHRASE_FD": "not a number"},
        {"DEPLOYDECK_PASSPHRASE_FD": "987"},
    ):
        with pytest.raises(DeployDeckError) as caught:
            given_passphrase(environ)
        assert caught.value.code == "passphrase-unreadable"
        assert "two" not in str(caught.value)
