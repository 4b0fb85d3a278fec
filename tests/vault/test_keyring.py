"""The keyring: values stand where they always stood, and nothing counts before it was read back."""

from __future__ import annotations

import json
from contextlib import nullcontext
from functools import partial

import pytest

from deploydeck.domain import DeployDeckError
from deploydeck.vault.backends.keyring import KeyringStore, Ring, system_ring
from deploydeck.vault.versions import History, Scope, added
from tests.vault.rings import DictRing, KilledError

SCOPE = Scope("shop", "production")
SERVICE = "deploydeck:shop:production"


def write(store: KeyringStore, name: str, value: str, keep: int = 3) -> History:
    return store.change(SCOPE, {name: partial(added, value=value, by="me", keep=keep)})[name]


def numbers(history: History) -> list[tuple[int, str]]:
    return [(one.number, one.value) for one in history]


@pytest.fixture
def ring() -> DictRing:
    return DictRing()


@pytest.fixture
def store(ring: DictRing) -> KeyringStore:
    return KeyringStore(ring, nullcontext)


def test_a_value_stands_under_its_name(store: KeyringStore, ring: DictRing) -> None:
    write(store, "TOKEN", "one")
    write(store, "TOKEN", "two")
    assert ring.values[SERVICE, "TOKEN"] == "two"
    assert store.names(SCOPE) == ("TOKEN",)
    assert numbers(store.read(SCOPE, "TOKEN")) == [(1, "one"), (2, "two")]
    store.change(SCOPE, {"TOKEN": lambda _: ()})
    assert store.names(SCOPE) == ()
    assert ring.values == {(SERVICE, "@names"): "[]"}


def test_only_the_last_versions_are_kept(store: KeyringStore) -> None:
    for number in range(1, 6):
        write(store, "TOKEN", f"value {number}")
    assert numbers(store.read(SCOPE, "TOKEN")) == [(3, "value 3"), (4, "value 4"), (5, "value 5")]


def test_what_another_program_put_there_is_a_version(store: KeyringStore, ring: DictRing) -> None:
    ring.values[SERVICE, "TOKEN"] = "from keyring set"
    (found,) = store.read(SCOPE, "TOKEN")
    assert (found.number, found.value, found.created_at) == (1, "from keyring set", None)
    write(store, "TOKEN", "ours")
    ring.values[SERVICE, "TOKEN"] = "theirs again"
    assert numbers(store.read(SCOPE, "TOKEN")) == [(1, "from keyring set"), (2, "ours"), (3, "theirs again")]
    del ring.values[SERVICE, "TOKEN"]
    assert store.read(SCOPE, "TOKEN") == ()
    assert store.names(SCOPE) == ()


def test_a_keyring_that_cuts_values_is_found_out() -> None:
    store = KeyringStore(DictRing(most=300), nullcontext)
    write(store, "TOKEN", "short")
    with pytest.raises(DeployDeckError) as caught:
        write(store, "TOKEN", "x" * 400)
    assert caught.value.code == "keyring-not-kept"
    assert "xxx" not in str(caught.value)


def test_a_keyring_that_refuses_is_said(store: KeyringStore, ring: DictRing) -> None:
    ring.broken = True
    with pytest.raises(DeployDeckError) as caught:
        write(store, "TOKEN", "value")
    assert caught.value.code == "keyring-refused"


@pytest.mark.parametrize("writes", range(3))
def test_a_kill_between_two_entries_changes_nothing(store: KeyringStore, ring: DictRing, writes: int) -> None:
    write(store, "TOKEN", "one")
    write(store, "OTHER", "x")
    ring.writes_left = writes
    if writes < 2:
        with pytest.raises(KilledError):
            write(store, "TOKEN", "two")
    else:
        write(store, "TOKEN", "two")
    ring.writes_left = None
    assert numbers(store.read(SCOPE, "TOKEN")) == ([(1, "one")] if writes < 2 else [(1, "one"), (2, "two")])
    write(store, "TOKEN", "three")
    assert store.read(SCOPE, "TOKEN")[-1].value == "three"


@pytest.mark.parametrize("entry", ["@names", "TOKEN@versions"])
@pytest.mark.parametrize("text", ["no json", "7", json.dumps([7])])
def test_spoilt_entries_are_named(store: KeyringStore, ring: DictRing, entry: str, text: str) -> None:
    write(store, "TOKEN", "one")
    ring.values[SERVICE, entry] = text
    if (entry, text) == ("@names", "[7]"):
        assert store.names(SCOPE) == ()
        return
    with pytest.raises(DeployDeckError) as caught:
        store.names(SCOPE)
        store.read(SCOPE, "TOKEN")
    assert caught.value.code == "keyring-spoilt"
    assert entry in caught.value.what


@pytest.mark.parametrize("backend", ["fail", "null"])
def test_a_keyring_that_keeps_nothing_counts_as_none(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    import importlib

    import keyring

    made = importlib.import_module(f"keyring.backends.{backend}").Keyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: made)
    assert system_ring() is None


def test_a_real_keyring_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    from tests.vault.rings import FileRing

    made: Ring = FileRing()  # type: ignore[no-untyped-call]
    monkeypatch.setattr(keyring, "get_keyring", lambda: made)
    assert system_ring() is made
