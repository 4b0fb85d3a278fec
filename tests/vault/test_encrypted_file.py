"""The encrypted file: what it keeps, what it refuses, and what a crash, a second process or an attacker can do to it."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from deploydeck.domain import DeployDeckError
from deploydeck.vault.backends import Edit
from deploydeck.vault.backends.encrypted_file import EncryptedFile
from deploydeck.vault.backends.sealing import Cost, derive, seal, take_apart, unseal
from deploydeck.vault.versions import History, Scope, added
from tests.clock import PATIENCE_S

PASSPHRASE = "correct horse battery staple"
VALUE = "s3ntinel-Value-9f2c"
SCOPE = Scope("shop", "production")
CHEAP = Cost(n=2**4)
KEY = derive(PASSPHRASE, CHEAP, b"0123456789abcdef")


def put(value: str) -> Mapping[str, Edit]:
    return {"TOKEN": partial(added, value=value, by="me", keep=5)}


def open_file(path: Path, passphrase: str = PASSPHRASE, cost: Cost = CHEAP) -> EncryptedFile:
    made = EncryptedFile(path, partial(FileLock, path.with_suffix(".lock"), timeout=PATIENCE_S), cost)
    made.unlock(passphrase)
    return made


def write(file: EncryptedFile, name: str, value: str, scope: Scope = SCOPE) -> History:
    return file.change(scope, {name: partial(added, value=value, by="me", keep=5)})[name]


def code_of(path: Path, passphrase: str = PASSPHRASE) -> str:
    with pytest.raises(DeployDeckError) as caught:
        open_file(path, passphrase)
    assert VALUE not in str(caught.value)
    return caught.value.code


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secrets.vault"


def test_what_is_kept_comes_back(path: Path) -> None:
    file = open_file(path)
    assert (file.names(SCOPE), file.read(SCOPE, "TOKEN"), path.exists()) == ((), (), False)
    write(file, "TOKEN", VALUE)
    write(file, "TOKEN", "second")
    write(file, "OTHER", "x", Scope("shop", "staging"))
    again = open_file(path)
    assert [(one.number, one.value, one.created_by) for one in again.read(SCOPE, "TOKEN")] == [
        (1, VALUE, "me"),
        (2, "second", "me"),
    ]
    assert again.names(SCOPE) == ("TOKEN",)
    assert again.names(Scope("shop", "staging")) == ("OTHER",)
    again.change(SCOPE, {"TOKEN": lambda _: ()})
    assert file.names(SCOPE) == ()


def test_the_file_is_private_and_shows_nothing(path: Path) -> None:
    write(open_file(path), "TOKEN", VALUE)
    first = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for told in (VALUE, "TOKEN", "shop", PASSPHRASE):
        assert told.encode() not in first
    write(open_file(path), "TOKEN", VALUE)
    assert take_apart(first).nonce != take_apart(path.read_bytes()).nonce, "a nonce serves once"
    assert VALUE not in repr(open_file(path).read(SCOPE, "TOKEN"))


def test_locked_until_somebody_says_the_passphrase(path: Path) -> None:
    locked = EncryptedFile(path, nullcontext, CHEAP)
    assert locked.read(SCOPE, "TOKEN") == ()  # no file: nothing to unlock
    works: tuple[Callable[[], object], ...] = (lambda: locked.change(SCOPE, put("x")), lambda: locked.change_passphrase(PASSPHRASE))
    for work in works:
        with pytest.raises(DeployDeckError) as caught:
            work()
        assert caught.value.code == "vault-locked"
    write(open_file(path), "TOKEN", VALUE)
    with pytest.raises(DeployDeckError) as caught:
        locked.read(SCOPE, "TOKEN")
    assert caught.value.code == "vault-locked"


def test_a_wrong_passphrase_is_called_that(path: Path) -> None:
    write(open_file(path), "TOKEN", VALUE)
    assert code_of(path, "correct horse battery stapler") == "vault-passphrase"
    assert open_file(path).read(SCOPE, "TOKEN")[0].value == VALUE


def test_a_new_passphrase_must_be_long(path: Path) -> None:
    assert code_of(path, "short") == "vault-passphrase"


def test_composed_and_decomposed_letters_are_the_same_passphrase(path: Path) -> None:
    write(open_file(path, "caf\u00e9 au lait, bien chaud"), "TOKEN", VALUE)
    assert open_file(path, "cafe\u0301 au lait, bien chaud").names(SCOPE) == ("TOKEN",)


def test_another_passphrase(path: Path) -> None:
    file = open_file(path)
    write(file, "TOKEN", VALUE)
    salt = take_apart(path.read_bytes()).salt
    file.change_passphrase("quite another passphrase")
    assert take_apart(path.read_bytes()).salt != salt
    assert code_of(path) == "vault-passphrase"
    assert open_file(path, "quite another passphrase").read(SCOPE, "TOKEN")[0].value == VALUE
    assert file.read(SCOPE, "TOKEN")[0].value == VALUE


def test_parameters_are_raised_with_the_next_write(path: Path) -> None:
    write(open_file(path), "TOKEN", VALUE)
    dearer = open_file(path, cost=Cost(n=2**6))
    assert take_apart(path.read_bytes()).cost == CHEAP
    write(dearer, "OTHER", "x")
    assert take_apart(path.read_bytes()).cost == Cost(n=2**6)
    assert open_file(path).read(SCOPE, "TOKEN")[0].value == VALUE


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_file_that_others_may_read_is_refused(path: Path, mode: int) -> None:
    write(open_file(path), "TOKEN", VALUE)
    path.chmod(mode)
    assert code_of(path) == "vault-exposed"


def test_a_link_or_directory_is_refused(path: Path, tmp_path: Path) -> None:
    write(open_file(tmp_path / "other.vault"), "TOKEN", VALUE)
    path.symlink_to(tmp_path / "other.vault")
    assert code_of(path) == "vault-unreadable"
    path.unlink()
    path.mkdir()
    assert code_of(path) == "vault-unreadable"
    path.rmdir()
    os.mkfifo(path, 0o600)
    assert code_of(path) == "vault-unreadable", "and never waited for"


# --- damage and attack --------------------------------------------------------------------------------------------------------


def test_damage_anywhere_is_called_damage_without_any_passphrase() -> None:
    blob = seal(b'{"a": 1}', KEY)
    for place in range(len(blob)):
        changed = bytearray(blob)
        changed[place] ^= 0x01
        with pytest.raises(DeployDeckError) as caught:
            take_apart(bytes(changed))
        assert caught.value.code == "vault-damaged", place
    for length in range(len(blob)):
        with pytest.raises(DeployDeckError) as caught:
            take_apart(blob[:length])
        assert caught.value.code == "vault-damaged", length


def test_tampering_anywhere_is_refused_though_the_checksum_was_made_to_fit() -> None:
    blob = seal(b'{"a": 1}', KEY)
    before = blob[:-32]
    codes = set()
    for place in range(len(before)):
        for bit in (0x01, 0x10, 0x80):
            changed = bytearray(before)
            changed[place] ^= bit
            with pytest.raises(DeployDeckError) as caught:
                sealed = take_apart(bytes(changed) + hashlib.sha256(changed).digest())
                unseal(sealed, derive(PASSPHRASE, sealed.cost, sealed.salt) if sealed.cost.n <= 2**10 else KEY)
            codes.add(caught.value.code)
    assert codes == {"vault-damaged", "vault-newer", "vault-passphrase", "vault-tampered"}


def test_changed_content_is_told_from_a_wrong_passphrase(path: Path) -> None:
    write(open_file(path), "TOKEN", VALUE)
    before = bytearray(path.read_bytes()[:-32])
    before[-1] ^= 1
    path.write_bytes(bytes(before) + hashlib.sha256(before).digest())
    assert code_of(path) == "vault-tampered"
    assert code_of(path, "quite another passphrase") == "vault-passphrase"


@pytest.mark.parametrize("cost", [Cost(n=2**40), Cost(r=2**20), Cost(p=1000), Cost(n=3), Cost(n=0), Cost(r=0)])
def test_a_header_cannot_make_the_machine_work_for_hours(cost: Cost) -> None:
    assert not cost.sensible
    assert Cost().sensible


@given(st.binary(max_size=300))
def test_any_content_comes_back_and_any_bytes_are_answered(content: bytes) -> None:
    assert unseal(take_apart(seal(content, KEY)), KEY) == content
    with pytest.raises(DeployDeckError):
        take_apart(content)


# --- processes ----------------------------------------------------------------------------------------------------------------


def _write_many(path: Path, name: str, count: int) -> None:
    file = open_file(path)
    for number in range(count):
        write(file, f"{name}{number}", f"{name}-{number}")


def test_two_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    write(open_file(path), "FIRST", "x")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write_many, args=(path, name, 20)) for name in ("A", "B")]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE_S * 4)
        assert process.exitcode == 0
    expected = {"FIRST", *(f"{name}{number}" for name in ("A", "B") for number in range(20))}
    assert set(open_file(path).names(SCOPE)) == expected


def _write_for_ever(path: Path) -> None:
    file = open_file(path)
    for number in range(1_000_000):
        write(file, "TOKEN", f"value-{number}-{'x' * 50_000}")


def test_a_kill_in_the_middle_of_a_write_leaves_a_whole_file(path: Path) -> None:
    write(open_file(path), "STAYS", VALUE)
    context = multiprocessing.get_context("spawn")
    for turn in range(4):
        process = context.Process(target=_write_for_ever, args=(path,))
        process.start()
        before, deadline = path.stat().st_mtime_ns, time.monotonic() + PATIENCE_S
        while path.stat().st_mtime_ns == before:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        time.sleep(0.003 * turn)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        file = open_file(path)
        assert file.read(SCOPE, "STAYS")[0].value == VALUE
        history = file.read(SCOPE, "TOKEN")
        assert [one.number for one in history] == list(range(history[0].number, history[-1].number + 1))
    write(open_file(path), "LAST", "x")
    assert {entry.name for entry in path.parent.iterdir()} == {"secrets.vault", "secrets.lock"}, "what a kill left is cleared away"


def test_a_full_disk_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = open_file(path)
    write(file, "TOKEN", VALUE)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DeployDeckError) as caught:
        write(file, "TOKEN", "other")
    assert (caught.value.code, caught.value.why) == ("vault-unwritable", "No space left on device")
    monkeypatch.undo()
    assert [one.value for one in open_file(path).read(SCOPE, "TOKEN")] == [VALUE]
    assert [entry.name for entry in path.parent.glob("*.tmp")] == []


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=20), st.text(st.characters(exclude_categories=["Cs"]), max_size=200), max_size=4))
def test_any_names_and_values_come_back(tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]) -> None:
    path = tmp_path_factory.mktemp("vault") / "secrets.vault"
    for name, value in values.items():
        write(open_file(path), name, value)
    assert {name: open_file(path).read(SCOPE, name)[-1].value for name in values} == values
