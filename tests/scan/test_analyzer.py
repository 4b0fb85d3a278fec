"""The interface of the original design: what each call takes and gives."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from deploydeck.domain import DeployDeckError
from deploydeck.scan import ProjectAnalyzer, require_project
from tests.scan.trees import plant, scan

FILES = {"requirements.txt": "flask==3.1.3\n", "app.py": "from flask import Flask\napp = Flask(__name__)\n"}


async def test_analyze_project_works_in_a_thread(tmp_path: Path) -> None:
    plant(tmp_path, FILES)
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    task = asyncio.ensure_future(beat())
    profile = await ProjectAnalyzer().analyze_project(tmp_path)
    task.cancel()
    assert profile.framework is not None
    assert beats > 1


async def test_a_scan_can_be_cancelled(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(DeployDeckError) as caught:
        await ProjectAnalyzer().analyze_project(plant(tmp_path, FILES), cancelled=stop.is_set)
    assert caught.value.code == "scan-cancelled"


@pytest.mark.parametrize(("extensions", "language"), [
    ([".py", ".py", ".js"], "python"), (["ts", "tsx", ".js"], "typescript"), ([".css", ".css", ".html", ".go"], "go"),
    ([".nonsense"], None), ([], None),
])  # fmt: skip
def test_detect_language(extensions: list[str], language: str | None) -> None:
    found = ProjectAnalyzer().detect_language(extensions)
    assert (found.id if found else None) == language


async def test_identify_framework_and_extract_dependencies_read_only_what_they_are_given(tmp_path: Path) -> None:
    plant(tmp_path, {**FILES, "package.json": '{"dependencies": {"express": "5.0.1"}}'})
    analyzer = ProjectAnalyzer()
    framework = await analyzer.identify_framework(["package.json"], tmp_path)
    assert framework is not None
    assert framework.value.id == "express"
    assert await analyzer.identify_framework([], tmp_path) is None
    found = await analyzer.extract_dependencies([str(tmp_path / "requirements.txt")])
    assert [(one.name, one.version) for one in found] == [("flask", "3.1.3")]


def test_generate_profile_needs_nothing_but_the_results(tmp_path: Path) -> None:
    analyzer = ProjectAnalyzer()
    results = analyzer.collect(plant(tmp_path, FILES))
    for path in (tmp_path / "app.py", tmp_path / "requirements.txt"):
        path.unlink()
    profile = analyzer.generate_profile(results)
    assert profile.framework is not None


@pytest.mark.parametrize("files", [{}, {"notes.txt": "x"}, {"a/b/data.bin": "x"}])
def test_a_directory_that_is_no_project_says_what_was_looked_for(files: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(DeployDeckError) as caught:
        require_project(scan(tmp_path, files))
    assert caught.value.code == "not-a-project"
    assert "go.mod" in caught.value.why


@pytest.mark.parametrize("files", [{"x.py": ""}, {"sub/go.mod": "module x"}, {"index.html": ""}, {"Dockerfile": "FROM x"}])
def test_little_is_enough_to_be_a_project(files: dict[str, str], tmp_path: Path) -> None:
    require_project(scan(tmp_path, files))
