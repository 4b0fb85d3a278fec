"""Every call into the system fails once: the set is then written whole, or everything is as it was."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploydeck.domain import DeployDeckError, GeneratedFile
from deploydeck.review import AppliedSet, Review

REVIEW = Review()
CALLS = ("open", "mkdir", "write", "fchmod", "fsync", "replace", "unlink")


def tree(root: Path) -> dict[str, tuple[bytes, int] | None]:
    return {str(p.relative_to(root)): (p.read_bytes(), p.stat().st_mode) if p.is_file() else None for p in sorted(root.rglob("*"))}


def without_leftovers(found: dict[str, tuple[bytes, int] | None]) -> dict[str, tuple[bytes, int] | None]:
    return {path: content for path, content in found.items() if "/.deploydeck-" not in f"/{path}"}


class Fault:
    """Makes the n-th counted call fail with an error number, all others work."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failing: int, number: int, calls: tuple[str, ...] = CALLS) -> None:
        self.count = 0
        self.hit = ""
        for name in calls:
            monkeypatch.setattr(os, name, self._wrap(name, getattr(os, name), failing, number))

    def _wrap(self, name: str, real: Callable[..., Any], failing: int, number: int) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.count += 1
            if self.count == failing:
                self.hit = name
                raise OSError(number, os.strerror(number))
            return real(*arguments, **named)

        return call


def prepare(root: Path) -> tuple[list[GeneratedFile], dict[str, tuple[bytes, int] | None]]:
    (root / "Dockerfile").write_text("old\n")
    (root / "Dockerfile").chmod(0o600)
    (root / "deploydeck.toml").write_text("# old\n")
    files = [
        GeneratedFile(path="Dockerfile", content="FROM new:1\n"),
        GeneratedFile(path="deploy/site/nginx.conf", content="events {}\n"),
        GeneratedFile(path="deploydeck.toml", content="# new\n"),
        GeneratedFile(path=".dockerignore", content=".env\n"),
    ]
    return files, tree(root)


def run_apply(root: Path, files: list[GeneratedFile]) -> AppliedSet:
    changes = [REVIEW.accept_file(change) for change in REVIEW.compare(root, files)]
    return REVIEW.apply(root, changes)


def test_the_number_of_calls_is_what_the_matrix_covers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, _ = prepare(tmp_path)
    with monkeypatch.context() as patch:
        fault = Fault(patch, failing=0, number=errno.EIO)
        run_apply(tmp_path, files)
    assert 30 < fault.count < 120


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_apply_is_all_or_nothing_whatever_call_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    failed = written = 0
    for failing in range(1, 120):
        root = tmp_path / str(failing)
        root.mkdir()
        files, before = prepare(root)
        changes = [REVIEW.accept_file(change) for change in REVIEW.compare(root, files)]
        error: DeployDeckError | None = None
        with monkeypatch.context() as patch:
            fault = Fault(patch, failing, number)
            try:
                REVIEW.apply(root, changes)
            except DeployDeckError as caught:
                error = caught
        after = tree(root)
        if error is not None:
            failed += 1
            assert without_leftovers(after) == before, f"call {failing} ({fault.hit})"
            assert error.what and error.why
        else:
            written += 1
            for file in files:
                assert (root / file.path).read_text() == file.content, f"call {failing} ({fault.hit})"
        if fault.count < failing:  # past the last call: everything was tried
            assert after == without_leftovers(after)
            break
    else:
        pytest.fail("the matrix is too short")
    assert failed > 25
    assert written >= 1


def test_undo_is_all_or_nothing_whatever_call_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = 0
    for failing in range(1, 120):
        root = tmp_path / str(failing)
        root.mkdir()
        files, before = prepare(root)
        applied = run_apply(root, files)
        between = tree(root)
        error = None
        with monkeypatch.context() as patch:
            fault = Fault(patch, failing, errno.EIO)
            try:
                REVIEW.undo(root, applied)
            except DeployDeckError as caught:
                error = caught
        after = without_leftovers(tree(root))
        if error is not None:
            failed += 1
            assert after == between, f"call {failing} ({fault.hit})"
        else:
            # an empty directory may stay when removing it failed; no file may
            assert {p: c for p, c in after.items() if c} == {p: c for p, c in before.items() if c}, f"call {failing} ({fault.hit})"
        if fault.count < failing:
            break
    else:
        pytest.fail("the matrix is too short")
    assert failed > 15


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "review-disk-full"), (errno.EDQUOT, "review-disk-full"), (errno.EACCES, "review-no-permission"),
     (errno.EROFS, "review-read-only"), (errno.EIO, "review-io")],
)  # fmt: skip
def test_the_error_says_what_the_system_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str) -> None:
    files, before = prepare(tmp_path)
    changes = [REVIEW.accept_file(change) for change in REVIEW.compare(tmp_path, files)]
    with monkeypatch.context() as patch:
        Fault(patch, 1, number, ("write",))
        with pytest.raises(DeployDeckError) as caught:
            REVIEW.apply(tmp_path, changes)
    assert caught.value.code == code
    assert "'Dockerfile'" in caught.value.what
    assert tree(tmp_path) == before


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, _ = prepare(tmp_path)
    real = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data)[:3]))
        run_apply(tmp_path, files)
    assert (tmp_path / "Dockerfile").read_text() == "FROM new:1\n"


def test_what_cannot_be_put_back_is_said_and_its_old_content_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, _ = prepare(tmp_path)
    changes = [REVIEW.accept_file(change) for change in REVIEW.compare(tmp_path, files)]
    real, calls = os.replace, 0

    def broken(*arguments: Any, **named: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise OSError(errno.EIO, "gone")
        real(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", broken)
        with pytest.raises(DeployDeckError) as caught:
            REVIEW.apply(tmp_path, changes)
    assert caught.value.code == "review-not-restored"
    assert "Dockerfile" in caught.value.what
    assert [p.read_text() for p in tmp_path.glob(".deploydeck-*")] == ["old\n"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    files, before = prepare(tmp_path)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(DeployDeckError) as caught:
            run_apply(tmp_path, files)
    finally:
        tmp_path.chmod(0o700)
    assert caught.value.code == "review-no-permission"
    assert tree(tmp_path) == before
