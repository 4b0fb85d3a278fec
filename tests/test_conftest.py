"""What a test needs and the machine lacks is said, and fails where it is required."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from deploydeck.settings import Paths, default_paths
from tests import conftest

pytest_plugins = ["pytester"]


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(conftest.NEEDS, "engine", lambda: "no Docker Engine answers")
    monkeypatch.setitem(conftest.NEEDS, "terminal", lambda: "")
    monkeypatch.delenv("DEPLOYDECK_REQUIRE", raising=False)


def test_what_is_absent_skips_with_the_reason(lacking: None) -> None:
    with pytest.raises(pytest.skip.Exception, match="no Docker Engine answers"):
        conftest.need("engine")
    conftest.need("terminal")


def test_what_is_required_and_absent_fails(lacking: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYDECK_REQUIRE", "terminal, engine")
    with pytest.raises(pytest.fail.Exception, match="engine is required here"):
        conftest.need("engine")
    conftest.need("terminal")


def test_only_stated_reasons_may_skip_in_ci() -> None:
    assert not conftest.unexpected_skip("engine: no Docker Engine answers")
    assert not conftest.unexpected_skip("root writes everywhere")
    assert conftest.unexpected_skip("hadolint is not installed")


def test_an_unexpected_skip_fails_the_run_in_ci(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makeconftest(Path(conftest.__file__).read_text())
    pytester.makepyfile("import pytest\ndef test_it():\n    pytest.skip('just so')\n")
    monkeypatch.setenv("CI", "true")
    in_ci = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    assert in_ci.ret == pytest.ExitCode.TESTS_FAILED
    in_ci.stdout.fnmatch_lines(["*just so*"])
    monkeypatch.delenv("CI")
    assert pytester.runpytest_subprocess("-p", "no:cacheprovider").ret == pytest.ExitCode.OK


def test_offline_means_no_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYDECK_OFFLINE", "1")
    assert "DEPLOYDECK_OFFLINE" in conftest._registry_absent.__wrapped__()


def test_no_test_sees_the_persons_own_data() -> None:
    assert default_paths().data.is_relative_to(Path(os.environ["DEPLOYDECK_HOME"]))
    assert "home" in default_paths().data.parent.name


def test_the_paths_of_a_test_are_those_of_its_subprocesses(paths: Paths) -> None:
    assert default_paths() == paths


def test_properties_run_a_hundred_times_and_alike_in_ci() -> None:
    ci = settings.get_profile("ci")
    assert ci.derandomize
    assert ci.max_examples >= 100
    assert ci.deadline is not None
    assert ci.deadline.total_seconds() == 30
    assert settings.get_profile("dev").max_examples >= 100
