"""One lab per kind of target; every test that takes `lab` is part of the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploydeck.settings import Paths
from tests.targets.harness import LABS, DockerLab, Lab, ProcessLab


@pytest.fixture(params=["process", pytest.param("docker", marks=pytest.mark.engine), "fake"])
async def lab(request: pytest.FixtureRequest, paths: Paths, tmp_path: Path) -> AsyncIterator[Lab]:
    made = LABS[request.param](paths, tmp_path)
    yield made
    await made.clean()


@pytest.fixture
async def process_lab(paths: Paths, tmp_path: Path) -> AsyncIterator[ProcessLab]:
    made = ProcessLab(paths, tmp_path)
    yield made
    await made.clean()


@pytest.fixture
async def docker_lab(paths: Paths, tmp_path: Path) -> AsyncIterator[DockerLab]:
    made = DockerLab(paths, tmp_path)
    yield made
    await made.clean()
