"""Fixtures of the deployment tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploydeck.settings import Paths
from tests.deploy.bench import Bench, opened


@pytest.fixture
async def bench(paths: Paths, tmp_path: Path) -> AsyncIterator[Bench]:
    async with opened(paths, tmp_path / "project") as made:
        yield made
