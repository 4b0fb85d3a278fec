"""What importing the targets costs, and how one is opened."""

from __future__ import annotations

import subprocess
import sys

import pytest

from deploydeck.domain import DeployDeckError
from deploydeck.settings import Paths
from deploydeck.targets import TARGETS, open_target
from tests.targets.harness import settings


def _loaded(code: str) -> set[str]:
    report = f"{code}\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_targets_loads_no_sdk() -> None:
    loaded = _loaded("import deploydeck.targets")
    assert not loaded & {"docker", "httpx", "psutil", "requests", "sqlalchemy", "textual", "dbos"}


@pytest.mark.parametrize("name", list(TARGETS))
def test_opening_a_target_loads_no_sdk_either(name: str) -> None:
    code = (
        "from pathlib import Path\nfrom deploydeck.settings import Paths, Settings\nfrom deploydeck.targets import open_target\n"
        f"open_target({name!r}, Settings.model_validate({{}}), Paths(data=Path('d'), config=Path('c')))"
    )
    assert not _loaded(code) & {"docker", "httpx", "requests", "sqlalchemy", "textual", "dbos"}


def test_the_keeper_is_light() -> None:
    loaded = _loaded("import deploydeck.targets.process.keeper")
    assert not loaded & {"docker", "httpx", "requests", "sqlalchemy", "textual", "dbos", "rich"}


def test_a_wrong_name_is_answered_with_the_nearest(paths: Paths) -> None:
    with pytest.raises(DeployDeckError) as failed:
        open_target("dokcer", settings(), paths)
    assert failed.value.code == "target-unknown"
    assert "docker" in failed.value.hint
    with pytest.raises(DeployDeckError) as failed:
        open_target("kubernetes-in-space", settings(), paths)
    assert "process" in failed.value.hint


def test_process_says_plainly_what_it_is_for() -> None:
    assert "previews" in TARGETS["process"].capabilities.caution
    assert not TARGETS["process"].capabilities.needs_dockerfile
    assert TARGETS["docker"].capabilities.needs_dockerfile
